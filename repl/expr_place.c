/* expr_place.c - from names and indices to elements of tensors, and the fields of layers.
 *
 * Indices count from 0, negative ones from the end, and ":" takes a whole axis, as in NumPy; axes that are
 * not named are taken whole. */
#include "expr_tree.h"

#include "repl.h"

#include "../src/activation.h"
#include "../src/memory.h"
#include "../src/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool blame(const struct node *n, struct error *e)
{
    if (e && e->offset < 0) {
        e->offset = n->offset;
        e->length = n->length;
    }
    return false;
}

bool expr_find_layer(struct repl *r, const struct node *n, int *layer, struct error *e)
{
    if (e)
        e->offset = -1;
    int found = model_find(session_network(r->session)->model, n->name, e);
    if (found < 0)
        return blame(n, e);
    *layer = found;
    return true;
}

/* Layers that have a tensor of this kind, for the message. */
static void list_layers(const struct model *m, const char *word, struct text *out)
{
    for (int i = 1; i < m->layers && out->length < 200; i++)
        for (int k = 0; k < m->layer[i].params; k++)
            if (!strcmp(m->layer[i].param[k].name, word))
                text_addf(out, "%s%d (%s)", out->length ? ", " : "", i, m->layer[i].name);
}

bool expr_find_param(struct repl *r, const char *word, int layer, int *param, struct error *e)
{
    const struct model *m = session_network(r->session)->model;
    const char *name = !strcmp(word, "w") ? "kernel" : "bias";
    if (!m->built)
        return error_set(e, "there are no weights before the input is known: `data NAME` or `input SHAPE`");
    for (int k = 0; k < m->layer[layer].params; k++)
        if (!strcmp(m->layer[layer].param[k].name, name)) {
            *param = k;
            return true;
        }
    struct text with = {0};
    list_layers(m, name, &with);
    error_set(e, "layer %d (%s) has no %s; %s%s", layer, m->layer[layer].name,
        *word == 'w' ? "weights" : "bias", with.length ? "these have: " : "no layer has", text_get(&with));
    text_release(&with);
    return false;
}

/* --- fields of a layer --------------------------------------------------------------------------------- */

static bool set_text(struct value *out, const char *text)
{
    *out = (struct value){.is_text = true};
    snprintf(out->text, sizeof out->text, "%s", text);
    return true;
}

/* An argument of the layer's own row: dropout's rate, dense's activation. */
static bool argument_field(const struct layer *l, const char *field, struct value *out)
{
    int i = l->type ? args_find(l->type->args, field) : -1;
    if (i < 0)
        return false;
    const struct arg_row *row = &l->type->args[i];
    if (row->kind == ARG_INT || row->kind == ARG_REAL || row->kind == ARG_FLAG)
        *out = value_of(l->arg[i].number);
    else
        set_text(out, l->arg[i].text ? l->arg[i].text : "");
    return true;
}

static bool unknown_field(const struct node *n, const struct layer *l, struct error *e)
{
    struct text fields = {0};
    text_add(&fields, "type, name, units, inputs, params");
    for (const struct arg_row *row = l->type ? l->type->args : NULL; row && row->name; row++)
        if (strcmp(row->name, "units"))
            text_addf(&fields, ", %s", row->name);
    error_set_at(e, n->offset, n->length, "a layer of type %s has no field '%s'; it has %s",
        l->type ? l->type->name : "input", n->field, text_get(&fields));
    text_release(&fields);
    return false;
}

bool expr_layer_field(struct repl *r, const struct node *n, struct value *out, struct error *e)
{
    int i;
    if (!expr_find_layer(r, n, &i, e))
        return false;
    const struct model *m = session_network(r->session)->model;
    const struct layer *l = &m->layer[i];
    if (!strcmp(n->field, "type"))
        return set_text(out, l->type && i ? l->type->name : "input");
    if (!strcmp(n->field, "name"))
        return set_text(out, l->name);
    if (argument_field(l, n->field, out))
        return true;
    if (!m->built) {
        error_set(e, "'%s' is not known before the input is: `data NAME` or `input SHAPE`", n->field);
        return blame(n, e);
    }
    if (!strcmp(n->field, "units"))
        *out = value_of(l->out.dim[l->out.rank - 1]);
    else if (!strcmp(n->field, "inputs"))
        *out = value_of((double)shape_size(i ? &l->in : &l->out));
    else if (!strcmp(n->field, "params"))
        *out = value_of((double)layer_param_count(l));
    else
        return unknown_field(n, l, e);
    return true;
}

/* --- slices -------------------------------------------------------------------------------------------- */

static bool index_value(struct repl *r, const struct expr *x, int node, int size, int *out, struct error *e)
{
    struct value v;
    if (!expr_node_eval(r, x, node, &v, e))
        return false;
    double number = v.number;
    bool whole = !v.tensor && !v.is_text && number == rint(number) && fabs(number) < 1e9;
    value_release(&v);
    const struct node *n = &x->node[node];
    if (!whole)
        return error_set_at(e, n->offset, n->length, "an index must be a whole number");
    *out = (int)number < 0 ? (int)number + size : (int)number;
    return true;
}

static bool out_of_range(const struct node *n, int axis, int size, struct error *e)
{
    return error_set_at(e, n->offset, n->length, "axis %d has the indices 0 to %d", axis, size - 1);
}

static bool read_slice(struct repl *r, const struct expr *x, const struct node *n, int axis, int size,
    struct span *out, struct error *e)
{
    int first = 0, last = size;
    if (n->child[0] >= 0 && !index_value(r, x, n->child[0], size, &first, e))
        return false;
    if (n->single)
        last = first + 1;
    else if (n->child[1] >= 0 && !index_value(r, x, n->child[1], size, &last, e))
        return false;
    if (first < 0 || first >= size || last > size || last <= first)
        return out_of_range(n, axis, size, e);
    *out = (struct span){.first = first, .count = last - first, .single = n->single};
    return true;
}

bool expr_slices(struct repl *r, const struct expr *x, const struct node *n, const struct shape *shape,
    struct span *out, struct error *e)
{
    char text[SHAPE_TEXT];
    if (n->children - 1 > shape->rank)
        return error_set_at(e, n->offset, n->length, "%d indices are too many for a tensor of %s",
            n->children - 1, shape_text(shape, text));
    for (int i = 0; i < shape->rank; i++) {
        out[i] = (struct span){.first = 0, .count = shape->dim[i]};
        if (i < n->children - 1 && !read_slice(r, x, &x->node[n->child[i + 1]], i, shape->dim[i], &out[i], e))
            return false;
    }
    return true;
}

size_t span_elements(
    const struct shape *shape, const struct span *span, int count, size_t *element, struct shape *left)
{
    size_t total = 1;
    *left = (struct shape){0};
    for (int i = 0; i < count; i++) {
        total *= (size_t)span[i].count;
        if (!span[i].single)
            left->dim[left->rank++] = span[i].count;
    }
    for (size_t k = 0; element && k < total; k++) {
        size_t rest = k, place = 0, stride = 1;
        for (int i = count - 1; i >= 0; i--) {
            place += ((size_t)span[i].first + rest % (size_t)span[i].count) * stride;
            rest /= (size_t)span[i].count;
            stride *= (size_t)shape->dim[i];
        }
        element[k] = place;
    }
    return total;
}

/* --- places that can be set ---------------------------------------------------------------------------- */

static bool place_of(struct repl *r, const struct expr *x, struct place_ref *out, struct error *e)
{
    const struct node *n = &x->node[x->root[0]], *base = n->kind == NODE_INDEX ? &x->node[n->child[0]] : n;
    bool settable = x->count == 1 && base->kind == NODE_TENSOR &&
                    (!strcmp(base->word->name, "w") || !strcmp(base->word->name, "b"));
    if (!settable)
        return error_set_at(e, n->offset, n->length, "a place to set looks like w[1][0,2] or b[h1][3]");
    struct place_ref ref = {0};
    if (!expr_find_layer(r, base, &ref.layer, e))
        return false;
    if (!expr_find_param(r, base->word->name, ref.layer, &ref.param, e))
        return blame(base, e);
    const struct shape *shape = &session_network(r->session)->model->layer[ref.layer].param[ref.param].shape;
    struct span span[SHAPE_RANK + 1];
    struct node whole = *base;
    whole.children = 1;
    if (!expr_slices(r, x, n->kind == NODE_INDEX ? n : &whole, shape, span, e))
        return false;
    ref.count = span_elements(shape, span, shape->rank, NULL, &ref.shape);
    ref.element = memory_take(ref.count, sizeof *ref.element, "the elements to set", e);
    if (!ref.element)
        return false;
    span_elements(shape, span, shape->rank, ref.element, &ref.shape);
    *out = ref;
    return true;
}

bool expr_place(struct repl *r, const char *text, struct place_ref *out, struct error *e)
{
    struct expr *x = expr_parse(text, e);
    bool ok = x && place_of(r, x, out, e);
    expr_free(x);
    return ok;
}

/* True for a[2][3] and the like; unit -1 when the whole layer is meant. */
bool expr_watched_place(struct repl *r, const struct expr *x, int i, int *layer, int *unit)
{
    const struct node *n = &x->node[x->root[i]], *base = n->kind == NODE_INDEX ? &x->node[n->child[0]] : n;
    if (base->kind != NODE_TENSOR || !expr_find_layer(r, base, layer, NULL))
        return false;
    *unit = -1;
    if (n->kind != NODE_INDEX)
        return true;
    const struct node *last = &x->node[n->child[n->children - 1]];
    if (last->single && x->node[last->child[0]].kind == NODE_NUMBER)
        *unit = (int)x->node[last->child[0]].number;
    return true;
}
