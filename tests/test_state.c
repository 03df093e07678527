/* States: layout, initialisation by name, copies, and what is taken over. */
#include "making.h"

static void parts_do_not_overlap(void **state)
{
    struct error e;
    const struct model *m = make_model(shape_of(1, 3), "dense 5 tanh;dense 1");
    struct state *s = state_new(m, 2, 1, &e);
    assert_true(s->stat >= s->param + m->params);
    assert_true(s->moment[0] >= s->stat + m->stats);
    assert_true(s->moment[1] >= s->moment[0] + m->params);
    assert_true(s->param + s->floats >= s->moment[1] + m->params);
    assert_true(state_bytes(m, 2) == (double)s->floats * sizeof(float));
    state_free(s);
    model_unref(m);
}

/* Inserting a layer must not change what another one draws. */
static void streams_belong_to_names(void **state)
{
    struct error e;
    const struct model *a = make_model(shape_of(1, 3), "dense 5 tanh name=x;dense 4 name=y");
    const struct model *b = make_model(shape_of(1, 3), "dense 5 tanh name=x;dropout 0.5;dense 4 name=y");
    struct state *sa = state_new(a, 0, 9, &e), *sb = state_new(b, 0, 9, &e);
    state_init(sa, NULL, NULL, 0, a->layers - 1);
    state_init(sb, NULL, NULL, 0, b->layers - 1);
    size_t n;
    float *wa = state_param(sa, 2, 0, &n), *wb = state_param(sb, 3, 0, NULL);
    assert_int_equal(n, 20);
    assert_memory_equal(wa, wb, n * sizeof *wa);
    assert_true(wa[0] != 0);
    state_free(sa);
    state_free(sb);
    model_unref(a);
    model_unref(b);
}

static void init_keeps_biases_and_other_layers(void **state)
{
    struct error e;
    const struct model *m = make_model(shape_of(1, 3), "dense 5 tanh;dense 4");
    struct state *s = state_new(m, 0, 9, &e);
    state_init(s, NULL, NULL, 0, 2);
    float before = *state_param(s, 1, 0, NULL);
    state_init(s, initializer_find("zeros"), (double[4]){0}, 2, 2);
    assert_true(*state_param(s, 1, 0, NULL) == before);
    size_t n;
    float *w = state_param(s, 2, 0, &n);
    for (size_t i = 0; i < n; i++)
        assert_true(w[i] == 0);
    assert_null(state_param(s, 3, 0, NULL));
    assert_null(state_param(s, 1, 2, NULL));
    state_free(s);
    model_unref(m);
}

static void adopting_takes_over_by_name_and_shape(void **state)
{
    struct error e;
    const struct model *a = make_model(shape_of(1, 3), "dense 5 tanh name=x;dense 4 name=y");
    const struct model *b = make_model(shape_of(1, 3), "dense 5 tanh name=x;dense 6 name=z;dense 4 name=y");
    struct state *from = state_new(a, 1, 1, &e), *to = state_new(b, 1, 2, &e);
    state_init(from, NULL, NULL, 0, 2);
    state_init(to, NULL, NULL, 0, 3);
    from->moment[0][0] = 3;
    from->place.epoch = 12;
    float own = *state_param(to, 3, 0, NULL);
    state_adopt(to, from);
    assert_memory_equal(state_param(to, 1, 0, NULL), state_param(from, 1, 0, NULL), 15 * sizeof(float));
    assert_true(*state_param(to, 3, 0, NULL) == own); /* another shape: 6 x 4 */
    assert_true(to->moment[0][0] == 3);
    assert_int_equal(to->place.epoch, 12);
    state_free(from);
    state_free(to);
    model_unref(a);
    model_unref(b);
}

static void finite_sees_one_bad_value(void **state)
{
    struct error e;
    const struct model *m = make_model(shape_of(1, 3), "dense 5 tanh");
    struct state *s = state_new(m, 1, 1, &e), *copy;
    assert_true(state_finite(s));
    s->param[m->params - 1] = NAN;
    assert_false(state_finite(s));
    s->param[m->params - 1] = 0;
    s->param[7] = INFINITY;
    assert_false(state_finite(s));
    s->param[7] = NAN;
    copy = state_copy(s, &e);
    assert_false(state_finite(copy));
    s->param[7] = 1e38f;
    state_assign(copy, s);
    assert_true(state_finite(copy));
    state_free(s);
    state_free(copy);
    state_free(NULL);
    model_unref(m);
}

static void too_large_a_state_is_refused(void **state)
{
    struct error e;
    const struct model *m = make_model(shape_of(1, 1000000), "dense 1000000;dense 1000000");
    assert_null(state_new(m, 2, 1, &e));
    assert_non_null(strstr(e.text, "bytes"));
    model_unref(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_do_not_overlap),
        cmocka_unit_test(streams_belong_to_names),
        cmocka_unit_test(init_keeps_biases_and_other_layers),
        cmocka_unit_test(adopting_takes_over_by_name_and_shape),
        cmocka_unit_test(finite_sees_one_bad_value),
        cmocka_unit_test(too_large_a_state_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
