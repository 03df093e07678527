/* test_safetensors.c - a state saved and loaded is the same to the last bit, its place included; and a
 * damaged file of any kind is refused by one sentence, with the state as it was. */
#include "../src/io/file.h"
#include "../src/io/safetensors.h"
#include "folder.h"
#include "making.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static struct error error;

static struct state *make_state(const char *layers, int moments, uint64_t seed)
{
    const struct model *m = make_model(shape_of(1, 2), layers);
    struct state *s = state_new(m, moments, seed, &error);
    assert_non_null(s);
    model_unref(m);
    state_init(s, NULL, NULL, 0, s->model->layers - 1);
    return s;
}

static void assert_same(const struct state *a, const struct state *b)
{
    assert_int_equal(a->floats, b->floats);
    assert_memory_equal(a->param, b->param, a->floats * sizeof(float));
    assert_memory_equal(&a->place, &b->place, sizeof a->place);
    assert_true(a->seed == b->seed);
}

static struct tensor_file *open_or_fail(const char *path)
{
    struct tensor_file *f = safetensors_open(path, &error);
    if (!f)
        fail_msg("%s", error.text);
    return f;
}

static void a_round_trip_keeps_every_bit(void **state)
{
    static const char commands[] = "seed 1\ninput 2\ndense 3 tanh name=\"h\\1\"\n\tα\x01";
    struct state *s = make_state("dense 3 tanh;dense 1", 2, 1),
                 *other = make_state("dense 3 tanh;dense 1", 2, 2);
    for (size_t i = 0; i < s->model->params; i++) {
        s->moment[0][i] = (float)i / 7;
        s->moment[1][i] = 1e-30f * (float)i;
    }
    s->place = (struct place){.step = UINT64_MAX, .epoch = 12, .batch = UINT32_MAX, .t = 99};
    assert_true(safetensors_save("a.safetensors", s, commands, "", &error));
    struct tensor_file *f = open_or_fail("a.safetensors");
    assert_string_equal(safetensors_metadata(f, "format"), "gradus");
    assert_string_equal(safetensors_metadata(f, "commands"), commands);
    assert_null(safetensors_metadata(f, "none"));
    if (!safetensors_fill(f, other, &error))
        fail_msg("%s", error.text);
    assert_same(s, other);
    safetensors_close(f);
    state_free(s);
    state_free(other);
}

static void moments_go_where_there_is_room(void **state)
{
    struct state *s = make_state("dense 1", 2, 1), *none = make_state("dense 1", 0, 2), *more;
    s->moment[0][1] = 5;
    assert_true(safetensors_save("m.safetensors", s, "", "", &error));
    struct tensor_file *f = open_or_fail("m.safetensors");
    assert_true(safetensors_fill(f, none, &error));
    assert_memory_equal(none->param, s->param, 3 * sizeof(float));
    safetensors_close(f);
    assert_true(safetensors_save("m.safetensors", none, "", "", &error));
    f = open_or_fail("m.safetensors");
    more = make_state("dense 1", 1, 3);
    more->moment[0][1] = 7;
    assert_true(safetensors_fill(f, more, &error));
    assert_float_equal(more->moment[0][1], 7, 0);
    safetensors_close(f);
    state_free(s);
    state_free(none);
    state_free(more);
}

static void misfits_are_all_named(void **state)
{
    struct state *s = make_state("dense 3 name=h;dense 1 name=out", 0, 1);
    struct state *other = make_state("dense 4 name=h;dense 1 name=end", 0, 2),
                 *before = state_copy(other, &error);
    assert_true(safetensors_save("x.safetensors", s, "", "", &error));
    struct tensor_file *f = open_or_fail("x.safetensors");
    assert_false(safetensors_fill(f, other, &error));
    assert_string_equal(error.text, "'x.safetensors' does not fit the model: tensor 'h/kernel' is 2x3 where "
                                    "the model has 2x4; tensor 'h/bias' is 3 "
                                    "where the model has 4; there is no 'end/kernel'; there is no "
                                    "'end/bias'; the model has no 'out/bias'; the model "
                                    "has no 'out/kernel'");
    assert_same(other, before);
    safetensors_close(f);
    state_free(s);
    state_free(other);
    state_free(before);
}

static void what_is_not_built_is_not_saved(void **state)
{
    const struct model *m = make_model((struct shape){0}, "dense 1");
    struct state *s = state_new(m, 0, 1, &error);
    assert_non_null(s);
    assert_false(safetensors_save("n.safetensors", s, "", "", &error));
    assert_string_equal(error.text, "the model's input is not known yet: there is nothing to save");
    assert_int_equal(access("n.safetensors", F_OK), -1);
    state_free(s);
    model_unref(m);
}

/* --- damaged files --- */

/* A file of this header (its length told as it is) and `data` bytes of zeros. */
static struct tensor_file *parse(const char *header, size_t data)
{
    size_t length = strlen(header);
    uint64_t told = length;
    char *bytes = memory_take(8 + length + data, 1, "a file", &error);
    assert_non_null(bytes);
    memcpy(bytes, &told, 8);
    memcpy(bytes + 8, header, length);
    error = (struct error){.text = ""};
    return safetensors_parse(bytes, 8 + length + data, "d", &error);
}

#define KERNEL "\"dense1/kernel\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}"
#define BIAS   "\"dense1/bias\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}"

static void damaged_headers_are_refused(void **state)
{
    static const struct {
        const char *header;
        size_t data;
        const char *sentence;
    } cases[] = {
        {"", 0, "its header is not JSON"},
        {"[]", 0, "its header is not JSON"},
        {"{\"a\":", 0, "its header is not JSON, or nested too deeply"},
        {"{} x", 0, "its header has something behind the closing bracket"},
        {"{\"__metadata__\":[]}", 0, "its __metadata__ is no object"},
        {"{\"__metadata__\":{\"a\":1}}", 0, "its __metadata__ 'a' is no text"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "it has __metadata__ twice"},
        {"{\"a\":1}", 0, "tensor 'a' needs dtype, shape and data_offsets, and nothing else"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"shape\":[1]}}", 4,
            "the offsets of tensor 'a' are damaged"},
        {"{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "tensor 'a' has no dtype"},
        {"{\"a\":{\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
            "tensor 'a' is of an unknown type, F33"},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
            "tensor 'a' has 4 bytes, which does not fit its shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4, "tensor 'a' has no shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4,
            "the shape of tensor 'a' is damaged"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}", 4,
            "the shape of tensor 'a' is damaged"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1e400],\"data_offsets\":[0,4]}}", 4,
            "the shape of tensor 'a' is damaged"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,4]}}", 4,
            "the shape of tensor 'a' is damaged"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647],\"data_offsets\":[0,4]}}", 4,
            "tensor 'a' has 4 bytes, which does not fit its shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
            "tensor 'a' has more than 5 dimensions"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 4,
            "the offsets of tensor 'a' are damaged"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4,
            "the offsets of tensor 'a' are damaged"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", 4,
            "the offsets of tensor 'a' are damaged"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
            "tensor 'a' has 4 bytes, which does not fit its shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4,
            "tensor 'a' ends at byte 8, but only 4 bytes of data are there: the file is cut"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
            4, "tensors 'a' and 'b' overlap"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
         "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
            8, "tensor 'a' is there twice"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8,
            "4 bytes before tensor 'a' belong to none"},
        {"{" KERNEL "}", 12, "4 bytes behind the last tensor belong to none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[300];
        snprintf(expected, sizeof expected, "cannot load 'd': %s", cases[i].sentence);
        struct tensor_file *f = parse(cases[i].header, cases[i].data);
        if (f)
            fail_msg("accepted: %s", cases[i].header);
        if (!strstr(expected, "overlap")) /* which of two equal places comes first is open */
            assert_string_equal(error.text, expected);
        assert_non_null(strstr(error.text, "cannot load 'd': "));
    }
}

static void deep_nesting_is_refused(void **state)
{
    enum { DEPTH = 200000 };
    char *header = calloc(1, DEPTH + 10);
    assert_non_null(header);
    strcpy(header, "{\"a\":");
    memset(header + 5, '[', DEPTH);
    assert_null(parse(header, 0));
    assert_string_equal(error.text, "cannot load 'd': its header is not JSON, or nested too deeply");
    free(header);
}

static void lengths_are_checked_before_memory_is_taken(void **state)
{
    static const struct {
        uint64_t told;
        const char *sentence;
    } cases[] = {
        {UINT64_MAX, "has 18446744073709551615 bytes (at most 100000000 are read)"},
        {100000001, "has 100000001 bytes (at most 100000000 are read)"},
        {9, "has 9 bytes, but only 8 are there: the file is cut"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *bytes = memory_take(16, 1, "a file", &error);
        assert_non_null(bytes);
        memcpy(bytes, &cases[i].told, 8);
        assert_null(safetensors_parse(bytes, 16, "d", &error));
        assert_non_null(strstr(error.text, cases[i].sentence));
    }
    assert_null(safetensors_parse(memory_take(7, 1, "a file", &error), 7, "d", &error));
    assert_string_equal(error.text, "cannot load 'd': it has 7 bytes and is no safetensors file");
    assert_null(safetensors_open("none.safetensors", &error));
    assert_string_equal(error.text, "cannot read 'none.safetensors': No such file or directory");
}

static void fill_from(const char *metadata, bool good, const char *sentence)
{
    char header[600];
    struct state *s = make_state("dense 1", 1, 1), *before = state_copy(s, &error);
    snprintf(header, sizeof header, "{%s" KERNEL "," BIAS "}", metadata);
    struct tensor_file *f = parse(header, 12);
    if (!f)
        fail_msg("%s", error.text);
    assert_int_equal(safetensors_fill(f, s, &error), good);
    if (!good) {
        assert_string_equal(error.text, sentence);
        assert_same(s, before);
    }
    safetensors_close(f);
    state_free(s);
    state_free(before);
}

static void damaged_places_are_refused(void **state)
{
    static const char *const bad[] = {"", "1 2 3", "1 2 3 4 5", "1 2 3 x", "-1 2 3 4", "1 2 4294967296 4",
        "1  2 3 4", " 1 2 3 4", "1 2 3 4 ", "1.5 2 3 4", "99999999999999999999 1 1 1"};
    fill_from("", true, NULL);
    fill_from("\"__metadata__\":{\"place\":\"1 2 3 4\",\"seed\":\"18446744073709551615\"},", true, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char metadata[100];
        snprintf(metadata, sizeof metadata, "\"__metadata__\":{\"place\":\"%s\"},", bad[i]);
        fill_from(metadata, false, "cannot load 'd': its place in training is damaged");
    }
    fill_from("\"__metadata__\":{\"seed\":\"x\"},", false, "cannot load 'd': its seed is damaged");
}

/* Every cut and every flipped byte of a real file: refused, or a file that still keeps all rules. */
static void no_damage_does_harm(void **state)
{
    struct state *s = make_state("dense 2 tanh;dense 1", 1, 1),
                 *into = make_state("dense 2 tanh;dense 1", 1, 2);
    char *bytes;
    size_t length, refused = 0;
    assert_true(safetensors_save("good.safetensors", s, "input 2\n", "", &error));
    assert_true(file_read("good.safetensors", 1 << 20, &bytes, &length, &error));
    for (size_t i = 0; i < 2 * length; i++) {
        size_t keep = i < length ? i : length;
        char *copy = memory_take(keep, 1, "a file", &error);
        assert_non_null(copy);
        memcpy(copy, bytes, keep);
        if (i >= length)
            copy[i - length] ^= (char)(1 << i % 8);
        struct tensor_file *f = safetensors_parse(copy, keep, "d", &error);
        assert_true(f || i >= length || strlen(error.text) > 20);
        assert_false(f && i < length);
        bool filled = f && safetensors_fill(f, into, &error);
        refused += !filled;
        assert_true(state_finite(into));
        safetensors_close(f);
    }
    assert_true(refused > length);
    memory_free(bytes);
    state_free(s);
    state_free(into);
}

static void values_that_are_not_finite_are_refused(void **state)
{
    struct state *s = make_state("dense 1", 0, 1), *into = make_state("dense 1", 0, 2);
    s->param[0] = NAN;
    assert_true(safetensors_save("nan.safetensors", s, "", "", &error));
    struct tensor_file *f = open_or_fail("nan.safetensors");
    assert_false(safetensors_fill(f, into, &error));
    assert_string_equal(error.text,
        "'nan.safetensors' does not fit the model: tensor 'dense1/kernel' holds values that "
        "are not finite");
    assert_true(state_finite(into));
    safetensors_close(f);
    state_free(s);
    state_free(into);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    struct rlimit before, small;
    struct state *s = make_state("dense 100", 2, 1), *large = make_state("dense 5000", 2, 1);
    assert_true(safetensors_save("full.safetensors", s, "first", "", &error));
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 16384;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool saved = safetensors_save("full.safetensors", large, "second", "", &error);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(saved);
    assert_non_null(strstr(error.text, "File too large"));
    struct tensor_file *f = open_or_fail("full.safetensors");
    assert_string_equal(safetensors_metadata(f, "commands"), "first");
    safetensors_close(f);
    char left[100];
    snprintf(left, sizeof left, "full.safetensors.tmp-%ld", (long)getpid());
    assert_int_equal(access(left, F_OK), -1);
    state_free(s);
    state_free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_trip_keeps_every_bit),
        cmocka_unit_test(moments_go_where_there_is_room),
        cmocka_unit_test(misfits_are_all_named),
        cmocka_unit_test(what_is_not_built_is_not_saved),
        cmocka_unit_test(damaged_headers_are_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(lengths_are_checked_before_memory_is_taken),
        cmocka_unit_test(damaged_places_are_refused),
        cmocka_unit_test(no_damage_does_harm),
        cmocka_unit_test(values_that_are_not_finite_are_refused),
        cmocka_unit_test(a_full_disk_leaves_the_old_file),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
