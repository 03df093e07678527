/* session_beside.c - what lies beside the present network: branches, and what experiments left to look at. */
#include "error.h"
#include "session_parts.h"

#include <string.h>

static bool name_is_free(const struct session *s, const char *name, struct error *e)
{
    for (int i = 0; i < s->networks; i++)
        if (!strcmp(s->network[i]->name, name))
            return error_set(e, "there is a model '%.40s' already: `model %.40s` goes there", name, name);
    if (s->networks == SESSION_NETWORKS)
        return error_set(e, "a session holds at most %d models: `undo` takes one that was just made away",
            SESSION_NETWORKS);
    return true;
}

/* Both logs' points in the same thinning; the copy's lock is its own. */
static void copy_curves(struct curves *to, struct curves *from)
{
    pthread_mutex_lock(&from->lock);
    to->count = from->count;
    to->stride = from->stride;
    to->seen = from->seen;
    to->last_kept = from->last_kept;
    to->last = from->last;
    memcpy(to->point, from->point, from->count * sizeof *to->point);
    pthread_mutex_unlock(&from->lock);
}

bool session_branch(struct session *s, const char *name, struct error *e)
{
    struct network *n = session_network(s), *copy;
    if (!name_is_free(s, name, e) || !(copy = network_new(name, e)))
        return false;
    if (n->state && !(copy->state = session_copy_state(s, e))) {
        network_free(copy);
        return false;
    }
    model_unref(copy->model);
    copy->model = model_ref(n->model);
    copy->recipe = n->recipe;
    network_read_by(copy, n->reading);
    copy_curves(&copy->curves, &n->curves);
    if (copy->state && copy->curves.last.step > copy->state->place.step) /* a training went on since */
        curves_cut(&copy->curves, copy->state->place.step);
    s->network[s->networks++] = copy;
    undo_mark_made(s, "branch", copy);
    return true;
}

void session_swap_runs(struct session *s, struct runs *runs)
{
    struct runs old = s->runs;
    s->runs = *runs;
    *runs = old;
    s->beside++;
}

void session_keep_landscape(struct session *s, struct landscape *l)
{
    landscape_free(s->landscape);
    s->landscape = l;
    s->beside++;
    l->serial = s->beside;
}

void session_keep_sweep(struct session *s, struct sweep *sweep)
{
    sweep_release(&s->sweep);
    s->sweep = *sweep;
    *sweep = (struct sweep){0};
    s->beside++;
}

const struct runs *session_runs(const struct session *s)
{
    return s->runs.count && s->runs.data == s->data ? &s->runs : NULL;
}

const struct landscape *session_landscape(const struct session *s)
{
    const struct landscape *l = s->landscape;
    return l && l->model == session_network(s)->model && l->data == s->data ? l : NULL;
}

/* Before the first fit the optimizer may be one that nobody named. */
static const struct optimizer *present_optimizer(const struct session *s)
{
    struct recipe r;
    struct error e;
    const struct optimizer *said = session_network(s)->recipe.optimizer;
    return said || !session_recipe(s, &r, &e) ? said : r.optimizer;
}

const struct sweep *session_sweep(const struct session *s)
{
    const struct sweep *w = &s->sweep;
    bool same = w->steps && w->model == session_network(s)->model && w->data == s->data;
    return same && w->optimizer == present_optimizer(s) ? w : NULL;
}
