/* test_csv.c - tables of text: what spreadsheets write is read, and each fault is named with its line. */
#include "../src/data/csv.h"
#include "../src/error.h"
#include "../src/memory.h"
#include "../src/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct error error;

static char *block_of(const char *bytes, size_t length)
{
    char *block = memory_take(length + 1, 1, "a file", &error);
    assert_non_null(block);
    memcpy(block, bytes, length);
    return block;
}

static struct data *import(const char *text, size_t length, struct csv_options options)
{
    error = (struct error){.text = ""};
    return data_from_csv(block_of(text, length), length, "t.csv", &options, 1, NULL, &error);
}

/* IMPORT(bytes, .target = "y"): bytes is a literal, which may hold NUL bytes. */
#define IMPORT(bytes, ...) import(bytes, sizeof(bytes) - 1, (struct csv_options){__VA_ARGS__})

#define REFUSES(sentence, bytes, ...)                        \
    do {                                                     \
        assert_null(IMPORT(bytes, __VA_ARGS__));             \
        assert_string_equal(error.text, "t.csv: " sentence); \
    } while (0)

static struct data *must(struct data *d)
{
    if (!d)
        fail_msg("%s", error.text);
    return d;
}

/* The row of the data whose first raw input is this. */
static size_t row_with(const struct data *d, float first)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->raw_x[i * d->raw] == first)
            return i;
    fail_msg("no row begins with %g", (double)first);
    return 0;
}

static void cells(const char *text, size_t rows, size_t columns, const char *const *expected)
{
    struct csv c;
    if (!csv_parse(block_of(text, strlen(text)), strlen(text), 0, CSV_HEADER_NO, NULL, &c, &error))
        fail_msg("%s", error.text);
    assert_int_equal(c.rows, rows);
    assert_int_equal(c.columns, columns);
    for (size_t r = 0; r < rows; r++) {
        const char *cell = csv_row(&c, r);
        for (size_t i = 0; i < columns; i++, cell = csv_next(cell))
            assert_string_equal(cell, expected[r * columns + i]);
    }
    csv_release(&c);
}

static void cuts_fields(void **state)
{
    cells("a,b\n1,2\n", 2, 2, (const char *const[]){"a", "b", "1", "2"});
    cells("a , b\r\n 1 ,\r\n", 2, 2, (const char *const[]){"a", "b", "1", ""});
    cells("a;\"b;c\"\n\n  \n1;2", 2, 2, (const char *const[]){"a", "b;c", "1", "2"});
    cells("a\tb c\r\"1\n2\"\t\"say \"\"hi\"\"\"", 2, 2,
        (const char *const[]){"a", "b c", "1\n2", "say \"hi\""});
    cells("\xef\xbb\xbfü,\"\"\n,\n", 2, 2, (const char *const[]){"ü", "", "", ""});
    cells("5\"x,6\n", 1, 2, (const char *const[]){"5\"x", "6"});
    cells("a,", 1, 2, (const char *const[]){"a", ""});
}

static void knows_the_lines(void **state)
{
    static const char text[] = "\na,b\n\n\"1\n1\",2\n3,4\n";
    struct csv c;
    assert_true(
        csv_parse(block_of(text, sizeof text - 1), sizeof text - 1, 0, CSV_HEADER_YES, NULL, &c, &error));
    assert_int_equal(c.rows, 2);
    assert_int_equal(c.line[0], 4);
    assert_int_equal(c.line[1], 6);
    csv_release(&c);
}

static void text_targets_are_classes(void **state)
{
    struct data *d = must(IMPORT("a,b,kind\n1,5,pear\n2,6,apple\n3,8,pear\n", .target = "kind"));
    assert_int_equal(d->classes, 2);
    assert_string_equal(d->class_name[0], "apple");
    assert_string_equal(d->class_name[1], "pear");
    assert_string_equal(d->target_name[0], "kind");
    assert_string_equal(d->raw_name[1], "b");
    assert_string_equal(d->input_name[0], "a");
    assert_true(d->plane);
    assert_float_equal(d->t[row_with(d, 1)], 1, 0);
    assert_float_equal(d->t[row_with(d, 2)], 0, 0);
    data_unref(d);
}

static void number_targets_are_numbers(void **state)
{
    struct data *d = must(IMPORT("a,b,y\n1,5,2.5\n2,6,-1e2\n3,8,7\n", .target = "y"));
    assert_int_equal(d->classes, 0);
    assert_float_equal(d->t[row_with(d, 2)], -100, 0);
    data_unref(d);
    d = must(IMPORT("a,y\n1,10\n2,2\n3,1.0\n4,1\n", .target = "y", .task = CSV_TASK_CLASSIFICATION));
    assert_int_equal(d->classes, 3);
    assert_string_equal(d->class_name[1], "2");
    assert_string_equal(d->class_name[2], "10");
    assert_float_equal(d->t[row_with(d, 3)], 0, 0);
    assert_float_equal(d->t[row_with(d, 4)], 0, 0);
    data_unref(d);
}

static void text_inputs_become_one_of_many(void **state)
{
    struct data *d = must(IMPORT("size,colour,y\n1,red,1\n2,blue,2\n3,red,3\n", .target = "y"));
    assert_int_equal(d->raw, 3);
    assert_string_equal(d->raw_name[1], "colour=blue");
    assert_string_equal(d->raw_name[2], "colour=red");
    size_t row = row_with(d, 2);
    assert_float_equal(d->x[3 * row + 1], 1, 0);
    assert_float_equal(d->x[3 * row + 2], 0, 0);
    assert_string_equal(d->note, "colour: text, one input for each of its 2 words");
    data_unref(d);
}

static void missing_values_are_dropped_aloud(void **state)
{
    struct data *d = must(IMPORT("a,b,y\n1,NA,1\n2,6,2\n3,,3\n4,8,4\n5,9,?\n", .target = "y"));
    assert_int_equal(d->n, 2);
    assert_string_equal(d->note, "3 of 5 rows dropped, which miss a value");
    data_unref(d);
}

static void missing_values_are_filled_aloud(void **state)
{
    struct data *d = must(
        IMPORT("a,b,y\n1,NA,1\n2,6,2\n3,,3\n4,8,4\n5,9,?\n", .target = "y", .missing = CSV_MISSING_MEAN));
    assert_int_equal(d->n, 4);
    assert_float_equal(d->raw_x[2 * row_with(d, 1) + 1], 7, 0);
    assert_float_equal(d->x[2 * row_with(d, 1) + 1], 0, 1e-6);
    assert_string_equal(d->note,
        "1 of 5 rows dropped, which miss the target\n"
        "2 missing values filled: numbers with their column's mean, text with no word");
    data_unref(d);
}

static void headers_are_found(void **state)
{
    struct data *d = must(IMPORT("1\t2\t3\n4\t5\t7\n", .target = "2"));
    assert_int_equal(d->n, 2);
    assert_string_equal(d->target_name[0], "column2");
    assert_string_equal(d->note, "no header: the columns are called column0, column1, …");
    data_unref(d);
    d = must(IMPORT("2019,2020\n1,2\n3,5\n", .target = "2020", .header = CSV_HEADER_YES));
    assert_int_equal(d->n, 2);
    assert_string_equal(d->raw_name[0], "2019");
    data_unref(d);
    d = must(IMPORT("a,u\nb,v\na,u\n", .target = "1", .header = CSV_HEADER_NO));
    assert_int_equal(d->n, 3);
    data_unref(d);
}

static void decimal_commas_are_read(void **state)
{
    struct data *d = must(IMPORT("a;b;y\n1,5;2;3,25\n2,5;4;1\n", .target = "y"));
    assert_float_equal(d->t[row_with(d, 1.5f)], 3.25, 0);
    data_unref(d);
}

static void columns_can_be_left_out(void **state)
{
    struct data *d = must(IMPORT("id,name,a,y\n1,ann,5,1\n2,bob,6,2\n", .target = "y", .ignore = "name,0"));
    assert_int_equal(d->raw, 1);
    assert_string_equal(d->raw_name[0], "a");
    data_unref(d);
}

static void constant_columns_stay_finite(void **state)
{
    struct data *d = must(IMPORT("a,b,y\n0.1,1,1\n0.1,2,2\n0.1,3,3\n", .target = "y"));
    for (size_t i = 0; i < d->n; i++)
        assert_float_equal(d->x[2 * i], 0, 1e-6);
    assert_string_equal(d->note, "a: the same in every row");
    data_unref(d);
}

static void largest_floats_stay_finite(void **state)
{
    struct data *d = must(IMPORT("a,y\n3.4e38,1\n-3.4e38,2\n1,3\n", .target = "y"));
    for (size_t i = 0; i < d->n; i++)
        assert_true(isfinite(d->x[i]));
    data_unref(d);
}

static void faults_are_named(void **state)
{
    REFUSES("it is empty", "", .target = "y");
    REFUSES("it is empty", "\n  \n", .target = "y");
    REFUSES("it has a header and no rows", "a,y\n", .target = "y");
    REFUSES("line 3 has 3 fields, but line 1 has 2", "a,y\n1,2\n1,2,3\n", .target = "y");
    REFUSES("line 3 has 1 field, but line 1 has 2", "a,y\n1,2\n1\n", .target = "y");
    REFUSES("line 2 opens a quote that is never closed", "a,y\n\"1,2\n3,4\n", .target = "y");
    REFUSES("line 2 has something behind a closing quote (quotes inside a field are doubled)",
        "a,y\n\"1\"x,2\n", .target = "y");
    REFUSES("line 2 holds a NUL byte: it is binary, not a table of text", "a,y\n1\0,2\n", .target = "y");
    REFUSES("line 1 is not UTF-8 text: byte 0x89", "\x89PNG\r\n", .target = "y");
    REFUSES("line 2 is not UTF-8 text: byte 0xc0", "a,y\n\xc0\xaf,1\n", .target = "y");
    REFUSES("it is UTF-16: save it as UTF-8",
        "\xff\xfe"
        "a\0",
        .target = "y");
    REFUSES(
        "line 3, column 'a': 1e39 is too large (numbers go to 3.4e38)", "a,y\n1,2\n1e39,3\n", .target = "y");
}

static void wrong_columns_are_named(void **state)
{
    REFUSES("target: there is no column 'kinds'; did you mean 'kind'? The columns are: size, kind",
        "size,kind\n1,2\n2,3\n", .target = "kinds");
    REFUSES("target: there is no column 'zebra'; the columns are: size, kind", "size,kind\n1,2\n2,3\n",
        .target = "zebra");
    REFUSES("target: there is no column '2'; the columns are: column0, column1 (the first line holds a "
            "number, so it "
            "was read as data: header=yes says that it holds names)",
        "1,2\n2,3\n", .target = "2");
    REFUSES("target: columns 0 and 1 are both called 'a': give the number", "a,a\n1,2\n", .target = "a");
    REFUSES("every column but the target is ignored: no inputs are left", "a,y\n1,2\n", .target = "y",
        .ignore = "a");
    REFUSES("ignore: 'y' is the target, and cannot be left out", "a,y\n1,2\n", .target = "y", .ignore = "y");
    REFUSES("it has one column only, and needs a target and inputs: do its fields stand apart by something "
            "else than , "
            "; or tab?",
        "y\n1\n", .target = "y");
    REFUSES("task=regression needs numbers, but line 3 of the target 'y' holds 'x'", "a,y\n1,2\n2,x\n",
        .target = "y", .task = CSV_TASK_REGRESSION);
    REFUSES("the target 'y' is 'u' in every row that is left: there is nothing to tell apart",
        "a,y\n1,u\n2,u\n,v\n", .target = "y");
    REFUSES("every row misses a value, column 'b' in 2 of 2: fill them with missing=mean, or leave the "
            "column out with "
            "ignore=b",
        "a,b,y\n1,,2\n2,,3\n", .target = "y");
    REFUSES("column 'b' is empty: leave it out with ignore=b", "a,b,y\n1,,2\n2,,3\n", .target = "y",
        .missing = CSV_MISSING_MEAN);
}

static void limits_are_named(void **state)
{
    enum { ROOM = 400000 };
    char *text = calloc(1, ROOM);
    assert_non_null(text);
    int at = sprintf(text, "name,y\n");
    for (int i = 0; i < 300; i++)
        at += sprintf(text + at, "word%d,%d\n", i, i);
    assert_null(import(text, (size_t)at, (struct csv_options){.target = "y"}));
    assert_string_equal(error.text,
        "t.csv: column 'name' is text (line 2 holds 'word0') with more than 256 different "
        "words, too many for an input each: leave it out with ignore=name");
    at = sprintf(text, "a,y\n\"");
    memset(text + at, 'x', 300000);
    assert_null(import(text, (size_t)at + 300000, (struct csv_options){.target = "y"}));
    assert_string_equal(
        error.text, "t.csv: line 2 holds a field of more than 65536 bytes: is a quote left open?");
    memset(text, ',', 100000);
    assert_null(import(text, 100000, (struct csv_options){.target = "0"}));
    assert_string_equal(error.text, "t.csv: line 1 has more than 65536 fields");
    free(text);
}

static void can_be_cancelled(void **state)
{
    atomic_bool cancel = true;
    static const char text[] = "a,y\n1,2\n";
    struct csv_options options = {.target = "y"};
    assert_null(data_from_csv(
        block_of(text, sizeof text - 1), sizeof text - 1, "t.csv", &options, 1, &cancel, &error));
    assert_string_equal(error.text, "cancelled");
}

static struct data *load(const char *path, const char *target)
{
    const struct data_source *csv = data_source_find("csv");
    const struct word words[] = {
        {.text = path}, {.key = "target", .text = target}, {.key = "split", .text = "0.3"}};
    struct args args;
    if (!args_bind("data csv", csv->args, words, 3, &args, &error))
        fail_msg("%s", error.text);
    return csv->make(&args, 1, NULL, &error);
}

/* All words of the command, from a file, as they reach the reader. */
static void every_word_of_the_command_acts(void **state)
{
    char path[] = "/tmp/gradus-csv-XXXXXX";
    static const char text[] = "1;2;a\n1;3;b\n?;4;a\n2;5;b\n";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, sizeof text - 1), sizeof text - 1);
    close(descriptor);
    const struct data_source *csv = data_source_find("csv");
    const struct word words[] = {{.text = path}, {.key = "target", .text = "0"},
        {.key = "separator", .text = "semicolon"}, {.key = "header", .text = "no"},
        {.key = "task", .text = "classification"}, {.key = "missing", .text = "mean"},
        {.key = "ignore", .text = "2"}, {.key = "split", .text = "0"}};
    struct args args;
    if (!args_bind("data csv", csv->args, words, 8, &args, &error))
        fail_msg("%s", error.text);
    struct data *d = must(csv->make(&args, 1, NULL, &error));
    unlink(path);
    assert_int_equal(d->n, 3);
    assert_int_equal(d->train, 3);
    assert_int_equal(d->raw, 1);
    assert_int_equal(d->classes, 2);
    assert_string_equal(d->class_name[1], "2");
    data_unref(d);
}

static void a_missing_file_is_named(void **state)
{
    assert_null(load("/nowhere/none.csv", "y"));
    assert_string_equal(error.text, "cannot read '/nowhere/none.csv': No such file or directory");
}

static void iris_is_read(void **state)
{
    const char *folder = getenv("GRADUS_TEST_DATA");
    if (!folder) {
        print_message("skipped: GRADUS_TEST_DATA names no folder with real data\n");
        skip();
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/iris.csv", folder);
    struct data *d = must(load(path, "species"));
    assert_int_equal(d->n, 150);
    assert_int_equal(d->train, 105);
    assert_int_equal(d->raw, 4);
    assert_int_equal(d->classes, 3);
    assert_string_equal(d->class_name[2], "virginica");
    assert_string_equal(d->name, "iris.csv");
    assert_string_equal(d->note, "");
    data_unref(d);
}

/* Rows of the held-out part with this class. */
static size_t held_out(const struct data *d, float class)
{
    size_t count = 0;
    for (size_t i = d->train; i < d->n; i++)
        count += d->t[i] == class;
    return count;
}

/* 60, 31 and 9 rows of which a quarter is held out: 15, 7.75 and 2.25. Which ones, the seed decides. */
static void every_class_is_held_out_in_its_share(void **state)
{
    struct text t = {0};
    float first = NAN;
    bool other = false;
    text_add(&t, "x,y\n");
    for (int i = 0; i < 100; i++)
        text_addf(&t, "%d,%s\n", i, i < 60 ? "a" : i < 91 ? "b" : "c");
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct data *d = must(data_from_csv(block_of(t.data, t.length), t.length, "t.csv",
            &(struct csv_options){.target = "y", .split = 0.25}, seed, NULL, &error));
        bool seen[100] = {false};
        assert_int_equal(d->train, 75);
        assert_int_equal(held_out(d, 0), 15);
        assert_int_equal(held_out(d, 1), 8);
        assert_int_equal(held_out(d, 2), 2);
        for (size_t i = 0; i < d->n; i++) {
            int row = (int)d->raw_x[i];
            assert_false(seen[row]);
            seen[row] = true;
            assert_true(d->t[i] == (row < 60 ? 0 : row < 91 ? 1 : 2));
        }
        first = seed == 1 ? d->raw_x[d->train] : first;
        other = other || d->raw_x[d->train] != first;
        data_unref(d);
    }
    assert_true(other);
    text_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_fields),
        cmocka_unit_test(knows_the_lines),
        cmocka_unit_test(text_targets_are_classes),
        cmocka_unit_test(number_targets_are_numbers),
        cmocka_unit_test(text_inputs_become_one_of_many),
        cmocka_unit_test(missing_values_are_dropped_aloud),
        cmocka_unit_test(missing_values_are_filled_aloud),
        cmocka_unit_test(headers_are_found),
        cmocka_unit_test(decimal_commas_are_read),
        cmocka_unit_test(columns_can_be_left_out),
        cmocka_unit_test(constant_columns_stay_finite),
        cmocka_unit_test(largest_floats_stay_finite),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(wrong_columns_are_named),
        cmocka_unit_test(limits_are_named),
        cmocka_unit_test(can_be_cancelled),
        cmocka_unit_test(every_word_of_the_command_acts),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(iris_is_read),
        cmocka_unit_test(every_class_is_held_out_in_its_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
