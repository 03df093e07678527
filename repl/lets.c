/* lets.c - names that `let` makes: a graph of expressions whose values are always up to date.
 *
 * A change of one let is worked out for all that follow from it, in their order, next to the old values; only
 * when each has its new value do they take the place of the old. A name may hide no quantity of the session;
 * w, b and a without a bracket are free. */
#include "lets_internal.h"

#include "repl.h"

#include "../src/memory.h"
#include "../src/metric.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct lets *lets_new(void)
{
    return memory_take(1, sizeof(struct lets), "names", NULL);
}

void lets_free(struct lets *l)
{
    if (!l)
        return;
    for (int i = 0; i < l->count; i++) {
        value_release(&l->let[i].value);
        expr_free(l->let[i].x);
    }
    for (int i = 0; i < l->watches; i++)
        expr_free(l->watched[i]);
    slopes_free(l->slopes);
    memory_free(l);
}

/* --- the graph ----------------------------------------------------------------------------------------- */

int lets_find(const struct lets *l, const char *name)
{
    for (int i = 0; l && i < l->count; i++)
        if (!strcmp(l->let[i].name, name))
            return i;
    return -1;
}

bool lets_has(const struct repl *r, const char *name)
{
    return lets_find(r->lets, name) >= 0;
}

const char *lets_name(const struct repl *r, size_t i)
{
    return r && r->lets && i < (size_t)r->lets->count ? r->lets->let[i].name : NULL;
}

bool lets_get(const struct repl *r, const char *name, struct value *out, struct error *e)
{
    int i = lets_find(r->lets, name);
    return i >= 0 &&
           value_copy(r->lets->let[i].changing ? &r->lets->let[i].next : &r->lets->let[i].value, out, e);
}

int lets_named(const struct lets *l, const struct node *n)
{
    return n->kind == NODE_NAME && !n->looked_at ? lets_find(l, n->name) : -1;
}

static void visit(const struct lets *l, int let, bool *seen, int *order, int *count)
{
    if (seen[let])
        return;
    seen[let] = true;
    const struct expr *x = l->let[let].x;
    for (int i = 0; i < x->nodes; i++) {
        int from = lets_named(l, &x->node[i]);
        if (from >= 0)
            visit(l, from, seen, order, count);
    }
    order[(*count)++] = let;
}

int lets_order(const struct lets *l, int end, int order[LETS])
{
    bool seen[LETS] = {false};
    int count = 0;
    for (int i = 0; i < l->count; i++)
        if (end < 0 || i == end)
            visit(l, i, seen, order, &count);
    return count;
}

const struct node *lets_way(const struct lets *l, const struct expr *x, int to)
{
    int order[LETS];
    for (int i = 0; i < x->nodes; i++) {
        int from = lets_named(l, &x->node[i]), count = from < 0 ? 0 : lets_order(l, from, order);
        for (int k = 0; k < count; k++)
            if (order[k] == to)
                return &x->node[i];
    }
    return NULL;
}

/* --- changes ------------------------------------------------------------------------------------------- */

static bool follow(struct repl *r, struct let *let, bool changed, struct error *e)
{
    struct value v;
    if (!expr_eval(r, let->x, 0, &v, e)) {
        if (changed || !e)
            return false;
        e->offset = -1;
        return error_prefix(e, "%s = %.60s would have no value", let->name, expr_source(let->x, 0));
    }
    let->next = v;
    let->changing = true;
    return true;
}

/* Works out let `changed` and all that follow from it. */
static bool propagate(struct repl *r, int changed, struct error *e)
{
    struct lets *l = r->lets;
    int order[LETS], count = lets_order(l, -1, order);
    bool ok = true;
    for (int k = 0; ok && k < count; k++) {
        struct let *let = &l->let[order[k]];
        bool touched = order[k] == changed;
        for (int i = 0; i < let->x->nodes && !touched; i++) {
            int from = lets_named(l, &let->x->node[i]);
            touched = from >= 0 && l->let[from].changing;
        }
        ok = !touched || follow(r, let, order[k] == changed, e);
    }
    for (int i = 0; i < l->count; i++) {
        struct let *let = &l->let[i];
        if (!let->changing)
            continue;
        value_release(ok ? &let->value : &let->next);
        if (ok)
            let->value = let->next;
        let->next = (struct value){0};
        let->changing = false;
    }
    return ok;
}

/* --- let and set --------------------------------------------------------------------------------------- */

static bool name_is_free(const char *name, struct error *e)
{
    static const char *const joints[] = {"and", "or", "not", "layer"};
    size_t n = 0;
    while (isalnum((unsigned char)name[n]) || name[n] == '_')
        n++;
    if (!n || name[n] || isdigit((unsigned char)name[0]) || n >= EXPR_NAME)
        return error_set(
            e, "a name is made of letters, digits and _, a letter first, up to %d of them", EXPR_NAME - 1);
    for (size_t i = 0; i < 4; i++)
        if (!strcmp(name, joints[i]))
            return error_set(e, "'%s' belongs to the language: choose another name", name);
    if (expr_word_find(name, WORD_FUNCTION))
        return error_set(e, "'%s' is a function: choose another name", name);
    if (expr_word_find(name, WORD_QUANTITY) || metric_find(strncmp(name, "val_", 4) ? name : name + 4))
        return error_set(e, "'%s' is a quantity of the session: choose another name", name);
    return true;
}

/* The present value of let i would be needed to work out its new one. */
static bool is_circle(const struct lets *l, int i, bool fresh, const struct expr *x, struct error *e)
{
    const char *name = l->let[i].name, *source = expr_source(x, 0);
    const struct node *n = lets_way(l, x, i);
    if (!n)
        return false;
    if (fresh)
        error_set_at(e, n->offset, n->length,
            "'%s' has no value yet, and cannot be made of itself: `let %s = 0` gives it one", name, name);
    else if (!strcmp(n->name, name))
        error_set_at(e, n->offset, n->length,
            "'%s' cannot be made of itself; `set %s %.80s` works it out now and gives %s the number", name,
            name, source, name);
    else
        error_set_at(e, n->offset, n->length,
            "'%s' is made of '%s' already, so '%s' cannot follow it; `set %s %.80s` works it out now and "
            "gives %s the number",
            n->name, name, name, name, source, name);
    return true;
}

/* Puts the expression under the name and lets the others follow. Takes x over. */
static bool put(struct repl *r, const char *name, struct expr *x, struct error *e)
{
    struct lets *l = r->lets;
    int i = lets_find(l, name);
    bool fresh = i < 0;
    if (fresh && l->count == LETS) {
        expr_free(x);
        return error_set(e, "there are %d names already, and no more can be made", (int)LETS);
    }
    if (fresh)
        snprintf(l->let[i = l->count].name, EXPR_NAME, "%s", name);
    struct expr *old = l->let[i].x;
    l->let[i].x = x;
    l->count += fresh;
    bool ok = !is_circle(l, i, fresh, x, e) && propagate(r, i, e);
    expr_free(ok ? old : x);
    if (!ok) {
        l->let[i].x = old;
        l->count -= fresh;
    }
    return ok;
}

bool lets_set(struct repl *r, const char *name, const char *expression, struct error *e)
{
    if (!name_is_free(name, e))
        return false;
    struct expr *x = expr_parse(expression, e);
    if (!x)
        return false;
    x->kept = memory_take((size_t)x->nodes, sizeof *x->kept, "a name", e);
    bool ok = x->kept && (expr_count(x) == 1 || error_set(e, "`let` takes one expression"));
    if (ok)
        return put(r, name, x, e);
    expr_free(x);
    return false;
}

bool lets_assign(struct repl *r, const char *name, const char *expression, struct error *e)
{
    struct value v;
    struct expr *x = expr_parse(expression, e), *constant = NULL;
    bool ok = x && (expr_count(x) == 1 || error_set(e, "one name takes one expression")) &&
              expr_eval(r, x, 0, &v, e);
    if (ok) {
        constant = expr_constant(&v, e);
        value_release(&v);
    }
    expr_free(x);
    return constant && put(r, name, constant, e);
}
