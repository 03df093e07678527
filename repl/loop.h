/* loop.h - the one wait loop: keys, signals, window, worker.
 *
 * Whoever waits, waits here: the line editor for a key, `fit` for its end, `wait`, `time`. So neither prompt
 * nor picture freezes. Main only. */
#ifndef GRADUS_REPL_LOOP_H
#define GRADUS_REPL_LOOP_H

#include <stdbool.h>

struct repl;
struct error;

/* Installs the signal handlers (SIGINT, SIGTERM, SIGWINCH) and remembers the repl. */
bool loop_start(struct repl *r, struct error *e);
void loop_end(void);

enum loop_event {
    LOOP_KEY,
    LOOP_DONE,
    LOOP_INTERRUPT,
    LOOP_END_OF_INPUT /* SIGTERM, SIGHUP: the program ends */
};

/* Waits until a byte can be read from stdin (want_key), `done(arg)` is true, or Ctrl-C was pressed. Draws the
 * window, runs the worker's slices, prints what is due, takes the window's commands. `done` (may be NULL) is
 * asked at least twenty times a second. */
enum loop_event loop_wait(bool want_key, bool (*done)(void *), void *arg);

/* Says that a training in the background ended, if one did since the last wait: at the end of a script. */
void loop_settle(void);

/* True while a command of the window runs: it must not wait for a training, or no click could pause it. */
bool loop_serves_window(void);

/* True once after Ctrl-C, then cleared. */
bool loop_interrupted(void);

/* True from the first Ctrl-C on: what a program without a prompt ends with 130 for. */
bool loop_was_interrupted(void);

/* Runs a function as a job of the worker and waits for it; Ctrl-C cancels it. False and an error when it was
 * cancelled or fn failed. When the worker trains, fn runs at once on this thread. `cancel` is an atomic_bool.
 */
bool loop_job(
    struct repl *r, bool (*fn)(void *arg, const void *cancel, struct error *e), void *arg, struct error *e);

/* The same; `watch` runs on main at least twenty times a second until the job ends, and once behind its end:
 * it shows how far fn has come. */
bool loop_job_watched(struct repl *r, bool (*fn)(void *arg, const void *cancel, struct error *e),
    void (*watch)(void *arg), void *arg, struct error *e);

#endif
