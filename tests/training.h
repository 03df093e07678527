/* training.h - a small session to train, and the comparison of two. */
#ifndef GRADUS_TESTS_TRAINING_H
#define GRADUS_TESTS_TRAINING_H

#include "making.h"

static inline struct fit fit_of(uint64_t epochs)
{
    return (struct fit){.epochs = epochs, .batch_size = 10, .memory = 1e6};
}

static inline struct session *scene(enum worker_mode mode, const char *optimizer, double lr)
{
    struct session *s = make_session(mode, make_data(103, 80, 5), "dense 8 tanh;dropout 0.1;dense 1 tanh");
    struct recipe r = make_recipe(optimizer, "mse", lr);
    assert_true(session_compile(s, &r, NULL));
    return s;
}

/* The label is the bit before this one, and a sample holds this one alone: only what is carried knows it. */
static inline struct session *bits_scene(const char *layers)
{
    enum { BITS = 400 };
    float x[BITS], t[BITS];
    struct rng r = rng_from(5);
    struct error e;
    for (int i = 0; i < BITS; i++)
        x[i] = (float)rng_below(&r, 2);
    for (int i = 0; i < BITS; i++)
        t[i] = i ? x[i - 1] : 0;
    struct data *d = data_from_arrays("bits", shape_of(2, 1, 1), x, BITS, BITS, t, 1, 2, &e);
    struct session *s = make_session(WORKER_THREAD, d, layers);
    struct recipe recipe = make_recipe("adam", NULL, 0.02);
    assert_true(session_compile(s, &recipe, &e));
    return s;
}

/* So many batches make one update. */
static inline void collect_batches(struct session *s, int batches)
{
    struct recipe r = session_network(s)->recipe;
    r.accumulate = batches;
    assert_true(session_compile(s, &r, NULL));
}

static inline void train(struct session *s, struct fit fit)
{
    struct error e;
    if (!session_fit(s, &fit, &e))
        fail_msg("%s", e.text);
    finish(s);
}

static inline void assert_same_weights(struct session *a, struct session *b)
{
    const struct state *x = session_network(a)->state, *y = session_network(b)->state;
    assert_int_equal(x->place.step, y->place.step);
    assert_int_equal(x->place.epoch, y->place.epoch);
    assert_int_equal(x->place.batch, y->place.batch);
    assert_memory_equal(x->param, y->param, x->floats * sizeof(float));
}

static inline void assert_same_curves(const struct session *a, const struct session *b)
{
    static struct curve_point p[CURVE_POINTS + 1], q[CURVE_POINTS + 1];
    size_t n = curves_copy(&session_network(a)->curves, p);
    assert_int_equal(curves_copy(&session_network(b)->curves, q), n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(p[i].epoch, q[i].epoch);
        assert_int_equal(p[i].step, q[i].step);
        assert_true(p[i].loss == q[i].loss && p[i].val_loss == q[i].val_loss);
        assert_true(p[i].accuracy == q[i].accuracy);
    }
}

#endif
