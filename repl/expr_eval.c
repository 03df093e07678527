/* expr_eval.c - a tree's value over the present session.
 *
 * Numbers are doubles, tensors keep their float32. Arithmetic between a tensor and a number goes value by
 * value, between two tensors their shapes must be equal. `and` and `or` leave out what no longer matters. An
 * error that comes from the session gets the place of the node that asked for it. */
#include "expr_tree.h"

#include "lets.h"
#include "repl.h"

#include "../src/args.h"
#include "../src/memory.h"
#include "../src/metric.h"
#include "../src/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool blame(const struct node *n, struct error *e)
{
    if (e && e->offset < 0) {
        e->offset = n->offset;
        e->length = n->length;
    }
    return false;
}

/* --- names --------------------------------------------------------------------------------------------- */

static struct repl *asking; /* for the choice function below, which takes no argument */

static const char *asked_word(size_t i)
{
    return expr_word(asking, i);
}

static bool unknown_name(struct repl *r, const struct node *n, struct error *e)
{
    asking = r;
    const char *closest = args_closest(n->name, asked_word);
    const struct expr_word *tensor = expr_word_find(n->name, WORD_TENSOR);
    const struct expr_word *function = expr_word_find(n->name, WORD_FUNCTION);
    if (tensor)
        return error_set_at(e, n->offset, n->length, "'%s' needs a layer: `%s`", n->name, tensor->usage);
    if (function)
        return error_set_at(e, n->offset, n->length, "'%s' is a function: `%s`", n->name, function->usage);
    if (closest)
        return error_set_at(
            e, n->offset, n->length, "unknown name '%s'; did you mean '%s'?", n->name, closest);
    return error_set_at(
        e, n->offset, n->length, "unknown name '%s': `let %s = EXPR` would make it", n->name, n->name);
}

static bool is_metric(const char *name)
{
    return metric_find(strncmp(name, "val_", 4) ? name : name + 4);
}

bool expr_quantity(struct repl *r, const struct node *n, struct value *out, struct error *e)
{
    double number;
    const struct expr_word *word = expr_word_find(n->name, WORD_QUANTITY);
    if (e)
        *e = (struct error){.offset = -1};
    if (word && word->whole)
        return word->whole(r, out, e) || blame(n, e);
    if (word || is_metric(n->name)) {
        if (!(word ? word->quantity(r, &number, e) : session_metric(r->session, n->name, &number, e)))
            return blame(n, e);
        *out = value_of(number);
        return true;
    }
    if (lets_get(r, n->name, out, e))
        return true;
    return e && e->text[0] ? blame(n, e) : unknown_name(r, n, e);
}

/* --- tensors ------------------------------------------------------------------------------------------- */

static bool eval_tensor(struct repl *r, const struct node *n, struct value *out, struct error *e)
{
    int layer;
    if (!expr_find_layer(r, n, &layer, e))
        return false;
    return n->word->tensor(r, layer, out, e) || blame(n, e);
}

bool expr_part(struct repl *r, const struct expr *x, const struct node *n, const struct value *whole,
    struct value *out, struct error *e)
{
    struct value part;
    struct span span[SHAPE_RANK + 1];
    struct shape left;
    if (!whole->tensor)
        return error_set_at(e, n->offset, n->length, "a number has no indices");
    if (!expr_slices(r, x, n, &whole->shape, span, e))
        return false;
    size_t count = span_elements(&whole->shape, span, whole->shape.rank, NULL, &left);
    size_t *element = memory_take(count, sizeof *element, "the elements of a tensor", e);
    struct shape flat = left.rank ? left : shape_of(1, 1);
    bool ok = element && value_take(&part, &flat, e);
    if (ok) {
        span_elements(&whole->shape, span, whole->shape.rank, element, &left);
        for (size_t i = 0; i < count; i++)
            part.data[i] = whole->data[element[i]];
        *out = left.rank ? part : value_of(part.data[0]);
        if (!left.rank)
            value_release(&part);
    }
    memory_free(element);
    return ok;
}

static bool eval_index(
    struct repl *r, const struct expr *x, const struct node *n, struct value *out, struct error *e)
{
    struct value whole;
    if (!expr_node_eval(r, x, n->child[0], &whole, e))
        return false;
    bool ok = expr_part(r, x, n, &whole, out, e);
    value_release(&whole);
    return ok;
}

/* --- functions ----------------------------------------------------------------------------------------- */

/* All values of all arguments in one row: max(w[1], 0). */
static bool apply_all(
    const struct expr_word *word, const struct value *v, int count, struct value *out, struct error *e)
{
    size_t total = 0, at = 0;
    for (int i = 0; i < count; i++)
        total += value_size(&v[i]);
    double *all = memory_take(total, sizeof *all, "the values of a function", e);
    if (!all)
        return false;
    for (int i = 0; i < count; i++)
        for (size_t k = 0; k < value_size(&v[i]); k++)
            all[at++] = value_at(&v[i], k);
    *out = value_of(word->all(all, total));
    memory_free(all);
    return true;
}

static bool apply_each(const struct node *n, struct value *v, int count, struct value *out, struct error *e)
{
    if (count != 1)
        return error_set_at(
            e, n->offset, n->length, "%s takes one value: `%s`", n->word->name, n->word->usage);
    if (!v[0].tensor) {
        *out = value_of(n->word->each(v[0].number));
        return true;
    }
    for (size_t i = 0; i < shape_size(&v[0].shape); i++)
        v[0].data[i] = (float)n->word->each(v[0].data[i]);
    *out = v[0];
    v[0].data = NULL;
    return true;
}

static bool eval_call(
    struct repl *r, const struct expr *x, const struct node *n, struct value *out, struct error *e)
{
    if (n->word->unevaluated)
        return n->word->unevaluated(r, x, n, out, e);
    struct value *v = memory_take((size_t)n->children, sizeof *v, "the arguments of a function", e);
    bool ok = v;
    int done = 0;
    for (; ok && done < n->children; done += ok) {
        ok = expr_node_eval(r, x, n->child[done], &v[done], e);
        if (ok && v[done].is_text)
            ok = error_set_at(e, n->offset, n->length, "%s works on numbers, not on a text", n->word->name);
    }
    if (ok)
        ok =
            n->word->all ? apply_all(n->word, v, n->children, out, e) : apply_each(n, v, n->children, out, e);
    for (int i = 0; i < done; i++)
        value_release(&v[i]);
    memory_free(v);
    return ok;
}

/* --- operators ----------------------------------------------------------------------------------------- */

static double operate(enum operator op, double a, double b)
{
    switch (op) {
    case OP_LESS:
        return a < b;
    case OP_LESS_EQUAL:
        return a <= b;
    case OP_MORE:
        return a > b;
    case OP_MORE_EQUAL:
        return a >= b;
    case OP_EQUAL:
        return a == b;
    case OP_UNEQUAL:
        return a != b;
    case OP_ADD:
        return a + b;
    case OP_SUBTRACT:
        return a - b;
    case OP_MULTIPLY:
        return a * b;
    case OP_DIVIDE:
        return a / b;
    case OP_REMAINDER:
        return fmod(a, b);
    default:
        return pow(a, b);
    }
}

/* Value by value, into the tensor of the two that there is. */
static bool operate_tensors(
    const struct node *n, struct value *a, struct value *b, struct value *out, struct error *e)
{
    char left[SHAPE_TEXT], right[SHAPE_TEXT];
    if (a->tensor && b->tensor && !shape_equal(&a->shape, &b->shape))
        return error_set_at(e, n->offset, n->length, "a tensor of %s and one of %s do not go together",
            shape_text(&a->shape, left), shape_text(&b->shape, right));
    struct value *into = a->tensor ? a : b;
    for (size_t i = 0; i < shape_size(&into->shape); i++)
        into->data[i] =
            (float)operate(n->op, a->tensor ? a->data[i] : a->number, b->tensor ? b->data[i] : b->number);
    *out = *into;
    into->data = NULL;
    return true;
}

/* dense beside layer[1].type is a text, unless it is a quantity. */
static bool eval_side(struct repl *r, const struct expr *x, int side, struct value *out, struct error *e)
{
    const struct node *n = &x->node[side];
    if (n->kind != NODE_NAME)
        return expr_node_eval(r, x, side, out, e);
    *out = (struct value){.is_text = true};
    snprintf(out->text, sizeof out->text, "%s", n->name);
    return true;
}

static bool compare_texts(
    struct repl *r, const struct expr *x, const struct node *n, bool *did, struct value *out, struct error *e)
{
    struct value a = {0}, b = {0};
    const struct node *left = &x->node[n->child[0]], *right = &x->node[n->child[1]];
    bool texts = (n->op == OP_EQUAL || n->op == OP_UNEQUAL) &&
                 (left->kind == NODE_LAYER || left->kind == NODE_TEXT || right->kind == NODE_LAYER ||
                     right->kind == NODE_TEXT);
    *did = false;
    if (!texts)
        return true;
    if (!eval_side(r, x, n->child[0], &a, e) || !eval_side(r, x, n->child[1], &b, e)) {
        value_release(&a);
        return false;
    }
    *did = a.is_text && b.is_text;
    if (*did)
        *out = value_of(!strcmp(a.text, b.text) == (n->op == OP_EQUAL));
    value_release(&a);
    value_release(&b);
    return true;
}

static bool truth(struct repl *r, const struct expr *x, int node, bool *out, struct error *e)
{
    struct value v;
    const struct node *n = &x->node[node];
    if (!expr_node_eval(r, x, node, &v, e))
        return false;
    bool ok = !v.tensor && !v.is_text;
    *out = ok && v.number != 0;
    value_release(&v);
    return ok || error_set_at(e, n->offset, n->length, "and, or and not join numbers and comparisons");
}

static bool eval_logic(
    struct repl *r, const struct expr *x, const struct node *n, struct value *out, struct error *e)
{
    bool a, b;
    if (!truth(r, x, n->child[0], &a, e))
        return false;
    b = n->op == OP_NOT ? !a : a;
    if (n->op != OP_NOT && a == (n->op == OP_AND) && !truth(r, x, n->child[1], &b, e))
        return false;
    *out = value_of(b);
    return true;
}

static bool eval_binary(
    struct repl *r, const struct expr *x, const struct node *n, struct value *out, struct error *e)
{
    bool did;
    if (n->op == OP_AND || n->op == OP_OR)
        return eval_logic(r, x, n, out, e);
    if (!compare_texts(r, x, n, &did, out, e) || did)
        return did;
    struct value a = {0}, b = {0};
    bool ok = expr_node_eval(r, x, n->child[0], &a, e) && expr_node_eval(r, x, n->child[1], &b, e);
    if (ok && (a.is_text || b.is_text))
        ok = error_set_at(e, n->offset, n->length, "a text can only be compared with a text, by == or !=");
    else if (ok && (a.tensor || b.tensor))
        ok = operate_tensors(n, &a, &b, out, e);
    else if (ok)
        *out = value_of(operate(n->op, a.number, b.number));
    value_release(&a);
    value_release(&b);
    return ok;
}

static bool eval_unary(
    struct repl *r, const struct expr *x, const struct node *n, struct value *out, struct error *e)
{
    if (n->op == OP_NOT)
        return eval_logic(r, x, n, out, e);
    struct value v;
    if (!expr_node_eval(r, x, n->child[0], &v, e))
        return false;
    if (v.is_text)
        return error_set_at(e, n->offset, n->length, "a text has no negative");
    for (size_t i = 0; v.tensor && i < shape_size(&v.shape); i++)
        v.data[i] = -v.data[i];
    v.number = -v.number;
    *out = v;
    return true;
}

static bool eval_kind(
    struct repl *r, const struct expr *x, const struct node *n, struct value *out, struct error *e)
{
    switch (n->kind) {
    case NODE_NUMBER:
        *out = value_of(n->number);
        return true;
    case NODE_TEXT:
        *out = (struct value){.is_text = true};
        snprintf(out->text, sizeof out->text, "%s", n->name);
        return true;
    case NODE_NAME:
        return expr_quantity(r, n, out, e);
    case NODE_TENSOR:
        return eval_tensor(r, n, out, e);
    case NODE_LAYER:
        return expr_layer_field(r, n, out, e);
    case NODE_INDEX:
        return eval_index(r, x, n, out, e);
    case NODE_CALL:
        return eval_call(r, x, n, out, e);
    case NODE_UNARY:
        return eval_unary(r, x, n, out, e);
    case NODE_BINARY:
        return eval_binary(r, x, n, out, e);
    default:
        return error_set_at(e, n->offset, n->length, "':' stands only between [ and ]");
    }
}

bool expr_is_leaf(const struct repl *r, const struct node *n)
{
    return n->kind == NODE_TENSOR || (n->kind == NODE_NAME && !lets_has(r, n->name));
}

static bool remember(struct seen *seen, const struct value *v, struct error *e)
{
    struct value copy;
    if (!value_copy(v, &copy, e))
        return false;
    value_release(&seen->value);
    *seen = (struct seen){.known = true, .value = copy};
    return true;
}

/* What a let keeps is what may be another next time, and comes from no other let. */
static bool is_kept(const struct repl *r, const struct node *n)
{
    return expr_is_leaf(r, n) || n->kind == NODE_LAYER || (n->kind == NODE_CALL && n->word->unevaluated);
}

bool expr_node_eval(struct repl *r, const struct expr *x, int node, struct value *out, struct error *e)
{
    const struct node *n = &x->node[node];
    struct value v;
    bool kept = x->kept && x->kept[node].known;
    if (!(kept ? value_copy(&x->kept[node].value, &v, e) : eval_kind(r, x, n, &v, e)))
        return false;
    if ((x->kept && !kept && is_kept(r, n) && !remember(&x->kept[node], &v, e)) ||
        (x->trace && !remember(&x->trace[node], &v, e))) {
        value_release(&v);
        return false;
    }
    *out = v;
    return true;
}

bool expr_eval(struct repl *r, const struct expr *x, int i, struct value *out, struct error *e)
{
    struct error ignored;
    struct error *to = e ? e : &ignored;
    *to = (struct error){.offset = -1};
    return expr_node_eval(r, x, x->root[i], out, to);
}

bool expr_number(struct repl *r, const char *text, double *out, struct error *e)
{
    struct expr *x = expr_parse(text, e);
    struct value v;
    bool ok = x && expr_eval(r, x, 0, &v, e);
    if (ok) {
        bool scalar = x->count == 1 && !v.tensor && !v.is_text;
        if (scalar)
            *out = v.number;
        else
            ok = error_set_at(e, 0, (int)strlen(text), "'%s' is not one number", text);
        value_release(&v);
    }
    expr_free(x);
    return ok;
}
