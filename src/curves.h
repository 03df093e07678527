/* curves.h - the numbers of a run over time: one row an epoch.
 *
 * A log holds at most CURVE_POINTS rows. When it is full every second row goes, so old points thin out but
 * are never rewritten. The worker appends, anyone copies, under the log's own lock. */
#ifndef GRADUS_CURVES_H
#define GRADUS_CURVES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CURVE_POINTS = 2048 };

struct curve_point {
    uint64_t epoch, step;
    float loss, accuracy;         /* training, mean over the epoch; NaN where not measured */
    float val_loss, val_accuracy; /* held-out part, after the epoch */
    float mae, val_mae;           /* regression */
    float lr;
};

struct curves {
    pthread_mutex_t lock;
    size_t count;
    uint64_t stride, seen;                        /* every stride-th epoch is kept */
    uint64_t version;                             /* grows with every change: readers skip equal ones */
    bool last_kept;                               /* last stands in point[] too */
    struct curve_point point[CURVE_POINTS], last; /* last: the newest row, kept or not */
};

void curves_init(struct curves *c);
void curves_release(struct curves *c);
void curves_clear(struct curves *c);

/* Appends a row. Rows of later steps go: the run went back, as after a divergence. */
void curves_add(struct curves *c, const struct curve_point *p);

/* Drops every row behind this step: after a rewind. */
void curves_cut(struct curves *c, uint64_t step);

/* Copies the rows, with the newest as the last one, to out[CURVE_POINTS + 1]; returns their number. */
size_t curves_copy(struct curves *c, struct curve_point *out);

#endif
