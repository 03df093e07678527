/* Slices: a batch that runs in slices has the loss, the gradients and the tally of the whole, for any number
 * of threads; and which models are cut. */
#include "training.h"

#include "../src/kernels/gemm.h"
#include "../src/kernels/threads.h"
#include "../src/loss.h"
#include "../src/slices.h"

enum { N = 21, SLICE = 2 }; /* an odd batch: the last slices are short, and not all groups are alike */

struct scene {
    const char *lines, *loss;
    struct shape in;
    int labels;               /* of a sample, where the loss reads a sequence */
    bool whole_inputs, holes; /* inputs are numbers below 9; some labels are -1 */
};

static const struct scene scenes[] = {
    {"dense 7 tanh;dense 3 softmax", "categorical_crossentropy", {.rank = 1, .dim = {5}}},
    {"conv2d 6 3x3 relu;maxpool2d 2;flatten;dense 4", "mse", {.rank = 3, .dim = {7, 8, 2}}},
    {"dense 2 sigmoid", "dice", {.rank = 2, .dim = {6, 3}}},
    {"embedding 9 8;positional;layernorm;attention 2 causal;dense 5 softmax",
        "sparse_categorical_crossentropy", {.rank = 1, .dim = {6}}, .whole_inputs = true},
    {"embedding 9 8 mask_zero;attention 2;dense 5 softmax", "sparse_categorical_crossentropy",
        {.rank = 1, .dim = {6}}, .whole_inputs = true, .holes = true},
    {"conv1d 6 3 tanh;dense 4 softmax", "ctc", {.rank = 2, .dim = {9, 2}}, .labels = 3},
};

struct batch {
    const struct model *m;
    struct goals goals;
    struct state *state;
    float *x, *t;
    size_t inputs;
};

static float target_of(const struct scene *sc, const struct loss *l, struct rng *r, size_t i)
{
    if (l->targets == LOSS_SEQUENCE)
        return (float)rng_below(r, 3);
    if (l->targets == LOSS_INDEX)
        return sc->holes && i % 4 == 1 ? -1 : (float)rng_below(r, 5);
    return (float)rng_below(r, 2);
}

static void batch_make(struct batch *b, const struct scene *sc)
{
    struct error e;
    struct rng r = rng_from(7);
    const struct loss *loss = loss_find(sc->loss);
    b->m = make_model(sc->in, sc->lines);
    b->state = state_new(b->m, 0, 3, &e);
    state_init(b->state, NULL, NULL, 1, b->m->layers - 1);
    goals_of_head(&b->goals, b->m, loss, (size_t)sc->labels);
    b->goals.goal[0].holes = sc->holes;
    b->goals.classes = sc->labels ? 0 : (int)b->goals.goal[0].K;
    b->inputs = shape_size(&sc->in);
    b->x = memory_take(N * b->inputs, sizeof *b->x, "x", NULL);
    b->t = memory_take(N * b->goals.width, sizeof *b->t, "t", NULL);
    for (size_t i = 0; i < N * b->inputs; i++)
        b->x[i] = sc->whole_inputs ? (float)rng_below(&r, 9) : (float)rng_between(&r, -1, 1);
    for (size_t i = 0; i < N * b->goals.width; i++)
        b->t[i] = target_of(sc, loss, &r, i);
}

static void batch_release(struct batch *b)
{
    memory_free(b->x);
    memory_free(b->t);
    state_free(b->state);
    model_unref(b->m);
}

static void gather(const void *arg, size_t first, size_t count, struct workspace *ws)
{
    const struct batch *b = arg;
    memcpy(workspace_input(ws), b->x + first * b->inputs, count * b->inputs * sizeof(float));
    memcpy(workspace_targets(ws), b->t + first * b->goals.width, count * b->goals.width * sizeof(float));
}

static struct workspace *workspace_for(const struct batch *b, size_t samples)
{
    struct error e;
    struct workspace *ws = workspace_new(b->m, samples, USE_TRAIN, &e);
    assert_true(ws && workspace_aim(ws, &b->goals, &e));
    workspace_bind(ws, b->state);
    return ws;
}

static double run_whole(const struct batch *b, struct workspace *ws, struct tally *tally)
{
    gather(b, 0, N, ws);
    workspace_forward(ws, N, true, 0);
    double loss = workspace_loss(ws, true);
    workspace_backward(ws);
    tally_start(tally, &b->goals, NULL);
    tally_add(tally, ws->goal_batch, ws->goal_loss, loss);
    return loss;
}

static double run_slices(const struct batch *b, struct workspace *ws, int threads, struct tally *tally)
{
    struct error e;
    kernels_set_threads(threads);
    kernels_flush_denormals();
    struct slices *s = slices_new(ws, N, &e);
    assert_true(s && slices_serve(s, threads, &e));
    tally_start(tally, &b->goals, NULL);
    double loss = slices_run(s, &(struct slices_source){gather, b}, N, tally);
    slices_free(s);
    kernels_leave();
    kernels_set_threads(0);
    return loss;
}

/* Sums in another order: some units in the last place of the largest. */
static void assert_near(const struct scene *sc, const float *a, const float *b, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs((double)b[i]));
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)a[i] - (double)b[i]) <= 2e-6 * most))
            fail_msg("%s: gradient %zu is %g in slices, %g in the whole", sc->lines, i, a[i], b[i]);
}

static void slices_agree_with_the_whole(void **state)
{
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        const struct scene *sc = &scenes[i];
        struct batch b;
        struct tally x, y;
        batch_make(&b, sc);
        struct workspace *whole = workspace_for(&b, N), *part = workspace_for(&b, SLICE);
        double want = run_whole(&b, whole, &y), loss = run_slices(&b, part, 2, &x);
        assert_true(fabs(loss - want) <= 1e-6 * fabs(want));
        assert_near(sc, part->grad, whole->grad, b.m->params);
        assert_int_equal(x.n, N);
        assert_true(fabs(x.loss - y.loss) <= 1e-6 * fabs(y.loss));
        assert_true(fabs(x.goal_loss[0] - y.goal_loss[0]) <= 1e-6 * fabs(y.goal_loss[0]));
        if (!(x.rows == y.rows && x.correct == y.correct && x.outputs == y.outputs))
            fail_msg("%s: %g of %g right, %g outputs; in the whole %g of %g, %g", sc->lines, x.correct,
                x.rows, x.outputs, y.correct, y.rows, y.outputs);
        assert_true(fabs(x.absolute - y.absolute) <= 1e-6 * y.absolute);
        workspace_free(whole);
        workspace_free(part);
        batch_release(&b);
    }
}

static void the_bits_do_not_depend_on_the_threads(void **state)
{
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        struct batch b;
        struct tally x, y;
        batch_make(&b, &scenes[i]);
        struct workspace *one = workspace_for(&b, SLICE), *more = workspace_for(&b, SLICE);
        double loss = run_slices(&b, one, 1, &x);
        for (int threads = 2; threads <= 5; threads += 3) {
            assert_true(run_slices(&b, more, threads, &y) == loss);
            assert_memory_equal(more->grad, one->grad, b.m->params * sizeof(float));
            assert_true(x.loss == y.loss && x.correct == y.correct);
        }
        workspace_free(one);
        workspace_free(more);
        batch_release(&b);
    }
}

/* Who makes them, as main does, may have a limit of its own: the window's share of the work takes one. */
static void they_run_on_as_many_threads_as_they_serve(void **state)
{
    struct error e;
    struct batch b;
    struct tally tally;
    batch_make(&b, &scenes[3]);
    struct workspace *ws = workspace_for(&b, SLICE);
    kernels_set_threads(1);
    struct slices *s = slices_new(ws, N, &e);
    for (int threads = 1; threads <= 3; threads += 2) {
        assert_true(s && slices_serve(s, threads, &e));
        kernels_set_threads(3);
        kernels_shared();
        tally_start(&tally, &b.goals, NULL);
        assert_true(isfinite(slices_run(s, &(struct slices_source){gather, &b}, N, &tally)));
        assert_int_equal(kernels_shared(), threads);
        kernels_set_threads(1);
    }
    slices_free(s);
    kernels_leave();
    kernels_set_threads(0);
    workspace_free(ws);
    batch_release(&b);
}

static void a_loss_that_is_not_finite_is_returned(void **state)
{
    struct batch b;
    struct tally tally;
    batch_make(&b, &scenes[1]);
    b.x[5 * b.inputs] = NAN;
    struct workspace *ws = workspace_for(&b, SLICE);
    assert_true(isnan(run_slices(&b, ws, 2, &tally)));
    assert_int_equal(tally.n, 0);
    workspace_free(ws);
    batch_release(&b);
}

/* Padding alone: the loss is 0, and so is every gradient. */
static void rows_that_do_not_count_add_nothing(void **state)
{
    struct batch b;
    struct tally tally;
    batch_make(&b, &scenes[4]);
    for (size_t i = 0; i < N * b.goals.width; i++)
        b.t[i] = -1;
    struct workspace *ws = workspace_for(&b, SLICE);
    assert_true(run_slices(&b, ws, 2, &tally) == 0);
    for (size_t i = 0; i < b.m->params; i++)
        assert_true(ws->grad[i] == 0);
    workspace_free(ws);
    batch_release(&b);
}

static void samples_that_meet_are_left_together(void **state)
{
    static const struct {
        const char *lines;
        bool cut;
    } models[] = {
        {"conv2d 32 3x3 relu;conv2d 32 3x3 relu;flatten;dense 10 softmax", true},
        {"conv2d 32 3x3 relu;batchnorm;conv2d 32 3x3 relu;flatten;dense 10 softmax", false},
        {"conv2d 32 3x3 relu;dropout 0.5;conv2d 32 3x3 relu;flatten;dense 10 softmax", false},
        {"reshape 256x12;lstm 64;dense 10 softmax", false},
        {"flatten;dense 64 relu;dense 10 softmax", false}, /* its weights are more than its activations */
    };
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        const struct model *m = make_model(shape_of(3, 32, 32, 3), models[i].lines);
        size_t size = slices_size(m, 256);
        if ((size > 0) != models[i].cut || size > 64)
            fail_msg("%s: slices of %zu samples", models[i].lines, size);
        assert_int_equal(slices_size(m, 1), 0);
        model_unref(m);
    }
}

/* A trainer that cuts its batches: the same run on one thread and on two, and it learns. */
static void a_fit_in_slices_learns(void **state)
{
    enum { IMAGES = 96, SIDE = 32 };
    static float x[IMAGES * SIDE * SIDE], t[IMAGES];
    struct session *s[2];
    struct rng r = rng_from(4);
    for (size_t i = 0; i < IMAGES; i++) {
        t[i] = (float)(i % 2);
        for (size_t k = 0; k < SIDE * SIDE; k++)
            x[i * SIDE * SIDE + k] = (float)rng_below(&r, 2) * (i % 2 ? 1 : 0.5f);
    }
    for (int i = 0; i < 2; i++) {
        struct error e;
        struct data *d = data_from_arrays("greys", shape_of(3, SIDE, SIDE, 1), x, IMAGES, 80, t, 1, 2, &e);
        s[i] = make_session(WORKER_THREAD, d, "conv2d 64 3x3 relu;maxpool2d 2;flatten;dense 1 sigmoid");
        struct recipe recipe = make_recipe("adam", NULL, 0.01);
        assert_true(session_compile(s[i], &recipe, &e));
        struct fit fit = {.epochs = 4, .batch_size = 40, .memory = 1e6, .threads = i + 1};
        assert_true(slices_size(session_network(s[i])->model, fit.batch_size) > 0);
        train(s[i], fit);
    }
    struct curve_point p[CURVE_POINTS + 1];
    size_t n = curves_copy(&session_network(s[0])->curves, p);
    assert_true(p[n - 1].loss < p[0].loss);
    assert_same_weights(s[0], s[1]);
    assert_same_curves(s[0], s[1]);
    session_free(s[0]);
    session_free(s[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_agree_with_the_whole),
        cmocka_unit_test(the_bits_do_not_depend_on_the_threads),
        cmocka_unit_test(they_run_on_as_many_threads_as_they_serve),
        cmocka_unit_test(a_loss_that_is_not_finite_is_returned),
        cmocka_unit_test(rows_that_do_not_count_add_nothing),
        cmocka_unit_test(samples_that_meet_are_left_together),
        cmocka_unit_test(a_fit_in_slices_learns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
