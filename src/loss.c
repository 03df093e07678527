/* loss.c - see loss.h. Each loss is a row at the foot of its family's file under losses/; this list is where
 * it is registered. */
#include "loss.h"
#include "table.h"

#include <string.h>

#define LOSSES(each)                                                                                       \
    each(mse) each(mae) each(huber) each(cosine) each(binary_crossentropy) each(categorical_crossentropy)  \
        each(sparse_categorical_crossentropy) each(focal) each(kl_divergence) each(hinge) each(perceptron) \
            each(dice) each(iou) each(ctc)

#define DECLARE(name) extern const struct loss name##_loss;
LOSSES(DECLARE)

#define LIST(name) &name##_loss,
static const struct loss *const losses[] = {LOSSES(LIST)};

TABLE(loss, losses, losses[i])

size_t loss_rows(const struct loss_batch *b)
{
    return b->N * b->P;
}

double loss_weight(const struct loss_batch *b)
{
    size_t rows = loss_rows(b);
    double sum = 0;
    if (!b->weight)
        return (double)rows;
    for (size_t i = 0; i < rows; i++)
        sum += (double)b->weight[i];
    return sum;
}

double loss_share(const struct loss *l, const struct loss_batch *b)
{
    return l->by_sample ? (double)b->N : loss_weight(b);
}

bool loss_fuses(const struct loss *l, const char *activation)
{
    for (int i = 0; i < LOSS_FUSED && l->fused_with[i]; i++)
        if (!strcmp(l->fused_with[i], activation))
            return true;
    return false;
}

const char *loss_head(const struct loss *l)
{
    return l->heads & HEAD_ONE_HOT ? "softmax" : l->heads & HEAD_BIT ? "sigmoid" : "linear";
}
