/* test_metric.c - metrics of tallies whose answers are counted by hand. */
#include "../src/metric.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static double value(const char *name, const struct tally *t)
{
    return metric_find(name)->value(t);
}

static void assert_metric(const struct tally *t, const char *name, double wanted)
{
    assert_true(fabs(value(name, t) - wanted) < 1e-9);
}

static void add(struct tally *tally, const float *y, const float *t, size_t rows, size_t K, double loss)
{
    tally_add(tally, &(struct loss_batch){.N = rows, .P = 1, .K = K, .W = K, .y = y, .t = t}, loss);
}

/* Truth 1 1 1 0 0, answers 1 1 0 1 0: two right yes, one wrong yes, one missed. */
static void two_classes_count_the_yes(void **state)
{
    float y[5] = {0.9f, 0.6f, 0.2f, 0.7f, 0.1f}, t[5] = {1, 1, 1, 0, 0};
    uint64_t confusion[4];
    struct tally tally;
    tally_start(&tally, 2, ENCODE_BIT, confusion);
    add(&tally, y, t, 2, 1, 0.5);
    add(&tally, y + 2, t + 2, 3, 1, 1.5);
    assert_metric(&tally, "loss", (0.5 * 2 + 1.5 * 3) / 5);
    assert_metric(&tally, "accuracy", 0.6);
    assert_metric(&tally, "precision", 2.0 / 3);
    assert_metric(&tally, "recall", 2.0 / 3);
    assert_metric(&tally, "f1", 2.0 / 3);
    uint64_t wanted[4] = {1, 1, 1, 2};
    assert_memory_equal(confusion, wanted, sizeof wanted);
}

/* Class 0: 2 right of 2 answers and 3 truths; class 1: 1 of 2 and 1; class 2: never. */
static void more_classes_are_averaged_over_those_that_occur(void **state)
{
    float y[12] = {0.8f, 0.1f, 0.1f, 0.6f, 0.3f, 0.1f, 0.1f, 0.9f, 0, 0.2f, 0.7f, 0.1f};
    float t[12] = {1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0};
    uint64_t confusion[9];
    struct tally tally;
    tally_start(&tally, 3, ENCODE_ONE_HOT, confusion);
    add(&tally, y, t, 4, 3, 0);
    assert_metric(&tally, "accuracy", 0.75);
    assert_metric(&tally, "precision", (1 + 0.5) / 2);
    assert_metric(&tally, "recall", (2.0 / 3 + 1) / 2);
    assert_metric(&tally, "f1", (0.8 + 2.0 / 3) / 2);
    assert_int_equal(confusion[1], 1);
}

static void numbers_are_measured_by_their_errors(void **state)
{
    float y[4] = {1, 2, 3, 6}, t[4] = {1, 2, 5, 4};
    struct tally tally;
    tally_start(&tally, 0, ENCODE_SIGN, NULL);
    add(&tally, y, t, 2, 2, 0.25);
    assert_metric(&tally, "mae", 1);
    assert_metric(&tally, "mse", 2);
    assert_metric(&tally, "r2", 1 - 8.0 / 10);
    assert_metric(&tally, "loss", 0.25);
}

static void a_class_is_read_as_the_head_wrote_it(void **state)
{
    float low = -0.2f, high = 0.4f, row[3] = {0.1f, 0.7f, 0.2f};
    assert_int_equal(encoding_class(ENCODE_SIGN, &low, 1), 0);
    assert_int_equal(encoding_class(ENCODE_SIGN, &high, 1), 1);
    assert_int_equal(encoding_class(ENCODE_BIT, &high, 1), 0);
    assert_int_equal(encoding_class(ENCODE_ONE_HOT, row, 3), 1);
    assert_int_equal(encoding_class(ENCODE_SIGN, row, 3), 1);
}

static void nothing_counted_is_nothing_said(void **state)
{
    uint64_t confusion[4];
    struct tally tally;
    size_t n = 0;
    tally_start(&tally, 2, ENCODE_BIT, confusion);
    for (; metric_at(n); n++) {
        assert_ptr_equal(metric_find(metric_name(n)), metric_at(n));
        assert_true(isnan(metric_at(n)->value(&tally)));
    }
    assert_null(metric_name(n));
    assert_null(metric_find("val_loss"));
    float same[2] = {3, 3};
    tally_start(&tally, 0, ENCODE_SIGN, NULL);
    add(&tally, same, same, 2, 1, 0);
    assert_true(isnan(value("r2", &tally)));
}

/* A head that never says yes: no division by nothing. */
static void a_ratio_of_nothing_is_zero(void **state)
{
    float y[2] = {0, 0}, t[2] = {1, 0};
    uint64_t confusion[4];
    struct tally tally;
    tally_start(&tally, 2, ENCODE_BIT, confusion);
    add(&tally, y, t, 2, 1, 0);
    assert_metric(&tally, "precision", 0);
    assert_metric(&tally, "recall", 0);
    assert_metric(&tally, "f1", 0);
    assert_metric(&tally, "accuracy", 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_classes_count_the_yes),
        cmocka_unit_test(more_classes_are_averaged_over_those_that_occur),
        cmocka_unit_test(numbers_are_measured_by_their_errors),
        cmocka_unit_test(a_class_is_read_as_the_head_wrote_it),
        cmocka_unit_test(nothing_counted_is_nothing_said),
        cmocka_unit_test(a_ratio_of_nothing_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
