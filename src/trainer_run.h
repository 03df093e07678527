/* trainer_run.h - a trainer from the inside: shared by trainer.c (its life and the requests of main) and
 * trainer_run.c (the job of the worker). Nobody else includes it. */
#ifndef GRADUS_TRAINER_RUN_H
#define GRADUS_TRAINER_RUN_H

#include "slices.h"
#include "trainer.h"

/* A stretch of a run: when it began, and at which step. A beginning of 0 has yet to come. */
struct stretch {
    double time;
    uint64_t step;
};

struct trainer {
    struct worker *worker;
    uint64_t job; /* of the worker; main's */
    struct state *state;
    struct recipe recipe;
    const struct data *data; /* a reference */
    struct curves *curves;
    struct fit fit;
    char *autosave, *commands;

    struct goals goals;
    struct workspace *ws, *scores; /* for training, for the held-out part */
    struct slices *slices; /* of a batch, and then ws has room for one of them; NULL: ws has it whole */
    size_t batch_size;     /* of all fits of this trainer, at most `train` */
    size_t inputs, train, held;
    float *targets;       /* of the training part, encoded; NULL: encoded batch by batch */
    uint32_t *order;      /* [train] */
    bool stateful;        /* layers go on from batch to batch */
    size_t shift;         /* of a sliding data set, in the epoch of order */
    uint64_t order_epoch; /* the epoch that order is for */
    struct history *history;
    struct snapshots *snapshots;
    struct state *guard;  /* a finite state, at most GUARD_STEPS old; NULL where memory does not allow it */
    struct state *better; /* the parameters of the best epoch; NULL where they are not wanted or do not fit */
    bool checks;          /* the gradient of every update must be finite */

    /* the run; the worker's while it runs */
    uint64_t epoch_end, step_end;
    struct tally tally; /* of the present epoch */
    double loss;
    float best; /* val_loss */
    uint64_t best_epoch;
    int without_better; /* epochs */
    bool paused;
    uint32_t chunk;
    uint64_t next_checkpoint;
    double speed;                /* limit in epochs a second */
    double copy_time, save_time; /* no snapshot before; the last autosave */
    struct stretch pace;         /* since the last change of speed */
    struct stretch run;          /* since the run's first step, or its last pause */
    struct stretch recent;       /* the last quarter of a second or more */
    double run_seconds;          /* of the run, before its last pause */
    uint64_t run_steps;
    double rate; /* steps a second */

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

/* Paces from now on: after a change of speed. */
void trainer_pace(struct trainer *t, double time);

/* Counts the time of the run from now on, and up to now: around a pause. */
void trainer_clock_on(struct trainer *t, double time);
void trainer_clock_off(struct trainer *t, double time);

uint32_t trainer_batches(const struct trainer *t);

#endif
