/* test_elementwise.c - the loops that layers share, over widths on both sides of every vector. */
#include "../src/kernels/elementwise.h"
#include "../src/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { ROWS = 11, WIDTH = 70, MOST = ROWS * WIDTH };

static float x[MOST + 1], y[MOST + 1], b[WIDTH + 1];

static void fill(float *values, size_t n)
{
    struct rng r = rng_from(4);
    for (size_t i = 0; i < n; i++)
        values[i] = (float)rng_between(&r, -1, 1);
}

static void a_bias_is_added_to_each_row(void **state)
{
    for (size_t width = 1; width <= WIDTH; width++) {
        fill(x, MOST + 1);
        memcpy(y, x, sizeof x);
        fill(b, WIDTH);
        bias_add(y, b, ROWS, width);
        for (size_t i = 0; i <= ROWS * width; i++)
            assert_true(y[i] == (i < ROWS * width ? x[i] + b[i % width] : x[i]));
    }
}

/* The order of the sum is part of the contract: the same bits as a plain loop. */
static void a_bias_gradient_is_the_sum_of_the_rows(void **state)
{
    fill(x, MOST);
    for (size_t width = 1; width <= WIDTH; width++)
        for (size_t rows = 1; rows <= ROWS; rows += 5) {
            b[width < WIDTH ? width : 0] = 99;
            bias_gradient(x, b, rows, width);
            for (size_t j = 0; j < width; j++) {
                float sum = x[j];
                for (size_t i = 1; i < rows; i++)
                    sum += x[i * width + j];
                assert_true(b[j] == sum);
            }
            assert_true(width == WIDTH || b[width] == 99);
        }
}

static void values_are_copied_or_added(void **state)
{
    for (size_t n = 1; n <= WIDTH; n++) {
        fill(x, MOST);
        memset(y, 0, sizeof y);
        values_pass(x, y, n, false);
        assert_memory_equal(y, x, n * sizeof *x);
        values_pass(x, y, n, true);
        for (size_t i = 0; i < n; i++)
            assert_true(y[i] == 2 * x[i]);
        assert_true(y[n] == 0);
    }
}

/* A value's fate depends on the key and its index alone, not on how many there are. */
static void dropout_has_one_mask_a_key(void **state)
{
    float all[MOST];
    fill(x, MOST);
    dropout_apply(x, all, MOST, 0.5, 123, false);
    for (size_t n = 1; n < MOST; n += 17) {
        for (size_t i = 0; i < MOST; i++)
            y[i] = 1;
        dropout_apply(x, y, n, 0.5, 123, true);
        for (size_t i = 0; i < MOST; i++)
            assert_true(fabsf(y[i] - (i < n ? 1 + all[i] : 1)) < 1e-6f);
    }
    dropout_apply(x, y, MOST, 0, 123, false);
    assert_memory_equal(y, x, MOST * sizeof *x);
    x[5] = NAN;
    dropout_apply(x, y, MOST, 0, 123, false);
    assert_true(isnan(y[5]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bias_is_added_to_each_row),
        cmocka_unit_test(a_bias_gradient_is_the_sum_of_the_rows),
        cmocka_unit_test(values_are_copied_or_added),
        cmocka_unit_test(dropout_has_one_mask_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
