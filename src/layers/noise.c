/* noise.c - layers that are random while training, and the identity outside it.
 *
 * dropout drops each value with chance `rate`, and what is kept grows by 1 / (1 - rate), so that the sums
 * expected by the next layer stay level (Srivastava and others 2014). spatial_dropout drops whole channels:
 * neighbours in an image or a sequence say nearly the same, so that dropping single values would hide nothing
 * (Tompson and others 2015). gaussian_noise blurs each value by a normal number: y = x + stddev · e. */
#include "kernels/noise.h"
#include "error.h"
#include "kernels/elementwise.h"
#include "layer.h"

static bool same_shape(struct layer *l, struct error *e)
{
    l->out = l->in;
    return true;
}

static size_t values(const struct layer *l, const struct pass *p)
{
    return p->N * shape_size(&l->in);
}

/* --- dropout --- */

#define RATE(of)                                                                                            \
    {                                                                                                       \
        .name = "rate", .kind = ARG_REAL, .help = "chance that a " of " is dropped", .min = 0, .max = 0.99, \
        .fallback = 0.5                                                                                     \
    }

static const struct arg_row dropout_args[] = {RATE("value"), {0}};

/* x to y, or dy to dx: the key makes it the same mask. */
static void drop_values(const struct layer *l, const struct pass *p, const float *from, float *to, bool add)
{
    if (p->training)
        dropout_apply(from, to, values(l, p), l->arg[0].number, p->key, add);
    else
        values_pass(from, to, values(l, p), add);
}

static void dropout_forward(const struct layer *l, struct pass *p)
{
    drop_values(l, p, p->x[0], p->y, false);
}

static void dropout_backward(const struct layer *l, struct pass *p)
{
    if (p->dx[0])
        drop_values(l, p, p->dy, p->dx[0], p->add[0]);
}

const struct layer_type dropout_layer = {
    .name = "dropout",
    .summary = "drops values at random while training, so that units do not lean on each other",
    .example = "dropout 0.5",
    .args = dropout_args,
    .build = same_shape,
    .forward = dropout_forward,
    .backward = dropout_backward,
    .train_only = true,
    .by_position = true,
};

/* --- spatial_dropout --- */

static const struct arg_row spatial_args[] = {RATE("channel"), {0}};

static bool spatial_build(struct layer *l, struct error *e)
{
    l->out = l->in;
    return l->in.rank > 1 ||
           error_set(e, "it drops the channels of sequences and images, and this is one row "
                        "of values: `dropout` is for those");
}

static void drop_channels(const struct layer *l, const struct pass *p, const float *from, float *to, bool add)
{
    size_t C = (size_t)l->in.dim[l->in.rank - 1];
    if (p->training)
        channels_drop(from, to, p->N, shape_size(&l->in) / C, C, l->arg[0].number, p->key, add);
    else
        values_pass(from, to, values(l, p), add);
}

static void spatial_forward(const struct layer *l, struct pass *p)
{
    drop_channels(l, p, p->x[0], p->y, false);
}

static void spatial_backward(const struct layer *l, struct pass *p)
{
    if (p->dx[0])
        drop_channels(l, p, p->dy, p->dx[0], p->add[0]);
}

const struct layer_type spatial_dropout_layer = {
    .name = "spatial_dropout",
    .summary = "drops whole channels at random while training",
    .example = "spatial_dropout 0.3",
    .before = "input 4x3x2",
    .args = spatial_args,
    .build = spatial_build,
    .forward = spatial_forward,
    .backward = spatial_backward,
    .train_only = true,
    .by_position = true,
};

/* --- gaussian_noise --- */

static const struct arg_row gaussian_args[] = {
    {.name = "stddev",
        .kind = ARG_REAL,
        .help = "standard deviation of the noise",
        .min = 0,
        .max = 1e6,
        .fallback = 0.1},
    {0},
};

static void gaussian_forward(const struct layer *l, struct pass *p)
{
    if (p->training)
        noise_add(p->x[0], p->y, values(l, p), l->arg[0].number, p->key);
    else
        values_pass(p->x[0], p->y, values(l, p), false);
}

static void gaussian_backward(const struct layer *l, struct pass *p)
{
    if (p->dx[0])
        values_pass(p->dy, p->dx[0], values(l, p), p->add[0]);
}

const struct layer_type gaussian_noise_layer = {
    .name = "gaussian_noise",
    .summary = "blurs values by normal noise while training",
    .example = "gaussian_noise 0.1",
    .args = gaussian_args,
    .build = same_shape,
    .forward = gaussian_forward,
    .backward = gaussian_backward,
    .train_only = true,
    .by_position = true,
};
