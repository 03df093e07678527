/* gru.c - the gated recurrent unit (Cho and others 2014): an LSTM's idea with two gates and no second state.
 * With reset_after, as in Keras, cuDNN and PyTorch, the reset gate acts behind the product with the state,
 * which then has a bias of its own. */
#include "recurrent.h"

enum { RESET_AFTER = RECURRENT_OWN };

static const struct arg_row args[] = {
    RECURRENT_ROWS,
    [RESET_AFTER] = {.name = "reset_after",
        .kind = ARG_FLAG,
        .help = "the reset gate acts behind the product with the state, not before it",
        .fallback = 1,
        .flags = ARG_KEY_ONLY},
    {0},
};

static bool build(struct layer *l, struct error *e)
{
    int columns = 3 * (int)l->arg[RECURRENT_UNITS].number;
    bool after = l->arg[RESET_AFTER].number != 0;
    l->cell = after ? &recurrent_gru : &recurrent_gru_before;
    return recurrent_build(l, after ? shape_of(2, 2, columns) : shape_of(1, columns), "zeros", e);
}

const struct layer_type gru_layer = {
    .name = "gru",
    .summary = "a gated recurrence, simpler than an lstm",
    .example = "gru 5",
    .before = "input 4x3",
    .args = args,
    .build = build,
    .forward = recurrent_layer_forward,
    .backward = recurrent_layer_backward,
    .scratch = recurrent_layer_scratch,
    .macs = recurrent_layer_macs,
    .by_position = true,
};
