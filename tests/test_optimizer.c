/* test_optimizer.c - every optimiser finds the bottom of a bowl, and gives the same bits however many
 * parameters it works on at once. Paths against PyTorch stand in test_reference.c. */
#include "../src/kernels/gemm.h"
#include "../src/recipe.h"
#include "../src/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { N = 200003 };

static float w[N], g[N], m[2][N];

static struct update start(const struct optimizer *o, double *hyper, size_t n)
{
    for (int i = 0; o->args[i].name; i++)
        hyper[i] = o->args[i].fallback;
    memset(m, 0, sizeof m);
    for (size_t i = 0; i < n; i++)
        w[i] = (float)(i % 10) - 4.5f;
    return (struct update){.lr = 0.05, .hyper = hyper, .n = n, .w = w, .g = g, .m = {m[0], m[1]}};
}

static void every_optimizer_finds_the_bottom(void **state)
{
    for (size_t k = 0; optimizer_at(k); k++) {
        double hyper[OPTIMIZER_ARGS] = {0};
        struct update u = start(optimizer_at(k), hyper, 10);
        bool slow = !strncmp(optimizer_name(k), "ada", 3) && strncmp(optimizer_name(k), "adam", 4);
        u.lr = slow ? 1 : u.lr; /* adagrad and adadelta make small steps of themselves */
        for (u.t = 1; u.t <= 10000; u.t++) {
            for (int i = 0; i < 10; i++)
                g[i] = 2 * w[i];
            optimizer_update(optimizer_at(k), &u);
        }
        /* Steps of rmsprop keep the size of lr. */
        for (int i = 0; i < 10; i++)
            assert_true(fabsf(w[i]) < 0.06f);
    }
}

static void one_parameter_does_not_depend_on_the_others(void **state)
{
    for (size_t k = 0; optimizer_at(k); k++) {
        double hyper[OPTIMIZER_ARGS] = {0};
        float alone[3];
        for (size_t i = 0; i < N; i++)
            g[i] = (float)(i % 7) - 3;
        for (int pass = 0; pass < 2; pass++) {
            kernels_set_threads(pass ? 2 : 1);
            struct update u = start(optimizer_at(k), hyper, N);
            for (u.t = 1; u.t <= 3; u.t++)
                optimizer_update(optimizer_at(k), &u);
            float now[3] = {w[0], w[N / 2], w[N - 1]};
            if (pass)
                assert_memory_equal(now, alone, sizeof now);
            memcpy(alone, now, sizeof now);
        }
    }
    kernels_set_threads(0);
}

static void momentum_goes_on_when_the_slope_ends(void **state)
{
    double hyper[OPTIMIZER_ARGS] = {0.5, 0};
    struct update u = start(optimizer_find("sgd"), hyper, 1);
    hyper[0] = 0.5;
    g[0] = 1;
    w[0] = 0;
    u.lr = 1;
    u.t = 1;
    optimizer_update(optimizer_find("sgd"), &u);
    assert_true(w[0] == -1);
    g[0] = 0;
    u.t = 2;
    optimizer_update(optimizer_find("sgd"), &u);
    assert_true(w[0] == -1.5f);
    hyper[1] = 1;
    u.t = 3;
    optimizer_update(optimizer_find("sgd"), &u);
    assert_true(w[0] == -1.625f);
}

static void nan_stays_visible(void **state)
{
    for (size_t k = 0; optimizer_at(k); k++) {
        double hyper[OPTIMIZER_ARGS] = {0};
        struct update u = start(optimizer_at(k), hyper, 20);
        u.t = 1;
        memset(g, 0, sizeof g);
        g[3] = NAN;
        optimizer_update(optimizer_at(k), &u);
        assert_true(isnan(w[3]) && !isnan(w[4]));
    }
}

static void a_recipe_is_written_as_its_command(void **state)
{
    struct text t = {0};
    struct recipe r = recipe_of(optimizer_find("sgd"));
    recipe_write(&(struct recipe){0}, &t);
    assert_string_equal(text_get(&t), "");
    recipe_write(&r, &t);
    assert_string_equal(text_get(&t), "compile sgd lr=0.01\n");
    text_clear(&t);
    r.lr = 0.1;
    r.hyper[0] = 0.9;
    r.hyper[1] = 1;
    r.loss = loss_find("mse");
    r.l1 = 1.0 / 3;
    r.l2 = 1e-5;
    recipe_write(&r, &t);
    assert_string_equal(text_get(&t),
        "compile sgd loss=mse lr=0.1 momentum=0.9 nesterov=yes l1=0.3333333333333333 l2=1e-05\n");
    text_release(&t);
}

static void every_row_is_complete(void **state)
{
    size_t n = 0;
    for (; optimizer_at(n); n++) {
        const struct optimizer *o = optimizer_at(n);
        assert_ptr_equal(optimizer_find(optimizer_name(n)), o);
        assert_true(args_count(o->args) <= OPTIMIZER_ARGS && o->moments <= OPTIMIZER_MOMENTS && o->lr > 0);
    }
    assert_int_equal(n, 8);
    assert_null(optimizer_name(n));
    assert_null(optimizer_find("adamax"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_optimizer_finds_the_bottom),
        cmocka_unit_test(one_parameter_does_not_depend_on_the_others),
        cmocka_unit_test(momentum_goes_on_when_the_slope_ends),
        cmocka_unit_test(nan_stays_visible),
        cmocka_unit_test(a_recipe_is_written_as_its_command),
        cmocka_unit_test(every_row_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
