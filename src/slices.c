/* slices.c - see slices.h.
 *
 * A slice's loss and gradient are means over its own rows, or its samples. Those of the batch are the means
 * of these, by what each slice divided by:
 *
 *     L = Σ D_i L_i / Σ D_i      grad = Σ D_i grad_i / Σ D_i */
#include "slices.h"
#include "error.h"
#include "kernels/gradients.h"
#include "kernels/threads.h"
#include "memory.h"

#include <math.h>

enum { GROUPS = 8, CACHE = 1 << 22 }; /* bytes of a slice that stay in a core's cache */

struct group {
    struct tally tally;
    double loss, goal_loss, weight; /* Σ D L, with and without the output's weight; Σ D */
    bool begun;
};

struct slices {
    size_t size;
    int groups, parts;
    struct workspace **part; /* one for each thread, room for [groups]; the first one not owned */
    float *sum;              /* groups x params */
    struct group *group;
};

/* --- which models --- */

/* Recurrent layers multiply a step of all samples at once: they want many. */
static bool samples_are_apart(const struct model *m)
{
    for (int i = 1; i < m->layers; i++) {
        const struct layer *l = &m->layer[i];
        if (l->type->settle || l->type->random || l->type->train_only || l->cell)
            return false;
    }
    return m->outputs == 1 && !model_is_stateful(m) && !model_is_dealt(m);
}

/* Bytes that a sample adds to a workspace. */
static double sample_bytes(const struct model *m)
{
    return (workspace_bytes(m, 32, USE_TRAIN) - workspace_bytes(m, 16, USE_TRAIN)) / 16;
}

size_t slices_size(const struct model *m, size_t batch)
{
    double params = (double)m->params * sizeof(float), each = samples_are_apart(m) ? sample_bytes(m) : 0;
    if (each * (double)batch < 4 * CACHE || each * (double)batch < 2 * GROUPS * params)
        return 0;
    size_t size = (size_t)(CACHE / each);
    return size < 1 ? 1 : size;
}

static int group_count(size_t size, size_t batch)
{
    size_t slices = (batch + size - 1) / size;
    return slices < GROUPS ? (int)slices : GROUPS;
}

static int part_count(int groups, int threads)
{
    threads = kernels_limit(threads);
    return threads < groups ? threads : groups;
}

double slices_bytes(const struct model *m, size_t batch)
{
    size_t size = slices_size(m, batch);
    int groups = group_count(size, batch), parts = part_count(groups, 0);
    return (double)(parts - 1) * workspace_bytes(m, size, USE_TRAIN) +
           (double)groups * (double)memory_lines(m->params) * sizeof(float);
}

/* --- life --- */

bool slices_serve(struct slices *s, int threads, struct error *e)
{
    const struct workspace *first = s->part[0];
    for (int parts = part_count(s->groups, threads); s->parts < parts; s->parts++) {
        struct workspace *ws = workspace_new(first->model, s->size, USE_TRAIN, e);
        if (!ws || !workspace_aim(ws, first->goals, e)) {
            workspace_free(ws);
            return false;
        }
        workspace_bind(ws, first->state);
        s->part[s->parts] = ws;
    }
    return true;
}

struct slices *slices_new(struct workspace *first, size_t batch, struct error *e)
{
    struct slices *s = memory_take(1, sizeof *s, "the slices of a batch", e);
    if (!s)
        return NULL;
    s->size = first->batch;
    s->groups = group_count(s->size, batch);
    size_t floats = (size_t)s->groups * memory_lines(first->model->params);
    bool ok = (s->part = memory_take((size_t)s->groups, sizeof(void *), "the slices of a batch", e)) &&
              (s->group = memory_take((size_t)s->groups, sizeof *s->group, "the slices of a batch", e)) &&
              (s->sum = memory_take(floats, sizeof *s->sum, "the gradients of a batch's slices", e));
    if (!ok) {
        slices_free(s);
        return NULL;
    }
    s->part[0] = first;
    s->parts = 1;
    return s;
}

void slices_free(struct slices *s)
{
    if (!s)
        return;
    for (int i = 1; i < s->parts; i++)
        workspace_free(s->part[i]);
    memory_free(s->part);
    memory_free(s->group);
    memory_free(s->sum);
    memory_free(s);
}

/* --- a step --- */

struct batch {
    struct slices *s;
    const struct slices_source *source;
    size_t N;
    float scale;
};

static void run_slice(const struct batch *b, struct workspace *ws, size_t first, size_t count, int group)
{
    struct slices *s = b->s;
    struct group *g = &s->group[group];
    size_t params = ws->model->params;
    float *sum = s->sum + (size_t)group * memory_lines(params);
    b->source->gather(b->source->arg, first, count, ws);
    workspace_forward(ws, count, true, 0);
    double loss = workspace_loss(ws, true), weight = loss_share(ws->goals->goal[0].loss, workspace_head(ws));
    workspace_backward(ws);
    for (int k = 0; k < ws->trains; k++) {
        size_t at = ws->trained[k].offset;
        gradients_add(ws->grad + at, (float)weight, sum + at, ws->trained[k].count, g->begun);
    }
    g->begun = true;
    g->loss += weight * loss;
    g->goal_loss += weight * ws->goal_loss[0];
    g->weight += weight;
    tally_add(&g->tally, ws->goal_batch, ws->goal_loss, loss);
}

static void run_group(const void *arg, size_t group, int part)
{
    const struct batch *b = arg;
    size_t first, count = kernels_range(b->N, b->s->size, (int)group, b->s->groups, &first);
    for (size_t n; count; first += n, count -= n) {
        n = count < b->s->size ? count : b->s->size;
        run_slice(b, b->s->part[part], first, n, (int)group);
    }
}

static void add_groups(const void *arg, size_t first, size_t count)
{
    const struct batch *b = arg;
    const struct slices *s = b->s;
    size_t each = memory_lines(s->part[0]->model->params);
    bool add = false;
    for (int i = 0; i < s->groups; i++) {
        if (!s->group[i].begun)
            continue;
        gradients_add(s->sum + (size_t)i * each + first, b->scale, s->part[0]->grad + first, count, add);
        add = true;
    }
}

double slices_run(struct slices *s, const struct slices_source *source, size_t N, struct tally *tally)
{
    struct batch b = {s, source, N, 0};
    struct workspace *ws = s->part[0];
    double loss = 0, goal_loss = 0, weight = 0, share;
    for (int i = 0; i < s->groups; i++) {
        s->group[i] = (struct group){0};
        tally_start(&s->group[i].tally, ws->goals, NULL);
    }
    int threads = kernels_threads(INFINITY, 1);
    kernels_deal((size_t)s->groups, threads < s->parts ? threads : s->parts, run_group, &b);
    for (int i = 0; i < s->groups; i++) {
        loss += s->group[i].loss;
        goal_loss += s->group[i].goal_loss;
        weight += s->group[i].weight;
    }
    if (!isfinite(loss))
        return loss;
    share = weight > 0 ? 1 / weight : 0; /* padding alone counts nothing */
    b.scale = (float)share;
    kernels_split(ws->model->params, add_groups, &b);
    for (int i = 0; i < s->groups; i++)
        tally_merge(tally, &s->group[i].tally);
    tally->loss = share * loss * (double)N;
    tally->goal_loss[0] = share * goal_loss * (double)N;
    ws->N = N;
    return share * loss;
}
