/* test_loss.c - for every row: gradients are those of the values, fused and unfused agree, extremes stay
 * finite, NaN stays visible. Values stand in test_reference.c. */
#include "../src/activation.h"
#include "../src/loss.h"
#include "../src/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { N = 7, K = 3 };

/* Outputs within 0.1 … 0.9, so that every loss accepts them; targets 0/1, or ±1 for the perceptron. */
static void fill(const struct loss *l, float *y, float *t, size_t width)
{
    struct rng r = rng_from(5);
    bool sign = !strcmp(l->name, "perceptron");
    for (size_t i = N; i-- > 0;) {
        uint32_t class = rng_below(&r, (uint32_t)width);
        for (size_t k = 0; k < width; k++) {
            y[i * width + k] = (float)rng_between(&r, 0.1, 0.9);
            t[i * width + k] = width == 1 ? (float)rng_below(&r, 2) : k == class;
            if (sign)
                t[i * width + k] = 2 * t[i * width + k] - 1;
        }
        if (l->targets == LOSS_INDEX)
            t[i] = (float)class;
    }
}

/* A batch of N rows. */
static struct loss_batch batch_of(const float *y, const float *t, float *dy, size_t rows, size_t width)
{
    return (struct loss_batch){.N = rows, .P = 1, .K = width, .W = width, .y = y, .t = t, .dy = dy};
}

static double value_of(const struct loss *l, const float *y, const float *t, float *dy)
{
    struct loss_batch b = batch_of(y, t, dy, N, K);
    b.W = l->targets == LOSS_INDEX ? 1 : K;
    return l->value(&b);
}

static double fused_of(const struct loss *l, const float *z, const float *y, const float *t, float *dz)
{
    struct loss_batch b = batch_of(y, t, dz, N, K);
    b.z = z;
    b.W = l->targets == LOSS_INDEX ? 1 : K;
    return l->fused(&b);
}

static void gradients_are_those_of_the_values(void **state)
{
    for (size_t j = 0; loss_at(j); j++) {
        const struct loss *l = loss_at(j);
        float y[N * K], t[N * K], dy[N * K];
        fill(l, y, t, K);
        double value = value_of(l, y, t, dy);
        assert_true(value == value_of(l, y, t, NULL));
        for (size_t i = 0; i < N * K; i++) {
            float at = y[i];
            y[i] = at + 1e-3f;
            double up = value_of(l, y, t, NULL), high = (double)y[i];
            y[i] = at - 1e-3f;
            double slope = (up - value_of(l, y, t, NULL)) / (high - (double)y[i]);
            y[i] = at;
            assert_true(fabs(slope - (double)dy[i]) < 1e-3 * (1 + fabs(slope)));
        }
    }
}

/* From z the same value as from y, and by the chain rule the same gradient. */
static void fused_and_unfused_agree(void **state)
{
    int fused = 0;
    for (size_t j = 0; loss_at(j); j++) {
        const struct loss *l = loss_at(j);
        if (!l->fused)
            continue;
        fused++;
        const struct activation *a = activation_find(l->fused_with);
        float z[N * K], y[N * K], t[N * K], dy[N * K], dz[N * K], direct[N * K];
        fill(l, z, t, K);
        a->forward(z, y, N, K);
        double value = value_of(l, y, t, dy);
        assert_true(fabs(fused_of(l, z, y, t, direct) / value - 1) < 1e-6);
        assert_true(fabs(fused_of(l, z, y, t, NULL) / value - 1) < 1e-6);
        a->backward(z, y, dy, dz, N, K);
        for (size_t i = 0; i < N * K; i++)
            assert_true(fabsf(direct[i] - dz[i]) < 1e-6f);
    }
    assert_int_equal(fused, 3);
}

static void a_sure_and_wrong_answer_costs_much_but_not_infinity(void **state)
{
    float z[2] = {200, -200}, t[2] = {0, 1}, dz[2], y[2];
    for (size_t j = 0; loss_at(j); j++) {
        const struct loss *l = loss_at(j);
        if (!l->fused)
            continue;
        const struct activation *a = activation_find(l->fused_with);
        a->forward(z, y, 1, 2);
        struct loss_batch b = batch_of(y, t, dz, 1, 2);
        float right = 1;
        b.z = z;
        if (l->targets == LOSS_INDEX) {
            b.t = &right;
            b.W = 1;
        }
        double value = l->fused(&b);
        assert_true(value > 100 && isfinite(value));
        assert_true(isfinite(dz[0]) && dz[0] > 0 && dz[1] < 0);
        value = l->value(&b);
        assert_true(value > 10 && isfinite(value) && isfinite(dz[0]) && isfinite(dz[1]));
    }
}

static void nan_stays_visible(void **state)
{
    for (size_t j = 0; loss_at(j); j++) {
        const struct loss *l = loss_at(j);
        float y[N * K], t[N * K], dy[N * K];
        fill(l, y, t, K);
        for (size_t i = K; i < 2 * K; i++)
            y[i] = NAN;
        assert_true(isnan(value_of(l, y, t, dy)));
        if (l->fused)
            assert_true(isnan(fused_of(l, y, y, t, dy)));
    }
}

static void zero_weights_are_a_mistake_to_the_perceptron(void **state)
{
    float y[3] = {0, 2, -2}, t[3] = {1, 1, 1}, dy[3];
    struct loss_batch b = batch_of(y, t, dy, 3, 1);
    double value = loss_find("perceptron")->value(&b);
    assert_true(fabs(value - 2.0 / 3) < 1e-7);
    assert_true(dy[0] < 0 && dy[1] == 0 && dy[2] < 0);
}

static void every_row_is_found_by_its_name(void **state)
{
    size_t n = 0;
    for (; loss_at(n); n++) {
        assert_ptr_equal(loss_find(loss_name(n)), loss_at(n));
        assert_true(!loss_at(n)->fused == !loss_at(n)->fused_with);
    }
    assert_int_equal(n, 5);
    assert_null(loss_name(n));
    assert_null(loss_find("crossentropy"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_those_of_the_values),
        cmocka_unit_test(fused_and_unfused_agree),
        cmocka_unit_test(a_sure_and_wrong_answer_costs_much_but_not_infinity),
        cmocka_unit_test(nan_stays_visible),
        cmocka_unit_test(zero_weights_are_a_mistake_to_the_perceptron),
        cmocka_unit_test(every_row_is_found_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
