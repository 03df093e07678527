/* complete.c - candidates and hints, made from the rows that the context names. */
#include "complete.h"

#include "context.h"
#include "repl.h"

#include "../src/memory.h"
#include "../src/text.h"

#include <dirent.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CANDIDATES = 1000 };

/* --- collecting ---------------------------------------------------------------------------------------- */

static void add(struct completion *out, const char *prefix, const char *word, const char *behind)
{
    struct text t = {0};
    text_addf(&t, "%s%s", word, behind);
    if (!strncmp(text_get(&t), prefix, strlen(prefix)) && out->count < CANDIDATES) {
        char **more = realloc(out->word, (out->count + 1) * sizeof *more);
        char *copy = more ? strdup(text_get(&t)) : NULL;
        out->word = more ? more : out->word;
        if (copy)
            out->word[out->count++] = copy;
    }
    text_release(&t);
}

static void add_list(struct completion *out, const char *prefix, const char *(*list)(size_t))
{
    for (size_t i = 0; list(i); i++)
        add(out, prefix, list(i), "");
}

static void add_asked(struct repl *r, struct completion *out, const char *prefix, const struct command *c)
{
    for (size_t i = 0; c && c->complete && c->complete(r, i); i++)
        add(out, prefix, c->complete(r, i), "");
}

static void add_layers(struct repl *r, struct completion *out, const char *prefix)
{
    const struct model *m = session_network(r->session)->model;
    for (int i = 1; i < m->layers; i++)
        add(out, prefix, m->layer[i].name, "");
}

/* Files of the folder that the word names; folders get a slash. Hidden ones only after a dot. */
static void add_files(struct completion *out, const char *prefix)
{
    const char *slash = strrchr(prefix, '/');
    char folder[CONTEXT_WORD] = ".", path[2 * CONTEXT_WORD + 256];
    struct stat info;
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - prefix) + 1, prefix);
    DIR *d = opendir(folder);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        const char *name = entry->d_name, *last = slash ? slash + 1 : prefix;
        if ((name[0] == '.' && last[0] != '.') || strpbrk(name, " \t;&#\"'[]()="))
            continue;
        snprintf(path, sizeof path, "%s%s", slash ? folder : "", name);
        bool is_folder = !stat(path, &info) && S_ISDIR(info.st_mode);
        add(out, prefix, path, is_folder ? "/" : "");
    }
    if (d)
        closedir(d);
}

/* What a value of a row may be. */
static void add_values(struct repl *r, struct completion *out, const char *prefix, const struct arg_row *row,
    const struct command *c)
{
    if (row->kind == ARG_CHOICE)
        add_list(out, prefix, row->choice);
    else if (row->kind == ARG_FILE)
        add_files(out, prefix);
    else if (row->kind == ARG_LAYER)
        add_layers(r, out, prefix);
    else if (row->kind == ARG_TEXT || row->kind == ARG_NAME)
        add_asked(r, out, prefix, c);
}

static void add_arguments(struct repl *r, struct completion *out, const struct context *c)
{
    bool placed = false; /* the first open positional row that is not a choice takes the word */
    for (int i = 0; c->rows[i].name && i < ARGS_MAX; i++) {
        const struct arg_row *row = &c->rows[i];
        bool key_only = row->flags & ARG_KEY_ONLY;
        if (c->given[i] || row->kind == ARG_REST || row->kind == ARG_COMMAND)
            continue;
        if (row->kind == ARG_FLAG)
            add(out, c->word, row->name, row->fallback ? "=" : ""); /* one that is on can only be said off */
        else if (!key_only && (row->kind == ARG_CHOICE || !placed))
            add_values(r, out, c->word, row, c->command);
        if (row->kind != ARG_FLAG && (key_only || c->word[0]))
            add(out, c->word, row->name, "=");
        placed = placed || (!key_only && row->kind != ARG_CHOICE && row->kind != ARG_FLAG);
    }
}

/* KEY=part: the values of its row, the word beginning behind the "=". */
static bool add_key_value(struct repl *r, struct completion *out, const struct context *c)
{
    const char *equals = strchr(c->word, '=');
    char key[CONTEXT_WORD];
    if (!equals || !isalpha((unsigned char)c->word[0]))
        return false;
    snprintf(key, sizeof key, "%.*s", (int)(equals - c->word), c->word);
    int row = args_find(c->rows, key);
    if (row < 0)
        return false;
    out->start = c->start + (size_t)(equals + 1 - c->word);
    if (c->rows[row].kind == ARG_FLAG) {
        add(out, equals + 1, "yes", "");
        add(out, equals + 1, "no", "");
    } else {
        add_values(r, out, equals + 1, &c->rows[row], c->command);
    }
    return true;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_unique(struct completion *c)
{
    size_t kept = 0;
    if (c->count)
        qsort(c->word, c->count, sizeof *c->word, compare);
    for (size_t i = 0; i < c->count; i++)
        if (kept && !strcmp(c->word[kept - 1], c->word[i]))
            free(c->word[i]);
        else
            c->word[kept++] = c->word[i];
    c->count = kept;
}

void complete(struct repl *r, const char *line, size_t cursor, struct completion *out)
{
    struct context c;
    context_of(line, cursor, &c);
    *out = (struct completion){.start = c.start};
    if (c.at_name)
        add_list(out, c.word, command_name);
    else if (c.rest)
        add_asked(r, out, c.word, c.command);
    else if (c.command && !add_key_value(r, out, &c))
        add_arguments(r, out, &c);
    sort_unique(out);
}

void completion_release(struct completion *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->word[i]);
    free(c->word);
    *c = (struct completion){0};
}

/* --- hints --------------------------------------------------------------------------------------------- */

/* The usage of the rows that are still open. A word just being typed counts as given when it is whole. */
void complete_hint(const char *line, struct text *out)
{
    struct context c;
    size_t length = strlen(line);
    struct text whole = {0};
    text_addf(&whole, "%s ", line);
    context_of(text_get(&whole), length + 1, &c);
    text_release(&whole);
    bool open = length && line[length - 1] != ' ';
    if (!c.command || c.at_name || strchr(line, '#'))
        return;
    struct arg_row left[ARGS_MAX + 1] = {{0}};
    int n = 0;
    for (int i = 0; c.rows[i].name && i < ARGS_MAX; i++)
        if (!c.given[i] && !(c.rest && c.rows[i].kind != ARG_REST))
            left[n++] = c.rows[i];
    if (!n)
        return;
    text_add(out, open ? " " : "");
    args_usage(left, out);
}
