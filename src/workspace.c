/* workspace.c - the walks over the layers, and where their values lie.
 *
 * workspace_plan.c lays the memory out. The passes' pointers are set once, when a state is bound, so that a
 * step is nothing but calls of kernels. A layer's random key is the step's, mixed with the layer's name.
 *
 * Backward walks from the last layer to the first. Of all layers that read one, the last in the list writes
 * its dy and the others add. Gradients of shared parameters have a place of their own and are added to their
 * owner's once that has run. */
#include "workspace.h"
#include "activation.h"
#include "error.h"
#include "memory.h"
#include "rng.h"
#include "workspace_plan.h"

#include <math.h>
#include <string.h>

/* --- making --- */

/* The first and last of a layer's own parameters lie together. */
static void find_trained(struct workspace *ws)
{
    const struct model *m = ws->model;
    for (int i = 1; i < m->layers; i++) {
        const struct layer *l = &m->layer[i];
        size_t count = layer_param_count(l);
        ws->shares = ws->shares || l->like;
        if (!count || !layer_learns(l))
            continue;
        int first = 0;
        while (l->param[first].statistic)
            first++;
        struct stretch_of_params *last = ws->trains ? &ws->trained[ws->trains - 1] : NULL;
        if (last && last->offset + last->count == l->param[first].offset)
            last->count += count;
        else
            ws->trained[ws->trains++] = (struct stretch_of_params){l->param[first].offset, count};
    }
}

/* The first reader, from the end, writes the gradient; the others add to it. */
static void wire_inputs(struct workspace *ws, int i, bool *written)
{
    const struct layer *l = &ws->model->layer[i];
    struct pass *p = &ws->pass[i];
    for (int j = 0; j < l->inputs; j++) {
        int from = l->input[j];
        p->x[j] = ws->pass[from].y;
        p->mask[j] = workspace_mask(ws, from);
        if (!ws->gradients || !ws->learns[from])
            continue;
        p->dx[j] = ws->pass[from].dy;
        p->add[j] = written[from];
        written[from] = true;
    }
}

static void wire(struct workspace *ws, bool *written)
{
    for (int i = ws->model->layers - 1; i >= 1; i--)
        wire_inputs(ws, i, written);
}

static bool take_lists(struct workspace *ws, struct error *e)
{
    size_t layers = (size_t)ws->model->layers;
    return (ws->pass = memory_take(layers, sizeof *ws->pass, "the passes of a workspace", e)) &&
           (ws->salt = memory_take(layers, sizeof *ws->salt, "the keys of a workspace", e)) &&
           (ws->learns = memory_take(layers, sizeof *ws->learns, "a workspace", e)) &&
           (ws->trained = memory_take(layers, sizeof *ws->trained, "a workspace", e));
}

struct workspace *workspace_new(const struct model *m, size_t batch, enum workspace_use use, struct error *e)
{
    struct workspace *ws = memory_take(1, sizeof *ws, "a workspace", e);
    bool *written = ws ? memory_take((size_t)m->layers, sizeof *written, "a workspace", e) : NULL;
    if (!written) {
        memory_free(ws);
        return NULL;
    }
    ws->model = model_ref(m);
    ws->batch = batch;
    ws->use = use;
    ws->gradients = use == USE_BACKWARD || use == USE_TRAIN;
    bool ok = take_lists(ws, e);
    if (ok) {
        model_learning(m, ws->learns);
        find_trained(ws);
        ok = workspace_lay_out(ws, e);
    }
    if (ok) {
        wire(ws, written);
        for (int i = 0; i < m->layers; i++)
            ws->salt[i] = rng_key(0, "layer", m->layer[i].name, 0);
    } else {
        workspace_free(ws);
        ws = NULL;
    }
    memory_free(written);
    return ws;
}

void workspace_free(struct workspace *ws)
{
    if (!ws)
        return;
    for (int i = 0; ws->pass && i < ws->model->layers; i++)
        memory_free(ws->pass[i].carry);
    model_unref(ws->model);
    memory_free(ws->pass);
    memory_free(ws->salt);
    memory_free(ws->learns);
    memory_free(ws->trained);
    memory_free(ws->arena);
    memory_free(ws->sum);
    memory_free(ws->goal_memory);
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

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

bool workspace_aim(struct workspace *ws, const struct goals *g, struct error *e)
{
    size_t rows = 0, scratch = 0;
    for (int i = 0; i < g->count; i++) {
        const struct goal *goal = &g->goal[i];
        rows += goal_weighs(goal) ? ws->batch * goal->P : 0;
        if (goal->loss->scratch)
            scratch = larger(scratch, goal->loss->scratch(ws->batch, goal->P, goal->K, goal->W));
    }
    size_t targets = memory_lines(ws->batch * g->width);
    rows = memory_lines(rows);
    float *memory = memory_take(targets + rows + scratch, sizeof *memory, "the targets of a batch", e);
    if (!memory)
        return false;
    memory_free(ws->goal_memory);
    ws->goal_memory = ws->targets = memory;
    ws->row_weight = rows ? memory + targets : NULL;
    ws->loss_scratch = memory + targets + rows;
    ws->goals = g;
    return true;
}

bool workspace_carry(struct workspace *ws, bool carry, struct error *e)
{
    for (int i = 1; i < ws->model->layers; i++) {
        struct pass *p = &ws->pass[i];
        size_t floats = ws->batch * ws->model->layer[i].carry;
        if (!carry) {
            memory_free(p->carry);
            p->carry = NULL;
        } else if (floats && !p->carry) {
            p->carry = memory_take(floats, sizeof(float), "what recurrent layers carry", e);
            if (!p->carry)
                return false;
        } else if (floats) {
            memset(p->carry, 0, floats * sizeof(float));
        }
    }
    return true;
}

void workspace_carry_on(struct workspace *ws, const struct workspace *from)
{
    for (int i = 1; i < ws->model->layers; i++)
        if (ws->pass[i].carry && from->pass[i].carry)
            memcpy(ws->pass[i].carry, from->pass[i].carry,
                ws->batch * ws->model->layer[i].carry * sizeof(float));
}

/* --- reading --- */

float *workspace_input(struct workspace *ws)
{
    return ws->inputs;
}

float *workspace_targets(struct workspace *ws)
{
    return ws->targets;
}

const float *workspace_activation(const struct workspace *ws, int layer)
{
    return ws->pass[layer].y;
}

const float *workspace_delta(const struct workspace *ws, int layer)
{
    return ws->pass[layer].dy;
}

const struct loss_batch *workspace_head(const struct workspace *ws)
{
    return &ws->goal_batch[ws->goals->count - 1];
}

const float *workspace_output(const struct workspace *ws)
{
    return ws->pass[ws->model->layers - 1].y;
}

const float *workspace_mask(const struct workspace *ws, int layer)
{
    int maker = ws->model->layer[layer].mask;
    return maker ? ws->pass[maker].cache : NULL;
}

/* --- forward --- */

/* Deals the samples out to several inputs. */
static void deal_inputs(struct workspace *ws, size_t N)
{
    const struct model *m = ws->model;
    size_t whole = model_input_size(m), at = 0;
    for (int i = 0; i < m->layers; i++) {
        if (!model_is_input(m, i))
            continue;
        size_t width = shape_size(&m->layer[i].out);
        for (size_t k = 0; k < N; k++)
            memcpy(ws->pass[i].y + k * width, ws->inputs + k * whole + at, width * sizeof(float));
        at += width;
    }
}

void workspace_forward(struct workspace *ws, size_t N, bool training, uint64_t key)
{
    const struct model *m = ws->model;
    ws->N = N;
    if (ws->inputs != ws->pass[0].y)
        deal_inputs(ws, N);
    for (int i = 1; i < m->layers; i++) {
        const struct layer_type *type = m->layer[i].type;
        struct pass *p = &ws->pass[i];
        p->N = N;
        p->training = training && !(m->layer[i].frozen && type->settle);
        p->loss = 0;
        if (training && (type->train_only || type->random))
            p->key = rng_mix(key, ws->salt[i]);
        type->forward(&m->layer[i], p);
    }
}

/* --- loss --- */

/* Weights of the rows, of mask and targets together, for which there is room; NULL where all count alike. */
static const float *weigh_rows(struct workspace *ws, const struct goal *g, const float *t, float *room)
{
    bool alike = g->P == (size_t)ws->model->layer[g->layer].out.dim[0];
    const float *mask = alike ? workspace_mask(ws, g->layer) : NULL;
    size_t rows = ws->N * g->P;
    if (!goal_weighs(g))
        return mask;
    for (size_t i = 0; i < rows; i++)
        room[i] = goal_row_weight(g, t + i * g->W) * (mask ? mask[i] : 1);
    return room;
}

static void scale_values(float *x, size_t n, float by)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= by;
}

static double goal_value(struct workspace *ws, int which, float *room, bool gradients)
{
    const struct goal *g = &ws->goals->goal[which];
    struct pass *p = &ws->pass[g->layer];
    struct loss_batch b = {.N = ws->N, .P = g->P, .K = g->K, .W = g->W, .y = p->y, .hyper = g->hyper};
    b.encoding = g->encoding;
    b.t = g->reconstruct ? ws->inputs : ws->targets + ws->N * g->at;
    b.z = g->fused ? p->cache : NULL;
    b.dy = gradients ? p->dy : NULL;
    b.scratch = ws->loss_scratch;
    b.weight = weigh_rows(ws, g, b.t, room);
    p->dy_is_dz = g->fused;
    ws->goal_batch[which] = b;
    double loss = (g->fused ? g->loss->fused : g->loss->value)(&b);
    if (b.dy && g->weight != 1)
        scale_values(b.dy, b.N * b.P * b.K, (float)g->weight);
    return loss;
}

double workspace_loss(struct workspace *ws, bool gradients)
{
    const struct model *m = ws->model;
    float *room = ws->row_weight;
    double sum = 0;
    for (int i = 0; i < ws->goals->count; i++) {
        const struct goal *g = &ws->goals->goal[i];
        ws->goal_loss[i] = goal_value(ws, i, room, gradients && ws->learns[g->layer]);
        room += goal_weighs(g) ? ws->batch * g->P : 0;
        sum += g->weight * ws->goal_loss[i];
    }
    for (int i = 1; i < m->layers; i++)
        sum += ws->pass[i].loss;
    return sum;
}

/* --- backward --- */

/* Adds the gradients of layers that share this one's parameters; all of them have run. */
static void add_shared(struct workspace *ws, int owner)
{
    const struct model *m = ws->model;
    for (int i = owner + 1; i < m->layers; i++) {
        const struct layer *l = &m->layer[i];
        if (l->like != owner)
            continue;
        for (int j = 0; j < l->params; j++) {
            float *to = ws->pass[owner].dw[j];
            const float *from = ws->pass[i].dw[j];
            for (size_t k = 0; to && from && k < l->param[j].count; k++)
                to[k] += from[k];
        }
    }
}

void workspace_backward(struct workspace *ws)
{
    const struct model *m = ws->model;
    for (int i = m->layers - 1; i >= 1; i--) {
        if (!ws->learns[i])
            continue;
        m->layer[i].type->backward(&m->layer[i], &ws->pass[i]);
        if (ws->shares)
            add_shared(ws, i);
    }
}
