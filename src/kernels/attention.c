/* attention.c - see attention.h.
 *
 * Each pair of sample and head is work of its own. Its rows of A are made in blocks, so that a causal block
 * leaves out what lies wholly behind it. k (and v in backward) is turned first, so that products read rows.
 * Backward, with dA = dcontext·vᵀ and z the scores before the softmax, their factor included:
 *
 *     dz = A (dA - Σ A dA) / sqrt(d)      dq = dz·k      dk = dzᵀ·q      dv = Aᵀ·dcontext
 *
 * Blocks go from the last to the first: the last reads the most positions and writes dk and dv, the others
 * add to them. */
#include "attention.h"
#include "gemm.h"
#include "simd.h"
#include "threads.h"

#include <string.h>

enum { PARTS = 32, LANES = 16 };
enum { NARROW = 16, WIDE = 64, LONG = 256 }; /* rows of a block; positions from which it is a wide one */
static const double THREAD = 1 << 18;        /* multiply-adds that are worth a thread */

/* One head of one sample. */
struct head {
    const struct attention *a;
    const float *q, *k, *v, *mask, *dcontext;
    float *weights, *context, *dq, *dk, *dv;
    float *turned, *block; /* d x S; rows of a block x S, in whole vectors */
    size_t width;          /* of a row of context */
    size_t rows;           /* of a block */
    float factor;
};

static size_t block_rows(const struct attention *a)
{
    return a->causal && a->T <= LONG ? NARROW : WIDE;
}

static size_t head_scratch(const struct attention *a)
{
    return a->d * a->S + block_rows(a) * ((a->S + LANES - 1) / LANES * LANES);
}

static size_t most_parts(const struct attention *a)
{
    size_t pairs = a->N * a->heads;
    return pairs < PARTS ? pairs : PARTS;
}

size_t attention_scratch(const struct attention *a)
{
    return most_parts(a) * head_scratch(a);
}

/* How many positions the rows first … first+count-1 can see. */
static size_t seen(const struct attention *a, size_t end)
{
    return a->causal && end < a->S ? end : a->S;
}

/* Rows of `from` become columns: S x d to d x S. */
KERNEL
static void turn(const float *from, size_t row, size_t S, size_t d, float *to)
{
    for (size_t j = 0; j < d; j++)
        for (size_t i = 0; i < S; i++)
            to[j * S + i] = from[i * row + j];
}

/* Lane by lane, and the lanes by halves: sixteen additions in a chain would take as long as the rest. */
INLINE float row_sum(const float *row, size_t whole)
{
    vec16 sum = *(const vec16 *)row;
    for (size_t j = LANES; j < whole; j += LANES)
        sum += *(const vec16 *)(row + j);
    vec8 half = *(vec8 *)&sum + *(vec8 *)((float *)&sum + 8);
    vec4 quarter = *(vec4 *)&half + *(vec4 *)((float *)&half + 4);
    return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

/* The scaled scores of one row into whole vectors, of which `limit` count; those left out are -∞, whose
 * exponential is 0. Returns the largest, 0 where none counts. */
INLINE float row_scores(
    const float *weights, const float *mask, size_t limit, size_t whole, float factor, float *row)
{
    float most = -INFINITY;
#pragma omp simd
    for (size_t j = 0; j < limit; j++)
        row[j] = weights[j] * factor;
    for (size_t j = limit; j < whole; j++)
        row[j] = -INFINITY;
    for (size_t j = 0; mask && j < limit; j++)
        row[j] = mask[j] != 0 ? row[j] : -INFINITY;
#pragma omp simd reduction(max : most)
    for (size_t j = 0; j < whole; j++)
        most = row[j] > most ? row[j] : most;
    return most == -INFINITY ? 0 : most;
}

/* Softmax of the scores in `weights`, in three sweeps over the block: no row waits for the one before. */
KERNEL
static void block_softmax(const struct head *h, size_t first, size_t count)
{
    const struct attention *a = h->a;
    size_t S = a->S, width = seen(a, first + count), whole = (width + LANES - 1) / LANES * LANES;
    float *weights = h->weights + first * S, *row = h->block, shift[WIDE];
    for (size_t i = 0; i < count; i++)
        shift[i] =
            row_scores(weights + i * S, h->mask, seen(a, first + i + 1), whole, h->factor, row + i * whole);
    for (size_t i = 0; i < count; i++)
        for (size_t j = i * whole; j < (i + 1) * whole; j += LANES)
#pragma omp simd
            for (size_t k = j; k < j + LANES; k++)
                row[k] = expf(row[k] - shift[i]);
    for (size_t i = 0; i < count; i++, row += whole, weights += S) {
        float sum = row_sum(row, whole), share = sum == 0 ? 0 : 1 / sum;
#pragma omp simd
        for (size_t j = 0; j < width; j++)
            weights[j] = row[j] * share;
        memset(weights + width, 0, (S - width) * sizeof *weights);
    }
}

static void head_forward(const struct head *h)
{
    const struct attention *a = h->a;
    size_t S = a->S, d = a->d;
    turn(h->k, a->k_row, S, d, h->turned);
    for (size_t first = 0; first < a->T; first += h->rows) {
        size_t count = a->T - first < h->rows ? a->T - first : h->rows, width = seen(a, first + count);
        float *weights = h->weights + first * S;
        gemm(false, false, count, width, d, h->q + first * a->q_row, a->q_row, h->turned, S, false, weights,
            S);
        block_softmax(h, first, count);
        gemm(false, false, count, d, width, weights, S, h->v, a->v_row, false, h->context + first * h->width,
            h->width);
    }
}

/* dz from dA, in place. */
KERNEL
static void block_slopes(const float *weights, float *dz, size_t count, size_t S, size_t width, float factor)
{
    for (size_t i = 0; i < count; i++, weights += S, dz += S) {
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t j = 0; j < width; j++)
            sum += weights[j] * dz[j];
#pragma omp simd
        for (size_t j = 0; j < width; j++)
            dz[j] = weights[j] * (dz[j] - sum) * factor;
    }
}

static void head_backward(const struct head *h)
{
    const struct attention *a = h->a;
    size_t S = a->S, d = a->d, last = (a->T - 1) / h->rows * h->rows, reach = seen(a, a->T);
    turn(h->v, a->v_row, S, d, h->turned);
    for (size_t first = last + h->rows; first;) {
        first -= h->rows;
        size_t count = a->T - first < h->rows ? a->T - first : h->rows, width = seen(a, first + count);
        const float *weights = h->weights + first * S, *dcontext = h->dcontext + first * h->width;
        const float *q = h->q + first * a->q_row;
        float *dz = h->block;
        gemm(false, false, count, width, d, dcontext, h->width, h->turned, S, false, dz, S);
        block_slopes(weights, dz, count, S, width, h->factor);
        gemm(false, false, count, d, width, dz, S, h->k, a->k_row, false, h->dq + first * a->q_row, a->q_row);
        gemm(true, false, width, d, count, dz, S, q, a->q_row, first < last, h->dk, a->k_row);
        gemm(true, false, width, d, count, weights, S, dcontext, h->width, first < last, h->dv, a->v_row);
    }
    for (size_t j = reach; j < S; j++) {
        memset(h->dk + j * a->k_row, 0, d * sizeof(float));
        memset(h->dv + j * a->v_row, 0, d * sizeof(float));
    }
}

static struct head head_at(const struct attention *a, size_t pair, int part)
{
    size_t n = pair / a->heads, i = pair % a->heads, at = i * a->d, width = a->heads * a->d;
    size_t q = n * a->T * a->q_row + at, k = n * a->S * a->k_row + at, v = n * a->S * a->v_row + at;
    float *scratch = a->scratch + (size_t)part * head_scratch(a);
    struct head h = {.a = a,
        .q = a->q + q,
        .k = a->k + k,
        .v = a->v + v,
        .mask = a->mask ? a->mask + n * a->S : NULL,
        .weights = a->weights + pair * a->T * a->S,
        .turned = scratch,
        .block = scratch + a->d * a->S,
        .width = width,
        .rows = block_rows(a),
        .factor = 1 / sqrtf((float)a->d)};
    if (a->context)
        h.context = a->context + n * a->T * width + at;
    if (a->dcontext) {
        h.dcontext = a->dcontext + n * a->T * width + at;
        h.dq = a->dq + q;
        h.dk = a->dk + k;
        h.dv = a->dv + v;
    }
    return h;
}

static void forward_pair(const void *arg, size_t pair, int part)
{
    struct head h = head_at(arg, pair, part);
    head_forward(&h);
}

static void backward_pair(const void *arg, size_t pair, int part)
{
    struct head h = head_at(arg, pair, part);
    head_backward(&h);
}

static int parts_of(const struct attention *a)
{
    double work = (double)(a->N * a->heads * a->T) * (double)(a->S * a->d);
    int parts = kernels_threads(2 * work, THREAD);
    return parts < (int)most_parts(a) ? parts : (int)most_parts(a);
}

void attention_forward(const struct attention *a)
{
    kernels_deal(a->N * a->heads, parts_of(a), forward_pair, a);
}

void attention_backward(const struct attention *a)
{
    kernels_deal(a->N * a->heads, parts_of(a), backward_pair, a);
}
