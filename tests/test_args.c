/* test_args.c - binding words to rows: what fits where, and that each refusal names the word, its place and
 * the way out. Lines are cut by a small splitter: blanks, KEY=, and quotes round a whole value. */
#include "../src/args.h"
#include "../src/error.h"
#include "../src/text.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const char *activation(size_t i)
{
    static const char *const name[] = {"linear", "relu", "sigmoid", "tanh", "softmax", "elu", "gelu"};
    return i < sizeof name / sizeof *name ? name[i] : NULL;
}

static const char *gate(size_t i)
{
    static const char *const name[] = {"and", "or", "xor"};
    return i < 3 ? name[i] : NULL;
}

static const struct arg_row dense[] = {
    {"units", ARG_INT, "how many units", .min = 1, .max = 65536, .flags = ARG_REQUIRED},
    {"activation", ARG_CHOICE, "what the sums go through", .choice = activation, .initial = "linear"},
    {"use_bias", ARG_FLAG, "add a bias", .fallback = 1},
    {"init", ARG_CHOICE, "initialiser", .choice = gate, .flags = ARG_KEY_ONLY},
    {0},
};

static const struct arg_row fit[] = {
    {"epochs", ARG_INT, "passes over the data", .min = 1, .max = 1e9, .fallback = 10},
    {"batch_size", ARG_INT, "samples a step", .min = 1, .max = 65536, .fallback = 32, .flags = ARG_KEY_ONLY},
    {"lr", ARG_REAL, "learning rate", .min = 0, .max = INFINITY, .fallback = 0.5, .flags = ARG_KEY_ONLY},
    {"shuffle", ARG_FLAG, "new order each epoch", .fallback = 1},
    {"quiet", ARG_FLAG, "no bar"},
    {0},
};

static const struct arg_row csv[] = {
    {"file", ARG_FILE, "the file", .flags = ARG_REQUIRED},
    {"target", ARG_TEXT, "the column", .flags = ARG_REQUIRED | ARG_KEY_ONLY},
    {0},
};

static const struct arg_row insert[] = {
    {"at", ARG_INT, "before which layer", .min = 1, .max = 1000, .flags = ARG_REQUIRED},
    {"command", ARG_COMMAND, "a layer", .flags = ARG_REQUIRED},
    {0},
};

static const struct arg_row renames[] = {
    {"layer", ARG_LAYER, "which", .flags = ARG_REQUIRED},
    {"name", ARG_NAME, "its new name", .flags = ARG_REQUIRED},
    {0},
};

static const struct arg_row source[] = {
    {"op", ARG_CHOICE, "which", .choice = gate},
    {"arguments", ARG_REST, "those of the gate"},
    {0},
};

static const struct arg_row kinds[] = {
    {"shape", ARG_SHAPE, "a shape"},
    {"range", ARG_RANGE, "a range", .min = 0, .max = 10},
    {"layer", ARG_LAYER, "a layer", .flags = ARG_KEY_ONLY},
    {"name", ARG_NAME, "a name", .flags = ARG_KEY_ONLY},
    {0},
};

static const struct arg_row many[] = {
    {"activations", ARG_CHOICE, "some", .choice = activation, .flags = ARG_MANY | ARG_REQUIRED},
    {"quiet", ARG_FLAG, "no bar"},
    {0},
};

static const struct arg_row only_gate[] = {{"op", ARG_CHOICE, "which", .choice = gate, .initial = "or"}, {0}};

static char storage[4096];
static struct word word[32];
static struct args args;
static struct error error;

static int split(const char *line)
{
    char *out = storage;
    int count = 0;
    for (const char *s = line; *s;) {
        if (*s == ' ') {
            s++;
            continue;
        }
        struct word w = {.offset = (int)(s - line)};
        size_t length = strcspn(s, " =\"");
        if (s[length] == '=' && length) {
            w.key = strncpy(out, s, length);
            out[length] = '\0';
            out += length + 1;
            s += length + 1;
        }
        w.quoted = *s == '"';
        s += w.quoted;
        length = strcspn(s, w.quoted ? "\"" : " ");
        w.text = strncpy(out, s, length);
        out[length] = '\0';
        out += length + 1;
        s += length + w.quoted;
        w.length = (int)(s - line) - w.offset;
        word[count++] = w;
    }
    return count;
}

static bool bind(const char *what, const struct arg_row *rows, const char *line)
{
    memset(&args, 0, sizeof args);
    error = (struct error){.offset = -2};
    return args_bind(what, rows, word, split(line), &args, &error);
}

#define BINDS(what, rows, line)                            \
    do {                                                   \
        if (!bind(what, rows, line))                       \
            fail_msg("%s %s: %s", what, line, error.text); \
    } while (0)

/* The line fails, with this sentence and the caret under these bytes. */
static void refuses(const char *what, const struct arg_row *rows, const char *line, const char *sentence,
    int offset, int length)
{
    const struct args before = args;
    memset(&args, 0x5a, sizeof args);
    struct args untouched = args;
    error = (struct error){.offset = -2};
    assert_false(args_bind(what, rows, word, split(line), &args, &error));
    assert_string_equal(error.text, sentence);
    assert_int_equal(error.offset, offset);
    assert_int_equal(error.length, length);
    assert_memory_equal(&args, &untouched, sizeof args);
    args = before;
}

static void places_and_keys(void **state)
{
    BINDS("dense", dense, "16 relu use_bias=no init=xor");
    assert_float_equal(args.value[0].number, 16, 0);
    assert_string_equal(args.value[1].text, "relu");
    assert_ptr_equal(args.value[1].text, activation(1));
    assert_float_equal(args.value[1].number, 1, 0);
    assert_float_equal(args.value[2].number, 0, 0);
    assert_string_equal(args.value[3].text, "xor");
    BINDS("dense", dense, "tanh 8");
    assert_float_equal(args.value[0].number, 8, 0);
    assert_string_equal(args.value[1].text, "tanh");
    BINDS("dense", dense, "activation=gelu units=3 use_bias");
    assert_float_equal(args.value[0].number, 3, 0);
    assert_float_equal(args.value[2].number, 1, 0);
}

static void fallbacks(void **state)
{
    BINDS("fit", fit, "quiet");
    assert_false(args.value[0].given);
    assert_float_equal(args.value[0].number, 10, 0);
    assert_float_equal(args.value[2].number, 0.5, 0);
    assert_float_equal(args.value[3].number, 1, 0);
    assert_true(args.value[4].given);
    BINDS("gate", only_gate, "");
    assert_string_equal(args.value[0].text, "or");
    assert_float_equal(args.value[0].number, 1, 0);
    BINDS("dense", dense, "1");
    assert_null(args.value[3].text);
    assert_float_equal(args.value[3].number, -1, 0);
    BINDS("undo", NULL, "");
}

static void whole_numbers(void **state)
{
    BINDS("fit", fit, "1e3");
    assert_float_equal(args.value[0].number, 1000, 0);
    refuses("fit", fit, "2.5", "fit: epochs must be a whole number, not 2.5", 0, 3);
    refuses("fit", fit, "0x10", "fit: epochs must be a whole number, not '0x10'", 0, 4);
    refuses("fit", fit, "lr=nan", "fit: lr must be a number, not 'nan'", 0, 6);
    refuses("fit", fit, "lr=1e999", "fit: lr must be a number, not '1e999'", 0, 8);
    refuses("fit", fit, "lr=-1", "fit: lr must be at least 0, not -1", 0, 5);
    refuses("dense", dense, "999999999", "dense: units must be between 1 and 65536, not 999999999", 0, 9);
    refuses("dense", dense, "\"16\"",
        "dense: units must be a whole number, and quotes make a text: write 16 without them", 0, 4);
}

static void misspelt_words(void **state)
{
    refuses("dense", dense, "8 tahn", "unknown activation 'tahn'; did you mean 'tanh'?", 2, 4);
    refuses("dense", dense, "tahn 8", "unknown activation 'tahn'; did you mean 'tanh'?", 0, 4);
    refuses("dense", dense, "8 sig", "unknown activation 'sig'; did you mean 'sigmoid'?", 2, 3);
    refuses("dense", dense, "8 RELU", "unknown activation 'RELU'; did you mean 'relu'?", 2, 4);
    refuses("dense", dense, "8 foo",
        "unknown activation 'foo'; it is one of: linear, relu, sigmoid, tanh, softmax, elu, gelu", 2, 3);
    refuses("fit", fit, "3 quite", "fit: unknown word 'quite'; did you mean 'quiet'?", 2, 5);
    refuses("fit", fit, "shuffle=maybe", "fit: shuffle must be yes or no, not 'maybe'", 0, 13);
    refuses("dense", dense, "foo", "dense: units must be a whole number, not 'foo'", 0, 3);
}

static void unknown_keys(void **state)
{
    refuses(
        "fit", fit, "3 batchsize=8", "fit has no argument 'batchsize='; did you mean 'batch_size='?", 2, 11);
    refuses("data csv", csv, "a=b.csv",
        "data csv has no argument 'a='; it takes file=, target= (a text or file name that holds = goes in "
        "quotes: "
        "\"a=b.csv\")",
        0, 7);
    BINDS("data csv", csv, "\"a=b.csv\" target=y");
    assert_string_equal(args.value[0].text, "a=b.csv");
    refuses("fit", fit, "lr=", "fit: lr= needs a value right behind the =", 0, 3);
}

static void missing_and_left_over(void **state)
{
    refuses("dense", dense, "relu",
        "dense needs units: how many units; usage: dense UNITS [ACTIVATION] [use_bias=no] [init=and|or|xor]",
        -1, 0);
    refuses("data csv", csv, "a.csv", "data csv needs target: the column; usage: data csv FILE target=TEXT",
        -1, 0);
    refuses("dense", dense, "8 relu 9",
        "too many words: '9' is left over; usage: dense UNITS [ACTIVATION] [use_bias=no] [init=and|or|xor]",
        7, 1);
    refuses("undo", NULL, "7", "undo takes no arguments: '7' is left over", 0, 1);
    refuses("dense", dense, "8 units=9", "dense: units is given twice", 2, 7);
    refuses("fit", fit, "quiet quiet", "fit: quiet is given twice", 6, 5);
    refuses("fit", fit, "3 batch_size 32", "fit: write batch_size=32, in one word", 2, 10);
}

static void rest_of_the_line(void **state)
{
    BINDS("insert", insert, "2 dense 8 init=xor");
    assert_float_equal(args.value[0].number, 2, 0);
    assert_int_equal(args.rest_offset, 2);
    assert_int_equal(args.many_count, 3);
    assert_string_equal(args.many[0].text, "dense");
    refuses("insert", insert, "dense 8", "insert: at must be a whole number, not 'dense'", 0, 5);
    refuses("insert", insert, "2", "insert needs command: a layer; usage: insert AT COMMAND", -1, 0);
    BINDS("data", source, "xor n=3 file");
    assert_int_equal(args.rest_offset, 4);
    assert_int_equal(args.many_count, 2);
    BINDS("data", source, "");
    refuses("data", source, "xro n=3", "unknown op 'xro'; did you mean 'xor'?", 0, 3);
    refuses("data", source, "spiral", "unknown op 'spiral'; it is one of: and, or, xor", 0, 6);
    BINDS("dense", dense, "1");
    assert_int_equal(args.rest_offset, -1);
    assert_string_equal(args.rest, "");
}

static void many_words(void **state)
{
    BINDS("race", many, "relu tanh gelu quiet");
    assert_int_equal(args.many_count, 3);
    assert_ptr_equal(args.many, word);
    assert_true(args.value[1].given);
    refuses("race", many, "relu tnah", "unknown activations 'tnah'; did you mean 'tanh'?", 5, 4);
    refuses("race", many, "",
        "race needs activations: some (linear, relu, sigmoid, tanh, softmax, elu, gelu); usage: race "
        "ACTIVATIONS… [quiet]",
        -1, 0);
}

static void other_kinds(void **state)
{
    BINDS("x", kinds, "28x28x1 1e-4..3 layer=h1 name=my-net");
    assert_int_equal(args.value[0].shape.rank, 3);
    assert_float_equal(args.value[1].number, 1e-4, 0);
    assert_float_equal(args.value[1].high, 3, 0);
    refuses("x", kinds, "range=3..1", "x: the range 3..1 of range must begin with its smaller end", 0, 10);
    refuses("x", kinds, "range=3..11", "x: range must be between 0 and 10, not 3..11", 0, 11);
    refuses("x", kinds, "layer=h!", "x: layer must be the name or the number of a layer, not 'h!'", 0, 8);
    refuses("x", kinds, "name=1a",
        "x: name must be a name (letters, digits, _ and -, a letter first), not '1a'", 0, 7);
    refuses("rename", renames, "1 2x",
        "rename: name must be a name (letters, digits, _ and -, a letter first), not '2x'", 2, 2);
    refuses("x", kinds, "shape=0x3", "x: shape must be a shape such as 2 or 28x28x1, not '0x3'", 0, 9);
}

static void written_words_bind_again(void **state)
{
    struct {
        const char *what;
        const struct arg_row *rows;
        const char *line;
    } cases[] = {
        {"dense", dense, "16 relu use_bias=no"},
        {"dense", dense, "16 use_bias"},
        {"fit", fit, "lr=0.1 quiet"},
        {"fit", fit, "lr=0.30000000000000004"},
        {"fit", fit, "batch_size=7"},
        {"data csv", csv, "\"a b=c\\x.csv\" target=\"\""},
        {"x", kinds, "28x28x1 0.0001..3 layer=2"},
        {"x", kinds, "range=1..2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BINDS(cases[i].what, cases[i].rows, cases[i].line);
        struct text out = {0};
        args_write(cases[i].rows, args.value, &out);
        if (!strchr(cases[i].line, '\\')) { /* the splitter of this test knows no escapes */
            assert_string_equal(text_get(&out) + 1, cases[i].line);
        } else {
            assert_string_equal(text_get(&out), " \"a b=c\\\\x.csv\" target=\"\"");
        }
        text_release(&out);
    }
}

static void numbers_are_strict(void **state)
{
    static const char *const good[] = {"0", "-3", "+4", ".5", "5.", "1e3", "1E-3", "-2.5e+2", "00012"};
    static const char *const bad[] = {"", "-", ".", "e3", "1e", "1e+", "0x10", "inf", "nan", "1e999",
        "-1e999", " 1", "1 ", "1,5", "1_000", "1.2.3", "١"};
    double number = 7;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(number_parse(good[i], &number));
    number = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(number_parse(bad[i], &number));
    assert_float_equal(number, 7, 0);
    assert_true(number_parse("-2.5e+2", &number));
    assert_float_equal(number, -250, 0);
}

static void numbers_ignore_the_locale(void **state)
{
    static const char *const comma[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "pt_BR.UTF-8"};
    const char *set = NULL;
    for (size_t i = 0; i < sizeof comma / sizeof *comma && !set; i++)
        set = setlocale(LC_ALL, comma[i]);
    if (!set)
        print_message("no locale with a decimal comma is installed: this test runs in \"C\" alone\n");
    double number;
    assert_true(number_parse("0.5", &number));
    assert_float_equal(number, 0.5, 0);
    struct text out = {0};
    number_write(0.1, &out);
    number_write(-1e300, &out);
    number_write(-0.0, &out);
    assert_string_equal(text_get(&out), "0.1-1e+3000");
    text_release(&out);
    setlocale(LC_ALL, "C");
}

static void distances(void **state)
{
    assert_int_equal(args_distance("", "abc"), 3);
    assert_int_equal(args_distance("tahn", "tanh"), 1);
    assert_int_equal(args_distance("relu", "gelu"), 1);
    assert_int_equal(args_distance("kitten", "sitting"), 3);
    assert_int_equal(args_distance("RELU", "relu"), 0);
    assert_null(args_closest("x", activation));
    assert_null(args_closest("", activation));
    assert_null(args_closest("s", activation));
    assert_string_equal(args_closest("so", activation), "softmax");
}

static void messages_stay_readable(void **state)
{
    char brief[WORD_BRIEF];
    assert_string_equal(word_brief("a\nb\x7f", brief), "a?b?");
    /* 39 letters and an a-umlaut of two bytes: the cut must not fall into it. */
    assert_string_equal(word_brief("abcdefghijklmnopqrstuvwxyzabcdefghijklmä and more", brief),
        "abcdefghijklmnopqrstuvwxyzabcdefghijklm…");
    static char huge[100000];
    memset(huge, 'z', sizeof huge - 1);
    const struct word w = {.text = huge, .length = (int)sizeof huge - 1};
    assert_false(args_bind("dense", dense, &w, 1, &args, &error));
    assert_non_null(strstr(error.text, "zzz…"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_and_keys),
        cmocka_unit_test(fallbacks),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(misspelt_words),
        cmocka_unit_test(unknown_keys),
        cmocka_unit_test(missing_and_left_over),
        cmocka_unit_test(rest_of_the_line),
        cmocka_unit_test(many_words),
        cmocka_unit_test(other_kinds),
        cmocka_unit_test(written_words_bind_again),
        cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(numbers_ignore_the_locale),
        cmocka_unit_test(distances),
        cmocka_unit_test(messages_stay_readable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
