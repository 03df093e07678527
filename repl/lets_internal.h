/* lets_internal.h - what the files of lets share. Only lets*.c include it. */
#ifndef GRADUS_REPL_LETS_INTERNAL_H
#define GRADUS_REPL_LETS_INTERNAL_H

#include "expr_tree.h"
#include "lets.h"

enum { LETS = 256, WATCHES = 16, SLOPE_LABEL = EXPR_NAME + 24 };

struct let {
    char name[EXPR_NAME];
    struct expr *x;
    struct value value;
    struct value next; /* while a change goes through the graph … */
    bool changing;     /* … this is the value */
};

/* What a backward pass found: by a let "w", by something of the session "w[1]", "lr". */
struct slope {
    char label[SLOPE_LABEL];
    struct value value;
};

struct slopes {
    struct slope *slope;
    int count;
};

struct lets {
    struct let let[LETS];
    int count;
    struct slopes *slopes; /* of the last `backward NAME`; NULL before the first */
    struct expr *watched[WATCHES];
    int watches;
};

int lets_find(const struct lets *l, const char *name); /* -1: there is none */

/* The let that a node of an expression names and follows, or -1: what grad() looks at is read once. */
int lets_named(const struct lets *l, const struct node *n);

/* The lets that let `end` is made of, each after those that it is made of itself; `end` comes last. With -1
 * all of them. Returns their number. */
int lets_order(const struct lets *l, int end, int order[LETS]);

/* The node that names let `from` on a way from expression x to it, or NULL. */
const struct node *lets_way(const struct lets *l, const struct expr *x, int to);

void slopes_free(struct slopes *s);
struct value *slopes_find(const struct slopes *s, const char *label); /* NULL: there is none */

/* The label of a leaf: "w[1]" whether its layer was named or counted, "lr". */
void slopes_label(struct repl *r, const struct node *n, char label[SLOPE_LABEL]);

#endif
