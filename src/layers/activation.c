/* activation.c - an activation as a layer of its own: y = f(x). What the layer reads is its z; it is copied
 * into the cache only for the heads whose fused losses look for it there. */
#include "activation.h"
#include "kernels/elementwise.h"
#include "layer.h"

#include <string.h>

static const struct arg_row args[] = {
    {.name = "function",
        .kind = ARG_CHOICE,
        .help = "which activation",
        .choice = activation_name,
        .flags = ARG_REQUIRED},
    {0},
};

static bool build(struct layer *l, struct error *e)
{
    l->activation = activation_find(l->arg[0].text);
    l->out = l->in;
    l->keep_z = l->activation->encoding != ENCODE_SIGN;
    l->cache = l->keep_z ? shape_size(&l->in) : 0;
    return true;
}

static void forward(const struct layer *l, struct pass *p)
{
    size_t width = (size_t)l->in.dim[l->in.rank - 1], n = p->N * shape_size(&l->in);
    if (l->keep_z)
        memcpy(p->cache, p->x[0], n * sizeof *p->cache);
    activation_forward(l->activation, p->x[0], p->y, n / width, width);
}

static void backward(const struct layer *l, struct pass *p)
{
    size_t width = (size_t)l->in.dim[l->in.rank - 1], n = p->N * shape_size(&l->in);
    if (!p->dx[0])
        return;
    if (!p->dy_is_dz)
        activation_backward(l->activation, p->x[0], p->y, p->dy, p->dy, n / width, width);
    values_pass(p->dy, p->dx[0], n, p->add[0]);
}

const struct layer_type activation_layer = {
    .name = "activation",
    .summary = "an activation as a layer of its own",
    .example = "activation relu",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
    .by_position = true,
};
