/* cmd.c - helpers of several commands. */
#include "cmd.h"

#include <string.h>

void note_lines(const char *text)
{
    for (const char *line = text; line && *line;) {
        size_t length = strcspn(line, "\n");
        out_note("%.*s", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

const char *complete_layer(struct repl *r, size_t i)
{
    const struct model *m = session_network(r->session)->model;
    return i < (size_t)m->layers ? m->layer[i].name : NULL;
}

int union_rows(
    const struct arg_row *first, const struct arg_row *(*table)(size_t i), struct arg_row *out, int room)
{
    int n = args_count(first);
    memcpy(out, first, (size_t)n * sizeof *out);
    for (size_t i = 0; table(i); i++)
        for (const struct arg_row *row = table(i); row->name; row++)
            if (args_find(out, row->name) < 0 && n < room - 1) {
                out[n] = *row;
                out[n++].flags |= ARG_KEY_ONLY;
                out[n] = (struct arg_row){0};
            }
    return n;
}

bool blame_key(struct repl *r, const char *key, struct error *e)
{
    for (int i = 0; r->command && i < r->command->count; i++) {
        const struct word *w = &r->command->word[i];
        if (w->key ? !strcmp(w->key, key) : !strcmp(w->text, key)) {
            e->offset = w->offset;
            e->length = w->length;
        }
    }
    return false;
}

bool union_read(const char *what, const struct arg_row *rows, const struct args *a, int skip,
    const struct arg_row *own, double *hyper, struct error *e)
{
    for (int i = skip; rows[i].name; i++)
        if (a->value[i].given && args_find(own, rows[i].name) < 0)
            return error_set(e, "%s has no argument '%s='", what, rows[i].name);
    for (int i = 0; own[i].name; i++) {
        const struct arg_value *v = &a->value[args_find(rows, own[i].name)];
        bool bounded = own[i].min || own[i].max;
        if (v->given && bounded && !(v->number >= own[i].min && v->number <= own[i].max))
            return error_set(
                e, "%s: %s must be between %g and %g", what, own[i].name, own[i].min, own[i].max);
        hyper[i] = v->given ? v->number : own[i].fallback;
    }
    return true;
}

bool blame_rest(const struct args *a, struct error *e)
{
    if (e->offset >= 0 && a->rest_offset >= 0)
        e->offset += a->rest_offset;
    return false;
}
