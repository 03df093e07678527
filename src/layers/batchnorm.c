/* batchnorm.c - batch normalisation (Ioffe & Szegedy 2015): each channel gets mean 0 and variance 1 over the
 * batch and all positions, then a scale and a shift. Outside training, and while frozen, running statistics
 * stand in for those of the batch:
 *
 *     moving = momentum · moving + (1 - momentum) · batch's
 *
 * with the variance divided by the count, as in Keras. Padding is left out of mean and variance. The batch
 * cache holds mean, variance and 1 / deviation of every channel. */
#include "kernels/normalization.h"
#include "layer.h"

#include <math.h>

enum { MOMENTUM, EPSILON, SCALE, CENTER };

static const struct arg_row args[] = {
    [MOMENTUM] = {.name = "momentum",
        .kind = ARG_REAL,
        .help = "how much of the running statistics a step keeps",
        .min = 0,
        .max = 1,
        .fallback = 0.99},
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
    layer_add_param(l, "moving_mean", row)->statistic = true;
    struct param *variance = layer_add_param(l, "moving_variance", row);
    variance->statistic = true;
    variance->initializer = "ones";
    l->batch_cache = 3 * channels(l);
    return true;
}

/* The moving mean's place; the moving variance comes behind it. */
static int statistics(const struct layer *l)
{
    return l->params - 2;
}

static struct normalization about(const struct layer *l, const struct pass *p)
{
    bool scales = l->arg[SCALE].number != 0, centers = l->arg[CENTER].number != 0;
    size_t C = channels(l);
    return (struct normalization){.rows = p->N * shape_size(&l->in) / C,
        .C = C,
        .epsilon = (float)l->arg[EPSILON].number,
        .x = p->x[0],
        .gamma = scales ? p->w[0] : NULL,
        .beta = centers ? p->w[scales] : NULL,
        .counts = l->in.rank == 2 ? p->mask[0] : NULL,
        .y = p->y,
        .mean = p->batch_cache,
        .variance = p->batch_cache + C,
        .scale = p->batch_cache + 2 * C,
        .dy = p->dy,
        .dx = p->dx[0],
        .add = p->add[0],
        .dgamma = scales ? p->dw[0] : NULL,
        .dbeta = centers ? p->dw[scales] : NULL,
        .scratch = p->scratch};
}

static void take_running(const struct layer *l, const struct pass *p, const struct normalization *n)
{
    const float *mean = p->stat[statistics(l)], *variance = p->stat[statistics(l) + 1];
    for (size_t j = 0; j < n->C; j++) {
        n->mean[j] = mean[j];
        n->variance[j] = variance[j];
        n->scale[j] = 1 / sqrtf(variance[j] + n->epsilon);
    }
}

static void forward(const struct layer *l, struct pass *p)
{
    struct normalization n = about(l, p);
    if (p->training)
        batchnorm_measure(&n);
    else
        take_running(l, p, &n);
    batchnorm_forward(&n);
}

static void backward(const struct layer *l, struct pass *p)
{
    struct normalization n = about(l, p);
    batchnorm_backward(&n, p->training);
}

static void settle(const struct layer *l, const struct pass *p, float *const *stat)
{
    struct normalization n = about(l, p);
    float *mean = stat[statistics(l)], *variance = stat[statistics(l) + 1];
    float keep = (float)l->arg[MOMENTUM].number;
    for (size_t j = 0; j < n.C; j++) {
        mean[j] = keep * mean[j] + (1 - keep) * n.mean[j];
        variance[j] = keep * variance[j] + (1 - keep) * n.variance[j];
    }
}

static size_t scratch(const struct layer *l, size_t N, bool gradients)
{
    return normalization_scratch(N * shape_size(&l->in) / channels(l), channels(l));
}

const struct layer_type batchnorm_layer = {
    .name = "batchnorm",
    .summary = "gives each channel mean 0 and variance 1 over the batch, then scale and shift",
    .example = "batchnorm",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
    .settle = settle,
    .scratch = scratch,
    .by_position = true,
};
