/* expr.h - expressions over the session: `print val_accuracy - accuracy, norm(grad.w[1])`.
 *
 *     list  := or { "," or }         or := and { "or" and }        and := not { "and" not }
 *     not   := "not" not | compare   compare := sum [ (< <= > >= == !=) sum ]
 *     sum   := product { (+ -) product }   product := unary { (* / %) unary }   unary := - unary | power
 *     power := atom [ "^" unary ]    atom := number | quoted | name | function "(" list ")" | "(" or ")"
 *            | tensor "[" layer "]" [ "[" slice { "," slice } "]" ] | "layer" "[" layer "]" "." field
 *     slice := or | [ or ] ":" [ or ]
 *
 * Values are numbers or tensors (w[1], w[1][:,0], a[2], grad.w[1]); functions reduce tensors. Parsing makes a
 * tree; evaluating reads the session; lets (lets.h) get gradients from the same tree. Main only. */
#ifndef GRADUS_REPL_EXPR_H
#define GRADUS_REPL_EXPR_H

#include "../src/error.h"
#include "../src/shape.h"

struct repl;
struct expr;

struct value {
    bool tensor;
    bool is_text;  /* layer[1].type: compares with a word, prints as it is */
    double number; /* a scalar; truth is 1 or 0 */
    char text[64];
    float *data; /* a tensor's values, owned */
    struct shape shape;
};
void value_release(struct value *v);
size_t value_size(const struct value *v);         /* 1 for a number, 0 for a text */
double value_at(const struct value *v, size_t i); /* a number is its own every value */

/* Parses the whole text; errors have their place in it. */
struct expr *expr_parse(const char *text, struct error *e);
void expr_free(struct expr *x);

/* Number of comma-separated expressions, and the source text of the i-th (trimmed, for labels). */
int expr_count(const struct expr *x);
const char *expr_source(const struct expr *x, int i);

bool expr_eval(struct repl *r, const struct expr *x, int i, struct value *out, struct error *e);

/* Parses and evaluates one scalar. */
bool expr_number(struct repl *r, const char *text, double *out, struct error *e);

/* A place that can be set: w[1][0,2], b[h1][3], w[1][:,0]. Finds tensor and elements (freed by the caller
 * with memory_free). */
struct place_ref {
    int layer, param;
    size_t *element, count;
    struct shape shape; /* of the chosen part; rank 0 for one element */
};
bool expr_place(struct repl *r, const char *text, struct place_ref *out, struct error *e);

/* Prints a value as `print` does: %.9g, tensors in nested [ ]. */
struct text;
void value_write(const struct value *v, struct text *out);

/* The i-th name or function that an expression may use, NULL past the end: completion and help. */
const char *expr_word(struct repl *r, size_t i);

/* What help says of the i-th word of the language, let-names left out; false past the end. */
struct expr_help {
    const char *name, *usage, *summary;
};
bool expr_help_at(size_t i, struct expr_help *out);

/* For `watch a[2][3]`: the layer and unit that the i-th expression reads, when it is a plain place. */
bool expr_watched_place(struct repl *r, const struct expr *x, int i, int *layer, int *unit);

#endif
