/* context.c - a line that is still being typed is no valid line: quotes and brackets may be open. So it is
 * cut here by a forgiving scan, and its finished words are held against the rows in the order in which
 * binding would. */
#include "context.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { WORDS = 64 };

struct scan {
    struct {
        size_t start, length;
    } word[WORDS];
    int words;    /* finished ones of the last command */
    size_t start; /* of the word at the cursor */
};

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void end_word(struct scan *s, size_t at)
{
    if (at > s->start && s->words < WORDS) {
        s->word[s->words].start = s->start;
        s->word[s->words++].length = at - s->start;
    }
}

/* Cuts the last command of the text into words. */
static void scan_words(const char *line, size_t cursor, struct scan *s)
{
    char quote = 0;
    int depth = 0;
    *s = (struct scan){0};
    for (size_t i = 0; i < cursor; i++) {
        char c = line[i];
        if (quote) {
            i += c == '\\' && i + 1 < cursor;
            quote = c == quote ? 0 : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '[' || c == '(' || c == ']' || c == ')') {
            depth += c == '[' || c == '(' ? 1 : depth > 0 ? -1 : 0;
        } else if (c == ';' && !depth) {
            *s = (struct scan){.start = i + 1};
        } else if (blank(c) && !depth) {
            end_word(s, i);
            s->start = i + 1;
        } else if (c == '?' && i == s->start && !s->words) {
            end_word(s, i + 1);
            s->start = i + 1;
        }
    }
}

static void copy_word(const char *line, const struct scan *s, int i, char out[CONTEXT_WORD])
{
    int length = s->word[i].length < CONTEXT_WORD ? (int)s->word[i].length : 0;
    snprintf(out, CONTEXT_WORD, "%.*s", length, line + s->word[i].start);
}

/* Marks the row that a finished word goes to. */
static void give(struct context *c, char *text)
{
    char *equals = strchr(text, '=');
    if (equals && isalpha((unsigned char)text[0])) {
        *equals = '\0';
        int row = args_find(c->rows, text);
        if (row >= 0)
            c->given[row] = true;
        return;
    }
    const struct word word = {.text = text};
    for (int i = 0; c->rows[i].name && i < ARGS_MAX; i++) {
        const struct arg_row *row = &c->rows[i];
        struct arg_value value;
        bool named = row->kind == ARG_FLAG ? !strcmp(text, row->name) : !(row->flags & ARG_KEY_ONLY);
        if (!c->given[i] && named && arg_read("", row, &word, &value, NULL)) {
            c->given[i] = !(row->flags & ARG_MANY);
            return;
        }
    }
}

static int rest_row(const struct arg_row *rows)
{
    for (int i = 0; rows[i].name; i++)
        if (rows[i].kind == ARG_REST || rows[i].kind == ARG_COMMAND)
            return i;
    return -1;
}

static void set_command(struct context *c, const char *name)
{
    static const struct arg_row none[] = {{0}};
    c->command = command_find(name, true, NULL);
    c->rows = c->command && c->command->args ? c->command->args : none;
    memset(c->given, 0, sizeof c->given);
}

/* Follows the words into an inner command (`insert 1 dense …`) or into rows that the first word chose. */
static void follow(const char *line, const struct scan *s, struct context *out)
{
    char text[CONTEXT_WORD];
    copy_word(line, s, 0, text);
    set_command(out, text);
    for (int i = 1; i < s->words && out->command; i++) {
        int rest = rest_row(out->rows);
        copy_word(line, s, i, text);
        if (rest == 0 && out->rows[0].kind == ARG_COMMAND) {
            set_command(out, text);
            continue;
        }
        if (rest > 0 && out->given[rest - 1] && out->rows[rest].kind == ARG_COMMAND) {
            set_command(out, text);
            continue;
        }
        const struct arg_row *chosen = i == 1 && out->command->rest ? out->command->rest(text) : NULL;
        if (chosen)
            out->rows = chosen;
        else
            give(out, text);
    }
    int rest = rest_row(out->rows);
    bool next = rest >= 0 && (rest == 0 || out->given[rest - 1]);
    out->at_name = out->command && next && out->rows[rest].kind == ARG_COMMAND;
    out->rest = next && out->rows[rest].kind == ARG_REST;
}

/* In an expression a word begins behind the last operator. */
static size_t expression_start(const char *line, size_t start, size_t cursor)
{
    for (size_t i = start; i < cursor; i++)
        if (!isalnum((unsigned char)line[i]) && line[i] != '_' && line[i] != '.')
            start = i + 1;
    return start;
}

void context_of(const char *line, size_t cursor, struct context *out)
{
    static const struct arg_row none[] = {{0}};
    struct scan s;
    scan_words(line, cursor, &s);
    *out = (struct context){.rows = none, .at_name = !s.words};
    if (s.words)
        follow(line, &s, out);
    out->start = out->rest ? expression_start(line, s.start, cursor) : s.start;
    size_t length = cursor - out->start;
    snprintf(out->word, sizeof out->word, "%.*s", length < CONTEXT_WORD ? (int)length : 0, line + out->start);
}
