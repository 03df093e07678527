/* experiment.c - see experiment.h. */
#include "experiment.h"
#include "error.h"
#include "session_parts.h"

/* --- a session beside the session --- */

static struct state *first_state(struct session *s, struct error *e)
{
    const struct network *n = session_network(s);
    const struct history *h = n->trainer ? trainer_history(n->trainer) : NULL;
    const struct state *first = h && history_count(h) ? history_at(h, history_place(h, 0).step) : NULL;
    if (first && first->model == n->model && first->place.step <= n->state->place.step)
        return state_copy(first, e);
    return state_copy(n->state, e);
}

static struct state *start_state(struct session *s, enum experiment_start start, struct error *e)
{
    const struct network *n = session_network(s);
    if (start == START_FRESH)
        return session_make_state(s, n->model, &n->recipe, e);
    return start == START_FIT ? first_state(s, e) : state_copy(n->state, e);
}

struct session *experiment_new(struct session *s, enum experiment_start start, struct error *e)
{
    const struct network *n = session_network(s);
    struct recipe r;
    if (session_running(s)) {
        error_set(e, "a training is going on: `stop` ends it and keeps the weights");
        return NULL;
    }
    if (!session_recipe(s, &r, e)) /* all that a fit would complain about */
        return NULL;
    struct state *state = start_state(s, start, e);
    struct session *x = state ? session_new(WORKER_SLICED, e) : NULL;
    if (!x) {
        state_free(state);
        return NULL;
    }
    struct network *own = session_network(x);
    model_unref(own->model);
    own->model = model_ref(n->model);
    own->state = state;
    own->recipe = n->recipe;
    x->data = data_ref(s->data);
    x->seed = s->seed;
    x->memory = s->memory;
    x->threads = s->threads;
    x->batch_size = s->batch_size;
    return x;
}

bool experiment_run(struct session *x, const atomic_bool *cancel, struct error *e)
{
    static const double slice_seconds = 0.01;
    while (worker_slice(x->worker, slice_seconds))
        if (atomic_load(cancel))
            worker_cancel(x->worker);
    return !atomic_load(cancel) || error_set(e, "cancelled");
}
