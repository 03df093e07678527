/* experiment.h - trainings beside the session: what is tried in them leaves no trace in it.
 *
 * An experiment is a session of its own over the same model and data, with a copy of the weights and a worker
 * without a thread. So all that can be done with a session can be tried: change the recipe, the seed, a
 * layer, and session_fit() trains there exactly as it would have here, bit for bit. session_free() ends it.
 * Making and changing one: main only; experiment_run() on any one thread, while main may ask
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

#endif
