/* import_parts.h - what the files import_*.c share.
 *
 * An origin has one row for each of our layer types: its pieces, each of which says that the tensor called
 * `leaf` within a module lies in our tensor `param`, and how: the view. A view gives for every axis of theirs
 * how far one step along it goes in ours, so it tells the shape that their tensor must have and where each
 * value belongs. */
#ifndef GRADUS_IO_IMPORT_PARTS_H
#define GRADUS_IO_IMPORT_PARTS_H

#include "import.h"

enum { IMPORT_LEAF = 48, IMPORT_PIECES = 12 };

/* blocks · size values of theirs; `size` of each block lie `stride` apart in ours. */
struct import_axis {
    size_t size, stride;
    int blocks;       /* 0 stands for 1 */
    const int *block; /* [blocks] where each block of theirs lies in ours, in blocks; -1: in another tensor.
                         NULL: in the same order */
    int row;          /* the values are counted as the row that this layer gives; 0: as they are */
};

struct import_view {
    int rank;
    struct import_axis axis[SHAPE_RANK];
    size_t first; /* where in ours the view begins */
};

struct import_piece {
    const char *leaf;  /* "weight"; with a folder where a layer has several: "query/kernel" */
    const char *param; /* ours */
    void (*view)(const struct layer *l, int index, const struct param *p, struct import_view *v);
    bool adds; /* to what an earlier piece put there */
};

struct import_row {
    const char *type;
    /* Why a layer of this type can never take such weights, or NULL. */
    const char *(*objection)(const struct layer *l);
    struct import_piece piece[IMPORT_PIECES]; /* to the first without a leaf */
};

/* A tensor of the file, as a part of a module. */
struct import_part {
    const struct tensor *tensor;
    size_t prefix; /* bytes of the tensor's name that name the module */
    int level;     /* of several in a module: the layers of nn.LSTM */
    char leaf[IMPORT_LEAF];
};

struct import_origin {
    const char *name, *title;
    const struct import_row *row; /* to the first without a type; a type may have several */
    /* Cuts a tensor's name; `out->tensor` is there. False: not a weight, to be passed over. */
    bool (*cut)(const struct tensor_file *f, struct import_part *out);
    bool channels_first; /* flattens channels x height x width */
    double epsilon;      /* of its normalisations, unless one was given */
};

extern const struct import_origin import_pytorch, import_keras;

/* The same layout on both sides. */
void import_view_same(const struct layer *l, int index, const struct param *p, struct import_view *v);

/* True when some piece of the origin has this leaf. */
bool import_leaf_known(const struct import_origin *o, const char *leaf);

/* --- modules (import_modules.c) --- */

struct import_module {
    const struct import_part *part; /* [parts] */
    size_t parts, place;            /* of its first byte in the file */
    const struct import_row *row;   /* of the layer that takes it */
    int layer;                      /* 0: none yet */
};

struct import_modules {
    struct import_part *part;
    struct import_module *module; /* [count], in the order in which they look for layers */
    size_t count;
};

bool import_modules_make(
    struct import_modules *m, const struct tensor_file *f, const struct import_origin *o, struct error *e);
void import_modules_release(struct import_modules *m);

/* Puts '?' for control characters, which a file's names may hold; returns the text. */
char *import_clean(char *text);

/* "features.0", "rnn layer 1", or its first tensor where it has no name; in `out`, which is returned. */
#define IMPORT_NAME 80
const char *import_module_name(const struct import_module *m, char out[IMPORT_NAME]);

/* --- values (import_values.c) --- */

/* Memory for copying; it grows with what is asked of it. Start from {0}. */
struct import_copier {
    const struct model *model;
    bool channels_first;
    size_t *offset;
    uint32_t *order;
    size_t offsets, orders;
};
void import_copier_release(struct import_copier *c);

/* The shape that a view asks of their tensor; true when the tensor has it, but for ones in front. */
struct shape import_view_shape(const struct import_view *v);
bool import_view_fits(const struct import_view *v, const struct tensor *t);

/* Puts the values where they belong; with ours NULL it only makes sure that it can, and that all of them are
 * finite: `*finite`. False: memory is short. */
bool import_copy(struct import_copier *c, const struct import_view *v, const struct tensor *t, bool adds,
    float *ours, bool *finite, struct error *e);

#endif
