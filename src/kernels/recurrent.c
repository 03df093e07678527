/* recurrent.c - see recurrent.h.
 *
 * The input's part of all sums is one product over all N·T positions, x·W. Then each thread takes samples of
 * its own and goes through their steps: a product of the state with U, and the arithmetic of the cell. No
 * thread waits for another within a sequence. Backward goes through the steps from the last to the first and
 * leaves dz, the gradient by every sum; the rest is products over all positions again:
 *
 *     dW = xᵀ·dz      dU = beforeᵀ·dz      db = the sum of the rows of dz      dx = dz·Wᵀ
 *
 * where `before` is the state before each step, which forward keeps at its position, so that one product
 * does for all steps. The batch goes backward in chunks, so that dz stays small. */
#include "recurrent.h"
#include "elementwise.h"
#include "gemm.h"
#include "recurrent_cell.h"
#include "simd.h"
#include "threads.h"

#include <string.h>

enum { GRAIN = 4, LINE = 16, CHUNK = 8 << 20 }; /* samples of a thread; floats; floats of dz */
static const double THREAD = 1 << 20;           /* multiply-adds that are worth a thread */

static size_t lines(size_t floats)
{
    return (floats + LINE - 1) / LINE * LINE;
}

/* Samples first … first+count-1 of a batch, with the lengths of their rows. */
struct stretch {
    const struct recurrent *r;
    size_t first, count;
    size_t row, width; /* floats of a row of slots, and of the state */
    float *z, *before; /* N x T rows of each: the cache */
    float *dz;         /* count x T rows */
    float *state;      /* count x width: the state, or the gradient by it */
    float *turned;     /* the recurrent kernel's transpose, gates·u x u: a product with it is faster */
    const float *bias;
};

static struct stretch whole_batch(const struct recurrent *r)
{
    struct stretch b = {.r = r, .count = r->N};
    b.row = (size_t)r->cell->slots * r->units;
    b.width = (size_t)r->cell->states * r->units;
    b.z = r->cache;
    b.before = r->cache + r->N * r->T * b.row;
    b.state = r->scratch;
    return b;
}

/* The part of a stretch that is a thread's; dz and state begin at the stretch's first sample. */
static struct stretch part_of(const struct stretch *all, int part, int parts)
{
    struct stretch mine = *all;
    size_t skip;
    mine.count = kernels_range(all->count, GRAIN, part, parts, &skip);
    mine.first += skip;
    mine.state += skip * all->width;
    mine.dz = all->dz ? all->dz + skip * all->r->T * all->row : NULL;
    return mine;
}

static void share(const struct stretch *b, void (*fn)(const void *arg, int part, int parts))
{
    const struct recurrent *r = b->r;
    double work = (double)(b->count * r->T) * (double)r->units * (double)r->units * r->cell->gates;
    int parts = kernels_threads(work, THREAD), most = (int)((b->count + GRAIN - 1) / GRAIN);
    kernels_share(parts < most ? parts : most, fn, b);
}

/* Which position a step reads, among those of all samples. */
static size_t position(const struct stretch *b, size_t i, size_t s)
{
    const struct recurrent *r = b->r;
    return (b->first + i) * r->T + (r->reversed ? r->T - 1 - s : s);
}

static bool counts(const struct stretch *b, size_t at)
{
    return !b->r->mask || b->r->mask[at] > 0;
}

static ptrdiff_t output(const struct stretch *b, size_t i, size_t s)
{
    return (ptrdiff_t)((b->first + i) * b->r->y_sample) + (ptrdiff_t)s * b->r->y_step;
}

/* --- forward --- */

static void multiply_input(const struct stretch *b)
{
    const struct recurrent *r = b->r;
    size_t u = r->units, columns = (size_t)r->cell->gates * u;
    for (const struct cell_group *g = r->cell->input; g->count; g++)
        gemm(false, false, r->N * r->T, (size_t)g->count * u, r->in, r->x, r->in,
            r->kernel + (size_t)g->column * u, columns, false, b->z + (size_t)g->slot * u, b->row);
}

static void start(const struct stretch *b)
{
    const struct recurrent *r = b->r;
    for (size_t i = 0; i < b->count; i++)
        if (r->carry)
            memcpy(b->state + i * b->width, r->carry + (b->first + i) * r->carry_sample,
                b->width * sizeof(float));
        else
            memset(b->state + i * b->width, 0, b->width * sizeof(float));
}

static void keep_state(const struct stretch *b, size_t s)
{
    size_t u = b->r->units;
    for (size_t i = 0; i < b->count; i++) {
        size_t at = position(b, i, s);
        memcpy(b->before + at * b->width, b->state + i * b->width, b->width * sizeof(float));
        if (b->r->cell->apart)
            memset(b->z + at * b->row + (size_t)b->r->cell->apart * u, 0, u * sizeof(float));
    }
}

static void multiply_state(const struct stretch *b, const struct cell_group *g, size_t s)
{
    const struct recurrent *r = b->r;
    size_t u = r->units, columns = (size_t)r->cell->gates * u;
    float *z = b->z + position(b, 0, s) * b->row;
    gemm(false, false, b->count, (size_t)g->count * u, u, g->from ? z + (size_t)g->from * u : b->state,
        g->from ? r->T * b->row : b->width, r->recurrent + (size_t)g->column * u, columns, true,
        z + (size_t)g->slot * u, r->T * b->row);
}

static void step_forward(const struct stretch *b, size_t s)
{
    const struct recurrent *r = b->r;
    const struct recurrent_cell *cell = r->cell;
    keep_state(b, s);
    multiply_state(b, &cell->state[0], s);
    if (cell->between) {
        for (size_t i = 0; i < b->count; i++)
            cell->between(r, b->bias, b->z + position(b, i, s) * b->row, b->state + i * b->width);
        multiply_state(b, &cell->state[1], s);
    }
    for (size_t i = 0; i < b->count; i++) {
        float *state = b->state + i * b->width;
        size_t at = position(b, i, s);
        if (counts(b, at))
            cell->forward(r, b->bias, b->z + at * b->row, state);
        if (!r->last || s + 1 == r->T)
            memcpy(r->y + output(b, i, s), state, r->units * sizeof(float));
    }
}

static void forward_part(const void *arg, int part, int parts)
{
    struct stretch b = part_of(arg, part, parts);
    const struct recurrent *r = b.r;
    if (!b.count)
        return;
    start(&b);
    for (size_t s = 0; s < r->T; s++)
        step_forward(&b, s);
    for (size_t i = 0; r->carry && i < b.count; i++)
        memcpy(r->carry + (b.first + i) * r->carry_sample, b.state + i * b.width, b.width * sizeof(float));
}

void recurrent_forward(const struct recurrent *r)
{
    struct stretch b = whole_batch(r);
    float *none = r->scratch + lines(r->N * b.width);
    b.bias = r->bias ? r->bias : none;
    if (!r->bias)
        memset(none, 0, (size_t)r->cell->biases * r->units * sizeof *none);
    multiply_input(&b);
    share(&b, forward_part);
}

/* --- backward --- */

static float *gradient(const struct stretch *b, size_t i, size_t s)
{
    size_t skipped = (b->first + i) * b->r->T;
    return b->dz + (i * b->r->T + position(b, i, s) - skipped) * b->row;
}

/* The gradient by the state, or by the slot that stands in for it, through the recurrent kernel. */
static void multiply_back(const struct stretch *b, const struct cell_group *g, size_t s)
{
    const struct recurrent *r = b->r;
    size_t u = r->units, length = r->T * b->row;
    float *dz = gradient(b, 0, s);
    gemm(false, false, b->count, u, (size_t)g->count * u, dz + (size_t)g->slot * u, length,
        b->turned + (size_t)g->column * u * u, u, !g->from, g->from ? dz + (size_t)g->from * u : b->state,
        g->from ? length : b->width);
}

static void rows_back(const struct stretch *b, size_t s)
{
    const struct recurrent *r = b->r;
    for (size_t i = 0; i < b->count; i++) {
        float *dz = gradient(b, i, s), *dstate = b->state + i * b->width;
        size_t at = position(b, i, s);
        if (!r->last || s + 1 == r->T)
            values_pass(r->dy + output(b, i, s), dstate, r->units, true);
        if (counts(b, at))
            r->cell->backward(r, b->z + at * b->row, b->before + at * b->width, dz, dstate);
        else
            memset(dz, 0, b->row * sizeof *dz);
    }
}

static void step_back(const struct stretch *b, size_t s)
{
    const struct recurrent *r = b->r;
    const struct recurrent_cell *cell = r->cell;
    rows_back(b, s);
    if (cell->between_back) {
        multiply_back(b, &cell->state[1], s);
        for (size_t i = 0; i < b->count; i++) {
            size_t at = position(b, i, s);
            if (counts(b, at))
                cell->between_back(r, b->z + at * b->row, b->before + at * b->width, gradient(b, i, s),
                    b->state + i * b->width);
        }
    }
    if (!s)
        return;
    if (r->truncate && s % r->truncate == 0)
        memset(b->state, 0, b->count * b->width * sizeof(float));
    else
        multiply_back(b, &cell->state[0], s);
}

static void back_part(const void *arg, int part, int parts)
{
    struct stretch b = part_of(arg, part, parts);
    if (!b.count)
        return;
    memset(b.state, 0, b.count * b.width * sizeof(float));
    for (size_t s = b.r->T; s-- > 0;)
        step_back(&b, s);
}

/* Squares of LINE x LINE, whose lines stay near. */
KERNEL
static void turn(const float *from, size_t rows, size_t columns, float *to)
{
    for (size_t i = 0; i < rows; i += LINE)
        for (size_t j = 0; j < columns; j += LINE) {
            size_t last = rows - i < LINE ? rows : i + LINE, end = columns - j < LINE ? columns : j + LINE;
            for (size_t c = j; c < end; c++)
                for (size_t k = i; k < last; k++)
                    to[c * rows + k] = from[k * columns + c];
        }
}

/* to (+)= the sum of the rows. */
KERNEL
static void add_rows(const float *rows, size_t count, size_t length, float *to, size_t width, bool add)
{
    if (!add)
        memset(to, 0, width * sizeof *to);
    for (size_t i = 0; i < count; i++, rows += length)
#pragma omp simd
        for (size_t j = 0; j < width; j++)
            to[j] += rows[j];
}

static void bias_back(const struct stretch *b, bool add)
{
    const struct recurrent *r = b->r;
    size_t u = r->units;
    for (const struct cell_group *g = r->cell->bias; g < r->cell->bias + CELL_GROUPS && g->count; g++)
        add_rows(b->dz + (size_t)g->slot * u, b->count * r->T, b->row, r->dbias + (size_t)g->column * u,
            (size_t)g->count * u, add);
}

static void input_back(const struct stretch *b, bool add)
{
    const struct recurrent *r = b->r;
    size_t u = r->units, rows = b->count * r->T, columns = (size_t)r->cell->gates * u;
    const float *x = r->x + b->first * r->T * r->in;
    float *dx = r->dx ? r->dx + b->first * r->T * r->in : NULL;
    for (const struct cell_group *g = r->cell->input; g->count; g++) {
        size_t column = (size_t)g->column * u, width = (size_t)g->count * u;
        const float *dz = b->dz + (size_t)g->slot * u;
        if (r->dkernel)
            gemm(true, false, r->in, width, rows, x, r->in, dz, b->row, add, r->dkernel + column, columns);
        if (dx)
            gemm(false, true, rows, r->in, width, dz, b->row, r->kernel + column, columns,
                r->add || g > r->cell->input, dx, r->in);
    }
}

static void state_back(const struct stretch *b, bool add)
{
    const struct recurrent *r = b->r;
    size_t u = r->units, first = b->first * r->T, columns = (size_t)r->cell->gates * u;
    for (const struct cell_group *g = r->cell->state; g->count; g++) {
        const float *from =
            g->from ? b->z + first * b->row + (size_t)g->from * u : b->before + first * b->width;
        gemm(true, false, u, (size_t)g->count * u, b->count * r->T, from, g->from ? b->row : b->width,
            b->dz + (size_t)g->slot * u, b->row, add, r->drecurrent + (size_t)g->column * u, columns);
    }
}

static size_t chunk_samples(const struct recurrent_cell *cell, size_t N, size_t T, size_t units)
{
    size_t fit = CHUNK / (T * (size_t)cell->slots * units);
    return fit >= N ? N : fit > GRAIN ? fit / GRAIN * GRAIN : 1;
}

void recurrent_backward(const struct recurrent *r)
{
    struct stretch b = whole_batch(r);
    size_t chunk = chunk_samples(r->cell, r->N, r->T, r->units);
    b.turned = r->scratch + lines(chunk * b.width);
    b.dz = b.turned + lines((size_t)r->cell->gates * r->units * r->units);
    turn(r->recurrent, r->units, (size_t)r->cell->gates * r->units, b.turned);
    for (b.first = 0; b.first < r->N; b.first += chunk) {
        b.count = r->N - b.first < chunk ? r->N - b.first : chunk;
        share(&b, back_part);
        input_back(&b, b.first > 0);
        if (r->drecurrent)
            state_back(&b, b.first > 0);
        if (r->dbias)
            bias_back(&b, b.first > 0);
    }
}

/* --- sizes --- */

int recurrent_gates(const struct recurrent_cell *cell)
{
    return cell->gates;
}

int recurrent_biases(const struct recurrent_cell *cell)
{
    return cell->biases;
}

int recurrent_states(const struct recurrent_cell *cell)
{
    return cell->states;
}

size_t recurrent_cache(const struct recurrent_cell *cell, size_t T, size_t units)
{
    return T * units * (size_t)(cell->slots + cell->states);
}

size_t recurrent_scratch(const struct recurrent_cell *cell, size_t N, size_t T, size_t units, bool gradients)
{
    size_t width = (size_t)cell->states * units, row = (size_t)cell->slots * units;
    size_t forward = lines(N * width) + (size_t)cell->biases * units;
    size_t chunk = chunk_samples(cell, N, T, units);
    size_t back = lines(chunk * width) + lines((size_t)cell->gates * units * units) + chunk * T * row;
    return gradients && back > forward ? back : forward;
}
