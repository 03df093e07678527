/* trainer.h - runs `fit`: epochs, shuffled batches, held-out scores, checkpoints, snapshots.
 *
 * One trainer trains one state on one data set. It is a job of the worker. While it runs the state belongs
 * to the worker: main reads and changes it only inside trainer_call(). Main only, unless said. */
#ifndef GRADUS_TRAINER_H
#define GRADUS_TRAINER_H

#include "curves.h"
#include "data.h"
#include "history.h"
#include "metric.h"
#include "recipe.h"
#include "snapshot.h"
#include "worker.h"
#include "workspace.h"

struct fit {
    uint64_t epochs; /* how many more; 0 with steps: see there */
    uint64_t steps;  /* stop after so many more steps; 0: no limit */
    size_t batch_size;
    int patience;         /* stop after so many epochs without a better val_loss; 0: never */
    bool keep_last;       /* with patience: the last weights stay; else the best come back at the end */
    double memory;        /* bytes for checkpoints; none are kept where two states do not fit */
    int threads;          /* for the kernels; 0: automatic */
    double speed;         /* at most so many epochs a second; 0: as fast as it goes */
    const char *autosave; /* file to save to every autosave_every seconds and at the end, or NULL */
    double autosave_every;
    const char *commands; /* with autosave: the lines that rebuild model and data */
};

enum phase {
    PHASE_IDLE, /* nothing started yet */
    PHASE_RUNNING,
    PHASE_PAUSED,
    PHASE_FINISHED, /* all epochs done, or patience ran out */
    PHASE_STOPPED,  /* by request */
    PHASE_DIVERGED, /* loss or parameters not finite; the last finite parameters are back */
};

struct status {
    enum phase phase;
    uint64_t epoch, epochs;   /* done, and wanted in all (this fit's start + its epochs); 0: no limit */
    uint64_t step, steps;     /* of the state, and where a fit limited by steps ends; 0: no limit */
    uint32_t batch, batches;  /* done in this epoch, and an epoch's */
    double loss, mean_loss;   /* of the newest step; mean over the epoch so far, NaN at its start */
    struct curve_point point; /* the newest whole epoch; all 0 before the first */
    double lr, speed;         /* speed: limit in epochs/s, 0 none */
    double steps_per_s;       /* of late; over the whole run once it is over */
    double seconds, left;     /* of the run, without pauses; until its end, NaN when unknown */
    int threads;              /* that its newest steps were shared among */
    char message[300];        /* why it ended, in words; "" otherwise */
};

struct trainer;

/* Prepares: encodes targets, takes all memory for workspaces. `state` stays the
 * caller's and must outlive the trainer; so must `curves` and `worker`. */
struct trainer *trainer_new(struct worker *worker, struct state *state, const struct recipe *recipe,
    const struct data *data, struct curves *curves, const struct fit *fit, struct error *e);

/* Bytes that training takes beside the data: state, gradients, activations of a batch, and of a batch of the
 * `held` rows that score an epoch. Copies for undo and rewinding come on top. */
double trainer_bytes(const struct model *m, const struct recipe *r, size_t batch_size, size_t held);

/* Cancels when it runs. */
void trainer_free(struct trainer *t);

/* Starts the job, or goes on with `fit` more epochs on the same prepared memory. */
bool trainer_start(struct trainer *t, const struct fit *fit, struct error *e);

/* Requests; each takes effect between two steps, and returns when it has. */
void trainer_pause(struct trainer *t);
void trainer_resume(struct trainer *t);
void trainer_stop(struct trainer *t);
void trainer_set_lr(struct trainer *t, double lr);
void trainer_set_speed(struct trainer *t, double epochs_per_s); /* 0: as fast as it goes */

/* Runs fn between two steps, when it may read and change the state; at once when nothing runs. */
void trainer_call(struct trainer *t, void (*fn)(void *), void *arg);

bool trainer_running(const struct trainer *t); /* running or paused: the state is the worker's */
void trainer_status(const struct trainer *t, struct status *out);
struct snapshots *trainer_snapshots(struct trainer *t);

/* Goes back to the newest checkpoint at or before `step`: weights, moments, place, curves. Only while not
 * running. An error when there is none. */
bool trainer_rewind(struct trainer *t, uint64_t step, struct error *e);
const struct history *trainer_history(const struct trainer *t); /* read it inside trainer_call() */

/* The batch of the next step: its rows of the data and its random key, as the next step will draw them.
 * index has room for batch_size; returns the number of samples. Inside trainer_call(), or idle. */
size_t trainer_next_batch(struct trainer *t, uint32_t *index, uint64_t *key);

/* Gives a workspace with room for as many samples what stateful layers carry into the next step. Inside
 * trainer_call(), or idle. */
void trainer_carry_to(const struct trainer *t, struct workspace *ws);

/* Takes the next step by hand: another workspace has gone forward and back over a batch, to this loss. The
 * rest is as in a run: batches that accumulate, what is carried, the epoch's scores, at its end the point on
 * the curves and the checkpoint. False when the update waits for more batches. Inside trainer_call(), or
 * idle. */
bool trainer_step(struct trainer *t, struct workspace *ws, double loss);

/* The random key of a step, and the order of an epoch: what trainers and replicas share. */
uint64_t train_step_key(uint64_t seed, uint64_t step);
void train_epoch_order(uint64_t seed, uint64_t epoch, uint32_t *index, size_t n);

/* The order for stateful layers: sample i of a batch goes on where sample i of the one before ended. The data
 * are cut into `batch` lanes of the same length, read side by side; what is left over comes last. */
void train_lanes_order(uint32_t *index, size_t n, size_t batch);

/* Scores rows first … first+count-1 through a workspace that is bound and aimed; adds to out. */
void evaluate_batches(struct workspace *ws, const struct data *d, size_t first, size_t count,
    struct tally *out, const atomic_bool *cancel);

/* A batch size for scoring so many rows without much memory. */
size_t evaluate_batch(const struct model *m, size_t count);

/* Scores rows first … first+count-1 of the data: a forward pass without training. `memory`, which may be
 * NULL, is taken for them first (tally_start()). Checks cancel (may be NULL) between batches; false when it
 * was set or memory was short. */
bool evaluate_rows(const struct state *s, const struct recipe *r, const struct data *d, size_t first,
    size_t count, struct tally *out, struct tally_memory *memory, const atomic_bool *cancel, struct error *e);

#endif
