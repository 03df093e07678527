/* test_idx.c - arrays of bytes are read as they are, a wrong header or end is named, and images are parted.
 */
#include "idx_files.h"

#include "../src/data/idx.h"
#include "../src/error.h"
#include "../src/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error error;

static bool parse(const char *bytes, size_t length, int rank, const atomic_bool *cancel, struct idx *out)
{
    char *block = memory_take(length + 1, 1, "a file", &error);
    assert_non_null(block);
    memcpy(block, bytes, length);
    error = (struct error){.text = ""};
    return idx_parse(block, length, "f", rank, cancel, out, &error);
}

static struct idx must_parse(struct text bytes, int rank, const char *name)
{
    struct idx f;
    if (!parse(bytes.data, bytes.length, rank, NULL, &f))
        fail_msg("%s", error.text);
    text_release(&bytes);
    f.name = name;
    return f;
}

static void refuses(const char *bytes, size_t length, int rank, const char *sentence)
{
    struct idx f = {.rank = 77};
    assert_false(parse(bytes, length, rank, NULL, &f));
    assert_string_equal(error.text, sentence);
    assert_int_equal(f.rank, 77);
}

/* REFUSES(rank, bytes, sentence): bytes is a literal, which may hold NUL bytes. */
#define REFUSES(rank, bytes, sentence) refuses(bytes, sizeof(bytes) - 1, rank, "f: " sentence)

static void check_images(struct text bytes, uint32_t count)
{
    struct idx f = must_parse(bytes, 3, "f");
    assert_int_equal(f.rank, 3);
    assert_int_equal(f.dim[0], count);
    assert_int_equal(f.dim[1], ROWS);
    assert_int_equal(f.dim[2], COLUMNS);
    assert_int_equal(f.size, count * PIXELS);
    for (uint32_t i = 0; i < count; i++)
        for (size_t k = 0; k < PIXELS; k++)
            assert_int_equal(f.value[i * PIXELS + k], k == 0 ? i : k % 2 ? 255 : 0);
    idx_release(&f);
}

static void reads_plain_and_packed(void **state)
{
    struct text plain = image_file(0, 200);
    check_images(packed(plain.data, plain.length), 200);
    check_images(plain, 200);
    struct idx f = must_parse(label_file(0, 7, 5), 1, "f");
    assert_int_equal(f.rank, 1);
    assert_int_equal(f.size, 7);
    assert_int_equal(f.value[6], 1);
    idx_release(&f);
}

/* More than is unpacked at a time. */
static void reads_long_packed_files(void **state)
{
    enum { COUNT = 5000000 };
    struct text plain = label_file(0, COUNT, 251);
    struct idx f = must_parse(packed(plain.data, plain.length), 1, "f");
    assert_int_equal(f.size, COUNT);
    assert_memory_equal(f.value, plain.data + 8, COUNT);
    idx_release(&f);
    text_release(&plain);
}

static void wrong_headers_are_named(void **state)
{
    REFUSES(3, "", "it ends within its header, after 0 bytes: was it cut off?");
    REFUSES(1, "\0\0\x08\1\0\0\0", "it ends within its header, after 7 bytes: was it cut off?");
    REFUSES(1, "<html>\n</html>", "it is no IDX file, which begins with two zero bytes");
    REFUSES(1, "\0\1\x08\1\0\0\0\1x", "it is no IDX file, which begins with two zero bytes");
    REFUSES(1, "\0\0\x0d\1\0\0\0\1x", "its values are of type 0x0d, and only unsigned bytes (0x08) are read");
    REFUSES(3, "\0\0\x08\1\0\0\0\x09xxxxxxxxx",
        "it has 1 dimension, but images have 3: do the names of the files fit?");
    REFUSES(1, "\0\0\x08\3\0\0\0\1\0\0\0\1\0\0\0\1x",
        "it has 3 dimensions, but labels have 1: do the names of the files fit?");
    REFUSES(3, "\0\0\x08\3\0\0\0\1\0\0\0\0\0\0\0\1", "its header says 1x0x1: it is empty");
    REFUSES(1, "\0\0\x08\1\0\0\0\0", "its header says 0: it is empty");
}

/* Sizes that do not fit any memory, 32 bits, or 64. */
static void claims_of_too_much_are_refused(void **state)
{
    REFUSES(
        1, "\0\0\x08\1\x40\0\0\1x", "its header claims 1073741825 values, and at most 1073741824 are read");
    REFUSES(3, "\0\0\x08\3\0\x01\0\0\0\0\x80\0\0\0\x80\0x",
        "its header claims 65536x32768x32768 values, and at most 1073741824 are read");
    REFUSES(3, "\0\0\x08\3\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xffx",
        "its header claims 4294967295x4294967295x4294967295 values, and at most 1073741824 are read");
    REFUSES(3, "\0\0\x08\3\x80\0\0\0\x80\0\0\0\0\0\0\4x",
        "its header claims 2147483648x2147483648x4 values, and at most 1073741824 are read");
}

static void a_wrong_length_is_named(void **state)
{
    REFUSES(
        1, "\0\0\x08\1\0\0\0\3ab", "its header claims 3 values, but only 2 bytes follow: was it cut off?");
    REFUSES(1, "\0\0\x08\1\x40\0\0\0ab",
        "its header claims 1073741824 values, but only 2 bytes follow: was it cut off?");
    REFUSES(
        1, "\0\0\x08\1\0\0\0\1ab", "behind its 1 values stand 1 bytes more: its header or its end is wrong");
}

/* The packed form of these bytes, with the last `cut` left out and `tail` behind. */
static void refuses_packed(
    const char *bytes, size_t length, size_t cut, const char *tail, int rank, const char *sentence)
{
    struct text t = packed(bytes, length);
    t.length -= cut;
    text_add(&t, tail);
    refuses(t.data, t.length, rank, sentence);
    text_release(&t);
}

#define REFUSES_PACKED(bytes, cut, tail, sentence) \
    refuses_packed(bytes, sizeof(bytes) - 1, cut, tail, 1, "f: " sentence)

static void faults_of_packed_files_are_named(void **state)
{
    REFUSES_PACKED("\0\0\x08\1\0\0\0\3abc", 1, "", "its gzip data end too early: was the file cut off?");
    REFUSES_PACKED("\0\0\x08\1\0\0\0\3abc", 12, "", "its gzip data end too early: was the file cut off?");
    REFUSES_PACKED(
        "\0\0\x08\1\0\0\0\3abc", 8, "12345678", "its gzip data are damaged (incorrect data check)");
    REFUSES_PACKED("\0\0\x08\1\0\0\0\3abc", 0, "xy", "2 bytes stand behind the end of its gzip data");
    REFUSES_PACKED("\0\0\x08\1\0\0\0\3ab", 0, "",
        "its header claims 3 values, but only 2 bytes follow: was it cut off?");
    REFUSES_PACKED("\0\0\x08\1\0\0\0\3abcd", 0, "",
        "it goes on behind the values that its header claims: its header is wrong");
    REFUSES_PACKED("\0\0\x08", 0, "", "it ends within its header, after 3 bytes: was it cut off?");
    REFUSES(1, "\x1f\x8b", "its gzip data end too early: was the file cut off?");
    REFUSES(
        1, "\x1f\x8b\x07garbage that is no gzip", "its gzip data are damaged (unknown compression method)");
}

/* A gibibyte out of 31 bytes is refused before memory is taken; and what a bomb unpacks to behind the size
 * that it claims is never unpacked. */
static void bombs_do_not_go_off(void **state)
{
    static const char claim[] = "\0\0\x08\1\x40\0\0\0abc";
    struct text t = packed(claim, sizeof claim - 1), bomb = {0};
    char sentence[200];
    snprintf(sentence, sizeof sentence,
        "f: its header claims 1073741824 values, more than %zu bytes of gzip can hold", t.length);
    refuses(t.data, t.length, 1, sentence);
    text_release(&t);
    text_add_bytes(&t, "\0\0\x08\1\0\0\0\1", 8);
    for (int i = 0; i < 1 << 16; i++)
        text_add_bytes(&t, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32);
    bomb = packed(t.data, t.length);
    refuses(bomb.data, bomb.length, 1,
        "f: it goes on behind the values that its header claims: its header is wrong");
    text_release(&bomb);
    text_release(&t);
}

static void can_be_cancelled(void **state)
{
    atomic_bool cancel = true;
    struct text plain = label_file(0, 5, 5), t = packed(plain.data, plain.length);
    struct idx f;
    assert_false(parse(t.data, t.length, 1, &cancel, &f));
    assert_string_equal(error.text, "cancelled");
    text_release(&plain);
    text_release(&t);
}

/* --- data --- */

static struct idx_pair pair_of(uint32_t first, uint32_t count, uint32_t classes, bool test)
{
    return (struct idx_pair){
        must_parse(image_file(first, count), 3, test ? "test-images" : "images"),
        must_parse(label_file(first, count, classes), 1, test ? "test-labels" : "labels"),
    };
}

static void release(struct idx_pair *p)
{
    idx_release(&p->image);
    idx_release(&p->label);
}

static struct data *must(struct data *d)
{
    if (!d)
        fail_msg("%s", error.text);
    return d;
}

/* Which image a row is. */
static int image_of(const struct data *d, size_t row)
{
    return (int)lrintf(d->x[row * PIXELS] * 255);
}

/* Every row is an image of its own, in its scale and with its label. */
static void check_rows(const struct data *d, int images, int classes)
{
    bool seen[256] = {false};
    for (size_t i = 0; i < d->n; i++) {
        int image = image_of(d, i);
        assert_in_range(image, 0, images - 1);
        assert_false(seen[image]);
        seen[image] = true;
        assert_true(d->x[i * PIXELS] == (float)image / 255);
        for (size_t k = 1; k < PIXELS; k++)
            assert_true(d->x[i * PIXELS + k] == (float)(k % 2));
        assert_true(d->t[i] == (float)(image % classes));
    }
}

static void one_pair_is_split_by_class(void **state)
{
    struct idx_pair p = pair_of(0, 200, 10, false), none = {0};
    bool other = false;
    int first = -1;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct data *d = must(
            data_from_idx(&p, &none, &(struct idx_options){.split = 0.25, .name = "p"}, seed, NULL, &error));
        size_t held[10] = {0};
        assert_string_equal(d->name, "p");
        assert_true(shape_equal(&d->shape, &(struct shape){3, {ROWS, COLUMNS, 1}}));
        assert_int_equal(d->n, 200);
        assert_int_equal(d->train, 150);
        assert_int_equal(d->classes, 10);
        assert_string_equal(d->class_name[9], "9");
        assert_string_equal(d->target_name[0], "class");
        assert_string_equal(d->note, "");
        check_rows(d, 200, 10);
        for (size_t i = d->train; i < d->n; i++)
            held[(int)d->t[i]]++;
        for (int k = 0; k < 10; k++)
            assert_int_equal(held[k], 5);
        first = seed == 1 ? image_of(d, 0) : first;
        other = other || image_of(d, 0) != first;
        data_unref(d);
    }
    assert_true(other);
    release(&p);
}

/* The first pair trains, the second is held out, whichever seed; of few images each gives its share. */
static void the_test_pair_is_held_out(void **state)
{
    struct idx_pair p = pair_of(0, 150, 10, false), q = pair_of(150, 50, 10, true);
    static const size_t n[] = {0, 200, 100, 7, 1};
    static const size_t train[] = {150, 150, 75, 5, 1};
    for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
        struct idx_options options = {.n = n[i], .split = 0.5, .name = "p"};
        struct data *d = must(data_from_idx(&p, &q, &options, i, NULL, &error));
        assert_int_equal(d->n, n[i] ? n[i] : 200);
        assert_int_equal(d->train, train[i]);
        check_rows(d, 200, 10);
        for (size_t k = 0; k < d->n; k++)
            assert_int_equal(image_of(d, k) < 150, k < d->train);
        data_unref(d);
    }
    release(&p);
    release(&q);
}

/* The same images, whichever pair they lie in, come in the same order when both are cut together. */
static void pairs_can_be_pooled(void **state)
{
    struct idx_pair p = pair_of(0, 150, 10, false), q = pair_of(150, 50, 10, true);
    struct idx_pair whole = pair_of(0, 200, 10, false), none = {0};
    struct idx_options options = {.n = 60, .split = 0.5, .pooled = true, .name = "p"};
    struct data *d = must(data_from_idx(&p, &q, &options, 3, NULL, &error));
    struct data *same = must(data_from_idx(&whole, &none, &options, 3, NULL, &error));
    struct data *alone = must(data_from_idx(&none, &whole, &options, 3, NULL, &error));
    assert_int_equal(d->n, 60);
    assert_int_equal(d->train, 30);
    check_rows(d, 200, 10);
    assert_memory_equal(d->x, same->x, d->n * PIXELS * sizeof *d->x);
    assert_memory_equal(d->t, same->t, d->n * sizeof *d->t);
    assert_memory_equal(d->x, alone->x, d->n * PIXELS * sizeof *d->x);
    data_unref(d);
    data_unref(same);
    data_unref(alone);
    release(&p);
    release(&q);
    release(&whole);
}

/* A class that only the held-out part has is a class. */
static void classes_are_counted_over_both(void **state)
{
    struct idx_pair p = pair_of(0, 5, 10, false), q = pair_of(5, 6, 9, true);
    struct data *d = must(data_from_idx(&p, &q, &(struct idx_options){.name = "p"}, 1, NULL, &error));
    assert_int_equal(d->classes, 9);
    data_unref(d);
    release(&p);
    release(&q);
}

static void refuses_data(const struct idx_pair *p, const struct idx_pair *q, size_t n,
    const atomic_bool *cancel, const char *sentence)
{
    assert_null(data_from_idx(p, q, &(struct idx_options){.n = n, .name = "p"}, 1, cancel, &error));
    assert_string_equal(error.text, sentence);
}

static void files_that_do_not_fit_are_named(void **state)
{
    struct idx_pair p = pair_of(0, 5, 5, false), q = pair_of(0, 4, 4, true), none = {0};
    struct idx_pair mixed = {p.image, q.label};
    atomic_bool cancel = true;
    refuses_data(&mixed, &none, 0, NULL,
        "images holds 5 images, but test-labels holds 4 labels: do they belong together?");
    refuses_data(&none, &mixed, 0, NULL,
        "images holds 5 images, but test-labels holds 4 labels: do they belong together?");
    refuses_data(&p, &q, 10, NULL, "n=10 asks for more images than the 9 that there are");
    refuses_data(&none, &none, 0, NULL, "there are no images");
    refuses_data(&p, &q, 0, &cancel, "cancelled");
    q.image.dim[1] = COLUMNS;
    q.image.dim[2] = ROWS;
    refuses_data(
        &p, &q, 0, NULL, "images holds images of 2x3, but test-images of 3x2: do they belong together?");
    release(&p);
    release(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_plain_and_packed),
        cmocka_unit_test(reads_long_packed_files),
        cmocka_unit_test(wrong_headers_are_named),
        cmocka_unit_test(claims_of_too_much_are_refused),
        cmocka_unit_test(a_wrong_length_is_named),
        cmocka_unit_test(faults_of_packed_files_are_named),
        cmocka_unit_test(bombs_do_not_go_off),
        cmocka_unit_test(can_be_cancelled),
        cmocka_unit_test(one_pair_is_split_by_class),
        cmocka_unit_test(the_test_pair_is_held_out),
        cmocka_unit_test(pairs_can_be_pooled),
        cmocka_unit_test(classes_are_counted_over_both),
        cmocka_unit_test(files_that_do_not_fit_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
