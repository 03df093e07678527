/* convolution_parts.h - what the files of the convolution share, and nobody else needs. */
#ifndef GRADUS_KERNELS_CONVOLUTION_PARTS_H
#define GRADUS_KERNELS_CONVOLUTION_PARTS_H

#include "convolution.h"
#include "simd.h"

/* Products are made in tiles of up to 14 rows by one or two vectors, which stay in registers. */
enum { TILE_ROWS = 14, LANES = 16, MOST_PARTS = 16 };
#define EACH_ROW _Pragma("GCC unroll 14") for (int r = 0; r < R; r++)

/* Floats of images and maps that stay near while they are worked at. */
enum { WARM = 1 << 17 };

/* Position o of `outs` stands at out_at + o·out_step. Its tap k is number tap_at + k·tap_step of the kernel
 * and reads input base + k·base_step + o·in_step, where that is within `ins`. base_step > 0. */
struct axis {
    int outs, out_at, out_step;
    int ins, in_step;
    int taps, tap_at, tap_step;
    int base, base_step;
};

struct axis convolution_axis(int outs, int ins, int stride, int taps, int dilation, int before);

/* The taps of position o that read within the input: always neighbours. */
struct taps {
    int first, count;
};

struct taps taps_at(const struct axis *a, int o);

/* What fits the machine's registers: 14 rows by up to two vectors of 16, 6 rows or 2 by one. The numbers are
 * the same. */
int tile_rows(void);
int tile_vectors(int columns);

/* Threads for one pass, at most MOST_PARTS. */
int convolution_threads(const struct convolution *c, size_t N);

/* True when each channel has windows of its own. */
bool convolution_is_depthwise(const struct convolution *c);

/* Floats of scratch of the kernel's gradient. */
size_t kernel_gradient_scratch(const struct convolution *c, size_t N);

#endif
