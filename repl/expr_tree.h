/* expr_tree.h - the tree of an expression, and what its files share. Only expr_*.c include it.
 *
 * Nodes stand in one array and refer to each other by index: a tree is freed in one piece, and a child always
 * comes before its parent. */
#ifndef GRADUS_REPL_EXPR_TREE_H
#define GRADUS_REPL_EXPR_TREE_H

#include "expr.h"

enum { EXPR_NODES = 1500, EXPR_DEPTH = 100, EXPR_NAME = 64, EXPR_ARGUMENTS = 8, EXPR_LIST = 64 };

enum node_kind {
    NODE_NUMBER, /* number */
    NODE_TEXT,   /* name: a quoted text */
    NODE_NAME,   /* name: a quantity, a let-name, or the bare text beside == */
    NODE_TENSOR, /* word [name]: w, b, a, delta, grad.w, grad.b of a layer */
    NODE_LAYER,  /* layer[name].field */
    NODE_INDEX,  /* child[0] with the slices that hang on `next` */
    NODE_SLICE,  /* child[0] : child[1]; -1 where open; `single` for a plain index */
    NODE_CALL,   /* word(child…) */
    NODE_UNARY,  /* operator child[0] */
    NODE_BINARY, /* child[0] operator child[1] */
};

enum operator{
    OP_OR,
    OP_AND,
    OP_NOT,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_MORE,
    OP_MORE_EQUAL,
    OP_EQUAL,
    OP_UNEQUAL,
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_REMAINDER,
    OP_POWER,
    OP_NEGATE
};

struct node {
    enum node_kind kind;
    enum operator op;
    int offset, length; /* in the source */
    int child[EXPR_ARGUMENTS], children;
    double number;
    bool single;
    bool looked_at;               /* stands within grad(…): no way of a graph of lets */
    char name[EXPR_NAME];         /* NAME, TEXT; the layer of TENSOR and LAYER */
    char field[EXPR_NAME];        /* of LAYER */
    const struct expr_word *word; /* of TENSOR and CALL */
};

/* What a node gave, when it was asked. */
struct seen {
    bool known;
    struct value value;
};
void seen_free(struct seen *seen, int count); /* NULL is allowed */

struct expr {
    struct node *node; /* [nodes] */
    int nodes, capacity;
    int root[EXPR_LIST], count;
    char *source[EXPR_LIST];
    struct seen *kept;  /* [nodes], of a let: what the session gave is read once, or NULL */
    struct seen *trace; /* [nodes], while slopes are worked out: every value on the way, or NULL */
};

/* One index of a tensor: first, first+1 … first+count-1. */
struct span {
    int first, count;
    bool single; /* a plain index: its axis goes */
};

/* Words of the language: quantities of the session, tensors and functions. */
enum expr_word_kind { WORD_QUANTITY, WORD_TENSOR, WORD_FUNCTION };

struct expr_word {
    const char *name, *usage, *summary;
    enum expr_word_kind kind;
    bool (*quantity)(struct repl *r, double *out, struct error *e);    /* WORD_QUANTITY */
    bool (*whole)(struct repl *r, struct value *out, struct error *e); /* the same, of one that is a tensor */
    bool (*tensor)(struct repl *r, int layer, struct value *out, struct error *e); /* WORD_TENSOR */

    /* WORD_FUNCTION is one of: value by value; over all values; an operator by its name; a function that
     * looks at its argument, node `n`, instead of its value. Without slopes it is flat: nothing flows back.
     */
    double (*each)(double x);
    double (*each_slope)(double x, double y);
    double (*all)(const double *x, size_t n);
    void (*all_slopes)(const double *x, size_t n, double y, double *slope);
    enum operator stands_for;
    bool (*unevaluated)(
        struct repl *r, const struct expr *x, const struct node *n, struct value *out, struct error *e);
};

const struct expr_word *expr_word_at(size_t i);
const struct expr_word *expr_function_at(size_t i);
const struct expr_word *expr_word_find(const char *name, enum expr_word_kind kind);

/* A let-name's value; false when there is none. */
bool lets_get(const struct repl *r, const char *name, struct value *out, struct error *e);

/* grad(…): what the last backward pass over lets found by a name, a tensor or a part of one. */
bool lets_gradient(
    struct repl *r, const struct expr *x, const struct node *n, struct value *out, struct error *e);

/* A tree of one node that has this value. */
struct expr *expr_constant(const struct value *v, struct error *e);

/* True for a node that the session answers: a quantity, a tensor. A let-name is none. */
bool expr_is_leaf(const struct repl *r, const struct node *n);

/* A quantity, a metric or a let-name by its name. */
bool expr_quantity(struct repl *r, const struct node *n, struct value *out, struct error *e);

/* layer[i].field, and the index of a layer by name or number; the error is about node n. */
bool expr_layer_field(struct repl *r, const struct node *n, struct value *out, struct error *e);
bool expr_find_layer(struct repl *r, const struct node *n, int *layer, struct error *e);

/* The index of the tensor that `w` or `b` means in a layer. */
bool expr_find_param(struct repl *r, const char *word, int layer, int *param, struct error *e);

/* Number of elements that the slices choose; lists them, row-major, in element[] (may be NULL), and gives the
 * shape that is left. */
size_t span_elements(
    const struct shape *shape, const struct span *span, int count, size_t *element, struct shape *left);

/* The slices of an index node, with negative and open ends filled in by the shape. */
bool expr_slices(struct repl *r, const struct expr *x, const struct node *n, const struct shape *shape,
    struct span *out, struct error *e);

/* The part of a tensor that an index node chooses; a single element comes as a number. */
bool expr_part(struct repl *r, const struct expr *x, const struct node *n, const struct value *whole,
    struct value *out, struct error *e);

/* Evaluates one node. */
bool expr_node_eval(struct repl *r, const struct expr *x, int node, struct value *out, struct error *e);

bool value_copy(const struct value *from, struct value *to, struct error *e);
struct value value_of(double number);
bool value_take(struct value *v, const struct shape *shape, struct error *e); /* room for a tensor */

#endif
