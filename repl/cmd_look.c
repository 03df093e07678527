/* cmd_look.c - commands that look: print, let, watch; and the list of the group. */
#include "cmd.h"

#include "../viz/viz.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* --- print --------------------------------------------------------------------------------------------- */

static const struct arg_row print_args[] = {
    {.name = "expressions",
        .kind = ARG_REST,
        .help = "one or more, with commas between them",
        .flags = ARG_REQUIRED},
    {0},
};

static bool write_values(struct repl *r, const struct expr *x, struct text *line, struct error *e)
{
    for (int i = 0; i < expr_count(x); i++) {
        struct value v;
        if (!expr_eval(r, x, i, &v, e))
            return false;
        text_add(line, i ? " " : "");
        value_write(&v, line);
        value_release(&v);
    }
    text_add(line, "\n");
    return true;
}

static bool run_print(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct text line = {0};
    struct expr *x = expr_parse(a->rest, e);
    bool ok = x && write_values(r, x, &line, e);
    if (ok)
        out_text(text_get(&line));
    text_release(&line);
    expr_free(x);
    return ok || blame_rest(a, e);
}

static const char *complete_expression(struct repl *r, size_t i)
{
    return expr_word(r, i);
}

static const struct command print_command = {
    .name = "print",
    .summary = "works out expressions and prints their values",
    .details =
        "Quantities: loss, val_accuracy, step, lr, w[1][0,2], grad.w[1], a[2][5], layer[2].units and more.\n"
        "+ - * / % ^, comparisons, and or not; norm, mean, max, tanh and other functions: `help norm`; the "
        "slope\n"
        "grad(w) after `backward NAME`. Numbers come bare, so scripts can use them.",
    .example = "print val_accuracy, norm(w[1])",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_LOOK,
    .args = print_args,
    .run = run_print,
    .complete = complete_expression,
};

/* --- let ----------------------------------------------------------------------------------------------- */

static const struct arg_row let_args[] = {
    {.name = "definition", .kind = ARG_REST, .help = "NAME = EXPRESSION", .flags = ARG_REQUIRED},
    {0},
};

static bool run_let(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    char name[64];
    size_t n = 0;
    while (isalnum((unsigned char)a->rest[n]) || a->rest[n] == '_')
        n++;
    size_t equals = n + strspn(a->rest + n, " \t\n");
    if (n >= sizeof name)
        return error_set_at(
            e, a->rest_offset, (int)n, "this name is too long: %zu letters are the most", sizeof name - 1);
    if (!n || a->rest[equals] != '=' || a->rest[equals + 1] == '=')
        return error_set_at(
            e, a->rest_offset, (int)strlen(a->rest), "`let` reads NAME = EXPRESSION: `let y = 2 * lr`");
    size_t begin = equals + 1 + strspn(a->rest + equals + 1, " \t\n");
    snprintf(name, sizeof name, "%.*s", (int)n, a->rest);
    if (lets_set(r, name, a->rest + begin, e))
        return true;
    if (e->offset >= 0)
        e->offset += a->rest_offset + (int)begin;
    return false;
}

static const struct command let_command = {
    .name = "let",
    .summary = "gives an expression a name",
    .details =
        "What the session says in it (loss, w[1][0,2]) is read once, now. Other names are followed: after\n"
        "`let y = w*x`, `set w 3` changes y too, and `backward y` finds the slopes grad(w) and grad(x).\n"
        "Names of the session's quantities cannot be taken; w, b and a are free.",
    .example = "let before = loss",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_LOOK,
    .effect = EFFECT_REPLAYED,
    .args = let_args,
    .run = run_let,
    .complete = complete_expression,
};

/* --- watch --------------------------------------------------------------------------------------------- */

static const struct arg_row watch_args[] = {
    {.name = "expression",
        .kind = ARG_REST,
        .help = "what to watch; `off` ends it; without one all are shown"},
    {0},
};

static void show_in_window(struct repl *r, const struct expr *x, const struct value *v)
{
    int layer, unit;
    if (!r->viz)
        return;
    if (expr_watched_place(r, x, 0, &layer, &unit))
        viz_watch(r->viz, expr_source(x, 0), layer, unit);
    if (!v->tensor && !v->is_text)
        viz_watch_value(r->viz, expr_source(x, 0), v->number);
}

/* What has no value now shows a dash; why is said when it is asked for. */
static void print_watches(struct repl *r, bool reasons)
{
    struct table t = {.align = "ll"};
    struct text why = {0};
    for (size_t i = 0; lets_watched(r, i); i++) {
        const struct expr *x = lets_watched(r, i);
        struct value v;
        struct error e;
        struct text value = {0};
        bool ok = expr_eval(r, x, 0, &v, &e);
        if (ok) {
            value_write(&v, &value);
            show_in_window(r, x, &v);
            value_release(&v);
        }
        table_add(&t, "%s", expr_source(x, 0));
        table_add(&t, "%s", ok ? text_get(&value) : "–");
        if (!ok && reasons)
            text_addf(&why, "%s has no value now: %s\n", expr_source(x, 0), e.text);
        text_release(&value);
    }
    table_print(&t);
    note_lines(text_get(&why));
    text_release(&why);
}

void watch_print(struct repl *r)
{
    print_watches(r, false);
}

void watch_forget(struct repl *r)
{
    lets_unwatch(r, NULL);
    if (r->viz)
        viz_watch(r->viz, NULL, 0, 0);
}

static bool run_watch(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (!strcmp(a->rest, "off"))
        watch_forget(r);
    else if (*a->rest && !lets_watch(r, a->rest, e))
        return blame_rest(a, e);
    print_watches(r, true);
    return true;
}

static const struct command watch_command = {
    .name = "watch",
    .summary = "shows a value now, and again after each fit and step",
    .details =
        "The window marks its place in the network. `watch off` forgets all of them, and so does `new`.",
    .example = "watch w[1][0,0]",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_LOOK,
    .args = watch_args,
    .run = run_watch,
    .complete = complete_expression,
};

const struct command *const commands_look[] = {
    &print_command,
    &show_command,
    &watch_command,
    &let_command,
    &plot_command,
    &landscape_command,
    &why_command,
    NULL,
};
