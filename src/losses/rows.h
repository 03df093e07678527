/* rows.h - what the families of losses share: walks over the rows of a batch. */
#ifndef GRADUS_LOSSES_ROWS_H
#define GRADUS_LOSSES_ROWS_H

#include "../kernels/simd.h"
#include "../loss.h"

/* The unfused forms clip y to [1e-7, 1 - 1e-7] as Keras does; comparisons let NaN through. */
#define CLIP 1e-7f

INLINE float clipped(float y)
{
    return y < CLIP ? CLIP : y > 1 - CLIP ? 1 - CLIP : y;
}

/* What each row counts, divided by what all count; a batch of padding alone counts nothing. */
INLINE float row_share(const struct loss_batch *b, size_t row, double whole)
{
    return whole > 0 ? (float)((b->weight ? (double)b->weight[row] : 1) / whole) : 0;
}

/* A sum over n values; dy, which may be NULL, gets scale times the slopes. */
typedef double value_loop(const float *y, const float *t, float *dy, size_t n, float scale, float arg);

/* Runs a loop over values: all at once, or row by row where the rows have weights. The mean of a row is over
 * `parts`. */
INLINE double over_rows(const struct loss_batch *b, double parts, value_loop *loop, float arg)
{
    size_t rows = loss_rows(b), K = b->K;
    double whole = loss_weight(b) * parts, sum = 0;
    if (!b->weight)
        return loop(b->y, b->t, b->dy, rows * K, (float)(1 / whole), arg) / whole;
    for (size_t i = 0; i < rows; i++) {
        float share = row_share(b, i, whole);
        sum += (double)share * loop(b->y + i * K, b->t + i * K, b->dy ? b->dy + i * K : NULL, K, share, arg);
    }
    return sum;
}

/* log Σ exp(z) is z - log y for any class; the likeliest has a y far from 0. */
INLINE double log_sum(const float *z, const float *y, size_t K)
{
    float best = z[0], share = y[0];
#pragma omp simd reduction(max : best, share)
    for (size_t k = 0; k < K; k++) {
        best = z[k] > best ? z[k] : best;
        share = y[k] > share ? y[k] : share;
    }
    return (double)best - (double)logf(share);
}

#endif
