/* The session: edits, undo, defaults that are said, errors that leave everything as it was. */
#include "making.h"

static bool add(struct session *s, int at, const char *text, struct error *e)
{
    char line[200];
    snprintf(line, sizeof line, "%s", text);
    struct layer_spec spec = make_spec(line);
    return session_add(s, at, &spec, e);
}

static struct fit fit_of(uint64_t epochs)
{
    return (struct fit){.epochs = epochs, .batch_size = 10};
}

static void data_and_layers_in_either_order(void **state)
{
    struct error e;
    struct session *a = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;dense 1 tanh");
    struct session *b = make_session(WORKER_THREAD, NULL, "dense 4 tanh;dense 1 tanh");
    assert_null(session_network(b)->state);
    assert_true(session_set_data(b, make_data(50, 40, 1), &e));
    assert_memory_equal(
        session_network(a)->state->param, session_network(b)->state->param, 17 * sizeof(float));
    session_free(a);
    session_free(b);
}

static void inserting_keeps_what_was_learnt(void **state)
{
    struct error e;
    struct session *s =
        make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh name=h;dense 1 tanh name=o");
    struct fit fit = fit_of(3);
    assert_true(session_fit(s, &fit, &e));
    finish(s);
    float before[8], after[8];
    assert_true(session_read_param(s, 1, 0, before, &e));
    assert_true(add(s, 2, "dense 4 tanh", &e));
    assert_true(session_read_param(s, 1, 0, after, &e));
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(session_network(s)->model->layers, 4);
    session_free(s);
}

static void undo_and_redo_walk_through_everything(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;dense 1 tanh");
    float start[8], trained[8], now[8];
    assert_true(session_read_param(s, 1, 0, start, &e));
    struct recipe r = make_recipe("sgd", "mse", 0.1);
    assert_true(session_compile(s, &r, &e));
    struct fit fit = fit_of(3);
    assert_true(session_fit(s, &fit, &e));
    finish(s);
    assert_true(session_read_param(s, 1, 0, trained, &e));
    assert_memory_not_equal(start, trained, sizeof start);
    assert_true(session_remove(s, 2, &e));
    assert_true(session_undo(s, &e)); /* remove */
    assert_true(session_read_param(s, 1, 0, now, &e));
    assert_memory_equal(trained, now, sizeof now);
    assert_true(session_undo(s, &e)); /* fit */
    assert_true(session_read_param(s, 1, 0, now, &e));
    assert_memory_equal(start, now, sizeof now);
    assert_int_equal(session_network(s)->curves.count, 0);
    assert_true(session_undo(s, &e)); /* compile */
    assert_null(session_network(s)->recipe.optimizer);
    assert_true(session_redo(s, &e) && session_redo(s, &e));
    assert_true(session_read_param(s, 1, 0, now, &e));
    assert_memory_equal(trained, now, sizeof now);
    assert_true(session_redo(s, &e));
    assert_int_equal(session_network(s)->model->layers, 2);
    assert_false(session_redo(s, &e));
    for (int i = 0; session_undo(s, &e); i++)
        assert_true(i < 10);
    assert_null(s->data);
    assert_int_equal(session_network(s)->model->layers, 1);
    session_free(s);
}

static void a_change_after_undo_ends_redo(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh");
    s->seed = 9;
    assert_true(session_undo(s, &e));
    assert_int_equal(s->seed, 1); /* as it was when the layer was added */
    assert_true(add(s, -1, "dense 3 tanh", &e));
    assert_false(session_redo(s, &e));
    assert_true(session_undo(s, &e) && session_redo(s, &e));
    assert_int_equal(session_network(s)->model->layers, 2);
    session_free(s);
}

static void undo_goes_back_to_the_model_that_was_changed(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;dense 1 tanh");
    assert_true(session_select(s, "small", &e));
    assert_true(add(s, -1, "dense 1 tanh", &e));
    assert_true(session_select(s, "main", &e));
    assert_true(session_undo(s, &e));
    assert_string_equal(session_network(s)->name, "small");
    assert_int_equal(session_network(s)->model->layers, 1);
    assert_true(session_select(s, "main", &e));
    assert_int_equal(session_network(s)->model->layers, 3);
    session_free(s);
}

static void assert_networks(const struct session *s, int count, const char *present)
{
    assert_int_equal(s->networks, count);
    assert_string_equal(session_network(s)->name, present);
}

/* A network that a branch or `model` made goes with the undo, with all that was done to it, and comes back
 * so. */
static void networks_are_undone(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;dense 1 tanh");
    assert_true(session_branch(s, "twig", &e) && session_select(s, "twig", &e));
    assert_true(add(s, 1, "dense 3 tanh", &e) && session_select(s, "main", &e));
    assert_true(session_select(s, "other", &e));
    assert_true(session_undo(s, &e)); /* other */
    assert_networks(s, 2, "main");
    assert_true(session_undo(s, &e)); /* the layer of twig */
    assert_networks(s, 2, "twig");
    assert_true(session_undo(s, &e)); /* twig */
    assert_networks(s, 1, "main");
    assert_int_equal(session_network(s)->model->layers, 3);
    assert_true(session_redo(s, &e) && session_redo(s, &e));
    assert_networks(s, 2, "twig");
    assert_int_equal(session_network(s)->model->layers, 4);
    assert_true(session_redo(s, &e));
    assert_networks(s, 3, "twig");
    assert_true(session_undo(s, &e) && session_undo(s, &e) && session_undo(s, &e));
    assert_true(session_select(s, "twig", &e)); /* ends redo, and the first twig with it */
    assert_false(session_redo(s, &e));
    assert_int_equal(session_network(s)->model->layers, 1);
    session_free(s);
}

static void undo_lives_within_its_budget(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "");
    s->memory = 1; /* a byte: the newest version stays in spite of it */
    for (int i = 0; i < 5; i++)
        assert_true(add(s, -1, "dense 4 tanh", &e));
    assert_true(session_undo(s, &e));
    assert_int_equal(session_network(s)->model->layers, 5);
    assert_false(session_undo(s, &e));
    session_free(s);
}

/* A score is kept until weights change, by a step or by hand. */
static void scores_follow_the_weights(void **state)
{
    struct error e;
    double before, now;
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;dense 1 tanh");
    struct fit fit = fit_of(1);
    assert_true(session_fit(s, &fit, &e));
    finish(s);
    assert_true(session_metric(s, "loss", &before, &e));
    assert_true(session_metric(s, "loss", &now, &e));
    assert_true(now == before);
    float far = 5;
    size_t element = 3;
    assert_true(session_set_params(s, 1, 0, &element, &far, 1, &e));
    assert_true(session_metric(s, "loss", &now, &e));
    assert_true(now != before);
    before = now;
    assert_true(session_fit(s, &fit, &e));
    finish(s);
    uint64_t revision = s->revision;
    assert_true(session_metric(s, "loss", &before, &e));
    assert_true(session_fit(s, &fit, &e));
    finish(s);
    assert_int_equal(s->revision, revision); /* only the step tells */
    assert_true(session_metric(s, "loss", &now, &e));
    assert_true(now != before);
    session_free(s);
}

static void failures_leave_everything(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;dense 1000000 tanh");
    uint64_t revision = s->revision;
    const struct network before = *session_network(s);
    assert_false(add(s, 7, "dense 3", &e));
    assert_false(session_remove(s, 5, &e));
    assert_false(session_rename(s, 1, "dense2", &e));
    assert_false(add(s, -1, "dense 1000000", &e));
    assert_non_null(strstr(e.text, "8000"));
    assert_non_null(strstr(e.text, "bytes"));
    assert_false(session_redo(s, &e));
    assert_ptr_equal(session_network(s)->model, before.model);
    assert_ptr_equal(session_network(s)->state, before.state);
    assert_int_equal(s->revision, revision);
    session_free(s);
}

static void a_fit_says_what_it_misses(void **state)
{
    struct error e;
    struct fit fit = fit_of(1);
    struct session *s = make_session(WORKER_THREAD, NULL, "");
    assert_false(session_fit(s, &fit, &e));
    assert_non_null(strstr(e.text, "data circle"));
    assert_true(session_set_data(s, make_data(50, 40, 1), &e));
    assert_false(session_fit(s, &fit, &e));
    assert_non_null(strstr(e.text, "dense"));
    assert_true(add(s, -1, "dense 4 tanh", &e));
    assert_false(session_fit(s, &fit, &e)); /* four outputs for one target */
    assert_true(add(s, -1, "dense 1 tanh", &e));
    struct recipe r = make_recipe("sgd", "binary_crossentropy", 0.1);
    assert_true(session_compile(s, &r, &e));
    assert_false(session_fit(s, &fit, &e));
    assert_non_null(strstr(e.text, "sigmoid"));
    session_free(s);
}

static void defaults_are_said(void **state)
{
    struct error e;
    struct fit fit = fit_of(1);
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;dense 2 softmax");
    assert_true(session_fit(s, &fit, &e));
    finish(s);
    assert_non_null(strstr(text_get(&s->notice), "adam"));
    assert_non_null(strstr(text_get(&s->notice), "categorical_crossentropy"));
    session_free(s);
}

static void an_edit_ends_a_training_and_says_so(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;dense 1 tanh");
    struct fit fit = fit_of(1000000000);
    assert_true(session_fit(s, &fit, &e));
    assert_true(session_running(s));
    assert_false(session_forward(s, -1, 0, &e));
    float one = 2;
    size_t element = 3;
    assert_true(session_set_params(s, 1, 0, &element, &one, 1, &e));
    assert_true(session_running(s));
    assert_true(session_remove(s, 1, &e));
    assert_false(session_running(s));
    assert_non_null(strstr(text_get(&s->notice), "training stopped at epoch"));
    session_free(s);
}

/* New weights are made beside a running training, and only then is it ended. */
static void init_ends_a_training_and_starts_over(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;dense 1 tanh");
    float start[8], now[8];
    assert_true(session_read_param(s, 1, 0, start, &e));
    struct fit fit = fit_of(1000000000);
    assert_true(session_fit(s, &fit, &e));
    while (!session_place(s).epoch)
        ;
    assert_true(session_init(s, NULL, NULL, 0, 2, &e));
    assert_false(session_running(s));
    assert_true(session_read_param(s, 1, 0, now, &e));
    assert_memory_equal(start, now, sizeof start);
    const struct state *fresh = session_network(s)->state;
    assert_int_equal(fresh->place.step + fresh->place.epoch + fresh->place.t, 0);
    for (size_t i = 0; i < fresh->model->params; i++)
        assert_true(fresh->moment[0][i] == 0 && fresh->moment[1][i] == 0);
    assert_int_equal(session_network(s)->curves.count, 0);
    session_free(s);
}

/* Another batch size, optimiser and network: what `compile` keeps and what it forgets. */
static void compiling_keeps_weights_and_forgets_moments(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;dense 1 tanh");
    float before[8], after[8];
    struct fit fit = fit_of(2);
    assert_true(session_fit(s, &fit, &e));
    finish(s);
    assert_true(session_read_param(s, 1, 0, before, &e));
    struct recipe r = make_recipe("rmsprop", NULL, 0.1);
    assert_true(session_compile(s, &r, &e));
    assert_true(session_read_param(s, 1, 0, after, &e));
    assert_memory_equal(before, after, sizeof before);
    const struct state *now = session_network(s)->state;
    assert_int_equal(now->place.epoch, 2);
    assert_int_equal(now->place.t, 0);
    for (size_t i = 0; i < now->model->params; i++)
        assert_true(now->moment[0][i] == 0);
    session_free(s);
}

/* The loss that is shown has the penalty in it, as the loss that is trained has. */
static void scores_have_the_penalty_in_them(void **state)
{
    struct error e;
    double plain, loss, val_loss;
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;dense 1 tanh");
    struct recipe r = make_recipe("sgd", "mse", 0.1);
    assert_true(session_compile(s, &r, &e));
    assert_true(session_metric(s, "loss", &plain, &e));
    r.l2 = 0.5;
    assert_true(session_compile(s, &r, &e)); /* the same step, another recipe */
    assert_true(session_metric(s, "loss", &loss, &e));
    assert_true(fabs(loss - plain - state_penalty(session_network(s)->state, &r, NULL)) < 1e-9);
    assert_true(loss > plain + 0.1);
    struct fit fit = fit_of(2);
    assert_true(session_fit(s, &fit, &e));
    finish(s);
    assert_true(session_metric(s, "val_loss", &val_loss, &e));
    assert_true(fabs(val_loss - session_network(s)->curves.last.val_loss) < 1e-5);
    session_free(s);
}

/* An embedding has no row for every number. */
static void a_prediction_reads_what_it_can(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, NULL, "");
    float x[] = {0, 7, 8}, out;
    struct layer_spec table = make_spec((char[]){"embedding 8 2"}), flat = make_spec((char[]){"flatten"}),
                      head = make_spec((char[]){"dense 1"});
    assert_true(session_input(s, shape_of(1, 3), NULL, &e) && session_add(s, -1, &table, &e) &&
                session_add(s, -1, &flat, &e) && session_add(s, -1, &head, &e));
    assert_false(session_predict(s, x, 1, &out, &e));
    assert_non_null(
        strstr(e.text, "input 2 of row 0 is 8, but 'embedding1' reads whole numbers from 0 to 7"));
    x[2] = 6;
    assert_true(session_predict(s, x, 1, &out, &e));
    session_free(s);
}

/* Whatever asks for outputs gets them without dropout, all rows of them, in batches or not. */
static void outputs_are_those_of_the_whole_network(void **state)
{
    struct error e;
    struct session *s =
        make_session(WORKER_THREAD, make_data(600, 577, 1), "dense 4 tanh;dropout 0.5;dense 1 tanh");
    const struct state *now = session_network(s)->state;
    struct workspace *ws = workspace_new(now->model, 577, USE_FORWARD, &e);
    float out[577];
    workspace_bind(ws, now);
    memcpy(workspace_input(ws), s->data->x, 577 * 2 * sizeof(float));
    workspace_forward(ws, 577, false, 0);
    assert_true(session_predict(s, s->data->x, 577, out, &e));
    assert_memory_equal(out, workspace_output(ws), sizeof out);
    struct goals goals;
    goals_of_head(&goals, now->model, loss_find("mse"), 0);
    assert_true(workspace_aim(ws, &goals, &e));
    goals_encode(&goals, s->data, 0, 577, workspace_targets(ws));
    double loss = workspace_loss(ws, false);
    const struct tally *t = session_score(s, PART_TRAIN, &e);
    assert_int_equal(t->n, 577);
    assert_true(fabs(t->loss / 577 - loss) < 1e-6);
    workspace_free(ws);
    session_free(s);
}

static void new_data_start_at_their_first_batch(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;dense 1 tanh");
    struct fit fit = {.steps = 3, .batch_size = 10};
    assert_true(session_fit(s, &fit, &e));
    finish(s);
    assert_int_equal(session_place(s).batch, 3);
    assert_true(session_set_data(s, make_data(50, 40, 2), &e));
    assert_int_equal(session_place(s).batch, 0);
    assert_int_equal(session_place(s).step, 3);
    session_free(s);
}

static void models_live_side_by_side(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;dense 1 tanh");
    assert_true(session_select(s, "small", &e));
    assert_int_equal(session_network(s)->model->layers, 1);
    assert_true(add(s, -1, "dense 1 tanh", &e));
    struct fit fit = fit_of(1);
    assert_true(session_fit(s, &fit, &e));
    finish(s);
    fit = fit_of(1000000000);
    assert_true(session_fit(s, &fit, &e));
    assert_true(session_select(s, "main", &e));
    assert_int_equal(session_network(s)->model->layers, 3);
    assert_false(worker_busy(s->worker));
    assert_non_null(strstr(text_get(&s->notice), "training stopped"));
    session_free(s);
}

static void probes_read_what_they_ran(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;dense 1 tanh");
    assert_false(session_backward(s, &e));
    assert_false(session_update(s, &e));
    assert_false(session_forward(s, 50, 0, &e));
    assert_true(session_forward(s, 45, 0, &e));
    assert_int_equal(s->probe.N, 1);
    assert_int_equal(s->probe.index[0], 45);
    assert_memory_equal(workspace_input(s->probe.ws), s->data->x + 90, 2 * sizeof(float));
    assert_false(session_update(s, &e));
    assert_true(session_backward(s, &e));
    assert_true(session_update(s, &e));
    assert_false(session_update(s, &e));
    uint64_t serial = s->probe.serial;
    assert_true(session_probe(s, true, &e)); /* what was just shown still counts */
    assert_int_equal(s->probe.serial, serial);
    session_free(s);
}

static void the_journal_remembers(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_THREAD, NULL, "");
    for (int i = 0; i < 200; i++)
        assert_true(session_journal(s, "dense 4 tanh", &e));
    assert_int_equal(s->journal_count, 200);
    assert_string_equal(s->journal[199].text, "dense 4 tanh");
    assert_int_equal(s->journal[0].step, UINT64_MAX);
    session_free(s);
    s = make_session(WORKER_SLICED, make_data(50, 40, 1), "dense 1 tanh");
    struct fit fit = fit_of(1000000000);
    assert_true(session_fit(s, &fit, &e));
    worker_slice(s->worker, 0);
    assert_true(session_place(s).step > 0);
    assert_true(session_journal(s, "set lr 0.1", &e));
    assert_int_equal(s->journal[0].step, session_place(s).step);
    session_free(s);
}

static void a_batch_of_one_has_no_variance(void **state)
{
    struct error e;
    struct session *s =
        make_session(WORKER_THREAD, make_data(50, 40, 1), "dense 4 tanh;batchnorm name=norm;dense 1 tanh");
    struct fit fit = {.epochs = 1, .batch_size = 1};
    assert_false(session_fit(s, &fit, &e));
    assert_non_null(strstr(e.text, "'norm'"));
    assert_null(session_network(s)->recipe.optimizer); /* nothing was compiled */
    assert_false(session_step(s, 1, &e));
    fit.batch_size = 13; /* the last batch of an epoch has one sample */
    assert_true(session_fit(s, &fit, &e));
    finish(s);
    session_free(s);
}

static void numbers_beyond_the_table_are_named(void **state)
{
    struct error e;
    const float x[] = {0, 1, 2, 3, 7, 1}, t[] = {0, 1, 0};
    struct data *d = data_from_arrays("words", shape_of(1, 2), x, 3, 3, t, 1, 2, &e);
    struct session *s = make_session(WORKER_THREAD, d, "embedding 7 3;flatten;dense 1 tanh");
    struct fit fit = {.epochs = 1, .batch_size = 2};
    assert_false(session_fit(s, &fit, &e));
    assert_non_null(strstr(e.text, "row 2"));
    assert_non_null(strstr(e.text, "has 7"));
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_and_layers_in_either_order),
        cmocka_unit_test(inserting_keeps_what_was_learnt),
        cmocka_unit_test(undo_and_redo_walk_through_everything),
        cmocka_unit_test(a_change_after_undo_ends_redo),
        cmocka_unit_test(undo_goes_back_to_the_model_that_was_changed),
        cmocka_unit_test(networks_are_undone),
        cmocka_unit_test(undo_lives_within_its_budget),
        cmocka_unit_test(scores_follow_the_weights),
        cmocka_unit_test(failures_leave_everything),
        cmocka_unit_test(a_fit_says_what_it_misses),
        cmocka_unit_test(defaults_are_said),
        cmocka_unit_test(an_edit_ends_a_training_and_says_so),
        cmocka_unit_test(init_ends_a_training_and_starts_over),
        cmocka_unit_test(compiling_keeps_weights_and_forgets_moments),
        cmocka_unit_test(scores_have_the_penalty_in_them),
        cmocka_unit_test(a_prediction_reads_what_it_can),
        cmocka_unit_test(outputs_are_those_of_the_whole_network),
        cmocka_unit_test(new_data_start_at_their_first_batch),
        cmocka_unit_test(models_live_side_by_side),
        cmocka_unit_test(probes_read_what_they_ran),
        cmocka_unit_test(the_journal_remembers),
        cmocka_unit_test(a_batch_of_one_has_no_variance),
        cmocka_unit_test(numbers_beyond_the_table_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
