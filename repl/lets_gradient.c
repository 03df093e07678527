/* lets_gradient.c - `backward y`: the chain rule through the graph of lets.
 *
 * The lets that y is made of are evaluated once more in their order, with every value on the way kept; then
 * their trees are walked backwards, from y to the first. A tree hands what reached a let-name in it over to
 * that let's own tree, which comes later in the walk. Nothing adds up over several passes: each starts at 0.
 * The rows that are told to the learner are made on the same walk. */
#include "lets_internal.h"

#include "expr_gradient.h"
#include "repl.h"

#include "../src/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One let of the graph. */
struct link {
    struct let *let;
    struct gradient gradient;
    int *row; /* [nodes] of the chain, -1: none */
};

struct graph {
    struct repl *r;
    struct link *link;
    int links;
    int link_of[LETS];
    struct chain *chain;
    int walking; /* the link whose tree is walked */
};

/* --- rows ---------------------------------------------------------------------------------------------- */

void chain_release(struct chain *c)
{
    for (int i = 0; i < c->rows; i++) {
        text_release(&c->row[i].expression);
        text_release(&c->row[i].ways);
        value_release(&c->row[i].value);
        value_release(&c->row[i].gradient);
    }
    memory_free(c->row);
    *c = (struct chain){0};
}

/* True for what comes from the session: a quantity, a tensor, or a part of one. */
static bool is_leaf(const struct graph *g, const struct expr *x, int node)
{
    const struct node *n = &x->node[node];
    return expr_is_leaf(g->r, n->kind == NODE_INDEX ? &x->node[n->child[0]] : n);
}

/* Children through which a slope can flow: not an index, and not what grad() looks at. */
static int ways_down(const struct node *n)
{
    bool none = n->kind == NODE_SLICE || (n->kind == NODE_CALL && n->word->unevaluated);
    return none ? 0 : n->kind == NODE_INDEX ? 1 : n->children;
}

/* Nodes that make a row: all between what can change and the root. */
static void choose_rows(const struct graph *g, const struct link *k, bool *shown)
{
    const struct expr *x = k->let->x;
    int root = x->root[0];
    bool *wanted = shown + x->nodes; /* reached from the root, and not as an index */
    for (int i = 0; i <= root; i++) {
        const struct node *n = &x->node[i];
        shown[i] = is_leaf(g, x, i) || lets_named(g->r->lets, n) >= 0;
        for (int c = 0; c < ways_down(n); c++)
            shown[i] |= shown[n->child[c]];
    }
    wanted[root] = true;
    for (int i = root; i >= 0; i--) {
        const struct node *n = &x->node[i];
        for (int c = 0; wanted[i] && !is_leaf(g, x, i) && c < ways_down(n); c++)
            wanted[n->child[c]] = true;
        bool name = lets_named(g->r->lets, n) >= 0;
        shown[i] = i == root || (shown[i] && wanted[i] && !name && k->gradient.slope[i]);
    }
}

static int find_row(const struct chain *c, const char *expression)
{
    for (int i = 0; i < c->rows; i++)
        if (!strcmp(text_get(&c->row[i].expression), expression))
            return i;
    return -1;
}

static void describe(const struct link *k, int node, struct text *out)
{
    const struct expr *x = k->let->x;
    const struct node *n = &x->node[node];
    const char *source = expr_source(x, 0);
    bool plain =
        n->kind == NODE_NUMBER || (n->kind == NODE_UNARY && x->node[n->child[0]].kind == NODE_NUMBER);
    if (node != x->root[0])
        text_add_bytes(out, source + n->offset, (size_t)n->length);
    else if (plain)
        text_add(out, k->let->name);
    else
        text_addf(out, "%s = %s", k->let->name, source);
}

static bool add_row(struct graph *g, struct link *k, int node, struct error *e)
{
    struct chain *c = g->chain;
    struct text expression = {0};
    bool root = node == k->let->x->root[0];
    describe(k, node, &expression);
    /* The same weight in two places is one leaf. */
    k->row[node] = !root && is_leaf(g, k->let->x, node) ? find_row(c, text_get(&expression)) : -1;
    if (k->row[node] >= 0) {
        text_release(&expression);
        return true;
    }
    c->row[c->rows] = (struct chain_row){.expression = expression, .named = root};
    k->row[node] = c->rows++;
    return value_copy(&k->gradient.seen[node].value, &c->row[c->rows - 1].value, e);
}

static bool add_rows(struct graph *g, struct error *e)
{
    int nodes = 0;
    bool ok = true;
    for (int i = 0; i < g->links; i++)
        nodes += g->link[i].let->x->nodes;
    g->chain->row = memory_take((size_t)nodes, sizeof *g->chain->row, "a gradient's table", e);
    ok = g->chain->row;
    for (int i = 0; ok && i < g->links; i++) {
        struct link *k = &g->link[i];
        size_t count = (size_t)k->let->x->nodes;
        bool *shown = memory_take(2 * count, sizeof *shown, "a gradient's table", e);
        k->row = memory_take(count, sizeof *k->row, "a gradient's table", e);
        ok = shown && k->row;
        if (ok)
            choose_rows(g, k, shown);
        for (size_t n = 0; ok && n < count; n++) {
            k->row[n] = -1;
            ok = !shown[n] || add_row(g, k, (int)n, e);
        }
        memory_free(shown);
    }
    return ok;
}

/* The row of a node; a let-name has that of the let. */
static int row_of(const struct graph *g, const struct link *k, int node)
{
    int let = node == k->let->x->root[0] ? -1 : lets_named(g->r->lets, &k->let->x->node[node]);
    if (let < 0)
        return k->row[node];
    const struct link *other = &g->link[g->link_of[let]];
    return other->row[other->let->x->root[0]];
}

static void add_factor(struct text *out, double x)
{
    text_addf(out, x < 0 ? "(%.6g)" : "%.6g", isnan(x) ? NAN : x == 0 ? 0 : x);
}

static void tell_way(struct chain_row *row, double gradient, double local)
{
    if (row->uses++ >= CHAIN_WAYS)
        return;
    text_add(&row->ways, row->uses > 1 ? " + " : "");
    add_factor(&row->ways, gradient);
    text_add(&row->ways, " × ");
    add_factor(&row->ways, local);
}

static void on_way(void *context, int user, int used, double local)
{
    struct graph *g = context;
    const struct link *k = &g->link[g->walking];
    int row = row_of(g, k, used);
    if (row >= 0)
        tell_way(&g->chain->row[row], k->gradient.slope[user][0], local);
}

/* --- the walk ------------------------------------------------------------------------------------------ */

static bool forward(struct graph *g, int end, struct error *e)
{
    struct lets *l = g->r->lets;
    int order[LETS], count = lets_order(l, end, order);
    g->link = memory_take((size_t)count, sizeof *g->link, "the graph of a gradient", e);
    if (!g->link)
        return false;
    for (; g->links < count; g->links++) {
        struct link *k = &g->link[g->links];
        g->link_of[order[g->links]] = g->links;
        k->let = &l->let[order[g->links]];
        if (!gradient_forward(g->r, k->let->x, &k->gradient, e))
            return false;
        k->gradient.way = on_way;
        k->gradient.context = g;
    }
    return true;
}

/* What reached the let-names of a tree goes on to the trees of those lets. */
static void hand_over(struct graph *g, struct link *k)
{
    const struct expr *x = k->let->x;
    for (int i = 0; i < x->nodes; i++) {
        int let = lets_named(g->r->lets, &x->node[i]);
        if (let < 0 || !k->gradient.slope[i])
            continue;
        struct link *other = &g->link[g->link_of[let]];
        int root = other->let->x->root[0];
        for (size_t v = 0; v < value_size(&k->gradient.seen[i].value); v++)
            other->gradient.slope[root][v] += k->gradient.slope[i][v];
        if (i == x->root[0] && !k->gradient.seen[i].value.tensor) /* let a = b */
            tell_way(&g->chain->row[other->row[root]], k->gradient.slope[i][0], 1);
    }
}

static bool backward(struct graph *g, struct error *e)
{
    struct link *last = &g->link[g->links - 1];
    last->gradient.slope[last->let->x->root[0]][0] = 1;
    for (g->walking = g->links - 1; g->walking >= 0; g->walking--) {
        struct link *k = &g->link[g->walking];
        if (!gradient_backward(g->r, &k->gradient, e))
            return false;
        hand_over(g, k);
    }
    return true;
}

/* --- what was found ------------------------------------------------------------------------------------ */

/* Adds slopes to a value of the same shape as `like`, or makes it. */
static bool add_slopes(struct value *to, const struct value *like, const double *slope, struct error *e)
{
    bool fits = to->tensor == like->tensor && (!to->tensor || shape_equal(&to->shape, &like->shape));
    if (!fits && to->tensor)
        return error_set(e, "the network changed its shapes between two of these lets: type them again");
    if (!fits && !value_take(to, &like->shape, e))
        return false;
    for (size_t i = 0; i < value_size(like); i++) {
        if (to->tensor)
            to->data[i] += (float)slope[i];
        else
            to->number += slope[i];
    }
    return true;
}

static bool collect(const char *label, const struct link *k, int node, struct slopes *out, struct error *e)
{
    struct value *to = slopes_find(out, label);
    if (!to) {
        struct slope *s = &out->slope[out->count++];
        snprintf(s->label, sizeof s->label, "%s", label);
        to = &s->value;
    }
    return add_slopes(to, &k->gradient.seen[node].value, k->gradient.slope[node], e);
}

static struct slopes *collect_all(struct graph *g, struct error *e)
{
    int room = 0;
    for (int i = 0; i < g->links; i++)
        room += g->link[i].let->x->nodes + 1;
    struct slopes *s = memory_take(1, sizeof *s, "the slopes", e);
    if (s)
        s->slope = memory_take((size_t)room, sizeof *s->slope, "the slopes", e);
    bool ok = s && s->slope;
    for (int i = 0; ok && i < g->links; i++) {
        const struct link *k = &g->link[i];
        const struct expr *x = k->let->x;
        ok = collect(k->let->name, k, x->root[0], s, e);
        for (int n = 0; ok && n < x->nodes; n++) {
            char label[SLOPE_LABEL];
            if (!k->gradient.slope[n] || x->node[n].looked_at || !expr_is_leaf(g->r, &x->node[n]))
                continue;
            slopes_label(g->r, &x->node[n], label);
            ok = collect(label, k, n, s, e);
        }
    }
    if (ok)
        return s;
    slopes_free(s);
    return NULL;
}

static bool fill_rows(struct graph *g, struct error *e)
{
    bool ok = true;
    for (int i = 0; i < g->links; i++) {
        const struct link *k = &g->link[i];
        for (int n = 0; ok && n < k->let->x->nodes; n++)
            ok = k->row[n] < 0 || !k->gradient.slope[n] ||
                 add_slopes(
                     &g->chain->row[k->row[n]].gradient, &k->gradient.seen[n].value, k->gradient.slope[n], e);
    }
    return ok;
}

/* --- backward ------------------------------------------------------------------------------------------ */

static bool can_go_back(struct repl *r, const char *name, int let, struct error *e)
{
    const struct value *v = let < 0 ? NULL : &r->lets->let[let].value;
    char shape[SHAPE_TEXT];
    if (!v)
        return error_set(e,
            "'%.60s' is no name of `let`: `let y = EXPR`, then `backward y`; `backward` alone goes back from "
            "the network's loss",
            name);
    if (v->is_text)
        return error_set(e, "'%s' is a text: only a number has slopes", name);
    return !v->tensor || error_set(e,
                             "'%s' is a tensor of %s, and slopes are those of one number: `let s = sum(%s)`, "
                             "then `backward s`",
                             name, shape_text(&v->shape, shape), name);
}

bool lets_backward(struct repl *r, const char *name, struct chain *out, struct error *e)
{
    struct chain chain = {0};
    struct graph g = {.r = r, .chain = &chain};
    struct slopes *found = NULL;
    int end = lets_find(r->lets, name);
    bool ok = can_go_back(r, name, end, e) && forward(&g, end, e) && add_rows(&g, e) && backward(&g, e) &&
              fill_rows(&g, e) && (found = collect_all(&g, e));
    for (int i = 0; i < g.links; i++) {
        gradient_release(&g.link[i].gradient);
        memory_free(g.link[i].row);
    }
    memory_free(g.link);
    if (!ok) {
        chain_release(&chain);
        return false;
    }
    slopes_free(r->lets->slopes);
    r->lets->slopes = found;
    *out = chain;
    return true;
}
