/* workspace_update.c - from gradients to new parameters: penalties, batches that wait for each other,
 * clipping, the optimiser's step.
 *
 * The length of the gradient is summed in double over a fixed number of parts, each in order, and the parts
 * in order: the same bits for every number of threads. It is finite only where every gradient is, so one pass
 * serves clipping and the check alike. */
#include "kernels/elementwise.h"
#include "kernels/gradients.h"
#include "kernels/threads.h"
#include "error.h"
#include "memory.h"
#include "workspace.h"

#include <math.h>

/* --- penalties --- */

/* l1·Σ|w| + l2·Σw² of one tensor; its gradient is added to g. */
static double penalty_of(const float *w, float *g, size_t n, double l1, double l2)
{
    double sum1 = 0, sum2 = 0;
    for (size_t i = 0; i < n; i++) {
        sum1 += fabsf(w[i]);
        sum2 += (double)w[i] * w[i];
    }
    for (size_t i = 0; g && i < n; i++)
        g[i] += (float)l1 * (float)((w[i] > 0) - (w[i] < 0)) + 2 * (float)l2 * w[i];
    return l1 * sum1 + l2 * sum2;
}

double state_penalty(const struct state *s, const struct recipe *r, float *grad)
{
    double sum = 0;
    if (r->l1 <= 0 && r->l2 <= 0)
        return 0;
    for (int i = 1; i < s->model->layers; i++)
        for (int j = 0; j < s->model->layer[i].params; j++) {
            const struct param *p = &s->model->layer[i].param[j];
            if (p->decays && !p->shared)
                sum +=
                    penalty_of(s->param + p->offset, grad ? grad + p->offset : NULL, p->count, r->l1, r->l2);
        }
    return sum;
}

double workspace_penalty(struct workspace *ws, const struct recipe *r, bool gradients)
{
    return state_penalty(ws->state, r, gradients ? ws->grad : NULL);
}

static void settle_statistics(const struct workspace *ws, struct state *s)
{
    for (int i = 1; i < ws->model->layers; i++) {
        const struct layer *l = &ws->model->layer[i];
        float *stat[LAYER_PARAMS];
        if (!l->type->settle || l->frozen)
            continue;
        for (int j = 0; j < l->params; j++)
            stat[j] = l->param[j].statistic ? s->stat + l->param[j].offset : NULL;
        l->type->settle(l, &ws->pass[i], stat);
    }
}

/* --- batches that make one update together --- */

bool workspace_collects(struct workspace *ws, struct error *e)
{
    return ws->sum || (ws->sum = memory_take(memory_lines(ws->model->params), sizeof(float),
                           "the gradients of several batches", e));
}

struct collecting {
    float *sum, *grad;
    float scale;
    bool first;
};

static void add_range(const void *arg, size_t first, size_t n)
{
    const struct collecting *c = arg;
    gradients_add(c->grad + first, c->scale, c->sum + first, n, !c->first);
}

static void mean_range(const void *arg, size_t first, size_t n)
{
    const struct collecting *c = arg;
    gradients_add(c->sum + first, c->scale, c->grad + first, n, false);
}

bool workspace_collect(struct workspace *ws, bool due)
{
    struct collecting c = {ws->sum, ws->grad, (float)ws->N, ws->collected == 0};
    if (!ws->sum || (due && c.first))
        return true;
    kernels_split(ws->model->params, add_range, &c);
    ws->collected += ws->N;
    if (!due)
        return false;
    c.scale = (float)(1 / (double)ws->collected);
    kernels_split(ws->model->params, mean_range, &c);
    ws->collected = 0;
    return true;
}

/* --- the length of the gradient --- */

enum { NORM_PARTS = 64 };

struct measuring {
    const float *grad;
    size_t n;
    double part[NORM_PARTS];
};

static void measure_parts(const void *arg, int part, int parts)
{
    struct measuring *m = (struct measuring *)arg;
    for (int i = part; i < NORM_PARTS; i += parts) {
        size_t first, count = kernels_range(m->n, 64, i, NORM_PARTS, &first);
        m->part[i] = count ? gradients_squares(m->grad + first, count) : 0;
    }
}

double workspace_norm(const struct workspace *ws)
{
    static const double worth = 65536; /* floats that are worth a thread */
    double sum = 0;
    for (int k = 0; k < ws->trains; k++) {
        struct measuring m = {.grad = ws->grad + ws->trained[k].offset, .n = ws->trained[k].count};
        kernels_share(kernels_threads((double)m.n, worth), measure_parts, &m);
        for (int i = 0; i < NORM_PARTS; i++)
            sum += m.part[i];
    }
    return sqrt(sum);
}

struct limiting {
    float *grad;
    float by;
};

static void scale_range(const void *arg, size_t first, size_t n)
{
    const struct limiting *l = arg;
    values_scale(l->grad + first, l->by, n);
}

static void clamp_range(const void *arg, size_t first, size_t n)
{
    const struct limiting *l = arg;
    gradients_clamp(l->grad + first, l->by, n);
}

static void limit(struct workspace *ws, const struct recipe *r)
{
    for (int k = 0; r->clip_value > 0 && k < ws->trains; k++)
        kernels_split(ws->trained[k].count, clamp_range,
            &(struct limiting){ws->grad + ws->trained[k].offset, (float)r->clip_value});
    double norm = r->clip > 0 ? workspace_norm(ws) : 0;
    for (int k = 0; norm > r->clip && k < ws->trains; k++)
        kernels_split(ws->trained[k].count, scale_range,
            &(struct limiting){ws->grad + ws->trained[k].offset, (float)(r->clip / norm)});
}

/* --- the update --- */

void workspace_settle(struct workspace *ws, struct state *s)
{
    settle_statistics(ws, s);
    s->place.step++;
}

void workspace_update(struct workspace *ws, struct state *s, const struct recipe *r)
{
    struct update u = {.lr = schedule_rate(r, &s->place), .weight_decay = r->weight_decay, .hyper = r->hyper};
    if (r->clip > 0 || r->clip_value > 0)
        limit(ws, r);
    u.t = ++s->place.t;
    for (int k = 0; k < ws->trains; k++) {
        size_t offset = ws->trained[k].offset;
        u.n = ws->trained[k].count;
        u.w = s->param + offset;
        u.g = ws->grad + offset;
        for (int i = 0; i < OPTIMIZER_MOMENTS; i++)
            u.m[i] = s->moment[i] ? s->moment[i] + offset : NULL;
        optimizer_update(r->optimizer, &u);
    }
    workspace_settle(ws, s);
}
