/* normalization.c - see normalization.h.
 *
 * With g = gamma·dy and means over the C values of a row (of the rows of a channel, for batches):
 *
 *     dx = scale · (g - mean(g) - n · mean(g·n))      dgamma = Σ dy·n      dbeta = Σ dy
 *
 * A chunk leaves two rows of C sums in the scratch; what they are depends on the loop. */
#include "normalization.h"
#include "simd.h"
#include "threads.h"

#include <string.h>

enum { CHUNKS = 32, CHUNK_ROWS = 32 }; /* at most so many; at least so long */
static const double THREAD = 1 << 15;  /* values that are worth a thread */

static size_t chunk_count(size_t rows)
{
    size_t chunks = rows / CHUNK_ROWS;
    return chunks < 1 ? 1 : chunks > CHUNKS ? CHUNKS : chunks;
}

size_t normalization_scratch(size_t rows, size_t C)
{
    return (chunk_count(rows) * 2 + 2) * C;
}

struct chunking {
    const struct normalization *n;
    void (*fn)(const struct normalization *n, size_t first, size_t count, float *sums);
    size_t chunks;
};

static void run_chunk(const void *arg, size_t k, int part)
{
    const struct chunking *c = arg;
    const struct normalization *n = c->n;
    size_t row = n->rows * k / c->chunks, end = n->rows * (k + 1) / c->chunks;
    (void)part;
    c->fn(n, row, end - row, n->scratch + k * 2 * n->C);
}

static size_t each_chunk(const struct normalization *n,
    void (*fn)(const struct normalization *n, size_t first, size_t count, float *sums))
{
    struct chunking c = {.n = n, .fn = fn, .chunks = chunk_count(n->rows)};
    kernels_deal(c.chunks, kernels_threads((double)n->rows * (double)n->C, THREAD), run_chunk, &c);
    return c.chunks;
}

/* Sum number `which` of all chunks, in order. */
static void add_chunks(const struct normalization *n, size_t chunks, int which, float *to)
{
    for (size_t j = 0; j < n->C; j++) {
        double sum = 0;
        for (size_t k = 0; k < chunks; k++)
            sum += (double)n->scratch[(2 * k + (size_t)which) * n->C + j];
        to[j] = (float)sum;
    }
}

/* --- layers --- */

KERNEL
static void layer_rows(const struct normalization *n, size_t first, size_t count, float *sums)
{
    size_t C = n->C;
    const float *gamma = n->gamma, *beta = n->beta;
    for (size_t i = first; i < first + count; i++) {
        const float *x = n->x + i * C;
        float *y = n->y + i * C, sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t j = 0; j < C; j++)
            sum += x[j];
        float mean = sum / (float)C;
#pragma omp simd reduction(+ : squares)
        for (size_t j = 0; j < C; j++)
            squares += (x[j] - mean) * (x[j] - mean);
        float scale = 1 / sqrtf(squares / (float)C + n->epsilon);
        n->mean[i] = mean;
        n->scale[i] = scale;
#pragma omp simd
        for (size_t j = 0; j < C; j++)
            y[j] = (x[j] - mean) * scale * (gamma ? gamma[j] : 1) + (beta ? beta[j] : 0);
    }
}

void layernorm_forward(const struct normalization *n)
{
    each_chunk(n, layer_rows);
}

INLINE void layer_slope(
    const struct normalization *n, size_t i, const float *gamma, float *dgamma, float *dbeta)
{
    size_t C = n->C;
    const float *x = n->x + i * C, *dy = n->dy + i * C, mean = n->mean[i], scale = n->scale[i];
    float all = 0, along = 0;
#pragma omp simd reduction(+ : all, along)
    for (size_t j = 0; j < C; j++) {
        float v = (x[j] - mean) * scale, g = dy[j] * (gamma ? gamma[j] : 1);
        dbeta[j] += dy[j];
        dgamma[j] += dy[j] * v;
        all += g;
        along += g * v;
    }
    all /= (float)C;
    along /= (float)C;
    if (!n->dx)
        return;
    float *dx = n->dx + i * C;
    if (n->add)
#pragma omp simd
        for (size_t j = 0; j < C; j++)
            dx[j] += scale * (dy[j] * (gamma ? gamma[j] : 1) - all - (x[j] - mean) * scale * along);
    else
#pragma omp simd
        for (size_t j = 0; j < C; j++)
            dx[j] = scale * (dy[j] * (gamma ? gamma[j] : 1) - all - (x[j] - mean) * scale * along);
}

KERNEL
static void layer_slopes(const struct normalization *n, size_t first, size_t count, float *sums)
{
    memset(sums, 0, 2 * n->C * sizeof *sums);
    for (size_t i = first; i < first + count; i++)
        layer_slope(n, i, n->gamma, sums, sums + n->C);
}

void layernorm_backward(const struct normalization *n)
{
    size_t chunks = each_chunk(n, layer_slopes);
    if (n->dgamma)
        add_chunks(n, chunks, 0, n->dgamma);
    if (n->dbeta)
        add_chunks(n, chunks, 1, n->dbeta);
}

/* --- batches --- */

KERNEL
static void batch_sums(const struct normalization *n, size_t first, size_t count, float *sums)
{
    size_t C = n->C;
    memset(sums, 0, C * sizeof *sums);
    for (size_t i = first; i < first + count; i++) {
        if (n->counts && n->counts[i] == 0)
            continue;
#pragma omp simd
        for (size_t j = 0; j < C; j++)
            sums[j] += n->x[i * C + j];
    }
}

KERNEL
static void batch_squares(const struct normalization *n, size_t first, size_t count, float *sums)
{
    size_t C = n->C;
    memset(sums, 0, C * sizeof *sums);
    for (size_t i = first; i < first + count; i++) {
        if (n->counts && n->counts[i] == 0)
            continue;
#pragma omp simd
        for (size_t j = 0; j < C; j++)
            sums[j] += (n->x[i * C + j] - n->mean[j]) * (n->x[i * C + j] - n->mean[j]);
    }
}

/* How many rows count; 1 where none does. */
static float counted(const struct normalization *n)
{
    size_t count = n->counts ? 0 : n->rows;
    for (size_t i = 0; n->counts && i < n->rows; i++)
        count += n->counts[i] != 0;
    return count ? (float)count : 1;
}

void batchnorm_measure(const struct normalization *n)
{
    float count = counted(n);
    add_chunks(n, each_chunk(n, batch_sums), 0, n->mean);
    for (size_t j = 0; j < n->C; j++)
        n->mean[j] /= count;
    add_chunks(n, each_chunk(n, batch_squares), 0, n->variance);
    for (size_t j = 0; j < n->C; j++) {
        n->variance[j] /= count;
        n->scale[j] = 1 / sqrtf(n->variance[j] + n->epsilon);
    }
}

KERNEL
static void batch_rows(const struct normalization *n, size_t first, size_t count, float *sums)
{
    size_t C = n->C;
    const float *gamma = n->gamma, *beta = n->beta;
    for (size_t i = first; i < first + count; i++) {
        const float *x = n->x + i * C;
        float *y = n->y + i * C;
#pragma omp simd
        for (size_t j = 0; j < C; j++)
            y[j] = (x[j] - n->mean[j]) * n->scale[j] * (gamma ? gamma[j] : 1) + (beta ? beta[j] : 0);
    }
}

void batchnorm_forward(const struct normalization *n)
{
    each_chunk(n, batch_rows);
}

KERNEL
static void batch_slope_sums(const struct normalization *n, size_t first, size_t count, float *sums)
{
    size_t C = n->C;
    float *dgamma = sums, *dbeta = sums + C;
    memset(sums, 0, 2 * C * sizeof *sums);
    for (size_t i = first; i < first + count; i++) {
        const float *x = n->x + i * C, *dy = n->dy + i * C;
#pragma omp simd
        for (size_t j = 0; j < C; j++) {
            dbeta[j] += dy[j];
            dgamma[j] += dy[j] * (x[j] - n->mean[j]) * n->scale[j];
        }
    }
}

/* The sums of all chunks stand behind those of the chunks, divided by the count of rows; all 0 where mean and
 * scale were given. */
KERNEL
static void batch_slopes(const struct normalization *n, size_t first, size_t count, float *sums)
{
    size_t C = n->C;
    const float *along = n->scratch + chunk_count(n->rows) * 2 * C, *all = along + C, *gamma = n->gamma;
    for (size_t i = first; i < first + count; i++) {
        const float *x = n->x + i * C, *dy = n->dy + i * C;
        float *dx = n->dx + i * C, part = n->counts && n->counts[i] == 0 ? 0 : 1;
#pragma omp simd
        for (size_t j = 0; j < C; j++) {
            float v = (x[j] - n->mean[j]) * n->scale[j];
            float d = (gamma ? gamma[j] : 1) * n->scale[j] * (dy[j] - part * (all[j] + v * along[j]));
            dx[j] = n->add ? dx[j] + d : d;
        }
    }
}

void batchnorm_backward(const struct normalization *n, bool measured)
{
    size_t C = n->C, chunks = each_chunk(n, batch_slope_sums);
    float *along = n->scratch + chunks * 2 * C, *all = along + C, count = counted(n);
    add_chunks(n, chunks, 0, along);
    add_chunks(n, chunks, 1, all);
    if (n->dgamma)
        memcpy(n->dgamma, along, C * sizeof *along);
    if (n->dbeta)
        memcpy(n->dbeta, all, C * sizeof *all);
    for (size_t j = 0; j < 2 * C; j++)
        along[j] = measured ? along[j] / count : 0;
    if (n->dx)
        each_chunk(n, batch_slopes);
}
