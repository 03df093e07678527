/* trainer_run.h - a trainer from the inside: shared by trainer.c (its life and the requests of main) and
 * trainer_run.c (the job of the worker). Nobody else includes it. */
#ifndef GRADUS_TRAINER_RUN_H
#define GRADUS_TRAINER_RUN_H

#include "trainer.h"

struct trainer {
    struct worker *worker;
    uint64_t job; /* of the worker; main's */
    struct state *state;
    struct recipe recipe;
    const struct data *data; /* a reference */
    struct curves *curves;
    struct fit fit;
    char *autosave, *commands;

    struct workspace *ws, *scores; /* for training, for the held-out part */
    size_t inputs, K, train, held;
    enum encoding encoding;
    float *targets;       /* n x K, encoded */
    float *batch_targets; /* batch x K */
    uint32_t *order;      /* [train] */
    uint64_t order_epoch; /* the epoch that order is for */
    struct history *history;
    struct snapshots *snapshots;
    struct state *guard; /* a finite state, at most GUARD_STEPS old */

    /* the run; the worker's while it runs */
    uint64_t epoch_end, step_end;
    struct tally tally; /* of the present epoch */
    double loss;
    float best;         /* val_loss */
    int without_better; /* epochs */
    bool paused;
    uint32_t chunk;
    uint64_t next_checkpoint;
    double speed, pace_time, copy_time,
        save_time; /* clock seconds: pacing since, no copy before, last save */
    uint64_t pace_step;
    double rate_time, rate; /* steps a second, measured since */
    uint64_t rate_step;

    pthread_mutex_t lock; /* of status */
    struct status status;
};

/* The clock in seconds: for pacing and display, never for numbers of the training. */
double trainer_now(void);

/* The job: works for about `seconds` (worker.h). */
double trainer_slice(void *arg, double seconds);

/* Shuffles for the epoch that place names and starts its tally. */
void trainer_start_epoch(struct trainer *t);

/* The same, when steps by hand or a rewind have left the epoch that was prepared. */
void trainer_find_epoch(struct trainer *t);

/* Copies where the run stands into the status. */
void trainer_publish(struct trainer *t, double time);

/* Paces and measures speed from now on: after a pause or a change of speed. */
void trainer_pace(struct trainer *t, double time);

uint32_t trainer_batches(const struct trainer *t);

#endif
