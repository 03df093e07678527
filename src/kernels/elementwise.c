/* elementwise.c - see elementwise.h. */
#include "elementwise.h"
#include "hash.h"
#include "simd.h"

#include <string.h>

KERNEL
void bias_add(float *y, const float *b, size_t rows, size_t width)
{
    for (size_t i = 0; i < rows; i++, y += width)
#pragma omp simd
        for (size_t j = 0; j < width; j++)
            y[j] += b[j];
}

/* W columns stay in registers while the rows go by. */
#define COLUMNS(W)                                                                \
    INLINE void columns##W(const float *dy, float *db, size_t rows, size_t width) \
    {                                                                             \
        vec##W sum = *(const vec##W *)dy;                                         \
        for (size_t i = 1; i < rows; i++)                                         \
            sum += *(const vec##W *)(dy + i * width);                             \
        *(vec##W *)db = sum;                                                      \
    }
COLUMNS(16)
COLUMNS(8)
COLUMNS(4)
COLUMNS(1)

KERNEL
void bias_gradient(const float *dy, float *db, size_t rows, size_t width)
{
    size_t j = 0;
    for (; j + 16 <= width; j += 16)
        columns16(dy + j, db + j, rows, width);
    if (width & 8)
        columns8(dy + j, db + j, rows, width);
    j += width & 8;
    if (width & 4)
        columns4(dy + j, db + j, rows, width);
    j += width & 4;
    for (; j < width; j++)
        columns1(dy + j, db + j, rows, width);
}

KERNEL
static void values_add(const float *from, float *to, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

void values_pass(const float *from, float *to, size_t n, bool add)
{
    if (add)
        values_add(from, to, n);
    else if (from != to)
        memcpy(to, from, n * sizeof *to);
}

KERNEL
void values_sum(const float *a, const float *b, float *to, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        to[i] = a[i] + b[i];
}

KERNEL
void values_multiply(const float *a, const float *b, float *to, size_t n, bool add)
{
    if (add) {
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            to[i] += a[i] * b[i];
    } else {
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            to[i] = a[i] * b[i];
    }
}

KERNEL
void values_scale(float *x, float by, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        x[i] *= by;
}

INLINE float kept(float x, uint32_t i, uint32_t low, uint32_t high, uint32_t threshold, float scale)
{
    return hash_draw(i, low, high) >= threshold ? x * scale : 0;
}

KERNEL
void dropout_apply(const float *from, float *to, size_t n, double rate, uint64_t key, bool add)
{
    uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32), threshold = (uint32_t)(rate * 0x1p32);
    float scale = (float)(1 / (1 - rate));
    if (add) {
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            to[i] += kept(from[i], (uint32_t)i, low, high, threshold, scale);
    } else {
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            to[i] = kept(from[i], (uint32_t)i, low, high, threshold, scale);
    }
}
