/* The small things under everything: errors, memory, text, shapes. */
#include "making.h"

static void errors_have_sentence_and_place(void **state)
{
    struct error e;
    assert_false(error_set_at(&e, 4, 2, "no %s", "data"));
    assert_string_equal(e.text, "no data");
    assert_int_equal(e.offset, 4);
    error_prefix(&e, "layer %d", 3);
    assert_string_equal(e.text, "layer 3: no data");
    assert_int_equal(e.length, 2);
    assert_false(error_set(&e, "%0700d", 1));
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    assert_int_equal(e.offset, -1);
    assert_false(error_set(NULL, "nobody listens"));
}

static void memory_is_zeroed_and_aligned(void **state)
{
    struct error e;
    for (size_t n = 0; n < 300; n += 37) {
        unsigned char *block = memory_take(n, 1, "a block", &e);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 64, 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(block[i], 0);
        memory_free(block);
    }
}

static void too_much_memory_is_refused_with_its_bytes(void **state)
{
    struct error e;
    assert_null(memory_take(SIZE_MAX / 2, 8, "the moon", &e));
    assert_non_null(strstr(e.text, "the moon would need"));
    assert_null(memory_take((size_t)1 << 46, 1, "64 TiB", &e));
    assert_non_null(strstr(e.text, "70368744177664 bytes"));
}

static void sizes_read_well(void **state)
{
    char out[MEMORY_TEXT];
    assert_string_equal(memory_text(960, out), "960 bytes");
    assert_string_equal(memory_text(1536, out), "1.5 KiB");
    assert_string_equal(memory_text(3.0 * (1 << 30), out), "3.0 GiB");
}

static void text_grows(void **state)
{
    struct text t = {0};
    assert_string_equal(text_get(&t), "");
    for (int i = 0; i < 1000; i++)
        text_addf(&t, "%d,", i % 10);
    assert_int_equal(t.length, 2000);
    text_clear(&t);
    text_add(&t, "x");
    text_add_bytes(&t, "a\0b", 3);
    assert_int_equal(t.length, 4);
    assert_memory_equal(t.data, "xa\0b", 5);
    text_release(&t);
    assert_string_equal(text_get(&t), "");
}

static void shapes_parse_and_print(void **state)
{
    struct shape s = {0};
    char out[SHAPE_TEXT];
    assert_true(shape_parse("28x28x1", &s));
    assert_int_equal(s.rank, 3);
    assert_int_equal(shape_size(&s), 784);
    assert_string_equal(shape_text(&s, out), "28x28x1");
    assert_true(shape_parse("7", &s));
    const char *const bad[] = {
        "", "x", "3x", "x3", "0", "3x0", "-1", "3x-1", "3.5", "99999999999", "1x1x1x1x1x1", "3 x 3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(shape_parse(bad[i], &s));
    assert_int_equal(s.dim[0], 7);
    struct shape unknown = {0}, huge = shape_of(3, 2147483647, 2147483647, 2147483647);
    assert_string_equal(shape_text(&unknown, out), "?");
    assert_int_equal(shape_size(&unknown), 0);
    assert_int_equal(shape_size(&huge), SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_have_sentence_and_place),
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(too_much_memory_is_refused_with_its_bytes),
        cmocka_unit_test(sizes_read_well),
        cmocka_unit_test(text_grows),
        cmocka_unit_test(shapes_parse_and_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
