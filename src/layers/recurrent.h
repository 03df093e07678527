/* recurrent.h - what simple_rnn, lstm and gru share: their arguments, parameters and passes.
 *
 * Parameters are Keras's: kernel, recurrent_kernel, bias, and the same of the backward half as
 * backward_kernel …. A layer's state can be carried from batch to batch (pass.carry, h and behind it c for
 * each sample): while training by a stateful layer alone, else by each that reads forward. */
#ifndef GRADUS_LAYERS_RECURRENT_H
#define GRADUS_LAYERS_RECURRENT_H

#include "../initializer.h"
#include "../kernels/recurrent.h"
#include "../layer.h"

enum {
    RECURRENT_UNITS,
    RECURRENT_SEQUENCES,
    RECURRENT_BACKWARDS,
    RECURRENT_BOTH,
    RECURRENT_BIAS,
    RECURRENT_INIT,
    RECURRENT_STATE_INIT,
    RECURRENT_TRUNCATE,
    RECURRENT_STATEFUL,
    RECURRENT_OWN /* the first of the layer's own rows */
};

/* The rows that they share. */
#define RECURRENT_ROWS                                                                  \
    [RECURRENT_UNITS] = {.name = "units",                                               \
        .kind = ARG_INT,                                                                \
        .help = "values of the state",                                                  \
        .min = 1,                                                                       \
        .max = 1e6,                                                                     \
        .flags = ARG_REQUIRED},                                                         \
    [RECURRENT_SEQUENCES] = {.name = "return_sequences",                                \
        .kind = ARG_FLAG,                                                               \
        .help = "give the output of every step, not the last alone",                    \
        .flags = ARG_KEY_ONLY},                                                         \
    [RECURRENT_BACKWARDS] = {.name = "go_backwards",                                    \
        .kind = ARG_FLAG,                                                               \
        .help = "read from the last position to the first; outputs come in that order", \
        .flags = ARG_KEY_ONLY},                                                         \
    [RECURRENT_BOTH] = {.name = "bidirectional",                                        \
        .kind = ARG_FLAG,                                                               \
        .help = "read both ways; the outputs of both stand side by side",               \
        .flags = ARG_KEY_ONLY},                                                         \
    [RECURRENT_BIAS] = {.name = "use_bias",                                             \
        .kind = ARG_FLAG,                                                               \
        .help = "each gate has a bias",                                                 \
        .fallback = 1,                                                                  \
        .flags = ARG_KEY_ONLY},                                                         \
    [RECURRENT_INIT] = {.name = "init",                                                 \
        .kind = ARG_CHOICE,                                                             \
        .help = "first weights of the inputs",                                          \
        .initial = "glorot_uniform",                                                    \
        .choice = initializer_name,                                                     \
        .flags = ARG_KEY_ONLY},                                                         \
    [RECURRENT_STATE_INIT] = {.name = "recurrent_init",                                 \
        .kind = ARG_CHOICE,                                                             \
        .help = "first weights of the state",                                           \
        .initial = "orthogonal",                                                        \
        .choice = initializer_name,                                                     \
        .flags = ARG_KEY_ONLY},                                                         \
    [RECURRENT_TRUNCATE] = {.name = "truncate",                                         \
        .kind = ARG_INT,                                                                \
        .help = "cut the gradient every so many steps; 0: never",                       \
        .min = 0,                                                                       \
        .max = 1e6,                                                                     \
        .flags = ARG_KEY_ONLY},                                                         \
    [RECURRENT_STATEFUL] = {.name = "stateful",                                         \
        .kind = ARG_FLAG,                                                               \
        .help = "go on from batch to batch; samples then keep their order",             \
        .flags = ARG_KEY_ONLY}

/* Builds a layer around l->cell, which the caller has chosen. bias: the shape of its bias and the
 * initialiser. */
bool recurrent_build(struct layer *l, struct shape bias, const char *bias_initializer, struct error *e);

/* For the rows of their types. */
void recurrent_layer_forward(const struct layer *l, struct pass *p);
void recurrent_layer_backward(const struct layer *l, struct pass *p);
size_t recurrent_layer_scratch(const struct layer *l, size_t N, bool gradients);
double recurrent_layer_macs(const struct layer *l);

#endif
