/* noise.c - see noise.h. Normal numbers come from two uniform ones each (Box & Muller 1958):
 *
 *     sqrt(-2 log u) · cos(2π v) */
#include "noise.h"
#include "hash.h"

#define TWO_PI  6.28318530717958647692f
#define HALF_PI 1.57079632679489661923f

INLINE float normal(uint32_t i, uint32_t low, uint32_t high)
{
    float u = (float)((hash_draw(2 * i, low, high) >> 8) + 1) * 0x1p-24f;
    float v = (float)(hash_draw(2 * i + 1, low, high) >> 8) * 0x1p-24f;
    return sqrtf(-2 * logf(u)) * sinf(TWO_PI * v + HALF_PI);
}

KERNEL
void noise_fill(float *to, size_t n, uint64_t key)
{
    uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32);
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        to[i] = normal((uint32_t)i, low, high);
}

KERNEL
void noise_add(const float *x, float *y, size_t n, double stddev, uint64_t key)
{
    uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32);
    float scale = (float)stddev;
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] + scale * normal((uint32_t)i, low, high);
}

KERNEL
void channels_drop(
    const float *from, float *to, size_t N, size_t positions, size_t C, double rate, uint64_t key, bool add)
{
    uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32), threshold = (uint32_t)(rate * 0x1p32);
    float scale = (float)(1 / (1 - rate));
    for (size_t i = 0; i < N * positions; i++, from += C, to += C) {
        uint32_t first = (uint32_t)(i / positions * C);
#pragma omp simd
        for (size_t c = 0; c < C; c++) {
            float kept = hash_draw(first + (uint32_t)c, low, high) >= threshold ? from[c] * scale : 0;
            to[c] = add ? to[c] + kept : kept;
        }
    }
}

KERNEL
void sampling_forward(const float *x, const float *eps, float *y, size_t rows, size_t d)
{
    for (size_t i = 0; i < rows; i++, x += 2 * d, y += d)
#pragma omp simd
        for (size_t j = 0; j < d; j++)
            y[j] = x[j] + (eps ? expf(0.5f * x[d + j]) * eps[i * d + j] : 0);
}

KERNEL
double sampling_divergence(const float *x, size_t rows, size_t d)
{
    double sum = 0;
    for (size_t i = 0; i < rows; i++, x += 2 * d) {
        float row = 0;
#pragma omp simd reduction(+ : row)
        for (size_t j = 0; j < d; j++)
            row += x[j] * x[j] + expm1f(x[d + j]) - x[d + j];
        sum += (double)row;
    }
    return sum / 2;
}

KERNEL
void sampling_backward(const float *x, const float *eps, const float *dy, float *dx, size_t rows, size_t d,
    float scale, bool add)
{
    for (size_t i = 0; i < rows; i++, x += 2 * d, dx += 2 * d, dy += d)
#pragma omp simd
        for (size_t j = 0; j < d; j++) {
            float spread = eps ? 0.5f * expf(0.5f * x[d + j]) * eps[i * d + j] * dy[j] : 0;
            float dmean = dy[j] + scale * x[j], dlog = spread + 0.5f * scale * expm1f(x[d + j]);
            dx[j] = add ? dx[j] + dmean : dmean;
            dx[d + j] = add ? dx[d + j] + dlog : dlog;
        }
}
