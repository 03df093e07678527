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

static bool build(struct layer *l, struct error *e)
{
    l->activation = activation_find(l->arg[ACTIVATION].text);
    l->cell = l->activation->needs_z ? &recurrent_simple_z : &recurrent_simple;
    return recurrent_build(l, shape_of(1, (int)l->arg[RECURRENT_UNITS].number), "zeros", e);
}

const struct layer_type simple_rnn_layer = {
    .name = "simple_rnn",
    .summary = "reads a sequence step by step, with the state of the step before",
    .example = "simple_rnn 5",
    .before = "input 4x3",
    .args = args,
    .build = build,
    .forward = recurrent_layer_forward,
    .backward = recurrent_layer_backward,
    .scratch = recurrent_layer_scratch,
    .macs = recurrent_layer_macs,
    .by_position = true,
};
