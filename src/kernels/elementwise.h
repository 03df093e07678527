/* elementwise.h - loops over rows and values that layers share. Any thread. */
#ifndef GRADUS_KERNELS_ELEMENTWISE_H
#define GRADUS_KERNELS_ELEMENTWISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* y += b in each of `rows` rows of `width` values. */
void bias_add(float *y, const float *b, size_t rows, size_t width);

/* db = the sum of the rows of dy, added in order; at least one row. */
void bias_gradient(const float *dy, float *db, size_t rows, size_t width);

/* to = from, or to += from. */
void values_pass(const float *from, float *to, size_t n, bool add);

/* to = a + b. */
void values_sum(const float *a, const float *b, float *to, size_t n);

/* to = a · b, or to += a · b. */
void values_multiply(const float *a, const float *b, float *to, size_t n, bool add);

/* x *= by. */
void values_scale(float *x, float by, size_t n);

/* Inverted dropout: to = from / (1 - rate) where a value is kept, else 0; added to `to` when `add`. What is
 * kept is a hash of (key, index), so the backward pass finds the same mask without storing it. */
void dropout_apply(const float *from, float *to, size_t n, double rate, uint64_t key, bool add);

#endif
