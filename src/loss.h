/* loss.h - the table of losses (Keras's names; reductions as PyTorch's where rows carry weights).
 *
 * A batch has N samples of P positions (1 but for sequences and images that are labelled position by
 * position), so R = N x P rows of K outputs, and W target values a row. The value is the mean over the rows
 * (mse, mae, huber, binary cross-entropy, hinge: over rows and outputs; dice: over samples and outputs; ctc:
 * over samples); with weights the weighted mean, Σ weight·loss / Σ weight. Losses over sigmoid and softmax
 * are computed from z, the head's sums before the activation, so that neither overflows. Any thread. */
#ifndef GRADUS_LOSS_H
#define GRADUS_LOSS_H

#include "activation.h"
#include "args.h"

#include <stdbool.h>
#include <stddef.h>

enum { LOSS_ARGS = 4, LOSS_FUSED = 2 };

struct loss_batch {
    size_t N, P, K, W;
    enum encoding encoding; /* how the head writes classes */
    const float *y;         /* outputs, R x K */
    const float *z;      /* R x K: the sums before the head's activation; NULL where it does not keep them */
    const float *t;      /* targets, R x W, as `targets` of the loss says */
    const float *weight; /* [R] of each row, 0 or more; NULL: all 1. Of a sequence: 0 for padding */
    float *dy;           /* R x K, overwritten: gradient by y, by z when fused; NULL: not wanted */
    const double *hyper; /* in the order of the loss's args */
    float *scratch;      /* what `scratch` asked for, from an address that suits doubles */
};

enum loss_targets {
    LOSS_NUMBERS,  /* K numbers a row */
    LOSS_CLASSES,  /* K values that stand for the class as the head's encoding writes it */
    LOSS_INDEX,    /* 1: the class's number; -1 is left out of the mean */
    LOSS_SEQUENCE, /* t is N x W: the classes in order, then -1 to fill; not bound to positions */
};

/* Heads by their encoding; 0: any. */
enum { HEAD_SIGN = 1 << ENCODE_SIGN, HEAD_BIT = 1 << ENCODE_BIT, HEAD_ONE_HOT = 1 << ENCODE_ONE_HOT };

struct loss {
    const char *name, *summary, *formula;
    const struct arg_row *args; /* INT, REAL and FLAG rows, KEY_ONLY: label_smoothing, delta …; may be NULL */
    enum loss_targets targets;
    bool shares;    /* LOSS_CLASSES: numbers between 0 and 1 will do too */
    bool by_sample; /* the mean is over samples, whatever their rows weigh */
    unsigned heads; /* that give what it reads */
    size_t outputs; /* of a row, which are numbers: iou reads 4; 0: any */
    /* Mean loss; fills dy. Sums run in a fixed order. */
    double (*value)(const struct loss_batch *b);
    /* The same from z when the head's activation is one of `fused_with`; dy gets the gradient by z. */
    const char *fused_with[LOSS_FUSED];
    double (*fused)(const struct loss_batch *b);
    /* Floats of scratch for a batch; NULL: none. */
    size_t (*scratch)(size_t N, size_t P, size_t K, size_t W);
};

/* Rows of a batch, and the sum of their weights. */
size_t loss_rows(const struct loss_batch *b);
double loss_weight(const struct loss_batch *b);

/* What the mean is divided by, up to a factor: means of parts of a batch make that of the whole by it. */
double loss_share(const struct loss *l, const struct loss_batch *b);

/* Shared area / joint area of two boxes x1 y1 x2 y2, corners in any order. */
float box_iou(const float *y, const float *t);

/* True when the loss is computed from z under a head of this activation. */
bool loss_fuses(const struct loss *l, const char *activation);

/* The activation that suits it best: "softmax", "sigmoid", "linear". */
const char *loss_head(const struct loss *l);

const struct loss *loss_at(size_t i);
const struct loss *loss_find(const char *name);
const char *loss_name(size_t i);

#endif
