/* convolution_parts.h - what the files of the convolution share, and nobody else needs. */
#ifndef GRADUS_KERNELS_CONVOLUTION_PARTS_H
#define GRADUS_KERNELS_CONVOLUTION_PARTS_H

#include "convolution.h"
#include "simd.h"

/* Products are made in tiles of up to 14 rows by one or two vectors, which stay in registers. */
enum { TILE_ROWS = 14, LANES = 16, MOST_PARTS = 16 };
#define EACH_ROW _Pragma("GCC unroll 14") for (int r = 0; r < R; r++)

/* multiply_tile(t, vectors) for the rows of a tile, out of the file's own multiply_rows(t, R, V): R rows by V
 * vectors. Each in a function of its own, so that its sums get all the registers. */
#define MULTIPLY(R, V)                                  \
    KERNEL                                              \
    static void multiply##R##x##V(const struct tile *t) \
    {                                                   \
        multiply_rows(t, R, V);                         \
    }
#define UP_TO_7(M, V)     M(1, V) M(2, V) M(3, V) M(4, V) M(5, V) M(6, V) M(7, V)
#define EACH_HEIGHT(M, V) UP_TO_7(M, V) M(8, V) M(9, V) M(10, V) M(11, V) M(12, V) M(13, V) M(14, V)
#define NAME(R, V)        multiply##R##x##V,
#define TILE_KERNELS                                                          \
    EACH_HEIGHT(MULTIPLY, 1)                                                  \
    EACH_HEIGHT(MULTIPLY, 2)                                                  \
    static void multiply_tile(const struct tile *t, int vectors)              \
    {                                                                         \
        static void (*const multiply[2][TILE_ROWS])(const struct tile *t) = { \
            {EACH_HEIGHT(NAME, 1)}, {EACH_HEIGHT(NAME, 2)}};                  \
        multiply[vectors - 1][t->rows - 1](t);                                \
    }

/* Floats of images and maps that stay near while they are worked at; parts of a sum over all positions. */
enum { WARM = 1 << 17, GROUPS = 16 };

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

/* dz of `rows` rows of a map, the first of them `at` floats behind its start; where s->db is wanted, their
 * sums go to `db`. */
void slope_rows(const struct convolution_slope *s, size_t at, size_t rows, size_t width, float *db);

/* Floats of scratch of the kernel's gradient. */
size_t kernel_gradient_scratch(const struct convolution *c, size_t N);

#endif
