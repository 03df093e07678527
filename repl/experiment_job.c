/* experiment_job.c - see experiment_job.h. */
#include "experiment_job.h"

#include "loop.h"
#include "output.h"
#include "progress.h"
#include "repl.h"

#include <time.h>

static bool due(double *drawn)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    double now = (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
    if (!out_has_status() || now - *drawn < 0.05)
        return false;
    *drawn = now;
    return true;
}

/* --- a training ---------------------------------------------------------------------------------------- */

struct training {
    struct session *session, *x;
    int run;
    double drawn;
};

static bool train(void *arg, const void *cancel, struct error *e)
{
    return experiment_run(((struct training *)arg)->x, cancel, e);
}

static void show_training(void *arg)
{
    struct training *t = arg;
    struct run *run = &t->session->runs.run[t->run];
    if (run_copy(run, &session_network(t->x)->curves))
        t->session->beside++;
    if (!due(&t->drawn))
        return;
    struct text line = {0};
    struct status status;
    session_status(t->x, &status);
    text_addf(&line, "%s: ", run->name);
    progress_write(&status, out_width() - 1 - out_columns(text_get(&line)), &line);
    out_status(text_get(&line));
    text_release(&line);
}

bool job_train(struct repl *r, struct session *x, int run, struct error *e)
{
    struct training t = {.session = r->session, .x = x, .run = run};
    bool ok = loop_job_watched(r, train, show_training, &t, e);
    out_status(NULL);
    return ok;
}

/* --- any work that counts ------------------------------------------------------------------------------ */

struct counting {
    bool (*fn)(void *arg, const void *cancel, struct error *e);
    void *arg;
    const char *what;
    atomic_size_t *done;
    size_t all;
    double drawn;
};

static bool count(void *arg, const void *cancel, struct error *e)
{
    struct counting *c = arg;
    return c->fn(c->arg, cancel, e);
}

static void show_count(void *arg)
{
    struct counting *c = arg;
    if (!due(&c->drawn))
        return;
    struct text line = {0};
    text_addf(&line, "%s: %zu of %zu", c->what, atomic_load(c->done), c->all);
    out_status(text_get(&line));
    text_release(&line);
}

bool job_count(struct repl *r, bool (*fn)(void *arg, const void *cancel, struct error *e), void *arg,
    const char *what, atomic_size_t *done, size_t all, struct error *e)
{
    struct counting c = {fn, arg, what, done, all, 0};
    bool ok = loop_job_watched(r, count, show_count, &c, e);
    out_status(NULL);
    return ok;
}

size_t job_batch_size(const struct repl *r, const struct arg_value *typed)
{
    enum { USUAL = 32 };
    return typed->given ? (size_t)typed->number : r->session->batch_size ? r->session->batch_size : USUAL;
}
