/* test_parity.c - every layer type against PyTorch: outputs, gradients by inputs and by parameters, over
 * several shapes each. The cases stand in reference/layers.txt; reference/make_layers.py writes them.
 *
 * A case is a typed line and its arrays: in0, in1 … the shapes of the inputs; x0, x1 …; w0, w1 … the
 * parameters in the order of the layer's table, statistics among them as s0, s1 …; mask0 …; dy; training (0
 * or 1); and what PyTorch says: y, dx0 …, dw0 …, after0 … (statistics after the batch), loss. */
#include "rig.h"

enum { ARRAYS = 48, NAME = 16 };

struct array {
    char name[NAME];
    size_t count;
    float *value;
};

struct parity {
    char line[200];
    struct array array[ARRAYS];
    int arrays;
};

static int cases;
static bool seen[256];

static const struct array *find(const struct parity *c, const char *name, int i)
{
    char wanted[NAME];
    snprintf(wanted, sizeof wanted, i < 0 ? "%s" : "%s%d", name, i);
    for (int k = 0; k < c->arrays; k++)
        if (!strcmp(c->array[k].name, wanted))
            return &c->array[k];
    return NULL;
}

static void release(struct parity *c)
{
    for (int i = 0; i < c->arrays; i++)
        free(c->array[i].value);
    c->arrays = 0;
}

static void read_array(struct parity *c, FILE *f, const char *name)
{
    struct array *a = &c->array[c->arrays++];
    assert_true(c->arrays < ARRAYS);
    snprintf(a->name, sizeof a->name, "%.15s", name);
    assert_int_equal(fscanf(f, "%zu", &a->count), 1);
    a->value = malloc((a->count + 1) * sizeof *a->value);
    for (size_t i = 0; i < a->count; i++)
        assert_int_equal(fscanf(f, "%f", &a->value[i]), 1);
}

/* Errors are measured against the largest value of the array: a sum of many terms near zero keeps the
 * rounding of its terms. 1e-5 for float32; a case may ask for more by an array `tolerance`. */
static void assert_like(const struct parity *c, const char *what, int i, const float *got, size_t count)
{
    const struct array *want = find(c, what, i), *wider = find(c, "tolerance", -1);
    double most = 1e-3, tolerance = wider ? (double)wider->value[0] : 1e-5;
    if (!want)
        return;
    if (want->count != count)
        fail_msg("%s: %s%d has %zu values, not %zu", c->line, what, i, count, want->count);
    for (size_t k = 0; k < count; k++)
        most = fmax(most, fabs((double)want->value[k]));
    for (size_t k = 0; k < count; k++)
        if (!(fabs((double)got[k] - (double)want->value[k]) <= tolerance * most))
            fail_msg("%s: %s%d[%zu] is %.9g, and PyTorch says %.9g", c->line, what, i, k, (double)got[k],
                (double)want->value[k]);
}

static void give(const struct parity *c, const char *what, int i, float *to, size_t count)
{
    const struct array *a = find(c, what, i);
    if (!a || a->count != count)
        fail_msg(
            "%s: %s%d has %zu values, but the layer wants %zu", c->line, what, i, a ? a->count : 0, count);
    memcpy(to, a->value, count * sizeof *to);
}

static int read_shapes(const struct parity *c, struct shape *in)
{
    int inputs = 0;
    for (const struct array *a; (a = find(c, "in", inputs)); inputs++) {
        in[inputs] = (struct shape){.rank = (int)a->count};
        for (size_t k = 0; k < a->count; k++)
            in[inputs].dim[k] = (int)a->value[k];
    }
    return inputs;
}

static void compare_statistics(const struct parity *c, struct rig *rig)
{
    const struct layer *l = &rig->layer;
    if (!l->type->settle || !rig->pass.training)
        return;
    l->type->settle(l, &rig->pass, rig->stat);
    for (int i = 0, s = 0; i < l->params; i++)
        if (l->param[i].statistic)
            assert_like(c, "after", s++, rig->stat[i], l->param[i].count);
}

static void compare(const struct parity *c)
{
    struct shape in[LAYER_INPUTS];
    struct rig rig;
    int inputs = read_shapes(c, in);
    const struct array *x = find(c, "x", 0), *training = find(c, "training", -1);
    rig_make(&rig, c->line, in, inputs, x->count / shape_size(&in[0]));
    const struct layer *l = &rig.layer;
    rig.pass.training = training && training->value[0] > 0;
    for (int j = 0; j < inputs; j++) {
        give(c, "x", j, rig.x[j], rig.values[j]);
        rig.pass.mask[j] = find(c, "mask", j) ? find(c, "mask", j)->value : NULL;
    }
    for (int i = 0, w = 0, s = 0; i < l->params; i++)
        if (l->param[i].statistic)
            give(c, "s", s++, rig.stat[i], l->param[i].count);
        else
            give(c, "w", w++, rig.w[i], l->param[i].count);
    const struct array *dy = find(c, "dy", -1);
    assert_int_equal(dy->count, rig.outputs);
    rig_backward(&rig, dy->value);
    assert_like(c, "y", -1, rig.pass.y, rig.outputs);
    float loss = (float)rig.pass.loss;
    assert_like(c, "loss", -1, &loss, 1);
    for (int j = 0; j < inputs; j++)
        assert_like(c, "dx", j, rig.pass.dx[j], rig.values[j]);
    for (int i = 0, w = 0; i < l->params; i++)
        if (!l->param[i].statistic)
            assert_like(c, "dw", w++, rig.pass.dw[i], l->param[i].count);
    compare_statistics(c, &rig);
    for (size_t i = 0; layer_type_at(i); i++)
        seen[i] = seen[i] || layer_type_at(i) == l->type;
    rig_free(&rig);
    cases++;
}

static void layers_say_what_pytorch_says(void **state)
{
    char path[4096], word[200];
    struct parity c = {0};
    snprintf(path, sizeof path, "%s/tests/reference/layers.txt", getenv("GRADUS_SOURCE"));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fscanf(f, "%199s", word) == 1) {
        if (word[0] == '#') {
            assert_int_equal(fscanf(f, "%*[^\n]"), 0);
        } else if (strcmp(word, "case") != 0) {
            read_array(&c, f, word);
        } else {
            if (c.arrays)
                compare(&c);
            release(&c);
            assert_int_equal(fscanf(f, " %199[^\n]", c.line), 1);
        }
    }
    if (c.arrays)
        compare(&c);
    release(&c);
    fclose(f);
    assert_true(cases > 0);
}

/* The input does nothing; what only acts while training draws its own numbers. */
static void every_type_has_its_cases(void **state)
{
    for (size_t i = 1; layer_type_at(i); i++)
        if (!seen[i])
            fail_msg("reference/layers.txt has no case of '%s'", layer_type_name(i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_say_what_pytorch_says),
        cmocka_unit_test(every_type_has_its_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
