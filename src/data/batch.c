/* batch.c - the samples of a batch, side by side.
 *
 * A sliding data set holds one long row of values; its windows lie end to end, and each epoch shifts them
 * all by one random offset, so that a window's border is a different place each time. */
#include "../data.h"
#include "../rng.h"

#include <string.h>

/* Short rows by hand, where a call of memcpy costs more than the copy. */
void rows_gather(
    const float *restrict from, const uint32_t *index, size_t N, size_t width, float *restrict to)
{
    if (width == 1)
        for (size_t i = 0; i < N; i++)
            to[i] = from[index[i]];
    else if (width == 2)
        for (size_t i = 0; i < N; i++)
            memcpy(to + 2 * i, from + 2 * index[i], 2 * sizeof *to);
    else
        for (size_t i = 0; i < N; i++)
            memcpy(to + i * width, from + (size_t)index[i] * width, width * sizeof *to);
}

size_t data_shift(const struct data *d, uint64_t seed, uint64_t epoch)
{
    if (!d->slide)
        return 0;
    struct rng r = rng_from(rng_key(seed, "slide", NULL, epoch));
    return rng_below(&r, (uint32_t)d->slide + 1);
}

size_t data_row_start(const struct data *d, size_t row, size_t width, size_t shift)
{
    return row * width + (row + 1 < d->train ? shift : 0);
}

void data_batch(const struct data *d, const uint32_t *index, size_t N, size_t shift, float *x)
{
    size_t width = shape_size(&d->shape);
    if (!shift)
        rows_gather(d->x, index, N, width, x);
    for (size_t i = 0; shift && i < N; i++)
        memcpy(x + i * width, d->x + data_row_start(d, index[i], width, shift), width * sizeof *x);
}
