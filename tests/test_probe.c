/* test_probe.c - steps by hand: forward, backward and update do what a fit would do. */
#include "training.h"

/* forward, backward, update by hand are the step that fit would take. */
static void steps_by_hand_are_steps(void **state)
{
    struct error e;
    struct session *a = scene(WORKER_THREAD, "adam", 0.01), *b = scene(WORKER_THREAD, "adam", 0.01);
    train(a, fit_of(2));
    train(b, fit_of(1));
    for (int i = 0; i < 8; i++)
        assert_true(session_forward(b, -1, 0, &e) && session_backward(b, &e) && session_update(b, &e));
    assert_same_weights(a, b);
    train(a, fit_of(1));
    train(b, fit_of(1));
    assert_same_weights(a, b);
    assert_same_curves(a, b);
    session_free(a);
    session_free(b);
}

/* Steps before a fit, and in the middle of a paused one: same weights, same curves as without. */
static void single_steps_fit_between(void **state)
{
    struct error e;
    struct session *a = scene(WORKER_THREAD, "adam", 0.01), *b = scene(WORKER_THREAD, "adam", 0.01);
    train(a, fit_of(400));
    for (int i = 0; i < 11; i++)
        assert_true(session_step(b, fit_of(1).batch_size, &e));
    assert_int_equal(b->probe.phase, PROBE_UPDATED);
    assert_int_equal(session_network(b)->curves.last.epoch, 1);
    struct fit fit = fit_of(399);
    assert_true(session_fit(b, &fit, &e));
    trainer_pause(session_network(b)->trainer);
    for (int i = 0; i < 9; i++)
        assert_true(!session_running(b) || session_step(b, fit.batch_size, &e));
    struct status status;
    session_status(b, &status);
    assert_int_equal(status.step, session_place(b).step);
    trainer_resume(session_network(b)->trainer);
    finish(b);
    assert_same_weights(a, b);
    assert_same_curves(a, b);
    session_free(a);
    session_free(b);
}

/* Gradients of three batches make an update together, at the epoch's end those of two: whether a fit, a step
 * or its three parts bring them. */
static void steps_by_hand_accumulate(void **state)
{
    struct error e;
    struct session *a = scene(WORKER_THREAD, "adam", 0.01), *b = scene(WORKER_THREAD, "adam", 0.01);
    float before[16], after[16];
    collect_batches(a, 3);
    collect_batches(b, 3);
    train(a, fit_of(3));
    assert_true(session_read_param(b, 1, 0, before, &e));
    assert_true(session_step(b, 10, &e));
    assert_true(session_forward(b, -1, 0, &e) && session_backward(b, &e) && session_update(b, &e));
    assert_true(session_read_param(b, 1, 0, after, &e));
    assert_memory_equal(before, after, sizeof before);
    assert_non_null(strstr(text_get(&b->notice), "accumulate=3"));
    for (int i = 2; i < 7; i++)
        assert_true(session_step(b, 10, &e));
    train(b, (struct fit){.steps = 5, .batch_size = 10, .memory = 1e6});
    for (int i = 12; i < 24; i++)
        assert_true(session_forward(b, -1, 0, &e) && session_backward(b, &e) && session_update(b, &e));
    assert_same_weights(a, b);
    session_free(a);
    session_free(b);
}

/* 50 batches of 8 lanes: each step by hand takes up what the one before it carried, and gives it to a fit. */
static void steps_by_hand_carry(void **state)
{
    struct error e;
    struct session *a = bits_scene("gru 4 stateful;dense 1 sigmoid"),
                   *b = bits_scene("gru 4 stateful;dense 1 sigmoid");
    train(a, (struct fit){.steps = 60, .batch_size = 8});
    for (int i = 0; i < 25; i++)
        assert_true(session_step(b, 8, &e));
    train(b, (struct fit){.steps = 10, .batch_size = 8});
    for (int i = 0; i < 25; i++)
        assert_true(session_forward(b, -1, 0, &e) && session_backward(b, &e) && session_update(b, &e));
    assert_same_weights(a, b);
    session_free(a);
    session_free(b);
}

/* What is asked beside the steps, of a sample or of batches of another size, leaves them as they are. */
static void looking_changes_no_step(void **state)
{
    struct error e;
    struct session *a = bits_scene("gru 4 stateful;dense 1 sigmoid"),
                   *b = bits_scene("gru 4 stateful;dense 1 sigmoid");
    for (int i = 0; i < 12; i++) {
        assert_true(session_step(a, 8, &e) && session_step(b, 8, &e));
        assert_true(session_forward(b, 3, 0, &e) && session_backward(b, &e));
        assert_true(session_forward(b, -1, 5, &e) && session_forward(b, -1, 0, &e));
    }
    assert_same_weights(a, b);
    session_free(a);
    session_free(b);
}

static void a_step_needs_a_finite_loss(void **state)
{
    struct error e;
    struct session *s = scene(WORKER_THREAD, "sgd", 0.01);
    const size_t element[] = {0};
    const float value[] = {NAN};
    assert_true(session_set_params(s, 1, 0, element, value, 1, &e));
    assert_false(session_step(s, 10, &e));
    assert_non_null(strstr(e.text, "NaN"));
    assert_int_equal(session_place(s).step, 0);
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_by_hand_are_steps),
        cmocka_unit_test(single_steps_fit_between),
        cmocka_unit_test(steps_by_hand_accumulate),
        cmocka_unit_test(steps_by_hand_carry),
        cmocka_unit_test(looking_changes_no_step),
        cmocka_unit_test(a_step_needs_a_finite_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
