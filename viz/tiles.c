/* tiles.c - which pictures a layer has, and their pixels. All kinds are the same loop over strides. */
#include "tiles.h"

#include <math.h>
#include <string.h>

static int side_of(int n)
{
    int step = (n + TILE_SIDE - 1) / TILE_SIDE;
    return (n + step - 1) / step;
}

static struct tiling sized(struct tiling t)
{
    t.shown = t.all < TILES_MOST ? t.all : TILES_MOST;
    t.w = side_of(t.from_w);
    t.h = side_of(t.from_h);
    t.planes = t.kind == TILES_COLOURS ? 3 : 1;
    return t;
}

struct tiling tiling_of_shape(const struct shape *s, bool colours)
{
    if (s->rank < 2)
        return (struct tiling){.kind = TILES_NONE};
    int last = s->dim[s->rank - 1], before = s->dim[s->rank - 2], rows = 1;
    if (s->rank == 2)
        return sized((struct tiling){.kind = TILES_SEQUENCE,
            .all = 1,
            .from_w = before,
            .from_h = last,
            .across = (size_t)last,
            .down = 1});
    for (int i = 0; i < s->rank - 2; i++)
        rows *= s->dim[i];
    bool colour = colours && last == 3;
    return sized((struct tiling){.kind = colour ? TILES_COLOURS : TILES_CHANNELS,
        .all = colour ? 1 : last,
        .from_w = before,
        .from_h = rows,
        .across = (size_t)last,
        .down = (size_t)last * (size_t)before,
        .next = 1});
}

struct tiling tiling_of(const struct layer *l)
{
    if (strcmp(l->type->name, "attention") != 0 || l->out.rank != 2 || l->cache == 0)
        return tiling_of_shape(&l->out, l->inputs == 0);
    int asks = l->in.dim[0], asked = l->reads[l->inputs - 1].dim[0];
    return sized((struct tiling){.kind = TILES_HEADS,
        .all = (int)l->arg[0].number,
        .from_w = asked,
        .from_h = asks,
        .across = 1,
        .down = (size_t)asked,
        .next = (size_t)asks * (size_t)asked});
}

size_t tiling_floats(const struct tiling *t)
{
    return (size_t)t->shown * (size_t)t->planes * (size_t)t->w * (size_t)t->h;
}

/* The mean of the values that fall on pixel x, y. */
static float pixel_of(const struct tiling *t, const float *from, int x, int y)
{
    int x0 = x * t->from_w / t->w, x1 = (x + 1) * t->from_w / t->w;
    int y0 = y * t->from_h / t->h, y1 = (y + 1) * t->from_h / t->h;
    float sum = 0;
    for (int row = y0; row < y1; row++)
        for (int column = x0; column < x1; column++)
            sum += from[(size_t)row * t->down + (size_t)column * t->across];
    return sum / (float)((x1 - x0) * (y1 - y0));
}

float tiling_fill(const struct tiling *t, const float *y, float *out)
{
    float most = 0;
    for (int k = 0; k < t->shown * t->planes; k++)
        for (int row = 0; row < t->h; row++)
            for (int column = 0; column < t->w; column++) {
                float value = pixel_of(t, y + (size_t)k * t->next, column, row);
                *out++ = value;
                if (isfinite(value))
                    most = fmaxf(most, fabsf(value));
            }
    return most;
}

int tiling_tile(const struct tiling *t, int unit)
{
    return t->kind == TILES_CHANNELS ? unit % t->all : 0;
}
