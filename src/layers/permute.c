/* permute.c - the axes in another order: `permute 2x1` turns 28x10 into 10x28. Axes count from 1, as in
 * Keras, for axis 0 is the batch. */
#include "error.h"
#include "layer.h"

static const struct arg_row args[] = {
    {.name = "dims",
        .kind = ARG_SHAPE,
        .help = "which axis comes first, which next: 2x1 swaps two axes",
        .flags = ARG_REQUIRED},
    {0},
};

static bool is_order(const struct shape *s)
{
    unsigned seen = 0;
    for (int i = 0; i < s->rank; i++)
        if (s->dim[i] <= s->rank)
            seen |= 1u << s->dim[i];
    return seen == (1u << (s->rank + 1)) - 2;
}

static bool build(struct layer *l, struct error *e)
{
    const struct shape *order = &l->arg[0].shape;
    char in[SHAPE_TEXT], dims[SHAPE_TEXT];
    if (order->rank != l->in.rank || !is_order(order))
        return error_set(e, "dims=%s is no order of the %d %s of %s: name each from 1 to %d once",
            shape_text(order, dims), l->in.rank, l->in.rank == 1 ? "axis" : "axes", shape_text(&l->in, in),
            l->in.rank);
    l->out = l->in;
    for (int i = 0; i < order->rank; i++)
        l->out.dim[i] = l->in.dim[order->dim[i] - 1];
    return true;
}

/* Steps in the input along the axes of the output. */
static void input_steps(const struct layer *l, size_t step[SHAPE_RANK])
{
    for (int i = 0; i < l->in.rank; i++) {
        step[i] = 1;
        for (int k = l->arg[0].shape.dim[i]; k < l->in.rank; k++)
            step[i] *= (size_t)l->in.dim[k];
    }
}

/* Walks the output in order, and the input along: y from x, or dx from dy. */
static void walk(
    const struct layer *l, size_t N, const float *x, float *y, const float *dy, float *dx, bool add)
{
    size_t step[SHAPE_RANK], size = shape_size(&l->in);
    int index[SHAPE_RANK] = {0}, last = l->out.rank - 1;
    input_steps(l, step);
    for (size_t i = 0, at = 0; i < N * size; i++) {
        if (y)
            y[i] = x[at];
        else
            dx[at] = (add ? dx[at] : 0) + dy[i];
        int axis = last;
        at += step[axis];
        while (++index[axis] == l->out.dim[axis]) {
            at -= (size_t)l->out.dim[axis] * step[axis];
            index[axis] = 0;
            if (!axis--) {
                at += size;
                break;
            }
            at += step[axis];
        }
    }
}

static void forward(const struct layer *l, struct pass *p)
{
    walk(l, p->N, p->x[0], p->y, NULL, NULL, false);
}

static void backward(const struct layer *l, struct pass *p)
{
    if (p->dx[0])
        walk(l, p->N, NULL, NULL, p->dy, p->dx[0], p->add[0]);
}

const struct layer_type permute_layer = {
    .name = "permute",
    .summary = "the axes in another order",
    .example = "permute 2x1",
    .before = "input 4x3",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
};
