/* test_data.c - data sets: every source keeps the promises of data.h, Playground's sets follow their
 * definitions, nothing of the held-out part leaks into the inputs, and targets fit heads or say what would.
 */
#include "../src/data.h"
#include "../src/data/source.h"
#include "../src/error.h"
#include "../src/loss.h"
#include "../src/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct error error;

/* `data NAME WORDS`: the words are KEY=value, divided by blanks. */
static struct data *try_make(const char *name, const char *words, uint64_t seed, const atomic_bool *cancel)
{
    const struct data_source *source = data_source_find(name);
    char line[200];
    struct word word[8];
    struct args args;
    int count = 0;
    assert_non_null(source);
    strcpy(line, words);
    for (char *w = strtok(line, " "); w; w = strtok(NULL, " ")) {
        char *equals = strchr(w, '=');
        *equals = '\0';
        word[count++] = (struct word){.key = w, .text = equals + 1};
    }
    error = (struct error){.text = ""};
    return args_bind(name, source->args, word, count, &args, &error)
               ? source->make(&args, seed, cancel, &error)
               : NULL;
}

static struct data *make(const char *name, const char *words, uint64_t seed)
{
    struct data *d = try_make(name, words, seed, NULL);
    if (!d)
        fail_msg("data %s %s: %s", name, words, error.text);
    return d;
}

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

/* --- the last step --- */

enum { ROWS = 10 };

/* Ten rows: column 0 is 0 … 9, column 1 constant, column 2 has a hole; the target is the row. */
static struct data *finished(double split, bool shuffle)
{
    static const bool standardise[] = {true, true, false};
    struct data *d = data_begin("test", ROWS, 3, 0, 1, &error);
    assert_non_null(d);
    for (int i = 0; i < ROWS; i++) {
        d->raw_x[3 * i] = d->t[i] = (float)i;
        d->raw_x[3 * i + 1] = 0.1f;
        d->raw_x[3 * i + 2] = i == 1 ? NAN : (float)(i * i);
    }
    d = data_finish(d,
        &(struct data_finish){.shuffle = shuffle, .split = split, .seed = 5, .standardise = standardise},
        &error);
    assert_non_null(d);
    return d;
}

static void statistics_see_the_training_part_alone(void **state)
{
    struct data *d = finished(0.5, false);
    assert_int_equal(d->train, 5);
    assert_float_equal(d->mean[0], 2, 1e-6);
    assert_float_equal(d->deviation[0], sqrt(2), 1e-6);
    assert_float_equal(d->x[3 * 9], (9 - 2) / sqrt(2), 1e-5);
    assert_float_equal(d->deviation[1], 1, 0);
    assert_float_equal(d->x[1], 0, 1e-6);
    assert_float_equal(d->mean[2], 0, 0);
    /* The hole is filled with the mean of 0, 4, 9, 16: rows 0, 2, 3 and 4. */
    assert_float_equal(d->raw_x[3 * 1 + 2], 29.0 / 4, 1e-5);
    data_unref(d);
}

static void rows_are_shuffled_whole(void **state)
{
    struct data *d = finished(0.5, true);
    size_t moved = 0, seen = 0;
    for (size_t i = 0; i < ROWS; i++) {
        assert_float_equal(d->raw_x[3 * i], d->t[i], 0);
        moved += d->t[i] != (float)i;
        seen |= (size_t)1 << (int)d->t[i];
    }
    assert_int_equal(seen, (1 << ROWS) - 1);
    assert_true(moved > 3);
    data_unref(d);
}

static void arrays_are_copied_in_order(void **state)
{
    float x[] = {1, 2, 3, 4, 5, 6}, t[] = {0, 1, 2};
    struct data *d = data_from_arrays("own", shape_of(1, 2), x, 3, 2, t, 1, 3, &error);
    assert_non_null(d);
    x[0] = 99;
    assert_float_equal(d->x[0], 1, 0);
    assert_int_equal(d->train, 2);
    assert_true(d->plane);
    data_unref(d);
    d = data_from_arrays("image", shape_of(3, 1, 2, 1), x, 3, 3, t, 1, 0, &error);
    assert_non_null(d);
    assert_null(d->input_name);
    assert_int_equal(d->raw, 0);
    assert_false(d->plane);
    data_unref(d);
    t[2] = 3;
    assert_null(data_from_arrays("own", shape_of(1, 2), x, 3, 2, t, 1, 3, &error));
    assert_string_equal(error.text, "sample 2 has class 3, but classes are 0 … 2");
}

static void references_are_counted(void **state)
{
    struct data *d = make("gate", "", 1), *other = data_ref(d);
    assert_ptr_equal(d, other);
    data_unref(d);
    assert_string_equal(other->name, "gate");
    data_unref(other);
    data_unref(NULL);
}

/* --- features --- */

static void features_are_functions_of_the_inputs(void **state)
{
    const float x1 = 0.5f, x2 = -2;
    const float expected[] = {x1, x2, x1 * x1, x2 * x2, x1 * x2, sinf(x1), sinf(x2)};
    static const char *const names[] = {"x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)"};
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(feature_name(i), names[i]);
        assert_float_equal(feature_at(i)->value(x1, x2), expected[i], 1e-6);
    }
    assert_null(feature_at(7));
    assert_null(feature_name(7));
    const float x[4] = {1, 2, 3, 4}, t[2] = {0, 1};
    struct data *d = data_from_arrays("named", shape_of(1, 2), x, 2, 2, t, 1, 2, &error);
    assert_true(data_name(&d->raw_name[1], "width", &error));
    struct data *other = data_with_features(d, (int[]){1, 4}, 2, &error);
    assert_string_equal(other->input_name[0], "width"); /* a coordinate keeps the name it came with */
    assert_string_equal(other->input_name[1], "x1*x2");
    data_unref(d);
    data_unref(other);
}

static void a_map_shows_what_training_sees(void **state)
{
    static const int all[] = {6, 0, 2, 4, 1, 5, 3};
    struct data *d = make("spiral", "noise=20", 1), *wide = data_with_features(d, all, 7, &error);
    assert_non_null(wide);
    assert_int_equal(wide->shape.dim[0], 7);
    assert_string_equal(wide->input_name[0], "sin(x2)");
    assert_int_equal(d->shape.dim[0], 2);
    assert_memory_equal(wide->t, d->t, d->n * sizeof(float));
    assert_string_equal(wide->class_name[1], "blue");
    float *seen = malloc(wide->n * 7 * sizeof *seen);
    assert_non_null(seen);
    data_inputs_at(wide, wide->raw_x, wide->n, seen);
    assert_memory_equal(seen, wide->x, wide->n * 7 * sizeof *seen);
    free(seen);
    data_unref(d);
    data_unref(wide);
}

static void features_that_do_not_fit_are_refused(void **state)
{
    struct data *d = make("circle", "", 1), *line = make("sine", "", 1);
    const int twice[] = {2, 2}, unknown[] = {7};
    assert_null(data_with_features(d, twice, 2, &error));
    assert_string_equal(error.text, "feature x1^2 is given twice");
    assert_null(data_with_features(d, unknown, 1, &error));
    assert_string_equal(error.text, "there is no feature 7: they count 0 … 6");
    assert_null(data_with_features(d, twice, 0, &error));
    assert_null(data_with_features(line, unknown, 1, &error));
    assert_string_equal(error.text,
        "features are made from x1 and x2, but 'sine' has 1 inputs: they need data on a "
        "plane, such as `data circle`");
    data_unref(d);
    data_unref(line);
}

/* --- heads --- */

static void targets_are_encoded_for_the_head(void **state)
{
    float out[12];
    struct data *gate = make("gate", "op=xor", 1), *blobs = make("blobs", "classes=3 n=6", 1);
    data_encode(gate, ENCODE_SIGN, 1, 0, 4, out);
    assert_memory_equal(out, ((float[]){-1, 1, 1, -1}), 16);
    data_encode(gate, ENCODE_BIT, 1, 1, 3, out);
    assert_memory_equal(out, ((float[]){1, 1, 0}), 12);
    data_encode(gate, ENCODE_ONE_HOT, 2, 0, 2, out);
    assert_memory_equal(out, ((float[]){1, 0, 0, 1}), 16);
    data_encode(blobs, ENCODE_ONE_HOT, 3, 2, 4, out);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 3; k++)
            assert_float_equal(out[3 * i + k], blobs->t[2 + i] == (float)k, 0);
    data_unref(gate);
    data_unref(blobs);
    struct data *sine = make("sine", "", 1);
    data_encode(sine, ENCODE_SIGN, 1, 3, 2, out);
    assert_memory_equal(out, sine->t + 3, 8);
    data_unref(sine);
}

static void misfit(const struct data *d, enum encoding encoding, size_t width, const char *sentence)
{
    assert_false(data_head_fits(d, encoding, width, &error));
    assert_string_equal(error.text, sentence);
}

static void heads_that_do_not_fit_name_the_fix(void **state)
{
    struct data *gate = make("gate", "", 1), *blobs = make("blobs", "", 1), *sine = make("sine", "", 1);
    assert_int_equal(data_head_width(gate, ENCODE_SIGN), 1);
    assert_int_equal(data_head_width(gate, ENCODE_ONE_HOT), 2);
    assert_int_equal(data_head_width(blobs, ENCODE_ONE_HOT), 3);
    assert_int_equal(data_head_width(blobs, ENCODE_BIT), 0);
    assert_int_equal(data_head_width(sine, ENCODE_SIGN), 1);
    assert_true(data_head_fits(gate, ENCODE_BIT, 1, &error));
    assert_true(data_head_fits(blobs, ENCODE_ONE_HOT, 3, &error));
    assert_true(data_head_fits(sine, ENCODE_SIGN, 1, &error));
    misfit(gate, ENCODE_BIT, 4,
        "2 classes ('0' and '1') need a head of 1 sigmoid unit, but the head has 4: `replace` it with `dense "
        "1 "
        "sigmoid`, or with `dense 2 softmax`");
    misfit(gate, ENCODE_ONE_HOT, 1,
        "2 classes ('0' and '1') need 2 softmax units, but the head has 1: `replace` it with `dense 2 "
        "softmax`, or "
        "with `dense 1 sigmoid`");
    misfit(blobs, ENCODE_BIT, 1,
        "3 classes need a head of 3 softmax units, one each, but the head has 1 unit without softmax: "
        "`replace` it "
        "with `dense 3 softmax`");
    misfit(blobs, ENCODE_ONE_HOT, 4,
        "3 classes need a head of 3 softmax units, one each, but the head has 4 units: `replace` it with "
        "`dense 3 "
        "softmax`");
    misfit(sine, ENCODE_SIGN, 4,
        "the target 'y' is one number, but the head has 4 units: `replace` it with `dense 1 linear`");
    misfit(sine, ENCODE_ONE_HOT, 1,
        "the target 'y' is a number, and softmax gives shares of classes: `replace` the head with `dense 1 "
        "linear`");
    data_unref(gate);
    data_unref(blobs);
    data_unref(sine);
}

static void default_losses_exist_and_suit(void **state)
{
    struct data *gate = make("gate", "", 1), *sine = make("sine", "", 1);
    const struct activation *head;
    for (size_t i = 0; (head = activation_at(i)); i++) {
        assert_string_equal(data_default_loss(sine, head), "mse");
        assert_non_null(loss_find(data_default_loss(gate, head)));
    }
    assert_string_equal(data_default_loss(gate, activation_find("tanh")), "mse");
    assert_string_equal(data_default_loss(gate, activation_find("sigmoid")), "binary_crossentropy");
    assert_string_equal(data_default_loss(gate, activation_find("softmax")), "categorical_crossentropy");
    data_unref(gate);
    data_unref(sine);
}

static void baselines_learn_nothing(void **state)
{
    const float x[5] = {0}, labels[] = {1, 1, 0, 0, 0}, numbers[] = {1, 3, 5, 2, 6};
    struct baseline b;
    struct data *d = data_from_arrays("classes", shape_of(1, 1), x, 5, 3, labels, 1, 2, &error);
    data_baseline(d, &b);
    assert_int_equal(b.class, 1);
    assert_float_equal(b.accuracy, 0, 0);
    assert_true(isnan(b.mse));
    data_unref(d);
    d = data_from_arrays("numbers", shape_of(1, 1), x, 5, 3, numbers, 1, 0, &error);
    data_baseline(d, &b);
    assert_float_equal(b.mean, 3, 0);
    assert_float_equal(b.mae, 2, 1e-9);
    assert_float_equal(b.mse, 5, 1e-9);
    assert_true(isnan(b.accuracy));
    assert_int_equal(b.class, -1);
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
        cmocka_unit_test(statistics_see_the_training_part_alone),
        cmocka_unit_test(rows_are_shuffled_whole),
        cmocka_unit_test(arrays_are_copied_in_order),
        cmocka_unit_test(references_are_counted),
        cmocka_unit_test(features_are_functions_of_the_inputs),
        cmocka_unit_test(a_map_shows_what_training_sees),
        cmocka_unit_test(features_that_do_not_fit_are_refused),
        cmocka_unit_test(targets_are_encoded_for_the_head),
        cmocka_unit_test(heads_that_do_not_fit_name_the_fix),
        cmocka_unit_test(default_losses_exist_and_suit),
        cmocka_unit_test(baselines_learn_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
