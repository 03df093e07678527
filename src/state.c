/* state.c - one arena for all that training changes.
 *
 * Each part starts on a cache line, and its length is rounded up to one, so that a vectorised loop over a
 * part never touches the next. */
#include "state.h"
#include "error.h"
#include "memory.h"
#include "rng.h"

#include <stdio.h>
#include <string.h>

double state_bytes(const struct model *m, int moments)
{
    return ((double)memory_lines(m->params) * (1 + moments) + (double)memory_lines(m->stats)) * sizeof(float);
}

/* What cannot be trained for want of room for its gradients is refused before it is filled. */
static bool has_room(const struct model *m, int moments, struct error *e)
{
    double bytes = state_bytes(m, moments + 1);
    char wanted[MEMORY_TEXT], have[MEMORY_TEXT];
    if (bytes < 1 << 28 || bytes <= (double)memory_available())
        return true;
    return error_set(e,
        "the parameters with gradients and moments would need %s (%.0f bytes), but only %s are available: "
        "make the model smaller",
        memory_text(bytes, wanted), bytes, memory_text((double)memory_available(), have));
}

struct state *state_new(const struct model *m, int moments, uint64_t seed, struct error *e)
{
    if (!has_room(m, moments, e))
        return NULL;
    struct state *s = memory_take(1, sizeof *s, "a state", e);
    if (!s)
        return NULL;
    size_t part = memory_lines(m->params), stats = memory_lines(m->stats);
    s->floats = part * (size_t)(1 + moments) + stats;
    s->param = memory_take(s->floats, sizeof(float), "the parameters with their moments", e);
    if (!s->param) {
        memory_free(s);
        return NULL;
    }
    s->model = model_ref(m);
    s->seed = seed;
    s->moments = moments;
    s->stat = s->param + part;
    for (int i = 0; i < moments; i++)
        s->moment[i] = s->stat + stats + part * (size_t)i;
    return s;
}

void state_free(struct state *s)
{
    if (!s)
        return;
    model_unref(s->model);
    memory_free(s->param);
    memory_free(s);
}

float *state_param(const struct state *s, int layer, int param, size_t *count)
{
    if (layer < 0 || layer >= s->model->layers || param < 0 || param >= s->model->layer[layer].params)
        return NULL;
    const struct param *p = &s->model->layer[layer].param[param];
    if (count)
        *count = p->count;
    return (p->statistic ? s->stat : s->param) + p->offset;
}

static void init_param(
    struct state *s, const struct layer *l, int i, const struct initializer *which, const double *hyper)
{
    const struct param *p = &l->param[i];
    float *w = (p->statistic ? s->stat : s->param) + p->offset;
    bool own = !which || !p->decays; /* biases and statistics keep their own start */
    double fallback[INITIALIZER_ARGS] = {0};
    if (own) {
        which = initializer_find(p->initializer);
        for (int j = 0; j < args_count(which->args); j++)
            fallback[j] = which->args[j].fallback;
    }
    char name[2 * LAYER_NAME];
    snprintf(name, sizeof name, "%s/%s", l->name, p->name);
    which->fill(
        own ? fallback : hyper, p->fan_in, p->fan_out, rng_key(s->seed, "init", name, 0), w, p->count);
}

void state_init(struct state *s, const struct initializer *which, const double *hyper, int first, int last)
{
    for (int l = first; l <= last; l++)
        for (int i = 0; i < s->model->layer[l].params; i++)
            init_param(s, &s->model->layer[l], i, which, hyper);
}

struct state *state_copy(const struct state *s, struct error *e)
{
    struct state *copy = state_new(s->model, s->moments, s->seed, e);
    if (copy)
        state_assign(copy, s);
    return copy;
}

void state_assign(struct state *to, const struct state *from)
{
    memcpy(to->param, from->param, (from->floats < to->floats ? from->floats : to->floats) * sizeof(float));
    to->seed = from->seed;
    to->place = from->place;
}

void state_assign_params(struct state *to, const struct state *from)
{
    size_t floats = (size_t)(from->stat - from->param) + from->model->stats;
    memcpy(to->param, from->param, floats * sizeof(float));
    to->seed = from->seed;
    to->place = from->place;
}

static bool same_tensor(const struct param *p, const struct param *q)
{
    return !strcmp(p->name, q->name) && shape_equal(&p->shape, &q->shape) && p->statistic == q->statistic &&
           !p->shared;
}

static bool has_tensor(const struct model *m, const char *layer, const struct param *p)
{
    for (int j = 1; j < m->layers; j++)
        for (int k = 0; !strcmp(m->layer[j].name, layer) && k < m->layer[j].params; k++)
            if (same_tensor(p, &m->layer[j].param[k]))
                return true;
    return false;
}

void state_init_rest(struct state *s, const struct model *old)
{
    for (int i = 1; i < s->model->layers; i++) {
        const struct layer *l = &s->model->layer[i];
        bool there = true;
        for (int k = 0; k < l->params; k++)
            there = there && (l->param[k].shared || has_tensor(old, l->name, &l->param[k]));
        if (!there)
            state_init(s, NULL, NULL, i, i);
    }
}

/* Copies one tensor, with its moments, from the layer of the same name. */
static void adopt_param(
    struct state *to, const struct param *p, const struct state *from, const struct layer *old)
{
    for (int i = 0; i < old->params; i++) {
        const struct param *q = &old->param[i];
        if (!same_tensor(p, q))
            continue;
        size_t bytes = p->count * sizeof(float);
        memcpy((p->statistic ? to->stat : to->param) + p->offset,
            (q->statistic ? from->stat : from->param) + q->offset, bytes);
        for (int k = 0; !p->statistic && k < to->moments && k < from->moments; k++)
            memcpy(to->moment[k] + p->offset, from->moment[k] + q->offset, bytes);
    }
}

void state_adopt(struct state *to, const struct state *from)
{
    for (int i = 1; i < to->model->layers; i++) {
        const struct layer *l = &to->model->layer[i];
        for (int j = 1; j < from->model->layers; j++) {
            if (strcmp(l->name, from->model->layer[j].name))
                continue;
            for (int k = 0; k < l->params; k++)
                adopt_param(to, &l->param[k], from, &from->model->layer[j]);
        }
    }
    to->place = from->place;
}

static bool all_finite(const float *x, size_t n)
{
    /* x - x is 0 for every finite x and NaN otherwise. */
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += x[i] - x[i];
    return sum == 0;
}

bool state_finite(const struct state *s)
{
    return all_finite(s->param, s->model->params) && all_finite(s->stat, s->model->stats);
}
