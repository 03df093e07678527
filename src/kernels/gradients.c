/* gradients.c - see gradients.h. */
#include "gradients.h"
#include "simd.h"

KERNEL
void gradients_add(const float *g, float by, float *sum, size_t n, bool add)
{
    if (add) {
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            sum[i] += by * g[i];
    } else {
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            sum[i] = by * g[i];
    }
}

/* NaN compares with nothing. */
KERNEL
void gradients_clamp(float *g, float most, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        g[i] = g[i] > most ? most : g[i] < -most ? -most : g[i];
}

/* In double the square of a float neither overflows nor is rounded. */
KERNEL
double gradients_squares(const float *g, size_t n)
{
    enum { LANES = 16 };
    double lane[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
#pragma omp simd
        for (int j = 0; j < LANES; j++)
            lane[j] += (double)g[i + (size_t)j] * (double)g[i + (size_t)j];
    for (int j = 0; i < n; i++, j++)
        lane[j] += (double)g[i] * (double)g[i];
    for (int j = 0; j < LANES; j++)
        sum += lane[j];
    return sum;
}
