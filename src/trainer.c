/* trainer.c - a trainer's life, and what main may ask of it.
 *
 * All memory of a run is taken in trainer_new(). While the job runs, every request goes through the worker's
 * mailbox and acts between two steps. */
#include "trainer_run.h"
#include "error.h"
#include "memory.h"

#include <math.h>
#include <string.h>

static bool keep_fit(struct trainer *t, const struct fit *fit, struct error *e)
{
    char *file = fit->autosave ? memory_copy_text(fit->autosave, e) : NULL;
    char *commands = fit->commands ? memory_copy_text(fit->commands, e) : NULL;
    if ((fit->autosave && !file) || (fit->commands && !commands)) {
        memory_free(file);
        memory_free(commands);
        return false;
    }
    memory_free(t->autosave);
    memory_free(t->commands);
    t->autosave = file;
    t->commands = commands;
    t->fit = *fit;
    t->fit.autosave = t->autosave;
    t->fit.commands = t->commands;
    t->speed = fit->speed;
    return true;
}

/* True where the memory allows copies of the state. */
static bool keeps_copies(const struct trainer *t)
{
    return (double)t->state->floats * sizeof(float) <= t->fit.memory;
}

/* Room for the parameters of the best epoch, for fits that want them. */
static void prepare_best(struct trainer *t)
{
    bool wanted = t->fit.patience && !t->fit.keep_last && t->held && keeps_copies(t);
    if (!wanted) {
        state_free(t->better);
        t->better = NULL;
    } else if (!t->better) {
        t->better = state_new(t->state->model, 0, t->state->seed, NULL);
    }
}

static bool take_workspace(struct trainer *t, struct error *e)
{
    size_t size = slices_size(t->state->model, t->batch_size);
    t->ws = workspace_new(t->state->model, size ? size : t->batch_size, USE_TRAIN, e);
    if (!t->ws || !workspace_aim(t->ws, &t->goals, e))
        return false;
    workspace_bind(t->ws, t->state);
    return !size || (t->slices = slices_new(t->ws, t->batch_size, e));
}

static bool take_memory(struct trainer *t, struct error *e)
{
    const struct state *s = t->state;
    size_t rows = evaluate_batch(s->model, t->held);
    bool slides = t->data->slide > 0;
    return take_workspace(t, e) && (t->recipe.accumulate <= 1 || workspace_collects(t->ws, e)) &&
           (!t->held || ((t->scores = workspace_new(s->model, rows, USE_OUTPUT, e)) &&
                            workspace_aim(t->scores, &t->goals, e))) &&
           (slides ||
               (t->targets = memory_take(t->train * t->goals.width, sizeof(float), "the targets", e))) &&
           (t->order = memory_take(t->train, sizeof *t->order, "the order of an epoch", e)) &&
           (t->history = history_new(s, t->fit.memory, e)) &&
           (t->snapshots = snapshots_new(s, t->batch_size, e)) &&
           (!keeps_copies(t) || (t->guard = state_copy(s, e)));
}

struct trainer *trainer_new(struct worker *worker, struct state *state, const struct recipe *recipe,
    const struct data *data, struct curves *curves, const struct fit *fit, struct error *e)
{
    struct trainer *t = memory_take(1, sizeof *t, "the trainer", e);
    if (!t)
        return NULL;
    pthread_mutex_init(&t->lock, NULL);
    t->worker = worker;
    t->state = state;
    t->recipe = *recipe;
    t->data = data_ref(data);
    t->curves = curves;
    t->inputs = shape_size(&data->shape);
    t->train = data->train;
    t->held = data->n - data->train;
    t->chunk = 1;
    t->best = INFINITY;
    t->batch_size = fit->batch_size < t->train ? fit->batch_size : t->train;
    if (!goals_make(&t->goals, state->model, recipe, data, e) || !keep_fit(t, fit, e) || !take_memory(t, e)) {
        trainer_free(t);
        return NULL;
    }
    t->checks = recipe->clip > 0 || !t->guard; /* what cannot be mended must not happen */
    t->stateful = model_is_stateful(state->model);
    if (t->stateful && !workspace_carry(t->ws, true, e)) {
        trainer_free(t);
        return NULL;
    }
    if (t->scores)
        workspace_bind(t->scores, state);
    if (t->targets)
        goals_encode(&t->goals, data, 0, t->train, t->targets);
    trainer_start_epoch(t);
    trainer_find_epoch(t); /* the place may come from other batches, or from a file */
    history_add(t->history, state);
    trainer_publish(t, trainer_now());
    return t;
}

double trainer_bytes(const struct model *m, const struct recipe *r, size_t batch_size, size_t held)
{
    size_t slice = slices_size(m, batch_size);
    double bytes = state_bytes(m, r->optimizer->moments);
    bytes += workspace_bytes(m, slice ? slice : batch_size, USE_TRAIN);
    bytes += slice ? slices_bytes(m, batch_size) : 0;
    if (r->accumulate > 1)
        bytes += (double)m->params * sizeof(float);
    if (held)
        bytes += workspace_bytes(m, evaluate_batch(m, held), USE_OUTPUT);
    return bytes;
}

void trainer_free(struct trainer *t)
{
    if (!t)
        return;
    if (trainer_running(t))
        trainer_stop(t);
    slices_free(t->slices);
    workspace_free(t->ws);
    workspace_free(t->scores);
    history_free(t->history);
    snapshots_free(t->snapshots);
    state_free(t->guard);
    state_free(t->better);
    memory_free(t->targets);
    goals_release(&t->goals);
    memory_free(t->order);
    memory_free(t->autosave);
    memory_free(t->commands);
    data_unref(t->data);
    pthread_mutex_destroy(&t->lock);
    memory_free(t);
}

bool trainer_start(struct trainer *t, const struct fit *fit, struct error *e)
{
    if (worker_busy(t->worker))
        return error_set(e, "something is still running; `stop` ends it, `wait` waits for its end");
    if (!keep_fit(t, fit, e) || (t->slices && !slices_serve(t->slices, fit->threads, e)))
        return false;
    t->epoch_end = fit->epochs ? t->state->place.epoch + fit->epochs : UINT64_MAX;
    t->step_end = fit->steps ? t->state->place.step + fit->steps : 0;
    t->best = INFINITY;
    t->best_epoch = 0;
    t->without_better = 0;
    prepare_best(t);
    t->paused = false;
    t->rate = t->run_seconds = 0;
    t->run_steps = 0;
    t->run.time = 0;
    trainer_find_epoch(t);
    schedule_begin(&t->recipe, &t->state->place, trainer_batches(t), fit->epochs, fit->steps);
    curves_cut(t->curves, t->state->place.step);
    double time = trainer_now();
    t->save_time = time;
    t->status = (struct status){.phase = PHASE_RUNNING};
    trainer_publish(t, time);
    if (!worker_start(t->worker, (struct job){trainer_slice, t}, e))
        return false;
    t->job = worker_job(t->worker);
    return true;
}

/* --- requests --- */

bool trainer_running(const struct trainer *t)
{
    return t->job && worker_busy(t->worker) && worker_job(t->worker) == t->job;
}

void trainer_call(struct trainer *t, void (*fn)(void *), void *arg)
{
    if (trainer_running(t))
        worker_call(t->worker, fn, arg);
    else
        fn(arg);
}

static void set_paused(struct trainer *t, bool paused)
{
    if (t->paused == paused)
        return;
    t->paused = paused;
    trainer_find_epoch(t);
    double time = trainer_now();
    pthread_mutex_lock(&t->lock);
    if (t->status.phase == PHASE_RUNNING || t->status.phase == PHASE_PAUSED)
        t->status.phase = paused ? PHASE_PAUSED : PHASE_RUNNING;
    pthread_mutex_unlock(&t->lock);
    if (paused)
        trainer_clock_off(t, time);
    trainer_publish(t, time);
}

static void pause_now(void *arg)
{
    set_paused(arg, true);
}

static void resume_now(void *arg)
{
    set_paused(arg, false);
}

void trainer_pause(struct trainer *t)
{
    if (trainer_running(t))
        trainer_call(t, pause_now, t);
}

void trainer_resume(struct trainer *t)
{
    if (trainer_running(t))
        trainer_call(t, resume_now, t);
}

void trainer_stop(struct trainer *t)
{
    if (!trainer_running(t))
        return;
    worker_cancel(t->worker);
    worker_wait(t->worker);
}

struct setting {
    struct trainer *trainer;
    double value;
};

static void set_lr_now(void *arg)
{
    struct setting *set = arg;
    set->trainer->recipe.lr = set->value;
}

static void set_speed_now(void *arg)
{
    struct setting *set = arg;
    set->trainer->speed = set->value;
    trainer_pace(set->trainer, trainer_now());
    set->trainer->chunk = 1;
}

void trainer_set_lr(struct trainer *t, double lr)
{
    trainer_call(t, set_lr_now, &(struct setting){t, lr});
}

void trainer_set_speed(struct trainer *t, double epochs_per_s)
{
    trainer_call(t, set_speed_now, &(struct setting){t, epochs_per_s});
}

void trainer_status(const struct trainer *t, struct status *out)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)&t->lock;
    pthread_mutex_lock(lock);
    *out = t->status;
    pthread_mutex_unlock(lock);
}

struct snapshots *trainer_snapshots(struct trainer *t)
{
    return t->snapshots;
}

const struct history *trainer_history(const struct trainer *t)
{
    return t->history;
}

bool trainer_rewind(struct trainer *t, uint64_t step, struct error *e)
{
    if (trainer_running(t))
        return error_set(e, "training is running; `stop` it first");
    const struct state *back = history_at(t->history, step);
    if (!back)
        return error_set(e, "nothing was recorded at or before step %llu", (unsigned long long)step);
    state_assign(t->state, back);
    history_cut(t->history, back->place.step);
    curves_cut(t->curves, back->place.step);
    t->next_checkpoint = 0;
    trainer_start_epoch(t);
    trainer_publish(t, trainer_now());
    return true;
}
