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

enum { LAYER_ARGS = 12, LAYER_INPUTS = 4, LAYER_PARAMS = 10, LAYER_NAME = 32 };

/* One tensor that a layer owns. Kernels are inputs x units, height x width x in x out, as in Keras. */
struct param {
    const char *name; /* Keras's: "kernel", "bias", "gamma" */
    struct shape shape;
    size_t offset, count;    /* in floats, within the parameters (or the statistics) of a state */
    bool statistic;          /* a running statistic: saved, never trained */
    bool decays;             /* L1 and L2 act on it: kernels, not biases */
    int fan_in, fan_out;     /* for the initialiser */
    const char *initializer; /* its default: a name of initializer.h */
};

struct layer {
    const struct layer_type *type;
    char name[LAYER_NAME];            /* "dense1", or what name= said */
    struct arg_value arg[LAYER_ARGS]; /* in the order of type->args */
    int input[LAYER_INPUTS], inputs;  /* the layers it reads, by index; layer 0 reads none */
    struct shape in, out;             /* of input[0], and its own */
    struct param param[LAYER_PARAMS];
    int params;
    size_t cache;                        /* floats a sample that forward leaves for backward, beside y */
    const struct activation *activation; /* applied last, inside the layer; NULL for none */
    bool keep_z;                         /* z is kept in the cache, as its first N x size of out floats */
};

/* What one layer sees of one batch. Pointers are set by workspace_bind(), N and key by each pass. */
struct pass {
    size_t N;                     /* samples */
    bool training;                /* dropout and the like act */
    uint64_t key;                 /* randomness of this step and layer */
    const float *x[LAYER_INPUTS]; /* inputs, N x size of the input's shape */
    float *y;                     /* output, N x size of out */
    float *dy;                    /* gradient by y; kernels may overwrite it */
    float *dx[LAYER_INPUTS];      /* gradients by the inputs; NULL where nobody needs them */
    bool add[LAYER_INPUTS];       /* add to dx instead of overwriting it: the input has several readers */
    const float *w[LAYER_PARAMS]; /* parameters */
    float *dw[LAYER_PARAMS];      /* gradients by them, overwritten */
    float *stat[LAYER_PARAMS];    /* running statistics */
    float *cache;                 /* N x layer.cache floats */
    bool dy_is_dz;                /* dy is already the gradient by z: a fused loss wrote it */
};

struct layer_type {
    const char *name, *summary, *example;
    const struct arg_row *args; /* without name= and from=, which every layer has */
    /* From in, arg and inputs: fills out, param, params, cache, activation. False: what does not fit and
     * the fix, without the layer's name (the caller adds it). */
    bool (*build)(struct layer *l, struct error *e);
    void (*forward)(const struct layer *l, struct pass *p);
    void (*backward)(const struct layer *l, struct pass *p);
    /* Multiply-adds of a forward pass of one sample; NULL for none. */
    double (*macs)(const struct layer *l);
    bool train_only; /* is the identity outside training: dropout */
};

/* The i-th row, NULL past the end: row 0 is `input`, the type of layer 0 alone. */
const struct layer_type *layer_type_at(size_t i);
const struct layer_type *layer_type_find(const char *name);
const char *layer_type_name(size_t i);

/* Adds a tensor to a layer being built; its offset is set later by the model. Returns it for settings. */
struct param *layer_add_param(struct layer *l, const char *name, struct shape shape);

/* Trained parameters of the layer. */
size_t layer_param_count(const struct layer *l);

#endif
