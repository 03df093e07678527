/* test_sweep.c - the sweep panel: drawn inside its room in every theme, the rate marked where the loss falls
 * fastest, and a button that takes it; not there for another optimiser. */
#include "viewing.h"

#include "../src/experiment.h"
#include "../viz/plot.h"

static const struct rect big = {0, 0, 4000, 4000};

static struct session *make_scene(void)
{
    struct session *s = make_session(WORKER_SLICED, make_source("circle"), "dense 4 tanh;dense 1 tanh");
    make_fit(s, "adam", 0.01, 2);
    return s;
}

static void sweep(struct session *s, double low, double high, size_t steps)
{
    struct error e;
    struct sweep result;
    atomic_bool cancel = false;
    atomic_size_t done = 0;
    struct session *x = experiment_new(s, START_PRESENT, &e);
    assert_non_null(x);
    if (!sweep_run(x, low, high, steps, 10, &cancel, &done, &result, &e))
        fail_msg("%s", e.text);
    session_free(x);
    session_keep_sweep(s, &result);
    assert_null(result.lr);
}

static void draw_in(struct view *v, struct rect room, struct draw *d)
{
    draw_begin(d, big);
    panel_find("sweep")->draw(v, room, d);
    assert_false(d->failed);
    assert_true(d->items > 0);
    for (size_t i = 0; i < d->items; i++) {
        struct rect seen = rect_intersect(d->item[i].box, d->item[i].clip);
        if (seen.w > 0 && seen.h > 0 && !rect_inside(seen, room, 1.5f))
            fail_msg("item %zu of kind %d leaves the room", i, d->item[i].kind);
    }
}

static void it_is_drawn_inside_its_room(void **state)
{
    static struct view v;
    static const struct {
        double low, high;
        size_t steps;
    } ranges[] = {{1e-4, 3, 60}, {1e-9, 1e-8, 10}, {1e-3, 1e6, 1000}};
    struct draw d;
    struct theme t;
    struct session *s = make_scene();
    struct replica *r = replica_new(NULL);
    const struct panel *p = panel_find("sweep");
    draw_init(&d, NULL, NULL);
    make_view(&v, s, r, &t, "dark");
    assert_false(p->suits(&v));
    draw_in(&v, (struct rect){60, 70, 400, 200}, &d); /* a word on what to type */
    for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++) {
        sweep(s, ranges[k].low, ranges[k].high, ranges[k].steps);
        for (size_t i = 0; theme_at(i); i++)
            for (float grow = 1; grow < 4; grow++) {
                make_view(&v, s, r, &t, theme_at(i)->name);
                assert_true(p->suits(&v));
                draw_in(&v, (struct rect){60, 70, p->min_w * grow, p->min_h * grow}, &d);
            }
    }
    draw_release(&d);
    replica_free(r);
    session_free(s);
}

static bool has_text(const struct draw *d, const char *text)
{
    for (size_t i = 0; i < d->items; i++)
        if (d->item[i].kind == DRAW_TEXT && d->item[i].count == strlen(text) &&
            !strncmp(d->text + d->item[i].first, text, strlen(text)))
            return true;
    return false;
}

static void the_rate_is_marked_and_a_button_takes_it(void **state)
{
    static struct view v;
    char rate[PLOT_NUMBER], command[32];
    struct draw d;
    struct theme t;
    struct session *s = make_scene();
    struct replica *r = replica_new(NULL);
    draw_init(&d, NULL, NULL);
    for (int fell = 0; fell < 2; fell++) {
        sweep(s, fell ? 1e-3 : 1e-9, fell ? 1 : 1e-8, 1000);
        const struct sweep *w = session_sweep(s);
        assert_non_null(w);
        assert_true(w->fell == fell);
        make_view(&v, s, r, &t, "dark");
        v.mouse = (struct point){260, 150};
        v.mouse_inside = true;
        draw_in(&v, (struct rect){60, 70, 400, 200}, &d);
        number_brief(w->lr[w->steepest], rate);
        snprintf(command, sizeof command, "set lr %.2g", w->lr[w->steepest]);
        const struct zone *zone = draw_zone_at(&d, v.mouse);
        assert_non_null(zone);
        assert_int_equal(zone->subject.kind, SUBJECT_PLACE);
        assert_non_null(strstr(zone_tip(&d, zone), "the loss was"));
        assert_true(has_text(&d, rate) == fell);
        const struct zone *button = NULL;
        for (size_t i = 0; i < d.zones; i++)
            button = d.zone[i].subject.kind == SUBJECT_CONTROL ? &d.zone[i] : button;
        assert_true(!button == !fell);
        if (button)
            assert_string_equal(zone_command(&d, button), command);
    }
    draw_release(&d);
    replica_free(r);
    session_free(s);
}

static void a_network_without_a_recipe_has_one(void **state)
{
    struct session *s = make_session(WORKER_SLICED, make_source("circle"), "dense 4 tanh;dense 1 tanh");
    sweep(s, 1e-4, 3, 20);
    assert_null(session_network(s)->recipe.optimizer);
    assert_non_null(session_sweep(s));
    session_free(s);
}

static void another_network_has_none(void **state)
{
    struct error e;
    struct session *s = make_scene();
    sweep(s, 1e-4, 3, 20);
    assert_non_null(session_sweep(s));
    struct recipe recipe = make_recipe("sgd", NULL, 0.1);
    assert_true(session_compile(s, &recipe, &e)); /* the rates of another optimiser */
    assert_null(session_sweep(s));
    recipe = make_recipe("adam", NULL, 0.1);
    assert_true(session_compile(s, &recipe, &e));
    assert_non_null(session_sweep(s));
    char line[] = "dense 3 tanh";
    struct layer_spec spec = make_spec(line);
    assert_true(session_add(s, 1, &spec, &e));
    assert_null(session_sweep(s));
    assert_true(session_undo(s, &e)); /* the same model again */
    assert_non_null(session_sweep(s));
    assert_true(session_set_data(s, make_source("xor"), &e));
    assert_null(session_sweep(s));
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_drawn_inside_its_room),
        cmocka_unit_test(the_rate_is_marked_and_a_button_takes_it),
        cmocka_unit_test(a_network_without_a_recipe_has_one),
        cmocka_unit_test(another_network_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
