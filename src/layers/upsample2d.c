/* upsample2d.c - each pixel becomes a block of equal ones. The way back sums over the block, as a pooling of
 * sums does: the layer is that pooling, backwards. */
#include "error.h"
#include "kernels/pooling.h"
#include "layer.h"
#include "rank.h"

#include <limits.h>

static const struct arg_row args[] = {
    {.name = "size", .kind = ARG_SHAPE, .help = "pixels that one becomes: 2 (if not given), or 2x3"},
    {0},
};

static int factor(const struct layer *l, int axis)
{
    const struct shape *s = &l->arg[0].shape;
    return s->rank ? s->dim[s->rank == 1 ? 0 : axis] : 2;
}

static bool build(struct layer *l, struct error *e)
{
    char text[SHAPE_TEXT];
    int out[2];
    if (l->in.rank != 3)
        return wants_image(&l->in, e);
    if (l->arg[0].shape.rank > 2)
        return error_set(
            e, "size is height x width, such as 2x2, not %s", shape_text(&l->arg[0].shape, text));
    for (int i = 0; i < 2; i++)
        if (__builtin_mul_overflow(l->in.dim[i], factor(l, i), &out[i]))
            return error_set(
                e, "%d times %d pixels are too many: make size smaller", factor(l, i), l->in.dim[i]);
    l->out = shape_of(3, out[0], out[1], l->in.dim[2]);
    return true;
}

static struct pooling blocks(const struct layer *l)
{
    int h = factor(l, 0), w = factor(l, 1);
    return (struct pooling){.H = l->out.dim[0],
        .W = l->out.dim[1],
        .C = l->out.dim[2],
        .OH = l->in.dim[0],
        .OW = l->in.dim[1],
        .KH = h,
        .KW = w,
        .sh = h,
        .sw = w};
}

static void forward(const struct layer *l, struct pass *p)
{
    struct pooling b = blocks(l);
    sumpool_backward(&b, p->N, p->x[0], false, false, p->y);
}

static void backward(const struct layer *l, struct pass *p)
{
    struct pooling b = blocks(l);
    if (p->dx[0])
        sumpool_forward(&b, p->N, p->dy, false, p->add[0], p->dx[0]);
}

const struct layer_type upsample2d_layer = {
    .name = "upsample2d",
    .summary = "a larger image: each pixel becomes a block",
    .example = "upsample2d 2",
    .before = "input 3x4x2",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
};
