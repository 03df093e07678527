/* test_health.c - shares, norms and words on states made by hand. */
#include "../viz/statistics.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

static struct statistics blank(void)
{
    struct statistics s;
    statistics_clear(&s);
    return s;
}

static float sum(const struct histogram *h)
{
    float total = 0;
    for (int i = 0; i < HISTOGRAM_BINS; i++)
        total += h->share[i];
    return total;
}

static void histograms_hold_every_finite_value(void **state)
{
    struct histogram h;
    const float x[] = {-2, -1, 0, 1, 2, NAN, INFINITY};
    histogram_fill(&h, x, 7, 0, 0);
    assert_true(h.low == -2 && h.high == 2);
    assert_true(fabsf(sum(&h) - 1) < 1e-6f);
    assert_true(
        h.share[0] == 0.2f && h.share[HISTOGRAM_BINS - 1] == 0.2f && h.share[HISTOGRAM_BINS / 2] == 0.2f);
    histogram_fill(&h, x, 0, 0, 0);
    assert_true(sum(&h) == 0);
    const float zero[] = {0, 0, 0};
    const float widest[] = {-3e38f, 3e38f};
    histogram_fill(&h, widest, 2, 0, 0);
    assert_float_equal(h.share[0], 0.5, 0);
    assert_float_equal(h.share[HISTOGRAM_BINS - 1], 0.5, 0);
    histogram_fill(&h, zero, 3, 0, 0);
    assert_true(h.share[HISTOGRAM_BINS / 2] == 1);
}

static void dead_units_gave_nothing_for_every_sample(void **state)
{
    /* four units: dead, alive once, alive, dead */
    const float y[] = {0, 0, 1, 0, 0, 0, 2, 0, 0, 3, 1, 0};
    struct statistics s = blank();
    statistics_activations(&s, y, 3, 4, activation_find("relu"));
    assert_true(s.dead == 0.5);
    assert_true(isnan(s.saturated));
    s = blank();
    statistics_activations(&s, y, 3, 4, activation_find("tanh"));
    assert_true(isnan(s.dead));
}

static void saturated_values_lie_at_the_ends(void **state)
{
    const float tanh_values[] = {-0.99f, 0.5f, 0.98f, -0.2f, 0.9f, 0, 1, -1};
    struct statistics s = blank();
    statistics_activations(&s, tanh_values, 4, 2, activation_find("tanh"));
    assert_true(s.saturated == 0.5);
    const float sigmoid_values[] = {0.01f, 0.5f, 0.99f, 0.3f};
    s = blank();
    statistics_activations(&s, sigmoid_values, 2, 2, activation_find("sigmoid"));
    assert_true(s.saturated == 0.5);
    assert_true(s.activation.low == 0 && s.activation.high == 1);
}

static void ratio_is_the_updates_size_against_the_weights(void **state)
{
    const float w[] = {3, 4}, g[] = {0.6f, 0.8f}, after[] = {3, 4.05f};
    struct statistics s = blank();
    statistics_params(&s, w, g, after, 2);
    assert_true(s.weight_norm == 5);
    assert_true(fabs(s.gradient_norm - 1) < 1e-6);
    assert_true(fabs(statistics_ratio(&s) - 0.01) < 1e-6);
    s = blank();
    statistics_params(&s, w, NULL, NULL, 2);
    assert_true(isnan(s.gradient_norm) && isnan(statistics_ratio(&s)));
}

static void verdicts_name_the_worst(void **state)
{
    static const struct {
        double dead, saturated, weight, gradient, update;
        bool finite;
        enum mood mood;
        const char *text;
    } rows[] = {
        {NAN, NAN, 1, 0.1, 1e-3, true, MOOD_GOOD, "fine"},
        {0.12, NAN, 1, 0.1, 1e-3, true, MOOD_WARN, "12 % dead"},
        {0.75, NAN, 1, 0.1, 1e-3, true, MOOD_BAD, "75 % dead"},
        {NAN, 0.6, 1, 0.1, 1e-3, true, MOOD_WARN, "saturated"},
        {NAN, 0.97, 1, 0.1, 1e-3, true, MOOD_BAD, "saturated"},
        {NAN, 0.2, 1, 1e-9, 1e-12, true, MOOD_BAD, "gradients vanish"},
        {NAN, 0.2, 1, 5e-4, 1e-5, true, MOOD_WARN, "gradients vanish"},
        {NAN, NAN, 1, 10, 0.05, true, MOOD_GOOD, "fine"},
        {NAN, NAN, 1, 10, 0.2, true, MOOD_WARN, "updates too large"},
        {NAN, NAN, 1, 100, 2, true, MOOD_BAD, "updates too large"},
        {NAN, NAN, 1, 0.1, 1e-7, true, MOOD_WARN, "updates tiny"},
        {0.9, NAN, 1, 0.1, 1e-3, false, MOOD_BAD, "not finite"},
        {NAN, NAN, 1, NAN, NAN, true, MOOD_NONE, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[VERDICT_TEXT];
        struct statistics s = blank();
        s.dead = rows[i].dead;
        s.saturated = rows[i].saturated;
        s.weight_norm = rows[i].weight;
        s.gradient_norm = rows[i].gradient;
        s.update_norm = rows[i].update;
        s.finite = rows[i].finite;
        struct standing all = {.gradient = 1, .weight = 1, .loss = 0.3, .hidden = true};
        assert_int_equal(statistics_verdict(&s, &all, text), rows[i].mood);
        assert_string_equal(text, rows[i].text);
    }
}

/* Small gradients everywhere are no fault of a layer. */
static void what_has_learnt_rests(void **state)
{
    char text[VERDICT_TEXT];
    struct statistics s = blank();
    s.weight_norm = 5;
    s.gradient_norm = 1e-9;
    s.update_norm = 1e-9;
    s.saturated = 0.99;
    s.finite = true;
    struct standing all = {.gradient = 2e-8, .weight = 5, .loss = 1e-9};
    assert_int_equal(statistics_verdict(&s, &all, text), MOOD_GOOD);
    assert_string_equal(text, "learnt");
    all.loss = 0.2; /* stuck at the ends of its range */
    assert_int_equal(statistics_verdict(&s, &all, text), MOOD_BAD);
    assert_string_equal(text, "saturated");
    s.saturated = 0.1;
    assert_int_equal(statistics_verdict(&s, &all, text), MOOD_NONE);
    assert_string_equal(text, "at rest");
    all.frozen = true;
    assert_int_equal(statistics_verdict(&s, &all, text), MOOD_NONE);
    assert_string_equal(text, "frozen");
    all.frozen = false;
    all.gradient = 0.1;
    assert_int_equal(statistics_verdict(&s, &all, text), MOOD_BAD);
    assert_string_equal(text, "gradients vanish");
}

/* Values at the ends of their range hinder what still learns; where the answers are right they are fine. */
static void saturation_counts_while_the_loss_is_high(void **state)
{
    char text[VERDICT_TEXT];
    struct statistics s = blank();
    s.weight_norm = 1;
    s.gradient_norm = 0.1;
    s.update_norm = 1e-3;
    s.saturated = 0.7;
    struct standing all = {.gradient = 1, .weight = 1, .loss = 0.6, .hidden = true};
    assert_int_equal(statistics_verdict(&s, &all, text), MOOD_WARN);
    all.loss = 0.01;
    assert_int_equal(statistics_verdict(&s, &all, text), MOOD_GOOD);
    all.loss = 0.6;
    all.hidden = false;
    assert_int_equal(statistics_verdict(&s, &all, text), MOOD_GOOD);
}

static void what_is_not_finite_is_seen(void **state)
{
    const float y[] = {0, NAN}, w[] = {1, INFINITY};
    struct statistics s = blank();
    statistics_activations(&s, y, 2, 1, activation_find("tanh"));
    assert_false(s.finite);
    s = blank();
    statistics_params(&s, w, NULL, NULL, 2);
    assert_false(s.finite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histograms_hold_every_finite_value),
        cmocka_unit_test(dead_units_gave_nothing_for_every_sample),
        cmocka_unit_test(saturated_values_lie_at_the_ends),
        cmocka_unit_test(ratio_is_the_updates_size_against_the_weights),
        cmocka_unit_test(verdicts_name_the_worst),
        cmocka_unit_test(what_has_learnt_rests),
        cmocka_unit_test(saturation_counts_while_the_loss_is_high),
        cmocka_unit_test(what_is_not_finite_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
