/* margin.c - losses of the side on which an output lies: t is 1 or -1.
 *
 *     perceptron   max(0, -t y): Rosenblatt 1958
 *     hinge        max(0, 1 - t y): Cortes & Vapnik 1995 */
#include "rows.h"

/* What an answer lacks to be `margin` on the right side. No lack is no loss, but a sum of 0 is a mistake of
 * the perceptron too, or weights that start at zero would never learn. */
KERNEL
static double lacks(const float *y, const float *t, float *dy, size_t n, float scale, float margin)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) {
        float agreement = t[i] * y[i];
        sum += agreement > margin ? 0 : (double)(margin - agreement);
    }
    if (dy)
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            dy[i] = t[i] * y[i] > margin ? 0 : -scale * t[i];
    return sum;
}

static double perceptron(const struct loss_batch *b)
{
    return over_rows(b, (double)b->K, lacks, 0);
}

static double hinge(const struct loss_batch *b)
{
    return over_rows(b, (double)b->K, lacks, 1);
}

const struct loss hinge_loss = {
    .name = "hinge",
    .summary = "every sample shall lie 1 or more on its side, as in a support vector machine; t is 1 or -1",
    .formula = "mean of max(0, 1 - t y)",
    .targets = LOSS_CLASSES,
    .heads = HEAD_SIGN,
    .value = hinge,
};

const struct loss perceptron_loss = {
    .name = "perceptron",
    .summary = "Rosenblatt's rule: only mistakes count, t is 1 or -1",
    .formula = "mean of max(0, -t y)",
    .targets = LOSS_CLASSES,
    .heads = HEAD_SIGN,
    .value = perceptron,
};
