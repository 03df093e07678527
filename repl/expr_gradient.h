/* expr_gradient.h - the reverse pass over one tree: from the slope of an end by the tree's root to its slope
 * by every node. Slopes by a tensor are one a value.
 *
 *     slope by a node = Σ over the nodes that use it: slope by that node × its local slope
 *
 * gradient_forward() evaluates the tree and keeps what each node gave; the caller sets the root's slope in
 * slope[root]; gradient_backward() fills slope[]. Nodes that the evaluation left out have slope NULL. What
 * stands in [ ] chooses and gets none. Main only. */
#ifndef GRADUS_REPL_EXPR_GRADIENT_H
#define GRADUS_REPL_EXPR_GRADIENT_H

#include "expr_tree.h"

struct gradient {
    const struct expr *x;
    struct seen *seen; /* [nodes] */
    double **slope;    /* [nodes], value_size() of them each, in `room` */
    double *room;

    /* Called for each way between two numbers, before its share is added; may be NULL. */
    void (*way)(void *context, int user, int used, double local);
    void *context;
};

bool gradient_forward(struct repl *r, struct expr *x, struct gradient *out, struct error *e);
bool gradient_backward(struct repl *r, struct gradient *g, struct error *e);
void gradient_release(struct gradient *g);

#endif
