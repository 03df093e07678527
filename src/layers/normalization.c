/* normalization.c - layers that give values mean 0 and variance 1, then a scale and a shift for each channel.
 *
 * batchnorm (Ioffe & Szegedy 2015): each channel over the batch and all positions, padding left out. Outside
 * training, and while frozen, running statistics stand in for those of the batch:
 *
 *     moving = momentum · moving + (1 - momentum) · batch's
 *
 * with the variance divided by the count, as in Keras. The batch cache holds mean, variance and 1 / deviation
 * of every channel.
 *
 * layernorm (Ba and others 2016): each position of each sample over its channels, in training and outside.
 * The cache holds mean and 1 / deviation of every row. */
#include "kernels/normalization.h"
#include "layer.h"

#include <math.h>

enum { EPSILON, SCALE, CENTER, SHARED_ROWS };

/* The rows of both types, from row `at` on: the last ones. */
#define SHARED(at)                                                     \
    [(at) + EPSILON] = {.name = "epsilon",                             \
        .kind = ARG_REAL,                                              \
        .help = "added to the variance, so that nothing divides by 0", \
        .min = 1e-12,                                                  \
        .max = 1,                                                      \
        .fallback = 1e-3,                                              \
        .flags = ARG_KEY_ONLY},                                        \
            [(at) + SCALE] = {.name = "scale",                         \
                .kind = ARG_FLAG,                                      \
                .help = "each channel has a factor gamma",             \
                .fallback = 1,                                         \
                .flags = ARG_KEY_ONLY},                                \
            [(at) + CENTER] = {.name = "center",                       \
                .kind = ARG_FLAG,                                      \
                .help = "each channel has a shift beta",               \
                .fallback = 1,                                         \
                .flags = ARG_KEY_ONLY}

static double shared(const struct layer *l, int row)
{
    return l->arg[args_count(l->type->args) - SHARED_ROWS + row].number;
}

static size_t channels(const struct layer *l)
{
    return (size_t)l->in.dim[l->in.rank - 1];
}

/* Rows of C values in N samples. */
static size_t rows(const struct layer *l, size_t N)
{
    return N * shape_size(&l->in) / channels(l);
}

static struct shape add_scale_and_shift(struct layer *l)
{
    struct shape row = shape_of(1, (int)channels(l));
    l->out = l->in;
    if (shared(l, SCALE) != 0)
        layer_add_param(l, "gamma", row)->initializer = "ones";
    if (shared(l, CENTER) != 0)
        layer_add_param(l, "beta", row);
    return row;
}

/* All but the statistics, which each type keeps in a place of its own. */
static struct normalization about(const struct layer *l, const struct pass *p)
{
    bool scales = shared(l, SCALE) != 0, centers = shared(l, CENTER) != 0;
    return (struct normalization){.rows = rows(l, p->N),
        .C = channels(l),
        .epsilon = (float)shared(l, EPSILON),
        .x = p->x[0],
        .gamma = scales ? p->w[0] : NULL,
        .beta = centers ? p->w[scales] : NULL,
        .y = p->y,
        .dy = p->dy,
        .dx = p->dx[0],
        .add = p->add[0],
        .dgamma = scales ? p->dw[0] : NULL,
        .dbeta = centers ? p->dw[scales] : NULL,
        .scratch = p->scratch};
}

/* --- batchnorm --- */

enum { MOMENTUM, BATCHNORM_SHARED };

static const struct arg_row batchnorm_args[] = {
    [MOMENTUM] = {.name = "momentum",
        .kind = ARG_REAL,
        .help = "how much of the running statistics a step keeps",
        .min = 0,
        .max = 1,
        .fallback = 0.99},
    SHARED(BATCHNORM_SHARED),
    {0},
};

static bool batchnorm_build(struct layer *l, struct error *e)
{
    struct shape row = add_scale_and_shift(l);
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

static struct normalization about_batch(const struct layer *l, const struct pass *p)
{
    struct normalization n = about(l, p);
    n.counts = l->in.rank == 2 ? p->mask[0] : NULL;
    n.mean = p->batch_cache;
    n.variance = p->batch_cache + n.C;
    n.scale = p->batch_cache + 2 * n.C;
    return n;
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

static void batch_forward(const struct layer *l, struct pass *p)
{
    struct normalization n = about_batch(l, p);
    if (p->training)
        batchnorm_measure(&n);
    else
        take_running(l, p, &n);
    batchnorm_forward(&n);
}

static void batch_backward(const struct layer *l, struct pass *p)
{
    struct normalization n = about_batch(l, p);
    batchnorm_backward(&n, p->training);
}

static void batch_settle(const struct layer *l, const struct pass *p, float *const *stat)
{
    struct normalization n = about_batch(l, p);
    float *mean = stat[statistics(l)], *variance = stat[statistics(l) + 1];
    float keep = (float)l->arg[MOMENTUM].number;
    for (size_t j = 0; j < n.C; j++) {
        mean[j] = keep * mean[j] + (1 - keep) * n.mean[j];
        variance[j] = keep * variance[j] + (1 - keep) * n.variance[j];
    }
}

static size_t batch_scratch(const struct layer *l, size_t N, bool gradients)
{
    return normalization_scratch(rows(l, N), channels(l));
}

const struct layer_type batchnorm_layer = {
    .name = "batchnorm",
    .summary = "gives each channel mean 0 and variance 1 over the batch, then scale and shift",
    .example = "batchnorm",
    .args = batchnorm_args,
    .build = batchnorm_build,
    .forward = batch_forward,
    .backward = batch_backward,
    .settle = batch_settle,
    .scratch = batch_scratch,
    .by_position = true,
};

/* --- layernorm --- */

static const struct arg_row layernorm_args[] = {SHARED(0), {0}};

static bool layernorm_build(struct layer *l, struct error *e)
{
    add_scale_and_shift(l);
    l->cache = 2 * rows(l, 1);
    return true;
}

static struct normalization about_rows(const struct layer *l, const struct pass *p)
{
    struct normalization n = about(l, p);
    n.mean = p->cache;
    n.scale = p->cache + n.rows;
    return n;
}

static void rows_forward(const struct layer *l, struct pass *p)
{
    struct normalization n = about_rows(l, p);
    layernorm_forward(&n);
}

static void rows_backward(const struct layer *l, struct pass *p)
{
    struct normalization n = about_rows(l, p);
    layernorm_backward(&n);
}

static size_t rows_scratch(const struct layer *l, size_t N, bool gradients)
{
    return gradients ? normalization_scratch(rows(l, N), channels(l)) : 0;
}

const struct layer_type layernorm_layer = {
    .name = "layernorm",
    .summary = "gives each position mean 0 and variance 1, then scale and shift by channel",
    .example = "layernorm",
    .args = layernorm_args,
    .build = layernorm_build,
    .forward = rows_forward,
    .backward = rows_backward,
    .scratch = rows_scratch,
    .by_position = true,
};
