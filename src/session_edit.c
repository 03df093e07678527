/* session_edit.c - changes of model, recipe, weights and data.
 *
 * All follow one pattern: make the new model and state first, which may fail; then end a running training,
 * mark the old for undo, and put the new in its place, which cannot fail. Weights go over by layer name,
 * tensor name and shape: inserting a layer keeps what the others have learnt. */
#include "activation.h"
#include "error.h"
#include "memory.h"
#include "session_parts.h"

#include <string.h>

void session_end_training(struct session *s)
{
    struct network *n = session_network(s);
    if (!n->trainer)
        return;
    if (trainer_running(n->trainer)) {
        trainer_stop(n->trainer);
        text_addf(&s->notice, "training stopped at epoch %llu\n", (unsigned long long)n->state->place.epoch);
    }
    trainer_free(n->trainer);
    n->trainer = NULL;
}

struct state *session_make_state(
    const struct session *s, const struct model *m, const struct recipe *r, struct error *e)
{
    struct state *fresh = state_new(m, r->optimizer ? r->optimizer->moments : 0, s->seed, e);
    if (fresh)
        state_init(fresh, NULL, NULL, 0, m->layers - 1);
    return fresh;
}

/* The same for a model in place of the present one: what will be taken over is not drawn. */
static struct state *grow_state(
    const struct session *s, const struct model *m, const struct recipe *r, struct error *e)
{
    const struct network *n = session_network(s);
    if (!n->state)
        return session_make_state(s, m, r, e);
    struct state *fresh = state_new(m, r->optimizer ? r->optimizer->moments : 0, s->seed, e);
    if (fresh)
        state_init_rest(fresh, n->state->model);
    return fresh;
}

/* Puts a new model in place of the old one, weights taken over. Takes the reference, also on failure. */
static bool put_model(struct session *s, const char *label, struct model *m, struct error *e)
{
    struct network *n = session_network(s);
    struct state *fresh = NULL;
    if (!m)
        return false;
    if (m->built && !(fresh = grow_state(s, m, &n->recipe, e))) {
        model_unref(m);
        return false;
    }
    session_end_training(s);
    if (fresh && n->state)
        state_adopt(fresh, n->state);
    undo_mark(s, label, UNDO_TAKE);
    model_unref(n->model);
    n->model = m;
    n->state = fresh;
    s->revision++;
    return true;
}

bool session_input(struct session *s, struct shape shape, const char *name, struct error *e)
{
    const struct model *m = session_network(s)->model;
    return put_model(s, "input",
        name ? model_with_named_input(m, shape, true, name, e) : model_with_input(m, shape, true, e), e);
}

bool session_freeze(struct session *s, int first, int last, bool frozen, struct error *e)
{
    const struct model *m = session_network(s)->model;
    return put_model(s, frozen ? "freeze" : "unfreeze", model_with_frozen(m, first, last, frozen, e), e);
}

bool session_add(struct session *s, int at, const struct layer_spec *spec, struct error *e)
{
    const struct model *m = session_network(s)->model;
    const char *label = at < 0 ? spec->type->name : "insert";
    return put_model(s, label, model_with_layer(m, at < 0 ? m->layers : at, spec, e), e);
}

bool session_replace(struct session *s, int at, const struct layer_spec *spec, struct error *e)
{
    return put_model(s, "replace", model_with_replaced(session_network(s)->model, at, spec, e), e);
}

bool session_remove(struct session *s, int at, struct error *e)
{
    return put_model(s, "remove", model_without_layer(session_network(s)->model, at, e), e);
}

bool session_rename(struct session *s, int at, const char *name, struct error *e)
{
    struct network *n = session_network(s);
    struct model *m = model_with_name(n->model, at, name, e);
    if (!m)
        return false;
    session_end_training(s);
    undo_mark(s, "rename", UNDO_COPY);
    recipe_rename_output(&n->recipe, n->model->layer[at].name, m->layer[at].name);
    model_unref(n->model);
    n->model = m;
    if (n->state) { /* the same layout under another name: the state moves over as it is */
        model_unref(n->state->model);
        n->state->model = model_ref(m);
    }
    s->revision++;
    return true;
}

bool session_compile(struct session *s, const struct recipe *r, struct error *e)
{
    struct network *n = session_network(s);
    struct state *fresh = NULL;
    if (n->state && !(fresh = grow_state(s, n->model, r, e)))
        return false;
    session_end_training(s);
    if (fresh) {
        size_t bytes = n->model->params * sizeof(float);
        memcpy(fresh->param, n->state->param, bytes);
        memcpy(fresh->stat, n->state->stat, n->model->stats * sizeof(float));
        fresh->place = n->state->place;
        fresh->place.t = 0; /* a new optimiser starts without memory */
        fresh->place.course = (struct course){.since = fresh->place.epoch};
    }
    undo_mark(s, "compile", UNDO_TAKE);
    n->state = fresh;
    n->recipe = *r;
    s->revision++;
    return true;
}

void session_aim(struct session *s, const struct recipe *r)
{
    session_end_training(s);
    undo_mark(s, "output", UNDO_COPY);
    session_network(s)->recipe = *r;
    s->revision++;
}

bool session_init(struct session *s, const struct initializer *which, const double *hyper, int first,
    int last, struct error *e)
{
    struct network *n = session_network(s);
    if (!n->state)
        return error_set(
            e, "there are no weights yet: give the model an input (`data …` or `input SHAPE`) and a layer");
    struct state *fresh = session_make_state(s, n->model, &n->recipe, e);
    if (!fresh)
        return false;
    session_end_training(s);
    state_adopt(fresh, n->state);
    state_init(fresh, which, hyper, first, last);
    for (int i = 0; i < fresh->moments; i++)
        memset(fresh->moment[i], 0, n->model->params * sizeof(float));
    fresh->place = (struct place){0};
    undo_mark(s, "init", UNDO_TAKE);
    n->state = fresh;
    curves_clear(&n->curves);
    s->revision++;
    return true;
}

/* The model for these data: the same, with their shape as its input unless `input` was typed. */
static struct model *model_for(const struct model *m, const struct data *d, struct error *e)
{
    if (m->input_given || shape_equal(&m->layer[0].out, &d->shape))
        return model_ref(m);
    return model_with_input(m, d->shape, false, e);
}

bool session_set_data(struct session *s, struct data *d, struct error *e)
{
    struct network *n = session_network(s);
    struct model *m = model_for(n->model, d, e);
    bool same = m == n->model;
    struct state *fresh = NULL;
    if (m && !same && m->built)
        fresh = grow_state(s, m, &n->recipe, e);
    if (!m || (!same && m->built && !fresh)) {
        model_unref(m);
        data_unref(d);
        return false;
    }
    session_end_training(s);
    if (fresh && n->state)
        state_adopt(fresh, n->state);
    undo_mark(s, "data", same ? UNDO_COPY : UNDO_TAKE);
    model_unref(n->model);
    n->model = m;
    if (!same)
        n->state = fresh;
    if (n->state)
        n->state->place.batch = 0;
    network_read_by(n, NULL);
    data_unref(s->data);
    s->data = d;
    s->revision++;
    return true;
}

bool session_new_scene(struct session *s, struct error *e)
{
    struct network *n = session_network(s);
    struct model *m = model_new(e);
    if (!m)
        return false;
    session_end_training(s);
    undo_mark(s, "new", UNDO_TAKE);
    model_unref(n->model);
    n->model = m;
    n->recipe = (struct recipe){0};
    network_read_by(n, NULL);
    curves_clear(&n->curves);
    data_unref(s->data);
    s->data = NULL;
    probe_release(&s->probe);
    s->revision++;
    return true;
}

/* m and d may be those that are there: each is held before the old one goes. */
void session_load(struct session *s, const struct model *m, const struct recipe *r, const struct data *d,
    const struct data *reading, struct state *state)
{
    struct network *n = session_network(s);
    const struct model *old_model = n->model;
    const struct data *old_data = d ? s->data : NULL;
    session_end_training(s);
    undo_mark(s, "load", UNDO_TAKE);
    n->model = model_ref(m);
    n->state = state;
    n->recipe = *r;
    curves_clear(&n->curves);
    s->data = d ? data_ref(d) : s->data;
    network_read_by(n, reading);
    model_unref(old_model);
    data_unref(old_data);
    s->revision++;
}

bool session_put(
    struct session *s, const char *label, const struct model *m, const struct recipe *r, struct error *e)
{
    struct network *n = session_network(s);
    struct state *fresh = NULL;
    if (m->built && !(fresh = session_make_state(s, m, r, e)))
        return false;
    session_end_training(s);
    undo_mark(s, label, UNDO_TAKE);
    model_unref(n->model);
    n->model = model_ref(m);
    n->state = fresh;
    n->recipe = *r;
    curves_clear(&n->curves);
    s->revision++;
    return true;
}

/* --- while training too --- */

void session_changed_in_place(struct session *s)
{
    if (s->trainer_revision == s->revision)
        s->trainer_revision++;
    s->revision++;
}

bool session_set_lr(struct session *s, double lr, struct error *e)
{
    struct network *n = session_network(s);
    if (!n->recipe.optimizer) {
        struct recipe r = recipe_of(optimizer_find("adam"));
        r.outputs = n->recipe.outputs;
        memcpy(r.output, n->recipe.output, sizeof r.output);
        if (!session_compile(s, &r, e))
            return false;
        text_add(&s->notice, "compiled with adam\n");
    }
    n->recipe.lr = lr;
    if (n->trainer)
        trainer_set_lr(n->trainer, lr);
    session_changed_in_place(s);
    return true;
}

struct setting {
    float *tensor;
    const size_t *element;
    const float *value;
    size_t count;
};

static void set_now(void *arg)
{
    struct setting *set = arg;
    for (size_t i = 0; i < set->count; i++)
        set->tensor[set->element[i]] = set->value[i];
}

bool session_set_params(struct session *s, int layer, int param, const size_t *element, const float *value,
    size_t count, struct error *e)
{
    struct network *n = session_network(s);
    size_t room = 0;
    float *tensor = n->state ? state_param(n->state, layer, param, &room) : NULL;
    if (!tensor)
        return error_set(e, n->state ? "layer %d has no such tensor" : "layer %d has no weights yet", layer);
    for (size_t i = 0; i < count; i++)
        if (element[i] >= room)
            return error_set(e, "element %zu of %zu is out of range", element[i], room);
    undo_mark(s, "set", UNDO_WEIGHTS);
    struct setting set = {tensor, element, value, count};
    if (n->trainer)
        trainer_call(n->trainer, set_now, &set);
    else
        set_now(&set);
    session_changed_in_place(s);
    return true;
}
