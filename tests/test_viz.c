/* test_viz.c - every panel of the table, whole pictures, screenshots and the view, without a window.
 *
 * Panels are drawn from sessions that stand for what they must cope with: nothing, a plane, classes,
 * regression, a training that ended. */
#include "making.h"

#include "../viz/layout.h"
#include "../viz/compose.h"
#include "../viz/replica.h"
#include "../viz/viz.h"
#include "../viz/viz_parts.h"

#include <SDL_image.h>
#include <unistd.h>

struct scene {
    const char *name, *data, *layers;
    uint64_t epochs;
};

static const struct scene scenes[] = {
    {"nothing", NULL, "", 0},
    {"layers without data", NULL, "dense 4 tanh;dense 1 tanh", 0},
    {"data without layers", "xor", "", 0},
    {"a plane, untrained", "xor", "dense 4 tanh;dense 1 tanh", 0},
    {"a plane, trained", "spiral", "dense 8 tanh;dense 6 relu;dense 1 sigmoid", 60},
    {"regression", "plane", "dense 3 tanh;dense 1 linear", 20},
    {"one input", "sine", "dense 8 tanh;dense 1", 20},
    {"many classes", "blobs", "dense 40 relu;dropout 0.5;dense 3 softmax", 20},
};

enum { SCENES = sizeof scenes / sizeof *scenes };

static struct data *scene_data(const char *name)
{
    struct error e;
    struct args args;
    const struct data_source *source = data_source_find(name);
    assert_non_null(source);
    if (!args_bind(name, source->args, NULL, 0, &args, &e))
        fail_msg("%s", e.text);
    struct data *d = source->make(&args, 1, NULL, &e);
    assert_non_null(d);
    return d;
}

static struct session *scene_session(const struct scene *sc)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, sc->data ? scene_data(sc->data) : NULL, sc->layers);
    struct fit fit = {.epochs = sc->epochs, .batch_size = 32};
    if (!sc->epochs)
        return s;
    if (!session_fit(s, &fit, &e))
        fail_msg("%s: %s", sc->name, e.text);
    finish(s);
    return s;
}

/* A viz whose view is filled, as for a frame of its window. */
static struct viz *scene_viz(struct session *s, const char *theme, float px)
{
    struct error e;
    struct viz *v = viz_new(s, &e);
    assert_non_null(v);
    session_status(s, &v->view.status);
    v->view.curves = curves_copy(&session_network(s)->curves, v->view.curve);
    replica_settle(v->replica, s, -1);
    theme_make(theme_find(theme), px, &v->theme);
    return v;
}

/* A shape may be clipped, text may not: it must lie in the rectangle, and in its clip. */
static void assert_items_inside(const struct draw *d, struct rect r, const char *who, const char *scene)
{
    for (size_t i = 0; i < d->items; i++) {
        const struct draw_item *it = &d->item[i];
        bool text = it->kind == DRAW_TEXT;
        if (!rect_inside(it->clip, r, 1) || (text && !rect_inside(it->box, r, 1)))
            fail_msg("%s with %s: item %zu (kind %d) '%s' at %g %g %g %g leaves %g %g %g %g", who, scene, i,
                it->kind, text ? d->text + it->first : "", (double)it->box.x, (double)it->box.y,
                (double)it->box.w, (double)it->box.h, (double)r.x, (double)r.y, (double)r.w, (double)r.h);
    }
}

/* Two texts on top of each other cannot be read. */
static void assert_texts_apart(const struct draw *d, const char *who, const char *scene)
{
    for (size_t i = 0; i < d->items; i++)
        for (size_t k = i + 1; k < d->items; k++) {
            const struct draw_item *a = &d->item[i], *b = &d->item[k];
            if (a->kind != DRAW_TEXT || b->kind != DRAW_TEXT)
                continue;
            struct rect both = rect_intersect(a->box, b->box);
            /* A line has air above and below its signs. */
            if (both.w > 2 && both.h > 0.35f * fminf(a->box.h, b->box.h))
                fail_msg("%s with %s: '%s' lies on '%s'", who, scene, d->text + a->first, d->text + b->first);
        }
}

static void draw_panel(struct viz *v, const struct panel *p, struct rect r, const char *scene)
{
    struct draw *d = &v->draw;
    draw_begin(d, (struct rect){0, 0, 5000, 5000});
    if (p->suits && !p->suits(&v->view))
        return;
    draw_push_clip(d, r);
    d->owner = p;
    p->draw(&v->view, r, d);
    draw_pop_clip(d);
    assert_int_equal(d->clips, 1);
    assert_false(d->failed);
    assert_true(d->items > 0);
    assert_items_inside(d, r, p->name, scene);
    assert_texts_apart(d, p->name, scene);
    for (size_t i = 0; i < d->zones; i++)
        assert_true(rect_inside(d->zone[i].box, r, 1));
}

static void every_panel_draws_every_scene(void **state)
{
    static const struct rect rooms[] = {
        {10, 10, 900, 600}, {33, 21, 420, 300}, {5, 7, 300, 170}, {0, 0, 1800, 1100}};
    for (int i = 0; i < SCENES; i++) {
        struct session *s = scene_session(&scenes[i]);
        for (int look = 0; look < 3; look++) {
            float px = look == 2 ? 2 : 1;
            struct viz *v = scene_viz(s, look ? "light" : "dark", px);
            const struct panel *p;
            for (size_t k = 0; (p = panel_at(k)); k++)
                for (size_t n = 0; n < sizeof rooms / sizeof *rooms; n++) {
                    struct rect r = rooms[n];
                    r.w = fmaxf(r.w, p->min_w) * px;
                    r.h = fmaxf(p->height ? p->height : r.h, p->min_h) * px;
                    draw_panel(v, p, r, scenes[i].name);
                }
            viz_free(v);
        }
        session_free(s);
    }
}

static void every_panel_has_its_row(void **state)
{
    const struct panel *p;
    for (size_t i = 0; (p = panel_at(i)); i++) {
        assert_ptr_equal(panel_find(p->name), p);
        assert_true(p->summary && *p->summary && p->draw && p->weight > 0);
        assert_string_equal(viz_panel_name(i), p->name);
        for (const struct key_help *k = p->keys; k && k->key; k++)
            assert_true(p->key && *k->what);
    }
    assert_null(panel_find("nothing"));
    assert_null(viz_panel_name(99));
}

static bool rects_touch(struct rect a, struct rect b)
{
    struct rect both = rect_intersect(a, b);
    return both.w > 0.5f && both.h > 0.5f;
}

static void layouts_neither_overlap_nor_leave(void **state)
{
    static const int sizes[][2] = {
        {480, 320}, {640, 480}, {800, 500}, {900, 600}, {700, 1100}, {1280, 800}, {1920, 1080}, {3840, 2160}};
    struct session *s = scene_session(&scenes[4]);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int scale = 1; scale <= 2; scale++) {
            struct viz *v = scene_viz(s, "dark", (float)scale);
            struct slot slot[LAYOUT_PANELS];
            struct rect whole = {0, 0, (float)sizes[i][0], (float)sizes[i][1]}, free;
            int n = layout(&v->view, v->panel, v->panels, whole, 0, &free, slot);
            bool fair = sizes[i][0] >= 800 * scale && sizes[i][1] >= 500 * scale;
            bool roomy = fair && sizes[i][1] >= 600 * scale; /* health is the first to go */
            assert_true(n >= (roomy ? 5 : fair ? 4 : 1));
            for (int a = 0; a < n; a++) {
                assert_true(rect_inside(slot[a].card, whole, 0));
                assert_true(rect_inside(slot[a].inside, slot[a].card, 0));
                if (roomy)
                    assert_true(slot[a].inside.w >= slot[a].panel->min_w * (float)scale - 1);
                for (int b = 0; b < a; b++)
                    assert_false(rects_touch(slot[a].card, slot[b].card));
            }
            viz_free(v);
        }
    session_free(s);
}

static void whole_pictures_are_tidy(void **state)
{
    static const int sizes[][2] = {{800, 500}, {900, 600}, {1280, 800}, {1920, 1080}};
    for (int i = 0; i < SCENES; i++) {
        struct session *s = scene_session(&scenes[i]);
        struct viz *v = scene_viz(s, "light", 1);
        struct theme large;
        theme_make(theme_find("light"), 1.7f, &large);
        viz_set_caption(v,
            "A caption of a lesson that is long enough to need more than one line in a window that is as "
            "narrow as this one, and still must not touch anything around it.");
        viz_watch(v, "w[1][0,2]", 1, 2);
        viz_watch_value(v, "w[1][0,2]", -0.12345678);
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            float w = (float)sizes[k][0], h = (float)sizes[k][1];
            for (int look = 0; look < (w >= 1280 ? 2 : 1); look++) {
                v->view.theme = look ? &large : &v->theme;
                compose(&v->view, v->panel, v->panels, NULL, w, h, &v->draw);
                assert_items_inside(&v->draw, (struct rect){0, 0, w, h}, "a picture", scenes[i].name);
                assert_texts_apart(&v->draw, "a picture", scenes[i].name);
            }
        }
        viz_free(v);
        session_free(s);
    }
}

static bool picture_says(const struct viz *v, const char *text)
{
    for (size_t i = 0; i < v->draw.items; i++)
        if (v->draw.item[i].kind == DRAW_TEXT && strstr(v->draw.text + v->draw.item[i].first, text))
            return true;
    return false;
}

static void captions_and_watches_are_shown(void **state)
{
    struct session *s = scene_session(&scenes[3]);
    struct viz *v = scene_viz(s, "dark", 1);
    viz_set_caption(v, "Move the boundary.");
    viz_watch(v, "loss", -1, -1);
    viz_watch_value(v, "loss", 0.625);
    viz_watch_value(v, "unknown", 7);
    compose(&v->view, v->panel, v->panels, NULL, 1280, 800, &v->draw);
    assert_true(picture_says(v, "Move the boundary."));
    assert_true(picture_says(v, "0.625"));
    viz_set_caption(v, NULL);
    compose(&v->view, v->panel, v->panels, NULL, 1280, 800, &v->draw);
    assert_false(picture_says(v, "Move the boundary."));
    assert_false(picture_says(v, "No room"));
    compose(&v->view, v->panel, v->panels, NULL, 480, 700, &v->draw);
    assert_true(picture_says(v, "No room for health"));
    for (int i = 0; i < VIEW_WATCHES + 3; i++) {
        char label[20];
        snprintf(label, sizeof label, "w[%d]", i);
        viz_watch(v, label, -1, -1);
    }
    assert_int_equal(v->view.watches, VIEW_WATCHES);
    assert_string_equal(v->view.watch[VIEW_WATCHES - 1].label, "w[10]");
    viz_free(v);
    session_free(s);
}

/* --- keys and mouse ----------------------------------------------------------------------------------------
 */

static void press(struct viz *v, int key)
{
    struct input in = {.kind = INPUT_KEY, .key = key};
    viz_take_input(v, &in);
}

static void assert_types(struct viz *v, const char *line)
{
    char out[VIZ_COMMAND];
    assert_true(viz_command(v, out, sizeof out));
    assert_string_equal(out, line);
    assert_false(viz_command(v, out, sizeof out));
}

static void keys_type_commands(void **state)
{
    struct session *s = scene_session(&scenes[3]);
    struct viz *v = scene_viz(s, "dark", 1);
    press(v, ' ');
    assert_types(v, "fit 10000 &");
    press(v, 's');
    assert_types(v, "step");
    press(v, 'f');
    assert_types(v, "forward");
    press(v, 't');
    assert_types(v, "theme light");
    v->view.status.phase = PHASE_RUNNING;
    press(v, ' ');
    assert_types(v, "pause");
    v->view.status.phase = PHASE_PAUSED;
    press(v, ' ');
    assert_types(v, "resume");
    for (int i = 0; i < 3 * VIZ_COMMANDS; i++)
        press(v, 's');
    char out[VIZ_COMMAND];
    int taken = 0;
    while (viz_command(v, out, sizeof out))
        taken++;
    assert_int_equal(taken, VIZ_COMMANDS);
    viz_free(v);
    session_free(s);
}

static void an_empty_session_types_nothing(void **state)
{
    struct session *s = scene_session(&scenes[0]);
    struct viz *v = scene_viz(s, "dark", 1);
    char out[VIZ_COMMAND];
    press(v, ' ');
    press(v, 's');
    press(v, 'f');
    assert_false(viz_command(v, out, sizeof out));
    viz_free(v);
    session_free(s);
}

static void keys_change_the_view(void **state)
{
    struct session *s = scene_session(&scenes[4]);
    struct viz *v = scene_viz(s, "dark", 1);
    struct key_help keys[VIZ_KEYS];
    viz_keys(keys);
    press(v, 'h');
    viz_compose(v, 1280, 800);
    for (const struct key_help *k = keys; k->key; k++)
        assert_true(picture_says(v, k->what));
    press(v, WINDOW_ESCAPE);
    assert_false(v->view.help);
    press(v, WINDOW_TAB);
    assert_ptr_equal(v->view.focus, v->panel[0]);
    press(v, WINDOW_BACKTAB);
    assert_ptr_equal(v->view.focus, v->panel[v->panels - 1]);
    press(v, 'l');
    assert_true(v->view.log_loss);
    press(v, 'd');
    assert_true(v->view.discretise);
    press(v, 'v');
    assert_false(v->view.show_held_out);
    press(v, '+');
    assert_true(v->scale > 1);
    press(v, '0');
    assert_float_equal(v->scale, 1, 0);
    char out[VIZ_COMMAND];
    assert_false(viz_command(v, out, sizeof out));
    viz_free(v);
    session_free(s);
}

static void click(struct viz *v, struct point at)
{
    struct input in = {.kind = INPUT_MOVE, .at = at};
    viz_take_input(v, &in);
    in.kind = INPUT_PRESS;
    viz_take_input(v, &in);
    in.kind = INPUT_RELEASE;
    viz_take_input(v, &in);
}

static struct point middle(struct rect r)
{
    return (struct point){r.x + r.w / 2, r.y + r.h / 2};
}

/* The middle of the control that types a command. */
static struct point control_place(const struct viz *v, const char *command)
{
    for (size_t i = 0; i < v->draw.zones; i++)
        if (!strcmp(zone_command(&v->draw, &v->draw.zone[i]), command))
            return middle(v->draw.zone[i].box);
    fail_msg("no control types '%s'", command);
    return (struct point){0};
}

/* A place where the mouse is over something of a kind: looked for as a hand would, by moving. */
static struct point hover_place(struct viz *v, enum subject_kind kind)
{
    struct input in = {.kind = INPUT_MOVE};
    for (in.at.y = 5; in.at.y < v->height; in.at.y += 6)
        for (in.at.x = 5; in.at.x < v->width; in.at.x += 20) {
            viz_take_input(v, &in);
            viz_compose(v, v->width, v->height);
            if (v->view.hover.kind == kind)
                return in.at;
        }
    fail_msg("nothing of kind %d is under the mouse anywhere", kind);
    return in.at;
}

static void clicks_type_pin_and_let_go(void **state)
{
    struct session *s = scene_session(&scenes[4]);
    struct viz *v = scene_viz(s, "dark", 1);
    viz_compose(v, 1280, 800);
    click(v, control_place(v, "step"));
    assert_types(v, "step");
    click(v, control_place(v, "speed slow"));
    assert_types(v, "speed slow");
    struct point unit = hover_place(v, SUBJECT_UNIT);
    click(v, unit);
    assert_int_equal(v->view.pin.kind, SUBJECT_UNIT);
    assert_int_equal(v->view.hover.kind, SUBJECT_UNIT);
    char out[VIZ_COMMAND], line[VIZ_COMMAND];
    struct subject pin = v->view.pin;
    const struct model *m = session_network(s)->model;
    snprintf(line, sizeof line, "show neuron %s %d", m->layer[pin.a].name, pin.b);
    if (m->layer[pin.a].params)
        assert_types(v, line);
    assert_false(viz_command(v, out, sizeof out)); /* once */
    click(v, unit);
    assert_int_equal(v->view.pin.kind, SUBJECT_NONE);
    struct point edge = hover_place(v, SUBJECT_WEIGHT);
    assert_false(viz_command(v, out, sizeof out)); /* hovering leaves no trace */
    click(v, edge);
    pin = v->view.pin;
    assert_int_equal(pin.kind, SUBJECT_WEIGHT);
    snprintf(line, sizeof line, "print w[%d][%d,%d]", pin.a, pin.b, pin.c);
    assert_types(v, line);
    click(v, (struct point){2, 2});
    assert_int_equal(v->view.pin.kind, SUBJECT_NONE);
    assert_false(viz_command(v, out, sizeof out));
    /* A press that is dragged elsewhere does nothing. */
    struct input in = {.kind = INPUT_PRESS, .at = control_place(v, "step")};
    viz_take_input(v, &in);
    in = (struct input){.kind = INPUT_RELEASE, .at = unit};
    viz_take_input(v, &in);
    assert_false(viz_command(v, out, sizeof out));
    assert_int_equal(v->view.pin.kind, SUBJECT_NONE);
    viz_free(v);
    session_free(s);
}

static void hovering_explains(void **state)
{
    static const enum subject_kind kinds[] = {SUBJECT_UNIT, SUBJECT_WEIGHT, SUBJECT_BIAS, SUBJECT_SAMPLE};
    struct session *s = scene_session(&scenes[4]);
    struct viz *v = scene_viz(s, "dark", 1);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        viz_compose(v, 1280, 800);
        hover_place(v, kinds[i]);
        v->view.now += 1;
        viz_compose(v, 1280, 800);
        const struct zone *z = draw_zone_at(&v->draw, v->view.mouse);
        assert_non_null(z);
        assert_true(*zone_tip(&v->draw, z));
        char line[200];
        snprintf(line, sizeof line, "%.*s", (int)strcspn(zone_tip(&v->draw, z), "\n"), zone_tip(&v->draw, z));
        assert_true(picture_says(v, line));
        assert_items_inside(&v->draw, (struct rect){0, 0, 1280, 800}, "a tip", scenes[4].name);
    }
    viz_free(v);
    session_free(s);
}

/* --- settings and screenshots ------------------------------------------------------------------------------
 */

static void views_and_themes_are_checked(void **state)
{
    struct session *s = scene_session(&scenes[3]);
    struct viz *v = scene_viz(s, "dark", 1);
    struct error e;
    const char *good[] = {"curves", "network"}, *bad[] = {"network", "nothing"};
    assert_true(viz_view(v, good, 2, &e));
    assert_int_equal(v->panels, 2);
    assert_false(viz_view(v, bad, 2, &e));
    assert_non_null(strstr(e.text, "'nothing'"));
    assert_non_null(strstr(e.text, "curves"));
    assert_int_equal(v->panels, 2);
    assert_ptr_equal(v->panel[0], panel_find("curves"));
    assert_true(viz_view(v, NULL, 0, &e));
    assert_true(v->panels >= 5);
    assert_false(viz_set_theme(v, "pink", &e));
    assert_true(viz_set_theme(v, "light", &e));
    assert_string_equal(viz_theme_name(0), "dark");
    viz_set_scale(v, 99);
    assert_float_equal(v->scale, 3, 0);
    assert_false(viz_is_open(v));
    viz_tick(v);
    assert_true(viz_deadline(v) > 1000);
    viz_free(v);
    session_free(s);
}

static int count_colours(const SDL_Surface *s)
{
    static uint8_t seen[1 << 18]; /* six bits a channel */
    int colours = 0;
    memset(seen, 0, sizeof seen);
    for (int y = 0; y < s->h; y++)
        for (int x = 0; x < s->w; x++) {
            const uint8_t *p = (const uint8_t *)s->pixels + y * s->pitch + x * s->format->BytesPerPixel;
            int at = p[0] >> 2 | p[1] >> 2 << 6 | p[2] >> 2 << 12;
            colours += !seen[at];
            seen[at] = 1;
        }
    return colours;
}

static void screenshots_need_no_display(void **state)
{
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    char path[] = "/tmp/gradus-shot-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct session *s = scene_session(&scenes[4]);
    struct error e;
    struct viz *v = viz_new(s, &e);
    static const int sizes[][2] = {{1280, 800}, {640, 480}, {1000, 1400}};
    for (int i = 0; i < 3; i++) {
        assert_true(viz_set_theme(v, i == 1 ? "light" : "dark", &e));
        if (!viz_screenshot(v, path, sizes[i][0], sizes[i][1], &e))
            fail_msg("%s", e.text);
        SDL_Surface *picture = IMG_Load(path);
        assert_non_null(picture);
        assert_int_equal(picture->w, sizes[i][0]);
        assert_int_equal(picture->h, sizes[i][1]);
        assert_true(count_colours(picture) > 300);
        SDL_FreeSurface(picture);
    }
    assert_false(viz_screenshot(v, path, 20, 20, &e));
    assert_false(viz_screenshot(v, "/nowhere/at/all.png", 640, 480, &e));
    assert_non_null(strstr(e.text, "/nowhere/at/all.png"));
    unlink(path);
    viz_free(v);
    session_free(s);
}

static void no_display_is_said(void **state)
{
    struct session *s = scene_session(&scenes[0]);
    struct error e;
    struct viz *v = viz_new(s, &e);
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    char driver[40];
    snprintf(driver, sizeof driver, "%s", getenv("SDL_VIDEODRIVER") ? getenv("SDL_VIDEODRIVER") : "");
    unsetenv("SDL_VIDEODRIVER");
    assert_false(viz_open(v, &e));
    assert_non_null(strstr(e.text, "display"));
    assert_false(viz_is_open(v));
    setenv("SDL_VIDEODRIVER", driver, 1);
    viz_free(v);
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_panel_has_its_row),
        cmocka_unit_test(every_panel_draws_every_scene),
        cmocka_unit_test(layouts_neither_overlap_nor_leave),
        cmocka_unit_test(whole_pictures_are_tidy),
        cmocka_unit_test(captions_and_watches_are_shown),
        cmocka_unit_test(keys_type_commands),
        cmocka_unit_test(an_empty_session_types_nothing),
        cmocka_unit_test(keys_change_the_view),
        cmocka_unit_test(clicks_type_pin_and_let_go),
        cmocka_unit_test(hovering_explains),
        cmocka_unit_test(views_and_themes_are_checked),
        cmocka_unit_test(screenshots_need_no_display),
        cmocka_unit_test(no_display_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
