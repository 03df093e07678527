/* normalization.h - layer and batch normalisation, channels last: `rows` rows of C values.
 *
 * Layer normalisation (Ba and others 2016) takes mean and variance of each row, batch normalisation (Ioffe &
 * Szegedy 2015) those of each channel over the rows:
 *
 *     n = (x - mean) / sqrt(variance + epsilon)      y = gamma·n + beta
 *
 * Variances are divided by the count, as in both papers. Rows are cut into chunks whose number depends on
 * rows alone, and sums of chunks are added in order: the same bits for any number of threads. Any thread. */
#ifndef GRADUS_KERNELS_NORMALIZATION_H
#define GRADUS_KERNELS_NORMALIZATION_H

#include <stdbool.h>
#include <stddef.h>

struct normalization {
    size_t rows, C;
    float epsilon;
    const float *x;
    const float *gamma, *beta; /* [C], NULL: 1 and 0 */
    const float *counts;       /* batch: [rows], 0 leaves a row out of mean and variance; NULL: none */
    float *y;
    float *mean,
        *scale;      /* 1 / sqrt(variance + epsilon). Layer: [rows]; batch: [C]. From forward to backward */
    float *variance; /* batch: [C] */
    const float *dy;
    float *dx;             /* NULL: not wanted */
    bool add;              /* to dx */
    float *dgamma, *dbeta; /* [C], NULL: not wanted */
    float *scratch;        /* normalization_scratch() floats; layernorm_forward() needs none */
};

size_t normalization_scratch(size_t rows, size_t C);

/* Fills y, mean and scale. */
void layernorm_forward(const struct normalization *n);
void layernorm_backward(const struct normalization *n);

/* Fills mean, variance and scale from the rows that count. */
void batchnorm_measure(const struct normalization *n);

/* y by mean and scale as they are. */
void batchnorm_forward(const struct normalization *n);

/* `measured`: mean and scale came from these rows, so gradients flow through them too. */
void batchnorm_backward(const struct normalization *n, bool measured);

#endif
