/* Workspaces: a pass by hand, penalties as Keras defines them, dropout's keys. */
#include "making.h"
#include "../src/activation.h"

/* y = tanh(2a - b + 0.5), then 3y: every number can be checked by hand. */
static void a_pass_is_what_the_formula_says(void **state)
{
    struct error e;
    const struct model *m = make_model(shape_of(1, 2), "dense 1 tanh;dense 1");
    struct state *s = state_new(m, 0, 1, &e);
    memcpy(s->param, (float[]){2, -1, 0.5f, 3, 0}, 5 * sizeof(float));
    struct workspace *ws = workspace_new(m, 1, USE_BACKWARD, &e);
    workspace_bind(ws, s);
    memcpy(workspace_input(ws), (float[]){0.3f, 0.4f}, 2 * sizeof(float));
    workspace_forward(ws, 1, true, 0);
    double h = tanh(0.7), y = 3 * h;
    assert_true(fabs(workspace_activation(ws, 1)[0] - h) < 1e-6);
    assert_true(fabs(workspace_output(ws)[0] - y) < 1e-6);
    struct goals goals;
    goals_of_head(&goals, m, loss_find("mse"), 0);
    assert_true(workspace_aim(ws, &goals, &e));
    workspace_targets(ws)[0] = 1;
    double loss = workspace_loss(ws, true);
    assert_true(fabs(loss - (y - 1) * (y - 1)) < 1e-6);
    workspace_backward(ws);
    double dy = 2 * (y - 1), dz = dy * 3 * (1 - h * h);
    const double want[] = {dz * 0.3, dz * 0.4, dz, dy * h, dy};
    for (int i = 0; i < 5; i++)
        assert_true(fabs(ws->grad[i] - want[i]) < 1e-5);
    struct recipe r = make_recipe("sgd", "mse", 0.1);
    workspace_update(ws, s, &r);
    assert_true(fabs(s->param[3] - (3 - 0.1 * dy * h)) < 1e-6);
    assert_int_equal(s->place.step, 1);
    assert_int_equal(s->place.t, 1);
    workspace_free(ws);
    state_free(s);
    model_unref(m);
}

static void penalties_act_on_kernels_alone(void **state)
{
    struct error e;
    const struct model *m = make_model(shape_of(1, 2), "dense 1");
    struct state *s = state_new(m, 0, 1, &e);
    memcpy(s->param, (float[]){2, -3, 10}, 3 * sizeof(float));
    struct workspace *ws = workspace_new(m, 1, USE_BACKWARD, &e);
    workspace_bind(ws, s);
    struct recipe r = make_recipe("sgd", "mse", 0.1);
    assert_true(workspace_penalty(ws, &r, true) == 0);
    r.l1 = 0.1;
    r.l2 = 0.01;
    assert_true(fabs(workspace_penalty(ws, &r, true) - (0.1 * 5 + 0.01 * 13)) < 1e-6);
    assert_true(fabs(ws->grad[0] - (0.1 + 0.04)) < 1e-6);
    assert_true(fabs(ws->grad[1] - (-0.1 - 0.06)) < 1e-6);
    assert_true(ws->grad[2] == 0);
    workspace_free(ws);
    state_free(s);
    model_unref(m);
}

static void dropout_follows_key_and_name(void **state)
{
    struct error e;
    const struct model *m = make_model(shape_of(1, 64), "dropout 0.5 name=a;dropout 0.5 name=b");
    struct state *s = state_new(m, 0, 1, &e);
    struct workspace *ws = workspace_new(m, 4, USE_BACKWARD, &e);
    float first[256];
    workspace_bind(ws, s);
    for (int i = 0; i < 256; i++)
        workspace_input(ws)[i] = 1;
    workspace_forward(ws, 4, true, 77);
    memcpy(first, workspace_activation(ws, 1), sizeof first);
    int silent = 0, both = 0;
    for (int i = 0; i < 256; i++) {
        silent += first[i] == 0;
        both += first[i] != 0 && workspace_output(ws)[i] == 0;
    }
    assert_in_range(silent, 90, 166);
    assert_true(both > 30); /* b silences others than a */
    workspace_forward(ws, 4, true, 77);
    assert_memory_equal(first, workspace_activation(ws, 1), sizeof first);
    workspace_forward(ws, 4, true, 78);
    assert_memory_not_equal(first, workspace_activation(ws, 1), sizeof first);
    workspace_forward(ws, 4, false, 78);
    for (int i = 0; i < 256; i++)
        assert_true(workspace_output(ws)[i] == 1);
    workspace_free(ws);
    state_free(s);
    model_unref(m);
}

/* A layer inserted before it does not change what a dropout drops. */
static void dropout_does_not_follow_its_place(void **state)
{
    struct error e;
    float first[256];
    for (int i = 0; i < 2; i++) {
        const struct model *m =
            make_model(shape_of(1, 64), i ? "flatten;dropout 0.5 name=a" : "dropout 0.5 name=a");
        struct state *s = state_new(m, 0, 1, &e);
        struct workspace *ws = workspace_new(m, 4, USE_FORWARD, &e);
        workspace_bind(ws, s);
        for (int k = 0; k < 256; k++)
            workspace_input(ws)[k] = 1;
        workspace_forward(ws, 4, true, 77);
        if (i)
            assert_memory_equal(first, workspace_output(ws), sizeof first);
        memcpy(first, workspace_output(ws), sizeof first);
        workspace_free(ws);
        state_free(s);
        model_unref(m);
    }
}

static void memory_is_what_was_said(void **state)
{
    struct error e;
    const struct model *m = make_model(shape_of(1, 784), "dense 128 relu;dense 10 softmax");
    double floats = 784 * 128 + 128 + 1280 + 10 + 64 * (784 + 2 * 128 + 2 * 10 + 10);
    double all = workspace_bytes(m, 64, USE_BACKWARD), most = floats * 4;
    assert_true(all >= most && all < most * 1.001); /* cache lines are rounded up */
    assert_true(workspace_bytes(m, 64, USE_TRAIN) <= all);
    assert_null(workspace_new(m, (size_t)1 << 40, USE_BACKWARD, &e));
    assert_non_null(strstr(e.text, "bytes"));
    model_unref(m);
}

/* Eight layers of 256: forward alone needs room for two of them, training keeps what backward reads. */
static void what_never_meets_shares_its_place(void **state)
{
    const struct model *m = make_model(
        shape_of(1, 256), "dense 256;dense 256;dense 256;dense 256;dense 256;dense 256;dense 256;dense 256");
    double layer = 64 * 256 * 4, params = (double)m->params * 4;
    assert_true(workspace_bytes(m, 64, USE_FORWARD) >= 9 * layer);
    assert_true(workspace_bytes(m, 64, USE_OUTPUT) < 3.1 * layer);
    assert_true(workspace_bytes(m, 64, USE_BACKWARD) >= params + 17 * layer);
    assert_true(workspace_bytes(m, 64, USE_TRAIN) < params + 11.1 * layer);
    model_unref(m);
}

/* Training with shared memory gives the gradients of training without. */
static void sharing_changes_no_number(void **state)
{
    struct error e;
    const struct model *m = make_model(
        shape_of(1, 5), "dense 7 tanh name=a;dense 7 relu;dense 7 sigmoid;dropout 0.2;dense 3 softmax");
    struct state *s = state_new(m, 0, 3, &e);
    struct goals goals;
    struct workspace *ws[2];
    state_init(s, NULL, NULL, 0, m->layers - 1);
    goals_of_head(&goals, m, loss_find("categorical_crossentropy"), 0);
    for (int k = 0; k < 2; k++) {
        ws[k] = workspace_new(m, 4, k ? USE_TRAIN : USE_BACKWARD, &e);
        assert_true(workspace_aim(ws[k], &goals, &e));
        workspace_bind(ws[k], s);
        for (int i = 0; i < 20; i++)
            workspace_input(ws[k])[i] = sinf((float)i);
        for (int i = 0; i < 12; i++)
            workspace_targets(ws[k])[i] = i % 3 == 1;
        workspace_forward(ws[k], 4, true, 9);
        workspace_loss(ws[k], true);
        workspace_backward(ws[k]);
    }
    assert_memory_equal(ws[0]->grad, ws[1]->grad, m->params * sizeof(float));
    for (int k = 0; k < 2; k++)
        workspace_free(ws[k]);
    state_free(s);
    model_unref(m);
}

/* A model with its state and workspace, for passes by hand. */
struct bench {
    const struct model *m;
    struct state *s;
    struct workspace *ws;
};

static struct bench bench_of(const struct model *m, size_t N)
{
    struct error e;
    struct bench b = {.m = m, .s = state_new(m, 0, 3, &e), .ws = workspace_new(m, N, USE_TRAIN, &e)};
    state_init(b.s, NULL, NULL, 0, m->layers - 1);
    workspace_bind(b.ws, b.s);
    return b;
}

static void bench_free(struct bench *b)
{
    workspace_free(b->ws);
    state_free(b->s);
    model_unref(b->m);
}

/* y = w·w·x with one shared w: dy/dw is twice w·x. */
static void shared_gradients_add_up(void **state)
{
    struct error e;
    struct goals goals;
    struct bench b =
        bench_of(make_model(shape_of(1, 1), "dense 1 use_bias=no name=a;dense 1 use_bias=no like=a"), 1);
    assert_int_equal(b.m->params, 1);
    b.s->param[0] = 3;
    goals_of_head(&goals, b.m, loss_find("mse"), 0);
    assert_true(workspace_aim(b.ws, &goals, &e));
    workspace_input(b.ws)[0] = 0.5f;
    workspace_targets(b.ws)[0] = 1;
    workspace_forward(b.ws, 1, true, 0);
    assert_true(fabsf(workspace_output(b.ws)[0] - 4.5f) < 1e-6f);
    workspace_loss(b.ws, true);
    workspace_backward(b.ws);
    assert_true(fabsf(b.ws->grad[0] - 2 * 3.5f * 2 * 3 * 0.5f) < 1e-5f);
    bench_free(&b);
}

static void samples_are_dealt_out_to_inputs(void **state)
{
    struct bench b = bench_of(make_model(shape_of(1, 2),
                                  "activation linear name=a;input 2 name=other;activation linear;multiply a"),
        2);
    memcpy(workspace_input(b.ws), (float[]){1, 2, 3, 4, 5, 6, 7, 8}, 8 * sizeof(float));
    workspace_forward(b.ws, 2, false, 0);
    const float want[] = {3, 8, 35, 48};
    assert_memory_equal(workspace_output(b.ws), want, sizeof want);
    bench_free(&b);
}

/* Two outputs of one trunk: the gradients of both losses, each by its weight, meet in the trunk. */
static void outputs_have_their_own_losses(void **state)
{
    struct error e = {0};
    struct goals goals;
    struct recipe r = make_recipe("sgd", NULL, 0.1);
    const float x = 0.5f, t[] = {1, -1};
    struct data *d = data_from_arrays("two", shape_of(1, 1), &x, 1, 1, t, 2, 0, &e);
    struct bench b = bench_of(
        make_model(shape_of(1, 1), "dense 1 use_bias=no name=trunk;dense 1 use_bias=no name=left;dense 1 "
                                   "use_bias=no name=right from=trunk"),
        1);
    r.outputs = 1;
    r.output[0] = (struct recipe_output){.layer = "left", .loss = loss_find("mse"), .weight = 0.25};
    memcpy(b.s->param, (float[]){2, 3, 5}, 3 * sizeof(float));
    assert_true(goals_make(&goals, b.m, &r, d, &e));
    assert_true(workspace_aim(b.ws, &goals, &e));
    workspace_input(b.ws)[0] = x;
    goals_encode(&goals, d, 0, 1, workspace_targets(b.ws));
    workspace_forward(b.ws, 1, true, 0);
    double loss = workspace_loss(b.ws, true); /* left: 3 for 1; right: 5 for -1 */
    assert_true(fabs(loss - (0.25 * 4 + 36)) < 1e-5);
    assert_true(fabs(b.ws->goal_loss[0] - 4) < 1e-6 && fabs(b.ws->goal_loss[1] - 36) < 1e-5);
    workspace_backward(b.ws);
    const float left = 0.25f * 2 * 2, right = 2 * 6;
    const float want[] = {0.5f * (3 * left + 5 * right), left, right};
    for (int i = 0; i < 3; i++)
        assert_true(fabsf(b.ws->grad[i] - want[i]) < 1e-4f);
    goals_release(&goals);
    data_unref(d);
    bench_free(&b);
}

/* What is frozen keeps its numbers, running statistics among them; what lies before it still learns. */
static void frozen_layers_stay_as_they_are(void **state)
{
    struct error e;
    struct goals goals;
    struct recipe r = make_recipe("sgd", "mse", 0.1);
    const struct model *open = make_model(shape_of(1, 3), "dense 4 tanh;dense 4 tanh;batchnorm;dense 1");
    struct bench b = bench_of(model_with_frozen(open, 2, 3, true, &e), 4);
    struct state *before = state_copy(b.s, &e);
    model_unref(open);
    goals_of_head(&goals, b.m, r.loss, 0);
    assert_true(workspace_aim(b.ws, &goals, &e));
    for (int step = 0; step < 3; step++) {
        for (int i = 0; i < 12; i++)
            workspace_input(b.ws)[i] = sinf((float)(i + step));
        memset(workspace_targets(b.ws), 0, 4 * sizeof(float));
        workspace_forward(b.ws, 4, true, (uint64_t)step);
        workspace_loss(b.ws, true);
        workspace_backward(b.ws);
        workspace_update(b.ws, b.s, &r);
    }
    const struct param *w[] = {
        b.m->layer[1].param, b.m->layer[2].param, b.m->layer[3].param, b.m->layer[4].param};
    for (int i = 0; i < 4; i++) {
        const float *was = before->param + w[i]->offset, *is = b.s->param + w[i]->offset;
        bool same = !memcmp(was, is, w[i]->count * sizeof *is);
        assert_true(same == (i == 1 || i == 2));
    }
    assert_memory_equal(before->stat, b.s->stat, b.m->stats * sizeof(float));
    state_free(before);
    bench_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pass_is_what_the_formula_says),
        cmocka_unit_test(penalties_act_on_kernels_alone),
        cmocka_unit_test(dropout_follows_key_and_name),
        cmocka_unit_test(dropout_does_not_follow_its_place),
        cmocka_unit_test(memory_is_what_was_said),
        cmocka_unit_test(what_never_meets_shares_its_place),
        cmocka_unit_test(sharing_changes_no_number),
        cmocka_unit_test(shared_gradients_add_up),
        cmocka_unit_test(samples_are_dealt_out_to_inputs),
        cmocka_unit_test(outputs_have_their_own_losses),
        cmocka_unit_test(frozen_layers_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
