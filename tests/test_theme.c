/* test_theme.c - can everything be read, and is the scale fair to both signs? In every theme of the table. */
#include "../viz/theme.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What stands on what, and the least contrast: 4.5 for text that must be read, 3 for large or unimportant
 * text and for marks (WCAG 2.1, levels AA). */
static const struct pair {
    enum theme_colour front, back;
    float least;
} pairs[] = {
    {COLOUR_TEXT, COLOUR_PANEL, 7},
    {COLOUR_TEXT, COLOUR_BACKGROUND, 7},
    {COLOUR_TEXT, COLOUR_WELL, 7},
    {COLOUR_TEXT, COLOUR_BUTTON, 7},
    {COLOUR_TEXT, COLOUR_BUTTON_HOVER, 7},
    {COLOUR_DIM, COLOUR_PANEL, 4.5f},
    {COLOUR_DIM, COLOUR_WELL, 4.5f},
    {COLOUR_DIM, COLOUR_BUTTON, 4.5f},
    {COLOUR_FAINT, COLOUR_PANEL, 3},
    {COLOUR_FAINT, COLOUR_WELL, 3},
    {COLOUR_ON_ACCENT, COLOUR_ACCENT, 4.5f},
    {COLOUR_ON_TIP, COLOUR_TIP, 7},
    {COLOUR_GOOD, COLOUR_PANEL, 4.5f},
    {COLOUR_WARN, COLOUR_PANEL, 4.5f},
    {COLOUR_BAD, COLOUR_PANEL, 4.5f},
    {COLOUR_ACCENT, COLOUR_PANEL, 3},
};

static void text_can_be_read(void **state)
{
    const struct theme *t;
    for (size_t i = 0; (t = theme_at(i)); i++)
        for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
            float contrast = colour_contrast(t->colour[pairs[k].front], t->colour[pairs[k].back]);
            if (contrast < pairs[k].least)
                fail_msg("%s: pair %zu has contrast %.2f", t->name, k, (double)contrast);
        }
}

static void series_can_be_seen(void **state)
{
    const struct theme *t;
    for (size_t i = 0; (t = theme_at(i)); i++)
        for (int k = 0; k < THEME_SERIES; k++)
            assert_true(colour_contrast(t->series[k], t->colour[COLOUR_WELL]) >= 3);
}

static void every_colour_is_given(void **state)
{
    const struct theme *t;
    for (size_t i = 0; (t = theme_at(i)); i++) {
        for (int k = 0; k < THEME_COLOURS; k++)
            assert_int_not_equal(t->colour[k].a, 0);
        for (int k = 0; k < THEME_FONTS; k++)
            assert_true(t->font[k].size >= 10);
        assert_true(t->summary && *t->summary);
        assert_ptr_equal(theme_find(t->name), t);
    }
    assert_null(theme_find("pink"));
}

/* A byte a channel leaves about this much of lightness unsaid. */
static const float byte_light = 0.006f;

static void the_scale_is_symmetric(void **state)
{
    struct theme t;
    for (size_t i = 0; theme_at(i); i++) {
        theme_make(theme_at(i), 1, &t);
        float away = 0;
        for (int k = 0; k <= 20; k++) {
            float v = (float)k / 20, plus = colour_light(theme_value(&t, v)),
                  minus = colour_light(theme_value(&t, -v));
            assert_float_equal(plus, minus, 2 * byte_light);
            float distance = fabsf(plus - t.neutral_light);
            assert_true(distance >= away - byte_light);
            away = distance;
        }
        assert_true(away > 0.2f);
    }
}

/* Orange has more red than blue, blue the other way round, and zero is grey. */
static void the_scale_is_orange_and_blue(void **state)
{
    struct theme t;
    for (size_t i = 0; theme_at(i); i++) {
        theme_make(theme_at(i), 1, &t);
        struct colour low = theme_value(&t, -1), zero = theme_value(&t, 0), high = theme_value(&t, 1);
        assert_true(low.r > low.g && low.g > low.b && low.r - low.b > 80);
        assert_true(high.b > high.g && high.g > high.r && high.b - high.r > 80);
        assert_in_range(abs(zero.r - zero.b), 0, 3);
        assert_memory_equal(&low, (struct colour[]){theme_value(&t, -7)}, sizeof low);
        assert_memory_equal(&t.colour[COLOUR_BAD], (struct colour[]){theme_value(&t, NAN)}, sizeof low);
        assert_memory_equal(&low, (struct colour[]){theme_class(&t, 0, 2)}, sizeof low);
        assert_memory_equal(&high, (struct colour[]){theme_class(&t, 1, 2)}, sizeof low);
    }
}

static void a_theme_scales(void **state)
{
    struct theme one, two;
    theme_make(theme_at(0), 1, &one);
    theme_make(theme_at(0), 2, &two);
    for (int k = 0; k < THEME_FONTS; k++)
        assert_float_equal(two.font[k].size, 2 * one.font[k].size, 1);
    assert_float_equal(two.gap, 2 * one.gap, 0);
    assert_float_equal(two.pad, 2 * one.pad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_can_be_read),
        cmocka_unit_test(series_can_be_seen),
        cmocka_unit_test(every_colour_is_given),
        cmocka_unit_test(the_scale_is_symmetric),
        cmocka_unit_test(the_scale_is_orange_and_blue),
        cmocka_unit_test(a_theme_scales),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
