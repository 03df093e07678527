/* loop.c - the one place where the main thread sleeps.
 *
 * poll() watches stdin, the worker's descriptor and a pipe that the signal handlers write to, until the
 * window's next frame is due. A key is handed out before anything is drawn, so that typing stays fluent; a
 * window that is long overdue is drawn first all the same. What a click stands for runs here as a typed line:
 * the line being edited is taken away, the command echoed and run, the line put back. */
#include "loop.h"

#include "editor.h"
#include "journal.h"
#include "lesson.h"
#include "output.h"
#include "progress.h"
#include "repl.h"

#include "../viz/viz.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT};
enum { CAUGHT = sizeof caught / sizeof *caught };

static struct {
    struct repl *r;
    int pipe[2];
    struct sigaction before[CAUGHT], pipe_before;
    atomic_bool interrupt, ever_interrupted;
    int ending; /* the signal that ends the program */
    int depth;  /* of nested waits */
    bool in_job, in_command;
    uint64_t job_seen; /* the worker's job whose end was said, or needs no word */
    double last_tick;
} loop = {.pipe = {-1, -1}};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* --- signals ------------------------------------------------------------------------------------------ */

static void handle(int number)
{
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    if (number == SIGINT) {
        /* A program without a prompt that did not get to notice the first Ctrl-C ends at the second. */
        if (atomic_exchange(&loop.interrupt, true) && !loop.r->interactive)
            _exit(130);
        atomic_store(&loop.ever_interrupted, true);
    }
    ssize_t ignored = write(loop.pipe[1], &byte, 1);
    (void)ignored;
    errno = saved;
}

bool loop_start(struct repl *r, struct error *e)
{
    if (pipe2(loop.pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_set(e, "cannot make a pipe: %s", strerror(errno));
    loop.r = r;
    struct sigaction a = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigemptyset(&a.sa_mask);
    for (int i = 0; i < CAUGHT; i++) {
        sigaction(caught[i], NULL, &loop.before[i]);
        /* Under nohup SIGHUP is ignored, in a shell's background SIGINT: that stays so. */
        if (loop.before[i].sa_handler != SIG_IGN)
            sigaction(caught[i], &a, NULL);
    }
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, &loop.pipe_before);
    return true;
}

void loop_end(void)
{
    if (loop.pipe[0] < 0)
        return;
    for (int i = 0; i < CAUGHT; i++)
        sigaction(caught[i], &loop.before[i], NULL);
    sigaction(SIGPIPE, &loop.pipe_before, NULL);
    close(loop.pipe[0]);
    close(loop.pipe[1]);
    loop.pipe[0] = loop.pipe[1] = -1;
    loop.r = NULL;
}

bool loop_interrupted(void)
{
    return atomic_exchange(&loop.interrupt, false);
}

bool loop_was_interrupted(void)
{
    return atomic_load(&loop.ever_interrupted);
}

/* Ctrl-Z: the terminal is given back, the process stops here and goes on with `fg`. */
static void suspend(void)
{
    struct sigaction plain = {.sa_handler = SIG_DFL}, mine;
    editor_suspend(loop.r->editor);
    out_flush();
    sigaction(SIGTSTP, &plain, &mine);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &mine, NULL);
    editor_continue(loop.r->editor);
}

static void take_signals(void)
{
    unsigned char byte;
    bool resized = false, stopped = false, continued = false;
    while (read(loop.pipe[0], &byte, 1) == 1) {
        resized |= byte == SIGWINCH;
        stopped |= byte == SIGTSTP;
        continued |= byte == SIGCONT;
        if (byte == SIGTERM || byte == SIGHUP || byte == SIGQUIT)
            loop.ending = byte;
    }
    if (stopped) {
        suspend();
    } else if (continued) {
        editor_hide(loop.r->editor);
        editor_continue(loop.r->editor);
    }
    if (resized)
        editor_resize(loop.r->editor);
    if (loop.ending && !loop.r->quit) {
        loop.r->quit = true;
        loop.r->status = 128 + loop.ending;
    }
}

/* --- what is due -------------------------------------------------------------------------------------- */

/* Says when a training in the background ended. One that somebody waited for was reported by who waited. */
static void watch_training(bool attended)
{
    struct session *s = loop.r->session;
    struct status status;
    uint64_t job = worker_job(s->worker);
    if (job == loop.job_seen || worker_busy(s->worker))
        return;
    loop.job_seen = job;
    session_status(s, &status);
    if (attended || (status.phase != PHASE_FINISHED && status.phase != PHASE_DIVERGED))
        return;
    progress_report(loop.r, &status, true);
    if (loop.r->lesson) {
        editor_hide(loop.r->editor);
        lesson_training_ended(loop.r);
        out_flush();
        editor_show(loop.r->editor);
    }
}

/* Runs the commands that keys and clicks in the window stand for, at most a few so that a wait goes on. */
static void take_commands(void)
{
    char line[1024];
    const struct origin origin = {.interactive = true};
    struct repl *r = loop.r;
    if (!r->viz || loop.in_job || loop.in_command)
        return;
    for (int i = 0; i < 8 && viz_command(r->viz, line, sizeof line); i++) {
        loop.in_command = true;
        editor_hide(r->editor);
        out_note("› %s", line);
        bool ok = repl_line(r, line, strlen(line), &origin);
        if (r->lesson)
            lesson_line_done(r, line, ok);
        journal_sync(r);
        out_flush();
        editor_show(r->editor);
        loop.in_command = false;
    }
}

static bool window_open(void)
{
    return loop.r->viz && viz_is_open(loop.r->viz);
}

static void draw_window(void)
{
    if (!window_open())
        return;
    viz_tick(loop.r->viz);
    loop.last_tick = now();
}

/* Milliseconds to sleep at most. */
static int patience(bool asks)
{
    double seconds = asks ? 0.05 : 3600;
    if (window_open()) {
        double due = viz_deadline(loop.r->viz);
        seconds = due < seconds ? due : seconds;
    }
    struct worker *w = loop.r->session->worker;
    if (worker_mode(w) == WORKER_SLICED && worker_slice(w, 0.004))
        seconds = 0;
    return seconds <= 0 ? 0 : (int)(seconds * 1000 + 0.999);
}

/* --- waiting ------------------------------------------------------------------------------------------ */

/* One turn: true when stdin can be read. */
static bool turn(bool want_key, bool asks)
{
    struct pollfd p[] = {
        {.fd = loop.pipe[0], .events = POLLIN},
        {.fd = worker_descriptor(loop.r->session->worker), .events = POLLIN},
        {.fd = want_key ? STDIN_FILENO : -1, .events = POLLIN},
    };
    if (poll(p, 3, patience(asks)) < 0 && errno != EINTR)
        return want_key;
    if (p[0].revents)
        take_signals();
    if (p[1].revents)
        worker_drain(loop.r->session->worker);
    return p[2].revents != 0;
}

static enum loop_event wait_here(bool want_key, bool (*done)(void *), void *arg)
{
    for (;;) {
        bool key = turn(want_key, done != NULL);
        if (loop.ending)
            return LOOP_END_OF_INPUT;
        if (loop_interrupted())
            return LOOP_INTERRUPT;
        watch_training(done != NULL || loop.depth > 1);
        if (!key || now() - loop.last_tick > 0.1) {
            draw_window();
            take_commands();
        }
        if (done && done(arg)) {
            watch_training(true); /* it may have ended since the look above */
            return LOOP_DONE;
        }
        if (key)
            return LOOP_KEY;
        if (loop.r->quit && want_key)
            return LOOP_END_OF_INPUT;
    }
}

enum loop_event loop_wait(bool want_key, bool (*done)(void *), void *arg)
{
    if (!want_key && done && done(arg)) {
        watch_training(true);
        return LOOP_DONE;
    }
    out_flush();
    loop.depth++;
    enum loop_event event = wait_here(want_key, done, arg);
    loop.depth--;
    return event;
}

bool loop_serves_window(void)
{
    return loop.in_command;
}

void loop_settle(void)
{
    watch_training(false);
}

/* --- jobs --------------------------------------------------------------------------------------------- */

struct task {
    bool (*fn)(void *arg, const void *cancel, struct error *e);
    void (*watch)(void *arg); /* NULL: nobody looks on */
    void *arg;
    const void *cancel;
    struct worker *worker;
    bool ok;
    struct error error;
};

static double task_slice(void *arg, double seconds)
{
    struct task *t = arg;
    t->ok = t->fn(t->arg, t->cancel, &t->error);
    return JOB_DONE;
}

static bool task_over(void *arg)
{
    const struct task *t = arg;
    bool over = !worker_busy(t->worker);
    if (t->watch)
        t->watch(t->arg);
    return over;
}

bool loop_job(
    struct repl *r, bool (*fn)(void *arg, const void *cancel, struct error *e), void *arg, struct error *e)
{
    return loop_job_watched(r, fn, NULL, arg, e);
}

bool loop_job_watched(struct repl *r, bool (*fn)(void *arg, const void *cancel, struct error *e),
    void (*watch)(void *arg), void *arg, struct error *e)
{
    struct worker *w = r->session->worker;
    struct task t = {fn, watch, arg, worker_cancelled(w), w, .error.offset = -1};
    if (worker_busy(w)) {
        bool ok = fn(arg, &loop.interrupt, e);
        if (watch)
            watch(arg);
        return ok;
    }
    if (!worker_start(w, (struct job){task_slice, &t}, e))
        return false;
    bool cancelled = false, outer = loop.in_job;
    loop.in_job = true;
    while (worker_busy(w) && loop_wait(false, task_over, &t) != LOOP_DONE) {
        cancelled = true;
        worker_cancel(w);
        if (loop.ending)
            worker_wait(w);
    }
    if (watch)
        watch(arg);
    loop.in_job = outer;
    loop.job_seen = worker_job(w);
    if (cancelled && !t.ok) {
        if (!r->interactive) {
            r->quit = true;
            r->status = r->status > 128 ? r->status : 130;
        }
        return error_set(e, "interrupted");
    }
    if (!t.ok && e)
        *e = t.error;
    return t.ok;
}
