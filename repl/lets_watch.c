/* lets_watch.c - expressions that `watch` keeps. */
#include "lets_internal.h"

#include "repl.h"

#include <string.h>

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
