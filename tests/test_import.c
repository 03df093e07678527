/* test_import.c - weights of PyTorch and Keras, into models that are typed: the same input gives what they
 * give; and what does not match is named, with the session as it was. */
#include "typing.h"

#include <limits.h>

#include "../src/error.h"
#include "../src/io/file.h"
#include "../src/io/import_parts.h"
#include "../src/memory.h"
#include "reference.h"

static char references[PATH_MAX + 40];

static void load_reference(const char *name, const char *words)
{
    char line[PATH_MAX + 200];
    snprintf(line, sizeof line, "load \"%s/%s.safetensors\" %s", references, name, words);
    type_well(line);
}

/* --- the same numbers --- */

/* Reads "ARRAY COUNT values…" of a line into a new block. */
static float *read_numbers(const char *line, size_t *count)
{
    int at = 0;
    assert_int_equal(sscanf(line, "%*s %zu%n", count, &at), 1);
    float *values = calloc(*count + 1, sizeof *values);
    char *next = (char *)line + at;
    for (size_t i = 0; i < *count; i++)
        values[i] = strtof(next, &next);
    assert_int_equal(strspn(next, " \n"), strlen(next));
    return values;
}

static void check_output(const char *name, const float *x, size_t values, const float *y, size_t outputs)
{
    struct error e;
    const struct model *m = session_network(prompt.session)->model;
    size_t N = values / model_input_size(m), K = shape_size(&model_head(m)->out);
    double most = 0;
    assert_int_equal(N * K, outputs);
    float *got = calloc(outputs, sizeof *got);
    if (!session_predict(prompt.session, x, N, got, &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < outputs; i++)
        most = fmax(most, fabs((double)y[i]));
    for (size_t i = 0; i < outputs; i++)
        if (!(fabs((double)got[i] - (double)y[i]) <= 1e-5 * most))
            fail_msg("%s: output %zu is %.9g, and should be %.9g", name, i, (double)got[i], (double)y[i]);
    free(got);
}

static void run_case(const char *origin, const char *name, const char *lines, char *const *array)
{
    size_t values, outputs;
    char words[40];
    float *x = read_numbers(array[0], &values), *y = read_numbers(array[1], &outputs);
    prompt_open();
    type_well(lines);
    snprintf(words, sizeof words, "from=%s", origin);
    load_reference(name, words);
    check_output(name, x, values, y, outputs);
    prompt_close();
    free(x);
    free(y);
}

static void test_numbers(void **state)
{
    char path[PATH_MAX + 60], origin[16], name[40], *line[4] = {NULL};
    size_t room[4] = {0};
    int cases = 0;
    snprintf(path, sizeof path, "%s/cases.txt", references);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "#%*[^\n] "), 0);
    while (getline(&line[0], &room[0], f) > 0) {
        assert_int_equal(sscanf(line[0], "case %15s %39s", origin, name), 2);
        for (int i = 1; i < 4; i++)
            assert_true(getline(&line[i], &room[i], f) > 0);
        assert_memory_equal(line[1], "lines ", 6);
        line[1][strcspn(line[1], "\n")] = '\0';
        run_case(origin, name, line[1] + 6, line + 2);
        cases++;
    }
    assert_true(cases >= 10);
    for (int i = 0; i < 4; i++)
        free(line[i]);
    fclose(f);
}

/* --- what does not match --- */

/* Types the lines, then loads; the sentence must be told, and no weight may have moved. */
static void refuse(const char *lines, const char *load, const char *sentence)
{
    struct error e;
    char line[PATH_MAX + 200];
    prompt_open();
    type_well(lines);
    struct state *before = session_copy_state(prompt.session, &e);
    if (*load == '@')
        snprintf(line, sizeof line, "load \"%s/%s", references, load + 1);
    else
        snprintf(line, sizeof line, "load %s", load);
    assert_false(type(line));
    if (!strstr(text_get(&printed), sentence))
        fail_msg("'%s' says '%s'", line, text_get(&printed));
    struct state *after = session_copy_state(prompt.session, &e);
    assert_non_null(before);
    assert_memory_equal(before->param, after->param, before->floats * sizeof(float));
    state_free(before);
    state_free(after);
    prompt_close();
}

static void test_misfits(void **state)
{
    refuse("input 3; dense 6 relu; dense 4", "@mlp.safetensors\" from=pytorch",
        "'mlp.safetensors' does not fit the model: '0.weight' is 5x3, dense1/kernel takes 6x3; '0.bias' is "
        "5, "
        "dense1/bias takes 6; '2.weight' is 4x5, dense2/kernel takes 4x6\n");
    refuse("input 3; dense 5 relu", "@mlp.safetensors\" from=pytorch",
        "does not fit the model: nothing takes '2.bias' (4); nothing takes '2.weight' (4x5) (`partial` loads "
        "the rest)");
    refuse("input 3; dense 5 relu; dense 4; dense 2", "@mlp.safetensors\" from=pytorch",
        "does not fit the model: nothing fills dense3/kernel (4x2); nothing fills dense3/bias (2) "
        "(`partial`");
    refuse("input 3; dense 5 relu use_bias=no; dense 4", "@mlp.safetensors\" from=pytorch",
        "does not fit the model: nothing takes '0.bias' (5) (`partial`");
    refuse("input 3; dense 5; batchnorm; dense 4", "@mlp.safetensors\" from=pytorch",
        "nothing fills batchnorm1/gamma (5)");
    refuse("input 3; dense 3 tanh", "@deep.safetensors\" from=pytorch", "(3x3); and 12 more (`partial`");
    refuse("input 3; dense 3", "@vgg.safetensors\" from=pytorch partial", "'vgg.safetensors' does not fit");
    refuse("input 5x4x2; conv2d 3 3x2; batchnorm; flatten; dense 4", "@keras-image.safetensors\" from=keras",
        "'conv2d/kernel' is 2x3x2x3, conv2d1/kernel takes 3x2x2x3");
    refuse("input 4x3; gru 2 bidirectional reset_after=no", "@gru-bias.safetensors\" from=pytorch",
        "gru1 cannot take 'bias_hh_l0': PyTorch's GRU resets after the product (reset_after=yes)");
    refuse("input 3; dense 5; dense 4", "@mlp.safetensors\"", "holds tensors, but no commands that rebuild");
    refuse("input 3; dense 5; dense 4", "@mlp.safetensors\" partial", "`partial` goes with from=pytorch or");
    refuse("input 3; dense 5; dense 4", "@mlp.safetensors\" from=caffe", "caffe");
    refuse("input 3; dense 5", "none from=keras", "cannot read 'none': No such file or directory");
}

static void test_no_model(void **state)
{
    prompt_open();
    type_well("dense 5");
    char line[PATH_MAX + 200];
    snprintf(line, sizeof line, "load \"%s/mlp.safetensors\" from=pytorch", references);
    assert_false(type(line));
    assert_non_null(strstr(text_get(&printed), "type its input and layers first"));
    prompt_close();
}

/* --- files made here --- */

/* A file of this header and of `count` values that follow. */
static void write_file(const char *name, const char *header, const void *values, size_t bytes)
{
    struct error e;
    char all[4000];
    uint64_t length = strlen(header);
    memcpy(all, &length, 8);
    memcpy(all + 8, header, length);
    memcpy(all + 8 + length, values, bytes);
    assert_true(file_write(name, all, 8 + length + bytes, &e));
}

#define ONE(name, type, from, to) \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":[1,1],\"data_offsets\":[" #from "," #to "]}"

static void test_values(void **state)
{
    const float bad[] = {1, INFINITY};
    const double huge[] = {1e300};
    const int64_t whole[] = {1};
    write_file(
        "bad.safetensors", "{" ONE("a.weight", "F32", 0, 4) "," ONE("b.weight", "F32", 4, 8) "}", bad, 8);
    refuse("input 1; dense 1 use_bias=no; dense 1 use_bias=no", "bad from=pytorch",
        "tensor 'b.weight' holds values that are not finite");
    write_file("huge.safetensors", "{" ONE("a.weight", "F64", 0, 8) "}", huge, 8);
    refuse("input 1; dense 1 use_bias=no", "huge from=pytorch",
        "tensor 'a.weight' holds values that are not finite");
    write_file("whole.safetensors", "{" ONE("a.weight", "I64", 0, 8) "}", whole, 8);
    refuse("input 1; dense 1 use_bias=no", "whole from=pytorch", "'a.weight' holds I64");
}

static float weight(int layer)
{
    float w;
    struct error e;
    assert_true(session_read_param(prompt.session, layer, 0, &w, &e));
    return w;
}

/* A sorted file goes by numbers; one in another order as it stands; names that are the model's come first. */
static void test_order(void **state)
{
    static const float values[] = {10, 2, 3};
    write_file("sorted.safetensors",
        "{" ONE("x.10.weight", "F32", 0, 4) "," ONE("x.2.weight", "F32", 4, 8) "," ONE(
            "y.weight", "F32", 8, 12) "}",
        values, 12);
    write_file("other.safetensors",
        "{" ONE("x.weight", "F32", 0, 4) "," ONE("a.weight", "F32", 4, 8) "," ONE(
            "b.weight", "F32", 8, 12) "}",
        values, 12);
    prompt_open();
    type_well("input 1; dense 1 use_bias=no; dense 1 use_bias=no; dense 1 use_bias=no");
    type_well("load sorted from=pytorch");
    assert_string_equal(text_get(&printed), "dense1 from x.2, dense2 from x.10, dense3 from y\n");
    assert_true(weight(1) == 2 && weight(2) == 10 && weight(3) == 3);
    type_well("load other from=pytorch");
    assert_true(weight(1) == 10 && weight(2) == 2 && weight(3) == 3);
    type_well("rename 1 b; rename 3 x; load other from=pytorch");
    assert_true(weight(1) == 3 && weight(2) == 2 && weight(3) == 10);
    type_well("undo");
    assert_true(weight(1) == 10 && weight(2) == 2 && weight(3) == 3);
    prompt_close();
}

/* Names come from anybody: what is printed of them drives no terminal. */
static void test_names(void **state)
{
    static const float values[] = {1, 2};
    write_file("escape.safetensors",
        "{" ONE("a\\u001b[31m\\n.weight", "F32", 0, 4) "," ONE("b\\u0007.bias", "F32", 4, 8) "}", values, 8);
    prompt_open();
    type_well("input 1; dense 1 use_bias=no; load escape from=pytorch partial");
    assert_non_null(strstr(text_get(&printed), "dense1 from a?[31m?\n"
                                               "not loaded: nothing takes 'b?.bias' (1x1)\n"));
    prompt_close();
}

/* What fits is loaded, what does not is told; recipe, data and the other weights stay. */
static void test_partial(void **state)
{
    prompt_open();
    type_well("input 3; dense 5 relu; dense 4; dense 2; compile sgd lr=0.25 momentum=0.5; let third = w[3]");
    load_reference("mlp", "from=pytorch partial");
    assert_string_equal(text_get(&printed), "dense1 from 0, dense2 from 2\n"
                                            "not loaded: nothing fills dense3/kernel (4x2); nothing fills "
                                            "dense3/bias (2)\n");
    type_well("print norm(third - w[3]), lr, epoch");
    assert_string_equal(text_get(&printed), "0 0.25 0\n");
    prompt_close();
}

/* A normalisation's epsilon is not in the file. */
static void test_epsilon(void **state)
{
    prompt_open();
    type_well("input 5x4x2; conv2d 3 2x3 relu; batchnorm epsilon=1e-5; flatten; dense 4");
    load_reference("keras-image", "from=keras");
    assert_non_null(strstr(text_get(&printed), "the file does not tell epsilon: batchnorm1 has 1e-05, and "
                                               "Keras's is 0.001 unless it was changed (epsilon=0.001)"));
    type_well("replace 2 batchnorm");
    load_reference("keras-image", "from=keras");
    assert_null(strstr(text_get(&printed), "epsilon"));
    prompt_close();
}

static bool has_row(const struct import_origin *o, const char *type)
{
    for (const struct import_row *row = o->row; row->type; row++)
        if (!strcmp(row->type, type))
            return true;
    return false;
}

/* Every type of layer that has weights can take them. */
static void test_rows(void **state)
{
    const struct layer_type *t;
    int with_weights = 0;
    for (size_t i = 1; (t = layer_type_at(i)); i++) {
        prompt_open();
        type_well(t->before ? t->before : "input 4");
        if (type(t->example) && model_head(session_network(prompt.session)->model)->params) {
            if (!has_row(&import_pytorch, t->name) || !has_row(&import_keras, t->name))
                fail_msg("%s has weights: give it a row in import_pytorch.c and import_keras.c", t->name);
            with_weights++;
        }
        prompt_close();
    }
    assert_true(with_weights >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_misfits),
        cmocka_unit_test(test_no_model),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_partial),
        cmocka_unit_test(test_epsilon),
    };
    const char *root = getenv("GRADUS_SOURCE");
    assert_non_null(realpath(root ? root : ".", references));
    strcat(references, "/tests/reference/import");
    assert_int_equal(folder_enter(NULL), 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    assert_int_equal(folder_leave(NULL), 0);
    return failed;
}
