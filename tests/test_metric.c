/* test_metric.c - metrics of tallies whose answers are counted by hand, and rankings against their
 * definition. */
#include "../src/memory.h"
#include "../src/metric.h"
#include "../src/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* One goal of rows on their own: classes 0 for numbers. */
static struct goals goals_of(int classes, enum encoding encoding, size_t K)
{
    struct goals g = {.count = 1, .classes = classes};
    g.goal[0] = (struct goal){.loss = loss_find("mse"),
        .labels = classes > 0,
        .encoding = encoding,
        .P = 1,
        .K = K,
        .W = K,
        .rank = 1};
    return g;
}

static double value(const char *name, const struct tally *t)
{
    return metric_find(name)->value(t);
}

static void assert_metric(const struct tally *t, const char *name, double wanted)
{
    assert_true(metric_tells(metric_find(name), t));
    if (!(fabs(value(name, t) - wanted) < 1e-9))
        fail_msg("%s is %.12g, not %.12g", name, value(name, t), wanted);
}

static void begin(struct tally *t, const struct goals *g, struct tally_memory *m, size_t samples)
{
    *m = (struct tally_memory){0};
    assert_true(tally_memory_take(m, g, samples, NULL));
    tally_start(t, g, m);
}

static void add(struct tally *tally, const float *y, const float *t, size_t rows, size_t K, double loss)
{
    tally_add(tally, &(struct loss_batch){.N = rows, .P = 1, .K = K, .W = K, .y = y, .t = t},
        &(double[8]){loss}[0], loss);
}

/* Truth 1 1 1 0 0, answers 1 1 0 1 0: two right yes, one wrong yes, one missed. */
static void two_classes_count_the_yes(void **state)
{
    float y[5] = {0.9f, 0.6f, 0.2f, 0.7f, 0.1f}, t[5] = {1, 1, 1, 0, 0};
    struct tally tally;
    struct tally_memory m;
    struct goals g = goals_of(2, ENCODE_BIT, 1);
    begin(&tally, &g, &m, 5);
    add(&tally, y, t, 2, 1, 0.5);
    add(&tally, y + 2, t + 2, 3, 1, 1.5);
    assert_metric(&tally, "loss", (0.5 * 2 + 1.5 * 3) / 5);
    assert_metric(&tally, "accuracy", 0.6);
    assert_metric(&tally, "precision", 2.0 / 3);
    assert_metric(&tally, "recall", 2.0 / 3);
    assert_metric(&tally, "f1", 2.0 / 3);
    assert_metric(&tally, "auc", 4.0 / 6); /* of six pairs of a yes and a no */
    uint64_t wanted[4] = {1, 1, 1, 2};
    assert_memory_equal(m.confusion, wanted, sizeof wanted);
    tally_memory_release(&m);
}

/* Class 0: 2 right of 2 answers and 3 truths; class 1: 1 of 2 and 1; class 2: never. */
static void more_classes_are_averaged_over_those_that_occur(void **state)
{
    float y[12] = {0.8f, 0.1f, 0.1f, 0.6f, 0.3f, 0.1f, 0.1f, 0.9f, 0, 0.2f, 0.7f, 0.1f};
    float t[12] = {1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0};
    struct tally tally;
    struct tally_memory m;
    struct goals g = goals_of(3, ENCODE_ONE_HOT, 3);
    begin(&tally, &g, &m, 4);
    add(&tally, y, t, 4, 3, 0);
    assert_metric(&tally, "accuracy", 0.75);
    assert_metric(&tally, "precision", (1 + 0.5) / 2);
    assert_metric(&tally, "recall", (2.0 / 3 + 1) / 2);
    assert_metric(&tally, "f1", (0.8 + 2.0 / 3) / 2);
    assert_metric(&tally, "auc", (2.0 / 3 + 2.0 / 3) / 2);
    assert_int_equal(m.confusion[1], 1);
    assert_false(metric_tells(metric_find("top3_accuracy"), &tally));
    tally_memory_release(&m);
}

static void the_truth_may_be_among_the_likeliest(void **state)
{
    float y[3 * 6] = {
        .3f, .25f, .2f, .1f, .1f, .05f, .3f, .25f, .2f, .1f, .1f, .05f, .3f, .25f, .2f, .1f, .1f, .05f};
    float t[3] = {1, 3, 5};
    struct tally tally;
    struct tally_memory m;
    struct goals g = goals_of(6, ENCODE_ONE_HOT, 6);
    g.goal[0].loss = loss_find("sparse_categorical_crossentropy");
    g.goal[0].W = 1;
    g.goal[0].rank = 2;
    begin(&tally, &g, &m, 3);
    tally_add(&tally, &(struct loss_batch){.N = 3, .P = 1, .K = 6, .W = 1, .y = y, .t = t}, NULL, 0);
    assert_metric(&tally, "accuracy", 0);
    assert_metric(&tally, "top3_accuracy", 1.0 / 3);
    assert_metric(&tally, "top5_accuracy", 2.0 / 3);
    assert_true(fabs(value("perplexity", &tally) - exp(-log(0.25 * 0.1 * 0.05) / 3)) < 1e-6);
    tally_memory_release(&m);
}

/* Rows without a label, or of weight 0, say nothing. */
static void padding_is_left_out(void **state)
{
    float y[4] = {0.9f, 0.8f, 0.1f, 0.7f}, t[4] = {1, -1, 1, 0}, weight[4] = {1, 1, 1, 0};
    struct tally tally;
    struct tally_memory m;
    struct goals g = goals_of(2, ENCODE_BIT, 1);
    g.goal[0].P = 2;
    begin(&tally, &g, &m, 2);
    tally_add(&tally, &(struct loss_batch){.N = 2, .P = 2, .K = 1, .W = 1, .y = y, .t = t, .weight = weight},
        NULL, 0);
    assert_metric(&tally, "accuracy", 0.5);
    assert_metric(&tally, "recall", 0.5);
    assert_int_equal(tally.kept, 2);
    tally_memory_release(&m);
}

static void numbers_are_measured_by_their_errors(void **state)
{
    float y[4] = {1, 2, 3, 6}, t[4] = {1, 2, 5, 4};
    struct tally tally;
    struct goals g = goals_of(0, ENCODE_SIGN, 2);
    tally_start(&tally, &g, NULL);
    add(&tally, y, t, 2, 2, 0.25);
    assert_metric(&tally, "mae", 1);
    assert_metric(&tally, "mse", 2);
    assert_metric(&tally, "mape", 100 * (2.0 / 5 + 2.0 / 4) / 4);
    assert_metric(&tally, "r2", 1 - 8.0 / 10);
    assert_metric(&tally, "loss", 0.25);
    assert_false(metric_tells(metric_find("accuracy"), &tally));
}

/* --- rankings --- */

/* Pairs of a yes and a no in which the yes scores higher; ties count half. */
static double pairs(const float *y, const float *t, size_t n)
{
    double right = 0, all = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (t[i] > 0.5f && t[j] < 0.5f) {
                right += y[i] > y[j] ? 1 : y[i] == y[j] ? 0.5 : 0;
                all++;
            }
    return right / all;
}

static void auc_is_the_share_of_pairs_in_order(void **state)
{
    enum { ROWS = 500 };
    float y[ROWS], t[ROWS];
    struct rng r = rng_from(3);
    for (int coarse = 0; coarse < 2; coarse++) {
        struct tally tally;
        struct tally_memory m;
        struct goals g = goals_of(2, ENCODE_BIT, 1);
        for (int i = 0; i < ROWS; i++) {
            t[i] = (float)rng_below(&r, 2);
            y[i] = (float)rng_between(&r, 0, 1) * 0.7f + 0.3f * t[i];
            y[i] = coarse ? rintf(8 * y[i]) / 8 : y[i];
        }
        begin(&tally, &g, &m, ROWS);
        add(&tally, y, t, 200, 1, 0);
        add(&tally, y + 200, t + 200, 300, 1, 0);
        assert_metric(&tally, "auc", pairs(y, t, ROWS));
        y[7] = NAN;
        tally_start(&tally, &g, &m);
        add(&tally, y, t, ROWS, 1, 0);
        assert_true(isnan(value("auc", &tally)));
        tally_memory_release(&m);
    }
}

/* One box output and one with scores of two classes. Class 0, by its scores: hit, miss, hit of 2 truths and
 * one that has no object; class 1: one truth, its box off. */
static void boxes_are_ranked_by_their_scores(void **state)
{
    float truth[5 * 4], answer[5 * 4], object[10] = {1, 0, 1, 0, 0, 0, 0, 1, 1, 0};
    float score[10] = {0.9f, 0.1f, 0.5f, 0.2f, 0.7f, 0.1f, 0.2f, 0.9f, 0.1f, 0.3f};
    struct goals g = goals_of(0, ENCODE_SIGN, 4);
    struct tally tally;
    struct tally_memory m;
    g.goal[0].boxes = true;
    g.goal[1] = goals_of(0, ENCODE_BIT, 2).goal[0];
    g.count = 2;
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 4; k++) {
            truth[4 * i + k] = k < 2 ? 0 : 1;
            answer[4 * i + k] = truth[4 * i + k] + (i == 3 ? 0.9f : 0);
        }
    answer[4 * 1 + 2] = 0.8f;
    begin(&tally, &g, &m, 5);
    struct loss_batch batch[2] = {{.N = 5, .P = 1, .K = 4, .W = 4, .y = answer, .t = truth},
        {.N = 5, .P = 1, .K = 2, .W = 2, .y = score, .t = object}};
    tally_add(&tally, batch, NULL, 0);
    /* Ranked by class 0: rows 0 (hit), 2 (no object), 1 (hit), 3 (another), 4 (hit). */
    assert_metric(&tally, "map50", ((1 + 2.0 / 3 + 3.0 / 5) / 3 + 0) / 2);
    assert_true(fabs(value("iou", &tally) - (1 + 0.8 + 0.01 / 1.99 + 1) / 4) < 1e-6);
    assert_false(metric_tells(metric_find("accuracy"), &tally));
    tally_memory_release(&m);
}

/* Two classes on an image of 2 x 2: 1 and 2 places are shared, of 2 and 3 in all. */
static void masks_are_compared_class_by_class(void **state)
{
    float y[4] = {0.9f, 0.8f, 0.7f, 0.1f}, t[4] = {1, 1, 0, 0};
    struct tally tally;
    struct tally_memory m;
    struct goals g = goals_of(2, ENCODE_BIT, 1);
    g.goal[0].P = 4;
    g.goal[0].rank = 3;
    begin(&tally, &g, &m, 1);
    tally_add(&tally, &(struct loss_batch){.N = 1, .P = 4, .K = 1, .W = 1, .y = y, .t = t}, NULL, 0);
    assert_metric(&tally, "iou", (1.0 / 2 + 2.0 / 3) / 2);
    assert_false(metric_tells(metric_find("perplexity"), &tally));
    tally_memory_release(&m);
}

/* a a - b reads "ab", a - a - reads "aa". */
static void a_sequence_is_right_as_a_whole(void **state)
{
    float y[2 * 4 * 3] = {1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1};
    float right[6] = {0, 1, -1, 0, 0, -1}, wrong[6] = {0, -1, -1, 0, 0, 1};
    struct tally tally;
    struct goals g = goals_of(2, ENCODE_ONE_HOT, 3);
    g.goal[0].loss = loss_find("ctc");
    for (int i = 0; i < 2; i++) {
        tally_start(&tally, &g, NULL);
        struct loss_batch b = {.N = 2, .P = 4, .K = 3, .W = 3, .y = y, .t = i ? wrong : right};
        tally_add(&tally, &b, NULL, 0);
        assert_metric(&tally, "accuracy", i ? 0 : 1);
    }
}

/* --- which output is read --- */

static void a_decoder_beside_a_classifier_is_measured_too(void **state)
{
    float y[2] = {0.9f, 0.2f}, t[2] = {1, 1}, back[4] = {1, 2, 3, 4}, input[4] = {1, 2, 3, 6};
    struct tally tally;
    struct goals g = goals_of(2, ENCODE_BIT, 1);
    g.goal[1] = goals_of(0, ENCODE_SIGN, 2).goal[0];
    g.goal[1].reconstruct = true;
    g.count = 2;
    tally_start(&tally, &g, NULL);
    struct loss_batch batch[2] = {{.N = 2, .P = 1, .K = 1, .W = 1, .y = y, .t = t},
        {.N = 2, .P = 1, .K = 2, .W = 2, .y = back, .t = input}};
    double own[MODEL_OUTPUTS] = {0.5, 0.25};
    tally_add(&tally, batch, own, 0.75);
    assert_metric(&tally, "accuracy", 0.5);
    assert_metric(&tally, "mse", 1);
    assert_true(tally.goal_loss[0] == 1 && tally.goal_loss[1] == 0.5 && tally.loss == 1.5);
    g.goal[0].labels = false; /* and alone it has no accuracy */
    tally_start(&tally, &g, NULL);
    assert_false(metric_tells(metric_find("accuracy"), &tally));
}

static void too_many_scores_are_not_kept(void **state)
{
    struct tally tally;
    struct tally_memory m = {0};
    struct goals g = goals_of(1000, ENCODE_ONE_HOT, 1000);
    assert_true(tally_memory_take(&m, &g, 1000000, NULL));
    tally_start(&tally, &g, &m);
    assert_true(metric_tells(metric_find("f1"), &tally));
    assert_false(metric_tells(metric_find("auc"), &tally));
    assert_int_equal(m.rows, 0);
    tally_memory_release(&m);
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
    struct tally tally;
    struct tally_memory m;
    struct goals g = goals_of(2, ENCODE_BIT, 1), numbers = goals_of(0, ENCODE_SIGN, 1);
    size_t n = 0;
    begin(&tally, &g, &m, 2);
    for (; metric_at(n); n++) {
        assert_ptr_equal(metric_find(metric_name(n)), metric_at(n));
        assert_true(isnan(metric_at(n)->value(&tally)));
    }
    assert_null(metric_name(n));
    assert_null(metric_find("val_loss"));
    tally_memory_release(&m);
    float same[2] = {3, 3};
    tally_start(&tally, &numbers, NULL);
    add(&tally, same, same, 2, 1, 0);
    assert_true(isnan(value("r2", &tally)));
}

/* A head that never says yes: no division by nothing. */
static void a_ratio_of_nothing_is_zero(void **state)
{
    float y[2] = {0, 0}, t[2] = {1, 0};
    struct tally tally;
    struct tally_memory m;
    struct goals g = goals_of(2, ENCODE_BIT, 1);
    begin(&tally, &g, &m, 2);
    add(&tally, y, t, 2, 1, 0);
    assert_metric(&tally, "precision", 0);
    assert_metric(&tally, "recall", 0);
    assert_metric(&tally, "f1", 0);
    assert_metric(&tally, "accuracy", 0.5);
    assert_metric(&tally, "auc", 0.5);
    tally_memory_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_classes_count_the_yes),
        cmocka_unit_test(more_classes_are_averaged_over_those_that_occur),
        cmocka_unit_test(the_truth_may_be_among_the_likeliest),
        cmocka_unit_test(padding_is_left_out),
        cmocka_unit_test(numbers_are_measured_by_their_errors),
        cmocka_unit_test(auc_is_the_share_of_pairs_in_order),
        cmocka_unit_test(boxes_are_ranked_by_their_scores),
        cmocka_unit_test(masks_are_compared_class_by_class),
        cmocka_unit_test(a_sequence_is_right_as_a_whole),
        cmocka_unit_test(a_decoder_beside_a_classifier_is_measured_too),
        cmocka_unit_test(too_many_scores_are_not_kept),
        cmocka_unit_test(a_class_is_read_as_the_head_wrote_it),
        cmocka_unit_test(nothing_counted_is_nothing_said),
        cmocka_unit_test(a_ratio_of_nothing_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
