/* test_text_data.c - `data text`: windows, their labels and shifts, the vocabulary, and what a network
 * writes. */
#include "folder.h"
#include "making.h"

#include "../src/generate.h"
#include "../src/io/file.h"

static struct data *read_text(const char *text, size_t bytes, double length, double split, struct error *e)
{
    const struct data_source *source = data_source_find("text");
    struct args args = {0};
    assert_true(file_write("text", text, bytes, NULL));
    args.value[0] = (struct arg_value){.given = true, .text = "text"};
    args.value[1] = (struct arg_value){.given = true, .number = length};
    args.value[2] = (struct arg_value){.given = true, .number = split};
    struct data *d = source->make(&args, 1, NULL, e);
    return d;
}

static struct data *good_text(const char *text, double length, double split)
{
    struct error e;
    struct data *d = read_text(text, strlen(text), length, split, &e);
    if (!d)
        fail_msg("%s", e.text);
    return d;
}

/* "abcabcabcabc…": every input's label is the character behind it. */
static void labels_are_the_next_characters(void **state)
{
    struct data *d = good_text("abcabcabcabcabcabcabca", 4, 0.4);
    assert_int_equal(d->n, 5);
    assert_int_equal(d->train, 3);
    assert_int_equal(d->classes, 3);
    assert_int_equal(d->targets, 4);
    assert_string_equal(d->class_name[2], "c");
    for (size_t i = 0; i < d->n * 4; i++) {
        assert_true(d->x[i] == (float)(i % 3));
        assert_true(d->t[i] == (float)((i + 1) % 3));
    }
    data_unref(d);
}

static void characters_are_whole(void **state)
{
    struct data *d = good_text("äöü €𝄞\näöü €𝄞\näöü €𝄞\n", 3, 0.1);
    assert_int_equal(d->classes, 7);
    assert_string_equal(d->class_name[0], "\n");
    assert_string_equal(d->class_name[2], "ä");
    assert_string_equal(d->class_name[6], "𝄞");
    data_unref(d);
}

/* All offsets come up, no shifted window reaches into what is held out, and the same epoch has the same. */
static void windows_shift_with_the_epoch(void **state)
{
    struct data *d = good_text("abcdefghijklmnopqrstuvwxyzabcdefghijklmnop", 4, 0.5);
    bool seen[4] = {false};
    uint32_t index[2] = {1, (uint32_t)d->train - 1};
    for (uint64_t epoch = 0; epoch < 100; epoch++) {
        float x[8];
        size_t shift = data_shift(d, 1, epoch);
        assert_true(shift < 4 && shift == data_shift(d, 1, epoch));
        seen[shift] = true;
        data_batch(d, index, 2, shift, x);
        assert_true(x[0] == d->x[4 + shift] && x[3] == d->x[7 + shift]);
        assert_true(x[4] == d->x[(d->train - 1) * 4]);
    }
    assert_true(seen[0] && seen[1] && seen[2] && seen[3]);
    data_unref(d);
}

static void a_bad_text_is_refused(void **state)
{
    struct error e;
    assert_null(read_text("abc", 3, 4, 0.1, &e));
    assert_non_null(strstr(e.text, "9 or more"));
    assert_null(read_text("aaaaaaaaaaaaaaaaaaaa", 20, 4, 0.1, &e));
    assert_non_null(strstr(e.text, "1 different"));
    assert_null(read_text("", 0, 4, 0.1, &e));
    struct data *binary = read_text("\xff\xfe\0\x80 abc abc \xc3", 14, 2, 0.1, &e);
    assert_non_null(binary);
    data_unref(binary);
}

/* A description of a text goes with saved weights. */
static void the_vocabulary_is_written_and_read(void **state)
{
    struct error e;
    struct text json = {0};
    struct data *d = good_text("the \"quick\"\nbrown\tfox, the \"quick\"\nbrown\tfox", 5, 0.2);
    data_schema_write(d, &json);
    struct data *back = data_schema_read(text_get(&json), &e);
    assert_non_null(back);
    assert_true(back->letters && back->classes == d->classes && back->targets == 5 && back->n == 0);
    for (int k = 0; k < d->classes; k++)
        assert_string_equal(back->class_name[k], d->class_name[k]);
    data_unref(back);
    assert_null(data_schema_read("{\"name\":\"x\",\"letters\":1e9,\"classes\":[\"a\",\"b\"]}", &e));
    assert_null(data_schema_read("{\"name\":\"x\",\"letters\":4,\"classes\":[\"a\"]}", &e));
    text_release(&json);
    data_unref(d);
}

/* A softmax that always says "the next letter of abc". */
static struct state *cycler(const struct data *d, const struct model *m)
{
    struct state *s = state_new(m, 0, 1, NULL);
    size_t count;
    float *kernel = state_param(s, 2, 0, &count);
    float *table = state_param(s, 1, 0, &count);
    for (int k = 0; k < 3; k++) {
        table[k * 3 + k] = 1;
        kernel[k * 3 + (k + 1) % 3] = 50;
    }
    return s;
}

static void a_network_goes_on_with_a_text(void **state)
{
    struct error e;
    struct data *d = good_text("abcabcabcabcabcabcabca", 4, 0.4);
    const struct model *m = make_model(shape_of(1, 4), "embedding 3 3;dense 3 softmax");
    struct state *s = cycler(d, m);
    struct text out = {0};
    struct generate how = {.prompt = "bc", .count = 9, .temperature = 1, .seed = 1};
    assert_true(generate_text(s, d, &how, &out, NULL, &e));
    assert_string_equal(text_get(&out), "bcabcabcabc");
    how.prompt = "bz";
    assert_false(generate_text(s, d, &how, &out, NULL, &e));
    assert_non_null(strstr(e.text, "'z'"));
    how.prompt = "";
    assert_false(generate_text(s, d, &how, &out, NULL, &e));
    atomic_bool cancel = true;
    how.prompt = "a";
    assert_false(generate_text(s, d, &how, &out, &cancel, &e));
    const struct model *other = make_model(shape_of(1, 4), "embedding 3 3;dense 2 softmax");
    struct state *wrong = state_new(other, 0, 1, &e);
    assert_false(generate_text(wrong, d, &how, &out, NULL, &e));
    assert_non_null(strstr(e.text, "dense 3 softmax"));
    const struct model *narrow = make_model(shape_of(1, 4), "embedding 2 3;dense 3 softmax");
    struct state *short_table = state_new(narrow, 0, 1, &e);
    assert_false(generate_text(short_table, d, &how, &out, NULL, &e));
    assert_non_null(strstr(e.text, "3 characters: `replace embedding1 embedding 3"));
    state_free(short_table);
    model_unref(narrow);
    text_release(&out);
    state_free(wrong);
    state_free(s);
    model_unref(other);
    model_unref(m);
    data_unref(d);
}

/* Read one by one, with what is carried, a text says the same as read as a whole. */
static void what_is_carried_remembers_the_text(void **state)
{
    struct error e;
    struct data *d = good_text("abcabcabcabcabcabcabca", 10, 0.4);
    const struct model *m =
        make_model(shape_of(1, 10), "embedding 3 4;lstm 5 return_sequences;gru 4 return_sequences;"
                                    "layernorm;simple_rnn 4 return_sequences;dense 3 softmax");
    struct model *single = model_with_input(m, shape_of(1, 1), true, &e);
    struct state *s = state_new(m, 0, 5, &e);
    state_init(s, NULL, NULL, 0, m->layers - 1);
    struct workspace *whole = workspace_new(m, 1, USE_OUTPUT, &e),
                     *one = workspace_new(single, 1, USE_OUTPUT, &e);
    workspace_bind(whole, s);
    workspace_bind(one, s);
    assert_true(workspace_carry(one, true, &e));
    memcpy(workspace_input(whole), d->x, 10 * sizeof(float));
    workspace_forward(whole, 1, false, 0);
    for (size_t i = 0; i < 10; i++) {
        workspace_input(one)[0] = d->x[i];
        workspace_forward(one, 1, false, 0);
        for (size_t k = 0; k < 3; k++)
            assert_true(fabsf(workspace_output(one)[k] - workspace_output(whole)[3 * i + k]) < 1e-5f);
    }
    struct text out = {0};
    struct generate how = {.prompt = "ab", .count = 40, .temperature = 1, .seed = 1};
    assert_true(generate_text(s, d, &how, &out, NULL, &e));
    assert_int_equal(strlen(text_get(&out)), 42);
    text_release(&out);
    workspace_free(whole);
    workspace_free(one);
    state_free(s);
    model_unref(single);
    model_unref(m);
    data_unref(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_the_next_characters),
        cmocka_unit_test(characters_are_whole),
        cmocka_unit_test(windows_shift_with_the_epoch),
        cmocka_unit_test(a_bad_text_is_refused),
        cmocka_unit_test(the_vocabulary_is_written_and_read),
        cmocka_unit_test(a_network_goes_on_with_a_text),
        cmocka_unit_test(what_is_carried_remembers_the_text),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
