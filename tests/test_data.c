/* test_data.c - what is done with the samples of any source: nothing of the held-out part leaks into the
 * inputs, features are functions of them, and targets fit heads or say what would. */
#include "sources.h"

#include "../src/loss.h"
#include "../src/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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
