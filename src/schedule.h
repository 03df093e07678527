/* schedule.h - the table of learning-rate schedules: the rate as a function of the place in training.
 *
 * A schedule looks at the place alone, and what it must remember is part of the place (struct course), so a
 * run that was rewound, saved or done by hand takes the rates that it would have taken. `lr` is the rate that
 * the schedule scales. Any thread. */
#ifndef GRADUS_SCHEDULE_H
#define GRADUS_SCHEDULE_H

#include "args.h"

#include <stdbool.h>
#include <stdint.h>

struct place;
struct recipe;

enum { SCHEDULE_ARGS = 5 };

/* What schedules know of a run beside its numbers of steps; all 0 for a fresh state. */
struct course {
    uint64_t since;     /* epochs that were done when the optimiser started */
    uint64_t from, end; /* updates (place.t) between which the present fit lies; end 0: no fit, or no end */
    uint32_t batches;   /* of an epoch; 0: not known yet */
    uint32_t drops;     /* how often a plateau has lowered the rate */
    uint32_t waited;    /* epochs without a better score */
    bool scored;        /* best holds a score */
    float best;         /* the lowest val_loss */
};

/* Where a schedule stands. */
struct schedule_place {
    double epoch;      /* epochs done, with a part of the present one */
    double step, span; /* updates done, of how many; behind the warm-up. Only for schedules that span */
    uint32_t drops;
};

struct schedule {
    const char *name, *summary, *formula;
    const struct arg_row *args; /* INT and REAL rows, KEY_ONLY; at most SCHEDULE_ARGS */
    bool spans; /* goes its way once, in steps= or epochs= (its first two rows), else in the fit */
    double (*rate)(double lr, const double *hyper, const struct schedule_place *p);
    /* Takes the score of an epoch, lower is better; NULL: scores do not matter. */
    void (*score)(const double *hyper, struct course *c, float score);
};

/* The rate of the next update: the recipe's lr, warmed up and scheduled. */
double schedule_rate(const struct recipe *r, const struct place *p);

/* Tells the schedule how an epoch scored. */
void schedule_score(const struct recipe *r, struct place *p, float score);

/* A fit begins, of so many more epochs or batches (0: not limited by these). Its end is where schedules that
 * span it arrive. */
void schedule_begin(
    const struct recipe *r, struct place *p, uint32_t batches, uint64_t epochs, uint64_t steps);

const struct schedule *schedule_at(size_t i);
const struct schedule *schedule_find(const char *name);
const char *schedule_name(size_t i);

#endif
