/* session_undo.c - versions of the network and its data, for undo and redo.
 *
 * A version shares model and data, which never change, and holds a copy of the weights. Versions live within
 * half of the memory budget (the other half is the run's history); the oldest go first, the newest always
 * stays. A state too large for the budget is not kept: its version is bare, and when it comes back its layers
 * take over the weights of the present ones of the same name.
 *
 * A change that made a network and left the others as they are is a version of another sort: it says which
 * network that was. Undone, it is taken out of the session and kept by its version. */
#include "error.h"
#include "memory.h"
#include "session_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    VERSIONS = 64,
    LEAST_BUDGET = 16 << 20,
    LEAST_STATES = 8,
    LARGE_STATE = 64 << 20,
    KEPT_STATES = 4,
    SMALL_STATE = 1 << 20
};
static const double machine_share = 0.25; /* of the memory that is free, at most */

struct version {
    char label[32];
    struct network *network; /* that was changed, or from which one was made */
    struct network *made; /* by the change, which did nothing else: all below is 0; NULL for other changes */
    bool taken_out;       /* made is the version's, not the session's */
    const struct model *model;  /* a reference */
    const struct data *data;    /* a reference or NULL */
    const struct data *reading; /* the network's; a reference or NULL */
    struct state *state;        /* owned; NULL when the model was not built, or bare */
    bool bare;                  /* had a state that was too large to keep */
    struct recipe recipe;
    uint64_t seed;
};

struct undo {
    struct version past[VERSIONS], future[VERSIONS];
    int pasts, futures;
};

static void version_release(struct version *v)
{
    if (v->taken_out)
        network_free(v->made);
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

static double state_size(const struct session *s)
{
    const struct state *state = session_network(s)->state;
    return state ? (double)state->floats * sizeof(float) : 0;
}

double session_budget(const struct session *s)
{
    double bytes = state_size(s), budget = fmax(LEAST_BUDGET, LEAST_STATES * bytes);
    if (s->memory > 0)
        return s->memory / 2;
    if (bytes > LARGE_STATE)
        return 0;
    if (bytes > SMALL_STATE)
        budget = fmin(budget, machine_share * (double)memory_available());
    return budget / 2;
}

double session_copies_bytes(const struct session *s, double *wanted)
{
    double budget = session_budget(s);
    *wanted = ceil(KEPT_STATES * state_size(s) / 1e6);
    return state_size(s) > budget ? 0 : 2 * budget;
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

static double bare_from(struct version *list, int count, double used, double budget)
{
    for (int i = 0; i < count && used > budget; i++) {
        if (!list[i].state)
            continue;
        used -= version_bytes(&list[i]);
        state_free(list[i].state);
        list[i].state = NULL;
        list[i].bare = true;
    }
    return used;
}

void undo_fit(struct session *s)
{
    struct undo *u = s->undo;
    double used = 0;
    if (!u)
        return;
    for (int i = 0; i < u->pasts; i++)
        used += u->past[i].state ? version_bytes(&u->past[i]) : 0;
    for (int i = 0; i < u->futures; i++)
        used += u->future[i].state ? version_bytes(&u->future[i]) : 0;
    used = bare_from(u->future, u->futures, used, session_budget(s));
    bare_from(u->past, u->pasts, used, session_budget(s));
}

/* The present as a version; its state is copied, or taken. False when memory is short. */
static bool capture(struct session *s, const char *label, bool take, struct version *out)
{
    struct network *n = session_network(s);
    struct version v = {.network = n, .recipe = n->recipe, .seed = s->seed};
    snprintf(v.label, sizeof v.label, "%s", label);
    v.bare = state_size(s) > session_budget(s);
    if (n->state && !v.bare && !take && !(v.state = session_copy_state(s, NULL)))
        return false;
    if (take) {
        v.state = v.bare ? NULL : n->state;
        if (v.bare)
            state_free(n->state);
        n->state = NULL;
    }
    v.model = model_ref(n->model);
    v.data = s->data ? data_ref(s->data) : NULL;
    v.reading = n->reading ? data_ref(n->reading) : NULL;
    *out = v;
    return true;
}

static bool has_undo(struct session *s)
{
    return s->undo || (s->undo = memory_take(1, sizeof *s->undo, "undo", NULL));
}

static void remember(struct session *s, const struct version *v)
{
    struct undo *u = s->undo;
    forget(u->future, &u->futures);
    u->past[u->pasts++] = *v;
    make_room(u->past, &u->pasts, session_budget(s));
}

void undo_mark(struct session *s, const char *label, enum undo_kind kind)
{
    struct version v;
    bool take = kind == UNDO_TAKE;
    if (kind == UNDO_WEIGHTS && state_size(s) > session_budget(s))
        return;
    if (!has_undo(s) || !capture(s, label, take, &v)) {
        struct network *n = session_network(s);
        if (take) {
            state_free(n->state);
            n->state = NULL;
        }
        text_addf(&s->notice, "no memory to undo this %s\n", label);
        return;
    }
    remember(s, &v);
}

void undo_mark_made(struct session *s, const char *label, struct network *made)
{
    struct version v = {.network = session_network(s), .made = made};
    snprintf(v.label, sizeof v.label, "%s", label);
    if (has_undo(s))
        remember(s, &v);
    else
        text_addf(&s->notice, "no memory to undo this %s\n", label);
}

/* What a training compiles by itself is a change of its own. */
void session_leave_out(struct session *s, const char *label)
{
    struct error e;
    if (session_prepare(s, &e))
        undo_mark(s, label, UNDO_WEIGHTS);
}

/* Gives a bare version a state again, of the weights that there are. */
static bool remake(struct session *s, struct version *v, struct error *e)
{
    if (!v->bare)
        return true;
    session_end_training(s);
    const struct state *present = v->network->state;
    v->state = session_make_state(s, v->model, &v->recipe, e);
    if (!v->state)
        return false;
    if (present)
        state_adopt(v->state, present);
    v->bare = false;
    text_add(&s->notice,
        "the weights were too large to keep: layers of the same name and shape keep those of "
        "now, others are drawn anew\n");
    return true;
}

static int index_of(const struct session *s, const struct network *n)
{
    int i = 0;
    while (s->network[i] != n)
        i++;
    return i;
}

/* Takes the network that was made out of the session, or puts it back; the version goes to the other list. */
static void swap_made(struct session *s, struct version *v, struct version *other, int *others)
{
    struct network *present = session_network(s) == v->made ? v->network : session_network(s);
    if (present != session_network(s))
        session_end_training(s);
    if (v->taken_out) { /* its name and place are free: whatever takes one ends redo */
        s->network[s->networks++] = v->made;
    } else {
        int at = index_of(s, v->made);
        memmove(s->network + at, s->network + at + 1, (size_t)(--s->networks - at) * sizeof *s->network);
    }
    s->current = index_of(s, present);
    s->revision += !v->taken_out;
    v->taken_out = !v->taken_out;
    other[(*others)++] = *v;
    make_room(other, others, session_budget(s));
}

/* Puts a version in place of the present one, which goes to the other list. */
static void swap_in(struct session *s, struct version *v, struct version *other, int *others)
{
    if (v->made) {
        swap_made(s, v, other, others);
        return;
    }
    session_end_training(s);
    s->current = index_of(s, v->network);
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
    if (!remake(s, &u->past[u->pasts - 1], e))
        return false;
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
    if (!remake(s, &u->future[u->futures - 1], e))
        return false;
    struct version v = u->future[--u->futures];
    swap_in(s, &v, u->past, &u->pasts);
    text_addf(&s->notice, "done again: %s\n", v.label);
    return true;
}
