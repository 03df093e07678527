/* test_recurrent.c - what the recurrent layers do beyond one batch of numbers: states that go on from batch
 * to batch, long sequences, several threads, first weights, and what cannot be built. */
#include "rig.h"

#include "../src/kernels/gemm.h"

static const char *const cells[] = {
    "simple_rnn 5", "simple_rnn 5 gelu", "lstm 5", "gru 5", "gru 5 reset_after=no"};
enum { CELLS = sizeof cells / sizeof *cells, LINE = 120 };

static const char *line_of(char out[LINE], const char *cell, const char *more)
{
    snprintf(out, LINE, "%s %s", cell, more);
    return out;
}

static void make(struct rig *rig, const char *line, int T, int in, size_t N)
{
    struct rng r = rng_from(5);
    rig_make(rig, line, &(struct shape){.rank = 2, .dim = {T, in}}, 1, N);
    rig_fill(&r, rig->x[0], rig->values[0], -1, 1);
    for (int i = 0; i < rig->layer.params; i++)
        rig_fill(&r, rig->w[i], rig->layer.param[i].count, -0.6, 0.6);
}

static void copy_weights(struct rig *to, const struct rig *from)
{
    for (int i = 0; i < to->layer.params; i++)
        memcpy(to->w[i], from->w[i], to->layer.param[i].count * sizeof(float));
}

static float *random_dy(const struct rig *rig)
{
    struct rng r = rng_from(6);
    float *dy = rig_floats(rig->outputs);
    rig_fill(&r, dy, rig->outputs, -1, 1);
    return dy;
}

/* Sums of some dozen terms near 1 in another order. */
static void assert_near(float a, float b)
{
    if (!(fabsf(a - b) < 2e-5f))
        fail_msg("%g is not %g", (double)a, (double)b);
}

enum { N = 3, T = 6, HALF = 3, IN = 2, UNITS = 5 };

/* Rows of samples of `width` values at T positions: positions from … from+HALF-1. */
static void take_half(const float *all, int from, size_t width, float *half)
{
    for (size_t n = 0; n < N; n++)
        memcpy(half + n * HALF * width, all + (n * T + (size_t)from) * width, HALF * width * sizeof *half);
}

/* Two halves one after the other are the whole, cut in the middle on the way back. */
static void check_halves(const char *cell)
{
    char line[LINE];
    struct rig whole, half;
    make(&whole, line_of(line, cell, "return_sequences truncate=3"), T, IN, N);
    make(&half, line_of(line, cell, "return_sequences stateful"), HALF, IN, N);
    copy_weights(&half, &whole);
    float *dy = random_dy(&whole), *half_dy = rig_floats(half.outputs), *y = rig_floats(half.outputs);
    float *sum[LAYER_PARAMS];
    rig_backward(&whole, dy);
    for (int i = 0; i < half.layer.params; i++)
        sum[i] = rig_floats(half.layer.param[i].count);
    half.pass.carry = rig_floats(N * half.layer.carry);
    for (int from = 0; from < T; from += HALF) {
        take_half(whole.x[0], from, IN, half.x[0]);
        take_half(dy, from, UNITS, half_dy);
        take_half(whole.pass.y, from, UNITS, y);
        rig_backward(&half, half_dy);
        for (size_t k = 0; k < half.outputs; k++)
            assert_near(half.pass.y[k], y[k]);
        for (int i = 0; i < half.layer.params; i++)
            for (size_t k = 0; k < half.layer.param[i].count; k++)
                sum[i][k] += half.pass.dw[i][k];
    }
    for (int i = 0; i < half.layer.params; i++) {
        for (size_t k = 0; k < half.layer.param[i].count; k++)
            assert_near(sum[i][k], whole.pass.dw[i][k]);
        memory_free(sum[i]);
    }
    memory_free(dy);
    memory_free(half_dy);
    memory_free(y);
    memory_free(half.pass.carry);
    rig_free(&half);
    rig_free(&whole);
}

static void a_state_goes_on_to_the_next_batch(void **state)
{
    for (int i = 0; i < CELLS; i++)
        check_halves(cells[i]);
}

/* One position at a time, as a text is written; while training only a stateful layer carries. */
static void any_layer_can_be_run_step_by_step(void **state)
{
    for (int i = 0; i < CELLS; i++) {
        char line[LINE];
        struct rig whole, step;
        make(&whole, line_of(line, cells[i], "return_sequences"), T, IN, 1);
        make(&step, cells[i], 1, IN, 1);
        copy_weights(&step, &whole);
        step.pass.training = false;
        step.pass.carry = rig_floats(step.layer.carry);
        rig_forward(&whole);
        for (int t = 0; t < T; t++) {
            memcpy(step.x[0], whole.x[0] + t * IN, IN * sizeof(float));
            rig_forward(&step);
            for (int k = 0; k < UNITS; k++)
                assert_near(step.pass.y[k], whole.pass.y[t * UNITS + k]);
        }
        float *before = rig_floats(step.layer.carry);
        memcpy(before, step.pass.carry, step.layer.carry * sizeof *before);
        memcpy(step.x[0], whole.x[0], IN * sizeof(float));
        step.pass.training = true;
        rig_forward(&step);
        for (int k = 0; k < UNITS; k++)
            assert_near(step.pass.y[k], whole.pass.y[k]);
        assert_memory_equal(before, step.pass.carry, step.layer.carry * sizeof *before);
        memory_free(before);
        memory_free(step.pass.carry);
        rig_free(&step);
        rig_free(&whole);
    }
}

/* A backward pass leaves all that a second one reads. */
static void backward_can_be_repeated(void **state)
{
    for (int i = 0; i < CELLS; i++) {
        struct rig rig;
        make(&rig, cells[i], T, IN, N);
        float *dy = random_dy(&rig), *dx = rig_floats(rig.values[0]);
        rig_backward(&rig, dy);
        memcpy(dx, rig.pass.dx[0], rig.values[0] * sizeof *dx);
        memcpy(rig.pass.dy, dy, rig.outputs * sizeof *dy);
        rig.layer.type->backward(&rig.layer, &rig.pass);
        assert_memory_equal(dx, rig.pass.dx[0], rig.values[0] * sizeof *dx);
        memory_free(dy);
        memory_free(dx);
        rig_free(&rig);
    }
}

/* So many steps that each sample goes back on its own: the gradients are the sums of theirs. The last steps
 * decide, for a state forgets, so that terms are near 1 here too. */
static void long_batches_go_back_in_parts(void **state)
{
    enum { LONG = 150000, WIDTH = 16, BATCH = 4 };
    struct rig all, one;
    make(&all, "simple_rnn 16", LONG, 1, BATCH);
    make(&one, "simple_rnn 16", LONG, 1, 1);
    assert_true(all.layer.type->scratch(&all.layer, BATCH, true) < 2 * LONG * WIDTH);
    for (int i = 0; i < all.layer.params; i++)
        for (size_t k = 0; k < all.layer.param[i].count; k++)
            one.w[i][k] = all.w[i][k] *= 0.3f;
    float *dy = random_dy(&all), *sum[LAYER_PARAMS];
    rig_backward(&all, dy);
    for (int i = 0; i < one.layer.params; i++)
        sum[i] = rig_floats(one.layer.param[i].count);
    for (size_t n = 0; n < BATCH; n++) {
        memcpy(one.x[0], all.x[0] + n * LONG, LONG * sizeof(float));
        rig_backward(&one, dy + n * WIDTH);
        for (size_t t = 0; t < LONG; t++)
            assert_near(one.pass.dx[0][t], all.pass.dx[0][n * LONG + t]);
        for (int i = 0; i < one.layer.params; i++)
            for (size_t k = 0; k < one.layer.param[i].count; k++)
                sum[i][k] += one.pass.dw[i][k];
    }
    for (int i = 0; i < one.layer.params; i++) {
        for (size_t k = 0; k < one.layer.param[i].count; k++)
            assert_near(sum[i][k], all.pass.dw[i][k]);
        memory_free(sum[i]);
    }
    memory_free(dy);
    rig_free(&all);
    rig_free(&one);
}

/* Samples are shared among threads, and a sample's steps are its own. */
static void threads_do_not_change_the_states(void **state)
{
    struct rig rig;
    make(&rig, "lstm 64 return_sequences", 8, 3, 32);
    float *dy = random_dy(&rig), *y = rig_floats(rig.outputs), *dx = rig_floats(rig.values[0]);
    kernels_set_threads(1);
    rig_backward(&rig, dy);
    memcpy(y, rig.pass.y, rig.outputs * sizeof *y);
    memcpy(dx, rig.pass.dx[0], rig.values[0] * sizeof *dx);
    for (int threads = 2; threads <= 5; threads++) {
        kernels_set_threads(threads);
        rig_backward(&rig, dy);
        for (size_t k = 0; k < rig.outputs; k++)
            assert_near(y[k], rig.pass.y[k]);
        for (size_t k = 0; k < rig.values[0]; k++)
            assert_near(dx[k], rig.pass.dx[0][k]);
    }
    kernels_set_threads(0);
    kernels_leave();
    memory_free(dy);
    memory_free(y);
    memory_free(dx);
    rig_free(&rig);
}

/* Outputs that come from the last position to the first have their mask turned round. */
static void a_mask_turns_with_the_outputs(void **state)
{
    static const float mask[2 * 3] = {1, 1, 0, 0, 1, 1};
    struct rig rig;
    make(&rig, "gru 2 go_backwards return_sequences", 3, IN, 2);
    assert_true(rig.layer.makes_mask);
    rig.pass.mask[0] = mask;
    rig_forward(&rig);
    for (int n = 0; n < 2; n++)
        for (int t = 0; t < 3; t++)
            assert_true(rig.pass.cache[n * 3 + t] == mask[n * 3 + 2 - t]);
    for (int k = 0; k < 2; k++) {
        assert_true(rig.pass.y[k] == 0);                                      /* masked from the start */
        assert_true(rig.pass.y[2 * 3 * 2 - 1 - k] == rig.pass.y[10 - 1 - k]); /* repeated */
    }
    rig_free(&rig);
}

static bool type_layer(struct layer *l, const char *line, struct shape in, struct error *e)
{
    return rig_type(l, line, &in, 1, e);
}

static void shapes_and_first_weights_are_keras_s(void **state)
{
    struct layer l;
    struct error e;
    char text[SHAPE_TEXT];
    assert_true(type_layer(&l, "lstm 8", shape_of(2, 10, 3), &e));
    assert_string_equal(shape_text(&l.out, text), "8");
    assert_int_equal(layer_param_count(&l), 4 * 8 * (3 + 8 + 1));
    assert_string_equal(l.param[1].initializer, "orthogonal");
    assert_false(l.reads_ahead);
    assert_string_equal(l.param[2].initializer, "unit_forget");
    assert_true(l.type->macs(&l) == 10 * 4 * 8 * (3 + 8));
    assert_true(type_layer(&l, "gru 8 return_sequences bidirectional", shape_of(2, 10, 3), &e));
    assert_string_equal(shape_text(&l.out, text), "10x16");
    assert_int_equal(layer_param_count(&l), 2 * 3 * 8 * (3 + 8 + 2));
    assert_string_equal(l.param[3].name, "backward_kernel");
    assert_true(l.reads_ahead);
    assert_true(l.param[0].decays && l.param[1].decays && !l.param[2].decays);
    assert_true(type_layer(
        &l, "simple_rnn 8 relu use_bias=no init=he_normal recurrent_init=normal", shape_of(2, 10, 3), &e));
    assert_int_equal(layer_param_count(&l), 8 * (3 + 8));
    assert_string_equal(l.param[0].initializer, "he_normal");
    assert_string_equal(l.param[1].initializer, "normal");
}

static void what_does_not_fit_is_said_with_the_fix(void **state)
{
    static const struct {
        const char *line, *fix;
        struct shape in;
    } wrong[] = {
        {"lstm 4", "input 10x3", {.rank = 1, .dim = {7}}},
        {"gru 4", "reshape", {.rank = 3, .dim = {8, 8, 1}}},
        {"simple_rnn 4 bidirectional go_backwards", "leave out go_backwards", {.rank = 2, .dim = {4, 3}}},
        {"lstm 4 bidirectional stateful", "leave out stateful", {.rank = 2, .dim = {4, 3}}},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct layer l;
        struct error e = {0};
        assert_false(type_layer(&l, wrong[i].line, wrong[i].in, &e));
        if (!strstr(e.text, wrong[i].fix))
            fail_msg("%s: '%s' does not say '%s'", wrong[i].line, e.text, wrong[i].fix);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_goes_on_to_the_next_batch),
        cmocka_unit_test(any_layer_can_be_run_step_by_step),
        cmocka_unit_test(backward_can_be_repeated),
        cmocka_unit_test(long_batches_go_back_in_parts),
        cmocka_unit_test(threads_do_not_change_the_states),
        cmocka_unit_test(a_mask_turns_with_the_outputs),
        cmocka_unit_test(shapes_and_first_weights_are_keras_s),
        cmocka_unit_test(what_does_not_fit_is_said_with_the_fix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
