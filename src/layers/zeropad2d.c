/* zeropad2d.c - zeros around an image. */
#include "error.h"
#include "kernels/elementwise.h"
#include "layer.h"
#include "rank.h"

#include <limits.h>
#include <string.h>

enum { PADDING, TOP, BOTTOM, LEFT, RIGHT, MOST = 65535 };

#define SIDE_ROW(key, text)                                                                      \
    {                                                                                            \
        .name = key, .kind = ARG_INT, .help = text, .min = 0, .max = MOST, .flags = ARG_KEY_ONLY \
    }

static const struct arg_row args[] = {
    [PADDING] = {.name = "padding",
        .kind = ARG_INT,
        .help = "zeros on each side",
        .min = 0,
        .max = MOST,
        .fallback = 1},
    [TOP] = SIDE_ROW("top", "zeros above; as padding"),
    [BOTTOM] = SIDE_ROW("bottom", "zeros below; as padding"),
    [LEFT] = SIDE_ROW("left", "zeros on the left; as padding"),
    [RIGHT] = SIDE_ROW("right", "zeros on the right; as padding"),
    {0},
};

static int zeros(const struct layer *l, int side)
{
    return (int)l->arg[l->arg[side].given ? side : PADDING].number;
}

static bool build(struct layer *l, struct error *e)
{
    if (l->in.rank != 3)
        return wants_image(&l->in, e);
    if (l->in.dim[0] > INT_MAX - 2 * MOST || l->in.dim[1] > INT_MAX - 2 * MOST)
        return error_set(e, "the image is too large for zeros around it: make it smaller");
    l->out = shape_of(3, l->in.dim[0] + zeros(l, TOP) + zeros(l, BOTTOM),
        l->in.dim[1] + zeros(l, LEFT) + zeros(l, RIGHT), l->in.dim[2]);
    return true;
}

/* Floats of a row of the input, and where row y of sample n begins in the output. */
static size_t row_length(const struct layer *l)
{
    return (size_t)l->in.dim[1] * (size_t)l->in.dim[2];
}

static size_t row_place(const struct layer *l, size_t n, size_t y)
{
    size_t row = n * (size_t)l->out.dim[0] + (size_t)zeros(l, TOP) + y;
    return (row * (size_t)l->out.dim[1] + (size_t)zeros(l, LEFT)) * (size_t)l->out.dim[2];
}

static void forward(const struct layer *l, struct pass *p)
{
    size_t length = row_length(l), H = (size_t)l->in.dim[0];
    memset(p->y, 0, p->N * shape_size(&l->out) * sizeof *p->y);
    for (size_t i = 0; i < p->N * H; i++)
        values_pass(p->x[0] + i * length, p->y + row_place(l, i / H, i % H), length, false);
}

static void backward(const struct layer *l, struct pass *p)
{
    size_t length = row_length(l), H = (size_t)l->in.dim[0];
    for (size_t i = 0; p->dx[0] && i < p->N * H; i++)
        values_pass(p->dy + row_place(l, i / H, i % H), p->dx[0] + i * length, length, p->add[0]);
}

const struct layer_type zeropad2d_layer = {
    .name = "zeropad2d",
    .summary = "zeros around an image",
    .example = "zeropad2d 1",
    .before = "input 3x4x2",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
};
