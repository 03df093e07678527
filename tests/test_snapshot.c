/* Snapshots taken while a training runs: each is one whole moment of it, and says which step comes next. */
#include "making.h"

enum { ROWS = 83, BATCH = 10, WANTED = 40 };

static struct session *scene(void)
{
    struct session *s = make_session(WORKER_THREAD, make_data(100, ROWS, 5), "dense 8 tanh;dense 1 tanh");
    struct recipe r = make_recipe("adam", "mse", 0.01);
    assert_true(session_compile(s, &r, NULL));
    return s;
}

static void start(struct session *s, uint64_t epochs, uint64_t steps)
{
    struct error e;
    struct fit fit = {.epochs = epochs, .steps = steps, .batch_size = BATCH, .memory = 1e6};
    if (!session_fit(s, &fit, &e))
        fail_msg("%s", e.text);
}

/* The batch and the key that a snapshot names are those of its step. */
static void check_batch(const struct snapshot *shot)
{
    uint32_t order[ROWS];
    const struct place *p = &shot->state->place;
    train_epoch_order(1, p->epoch, order, ROWS);
    size_t first = p->batch * BATCH;
    assert_int_equal(shot->N, ROWS - first < BATCH ? ROWS - first : BATCH);
    assert_memory_equal(shot->index, order + first, shot->N * sizeof *order);
    assert_int_equal(shot->key, train_step_key(1, p->step));
    assert_int_equal(p->step, p->epoch * 9 + p->batch);
}

/* The same training, stopped at the snapshot's step, holds the same numbers. */
static void check_state(const struct snapshot *shot)
{
    struct session *again = scene();
    if (shot->state->place.step) {
        start(again, 0, shot->state->place.step);
        finish(again);
    }
    const struct state *s = session_network(again)->state;
    assert_memory_equal(s->param, shot->state->param, s->floats * sizeof(float));
    session_free(again);
}

static void every_snapshot_is_one_moment(void **state)
{
    struct session *s = scene();
    start(s, 1000000000, 0);
    struct snapshots *shots = trainer_snapshots(session_network(s)->trainer);
    uint64_t last = UINT64_MAX;
    for (int seen = 0; seen < WANTED;) {
        snapshots_request(shots, SLICE_PARAMS | SLICE_MOMENTS | SLICE_BATCH);
        const struct snapshot *shot = snapshots_take(shots);
        if (!shot || shot->state->place.step == last)
            continue;
        assert_true(last == UINT64_MAX || shot->state->place.step > last);
        last = shot->state->place.step;
        check_batch(shot);
        if (seen++ % 10 == 0)
            check_state(shot);
    }
    session_free(s);
}

/* Without moments asked for, only parameters travel, and the snapshot says so. */
static void slices_are_what_was_asked_for(void **state)
{
    struct session *s = scene();
    start(s, 1000000000, 0);
    struct snapshots *shots = trainer_snapshots(session_network(s)->trainer);
    const struct snapshot *shot = NULL;
    while (!shot) {
        snapshots_request(shots, SLICE_PARAMS);
        shot = snapshots_take(shots);
    }
    assert_false(shot->slices & SLICE_MOMENTS);
    assert_true(shot->slices & SLICE_PARAMS);
    assert_true(shot->lr == 0.01);
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_snapshot_is_one_moment),
        cmocka_unit_test(slices_are_what_was_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
