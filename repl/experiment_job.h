/* experiment_job.h - a training beside the session as a job: waited for in the one loop, with its progress.
 * Only cmd_*.c of experiments include it. Main only. */
#ifndef GRADUS_REPL_EXPERIMENT_JOB_H
#define GRADUS_REPL_EXPERIMENT_JOB_H

#include "../src/experiment.h"

struct repl;

/* Trains what session_fit() started in `x`; its curve grows in the session's run number `run`. */
bool job_train(struct repl *r, struct session *x, int run, struct error *e);

/* Runs fn as a job; the line below the prompt counts `done` of `all`, behind `what`. */
bool job_count(struct repl *r, bool (*fn)(void *arg, const void *cancel, struct error *e), void *arg,
    const char *what, atomic_size_t *done, size_t all, struct error *e);

/* The batch size that an experiment takes when none is typed: the last fit's. */
size_t job_batch_size(const struct repl *r, const struct arg_value *typed);

#endif
