/* cmd_chain.c - `backward NAME` on the screen: the chain rule, one node of the graph a row.
 *
 * Read down, it is the forward pass; read up, the backward pass: each gradient is the gradient of what uses
 * the node times the local slope, added up over all uses. Past SHOWN rows only names are told;
 * a tensor shows its values while they are FEW. */
#include "cmd.h"

#include <math.h>
#include <string.h>

enum { SHOWN = 60, FEW = 4 };

static void add_value(struct table *t, const struct value *v)
{
    char shape[SHAPE_TEXT];
    struct text few = {0};
    size_t n = value_size(v);
    for (size_t i = 0; v->tensor && n <= FEW && i < n; i++)
        text_addf(&few, i ? " %.4g" : "%.4g", value_at(v, i));
    if (v->is_text)
        table_add(t, "%s", v->text);
    else if (!v->tensor)
        table_add(t, "%.6g",
            isnan(v->number) ? NAN
            : v->number == 0 ? 0
                             : v->number); /* never "-nan" or "-0" */
    else if (n <= FEW)
        table_add(t, "[%s]", text_get(&few));
    else
        table_add(t, "%s values", shape_text(&v->shape, shape));
    text_release(&few);
}

/* A long expression is cut; a line break in it becomes a blank. */
static void add_expression(struct table *t, const char *expression)
{
    struct text line = {0};
    int width = out_width() / 3, columns = 0;
    while (*expression && columns < width) {
        int one;
        size_t n = out_character(expression, strlen(expression), &one);
        if (*expression == '\n')
            text_add(&line, " ");
        else
            text_add_bytes(&line, expression, n);
        expression += n;
        columns += one;
    }
    text_add(&line, *expression ? "…" : "");
    table_add(t, "%s", text_get(&line));
    text_release(&line);
}

static void add_row(struct table *t, const struct chain_row *row, const char *end)
{
    const char *ways = text_get(&row->ways);
    add_expression(t, text_get(&row->expression));
    add_value(t, &row->value);
    add_value(t, &row->gradient);
    if (end)
        table_add(t, "%s by itself: here it starts", end);
    else
        table_add(t, *ways ? "= %s%s" : "%s%s", ways, row->uses > CHAIN_WAYS ? " + …" : "");
}

bool chain_run(struct repl *r, const char *name, struct error *e)
{
    struct chain c;
    struct table t = {.align = "lrrl", .head = true};
    if (!lets_backward(r, name, &c, e))
        return false;
    table_add(&t, "expression");
    table_add(&t, "value");
    table_add(&t, "gradient");
    table_add(&t, "= gradient of what uses it × local slope");
    for (int i = 0; i < c.rows; i++)
        if (c.rows <= SHOWN || c.row[i].named)
            add_row(&t, &c.row[i], i == c.rows - 1 ? name : NULL);
    table_print(&t);
    chain_release(&c);
    return true;
}
