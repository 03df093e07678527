/* test_source.c - every source keeps the promises of data.h, and the generated sets follow their definitions.
 */
#include "sources.h"

#include "../src/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool same_values(const struct data *a, const struct data *b)
{
    return a->n == b->n && shape_equal(&a->shape, &b->shape) &&
           !memcmp(a->x, b->x, a->n * shape_size(&a->shape) * sizeof *a->x) &&
           !memcmp(a->t, b->t, a->n * a->targets * sizeof *a->t);
}

/* --- every source --- */

static void check_promises(const struct data *d)
{
    size_t width = shape_size(&d->shape);
    assert_true(d->n > 0 && d->train > 0 && d->train <= d->n);
    assert_int_equal(d->shape.rank, 1);
    assert_int_equal(d->targets, 1);
    assert_true(d->generated);
    assert_non_null(d->note);
    assert_true(d->plane == (d->raw == 2));
    for (size_t i = 0; i < d->n * width; i++)
        assert_true(isfinite(d->x[i]));
    for (size_t i = 0; i < d->n; i++) {
        assert_true(isfinite(d->t[i]));
        if (d->classes)
            assert_true(d->t[i] >= 0 && d->t[i] < (float)d->classes && d->t[i] == floorf(d->t[i]));
    }
    for (size_t c = 0; c < width; c++)
        assert_true(*d->input_name[c]);
    for (int k = 0; k < d->classes; k++)
        assert_true(*d->class_name[k]);
    assert_true(*d->target_name[0]);
    if (d->plane)
        assert_true(d->low[0] < d->high[0] && d->low[1] < d->high[1]);
}

static void every_generator_keeps_the_promises(void **state)
{
    const struct data_source *source;
    size_t i = 0;
    for (; (source = data_source_at(i)); i++) {
        assert_string_equal(data_source_name(i), source->name);
        assert_non_null(source->summary);
        assert_memory_equal(source->example, "data ", 5);
        if (!source->generated)
            continue;
        struct data *d = make(source->name, "", 1), *again = make(source->name, "", 1);
        check_promises(d);
        assert_string_equal(d->name, source->name);
        assert_true(same_values(d, again));
        data_unref(again);
        data_unref(d);
    }
    assert_int_equal(i, 13);
    assert_null(data_source_name(i));
    assert_null(data_source_find("nothing"));
}

static void every_row_is_documented_and_binds_its_own_words(void **state)
{
    const struct data_source *source;
    for (size_t i = 0; (source = data_source_at(i)); i++) {
        assert_in_range(args_count(source->args), 1, ARGS_MAX);
        for (const struct arg_row *row = source->args; row->name; row++) {
            struct arg_value value;
            struct text text = {0};
            assert_true(row->help && *row->help);
            if (row->kind != ARG_INT && row->kind != ARG_REAL)
                continue;
            number_write(row->fallback, &text);
            const struct word word = {.key = row->name, .text = text_get(&text)};
            if (!arg_read(source->name, row, &word, &value, &error))
                fail_msg("the default of %s of %s: %s", row->name, source->name, error.text);
            assert_true(value.number == row->fallback);
            text_release(&text);
        }
    }
}

static void another_seed_gives_other_points(void **state)
{
    const struct data_source *source;
    for (size_t i = 0; (source = data_source_at(i)); i++) {
        if (!source->generated || !strcmp(source->name, "gate"))
            continue;
        struct data *d = make(source->name, "", 1), *other = make(source->name, "", 2);
        assert_false(same_values(d, other));
        data_unref(other);
        data_unref(d);
    }
}

static void sizes_and_splits(void **state)
{
    struct data *d = make("circle", "", 1);
    assert_int_equal(d->n, 500);
    assert_int_equal(d->train, 250);
    data_unref(d);
    d = make("plane", "", 1);
    assert_int_equal(d->n, 1200);
    assert_int_equal(d->train, 600);
    data_unref(d);
    d = make("moons", "n=7 split=0.3", 1);
    assert_int_equal(d->n, 7);
    assert_int_equal(d->train, 5);
    data_unref(d);
    d = make("xor", "n=100 split=0", 1);
    assert_int_equal(d->train, 100);
    data_unref(d);
    assert_int_equal(data_train_count(7, 0.2), 6);
    assert_int_equal(data_train_count(8, 0.2), 6);
    assert_int_equal(data_train_count(2, 0.9), 1);
    assert_int_equal(data_train_count(1, 0.5), 1);
}

static void bad_sizes_are_refused(void **state)
{
    assert_null(try_make("circle", "n=1e7", 1, NULL));
    assert_string_equal(error.text, "circle: n must be between 2 and 1000000, not 1e7");
    assert_null(try_make("circle", "noise=51", 1, NULL));
    assert_string_equal(error.text, "circle: noise must be between 0 and 50, not 51");
    assert_null(try_make("circle", "split=1", 1, NULL));
    assert_string_equal(error.text, "circle: split must be between 0 and 0.9, not 1");
    assert_null(try_make("blobs", "classes=5 n=3", 1, NULL));
    assert_string_equal(error.text, "5 clouds need at least 5 samples: n=3 is too few");
    atomic_bool cancel = true;
    assert_null(try_make("spiral", "", 1, &cancel));
    assert_string_equal(error.text, "cancelled");
}

/* --- Playground's definitions --- */

enum { ORANGE, BLUE };

static size_t count_class(const struct data *d, int class)
{
    size_t count = 0;
    for (size_t i = 0; i < d->n; i++)
        count += d->t[i] == (float)class;
    return count;
}

static void circle_is_a_disc_and_a_ring(void **state)
{
    struct data *d = make("circle", "n=2000", 3);
    assert_string_equal(d->class_name[BLUE], "blue");
    assert_string_equal(d->class_name[ORANGE], "orange");
    for (size_t i = 0; i < d->n; i++) {
        double radius = hypot(d->raw_x[2 * i], d->raw_x[2 * i + 1]);
        assert_true(d->t[i] == BLUE ? radius < 2.5 : radius >= 3.5 - 1e-6 && radius < 5 + 1e-6);
    }
    assert_int_equal(count_class(d, BLUE), 1000);
    data_unref(d);
}

static void noise_flips_labels_and_moves_no_point(void **state)
{
    struct data *clean = make("xor", "n=1000", 3), *noisy = make("xor", "n=1000 noise=30", 3);
    size_t flipped = 0;
    assert_memory_equal(clean->raw_x, noisy->raw_x, 2000 * sizeof(float));
    for (size_t i = 0; i < clean->n; i++)
        flipped += clean->t[i] != noisy->t[i];
    assert_true(flipped > 20 && flipped < 500);
    data_unref(clean);
    data_unref(noisy);
}

static void xor_has_four_quadrants(void **state)
{
    struct data *d = make("xor", "n=2000", 3);
    for (size_t i = 0; i < d->n; i++) {
        float x = d->raw_x[2 * i], y = d->raw_x[2 * i + 1];
        assert_true(
            fabsf(x) >= 0.3f - 1e-6f && fabsf(x) <= 5.3f && fabsf(y) >= 0.3f - 1e-6f && fabsf(y) <= 5.3f);
        assert_int_equal(d->t[i], x * y >= 0 ? BLUE : ORANGE);
    }
    data_unref(d);
}

static void gauss_has_its_centres_and_variance(void **state)
{
    struct data *d = make("gauss", "n=100000 noise=10", 3);
    double sum = 0, square = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (d->t[i] != BLUE)
            continue;
        sum += d->raw_x[2 * i];
        square += (d->raw_x[2 * i + 1] - 2.0) * (d->raw_x[2 * i + 1] - 2.0);
    }
    /* 50,000 samples of variance 1.2: the mean is known to 0.005, the variance to 0.008; five times that. */
    assert_float_equal(sum / 50000, 2, 0.025);
    assert_float_equal(square / 50000, 0.5 + 7 * 0.1, 0.04);
    data_unref(d);
}

static void spiral_has_two_arms(void **state)
{
    struct data *d = make("spiral", "n=1000", 3);
    for (size_t i = 0; i < d->n; i++) {
        double x = d->raw_x[2 * i], y = d->raw_x[2 * i + 1], r = hypot(x, y);
        double angle = 1.75 * 2 * M_PI * r / 5 + (d->t[i] == BLUE ? 0 : M_PI);
        assert_true(r < 5);
        assert_float_equal(x, r * sin(angle), 1e-4);
        assert_float_equal(y, r * cos(angle), 1e-4);
    }
    assert_int_equal(count_class(d, BLUE), 500);
    data_unref(d);
}

static void plane_is_a_slope(void **state)
{
    struct data *d = make("plane", "", 3);
    assert_int_equal(d->classes, 0);
    for (size_t i = 0; i < d->n; i++) {
        assert_true(fabsf(d->raw_x[2 * i]) <= 6 && fabsf(d->raw_x[2 * i + 1]) <= 6);
        assert_float_equal(d->t[i], (d->raw_x[2 * i] + d->raw_x[2 * i + 1]) / 10, 1e-6);
    }
    data_unref(d);
}

static void multi_gauss_has_three_hills_and_three_valleys(void **state)
{
    struct data *d = make("multi-gauss", "n=20000", 3);
    size_t flat = 0;
    for (size_t i = 0; i < d->n; i++) {
        double x = d->raw_x[2 * i], y = d->raw_x[2 * i + 1];
        double column = x < -2 ? -4 : x > 2 ? 4 : 0, sign = (column ? 1 : -1) * (y > 0 ? 1 : -1);
        double height = fmax(0, 1 - hypot(x - column, fabs(y) - 2.5) / 2);
        assert_float_equal(d->t[i], sign * height, 1e-5);
        flat += d->t[i] == 0;
    }
    assert_true(flat > 1000 && flat < 15000);
    data_unref(d);
}

/* --- gates, moons, blobs, sine --- */

static void gates_are_truth_tables(void **state)
{
    static const struct {
        const char *words;
        float truth[4];
    } gates[] = {{"op=and", {0, 0, 0, 1}}, {"op=or", {0, 1, 1, 1}}, {"op=xor", {0, 1, 1, 0}},
        {"op=nand", {1, 1, 1, 0}}};
    for (size_t g = 0; g < 4; g++) {
        struct data *d = make("gate", gates[g].words, 1);
        assert_int_equal(d->n, 4);
        assert_int_equal(d->train, 4);
        for (int i = 0; i < 4; i++) {
            assert_float_equal(d->x[2 * i], (i / 2), 0);
            assert_float_equal(d->x[2 * i + 1], (i % 2), 0);
            assert_float_equal(d->t[i], gates[g].truth[i], 0);
        }
        assert_non_null(strstr(d->note, "nothing to hold out"));
        data_unref(d);
    }
}

static void small_sets_have_their_forms(void **state)
{
    struct data *d = make("blobs", "classes=7 dimensions=3 n=70", 1);
    assert_int_equal(d->classes, 7);
    assert_int_equal(d->raw, 3);
    for (int k = 0; k < 7; k++)
        assert_int_equal(count_class(d, k), 10);
    data_unref(d);
    d = make("moons", "noise=0", 1);
    for (size_t i = 0; i < d->n; i++) {
        double x = d->raw_x[2 * i] - (d->t[i] ? 1.0 : 0.0),
               y = d->t[i] ? 0.5 - d->raw_x[2 * i + 1] : d->raw_x[2 * i + 1];
        assert_float_equal(hypot(x, y), 1, 1e-5);
        assert_true(y >= -1e-6);
    }
    data_unref(d);
    d = make("sine", "noise=0", 1);
    assert_int_equal(d->raw, 1);
    for (size_t i = 0; i < d->n; i++)
        assert_float_equal(d->t[i], sin(d->raw_x[i]), 1e-6);
    data_unref(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_generator_keeps_the_promises),
        cmocka_unit_test(every_row_is_documented_and_binds_its_own_words),
        cmocka_unit_test(another_seed_gives_other_points),
        cmocka_unit_test(sizes_and_splits),
        cmocka_unit_test(bad_sizes_are_refused),
        cmocka_unit_test(circle_is_a_disc_and_a_ring),
        cmocka_unit_test(noise_flips_labels_and_moves_no_point),
        cmocka_unit_test(xor_has_four_quadrants),
        cmocka_unit_test(gauss_has_its_centres_and_variance),
        cmocka_unit_test(spiral_has_two_arms),
        cmocka_unit_test(plane_is_a_slope),
        cmocka_unit_test(multi_gauss_has_three_hills_and_three_valleys),
        cmocka_unit_test(gates_are_truth_tables),
        cmocka_unit_test(small_sets_have_their_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
