/* lookup.h - rows of a table taken by their numbers, and what positions add to them. Any thread. */
#ifndef GRADUS_KERNELS_LOOKUP_H
#define GRADUS_KERNELS_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

/* y[i] = row x[i] of the table, M rows of C values. What is no number of one of its V rows counts as the
 * nearest one. */
void lookup_forward(const float *x, const float *table, size_t M, size_t V, size_t C, float *y);

/* dtable (V x C) = for each row the sum of the dy of those that took it, in their order. */
void lookup_backward(const float *x, const float *dy, size_t M, size_t V, size_t C, float *dtable);

/* Sines and cosines of falling frequency, side by side (Vaswani and others 2017): T x C,
 *
 *     p[t, 2i] = sin(t / 10000^(2i/C))      p[t, 2i+1] = cos of the same */
void positions_sinusoid(float *p, size_t T, size_t C);

/* y = x + p for each of N samples of n values. */
void positions_add(const float *x, const float *p, float *y, size_t N, size_t n);

#endif
