/* session_train.c - from what was typed to a running fit.
 *
 * Before a fit everything is checked once and in the order in which a learner builds: data, layers, shapes,
 * head, loss. What was not said is chosen here, and said in the notice. */
#include "activation.h"
#include "error.h"
#include "memory.h"
#include "session_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double autosave_seconds = 30;

static bool is_read(const struct model *m, int layer)
{
    for (int i = layer + 1; i < m->layers; i++)
        for (int j = 0; j < m->layer[i].inputs; j++)
            if (m->layer[i].input[j] == layer)
                return true;
    return false;
}

static bool parts_there(const struct session *s, struct error *e)
{
    const struct model *m = session_network(s)->model;
    if (!s->data)
        return session_miss_data(s, e);
    if (m->layers < 2)
        return error_set(e, "the model has no layers yet: try `dense 4 tanh`, then `dense 1 tanh`");
    for (int i = 1; i < m->layers; i++)
        if (model_is_input(m, i) && !is_read(m, i))
            return error_set(
                e, "no layer reads the input '%s': `from=%s` lets one", m->layer[i].name, m->layer[i].name);
    bool dealt = m->built && model_input_size(m) == shape_size(&s->data->shape) && model_is_dealt(m);
    if (m->built && (dealt || shape_equal(&m->layer[0].out, &s->data->shape)))
        return true;
    char wants[SHAPE_TEXT], has[SHAPE_TEXT];
    return error_set(e, "the model reads an input of %s, but '%s' has samples of %s: `input %s` fits it",
        shape_text(&m->layer[0].out, wants), s->data->name, shape_text(&s->data->shape, has), has);
}

/* Writes down what each output will be trained for. */
static void resolve(struct recipe *r, const struct goals *g)
{
    const struct goal *head = goals_head(g);
    bool open = !r->loss;
    if (open)
        recipe_set_loss(r, head->loss);
    for (int i = 0; open && i < g->count; i++) {
        const struct goal *goal = &g->goal[i];
        const char *name = g->model->layer[goal->layer].name;
        struct recipe_output *own = (struct recipe_output *)recipe_output_find(r, name);
        if (goal->loss == r->loss || (own && own->loss) || (!own && r->outputs == MODEL_OUTPUTS))
            continue;
        if (!own) {
            own = &r->output[r->outputs++];
            *own = (struct recipe_output){.weight = 1};
            snprintf(own->layer, sizeof own->layer, "%s", name);
        }
        own->loss = goal->loss;
        memcpy(own->hyper, goal->hyper, sizeof own->hyper);
    }
}

/* What was said before `compile` stays. */
static struct recipe optimizer_default(const struct recipe *said)
{
    struct recipe r = *said, fresh = recipe_of(optimizer_find("adam"));
    r.optimizer = fresh.optimizer;
    r.lr = fresh.lr;
    r.weight_decay = fresh.weight_decay;
    memcpy(r.hyper, fresh.hyper, sizeof r.hyper);
    return r;
}

bool session_recipe(const struct session *s, struct recipe *out, struct error *e)
{
    const struct network *n = session_network(s);
    if (!parts_there(s, e))
        return false;
    struct goals goals;
    struct recipe r = n->recipe.optimizer ? n->recipe : optimizer_default(&n->recipe);
    if (!goals_make(&goals, n->model, &r, s->data, e))
        return false;
    resolve(&r, &goals);
    goals_release(&goals);
    *out = r;
    return true;
}

bool session_prepare(struct session *s, struct error *e)
{
    struct network *n = session_network(s);
    struct recipe r;
    if (!session_recipe(s, &r, e))
        return false;
    if (n->recipe.optimizer && n->state->moments == n->recipe.optimizer->moments)
        return true;
    bool chosen = !n->recipe.optimizer;
    struct recipe keep = r;
    keep.loss = n->recipe.loss; /* an unsaid loss stays open: other data may want another one */
    keep.outputs = n->recipe.outputs;
    memcpy(keep.output, n->recipe.output, sizeof keep.output);
    if (!session_compile(s, &keep, e))
        return false;
    if (chosen)
        text_addf(&s->notice, "compiled with %s lr=%g loss=%s; `compile` chooses others\n", r.optimizer->name,
            r.lr, r.loss->name);
    return true;
}

double session_fit_bytes(const struct session *s, size_t *batch_size)
{
    const struct network *n = session_network(s);
    struct recipe r = n->recipe.optimizer ? n->recipe : optimizer_default(&n->recipe);
    size_t batch = s->batch_size ? s->batch_size : 32, held = 0;
    if (s->data) {
        batch = batch < s->data->train ? batch : s->data->train;
        held = s->data->n - s->data->train;
    }
    *batch_size = batch;
    return trainer_bytes(n->model, &r, batch, held);
}

/* A network too large to be kept twice does without copies; that is said once. */
static void let_go_of_copies(struct session *s)
{
    char bytes[MEMORY_TEXT];
    double wanted, size = (double)session_network(s)->state->floats * sizeof(float);
    if (session_copies_bytes(s, &wanted) > 0)
        return;
    undo_fit(s);
    if (s->said_large)
        return;
    s->said_large = true;
    text_addf(&s->notice,
        "weights and moments take %s: training cannot be rewound or undone; `set memory %.0f` before `fit` "
        "keeps what it takes\n",
        memory_text(size, bytes), wanted);
}

static bool new_trainer(struct session *s, const struct fit *fit, struct error *e)
{
    struct network *n = session_network(s);
    struct recipe r;
    if (!session_recipe(s, &r, e))
        return false;
    let_go_of_copies(s);
    struct trainer *t = trainer_new(s->worker, n->state, &r, s->data, &n->curves, fit, e);
    if (!t)
        return false;
    trainer_free(n->trainer);
    n->trainer = t;
    s->trainer_revision = s->revision;
    s->batch_size = fit->batch_size;
    return true;
}

/* One row has no variance. The last batch of an epoch may have a single one: it gives 0, as in Keras. */
static bool batch_fits(const struct session *s, size_t batch_size, struct error *e)
{
    const struct model *m = session_network(s)->model;
    size_t rows = s->data && s->data->train < batch_size ? s->data->train : batch_size;
    for (int i = 1; m->built && s->data && i < m->layers && rows < 2; i++) {
        const struct layer *l = &m->layer[i];
        if (l->type->settle && !l->frozen && l->in.rank == 1)
            return error_set(e,
                "'%s' takes mean and variance over a batch, and this one has a single sample: try `fit "
                "batch_size=32` with more data, or `remove %s`",
                l->name, l->name);
    }
    return true;
}

bool session_fit(struct session *s, const struct fit *wanted, struct error *e)
{
    struct network *n = session_network(s);
    struct fit fit = *wanted;
    struct text commands = {0};
    if (session_running(s))
        return error_set(e, "training is already running: `stop` ends it, `wait` waits for its end");
    if (!batch_fits(s, fit.batch_size, e) || !session_prepare(s, e))
        return false;
    fit.memory = session_budget(s);
    fit.threads = s->threads;
    if (s->autosave) {
        session_write(s, &commands);
        fit.autosave = s->autosave;
        fit.autosave_every = autosave_seconds;
        fit.commands = text_get(&commands);
    }
    bool fresh = !n->trainer || s->trainer_revision != s->revision || s->batch_size != fit.batch_size;
    bool ok = !fresh || new_trainer(s, &fit, e);
    if (ok) {
        undo_mark(s, "fit", UNDO_WEIGHTS);
        network_read_by(n, NULL);
        ok = trainer_start(n->trainer, &fit, e);
    }
    text_release(&commands);
    return ok;
}

/* A paused training of the same batches goes on existing: `resume` finds it one step further. */
bool session_ready_to_step(struct session *s, size_t batch_size, struct error *e)
{
    struct network *n = session_network(s);
    struct fit fit = {.batch_size = batch_size, .memory = session_budget(s), .threads = s->threads};
    if (session_running(s) && s->batch_size != batch_size)
        session_stop(s);
    if (!session_running(s) && (!batch_fits(s, batch_size, e) || !session_prepare(s, e)))
        return false;
    bool ready = n->trainer && s->trainer_revision == s->revision && s->batch_size == batch_size;
    return ready || new_trainer(s, &fit, e);
}

bool session_step(struct session *s, size_t batch_size, struct error *e)
{
    struct status status;
    session_status(s, &status);
    if (session_running(s) && status.phase == PHASE_RUNNING)
        return error_set(e, "training is running: `pause` it first");
    if (!session_ready_to_step(s, batch_size, e) || !session_forward(s, -1, 0, e))
        return false;
    if (!isfinite(s->probe.loss))
        return error_set(e, "the loss is %s: no step from there; try `set lr %.2g` after `undo` or `rewind`",
            isnan(s->probe.loss) ? "NaN (not a number)" : "infinite",
            recipe_smaller_lr(&session_network(s)->recipe));
    return session_backward(s, e) && session_update_as(s, "step", e);
}

void session_stop(struct session *s)
{
    struct network *n = session_network(s);
    if (n->trainer)
        trainer_stop(n->trainer);
}

void session_status(const struct session *s, struct status *out)
{
    const struct network *n = session_network(s);
    if (n->trainer) {
        trainer_status(n->trainer, out);
        if (!trainer_running(n->trainer) && (out->phase == PHASE_RUNNING || out->phase == PHASE_PAUSED))
            out->phase = PHASE_STOPPED;
        return;
    }
    *out = (struct status){.phase = PHASE_IDLE, .lr = n->recipe.lr, .loss = NAN, .left = NAN};
    if (n->state) {
        out->lr = schedule_rate(&n->recipe, &n->state->place);
        out->epoch = n->state->place.epoch;
        out->step = n->state->place.step;
    }
}

struct looking {
    struct trainer *trainer;
    uint64_t step;
    bool found;
};

static void look_now(void *arg)
{
    struct looking *l = arg;
    l->found = history_at(trainer_history(l->trainer), l->step);
}

static bool rewind_missing(const struct session *s, uint64_t step, struct error *e)
{
    double wanted;
    if (session_copies_bytes(s, &wanted) > 0)
        return error_set(e, "nothing was recorded at or before step %llu", (unsigned long long)step);
    return error_set(
        e, "a network of this size is not recorded: `set memory %.0f` before `fit` does it", wanted);
}

bool session_rewind(struct session *s, uint64_t step, struct error *e)
{
    struct network *n = session_network(s);
    if (!n->trainer)
        return error_set(e, "nothing was recorded yet: `fit` records as it goes");
    uint64_t reached = session_place(s).step;
    if (step > reached)
        return error_set(e, "training has not come to step %llu yet: it stands at step %llu",
            (unsigned long long)step, (unsigned long long)reached);
    struct looking look = {n->trainer, step, false};
    trainer_call(n->trainer, look_now, &look);
    if (!look.found)
        return rewind_missing(s, step, e);
    if (trainer_running(n->trainer)) {
        trainer_stop(n->trainer);
        text_addf(&s->notice, "training stopped at epoch %llu\n", (unsigned long long)n->state->place.epoch);
    }
    undo_mark(s, "rewind", UNDO_WEIGHTS);
    return trainer_rewind(n->trainer, step, e);
}

bool session_gradcheck(struct session *s, size_t limit, struct gradcheck *out, struct error *e)
{
    enum { CHECK_ROWS = 32 };
    struct recipe r;
    if (!session_recipe(s, &r, e))
        return false;
    struct state *copy = session_copy_state(s, e);
    if (!copy)
        return false;
    struct goals goals = {0};
    size_t N = s->data->train < CHECK_ROWS ? s->data->train : CHECK_ROWS;
    bool ok = goals_make(&goals, copy->model, &r, s->data, e);
    float *targets = ok ? memory_take(N * goals.width, sizeof *targets, "the targets", e) : NULL;
    if (targets) {
        goals_encode(&goals, s->data, 0, N, targets);
        ok = gradcheck_run(
            copy, &r, &goals, s->data->x, targets, N, limit, worker_cancelled(s->worker), out, e);
    }
    ok = ok && targets;
    goals_release(&goals);
    memory_free(targets);
    state_free(copy);
    return ok;
}
