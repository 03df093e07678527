/* experiment.h - trainings beside the session: what is tried in them leaves no trace in it.
 *
 * An experiment is a session of its own over the same model and data, with a copy of the weights and a worker
 * without a thread. So all that can be done with a session can be tried: change the recipe, the seed, a
 * layer, and session_fit() trains there exactly as it would have here, bit for bit. session_free() ends it.
 * Making and changing one: main only; experiment_run() and sweep_run() on any one thread, while main may ask
 * for session_status() and copy its curves. */
#ifndef GRADUS_EXPERIMENT_H
#define GRADUS_EXPERIMENT_H

#include "session.h"

enum experiment_start {
    START_PRESENT, /* the weights as they are, with the optimiser's memory */
    START_FIT,     /* as they were before the present training, where that is still known; else as they are */
    START_FRESH,   /* newly drawn, as `init` does */
};

/* An error while something trains: its state is the worker's. */
struct session *experiment_new(struct session *s, enum experiment_start start, struct error *e);

/* Works until the training that session_fit() started there is over; false when `cancel` was set. */
bool experiment_run(struct session *x, const atomic_bool *cancel, struct error *e);

/* The learning-rate range test (Smith 2015, arXiv:1506.01186): the rate grows by the same factor after each
 * step; where the loss falls steepest is a good rate. */
struct sweep {
    size_t steps;             /* that were made: fewer than wanted when the loss blew up */
    double *lr, *loss, *mean; /* [steps]: rate and loss of each, and the loss smoothed over its neighbours */
    size_t steepest, lowest;  /* where the mean falls most, and where it is least */
    size_t worse;             /* the first behind the lowest that is above the beginning; steps: none */
    bool fell;                /* else steepest means nothing: the mean never fell by a twentieth */
    bool broke;               /* the last loss is no finite number */
};

/* Rates from low to high on an experiment. Counts steps in `done` as it goes. The caller releases out. */
bool sweep_run(struct session *x, double low, double high, size_t steps, size_t batch_size,
    const atomic_bool *cancel, atomic_size_t *done, struct sweep *out, struct error *e);
void sweep_release(struct sweep *s);

#endif
