/* test_reference.c - every layer, activation, optimiser and schedule against numbers from PyTorch, which
 * reference/make_reference.py wrote in float64. A case of the file is a kind, a name and arrays of numbers.
 *
 * Tolerance: 1e-5 of the value, and 1e-6 of the largest in its array: a value near zero in a sum of large
 * ones carries their rounding. Optimisers: 20 steps in float32 pile up, so 1e-4. */
#include "../src/activation.h"
#include "../src/initializer.h"
#include "../src/layer.h"
#include "../src/recipe.h"
#include "../src/state.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { ARRAYS = 12, CASES = 100 };

struct array {
    char name[32];
    size_t count;
    float *value;
};

struct reference {
    char kind[16], name[32];
    struct array array[ARRAYS];
    int arrays;
};

static struct reference cases[CASES];
static int case_count;

static void read_array(FILE *f, const char *name, struct reference *r)
{
    struct array *a = &r->array[r->arrays++];
    assert_true(r->arrays <= ARRAYS);
    snprintf(a->name, sizeof a->name, "%s", name);
    assert_int_equal(fscanf(f, "%zu", &a->count), 1);
    a->value = calloc(a->count, sizeof *a->value);
    for (size_t i = 0; i < a->count; i++)
        assert_int_equal(fscanf(f, "%f", &a->value[i]), 1);
}

static int load(void **state)
{
    char path[4096], word[32];
    const char *root = getenv("GRADUS_SOURCE");
    snprintf(path, sizeof path, "%s/tests/reference/reference.txt", root ? root : ".");
    FILE *f = fopen(path, "r");
    if (!f)
        return -1;
    assert_int_equal(fscanf(f, "#%*[^\n]"), 0);
    while (fscanf(f, "%31s", word) == 1) {
        if (strcmp(word, "case")) {
            read_array(f, word, &cases[case_count - 1]);
            continue;
        }
        struct reference *r = &cases[case_count++];
        assert_true(case_count <= CASES);
        assert_int_equal(fscanf(f, "%15s %31s", r->kind, r->name), 2);
    }
    fclose(f);
    return 0;
}

static int unload(void **state)
{
    for (int i = 0; i < case_count; i++)
        for (int j = 0; j < cases[i].arrays; j++)
            free(cases[i].array[j].value);
    return 0;
}

static const struct array *array_of(const struct reference *r, const char *name)
{
    for (int i = 0; i < r->arrays; i++)
        if (!strcmp(r->array[i].name, name))
            return &r->array[i];
    fail_msg("%s %s has no %s", r->kind, r->name, name);
    return NULL;
}

static float *values(const struct reference *r, const char *name)
{
    return array_of(r, name)->value;
}

static void assert_same(const struct reference *r, const char *name, const float *got, double tolerance)
{
    const struct array *a = array_of(r, name);
    double most = 0;
    for (size_t i = 0; i < a->count; i++)
        most = fmax(most, fabs((double)a->value[i]));
    for (size_t i = 0; i < a->count; i++) {
        double wanted = (double)a->value[i];
        if (!(fabs((double)got[i] - wanted) <= tolerance * fabs(wanted) + 0.1 * tolerance * most))
            fail_msg("%s %s: %s[%zu] is %.9g, PyTorch says %.9g", r->kind, r->name, name, i, (double)got[i],
                wanted);
    }
}

/* Calls check for each case of a kind; returns how many there were. */
static int each_case(const char *kind, void (*check)(const struct reference *))
{
    int n = 0;
    for (int i = 0; i < case_count; i++)
        if (!strcmp(cases[i].kind, kind)) {
            check(&cases[i]);
            n++;
        }
    return n;
}

static void check_activation(const struct reference *r)
{
    const struct activation *a = activation_find(r->name);
    float y[35], dz[35];
    a->forward(values(r, "z"), y, 7, 5);
    assert_same(r, "y", y, 1e-5);
    a->backward(values(r, "z"), y, values(r, "dy"), dz, 7, 5);
    assert_same(r, "dz", dz, 1e-5);
}

static void activations(void **state)
{
    int rows = 0;
    while (activation_at((size_t)rows))
        rows++;
    assert_int_equal(each_case("activation", check_activation), rows);
}

/* A layer of one input tensor with typed arguments, N samples, as the case has them. */
static void run_layer(
    const struct reference *r, struct layer *l, struct shape in, size_t N, float *y, float *dx)
{
    static float cache[200], dy[200];
    l->inputs = 1;
    l->in = in;
    assert_true(l->type->build(l, NULL));
    assert_true(N * l->cache <= 200 && array_of(r, "dy")->count <= 200);
    memcpy(dy, values(r, "dy"), array_of(r, "dy")->count * sizeof *dy);
    static float dw[200], db[200];
    struct pass p = {
        .N = N, .x = {values(r, "x")}, .y = y, .dy = dy, .dx = {dx}, .cache = cache, .dw = {dw, db}};
    if (l->params) {
        p.w[0] = values(r, "w");
        p.w[1] = values(r, "b");
    }
    l->type->forward(l, &p);
    l->type->backward(l, &p);
    if (l->params) {
        assert_same(r, "dw", dw, 1e-5);
        assert_same(r, "db", db, 1e-5);
    }
    assert_same(r, "y", y, 1e-5);
    assert_same(r, "dx", dx, 1e-5);
}

static void check_dense(const struct reference *r)
{
    float y[30], dx[24];
    struct layer l = {.type = layer_type_find("dense"),
        .arg = {{.number = 5}, {.text = r->name}, {.text = NULL}, {.number = 1}}};
    run_layer(r, &l, shape_of(1, 4), 6, y, dx);
}

static void check_flatten(const struct reference *r)
{
    float y[24], dx[24];
    struct layer l = {.type = layer_type_find("flatten")};
    run_layer(r, &l, shape_of(3, 3, 2, 2), 2, y, dx);
}

/* PyTorch's mask is its own: what is kept must be scaled as there, in both directions. */
static void check_dropout(const struct reference *r)
{
    float y[24], dx[24];
    struct layer l = {.type = layer_type_find("dropout"), .arg = {{.number = 0.25}}};
    if (!strcmp(r->name, "evaluation")) {
        run_layer(r, &l, shape_of(1, 6), 4, y, dx);
        return;
    }
    l.in = shape_of(1, 6);
    assert_true(l.type->build(&l, NULL));
    struct pass p = {
        .N = 4, .training = true, .x = {values(r, "x")}, .y = y, .dy = values(r, "dy"), .dx = {dx}};
    int compared = 0;
    for (p.key = 0; p.key < 20; p.key++) {
        l.type->forward(&l, &p);
        l.type->backward(&l, &p);
        for (int i = 0; i < 24; i++) {
            if (y[i] == 0 || values(r, "keep")[i] == 0) {
                assert_true(y[i] != 0 || dx[i] == 0);
                continue;
            }
            compared++;
            assert_true(fabsf(y[i] / values(r, "y")[i] - 1) < 1e-5f);
            assert_true(fabsf(dx[i] / values(r, "dx")[i] - 1) < 1e-5f);
        }
    }
    assert_true(compared > 100);
}

static void check_activation_layer(const struct reference *r)
{
    float y[35], dx[35];
    struct layer l = {.type = layer_type_find("activation"), .arg = {{.text = r->name}}};
    struct reference as_layer = *r;
    strcpy(as_layer.array[0].name, "x");
    strcpy(as_layer.array[3].name, "dx");
    run_layer(&as_layer, &l, shape_of(1, 5), 7, y, dx);
}

static void layers(void **state)
{
    int functions = 0;
    while (activation_at((size_t)functions))
        functions++;
    assert_int_equal(each_case("dense", check_dense), functions);
    assert_int_equal(each_case("activation", check_activation_layer), functions);
    assert_int_equal(each_case("flatten", check_flatten), 1);
    assert_int_equal(each_case("dropout", check_dropout), 2);
}

static void check_optimizer(const struct reference *r)
{
    const struct optimizer *o = optimizer_find(r->name);
    float w[19], m[2][19] = {{0}}, path[20 * 19];
    double hyper[OPTIMIZER_ARGS] = {0};
    for (size_t i = 0; i < array_of(r, "hyper")->count; i++)
        hyper[i] = (double)values(r, "hyper")[i];
    memcpy(w, values(r, "w"), sizeof w);
    struct update u = {.lr = (double)values(r, "lr")[0], .hyper = hyper, .n = 19, .w = w, .m = {m[0], m[1]}};
    u.weight_decay = (double)values(r, "weight_decay")[0];
    for (u.t = 1; u.t <= 20; u.t++) {
        u.g = values(r, "g") + (u.t - 1) * 19;
        optimizer_update(o, &u);
        memcpy(path + (u.t - 1) * 19, w, sizeof w);
    }
    assert_same(r, "path", path, 1e-4);
}

static void optimizers(void **state)
{
    assert_int_equal(each_case("optimizer", check_optimizer), 20);
    for (size_t i = 0; optimizer_at(i); i++) {
        int found = 0;
        for (int j = 0; j < case_count; j++)
            found += !strcmp(cases[j].kind, "optimizer") && !strcmp(cases[j].name, optimizer_name(i));
        assert_true(found >= 2);
    }
}

static void check_schedule(const struct reference *r)
{
    struct recipe recipe = recipe_of(optimizer_find("sgd"));
    struct place p = {0};
    uint32_t batches = (uint32_t)values(r, "size")[0], epochs = (uint32_t)values(r, "size")[1];
    float rate[64];
    recipe.lr = 0.05;
    recipe_set_schedule(&recipe, schedule_find(r->name));
    for (size_t i = 0; i < array_of(r, "hyper")->count; i++)
        recipe.schedule_hyper[i] = (double)values(r, "hyper")[i];
    schedule_begin(&recipe, &p, batches, epochs, 0);
    for (; p.epoch < epochs; p.epoch++) {
        for (p.batch = 0; p.batch < batches; p.batch++)
            rate[p.t++] = (float)schedule_rate(&recipe, &p);
        schedule_score(&recipe, &p, values(r, "score")[p.epoch]);
    }
    assert_int_equal(array_of(r, "rate")->count, p.t);
    assert_same(r, "rate", rate, 1e-5);
}

static void schedules(void **state)
{
    assert_int_equal(each_case("schedule", check_schedule), 9);
    for (size_t i = 0; schedule_at(i); i++) {
        int found = 0;
        for (int j = 0; j < case_count; j++)
            found += !strcmp(cases[j].kind, "schedule") && !strcmp(cases[j].name, schedule_name(i));
        assert_true(found >= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations),
        cmocka_unit_test(layers),
        cmocka_unit_test(optimizers),
        cmocka_unit_test(schedules),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
