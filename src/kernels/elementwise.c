/* elementwise.c - see elementwise.h. */
#include "elementwise.h"
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

/* Columns in strips that stay in registers while the rows go by. */
KERNEL
void bias_gradient(const float *dy, float *db, size_t rows, size_t width)
{
    enum { STRIP = 32 };
    size_t j = 0;
    for (; j + STRIP <= width; j += STRIP) {
        float sum[STRIP] = {0};
        for (size_t i = 0; i < rows; i++)
#pragma omp simd
            for (int k = 0; k < STRIP; k++)
                sum[k] += dy[i * width + j + (size_t)k];
        memcpy(db + j, sum, sizeof sum);
    }
    if (j == width)
        return;
    memset(db + j, 0, (width - j) * sizeof *db);
    for (size_t i = 0; i < rows; i++)
#pragma omp simd
        for (size_t k = j; k < width; k++)
            db[k] += dy[i * width + k];
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

/* A bijection of 32 bits that mixes every bit into every other (Wellons's search for low bias). */
INLINE uint32_t scramble(uint32_t x)
{
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

INLINE float kept(float x, uint32_t i, uint32_t low, uint32_t high, uint32_t threshold, float scale)
{
    uint32_t draw = scramble(scramble(i ^ low) + high);
    return draw >= threshold ? x * scale : 0;
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
