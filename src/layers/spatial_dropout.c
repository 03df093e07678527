/* spatial_dropout.c - dropout of whole channels: neighbours in an image or a sequence say nearly the same, so
 * that dropping single values would hide nothing (Tompson and others 2015). */
#include "error.h"
#include "kernels/elementwise.h"
#include "kernels/noise.h"
#include "layer.h"

static const struct arg_row args[] = {
    {.name = "rate",
        .kind = ARG_REAL,
        .help = "chance that a channel is dropped",
        .min = 0,
        .max = 0.99,
        .fallback = 0.5},
    {0},
};

static bool build(struct layer *l, struct error *e)
{
    l->out = l->in;
    return l->in.rank > 1 ||
           error_set(e, "it drops the channels of sequences and images, and this is one row "
                        "of values: `dropout` is for those");
}

static void pass_on(const struct layer *l, const struct pass *p, const float *from, float *to, bool add)
{
    size_t C = (size_t)l->in.dim[l->in.rank - 1], positions = shape_size(&l->in) / C;
    if (p->training)
        channels_drop(from, to, p->N, positions, C, l->arg[0].number, p->key, add);
    else
        values_pass(from, to, p->N * positions * C, add);
}

static void forward(const struct layer *l, struct pass *p)
{
    pass_on(l, p, p->x[0], p->y, false);
}

static void backward(const struct layer *l, struct pass *p)
{
    if (p->dx[0])
        pass_on(l, p, p->dy, p->dx[0], p->add[0]);
}

const struct layer_type spatial_dropout_layer = {
    .name = "spatial_dropout",
    .summary = "drops whole channels at random while training",
    .example = "spatial_dropout 0.3",
    .before = "input 4x3x2",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
    .train_only = true,
    .by_position = true,
};
