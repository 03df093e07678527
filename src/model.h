/* model.h - a model: typed layers in order, immutable and shared.
 *
 * Layers form a graph: each reads the one before it, or earlier ones by name, so that any directed acyclic
 * graph can be typed line by line. Layer 0 is the input; further inputs are layers of that type. What no
 * other layer reads is an output; the last layer is the head. A model is never changed: each edit returns a
 * new one, and the old one lives on as long as a state, a workspace or the undo list refers to it. While the
 * input's shape is unknown a model is not built: its layers have no shapes and no parameters. Any thread; the
 * counter is atomic. */
#ifndef GRADUS_MODEL_H
#define GRADUS_MODEL_H

#include "layer.h"

#include <stdatomic.h>

struct text;

enum { MODEL_LAYERS = 1024, MODEL_OUTPUTS = 8, MODEL_NAME = 32 };

struct model {
    atomic_int references;
    int layers;          /* with the input */
    struct layer *layer; /* [layers] */
    bool built;
    bool input_given;                   /* `input` was typed; else the data decide */
    int output[MODEL_OUTPUTS], outputs; /* layers that nobody reads, in order; the head is the last */
    size_t params, stats;               /* floats in all */
    int types_made[64]; /* how many layers of each type were ever added: names are kept for life */
};

/* What a layer command says. An ARG_LAYER argument's text is a name or number. */
struct layer_spec {
    const struct layer_type *type;
    struct arg_value arg[LAYER_ARGS];
    const char *name; /* NULL: made from the type */
    const char *from; /* the layer it reads; NULL: the one before it */
    const char *like; /* the layer whose parameters it shares; NULL: has its own */
};

/* A model of an input of unknown shape and nothing else. One reference, the caller's. */
struct model *model_new(struct error *e);
struct model *model_ref(const struct model *m);
void model_unref(const struct model *m);

/* Edits: a new model with one reference, or NULL and an error that names the layers, the shapes and the fix.
 * `at` counts as `summary` prints; at == m->layers appends. Layer 0 cannot be removed or replaced. */
struct model *model_with_input(const struct model *m, struct shape shape, bool given, struct error *e);

/* `input SHAPE name=NAME`: names layer 0 while it is neither given nor read, and adds an input otherwise. */
struct model *model_with_named_input(
    const struct model *m, struct shape shape, bool given, const char *name, struct error *e);
struct model *model_with_layer(const struct model *m, int at, const struct layer_spec *spec, struct error *e);
struct model *model_with_replaced(
    const struct model *m, int at, const struct layer_spec *spec, struct error *e);
struct model *model_without_layer(const struct model *m, int at, struct error *e);
struct model *model_with_name(const struct model *m, int at, const char *name, struct error *e);

/* Layers first … last with parameters are frozen, or trained again. */
struct model *model_with_frozen(const struct model *m, int first, int last, bool frozen, struct error *e);

/* Index of a layer by name ("dense1") or number ("1"), -1 and an error with the names there are. */
int model_find(const struct model *m, const char *which, struct error *e);

/* The last layer; the input when there is no other. */
const struct layer *model_head(const struct model *m);

/* True when the layer is an output. */
bool model_is_output(const struct model *m, int layer);

/* Values of one sample over all inputs: they take their shares of it in order. */
size_t model_input_size(const struct model *m);

/* True for a layer of type input: layer 0, and others that were typed. */
bool model_is_input(const struct model *m, int layer);

/* True when there are several inputs, among which a sample is dealt out. */
bool model_is_dealt(const struct model *m);

/* True when a layer goes on from batch to batch: then samples are not shuffled (train_lanes_order). */
bool model_is_stateful(const struct model *m);

/* learns[i] becomes true where gradients must go: layers that train, and all behind them. */
void model_learning(const struct model *m, bool *learns);

/* Multiply-adds of a forward pass of one sample. */
double model_macs(const struct model *m);

/* Appends the commands that rebuild the model, one a line: `input 2`, `dense 16 relu name=h1`, `freeze 1`. */
void model_write(const struct model *m, struct text *out);

#endif
