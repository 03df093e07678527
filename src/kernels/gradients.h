/* gradients.h - loops over all gradients of a network. Any thread. */
#ifndef GRADUS_KERNELS_GRADIENTS_H
#define GRADUS_KERNELS_GRADIENTS_H

#include <stdbool.h>
#include <stddef.h>

/* sum = by·g, or sum += by·g. */
void gradients_add(const float *g, float by, float *sum, size_t n, bool add);

/* Each into -most … most; NaN stays. */
void gradients_clamp(float *g, float most, size_t n);

/* Σ g² in double, in a fixed order. */
double gradients_squares(const float *g, size_t n);

#endif
