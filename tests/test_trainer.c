/* test_trainer.c - a run of training: same seed, same bits, however it is cut up; pausing, rewinding,
 * divergence, patience. */
#include "training.h"

#include "../src/io/safetensors.h"

#include <unistd.h>

static void it_learns(void **state)
{
    struct error e;
    struct session *s = scene(WORKER_THREAD, "adam", 0.01);
    train(s, fit_of(100));
    struct status status;
    session_status(s, &status);
    assert_int_equal(status.phase, PHASE_FINISHED);
    assert_int_equal(status.epoch, 100);
    assert_int_equal(status.step, 800);
    double accuracy;
    assert_true(session_metric(s, "val_accuracy", &accuracy, &e));
    assert_true(accuracy >= 0.9);
    assert_true(fabs(accuracy - status.point.val_accuracy) < 1e-6);
    session_free(s);
}

/* With a thread, in slices, in two fits, paused on the way: the same bits. */
static void same_seed_same_bits(void **state)
{
    struct session *a = scene(WORKER_THREAD, "adam", 0.01), *b = scene(WORKER_SLICED, "adam", 0.01);
    train(a, fit_of(30));
    train(b, fit_of(30));
    assert_same_weights(a, b);
    struct session *c = scene(WORKER_THREAD, "adam", 0.01);
    train(c, fit_of(13));
    struct fit steps = fit_of(0);
    steps.steps = 3;
    train(c, steps);
    assert_int_equal(session_network(c)->state->place.batch, 3);
    steps.steps = 5;
    train(c, steps);
    train(c, fit_of(16));
    assert_same_weights(a, c);
    session_free(a);
    session_free(b);
    session_free(c);
}

static void pausing_changes_nothing(void **state)
{
    struct session *a = scene(WORKER_THREAD, "sgd", 0.1), *b = scene(WORKER_THREAD, "sgd", 0.1);
    train(a, fit_of(400));
    struct fit fit = fit_of(400);
    assert_true(session_fit(b, &fit, NULL));
    for (int i = 0; i < 20; i++) {
        struct status status;
        trainer_pause(session_network(b)->trainer);
        session_status(b, &status);
        if (session_running(b))
            assert_int_equal(status.phase, PHASE_PAUSED);
        trainer_resume(session_network(b)->trainer);
    }
    finish(b);
    assert_same_weights(a, b);
    session_free(a);
    session_free(b);
}

/* A place that lies beyond the epoch, as after smaller batches, is not read: the epoch starts over. */
static void a_place_beyond_the_epoch_starts_it_over(void **state)
{
    struct error e;
    struct session *s = scene(WORKER_THREAD, "sgd", 0.01);
    struct fit fit = {.steps = 70, .batch_size = 1, .memory = 1e6};
    train(s, fit);
    assert_int_equal(session_place(s).batch, 70);
    assert_true(session_step(s, 10, &e));
    assert_int_equal(session_place(s).batch, 1);
    assert_int_equal(session_place(s).epoch, 0);
    session_network(s)->state->place.batch = UINT32_MAX; /* as a damaged file says */
    s->revision++;
    assert_true(session_step(s, 10, &e));
    assert_int_equal(session_place(s).batch, 1);
    session_free(s);
}

static void a_rewound_run_goes_on_as_it_did(void **state)
{
    struct error e;
    struct session *s = scene(WORKER_THREAD, "adam", 0.01), *t = scene(WORKER_THREAD, "adam", 0.01);
    train(s, fit_of(40));
    train(t, fit_of(40));
    assert_true(session_rewind(s, 20 * 8, &e));
    assert_int_equal(session_network(s)->state->place.epoch, 20);
    train(s, fit_of(20));
    assert_same_weights(s, t);
    assert_int_equal(session_network(s)->curves.last.epoch, 40);
    session_free(s);
    session_free(t);
}

/* Gradients that waited when a run was stopped do not come into the run from an earlier step. */
static void a_rewind_forgets_gradients_that_wait(void **state)
{
    struct session *a = scene(WORKER_THREAD, "adam", 0.01), *b = scene(WORKER_THREAD, "adam", 0.01);
    collect_batches(a, 3);
    collect_batches(b, 3);
    train(a, (struct fit){.steps = 10, .batch_size = 10, .memory = 1e6});
    assert_true(session_rewind(a, 0, NULL));
    train(a, fit_of(2));
    train(b, fit_of(2));
    assert_same_weights(a, b);
    session_free(a);
    session_free(b);
}

/* Curves and history end where the run went back to. */
static void a_rewind_forgets_what_came_after(void **state)
{
    struct error e;
    struct session *s = scene(WORKER_THREAD, "adam", 0.01);
    train(s, fit_of(40));
    assert_true(session_rewind(s, 20 * 8, &e));
    const struct history *h = trainer_history(session_network(s)->trainer);
    assert_int_equal(session_network(s)->curves.last.epoch, 20);
    assert_int_equal(history_place(h, history_count(h) - 1).step, 20 * 8);
    assert_false(session_rewind(s, 30 * 8, &e));
    assert_non_null(strstr(e.text, "it stands at step 160"));
    assert_int_equal(session_place(s).epoch, 20);
    session_free(s);
}

/* Weights that are lost come back as they were at most 256 steps ago. */
static void lost_weights_come_back(void **state)
{
    struct error e;
    struct session *s = scene(WORKER_THREAD, "sgd", 0.01), *t = scene(WORKER_THREAD, "sgd", 0.01);
    struct fit fit = {.steps = 300, .batch_size = 10, .memory = 1e6};
    train(s, fit);
    assert_true(session_set_params(s, 1, 0, (size_t[]){0}, (float[]){NAN}, 1, &e));
    train(s, fit);
    struct status status;
    session_status(s, &status);
    assert_int_equal(status.phase, PHASE_DIVERGED);
    assert_non_null(strstr(status.message, "back at step 256"));
    fit.steps = 256;
    train(t, fit);
    assert_same_weights(s, t);
    session_free(s);
    session_free(t);
}

/* Each epoch has an order of its own, each step a key, and both follow from the seed. */
static void epochs_and_steps_draw_their_own(void **state)
{
    uint32_t order[4][50], *const first = order[0];
    train_epoch_order(1, 0, order[0], 50);
    train_epoch_order(1, 1, order[1], 50);
    train_epoch_order(2, 0, order[2], 50);
    train_epoch_order(1, 0, order[3], 50);
    assert_memory_not_equal(first, order[1], sizeof order[1]);
    assert_memory_not_equal(first, order[2], sizeof order[2]);
    assert_memory_equal(first, order[3], sizeof order[3]);
    bool there[50] = {false};
    for (int i = 0; i < 50; i++)
        there[first[i]] = true;
    for (int i = 0; i < 50; i++)
        assert_true(there[i]);
    assert_true(train_step_key(1, 0) != train_step_key(1, 1));
    assert_true(train_step_key(1, 0) != train_step_key(2, 0));
}

/* 3 lanes of 3 samples; the tenth is left over. */
static void lanes_are_read_side_by_side(void **state)
{
    uint32_t order[10], wanted[10] = {0, 3, 6, 1, 4, 7, 2, 5, 8, 9};
    train_lanes_order(order, 10, 3);
    assert_memory_equal(order, wanted, sizeof wanted);
}

static double recall_last_bit(const char *layers)
{
    struct session *s = bits_scene(layers);
    train(s, (struct fit){.epochs = 40, .batch_size = 8});
    double accuracy = (double)session_network(s)->curves.last.accuracy;
    session_free(s);
    return accuracy;
}

static void stateful_layers_go_on_from_batch_to_batch(void **state)
{
    assert_true(recall_last_bit("simple_rnn 8;dense 1 sigmoid") < 0.65);
    assert_true(recall_last_bit("simple_rnn 8 stateful;dense 1 sigmoid") > 0.95);
}

/* One step of plain descent with l2 = 0.5 on a kernel w: (1 - lr) of what it is without, as 2·l2·w is added.
 */
static void penalties_act_while_training(void **state)
{
    struct session *s[2];
    float w[2][16], start[16];
    for (int i = 0; i < 2; i++) {
        s[i] = scene(WORKER_THREAD, "sgd", 0.1);
        struct recipe r = make_recipe("sgd", "mse", 0.1);
        r.l2 = i ? 0.5 : 0;
        assert_true(session_compile(s[i], &r, NULL));
        assert_true(session_read_param(s[i], 1, 0, start, NULL));
        train(s[i], (struct fit){.steps = 1, .batch_size = 10, .memory = 1e6});
        assert_true(session_read_param(s[i], 1, 0, w[i], NULL));
    }
    for (int k = 0; k < 16; k++)
        assert_true(fabsf(w[1][k] - (w[0][k] - 0.1f * start[k])) < 1e-6f);
    struct status status[2];
    for (int i = 0; i < 2; i++) {
        session_status(s[i], &status[i]);
        session_free(s[i]);
    }
    assert_true(status[1].loss > status[0].loss + 0.1);
}

/* Under a limit that allows a step in an age, there is one step and no second. */
static void a_limit_of_speed_holds(void **state)
{
    struct error e;
    struct session *s = scene(WORKER_SLICED, "sgd", 0.01);
    struct fit fit = fit_of(10);
    fit.speed = 1e-9;
    assert_true(session_fit(s, &fit, &e));
    for (int i = 0; i < 20; i++)
        assert_true(worker_slice(s->worker, 0.001));
    assert_int_equal(session_place(s).step, 1);
    trainer_set_speed(session_network(s)->trainer, 0);
    finish(s);
    assert_int_equal(session_place(s).epoch, 10);
    session_free(s);
}

/* What is saved at the end is what was trained, with its place. */
static void a_run_saves_itself(void **state)
{
    struct error e;
    char path[200];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/gradus-autosave-%d.safetensors", folder ? folder : "/tmp", (int)getpid());
    struct session *s = scene(WORKER_THREAD, "adam", 0.01), *t = scene(WORKER_THREAD, "adam", 0.01);
    s->autosave = path;
    train(s, fit_of(3));
    struct tensor_file *f = safetensors_open(path, &e);
    assert_non_null(f);
    assert_true(safetensors_fill(f, session_network(t)->state, &e));
    assert_same_weights(s, t);
    safetensors_close(f);
    remove(path);
    session_free(s);
    session_free(t);
}

static void divergence_stops_at_once_and_keeps_finite_weights(void **state)
{
    struct session *s =
        make_session(WORKER_THREAD, make_data(100, 80, 5), "dense 8 relu;dense 8 relu;dense 1");
    struct recipe r = make_recipe("sgd", "mse", 1e6);
    assert_true(session_compile(s, &r, NULL));
    train(s, fit_of(100));
    struct status status;
    session_status(s, &status);
    assert_int_equal(status.phase, PHASE_DIVERGED);
    assert_true(status.epoch < 100);
    assert_non_null(strstr(status.message, "learning rate"));
    assert_true(state_finite(session_network(s)->state));
    session_free(s);
}

static void patience_ends_a_run(void **state)
{
    struct session *s = scene(WORKER_THREAD, "sgd", 1e-12);
    struct fit fit = fit_of(1000);
    fit.patience = 5;
    train(s, fit);
    struct status status;
    session_status(s, &status);
    assert_int_equal(status.phase, PHASE_FINISHED);
    assert_true(status.epoch < 1000);
    assert_non_null(strstr(status.message, "val_loss"));
    session_free(s);
}

static const struct tally *held_out(struct session *s)
{
    return session_score(s, PART_HELD_OUT, NULL);
}

/* A rate that first learns and then destroys: the best weights come back, unless the last are wanted. */
static void the_best_weights_come_back(void **state)
{
    for (int keep = 0; keep < 2; keep++) {
        struct session *s = scene(WORKER_THREAD, "sgd", 0.1);
        struct fit fit = fit_of(10);
        train(s, fit);
        assert_true(session_set_lr(s, 8, NULL));
        fit = (struct fit){.epochs = 50, .batch_size = 10, .patience = 4, .keep_last = keep};
        train(s, fit);
        struct curve_point p[CURVE_POINTS + 1];
        struct status status;
        session_status(s, &status);
        size_t n = curves_copy(&session_network(s)->curves, p), best = 10;
        for (size_t i = 10; i < n; i++)
            best = p[i].val_loss < p[best].val_loss ? i : best;
        size_t wanted = keep ? n - 1 : best;
        assert_true(n == best + 1 + 4 && n < 60);
        assert_true(fabs(held_out(s)->loss / (double)held_out(s)->n - (double)p[wanted].val_loss) < 1e-6);
        assert_int_equal(session_place(s).epoch, n);
        char epoch[40];
        snprintf(epoch, sizeof epoch, keep ? "best epoch was %zu" : "those of epoch %zu", best + 1);
        assert_non_null(strstr(status.message, epoch));
        assert_non_null(strstr(status.message, "has not improved for 4 epochs"));
        session_free(s);
    }
}

/* Batches that make an update together are one large batch: the same weights but for rounding. */
static void accumulated_batches_are_a_large_one(void **state)
{
    struct session *s[2];
    for (int i = 0; i < 2; i++) {
        s[i] = make_session(WORKER_THREAD, make_data(103, 75, 5), "dense 8 tanh;dense 1 tanh");
        struct recipe r = make_recipe("adam", "mse", 0.01);
        r.accumulate = i ? 4 : 0;
        r.l2 = 0.001;
        r.clip = 0.3;
        assert_true(session_compile(s[i], &r, NULL));
        struct fit fit = fit_of(20);
        fit.batch_size = i ? 5 : 20; /* 75 = 3 · 20 + 15 = 15 · 5 */
        train(s[i], fit);
    }
    const struct state *a = session_network(s[0])->state, *b = session_network(s[1])->state;
    assert_int_equal(a->place.t, 80);
    assert_int_equal(b->place.t, 80);
    assert_int_equal(b->place.step, 300);
    for (size_t i = 0; i < a->model->params; i++)
        assert_true(fabsf(a->param[i] - b->param[i]) < 2e-5f);
    session_free(s[0]);
    session_free(s[1]);
}

/* Clipped to a length, every step of plain descent is that long at most; to a value, every weight's is. */
static void clipped_steps_are_short(void **state)
{
    for (int by_value = 0; by_value < 2; by_value++) {
        struct session *s = scene(WORKER_THREAD, "sgd", 1);
        struct recipe r = make_recipe("sgd", "mse", 1);
        *(by_value ? &r.clip_value : &r.clip) = 0.01;
        assert_true(session_compile(s, &r, NULL));
        struct state *before = session_copy_state(s, NULL);
        train(s, (struct fit){.steps = 1, .batch_size = 10});
        const struct state *after = session_network(s)->state;
        double sum = 0, most = 0;
        for (size_t i = 0; i < after->model->params; i++) {
            double moved = (double)after->param[i] - (double)before->param[i];
            sum += moved * moved;
            most = fmax(most, fabs(moved));
        }
        assert_true(fabs((by_value ? most : sqrt(sum)) - 0.01) < 1e-6);
        assert_true(by_value ? sqrt(sum) > 0.011 : most < 0.0099);
        state_free(before);
        session_free(s);
    }
}

static void the_rate_changes_while_it_runs(void **state)
{
    struct error e;
    struct session *s = scene(WORKER_THREAD, "sgd", 0.1);
    struct fit fit = fit_of(1000000000);
    assert_true(session_fit(s, &fit, NULL));
    assert_false(session_fit(s, &fit, &e));
    assert_true(session_set_lr(s, 0, &e));
    struct state *before = session_copy_state(s, &e);
    while (session_place(s).step < before->place.step + 100)
        ;
    struct state *after = session_copy_state(s, &e);
    assert_memory_equal(before->param, after->param, before->model->params * sizeof(float));
    session_stop(s);
    struct status status;
    session_status(s, &status);
    assert_int_equal(status.phase, PHASE_STOPPED);
    assert_true(status.lr == 0);
    state_free(before);
    state_free(after);
    session_free(s);
}

/* What a snapshot holds is enough to repeat the step that comes next. */
static void a_snapshot_repeats_the_next_step(void **state)
{
    struct session *s = scene(WORKER_SLICED, "sgd", 0.05);
    struct fit fit = fit_of(5);
    assert_true(session_fit(s, &fit, NULL));
    struct trainer *t = session_network(s)->trainer;
    snapshots_request(trainer_snapshots(t), SLICE_PARAMS | SLICE_BATCH);
    assert_null(snapshots_take(trainer_snapshots(t)));
    finish(s);
    const struct snapshot *shot = snapshots_take(trainer_snapshots(t));
    assert_non_null(shot);
    assert_int_equal(shot->state->place.step, 0);
    assert_int_equal(shot->N, 10);
    struct session *again = scene(WORKER_SLICED, "sgd", 0.05);
    uint32_t order[80];
    train_epoch_order(1, 0, order, 80);
    assert_memory_equal(order, shot->index, 10 * sizeof *order);
    assert_memory_equal(
        session_network(again)->state->param, shot->state->param, shot->state->model->params * sizeof(float));
    session_free(s);
    session_free(again);
}

static void nothing_held_out_is_said(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(40, 40, 5), "dense 1 tanh");
    train(s, fit_of(3));
    double x;
    assert_true(session_metric(s, "accuracy", &x, &e));
    assert_false(session_metric(s, "val_accuracy", &x, &e));
    assert_non_null(strstr(e.text, "held out"));
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_learns),
        cmocka_unit_test(same_seed_same_bits),
        cmocka_unit_test(pausing_changes_nothing),
        cmocka_unit_test(a_place_beyond_the_epoch_starts_it_over),
        cmocka_unit_test(a_rewound_run_goes_on_as_it_did),
        cmocka_unit_test(a_rewind_forgets_what_came_after),
        cmocka_unit_test(a_rewind_forgets_gradients_that_wait),
        cmocka_unit_test(lost_weights_come_back),
        cmocka_unit_test(epochs_and_steps_draw_their_own),
        cmocka_unit_test(lanes_are_read_side_by_side),
        cmocka_unit_test(stateful_layers_go_on_from_batch_to_batch),
        cmocka_unit_test(penalties_act_while_training),
        cmocka_unit_test(a_limit_of_speed_holds),
        cmocka_unit_test(a_run_saves_itself),
        cmocka_unit_test(divergence_stops_at_once_and_keeps_finite_weights),
        cmocka_unit_test(patience_ends_a_run),
        cmocka_unit_test(the_best_weights_come_back),
        cmocka_unit_test(accumulated_batches_are_a_large_one),
        cmocka_unit_test(clipped_steps_are_short),
        cmocka_unit_test(the_rate_changes_while_it_runs),
        cmocka_unit_test(a_snapshot_repeats_the_next_step),
        cmocka_unit_test(nothing_held_out_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
