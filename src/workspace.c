/* workspace.c - one arena of activations and gradients, and the walks over the layers.
 *
 * Arena: grad | per layer y, cache, dy. The passes' pointers are set once, when a state is bound, so that a
 * step is nothing but calls of kernels. A layer's random key is the step's, mixed with the layer's name. */
#include "workspace.h"
#include "activation.h"
#include "error.h"
#include "memory.h"
#include "rng.h"

#include <math.h>
#include <string.h>

/* Takes `n` floats from the arena; with base NULL it only counts. */
static float *carve(float *base, size_t *used, size_t n)
{
    float *at = base ? base + *used : NULL;
    *used += memory_lines(n);
    return at;
}

/* Lays the arena out; returns its size in floats. ws->arena NULL: counts only. */
static size_t lay_out(struct workspace *ws, const struct model *m, size_t batch, bool gradients)
{
    size_t used = 0;
    float *grad = carve(ws->arena, &used, gradients ? m->params : 0);
    if (ws->arena)
        ws->grad = gradients ? grad : NULL;
    for (int i = 0; i < m->layers; i++) {
        const struct layer *l = &m->layer[i];
        size_t size = batch * shape_size(&l->out);
        float *y = carve(ws->arena, &used, size), *cache = carve(ws->arena, &used, batch * l->cache);
        float *dy = carve(ws->arena, &used, gradients && i ? size : 0);
        if (!ws->arena)
            continue;
        struct pass *p = &ws->pass[i];
        p->y = y;
        p->cache = cache;
        p->dy = gradients && i ? dy : NULL;
    }
    return used;
}

double workspace_bytes(const struct model *m, size_t batch, bool gradients)
{
    double floats = gradients ? (double)m->params : 0;
    for (int i = 0; i < m->layers; i++) {
        double out = (double)shape_size(&m->layer[i].out);
        floats += (double)batch * (out * (gradients && i ? 2 : 1) + (double)m->layer[i].cache);
    }
    return floats * sizeof(float);
}

static void wire(struct workspace *ws)
{
    const struct model *m = ws->model;
    for (int i = 1; i < m->layers; i++) {
        const struct layer *l = &m->layer[i];
        struct pass *p = &ws->pass[i];
        for (int j = 0; j < l->inputs; j++) {
            p->x[j] = ws->pass[l->input[j]].y;
            p->dx[j] = ws->pass[l->input[j]].dy;
        }
        for (int j = 0; ws->grad && j < l->params; j++)
            p->dw[j] = l->param[j].statistic ? NULL : ws->grad + l->param[j].offset;
    }
}

struct workspace *workspace_new(const struct model *m, size_t batch, bool gradients, struct error *e)
{
    if (workspace_bytes(m, batch, gradients) > (double)(SIZE_MAX / 8)) {
        error_set(e, "a batch of %zu samples is too large for this model", batch);
        return NULL;
    }
    struct workspace *ws = memory_take(1, sizeof *ws, "a workspace", e);
    if (!ws)
        return NULL;
    ws->model = model_ref(m);
    ws->batch = batch;
    ws->gradients = gradients;
    ws->pass = memory_take((size_t)m->layers, sizeof *ws->pass, "the passes of a workspace", e);
    ws->salt = memory_take((size_t)m->layers, sizeof *ws->salt, "the keys of a workspace", e);
    size_t floats = lay_out(ws, m, batch, gradients);
    if (ws->pass && ws->salt)
        ws->arena = memory_take(floats, sizeof(float), "the activations and gradients of one batch", e);
    if (!ws->arena) {
        workspace_free(ws);
        return NULL;
    }
    lay_out(ws, m, batch, gradients);
    wire(ws);
    for (int i = 0; i < m->layers; i++)
        ws->salt[i] = rng_key(0, "layer", m->layer[i].name, 0);
    return ws;
}

void workspace_free(struct workspace *ws)
{
    if (!ws)
        return;
    model_unref(ws->model);
    memory_free(ws->pass);
    memory_free(ws->salt);
    memory_free(ws->arena);
    memory_free(ws);
}

void workspace_bind(struct workspace *ws, const struct state *s)
{
    ws->state = s;
    for (int i = 1; i < ws->model->layers; i++) {
        const struct layer *l = &ws->model->layer[i];
        struct pass *p = &ws->pass[i];
        for (int j = 0; j < l->params; j++) {
            p->w[j] = l->param[j].statistic ? NULL : s->param + l->param[j].offset;
            p->stat[j] = l->param[j].statistic ? s->stat + l->param[j].offset : NULL;
        }
    }
}

float *workspace_input(struct workspace *ws)
{
    return ws->pass[0].y;
}

const float *workspace_activation(const struct workspace *ws, int layer)
{
    return ws->pass[layer].y;
}

const float *workspace_delta(const struct workspace *ws, int layer)
{
    return ws->pass[layer].dy;
}

const float *workspace_output(const struct workspace *ws)
{
    return ws->pass[ws->model->layers - 1].y;
}

void workspace_forward(struct workspace *ws, size_t N, bool training, uint64_t key)
{
    const struct model *m = ws->model;
    ws->N = N;
    for (int i = 1; i < m->layers; i++) {
        struct pass *p = &ws->pass[i];
        p->N = N;
        p->training = training;
        if (training && m->layer[i].type->train_only)
            p->key = rng_mix(key, ws->salt[i]);
        m->layer[i].type->forward(&m->layer[i], p);
    }
}

double workspace_loss(struct workspace *ws, const struct loss *loss, const float *targets, bool gradients)
{
    const struct layer *head = model_head(ws->model);
    struct pass *p = &ws->pass[ws->model->layers - 1];
    size_t K = (size_t)head->out.dim[head->out.rank - 1], rows = ws->N * (shape_size(&head->out) / K);
    float *dy = gradients ? p->dy : NULL;
    p->dy_is_dz = loss->fused_with && head->activation && !strcmp(loss->fused_with, head->activation->name);
    if (p->dy_is_dz)
        return loss->fused(p->cache, p->y, targets, dy, rows, K);
    return loss->value(p->y, targets, dy, rows, K);
}

void workspace_backward(struct workspace *ws)
{
    const struct model *m = ws->model;
    for (int i = m->layers - 1; i >= 1; i--)
        m->layer[i].type->backward(&m->layer[i], &ws->pass[i]);
}

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
            if (p->decays)
                sum +=
                    penalty_of(s->param + p->offset, grad ? grad + p->offset : NULL, p->count, r->l1, r->l2);
        }
    return sum;
}

double workspace_penalty(struct workspace *ws, const struct recipe *r, bool gradients)
{
    return state_penalty(ws->state, r, gradients ? ws->grad : NULL);
}

void workspace_update(struct workspace *ws, struct state *s, const struct recipe *r)
{
    struct update u = {.lr = r->lr,
        .hyper = r->hyper,
        .t = ++s->place.t,
        .n = s->model->params,
        .w = s->param,
        .g = ws->grad};
    for (int i = 0; i < OPTIMIZER_MOMENTS; i++)
        u.m[i] = s->moment[i];
    r->optimizer->update(&u);
    s->place.step++;
}
