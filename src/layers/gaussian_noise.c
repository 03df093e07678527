/* gaussian_noise.c - while training, each value is blurred by a normal number: y = x + stddev · e. */
#include "kernels/elementwise.h"
#include "kernels/noise.h"
#include "layer.h"

static const struct arg_row args[] = {
    {.name = "stddev",
        .kind = ARG_REAL,
        .help = "standard deviation of the noise",
        .min = 0,
        .max = 1e6,
        .fallback = 0.1},
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
        noise_add(p->x[0], p->y, n, l->arg[0].number, p->key);
    else
        values_pass(p->x[0], p->y, n, false);
}

static void backward(const struct layer *l, struct pass *p)
{
    if (p->dx[0])
        values_pass(p->dy, p->dx[0], p->N * shape_size(&l->in), p->add[0]);
}

const struct layer_type gaussian_noise_layer = {
    .name = "gaussian_noise",
    .summary = "blurs values by normal noise while training",
    .example = "gaussian_noise 0.1",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
    .train_only = true,
    .by_position = true,
};
