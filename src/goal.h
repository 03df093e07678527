/* goal.h - what the outputs of a model are trained for: a loss, and targets, each.
 *
 * Goals join model, recipe and data once, before a run: every output gets its loss, the way its targets are
 * written, and its share in the whole. Targets of N samples are one block of floats: those of the first
 * output for all samples, then those of the second. An output that reconstructs takes the input itself and
 * has no block. Any thread; they point into the model and the data, which must outlive them. */
#ifndef GRADUS_GOAL_H
#define GRADUS_GOAL_H

#include "data.h"
#include "recipe.h"

struct goal {
    int layer;
    const struct loss *loss;
    double hyper[LOSS_ARGS];
    double weight;
    bool fused;             /* the loss reads z and gives its gradient */
    bool reconstruct;       /* the target is the model's input */
    bool labels;            /* the targets stand for classes */
    bool boxes;             /* rows are boxes: x1 y1 x2 y2 */
    int rank;               /* of the output's shape */
    enum encoding encoding; /* of class labels */
    size_t P, K, W;   /* positions, outputs and target values a row (loss.h); of a sequence W a sample */
    size_t width, at; /* target floats a sample, and those of the goals before it; width 0: reconstructs */
    size_t column;    /* its first column among the data's targets */
    const float *row_weight; /* [classes] weights by class, or NULL */
    bool holes;              /* some labels are -1: their rows do not count */
};

struct goals {
    const struct model *model;
    int count;
    struct goal goal[MODEL_OUTPUTS]; /* in the order of the outputs; the head's is the last */
    size_t width;                    /* target floats a sample */
    float *class_weight;             /* [classes], or NULL: owned */
    int classes;                     /* of the data */
};

/* Checks that everything fits: an error names the output, what is wrong and the fix. */
bool goals_make(
    struct goals *g, const struct model *m, const struct recipe *r, const struct data *d, struct error *e);
void goals_release(struct goals *g);

/* The head alone, by a loss with its defaults and no data: targets are written by the caller. `labels` is how
 * many a sample of a LOSS_SEQUENCE has. */
void goals_of_head(struct goals *g, const struct model *m, const struct loss *loss, size_t labels);

/* The head's. */
const struct goal *goals_head(const struct goals *g);

/* True when rows have weights by their targets; and the weight of one row. */
bool goal_weighs(const struct goal *g);
float goal_row_weight(const struct goal *g, const float *t);

/* How the head of a model wants class labels. */
enum encoding head_encoding(const struct model *m);

/* Targets of rows first … first+count-1, encoded: count x width. */
void goals_encode(const struct goals *g, const struct data *d, size_t first, size_t count, float *out);

/* The targets of N rows, by their numbers, from the encoded targets of all n. */
void goals_gather(
    const struct goals *g, const float *all, size_t n, const uint32_t *index, size_t N, float *out);

/* The same straight from the data, whose windows are shifted (data_shift). */
void goals_of_rows(
    const struct goals *g, const struct data *d, const uint32_t *index, size_t N, size_t shift, float *out);

/* A value that a layer of whole numbers cannot read: not whole, or not below its limit (an embedding's rows).
 */
struct misread {
    const struct layer *layer;
    size_t row, input; /* of the samples, and within one */
    double value;
};

/* Finds the first such value among rows of x, each of all inputs; false when all can be read. Samples that
 * slide may begin at any value: then each value must suit every such layer. */
bool inputs_misread(const struct model *m, const float *x, size_t rows, bool slides, struct misread *out);

#endif
