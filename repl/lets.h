/* lets.h - names made by `let`, as a graph, and the expressions that `watch` keeps.
 *
 * A let keeps its expression. What the session gives in it (loss, w[1][0,2], layer[1].units) is read when
 * `let` runs and stays; other lets in it are followed: after `let y = w*x`, `set w 3` changes y at once. No
 * let can depend on itself. backward gives the slopes of one let by all that it is made of. Main only. */
#ifndef GRADUS_REPL_LETS_H
#define GRADUS_REPL_LETS_H

#include "expr.h"

#include "../src/text.h"

struct lets;
struct lets *lets_new(void);
void lets_free(struct lets *l);

/* `let NAME = EXPRESSION`; an error has its place in the expression. The values of the lets made of it
 * follow; when one of them could not, nothing has changed. */
bool lets_set(struct repl *r, const char *name, const char *expression, struct error *e);

/* `set NAME EXPRESSION`: works the expression out and makes its value a leaf. */
bool lets_assign(struct repl *r, const char *name, const char *expression, struct error *e);

bool lets_has(const struct repl *r, const char *name);
const char *lets_name(const struct repl *r, size_t i); /* NULL past the end */

enum { CHAIN_WAYS = 4 }; /* ways of one node that are spelt out */

/* One node of the graph, in the order in which it is evaluated; the last one is the end itself. */
struct chain_row {
    struct text expression; /* "w", "w*x", "y = tanh(w*x + b)" */
    bool named;             /* a let */
    struct value value, gradient;
    struct text ways; /* "0.5 × -3 + 1 × 2": gradient of what uses it × local slope; numbers only */
    int uses;
};

struct chain {
    struct chain_row *row;
    int rows;
};
void chain_release(struct chain *c);

/* `backward NAME`: fills the slopes of NAME by every let and everything of the session that it depends on,
 * and tells how. They stay as they are until the next one. */
bool lets_backward(struct repl *r, const char *name, struct chain *out, struct error *e);

/* Expressions that `watch` keeps: adds one, drops one or all (NULL), the i-th, NULL past the end. */
bool lets_watch(struct repl *r, const char *expression, struct error *e);
void lets_unwatch(struct repl *r, const char *expression);
const struct expr *lets_watched(const struct repl *r, size_t i);

#endif
