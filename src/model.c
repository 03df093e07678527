/* model.c - a model is made once and never changed.
 *
 * Every edit copies the list of layers, changes the copy, and builds it: walks the layers in order, gives
 * each the shape of the one it reads, lets its type work out shapes and tensors, and lays the tensors end to
 * end. So a model that exists is always consistent, and a failed edit leaves nothing behind. */
#include "model.h"
#include "error.h"
#include "memory.h"
#include "text.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct model *allocate(int layers, struct error *e)
{
    if (layers > MODEL_LAYERS) {
        error_set(e, "a model holds at most %d layers", MODEL_LAYERS - 1);
        return NULL;
    }
    struct model *m = memory_take(1, sizeof *m, "a model", e);
    if (!m)
        return NULL;
    m->layer = memory_take((size_t)layers, sizeof *m->layer, "the layers of a model", e);
    if (!m->layer) {
        memory_free(m);
        return NULL;
    }
    m->layers = layers;
    atomic_init(&m->references, 1);
    return m;
}

struct model *model_new(struct error *e)
{
    struct model *m = allocate(1, e);
    if (!m)
        return NULL;
    m->layer[0].type = layer_type_find("input");
    snprintf(m->layer[0].name, LAYER_NAME, "input");
    return m;
}

struct model *model_ref(const struct model *m)
{
    struct model *shared = (struct model *)m;
    atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
    return shared;
}

void model_unref(const struct model *m)
{
    struct model *shared = (struct model *)m;
    if (!m || atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) != 1)
        return;
    memory_free(shared->layer);
    memory_free(shared);
}

/* --- building --- */

static bool place_params(struct model *m, struct layer *l, struct error *e)
{
    for (int i = 0; i < l->params; i++) {
        struct param *p = &l->param[i];
        p->count = shape_size(&p->shape);
        size_t *total = p->statistic ? &m->stats : &m->params;
        p->offset = *total;
        if (p->count > SIZE_MAX / 64 || __builtin_add_overflow(*total, p->count, total))
            return error_set(e, "'%s' is too large to count", p->name);
    }
    return true;
}

/* More values than an int counts in one sample is a slip of the keyboard; flattened it would have no shape.
 */
static bool is_countable(const struct shape *sample, struct error *e)
{
    char text[SHAPE_TEXT];
    return shape_size(sample) <= INT_MAX ||
           error_set(e, "a sample of %s has more than %d values: make it smaller", shape_text(sample, text),
               INT_MAX);
}

static bool build_layer(struct model *m, int i, struct error *e)
{
    struct layer *l = &m->layer[i];
    l->params = 0;
    l->cache = 0;
    l->activation = NULL;
    l->keep_z = false;
    memset(l->param, 0, sizeof l->param);
    l->in = m->layer[l->input[0]].out;
    if (l->type->build(l, e) && is_countable(&l->out, e) && place_params(m, l, e))
        return true;
    char in[SHAPE_TEXT];
    return error_prefix(
        e, "layer %d (%s) after %s %s", i, l->name, m->layer[l->input[0]].name, shape_text(&l->in, in));
}

/* Gives every layer its shapes and tensors; a model whose input is unknown stays unbuilt. */
static bool build(struct model *m, struct error *e)
{
    m->params = m->stats = 0;
    m->built = m->layer[0].out.rank > 0;
    if (m->built && !is_countable(&m->layer[0].out, e))
        return false;
    for (int i = 1; i < m->layers; i++) {
        struct layer *l = &m->layer[i];
        l->input[0] = i - 1;
        l->inputs = 1;
        if (!m->built)
            l->in = l->out = (struct shape){0};
        else if (!build_layer(m, i, e))
            return false;
    }
    return true;
}

static struct model *finish(struct model *m, struct error *e)
{
    if (m && !build(m, e)) {
        model_unref(m);
        return NULL;
    }
    return m;
}

/* A copy with `gap` free layers at `at` (1: one more, -1: that one taken out, 0: the same). */
static struct model *copy_around(const struct model *m, int at, int gap, struct error *e)
{
    struct model *copy = allocate(m->layers + gap, e);
    if (!copy)
        return NULL;
    copy->input_given = m->input_given;
    memcpy(copy->types_made, m->types_made, sizeof m->types_made);
    int after = gap < 0 ? at + 1 : at;
    memcpy(copy->layer, m->layer, (size_t)at * sizeof *m->layer);
    memcpy(copy->layer + at + (gap > 0), m->layer + after, (size_t)(m->layers - after) * sizeof *m->layer);
    return copy;
}

/* --- names --- */

static int type_number(const struct layer_type *type)
{
    for (size_t i = 0; layer_type_at(i); i++)
        if (layer_type_at(i) == type)
            return (int)i;
    return 0;
}

static bool name_fits(const struct model *m, int self, const char *name, struct error *e)
{
    bool good = isalpha((unsigned char)*name) || *name == '_';
    for (const char *c = name; good && *c; c++)
        good = isalnum((unsigned char)*c) || *c == '_' || *c == '-';
    if (!good || strlen(name) >= LAYER_NAME)
        return error_set(e,
            "'%.40s' is no name for a layer: letters, digits, _ and -, at most %d, a letter first", name,
            LAYER_NAME - 1);
    for (int i = 0; i < m->layers; i++)
        if (i != self && !strcmp(m->layer[i].name, name))
            return error_set(e, "layer %d is already called '%s'", i, name);
    return true;
}

/* The next free "dense3" of a type; numbers are never used twice in a model's life. */
static void name_by_type(struct model *m, int self)
{
    struct layer *l = &m->layer[self];
    int *made = &m->types_made[type_number(l->type)];
    do
        snprintf(l->name, LAYER_NAME, "%.20s%d", l->type->name, ++*made);
    while (!name_fits(m, self, l->name, NULL));
}

/* A typed name like "dense3" counts as made, so that a model rebuilt from its commands goes on counting
 * there. */
static void count_name(struct model *m, const struct layer *l)
{
    size_t n = strlen(l->type->name);
    int *made = &m->types_made[type_number(l->type)], number;
    char tail;
    bool counted = !strncmp(l->name, l->type->name, n) && sscanf(l->name + n, "%6d%c", &number, &tail) == 1;
    if (counted && number > *made)
        *made = number;
}

static bool fill_layer(struct model *m, int at, const struct layer_spec *spec, struct error *e)
{
    struct layer *l = &m->layer[at];
    memset(l, 0, sizeof *l);
    l->type = spec->type;
    memcpy(l->arg, spec->arg, sizeof l->arg);
    if (!spec->name) {
        name_by_type(m, at);
        return true;
    }
    if (!name_fits(m, at, spec->name, e))
        return false;
    snprintf(l->name, LAYER_NAME, "%s", spec->name);
    count_name(m, l);
    return true;
}

/* --- edits --- */

static bool index_fits(const struct model *m, int at, int last, struct error *e)
{
    if (at >= 1 && at <= last)
        return true;
    if (at == 0)
        return error_set(e, "layer 0 is the input; `input SHAPE` changes it");
    return error_set(e,
        last < 1 ? "there is no layer %d: the model has no layers yet"
                 : "there is no layer %d: layers count from 0 (the input) to %d",
        at, m->layers - 1);
}

struct model *model_with_input(const struct model *m, struct shape shape, bool given, struct error *e)
{
    struct model *copy = copy_around(m, 0, 0, e);
    if (!copy)
        return NULL;
    copy->layer[0].out = copy->layer[0].in = shape;
    copy->layer[0].arg[0] = (struct arg_value){.given = given, .shape = shape};
    copy->input_given = given;
    return finish(copy, e);
}

struct model *model_with_layer(const struct model *m, int at, const struct layer_spec *spec, struct error *e)
{
    if (!index_fits(m, at, m->layers, e))
        return NULL;
    struct model *copy = copy_around(m, at, 1, e);
    if (copy && !fill_layer(copy, at, spec, e)) {
        model_unref(copy);
        return NULL;
    }
    return finish(copy, e);
}

struct model *model_with_replaced(
    const struct model *m, int at, const struct layer_spec *spec, struct error *e)
{
    if (!index_fits(m, at, m->layers - 1, e))
        return NULL;
    struct model *copy = copy_around(m, at, 0, e);
    if (copy && !fill_layer(copy, at, spec, e)) {
        model_unref(copy);
        return NULL;
    }
    return finish(copy, e);
}

struct model *model_without_layer(const struct model *m, int at, struct error *e)
{
    if (!index_fits(m, at, m->layers - 1, e))
        return NULL;
    return finish(copy_around(m, at, -1, e), e);
}

struct model *model_with_name(const struct model *m, int at, const char *name, struct error *e)
{
    if (!index_fits(m, at, m->layers - 1, e) || !name_fits(m, at, name, e))
        return NULL;
    struct model *copy = copy_around(m, at, 0, e);
    if (copy)
        snprintf(copy->layer[at].name, LAYER_NAME, "%s", name);
    return finish(copy, e);
}

/* --- reading --- */

int model_find(const struct model *m, const char *which, struct error *e)
{
    for (int i = 0; i < m->layers; i++)
        if (!strcmp(m->layer[i].name, which))
            return i;
    double number;
    if (number_parse(which, &number) && number >= 0 && number < m->layers && number == (int)number)
        return (int)number;
    struct text names = {0};
    for (int i = 0; i < m->layers && names.length < 200; i++)
        text_addf(&names, "%s%d %s", i ? ", " : "", i, m->layer[i].name);
    error_set(e, "there is no layer '%.40s'; there are %s", which, text_get(&names));
    text_release(&names);
    return -1;
}

const struct layer *model_head(const struct model *m)
{
    return &m->layer[m->layers - 1];
}

double model_macs(const struct model *m)
{
    double sum = 0;
    for (int i = 1; m->built && i < m->layers; i++)
        sum += m->layer[i].type->macs ? m->layer[i].type->macs(&m->layer[i]) : 0;
    return sum;
}

void model_write(const struct model *m, struct text *out)
{
    char shape[SHAPE_TEXT];
    if (m->layer[0].out.rank)
        text_addf(out, "input %s\n", shape_text(&m->layer[0].out, shape));
    for (int i = 1; i < m->layers; i++) {
        const struct layer *l = &m->layer[i];
        text_add(out, l->type->name);
        args_write(l->type->args, l->arg, out);
        text_addf(out, " name=%s\n", l->name);
    }
}
