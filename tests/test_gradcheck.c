/* test_gradcheck.c - the public gradient check over whole networks: every layer type, every activation and
 * every loss, with penalties and dropout; and it must find a gradient that is wrong. */
#include "../src/activation.h"
#include "../src/gradcheck.h"
#include "making.h"

enum { N = 6, MOST = 256 };

static float x[MOST], t[MOST];

static struct model *append(struct model *m, const char *line)
{
    char copy[120];
    struct error e = {0};
    snprintf(copy, sizeof copy, "%s", line);
    struct layer_spec spec = make_spec(copy);
    struct model *grown = model_with_layer(m, m->layers, &spec, &e);
    if (!grown)
        fail_msg("%s: %s", line, e.text);
    model_unref(m);
    return grown;
}

/* A network with the given layers on an input, and random numbers to feed it. */
static struct state *network(struct shape in, const char *const lines[], struct recipe *r, const char *loss)
{
    struct model *empty = model_new(NULL), *m = model_with_input(empty, in, true, NULL);
    struct rng random = rng_from(2);
    model_unref(empty);
    for (int i = 0; lines[i]; i++)
        m = append(m, lines[i]);
    struct state *s = state_new(m, 1, 3, NULL);
    assert_non_null(s);
    model_unref(m);
    state_init(s, NULL, NULL, 0, s->model->layers - 1);
    for (int i = 0; i < MOST; i++) {
        x[i] = (float)rng_between(&random, -1, 1);
        t[i] = (float)rng_below(&random, 2);
    }
    *r = recipe_of(optimizer_find("sgd"));
    r->loss = loss_find(loss);
    return s;
}

/* Targets that suit a loss. */
static void fill_targets(const struct goal *g)
{
    struct rng r = rng_from(4);
    bool index = g->loss->targets == LOSS_INDEX || g->loss->targets == LOSS_SEQUENCE;
    bool classes = g->loss->targets == LOSS_CLASSES, one_hot = classes && g->encoding == ENCODE_ONE_HOT;
    for (int i = 0; i < MOST; i++)
        t[i] = index                                   ? (float)rng_below(&r, (uint32_t)g->K - 1)
               : one_hot                               ? 0
               : !classes                              ? (float)rng_between(&r, -1, 1)
               : classes && g->encoding == ENCODE_SIGN ? 2 * (float)rng_below(&r, 2) - 1
                                                       : (float)rng_below(&r, 2);
    for (size_t i = 0; one_hot && (i + 1) * g->K <= MOST; i++)
        t[i * g->K + rng_below(&r, (uint32_t)g->K)] = 1;
}

/* Typical errors are near 1e-5; float32 noise in the loss keeps the worst of a few hundred below 5e-3. A
 * wrong factor or sign gives 0.1 and more. The loss of boxes has a kink wherever two corners pass, and what
 * is measured next to one lies between its two slopes: there four times as much. */
static void assert_right(struct shape in, const char *const lines[], const char *loss, double l1, double l2)
{
    struct recipe r;
    struct goals goals;
    struct gradcheck result;
    struct error e = {0};
    struct state *s = network(in, lines, &r, loss);
    r.l1 = l1;
    r.l2 = l2;
    goals_of_head(&goals, s->model, r.loss, 2);
    fill_targets(&goals.goal[0]);
    assert_true(gradcheck_run(s, &r, &goals, x, t, N, 0, NULL, &result, &e));
    assert_int_equal(result.checked + result.skipped, s->model->params);
    assert_true(result.skipped * 10 <= s->model->params);
    double bound = strcmp(loss, "iou") ? 1 : 4;
    if (!(result.worst < bound * 5e-3) || !(result.mean < bound * 5e-4))
        fail_msg("%s, %s: layer %d param %d element %zu: numeric %g, analytic %g, worst %g, mean %g",
            lines[0], loss, result.layer, result.param, result.element, result.numeric, result.analytic,
            result.worst, result.mean);
    state_free(s);
}

static void every_layer_type_passes(void **state)
{
    for (size_t i = 1; layer_type_at(i); i++) {
        const struct layer_type *type = layer_type_at(i);
        const char *alone[] = {type->example, "flatten", "dense 2", NULL};
        struct shape shape;
        char word[SHAPE_TEXT];
        if (type->before) { /* it reads what its example says: test_layer.c tries it in depth */
            if (!type->whole_inputs && sscanf(type->before, "input %63[^; ]", word) == 1 &&
                !strchr(type->before, ';') && shape_parse(word, &shape) && shape_size(&shape) * N <= MOST)
                assert_right(shape, alone, "mse", 0, 0);
            continue;
        }
        const char *flat[] = {"dense 5 tanh", layer_type_at(i)->example, "dense 2", NULL};
        assert_right(shape_of(1, 4), flat, "mse", 0, 0);
        const char *deep[] = {"dense 3 tanh", layer_type_at(i)->example, "flatten", "dense 2", NULL};
        assert_right(shape_of(3, 2, 2, 2), deep, "mse", 0, 0);
    }
}

/* Branches that meet again: every merge, shared parameters, a layer that asks another. */
static void whole_graphs_pass(void **state)
{
    static const char *const merges[] = {"add a c", "multiply a c", "average a c", "concat a c"};
    for (int i = 0; i < 4; i++)
        assert_right(shape_of(1, 3),
            (const char *[]){"dense 4 tanh name=a", "dense 4 sigmoid name=b from=input",
                "dense 4 tanh name=c from=a", "dense 4 from=b", merges[i], "dense 2", NULL},
            "mse", 0, 0.01);
    assert_right(shape_of(1, 3),
        (const char *[]){
            "dense 4 tanh name=a", "dense 4 tanh name=b from=input", "dot a", "concat b", "dense 2", NULL},
        "mse", 0, 0);
    assert_right(shape_of(1, 3),
        (const char *[]){
            "dense 3 tanh name=a", "dense 3 tanh like=a", "dense 3 tanh like=a", "add a", "dense 2", NULL},
        "mse", 0, 0);
    assert_right(shape_of(2, 3, 2),
        (const char *[]){"dense 4 tanh name=s", "dense 4 from=input name=t", "attention 2 from=s", "add t",
            "flatten", "dense 2", NULL},
        "mse", 0, 0);
    assert_right(shape_of(2, 3, 2),
        (const char *[]){
            "dense 4 tanh name=s", "layernorm", "attention 2 causal", "dot s", "flatten", "dense 2", NULL},
        "mse", 0, 0);
}

static void every_activation_passes(void **state)
{
    for (size_t i = 0; activation_at(i); i++) {
        char line[40], alone[40];
        snprintf(line, sizeof line, "dense 7 %s", activation_name(i));
        snprintf(alone, sizeof alone, "activation %s", activation_name(i));
        assert_right(shape_of(1, 3), (const char *[]){line, "dense 4", alone, "dense 2", NULL}, "mse", 0, 0);
    }
}

/* Each head that a loss reads, with z and without. */
static void every_loss_passes_with_every_head(void **state)
{
    static const char *const heads[] = {
        [ENCODE_SIGN] = "tanh", [ENCODE_BIT] = "sigmoid", [ENCODE_ONE_HOT] = "softmax"};
    for (size_t i = 0; loss_at(i); i++)
        for (int h = 0; h < 3; h++) {
            const struct loss *l = loss_at(i);
            char fused[40], plain[40], after[40];
            if (l->heads && !(l->heads & 1u << h))
                continue;
            snprintf(fused, sizeof fused, "dense %d %s", l->outputs ? (int)l->outputs : 3, heads[h]);
            snprintf(plain, sizeof plain, "dense %d", l->outputs ? (int)l->outputs : 3);
            snprintf(after, sizeof after, "activation %s", heads[h]);
            struct shape in = l->targets == LOSS_SEQUENCE ? shape_of(2, 4, 3) : shape_of(1, 3);
            assert_right(in, (const char *[]){"dense 5 tanh", fused, NULL}, l->name, 0, 0);
            assert_right(in, (const char *[]){"dense 5 tanh", plain, after, NULL}, l->name, 0, 0);
        }
}

static void penalties_and_dropout_pass(void **state)
{
    assert_right(shape_of(1, 3), (const char *[]){"dense 6 tanh", "dropout 0.4", "dense 1 sigmoid", NULL},
        "binary_crossentropy", 0.01, 0.02);
}

/* The loss of mse with a slope that is a tenth too steep. */
static double wrong(const struct loss_batch *b)
{
    double value = loss_find("mse")->value(b);
    for (size_t i = 0; b->dy && i < loss_rows(b) * b->K; i++)
        b->dy[i] *= 1.1f;
    return value;
}

static void a_wrong_gradient_is_found_and_nothing_changes(void **state)
{
    struct recipe r;
    struct goals goals;
    struct gradcheck result;
    struct error e = {0};
    const struct loss bad = {.name = "wrong", .value = wrong};
    struct state *s = network(shape_of(1, 3), (const char *[]){"dense 5 tanh", "dense 2", NULL}, &r, "mse");
    struct state *before = state_copy(s, NULL);
    r.loss = &bad;
    goals_of_head(&goals, s->model, r.loss, 0);
    assert_true(gradcheck_run(s, &r, &goals, x, t, N, 10, NULL, &result, &e));
    assert_int_equal(result.checked, 10);
    assert_true(result.worst > 0.05 && result.worst < 0.15);
    assert_true(fabs(result.analytic / result.numeric - 1.1) < 0.02);
    assert_memory_equal(s->param, before->param, s->floats * sizeof(float));
    state_free(before);
    state_free(s);
}

static void a_cancelled_check_says_so(void **state)
{
    struct recipe r;
    struct goals goals;
    struct gradcheck result = {.checked = 99};
    struct error e = {0};
    atomic_bool cancel = true;
    struct state *s = network(shape_of(1, 3), (const char *[]){"dense 2", NULL}, &r, "mse");
    goals_of_head(&goals, s->model, r.loss, 0);
    assert_false(gradcheck_run(s, &r, &goals, x, t, N, 0, &cancel, &result, &e));
    assert_non_null(strstr(e.text, "cancelled"));
    assert_int_equal(result.checked, 99);
    state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_type_passes),
        cmocka_unit_test(whole_graphs_pass),
        cmocka_unit_test(every_activation_passes),
        cmocka_unit_test(every_loss_passes_with_every_head),
        cmocka_unit_test(penalties_and_dropout_pass),
        cmocka_unit_test(a_wrong_gradient_is_found_and_nothing_changes),
        cmocka_unit_test(a_cancelled_check_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
