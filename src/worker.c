/* worker.c - one thread, one job, one mailbox.
 *
 * The mailbox is a place for a single call: main puts it there, sets `called`, and waits until the worker has
 * run it between two slices. Main is the only caller, so one place is enough and nothing is allocated. A pipe
 * wakes the wait loop when a job has ended. */
#include "worker.h"
#include "error.h"
#include "kernels/gemm.h"
#include "kernels/threads.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NICE = 10 }; /* the prompt and the picture come first */

static const double slice_seconds = 0.02;

struct worker {
    enum worker_mode mode;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t news;  /* a job came, a call came or ran, the end */
    struct job job;       /* valid while busy */
    uint64_t jobs;        /* started so far; main's */
    bool end;             /* under lock */
    void (*call)(void *); /* under lock; NULL: the mailbox is empty */
    void *call_arg;
    atomic_bool busy, cancelled, called;
    struct kernels_wish wish;
    int pipe[2];
};

static bool pipe_open(int ends[2])
{
    if (pipe(ends))
        return false;
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    }
    return true;
}

struct worker *worker_new(enum worker_mode mode, struct error *e)
{
    struct worker *w = memory_take(1, sizeof *w, "the worker", e);
    if (!w)
        return NULL;
    if (!pipe_open(w->pipe)) {
        error_set(e, "no pipe for the worker: %s", strerror(errno));
        memory_free(w);
        return NULL;
    }
    w->mode = mode;
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_t steady; /* a clock that nobody sets */
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&w->news, &steady);
    pthread_condattr_destroy(&steady);
    return w;
}

void worker_leave_core(struct worker *w, bool leave)
{
    atomic_store_explicit(&w->wish.alone, leave, memory_order_relaxed);
}

bool worker_left_core(const struct worker *w)
{
    return !atomic_load(&w->wish.busy);
}

void worker_notify(struct worker *w)
{
    ssize_t n = write(w->pipe[1], "!", 1); /* a full pipe wakes the reader just as well */
    (void)n;
}

/* Runs what lies in the mailbox. Called with the lock held; fn runs with it held, which keeps main waiting.
 */
static void answer(struct worker *w)
{
    if (!w->call)
        return;
    w->call(w->call_arg);
    w->call = NULL;
    atomic_store_explicit(&w->called, false, memory_order_relaxed);
    pthread_cond_broadcast(&w->news);
}

static void finish_job(struct worker *w)
{
    w->job = (struct job){0};
    atomic_store(&w->cancelled, false);
    atomic_store(&w->busy, false);
    pthread_cond_broadcast(&w->news);
    worker_notify(w);
}

/* Waits until something happens, at most so many seconds. */
static void wait_for_news(struct worker *w, double seconds)
{
    if (w->call || w->end || atomic_load(&w->cancelled))
        return;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    seconds = seconds < 60 ? seconds : 60;
    until.tv_sec += (time_t)seconds;
    until.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&w->news, &w->lock, &until);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    kernels_flush_denormals();
    kernels_heed(&w->wish);
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
    pthread_mutex_lock(&w->lock);
    while (!w->end) {
        answer(w);
        if (!atomic_load(&w->busy)) {
            pthread_cond_wait(&w->news, &w->lock);
            continue;
        }
        pthread_mutex_unlock(&w->lock);
        double rest = w->job.slice(w->job.arg, slice_seconds);
        pthread_mutex_lock(&w->lock);
        if (rest == JOB_DONE)
            finish_job(w);
        else if (rest > 0)
            wait_for_news(w, rest);
    }
    answer(w);
    pthread_mutex_unlock(&w->lock);
    kernels_leave();
    return NULL;
}

/* Signals are main's business: the thread starts with all of them blocked. */
static bool start_thread(struct worker *w, struct error *e)
{
    if (w->started || w->mode == WORKER_SLICED)
        return true;
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failed = pthread_create(&w->thread, NULL, worker_main, w);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (failed)
        return error_set(e, "the worker's thread did not start: %s", strerror(failed));
    return w->started = true;
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    worker_cancel(w);
    if (w->started) {
        pthread_mutex_lock(&w->lock);
        w->end = true;
        pthread_cond_broadcast(&w->news);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->thread, NULL);
    }
    close(w->pipe[0]);
    close(w->pipe[1]);
    pthread_cond_destroy(&w->news);
    pthread_mutex_destroy(&w->lock);
    memory_free(w);
}

bool worker_start(struct worker *w, struct job job, struct error *e)
{
    if (worker_busy(w))
        return error_set(e, "something is still running; `stop` ends it, `wait` waits for its end");
    if (!start_thread(w, e))
        return false;
    pthread_mutex_lock(&w->lock);
    w->job = job;
    atomic_store(&w->cancelled, false);
    atomic_store(&w->busy, true);
    w->jobs++;
    pthread_cond_broadcast(&w->news);
    pthread_mutex_unlock(&w->lock);
    return true;
}

bool worker_busy(const struct worker *w)
{
    return atomic_load(&w->busy);
}

enum worker_mode worker_mode(const struct worker *w)
{
    return w->mode;
}

uint64_t worker_job(const struct worker *w)
{
    return w->jobs;
}

void worker_wait(struct worker *w)
{
    while (w->mode == WORKER_SLICED && worker_slice(w, slice_seconds))
        ;
    pthread_mutex_lock(&w->lock);
    while (worker_busy(w))
        pthread_cond_wait(&w->news, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

void worker_cancel(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    if (worker_busy(w)) /* else the request would meet whatever comes next */
        atomic_store(&w->cancelled, true);
    pthread_cond_broadcast(&w->news);
    pthread_mutex_unlock(&w->lock);
}

const atomic_bool *worker_cancelled(const struct worker *w)
{
    return &w->cancelled;
}

void worker_call(struct worker *w, void (*fn)(void *), void *arg)
{
    if (!w->started || !worker_busy(w)) {
        fn(arg);
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->call = fn;
    w->call_arg = arg;
    atomic_store_explicit(&w->called, true, memory_order_relaxed);
    pthread_cond_broadcast(&w->news);
    while (w->call)
        pthread_cond_wait(&w->news, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

bool worker_called(const struct worker *w)
{
    return atomic_load_explicit(&w->called, memory_order_relaxed);
}

bool worker_slice(struct worker *w, double seconds)
{
    if (w->mode == WORKER_SLICED && worker_busy(w) && w->job.slice(w->job.arg, seconds) == JOB_DONE)
        finish_job(w);
    return worker_busy(w);
}

int worker_descriptor(const struct worker *w)
{
    return w->pipe[0];
}

void worker_drain(struct worker *w)
{
    char bytes[64];
    while (read(w->pipe[0], bytes, sizeof bytes) > 0)
        ;
}
