/* recipe.c - see recipe.h. */
#include "recipe.h"
#include "text.h"

struct recipe recipe_of(const struct optimizer *optimizer)
{
    struct recipe r = {.optimizer = optimizer, .lr = optimizer->lr};
    for (int i = 0; i < args_count(optimizer->args); i++)
        r.hyper[i] = optimizer->args[i].fallback;
    return r;
}

static void write_number(const char *name, double value, struct text *out)
{
    text_addf(out, " %s=", name);
    number_write(value, out);
}

static void write_hyper(const struct arg_row *row, double value, struct text *out)
{
    if (value == row->fallback)
        return;
    if (row->kind == ARG_FLAG)
        text_addf(out, " %s=%s", row->name, value ? "yes" : "no");
    else
        write_number(row->name, value, out);
}

void recipe_write(const struct recipe *r, struct text *out)
{
    if (!r->optimizer)
        return;
    text_addf(out, "compile %s", r->optimizer->name);
    if (r->loss)
        text_addf(out, " loss=%s", r->loss->name);
    write_number("lr", r->lr, out);
    for (int i = 0; i < args_count(r->optimizer->args); i++)
        write_hyper(&r->optimizer->args[i], r->hyper[i], out);
    if (r->l1 > 0)
        write_number("l1", r->l1, out);
    if (r->l2 > 0)
        write_number("l2", r->l2, out);
    text_add(out, "\n");
}
