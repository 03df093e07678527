/* test_plot.c - ticks, places, numbers for people, smoothing. */
#include "../viz/plot.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 1, 2 or 5 times a power of ten. */
static bool is_round(double step)
{
    double part = step / pow(10, floor(log10(step) + 1e-9));
    return fabs(part - 1) < 1e-6 || fabs(part - 2) < 1e-6 || fabs(part - 5) < 1e-6;
}

static void linear_ticks_are_round(void **state)
{
    static const double ranges[][2] = {{0, 1}, {0, 0.37}, {-3, 8}, {1e-7, 9e-7}, {-5e6, 2e6}, {99, 101}};
    double tick[PLOT_TICKS];
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        for (int most = 3; most <= PLOT_TICKS; most++) {
            struct axis a = {ranges[i][0], ranges[i][1], false};
            int n = axis_ticks(&a, most, tick);
            assert_in_range(n, 1, most);
            for (int k = 0; k < n; k++)
                assert_true(tick[k] >= a.low - 1e-9 && tick[k] <= a.high + fabs(a.high) * 1e-9);
            for (int k = 1; k < n; k++)
                assert_true(is_round(tick[k] - tick[k - 1]));
        }
}

static void log_ticks_are_round(void **state)
{
    static const double ranges[][2] = {{0.001, 1}, {0.3, 0.9}, {1e-12, 1e6}, {0.02, 0.5}};
    double tick[PLOT_TICKS];
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        for (int most = 2; most <= PLOT_TICKS; most++) {
            struct axis a = {ranges[i][0], ranges[i][1], true};
            int n = axis_ticks(&a, most, tick);
            assert_in_range(n, 0, most);
            for (int k = 0; k < n; k++)
                assert_true(tick[k] >= a.low * 0.999 && tick[k] <= a.high * 1.001);
            for (int k = 1; k < n; k++)
                assert_true(tick[k] > tick[k - 1]);
        }
    struct axis decades = {0.001, 1, true};
    assert_int_equal(axis_ticks(&decades, 5, tick), 4);
    assert_float_equal(tick[2], 0.1, 1e-12);
}

static void bad_ranges_have_no_ticks(void **state)
{
    double tick[PLOT_TICKS];
    struct axis none = {1, 1, false}, nan = {NAN, 1, false}, wild = {-INFINITY, INFINITY, false};
    assert_int_equal(axis_ticks(&none, 5, tick), 0);
    assert_int_equal(axis_ticks(&nan, 5, tick), 0);
    assert_int_equal(axis_ticks(&wild, 5, tick), 0);
    axis_round(&none, 5);
    axis_round(&wild, 5);
    assert_true(none.high > none.low);
    assert_true(isfinite(wild.low) && wild.high > wild.low);
}

static void rounding_widens(void **state)
{
    struct axis a = {0.13, 0.87, false}, l = {0.013, 0.34, true};
    axis_round(&a, 6);
    assert_float_equal(a.low, 0, 1e-9);
    assert_float_equal(a.high, 1, 1e-9);
    axis_round(&l, 6);
    assert_float_equal(l.low, 0.01, 1e-9);
    assert_float_equal(l.high, 0.5, 1e-9);
}

static void places_come_back(void **state)
{
    struct axis axes[] = {{-2, 6, false}, {0.001, 10, true}};
    for (int i = 0; i < 2; i++)
        for (double u = 0; u <= 1; u += 0.125)
            assert_float_equal(axis_place(&axes[i], axis_value(&axes[i], u)), u, 1e-9);
    assert_true(isnan(axis_place(&axes[1], 0)));
    assert_float_equal(axis_place(&axes[1], 0.1), 0.5, 1e-9);
}

static void numbers_are_short(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"}, {0.05, "0.05"}, {1234, "1234"}, {12345, "12.3k"}, {4.2e6, "4.2M"}, {3e9, "3G"},
        {2e-5, "2e-5"}, {1.254e-5, "1.25e-5"}, {0.06317, "0.0632"}, {99.97, "100"}, {999.7, "1000"},
        {1234.4, "1234"}, {-0.25, "-0.25"}, {NAN, "NaN"}, {INFINITY, "inf"}, {1e-300, "1e-300"},
        {-1e300, "-1e300"}, {2.5e14, "2.5e14"}};
    char out[PLOT_NUMBER], count[COUNT_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(number_short(cases[i].value, out), cases[i].text);
    assert_string_equal(number_tick(100.5, out), "100.5");
    assert_string_equal(number_power(1e6, out), "1e6");
    assert_string_equal(number_power(0.003, out), "0.003");
    assert_string_equal(number_brief(0.000531, out), "5.3e-4");
    assert_string_equal(number_short(0.000123456, out), "1.23e-4");
    assert_string_equal(number_short(-0.0005, out), "-5e-4");
    assert_string_equal(number_tick(0.0009999, out), "1e-3");
    assert_string_equal(number_brief(0.01234, out), "0.012");
    assert_string_equal(number_brief(0, out), "0");
    assert_string_equal(number_brief(NAN, out), "NaN");
    assert_string_equal(count_text(0, count), "0");
    assert_string_equal(count_text(999, count), "999");
    assert_string_equal(count_text(1234567, count), "1,234,567");
    assert_string_equal(count_text(UINT64_MAX, count), "18,446,744,073,709,551,615");
}

enum { ROWS = 200 };

static void smoothing_never_rewrites_the_past(void **state)
{
    float x[ROWS], y[ROWS], few[ROWS], all[ROWS];
    for (int i = 0; i < ROWS; i++) {
        x[i] = (float)i;
        y[i] = i % 17 == 3 ? NAN : (float)(i % 5);
    }
    plot_smooth(x, y, few, ROWS / 2, 0.05);
    plot_smooth(x, y, all, ROWS, 0.05);
    for (int i = 0; i < ROWS / 2; i++)
        assert_true(few[i] == all[i] || (isnan(few[i]) && isnan(all[i]) && isnan(y[i])));
    float rough = 0, smooth = 0; /* and it does smooth */
    for (int i = ROWS / 2; i < ROWS; i++)
        if (isfinite(y[i]) && isfinite(y[i - 1])) {
            rough += fabsf(y[i] - y[i - 1]);
            smooth += fabsf(all[i] - all[i - 1]);
        }
    assert_true(smooth < rough / 3);
}

static void lines_stay_in_their_plot(void **state)
{
    struct draw d;
    draw_init(&d, NULL, NULL);
    draw_begin(&d, (struct rect){0, 0, 400, 300});
    struct plot p = {{50, 20, 300, 200}, {0, 5000, false}, {0, 1, false}};
    enum { MANY = 5000 };
    float *x = calloc(MANY, sizeof *x), *y = calloc(MANY, sizeof *y);
    for (int i = 0; i < MANY; i++) {
        x[i] = (float)i;
        y[i] = i == 2500 ? NAN : i % 100 == 7 ? 1e9f : (float)(i % 10) / 10;
    }
    plot_line(&p, &d, x, y, MANY, 2, (struct colour){255, 255, 255, 255});
    assert_true(d.items >= 2); /* the gap divides it */
    assert_true(d.points < 4 * 300);
    for (size_t i = 0; i < d.items; i++)
        assert_true(rect_inside(d.item[i].box, p.area, 3));
    assert_int_equal(plot_nearest(&p, x, MANY, 50 + 150), 2500);
    assert_int_equal(plot_nearest(&p, x, MANY, -1000), 0);
    free(x);
    free(y);
    draw_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_ticks_are_round),
        cmocka_unit_test(log_ticks_are_round),
        cmocka_unit_test(bad_ranges_have_no_ticks),
        cmocka_unit_test(rounding_widens),
        cmocka_unit_test(places_come_back),
        cmocka_unit_test(numbers_are_short),
        cmocka_unit_test(smoothing_never_rewrites_the_past),
        cmocka_unit_test(lines_stay_in_their_plot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
