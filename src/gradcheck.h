/* gradcheck.h - is the gradient right? Nudges parameters and compares slopes.
 *
 * For each checked parameter: (L(w+h) − L(w−h)) / 2h against back-propagation's gradient, on one batch. The
 * error is |numeric − analytic| / max(|numeric|, |analytic|, floor): `floor` keeps float32 noise at slopes
 * near zero from counting. */
#ifndef GRADUS_GRADCHECK_H
#define GRADUS_GRADCHECK_H

#include "goal.h"
#include "state.h"

#include <stdatomic.h>

struct gradcheck {
    size_t checked, skipped; /* skipped: at the kink of a relu or the like there is no slope to measure */
    double worst, mean;      /* relative errors */
    int layer, param;        /* where the worst is */
    size_t element;
    double numeric, analytic; /* there */
};

/* Checks up to `limit` parameters, spread evenly over all (0: all), on inputs N x in and targets as
 * goals_encode() writes them. `s` is left as it was. Dropout draws the same mask each time. False: cancelled
 * or out of memory. */
bool gradcheck_run(struct state *s, const struct recipe *r, const struct goals *g, const float *x,
    const float *t, size_t N, size_t limit, const atomic_bool *cancel, struct gradcheck *out,
    struct error *e);

#endif
