/* session_probe.c - one step by hand: forward, backward, update.
 *
 * A probe works on a private copy of the weights, so that it can be read while a training runs. It draws the
 * batch and the random key of the very next step, so that forward, backward and update together do what `fit`
 * would do. */
#include "error.h"
#include "kernels/gemm.h"
#include "memory.h"
#include "session_parts.h"

#include <inttypes.h>
#include <string.h>

enum { DEFAULT_BATCH = 32 };

void probe_release(struct probe *p)
{
    uint64_t serial = p->serial;
    workspace_free(p->ws);
    state_free((struct state *)p->state);
    memory_free(p->index);
    goals_release(&p->goals);
    *p = (struct probe){.serial = serial};
}

/* One moment of a prepared trainer: its state, and the batch and key of its next step. */
struct moment {
    struct trainer *trainer;
    const struct state *from;
    struct probe *probe;
    struct error *error;
};

static void moment_now(void *arg)
{
    struct moment *m = arg;
    struct probe *p = m->probe;
    p->state = state_copy(m->from, m->error);
    p->N = trainer_next_batch(m->trainer, p->index, &p->key);
    trainer_carry_to(m->trainer, p->ws);
}

/* The next batch when no trainer is prepared: the first of the epoch that would come. */
static bool first_batch(
    const struct session *s, const struct state *copy, size_t room, struct probe *p, struct error *e)
{
    size_t n = s->data->train, first = (size_t)copy->place.batch * room;
    uint32_t *order = memory_take(n, sizeof *order, "the order of an epoch", e);
    if (!order)
        return false;
    if (model_is_stateful(copy->model))
        train_lanes_order(order, n, room);
    else
        train_epoch_order(copy->seed, copy->place.epoch, order, n);
    first = first < n ? first : 0;
    p->N = n - first < room ? n - first : room;
    memcpy(p->index, order + first, p->N * sizeof *order);
    p->key = train_step_key(copy->seed, copy->place.step);
    memory_free(order);
    return true;
}

static size_t usual_batch(const struct session *s)
{
    return s->batch_size ? s->batch_size : DEFAULT_BATCH;
}

/* Copies the state, and chooses what goes through it: a sample, the trainer's next batch, or the first one.
 */
static bool take_moment(struct session *s, struct probe *p, long sample, size_t room, struct error *e)
{
    struct network *n = session_network(s);
    size_t batch = s->batch_size < s->data->train ? s->batch_size : s->data->train;
    bool prepared = n->trainer && s->trainer_revision == s->revision && batch == room;
    if (sample < 0 && prepared) {
        trainer_call(n->trainer, moment_now, &(struct moment){n->trainer, n->state, p, e});
        return p->state;
    }
    p->state = session_copy_state(s, e);
    if (!p->state || sample < 0)
        return p->state && first_batch(s, p->state, room, p, e);
    p->N = 1;
    p->index[0] = (uint32_t)sample;
    p->key = train_step_key(p->state->seed, p->state->place.step);
    return true;
}

/* All memory of a probe but the state. */
static bool take_room(
    const struct session *s, struct probe *p, size_t room, const struct recipe *r, struct error *e)
{
    const struct model *m = session_network(s)->model;
    return (p->index = memory_take(room, sizeof *p->index, "the rows of a batch", e)) &&
           goals_make(&p->goals, m, r, s->data, e) && (p->ws = workspace_new(m, room, USE_BACKWARD, e)) &&
           workspace_aim(p->ws, &p->goals, e) &&
           (!p->whole_batch || !model_is_stateful(m) || workspace_carry(p->ws, true, e));
}

/* Copies rows and targets of the batch into the workspace and runs it. */
static void run_forward(struct session *s, struct probe *p, const struct recipe *r)
{
    workspace_bind(p->ws, p->state);
    size_t shift = p->whole_batch ? data_shift(s->data, p->state->seed, p->state->place.epoch) : 0;
    data_batch(s->data, p->index, p->N, shift, workspace_input(p->ws));
    goals_of_rows(&p->goals, s->data, p->index, p->N, shift, workspace_targets(p->ws));
    kernels_set_threads(s->threads);
    workspace_forward(p->ws, p->N, true, p->key);
    p->loss = workspace_loss(p->ws, true);
    p->penalty = workspace_penalty(p->ws, r, false);
}

static bool forward(struct session *s, long sample, size_t N, struct error *e)
{
    struct recipe r;
    if (!session_prepare(s, e) || !session_recipe(s, &r, e))
        return false;
    if (sample >= (long)s->data->n)
        return error_set(
            e, "there is no sample %ld: '%s' has samples 0 to %zu", sample, s->data->name, s->data->n - 1);
    size_t room = sample < 0 ? N ? N : usual_batch(s) : 1;
    room = room < s->data->train ? room : s->data->train;
    struct probe p = {.serial = s->probe.serial + 1, .phase = PROBE_FORWARD, .revision = s->revision};
    p.whole_batch = sample < 0;
    if (!take_room(s, &p, room, &r, e) || !take_moment(s, &p, sample, room, e)) {
        probe_release(&p);
        return false;
    }
    run_forward(s, &p, &r);
    probe_release(&s->probe);
    s->probe = p;
    s->probe.ws->goals = &s->probe.goals;
    return true;
}

bool session_forward(struct session *s, long sample, size_t N, struct error *e)
{
    struct status status;
    session_status(s, &status);
    if (status.phase == PHASE_RUNNING && session_running(s))
        return error_set(e, "training is running: `pause` it first");
    return forward(s, sample, N, e);
}

/* True while the probe shows the present weights. */
static bool fresh(const struct session *s)
{
    const struct probe *p = &s->probe;
    return p->phase != PROBE_NONE && p->revision == s->revision &&
           p->state->place.step == session_place(s).step;
}

static void backward(struct probe *p, const struct recipe *r)
{
    p->loss = workspace_loss(p->ws, true);
    workspace_backward(p->ws);
    p->penalty = workspace_penalty(p->ws, r, true);
    p->phase = PROBE_BACKWARD;
    p->serial++;
}

bool session_backward(struct session *s, struct error *e)
{
    struct recipe r;
    if (s->probe.phase == PROBE_NONE || s->probe.phase == PROBE_UPDATED)
        return error_set(e, "nothing went forward yet: run `forward` first");
    if (!fresh(s))
        return error_set(e, "the weights have changed since `forward`: run it again");
    if (!session_recipe(s, &r, e))
        return false;
    backward(&s->probe, &r);
    s->probe.quiet = false;
    return true;
}

struct updating {
    const struct probe *probe;
    struct network *network;
    const struct recipe *recipe;
    bool waits; /* for more batches */
};

/* A whole batch counts as one of its epoch, so that the next forward takes the next one. */
static void update_now(void *arg)
{
    struct updating *u = arg;
    const struct probe *p = u->probe;
    if (p->whole_batch)
        u->waits = !trainer_step(u->network->trainer, p->ws, p->loss + p->penalty);
    else
        workspace_update(p->ws, u->network->state, u->recipe);
}

bool session_update_as(struct session *s, const char *label, struct error *e)
{
    struct network *n = session_network(s);
    struct probe *p = &s->probe;
    struct recipe r;
    if (p->phase != PROBE_BACKWARD)
        return error_set(e, p->phase == PROBE_FORWARD ? "there are no gradients yet: run `backward` first"
                                                      : "run `forward`, then `backward`, then `update`");
    if (!fresh(s))
        return error_set(e, "the weights have changed since `backward`: start again with `forward`");
    if (!session_recipe(s, &r, e) || (p->whole_batch && !session_ready_to_step(s, usual_batch(s), e)))
        return false;
    undo_mark(s, label, UNDO_WEIGHTS);
    struct updating u = {p, n, &r, false};
    if (n->trainer)
        trainer_call(n->trainer, update_now, &u);
    else
        update_now(&u);
    p->phase = PROBE_UPDATED;
    p->quiet = false;
    p->serial++;
    session_changed_in_place(s);
    if (u.waits)
        text_addf(&s->notice, "the gradients wait: with accumulate=%d the weights change every %d batches\n",
            r.accumulate, r.accumulate);
    return true;
}

bool session_update(struct session *s, struct error *e)
{
    return session_update_as(s, "update", e);
}

void session_write_passes(const struct session *s, struct text *out)
{
    const struct probe *p = &s->probe;
    bool gradients = p->phase == PROBE_BACKWARD;
    if ((p->phase != PROBE_FORWARD && !gradients) || p->quiet || !fresh(s))
        return;
    if (p->whole_batch)
        text_addf(out, "forward n=%zu\n", p->N);
    else
        text_addf(out, "forward sample=%" PRIu32 "\n", p->index[0]);
    if (gradients)
        text_add(out, "backward\n");
}

bool session_probe(struct session *s, bool gradients, struct error *e)
{
    struct recipe r;
    if (!session_recipe(s, &r, e))
        return false;
    bool have = fresh(s) || (s->probe.phase == PROBE_UPDATED && s->probe.revision + 1 == s->revision);
    if (have && (!gradients || s->probe.phase != PROBE_FORWARD))
        return true;
    uint64_t serial = s->probe.serial;
    if (!have && !forward(s, -1, 0, e))
        return false;
    if (gradients)
        backward(&s->probe, &r);
    s->probe.serial = serial;
    s->probe.quiet = s->probe.quiet || !have;
    return true;
}
