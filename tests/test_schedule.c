/* Schedules of the learning rate: warm-up, spans, plateaus; and that a run takes the rates they say, the same
 * ones when it was cut up or rewound. Their numbers against PyTorch's stand in test_reference.c. */
#include "making.h"

#include "../src/io/safetensors.h"
#include "../src/text.h"

#include <unistd.h>

static struct recipe recipe_with(const char *schedule, double warmup)
{
    struct recipe r = make_recipe("sgd", "mse", 0.1);
    recipe_set_schedule(&r, schedule ? schedule_find(schedule) : NULL);
    r.warmup = warmup;
    return r;
}

static struct session *scene(const struct recipe *r)
{
    struct session *s = make_session(WORKER_THREAD, make_data(103, 80, 5), "dense 8 tanh;dense 1 tanh");
    assert_true(session_compile(s, r, NULL));
    return s;
}

static void train(struct session *s, uint64_t epochs, uint64_t steps)
{
    struct error e;
    struct fit fit = {.epochs = epochs, .steps = steps, .batch_size = 10, .memory = 1e6};
    if (!session_fit(s, &fit, &e))
        fail_msg("%s", e.text);
    finish(s);
}

static double rate_now(struct session *s)
{
    struct place p = session_place(s);
    return schedule_rate(&session_network(s)->recipe, &p);
}

static void assert_near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-12 + 1e-9 * fabs(b)))
        fail_msg("%.12g is not %.12g", a, b);
}

/* 1/5, 2/5 … 1 of the rate; then the rate. */
static void a_warm_up_rises_to_the_rate(void **state)
{
    struct recipe r = recipe_with(NULL, 5);
    struct place p = {0};
    for (p.t = 0; p.t < 8; p.t++)
        assert_near(schedule_rate(&r, &p), 0.1 * fmin(1, (double)(p.t + 1) / 5));
    r.warmup = 0;
    p.t = 0;
    assert_true(schedule_rate(&r, &p) == 0.1);
}

/* The cosine of a fit begins behind the warm-up, at the full rate, and ends with the fit; the next fit warms
 * up again. */
static void a_span_goes_its_way_behind_the_warm_up(void **state)
{
    struct recipe r = recipe_with("cosine", 4);
    struct place p = {.t = 100, .epoch = 7};
    schedule_begin(&r, &p, 10, 2, 0);
    assert_int_equal(p.course.end, 120);
    assert_near(schedule_rate(&r, &p), 0.1 / 4);
    p.t = 104;
    assert_near(schedule_rate(&r, &p), 0.1);
    p.t = 112;
    assert_near(schedule_rate(&r, &p), 0.05);
    p.t = 120;
    assert_near(schedule_rate(&r, &p), 0);
    p.t = 1000;
    assert_near(schedule_rate(&r, &p), 0);
    p.batch = 3;
    schedule_begin(&r, &p, 10, 2, 0);
    assert_int_equal(p.course.end, 1017); /* three batches of the epoch are done */
    assert_near(schedule_rate(&r, &p), 0.1 / 4);
    schedule_begin(&r, &p, 10, 5, 6);
    assert_int_equal(p.course.end, 1006);
    r.accumulate = 4;
    p.batch = 0;
    schedule_begin(&r, &p, 10, 2, 0);
    assert_int_equal(p.course.end, 1006); /* 3 updates an epoch */
}

/* Outside a fit there is no way to go: the full rate. */
static void without_a_fit_the_rate_is_whole(void **state)
{
    for (size_t i = 0; schedule_at(i); i++) {
        struct recipe r = recipe_with(schedule_name(i), 0);
        assert_near(schedule_rate(&r, &(struct place){0}), 0.1);
    }
}

/* Whatever a file says about the course, the rate is a number from 0 to lr. */
static void any_place_has_a_rate(void **state)
{
    for (size_t i = 0; schedule_at(i); i++)
        for (int k = 0; k < 64; k++) {
            struct recipe r = recipe_with(schedule_name(i), k & 1 ? 3 : 0);
            struct place p = {.t = k & 2 ? UINT64_MAX : 5, .epoch = k & 4 ? 0 : 9};
            p.course = (struct course){.since = k & 8 ? UINT64_MAX : 3,
                .from = k & 16 ? 1u << 30 : 0,
                .end = k & 32 ? 7 : 0,
                .drops = k & 1 ? UINT32_MAX : 0,
                .best = NAN};
            double rate = schedule_rate(&r, &p);
            assert_true(rate >= 0 && isfinite(rate));
            schedule_score(&r, &p, NAN);
        }
}

static void a_plateau_waits_and_drops(void **state)
{
    struct recipe r = recipe_with("plateau", 0);
    struct place p = {0};
    r.schedule_hyper[1] = 3; /* patience */
    schedule_score(&r, &p, 1);
    for (int i = 0; i < 2; i++)
        schedule_score(&r, &p, 1);
    assert_near(schedule_rate(&r, &p), 0.1);
    schedule_score(&r, &p, NAN);      /* says nothing */
    schedule_score(&r, &p, 0.99995f); /* better by less than min_delta */
    assert_near(schedule_rate(&r, &p), 0.01);
    schedule_score(&r, &p, 0.5f);
    assert_int_equal(p.course.waited, 0);
    assert_near(schedule_rate(&r, &p), 0.01);
}

/* The curve of a run shows its rates, and the last update is the end of the way. */
static void a_run_takes_the_rates(void **state)
{
    struct recipe r = recipe_with("cosine", 0);
    struct session *s = scene(&r);
    train(s, 4, 0);
    struct curve_point p[CURVE_POINTS + 1];
    assert_int_equal(curves_copy(&session_network(s)->curves, p), 4);
    for (int i = 0; i < 4; i++)
        assert_true(fabsf(p[i].lr - 0.05f * (1 + cosf(3.14159265f * (float)(i + 1) / 4))) < 1e-6f);
    struct session *t = scene(&r);
    train(t, 0, 31);
    assert_true(session_set_lr(s, 0.3, NULL));
    assert_near(session_network(s)->recipe.lr, 0.3);
    session_free(s);
    session_free(t);
}

static void assert_same_weights(struct session *a, struct session *b)
{
    const struct state *x = session_network(a)->state, *y = session_network(b)->state;
    assert_int_equal(x->place.step, y->place.step);
    assert_memory_equal(x->param, y->param, x->floats * sizeof(float));
}

/* One with a length of its own is a function of the place alone: cut up, rewound, or in one go. */
static void the_rate_follows_from_the_place(void **state)
{
    static const char *const name[] = {"step", "exponential", "cosine", "one_cycle", "plateau"};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        struct error e;
        struct recipe r = recipe_with(name[i], 10);
        if (r.schedule->spans)
            r.schedule_hyper[1] = 12; /* epochs */
        r.schedule_hyper[0] = !strcmp(name[i], "step") ? 2 : r.schedule_hyper[0];
        if (!strcmp(name[i], "plateau")) {
            r.schedule_hyper[1] = 1;
            r.schedule_hyper[2] = 0.02;
        }
        struct session *a = scene(&r), *b = scene(&r);
        train(a, 12, 0);
        train(b, 3, 0);
        train(b, 0, 5);
        train(b, 0, 11);
        train(b, 4, 0);
        train(b, 6, 0);
        assert_true(session_rewind(b, 6 * 8, &e));
        train(b, 6, 0);
        assert_same_weights(a, b);
        if (!strcmp(name[i], "plateau"))
            assert_true(session_place(a).course.drops > 0);
        session_free(a);
        session_free(b);
    }
}

/* By hand a step takes the rate of its place; set lr scales all that comes. */
static void the_base_scales_the_rest(void **state)
{
    struct recipe r = recipe_with("exponential", 0);
    struct session *s = scene(&r);
    train(s, 2, 0);
    assert_near(rate_now(s), 0.1 * 0.95 * 0.95);
    assert_true(session_set_lr(s, 1, NULL));
    assert_near(rate_now(s), 0.95 * 0.95);
    struct status status;
    train(s, 1, 0);
    session_status(s, &status);
    assert_near(status.lr, 0.95 * 0.95 * 0.95);
    assert_true(session_compile(s, &r, NULL));
    assert_near(rate_now(s), 0.1); /* a new optimiser, a new schedule */
    session_free(s);
}

static void a_file_keeps_the_course(void **state)
{
    struct error e;
    char path[200];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/gradus-course-%d.safetensors", folder ? folder : "/tmp", (int)getpid());
    struct recipe r = recipe_with("plateau", 0);
    struct session *s = scene(&r);
    train(s, 3, 0);
    struct state *from = session_network(s)->state, *to = session_copy_state(s, &e);
    from->place.course.drops = 2;
    to->place.course = (struct course){0};
    assert_true(safetensors_save(path, from, "", "", &e));
    struct tensor_file *f = safetensors_open(path, &e);
    assert_non_null(f);
    assert_true(safetensors_fill(f, to, &e));
    const struct course *a = &from->place.course, *b = &to->place.course;
    assert_true(a->scored && b->scored && a->best == b->best && b->drops == 2 && a->waited == b->waited);
    assert_true(a->since == b->since && a->from == b->from && a->end == b->end && a->batches == b->batches);
    safetensors_close(f);
    remove(path);
    state_free(to);
    session_free(s);
}

static void a_recipe_says_its_schedule(void **state)
{
    struct text t = {0};
    struct recipe r = recipe_with("cosine", 20);
    r.schedule_hyper[0] = 500;
    r.clip = 1;
    r.accumulate = 4;
    r.weight_decay = 0.01;
    recipe_write(&r, &t);
    assert_string_equal(text_get(&t),
        "compile sgd loss=mse lr=0.1 weight_decay=0.01 schedule=cosine steps=500 "
        "warmup=20 clip=1 accumulate=4\n");
    text_release(&t);
}

static void every_row_is_complete(void **state)
{
    size_t n = 0;
    for (; schedule_at(n); n++) {
        const struct schedule *s = schedule_at(n);
        assert_ptr_equal(schedule_find(schedule_name(n)), s);
        assert_true(s->summary && s->formula && s->rate && args_count(s->args) <= SCHEDULE_ARGS);
        if (s->spans)
            assert_true(!strcmp(s->args[0].name, "steps") && !strcmp(s->args[1].name, "epochs"));
    }
    assert_int_equal(n, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_warm_up_rises_to_the_rate),
        cmocka_unit_test(a_span_goes_its_way_behind_the_warm_up),
        cmocka_unit_test(without_a_fit_the_rate_is_whole),
        cmocka_unit_test(any_place_has_a_rate),
        cmocka_unit_test(a_plateau_waits_and_drops),
        cmocka_unit_test(a_run_takes_the_rates),
        cmocka_unit_test(the_rate_follows_from_the_place),
        cmocka_unit_test(the_base_scales_the_rest),
        cmocka_unit_test(a_file_keeps_the_course),
        cmocka_unit_test(a_recipe_says_its_schedule),
        cmocka_unit_test(every_row_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
