/* test_draw.c - the draw list, its zones, and its pixels. */
#include "../viz/draw.h"
#include "../viz/raster.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 64 };

static const struct rect whole = {0, 0, SIDE, SIDE};
static const struct colour white = {255, 255, 255, 255};
static const struct font sans = {FACE_SANS, 10};

struct picture {
    struct draw d;
    struct raster r;
    uint32_t pixel[SIDE * SIDE];
};

static int open_picture(void **state)
{
    struct picture *p = calloc(1, sizeof *p);
    draw_init(&p->d, NULL, NULL);
    draw_begin(&p->d, whole);
    *state = p;
    return p ? 0 : -1;
}

static int close_picture(void **state)
{
    struct picture *p = *state;
    draw_release(&p->d);
    raster_release(&p->r);
    free(p);
    return 0;
}

static void render(struct picture *p)
{
    memset(p->pixel, 0, sizeof p->pixel);
    raster_draw(
        &p->r, (struct canvas){p->pixel, SIDE, SIDE, SIDE}, &p->d, NULL, (struct rect){0, 0, SIDE, SIDE});
    assert_false(p->r.failed);
}

static int grey(const struct picture *p, int x, int y)
{
    return (int)(p->pixel[y * SIDE + x] & 255);
}

/* The sum of all coverage, in pixels: the area of white shapes on black. */
static double area(const struct picture *p)
{
    double sum = 0;
    for (int i = 0; i < SIDE * SIDE; i++)
        sum += (double)(p->pixel[i] & 255) / 255;
    return sum;
}

static void shapes_cover_their_area(void **state)
{
    struct picture *p = *state;
    struct draw *d = &p->d;
    draw_fill(d, (struct rect){10.25f, 10.5f, 20.5f, 8.25f}, 0, white);
    render(p);
    assert_float_equal(area(p), 20.5 * 8.25, 1);
    draw_begin(d, whole);
    draw_circle(d, (struct point){31.3f, 30.8f}, 20, white);
    render(p);
    assert_float_equal(area(p), 3.14159 * 400, 8);
    draw_begin(d, whole);
    draw_ring(d, (struct point){32, 32}, 20, 3, white);
    render(p);
    assert_float_equal(area(p), 3.14159 * (400 - 289), 6);
    draw_begin(d, whole);
    draw_polygon(d, (struct point[]){{5, 5}, {50, 9}, {20, 60}}, 3, white);
    render(p);
    assert_float_equal(area(p), 0.5 * (45 * 55 - 15 * 4), 8);
    draw_begin(d, whole);
    draw_line(d, (struct point){10, 12}, (struct point){50, 40}, 3, white);
    render(p);
    assert_float_equal(area(p), 3 * hypot(40, 28) + 3.14159 * 1.5 * 1.5, 4);
}

/* Every pixel of a line has the coverage that its distance to the segment says, at any slope and length. */
static void lines_are_distances(void **state)
{
    struct picture *p = *state;
    for (int k = 0; k < 60; k++) {
        float turn = (float)k * 0.1047198f, length = k % 4 == 3 ? 1.5f : 5 + (float)(k % 7) * 3.3f,
              width = 1 + (float)(k % 5);
        struct point a = {32.3f - length * cosf(turn), 31.6f - length * sinf(turn)};
        struct point b = {32.3f + length * cosf(turn), 31.6f + length * sinf(turn)};
        draw_begin(&p->d, whole);
        draw_line(&p->d, a, b, width, white);
        render(p);
        for (int i = 0; i < SIDE * SIDE; i++) {
            float x = (float)(i % SIDE) + 0.5f - a.x, y = (float)(i / SIDE) + 0.5f - a.y;
            float t = fminf(fmaxf(x * cosf(turn) + y * sinf(turn), 0), 2 * length);
            float away = hypotf(x - t * cosf(turn), y - t * sinf(turn));
            float cover = fminf(fmaxf(width / 2 + 0.5f - away, 0), 1);
            assert_in_range(grey(p, i % SIDE, i / SIDE) + 3, (int)(255 * cover), (int)(255 * cover) + 6);
        }
    }
}

static void thin_lines_fade(void **state)
{
    struct picture *p = *state;
    draw_line(&p->d, (struct point){10, 12}, (struct point){50, 40}, 0.5f, white);
    render(p);
    assert_float_equal(area(p), 0.5 * hypot(40, 28), 2);
}

static void dashes_leave_gaps_and_move(void **state)
{
    struct picture *p = *state;
    const struct point line[] = {{0, 32}, {64, 32}};
    draw_dashes(&p->d, line, 2, 4, white, 8, 8, 0);
    render(p);
    assert_int_equal(grey(p, 4, 32), 255);
    assert_int_equal(grey(p, 12, 32), 0);
    draw_begin(&p->d, whole);
    draw_dashes(&p->d, line, 2, 4, white, 8, 8, 8);
    render(p);
    assert_int_equal(grey(p, 4, 32), 0);
    assert_int_equal(grey(p, 12, 32), 255);
}

static void a_translucent_path_has_one_shade(void **state)
{
    struct picture *p = *state;
    const struct point bend[] = {{8, 8}, {32, 32}, {56, 8}};
    draw_path(&p->d, bend, 3, 8, colour_alpha(white, 0.5f));
    render(p);
    assert_in_range(grey(p, 32, 31), 126, 129);
    assert_in_range(grey(p, 20, 20), 126, 129);
}

static void clips_nest(void **state)
{
    struct picture *p = *state;
    struct draw *d = &p->d;
    draw_push_clip(d, (struct rect){10, 10, 20, 20});
    draw_push_clip(d, (struct rect){20, 0, 40, 64});
    draw_fill(d, whole, 0, white);
    draw_pop_clip(d);
    draw_pop_clip(d);
    render(p);
    assert_float_equal(area(p), 200, 0.01);
    size_t items = d->items;
    draw_push_clip(d, (struct rect){0, 0, 5, 5});
    draw_fill(d, (struct rect){30, 30, 5, 5}, 0, white);
    assert_int_equal(d->items, items);
    draw_pop_clip(d);
    draw_fill(d, (struct rect){30, 30, 5, 5}, 0, white);
    assert_int_equal(d->items, items + 1);
}

static void unbounded_shapes_do_no_harm(void **state)
{
    struct picture *p = *state;
    struct draw *d = &p->d;
    draw_line(d, (struct point){NAN, 1}, (struct point){2, 3}, 2, white);
    draw_line(d, (struct point){-INFINITY, 1}, (struct point){2, 3}, 2, white);
    assert_int_equal(d->items, 0);
    draw_line(d, (struct point){-1e7f, -3e6f}, (struct point){1e7f, 4e6f}, 2, white);
    draw_fill(d, (struct rect){-1e6f, -1e6f, 3e6f, 3e6f}, 5, colour_alpha(white, 0.5f));
    draw_circle(d, (struct point){10, 10}, 0, white);
    render(p);
    assert_in_range(grey(p, 60, 3), 126, 129);
}

static void images_are_stretched(void **state)
{
    struct picture *p = *state;
    uint32_t *cell = draw_image(&p->d, whole, 2, 1, 0, false);
    cell[0] = 0xff000000;
    cell[1] = 0xffffffff;
    render(p);
    assert_int_equal(grey(p, 31, 10), 0);
    assert_int_equal(grey(p, 32, 10), 255);
    draw_begin(&p->d, whole);
    cell = draw_image(&p->d, whole, 2, 1, 0, true);
    cell[0] = 0xff000000;
    cell[1] = 0xffffffff;
    render(p);
    assert_int_equal(grey(p, 2, 10), 0);
    assert_in_range(grey(p, 32, 10), 120, 136);
    assert_int_equal(grey(p, 62, 10), 255);
}

static void text_stays_in_its_box(void **state)
{
    struct picture *p = *state;
    struct draw *d = &p->d;
    struct rect box = {5, 5, 40, 14};
    static const char *const texts[] = {
        "a", "short", "a text that is much too long", "äöü ∂L/∂w and more of it", ""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int align = ALIGN_LEFT; align <= ALIGN_RIGHT; align++) {
            float width = draw_text(d, box, (enum align)align, sans, white, texts[i]);
            assert_true(width <= box.w + 0.5f);
        }
    assert_true(d->items > 9);
    for (size_t i = 0; i < d->items; i++)
        assert_true(rect_inside(d->item[i].box, box, 1));
    const char *cut = d->text + d->item[6].first;
    assert_non_null(strstr(cut, "…"));
    assert_memory_equal(cut, "a te", 4);
}

static void zones_are_found_by_place(void **state)
{
    struct picture *p = *state;
    struct draw *d = &p->d;
    struct subject weight = {SUBJECT_WEIGHT, 1, 0, 2}, unit = {SUBJECT_UNIT, 1, 2, 0},
                   back = {SUBJECT_PLACE, 0, 0, 0};
    draw_zone(d, whole, back, NULL, NULL);
    draw_zone(d, (struct rect){40, 40, 10, 10}, unit, "print a[1][2]", "unit 2");
    draw_zone_curve(d, (struct point){0, 45}, (struct point){45, 45}, 3, weight, NULL, "w");
    assert_true(subject_equal(draw_zone_at(d, (struct point){42, 45})->subject, unit));
    assert_true(subject_equal(draw_zone_at(d, (struct point){20, 46})->subject, weight));
    assert_true(subject_equal(draw_zone_at(d, (struct point){20, 30})->subject, back));
    assert_null(draw_zone_at(d, (struct point){80, 30}));
    const struct zone *z = draw_zone_at(d, (struct point){42, 45});
    assert_string_equal(zone_command(d, z), "print a[1][2]");
    assert_string_equal(zone_tip(d, z), "unit 2");
    assert_string_equal(zone_command(d, draw_zone_at(d, (struct point){20, 46})), "");
}

static void rectangles_are_cut(void **state)
{
    struct rect r = {0, 0, 100, 50}, left = rect_cut_left(&r, 30), top = rect_cut_top(&r, 20);
    assert_float_equal(left.w, 30, 0);
    assert_float_equal(top.x, 30, 0);
    assert_float_equal(top.w, 70, 0);
    assert_float_equal(r.h, 30, 0);
    rect_cut_right(&r, 1000);
    assert_float_equal(r.w, 0, 0);
    assert_true(rect_inside(rect_inset(left, 200), left, 0));
}

int main(void)
{
#define PICTURE_TEST(name) cmocka_unit_test_setup_teardown(name, open_picture, close_picture)
    const struct CMUnitTest tests[] = {
        PICTURE_TEST(shapes_cover_their_area),
        PICTURE_TEST(lines_are_distances),
        PICTURE_TEST(thin_lines_fade),
        PICTURE_TEST(dashes_leave_gaps_and_move),
        PICTURE_TEST(a_translucent_path_has_one_shade),
        PICTURE_TEST(clips_nest),
        PICTURE_TEST(unbounded_shapes_do_no_harm),
        PICTURE_TEST(images_are_stretched),
        PICTURE_TEST(text_stays_in_its_box),
        PICTURE_TEST(zones_are_found_by_place),
        cmocka_unit_test(rectangles_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
