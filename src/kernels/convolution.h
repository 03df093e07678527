/* convolution.h - windows that slide over images: channels last, for any strides, dilation and groups.
 *
 * An image is H x W x C, a map OH x OW x F; N of each lie one behind the other. Output (i, j) of the map
 * reads the image at rows i·sh - top + t·dh (t < KH) and columns j·sw - left + t·dw (t < KW); what lies
 * outside counts as zero. The kernel is KH x KW x C/groups x F, as in Keras. conv1d is an image of one row.
 *
 * Each value is a sum in a fixed order, whatever the number of threads is. Scratch is asked for by
 * convolution_scratch(). Any thread. */
#ifndef GRADUS_KERNELS_CONVOLUTION_H
#define GRADUS_KERNELS_CONVOLUTION_H

#include <stdbool.h>
#include <stddef.h>

struct convolution {
    int H, W, C;
    int OH, OW, F;
    int KH, KW;
    int sh, sw;    /* strides */
    int dh, dw;    /* dilation */
    int top, left; /* zeros before the image; those behind it follow from OH and OW */
    int groups;    /* divides C and F; group g of F reads group g of C */
};

/* What follows on the sums, row by row while they are warm: y = f(z), activation.h's forward. */
struct convolution_end {
    void (*fn)(const float *z, float *y, size_t rows, size_t width);
    float *y; /* may be z */
};

/* Floats of scratch for N samples: for the two passes over an image, or over the kernel's gradient too. */
size_t convolution_scratch(const struct convolution *c, size_t N, bool gradients);

/* z (maps) = x (images) * w (+ bias) (+ z, when `add`), and then the end. bias and end may be NULL. */
void convolution_forward(const struct convolution *c, size_t N, const float *x, const float *w,
    const float *bias, bool add, float *z, const struct convolution_end *end, float *scratch);

/* The way back, maps to images: dx = dz * wᵀ (+ bias) (+ dx, when `add`), and then the end. It is the
 * gradient of forward by its images, and what a transposed convolution computes. */
void convolution_back(const struct convolution *c, size_t N, const float *dz, const float *w,
    const float *bias, bool add, float *dx, const struct convolution_end *end, float *scratch);

/* What comes first on the way back of y = f(z): dz = dy · f'(z) in the place of dy, by activation.h's
 * backward (fn NULL: dz is there), and db = its sum over all positions (NULL: nobody asks). */
struct convolution_slope {
    void (*fn)(const float *z, const float *y, const float *dy, float *dz, size_t rows, size_t width);
    const float *z, *y; /* z may be NULL where fn does not read it */
    float *dz, *db;
};

/* The above for `rows` rows of `width` channels. */
void convolution_start_back(const struct convolution_slope *s, size_t rows, size_t width, float *scratch);

/* dw = the gradient by the kernel, of images x and gradients dz by the maps. `slope` runs first, on the rows
 * that come next, while they are warm; NULL where dz is there. */
void convolution_kernel_gradient(const struct convolution *c, size_t N, const float *x, const float *dz,
    const struct convolution_slope *slope, float *dw, float *scratch);

#endif
