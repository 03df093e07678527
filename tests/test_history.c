/* History: bounded, first kept, recent dense, old thin, whole states restored. */
#include "making.h"

static struct state *make_state(void)
{
    struct error e;
    const struct model *m = make_model(shape_of(1, 2), "dense 4 tanh");
    struct state *s = state_new(m, 1, 1, &e);
    model_unref(m);
    return s;
}

static void add(struct history *h, struct state *s, uint64_t step)
{
    s->place.step = step;
    s->param[0] = (float)step;
    s->moment[0][0] = -(float)step;
    history_add(h, s);
}

static void old_ones_thin_out(void **state)
{
    struct error e;
    struct state *s = make_state();
    double bytes = (double)(s->floats * sizeof(float) + sizeof *s);
    struct history *h = history_new(s, 1.9 * bytes, &e);
    for (uint64_t step = 0; step < 10000; step += 10)
        add(h, s, step);
    assert_int_equal(history_count(h), 0); /* less than two is no history */
    assert_null(history_at(h, 9990));
    assert_null(history_finite(h));
    history_free(h);
    h = history_new(s, 2 * bytes, &e);
    for (uint64_t step = 0; step < 10000; step += 10)
        add(h, s, step);
    assert_int_equal(history_count(h), 2);
    assert_int_equal(history_place(h, 0).step, 0);
    assert_int_equal(history_place(h, 1).step, 9990);
    history_free(h);
    h = history_new(s, 40 * bytes, &e);
    for (uint64_t step = 0; step < 10000; step += 10)
        add(h, s, step);
    size_t n = history_count(h);
    assert_int_equal(n, 40);
    assert_int_equal(history_place(h, 0).step, 0);
    assert_int_equal(history_place(h, n - 1).step, 9990);
    /* the gap grows with age: the newest quarter lies denser than the oldest */
    uint64_t young = history_place(h, n - 1).step - history_place(h, n - 11).step;
    uint64_t old = history_place(h, 11).step - history_place(h, 1).step;
    assert_true(young < old);
    history_free(h);
    state_free(s);
}

static void whole_states_come_back(void **state)
{
    struct error e;
    struct state *s = make_state();
    struct history *h = history_new(s, 1e6, &e);
    assert_null(history_at(h, 100));
    for (uint64_t step = 10; step <= 100; step += 10)
        add(h, s, step);
    assert_null(history_at(h, 9));
    const struct state *back = history_at(h, 57);
    assert_int_equal(back->place.step, 50);
    assert_true(back->param[0] == 50 && back->moment[0][0] == -50);
    history_cut(h, 57);
    assert_int_equal(history_count(h), 5);
    add(h, s, 50); /* the same step again replaces */
    assert_int_equal(history_count(h), 5);
    s->place.step = 60;
    s->param[1] = NAN;
    history_add(h, s);
    assert_int_equal(history_finite(h)->place.step, 50);
    history_free(h);
    history_free(NULL);
    state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_ones_thin_out),
        cmocka_unit_test(whole_states_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
