/* test_landscape.c - the landscape panel: drawn inside its room in every theme, with the ball where the
 * weights are; not there without a landscape of this network. */
#include "viewing.h"

static void measure(struct session *s, bool weights)
{
    struct error e;
    struct recipe r;
    atomic_bool cancel = false;
    atomic_size_t done = 0;
    struct landscape_plan plan = {
        .weights = weights, .label = {"w[1][0,0]", "w[1][0,1]"}, .param = {0, 1}, .span = 2, .side = 9};
    assert_true(session_recipe(s, &r, &e));
    struct state *state = session_copy_state(s, &e);
    struct landscape *l = landscape_new(state, &r, s->data, &plan, &cancel, &done, &e);
    if (!l)
        fail_msg("%s", e.text);
    assert_int_equal(done, 81);
    assert_memory_equal(state->param, session_network(s)->state->param, state->model->params * sizeof(float));
    session_keep_landscape(s, l);
    state_free(state);
}

/* The middle of the ball, whose ring is the last frame of the picture. */
static struct point ball(const struct draw *d)
{
    for (size_t i = d->items; i-- > 0;)
        if (d->item[i].kind == DRAW_FRAME && d->item[i].radius > 0) {
            struct rect b = d->item[i].box;
            return (struct point){b.x + b.w / 2, b.y + b.h / 2};
        }
    fail_msg("no ball");
    return (struct point){0, 0};
}

static void assert_drawn(struct session *s, const char *theme, float grow, struct draw *d)
{
    static struct view v;
    static const struct rect big = {0, 0, 4000, 4000};
    const struct panel *p = panel_find("landscape");
    struct theme t;
    struct replica *r = replica_new(NULL);
    struct rect room = {60, 70, p->min_w * grow, p->min_h * grow};
    make_view(&v, s, r, &t, theme);
    assert_true(p->suits(&v));
    draw_begin(d, big);
    p->draw(&v, room, d);
    assert_false(d->failed);
    for (size_t i = 0; i < d->items; i++) {
        struct rect seen = rect_intersect(d->item[i].box, d->item[i].clip);
        if (seen.w > 0 && seen.h > 0 && !rect_inside(seen, room, 1.5f))
            fail_msg("item %zu of kind %d leaves the room", i, d->item[i].kind);
    }
    replica_free(r);
}

static void it_is_drawn_inside_its_room(void **state)
{
    struct draw d;
    struct session *s = make_session(WORKER_SLICED, make_source("xor"), "dense 4 tanh;dense 1 tanh");
    draw_init(&d, NULL, NULL);
    make_fit(s, "adam", 0.01, 2);
    for (int weights = 0; weights < 2; weights++) {
        measure(s, weights);
        for (size_t t = 0; theme_at(t); t++)
            for (float grow = 1; grow < 4; grow++)
                assert_drawn(s, theme_at(t)->name, grow, &d);
    }
    draw_release(&d);
    session_free(s);
}

/* A larger first weight moves it to the right, a larger second one up. */
static void the_ball_follows_the_weights(void **state)
{
    struct error e;
    struct draw d;
    struct session *s = make_session(WORKER_SLICED, make_source("xor"), "dense 4 tanh;dense 1 tanh");
    draw_init(&d, NULL, NULL);
    make_fit(s, "adam", 0.01, 2);
    measure(s, true);
    assert_drawn(s, "dark", 3, &d);
    struct point before = ball(&d);
    const float *w = session_network(s)->state->param;
    const float moved[] = {w[0] + 1, w[1] + 0.5f};
    assert_true(session_set_params(s, 1, 0, (const size_t[]){0, 1}, moved, 2, &e));
    assert_drawn(s, "dark", 3, &d);
    struct point after = ball(&d);
    assert_true(after.x > before.x + 10 && after.y < before.y - 5);
    draw_release(&d);
    session_free(s);
}

static void another_network_has_none(void **state)
{
    static struct view v;
    struct theme t;
    struct session *s = make_session(WORKER_SLICED, make_source("xor"), "dense 4 tanh;dense 1 tanh");
    struct replica *r = replica_new(NULL);
    measure(s, false);
    assert_non_null(session_landscape(s));
    char line[] = "dense 3 tanh";
    struct layer_spec spec = make_spec(line);
    struct error e;
    assert_true(session_add(s, 1, &spec, &e));
    assert_null(session_landscape(s));
    make_view(&v, s, r, &t, "dark");
    assert_false(panel_find("landscape")->suits(&v));
    assert_true(session_undo(s, &e)); /* the same model again */
    assert_non_null(session_landscape(s));
    replica_free(r);
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_drawn_inside_its_room),
        cmocka_unit_test(the_ball_follows_the_weights),
        cmocka_unit_test(another_network_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
