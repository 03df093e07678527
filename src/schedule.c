/* schedule.c - see schedule.h. Keras's names where it has them, else PyTorch's.
 *
 *     step         lr·factor^floor(epoch / every)
 *     exponential  lr·rate^epoch
 *     cosine       lr·(floor + (1 - floor)·(1 + cos(π·done)) / 2),  done = step / span
 *     one_cycle    from lr / div_factor up to lr in the first pct_start of the span, then down to
 *                  lr / div_factor / final_div_factor, both along half a cosine (Smith & Topin 2019)
 *     plateau      lr·factor^drops: a drop whenever `patience` epochs have brought no better val_loss
 *
 * A warm-up multiplies the first rates by 1/warmup, 2/warmup … 1 (Goyal and others 2017). What spans the fit
 * warms up in each fit and makes its way in the rest of it; all others count from the optimiser's start. */
#include "schedule.h"
#include "recipe.h"
#include "state.h"
#include "table.h"

#include <math.h>

enum { STEPS, EPOCHS, FLOOR }; /* of those that span, and of cosine */
enum { PCT_START = FLOOR, DIV_FACTOR, FINAL_DIV_FACTOR };
enum { STEP_EVERY, STEP_FACTOR };
enum { EXPONENTIAL_RATE };
enum { PLATEAU_FACTOR, PLATEAU_PATIENCE, PLATEAU_MIN_DELTA, PLATEAU_MIN_LR };

static double updates_an_epoch(const struct recipe *r, uint32_t batches)
{
    return ceil(batches / (double)(r->accumulate > 1 ? r->accumulate : 1));
}

/* Updates done of a span of them, from the start that the schedule counts from. */
static void find_span(
    const struct recipe *r, const struct place *p, double *start, struct schedule_place *out)
{
    const double *hyper = r->schedule_hyper;
    const struct course *c = &p->course;
    bool own = hyper[STEPS] > 0 || hyper[EPOCHS] > 0;
    *start = own ? 0 : (double)c->from;
    out->step = (double)p->t - *start;
    out->span = hyper[STEPS] > 0    ? hyper[STEPS]
                : hyper[EPOCHS] > 0 ? hyper[EPOCHS] * updates_an_epoch(r, c->batches)
                                    : (double)c->end - *start;
    if (!own && !c->end) /* no fit, so no way to go: the full rate */
        *start = out->step = out->span = 0;
}

double schedule_rate(const struct recipe *r, const struct place *p)
{
    const struct course *c = &p->course;
    if (!r->schedule && r->warmup <= 0)
        return r->lr;
    struct schedule_place at = {.drops = c->drops};
    double start = 0, warm = 1;
    at.epoch = (double)p->epoch - (double)c->since + (c->batches ? (double)p->batch / c->batches : 0);
    at.epoch = fmax(0, at.epoch);
    if (r->schedule && r->schedule->spans)
        find_span(r, p, &start, &at);
    if (r->warmup > 0) {
        warm = fmax(0, fmin(1, ((double)p->t - start + 1) / r->warmup));
        at.step -= r->warmup;
        at.span -= r->warmup;
    }
    at.step = fmax(0, fmin(at.step, at.span));
    return warm * (r->schedule ? r->schedule->rate(r->lr, r->schedule_hyper, &at) : r->lr);
}

void schedule_score(const struct recipe *r, struct place *p, float score)
{
    if (r->schedule && r->schedule->score)
        r->schedule->score(r->schedule_hyper, &p->course, score);
}

void schedule_begin(
    const struct recipe *r, struct place *p, uint32_t batches, uint64_t epochs, uint64_t steps)
{
    double each = r->accumulate > 1 ? r->accumulate : 1, end = INFINITY;
    if (epochs)
        end = (double)epochs * updates_an_epoch(r, batches) - floor(p->batch / each);
    if (steps)
        end = fmin(end, ceil((double)steps / each));
    p->course.batches = batches;
    p->course.from = p->t;
    p->course.end = end < 1e18 ? p->t + (uint64_t)fmax(end, 1) : 0;
}

/* --- the schedules --- */

static double constant_rate(double lr, const double *hyper, const struct schedule_place *p)
{
    return lr;
}

static double step_rate(double lr, const double *hyper, const struct schedule_place *p)
{
    return lr * pow(hyper[STEP_FACTOR], floor(p->epoch / hyper[STEP_EVERY]));
}

static double exponential_rate(double lr, const double *hyper, const struct schedule_place *p)
{
    return lr * pow(hyper[EXPONENTIAL_RATE], p->epoch);
}

/* From a at 0 to b at 1 along half a cosine. */
static double anneal(double a, double b, double done)
{
    static const double pi = 3.14159265358979323846;
    return b + (a - b) * (1 + cos(pi * done)) / 2;
}

static double cosine_rate(double lr, const double *hyper, const struct schedule_place *p)
{
    return anneal(lr, lr * hyper[FLOOR], p->span > 0 ? p->step / p->span : 0);
}

/* PyTorch's counting: the first update has the lowest rate of the rise, the last one the lowest of all. */
static double one_cycle_rate(double lr, const double *hyper, const struct schedule_place *p)
{
    double first = lr / hyper[DIV_FACTOR], last = first / hyper[FINAL_DIV_FACTOR];
    double top = hyper[PCT_START] * p->span - 1, end = p->span - 1;
    if (end <= 0)
        return lr;
    if (p->step < top)
        return anneal(first, lr, p->step / top);
    return anneal(lr, last, fmin(1, (p->step - fmax(top, 0)) / (end - fmax(top, 0))));
}

static double plateau_rate(double lr, const double *hyper, const struct schedule_place *p)
{
    return fmax(lr * pow(hyper[PLATEAU_FACTOR], p->drops), fmin(lr, hyper[PLATEAU_MIN_LR]));
}

static void plateau_score(const double *hyper, struct course *c, float score)
{
    if (isnan(score))
        return;
    if (!c->scored || (double)score < (double)c->best - hyper[PLATEAU_MIN_DELTA]) {
        c->best = score;
        c->scored = true;
        c->waited = 0;
    } else if (++c->waited >= hyper[PLATEAU_PATIENCE]) {
        c->drops++;
        c->waited = 0;
    }
}

#define NUMBER(name_, kind_, help_, min_, max_, fallback_)                                            \
    {                                                                                                 \
        .name = name_, .kind = kind_, .help = help_, .min = min_, .max = max_, .fallback = fallback_, \
        .flags = ARG_KEY_ONLY                                                                         \
    }
#define SPAN                                                                                     \
    [STEPS] = NUMBER("steps", ARG_INT, "updates it takes; the fit's when left out", 0, 1e12, 0), \
    [EPOCHS] = NUMBER("epochs", ARG_INT, "epochs it takes; the fit's when left out", 0, 1e9, 0)

static const struct arg_row constant_args[] = {{0}};

static const struct arg_row step_args[] = {
    [STEP_EVERY] = NUMBER("every", ARG_INT, "epochs from one drop to the next", 1, 1e9, 10),
    [STEP_FACTOR] = NUMBER("factor", ARG_REAL, "what a drop leaves of the rate", 0, 1, 0.5),
    {0},
};

static const struct arg_row exponential_args[] = {
    [EXPONENTIAL_RATE] = NUMBER("rate", ARG_REAL, "what an epoch leaves of the rate", 0, 1, 0.95),
    {0},
};

static const struct arg_row cosine_args[] = {
    SPAN,
    [FLOOR] = NUMBER("floor", ARG_REAL, "what is left of the rate at the end", 0, 1, 0),
    {0},
};

static const struct arg_row one_cycle_args[] = {
    SPAN,
    [PCT_START] = NUMBER("pct_start", ARG_REAL, "share of the way on which the rate rises", 0, 1, 0.3),
    [DIV_FACTOR] = NUMBER("div_factor", ARG_REAL, "the rate starts at lr / div_factor", 1, 1e12, 25),
    [FINAL_DIV_FACTOR] =
        NUMBER("final_div_factor", ARG_REAL, "it ends so many times below its start", 1, 1e12, 1e4),
    {0},
};

static const struct arg_row plateau_args[] = {
    [PLATEAU_FACTOR] = NUMBER("factor", ARG_REAL, "what a drop leaves of the rate", 0, 1, 0.1),
    [PLATEAU_PATIENCE] =
        NUMBER("patience", ARG_INT, "epochs without a better val_loss before a drop", 1, 1e9, 10),
    [PLATEAU_MIN_DELTA] = NUMBER("min_delta", ARG_REAL, "better means lower by more than this", 0, 1e6, 1e-4),
    [PLATEAU_MIN_LR] = NUMBER("min_lr", ARG_REAL, "the rate does not fall below it", 0, 1e6, 0),
    {0},
};

static const struct schedule schedules[] = {
    {
        .name = "constant",
        .summary = "the same rate from start to end",
        .formula = "lr",
        .args = constant_args,
        .rate = constant_rate,
    },
    {
        .name = "step",
        .summary = "the rate drops every so many epochs",
        .formula = "lr factor^floor(epoch / every)",
        .args = step_args,
        .rate = step_rate,
    },
    {
        .name = "exponential",
        .summary = "the rate shrinks by the same share in every epoch",
        .formula = "lr rate^epoch",
        .args = exponential_args,
        .rate = exponential_rate,
    },
    {
        .name = "cosine",
        .summary = "the rate falls along half a cosine: slowly, fast, slowly",
        .formula = "lr (floor + (1 - floor) (1 + cos(pi step / steps)) / 2)",
        .args = cosine_args,
        .spans = true,
        .rate = cosine_rate,
    },
    {
        .name = "one_cycle",
        .summary = "the rate rises to lr, then falls far below its start",
        .formula = "lr / div_factor up to lr, down to lr / div_factor / final_div_factor",
        .args = one_cycle_args,
        .spans = true,
        .rate = one_cycle_rate,
    },
    {
        .name = "plateau",
        .summary = "the rate drops when val_loss no longer falls",
        .formula = "lr factor^drops",
        .args = plateau_args,
        .rate = plateau_rate,
        .score = plateau_score,
    },
};

TABLE(schedule, schedules, &schedules[i])
