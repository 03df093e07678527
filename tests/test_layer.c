/* test_layer.c - every layer type on its own: built from its typed example, its gradients measured by nudging
 * each input and each parameter. */
#include "rig.h"

#include "../src/activation.h"
#include "../src/initializer.h"

enum { N = 4 };

/* A rig filled with random numbers, and the weights of a loss: the sum of y times them. */
struct trial {
    struct rig rig;
    float *weights;
};

/* What a layer wants before its example: the shape of its `input` line, or this one. Positions and class
 * numbers are whole; what an embedding reads is made so by its name. */
static struct shape natural_shape(const struct layer_type *t, struct shape other)
{
    const char *input = t->before ? strstr(t->before, "input ") : NULL;
    char word[SHAPE_TEXT];
    struct shape shape = other;
    if (input && sscanf(input, "input %63[^; ]", word) == 1)
        assert_true(shape_parse(word, &shape));
    return shape;
}

static void trial_make(struct trial *t, const char *line, struct shape in)
{
    struct rng r = rng_from(11);
    rig_make(&t->rig, line, &in, 0, N);
    t->weights = rig_floats(t->rig.outputs);
    const struct layer *l = &t->rig.layer;
    for (int j = 0; j < l->inputs; j++)
        rig_fill(&r, t->rig.x[j], t->rig.values[j], -1, 1);
    if (l->type->whole_inputs)
        for (size_t i = 0; i < t->rig.values[0]; i++)
            t->rig.x[0][i] = (float)(i % 3);
    rig_fill(&r, t->weights, t->rig.outputs, -1, 1);
    for (int i = 0; i < l->params; i++)
        if (l->param[i].statistic)
            rig_fill(&r, t->rig.stat[i], l->param[i].count, 0.5, 1.5);
        else
            rig_fill(&r, t->rig.w[i], l->param[i].count, -1, 1);
}

static void trial_free(struct trial *t)
{
    memory_free(t->weights);
    rig_free(&t->rig);
}

static double trial_loss(struct trial *t)
{
    rig_forward(&t->rig);
    double sum = t->rig.pass.loss;
    for (size_t i = 0; i < t->rig.outputs; i++)
        sum += (double)t->rig.pass.y[i] * (double)t->weights[i];
    return sum;
}

static void trial_backward(struct trial *t)
{
    rig_backward(&t->rig, t->weights);
}

/* Differences with h = 0.002, whose noise is near 3e-4, for y is rounded to 6e-8. Where the kink of a relu
 * lies within h, the slope of the side without it is the right one. */
static void assert_slopes(struct trial *t, float *x, const float *gradient, size_t n, const char *line)
{
    double now = trial_loss(t);
    for (size_t i = 0; i < n; i++) {
        float at = x[i];
        double high = (double)(x[i] = at + 0.002f), up = trial_loss(t);
        double low = (double)(x[i] = at - 0.002f), down = trial_loss(t);
        double slope = (up - down) / (high - low), wanted = (double)gradient[i];
        double above = (up - now) / (high - (double)at), below = (now - down) / ((double)at - low);
        double gap = fmin(fabs(slope - wanted), fmin(fabs(above - wanted), fabs(below - wanted)));
        x[i] = at;
        if (!(gap < 2e-3 * (1 + fabs(slope))))
            fail_msg("%s: value %zu has slope %g, not %g", line, i, slope, wanted);
    }
}

static void check_gradients(const char *line, struct shape in)
{
    struct trial t;
    trial_make(&t, line, in);
    const struct layer *l = &t.rig.layer;
    trial_backward(&t);
    for (int j = 0; j < l->inputs; j++)
        if (!l->type->whole_inputs || j > 0)
            assert_slopes(&t, t.rig.x[j], t.rig.pass.dx[j], t.rig.values[j], line);
    for (int i = 0; i < l->params; i++)
        if (!l->param[i].statistic)
            assert_slopes(&t, t.rig.w[i], t.rig.pass.dw[i], l->param[i].count, line);
    trial_free(&t);
}

/* What draws at random draws the same each time: the key is fixed. */
static void every_type_has_the_right_gradients(void **state)
{
    for (size_t i = 1; layer_type_at(i); i++) {
        const struct layer_type *t = layer_type_at(i);
        check_gradients(t->example, natural_shape(t, shape_of(1, 6)));
        if (!t->before)
            check_gradients(t->example, shape_of(3, 2, 3, 2));
    }
}

static void every_activation_has_the_right_gradients(void **state)
{
    for (size_t i = 0; activation_at(i); i++) {
        char line[80];
        snprintf(line, sizeof line, "dense 5 %s", activation_name(i));
        check_gradients(line, shape_of(1, 6));
        check_gradients(line, shape_of(2, 2, 3));
        snprintf(line, sizeof line, "dense 5 %s use_bias=no", activation_name(i));
        check_gradients(line, shape_of(1, 6));
        snprintf(line, sizeof line, "activation %s", activation_name(i));
        check_gradients(line, shape_of(2, 2, 3));
    }
}

/* Where an input has several readers each adds its part; where nobody needs dx it is NULL. */
static void gradients_add_up_or_are_left_out(void **state)
{
    for (size_t i = 1; layer_type_at(i); i++) {
        const struct layer_type *type = layer_type_at(i);
        struct trial t;
        trial_make(&t, type->example, natural_shape(type, shape_of(1, 6)));
        struct pass *p = &t.rig.pass;
        trial_backward(&t);
        for (int j = 0; j < t.rig.layer.inputs; j++) {
            size_t n = t.rig.values[j];
            float *alone = rig_floats(n), *dx = p->dx[j];
            memcpy(alone, dx, n * sizeof *alone);
            for (size_t k = 0; k < n; k++)
                dx[k] = 1;
            p->add[j] = true;
            trial_backward(&t);
            for (size_t k = 0; k < n; k++)
                assert_true(fabsf(dx[k] - 1 - alone[k]) < 1e-4f);
            p->add[j] = false;
            p->dx[j] = NULL;
            trial_backward(&t);
            p->dx[j] = dx;
            memory_free(alone);
        }
        trial_free(&t);
    }
}

/* A frozen layer gives no gradients by its parameters, and the same by its inputs. */
static void frozen_layers_leave_out_their_gradients(void **state)
{
    for (size_t i = 1; layer_type_at(i); i++) {
        const struct layer_type *type = layer_type_at(i);
        struct trial t;
        trial_make(&t, type->example, natural_shape(type, shape_of(1, 6)));
        struct pass *p = &t.rig.pass;
        size_t n = t.rig.values[0];
        float *before = rig_floats(n), *dw[LAYER_PARAMS];
        trial_backward(&t);
        memcpy(before, p->dx[0], n * sizeof *before);
        memcpy(dw, p->dw, sizeof dw);
        memset(p->dw, 0, sizeof p->dw);
        trial_backward(&t);
        assert_memory_equal(before, p->dx[0], n * sizeof *before);
        memcpy(p->dw, dw, sizeof dw);
        memory_free(before);
        trial_free(&t);
    }
}

/* A fused loss writes the gradient by z, and the layer must not multiply by the slope again. */
static void a_gradient_by_z_skips_the_activation(void **state)
{
    static const char *const lines[] = {
        "dense 3 sigmoid", "dense 3 softmax", "activation sigmoid", "activation softmax"};
    for (int i = 0; i < 4; i++) {
        struct trial t, linear;
        trial_make(&t, lines[i], shape_of(1, 3));
        trial_make(&linear, i < 2 ? "dense 3" : "activation linear", shape_of(1, 3));
        assert_true(t.rig.layer.keep_z);
        t.rig.pass.dy_is_dz = true;
        trial_backward(&t);
        trial_backward(&linear);
        assert_memory_equal(t.rig.pass.dx[0], linear.rig.pass.dx[0], t.rig.values[0] * sizeof(float));
        assert_memory_equal(t.rig.pass.cache, linear.rig.pass.y, t.rig.outputs * sizeof(float));
        trial_free(&t);
        trial_free(&linear);
    }
}

static void dropout_drops_its_share_and_keeps_the_mean(void **state)
{
    struct rig rig;
    rig_make(&rig, "dropout 0.3", &(struct shape){.rank = 1, .dim = {25000}}, 1, N);
    const float *y = rig.pass.y;
    size_t n = rig.outputs, dropped = 0, pairs = 0;
    for (size_t i = 0; i < n; i++)
        rig.x[0][i] = 1;
    rig_forward(&rig);
    for (size_t i = 0; i < n; i++) {
        assert_true(y[i] == 0 || fabsf(y[i] - 1 / 0.7f) < 1e-6f);
        dropped += y[i] == 0;
        pairs += i && y[i] == 0 && y[i - 1] == 0;
    }
    /* 100,000 draws: standard deviations 0.0015 and 0.0011. */
    assert_true(fabs((double)dropped / (double)n - 0.3) < 0.007);
    assert_true(fabs((double)pairs / (double)n - 0.09) < 0.006);
    float *first = rig_floats(n);
    memcpy(first, y, n * sizeof(float));
    rig_forward(&rig);
    assert_memory_equal(first, y, n * sizeof(float));
    rig.pass.key++;
    rig_forward(&rig);
    assert_memory_not_equal(first, y, n * sizeof(float));
    rig.pass.training = false;
    rig_forward(&rig);
    assert_memory_equal(rig.x[0], y, n * sizeof(float));
    memory_free(first);
    rig_free(&rig);
}

static void spatial_dropout_drops_whole_channels(void **state)
{
    enum { POSITIONS = 5, CHANNELS = 5000 };
    struct rig rig;
    rig_make(&rig, "spatial_dropout 0.3", &(struct shape){.rank = 2, .dim = {POSITIONS, CHANNELS}}, 1, N);
    size_t dropped = 0;
    for (size_t i = 0; i < rig.outputs; i++)
        rig.x[0][i] = 1;
    rig_forward(&rig);
    for (size_t i = 0; i < rig.outputs; i++) {
        size_t sample = i / (POSITIONS * CHANNELS), channel = i % CHANNELS;
        float first = rig.pass.y[sample * POSITIONS * CHANNELS + channel];
        assert_true(rig.pass.y[i] == first && (first == 0 || fabsf(first - 1 / 0.7f) < 1e-6f));
        dropped += first == 0;
    }
    /* 20,000 draws: a standard deviation of 0.0032. */
    assert_true(fabs((double)dropped / (double)rig.outputs - 0.3) < 0.015);
    rig_free(&rig);
}

static void gaussian_noise_is_normal(void **state)
{
    struct rig rig;
    rig_make(&rig, "gaussian_noise 2", &(struct shape){.rank = 1, .dim = {25000}}, 1, N);
    double sum = 0, squares = 0, within = 0, n = (double)rig.outputs, along = 0;
    rig_forward(&rig);
    for (size_t i = 0; i < rig.outputs; i++) {
        double e = (double)rig.pass.y[i] / 2;
        sum += e;
        squares += e * e;
        within += fabs(e) < 1;
        along += i ? e * (double)rig.pass.y[i - 1] / 2 : 0;
    }
    /* 100,000 draws; bounds of five standard deviations. */
    assert_true(fabs(sum / n) < 0.016 && fabs(squares / n - 1) < 0.023);
    assert_true(fabs(within / n - 0.68269) < 0.0075 && fabs(along / n) < 0.016);
    rig.pass.training = false;
    rig_forward(&rig);
    assert_memory_equal(rig.x[0], rig.pass.y, rig.outputs * sizeof(float));
    rig_free(&rig);
}

/* Rows of weights add up to 1, and no causal row looks ahead; they head the cache. */
static void attention_keeps_its_weights(void **state)
{
    enum { T = 37, HEADS = 3 };
    struct trial t;
    trial_make(&t, "attention 3 causal", shape_of(2, T, 6));
    rig_forward(&t.rig);
    const float *weights = t.rig.pass.cache;
    for (size_t row = 0; row < N * HEADS * T; row++) {
        float sum = 0;
        for (size_t j = 0; j < T; j++) {
            float a = weights[row * T + j];
            assert_true(a >= 0 && (j <= row % T || a == 0));
            sum += a;
        }
        assert_true(fabsf(sum - 1) < 1e-5f);
    }
    trial_free(&t);
}

static bool type_layer(struct layer *l, const char *line, struct shape in, struct error *e)
{
    return rig_type(l, line, &in, 1, e);
}

static void shapes_follow_keras(void **state)
{
    struct layer l;
    struct error e;
    char text[SHAPE_TEXT];
    assert_true(type_layer(&l, "dense 7", shape_of(3, 4, 5, 6), &e));
    assert_string_equal(shape_text(&l.out, text), "4x5x7");
    assert_int_equal(layer_param_count(&l), 6 * 7 + 7);
    assert_true(l.type->macs(&l) == 4 * 5 * 6 * 7);
    assert_true(l.param[0].decays && !l.param[1].decays);
    assert_true(type_layer(&l, "dense 7 use_bias=no", shape_of(1, 6), &e));
    assert_int_equal(layer_param_count(&l), 6 * 7);
    assert_true(type_layer(&l, "flatten", shape_of(3, 28, 28, 1), &e));
    assert_string_equal(shape_text(&l.out, text), "784");
    assert_true(type_layer(&l, "input 28x28x1", shape_of(1, 3), &e));
    assert_string_equal(shape_text(&l.out, text), "28x28x1");
    assert_false(type_layer(&l, "flatten", shape_of(2, 100000, 100000), &e));
    assert_non_null(strstr(e.text, "smaller"));
}

static void first_weights_suit_the_activation(void **state)
{
    struct layer l;
    struct error e;
    assert_true(type_layer(&l, "dense 7 relu", shape_of(1, 6), &e));
    assert_string_equal(l.param[0].initializer, "he_normal");
    assert_string_equal(l.param[1].initializer, "zeros");
    assert_true(type_layer(&l, "dense 7 tanh", shape_of(1, 6), &e));
    assert_string_equal(l.param[0].initializer, "glorot_uniform");
    assert_true(type_layer(&l, "dense 7 relu init=normal", shape_of(1, 6), &e));
    assert_string_equal(l.param[0].initializer, "normal");
    assert_int_equal(l.param[0].fan_in, 6);
    assert_int_equal(l.param[0].fan_out, 7);
}

static void every_row_is_complete(void **state)
{
    size_t n = 0;
    for (; layer_type_at(n); n++) {
        const struct layer_type *t = layer_type_at(n);
        assert_ptr_equal(layer_type_find(layer_type_name(n)), t);
        assert_true(strlen(t->summary) && !strncmp(t->example, t->name, strlen(t->name)));
        assert_true(args_count(t->args) <= LAYER_ARGS);
    }
    assert_string_equal(layer_type_name(0), "input");
    assert_null(layer_type_name(n));
    assert_null(layer_type_find("dens"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_the_right_gradients),
        cmocka_unit_test(every_activation_has_the_right_gradients),
        cmocka_unit_test(gradients_add_up_or_are_left_out),
        cmocka_unit_test(frozen_layers_leave_out_their_gradients),
        cmocka_unit_test(a_gradient_by_z_skips_the_activation),
        cmocka_unit_test(dropout_drops_its_share_and_keeps_the_mean),
        cmocka_unit_test(spatial_dropout_drops_whole_channels),
        cmocka_unit_test(gaussian_noise_is_normal),
        cmocka_unit_test(attention_keeps_its_weights),
        cmocka_unit_test(shapes_follow_keras),
        cmocka_unit_test(first_weights_suit_the_activation),
        cmocka_unit_test(every_row_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
