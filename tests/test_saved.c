/* test_saved.c - a saved network still knows its inputs where its data are not: names, words and scales come
 * back bit for bit, and a description that somebody damaged is refused. */
#include "typing.h"

#include "../src/data.h"
#include "../src/io/file.h"
#include "../src/memory.h"

#include <math.h>
#include <stdlib.h>

static const char table[] = "year,month,crew,fare\n1950,March,9,12\n1952,\"New Year\",8,15\n1953,March,7,14\n"
                            "1954,May,7,19\n1957,May,6,22\n1960,New Year,5,25\n1961,March,4,27\n";

static void write_table(void)
{
    struct error e;
    assert_true(file_write("fares.csv", table, sizeof table - 1, &e));
}

/* The prediction is the same to the last digit without the data, and after saving it a second time. */
static void test_predict(void **state)
{
    char first[64];
    prompt_open();
    write_table();
    type_well("data csv fares.csv target=fare split=0.2; dense 4 tanh; dense 1; fit 20; save a");
    type_well("predict 1956 \"New Year\" 6");
    snprintf(first, sizeof first, "%s", text_get(&printed));
    prompt_close();
    for (int i = 0; i < 2; i++) {
        prompt_open();
        type_well(i ? "load b" : "load a; save b");
        type_well("predict 1956 \"New Year\" 6");
        assert_string_equal(text_get(&printed), first);
        prompt_close();
    }
}

/* Classes keep their words; `undo` and new data take the file's reading away with the network. */
static void test_words(void **state)
{
    prompt_open();
    write_table();
    type_well("data csv fares.csv target=month split=0; dense 4 tanh; dense 3 softmax; fit 20; save c; new");
    type_well("load c");
    assert_non_null(strstr(text_get(&printed), "data csv fares.csv target=month"));
    type_well("predict 1956 6 20");
    assert_non_null(strstr(text_get(&printed), "New Year"));
    assert_false(type("predict 1956 6"));
    assert_non_null(strstr(text_get(&printed), "3 values make a sample (year, crew, fare), not 2"));
    assert_false(type("predict 1956 6 x"));
    assert_non_null(strstr(text_get(&printed), "fare must be a number, not 'x'"));
    assert_false(type("evaluate"));
    assert_non_null(
        strstr(text_get(&printed), "without its data, 'fares.csv': read them with `data csv FILE"));
    type_well("data gate op=and; undo");
    type_well("predict 1956 6 20");
    assert_non_null(strstr(text_get(&printed), "New Year"));
    prompt_close();
}

static void test_columns(void **state)
{
    prompt_open();
    write_table();
    type_well("data csv fares.csv target=fare split=0; dense 1");
    assert_false(type("predict 1956 June 6"));
    assert_non_null(strstr(text_get(&printed), "month: 'June' is none of its words: March, May, New Year"));
    assert_false(type("predict 1956"));
    assert_non_null(
        strstr(text_get(&printed), "3 values make a sample (year, month, crew), not 1: `predict "));
    prompt_close();
}

#define GOOD                                                                                                 \
    "{\"name\":\"t\",\"columns\":[{\"name\":\"a\",\"mean\":1.5,\"deviation\":2},{\"name\":\"b\",\"words\":[" \
    "\"u\",\"v\"]}],\"features\":[],\"targets\":[\"y\"],\"classes\":[\"no\",\"yes\"]}"

static void test_good(void **state)
{
    struct error e;
    struct text again = {0};
    const char *const sample[] = {"4.5", "v"};
    float x[3];
    struct data *d = data_schema_read(GOOD, &e);
    assert_non_null(d);
    assert_int_equal(d->n, 0);
    assert_true(data_read_sample(d, sample, 2, x, &e));
    assert_true(x[0] == 1.5f && x[1] == 0 && x[2] == 1);
    data_schema_write(d, &again);
    assert_string_equal(text_get(&again), GOOD);
    text_release(&again);
    data_unref(d);
}

/* Each row: a piece of the good text, and what somebody wrote there. */
static void test_damaged(void **state)
{
    static const char *const damage[][2] = {
        {"{\"name\":\"t\"", "{\"name\":1"},
        {"\"mean\":1.5", "\"mean\":1e99"},
        {"\"mean\":1.5", "\"mean\":\"1\""},
        {"\"deviation\":2", "\"deviation\":0"},
        {"\"deviation\":2", "\"deviation\":-1"},
        {"\"deviation\":2", "\"other\":2"},
        {"[\"u\",\"v\"]", "[]"},
        {"[\"u\",\"v\"]", "[1,\"v\"]"},
        {"[\"u\",\"v\"]", "{\"u\":1}"},
        {"{\"name\":\"b\"", "{\"none\":\"b\""},
        {"\"features\":[]", "\"features\":[\"x1\"]"},
        {"\"targets\":[\"y\"]", "\"targets\":[]"},
        {"\"targets\":[\"y\"]", "\"targets\":[\"y\",\"z\"]"},
        {"[\"no\",\"yes\"]", "[\"no\"]"},
        {"[\"no\",\"yes\"]", "7"},
        {"}]", "}"},
    };
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        struct error e = {.offset = -1};
        char text[1024];
        const char *at = strstr(GOOD, damage[i][0]);
        assert_non_null(at);
        snprintf(
            text, sizeof text, "%.*s%s%s", (int)(at - GOOD), GOOD, damage[i][1], at + strlen(damage[i][0]));
        struct data *d = data_schema_read(text, &e);
        if (d)
            fail_msg("accepted: %s", text);
        assert_true(*e.text);
    }
}

/* A file whose description fits another model changes nothing. */
static void test_other_model(void **state)
{
    struct error e;
    char *bytes;
    size_t length;
    prompt_open();
    write_table();
    type_well("data csv fares.csv target=fare split=0; dense 1; save d; new");
    assert_true(file_read("d.safetensors", 1 << 20, &bytes, &length, &e));
    char *name = memmem(bytes, length, "\\\"May\\\",", 8);
    assert_non_null(name);
    memcpy(name, "        ", 8);
    assert_true(file_write("d.safetensors", bytes, length, &e));
    memory_free(bytes);
    assert_false(type("load d"));
    assert_non_null(strstr(text_get(&printed), "its model does not fit its description of the inputs"));
    type_well("print layers");
    assert_string_equal(text_get(&printed), "0\n");
    prompt_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predict),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_other_model),
    };
    assert_int_equal(folder_enter(NULL), 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    assert_int_equal(folder_leave(NULL), 0);
    return failed;
}
