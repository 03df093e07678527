/* test_damage.c - what changed between two pictures, and that drawing only that gives the same pixels. */
#include "viewing.h"

#include "../viz/compose.h"
#include "../viz/damage.h"
#include "../viz/raster.h"

enum { WIDE = 900, HIGH = 600 };

static const struct rect whole = {0, 0, WIDE, HIGH};

/* A session's picture, drawn part by part into `pixel`, and at once into `anew`. */
struct stage {
    struct session *session;
    struct replica *replica;
    struct theme theme;
    struct view view;
    struct draw d;
    struct raster raster;
    struct damage damage;
    uint32_t pixel[WIDE * HIGH], anew[WIDE * HIGH];
};

static int open_stage(void **state)
{
    struct stage *st = calloc(1, sizeof *st);
    if (!st)
        return -1;
    st->session =
        make_session(WORKER_SLICED, make_source("spiral"), "dense 8 tanh;dense 6 tanh;dense 1 tanh");
    make_fit(st->session, "adam", 0.01, 30);
    st->replica = replica_new(NULL);
    make_view(&st->view, st->session, st->replica, &st->theme, "dark");
    st->view.now = st->view.flow = 1;
    draw_init(&st->d, NULL, NULL);
    *state = st;
    return 0;
}

static int close_stage(void **state)
{
    struct stage *st = *state;
    draw_release(&st->d);
    raster_release(&st->raster);
    replica_free(st->replica);
    session_free(st->session);
    free(st);
    return 0;
}

static void draw_within(struct stage *st, uint32_t *pixel, struct rect within)
{
    raster_draw(&st->raster, (struct canvas){pixel, WIDE, HIGH, WIDE}, &st->d, NULL, within);
    assert_false(st->raster.failed);
}

static void assert_apart(const struct rect *r, int n)
{
    for (int i = 0; i < n; i++) {
        assert_true(rect_inside(r[i], whole, 0));
        for (int j = 0; j < i; j++) {
            struct rect both = rect_intersect(r[i], r[j]);
            assert_true(both.w <= 0 || both.h <= 0);
        }
    }
}

/* Composes the view as it stands, draws what changed, and returns the share of the picture that this is. */
static float next_picture(struct stage *st)
{
    const struct panel *panel[16];
    struct rect changed[DAMAGE_RECTS];
    int count = 0;
    for (size_t i = 0; panel_at(i); i++)
        if (panel_at(i)->shown)
            panel[count++] = panel_at(i);
    compose(&st->view, panel, count, NULL, WIDE, HIGH, &st->d);
    int n = damage_find(&st->damage, &st->d, changed);
    float area = 0;
    assert_apart(changed, n);
    for (int i = 0; i < n; i++) {
        draw_within(st, st->pixel, changed[i]);
        area += changed[i].w * changed[i].h;
    }
    memset(st->anew, 0, sizeof st->anew);
    draw_within(st, st->anew, whole);
    assert_memory_equal(st->pixel, st->anew, sizeof st->anew);
    return area / (WIDE * HIGH);
}

static void the_first_picture_is_all_new(void **state)
{
    assert_true(next_picture(*state) == 1);
}

static void the_same_picture_is_not_drawn(void **state)
{
    struct stage *st = *state;
    next_picture(st);
    assert_true(next_picture(st) == 0);
}

static void what_moves_leaves_other_cards_alone(void **state)
{
    struct stage *st = *state;
    st->view.training = true;
    next_picture(st);
    for (int i = 0; i < 5; i++) {
        st->view.flow += 0.1;
        float share = next_picture(st);
        assert_true(share > 0 && share < 0.8f);
    }
}

/* The help covers everything; a tip lies over some cards. What was under them comes back. */
static void what_lay_above_is_taken_away(void **state)
{
    struct stage *st = *state;
    next_picture(st);
    st->view.mouse_inside = true;
    st->view.hover_since = -9;
    for (float x = 20; x < WIDE; x += 61)
        for (float y = 20; y < HIGH; y += 47) {
            st->view.mouse = (struct point){x, y};
            next_picture(st);
        }
    st->view.mouse_inside = false;
    next_picture(st);
    st->view.help = true;
    assert_true(next_picture(st) > 0);
    st->view.help = false;
    next_picture(st);
}

static void another_theme_is_all_new(void **state)
{
    struct stage *st = *state;
    next_picture(st);
    theme_make(theme_find("light"), 1, &st->theme);
    assert_true(next_picture(st) == 1);
}

/* Shapes that reach beyond the rectangle, at any place, give the pixels that they give in the whole. */
static void any_cut_gives_the_same_pixels(void **state)
{
    struct stage *st = *state;
    struct rng rng = rng_from(3);
    next_picture(st);
    for (int i = 0; i < 300; i++) {
        struct rect r = {floorf((float)rng_between(&rng, 0, WIDE - 1)),
            floorf((float)rng_between(&rng, 0, HIGH - 1)), floorf((float)rng_between(&rng, 1, 200)),
            floorf((float)rng_between(&rng, 1, 200))};
        draw_within(st, st->pixel, r);
    }
    assert_memory_equal(st->pixel, st->anew, sizeof st->anew);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_picture_is_all_new, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(the_same_picture_is_not_drawn, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(what_moves_leaves_other_cards_alone, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(what_lay_above_is_taken_away, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(another_theme_is_all_new, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(any_cut_gives_the_same_pixels, open_stage, close_stage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
