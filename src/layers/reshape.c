/* reshape.c - the same values in another shape: reshape makes 28x28x1 of 784, flatten 784 of 28x28x1. */
#include "error.h"
#include "kernels/elementwise.h"
#include "layer.h"

static void forward(const struct layer *l, struct pass *p)
{
    values_pass(p->x[0], p->y, p->N * shape_size(&l->in), false);
}

static void backward(const struct layer *l, struct pass *p)
{
    if (p->dx[0])
        values_pass(p->dy, p->dx[0], p->N * shape_size(&l->in), p->add[0]);
}

/* --- flatten --- */

static const struct arg_row flatten_args[] = {{0}};

static bool flatten_build(struct layer *l, struct error *e)
{
    size_t size = shape_size(&l->in);
    if (size > INT32_MAX)
        return error_set(e, "flatten cannot take %zu values: make the input smaller", size);
    l->out = shape_of(1, (int)size);
    return true;
}

const struct layer_type flatten_layer = {
    .name = "flatten",
    .summary = "turns an image or a sequence into one row of values",
    .example = "flatten",
    .args = flatten_args,
    .build = flatten_build,
    .forward = forward,
    .backward = backward,
};

/* --- reshape --- */

static const struct arg_row reshape_args[] = {
    {.name = "shape",
        .kind = ARG_SHAPE,
        .help = "the new shape, of as many values: 28x28x1",
        .flags = ARG_REQUIRED},
    {0},
};

static bool reshape_build(struct layer *l, struct error *e)
{
    const struct shape *to = &l->arg[0].shape;
    char is[SHAPE_TEXT], wanted[SHAPE_TEXT];
    if (shape_size(to) != shape_size(&l->in))
        return error_set(e, "%s has %zu values, but the input %s has %zu: choose a shape of as many",
            shape_text(to, wanted), shape_size(to), shape_text(&l->in, is), shape_size(&l->in));
    l->out = *to;
    return true;
}

const struct layer_type reshape_layer = {
    .name = "reshape",
    .summary = "the same values in another shape",
    .example = "reshape 2x6",
    .before = "input 4x3",
    .args = reshape_args,
    .build = reshape_build,
    .forward = forward,
    .backward = backward,
};
