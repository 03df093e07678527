/* expr_gradient.c - the chain rule over a tree.
 *
 * A child stands before its parent, so one walk from the last node to the first meets every node after all
 * that use it. At node y with children x the walk adds ∂end/∂y · ∂y/∂x to ∂end/∂x. A number beside a tensor
 * takes part in every value, so it gets the sum. Comparisons, `and`, `or`, `not` and counts are flat: nothing
 * flows back through them, not even 0 · ∞. Where a derivative does not exist, PyTorch's choice holds. */
#include "expr_gradient.h"

#include "../src/memory.h"

#include <math.h>
#include <string.h>

/* --- ways ---------------------------------------------------------------------------------------------- */

/* From value i of node `user` to value k of node `used`. */
static void add_share(struct gradient *g, int user, size_t i, int used, size_t k, double local)
{
    if (!g->slope[used])
        return;
    if (g->way && !g->seen[user].value.tensor && !g->seen[used].value.tensor)
        g->way(g->context, user, used, local);
    g->slope[used][g->seen[used].value.tensor ? k : 0] += g->slope[user][i] * local;
}

static void add_flat(struct gradient *g, int user)
{
    const struct node *n = &g->x->node[user];
    for (int i = 0; g->way && i < n->children; i++)
        if (g->slope[n->child[i]] && !g->seen[user].value.tensor && !g->seen[n->child[i]].value.tensor)
            g->way(g->context, user, n->child[i], 0);
}

/* --- operators ----------------------------------------------------------------------------------------- */

struct operands {
    double a, b, y;
};

static double power_by_base(struct operands o)
{
    return o.b == 0 ? 0 : o.b * pow(o.a, o.b - 1);
}

static double power_by_exponent(struct operands o)
{
    return o.a == 0 && o.b >= 0 ? 0 : o.y * log(o.a);
}

/* ∂y/∂a and ∂y/∂b; false where the operator is flat. */
static bool operator_slopes(enum operator op, struct operands o, double *by_a, double *by_b)
{
    *by_a = 1;
    switch (op) {
    case OP_ADD:
        *by_b = 1;
        return true;
    case OP_SUBTRACT:
        *by_b = -1;
        return true;
    case OP_MULTIPLY:
        *by_a = o.b;
        *by_b = o.a;
        return true;
    case OP_DIVIDE:
        *by_a = 1 / o.b;
        *by_b = -o.a / o.b / o.b;
        return true;
    case OP_REMAINDER:
        *by_b = -trunc(o.a / o.b);
        return true;
    case OP_POWER:
        *by_a = power_by_base(o);
        *by_b = power_by_exponent(o);
        return true;
    default:
        return false;
    }
}

static void binary_backward(struct gradient *g, int node)
{
    const struct node *n = &g->x->node[node];
    int a = n->child[0], b = n->child[1];
    double by_a, by_b;
    for (size_t i = 0; i < value_size(&g->seen[node].value); i++) {
        if (!g->slope[a] || !g->slope[b])
            return add_flat(g, node);
        struct operands o = {value_at(&g->seen[a].value, i), value_at(&g->seen[b].value, i),
            value_at(&g->seen[node].value, i)};
        if (!operator_slopes(n->op, o, &by_a, &by_b))
            return add_flat(g, node);
        add_share(g, node, i, a, i, by_a);
        add_share(g, node, i, b, i, by_b);
    }
}

static void unary_backward(struct gradient *g, int node)
{
    const struct node *n = &g->x->node[node];
    if (n->op == OP_NOT)
        return add_flat(g, node);
    for (size_t i = 0; i < value_size(&g->seen[node].value); i++)
        add_share(g, node, i, n->child[0], i, -1);
}

/* --- functions and parts ------------------------------------------------------------------------------- */

static void each_backward(struct gradient *g, int node)
{
    const struct node *n = &g->x->node[node];
    for (size_t i = 0; i < value_size(&g->seen[node].value); i++) {
        double x = value_at(&g->seen[n->child[0]].value, i);
        add_share(g, node, i, n->child[0], i, n->word->each_slope(x, n->word->each(x)));
    }
}

static bool all_backward(struct gradient *g, int node, struct error *e)
{
    const struct node *n = &g->x->node[node];
    size_t total = 0, at = 0;
    for (int i = 0; i < n->children; i++)
        total += value_size(&g->seen[n->child[i]].value);
    double *x = memory_take(2 * total, sizeof *x, "the slopes of a function", e);
    if (!x)
        return false;
    for (int i = 0; i < n->children; i++)
        for (size_t k = 0; k < value_size(&g->seen[n->child[i]].value); k++)
            x[at++] = value_at(&g->seen[n->child[i]].value, k);
    n->word->all_slopes(x, total, g->seen[node].value.number, x + total);
    at = total;
    for (int i = 0; i < n->children; i++)
        for (size_t k = 0; k < value_size(&g->seen[n->child[i]].value); k++)
            add_share(g, node, 0, n->child[i], k, x[at++]);
    memory_free(x);
    return true;
}

static bool call_backward(struct gradient *g, int node, struct error *e)
{
    const struct expr_word *word = g->x->node[node].word;
    if (word->all_slopes)
        return all_backward(g, node, e);
    if (word->each_slope)
        each_backward(g, node);
    else if (!word->unevaluated)
        add_flat(g, node);
    return true;
}

static bool part_backward(struct repl *r, struct gradient *g, int node, struct error *e)
{
    const struct node *n = &g->x->node[node];
    const struct shape *shape = &g->seen[n->child[0]].value.shape;
    struct span span[SHAPE_RANK + 1];
    struct shape left;
    size_t count = value_size(&g->seen[node].value);
    if (!expr_slices(r, g->x, n, shape, span, e))
        return false;
    size_t *element = memory_take(count, sizeof *element, "the elements of a tensor", e);
    if (!element)
        return false;
    span_elements(shape, span, shape->rank, element, &left);
    for (size_t i = 0; i < count; i++)
        add_share(g, node, i, n->child[0], element[i], 1);
    memory_free(element);
    return true;
}

/* --- the passes ---------------------------------------------------------------------------------------- */

static bool layout(struct gradient *g, struct error *e)
{
    size_t total = 0;
    for (int i = 0; i < g->x->nodes; i++)
        total += g->seen[i].known ? value_size(&g->seen[i].value) : 0;
    g->room = memory_take(total, sizeof *g->room, "the slopes of an expression", e);
    g->slope = memory_take((size_t)g->x->nodes, sizeof *g->slope, "the slopes of an expression", e);
    if (!g->room || !g->slope)
        return false;
    double *next = g->room;
    for (int i = 0; i < g->x->nodes; i++) {
        size_t size = g->seen[i].known ? value_size(&g->seen[i].value) : 0;
        g->slope[i] = size ? next : NULL;
        next += size;
    }
    return true;
}

bool gradient_forward(struct repl *r, struct expr *x, struct gradient *out, struct error *e)
{
    struct gradient g = {.x = x};
    struct value v;
    x->trace = g.seen = memory_take((size_t)x->nodes, sizeof *g.seen, "the values of an expression", e);
    bool ok = g.seen && expr_eval(r, x, 0, &v, e);
    x->trace = NULL;
    if (ok)
        value_release(&v);
    if (ok && layout(&g, e)) {
        *out = g;
        return true;
    }
    gradient_release(&g);
    return false;
}

bool gradient_backward(struct repl *r, struct gradient *g, struct error *e)
{
    bool ok = true;
    for (int i = g->x->root[0]; ok && i >= 0; i--) {
        enum node_kind kind = g->x->node[i].kind;
        if (!g->slope[i] || (g->x->kept && g->x->kept[i].known))
            continue;
        if (kind == NODE_BINARY)
            binary_backward(g, i);
        else if (kind == NODE_UNARY)
            unary_backward(g, i);
        else if (kind == NODE_CALL)
            ok = call_backward(g, i, e);
        else if (kind == NODE_INDEX)
            ok = part_backward(r, g, i, e);
    }
    return ok;
}

void gradient_release(struct gradient *g)
{
    if (g->seen)
        seen_free(g->seen, g->x->nodes);
    memory_free(g->slope);
    memory_free(g->room);
    *g = (struct gradient){0};
}
