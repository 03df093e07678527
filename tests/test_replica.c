/* test_replica.c - the window's copy repeats the trainer's step bit for bit, and its maps are the network's.
 */
#include "viewing.h"

#include "../viz/statistics.h"

static const char dropped[] = "dense 8 tanh;dropout 0.4;dense 1 tanh";

static struct replica *make_replica(void)
{
    struct replica *r = replica_new(NULL);
    assert_non_null(r);
    return r;
}

static struct session *trained(
    enum worker_mode mode, const char *layers, const char *optimizer, uint64_t steps)
{
    struct error e;
    struct session *s = make_session(mode, make_source("circle"), layers);
    struct recipe recipe = make_recipe(optimizer, "mse", 0.02);
    recipe.l2 = 0.001;
    assert_true(session_compile(s, &recipe, &e));
    struct fit fit = {.steps = steps, .batch_size = 16};
    if (!session_fit(s, &fit, &e))
        fail_msg("%s", e.text);
    finish(s);
    assert_int_equal(session_network(s)->state->place.step, steps);
    return s;
}

static void assert_same_state(const struct state *a, const struct state *b)
{
    assert_int_equal(a->place.step, b->place.step);
    assert_int_equal(a->floats, b->floats);
    assert_memory_equal(a->param, b->param, a->floats * sizeof(float));
}

static void a_step_is_repeated_bit_for_bit(void **state)
{
    static const char *const optimizer[] = {"sgd", "rmsprop", "adam"};
    for (size_t i = 0; i < 3; i++) {
        struct error e;
        struct session *s = trained(WORKER_SLICED, dropped, optimizer[i], 21);
        struct replica *r = make_replica();
        replica_settle(r, s, -1);
        const struct picture *p = replica_picture(r);
        assert_non_null(p);
        assert_int_equal(p->N, 16);
        assert_int_equal(p->batch, 16);
        const struct state *after = replica_after(r);
        assert_non_null(after);
        struct fit fit = {.steps = 1, .batch_size = 16};
        assert_true(session_fit(s, &fit, &e));
        finish(s);
        assert_same_state(after, session_network(s)->state);
        struct status status;
        session_status(s, &status);
        assert_true(p->loss == status.loss);
        replica_free(r);
        session_free(s);
    }
}

static void repeat_while_it_runs(enum worker_mode mode)
{
    struct error e;
    struct session *s = trained(mode, dropped, "adam", 1);
    struct replica *r = make_replica();
    replica_settle(r, s, -1);
    struct fit fit = {.epochs = 1000000, .batch_size = 16};
    assert_true(session_fit(s, &fit, &e));
    while (replica_picture(r)->state->place.step < 100) {
        worker_slice(s->worker, 0.002);
        replica_tick(r, s, -1, INFINITY, 1);
    }
    const struct state *after = replica_after(r);
    assert_non_null(after);
    struct session *again = trained(mode, dropped, "adam", 1);
    struct fit rest = {.steps = after->place.step - 1, .batch_size = 16};
    assert_true(session_fit(again, &rest, &e));
    finish(again);
    assert_same_state(after, session_network(again)->state);
    session_free(again);
    replica_free(r);
    session_free(s);
}

static void a_snapshot_of_a_running_training_is_repeated(void **state)
{
    repeat_while_it_runs(WORKER_SLICED);
    repeat_while_it_runs(WORKER_THREAD);
}

static void a_paused_training_is_shown_where_it_stands(void **state)
{
    struct error e;
    struct status status;
    struct session *s = trained(WORKER_THREAD, dropped, "adam", 1);
    struct replica *r = make_replica();
    struct fit fit = {.epochs = 1000000, .batch_size = 16};
    assert_true(session_fit(s, &fit, &e));
    trainer_pause(session_network(s)->trainer);
    session_status(s, &status);
    assert_int_equal(status.phase, PHASE_PAUSED);
    assert_true(replica_tick(r, s, -1, INFINITY, 1));
    assert_int_equal(replica_picture(r)->state->place.step, status.step);
    assert_int_equal(replica_after(r)->place.step, status.step + 1);
    assert_false(replica_tick(r, s, -1, INFINITY, 1));
    replica_free(r);
    session_free(s);
}

/* Only what the panels on show need is asked of the trainer, and worked out. */
static void only_what_is_shown_is_copied(void **state)
{
    struct error e;
    struct session *s = trained(WORKER_SLICED, dropped, "adam", 1);
    struct replica *r = make_replica();
    replica_settle(r, s, -1);
    assert_non_null(replica_after(r));
    struct fit fit = {.epochs = 1000000, .batch_size = 16};
    assert_true(session_fit(s, &fit, &e));
    struct snapshots *shots = trainer_snapshots(session_network(s)->trainer);
    uint64_t serial = replica_picture(r)->serial;

    replica_want(r, 0);
    assert_false(replica_tick(r, s, -1, INFINITY, 1));
    assert_false(snapshots_wanted(shots));
    assert_false(replica_busy(r));
    assert_int_equal(replica_picture(r)->serial, serial);

    replica_want(r, SLICE_PARAMS);
    assert_true(replica_tick(r, s, -1, INFINITY, 1)); /* the first round reads the state itself */
    assert_true(snapshots_wanted(shots));
    while (replica_picture(r)->state->place.step < 100) {
        worker_slice(s->worker, 0.002);
        replica_tick(r, s, -1, INFINITY, 1);
    }
    assert_int_equal(snapshots_take(shots)->slices, SLICE_PARAMS);
    assert_int_equal(replica_picture(r)->N, 0);
    assert_null(replica_step(r));
    assert_non_null(picture_map(replica_picture(r), 1, 0));

    replica_want(r, SLICE_PARAMS | SLICE_BATCH);
    while (!replica_step(r)) {
        worker_slice(s->worker, 0.002);
        replica_tick(r, s, -1, INFINITY, 1);
    }
    assert_true(isfinite(replica_picture(r)->loss));
    assert_null(replica_after(r));

    replica_want(r, SLICE_PARAMS | SLICE_MOMENTS | SLICE_BATCH);
    while (!replica_after(r)) {
        worker_slice(s->worker, 0.002);
        replica_tick(r, s, -1, INFINITY, 1);
    }
    assert_int_equal(replica_after(r)->place.step, replica_picture(r)->state->place.step + 1);
    replica_free(r);
    session_free(s);
}

static void maps_are_the_networks_own(void **state)
{
    struct error e;
    struct session *s = trained(WORKER_SLICED, "dense 6 relu;dense 1 tanh", "adam", 40);
    struct replica *r = make_replica();
    replica_settle(r, s, -1);
    const struct picture *p = replica_picture(r);
    assert_int_equal(p->kind, MAP_PLANE);
    const struct data *d = s->data;
    for (int cell = 0; cell < p->columns * p->rows; cell += 37) {
        int column = cell % p->columns, row = cell / p->columns;
        float point[2] = {d->low[0] + ((float)column + 0.5f) / (float)p->columns * (d->high[0] - d->low[0]),
            d->high[1] - ((float)row + 0.5f) / (float)p->rows * (d->high[1] - d->low[1])};
        float x[2], y;
        data_inputs_at(d, point, 1, x);
        assert_true(session_predict(s, x, 1, &y, &e));
        /* Products of another batch size may sum in another order. */
        assert_true(fabsf(picture_map(p, 2, 0)[cell] - y) < 1e-5f);
        assert_true(fabsf(picture_map(p, 0, 1)[cell] - x[1]) < 1e-5f);
    }
    assert_null(picture_map(p, 1, 6));
    assert_null(picture_map(p, 3, 0));
    assert_null(picture_map(p, -1, 0));
    replica_free(r);
    session_free(s);
}

static void changes_are_followed_and_rest_costs_nothing(void **state)
{
    struct error e;
    struct session *s = make_session(WORKER_SLICED, make_source("xor"), "dense 4 tanh;dense 1 tanh");
    struct replica *r = make_replica();
    assert_true(replica_tick(r, s, -1, INFINITY, 1));
    assert_false(replica_tick(r, s, -1, INFINITY, 1));
    const size_t element[] = {2};
    const float value[] = {9};
    assert_true(session_set_params(s, 1, 0, element, value, 1, &e));
    assert_true(replica_tick(r, s, -1, INFINITY, 1));
    assert_true(state_param(replica_picture(r)->state, 1, 0, NULL)[2] == 9);
    char line[] = "dense 3 relu";
    struct layer_spec spec = make_spec(line);
    assert_true(session_add(s, 2, &spec, &e));
    assert_true(replica_tick(r, s, -1, INFINITY, 1));
    assert_ptr_equal(replica_picture(r)->model, session_network(s)->model);
    assert_true(session_set_data(s, make_source("circle"), &e));
    assert_true(replica_tick(r, s, 7, INFINITY, 1));
    assert_ptr_equal(replica_picture(r)->data, s->data);
    assert_int_equal(replica_picture(r)->sample, 7);
    assert_true(session_new_scene(s, &e));
    assert_false(replica_tick(r, s, -1, INFINITY, 1));
    assert_null(replica_picture(r));
    replica_free(r);
    session_free(s);
}

static void what_is_missing_leaves_what_can_be_shown(void **state)
{
    struct error e;
    struct replica *r = make_replica();
    struct session *s = make_session(WORKER_SLICED, NULL, "dense 4 tanh;dense 2 softmax");
    replica_settle(r, s, -1);
    assert_null(replica_picture(r));
    assert_true(session_input(s, shape_of(1, 3), NULL, &e));
    replica_settle(r, s, -1);
    const struct picture *p = replica_picture(r);
    assert_non_null(p);
    assert_int_equal(p->kind, MAP_NONE);
    assert_int_equal(p->N, 0);
    assert_null(replica_after(r));
    assert_int_equal(p->layer[1].links, 12);
    session_free(s);
    /* A head that does not fit yet: maps, but no step. */
    s = make_session(WORKER_SLICED, make_source("xor"), "dense 4 tanh");
    replica_settle(r, s, -1);
    p = replica_picture(r);
    assert_non_null(picture_map(p, 1, 3));
    assert_int_equal(p->N, 0);
    assert_true(isnan(p->loss));
    replica_free(r);
    session_free(s);
}

static struct data *wide_data(size_t n, size_t train)
{
    enum { MOST = 900, IN = 784 };
    struct error e;
    float *x = memory_take(n * IN, sizeof *x, "x", NULL), t[MOST];
    struct rng rng = rng_from(3);
    for (size_t i = 0; i < n * IN; i++)
        x[i] = (float)rng_uniform(&rng);
    for (size_t i = 0; i < n; i++)
        t[i] = (float)(i * 7 % 10);
    struct data *d = data_from_arrays("wide", shape_of(1, IN), x, n, train, t, 1, 10, &e);
    assert_non_null(d);
    memory_free(x);
    return d;
}

static struct session *wide_session(void)
{
    return make_session(WORKER_SLICED, wide_data(60, 50), "dense 128 relu;dense 10 softmax");
}

static void links_are_the_strongest_in_order(void **state)
{
    struct session *s = wide_session();
    struct replica *r = make_replica();
    replica_settle(r, s, -1);
    const struct picture *p = replica_picture(r);
    size_t count;
    const float *w = state_param(p->state, 1, 0, &count);
    const struct layer_picture *l = &p->layer[1];
    assert_in_range(l->links, 16, REPLICA_LINKS);
    size_t stronger = 0;
    for (size_t i = 0; i < count; i++)
        stronger += fabsf(w[i]) > fabsf(l->link[0].w);
    assert_int_equal(stronger, (size_t)l->links - 1);
    for (int i = 0; i < l->links; i++) {
        assert_true(l->link[i].w == w[l->link[i].from * 128 + l->link[i].to]);
        assert_true(!i || fabsf(l->link[i].w) >= fabsf(l->link[i - 1].w));
    }
    replica_free(r);
    session_free(s);
}

static void samples_stand_in_the_order_of_their_classes(void **state)
{
    struct session *s = wide_session();
    struct replica *r = make_replica();
    replica_settle(r, s, -1);
    const struct picture *p = replica_picture(r);
    assert_int_equal(p->kind, MAP_SAMPLES);
    assert_int_equal(p->columns, 7); /* 50 rows train */
    for (int i = 0; i < p->columns * p->rows; i++) {
        assert_in_range(p->cell[i], 0, 49);
        assert_true(!i || s->data->t[p->cell[i]] >= s->data->t[p->cell[i - 1]]);
    }
    assert_int_equal(p->predictions, 60);
    assert_int_equal(p->held_out, 10);
    replica_free(r);
    session_free(s);
}

static void a_round_is_spread_over_frames(void **state)
{
    struct session *s = wide_session();
    struct replica *r = make_replica();
    int frames = 1;
    while (!replica_tick(r, s, -1, 1e-9, 1)) { /* one piece of work a frame */
        assert_true(replica_busy(r));
        assert_null(replica_picture(r));
        assert_true(++frames < 1000);
    }
    assert_in_range(frames, 5, 1000);
    assert_non_null(replica_picture(r));
    assert_false(replica_busy(r));
    replica_free(r);
    session_free(s);
}

/* While it trains, a round looks at fewer rows of data the more a sample costs; at rest at all there is room
 * for. What it says of them is what the network says. */
static void a_costly_model_is_looked_at_through_fewer_rows(void **state)
{
    static const struct {
        const char *layers;
        bool costly;
    } models[] = {{"dense 8 relu;dense 10 softmax", false}, {"dense 800 relu;dense 10 softmax", true}};
    for (size_t i = 0; i < 2; i++) {
        struct error e;
        float y[10];
        struct session *s = make_session(WORKER_SLICED, wide_data(900, 700), models[i].layers);
        struct replica *r = make_replica();
        replica_settle(r, s, -1);
        const struct picture *p = replica_picture(r);
        assert_int_equal(p->predictions, 456);
        assert_int_equal(p->held_out, 200);
        struct fit fit = {.epochs = 1000000, .batch_size = 64};
        assert_true(session_fit(s, &fit, &e));
        while (!replica_tick(r, s, -1, INFINITY, 0.02)) /* the first reads the state itself, as at rest */
            worker_slice(s->worker, 0.001);
        while (replica_picture(r)->state->place.step < 3) {
            worker_slice(s->worker, 0.001);
            replica_tick(r, s, -1, INFINITY, 0.02);
        }
        p = replica_picture(r);
        size_t trained = p->predictions - p->held_out;
        if (models[i].costly) {
            assert_int_equal(p->held_out, REPLICA_LEAST);
            assert_int_equal(trained, p->columns * p->rows); /* the samples of the maps */
            assert_in_range(p->N, 1, p->batch - 1);
        } else {
            assert_int_equal(p->predictions, 456);
            assert_int_equal(p->N, p->batch);
        }
        session_stop(s);
        struct state *before = session_copy_state(s, &e);
        assert_non_null(before);
        state_assign_params(session_network(s)->state, p->state);
        for (size_t k = 0; k < p->predictions; k += 7) {
            assert_true(p->row[k] < s->data->n && (p->row[k] >= s->data->train) == (k >= trained));
            assert_true(session_predict(s, s->data->x + (size_t)p->row[k] * 784, 1, y, &e));
            for (int c = 0; c < 10; c++)
                assert_true(fabsf(p->predicted[k * 10 + (size_t)c] - y[c]) < 1e-5f);
            if (models[i].costly && k < trained)
                assert_true(picture_map(p, 2, 3)[k] == p->predicted[k * 10 + 3]);
        }
        state_free(before);
        replica_free(r);
        session_free(s);
    }
}

static void huge_models_are_left_alone(void **state)
{
    struct error e;
    struct replica *r = make_replica();
    struct session *s = make_session(WORKER_SLICED, NULL, "");
    assert_true(session_input(s, shape_of(1, 8000), NULL, &e));
    char line[] = "dense 4200"; /* 134 MB, and the window would want four times as much */
    struct layer_spec spec = make_spec(line);
    assert_true(session_add(s, -1, &spec, &e));
    replica_settle(r, s, -1);
    assert_null(replica_picture(r));
    replica_free(r);
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_repeated_bit_for_bit),
        cmocka_unit_test(a_snapshot_of_a_running_training_is_repeated),
        cmocka_unit_test(a_paused_training_is_shown_where_it_stands),
        cmocka_unit_test(only_what_is_shown_is_copied),
        cmocka_unit_test(maps_are_the_networks_own),
        cmocka_unit_test(changes_are_followed_and_rest_costs_nothing),
        cmocka_unit_test(what_is_missing_leaves_what_can_be_shown),
        cmocka_unit_test(links_are_the_strongest_in_order),
        cmocka_unit_test(samples_stand_in_the_order_of_their_classes),
        cmocka_unit_test(a_round_is_spread_over_frames),
        cmocka_unit_test(a_costly_model_is_looked_at_through_fewer_rows),
        cmocka_unit_test(huge_models_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
