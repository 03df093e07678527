/* loss.h - the table of losses (Keras's names and reductions).
 *
 * y: outputs of the head, N x K; t: targets, N x K, encoded for that head (data.h). The value is the mean
 * over the batch (mse, mae: over batch and outputs). Binary cross-entropy over sigmoid and categorical
 * cross-entropy over softmax are computed from z, the head's sums before the activation, so that neither
 * overflows: log-sum-exp. Any thread. */
#ifndef GRADUS_LOSS_H
#define GRADUS_LOSS_H

#include <stdbool.h>
#include <stddef.h>

struct loss {
    const char *name, *summary, *formula;
    bool classes; /* wants class labels, not free numbers */
    /* Mean loss; dy (may be NULL) gets its gradient by y. Sums run in a fixed order. */
    double (*value)(const float *y, const float *t, float *dy, size_t N, size_t K);
    /* The same from z when the head's activation is `fused_with`; dz gets the gradient by z. NULL: none. */
    const char *fused_with;
    double (*fused)(const float *z, const float *y, const float *t, float *dz, size_t N, size_t K);
};

const struct loss *loss_at(size_t i);
const struct loss *loss_find(const char *name);
const char *loss_name(size_t i);

#endif
