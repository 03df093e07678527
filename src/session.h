/* session.h - the one object that owns everything: networks, data, worker, seed, undo, journal.
 *
 * The prompt changes it through the functions below, the window reads it. Every change can be undone, and a
 * change that fails leaves everything as it was. A change to model or data ends a running training first and
 * says so in `session.notice`. Main only. */
#ifndef GRADUS_SESSION_H
#define GRADUS_SESSION_H

#include "gradcheck.h"
#include "initializer.h"
#include "landscape.h"
#include "runs.h"
#include "sweep.h"
#include "text.h"
#include "trainer.h"

enum { SESSION_NETWORKS = 16 };

/* A model by name, with all that training gives it. */
struct network {
    char name[MODEL_NAME];
    const struct model *model; /* a reference */
    struct state *state;       /* NULL until the model is built */
    struct recipe recipe;
    struct curves curves;
    struct trainer *trainer;    /* NULL until the first fit on this state and these data */
    const struct data *reading; /* a reference to data without rows: how the file that it was loaded from read
                                   samples; NULL: as the session's data do */
};

/* The last forward, backward, update typed step by step: what a[..] and grad... read, what the microscope
 * of the window shows. */
enum probe_phase { PROBE_NONE, PROBE_FORWARD, PROBE_BACKWARD, PROBE_UPDATED };

struct probe {
    enum probe_phase phase;
    uint64_t serial; /* grows with every typed forward, backward, update: the window animates a new one */
    struct goals goals;
    struct workspace *ws;
    const struct state *state; /* what ws is bound to: a private copy */
    size_t N;
    uint32_t *index; /* [N] rows of the data */
    double loss, penalty;
    uint64_t revision; /* of the session when it was made */
    uint64_t key;      /* the random key it ran with */
    bool whole_batch;  /* the next batch of the epoch, not a chosen sample */
    bool quiet;        /* made by reading a[..] or grad.w, not by a typed pass: nothing to animate */
};

/* A line of the journal and when it acted: replaying is typing these again. */
struct journal_line {
    char *text;
    uint64_t step; /* of the running training when it was typed, UINT64_MAX when nothing ran */
};

/* The scores of one part of the data, and for which weights they hold. */
struct score {
    bool known;
    uint64_t revision, step;
    struct tally tally;
    struct tally_memory memory;
};

struct session {
    struct worker *worker;
    struct network *network[SESSION_NETWORKS];
    int networks, current;
    const struct data *data; /* a reference; NULL: none yet */
    uint64_t seed;
    double memory;     /* budget of undo and history together, bytes; 0: 16 MB or eight states */
    bool said_large;   /* that a network is too large for undo and history */
    int threads;       /* 0: automatic */
    double speed;      /* limit in epochs/s for training in the background; 0 none */
    size_t batch_size; /* of the last fit; 0 before the first */
    struct probe probe;
    uint64_t trainer_revision; /* the revision for which the network's trainer was prepared */
    uint64_t revision;         /* grows with every change of model, data, recipe or weights */
    struct journal_line *journal;
    size_t journal_count, journal_capacity;
    struct text notice; /* what a change did beside what was asked, one line each; the prompt clears it */
    struct undo *undo;
    struct score score[2]; /* by part, cached */
    const char *autosave;  /* file for autosaves, or NULL; not owned */
    struct runs runs;      /* of the last experiment that compares; shown while runs.data are the data */
    struct landscape *landscape; /* the last one, or NULL; shown while model and data are the present ones */
    struct sweep sweep; /* the last one, or {0}; shown while model, data and optimizer are the present ones */
    uint64_t beside;    /* grows with every change of runs, landscape or sweep */
};

struct session *session_new(enum worker_mode mode, struct error *e);
void session_free(struct session *s);

struct network *session_network(const struct session *s); /* the present one; never NULL */
bool session_running(const struct session *s);            /* a training runs or is paused */

/* --- changes --- */

bool session_select(struct session *s, const char *name, struct error *e); /* `model NAME`: made when new */
/* `name` may be NULL: layer 0 (model_with_named_input). */
bool session_input(struct session *s, struct shape shape, const char *name, struct error *e);
bool session_add(
    struct session *s, int at, const struct layer_spec *spec, struct error *e); /* at -1: append */
bool session_replace(struct session *s, int at, const struct layer_spec *spec, struct error *e);
bool session_remove(struct session *s, int at, struct error *e);
bool session_rename(struct session *s, int at, const char *name, struct error *e);
bool session_freeze(struct session *s, int first, int last, bool frozen, struct error *e);
bool session_compile(struct session *s, const struct recipe *r, struct error *e);
/* Another recipe for the same optimiser: weights and its memory stay. */
void session_aim(struct session *s, const struct recipe *r);
bool session_init(struct session *s, const struct initializer *which, const double *hyper, int first,
    int last, struct error *e);
bool session_set_data(
    struct session *s, struct data *d, struct error *e);            /* takes the reference, also on failure */
bool session_set_lr(struct session *s, double lr, struct error *e); /* also while training */
void session_set_threads(struct session *s, int threads); /* for the next training, and what main measures */
/* A model and a recipe in place of those that are there, with fresh weights; `label` is what undo calls it.
 */
bool session_put(
    struct session *s, const char *label, const struct model *m, const struct recipe *r, struct error *e);
bool session_new_scene(struct session *s, struct error *e); /* `new`: no layers, no data */
/* What a file holds in place of what is there. Takes the state; the references are shared; d and reading may
 * be NULL. */
void session_load(struct session *s, const struct model *m, const struct recipe *r, const struct data *d,
    const struct data *reading, struct state *state);

/* Sets `count` parameters of a tensor, at element[i], to value[i]. Works while training. */
bool session_set_params(struct session *s, int layer, int param, const size_t *element, const float *value,
    size_t count, struct error *e);

/* Stands for a training that a replay leaves out: an undo that follows takes back this, and no other change.
 */
void session_leave_out(struct session *s, const char *label);

bool session_undo(struct session *s, struct error *e); /* the notice says what was undone */
bool session_redo(struct session *s, struct error *e);

/* --- training --- */

/* The recipe that a fit would use: the network's, with optimiser and loss filled in by data and head. An
 * error when something is missing or does not fit, with the fix. */
bool session_recipe(const struct session *s, struct recipe *out, struct error *e);

/* Checks that everything fits and fills in defaults (compile, loss), each said in the notice. */
bool session_prepare(struct session *s, struct error *e);

/* Prepares and starts; epochs and steps as in struct fit. Returns at once; watch session_status(). */
bool session_fit(struct session *s, const struct fit *fit, struct error *e);
void session_stop(struct session *s); /* ends a training and waits for the step to end */
void session_status(const struct session *s, struct status *out);

/* To the newest record at or before this step; one that training has not reached is an error. */
bool session_rewind(struct session *s, uint64_t step, struct error *e);

/* One forward pass on the next batch, on row `sample` (>= 0), or on a batch of N; then its backward pass;
 * then the update. Each fails with what must come first. */
bool session_forward(struct session *s, long sample, size_t N, struct error *e);
bool session_backward(struct session *s, struct error *e);
bool session_update(struct session *s, struct error *e);

/* One training step on the next batch: forward, backward and update in one, and so the very step that fit
 * would take, with its passes left in the probe to be read and watched. Works while a training is paused. */
bool session_step(struct session *s, size_t batch_size, struct error *e);

/* Makes sure that the probe has activations, and gradients if asked, of the present weights. */
bool session_probe(struct session *s, bool gradients, struct error *e);

bool session_gradcheck(struct session *s, size_t limit, struct gradcheck *out, struct error *e);

/* --- reading --- */

enum part { PART_TRAIN, PART_HELD_OUT };

/* Scores of the present weights on a part of the data; cached until something changes. Owned by the session.
 */
const struct tally *session_score(struct session *s, enum part part, struct error *e);

/* --- beside it (experiment.h) --- */

/* A copy of the present network, its weights, recipe, place and curves, under a new name: `model NAME` goes
 * there. The present one stays. Works while training. */
bool session_branch(struct session *s, const char *name, struct error *e);

/* Puts these runs in place of the last ones, and those into `runs`: an experiment that fails swaps them back.
 */
void session_swap_runs(struct session *s, struct runs *runs);

/* Takes it in place of the last one. */
void session_keep_landscape(struct session *s, struct landscape *l);

/* Takes what it holds in place of the last one; it becomes {0}. */
void session_keep_sweep(struct session *s, struct sweep *sweep);

/* What is kept, where it belongs to the present model and data; else NULL. */
const struct runs *session_runs(const struct session *s);
const struct landscape *session_landscape(const struct session *s);
const struct sweep *session_sweep(const struct session *s); /* and to the present optimizer */

/* --- measures --- */

/* A metric by name, "val_" in front for the held-out part; "loss" among them. */
bool session_metric(struct session *s, const char *name, double *out, struct error *e);

/* How a sample is read for the present network: what its file says, until it is given data or trained; else
 * the session's data. NULL when nothing is known. Its rows may be none. */
const struct data *session_reading(const struct session *s);

/* Bytes that a fit would take beside the data, by trainer_bytes(), and the size of its batches. */
double session_fit_bytes(const struct session *s, size_t *batch_size);

/* What undo and rewinding may take beside that: 0 where the network is too large to be kept twice. `wanted`
 * becomes the megabytes for `set memory` that change it. */
double session_copies_bytes(const struct session *s, double *wanted);

/* Copies a tensor's values (out has room for its count). Consistent while training. */
bool session_read_param(struct session *s, int layer, int param, float *out, struct error *e);

/* A copy of the whole present state; consistent while training. The caller frees it. */
struct state *session_copy_state(struct session *s, struct error *e);

/* Where the present state stands; consistent while training. */
struct place session_place(const struct session *s);

/* Outputs for N inputs x (N x in), out N x K. */
bool session_predict(struct session *s, const float *x, size_t N, float *out, struct error *e);

/* Appends the lines that repeat the passes by hand which stand now: forward, and backward if it was run. */
void session_write_passes(const struct session *s, struct text *out);

/* Appends the lines that rebuild model, recipe and data. */
void session_write(const struct session *s, struct text *out);

/* Remembers a typed line that changed something. */
bool session_journal(struct session *s, const char *line, struct error *e);

#endif
