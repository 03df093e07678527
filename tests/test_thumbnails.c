/* test_thumbnails.c - images become dots: where they are bright, at their scale, side by side. */
#include "../repl/output.h"
#include "../repl/thumbnails.h"
#include "../src/memory.h"
#include "../src/text.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct data *images(int height, int width, int channels, size_t n, int classes)
{
    struct error e;
    size_t size = (size_t)(height * width * channels);
    float *x = calloc(n * size, sizeof *x), *t = calloc(n, sizeof *t);
    for (size_t i = 0; i < n; i++)
        t[i] = classes ? (float)(i % (size_t)classes) : 0.5f + (float)i;
    struct data *d = data_from_arrays("i", shape_of(3, height, width, channels), x, n, n, t, 1, classes, &e);
    free(x);
    free(t);
    assert_non_null(d);
    return d;
}

static void prints(struct data *d, size_t count, const char *expected)
{
    struct text t = {0}, *before = out_capture(&t);
    thumbnails_print(d, count);
    out_capture(before);
    assert_string_equal(text_get(&t), expected);
    text_release(&t);
    data_unref(d);
}

static void only_images_fit(void **state)
{
    static const struct {
        int height, width;
        bool fit;
    } sizes[] = {{4, 4, true}, {1, 4, false}, {4, 1, false}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct data *d = images(sizes[i].height, sizes[i].width, 1, 1, 2);
        assert_true(thumbnails_fit(d) == sizes[i].fit);
        d->shape = shape_of(2, 4, 4);
        assert_false(thumbnails_fit(d));
        data_unref(d);
    }
}

/* A bright column, and a bright pixel below at the right: 4x5 pixels are two lines of two characters. */
static void dots_are_where_it_is_bright(void **state)
{
    struct data *d = images(5, 4, 1, 1, 2);
    for (int y = 0; y < 5; y++)
        d->x[4 * y] = 1;
    d->x[4 * 4 + 3] = 1;
    prints(d, 1, "0:\n⡇\n⠁⠈\n");
}

static void captions_name_number_and_class(void **state)
{
    struct data *d = images(4, 16, 1, 3, 2);
    memory_free(d->class_name[1]);
    d->class_name[1] = memory_copy_text("größer\x1b", NULL);
    for (size_t i = 0; i < 3; i++)
        d->x[i * 64] = 1;
    prints(d, 3, "0: 0      1: größe  2: 0\n⠁         ⠁         ⠁\n");
    d = images(4, 16, 1, 2, 0);
    d->x[64 + 15] = 1;
    prints(d, 2, "0: 0.5    1: 1.5\n                 ⠈\n");
}

/* A uniform image has nothing brighter than its darkest. Half of the dots stand for the middle between both.
 */
static void grey_is_dithered(void **state)
{
    struct data *d = images(4, 8, 1, 1, 2);
    for (int i = 0; i < 32; i++)
        d->x[i] = 7;
    prints(d, 1, "0: 0\n\n");
    d = images(4, 8, 1, 1, 2);
    for (int i = 0; i < 32; i++)
        d->x[i] = i % 8 < 4 ? 0.5f : i % 8 < 6 ? 1 : 0;
    prints(d, 1, "0: 0\n⢕⢕⣿\n");
}

/* 128 pixels are 32 dots; channels count together. */
static void large_images_are_scaled(void **state)
{
    struct data *d = images(128, 128, 2, 1, 2);
    struct text expected = {0};
    for (int y = 0; y < 128; y++)
        for (int x = 0; x < 128; x++) {
            d->x[(y * 128 + x) * 2] = y >= 64 || x >= 64;
            d->x[(y * 128 + x) * 2 + 1] = y >= 64;
        }
    text_add(&expected, "0: 0\n");
    for (int line = 0; line < 8; line++) {
        for (int i = 0; i < 16; i++)
            text_add(&expected, line >= 4 ? "⣿" : i >= 8 ? "⢕" : " ");
        text_add(&expected, "\n");
    }
    prints(d, 1, text_get(&expected));
    text_release(&expected);
}

/* 80 columns hold eight of these, with two blanks between. */
static void rows_are_broken_at_the_width(void **state)
{
    struct data *d = images(2, 16, 1, 9, 2);
    prints(d, 9, "0: 0      1: 1      2: 0      3: 1      4: 0      5: 1      6: 0      7: 1\n\n8: 0\n\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_images_fit),
        cmocka_unit_test(dots_are_where_it_is_bright),
        cmocka_unit_test(captions_name_number_and_class),
        cmocka_unit_test(grey_is_dithered),
        cmocka_unit_test(large_images_are_scaled),
        cmocka_unit_test(rows_are_broken_at_the_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
