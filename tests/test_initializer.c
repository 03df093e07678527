/* test_initializer.c - spread and repeatability of first weights. With 40,000 draws the mean of a
 * distribution of deviation s is off by s/200, and its deviation by 1/280 of itself; bounds are at least four
 * times that. */
#include "../src/initializer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { N = 40000 };

static float w[N], v[N];

/* Fills w by a row with its defaults; returns the standard deviation, after checking that the mean is near 0.
 */
static double spread(const char *name, int fan_in, int fan_out)
{
    const struct initializer *row = initializer_find(name);
    double hyper[INITIALIZER_ARGS] = {0}, mean = 0, square = 0;
    for (int i = 0; row->args[i].name; i++)
        hyper[i] = row->args[i].fallback;
    row->fill(hyper, fan_in, fan_out, 42, w, N);
    for (size_t i = 0; i < N; i++) {
        mean += (double)w[i] / N;
        square += (double)w[i] * (double)w[i] / N;
    }
    assert_true(fabs(mean) <= 0.02 * sqrt(square));
    return sqrt(square - mean * mean);
}

static void assert_spread(const char *name, int fan_in, int fan_out, double wanted)
{
    assert_true(fabs(spread(name, fan_in, fan_out) / wanted - 1) < 0.02);
}

static double largest(void)
{
    double most = 0;
    for (size_t i = 0; i < N; i++)
        most = fmax(most, fabs((double)w[i]));
    return most;
}

static void spreads_are_those_of_the_papers(void **state)
{
    assert_spread("normal", 3, 7, 0.05);
    assert_spread("uniform", 3, 7, 0.05 / sqrt(3));
    assert_true(largest() <= 0.05 && largest() > 0.0499);
    assert_spread("glorot_normal", 300, 100, sqrt(2.0 / 400));
    assert_spread("glorot_uniform", 300, 100, sqrt(2.0 / 400));
    assert_true(largest() <= sqrt(6.0 / 400) + 1e-7);
    assert_spread("he_normal", 300, 100, sqrt(2.0 / 300));
    assert_spread("he_uniform", 300, 100, sqrt(2.0 / 300));
    assert_true(largest() <= sqrt(6.0 / 300) + 1e-7);
}

static void constants_are_constant(void **state)
{
    double hyper[INITIALIZER_ARGS] = {0.25};
    static const char *const name[] = {"zeros", "ones", "constant"};
    static const float value[] = {0, 1, 0.25f};
    for (int k = 0; k < 3; k++) {
        initializer_find(name[k])->fill(hyper, 1, 1, 1, w, 100);
        for (int i = 0; i < 100; i++)
            assert_true(w[i] == value[k]);
    }
}

/* The shorter side's vectors are at right angles and of length 1. */
static void assert_orthonormal(int rows, int columns)
{
    int count = rows < columns ? rows : columns, length = rows < columns ? columns : rows;
    initializer_find("orthogonal")->fill(NULL, rows, 7, 3, w, (size_t)rows * (size_t)columns);
    for (int i = 0; i < count; i++)
        for (int k = 0; k <= i; k++) {
            double dot = 0;
            for (int j = 0; j < length; j++)
                dot += rows < columns ? (double)w[i * columns + j] * (double)w[k * columns + j]
                                      : (double)w[j * columns + i] * (double)w[j * columns + k];
            assert_true(fabs(dot - (i == k)) < 1e-6);
        }
}

static void orthogonal_rows_or_columns(void **state)
{
    assert_orthonormal(40, 160);
    assert_orthonormal(50, 50);
    assert_orthonormal(90, 7);
    assert_orthonormal(1, 5);
}

static void a_forget_gate_starts_open(void **state)
{
    initializer_find("unit_forget")->fill(NULL, 3, 20, 1, w, 20);
    for (int i = 0; i < 20; i++)
        assert_true(w[i] == (i >= 5 && i < 10));
}

static void the_key_alone_decides(void **state)
{
    for (size_t k = 0; initializer_at(k); k++) {
        const struct initializer *row = initializer_at(k);
        double hyper[INITIALIZER_ARGS] = {0.5, 0.5, 0.5, 0.5};
        assert_ptr_equal(initializer_find(initializer_name(k)), row);
        row->fill(hyper, 5, 6, 9, w, 1000);
        row->fill(hyper, 5, 6, 9, v, 1000);
        assert_memory_equal(w, v, 1000 * sizeof *w);
        row->fill(hyper, 5, 6, 10, v, 1000);
        bool constant = w[0] == w[1];
        assert_int_equal(constant, !memcmp(w, v, 1000 * sizeof *w));
    }
    assert_null(initializer_find("glorot"));
    assert_null(initializer_name(1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spreads_are_those_of_the_papers),
        cmocka_unit_test(constants_are_constant),
        cmocka_unit_test(orthogonal_rows_or_columns),
        cmocka_unit_test(a_forget_gate_starts_open),
        cmocka_unit_test(the_key_alone_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
