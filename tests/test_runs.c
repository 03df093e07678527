/* test_runs.c - runs kept to be compared: who won, how fast, and how the curves panel draws them. */
#include "viewing.h"

static const char *const names[] = {"falls", "stays", "blows up"};

/* Ten epochs of five steps: one falls from 1 to 0.1, one stays at 0.8, one ends as NaN. */
static void make_runs(struct session *s)
{
    struct runs runs = {0};
    struct error e;
    static struct curves log;
    for (int i = 0; i < 3; i++) {
        struct run *run = runs_add(&runs, names[i], s->data, &e);
        assert_non_null(run);
        curves_init(&log);
        for (uint64_t k = 1; k <= 10; k++) {
            float loss = i == 0 ? 1.1f - 0.1f * (float)k : i == 1 ? 0.8f : k < 10 ? (float)k : NAN;
            curves_add(
                &log, &(struct curve_point){.epoch = k, .step = 5 * k, .loss = loss, .val_loss = loss});
        }
        assert_true(run_copy(run, &log));
        assert_false(run_copy(run, &log)); /* nothing new */
        curves_release(&log);
    }
    session_swap_runs(s, &runs);
    runs_clear(&runs);
}

static struct session *make_scene(void)
{
    struct session *s = make_session(WORKER_SLICED, make_source("xor"), "dense 4 tanh;dense 1 tanh");
    make_runs(s);
    return s;
}

static void they_are_judged(void **state)
{
    struct session *s = make_scene();
    const struct runs *r = session_runs(s);
    assert_non_null(r);
    assert_int_equal(runs_winner(r), 0);
    assert_true(run_lowest(&r->run[1]) == (double)0.8f && run_lowest(&r->run[2]) == 1);
    assert_true(run_reached(&r->run[0], 0.55) == 30 && run_reached(&r->run[1], 0.55) < 0);
    struct error e;
    assert_true(session_set_data(s, make_source("circle"), &e)); /* of other data they say nothing */
    assert_null(session_runs(s));
    session_free(s);
}

static bool has_text(const struct draw *d, const char *text)
{
    for (size_t i = 0; i < d->items; i++)
        if (d->item[i].kind == DRAW_TEXT && d->item[i].count >= strlen(text) &&
            !strncmp(d->text + d->item[i].first, text, strlen(text)))
            return true;
    return false;
}

static void they_are_drawn_with_their_names(void **state)
{
    static struct view v;
    static const struct rect big = {0, 0, 4000, 4000}, room = {60, 70, 400, 300};
    struct draw d;
    struct theme t;
    struct session *s = make_scene();
    struct replica *r = replica_new(NULL);
    draw_init(&d, NULL, NULL);
    for (int trained = 0; trained < 2; trained++) {
        if (trained)
            make_fit(s, "adam", 0.01, 3);
        make_view(&v, s, r, &t, "dark");
        draw_begin(&d, big);
        panel_find("curves")->draw(&v, room, &d);
        assert_false(d.failed);
        for (int i = 0; i < 3; i++)
            assert_true(has_text(&d, names[i]));
        for (size_t i = 0; i < d.items; i++) {
            struct rect seen = rect_intersect(d.item[i].box, d.item[i].clip);
            assert_true(seen.w <= 0 || seen.h <= 0 || rect_inside(seen, room, 1.5f));
        }
    }
    draw_release(&d);
    replica_free(r);
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_judged),
        cmocka_unit_test(they_are_drawn_with_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
