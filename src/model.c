/* model.c - a model is made once and never changed.
 *
 * Every edit copies the list of layers, changes the copy, and builds it: walks the layers in order, gives
 * each the shapes of those it reads, lets its type work out shapes and tensors, and lays the tensors end to
 * end. A layer reads earlier ones only, so there are no cycles. So a model that exists is always consistent,
 * and a failed edit leaves nothing behind. */
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

/* The tensors of a layer that shares are its model's: the same places. */
static bool share_params(struct model *m, struct layer *l, struct error *e)
{
    const struct layer *owner = &m->layer[l->like];
    for (int i = 0; i < l->params || i < owner->params; i++) {
        struct param *p = &l->param[i];
        const struct param *q = &owner->param[i];
        char mine[SHAPE_TEXT], theirs[SHAPE_TEXT];
        if (i >= l->params || i >= owner->params)
            return error_set(e, "it has %d tensors and '%s' has %d: give both the same arguments", l->params,
                owner->name, owner->params);
        if (!shape_equal(&p->shape, &q->shape))
            return error_set(e,
                "its %s is %s, but that of '%s' is %s: both must read and give the same sizes", p->name,
                shape_text(&p->shape, mine), owner->name, shape_text(&q->shape, theirs));
        p->count = q->count;
        p->offset = q->offset;
        p->shared = true;
    }
    return true;
}

static bool place_params(struct model *m, struct layer *l, struct error *e)
{
    if (l->like)
        return share_params(m, l, e);
    for (int i = 0; i < l->params; i++) {
        struct param *p = &l->param[i];
        p->count = shape_size(&p->shape);
        size_t *total = p->statistic ? &m->stats : &m->params;
        p->offset = *total;
        if (p->count > SIZE_MAX / 64 || __builtin_add_overflow(*total, p->count, total))
            return error_set(e, "its %s is too large to count: make it, or what it reads, smaller", p->name);
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

/* Whole numbers stand in the data; what a layer computes is none. */
static bool reads_well(const struct model *m, const struct layer *l, struct error *e)
{
    return !l->type->whole_inputs || model_is_input(m, l->input[0]) ||
           error_set(e, "it reads whole numbers straight from an input: `from=%s` lets it", m->layer[0].name);
}

/* A mask goes on where the positions do. */
static int mask_of(const struct model *m, const struct layer *l, int self)
{
    bool kept = l->out.rank >= 2 && l->in.rank >= 2 && l->out.dim[0] == l->in.dim[0];
    return l->makes_mask ? self : kept ? m->layer[l->input[0]].mask : 0;
}

static bool build_layer(struct model *m, int i, struct error *e)
{
    struct layer *l = &m->layer[i];
    l->params = 0;
    l->cache = l->batch_cache = l->carry = 0;
    l->activation = NULL;
    l->keep_z = l->makes_mask = l->stateful = false;
    memset(l->param, 0, sizeof l->param);
    for (int j = 0; j < l->inputs; j++)
        l->reads[j] = m->layer[l->input[j]].out;
    if (l->like) /* what is shared trains or rests with its owner */
        l->frozen = m->layer[l->like].frozen;
    if (l->inputs)
        l->in = l->reads[0];
    if (reads_well(m, l, e) && l->type->build(l, e) && is_countable(&l->out, e) && place_params(m, l, e)) {
        l->mask = l->inputs ? mask_of(m, l, i) : 0;
        return true;
    }
    char in[SHAPE_TEXT];
    if (!l->inputs)
        return error_prefix(e, "layer %d (%s)", i, l->name);
    return error_prefix(
        e, "layer %d (%s) after %s %s", i, l->name, m->layer[l->input[0]].name, shape_text(&l->in, in));
}

/* An input that nobody reads yet is no output. */
static bool find_outputs(struct model *m, struct error *e)
{
    m->outputs = 0;
    for (int i = m->layers - 1; i >= 0; i--) {
        bool read = model_is_input(m, i) && m->layers > 1;
        for (int k = i + 1; k < m->layers && !read; k++)
            for (int j = 0; j < m->layer[k].inputs; j++)
                read = read || m->layer[k].input[j] == i;
        if (read)
            continue;
        if (m->outputs == MODEL_OUTPUTS)
            return error_set(e,
                "a model has at most %d outputs, and '%s' would be one more: let a layer read it",
                MODEL_OUTPUTS, m->layer[i].name);
        memmove(m->output + 1, m->output, (size_t)m->outputs++ * sizeof m->output[0]);
        m->output[0] = i;
    }
    return true;
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
        if (l->inputs && (!l->from_given || l->type->reads_beside))
            l->input[0] = i - 1;
        if (!m->built)
            l->in = l->out = (struct shape){0};
        else if (!build_layer(m, i, e))
            return false;
    }
    return find_outputs(m, e);
}

static struct model *finish(struct model *m, struct error *e)
{
    if (m && !build(m, e)) {
        model_unref(m);
        return NULL;
    }
    return m;
}

static int moved(int layer, int at, int gap)
{
    return layer >= at && layer ? layer + gap : layer;
}

/* A copy with `gap` free layers at `at` (1: one more, -1: that one taken out, 0: the same). What the layers
 * read and share is kept, at its new number. */
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
    for (int i = 1; i < copy->layers; i++) {
        struct layer *l = &copy->layer[i];
        for (int j = 0; j < l->inputs; j++)
            l->input[j] = moved(l->input[j], at, gap);
        l->like = moved(l->like, at, gap);
    }
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

/* An earlier layer by the name or number that was typed; -1 and an error. */
static int find_earlier(const struct model *m, int at, const char *which, struct error *e)
{
    int found = model_find(m, which, e);
    if (found < 0 || found < at)
        return found;
    error_set(
        e, "it would read '%s', which does not come before it: it can read layers 0 to %d", which, at - 1);
    return -1;
}

/* What the layer reads: from= or the one before, then what its arguments name. */
static bool fill_inputs(struct model *m, int at, const struct layer_spec *spec, struct error *e)
{
    struct layer *l = &m->layer[at];
    if (!strcmp(l->type->name, "input"))
        return !spec->from || error_set(e, "an input reads no layer: leave out from=");
    l->input[l->inputs++] = at - 1;
    if (spec->from) {
        int found = find_earlier(m, at, spec->from, e);
        if (found < 0)
            return false;
        l->from_given = true;
        l->inputs += l->type->reads_beside;
        l->input[l->inputs - 1] = found;
    }
    for (int i = 0; i < args_count(l->type->args); i++) {
        if (l->type->args[i].kind != ARG_LAYER || !spec->arg[i].given)
            continue;
        int found = find_earlier(m, at, spec->arg[i].text, e);
        if (found < 0)
            return false;
        l->arg[i].text = NULL;
        l->input[l->inputs++] = found;
    }
    return true;
}

static bool fill_like(struct model *m, int at, const struct layer_spec *spec, struct error *e)
{
    struct layer *l = &m->layer[at];
    int found = spec->like ? find_earlier(m, at, spec->like, e) : 0;
    if (found < 0 || !spec->like)
        return found == 0;
    const struct layer *owner = &m->layer[found];
    if (owner->type != l->type)
        return error_set(e, "like= shares the parameters of a layer of the same type, but '%s' is %s, not %s",
            owner->name, owner->type->name, l->type->name);
    l->like = owner->like ? owner->like : found;
    return true;
}

static bool fill_layer(struct model *m, int at, const struct layer_spec *spec, struct error *e)
{
    struct layer *l = &m->layer[at];
    memset(l, 0, sizeof *l);
    l->type = spec->type;
    memcpy(l->arg, spec->arg, sizeof l->arg);
    if (!fill_inputs(m, at, spec, e) || !fill_like(m, at, spec, e))
        return error_prefix(e, "%s", spec->name ? spec->name : spec->type->name);
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

struct model *model_with_named_input(
    const struct model *m, struct shape shape, bool given, const char *name, struct error *e)
{
    bool own = !strcmp(m->layer[0].name, name), first = m->layers == 1 && !m->input_given;
    struct layer_spec spec = {.type = m->layer[0].type, .name = name};
    spec.arg[0] = (struct arg_value){.given = true, .shape = shape};
    if (!own && !first)
        return model_with_layer(m, m->layers, &spec, e);
    if (!name_fits(m, 0, name, e))
        return NULL;
    struct model *copy = model_with_input(m, shape, given, e);
    if (copy)
        snprintf(copy->layer[0].name, LAYER_NAME, "%s", name);
    return copy;
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

/* The first layer that names this one, 0 for none. */
static int named_by(const struct model *m, int at)
{
    for (int i = at + 1; i < m->layers; i++) {
        const struct layer *l = &m->layer[i];
        if (l->like == at)
            return i;
        for (int j = 0; j < l->inputs; j++)
            if (l->input[j] == at && (j > 0 || (l->from_given && !l->type->reads_beside)))
                return i;
    }
    return 0;
}

struct model *model_without_layer(const struct model *m, int at, struct error *e)
{
    if (!index_fits(m, at, m->layers - 1, e))
        return NULL;
    int reader = named_by(m, at);
    if (reader) {
        error_set(e, "layer %d (%s) names '%s': `remove %s` first, or `replace` it", reader,
            m->layer[reader].name, m->layer[at].name, m->layer[reader].name);
        return NULL;
    }
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

struct model *model_with_frozen(const struct model *m, int first, int last, bool frozen, struct error *e)
{
    if (!index_fits(m, first, m->layers - 1, e) || !index_fits(m, last, m->layers - 1, e))
        return NULL;
    struct model *copy = copy_around(m, 0, 0, e);
    for (int i = first; copy && i <= last; i++)
        copy->layer[i].frozen = frozen;
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
        if (*m->layer[i].name)
            text_addf(&names, "%s%d %s", i ? ", " : "", i, m->layer[i].name);
    error_set(e, "there is no layer '%.40s'; the layers are %s", which, text_get(&names));
    text_release(&names);
    return -1;
}

const struct layer *model_head(const struct model *m)
{
    return &m->layer[m->layers - 1];
}

bool model_is_output(const struct model *m, int layer)
{
    for (int i = 0; i < m->outputs; i++)
        if (m->output[i] == layer)
            return true;
    return false;
}

bool model_is_input(const struct model *m, int layer)
{
    return m->layer[layer].inputs == 0;
}

bool model_is_stateful(const struct model *m)
{
    for (int i = 1; i < m->layers; i++)
        if (m->layer[i].stateful)
            return true;
    return false;
}

bool model_is_dealt(const struct model *m)
{
    for (int i = 1; i < m->layers; i++)
        if (model_is_input(m, i))
            return true;
    return false;
}

size_t model_input_size(const struct model *m)
{
    size_t size = 0;
    for (int i = 0; i < m->layers; i++)
        size += model_is_input(m, i) ? shape_size(&m->layer[i].out) : 0;
    return size;
}

void model_learning(const struct model *m, bool *learns)
{
    learns[0] = false;
    for (int i = 1; i < m->layers; i++) {
        const struct layer *l = &m->layer[i];
        learns[i] = layer_learns(l);
        for (int j = 0; j < l->inputs; j++)
            learns[i] = learns[i] || learns[l->input[j]];
    }
}

double model_macs(const struct model *m)
{
    double sum = 0;
    for (int i = 1; m->built && i < m->layers; i++)
        sum += m->layer[i].type->macs ? m->layer[i].type->macs(&m->layer[i]) : 0;
    return sum;
}

static void write_layer(const struct model *m, const struct layer *l, struct text *out)
{
    struct arg_value arg[LAYER_ARGS];
    int next = l->inputs;
    memcpy(arg, l->arg, sizeof arg);
    for (int i = args_count(l->type->args) - 1; i >= 0; i--)
        if (l->type->args[i].kind == ARG_LAYER && arg[i].given)
            arg[i].text = m->layer[l->input[--next]].name;
    text_add(out, l->type->name);
    args_write(l->type->args, arg, out);
    if (l->from_given)
        text_addf(out, " from=%s", m->layer[l->input[l->type->reads_beside ? 1 : 0]].name);
    if (l->like)
        text_addf(out, " like=%s", m->layer[l->like].name);
    text_addf(out, " name=%s\n", l->name);
}

void model_write(const struct model *m, struct text *out)
{
    char shape[SHAPE_TEXT];
    bool named = strcmp(m->layer[0].name, "input") != 0;
    if (m->layer[0].out.rank)
        text_addf(out, "input %s%s%s\n", shape_text(&m->layer[0].out, shape), named ? " name=" : "",
            named ? m->layer[0].name : "");
    for (int i = 1; i < m->layers; i++)
        write_layer(m, &m->layer[i], out);
    for (int i = 1; i < m->layers; i++)
        if (m->layer[i].frozen)
            text_addf(out, "freeze %s\n", m->layer[i].name);
}
