/* dropout.c - while training, each value is dropped with chance `rate`, and what is kept grows by 1 / (1 -
 * rate), so that the sums expected by the next layer stay level (Srivastava and others 2014). */
#include "kernels/elementwise.h"
#include "layer.h"

static const struct arg_row args[] = {
    {.name = "rate",
        .kind = ARG_REAL,
        .help = "chance that a value is dropped",
        .min = 0,
        .max = 0.99,
        .fallback = 0.5},
    {0},
};

static bool build(struct layer *l, struct error *e)
{
    l->out = l->in;
    return true;
}

static void forward(const struct layer *l, struct pass *p)
{
    size_t n = p->N * shape_size(&l->in);
    if (p->training)
        dropout_apply(p->x[0], p->y, n, l->arg[0].number, p->key, false);
    else
        values_pass(p->x[0], p->y, n, false);
}

static void backward(const struct layer *l, struct pass *p)
{
    size_t n = p->N * shape_size(&l->in);
    if (!p->dx[0])
        return;
    if (p->training)
        dropout_apply(p->dy, p->dx[0], n, l->arg[0].number, p->key, p->add[0]);
    else
        values_pass(p->dy, p->dx[0], n, p->add[0]);
}

const struct layer_type dropout_layer = {
    .name = "dropout",
    .summary = "drops values at random while training, so that units do not lean on each other",
    .example = "dropout 0.5",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
    .train_only = true,
    .by_position = true,
};
