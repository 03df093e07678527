/* optimizer.h - the table of optimisers (Keras's names and defaults).
 *
 * An optimiser is one vectorised loop over all parameters of a state at once: w, g and the moments are
 * arrays of n floats. Any thread. */
#ifndef GRADUS_OPTIMIZER_H
#define GRADUS_OPTIMIZER_H

#include "args.h"

#include <stdint.h>

enum { OPTIMIZER_ARGS = 4, OPTIMIZER_MOMENTS = 2 };

struct update {
    double lr;                   /* learning rate of this step */
    double weight_decay;         /* w is scaled by 1 - lr·weight_decay first: decoupled, as Keras does it */
    const double *hyper;         /* in the order of the rows */
    uint64_t t;                  /* number of this update, from 1: bias correction */
    size_t n;                    /* parameters */
    float *w;                    /* parameters, changed in place */
    const float *g;              /* gradients, penalties included */
    float *m[OPTIMIZER_MOMENTS]; /* moments, zero before the first update */
};

struct optimizer {
    const char *name, *summary, *formula;
    const struct arg_row *args; /* INT, REAL and FLAG rows: momentum, beta_1 …; at most OPTIMIZER_ARGS */
    double lr, weight_decay;    /* defaults */
    int moments;                /* arrays of moments it keeps, 0 … OPTIMIZER_MOMENTS */
    /* Parameters first … first + n - 1 of a struct update; each by itself, whatever the range. */
    void (*update)(const void *update, size_t first, size_t n);
};

/* One update of all parameters, shared among threads. */
void optimizer_update(const struct optimizer *o, const struct update *u);

const struct optimizer *optimizer_at(size_t i);
const struct optimizer *optimizer_find(const char *name);
const char *optimizer_name(size_t i);

#endif
