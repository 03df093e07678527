/* trainer_run.c - the run of a fit, as a job of the worker.
 *
 * A step: gather the batch, forward, loss, is it finite?, backward, penalties, update. An epoch's end: score
 * the held-out part, log, checkpoint. `order` always holds the order of the epoch that place names, so the
 * next batch can be told at any time, and a rewound run goes on as it did.
 *
 * Steps run in chunks of about two milliseconds; the clock is read and the status published once a chunk.
 * Time decides only how long chunks are, never a number of the training. */
#include "trainer_run.h"
#include "error.h"
#include "io/safetensors.h"
#include "kernels/gemm.h"
#include "kernels/threads.h"
#include "rng.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { GUARD_STEPS = 256, CHUNK_MOST = 4096, HISTORY_GRAIN = 1024 };

static const double chunk_seconds = 0.002;
static const double copy_share = 0.02; /* of the time, for snapshots */
static const double recent_seconds = 0.25;
static const double gather_worth = 16384; /* floats of a batch that are worth a thread */

double trainer_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* --- what trainers and replicas share --- */

uint64_t train_step_key(uint64_t seed, uint64_t step)
{
    return rng_mix(rng_mix(0x67726164u, seed), step);
}

void train_epoch_order(uint64_t seed, uint64_t epoch, uint32_t *index, size_t n)
{
    struct rng r = rng_from(rng_key(seed, "shuffle", NULL, epoch));
    for (size_t i = 0; i < n; i++)
        index[i] = (uint32_t)i;
    rng_shuffle(&r, index, n);
}

void train_lanes_order(uint32_t *index, size_t n, size_t batch)
{
    size_t length = n / batch, at = 0;
    for (size_t k = 0; k < length; k++)
        for (size_t lane = 0; lane < batch; lane++)
            index[at++] = (uint32_t)(lane * length + k);
    for (size_t i = length * batch; i < n; i++)
        index[at++] = (uint32_t)i;
}

uint32_t trainer_batches(const struct trainer *t)
{
    return (uint32_t)((t->train + t->batch_size - 1) / t->batch_size);
}

static size_t batch_at(const struct trainer *t, uint32_t batch, const uint32_t **index)
{
    size_t first = (size_t)batch * t->batch_size;
    *index = t->order + first;
    return t->train - first < t->batch_size ? t->train - first : t->batch_size;
}

size_t trainer_next_batch(struct trainer *t, uint32_t *index, uint64_t *key)
{
    const uint32_t *from;
    size_t N = batch_at(t, t->state->place.batch, &from);
    memcpy(index, from, N * sizeof *index);
    *key = train_step_key(t->state->seed, t->state->place.step);
    return N;
}

/* --- a step --- */

enum weights { WEIGHTS_FINE, WEIGHTS_BACK, WEIGHTS_LOST };

/* Back to parameters that are finite, if those of now are not. */
static enum weights restore_finite(struct trainer *t)
{
    if (state_finite(t->state))
        return WEIGHTS_FINE;
    bool guarded = t->guard && state_finite(t->guard);
    const struct state *good = guarded ? t->guard : history_finite(t->history);
    if (!good)
        return WEIGHTS_LOST;
    state_assign(t->state, good);
    trainer_start_epoch(t); /* the lost batches count no more */
    return WEIGHTS_BACK;
}

/* The explosion stays visible: the epoch so far, and where the loss left the numbers. */
static void log_divergence(struct trainer *t, double loss)
{
    struct curve_point p = {.step = t->state->place.step, .epoch = t->state->place.epoch + 1};
    p.lr = (float)schedule_rate(&t->recipe, &t->state->place);
    p.loss = t->tally.n ? (float)(t->tally.loss / (double)t->tally.n) : NAN;
    p.accuracy = p.mae = p.val_loss = p.val_accuracy = p.val_mae = NAN;
    if (t->tally.n)
        curves_add(t->curves, &p);
    p.loss = (float)loss;
    curves_add(t->curves, &p);
}

static void diverged(struct trainer *t, double loss)
{
    uint64_t step = t->state->place.step;
    log_divergence(t, loss);
    enum weights weights = restore_finite(t);
    const char *what = isfinite(loss) ? "the gradients" : "the loss";
    const char *became = isnan(loss) ? "NaN (not a number)" : "infinite";
    struct status *s = &t->status;
    pthread_mutex_lock(&t->lock);
    int n = snprintf(
        s->message, sizeof s->message, "%s became %s at step %llu", what, became, (unsigned long long)step);
    if (weights == WEIGHTS_LOST)
        n += snprintf(
            s->message + n, sizeof s->message - (size_t)n, "; the weights are lost: `init` draws new ones");
    if (weights == WEIGHTS_BACK)
        n += snprintf(s->message + n, sizeof s->message - (size_t)n, "; the weights are back at step %llu",
            (unsigned long long)t->state->place.step);
    snprintf(s->message + n, sizeof s->message - (size_t)n,
        ". A learning rate of %g is probably too large: `undo` brings back the weights from before, then try "
        "`set lr %.2g`; `why` tells more",
        t->recipe.lr, recipe_smaller_lr(&t->recipe));
    s->phase = PHASE_DIVERGED;
    pthread_mutex_unlock(&t->lock);
}

/* Batches that accumulate end with their epoch, so that every epoch begins afresh. */
static bool update_due(const struct trainer *t)
{
    uint32_t done = t->state->place.batch + 1, each = (uint32_t)t->recipe.accumulate;
    return each <= 1 || done % each == 0 || done >= trainer_batches(t);
}

struct gathering {
    const struct trainer *trainer;
    const uint32_t *index;
    float *to;
};

static void gather_rows(const void *arg, size_t first, size_t count)
{
    const struct gathering *g = arg;
    const struct trainer *t = g->trainer;
    data_batch(t->data, g->index + first, count, t->shift, g->to + first * t->inputs);
}

/* Samples first … first+count-1 of a batch into a workspace. */
static void gather_samples(const void *arg, size_t first, size_t count, struct workspace *ws)
{
    const struct gathering *g = arg;
    const struct trainer *t = g->trainer;
    const uint32_t *index = g->index + first;
    kernels_ranges(count, 1, kernels_threads((double)count * (double)t->inputs, gather_worth), gather_rows,
        &(struct gathering){t, index, workspace_input(ws)});
    if (t->targets)
        goals_gather(&t->goals, t->targets, t->train, index, count, workspace_targets(ws));
    else
        goals_of_rows(&t->goals, t->data, index, count, t->shift, workspace_targets(ws));
}

/* The mean loss of a batch, with its gradients unless it is not finite. `sum` gets what metrics read. */
static double run_batch(struct trainer *t, const uint32_t *index, size_t N, struct tally *sum)
{
    struct workspace *ws = t->ws;
    struct gathering g = {.trainer = t, .index = index};
    if (t->slices)
        return slices_run(t->slices, &(struct slices_source){gather_samples, &g}, N, sum);
    gather_samples(&g, 0, N, ws);
    workspace_forward(ws, N, true, train_step_key(t->state->seed, t->state->place.step));
    double loss = workspace_loss(ws, true);
    if (!isfinite(loss))
        return loss;
    workspace_backward(ws);
    tally_add(sum, ws->goal_batch, ws->goal_loss, loss);
    return loss;
}

/* One training step; false when loss or gradients are not finite, and then nothing was changed. */
static bool train_step(struct trainer *t)
{
    struct workspace *ws = t->ws;
    struct state *s = t->state;
    struct tally sum;
    const uint32_t *index;
    size_t N = batch_at(t, s->place.batch, &index);
    tally_start(&sum, &t->goals, NULL);
    t->loss = run_batch(t, index, N, &sum);
    if (!isfinite(t->loss))
        return false;
    double penalty = workspace_penalty(ws, &t->recipe, true);
    t->loss += penalty;
    sum.loss += penalty * (double)N;
    bool ready = workspace_collect(ws, update_due(t));
    if (ready && t->checks && !isfinite(workspace_norm(ws)))
        return false;
    tally_merge(&t->tally, &sum);
    if (ready)
        workspace_update(ws, s, &t->recipe);
    else
        workspace_settle(ws, s);
    s->place.batch++;
    return true;
}

/* --- an epoch's end --- */

static float tally_accuracy(const struct tally *t)
{
    return t->kinds & TALLY_ANSWERS && t->rows > 0 ? (float)(t->correct / t->rows) : NAN;
}

static float tally_mae(const struct tally *t)
{
    return t->kinds & TALLY_NUMBERS && t->n ? (float)(t->absolute / t->outputs) : NAN;
}

static void score_held_out(struct trainer *t, struct curve_point *p)
{
    p->val_loss = p->val_accuracy = p->val_mae = NAN;
    if (!t->held)
        return;
    struct tally tally;
    tally_start(&tally, &t->goals, NULL);
    evaluate_batches(t->scores, t->data, t->train, t->held, &tally, NULL);
    p->val_loss = (float)(tally.loss / (double)tally.n + workspace_penalty(t->scores, &t->recipe, false));
    p->val_accuracy = tally_accuracy(&tally);
    p->val_mae = tally_mae(&tally);
}

/* True when patience has run out. */
static bool count_patience(struct trainer *t, float val_loss)
{
    if (!t->fit.patience || isnan(val_loss))
        return false;
    t->without_better = val_loss < t->best ? 0 : t->without_better + 1;
    if (!t->without_better) {
        t->best = val_loss;
        t->best_epoch = t->state->place.epoch;
        if (t->better)
            state_assign_params(t->better, t->state);
    }
    return t->without_better >= t->fit.patience;
}

/* The weights of the best epoch come back; the place stays, as training goes on from there. */
static void end_patience(struct trainer *t)
{
    bool ran_out = t->without_better >= t->fit.patience;
    char *message = t->status.message;
    size_t room = sizeof t->status.message, n = 0;
    bool behind = t->best_epoch && t->best_epoch < t->state->place.epoch;
    struct place place = t->state->place;
    if (t->better && behind) {
        state_assign_params(t->state, t->better);
        t->state->place = place;
    }
    pthread_mutex_lock(&t->lock);
    if (ran_out)
        n = (size_t)snprintf(
            message, room, "val_loss has not improved for %d epochs%s", t->fit.patience, behind ? "; " : "");
    if (behind)
        snprintf(message + n, room - n,
            t->better ? "the weights are back at those of epoch %llu, the best: val_loss %.4g"
                      : "the best epoch was %llu: val_loss %.4g",
            (unsigned long long)t->best_epoch, (double)t->best);
    pthread_mutex_unlock(&t->lock);
}

void trainer_start_epoch(struct trainer *t)
{
    if (t->stateful) {
        train_lanes_order(t->order, t->train, t->batch_size);
        workspace_carry(t->ws, true, NULL); /* has its memory already: forgets */
    } else {
        train_epoch_order(t->state->seed, t->state->place.epoch, t->order, t->train);
    }
    t->order_epoch = t->state->place.epoch;
    t->shift = data_shift(t->data, t->state->seed, t->state->place.epoch);
    t->ws->collected = 0; /* where weights went back, what waits is of others */
    tally_start(&t->tally, &t->goals, NULL);
}

void trainer_find_epoch(struct trainer *t)
{
    if (t->state->place.batch >= trainer_batches(t))
        t->state->place.batch = 0;
    if (t->order_epoch != t->state->place.epoch)
        trainer_start_epoch(t);
}

/* A checkpoint at the end of an epoch, unless the last one is younger than a thousandth of the run. */
static void checkpoint(struct trainer *t)
{
    uint64_t step = t->state->place.step;
    if (step < t->next_checkpoint)
        return;
    history_add(t->history, t->state);
    t->next_checkpoint = step + step / HISTORY_GRAIN;
}

/* Returns true when the run is over. */
static bool finish_epoch(struct trainer *t)
{
    struct state *s = t->state;
    struct curve_point p = {.step = s->place.step, .lr = (float)schedule_rate(&t->recipe, &s->place)};
    p.loss = (float)(t->tally.loss / (double)t->tally.n);
    p.accuracy = tally_accuracy(&t->tally);
    p.mae = tally_mae(&t->tally);
    score_held_out(t, &p);
    s->place.batch = 0;
    p.epoch = ++s->place.epoch;
    schedule_score(&t->recipe, &s->place, isnan(p.val_loss) ? p.loss : p.val_loss);
    curves_add(t->curves, &p);
    trainer_start_epoch(t);
    checkpoint(t);
    return count_patience(t, p.val_loss) || s->place.epoch >= t->epoch_end;
}

void trainer_carry_to(const struct trainer *t, struct workspace *ws)
{
    if (ws->batch == t->ws->batch)
        workspace_carry_on(ws, t->ws);
}

/* The gradients that wait are the trainer's, whoever adds to them. */
static bool collect_by_hand(struct trainer *t, struct workspace *ws)
{
    ws->sum = t->ws->sum;
    ws->collected = t->ws->collected;
    bool ready = workspace_collect(ws, update_due(t));
    t->ws->collected = ws->collected;
    ws->sum = NULL;
    return ready;
}

bool trainer_step(struct trainer *t, struct workspace *ws, double loss)
{
    trainer_find_epoch(t);
    bool ready = collect_by_hand(t, ws);
    if (ready)
        workspace_update(ws, t->state, &t->recipe);
    else
        workspace_settle(ws, t->state);
    if (ws->batch == t->ws->batch)
        workspace_carry_on(t->ws, ws);
    t->loss = loss;
    tally_add(&t->tally, ws->goal_batch, ws->goal_loss, loss);
    if (++t->state->place.batch >= trainer_batches(t))
        finish_epoch(t);
    trainer_publish(t, trainer_now());
    return ready;
}

/* --- between steps --- */

static void copy_snapshot(struct trainer *t)
{
    double start = trainer_now();
    if (start < t->copy_time)
        return;
    unsigned slices;
    struct snapshot *shot = snapshots_begin(t->snapshots, &slices);
    (slices & SLICE_MOMENTS ? state_assign : state_assign_params)(shot->state, t->state);
    shot->lr = t->recipe.lr;
    shot->N = trainer_next_batch(t, shot->index, &shot->key);
    snapshots_end(t->snapshots);
    t->copy_time = trainer_now() + (trainer_now() - start) / copy_share;
}

static void guard(struct trainer *t)
{
    if (t->guard && state_finite(t->state))
        state_assign(t->guard, t->state);
}

/* Saves beside the run; an error is told in the status and does not end the training. */
static void autosave(struct trainer *t, double time)
{
    struct error e;
    struct text schema = {0};
    t->save_time = time;
    if (!t->autosave)
        return;
    data_schema_write(t->data, &schema);
    bool ok = safetensors_save(t->autosave, t->state, t->commands, text_get(&schema), &e);
    text_release(&schema);
    if (ok)
        return;
    pthread_mutex_lock(&t->lock);
    snprintf(t->status.message, sizeof t->status.message, "autosave failed: %.200s", e.text);
    pthread_mutex_unlock(&t->lock);
}

/* 0 when a divergence has led back before it. */
static uint64_t steps_since(const struct trainer *t, uint64_t step)
{
    return t->state->place.step > step ? t->state->place.step - step : 0;
}

void trainer_clock_on(struct trainer *t, double time)
{
    t->run = t->recent = (struct stretch){time, t->state->place.step};
    trainer_pace(t, time);
}

void trainer_clock_off(struct trainer *t, double time)
{
    if (t->run.time > 0) {
        t->run_seconds += time - t->run.time;
        t->run_steps += steps_since(t, t->run.step);
    }
    t->run.time = 0;
}

static double run_seconds(const struct trainer *t, double time)
{
    return t->run_seconds + (t->run.time > 0 ? time - t->run.time : 0);
}

/* Over the whole run: what a run that is over, or that has only begun, is told by. */
static double mean_rate(const struct trainer *t, double time)
{
    uint64_t steps = t->run_steps + (t->run.time > 0 ? steps_since(t, t->run.step) : 0);
    double seconds = run_seconds(t, time);
    return seconds > 0 ? (double)steps / seconds : 0;
}

static void measure_rate(struct trainer *t, double time)
{
    uint64_t step = t->state->place.step;
    if (time - t->recent.time >= recent_seconds) {
        t->rate = (double)steps_since(t, t->recent.step) / (time - t->recent.time);
        t->recent = (struct stretch){time, step};
    } else if (run_seconds(t, time) < 2 * recent_seconds) {
        t->rate = mean_rate(t, time);
    }
}

static double steps_left(const struct trainer *t)
{
    const struct place *p = &t->state->place;
    if (t->step_end)
        return (double)t->step_end - (double)p->step;
    return ((double)t->epoch_end - (double)p->epoch) * trainer_batches(t) - p->batch;
}

void trainer_publish(struct trainer *t, double time)
{
    const struct place *p = &t->state->place;
    pthread_mutex_lock(&t->curves->lock);
    struct curve_point point = t->curves->last;
    pthread_mutex_unlock(&t->curves->lock);
    pthread_mutex_lock(&t->lock);
    struct status *s = &t->status;
    s->epoch = p->epoch;
    s->epochs = t->epoch_end == UINT64_MAX ? 0 : t->epoch_end;
    s->step = p->step;
    s->steps = t->step_end;
    s->batch = p->batch;
    s->batches = trainer_batches(t);
    s->loss = t->loss;
    s->mean_loss = t->tally.n ? t->tally.loss / (double)t->tally.n : NAN;
    s->lr = schedule_rate(&t->recipe, p);
    s->speed = t->speed;
    s->seconds = run_seconds(t, time);
    s->steps_per_s = t->rate;
    s->left = t->rate > 0 && !t->paused ? steps_left(t) / t->rate : NAN;
    s->point = point;
    s->threads = kernels_shared();
    pthread_mutex_unlock(&t->lock);
}

/* --- the job --- */

static double end_run(struct trainer *t, enum phase phase)
{
    double time = trainer_now();
    if (phase != PHASE_DIVERGED && !state_finite(t->state)) {
        diverged(t, INFINITY);
        phase = PHASE_DIVERGED;
    }
    if (phase == PHASE_FINISHED && t->fit.patience)
        end_patience(t);
    if (phase == PHASE_FINISHED)
        t->state->place.course.end = 0; /* the way of a schedule over the fit is done */
    history_add(t->history, t->state);
    trainer_clock_off(t, time);
    t->rate = mean_rate(t, time);
    if (t->autosave)
        autosave(t, time);
    trainer_publish(t, time);
    pthread_mutex_lock(&t->lock);
    t->status.phase = phase;
    pthread_mutex_unlock(&t->lock);
    return JOB_DONE;
}

/* Seconds until the next step is due under the speed limit; 0 when it is due. */
static double rest(const struct trainer *t, double time)
{
    if (t->speed <= 0)
        return 0;
    double steps = (double)(t->state->place.step - t->pace.step);
    double due = t->pace.time + steps / (t->speed * trainer_batches(t));
    return due > time ? due - time : 0;
}

void trainer_pace(struct trainer *t, double time)
{
    t->pace = (struct stretch){time, t->state->place.step};
}

enum outcome { GO_ON, RUN_OVER, RUN_DIVERGED };

/* Up to `count` steps; ends early when somebody calls. */
static enum outcome run_chunk(struct trainer *t, uint32_t count)
{
    const atomic_bool *cancelled = worker_cancelled(t->worker);
    for (uint32_t i = 0; i < count; i++) {
        if (snapshots_wanted(t->snapshots))
            copy_snapshot(t);
        if (t->state->place.step % GUARD_STEPS == 0)
            guard(t);
        if (!train_step(t)) {
            diverged(t, t->loss);
            return RUN_DIVERGED;
        }
        bool over = t->state->place.batch >= trainer_batches(t) && finish_epoch(t);
        if (over || (t->step_end && t->state->place.step >= t->step_end))
            return RUN_OVER;
        if (worker_called(t->worker) || atomic_load_explicit(cancelled, memory_order_relaxed))
            break;
    }
    return GO_ON;
}

/* Chunks grow while they are short and shrink when they take too long; under a speed limit they fit a frame.
 */
static uint32_t next_chunk(const struct trainer *t, double took, double time)
{
    uint32_t chunk = took < chunk_seconds / 2   ? t->chunk * 2
                     : took > chunk_seconds * 2 ? t->chunk / 2
                                                : t->chunk;
    chunk = chunk < 1 ? 1 : chunk > CHUNK_MOST ? CHUNK_MOST : chunk;
    if (t->speed <= 0)
        return chunk;
    double due = (time - t->pace.time + 0.01) * t->speed * trainer_batches(t) -
                 (double)(t->state->place.step - t->pace.step);
    uint32_t most = due < 1 ? 1 : (uint32_t)fmin(due, CHUNK_MOST);
    return chunk < most ? chunk : most;
}

double trainer_slice(void *arg, double seconds)
{
    struct trainer *t = arg;
    double start = trainer_now(), time = start;
    kernels_set_threads(t->fit.threads);
    while (!worker_called(t->worker)) {
        if (atomic_load(worker_cancelled(t->worker)))
            return end_run(t, PHASE_STOPPED);
        if (t->paused)
            return INFINITY;
        if (t->run.time <= 0)
            trainer_clock_on(t, time);
        double wait = rest(t, time);
        if (wait > 0)
            return wait;
        enum outcome outcome = run_chunk(t, t->chunk);
        if (outcome != GO_ON)
            return end_run(t, outcome == RUN_OVER ? PHASE_FINISHED : PHASE_DIVERGED);
        double end = trainer_now();
        t->chunk = next_chunk(t, end - time, end);
        time = end;
        measure_rate(t, time);
        trainer_publish(t, time);
        if (t->autosave && time - t->save_time > t->fit.autosave_every)
            autosave(t, time);
        if (time - start >= seconds)
            break;
    }
    return 0;
}
