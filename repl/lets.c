/* lets.c - names that `let` makes, and expressions that `watch` keeps.
 *
 * `let y = …` works its value out once, as in any programming language. A name may hide no quantity of the
 * session; w, b and a without a bracket are free. */
#include "expr_tree.h"

#include "repl.h"

#include "../src/memory.h"
#include "../src/metric.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LETS = 256, WATCHES = 16 };

struct let {
    char name[EXPR_NAME];
    struct value value;
};

struct lets {
    struct let let[LETS];
    int count;
    struct expr *watched[WATCHES];
    int watches;
};

struct lets *lets_new(void)
{
    return memory_take(1, sizeof(struct lets), "names", NULL);
}

void lets_free(struct lets *l)
{
    if (!l)
        return;
    for (int i = 0; i < l->count; i++)
        value_release(&l->let[i].value);
    for (int i = 0; i < l->watches; i++)
        expr_free(l->watched[i]);
    memory_free(l);
}

/* --- let ----------------------------------------------------------------------------------------------- */

static struct let *find(const struct repl *r, const char *name)
{
    struct lets *l = r->lets;
    for (int i = 0; l && i < l->count; i++)
        if (!strcmp(l->let[i].name, name))
            return &l->let[i];
    return NULL;
}

bool lets_get(const struct repl *r, const char *name, struct value *out, struct error *e)
{
    const struct let *let = find(r, name);
    return let && value_copy(&let->value, out, e);
}

const char *lets_name(const struct repl *r, size_t i)
{
    return r && r->lets && i < (size_t)r->lets->count ? r->lets->let[i].name : NULL;
}

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

static bool evaluate(struct repl *r, const char *text, struct value *out, struct error *e)
{
    struct expr *x = expr_parse(text, e);
    bool ok =
        x && (expr_count(x) == 1 || error_set(e, "`let` takes one expression")) && expr_eval(r, x, 0, out, e);
    expr_free(x);
    return ok;
}

bool lets_set(struct repl *r, const char *name, const char *expression, struct error *e)
{
    struct value v;
    struct let *let = find(r, name);
    if (!name_is_free(name, e))
        return false;
    if (!let && r->lets->count == LETS)
        return error_set(e, "there are %d names already, and no more can be made", (int)LETS);
    if (!evaluate(r, expression, &v, e))
        return false;
    if (!let) {
        let = &r->lets->let[r->lets->count++];
        snprintf(let->name, sizeof let->name, "%s", name);
    } else {
        value_release(&let->value);
    }
    let->value = v;
    return true;
}

/* --- watch --------------------------------------------------------------------------------------------- */

const struct expr *lets_watched(const struct repl *r, size_t i)
{
    return r->lets && i < (size_t)r->lets->watches ? r->lets->watched[i] : NULL;
}

void lets_unwatch(struct repl *r, const char *expression)
{
    struct lets *l = r->lets;
    for (int i = l->watches - 1; i >= 0; i--) {
        if (expression && strcmp(expr_source(l->watched[i], 0), expression))
            continue;
        expr_free(l->watched[i]);
        memmove(l->watched + i, l->watched + i + 1, (size_t)(l->watches - i - 1) * sizeof(struct expr *));
        l->watches--;
    }
}

bool lets_watch(struct repl *r, const char *expression, struct error *e)
{
    struct lets *l = r->lets;
    struct expr *x = expr_parse(expression, e);
    if (!x)
        return false;
    bool one = expr_count(x) == 1;
    if (one)
        lets_unwatch(r, expr_source(x, 0));
    if (!one || l->watches == WATCHES) {
        expr_free(x);
        return error_set(e,
            one ? "%d expressions are watched already: `watch off` drops them"
                : "one expression at a time is watched, up to %d in all",
            (int)WATCHES);
    }
    l->watched[l->watches++] = x;
    return true;
}
