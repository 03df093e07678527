/* sampling.c - the bottleneck of a variational autoencoder (Kingma & Welling 2014). The layer before gives
 * means and logarithms of variances side by side; while training a code is drawn from those normal
 * distributions, outside it is the mean. Weight times the divergence from the standard normal distribution,
 * the mean over the batch, goes to the loss. */
#include "error.h"
#include "kernels/noise.h"
#include "layer.h"

static const struct arg_row args[] = {
    {.name = "weight",
        .kind = ARG_REAL,
        .help = "of the divergence in the loss: beta",
        .min = 0,
        .max = 1e6,
        .fallback = 1},
    {0},
};

static bool build(struct layer *l, struct error *e)
{
    int width = l->in.dim[l->in.rank - 1];
    if (width % 2)
        return error_set(e,
            "it reads means and as many logarithms of variances, so an even number of values, not %d: let "
            "the layer before give %d",
            width, width + 1);
    l->out = l->in;
    l->out.dim[l->out.rank - 1] = width / 2;
    l->cache = shape_size(&l->out);
    return true;
}

static size_t codes(const struct layer *l)
{
    return (size_t)l->out.dim[l->out.rank - 1];
}

static size_t rows(const struct layer *l, const struct pass *p)
{
    return p->N * shape_size(&l->out) / codes(l);
}

static void forward(const struct layer *l, struct pass *p)
{
    size_t M = rows(l, p), d = codes(l);
    if (p->training)
        noise_fill(p->cache, M * d, p->key);
    sampling_forward(p->x[0], p->training ? p->cache : NULL, p->y, M, d);
    p->loss = l->arg[0].number * sampling_divergence(p->x[0], M, d) / (double)p->N;
}

static void backward(const struct layer *l, struct pass *p)
{
    if (p->dx[0])
        sampling_backward(p->x[0], p->training ? p->cache : NULL, p->dy, p->dx[0], rows(l, p), codes(l),
            (float)(l->arg[0].number / (double)p->N), p->add[0]);
}

const struct layer_type sampling_layer = {
    .name = "sampling",
    .summary = "draws a code from means and log-variances: the middle of a variational autoencoder",
    .example = "sampling",
    .before = "input 6",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
    .random = true,
};
