/* input.c - layer 0 of every model: where samples come in. Its output is the batch itself, so its passes have
 * nothing to do. */
#include "layer.h"

static const struct arg_row args[] = {
    {.name = "shape", .kind = ARG_SHAPE, .help = "of one sample: 2, or 28x28x1", .flags = ARG_REQUIRED},
    {0},
};

static bool build(struct layer *l, struct error *e)
{
    if (l->arg[0].shape.rank)
        l->in = l->arg[0].shape;
    l->out = l->in;
    return true;
}

static void pass(const struct layer *l, struct pass *p)
{
}

const struct layer_type input_layer = {
    .name = "input",
    .summary = "what the network reads",
    .example = "input 28x28x1",
    .args = args,
    .build = build,
    .forward = pass,
    .backward = pass,
};
