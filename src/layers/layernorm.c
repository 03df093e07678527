/* layernorm.c - layer normalisation over the last axis (Ba and others 2016): each position of each sample
 * gets mean 0 and variance 1, then a scale and a shift for each channel. It does the same in training and
 * outside.
 *
 * The cache holds mean and 1 / deviation of every row. */
#include "kernels/normalization.h"
#include "layer.h"

enum { EPSILON, SCALE, CENTER };

static const struct arg_row args[] = {
    [EPSILON] = {.name = "epsilon",
        .kind = ARG_REAL,
        .help = "added to the variance, so that nothing divides by 0",
        .min = 1e-12,
        .max = 1,
        .fallback = 1e-3,
        .flags = ARG_KEY_ONLY},
    [SCALE] = {.name = "scale",
        .kind = ARG_FLAG,
        .help = "each channel has a factor gamma",
        .fallback = 1,
        .flags = ARG_KEY_ONLY},
    [CENTER] = {.name = "center",
        .kind = ARG_FLAG,
        .help = "each channel has a shift beta",
        .fallback = 1,
        .flags = ARG_KEY_ONLY},
    {0},
};

static size_t channels(const struct layer *l)
{
    return (size_t)l->in.dim[l->in.rank - 1];
}

static bool build(struct layer *l, struct error *e)
{
    struct shape row = shape_of(1, l->in.dim[l->in.rank - 1]);
    l->out = l->in;
    if (l->arg[SCALE].number != 0)
        layer_add_param(l, "gamma", row)->initializer = "ones";
    if (l->arg[CENTER].number != 0)
        layer_add_param(l, "beta", row);
    l->cache = 2 * shape_size(&l->in) / channels(l);
    return true;
}

static struct normalization about(const struct layer *l, const struct pass *p)
{
    bool scales = l->arg[SCALE].number != 0, centers = l->arg[CENTER].number != 0;
    size_t rows = p->N * shape_size(&l->in) / channels(l);
    return (struct normalization){.rows = rows,
        .C = channels(l),
        .epsilon = (float)l->arg[EPSILON].number,
        .x = p->x[0],
        .gamma = scales ? p->w[0] : NULL,
        .beta = centers ? p->w[scales] : NULL,
        .y = p->y,
        .mean = p->cache,
        .scale = p->cache + rows,
        .dy = p->dy,
        .dx = p->dx[0],
        .add = p->add[0],
        .dgamma = scales ? p->dw[0] : NULL,
        .dbeta = centers ? p->dw[scales] : NULL,
        .scratch = p->scratch};
}

static void forward(const struct layer *l, struct pass *p)
{
    struct normalization n = about(l, p);
    layernorm_forward(&n);
}

static void backward(const struct layer *l, struct pass *p)
{
    struct normalization n = about(l, p);
    layernorm_backward(&n);
}

static size_t scratch(const struct layer *l, size_t N, bool gradients)
{
    return gradients ? normalization_scratch(N * shape_size(&l->in) / channels(l), channels(l)) : 0;
}

const struct layer_type layernorm_layer = {
    .name = "layernorm",
    .summary = "gives each position mean 0 and variance 1, then scale and shift by channel",
    .example = "layernorm",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
    .scratch = scratch,
    .by_position = true,
};
