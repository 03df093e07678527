/* session_parts.h - the session from the inside: what its files share. Nobody else includes it. */
#ifndef GRADUS_SESSION_PARTS_H
#define GRADUS_SESSION_PARTS_H

#include "session.h"

/* What the change that follows does to the state of the network. */
enum undo_kind {
    UNDO_COPY,    /* leaves it as it is */
    UNDO_TAKE,    /* puts another one in its place: the version takes it, and network->state becomes NULL */
    UNDO_WEIGHTS, /* changes its numbers, and nothing else */
};

/* Remembers the present network and data under this name before a change; the notice says it when there is no
 * memory for that. Weights above the budget are not kept: undo then brings back all but them, and a change of
 * nothing but them is not remembered. Forgets what could be redone. */
void undo_mark(struct session *s, const char *label, enum undo_kind kind);
/* The same after a change that made a network, already in the session, and left the others as they are. */
void undo_mark_made(struct session *s, const char *label, struct network *made);
void undo_free(struct undo *u);

/* Lets go of the weights of the oldest versions until the rest fit the budget: the network has grown. */
void undo_fit(struct session *s);

/* Budget of bytes for undo; the history of a run has as much again. 0 for a state above 64 MB, unless
 * `set memory` has given one. */
double session_budget(const struct session *s);

/* Ends a running training, says so in the notice, and frees the trainer: the state is the session's again. */
void session_end_training(struct session *s);

/* A new, initialised state for a model and the moments of a recipe. */
struct state *session_make_state(
    const struct session *s, const struct model *m, const struct recipe *r, struct error *e);

/* Counts a change of weights or rate that a prepared trainer sees too: it stays good for the next fit. */
void session_changed_in_place(struct session *s);

/* An empty network; and the end of one, NULL allowed. */
struct network *network_new(const char *name, struct error *e);
void network_free(struct network *n);

/* Sets how a network's samples are read; NULL: as the data do. */
void network_read_by(struct network *n, const struct data *reading);

/* The error of data that are not there, with what to type. Returns false. */
bool session_miss_data(const struct session *s, struct error *e);

void probe_release(struct probe *p);

/* A trainer that the next step by hand counts in: the one there is while it fits, a paused one too, else a
 * new one. */
bool session_ready_to_step(struct session *s, size_t batch_size, struct error *e);

/* session_update() under the name of the command that undo is to tell. */
bool session_update_as(struct session *s, const char *label, struct error *e);

#endif
