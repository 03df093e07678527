/* workspace_plan.c - one arena, in which values that never meet share a place.
 *
 * Time runs from 0, when the inputs are written, over the forward of layer i at time i and the loss at time
 * L, to the backward of layer i at 2L - i. Each value has the times of its first writing and its last
 * reading:
 *
 *     y of layer i       i … its last reader, or where gradients flow its own backward
 *     cache of layer i   i … its backward
 *     dy of layer i      the backward of its last reader (of an output: the loss) … its own backward
 *
 * A use that lets values be read afterwards keeps them to the end. Values take places in the order of their
 * size, each the lowest where it overlaps nothing that lives at the same time. Gradients by parameters live
 * from step to step and come first. */
#include "workspace_plan.h"
#include "error.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct span {
    size_t floats, at;
    int born, dies;
};

/* The spans of a layer, in the plan's array. */
enum { SPAN_Y, SPAN_CACHE, SPAN_DY, SPANS };

struct plan {
    const struct model *m;
    size_t batch;
    enum workspace_use use;
    bool gradients;
    const bool *learns;
    struct span *span;     /* [layers * SPANS] */
    struct span **order;   /* [layers * SPANS] by size */
    size_t fixed;          /* floats of grad, shared gradients, batch caches, inputs */
    size_t arena, scratch; /* floats of the spans, and of the scratch behind them */
};

static bool reads(const struct layer *l, int layer)
{
    for (int j = 0; j < l->inputs; j++)
        if (l->input[j] == layer)
            return true;
    return false;
}

static int last_reader(const struct model *m, int layer)
{
    int i = m->layers - 1;
    while (i > layer && !reads(&m->layer[i], layer))
        i--;
    return i > layer ? i : 0;
}

/* True when the backward pass of some reader wants the values. */
static bool read_back(const struct plan *p, int layer)
{
    for (int i = layer + 1; p->gradients && i < p->m->layers; i++)
        if (p->learns[i] && reads(&p->m->layer[i], layer))
            return true;
    return false;
}

static void time_layer(const struct plan *p, int i)
{
    const struct layer *l = &p->m->layer[i];
    int end = 2 * p->m->layers, loss = p->m->layers, reader = last_reader(p->m, i);
    bool output = model_is_output(p->m, i), backs = p->gradients && p->learns[i];
    struct span *s = p->span + i * SPANS;
    size_t size = shape_size(&l->out);
    bool all = p->use == USE_FORWARD || p->use == USE_BACKWARD;
    s[SPAN_Y] = (struct span){.floats = p->batch * size, .born = i, .dies = reader ? reader : i};
    if (all || output || !l->inputs)
        s[SPAN_Y].dies = end;
    else if (backs)
        s[SPAN_Y].dies = end - i;
    else if (read_back(p, i))
        s[SPAN_Y].dies = end;
    s[SPAN_CACHE] = (struct span){.floats = p->batch * l->cache, .born = i, .dies = i};
    if (all || l->makes_mask)
        s[SPAN_CACHE].dies = end;
    else if (backs || output)
        s[SPAN_CACHE].dies = backs ? end - i : loss;
    s[SPAN_DY] = (struct span){.born = reader ? end - reader : loss, .dies = end - i};
    if (backs && l->inputs)
        s[SPAN_DY].floats = p->batch * size;
    if (p->use == USE_BACKWARD)
        s[SPAN_DY].dies = end;
}

static int by_size(const void *a, const void *b)
{
    const struct span *x = *(struct span *const *)a, *y = *(struct span *const *)b;
    if (x->floats != y->floats)
        return x->floats < y->floats ? 1 : -1;
    return (x > y) - (x < y);
}

static bool meet(const struct span *a, const struct span *b)
{
    return a->born <= b->dies && b->born <= a->dies;
}

/* The lowest place for a span beside those already placed that live with it. Those are tried as floors. */
static size_t lowest_place(struct span *const *placed, size_t count, const struct span *s)
{
    size_t at = 0;
    for (size_t i = 0; i < count;) {
        const struct span *o = placed[i++];
        if (meet(o, s) && at < o->at + o->floats && o->at < at + s->floats) {
            at = o->at + o->floats;
            i = 0;
        }
    }
    return at;
}

static void place_spans(struct plan *p)
{
    size_t count = 0;
    for (size_t i = 0; i < (size_t)p->m->layers * SPANS; i++)
        if (p->span[i].floats) {
            p->span[i].floats = memory_lines(p->span[i].floats);
            p->order[count++] = &p->span[i];
        }
    qsort(p->order, count, sizeof *p->order, by_size);
    for (size_t i = 0; i < count; i++) {
        struct span *s = p->order[i];
        s->at = lowest_place(p->order, i, s);
        p->arena = s->at + s->floats > p->arena ? s->at + s->floats : p->arena;
    }
}

static size_t shared_floats(const struct layer *l)
{
    size_t sum = 0;
    for (int i = 0; i < l->params; i++)
        sum += l->param[i].shared ? memory_lines(l->param[i].count) : 0;
    return sum;
}

static bool countable(const struct model *m, size_t batch)
{
    double floats = 0;
    for (int i = 0; i < m->layers; i++)
        floats += 2 * (double)shape_size(&m->layer[i].out) + (double)m->layer[i].cache;
    return floats * (double)batch + (double)m->params < (double)(SIZE_MAX / 64);
}

static void count_fixed(struct plan *p)
{
    const struct model *m = p->m;
    p->fixed = p->gradients ? memory_lines(m->params) : 0;
    for (int i = 0; i < m->layers; i++) {
        const struct layer *l = &m->layer[i];
        p->fixed += memory_lines(l->batch_cache) + (p->gradients ? shared_floats(l) : 0);
        if (l->type->scratch) {
            size_t floats = l->type->scratch(l, p->batch, p->gradients);
            p->scratch = floats > p->scratch ? floats : p->scratch;
        }
    }
    if (model_is_dealt(m))
        p->fixed += memory_lines(p->batch * model_input_size(m));
}

static bool plan_make(struct plan *p, struct error *e)
{
    size_t spans = (size_t)p->m->layers * SPANS;
    if (!countable(p->m, p->batch))
        return error_set(e,
            "a batch of %zu samples is too large for this model: make it, or the model, smaller", p->batch);
    p->span = memory_take(spans, sizeof *p->span, "the plan of a workspace", e);
    p->order = p->span ? memory_take(spans, sizeof *p->order, "the plan of a workspace", e) : NULL;
    if (!p->order)
        return false;
    for (int i = 0; i < p->m->layers; i++)
        time_layer(p, i);
    place_spans(p);
    count_fixed(p);
    return true;
}

static void plan_release(struct plan *p)
{
    memory_free(p->span);
    memory_free(p->order);
}

static float *carve(float **next, size_t floats)
{
    float *at = *next;
    *next += memory_lines(floats);
    return at;
}

/* Shared parameters have gradients of their own, until they are added to their owner's. */
static void set_param_gradients(struct workspace *ws, int i, float **next)
{
    const struct layer *l = &ws->model->layer[i];
    struct pass *p = &ws->pass[i];
    for (int j = 0; j < l->params; j++) {
        float *own = l->param[j].shared ? carve(next, l->param[j].count) : ws->grad + l->param[j].offset;
        p->dw[j] = l->param[j].statistic || !layer_learns(l) ? NULL : own;
    }
}

static void set_pointers(struct workspace *ws, const struct plan *p)
{
    const struct model *m = p->m;
    float *next = ws->arena + p->arena, *scratch = next + p->fixed;
    ws->grad = p->gradients ? carve(&next, m->params) : NULL;
    for (int i = 0; i < m->layers; i++) {
        const struct span *s = p->span + i * SPANS;
        struct pass *pass = &ws->pass[i];
        pass->y = ws->arena + s[SPAN_Y].at;
        pass->cache = ws->arena + s[SPAN_CACHE].at;
        pass->dy = s[SPAN_DY].floats ? ws->arena + s[SPAN_DY].at : NULL;
        pass->scratch = scratch;
        pass->batch_cache = carve(&next, m->layer[i].batch_cache);
        if (p->gradients)
            set_param_gradients(ws, i, &next);
    }
    ws->inputs = model_is_dealt(m) ? carve(&next, p->batch * model_input_size(m)) : ws->pass[0].y;
}

bool workspace_lay_out(struct workspace *ws, struct error *e)
{
    struct plan p = {
        .m = ws->model, .batch = ws->batch, .use = ws->use, .gradients = ws->gradients, .learns = ws->learns};
    bool ok = plan_make(&p, e);
    if (ok) {
        ws->arena = memory_take(
            p.arena + p.fixed + p.scratch, sizeof(float), "the activations and gradients of one batch", e);
        ok = ws->arena;
    }
    if (ok)
        set_pointers(ws, &p);
    plan_release(&p);
    return ok;
}

double workspace_bytes(const struct model *m, size_t batch, enum workspace_use use)
{
    struct plan p = {
        .m = m, .batch = batch, .use = use, .gradients = use == USE_BACKWARD || use == USE_TRAIN};
    bool *learns = memory_take((size_t)m->layers, sizeof *learns, "the plan of a workspace", NULL);
    double bytes = INFINITY;
    if (learns) {
        model_learning(m, learns);
        p.learns = learns;
        if (plan_make(&p, NULL))
            bytes = (double)(p.arena + p.fixed + p.scratch) * sizeof(float);
        plan_release(&p);
    }
    memory_free(learns);
    return bytes;
}
