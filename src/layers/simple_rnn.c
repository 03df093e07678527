/* simple_rnn.c - the plain recurrence of Elman 1990: h' = f(x·W + h·U + b). */
#include "../activation.h"
#include "recurrent.h"

enum { ACTIVATION = RECURRENT_OWN };

static const struct arg_row args[] = {
    RECURRENT_ROWS,
    [ACTIVATION] = {.name = "activation",
        .kind = ARG_CHOICE,
        .help = "applied to each sum",
        .initial = "tanh",
        .choice = activation_name},
    {0},
};

static const struct recurrent_cell *cell(const struct layer *l)
{
    return activation_find(l->arg[ACTIVATION].text)->needs_z ? &recurrent_simple_z : &recurrent_simple;
}

static bool build(struct layer *l, struct error *e)
{
    l->activation = activation_find(l->arg[ACTIVATION].text);
    return recurrent_build(l, cell(l), shape_of(1, (int)l->arg[RECURRENT_UNITS].number), "zeros", e);
}

static void forward(const struct layer *l, struct pass *p)
{
    recurrent_layer_forward(l, p, cell(l));
}

static void backward(const struct layer *l, struct pass *p)
{
    recurrent_layer_backward(l, p, cell(l));
}

static size_t scratch(const struct layer *l, size_t N, bool gradients)
{
    return recurrent_layer_scratch(l, N, gradients, cell(l));
}

static double macs(const struct layer *l)
{
    return recurrent_layer_macs(l, cell(l));
}

const struct layer_type simple_rnn_layer = {
    .name = "simple_rnn",
    .summary = "reads a sequence step by step, with the state of the step before",
    .example = "simple_rnn 5",
    .before = "input 4x3",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
    .scratch = scratch,
    .macs = macs,
    .by_position = true,
};
