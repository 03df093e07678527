/* test_large.c - networks too large to be kept twice: what is checked instead, what comes back, and what
 * training takes. */
#include "training.h"

#include <unistd.h>

/* Where no copy is kept the weights never become infinite: the update that would do it is not made. */
static void a_large_network_checks_its_gradients(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(103, 80, 5), "dense 1;dense 1;dense 1");
    s->memory = 100; /* bytes: less than two states, as if the network were large */
    struct recipe r = make_recipe("sgd", "mse", 0.01);
    assert_true(session_compile(s, &r, NULL));
    train(s, fit_of(3));
    assert_non_null(strstr(text_get(&s->notice), "cannot be rewound or undone; `set memory"));
    assert_int_equal(history_count(trainer_history(session_network(s)->trainer)), 0);
    assert_false(session_rewind(s, 8, &e));
    assert_non_null(strstr(e.text, "`set memory"));
    /* The loss is finite, and the gradient by the first kernel is 1e40 times as large. */
    assert_true(session_set_params(s, 1, 0, (size_t[]){0, 1}, (float[]){1e-37f, 1e-37f}, 2, &e));
    assert_true(session_set_params(s, 2, 0, (size_t[]){0}, (float[]){1e20f}, 1, &e));
    assert_true(session_set_params(s, 3, 0, (size_t[]){0}, (float[]){1e20f}, 1, &e));
    for (int layer = 1; layer <= 3; layer++)
        assert_true(session_set_params(s, layer, 1, (size_t[]){0}, (float[]){0}, 1, &e));
    struct state *before = session_copy_state(s, &e);
    train(s, fit_of(1));
    struct status status;
    session_status(s, &status);
    assert_int_equal(status.phase, PHASE_DIVERGED);
    assert_non_null(strstr(status.message, "the gradients became infinite"));
    assert_memory_equal(
        before->param, session_network(s)->state->param, before->model->params * sizeof(float));
    state_free(before);
    session_free(s);
}

/* What is too large to keep comes back without its own weights; layers of one name keep those of now. */
static void a_large_network_comes_back_with_the_weights_of_now(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(103, 80, 5), "dense 8 tanh;dense 1 tanh");
    s->memory = 100;
    train(s, fit_of(3));
    struct state *before = session_copy_state(s, &e);
    assert_true(session_remove(s, 2, &e));
    assert_true(session_undo(s, &e));
    const struct network *n = session_network(s);
    assert_int_equal(n->model->layers, 3);
    assert_non_null(strstr(text_get(&s->notice), "too large to keep"));
    size_t first = n->model->layer[2].param[0].offset;
    assert_memory_equal(before->param, n->state->param, first * sizeof(float));
    assert_memory_equal(before->moment[0], n->state->moment[0], first * sizeof(float));
    assert_true(session_redo(s, &e));
    assert_int_equal(session_network(s)->model->layers, 2);
    assert_memory_equal(before->param, session_network(s)->state->param, first * sizeof(float));
    state_free(before);
    session_free(s);
}

static double resident_bytes(void)
{
    long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%ld %ld", &size, &resident) != 2)
            resident = 0;
        fclose(f);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* True under a tool whose own memory grows beside the program's: a sanitizer, valgrind. */
static bool is_watched(void)
{
    const char *preload = getenv("LD_PRELOAD");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
    return true;
#endif
#endif
    return preload && strstr(preload, "vgpreload");
}

/* 12 million parameters, 49 MB of them: what training is said to take is what the process grows by. */
static void memory_is_what_was_said(void **state)
{
    if (is_watched())
        skip();
    double before = resident_bytes(), wanted;
    size_t batch_size;
    if (before <= 0)
        skip();
    struct session *s =
        make_session(WORKER_THREAD, make_data(120, 100, 5), "dense 3500 relu;dense 3500 relu;dense 1");
    struct recipe r = make_recipe("adam", "mse", 1e-4);
    assert_true(session_compile(s, &r, NULL));
    train(s, (struct fit){.steps = 3, .batch_size = 50});
    double said = session_fit_bytes(s, &batch_size), grown = resident_bytes() - before;
    assert_int_equal(batch_size, 50);
    if (!(fabs(grown / said - 1) < 0.1))
        fail_msg("%.1f MB were said, %.1f MB were taken", said / 1e6, grown / 1e6);
    assert_true(session_copies_bytes(s, &wanted) == 0);
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_network_checks_its_gradients),
        cmocka_unit_test(a_large_network_comes_back_with_the_weights_of_now),
        cmocka_unit_test(memory_is_what_was_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
