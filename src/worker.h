/* worker.h - the one thread that works while the prompt and the window stay alive.
 *
 * A job is a function called again and again, a slice of a few milliseconds a time, until it says that it is
 * done; it may also say that it has nothing to do for a while (paused, slowed down). With a thread the worker
 * calls it; without one (WORKER_SLICED: a browser, a test) the main loop does, through worker_slice().
 * Between two slices the worker runs the calls of its mailbox. */
#ifndef GRADUS_WORKER_H
#define GRADUS_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct error;
struct worker;

enum worker_mode { WORKER_THREAD, WORKER_SLICED };

struct job {
    /* Works for about `seconds`. Returns JOB_DONE at the end, 0 when there is more to do at once, or the
     * seconds for which there is nothing to do (INFINITY: until a call, a cancel or the end). */
    double (*slice)(void *arg, double seconds);
    void *arg;
};
#define JOB_DONE (-1.0)

/* The thread starts with the first job. Main only, as all below that do not say otherwise. */
struct worker *worker_new(enum worker_mode mode, struct error *e);

/* Cancels and waits for the job, ends the thread. */
void worker_free(struct worker *w);

/* Starts a job; fails when another one runs ("something is already running: stop it first"). */
bool worker_start(struct worker *w, struct job job, struct error *e);

bool worker_busy(const struct worker *w);
enum worker_mode worker_mode(const struct worker *w);

/* The number of the job started last, from 1; 0 before the first. */
uint64_t worker_job(const struct worker *w);

/* Waits until no job runs (cancel it first, or it may take long); without a thread it works until then. */
void worker_wait(struct worker *w);

/* Asks the job to end; it sees worker_cancelled(). Does nothing when no job runs. Any thread. */
void worker_cancel(struct worker *w);
const atomic_bool *worker_cancelled(const struct worker *w);

/* Runs fn(arg) on the worker between two slices (between two training steps: a training slice checks
 * worker_called()), or at once when nothing runs. Returns when it has run. fn must be short. */
void worker_call(struct worker *w, void (*fn)(void *), void *arg);

/* While it is asked to leave a core the worker's thread works without helpers. What main is about to do then
 * finds a free core, instead of one whose helper the worker would wait for. */
void worker_leave_core(struct worker *w, bool leave);
bool worker_left_core(const struct worker *w); /* its helpers rest */

/* Any thread: something waits in the mailbox, so end the slice soon. One relaxed load. */
bool worker_called(const struct worker *w);

/* WORKER_SLICED: works for about `seconds`. WORKER_THREAD: does nothing. True while a job runs. */
bool worker_slice(struct worker *w, double seconds);

/* A descriptor that becomes readable when a job ends or posts worker_notify(); drain it with
 * worker_drain(). For poll() in the one wait loop. */
int worker_descriptor(const struct worker *w);
void worker_drain(struct worker *w);
void worker_notify(struct worker *w); /* any thread */

#endif
