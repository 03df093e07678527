/* import.c - modules to layers, and their tensors into a state.
 *
 * A module fits a layer when a row of the layer's type takes every tensor of the module, in the shape that
 * the view asks, and leaves no tensor of the layer's own empty. All is matched and read once before the first
 * value is written. */
#include "import.h"
#include "import_parts.h"
#include "../error.h"
#include "../memory.h"
#include "../text.h"

#include <stdio.h>
#include <string.h>

static const struct import_origin *const origins[] = {&import_pytorch, &import_keras};

const char *import_origin(size_t i)
{
    return i < sizeof origins / sizeof *origins ? origins[i]->name : NULL;
}

static const struct import_origin *find_origin(const char *name)
{
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++)
        if (!strcmp(origins[i]->name, name))
            return origins[i];
    return NULL;
}

bool import_leaf_known(const struct import_origin *o, const char *leaf)
{
    for (const struct import_row *row = o->row; row->type; row++)
        for (const struct import_piece *p = row->piece; p->leaf; p++)
            if (!strcmp(p->leaf, leaf))
                return true;
    return false;
}

/* --- does a module fit a layer? --- */

/* The layer's own tensor of that name, or NULL. */
static const struct param *own_param(const struct layer *l, const char *name)
{
    for (int i = 0; i < l->params; i++)
        if (!l->param[i].shared && !strcmp(l->param[i].name, name))
            return &l->param[i];
    return NULL;
}

static bool has_own_params(const struct layer *l)
{
    for (int i = 0; i < l->params; i++)
        if (!l->param[i].shared)
            return true;
    return false;
}

/* Length of the folder within a leaf: "query/" of "query/kernel". */
static size_t folder_length(const char *leaf)
{
    const char *stroke = strrchr(leaf, '/');
    return stroke ? (size_t)(stroke - leaf) + 1 : 0;
}

/* Its number among the pieces of its folder that the layer has: Keras's files count variables so. */
static int number_of(const struct import_row *row, const struct import_piece *piece, const struct layer *l)
{
    int number = 0;
    size_t folder = folder_length(piece->leaf);
    for (const struct import_piece *p = row->piece; p < piece; p++)
        number += folder_length(p->leaf) == folder && !memcmp(p->leaf, piece->leaf, folder) &&
                  own_param(l, p->param);
    return number;
}

static bool is_leaf(
    const struct import_row *row, const struct import_piece *piece, const struct layer *l, const char *leaf)
{
    char counted[IMPORT_LEAF];
    if (!strcmp(piece->leaf, leaf))
        return true;
    size_t folder = folder_length(leaf);
    if (leaf[folder] < '0' || leaf[folder] > '9')
        return false;
    snprintf(counted, sizeof counted, "%.*s%d", (int)folder_length(piece->leaf), piece->leaf,
        number_of(row, piece, l));
    return !strcmp(counted, leaf);
}

static const struct import_part *part_of(const struct import_module *m, const struct import_row *row,
    const struct import_piece *piece, const struct layer *l)
{
    for (size_t i = 0; i < m->parts; i++)
        if (is_leaf(row, piece, l, m->part[i].leaf))
            return &m->part[i];
    return NULL;
}

static struct import_view view_of(
    const struct model *model, int layer, const struct import_piece *piece, const struct param *p)
{
    struct import_view v = {0};
    piece->view(&model->layer[layer], layer, p, &v);
    return v;
}

/* How well a row takes a module: tensors that it takes, and how many of them in the right shape. */
struct fit {
    size_t taken, shaped;
    bool whole; /* every piece has its tensor, every tensor of the layer its pieces */
};

static bool fills_layer(const struct import_row *row, const struct layer *l)
{
    for (int i = 0; i < l->params; i++) {
        bool filled = l->param[i].shared;
        for (const struct import_piece *p = row->piece; p->leaf && !filled; p++)
            filled = !strcmp(p->param, l->param[i].name);
        if (!filled)
            return false;
    }
    return true;
}

static struct fit fit_of(
    const struct model *model, int layer, const struct import_row *row, const struct import_module *m)
{
    const struct layer *l = &model->layer[layer];
    struct fit fit = {.whole = fills_layer(row, l)};
    uint64_t taken = 0, bad = 0;
    for (const struct import_piece *piece = row->piece; piece->leaf; piece++) {
        const struct param *p = own_param(l, piece->param);
        const struct import_part *part = p ? part_of(m, row, piece, l) : NULL;
        fit.whole &= !p || part;
        if (!part || part - m->part >= 64)
            continue;
        struct import_view v = view_of(model, layer, piece, p);
        uint64_t bit = UINT64_C(1) << (part - m->part);
        taken |= bit;
        bad |= import_view_fits(&v, part->tensor) && part->tensor->type->read ? 0 : bit;
    }
    fit.taken = (size_t)__builtin_popcountll(taken);
    fit.shaped = (size_t)__builtin_popcountll(taken & ~bad);
    return fit;
}

static const char *objection(const struct import_row *row, const struct layer *l)
{
    return row->objection ? row->objection(l) : NULL;
}

/* The row by which the layer takes the whole module, or NULL. */
static const struct import_row *row_that_fits(
    const struct import_origin *o, const struct model *model, int layer, const struct import_module *m)
{
    for (const struct import_row *row = o->row; row->type; row++) {
        if (strcmp(row->type, model->layer[layer].type->name) || objection(row, &model->layer[layer]))
            continue;
        struct fit fit = fit_of(model, layer, row, m);
        if (fit.whole && fit.taken == m->parts && fit.shaped == fit.taken)
            return row;
    }
    return NULL;
}

/* --- the whole match --- */

struct match {
    const struct import_origin *origin;
    const struct model *model;
    struct import_modules modules;
    bool taken[MODEL_LAYERS]; /* the layer has its module, or needs none */
};

static bool try_layer(struct match *w, struct import_module *m, int layer)
{
    if (w->taken[layer] || !(m->row = row_that_fits(w->origin, w->model, layer, m)))
        return false;
    m->layer = layer;
    return w->taken[layer] = true;
}

/* conv1 and conv1, features_0 and features.0, conv1 and model/conv1. */
static bool is_called(const struct import_module *m, const char *layer)
{
    const char *name = m->part->tensor->name, *end = name + m->part->prefix;
    for (const char *c = name; c < end; c++)
        if (*c == '/')
            name = c + 1;
    for (; name < end && *layer && (*name == *layer || (*name == '.' && *layer == '_')); name++)
        layer++;
    return name == end && !*layer && !m->part->level;
}

static void match_names(struct match *w)
{
    for (size_t i = 0; i < w->modules.count; i++)
        for (int k = 1; k < w->model->layers && !w->modules.module[i].layer; k++)
            if (is_called(&w->modules.module[i], w->model->layer[k].name))
                try_layer(w, &w->modules.module[i], k);
}

static void match_order(struct match *w)
{
    for (size_t i = 0; i < w->modules.count; i++)
        for (int k = 1; k < w->model->layers && !w->modules.module[i].layer; k++)
            try_layer(w, &w->modules.module[i], k);
}

/* --- what does not match --- */

enum { COMPLAINTS = 10, COMPLAINTS_BYTES = 440 };

struct complaints {
    struct text text;
    int count, shown;
};

static void complain(struct complaints *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void complain(struct complaints *c, const char *format, ...)
{
    char line[240]; /* names are cut to 60 bytes */
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    import_clean(line);
    c->count++;
    if (c->shown >= COMPLAINTS || c->text.length + strlen(line) > COMPLAINTS_BYTES)
        return;
    text_addf(&c->text, "%s%s", c->shown++ ? "; " : "", line);
}

static void complain_of_part(struct complaints *c, const struct import_part *p)
{
    char shape[SHAPE_TEXT];
    complain(c, "nothing takes '%.60s' (%s)", p->tensor->name, shape_text(&p->tensor->shape, shape));
}

static void complain_of_param(struct complaints *c, const struct layer *l, const struct param *p)
{
    char shape[SHAPE_TEXT];
    complain(c, "nothing fills %s/%s (%s)", l->name, p->name, shape_text(&p->shape, shape));
}

/* A module and the layer that it was meant for, tensor by tensor. */
static void complain_of_pair(struct match *w, struct complaints *c, const struct import_module *m, int layer,
    const struct import_row *row)
{
    const struct layer *l = &w->model->layer[layer];
    const char *why = objection(row, l);
    uint64_t known = 0;
    if (why)
        complain(c, "%s cannot take '%.60s': %s", l->name, m->part->tensor->name, why);
    if (why)
        return;
    for (const struct import_piece *piece = row->piece; piece->leaf; piece++) {
        char have[SHAPE_TEXT], want[SHAPE_TEXT];
        const struct param *p = own_param(l, piece->param);
        const struct import_part *part = p ? part_of(m, row, piece, l) : NULL;
        if (p && !part)
            complain_of_param(c, l, p);
        if (!part || part - m->part >= 64)
            continue;
        struct import_view v = view_of(w->model, layer, piece, p);
        struct shape shape = import_view_shape(&v);
        known |= UINT64_C(1) << (part - m->part);
        if (!part->tensor->type->read)
            complain(c, "'%.60s' holds %s", part->tensor->name, part->tensor->type->name);
        else if (!import_view_fits(&v, part->tensor))
            complain(c, "'%.60s' is %s, %s/%s takes %s", part->tensor->name,
                shape_text(&part->tensor->shape, have), l->name, p->name, shape_text(&shape, want));
    }
    for (size_t i = 0; i < m->parts; i++)
        if (i >= 64 || !(known >> i & 1))
            complain_of_part(c, &m->part[i]);
}

/* The first layer without weights that takes some tensor of the module, in whatever shape. */
static int layer_meant(
    const struct match *w, const bool *paired, const struct import_module *m, const struct import_row **found)
{
    for (int k = 1; k < w->model->layers; k++)
        for (const struct import_row *row = w->origin->row; row->type && !w->taken[k] && !paired[k]; row++)
            if (!strcmp(row->type, w->model->layer[k].type->name) && fit_of(w->model, k, row, m).taken) {
                *found = row;
                return k;
            }
    return 0;
}

static void complain_of_all(struct match *w, struct complaints *c)
{
    bool paired[MODEL_LAYERS] = {false};
    for (size_t i = 0; i < w->modules.count; i++) {
        const struct import_module *m = &w->modules.module[i];
        const struct import_row *row = NULL;
        int layer = m->layer ? 0 : layer_meant(w, paired, m, &row);
        paired[layer] = true;
        if (layer)
            complain_of_pair(w, c, m, layer, row);
        else if (!m->layer)
            for (size_t k = 0; k < m->parts; k++)
                complain_of_part(c, &m->part[k]);
    }
    for (int k = 1; k < w->model->layers; k++)
        for (int j = 0; j < w->model->layer[k].params && !w->taken[k] && !paired[k]; j++)
            if (!w->model->layer[k].param[j].shared)
                complain_of_param(c, &w->model->layer[k], &w->model->layer[k].param[j]);
    if (c->count > c->shown)
        text_addf(&c->text, "; and %d more", c->count - c->shown);
}

/* --- copying --- */

static bool copy_module(const struct match *w, struct import_copier *copier, const struct import_module *m,
    struct state *into, struct error *e)
{
    const struct layer *l = &w->model->layer[m->layer];
    for (const struct import_piece *piece = m->row->piece; piece->leaf; piece++) {
        const struct param *p = own_param(l, piece->param);
        bool finite;
        if (!p)
            continue;
        const struct tensor *t = part_of(m, m->row, piece, l)->tensor;
        struct import_view v = view_of(w->model, m->layer, piece, p);
        float *ours = into ? state_param(into, m->layer, (int)(p - l->param), NULL) : NULL;
        if (!import_copy(copier, &v, t, piece->adds, ours, &finite, e))
            return false;
        if (!finite)
            return error_set(e, "tensor '%.60s' holds values that are not finite", t->name);
    }
    return true;
}

static bool copy_all(const struct match *w, struct state *s, struct error *e)
{
    struct import_copier copier = {.model = w->model, .channels_first = w->origin->channels_first};
    bool ok = true;
    for (int fill = 0; fill < 2; fill++)
        for (size_t i = 0; i < w->modules.count && ok; i++)
            if (w->modules.module[i].layer)
                ok = copy_module(w, &copier, &w->modules.module[i], fill ? s : NULL, e);
    import_copier_release(&copier);
    return ok;
}

/* --- what is told --- */

enum { TOLD_WIDTH = 90 };

static void tell_pairs(const struct match *w, struct text *told)
{
    size_t from = told->length;
    const char *comma = "";
    for (int k = 1; k < w->model->layers; k++)
        for (size_t i = 0; i < w->modules.count; i++) {
            const struct import_module *m = &w->modules.module[i];
            char name[IMPORT_NAME];
            if (m->layer != k)
                continue;
            if (told->length - from > TOLD_WIDTH) {
                text_add(told, ",\n");
                from = told->length;
                comma = "";
            }
            text_addf(told, "%s%s from %s", comma, w->model->layer[k].name, import_module_name(m, name));
            comma = ", ";
        }
    text_add(told, "\n");
}

static void tell_epsilon(const struct match *w, struct text *told)
{
    for (int k = 1; k < w->model->layers; k++) {
        const struct layer *l = &w->model->layer[k];
        int at = l->type->args ? args_find(l->type->args, "epsilon") : -1;
        if (at < 0 || !has_own_params(l) || l->arg[at].number == w->origin->epsilon)
            continue;
        text_addf(told,
            "the file does not tell epsilon: %s has %g, and %s's is %g unless it was changed (epsilon=%g)\n",
            l->name, l->arg[at].number, w->origin->title, w->origin->epsilon, w->origin->epsilon);
        return;
    }
}

/* --- all of it --- */

static size_t matched(const struct match *w)
{
    size_t count = 0;
    for (size_t i = 0; i < w->modules.count; i++)
        count += w->modules.module[i].layer != 0;
    return count;
}

static bool match_and_copy(struct match *w, const struct tensor_file *f, bool partial, struct state *s,
    struct text *told, struct error *e)
{
    struct complaints c = {0};
    match_names(w);
    match_order(w);
    complain_of_all(w, &c);
    bool good = !c.count || (partial && matched(w));
    if (!good)
        error_set(e, "'%s' does not fit the model: %s%s", safetensors_name(f), text_get(&c.text),
            matched(w) ? " (`partial` loads the rest)" : "");
    if (good && (good = copy_all(w, s, e))) {
        tell_pairs(w, told);
        if (c.count)
            text_addf(told, "not loaded: %s\n", text_get(&c.text));
        tell_epsilon(w, told);
    }
    text_release(&c.text);
    return good;
}

bool import_weights(const struct tensor_file *f, const char *origin, bool partial, struct state *s,
    struct text *told, struct error *e)
{
    struct match w = {.origin = find_origin(origin), .model = s->model};
    if (!s->model->built)
        return error_set(e, "the model's input is not known yet: it has no tensors to fill");
    for (int k = 0; k < s->model->layers; k++)
        w.taken[k] = !has_own_params(&s->model->layer[k]);
    if (!import_modules_make(&w.modules, f, w.origin, e))
        return false;
    bool ok = match_and_copy(&w, f, partial, s, told, e);
    import_modules_release(&w.modules);
    return ok;
}
