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

static const struct recurrent_cell *cell(const struct layer *l)
{
    return l->arg[RESET_AFTER].number != 0 ? &recurrent_gru : &recurrent_gru_before;
}

static bool build(struct layer *l, struct error *e)
{
    int columns = 3 * (int)l->arg[RECURRENT_UNITS].number;
    bool after = l->arg[RESET_AFTER].number != 0;
    return recurrent_build(l, cell(l), after ? shape_of(2, 2, columns) : shape_of(1, columns), "zeros", e);
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

const struct layer_type gru_layer = {
    .name = "gru",
    .summary = "a gated recurrence, simpler than an lstm",
    .example = "gru 5",
    .before = "input 4x3",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
    .scratch = scratch,
    .macs = macs,
    .by_position = true,
};
