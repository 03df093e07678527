/* test_activation.c - what must hold for every row: slopes, ranges, tails, NaN. Values stand in
 * test_reference.c. */
#include "../src/activation.h"
#include "../src/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MOST = 70 };

static void fill(float *z, size_t n)
{
    struct rng r = rng_from(3);
    for (size_t i = 0; i < n; i++)
        z[i] = (float)rng_between(&r, -4, 4);
}

static void every_row_is_found_by_its_name(void **state)
{
    size_t n = 0;
    for (; activation_at(n); n++) {
        const struct activation *a = activation_at(n);
        assert_ptr_equal(activation_find(a->name), a);
        assert_string_equal(activation_name(n), a->name);
        assert_true(strlen(a->summary) && strlen(a->formula));
        assert_true(a->low < a->high);
    }
    assert_true(n >= 11);
    assert_null(activation_name(n));
    assert_null(activation_find("tahn"));
}

/* Each length, so that whatever does not fill a vector is seen; y may be z. */
static void a_value_does_not_depend_on_its_neighbours(void **state)
{
    float z[MOST], y[MOST], one[1];
    fill(z, MOST);
    for (size_t k = 0; activation_at(k); k++) {
        const struct activation *a = activation_at(k);
        if (a->encoding == ENCODE_ONE_HOT)
            continue;
        for (size_t n = 1; n <= MOST; n++) {
            memcpy(y, z, sizeof z);
            a->forward(y, y, 1, n);
            a->forward(&z[n - 1], one, 1, 1);
            assert_true(y[n - 1] == one[0]);
            assert_true(n == MOST || y[n] == z[n]);
        }
    }
}

static void values_stay_in_the_range(void **state)
{
    float z[41], y[41];
    for (int i = 0; i < 41; i++)
        z[i] = (float)(i - 20) * 5;
    for (size_t k = 0; activation_at(k); k++) {
        const struct activation *a = activation_at(k);
        a->forward(z, y, 41, 1);
        for (int i = 0; i < 41; i++)
            assert_true(y[i] >= a->low - 1e-3f && y[i] <= a->high);
    }
}

static double weighted(const struct activation *a, const float *z, const float *dy, size_t rows, size_t width)
{
    float y[MOST];
    double sum = 0;
    a->forward(z, y, rows, width);
    for (size_t i = 0; i < rows * width; i++)
        sum += (double)y[i] * (double)dy[i];
    return sum;
}

/* Central differences with h = 0.01: the third derivative leaves 1e-4, float32 sums 1e-4. */
static void slopes_are_those_of_the_values(void **state)
{
    float z[35], y[35], dy[35], dz[35];
    fill(z, 35);
    for (int i = 0; i < 35; i++)
        dy[i] = (float)(i % 5) - 1.5f;
    for (size_t k = 0; activation_at(k); k++) {
        const struct activation *a = activation_at(k);
        a->forward(z, y, 7, 5);
        memcpy(dz, dy, sizeof dy);
        a->backward(a->needs_z ? z : NULL, y, dz, dz, 7, 5);
        for (int i = 0; i < 35; i++) {
            float at = z[i];
            if (fabsf(at) < 0.02f)
                continue;
            z[i] = at + 0.01f;
            double up = weighted(a, z, dy, 7, 5), high = (double)z[i];
            z[i] = at - 0.01f;
            double slope = (up - weighted(a, z, dy, 7, 5)) / (high - (double)z[i]);
            z[i] = at;
            assert_true(fabs(slope - (double)dz[i]) < 1e-3);
        }
    }
}

static void nan_stays_visible(void **state)
{
    for (size_t k = 0; activation_at(k); k++)
        for (size_t n = 1; n <= 33; n += 16) {
            float z[33] = {0}, y[33];
            z[n / 2] = NAN;
            activation_at(k)->forward(z, y, 1, n);
            assert_true(isnan(y[n / 2]));
        }
}

static void a_softmax_of_huge_sums_adds_up_to_one(void **state)
{
    float z[6] = {1e30f, 1e30f, -1e30f, 700, 0, -700}, y[6];
    activation_find("softmax")->forward(z, y, 2, 3);
    assert_true(y[0] == 0.5f && y[1] == 0.5f && y[2] == 0);
    assert_true(y[3] == 1 && y[4] == 0 && y[5] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_found_by_its_name),
        cmocka_unit_test(a_value_does_not_depend_on_its_neighbours),
        cmocka_unit_test(values_stay_in_the_range),
        cmocka_unit_test(slopes_are_those_of_the_values),
        cmocka_unit_test(nan_stays_visible),
        cmocka_unit_test(a_softmax_of_huge_sums_adds_up_to_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
