/* elementwise.c - see elementwise.h. */
#include "elementwise.h"
#include "hash.h"
#include "simd.h"
#include "threads.h"

#include <string.h>

static const double THREAD = 1 << 15; /* floats that are worth a thread */

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
static void column_sums(const float *dy, float *db, size_t rows, size_t width, size_t columns)
{
    size_t j = 0;
    for (; j + 16 <= columns; j += 16)
        columns16(dy + j, db + j, rows, width);
    if (columns & 8)
        columns8(dy + j, db + j, rows, width);
    j += columns & 8;
    if (columns & 4)
        columns4(dy + j, db + j, rows, width);
    j += columns & 4;
    for (; j < columns; j++)
        columns1(dy + j, db + j, rows, width);
}

struct summing {
    const float *dy;
    float *db;
    size_t rows, width;
};

static void sum_part(const void *arg, int part, int parts)
{
    const struct summing *s = arg;
    size_t first, count = kernels_range(s->width, 16, part, parts, &first);
    if (count)
        column_sums(s->dy + first, s->db + first, s->rows, s->width, count);
}

void bias_gradient(const float *dy, float *db, size_t rows, size_t width)
{
    int parts = kernels_threads((double)rows * (double)width, THREAD), most = (int)(width / 16);
    kernels_share(parts < most ? parts : most ? most : 1, sum_part, &(struct summing){dy, db, rows, width});
}

struct values {
    const float *a, *b;
    float *to;
};

KERNEL
static void add_range(const void *arg, size_t first, size_t count)
{
    const struct values *v = arg;
    const float *a = v->a + first, *b = v->b + first;
    float *to = v->to + first;
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        to[i] = a[i] + b[i];
}

static void copy_range(const void *arg, size_t first, size_t count)
{
    const struct values *v = arg;
    memcpy(v->to + first, v->a + first, count * sizeof *v->to);
}

void values_sum(const float *a, const float *b, float *to, size_t n)
{
    kernels_split(n, add_range, &(struct values){a, b, to});
}

void values_pass(const float *from, float *to, size_t n, bool add)
{
    if (add)
        values_sum(to, from, to, n);
    else if (from != to)
        kernels_split(n, copy_range, &(struct values){.a = from, .to = to});
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
