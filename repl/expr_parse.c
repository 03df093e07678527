/* expr_parse.c - from text to a tree, by recursive descent: one function for each line of the grammar.
 *
 * Depth and number of nodes are bounded, so that no text, however long, can exhaust the stack here or when
 * the tree is walked. Errors name the byte where the text stops making sense. */
#include "expr_tree.h"

#include "../src/args.h"
#include "../src/memory.h"
#include "../src/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    const char *text;
    int at, depth;
    struct expr *x;
    struct error *e;
};

static int parse_or(struct parser *p);
static int parse_unary(struct parser *p);

/* --- characters ---------------------------------------------------------------------------------------- */

static int fail(struct parser *p, int offset, int length, const char *message)
{
    error_set_at(p->e, offset, length, "%s", message);
    return -1;
}

static void skip_blanks(struct parser *p)
{
    while (p->text[p->at] && strchr(" \t\r\n\v\f", p->text[p->at]))
        p->at++;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Takes a sign such as "<=" or a word such as "and" when it stands here. */
static bool accept(struct parser *p, const char *token)
{
    skip_blanks(p);
    size_t n = strlen(token);
    if (strncmp(p->text + p->at, token, n) || (is_word(token[0]) && is_word(p->text[p->at + (int)n])))
        return false;
    p->at += (int)n;
    return true;
}

static bool expect(struct parser *p, const char *token, const char *message)
{
    if (accept(p, token))
        return true;
    fail(p, p->at, 1, message);
    return false;
}

/* --- nodes --------------------------------------------------------------------------------------------- */

static int add_node(struct parser *p, enum node_kind kind, int offset)
{
    struct expr *x = p->x;
    if (x->nodes == EXPR_NODES)
        return fail(p, p->at, 1, "this expression is too long: name its parts with `let`");
    if (x->nodes == x->capacity) {
        int capacity = x->capacity ? 2 * x->capacity : 16;
        struct node *more = memory_take((size_t)capacity, sizeof *more, "an expression", p->e);
        if (!more)
            return -1;
        if (x->nodes)
            memcpy(more, x->node, (size_t)x->nodes * sizeof *more);
        memory_free(x->node);
        x->node = more;
        x->capacity = capacity;
    }
    x->node[x->nodes] = (struct node){.kind = kind, .offset = offset, .length = p->at - offset};
    return x->nodes++;
}

static int end_node(struct parser *p, int node)
{
    struct node *n = &p->x->node[node];
    int end = p->at;
    while (end > n->offset + 1 && strchr(" \t\r\n\v\f", p->text[end - 1]))
        end--;
    n->length = end - n->offset;
    return node;
}

static int add_operation(struct parser *p, enum operator op, int left, int right)
{
    int node = add_node(p, right < 0 ? NODE_UNARY : NODE_BINARY, p->x->node[left].offset);
    if (node < 0)
        return -1;
    struct node *n = &p->x->node[node];
    n->op = op;
    n->child[0] = left;
    n->child[1] = right;
    n->children = right < 0 ? 1 : 2;
    return end_node(p, node);
}

/* --- atoms --------------------------------------------------------------------------------------------- */

static int parse_number(struct parser *p)
{
    int start = p->at;
    const char *t = p->text;
    char digits[64];
    while (isdigit((unsigned char)t[p->at]) || t[p->at] == '.' ||
           ((t[p->at] == 'e' || t[p->at] == 'E') && p->at > start) ||
           ((t[p->at] == '+' || t[p->at] == '-') && strchr("eE", t[p->at - 1]) && p->at > start))
        p->at++;
    int length = p->at - start;
    double number = 0;
    snprintf(digits, sizeof digits, "%.*s", length, t + start);
    if (length < (int)sizeof digits && !is_word(t[p->at]) && isinf(strtod(digits, NULL)))
        return fail(p, start, length, "this number is too large: 1.8e308 is the most");
    if (length >= (int)sizeof digits || is_word(t[p->at]) || !number_parse(digits, &number))
        return fail(p, start, length ? length : 1, "this is no number that can be used here");
    int node = add_node(p, NODE_NUMBER, start);
    if (node >= 0)
        p->x->node[node].number = number;
    return node;
}

/* Copies a name or a text of the source into a node's field. */
static bool keep(struct parser *p, char out[EXPR_NAME], int start, int length)
{
    if (length >= EXPR_NAME)
        return fail(p, start, length, "this word is too long") > 0;
    snprintf(out, EXPR_NAME, "%.*s", length, p->text + start);
    return true;
}

static int parse_quoted(struct parser *p)
{
    int start = p->at;
    char quote = p->text[p->at++];
    while (p->text[p->at] && p->text[p->at] != quote)
        p->at++;
    if (!p->text[p->at])
        return fail(p, start, 1, "this quote is never closed");
    p->at++;
    int node = add_node(p, NODE_TEXT, start);
    return node >= 0 && keep(p, p->x->node[node].name, start + 1, p->at - start - 2) ? node : -1;
}

/* "[" LAYER "]": a number or a name, kept as text. */
static bool parse_layer(struct parser *p, int node)
{
    skip_blanks(p);
    int start = p->at;
    while (is_word(p->text[p->at]) || p->text[p->at] == '-')
        p->at++;
    if (p->at == start)
        return fail(p, start, 1, "the number or the name of a layer must stand here") > 0;
    return keep(p, p->x->node[node].name, start, p->at - start) && expect(p, "]", "a ']' is missing here");
}

static int parse_slice(struct parser *p)
{
    skip_blanks(p);
    int start = p->at, first = -1, last = -1;
    bool open = accept(p, ":");
    if (!open) {
        first = parse_or(p);
        if (first < 0)
            return -1;
        open = accept(p, ":");
    }
    skip_blanks(p);
    if (open && p->text[p->at] != ',' && p->text[p->at] != ']') {
        last = parse_or(p);
        if (last < 0)
            return -1;
    }
    int node = add_node(p, NODE_SLICE, start);
    if (node < 0)
        return -1;
    p->x->node[node].child[0] = first;
    p->x->node[node].child[1] = last;
    p->x->node[node].single = !open;
    return end_node(p, node);
}

/* { "[" slice { "," slice } "]" } behind a tensor. */
static int parse_index(struct parser *p, int base)
{
    skip_blanks(p);
    if (p->text[p->at] != '[')
        return base;
    p->at++;
    int child[EXPR_ARGUMENTS], children = 0;
    child[children++] = base;
    do {
        if (children > SHAPE_RANK + 1)
            return fail(p, p->at, 1, "a tensor has no more axes than 6");
        child[children] = parse_slice(p);
        if (child[children++] < 0)
            return -1;
    } while (accept(p, ","));
    if (!expect(p, "]", "a ']' or a ',' is missing here"))
        return -1;
    int node = add_node(p, NODE_INDEX, p->x->node[base].offset);
    if (node < 0)
        return -1;
    memcpy(p->x->node[node].child, child, sizeof child);
    p->x->node[node].children = children;
    return parse_index(p, end_node(p, node)) < 0 ? -1 : p->x->nodes - 1;
}

static int parse_tensor(struct parser *p, const struct expr_word *word, int start)
{
    int node = add_node(p, NODE_TENSOR, start);
    if (node < 0)
        return -1;
    p->x->node[node].word = word;
    p->at++;
    return parse_layer(p, node) ? parse_index(p, end_node(p, node)) : -1;
}

static int parse_field(struct parser *p, int start)
{
    int node = add_node(p, NODE_LAYER, start);
    p->at++;
    if (node < 0 || !parse_layer(p, node))
        return -1;
    if (!expect(p, ".", "a field must follow: .units, .type, .name, .params"))
        return -1;
    int field = p->at;
    while (is_word(p->text[p->at]))
        p->at++;
    return keep(p, p->x->node[node].field, field, p->at - field) ? end_node(p, node) : -1;
}

static int unknown_function(struct parser *p, int start, int length)
{
    struct text names = {0};
    char brief[EXPR_NAME];
    snprintf(brief, sizeof brief, "%.*s", length, p->text + start);
    for (size_t i = 0; expr_word_at(i); i++)
        if (expr_word_at(i)->kind == WORD_FUNCTION)
            text_addf(&names, "%s%s", names.length ? ", " : "", expr_word_at(i)->name);
    error_set_at(p->e, start, length, "unknown function '%s'; there are %s", brief, text_get(&names));
    text_release(&names);
    return -1;
}

/* pow(x, 3) is x^3. */
static int operator_call(
    struct parser *p, const struct expr_word *word, int start, const int *child, int children)
{
    if (children != 2)
        return error_set_at(
                   p->e, start, p->at - start, "%s takes two values: `%s`", word->name, word->usage) -
               1;
    int node = add_operation(p, word->stands_for, child[0], child[1]);
    if (node >= 0)
        p->x->node[node].offset = start;
    return node < 0 ? -1 : end_node(p, node);
}

static int parse_call(struct parser *p, int start, int length)
{
    char name[EXPR_NAME];
    if (!keep(p, name, start, length))
        return -1;
    const struct expr_word *word = expr_word_find(name, WORD_FUNCTION);
    if (!word)
        return unknown_function(p, start, length);
    int child[EXPR_ARGUMENTS] = {0}, children = 0, inner = p->x->nodes;
    p->at++;
    do {
        if (children == EXPR_ARGUMENTS)
            return fail(p, p->at, 1, "a function takes 8 arguments at most");
        child[children] = parse_or(p);
        if (child[children++] < 0)
            return -1;
    } while (accept(p, ","));
    if (!expect(p, ")", "a ')' is missing here"))
        return -1;
    for (; word->unevaluated && inner < p->x->nodes; inner++)
        p->x->node[inner].looked_at = true;
    if (word->stands_for)
        return operator_call(p, word, start, child, children);
    int node = add_node(p, NODE_CALL, start);
    if (node < 0)
        return -1;
    memcpy(p->x->node[node].child, child, sizeof child);
    p->x->node[node].children = children;
    p->x->node[node].word = word;
    return node;
}

/* A word: a function before "(", a tensor or `layer` before "[", else a name. */
static int parse_word(struct parser *p)
{
    int start = p->at;
    while (is_word(p->text[p->at]) || (p->text[p->at] == '.' && is_word(p->text[p->at + 1])))
        p->at++;
    int length = p->at - start;
    char name[EXPR_NAME];
    if (!keep(p, name, start, length))
        return -1;
    if (!strcmp(name, "and") || !strcmp(name, "or") || !strcmp(name, "not"))
        return fail(p, start, length, "a value is missing here");
    char next = p->text[p->at];
    if (next == '(')
        return parse_call(p, start, length);
    if (next == '[' && !strcmp(name, "layer"))
        return parse_field(p, start);
    const struct expr_word *tensor = expr_word_find(name, WORD_TENSOR);
    if (next == '[' && tensor)
        return parse_tensor(p, tensor, start);
    int node = add_node(p, NODE_NAME, start);
    if (node < 0)
        return -1;
    keep(p, p->x->node[node].name, start, length);
    return parse_index(p, node);
}

static int parse_atom(struct parser *p)
{
    skip_blanks(p);
    char c = p->text[p->at];
    if (isdigit((unsigned char)c) || c == '.')
        return parse_number(p);
    if (isalpha((unsigned char)c) || c == '_')
        return parse_word(p);
    if (c == '"' || c == '\'')
        return parse_quoted(p);
    if (c == '(') {
        int start = p->at++, inside = parse_or(p);
        if (inside < 0 || !expect(p, ")", "a ')' is missing here"))
            return -1;
        p->x->node[inside].offset = start; /* its text has the brackets, and so has all that begins with it */
        return end_node(p, inside);
    }
    return fail(p, p->at, c ? 1 : 0, c ? "a value must stand here" : "the expression ends too early");
}

/* --- operators ----------------------------------------------------------------------------------------- */

static int parse_power(struct parser *p)
{
    int left = parse_atom(p);
    if (left < 0 || !accept(p, "^"))
        return left;
    int right = parse_unary(p);
    return right < 0 ? -1 : add_operation(p, OP_POWER, left, right);
}

static int parse_unary(struct parser *p)
{
    if (++p->depth > EXPR_DEPTH)
        return fail(p, p->at, 1, "this expression nests too deep: name its parts with `let`");
    skip_blanks(p);
    int start = p->at, node;
    if (accept(p, "-")) {
        int inside = parse_unary(p);
        node = inside < 0 ? -1 : add_operation(p, OP_NEGATE, inside, -1);
        if (node >= 0) {
            p->x->node[node].offset = start;
            end_node(p, node);
        }
    } else {
        node = parse_power(p);
    }
    p->depth--;
    return node;
}

struct level {
    const char *token;
    enum operator op;
};

/* next { token next }, for operators of one strength, from the left. */
static int parse_level(struct parser *p, const struct level *level, int (*next)(struct parser *))
{
    int left = next(p);
    while (left >= 0) {
        int i = 0;
        while (level[i].token && !accept(p, level[i].token))
            i++;
        if (!level[i].token)
            break;
        int right = next(p);
        left = right < 0 ? -1 : add_operation(p, level[i].op, left, right);
    }
    return left;
}

static int parse_product(struct parser *p)
{
    static const struct level level[] = {
        {"*", OP_MULTIPLY}, {"/", OP_DIVIDE}, {"%", OP_REMAINDER}, {NULL, 0}};
    return parse_level(p, level, parse_unary);
}

static int parse_sum(struct parser *p)
{
    static const struct level level[] = {{"+", OP_ADD}, {"-", OP_SUBTRACT}, {NULL, 0}};
    return parse_level(p, level, parse_product);
}

static int parse_compare(struct parser *p)
{
    static const struct level level[] = {{"<=", OP_LESS_EQUAL}, {">=", OP_MORE_EQUAL}, {"==", OP_EQUAL},
        {"!=", OP_UNEQUAL}, {"<", OP_LESS}, {">", OP_MORE}, {NULL, 0}};
    int left = parse_sum(p);
    for (int i = 0; left >= 0 && level[i].token; i++)
        if (accept(p, level[i].token)) {
            int right = parse_sum(p);
            return right < 0 ? -1 : add_operation(p, level[i].op, left, right);
        }
    return left;
}

static int parse_not(struct parser *p)
{
    skip_blanks(p);
    int start = p->at;
    if (!accept(p, "not"))
        return parse_compare(p);
    if (++p->depth > EXPR_DEPTH)
        return fail(p, p->at, 1, "this expression nests too deep: name its parts with `let`");
    int inside = parse_not(p);
    p->depth--;
    int node = inside < 0 ? -1 : add_operation(p, OP_NOT, inside, -1);
    if (node < 0)
        return -1;
    p->x->node[node].offset = start;
    return end_node(p, node);
}

static int parse_and(struct parser *p)
{
    static const struct level level[] = {{"and", OP_AND}, {NULL, 0}};
    return parse_level(p, level, parse_not);
}

static int parse_or(struct parser *p)
{
    static const struct level level[] = {{"or", OP_OR}, {NULL, 0}};
    return parse_level(p, level, parse_and);
}

/* --- the whole text ------------------------------------------------------------------------------------ */

static bool add_root(struct parser *p)
{
    struct expr *x = p->x;
    skip_blanks(p);
    int start = p->at, root = parse_or(p);
    if (root < 0)
        return false;
    skip_blanks(p);
    int end = p->at;
    while (end > start && strchr(" \t\r\n\v\f", p->text[end - 1]))
        end--;
    char *source = memory_take((size_t)(end - start) + 1, 1, "an expression", p->e);
    if (!source)
        return false;
    memcpy(source, p->text + start, (size_t)(end - start));
    x->root[x->count] = root;
    x->source[x->count++] = source;
    return true;
}

/* What stands behind an expression that is over. */
static bool check_end(struct parser *p)
{
    char c = p->text[p->at];
    if (c == '=')
        return fail(p, p->at, 1, "'=' does not compare; did you mean '=='?") > 0;
    if (c == '<' || c == '>' || c == '!')
        return fail(p, p->at, 1, "a comparison has two sides: join several with `and`") > 0;
    if (c == ')' || c == ']')
        return fail(p, p->at, 1, "this bracket closes nothing") > 0;
    return !c || fail(p, p->at, 1, "an operator or a ',' is missing before this") > 0;
}

struct expr *expr_parse(const char *text, struct error *e)
{
    struct expr *x = memory_take(1, sizeof *x, "an expression", e);
    if (!x)
        return NULL;
    struct parser p = {.text = text, .x = x, .e = e};
    bool ok;
    do {
        ok = add_root(&p);
        if (ok && x->count == EXPR_LIST)
            ok = !accept(&p, ",") || fail(&p, p.at, 1, "64 expressions at a time are the most") > 0;
    } while (ok && x->count < EXPR_LIST && accept(&p, ","));
    if (ok && check_end(&p))
        return x;
    expr_free(x);
    return NULL;
}

void expr_free(struct expr *x)
{
    if (!x)
        return;
    for (int i = 0; i < x->count; i++)
        memory_free(x->source[i]);
    seen_free(x->kept, x->nodes);
    memory_free(x->node);
    memory_free(x);
}

struct expr *expr_constant(const struct value *v, struct error *e)
{
    struct expr *x = memory_take(1, sizeof *x, "an expression", e);
    if (!x)
        return NULL;
    x->node = memory_take(1, sizeof *x->node, "an expression", e);
    x->source[0] = memory_copy_text("", e);
    x->kept = memory_take(1, sizeof *x->kept, "an expression", e);
    x->nodes = x->count = 1;
    if (x->node && x->source[0] && x->kept && value_copy(v, &x->kept->value, e)) {
        x->kept->known = true;
        return x;
    }
    expr_free(x);
    return NULL;
}

int expr_count(const struct expr *x)
{
    return x->count;
}

const char *expr_source(const struct expr *x, int i)
{
    return x->source[i];
}
