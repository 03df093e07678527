/* gradcheck.c - see gradcheck.h.
 *
 * The step h of a difference quotient is a compromise: float32 sums make the loss tremble by about 1e-7 of
 * its size, which a small h blows up, and a large h sees the loss bend, or steps over the kink of a relu. So
 * each slope is measured with two steps, h and h/2, joined by Richardson's rule (4·d(h/2) - d(h)) / 3, whose
 * error is of order h⁴; where the two disagree by more than rounding explains, a smaller pair is tried, and
 * the pair that agrees best counts. The analytic gradient has no say in that choice. */
#include "gradcheck.h"
#include "error.h"
#include "memory.h"
#include "workspace.h"

#include <math.h>

static const double FIRST_STEP = 0.02, NEXT_STEP = 0.2, FLOOR = 0.05;
enum { PAIRS = 4 };

struct check {
    struct state *s; /* a copy, nudged */
    struct workspace *ws;
    const struct recipe *recipe;
    const float *targets;
    size_t N;
    uint64_t key;
};

static double check_loss(struct check *c, bool gradients)
{
    workspace_forward(c->ws, c->N, true, c->key);
    return workspace_loss(c->ws, c->recipe->loss, c->targets, gradients);
}

/* The loss with its penalties at w = value. */
static double loss_at_value(struct check *c, float *w, float value)
{
    *w = value;
    double loss = check_loss(c, false);
    return loss + workspace_penalty(c->ws, c->recipe, false);
}

/* The step is what float32 makes of it, so that no rounding of w ± h spoils the quotient. */
static double central_difference(struct check *c, float *w, double h)
{
    float at = *w, up = (float)((double)at + h), down = (float)((double)at - h);
    double above = loss_at_value(c, w, up), below = loss_at_value(c, w, down);
    *w = at;
    return (above - below) / ((double)up - (double)down);
}

static double numeric_slope(struct check *c, float *w, double noise)
{
    double best = NAN, best_gap = INFINITY, h = FIRST_STEP * fmax(1, fabs((double)*w));
    for (int i = 0; i < PAIRS; i++, h *= NEXT_STEP) {
        double wide = central_difference(c, w, h), narrow = central_difference(c, w, h / 2);
        double gap = fabs(wide - narrow) + noise / h;
        if (gap < best_gap) {
            best = (4 * narrow - wide) / 3;
            best_gap = gap;
        }
        if (fabs(wide - narrow) < 0.01 * fabs(narrow) + 2 * noise / h)
            break;
    }
    return best;
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

static bool check_all(struct check *c, float *analytic, size_t limit, const atomic_bool *cancel,
    struct gradcheck *out, struct error *e)
{
    size_t n = c->s->model->params, count = limit && limit < n ? limit : n;
    struct gradcheck r = {0};
    double loss = check_loss(c, true);
    workspace_backward(c->ws);
    loss += workspace_penalty(c->ws, c->recipe, true);
    for (size_t i = 0; i < n; i++)
        analytic[i] = c->ws->grad[i];
    double least = floor_of(analytic, n), noise = 1e-7 * fmax(fabs(loss), 1e-3);
    for (size_t i = 0; i < count; i++) {
        if (cancel && atomic_load_explicit(cancel, memory_order_relaxed))
            return error_set(e, "the gradient check was cancelled");
        size_t at = (size_t)((double)i * (double)n / (double)count);
        double numeric = numeric_slope(c, &c->s->param[at], noise), exact = (double)analytic[at];
        double error = fabs(numeric - exact) / fmax(fmax(fabs(numeric), fabs(exact)), least);
        r.mean += error / (double)count;
        r.checked++;
        if (!(error <= r.worst) || i == 0) {
            r.worst = error;
            r.numeric = numeric;
            r.analytic = exact;
            place_of(c->s->model, at, &r);
        }
    }
    *out = r;
    return true;
}

bool gradcheck_run(struct state *s, const struct recipe *r, const float *x, const float *t, size_t N,
    size_t limit, const atomic_bool *cancel, struct gradcheck *out, struct error *e)
{
    bool ok = false;
    struct check c = {.recipe = r, .targets = t, .N = N, .key = s->seed};
    float *analytic = memory_take(s->model->params, sizeof *analytic, "the gradient check", e);
    c.s = analytic ? state_copy(s, e) : NULL;
    c.ws = c.s ? workspace_new(s->model, N, true, e) : NULL;
    if (c.ws) {
        workspace_bind(c.ws, c.s);
        size_t inputs = N * shape_size(&s->model->layer[0].out);
        for (size_t i = 0; i < inputs; i++)
            workspace_input(c.ws)[i] = x[i];
        ok = check_all(&c, analytic, limit, cancel, out, e);
    }
    workspace_free(c.ws);
    state_free(c.s);
    memory_free(analytic);
    return ok;
}
