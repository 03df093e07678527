/* session.c - a session's life, and reading it.
 *
 * While a training runs the state belongs to the worker. So everything that reads weights asks for a copy
 * between two steps (trainer_call), and works on that. */
#include "session.h"
#include "error.h"
#include "kernels/gemm.h"
#include "memory.h"
#include "session_parts.h"

#include <stdio.h>
#include <string.h>

void network_free(struct network *n)
{
    if (!n)
        return;
    trainer_free(n->trainer);
    state_free(n->state);
    model_unref(n->model);
    curves_release(&n->curves);
    data_unref(n->reading);
    memory_free(n);
}

void network_read_by(struct network *n, const struct data *reading)
{
    const struct data *kept = reading ? data_ref(reading) : NULL;
    data_unref(n->reading);
    n->reading = kept;
}

bool session_miss_data(const struct session *s, struct error *e)
{
    const struct data *reading = session_network(s)->reading;
    if (!reading)
        return error_set(e, "there are no data yet: try `data circle`");
    return error_set(e,
        "the network was loaded without its data, '%s': read them with `data csv FILE target=%s`",
        reading->name, reading->target_name[0]);
}

const struct data *session_reading(const struct session *s)
{
    const struct network *n = session_network(s);
    return n->reading ? n->reading : s->data;
}

struct network *network_new(const char *name, struct error *e)
{
    struct network *n = memory_take(1, sizeof *n, "a network", e);
    if (!n)
        return NULL;
    curves_init(&n->curves);
    snprintf(n->name, sizeof n->name, "%s", name);
    n->model = model_new(e);
    if (!n->model) {
        network_free(n);
        return NULL;
    }
    return n;
}

struct session *session_new(enum worker_mode mode, struct error *e)
{
    struct session *s = memory_take(1, sizeof *s, "a session", e);
    if (!s)
        return NULL;
    kernels_flush_denormals();
    s->worker = worker_new(mode, e);
    s->network[0] = s->worker ? network_new("main", e) : NULL;
    if (!s->network[0]) {
        session_free(s);
        return NULL;
    }
    s->networks = 1;
    return s;
}

void session_set_threads(struct session *s, int threads)
{
    s->threads = threads;
    kernels_set_threads(threads);
}

void session_free(struct session *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->networks; i++)
        network_free(s->network[i]);
    worker_free(s->worker);
    probe_release(&s->probe);
    undo_free(s->undo);
    data_unref(s->data);
    for (size_t i = 0; i < s->journal_count; i++)
        memory_free(s->journal[i].text);
    memory_free(s->journal);
    for (int i = 0; i < 2; i++)
        tally_memory_release(&s->score[i].memory);
    text_release(&s->notice);
    runs_clear(&s->runs);
    landscape_free(s->landscape);
    sweep_release(&s->sweep);
    memory_free(s);
}

struct network *session_network(const struct session *s)
{
    return s->network[s->current];
}

bool session_running(const struct session *s)
{
    const struct trainer *t = session_network(s)->trainer;
    return t && trainer_running(t);
}

/* A new network that reads the present data. */
static struct network *network_for_data(const struct session *s, const char *name, struct error *e)
{
    struct network *n = network_new(name, e);
    if (!n || !s->data)
        return n;
    struct model *m = model_with_input(n->model, s->data->shape, false, e);
    if (m) {
        model_unref(n->model);
        n->model = m;
        n->state = session_make_state(s, m, &n->recipe, e);
    }
    if (n->state)
        return n;
    network_free(n);
    return NULL;
}

bool session_select(struct session *s, const char *name, struct error *e)
{
    int found = -1;
    for (int i = 0; i < s->networks; i++)
        if (!strcmp(s->network[i]->name, name))
            found = i;
    if (found == s->current)
        return true;
    if (found < 0 && s->networks == SESSION_NETWORKS)
        return error_set(e,
            "a session holds at most %d models: `new` empties the present one for another use",
            SESSION_NETWORKS);
    struct network *made = found < 0 ? network_for_data(s, name, e) : NULL;
    if (found < 0 && !made)
        return false;
    session_end_training(s);
    if (made) {
        found = s->networks++;
        s->network[found] = made;
        undo_mark_made(s, "model", made);
    }
    s->current = found;
    s->revision++;
    return true;
}

/* --- reading weights --- */

struct copying {
    const struct state *from;
    struct state *to;
    struct error *error;
};

static void copy_now(void *arg)
{
    struct copying *c = arg;
    c->to = state_copy(c->from, c->error);
}

struct state *session_copy_state(struct session *s, struct error *e)
{
    struct network *n = session_network(s);
    if (!n->state) {
        error_set(
            e, "the model has no weights yet: give it an input (`data …` or `input SHAPE`) and a layer");
        return NULL;
    }
    struct copying c = {n->state, NULL, e};
    if (n->trainer)
        trainer_call(n->trainer, copy_now, &c);
    else
        copy_now(&c);
    return c.to;
}

struct reading {
    const float *from;
    float *to;
    size_t count;
};

static void read_now(void *arg)
{
    struct reading *r = arg;
    memcpy(r->to, r->from, r->count * sizeof(float));
}

bool session_read_param(struct session *s, int layer, int param, float *out, struct error *e)
{
    struct network *n = session_network(s);
    struct reading r = {.to = out};
    r.from = n->state ? state_param(n->state, layer, param, &r.count) : NULL;
    if (!r.from)
        return error_set(e, n->state ? "layer %d has no such tensor" : "layer %d has no weights yet", layer);
    if (n->trainer)
        trainer_call(n->trainer, read_now, &r);
    else
        read_now(&r);
    return true;
}

struct placing {
    const struct state *from;
    struct place to;
};

static void place_now(void *arg)
{
    struct placing *p = arg;
    p->to = p->from->place;
}

struct place session_place(const struct session *s)
{
    const struct network *n = session_network(s);
    struct placing p = {.from = n->state};
    if (n->trainer)
        trainer_call(n->trainer, place_now, &p);
    else if (n->state)
        place_now(&p);
    return p.to;
}

/* The present state, to be read at once: its own, or a copy while the worker trains it. The caller frees
 * *copy. */
static const struct state *state_to_read(struct session *s, struct state **copy, struct error *e)
{
    struct network *n = session_network(s);
    bool owned = n->state && !session_running(s);
    *copy = owned ? NULL : session_copy_state(s, e);
    return owned ? n->state : *copy;
}

/* --- scores --- */

static bool score_part(
    struct session *s, struct score *c, enum part part, const struct state *copy, struct error *e)
{
    const struct data *d = s->data;
    size_t first = part == PART_TRAIN ? 0 : d->train, count = part == PART_TRAIN ? d->train : d->n - d->train;
    struct recipe r;
    if (!session_recipe(s, &r, e))
        return false;
    if (!count)
        return error_set(
            e, "nothing is held out of '%s': measure on the training part, or give `split=0.2`", d->name);
    c->known = false;
    if (!evaluate_rows(copy, &r, d, first, count, &c->tally, &c->memory, worker_cancelled(s->worker), e))
        return false;
    /* The penalty is part of the loss that is trained, so it is part of the loss that is shown. */
    c->tally.loss += state_penalty(copy, &r, NULL) * (double)c->tally.n;
    c->known = true;
    c->revision = s->revision;
    c->step = copy->place.step;
    return true;
}

const struct tally *session_score(struct session *s, enum part part, struct error *e)
{
    struct score *c = &s->score[part];
    if (!s->data) {
        session_miss_data(s, e);
        return NULL;
    }
    if (c->known && c->revision == s->revision && c->step == session_place(s).step)
        return &c->tally;
    struct state *copy;
    const struct state *from = state_to_read(s, &copy, e);
    bool ok = from && score_part(s, c, part, from, e);
    state_free(copy);
    return ok ? &c->tally : NULL;
}

bool session_metric(struct session *s, const char *name, double *out, struct error *e)
{
    enum part part = strncmp(name, "val_", 4) ? PART_TRAIN : PART_HELD_OUT;
    const struct metric *m = metric_find(part == PART_HELD_OUT ? name + 4 : name);
    if (!m)
        return error_set(e, "there is no metric '%.40s'", name);
    unsigned numbers = TALLY_NUMBERS | TALLY_BOXES | TALLY_DETECTIONS;
    if (s->data && !s->data->classes && m->kinds && !(m->kinds & numbers))
        return error_set(
            e, "%s needs classes, and '%s' has numbers as targets: try mae or r2", m->name, s->data->name);
    const struct tally *t = session_score(s, part, e);
    if (!t)
        return false;
    if (!metric_tells(m, t) && s->data->classes && m->kinds & TALLY_NUMBERS)
        return error_set(
            e, "%s needs numbers as targets, and '%s' has classes: try accuracy", m->name, s->data->name);
    if (!metric_tells(m, t))
        return error_set(e, "%s cannot be told of this network and '%s': `evaluate` lists what can", m->name,
            s->data->name);
    *out = m->value(t);
    return true;
}

bool session_predict(struct session *s, const float *x, size_t N, float *out, struct error *e)
{
    struct state *copy;
    struct misread bad;
    if (session_network(s)->state && inputs_misread(session_network(s)->model, x, N, false, &bad))
        return error_set(e,
            "input %zu of row %zu is %g, but '%s' reads whole numbers from 0 to %.0f: choose one of them, or "
            "give it a larger table (`replace %s %s …`)",
            bad.input, bad.row, bad.value, bad.layer->name, bad.layer->arg[0].number - 1, bad.layer->name,
            bad.layer->type->name);
    const struct state *from = state_to_read(s, &copy, e);
    struct workspace *ws = from ? workspace_new(from->model, N, USE_OUTPUT, e) : NULL;
    if (ws) {
        workspace_bind(ws, from);
        memcpy(workspace_input(ws), x, N * model_input_size(from->model) * sizeof *x);
        workspace_forward(ws, N, false, 0);
        memcpy(out, workspace_output(ws), N * shape_size(&model_head(from->model)->out) * sizeof *out);
    }
    bool ok = ws;
    workspace_free(ws);
    state_free(copy);
    return ok;
}

/* --- words --- */

void session_write(const struct session *s, struct text *out)
{
    const struct network *n = session_network(s);
    text_addf(out, "seed %llu\n", (unsigned long long)s->seed);
    if (s->data && s->data->command)
        text_addf(out, "%s\n", s->data->command);
    model_write(n->model, out);
    recipe_write(&n->recipe, out);
}

bool session_journal(struct session *s, const char *line, struct error *e)
{
    if (s->journal_count == s->journal_capacity) {
        size_t capacity = s->journal_capacity ? 2 * s->journal_capacity : 64;
        struct journal_line *more = memory_take(capacity, sizeof *more, "the journal", e);
        if (!more)
            return false;
        if (s->journal_count)
            memcpy(more, s->journal, s->journal_count * sizeof *more);
        memory_free(s->journal);
        s->journal = more;
        s->journal_capacity = capacity;
    }
    char *copy = memory_copy_text(line, e);
    if (!copy)
        return false;
    s->journal[s->journal_count++] =
        (struct journal_line){copy, session_running(s) ? session_place(s).step : UINT64_MAX};
    return true;
}
