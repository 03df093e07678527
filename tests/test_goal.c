/* test_goal.c - what each output is trained for: what fits and what does not, targets, weights of rows, and
 * the losses of several outputs. */
#include "../src/workspace.h"
#include "making.h"

enum { N = 6 };

/* Samples of `in` values in a fixed order, and the given targets. */
static struct data *data_of(struct shape in, size_t n, const float *t, size_t targets, int classes)
{
    size_t width = shape_size(&in);
    float *x = memory_take(n * width, sizeof *x, "x", NULL);
    struct rng r = rng_from(4);
    for (size_t i = 0; i < n * width; i++)
        x[i] = (float)rng_between(&r, 0, 1);
    struct data *d = data_from_arrays("made", in, x, n, n, t, targets, classes, NULL);
    assert_non_null(d);
    memory_free(x);
    return d;
}

static const float classes[N] = {0, 1, 2, 2, 2, 1}, bits[N] = {0, 1, 1, 0, 0, 1};
static const float numbers[N * 5] = {.1f, .2f, .5f, .6f, 1, .3f, .1f, .9f, .8f, 0, .1f, .2f, .5f, .6f, 1};

static struct recipe recipe_for(const char *loss)
{
    struct recipe r = recipe_of(optimizer_find("adam"));
    recipe_set_loss(&r, loss ? loss_find(loss) : NULL);
    return r;
}

static struct recipe_output *say(struct recipe *r, const char *layer)
{
    struct recipe_output *o = &r->output[r->outputs++];
    *o = (struct recipe_output){.weight = 1};
    snprintf(o->layer, sizeof o->layer, "%s", layer);
    return o;
}

/* --- what does not fit --- */

static void assert_refused(const char *lines, const struct recipe *r, struct data *d, const char *why)
{
    const struct model *m = make_model(d->shape, lines);
    struct goals g;
    struct error e = {0};
    if (goals_make(&g, m, r, d, &e))
        fail_msg("'%s' was taken, though: %s", lines, why);
    if (!strstr(e.text, why))
        fail_msg("'%s' says '%s', not '%s'", lines, e.text, why);
    model_unref(m);
    data_unref(d);
}

/* One class a sample, and an answer at each of four positions. */
static void a_head_with_positions_wants_a_flatten(void **state)
{
    struct recipe r = recipe_for(NULL);
    assert_refused("dense 3 softmax", &r, data_of(shape_of(2, 4, 3), N, classes, 1, 3), "`insert 1 flatten`");
    assert_refused("dense 2", &r, data_of(shape_of(1, 3), N, numbers, 1, 0), "dense 1 linear");
}

/* The row and the value are named. Samples that slide bring the values of one input to the other. */
static void whole_numbers_that_cannot_be_read_are_named(void **state)
{
    const struct model *m = make_model(shape_of(1, 2),
        "input 2 name=other;embedding 4 3 from=input;flatten;embedding 9 2 from=other;flatten;"
        "concat flatten1;dense 1");
    float x[] = {0, 3, 8, 8, 1, 2, 7, 6};
    struct misread bad;
    assert_false(inputs_misread(m, x, 2, false, &bad));
    assert_true(inputs_misread(m, x, 2, true, &bad));
    assert_true(bad.layer == &m->layer[2] && bad.row == 0 && bad.input == 2 && bad.value == 8);
    x[5] = 4;
    assert_true(inputs_misread(m, x, 2, false, &bad));
    assert_true(bad.layer == &m->layer[2] && bad.row == 1 && bad.input == 1 && bad.value == 4);
    x[5] = 2.5f;
    assert_true(inputs_misread(m, x, 2, false, &bad) && bad.value == 2.5);
    x[5] = NAN;
    assert_true(inputs_misread(m, x, 2, false, &bad) && isnan(bad.value));
    x[5] = 2;
    x[6] = 9;
    assert_true(inputs_misread(m, x, 2, false, &bad) && bad.layer == &m->layer[4]);
    model_unref(m);
}

static void a_loss_that_does_not_fit_names_the_fix(void **state)
{
    struct shape in = shape_of(1, 2);
    static const struct {
        const char *lines, *loss, *why;
        int classes;
    } table[] = {
        {"dense 3 softmax", "hinge", "`replace dense1 dense 1 linear`", 3},
        {"dense 1 tanh", "focal", "needs a head of sigmoid or softmax", 2},
        {"dense 1 tanh", "binary_crossentropy", "`replace dense1 dense 1 sigmoid`", 2},
        {"dense 3 softmax", "iou", "is for numbers", 3},
        {"dense 5", "iou", "rows of 4 numbers", 0},
        {"dense 5", "hinge", "`compile loss=mse`", 0},
        {"dense 5 sigmoid", "sparse_categorical_crossentropy", "is for classes", 0},
        {"dense 3 softmax", "ctc", "needs a shape of Tx4", 3},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct recipe r = recipe_for(table[i].loss);
        bool is_class = table[i].classes;
        assert_refused(table[i].lines, &r,
            data_of(in, N,
                table[i].classes == 2 ? bits
                : is_class            ? classes
                                      : numbers,
                is_class ? 1 : 5, table[i].classes),
            table[i].why);
    }
}

static void shares_are_numbers_from_0_to_1(void **state)
{
    static const float far[N] = {0.5f, 0.2f, 3, 0, 1, 1};
    struct recipe r = recipe_for("binary_crossentropy");
    struct data *near = data_of(shape_of(1, 2), N, bits, 1, 0);
    const struct model *m = make_model(near->shape, "dense 1 sigmoid");
    struct goals g;
    assert_true(goals_make(&g, m, &r, near, NULL));
    goals_release(&g);
    model_unref(m);
    data_unref(near);
    assert_refused("dense 1 sigmoid", &r, data_of(shape_of(1, 2), N, far, 1, 0), "sample 2 of 'made' has 3");
}

static void labels_must_fit_into_the_input(void **state)
{
    static const float said[2 * 3] = {0, 1, -1, 0, 0, 1};
    struct recipe r = recipe_for("ctc");
    assert_refused(
        "dense 3 softmax", &r, data_of(shape_of(2, 3, 2), 2, said, 3, 2), "sample 1 need 4 positions");
    struct data *d = data_of(shape_of(2, 4, 2), 2, said, 3, 2);
    const struct model *m = make_model(d->shape, "dense 3 softmax");
    struct goals g;
    assert_true(goals_make(&g, m, &r, d, NULL));
    assert_int_equal(goals_head(&g)->W, 3);
    assert_true(goals_head(&g)->fused && g.width == 3);
    goals_release(&g);
    model_unref(m);
    data_unref(d);
}

static void labels_outside_the_classes_are_refused(void **state)
{
    struct recipe r = recipe_for(NULL);
    struct data *d = data_of(shape_of(1, 2), N, classes, 1, 3);
    d->t[4] = 3;
    assert_refused("dense 3 softmax", &r, d, "sample 4 has the class 3, but 'made' has the classes 0 to 2");
    d = data_of(shape_of(1, 2), N, classes, 1, 3);
    d->t[1] = NAN;
    assert_refused("dense 3 softmax", &r, d, "sample 1 has the class");
}

static void weights_of_classes_need_one_each(void **state)
{
    struct recipe r = recipe_for(NULL);
    r.class_weights = 2;
    assert_refused("dense 3 softmax", &r, data_of(shape_of(1, 2), N, classes, 1, 3), "lists 2 weights");
    assert_refused("dense 5", &r, data_of(shape_of(1, 2), N, numbers, 5, 0), "numbers as targets");
}

static void an_output_that_reconstructs_is_as_wide_as_the_input(void **state)
{
    struct recipe r = recipe_for(NULL);
    say(&r, "dense2")->reconstruct = true;
    assert_refused("dense 2;dense 3", &r, data_of(shape_of(1, 4), N, classes, 1, 3), "the input of 4");
    r.output[0].loss = loss_find("hinge");
    assert_refused(
        "dense 2;dense 4", &r, data_of(shape_of(1, 4), N, classes, 1, 3), "`output dense2 loss=mse");
}

/* --- what fits --- */

struct scene {
    struct data *data;
    const struct model *model;
    struct goals goals;
    struct state *state;
    struct workspace *ws;
};

static void make(struct scene *s, struct data *d, const char *lines, const struct recipe *r)
{
    struct error e = {0};
    s->data = d;
    s->model = make_model(d->shape, lines);
    if (!goals_make(&s->goals, s->model, r, d, &e))
        fail_msg("%s", e.text);
    s->state = state_new(s->model, 0, 1, NULL);
    state_init(s->state, NULL, NULL, 0, s->model->layers - 1);
    s->ws = workspace_new(s->model, d->n, USE_BACKWARD, NULL);
    assert_true(workspace_aim(s->ws, &s->goals, NULL));
    workspace_bind(s->ws, s->state);
    memcpy(workspace_input(s->ws), d->x, d->n * shape_size(&d->shape) * sizeof(float));
    goals_encode(&s->goals, d, 0, d->n, workspace_targets(s->ws));
    workspace_forward(s->ws, d->n, true, 0);
}

static void release(struct scene *s)
{
    workspace_free(s->ws);
    goals_release(&s->goals);
    state_free(s->state);
    model_unref(s->model);
    data_unref(s->data);
}

static void a_decoder_gives_the_input_back(void **state)
{
    struct scene s;
    struct recipe r = recipe_for("categorical_crossentropy");
    say(&r, "dense2")->reconstruct = true;
    make(&s, data_of(shape_of(1, 4), N, classes, 1, 3), "dense 2 tanh;dense 4", &r);
    const struct goal *g = goals_head(&s.goals);
    double loss = workspace_loss(s.ws, true), sum = 0;
    assert_string_equal(g->loss->name, "mse"); /* what compile said is for classes */
    assert_true(g->reconstruct && !g->labels && !g->boxes && g->width == 0);
    for (int i = 0; i < N * 4; i++) {
        double d = (double)workspace_output(s.ws)[i] - (double)s.data->x[i];
        sum += d * d;
    }
    assert_true(fabs(loss - sum / (N * 4)) < 1e-6);
    release(&s);
}

static struct data *boxes_and_scores(void)
{
    struct data *d = data_of(shape_of(1, 2), 3, numbers, 5, 0);
    return d;
}

/* Four columns for the boxes, the fifth for the score of each. */
static void outputs_share_the_columns_of_the_targets(void **state)
{
    struct error e = {0};
    struct recipe r = recipe_for(NULL);
    struct scene s = {.data = boxes_and_scores()};
    struct model *m = (struct model *)make_model(s.data->shape, "dense 3 tanh name=code;dense 4 name=box");
    char line[] = "dense 1 sigmoid name=score";
    struct layer_spec spec = make_spec(line);
    spec.from = "code";
    struct model *both = model_with_layer(m, m->layers, &spec, &e);
    assert_non_null(both);
    model_unref(m);
    struct recipe_output *box = say(&r, "box"), *score = say(&r, "score");
    box->loss = loss_find("iou");
    box->weight = 2;
    score->loss = loss_find("binary_crossentropy");
    if (!goals_make(&s.goals, both, &r, s.data, &e))
        fail_msg("%s", e.text);
    assert_int_equal(s.goals.width, 5);
    assert_true(s.goals.goal[0].boxes && !s.goals.goal[1].boxes);
    assert_int_equal(s.goals.goal[1].column, 4);
    float t[3 * 5];
    goals_encode(&s.goals, s.data, 0, 3, t);
    assert_true(t[4] == .3f && t[12] == 1 && t[13] == 0 && t[14] == 1);
    s.state = state_new(both, 0, 1, NULL);
    s.ws = workspace_new(both, 3, USE_BACKWARD, NULL);
    assert_true(workspace_aim(s.ws, &s.goals, NULL));
    workspace_bind(s.ws, s.state);
    memcpy(workspace_input(s.ws), s.data->x, 6 * sizeof(float));
    memcpy(workspace_targets(s.ws), t, sizeof t);
    workspace_forward(s.ws, 3, true, 0);
    double loss = workspace_loss(s.ws, true);
    assert_true(fabs(loss - 2 * s.ws->goal_loss[0] - s.ws->goal_loss[1]) < 1e-12);
    assert_true(fabs(s.ws->goal_loss[1] - log(2)) < 1e-6); /* all weights are 0 */
    s.model = both;
    release(&s);
}

/* A weighted mean: class 1 counts twice, class 2 not at all. */
static void classes_have_weights(void **state)
{
    static const char *const losses[] = {
        "categorical_crossentropy", "sparse_categorical_crossentropy", "mse"};
    for (int k = 0; k < 3; k++) {
        struct scene s;
        struct recipe r = recipe_for(losses[k]);
        double weight[3] = {1, 2, 0}, sum = 0, whole = 0;
        r.class_weights = 3;
        memcpy(r.class_weight, weight, sizeof weight);
        make(&s, data_of(shape_of(1, 2), N, classes, 1, 3), "dense 3 softmax", &r);
        for (int i = 0; i < N; i++) {
            const float *y = workspace_output(s.ws) + 3 * i;
            int class = (int)classes[i];
            double row = 0;
            for (int c = 0; k == 2 && c < 3; c++)
                row += pow((double)y[c] - (c == class), 2) / 3;
            sum += weight[class] * (k == 2 ? row : -log((double)y[class]));
            whole += weight[class];
        }
        assert_true(fabs(workspace_loss(s.ws, true) - sum / whole) < 1e-6);
        release(&s);
    }
}

static void balanced_classes_count_alike_in_sum(void **state)
{
    struct scene s;
    struct recipe r = recipe_for(NULL);
    r.class_weights = -1;
    make(&s, data_of(shape_of(1, 2), N, classes, 1, 3), "dense 3 softmax", &r);
    const float *w = goals_head(&s.goals)->row_weight;
    assert_true(fabsf(w[0] - 2) < 1e-6f && fabsf(w[1] - 1) < 1e-6f && fabsf(w[2] - 2.0f / 3) < 1e-6f);
    release(&s);
}

/* A sample without a class has no part in any loss. */
static void a_row_without_a_class_does_not_count(void **state)
{
    static const struct {
        const char *lines, *loss;
        int classes;
    } table[] = {{"dense 3 softmax", "categorical_crossentropy", 3},
        {"dense 3 softmax", "sparse_categorical_crossentropy", 3}, {"dense 3 softmax", "mse", 3},
        {"dense 1 sigmoid", "binary_crossentropy", 2}, {"dense 1 tanh", "hinge", 2},
        {"dense 1 tanh", "mse", 2}};
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        struct scene all, some;
        struct recipe r = recipe_for(table[k].loss);
        const float *t = table[k].classes == 2 ? bits : classes;
        struct data *holes = data_of(shape_of(1, 2), N, t, 1, table[k].classes);
        holes->t[5] = -1;
        make(&all, data_of(shape_of(1, 2), N - 1, t, 1, table[k].classes), table[k].lines, &r);
        make(&some, holes, table[k].lines, &r);
        double whole = workspace_loss(all.ws, true), part = workspace_loss(some.ws, true);
        if (!(fabs(part / whole - 1) < 1e-6))
            fail_msg("%s: %g, not %g", table[k].loss, part, whole);
        assert_true(workspace_delta(some.ws, 1)[5 * shape_size(&some.model->layer[1].out)] == 0);
        release(&all);
        release(&some);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_with_positions_wants_a_flatten),
        cmocka_unit_test(whole_numbers_that_cannot_be_read_are_named),
        cmocka_unit_test(a_loss_that_does_not_fit_names_the_fix),
        cmocka_unit_test(shares_are_numbers_from_0_to_1),
        cmocka_unit_test(labels_must_fit_into_the_input),
        cmocka_unit_test(labels_outside_the_classes_are_refused),
        cmocka_unit_test(weights_of_classes_need_one_each),
        cmocka_unit_test(an_output_that_reconstructs_is_as_wide_as_the_input),
        cmocka_unit_test(a_decoder_gives_the_input_back),
        cmocka_unit_test(outputs_share_the_columns_of_the_targets),
        cmocka_unit_test(classes_have_weights),
        cmocka_unit_test(balanced_classes_count_alike_in_sum),
        cmocka_unit_test(a_row_without_a_class_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
