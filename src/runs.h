/* runs.h - trainings kept to be compared: the named curves of one experiment.
 *
 * The curves of a session's own networks are in curves.h; these are of copies that were trained beside them,
 * over the same data. Main only. */
#ifndef GRADUS_RUNS_H
#define GRADUS_RUNS_H

#include "curves.h"
#include "data.h"

enum { RUNS_MOST = 8, RUN_NAME = 48 };

struct run {
    char name[RUN_NAME];       /* "adam", "lr=0.3" */
    struct curve_point *point; /* [CURVE_POINTS + 1], owned */
    size_t points;
    uint64_t copied; /* the version of the curves that point holds */
};

struct runs {
    const struct data *data; /* a reference to what they were trained on; NULL when there are none */
    struct run run[RUNS_MOST];
    int count;
};

/* Forgets all. */
void runs_clear(struct runs *r);

/* Adds a run without points yet; the first one sets the data. NULL and an error. */
struct run *runs_add(struct runs *r, const char *name, const struct data *d, struct error *e);

/* Copies the rows of a log, which may grow meanwhile; true when there was something new. */
bool run_copy(struct run *r, struct curves *from);

/* The run with the smallest newest loss of the held-out part (of the training part, where nothing is held
 * out); -1 when none has one. */
int runs_winner(const struct runs *r);

/* Updates after which the loss of an epoch was at most `loss` for the first time; -1: never. */
double run_reached(const struct run *r, double loss);

/* The smallest loss of an epoch; INFINITY when there is none. */
double run_lowest(const struct run *r);

#endif
