/* session_undo.c - versions of the network and its data, for undo and redo.
 *
 * A version shares model and data, which never change, and holds a copy of the weights. Versions live within
 * half of the memory budget (the other half is the run's history); the oldest go first, the newest always
 * stays. */
#include "error.h"
#include "memory.h"
#include "session_parts.h"

#include <stdio.h>
#include <string.h>

enum { VERSIONS = 64, LEAST_BUDGET = 16 << 20, LEAST_STATES = 4 };

struct version {
    char label[32];
    int network;
    const struct model *model;  /* a reference */
    const struct data *data;    /* a reference or NULL */
    const struct data *reading; /* the network's; a reference or NULL */
    struct state *state;        /* owned; NULL when the model was not built */
    struct recipe recipe;
    uint64_t seed;
};

struct undo {
    struct version past[VERSIONS], future[VERSIONS];
    int pasts, futures;
};

static void version_release(struct version *v)
{
    state_free(v->state);
    model_unref(v->model);
    data_unref(v->data);
    data_unref(v->reading);
}

static void forget(struct version *list, int *count)
{
    while (*count)
        version_release(&list[--*count]);
}

void undo_free(struct undo *u)
{
    if (!u)
        return;
    forget(u->past, &u->pasts);
    forget(u->future, &u->futures);
    memory_free(u);
}

double session_budget(const struct session *s)
{
    const struct state *state = session_network(s)->state;
    double states = state ? LEAST_STATES * (double)state->floats * sizeof(float) : 0;
    double budget = s->memory > 0 ? s->memory : LEAST_BUDGET > states ? LEAST_BUDGET : states;
    return budget / 2;
}

static double version_bytes(const struct version *v)
{
    return sizeof *v + (v->state ? (double)v->state->floats * sizeof(float) : 0);
}

/* Room for one more within the budget: the oldest go. */
static void make_room(struct version *list, int *count, double budget)
{
    double used = 0;
    for (int i = 0; i < *count; i++)
        used += version_bytes(&list[i]);
    while (*count > 1 && (*count >= VERSIONS || used > budget)) {
        used -= version_bytes(&list[0]);
        version_release(&list[0]);
        memmove(list, list + 1, (size_t)-- * count * sizeof *list);
    }
}

/* The present as a version; its state is copied, or taken. False when memory is short. */
static bool capture(struct session *s, const char *label, bool take, struct version *out)
{
    struct network *n = session_network(s);
    struct version v = {.network = s->current, .recipe = n->recipe, .seed = s->seed};
    snprintf(v.label, sizeof v.label, "%s", label);
    if (n->state && !take && !(v.state = session_copy_state(s, NULL)))
        return false;
    if (take) {
        v.state = n->state;
        n->state = NULL;
    }
    v.model = model_ref(n->model);
    v.data = s->data ? data_ref(s->data) : NULL;
    v.reading = n->reading ? data_ref(n->reading) : NULL;
    *out = v;
    return true;
}

void undo_mark(struct session *s, const char *label, bool take)
{
    struct version v;
    if (!s->undo)
        s->undo = memory_take(1, sizeof *s->undo, "undo", NULL);
    if (!s->undo || !capture(s, label, take, &v)) {
        struct network *n = session_network(s);
        if (take) {
            state_free(n->state);
            n->state = NULL;
        }
        text_addf(&s->notice, "no memory to undo this %s\n", label);
        return;
    }
    struct undo *u = s->undo;
    forget(u->future, &u->futures);
    u->past[u->pasts++] = v;
    make_room(u->past, &u->pasts, session_budget(s));
}

/* Puts a version in place of the present one, which goes to the other list. */
static void swap_in(struct session *s, struct version *v, struct version *other, int *others)
{
    session_end_training(s);
    s->current = v->network;
    session_end_training(s);
    struct network *n = session_network(s);
    capture(s, v->label, true, &other[(*others)++]);
    make_room(other, others, session_budget(s));
    model_unref(n->model);
    n->model = v->model;
    n->state = v->state;
    n->recipe = v->recipe;
    curves_cut(&n->curves, v->state ? v->state->place.step : 0);
    data_unref(s->data);
    s->data = v->data;
    data_unref(n->reading);
    n->reading = v->reading;
    s->seed = v->seed;
    s->revision++;
}

bool session_undo(struct session *s, struct error *e)
{
    struct undo *u = s->undo;
    if (!u || !u->pasts)
        return error_set(e, "there is nothing to undo");
    struct version v = u->past[--u->pasts];
    swap_in(s, &v, u->future, &u->futures);
    text_addf(&s->notice, "undone: %s\n", v.label);
    return true;
}

bool session_redo(struct session *s, struct error *e)
{
    struct undo *u = s->undo;
    if (!u || !u->futures)
        return error_set(e, "there is nothing to redo");
    struct version v = u->future[--u->futures];
    swap_in(s, &v, u->past, &u->pasts);
    text_addf(&s->notice, "done again: %s\n", v.label);
    return true;
}
