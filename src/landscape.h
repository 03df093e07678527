/* landscape.h - the loss around the present weights, on a grid: over two weights, or over two directions.
 *
 * Two weights: the axes are their values, all others stay. Two directions (Li et al. 2018, arXiv:1712.09913):
 * random ones, in which each filter (the weights into one unit) is as long as the network's own; biases and
 * other vectors stay. The axes count in these lengths, the present weights are at 0, 0. The same seed gives
 * the same directions. A landscape refers to model and data and never changes once made. */
#ifndef GRADUS_LANDSCAPE_H
#define GRADUS_LANDSCAPE_H

#include "data.h"
#include "recipe.h"
#include "state.h"

#include <stdatomic.h>

enum { LANDSCAPE_LABEL = 40, LANDSCAPE_SIDE = 201 };

struct landscape_axis {
    char label[LANDSCAPE_LABEL]; /* "w[1][0,0]", "direction 1" */
    size_t param;                /* two weights: which, among those of the state */
    float *direction;            /* [params], or NULL for a weight: owned */
    double low, high, here;      /* here: of the weights that it was made of */
};

struct landscape {
    const struct model *model; /* references */
    const struct data *data;
    struct place place; /* of the weights that it was made of */
    struct landscape_axis axis[2];
    float *centre;   /* [params] these weights, for two directions: owned */
    int side;        /* points on each axis */
    float *loss;     /* [side * side]: row i is point i of the first axis, column j point j of the second */
    double present;  /* loss at the weights themselves */
    size_t rows;     /* of the training part that the loss is the mean of: the first */
    int lowest[2];   /* the point with the least loss, first and second axis */
    uint64_t serial; /* of the session that keeps it: grows with each */
};

/* What is asked for. */
struct landscape_plan {
    bool weights; /* two weights; else two directions */
    char label[2][LANDSCAPE_LABEL];
    size_t param[2]; /* of weights: which, among those of the state */
    double span;     /* the axes reach so far to both sides of the present weights */
    int side;
    size_t rows; /* at most so many of the training part */
};

/* Measures; `s` is scratch and comes back as it was. Sets `done` to the points measured as it goes. The loss
 * is that of `print loss`: with penalties. Any one thread. */
struct landscape *landscape_new(struct state *s, const struct recipe *r, const struct data *d,
    const struct landscape_plan *plan, const atomic_bool *cancel, atomic_size_t *done, struct error *e);
void landscape_free(struct landscape *l);

/* The value of point i on an axis. */
double landscape_value(const struct landscape *l, int axis, int i);

/* Where a state of the same model lies, in the units of the axes: for directions the nearest point of their
 * plane. */
void landscape_find(const struct landscape *l, const struct state *s, double out[2]);

#endif
