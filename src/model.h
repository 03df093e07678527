/* model.h - a model: typed layers in order, immutable and shared.
 *
 * Layer 0 is the input. A model is never changed: each edit returns a new one, and the old one lives on as
 * long as a state, a workspace or the undo list refers to it. While the input's shape is unknown a model is
 * not built: its layers have no shapes and no parameters. Any thread; the counter is atomic. */
#ifndef GRADUS_MODEL_H
#define GRADUS_MODEL_H

#include "layer.h"

#include <stdatomic.h>

struct text;

enum { MODEL_LAYERS = 1024, MODEL_NAME = 32 };

struct model {
    atomic_int references;
    int layers;          /* with the input */
    struct layer *layer; /* [layers] */
    bool built;
    bool input_given;     /* `input` was typed; else the data decide */
    size_t params, stats; /* floats in all */
    int types_made[64];   /* how many layers of each type were ever added: names are kept for life */
};

/* What a layer command says. `from` is NULL for "the layer before it". */
struct layer_spec {
    const struct layer_type *type;
    struct arg_value arg[LAYER_ARGS];
    const char *name; /* NULL: made from the type */
};

/* A model of an input of unknown shape and nothing else. One reference, the caller's. */
struct model *model_new(struct error *e);
struct model *model_ref(const struct model *m);
void model_unref(const struct model *m);

/* Edits: a new model with one reference, or NULL and an error that names the layers, the shapes and the fix.
 * `at` counts as `summary` prints; at == m->layers appends. Layer 0 cannot be removed or replaced. */
struct model *model_with_input(const struct model *m, struct shape shape, bool given, struct error *e);
struct model *model_with_layer(const struct model *m, int at, const struct layer_spec *spec, struct error *e);
struct model *model_with_replaced(
    const struct model *m, int at, const struct layer_spec *spec, struct error *e);
struct model *model_without_layer(const struct model *m, int at, struct error *e);
struct model *model_with_name(const struct model *m, int at, const char *name, struct error *e);

/* Index of a layer by name ("dense1") or number ("1"), -1 and an error with the names there are. */
int model_find(const struct model *m, const char *which, struct error *e);

/* The last layer; the input when there is no other. */
const struct layer *model_head(const struct model *m);

/* Multiply-adds of a forward pass of one sample. */
double model_macs(const struct model *m);

/* Appends the commands that rebuild the model, one a line: `input 2`, `dense 16 relu name=h1`. */
void model_write(const struct model *m, struct text *out);

#endif
