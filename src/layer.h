/* layer.h - the table of layer types, and one layer of a model.
 *
 * A layer type is a row: its arguments, how it works out its shapes and parameters, and its forward and
 * backward kernels. Adding one means one file in layers/, one word in the list of layer.c, one line in
 * meson.build. Layers hold offsets and settings, never pointers into memory: many states and workspaces
 * share one. Any thread. */
#ifndef GRADUS_LAYER_H
#define GRADUS_LAYER_H

#include "args.h"

#include <stdbool.h>
#include <stdint.h>

struct activation;
struct error;
struct recurrent_cell;

enum { LAYER_ARGS = 12, LAYER_INPUTS = 8, LAYER_PARAMS = 12, LAYER_NAME = 32 };

/* One tensor that a layer owns. Kernels are inputs x units, height x width x in x out, as in Keras. */
struct param {
    const char *name; /* Keras's: "kernel", "bias", "gamma" */
    struct shape shape;
    size_t offset, count;    /* in floats, within the parameters (or the statistics) of a state */
    bool statistic;          /* a running statistic: saved, never trained */
    bool shared;             /* another layer's, by like=: counted, initialised and saved there */
    bool decays;             /* L1 and L2 act on it: kernels, not biases */
    int fan_in, fan_out;     /* for the initialiser */
    const char *initializer; /* its default: a name of initializer.h */
};

struct layer {
    const struct layer_type *type;
    char name[LAYER_NAME];            /* "dense1", or what name= said */
    struct arg_value arg[LAYER_ARGS]; /* in the order of type->args; of an ARG_LAYER only `given` counts */
    int input[LAYER_INPUTS], inputs;  /* the layers it reads, by index: from= or the one before it, then its
                                         ARG_LAYER arguments in order; an input layer reads none */
    bool from_given;                  /* from= was typed */
    int like;                         /* the layer whose parameters it shares; 0: none */
    bool frozen;                      /* its parameters are not trained */
    struct shape reads[LAYER_INPUTS]; /* shapes of the inputs */
    struct shape in, out;             /* of input[0], and its own */
    struct param param[LAYER_PARAMS];
    int params;
    size_t cache;       /* floats a sample that forward leaves for backward, beside y */
    size_t batch_cache; /* the same, floats a batch */
    size_t carry;       /* floats a sample that one batch hands on to the next: a recurrent state */
    const struct activation *activation; /* applied last, inside the layer; NULL for none */
    const struct recurrent_cell *cell;   /* of a recurrent layer; NULL for others */
    bool keep_z;                         /* z is kept in the cache, as its first N x size of out floats */
    bool stateful;    /* in training too, a batch goes on with what the one before it carried */
    bool reads_ahead; /* a position's output depends on later ones too, against type->by_position */
    bool makes_mask;  /* the cache begins with a mask of N x out.dim[0] positions: 1 counts, 0 is padding */
    int mask;         /* the layer whose mask holds for the output; 0: every position counts */
};

/* What one layer sees of one batch. Pointers are set by workspace_bind(), N and key by each pass. */
struct pass {
    size_t N;                        /* samples */
    bool training;                   /* dropout and the like act */
    uint64_t key;                    /* randomness of this step and layer */
    const float *x[LAYER_INPUTS];    /* inputs, N x size of the input's shape */
    const float *mask[LAYER_INPUTS]; /* N x positions of that input; NULL: every position counts */
    float *y;                        /* output, N x size of out */
    float *dy;                       /* gradient by y; kernels may overwrite it */
    float *dx[LAYER_INPUTS];         /* gradients by the inputs; NULL where nobody needs them */
    bool add[LAYER_INPUTS];          /* add to dx instead of overwriting it: the input has several readers */
    const float *w[LAYER_PARAMS];    /* parameters */
    float *dw[LAYER_PARAMS];         /* gradients by them, overwritten; NULL where the layer is frozen */
    const float *stat[LAYER_PARAMS]; /* running statistics */
    float *cache;                    /* N x layer.cache floats */
    float *batch_cache;              /* layer.batch_cache floats */
    float *carry;                    /* N x layer.carry floats: read first, written last; NULL: starts at 0 */
    float *scratch;                  /* what type->scratch asked for; holds nothing from call to call */
    double loss;                     /* forward may leave a loss of its own: mean over the batch */
    bool dy_is_dz;                   /* dy is already the gradient by z: a fused loss wrote it */
};

struct layer_type {
    const char *name, *summary, *example;
    const char *before;         /* lines before the example: "input 28x28x1"; NULL where any input will do */
    const struct arg_row *args; /* without name=, from= and like=, which every layer has */
    /* From in, reads, arg and inputs: fills out, param, params, cache, activation. False: what does not fit
     * and the fix, without the layer's name (the caller adds it). */
    bool (*build)(struct layer *l, struct error *e);
    void (*forward)(const struct layer *l, struct pass *p);
    void (*backward)(const struct layer *l, struct pass *p);
    /* Floats of scratch that a pass over N samples wants; NULL for none. Layers share one piece. */
    size_t (*scratch)(const struct layer *l, size_t N, bool gradients);
    /* Moves the running statistics by those of a training batch, which forward left in batch_cache. stat is
     * in the order of param; NULL: has none. Frozen, such a layer runs as outside training. */
    void (*settle)(const struct layer *l, const struct pass *p, float *const *stat);
    /* Multiply-adds of a forward pass of one sample; NULL for none. */
    double (*macs)(const struct layer *l);
    bool whole_inputs; /* input 0 is an input's whole numbers, 0 … below arg[0]: an embedding; no gradient
                          goes there */
    bool train_only;   /* random, and the identity outside training: dropout */
    bool random;       /* draws from pass.key while training (train_only implies it) */
    /* Outside training a position's output depends on that position alone, and on what the layer carries from
     * the ones before: text can be read one character at a time. */
    bool by_position;
    bool reads_beside; /* from= names a second input beside the layer before it: cross-attention */
};

/* The i-th row, NULL past the end: row 0 is `input`, the type of layer 0 alone. */
const struct layer_type *layer_type_at(size_t i);
const struct layer_type *layer_type_find(const char *name);
const char *layer_type_name(size_t i);

/* Adds a tensor to a layer being built; its offset is set later by the model. Returns it for settings. */
struct param *layer_add_param(struct layer *l, const char *name, struct shape shape);

/* Parameters of the layer's own: neither statistics nor shared ones. */
size_t layer_param_count(const struct layer *l);

/* True for a layer that trains: it has parameters and is not frozen. */
bool layer_learns(const struct layer *l);

#endif
