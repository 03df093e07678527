/* Models: names, numbers, shapes, edits that fail without a trace. */
#include "making.h"

static void parameters_are_counted(void **state)
{
    const struct model *m = make_model(shape_of(1, 4), "dense 16 relu;dense 3 softmax");
    assert_true(m->built);
    assert_int_equal(m->params, 4 * 16 + 16 + 16 * 3 + 3);
    assert_true(model_macs(m) == 4 * 16 + 16 * 3);
    assert_int_equal(m->layer[2].param[0].offset, 4 * 16 + 16);
    model_unref(m);
}

static void unknown_input_waits(void **state)
{
    const struct model *m = make_model((struct shape){0}, "dense 16 relu;dense 1");
    assert_false(m->built);
    assert_int_equal(m->layers, 3);
    struct error e;
    struct model *built = model_with_input(m, shape_of(1, 2), false, &e);
    assert_true(built->built);
    assert_int_equal(built->params, 2 * 16 + 16 + 16 + 1);
    assert_false(m->built);
    model_unref(m);
    model_unref(built);
}

static void names_are_kept_for_life(void **state)
{
    struct error e;
    const struct model *m = make_model(shape_of(1, 2), "dense 4;dense 5;dropout 0.5;dense 6 name=top");
    assert_string_equal(m->layer[1].name, "dense1");
    assert_string_equal(m->layer[2].name, "dense2");
    assert_string_equal(m->layer[3].name, "dropout1");
    struct model *less = model_without_layer(m, 2, &e);
    char line[] = "dense 7";
    struct layer_spec spec = make_spec(line);
    struct model *more = model_with_layer(less, 1, &spec, &e);
    assert_string_equal(more->layer[1].name, "dense3");
    assert_string_equal(more->layer[2].name, "dense1");
    assert_int_equal(model_find(more, "top", &e), 4);
    assert_int_equal(model_find(more, "1", &e), 1);
    assert_int_equal(model_find(more, "dense2", &e), -1);
    assert_non_null(strstr(e.text, "dense3"));
    model_unref(m);
    model_unref(less);
    model_unref(more);
    m = make_model(shape_of(1, 2), "dense 4 name=dense3;dense 5"); /* as written and read back */
    assert_string_equal(m->layer[2].name, "dense4");
    model_unref(m);
}

static void wrong_edits_name_the_fault(void **state)
{
    struct error e;
    const struct model *m = make_model(shape_of(1, 2), "dense 4 name=h;dense 1");
    assert_null(model_without_layer(m, 0, &e));
    assert_non_null(strstr(e.text, "layer 0 is the input"));
    assert_null(model_without_layer(m, 9, &e));
    assert_null(model_with_name(m, 2, "h", &e));
    assert_non_null(strstr(e.text, "already"));
    assert_null(model_with_name(m, 2, "2x", &e));
    assert_null(model_with_name(m, 2, "a b", &e));
    char huge[] = "dense 1000000";
    struct layer_spec spec = make_spec(huge);
    struct model *wide = model_with_layer(m, 3, &spec, &e);
    assert_non_null(wide); /* counting is free; memory is asked for by the state */
    struct state *s = state_new(wide, 0, 1, &e);
    state_free(s);
    model_unref(wide);
    model_unref(m);
}

static void words_rebuild_it(void **state)
{
    const struct model *m = make_model(shape_of(1, 4), "dense 16 relu name=h1;dropout 0.25;dense 3 softmax");
    struct text t = {0};
    model_write(m, &t);
    assert_string_equal(text_get(&t), "input 4\ndense 16 relu name=h1\ndropout 0.25 name=dropout1\n"
                                      "dense 3 softmax name=dense1\n");
    text_release(&t);
    model_unref(m);
}

static void references_count(void **state)
{
    const struct model *m = make_model(shape_of(1, 2), "dense 1");
    struct model *again = model_ref(m);
    assert_ptr_equal(again, m);
    model_unref(again);
    assert_int_equal(m->layer[1].out.dim[0], 1);
    model_unref(m);
    model_unref(NULL);
}

/* A model one layer longer, or what was wrong. */
static struct model *grow(const struct model *m, int at, const char *line, struct error *e)
{
    char copy[200];
    snprintf(copy, sizeof copy, "%s", line);
    struct layer_spec spec = make_spec(copy);
    return model_with_layer(m, at, &spec, e);
}

static void assert_refused(const struct model *m, int at, const char *line, const char *why)
{
    struct error e = {0};
    assert_null(grow(m, at, line, &e));
    if (!strstr(e.text, why))
        fail_msg("%s: %s", line, e.text);
}

static void layers_read_what_is_named(void **state)
{
    const struct model *m = make_model(shape_of(1, 2),
        "dense 4 name=a;dense 3 name=b from=input;concat a name=c;dense 3 from=b;dense 3 like=b from=0");
    char text[SHAPE_TEXT];
    const struct layer *c = &m->layer[3];
    assert_int_equal(c->inputs, 2);
    assert_int_equal(c->input[0], 2);
    assert_int_equal(c->input[1], 1);
    assert_string_equal(shape_text(&c->out, text), "7");
    assert_int_equal(m->outputs, 3);
    assert_int_equal(m->output[0], 3);
    assert_int_equal(m->params, 2 * 4 + 4 + 2 * 3 + 3 + 3 * 3 + 3);
    struct text t = {0};
    model_write(m, &t);
    assert_string_equal(text_get(&t), "input 2\ndense 4 name=a\ndense 3 from=input name=b\nconcat a name=c\n"
                                      "dense 3 from=b name=dense1\ndense 3 from=input like=b name=dense2\n");
    text_release(&t);
    model_unref(m);
}

static void a_graph_has_no_cycles_and_fits(void **state)
{
    struct error e;
    const struct model *m = make_model(shape_of(1, 2), "dense 4 name=a;dense 3 name=b;dense 4 from=a");
    assert_refused(m, 1, "dense 2 from=b", "does not come before it");
    assert_refused(m, 4, "dense 2 from=nobody", "nobody");
    assert_refused(m, 4, "add b", "layer 2 gives 3, not 4");
    assert_refused(m, 4, "dot b", "gives 3");
    assert_refused(m, 4, "dense 5 like=a", "both must read and give the same sizes");
    assert_refused(m, 4, "dropout 0.5 like=a", "same type");
    assert_refused(m, 4, "embedding 4 2", "from=input");
    assert_null(model_without_layer(m, 1, &e));
    assert_non_null(strstr(e.text, "dense1"));
    struct model *less = model_without_layer(m, 2, &e);
    assert_non_null(less);
    assert_int_equal(less->layer[2].input[0], 1);
    struct model *more = grow(m, 1, "dense 2 name=first", &e);
    assert_int_equal(more->layer[4].input[0], 2);
    model_unref(more);
    model_unref(less);
    model_unref(m);
}

static void several_inputs_share_a_sample(void **state)
{
    const struct model *m = make_model(shape_of(1, 2), "dense 4 name=a;input 3 name=other;dense 4;add a");
    assert_true(model_is_dealt(m));
    assert_int_equal(model_input_size(m), 5);
    assert_int_equal(m->outputs, 1);
    model_unref(m);
}

static void heads_must_divide_the_width(void **state)
{
    const struct model *m = make_model(shape_of(2, 4, 6), "dense 6");
    assert_refused(m, 2, "attention 4", "4 heads do not divide a width of 6");
    model_unref(m);
    m = make_model(shape_of(1, 5), "dense 5");
    assert_refused(m, 2, "sampling", "not 5");
    assert_refused(m, 2, "attention 1", "sequences");
    model_unref(m);
}

static void masks_go_on_where_positions_do(void **state)
{
    const struct model *m = make_model(
        shape_of(1, 5), "embedding 8 4 mask_zero;positional;attention 2;layernorm;flatten;dense 1");
    for (int i = 1; i <= 4; i++)
        assert_int_equal(m->layer[i].mask, 1);
    assert_int_equal(m->layer[5].mask, 0);
    model_unref(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_counted),
        cmocka_unit_test(unknown_input_waits),
        cmocka_unit_test(names_are_kept_for_life),
        cmocka_unit_test(wrong_edits_name_the_fault),
        cmocka_unit_test(words_rebuild_it),
        cmocka_unit_test(references_count),
        cmocka_unit_test(layers_read_what_is_named),
        cmocka_unit_test(a_graph_has_no_cycles_and_fits),
        cmocka_unit_test(several_inputs_share_a_sample),
        cmocka_unit_test(heads_must_divide_the_width),
        cmocka_unit_test(masks_go_on_where_positions_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
