/* cmd_sweep.c - sweep: which learning rate suits (Smith 2015), tried on a copy of the weights. */
#include "chart.h"
#include "cmd.h"
#include "experiment_job.h"

#include "../src/memory.h"

#include <math.h>

enum { SWEEP_WIDTH = 60, SWEEP_HEIGHT = 8, SWEEP_ROWS = 8 };
enum { LR, STEPS, BATCH_SIZE };

static const double lr_low = 1e-5, lr_high = 10; /* when no range is typed */

static const struct arg_row sweep_args[] = {
    [LR] = {.name = "lr",
        .kind = ARG_RANGE,
        .help = "from the smallest to the largest rate; 1e-5..10 when left out",
        .min = 1e-12,
        .max = 1e6,
        .flags = ARG_KEY_ONLY},
    [STEPS] = {.name = "steps",
        .kind = ARG_INT,
        .help = "training steps, each with a larger rate",
        .min = 10,
        .max = 100000,
        .fallback = 100},
    [BATCH_SIZE] = {.name = "batch_size",
        .kind = ARG_INT,
        .help = "samples a step; the last fit's, or 32, when left out",
        .min = 1,
        .max = 1e6,
        .flags = ARG_KEY_ONLY},
    {0},
};

struct sweeping {
    struct session *x;
    double low, high;
    size_t steps, batch_size;
    atomic_size_t done;
    struct sweep result;
};

static bool sweep_job(void *arg, const void *cancel, struct error *e)
{
    struct sweeping *w = arg;
    return sweep_run(w->x, w->low, w->high, w->steps, w->batch_size, cancel, &w->done, &w->result, e);
}

/* Far above its beginning a loss says no more than that it is there. */
static bool draw_sweep(const struct sweep *s, struct error *e)
{
    struct chart c;
    double *x = memory_take(2 * s->steps, sizeof *x, "the chart", e);
    if (!x)
        return false;
    double *y = x + s->steps, top = 2 * s->mean[0];
    chart_start(&c, SWEEP_WIDTH, SWEEP_HEIGHT);
    c.log_x = true;
    for (size_t i = 0; i < s->steps; i++) {
        x[i] = log10(s->lr[i]);
        y[i] = fmin(s->mean[i], top);
    }
    c.left = x[0];
    c.right = x[s->steps - 1];
    chart_fit(&c, y, s->steps);
    for (size_t i = 0; i < s->steps; i++)
        y[i] = s->loss[i];
    chart_curve(&c, x, y, s->steps, STYLE_DIM, true);
    for (size_t i = 0; i < s->steps; i++)
        y[i] = s->mean[i];
    chart_curve(&c, x, y, s->steps, STYLE_COMMAND, false);
    chart_print(&c);
    memory_free(x);
    return true;
}

static void add_row(struct table *t, const struct sweep *s, size_t i, const char *what)
{
    table_add(t, "%.2e", s->lr[i]);
    if (isfinite(s->mean[i]))
        table_add(t, "%.4g", s->mean[i]);
    else
        table_add(t, "-");
    table_add(t, "%s", what);
}

static void print_rows(const struct sweep *s)
{
    struct table t = {.align = "rrl", .head = true};
    table_add(&t, "lr");
    table_add(&t, "loss");
    table_add(&t, "%s", "");
    size_t last = s->steps - 1, every = last / SWEEP_ROWS > 1 ? last / SWEEP_ROWS : 1;
    for (size_t i = 0; i <= last; i++) {
        const char *what = i == s->worse && s->worse <= last ? "worse than at the beginning"
                           : s->broke && i == last           ? "no number any more"
                           : s->fell && i == s->lowest       ? "lowest"
                           : s->fell && i == s->steepest     ? "falls fastest"
                                                             : "";
        if (*what || i % every == 0 || i == last)
            add_row(&t, s, i, what);
    }
    table_print(&t);
}

static void print_advice(const struct sweep *s)
{
    if (!s->fell) {
        out("The loss never fell clearly: try other rates, more steps, or fresh weights (`init`).\n");
        return;
    }
    if (s->worse == s->steps)
        out("No rate up to %.2g was too large.\n", s->lr[s->steps - 1]);
    out("The loss falls fastest at a rate of %.2g: `set lr %.2g` takes it.\n", s->lr[s->steepest],
        s->lr[s->steepest]);
}

static bool run_sweep(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const struct arg_value *v = a->value;
    struct sweeping w = {.low = v[LR].given ? v[LR].number : lr_low,
        .high = v[LR].given ? v[LR].high : lr_high,
        .steps = (size_t)v[STEPS].number,
        .batch_size = job_batch_size(r, &v[BATCH_SIZE])};
    if (!(w.low < w.high)) {
        error_set(e, "the range of lr must hold more than one rate, such as 1e-4..3");
        return blame_key(r, "lr", e);
    }
    if (!(w.x = experiment_new(r->session, START_PRESENT, e)))
        return false;
    bool ok = job_count(r, sweep_job, &w, "sweep", &w.done, w.steps, e);
    session_free(w.x);
    if (ok && (ok = draw_sweep(&w.result, e))) {
        print_rows(&w.result);
        print_advice(&w.result);
        session_keep_sweep(r->session, &w.result);
    }
    sweep_release(&w.result);
    return ok;
}

const struct command sweep_command = {
    .name = "sweep",
    .summary = "finds a learning rate: trains a copy with ever larger ones",
    .details =
        "Each step takes a larger rate than the one before, by the same factor; the weights of the session "
        "stay.\n"
        "Too small a rate leaves the loss where it is, too large a one throws it up; where it falls fastest "
        "is a\n"
        "good one. Dots are the batches' losses, the line and the table their mean over the neighbours.",
    .example = "sweep lr=1e-4..3",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_TRAIN,
    .args = sweep_args,
    .run = run_sweep,
};
