/* lstm.c - long short-term memory (Hochreiter & Schmidhuber 1997): gates decide what the cell c keeps, takes
 * in and shows. The forget gate starts open, with a bias of 1 (Jozefowicz and others 2015). */
#include "recurrent.h"

enum { UNIT_FORGET_BIAS = RECURRENT_OWN };

static const struct arg_row args[] = {
    RECURRENT_ROWS,
    [UNIT_FORGET_BIAS] = {.name = "unit_forget_bias",
        .kind = ARG_FLAG,
        .help = "biases of the forget gate start at 1, not 0",
        .fallback = 1,
        .flags = ARG_KEY_ONLY},
    {0},
};

static bool build(struct layer *l, struct error *e)
{
    l->cell = &recurrent_lstm;
    return recurrent_build(l, shape_of(1, 4 * (int)l->arg[RECURRENT_UNITS].number),
        l->arg[UNIT_FORGET_BIAS].number != 0 ? "unit_forget" : "zeros", e);
}

const struct layer_type lstm_layer = {
    .name = "lstm",
    .summary = "a recurrence whose gates keep a memory over many steps",
    .example = "lstm 5",
    .before = "input 4x3",
    .args = args,
    .build = build,
    .forward = recurrent_layer_forward,
    .backward = recurrent_layer_backward,
    .scratch = recurrent_layer_scratch,
    .macs = recurrent_layer_macs,
    .by_position = true,
};
