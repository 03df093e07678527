/* lookup.c - see lookup.h. In backward each thread owns a range of the table and walks over all rows: the
 * same order on any number of threads. */
#include "lookup.h"
#include "elementwise.h"
#include "threads.h"

#include <math.h>
#include <string.h>

static const double THREAD = 1 << 15; /* floats that are worth a thread */

struct looking {
    const float *x, *table, *dy;
    size_t M, V, C;
    float *y, *dtable;
};

/* NaN becomes row 0. */
static size_t row_of(float x, size_t V)
{
    return !(x > 0) ? 0 : x >= (float)V ? V - 1 : (size_t)x;
}

static void copy_rows(const void *arg, size_t first, size_t count)
{
    const struct looking *l = arg;
    for (size_t i = first; i < first + count; i++)
        memcpy(l->y + i * l->C, l->table + row_of(l->x[i], l->V) * l->C, l->C * sizeof *l->y);
}

void lookup_forward(const float *x, const float *table, size_t M, size_t V, size_t C, float *y)
{
    struct looking l = {.x = x, .table = table, .M = M, .V = V, .C = C, .y = y};
    kernels_ranges(M, 1, kernels_threads((double)(M * C), THREAD), copy_rows, &l);
}

static void backward_part(const void *arg, int part, int parts)
{
    const struct looking *l = arg;
    size_t first, count = kernels_range(l->V, 1, part, parts, &first), C = l->C;
    memset(l->dtable + first * C, 0, count * C * sizeof *l->dtable);
    for (size_t i = 0; i < l->M; i++) {
        size_t row = row_of(l->x[i], l->V);
        if (row - first < count)
            values_pass(l->dy + i * C, l->dtable + row * C, C, true);
    }
}

void lookup_backward(const float *x, const float *dy, size_t M, size_t V, size_t C, float *dtable)
{
    struct looking l = {.x = x, .dy = dy, .M = M, .V = V, .C = C, .dtable = dtable};
    kernels_share(kernels_threads((double)(M * C), THREAD), backward_part, &l);
}

/* Each frequency turns by the same angle from position to position. */
void positions_sinusoid(float *p, size_t T, size_t C)
{
    for (size_t j = 0; j < C; j += 2) {
        double angle = pow(10000, -(double)j / (double)C), s = sin(angle), c = cos(angle), y = 0, x = 1;
        for (size_t t = 0; t < T; t++) {
            double turned = y * c + x * s;
            p[t * C + j] = (float)y;
            if (j + 1 < C)
                p[t * C + j + 1] = (float)x;
            x = x * c - y * s;
            y = turned;
        }
    }
}

struct adding {
    const float *x, *p;
    float *y;
    size_t n;
};

static void add_samples(const void *arg, size_t first, size_t count)
{
    const struct adding *a = arg;
    for (size_t i = first; i < first + count; i++)
        values_sum(a->x + i * a->n, a->p, a->y + i * a->n, a->n);
}

void positions_add(const float *x, const float *p, float *y, size_t N, size_t n)
{
    kernels_ranges(N, 1, kernels_threads((double)(N * n), THREAD), add_samples, &(struct adding){x, p, y, n});
}
