/* test_layer.c - every layer type on its own: built from its typed example, its gradients measured by nudging
 * each input and each parameter. */
#include "../src/activation.h"
#include "../src/error.h"
#include "../src/initializer.h"
#include "../src/layer.h"
#include "../src/memory.h"
#include "../src/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { N = 4 };

/* A layer with all the memory of a batch. The loss is the sum of y times a fixed row of weights. */
struct rig {
    struct layer layer;
    struct pass pass;
    size_t inputs, outputs; /* of the whole batch */
    float *x, *dx, *weights;
    float *w[LAYER_PARAMS];
};

static float *floats(size_t n)
{
    return memory_take(n, sizeof(float), "a test", NULL);
}

static void fill(struct rng *r, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_between(r, -1, 1);
}

/* Types a line such as "dense 16 relu use_bias=no" into a layer. */
static bool type_layer(struct layer *l, const char *line, struct shape in, struct error *e)
{
    char copy[120], *rest, *key;
    struct word words[8];
    struct args args;
    int n = 0;
    snprintf(copy, sizeof copy, "%s", line);
    const char *type = strtok_r(copy, " ", &rest);
    *l = (struct layer){.type = layer_type_find(type), .inputs = 1, .in = in};
    for (char *word; (word = strtok_r(NULL, " ", &rest));) {
        words[n] = (struct word){.text = word};
        if ((key = strchr(word, '='))) {
            *key = 0;
            words[n] = (struct word){.key = word, .text = key + 1};
        }
        n++;
    }
    assert_true(args_bind(type, l->type->args, words, n, &args, e));
    memcpy(l->arg, args.value, sizeof l->arg);
    return l->type->build(l, e);
}

static void rig_make(struct rig *rig, const char *line, struct shape in)
{
    struct error e = {0};
    struct rng r = rng_from(11);
    *rig = (struct rig){.pass = {.N = N, .training = true, .key = 77}};
    if (!type_layer(&rig->layer, line, in, &e))
        fail_msg("%s: %s", line, e.text);
    struct layer *l = &rig->layer;
    struct pass *p = &rig->pass;
    rig->inputs = N * shape_size(&l->in);
    rig->outputs = N * shape_size(&l->out);
    p->x[0] = rig->x = floats(rig->inputs);
    p->dx[0] = rig->dx = floats(rig->inputs);
    p->y = floats(rig->outputs);
    p->dy = floats(rig->outputs);
    rig->weights = floats(rig->outputs);
    p->cache = floats(N * l->cache);
    fill(&r, rig->x, rig->inputs);
    fill(&r, rig->weights, rig->outputs);
    for (int i = 0; i < l->params; i++) {
        size_t count = l->param[i].count;
        p->w[i] = rig->w[i] = floats(count);
        p->dw[i] = floats(count);
        p->stat[i] = floats(count);
        fill(&r, rig->w[i], count);
    }
}

static void rig_free(struct rig *rig)
{
    struct pass *p = &rig->pass;
    memory_free(rig->x);
    memory_free(rig->dx);
    memory_free(p->y);
    memory_free(p->dy);
    memory_free(rig->weights);
    memory_free(p->cache);
    for (int i = 0; i < rig->layer.params; i++) {
        memory_free(rig->w[i]);
        memory_free(p->dw[i]);
        memory_free((float *)p->stat[i]);
    }
}

static double rig_loss(struct rig *rig)
{
    double sum = 0;
    rig->layer.type->forward(&rig->layer, &rig->pass);
    for (size_t i = 0; i < rig->outputs; i++)
        sum += (double)rig->pass.y[i] * (double)rig->weights[i];
    return sum;
}

static void rig_backward(struct rig *rig)
{
    rig->layer.type->forward(&rig->layer, &rig->pass);
    memcpy(rig->pass.dy, rig->weights, rig->outputs * sizeof(float));
    rig->layer.type->backward(&rig->layer, &rig->pass);
}

/* Differences with h = 0.002, whose noise is near 3e-4, for y is rounded to 6e-8. Where the kink of a relu
 * lies within h, the slope of the side without it is the right one. */
static void assert_slopes(struct rig *rig, float *x, const float *gradient, size_t n, const char *line)
{
    double now = rig_loss(rig);
    for (size_t i = 0; i < n; i++) {
        float at = x[i];
        double high = (double)(x[i] = at + 0.002f), up = rig_loss(rig);
        double low = (double)(x[i] = at - 0.002f), down = rig_loss(rig);
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
    struct rig rig;
    rig_make(&rig, line, in);
    rig_backward(&rig);
    assert_slopes(&rig, rig.x, rig.dx, rig.inputs, line);
    for (int i = 0; i < rig.layer.params; i++)
        if (!rig.layer.param[i].statistic)
            assert_slopes(&rig, rig.w[i], rig.pass.dw[i], rig.layer.param[i].count, line);
    rig_free(&rig);
}

static void every_type_has_the_right_gradients(void **state)
{
    for (size_t i = 1; layer_type_at(i); i++) {
        check_gradients(layer_type_at(i)->example, shape_of(1, 6));
        check_gradients(layer_type_at(i)->example, shape_of(3, 2, 3, 2));
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
        struct rig rig;
        rig_make(&rig, layer_type_at(i)->example, shape_of(1, 6));
        rig_backward(&rig);
        float alone[N * 6];
        memcpy(alone, rig.dx, sizeof alone);
        for (size_t k = 0; k < rig.inputs; k++)
            rig.dx[k] = 1;
        rig.pass.add[0] = true;
        rig_backward(&rig);
        for (size_t k = 0; k < rig.inputs; k++)
            assert_true(fabsf(rig.dx[k] - 1 - alone[k]) < 1e-5f);
        rig.pass.dx[0] = NULL;
        rig_backward(&rig);
        rig_free(&rig);
    }
}

/* A fused loss writes the gradient by z, and the layer must not multiply by the slope again. */
static void a_gradient_by_z_skips_the_activation(void **state)
{
    static const char *const lines[] = {
        "dense 3 sigmoid", "dense 3 softmax", "activation sigmoid", "activation softmax"};
    for (int i = 0; i < 4; i++) {
        struct rig rig, linear;
        rig_make(&rig, lines[i], shape_of(1, 3));
        rig_make(&linear, i < 2 ? "dense 3" : "activation linear", shape_of(1, 3));
        assert_true(rig.layer.keep_z);
        rig.pass.dy_is_dz = true;
        rig_backward(&rig);
        rig_backward(&linear);
        assert_memory_equal(rig.dx, linear.dx, rig.inputs * sizeof(float));
        assert_memory_equal(rig.pass.cache, linear.pass.y, rig.outputs * sizeof(float));
        rig_free(&rig);
        rig_free(&linear);
    }
}

static void dropout_drops_its_share_and_keeps_the_mean(void **state)
{
    struct rig rig;
    rig_make(&rig, "dropout 0.3", shape_of(1, 25000));
    for (size_t i = 0; i < rig.inputs; i++)
        rig.x[i] = 1;
    rig.layer.type->forward(&rig.layer, &rig.pass);
    size_t dropped = 0, pairs = 0;
    for (size_t i = 0; i < rig.inputs; i++) {
        assert_true(rig.pass.y[i] == 0 || fabsf(rig.pass.y[i] - 1 / 0.7f) < 1e-6f);
        dropped += rig.pass.y[i] == 0;
        pairs += i && rig.pass.y[i] == 0 && rig.pass.y[i - 1] == 0;
    }
    /* 100,000 draws: standard deviations 0.0015 and 0.0011. */
    assert_true(fabs((double)dropped / (double)rig.inputs - 0.3) < 0.007);
    assert_true(fabs((double)pairs / (double)rig.inputs - 0.09) < 0.006);
    float *first = floats(rig.outputs);
    memcpy(first, rig.pass.y, rig.outputs * sizeof(float));
    rig.layer.type->forward(&rig.layer, &rig.pass);
    assert_memory_equal(first, rig.pass.y, rig.outputs * sizeof(float));
    rig.pass.key++;
    rig.layer.type->forward(&rig.layer, &rig.pass);
    assert_memory_not_equal(first, rig.pass.y, rig.outputs * sizeof(float));
    rig.pass.training = false;
    rig.layer.type->forward(&rig.layer, &rig.pass);
    assert_memory_equal(rig.x, rig.pass.y, rig.outputs * sizeof(float));
    memory_free(first);
    rig_free(&rig);
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
        cmocka_unit_test(a_gradient_by_z_skips_the_activation),
        cmocka_unit_test(dropout_drops_its_share_and_keeps_the_mean),
        cmocka_unit_test(shapes_follow_keras),
        cmocka_unit_test(first_weights_suit_the_activation),
        cmocka_unit_test(every_row_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
