/* reshape.c - the same values in another shape: 784 becomes 28x28x1. */
#include "error.h"
#include "kernels/elementwise.h"
#include "layer.h"

static const struct arg_row args[] = {
    {.name = "shape",
        .kind = ARG_SHAPE,
        .help = "the new shape, of as many values: 28x28x1",
        .flags = ARG_REQUIRED},
    {0},
};

static bool build(struct layer *l, struct error *e)
{
    const struct shape *to = &l->arg[0].shape;
    char is[SHAPE_TEXT], wanted[SHAPE_TEXT];
    if (shape_size(to) != shape_size(&l->in))
        return error_set(e, "%s has %zu values, but the input %s has %zu: choose a shape of as many",
            shape_text(to, wanted), shape_size(to), shape_text(&l->in, is), shape_size(&l->in));
    l->out = *to;
    return true;
}

static void forward(const struct layer *l, struct pass *p)
{
    values_pass(p->x[0], p->y, p->N * shape_size(&l->in), false);
}

static void backward(const struct layer *l, struct pass *p)
{
    if (p->dx[0])
        values_pass(p->dy, p->dx[0], p->N * shape_size(&l->in), p->add[0]);
}

const struct layer_type reshape_layer = {
    .name = "reshape",
    .summary = "the same values in another shape",
    .example = "reshape 2x6",
    .before = "input 4x3",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
};
