/* history.h - checkpoints of a run for rewinding, within a budget of bytes, thinned exponentially.
 *
 * A checkpoint is a whole state: parameters, moments, statistics and the place in the epoch, so that
 * training goes on from it exactly as it did. When the budget is full, the checkpoint whose neighbours lie
 * closest together, measured by age, goes: recent ones stay dense, old ones thin out, the first stays. Memory
 * comes as it is needed, between two steps; when there is none the history stays as long as it is. Belongs to
 * the thread that trains; others go through the trainer. */
#ifndef GRADUS_HISTORY_H
#define GRADUS_HISTORY_H

#include "state.h"

struct history;

/* Room for as many states like `s` as fit in `budget` bytes; for none at all when it is less than two. */
struct history *history_new(const struct state *s, double budget, struct error *e);
void history_free(struct history *h);

/* Records the state; one with the same step is replaced. */
void history_add(struct history *h, const struct state *s);

/* The newest checkpoint whose step is at most `step`, NULL when there is none. Owned by the history. */
const struct state *history_at(const struct history *h, uint64_t step);

/* The newest one of all whose parameters are finite; NULL when there is none. */
const struct state *history_finite(const struct history *h);

/* Forgets everything behind `step`. */
void history_cut(struct history *h, uint64_t step);

/* Number of checkpoints, and the place of the i-th, oldest first. */
size_t history_count(const struct history *h);
struct place history_place(const struct history *h, size_t i);

#endif
