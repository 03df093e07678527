/* lets_slopes.c - what `backward NAME` found, kept until the next one, and grad() which reads it.
 *
 * Slopes are kept under labels: a let's name, or what the session calls it. What has none was not reached:
 * its slope is 0, in the shape that it has. */
#include "lets_internal.h"

#include "repl.h"

#include "../src/memory.h"

#include <stdio.h>
#include <string.h>

void slopes_free(struct slopes *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->count; i++)
        value_release(&s->slope[i].value);
    memory_free(s->slope);
    memory_free(s);
}

struct value *slopes_find(const struct slopes *s, const char *label)
{
    for (int i = 0; i < s->count; i++)
        if (!strcmp(s->slope[i].label, label))
            return &s->slope[i].value;
    return NULL;
}

void slopes_label(struct repl *r, const struct node *n, char label[SLOPE_LABEL])
{
    int layer;
    if (n->kind == NODE_NAME)
        snprintf(label, SLOPE_LABEL, "%s", n->name);
    else if (expr_find_layer(r, n, &layer, NULL))
        snprintf(label, SLOPE_LABEL, "%s[%d]", n->word->name, layer);
    else
        snprintf(label, SLOPE_LABEL, "%s[%s]", n->word->name, n->name);
}

/* --- grad() -------------------------------------------------------------------------------------------- */

/* The newest let that is made of others: most likely what is meant. */
static const char *likely_end(const struct lets *l)
{
    int order[LETS];
    for (int i = l->count - 1; i >= 0; i--)
        if (lets_order(l, i, order) > 1)
            return l->let[i].name;
    return "NAME";
}

/* The slope by a node, all 0 where the last pass did not reach it. */
static bool slope_of(struct repl *r, const struct expr *x, int node, struct value *out, struct error *e)
{
    char label[SLOPE_LABEL];
    const struct node *n = &x->node[node];
    slopes_label(r, n, label);
    const struct value *found = slopes_find(r->lets->slopes, label);
    if (found)
        return value_copy(found, out, e);
    if (!expr_node_eval(r, x, node, out, e))
        return false;
    if (out->is_text)
        return error_set_at(e, n->offset, n->length, "a text has no slope");
    for (size_t i = 0; out->tensor && i < value_size(out); i++)
        out->data[i] = 0;
    out->number = 0;
    return true;
}

bool lets_gradient(
    struct repl *r, const struct expr *x, const struct node *n, struct value *out, struct error *e)
{
    const struct node *what = &x->node[n->child[0]];
    int base = what->kind == NODE_INDEX ? what->child[0] : n->child[0];
    bool place = x->node[base].kind == NODE_NAME || x->node[base].kind == NODE_TENSOR;
    if (n->children != 1 || !place)
        return error_set_at(e, n->offset, n->length,
            "grad() takes a name of `let` or a place such as w[1][0,2]; an expression has a slope once `let` "
            "has named it");
    if (!r->lets->slopes)
        return error_set_at(e, n->offset, n->length,
            "there are no slopes yet: `backward %s` finds them, then %.*s can be read", likely_end(r->lets),
            n->length < 60 ? n->length : 60, expr_source(x, 0) + n->offset);
    struct value whole;
    if (!slope_of(r, x, base, &whole, e))
        return false;
    if (what->kind != NODE_INDEX) {
        *out = whole;
        return true;
    }
    bool ok = expr_part(r, x, what, &whole, out, e);
    value_release(&whole);
    return ok;
}
