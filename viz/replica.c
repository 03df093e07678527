/* replica.c - rounds: take the weights, work through the stages, show the picture.
 *
 * While a training runs the weights come as snapshots: one is asked for when a round ends, so that the next
 * one finds it ready. Else they are read from the session, whose they are then, and only when something
 * changed: a picture at rest costs nothing. */
#include "replica_parts.h"
#include "../src/kernels/gemm.h"
#include "../src/memory.h"

#include <math.h>
#include <string.h>
#include <time.h>

enum { FIRST_ROWS = 32 }; /* the batch of a step before there is a trainer */

/* While it trains a round takes what brings so many pictures a second within its share of the time. The speed
 * is a guess of what small batches reach: one that was measured would make the number of rows flicker. */
static const double pictures_per_s = 8, macs_per_s = 1e10;

static double clock_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double now(void)
{
    return clock_of(CLOCK_MONOTONIC);
}

/* What this thread worked, without what it waited for a core. */
static double worked(void)
{
    return clock_of(CLOCK_THREAD_CPUTIME_ID);
}

struct replica *replica_new(struct error *e)
{
    struct replica *r = memory_take(1, sizeof *r, "the window's copy of the network", e);
    if (!r)
        return NULL;
    r->stage = -1;
    r->wanted = SLICE_PARAMS | SLICE_MOMENTS | SLICE_BATCH;
    return r;
}

void replica_want(struct replica *r, unsigned slices)
{
    r->wanted = slices;
}

void replica_free(struct replica *r)
{
    if (!r)
        return;
    replica_clear(r);
    memory_free(r);
}

/* --- taking the weights --------------------------------------------------------------------------------- */

static struct picture *making(struct replica *r)
{
    return &r->picture[1 - r->front];
}

/* Goals read all of the data: they are made again only when the session has changed. */
static void choose_recipe(struct replica *r, const struct session *s)
{
    const struct data *d = making(r)->data;
    r->recipe = session_network(s)->recipe;
    if (r->started && r->revision == s->revision)
        return;
    goals_release(&r->goals);
    r->steps = d && d->train && goals_make(&r->goals, r->model, &r->recipe, d, NULL);
}

/* The round starts with these weights. */
static void load(
    struct replica *r, const struct session *s, const struct state *from, long row, double afford)
{
    choose_recipe(r, s);
    r->afford = afford;
    replica_choose_rows(r, making(r));
    r->slices = r->wanted;
    (r->slices & SLICE_MOMENTS ? state_assign : state_assign_params)(making(r)->state, from);
    r->from_step = from->place.step;
    r->revision = s->revision;
    r->row = row;
    r->stage = 0;
    r->progress = 0;
    r->work = 0;
    r->started = true;
    making(r)->lr = schedule_rate(&r->recipe, &from->place);
}

static void load_first_rows(struct replica *r, const struct state *from)
{
    const struct data *d = making(r)->data;
    r->N = !d ? 0 : d->train < FIRST_ROWS ? d->train : FIRST_ROWS;
    for (size_t i = 0; i < r->N; i++)
        r->index[i] = (uint32_t)i;
    r->key = train_step_key(from->seed, from->place.step);
}

struct idle {
    struct replica *r;
    const struct session *s;
    long row;
};

/* Runs while nothing else touches the state: between two steps, or when no training runs. */
static void load_idle(void *arg)
{
    struct idle *idle = arg;
    struct replica *r = idle->r;
    const struct network *n = session_network(idle->s);
    load(r, idle->s, n->state, idle->row, INFINITY);
    if (n->trainer && making(r)->data && idle->s->trainer_revision == idle->s->revision)
        r->N = trainer_next_batch(n->trainer, r->index, &r->key);
    else
        load_first_rows(r, n->state);
}

static bool load_snapshot(struct replica *r, const struct session *s, long row, double share)
{
    struct snapshots *shots = trainer_snapshots(session_network(s)->trainer);
    const struct snapshot *shot = snapshots_take(shots);
    bool old = shot && shot == r->taken && shot->state->place.step == r->taken_step;
    if (!shot || old || (r->wanted & ~shot->slices) || shot->state->model != r->model || !r->data) {
        snapshots_request(shots, r->wanted);
        return false;
    }
    r->taken = shot;
    r->taken_step = shot->state->place.step;
    load(r, s, shot->state, row, share / pictures_per_s * macs_per_s);
    r->N = shot->N;
    r->key = shot->key;
    memcpy(r->index, shot->index, shot->N * sizeof *r->index);
    r->recipe.lr = shot->lr;
    making(r)->lr = schedule_rate(&r->recipe, &shot->state->place);
    return true;
}

/* Starts a round when there is something new. */
static bool take(struct replica *r, const struct session *s, long row, double share)
{
    struct trainer *t = session_network(s)->trainer;
    struct idle idle = {r, s, row};
    bool same = r->started && r->revision == s->revision && r->row == row && !(r->wanted & ~r->slices);
    if (!t || !trainer_running(t)) {
        if (same && r->from_step == session_network(s)->state->place.step)
            return false;
        load_idle(&idle);
        return true;
    }
    struct status status;
    trainer_status(t, &status);
    if (status.phase != PHASE_PAUSED && r->started)
        return load_snapshot(r, s, row, share);
    if (same && r->from_step == status.step)
        return false;
    trainer_call(t, load_idle, &idle);
    return true;
}

/* --- rounds --------------------------------------------------------------------------------------------- */

static void show(struct replica *r, const struct session *s)
{
    making(r)->serial = ++r->serial;
    r->front = 1 - r->front;
    r->shown = true;
    r->stage = -1;
    struct trainer *t = session_network(s)->trainer;
    if (t && trainer_running(t))
        snapshots_request(trainer_snapshots(t), r->wanted);
}

/* One call of the present stage; true when that was the round's last. */
static bool work(struct replica *r)
{
    if (!replica_stage_at(r->stage)(r, making(r)))
        return false;
    r->stage++;
    r->progress = 0;
    return !replica_stage_at(r->stage);
}

static bool ready(struct replica *r, const struct session *s)
{
    if (r->model && replica_fits(r, s))
        return true;
    if (!r->model && r->started && r->revision == s->revision)
        return false; /* tried already */
    bool built = replica_build(r, s);
    r->started = !built;
    r->revision = s->revision;
    return built;
}

bool replica_tick(struct replica *r, const struct session *s, long row, double seconds, double share)
{
    double start = now();
    if (!r->wanted) {
        r->stage = -1;
        r->started = false;
        return false;
    }
    if (!ready(r, s))
        return false;
    if (r->stage >= 0 && r->revision != s->revision)
        r->stage = -1, r->started = false; /* the weights were changed meanwhile */
    if (r->stage < 0) {
        if (start < r->began + r->work / share || !take(r, s, row, share))
            return false;
        r->began = start;
    }
    int threads = kernels_set_threads(1);
    bool shown;
    double before = worked();
    do
        shown = work(r);
    while (!shown && now() - start < seconds);
    r->work += worked() - before;
    kernels_set_threads(threads);
    if (shown)
        show(r, s);
    return shown;
}

void replica_settle(struct replica *r, const struct session *s, long row)
{
    r->work = 0;
    r->stage = -1;
    r->started = false;
    replica_tick(r, s, row, INFINITY, 1);
}

bool replica_busy(const struct replica *r)
{
    return r->stage >= 0;
}

/* --- reading -------------------------------------------------------------------------------------------- */

const struct picture *replica_picture(const struct replica *r)
{
    return r->shown ? &r->picture[r->front] : NULL;
}

const struct workspace *replica_step(const struct replica *r)
{
    return r->shown && r->picture[r->front].N && r->stage < 0 ? r->step : NULL;
}

const struct state *replica_after(const struct replica *r)
{
    return replica_step(r) && r->updated ? r->after : NULL;
}

const float *picture_map(const struct picture *p, int layer, int unit)
{
    size_t cells = (size_t)p->columns * (size_t)p->rows;
    if (layer < 0 || layer >= p->model->layers || unit < 0 || unit >= p->layer[layer].maps || !cells)
        return NULL;
    return p->layer[layer].map + (size_t)unit * cells;
}
