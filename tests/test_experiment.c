/* test_experiment.c - sweep, race, twin, branch, landscape: each is what would come out by hand, and leaves
 * the session as it was. */
#include "typing.h"

#include "../src/experiment.h"
#include "../src/memory.h"

#include <math.h>
#include <signal.h>

#define NETWORK "seed 3; data circle n=100; dense 4 tanh; dense 1 tanh"

static struct network *network(void)
{
    return session_network(prompt.session);
}

static bool same_number(float a, float b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* The run has the very rows of the present network's own log. */
static void assert_same_curve(const struct run *run)
{
    static struct curve_point own[CURVE_POINTS + 1];
    size_t n = curves_copy(&network()->curves, own);
    assert_true(n > 0);
    assert_int_equal(run->points, n);
    for (size_t i = 0; i < n; i++) {
        const struct curve_point *a = &own[i], *b = &run->point[i];
        assert_true(a->step == b->step && a->epoch == b->epoch);
        assert_true(same_number(a->loss, b->loss) && same_number(a->val_loss, b->val_loss));
        assert_true(same_number(a->accuracy, b->accuracy) && same_number(a->lr, b->lr));
    }
}

static void race_is_compile_and_fit(void **state)
{
    prompt_open();
    type_well(
        NETWORK "; compile sgd lr=0.05 momentum=0.9; race sgd adam rmsprop lr=0.02 epochs=6 batch_size=7");
    assert_int_equal(prompt.session->runs.count, 3);
    type_well("compile adam lr=0.02; fit 6 batch_size=7");
    assert_same_curve(&prompt.session->runs.run[1]);
    prompt_close();
}

/* The present optimiser keeps its settings; the race starts where the fit did. */
static void race_starts_where_the_fit_did(void **state)
{
    prompt_open();
    type_well(NETWORK "; compile sgd lr=0.05 momentum=0.9; fit 5; race adam sgd");
    assert_same_curve(&prompt.session->runs.run[1]);
    prompt_close();
}

static void twins_are_two_fits(void **state)
{
    static const struct {
        const char *twin, *by_hand;
    } pairs[] = {
        {"twin lr=0.3", "compile sgd lr=0.3 momentum=0.9"},
        {"twin l2=0.01 epochs=5", "compile sgd lr=0.05 momentum=0.9 l2=0.01"},
        {"twin optimizer=adam", "compile adam"},
        {"twin replace 1 dense 4 relu", "replace 1 dense 4 relu"},
        {"twin set w[1][0,0] 2", "set w[1][0,0] 2"},
        {"twin seed=9", "seed 9; init"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        prompt_open();
        type_well(NETWORK "; compile sgd lr=0.05 momentum=0.9; fit 5");
        type_well(pairs[i].twin);
        assert_int_equal(prompt.session->runs.count, 2);
        assert_same_curve(&prompt.session->runs.run[0]);
        type_well("rewind 0");
        type_well(pairs[i].by_hand);
        type_well("fit 5");
        assert_same_curve(&prompt.session->runs.run[1]);
        prompt_close();
    }
}

static void twin_of_another_batch_size(void **state)
{
    prompt_open();
    type_well(NETWORK "; fit 4; twin batch_size=5; rewind 0; fit 4 batch_size=5");
    assert_same_curve(&prompt.session->runs.run[1]);
    prompt_close();
}

static void a_twin_has_one_change(void **state)
{
    static const char *const wrong[] = {"twin lr=0.1 l2=0.1", "twin fit 3", "twin undo", "twin model other",
        "twin foo=3", "twin lr=word", "twin seed=-1", "twin batch_size=0", "twin remove 7", "twin set lr 3"};
    prompt_open();
    type_well(NETWORK "; race sgd epochs=2");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (type(wrong[i]))
            fail_msg("'%s' works", wrong[i]);
        assert_non_null(strstr(text_get(&printed), "error: "));
        assert_int_equal(prompt.session->runs.count, 1);
        assert_int_equal(network()->model->layers, 3);
    }
    prompt_close();
}

/* --- no trace ------------------------------------------------------------------------------------------ */

static void nothing_changes(void **state)
{
    static const char *const line[] = {"sweep lr=1e-3..100", "race sgd adam epochs=3", "twin lr=0.5 epochs=3",
        "twin seed=5 epochs=3", "twin insert 1 dense 3 relu", "landscape n=5",
        "landscape w[1][0,0] b[2][0] n=5"};
    struct error e;
    prompt_open();
    type_well(NETWORK "; fit 5");
    const struct session *s = prompt.session;
    struct state *before = session_copy_state(prompt.session, &e);
    uint64_t revision = s->revision;
    size_t journal = s->journal_count, points = network()->curves.count;
    const struct model *model = network()->model;
    assert_non_null(before);
    for (size_t i = 0; i < sizeof line / sizeof *line; i++) {
        type_well(line[i]);
        assert_ptr_equal(network()->model, model);
        assert_memory_equal(network()->state->param, before->param, before->floats * sizeof(float));
        assert_memory_equal(&network()->state->place, &before->place, sizeof before->place);
        assert_true(s->revision == revision && s->journal_count == journal && s->seed == 3);
        assert_int_equal(network()->curves.count, points);
    }
    type_well("undo"); /* what was done last is still the fit */
    assert_int_equal(session_place(s).step, 0);
    state_free(before);
    prompt_close();
}

static void an_interrupt_leaves_no_trace(void **state)
{
    static const char *const line[] = {"race sgd adam epochs=1000000", "twin lr=0.5 epochs=1000000",
        "sweep steps=100000", "landscape n=201"};
    prompt_open();
    type_well(NETWORK "; race sgd epochs=2; landscape n=3");
    const struct landscape *l = prompt.session->landscape;
    for (size_t i = 0; i < sizeof line / sizeof *line; i++) {
        raise(SIGINT);
        assert_false(type(line[i]));
        assert_non_null(strstr(text_get(&printed), "interrupted"));
        assert_int_equal(prompt.status, 130);
        assert_int_equal(prompt.session->runs.count, 1);
        assert_string_equal(prompt.session->runs.run[0].name, "sgd");
        assert_ptr_equal(prompt.session->landscape, l);
        assert_false(worker_busy(prompt.session->worker));
        prompt.quit = false;
        prompt.status = 0;
    }
    prompt_close();
}

static void not_while_training(void **state)
{
    static const char *const line[] = {"race sgd", "twin lr=1", "sweep", "landscape"};
    prompt_open();
    type_well(NETWORK "; fit 1000000 &");
    for (size_t i = 0; i < sizeof line / sizeof *line; i++) {
        assert_false(type(line[i]));
        assert_non_null(strstr(text_get(&printed), "`stop`"));
        assert_true(session_running(prompt.session));
    }
    type_well("stop");
    prompt_close();
}

/* --- sweep --------------------------------------------------------------------------------------------- */

static void sweep_once(double high, size_t steps, struct sweep *out)
{
    struct error e;
    atomic_bool cancel = false;
    atomic_size_t done = 0;
    struct session *x = experiment_new(prompt.session, START_PRESENT, &e);
    assert_non_null(x);
    if (!sweep_run(x, 1e-4, high, steps, 10, &cancel, &done, out, &e))
        fail_msg("%s", e.text);
    assert_int_equal(done, out->steps);
    session_free(x);
}

static void sweep_takes_growing_steps(void **state)
{
    struct sweep a, b;
    struct status status;
    prompt_open();
    type_well(NETWORK "; compile sgd schedule=cosine");
    sweep_once(3, 60, &a);
    sweep_once(3, 60, &b);
    assert_int_equal(a.steps, 60);
    assert_memory_equal(a.loss, b.loss, a.steps * sizeof *a.loss);
    assert_true(a.lr[0] == 1e-4 && fabs(a.lr[59] - 3) < 1e-9);
    for (size_t i = 2; i < a.steps; i++)
        assert_true(fabs(a.lr[i] / a.lr[i - 1] - a.lr[1] / a.lr[0]) < 1e-9);
    assert_true(a.fell && a.steepest <= a.lowest && a.lowest < a.worse);
    char line[64];
    for (int i = 0; i < 3; i++) { /* the same by hand */
        snprintf(line, sizeof line,
            i ? "set lr %.17g; step batch_size=10" : "compile sgd lr=%.17g; step batch_size=10", a.lr[i]);
        type_well(line);
        session_status(prompt.session, &status);
        assert_true(status.loss == a.loss[i]);
    }
    sweep_release(&a);
    sweep_release(&b);
    prompt_close();
}

/* A linear unit on numbers has no bound: too large a rate throws the loss out of the numbers. */
static void sweep_ends_when_it_blows_up(void **state)
{
    struct sweep s;
    prompt_open();
    type_well("seed 1; data plane n=100; dense 1; compile sgd");
    sweep_once(1e6, 400, &s);
    assert_true(s.steps < 400 && s.fell && s.worse < s.steps);
    assert_true(s.steepest <= s.lowest && s.lowest < s.worse);
    sweep_release(&s);
    prompt_close();
}

/* What is left of its loss is the batches' own: no rate stands out, though some mean is lower than the first.
 */
static void a_trained_network_has_no_best_rate(void **state)
{
    struct sweep s;
    prompt_open();
    type_well("seed 1; data circle noise=0.3; dense 8 tanh; dense 1 sigmoid; compile adam lr=0.03; fit 40");
    sweep_once(1e-3, 100, &s);
    assert_true(s.mean[s.lowest] < 0.95 * s.mean[0]);
    assert_false(s.fell);
    sweep_release(&s);
    prompt_close();
}

/* --- branch -------------------------------------------------------------------------------------------- */

static void a_branch_stays(void **state)
{
    struct error e;
    prompt_open();
    type_well(NETWORK "; fit 5; branch; branch kept");
    assert_int_equal(prompt.session->networks, 3);
    assert_string_equal(network()->name, "main");
    struct state *then = session_copy_state(prompt.session, &e);
    assert_non_null(then);
    type_well("fit 5; init; replace 1 dense 3 relu; undo; undo");
    type_well("model kept");
    assert_memory_equal(network()->state->param, then->param, then->floats * sizeof(float));
    assert_memory_equal(&network()->state->place, &then->place, sizeof then->place);
    assert_int_equal(network()->curves.count, 5);
    type_well("fit 5"); /* goes on exactly as the first network did */
    double branch, first;
    assert_true(expr_number(&prompt, "loss", &branch, &e));
    type_well("model branch1; fit 5");
    assert_true(expr_number(&prompt, "loss", &first, &e));
    assert_true(branch == first);
    assert_false(type("branch kept"));
    assert_int_equal(prompt.session->networks, 3);
    state_free(then);
    prompt_close();
}

/* --- landscape ----------------------------------------------------------------------------------------- */

static double loss_now(void)
{
    struct error e;
    double loss;
    if (!expr_number(&prompt, "loss", &loss, &e))
        fail_msg("%s", e.text);
    return loss;
}

/* Each point is the loss that `set` leads to; float rounds it once. */
static void landscape_is_the_loss(void **state)
{
    char line[128];
    struct error e;
    double read;
    prompt_open();
    type_well(NETWORK "; compile adam l2=0.01; fit 3; landscape w[1][1,2] b[2][0] n=5 span=3");
    const struct landscape *l = prompt.session->landscape;
    assert_true(fabs(l->present - loss_now()) < 1e-9);
    assert_true(l->loss[2 * 5 + 2] == (float)l->present);
    for (int i = 0; i < 5; i += 2)
        for (int j = 0; j < 5; j++) {
            snprintf(line, sizeof line, "set w[1][1,2] %.17g; set b[2][0] %.17g", landscape_value(l, 0, i),
                landscape_value(l, 1, j));
            type_well(line);
            assert_true(fabs((double)l->loss[i * 5 + j] - loss_now()) <= 1e-6 * loss_now());
            snprintf(line, sizeof line, "landscape[%d,%d]", i, j);
            assert_true(expr_number(&prompt, line, &read, &e));
            assert_true((float)read == l->loss[i * 5 + j]);
        }
    double at[2];
    landscape_find(l, network()->state, at);
    assert_true(
        fabs(at[0] - landscape_value(l, 0, 4)) < 1e-6 && fabs(at[1] - landscape_value(l, 1, 4)) < 1e-6);
    type_well("replace 1 dense 5 tanh");
    assert_false(expr_number(&prompt, "landscape[0,0]", &read, &e)); /* of another network */
    prompt_close();
}

/* Li et al. 2018: each filter of a direction is as long as the network's own. */
static void directions_are_normalised(void **state)
{
    prompt_open();
    type_well(NETWORK "; fit 3; landscape n=5");
    const struct landscape *l = prompt.session->landscape;
    const struct param *kernel = &l->model->layer[1].param[0], *bias = &l->model->layer[1].param[1];
    for (int a = 0; a < 2; a++) {
        const float *d = l->axis[a].direction;
        for (size_t unit = 0; unit < 4; unit++) {
            double ww = 0, dd = 0;
            for (size_t i = unit; i < kernel->count; i += 4) {
                ww += pow((double)l->centre[kernel->offset + i], 2);
                dd += pow((double)d[kernel->offset + i], 2);
            }
            assert_true(fabs(sqrt(ww) - sqrt(dd)) < 1e-5 * sqrt(ww));
        }
        for (size_t i = 0; i < bias->count; i++)
            assert_true(d[bias->offset + i] == 0);
    }
    double at[2];
    struct state *s = network()->state;
    landscape_find(l, s, at);
    assert_true(at[0] == 0 && at[1] == 0);
    for (size_t i = 0; i < l->model->params; i++)
        s->param[i] += 0.5f * l->axis[0].direction[i] - 0.25f * l->axis[1].direction[i];
    landscape_find(l, s, at);
    assert_true(fabs(at[0] - 0.5) < 1e-5 && fabs(at[1] + 0.25) < 1e-5);
    prompt_close();
}

static void landscape_says_what_is_wrong(void **state)
{
    static const char *const wrong[] = {"landscape w[1][0,0]", "landscape w[1] b[1][0]",
        "landscape w[1][0,0] w[1][0,0]", "landscape w[9][0,0] b[1][0]", "landscape a[1][0] b[1][0]",
        "landscape n=2", "print landscape[0,0]", "landscape loss lr"};
    prompt_open();
    assert_false(type("landscape"));
    type_well(NETWORK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (type(wrong[i]))
            fail_msg("'%s' works", wrong[i]);
        assert_null(prompt.session->landscape);
    }
    prompt_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(race_is_compile_and_fit),
        cmocka_unit_test(race_starts_where_the_fit_did),
        cmocka_unit_test(twins_are_two_fits),
        cmocka_unit_test(twin_of_another_batch_size),
        cmocka_unit_test(a_twin_has_one_change),
        cmocka_unit_test(nothing_changes),
        cmocka_unit_test(an_interrupt_leaves_no_trace),
        cmocka_unit_test(not_while_training),
        cmocka_unit_test(sweep_takes_growing_steps),
        cmocka_unit_test(sweep_ends_when_it_blows_up),
        cmocka_unit_test(a_trained_network_has_no_best_rate),
        cmocka_unit_test(a_branch_stays),
        cmocka_unit_test(landscape_is_the_loss),
        cmocka_unit_test(directions_are_normalised),
        cmocka_unit_test(landscape_says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
