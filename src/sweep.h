/* sweep.h - the learning-rate range test (Smith 2015, arXiv:1506.01186).
 *
 * The rate grows by the same factor after each step; where the loss falls steepest is a good rate. A sweep
 * refers to model and data and never changes once made. */
#ifndef GRADUS_SWEEP_H
#define GRADUS_SWEEP_H

#include "data.h"
#include "model.h"
#include "optimizer.h"

#include <stdatomic.h>

struct session;

struct sweep {
    const struct model *model; /* references */
    const struct data *data;
    const struct optimizer *optimizer; /* whose rates they are */
    size_t steps;                      /* that were made: fewer than wanted when the loss blew up */
    double *lr, *loss, *mean; /* [steps]: rate and loss of each, and the loss smoothed over its neighbours */
    size_t steepest, lowest;  /* where the mean falls most, and where it is least */
    size_t worse;             /* the first behind the lowest that is above the beginning; steps: none */
    bool fell;                /* else steepest means nothing: the mean never fell clearly */
    bool broke;               /* the last loss is no finite number */
};

/* Rates from low to high on an experiment (experiment.h). Counts steps in `done` as it goes. The caller
 * releases out. Any one thread. */
bool sweep_run(struct session *x, double low, double high, size_t steps, size_t batch_size,
    const atomic_bool *cancel, atomic_size_t *done, struct sweep *out, struct error *e);

/* Also of {0}. */
void sweep_release(struct sweep *s);

#endif
