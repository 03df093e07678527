/* flatten.c - the same values as one row: 28x28x1 becomes 784. */
#include "error.h"
#include "kernels/elementwise.h"
#include "layer.h"

static const struct arg_row args[] = {{0}};

static bool build(struct layer *l, struct error *e)
{
    size_t size = shape_size(&l->in);
    if (size > INT32_MAX)
        return error_set(e, "flatten cannot take %zu values: make the input smaller", size);
    l->out = shape_of(1, (int)size);
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

const struct layer_type flatten_layer = {
    .name = "flatten",
    .summary = "turns an image or a sequence into one row of values",
    .example = "flatten",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
};
