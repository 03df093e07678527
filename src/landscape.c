/* landscape.c - see landscape.h.
 *
 * The grid is one workspace and one state, whose weights are set anew for each point. A filter of a kernel is
 * what its last axis counts. */
#include "landscape.h"
#include "error.h"
#include "memory.h"
#include "rng.h"
#include "trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- directions --- */

/* Makes each filter of a random kernel as long as that of the weights. */
static void normalise_filters(const float *w, float *direction, size_t count, size_t filters)
{
    for (size_t f = 0; f < filters; f++) {
        double ww = 0, dd = 0;
        for (size_t i = f; i < count; i += filters) {
            ww += (double)w[i] * (double)w[i];
            dd += (double)direction[i] * (double)direction[i];
        }
        double scale = dd > 0 ? sqrt(ww / dd) : 0;
        for (size_t i = f; i < count; i += filters)
            direction[i] = (float)(direction[i] * scale);
    }
}

static void draw_direction(const struct state *s, int which, float *out)
{
    const struct model *m = s->model;
    for (int i = 1; i < m->layers; i++)
        for (int k = 0; k < m->layer[i].params; k++) {
            const struct layer *l = &m->layer[i];
            const struct param *p = &l->param[k];
            char name[2 * LAYER_NAME + 32];
            if (p->statistic || p->shared || p->shape.rank < 2 || l->frozen)
                continue;
            snprintf(name, sizeof name, "%s/%s", l->name, p->name);
            struct rng r = rng_from(rng_key(s->seed, "landscape", name, (uint64_t)which));
            for (size_t j = 0; j < p->count; j++)
                out[p->offset + j] = (float)rng_normal(&r);
            normalise_filters(
                s->param + p->offset, out + p->offset, p->count, (size_t)p->shape.dim[p->shape.rank - 1]);
        }
}

/* --- its life --- */

void landscape_free(struct landscape *l)
{
    if (!l)
        return;
    for (int i = 0; i < 2; i++)
        memory_free(l->axis[i].direction);
    memory_free(l->centre);
    memory_free(l->loss);
    model_unref(l->model);
    data_unref(l->data);
    memory_free(l);
}

static bool set_axis(
    struct landscape *l, int i, const struct state *s, const struct landscape_plan *plan, struct error *e)
{
    struct landscape_axis *a = &l->axis[i];
    if (plan->weights) {
        snprintf(a->label, sizeof a->label, "%s", plan->label[i]);
        a->param = plan->param[i];
        a->here = (double)s->param[a->param];
    } else {
        snprintf(a->label, sizeof a->label, "direction %d", i + 1);
        a->direction = memory_take(s->model->params, sizeof *a->direction, "a direction", e);
        if (!a->direction)
            return false;
        draw_direction(s, i, a->direction);
    }
    a->low = a->here - plan->span;
    a->high = a->here + plan->span;
    return true;
}

static struct landscape *plan_out(
    const struct state *s, const struct data *d, const struct landscape_plan *plan, struct error *e)
{
    struct landscape *l = memory_take(1, sizeof *l, "the landscape", e);
    if (!l)
        return NULL;
    l->model = model_ref(s->model);
    l->data = data_ref(d);
    l->place = s->place;
    l->side = plan->side;
    l->rows = plan->rows && plan->rows < d->train ? plan->rows : d->train;
    l->loss = memory_take((size_t)plan->side * (size_t)plan->side, sizeof *l->loss, "the landscape", e);
    l->centre = memory_take(s->model->params, sizeof *l->centre, "the landscape's weights", e);
    if (!l->loss || !l->centre || !set_axis(l, 0, s, plan, e) || !set_axis(l, 1, s, plan, e)) {
        landscape_free(l);
        return NULL;
    }
    memcpy(l->centre, s->param, s->model->params * sizeof *l->centre);
    return l;
}

/* --- measuring --- */

double landscape_value(const struct landscape *l, int axis, int i)
{
    const struct landscape_axis *a = &l->axis[axis];
    if (2 * i == l->side - 1) /* the middle is exactly here */
        return a->here;
    return a->low + (a->high - a->low) * i / (l->side - 1);
}

static void set_weights(const struct landscape *l, struct state *s, double x, double y)
{
    const struct landscape_axis *a = l->axis;
    if (!a[0].direction) {
        s->param[a[0].param] = (float)x;
        s->param[a[1].param] = (float)y;
        return;
    }
    for (size_t i = 0; i < l->model->params; i++)
        s->param[i] =
            (float)((double)l->centre[i] + x * (double)a[0].direction[i] + y * (double)a[1].direction[i]);
}

static double measure(
    const struct landscape *l, struct workspace *ws, const struct recipe *r, const atomic_bool *cancel)
{
    struct tally t;
    tally_start(&t, ws->goals, NULL);
    evaluate_batches(ws, l->data, 0, l->rows, &t, cancel);
    return t.loss / (double)l->rows + state_penalty(ws->state, r, NULL);
}

static bool measure_all(struct landscape *l, struct workspace *ws, struct state *s, const struct recipe *r,
    const atomic_bool *cancel, atomic_size_t *done)
{
    l->present = measure(l, ws, r, cancel);
    for (int i = 0; i < l->side && !atomic_load(cancel); i++)
        for (int j = 0; j < l->side && !atomic_load(cancel); j++) {
            set_weights(l, s, landscape_value(l, 0, i), landscape_value(l, 1, j));
            float *loss = &l->loss[i * l->side + j];
            *loss = (float)measure(l, ws, r, cancel);
            if (!(l->loss[l->lowest[0] * l->side + l->lowest[1]] <= *loss) && isfinite(*loss)) {
                l->lowest[0] = i;
                l->lowest[1] = j;
            }
            atomic_fetch_add(done, 1);
        }
    memcpy(s->param, l->centre, l->model->params * sizeof *s->param);
    return !atomic_load(cancel);
}

struct landscape *landscape_new(struct state *s, const struct recipe *r, const struct data *d,
    const struct landscape_plan *plan, const atomic_bool *cancel, atomic_size_t *done, struct error *e)
{
    struct goals goals = {0};
    struct landscape *l = plan_out(s, d, plan, e);
    bool ok = l && goals_make(&goals, s->model, r, d, e);
    struct workspace *ws =
        ok ? workspace_new(s->model, evaluate_batch(s->model, l->rows), USE_OUTPUT, e) : NULL;
    ok = ws && workspace_aim(ws, &goals, e);
    if (ok) {
        workspace_bind(ws, s);
        ok = measure_all(l, ws, s, r, cancel, done) || error_set(e, "cancelled");
    }
    workspace_free(ws);
    goals_release(&goals);
    if (ok)
        return l;
    landscape_free(l);
    return NULL;
}

/* --- where a state lies --- */

/* Directions are nearly at right angles, never quite: least squares, two equations. */
static void project(const struct landscape *l, const float *w, double out[2])
{
    const float *a = l->axis[0].direction, *b = l->axis[1].direction;
    double aa = 0, ab = 0, bb = 0, aw = 0, bw = 0;
    for (size_t i = 0; i < l->model->params; i++) {
        double x = (double)a[i], y = (double)b[i], z = (double)w[i] - (double)l->centre[i];
        aa += x * x;
        ab += x * y;
        bb += y * y;
        aw += x * z;
        bw += y * z;
    }
    double det = aa * bb - ab * ab;
    out[0] = det > 0 ? (aw * bb - bw * ab) / det : 0;
    out[1] = det > 0 ? (bw * aa - aw * ab) / det : 0;
}

void landscape_find(const struct landscape *l, const struct state *s, double out[2])
{
    if (l->axis[0].direction) {
        project(l, s->param, out);
        return;
    }
    for (int i = 0; i < 2; i++)
        out[i] = (double)s->param[l->axis[i].param];
}
