/* pooling.h - what becomes of each window of an image: its largest value, its mean, its sum; and of a whole
 * image.
 *
 * Images are N x H x W x C, maps N x OH x OW x C. Window (i, j) covers KH x KW pixels from row i·sh - top and
 * column j·sw - left; what lies outside does not count. Every window covers some pixel. Any thread. */
#ifndef GRADUS_KERNELS_POOLING_H
#define GRADUS_KERNELS_POOLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pooling {
    int H, W, C;
    int OH, OW;
    int KH, KW; /* KH·KW <= POOLING_WINDOW */
    int sh, sw, top, left;
};

enum { POOLING_WINDOW = 65535 };

/* y = the largest value of each window, and which pixel of the window had it (the first of several). A NaN is
 * the largest. */
void maxpool_forward(const struct pooling *p, size_t N, const float *x, float *y, uint16_t *which);

/* dx (+)= dy where the pixel was the largest of its window. */
void maxpool_backward(
    const struct pooling *p, size_t N, const float *dy, const uint16_t *which, bool add, float *dx);

/* y (+)= the sum of each window, or its mean. */
void sumpool_forward(const struct pooling *p, size_t N, const float *x, bool mean, bool add, float *y);

/* dx (+)= the sum of dy over the windows that cover the pixel; of a mean, each by its share. */
void sumpool_backward(const struct pooling *p, size_t N, const float *dy, bool mean, bool add, float *dx);

/* Over all P positions of a sample. `mask` (N x M, M divides P) says which count: each for P/M neighbours;
 * NULL: all. Where none counts the mean is 0. */
void globalavg_forward(size_t N, size_t P, size_t C, const float *x, const float *mask, size_t M, float *y);
void globalavg_backward(
    size_t N, size_t P, size_t C, const float *dy, const float *mask, size_t M, bool add, float *dx);

void globalmax_forward(size_t N, size_t P, size_t C, const float *x, float *y, uint32_t *which);
void globalmax_backward(
    size_t N, size_t P, size_t C, const float *dy, const uint32_t *which, bool add, float *dx);

#endif
