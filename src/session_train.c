/* session_train.c - from what was typed to a running fit.
 *
 * Before a fit everything is checked once and in the order in which a learner builds: data, layers, shapes,
 * head, loss. What was not said is chosen here, and said in the notice. */
#include "activation.h"
#include "error.h"
#include "memory.h"
#include "session_parts.h"

#include <math.h>
#include <string.h>

static const double autosave_seconds = 30;

static bool parts_there(const struct session *s, struct error *e)
{
    const struct model *m = session_network(s)->model;
    if (!s->data)
        return session_miss_data(s, e);
    if (m->layers < 2)
        return error_set(e, "the model has no layers yet: try `dense 4 tanh`, then `dense 1 tanh`");
    if (m->built && shape_equal(&m->layer[0].out, &s->data->shape))
        return true;
    char wants[SHAPE_TEXT], has[SHAPE_TEXT];
    return error_set(e, "the model reads an input of %s, but '%s' has samples of %s: `input %s` fits it",
        shape_text(&m->layer[0].out, wants), s->data->name, shape_text(&s->data->shape, has), has);
}

/* A loss over probabilities needs a head that gives them; the perceptron's needs one that gives a sign. */
static bool loss_fits(
    const struct loss *loss, const struct data *d, const struct layer *head, struct error *e)
{
    bool sign = !head->activation || head->activation->encoding == ENCODE_SIGN;
    const char *activation = head->activation ? head->activation->name : "linear";
    if (loss->classes && !d->classes)
        return error_set(e, "loss %s is for classes, but '%s' has numbers as targets: try `compile loss=mse`",
            loss->name, d->name);
    if (loss->fused_with && (strcmp(loss->fused_with, activation)))
        return error_set(e,
            "loss %s needs a head of %s, and '%s' is %s: replace it (`replace %s dense %d %s`), or "
            "choose another loss (`compile loss=mse`)",
            loss->name, loss->fused_with, head->name, activation, head->name,
            head->out.dim[head->out.rank - 1], loss->fused_with);
    if (loss->classes && !loss->fused_with && !sign)
        return error_set(e,
            "loss %s needs a head that gives a sign, and '%s' is %s: replace it (`replace %s dense 1 "
            "linear`)",
            loss->name, head->name, activation, head->name);
    return true;
}

bool session_recipe(const struct session *s, struct recipe *out, struct error *e)
{
    const struct network *n = session_network(s);
    if (!parts_there(s, e))
        return false;
    const struct layer *head = model_head(n->model);
    size_t width = shape_size(&head->out);
    if (!data_head_fits(s->data, head_encoding(n->model), width, e))
        return false;
    struct recipe r = n->recipe.optimizer ? n->recipe : recipe_of(optimizer_find("adam"));
    if (!r.loss)
        r.loss = loss_find(data_default_loss(s->data, head->activation));
    if (!loss_fits(r.loss, s->data, head, e))
        return false;
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
    if (!session_compile(s, &keep, e))
        return false;
    if (chosen)
        text_addf(&s->notice, "compiled with %s lr=%g loss=%s; `compile` chooses others\n", r.optimizer->name,
            r.lr, r.loss->name);
    return true;
}

static bool new_trainer(struct session *s, const struct fit *fit, struct error *e)
{
    struct network *n = session_network(s);
    struct recipe r;
    if (!session_recipe(s, &r, e))
        return false;
    struct trainer *t = trainer_new(s->worker, n->state, &r, s->data, &n->curves, fit, e);
    if (!t)
        return false;
    trainer_free(n->trainer);
    n->trainer = t;
    s->trainer_revision = s->revision;
    s->batch_size = fit->batch_size;
    return true;
}

bool session_fit(struct session *s, const struct fit *wanted, struct error *e)
{
    struct network *n = session_network(s);
    struct fit fit = *wanted;
    struct text commands = {0};
    if (session_running(s))
        return error_set(e, "training is already running: `stop` ends it, `wait` waits for its end");
    if (!session_prepare(s, e))
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
        undo_mark(s, "fit", false);
        network_read_by(n, NULL);
        ok = trainer_start(n->trainer, &fit, e);
    }
    text_release(&commands);
    return ok;
}

/* A paused training of the same batches goes on existing: `resume` finds it one step further. */
static bool ready_to_step(struct session *s, size_t batch_size, struct error *e)
{
    struct network *n = session_network(s);
    struct fit fit = {.batch_size = batch_size, .memory = session_budget(s), .threads = s->threads};
    if (session_running(s) && s->batch_size != batch_size)
        session_stop(s);
    if (!session_running(s) && !session_prepare(s, e))
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
    if (!ready_to_step(s, batch_size, e) || !session_forward(s, -1, 0, e))
        return false;
    if (!isfinite(s->probe.loss))
        return error_set(e, "the loss is %s: no step from there; try `set lr %.2g` after `undo` or `rewind`",
            isnan(s->probe.loss) ? "NaN (not a number)" : "infinite", session_network(s)->recipe.lr / 10);
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
        return error_set(e, "nothing was recorded at or before step %llu", (unsigned long long)step);
    if (trainer_running(n->trainer)) {
        trainer_stop(n->trainer);
        text_addf(&s->notice, "training stopped at epoch %llu\n", (unsigned long long)n->state->place.epoch);
    }
    undo_mark(s, "rewind", false);
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
    size_t K = shape_size(&model_head(copy->model)->out),
           N = s->data->train < CHECK_ROWS ? s->data->train : CHECK_ROWS;
    float *targets = memory_take(N * K, sizeof *targets, "the targets", e);
    bool ok = false;
    if (targets) {
        data_encode(s->data, head_encoding(copy->model), K, 0, N, targets);
        ok = gradcheck_run(copy, &r, s->data->x, targets, N, limit, worker_cancelled(s->worker), out, e);
    }
    memory_free(targets);
    state_free(copy);
    return ok;
}
