/* convolution_slope.c - what comes first on a convolution's way back, as a pass of its own: for frozen
 * kernels, transposed convolutions, and wherever convolution_gradient.c cannot take it along. The bias is
 * summed in groups of rows, and these in order, whatever the threads are. */
#include "convolution_parts.h"
#include "elementwise.h"
#include "threads.h"

#include <string.h>

static const double THREAD = 1 << 15; /* floats that are worth a thread */

struct job {
    const struct convolution_slope *slope;
    float *sums;
    size_t rows, width;
};

void slope_rows(const struct convolution_slope *s, size_t at, size_t rows, size_t width, float *db)
{
    if (s->fn)
        s->fn(s->z ? s->z + at : NULL, s->y + at, s->dz + at, s->dz + at, rows, width);
    if (s->db)
        bias_gradient(s->dz + at, db, rows, width);
}

static void group_item(const void *arg, size_t i, int part)
{
    const struct job *j = arg;
    size_t first, count = kernels_range(j->rows, 1, (int)i, GROUPS, &first), at = first * j->width;
    float *sum = j->sums + i * j->width;
    (void)part;
    if (count)
        slope_rows(j->slope, at, count, j->width, sum);
    else if (j->slope->db)
        memset(sum, 0, j->width * sizeof *sum);
}

void convolution_start_back(const struct convolution_slope *s, size_t rows, size_t width, float *scratch)
{
    struct job j = {s, scratch, rows, width};
    int parts = kernels_threads((double)rows * (double)width, THREAD);
    if (s->fn || s->db)
        kernels_deal(GROUPS, parts, group_item, &j);
    if (s->db)
        bias_gradient(scratch, s->db, GROUPS, width);
}
