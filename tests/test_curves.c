/* Curves: thinning keeps old rows as they were; cutting; the newest row is always there. */
#include "making.h"

static struct curves curves;
static struct curve_point copy[CURVE_POINTS + 1];

static void add(uint64_t epoch)
{
    curves_add(
        &curves, &(struct curve_point){.epoch = epoch, .step = 10 * epoch, .loss = 1.0f / (float)epoch});
}

static void old_rows_thin_out_but_never_change(void **state)
{
    curves_init(&curves);
    for (uint64_t i = 1; i <= 100000; i++)
        add(i);
    size_t n = curves_copy(&curves, copy);
    assert_in_range(n, CURVE_POINTS / 2, CURVE_POINTS + 1);
    assert_int_equal(copy[0].epoch, 1);
    assert_int_equal(copy[n - 1].epoch, 100000);
    for (size_t i = 0; i < n; i++) {
        assert_true(copy[i].loss == 1.0f / (float)copy[i].epoch);
        assert_true(!i || i + 1 == n || copy[i].epoch - copy[i - 1].epoch == curves.stride);
    }
    assert_int_equal(curves.stride, 64);
    curves_cut(&curves, 10 * 5000); /* in the middle of a stride */
    for (uint64_t i = 5001; i <= 6000; i++)
        add(i);
    n = curves_copy(&curves, copy);
    assert_int_equal(copy[n - 1].epoch, 6000);
    assert_int_equal(n, 79 + 16 + 1);
    assert_int_equal(copy[79].epoch, 5001); /* the first one after the cut stays */
    curves_release(&curves);
}

static void cutting_forgets_what_came_later(void **state)
{
    curves_init(&curves);
    for (uint64_t i = 1; i <= 50; i++)
        add(i);
    uint64_t version = curves.version;
    curves_cut(&curves, 200);
    assert_true(curves.version > version);
    assert_int_equal(curves_copy(&curves, copy), 20);
    assert_int_equal(copy[19].epoch, 20);
    add(21);
    assert_int_equal(curves_copy(&curves, copy), 21);
    curves_clear(&curves);
    assert_int_equal(curves_copy(&curves, copy), 0);
    curves_release(&curves);
}

/* A run that went back without a cut, as after a divergence, is told once. */
static void going_back_replaces(void **state)
{
    curves_init(&curves);
    for (uint64_t i = 1; i <= 30; i++)
        add(i);
    curves_add(&curves, &(struct curve_point){.epoch = 31, .step = 305});
    curves_add(&curves, &(struct curve_point){.epoch = 31, .step = 305, .loss = INFINITY});
    assert_int_equal(curves_copy(&curves, copy), 32); /* two rows of one step are both told */
    curves_add(&curves, &(struct curve_point){.epoch = 21, .step = 205});
    assert_int_equal(curves_copy(&curves, copy), 21);
    assert_int_equal(copy[19].epoch, 20);
    assert_int_equal(copy[20].step, 205);
    curves_release(&curves);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_rows_thin_out_but_never_change),
        cmocka_unit_test(going_back_replaces),
        cmocka_unit_test(cutting_forgets_what_came_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
