/* gradcheck.c - see gradcheck.h.
 *
 * The step h of a difference quotient is a compromise: float32 sums make the loss tremble by about 1e-7 of
 * its size, which a small h blows up, and a large h sees the loss bend. So each slope is measured with two
 * steps, h and h/2, joined by Richardson's rule (4·d(h/2) - d(h)) / 3, whose error is of order h⁴.
 *
 * Where a relu has its kink within h the slope is that of neither side. The jump J(h), slope above minus
 * slope below, tells: it halves with h where the loss is smooth, so 2·J(h/2) - J(h) is nearly 0, and stays
 * where there is a kink. Then smaller steps are tried; the pair that agrees best counts, and where none
 * agrees the parameter is skipped. The analytic gradient has no say in any of this. */
#include "gradcheck.h"
#include "error.h"
#include "memory.h"
#include "workspace.h"

#include <math.h>
#include <string.h>

static const double FIRST_STEP = 0.02, NEXT_STEP = 0.2, FLOOR = 0.05, AGREE = 0.002, SKIP = 0.03;
enum { PAIRS = 4 };

struct check {
    struct state *s; /* a copy, nudged */
    struct workspace *ws;
    const struct recipe *recipe;
    size_t N;
    uint64_t key;
    double loss, noise; /* at the parameters as they are, and how much float32 makes it tremble */
    double least;       /* slopes below it are noise */
};

static double check_loss(struct check *c, bool gradients)
{
    workspace_forward(c->ws, c->N, true, c->key);
    return workspace_loss(c->ws, gradients);
}

/* The loss with its penalties at w = value. */
static double loss_at_value(struct check *c, float *w, float value)
{
    *w = value;
    double loss = check_loss(c, false);
    return loss + workspace_penalty(c->ws, c->recipe, false);
}

struct slopes {
    double slope, jump; /* of the quotient across w - h … w + h; above w minus below w */
};

/* The step is what float32 makes of it, so that no rounding of w ± h spoils the quotient. */
static struct slopes measure(struct check *c, float *w, double h)
{
    float at = *w, up = (float)((double)at + h), down = (float)((double)at - h);
    double above = loss_at_value(c, w, up), below = loss_at_value(c, w, down);
    *w = at;
    return (struct slopes){
        .slope = (above - below) / ((double)up - (double)down),
        .jump =
            (above - c->loss) / ((double)up - (double)at) - (c->loss - below) / ((double)at - (double)down),
    };
}

/* NaN where no two steps agree. */
static double numeric_slope(struct check *c, float *w)
{
    double best = NAN, best_gap = INFINITY, h = FIRST_STEP * fmax(1, fabs((double)*w));
    for (int i = 0; i < PAIRS; i++, h *= NEXT_STEP) {
        struct slopes wide = measure(c, w, h), narrow = measure(c, w, h / 2);
        double gap = fabs(wide.slope - narrow.slope) + fabs(2 * narrow.jump - wide.jump),
               noise = c->noise / h;
        if (gap + noise < best_gap) {
            best = (4 * narrow.slope - wide.slope) / 3;
            best_gap = gap + noise;
        }
        if (gap < AGREE * fabs(narrow.slope) + 4 * noise)
            break;
    }
    return best_gap < SKIP * fmax(fabs(best), c->least) ? best : NAN;
}

/* The layer and tensor that hold parameter `at` of the state. */
static void place_of(const struct model *m, size_t at, struct gradcheck *out)
{
    for (int i = 0; i < m->layers; i++)
        for (int j = 0; j < m->layer[i].params; j++) {
            const struct param *p = &m->layer[i].param[j];
            if (!p->statistic && at >= p->offset && at - p->offset < p->count) {
                out->layer = i;
                out->param = j;
                out->element = at - p->offset;
            }
        }
}

/* Slopes far below the typical one are compared against that instead. */
static double floor_of(const float *gradient, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)gradient[i] * (double)gradient[i];
    return fmax(FLOOR * sqrt(sum / (double)n), 1e-6);
}

static void check_one(struct check *c, size_t at, double analytic, struct gradcheck *r)
{
    double numeric = numeric_slope(c, &c->s->param[at]);
    if (isnan(numeric) && isfinite(c->loss)) {
        r->skipped++;
        return;
    }
    double error = fabs(numeric - analytic) / fmax(fmax(fabs(numeric), fabs(analytic)), c->least);
    r->mean += error;
    if (!r->checked++ || !(error <= r->worst)) {
        r->worst = error;
        r->numeric = numeric;
        r->analytic = analytic;
        place_of(c->s->model, at, r);
    }
}

static bool check_all(struct check *c, float *analytic, size_t limit, const atomic_bool *cancel,
    struct gradcheck *out, struct error *e)
{
    size_t n = c->s->model->params, count = limit && limit < n ? limit : n;
    struct gradcheck r = {0};
    c->loss = check_loss(c, true);
    workspace_backward(c->ws);
    c->loss += workspace_penalty(c->ws, c->recipe, true);
    c->noise = 1e-7 * fmax(fabs(c->loss), 1e-3);
    memcpy(analytic, c->ws->grad, n * sizeof *analytic);
    c->least = floor_of(analytic, n);
    for (size_t i = 0; i < count; i++) {
        if (cancel && atomic_load_explicit(cancel, memory_order_relaxed))
            return error_set(e, "the gradient check was cancelled");
        size_t at = (size_t)((double)i * (double)n / (double)count);
        check_one(c, at, (double)analytic[at], &r);
    }
    r.mean /= r.checked ? (double)r.checked : 1;
    *out = r;
    return true;
}

bool gradcheck_run(struct state *s, const struct recipe *r, const struct goals *g, const float *x,
    const float *t, size_t N, size_t limit, const atomic_bool *cancel, struct gradcheck *out, struct error *e)
{
    bool ok = false;
    struct check c = {.recipe = r, .N = N, .key = s->seed};
    float *analytic = memory_take(s->model->params, sizeof *analytic, "the gradient check", e);
    c.s = analytic ? state_copy(s, e) : NULL;
    c.ws = c.s ? workspace_new(s->model, N, USE_TRAIN, e) : NULL;
    if (c.ws && workspace_aim(c.ws, g, e)) {
        workspace_bind(c.ws, c.s);
        memcpy(workspace_input(c.ws), x, N * model_input_size(s->model) * sizeof *x);
        memcpy(workspace_targets(c.ws), t, N * g->width * sizeof *t);
        ok = check_all(&c, analytic, limit, cancel, out, e);
    }
    workspace_free(c.ws);
    state_free(c.s);
    memory_free(analytic);
    return ok;
}
