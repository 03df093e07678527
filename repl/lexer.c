/* lexer.c - one line of text becomes commands and words.
 *
 * The text is copied once. In the copy comments and continuations turn into blanks, so that every offset
 * stays what it was and the raw rest of a command (an expression) can be handed out as it stands. A second
 * buffer of the same size takes the unquoted words. A newline outside brackets ends a command, as ";" does:
 * so a pasted block of lines is cut like one line. */
#include "lexer.h"

#include "../src/memory.h"

#include <ctype.h>
#include <string.h>

enum { LINE_BYTES = 1 << 20, BRACKETS = 64 };

struct lexer {
    char *copy; /* the text, with blanks for comments */
    char *out;  /* where the next unquoted word goes */
    int length, at;
    struct word *word;
    int words, word_room;
    struct command_line *command;
    int commands, command_room;
    bool more;
    struct error *e;
};

static bool fail(struct lexer *l, int offset, int length, const char *message)
{
    return error_set_at(l->e, offset, length, "%s", message);
}

/* --- bytes --------------------------------------------------------------------------------------------- */

/* Bytes of the UTF-8 character at p, 0 when it is none: overlong forms, surrogates and cut ones are refused.
 */
static int utf8_length(const unsigned char *p, int left)
{
    if (p[0] < 0x80)
        return 1;
    int n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n > left)
        return 0;
    for (int i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))
        return 0;
    if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

static bool check_bytes(const char *text, size_t length, struct error *e)
{
    if (length > LINE_BYTES)
        return error_set(e, "this line has %zu bytes, and %d is the most: put the data into a file", length,
            (int)LINE_BYTES);
    for (size_t i = 0; i < length;) {
        if (!text[i])
            return error_set_at(e, (int)i, 1, "a NUL byte stands here: this is not text");
        int n = utf8_length((const unsigned char *)text + i, (int)(length - i));
        if (!n)
            return error_set_at(e, (int)i, 1, "byte %d is not valid UTF-8: save the file as UTF-8",
                (int)(unsigned char)text[i]);
        i += (size_t)n;
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static bool ends_word(char c)
{
    return is_blank(c) || strchr("\n;&#\"'", c);
}

static char here(const struct lexer *l)
{
    return l->at < l->length ? l->copy[l->at] : '\0';
}

/* --- growing arrays ------------------------------------------------------------------------------------ */

static bool grow(void **array, int count, int *room, size_t size, struct error *e)
{
    if (count < *room)
        return true;
    int more = *room * 2 + 16;
    void *bigger = memory_take((size_t)more, size, "the words of a line", e);
    if (!bigger)
        return false;
    if (count)
        memcpy(bigger, *array, (size_t)count * size);
    memory_free(*array);
    *array = bigger;
    *room = more;
    return true;
}

/* --- atoms --------------------------------------------------------------------------------------------- */

static void blank_comment(struct lexer *l)
{
    for (int i = l->at; i < l->length && l->copy[i] != '\n'; i++)
        l->copy[i] = ' ';
}

/* Skips a quoted text; with `keep` its unquoted bytes go to l->out. */
static bool skip_quoted(struct lexer *l, bool keep)
{
    int start = l->at;
    char quote = l->copy[l->at++];
    for (; here(l) && here(l) != quote; l->at++) {
        char c = here(l);
        if (c == '\\' && l->at + 1 < l->length) {
            c = l->copy[++l->at];
            if (c == 'n' || c == 't')
                c = c == 'n' ? '\n' : '\t';
            else if (!strchr("\\\"'", c))
                return fail(l, l->at - 1, 2, "a quoted text knows \\n \\t \\\\ \\\" and \\' only");
        }
        if (keep)
            *l->out++ = c;
    }
    if (!here(l))
        return fail(l, start, 1, "this quote is never closed");
    l->at++;
    return true;
}

/* Skips from an opening bracket to the one that closes it; blanks, quotes and newlines in between belong to
 * it. False with l->more when the text ends first. */
static bool skip_brackets(struct lexer *l)
{
    int open[BRACKETS], depth = 0;
    do {
        char c = here(l);
        if (!c) {
            l->more = true;
            return fail(l, open[depth - 1], 1, "this bracket is never closed");
        }
        if (c == ';' || c == '&')
            return fail(l, open[depth - 1], 1, "this bracket is not closed before the end of its command");
        if (c == '#') {
            blank_comment(l);
        } else if (c == '"' || c == '\'') {
            if (!skip_quoted(l, false))
                return false;
            continue;
        } else if (c == '[' || c == '(') {
            if (depth == BRACKETS)
                return fail(l, l->at, 1, "brackets nest too deep here: 64 is the most");
            open[depth++] = l->at;
        } else if (c == ']' || c == ')') {
            if (l->copy[open[--depth]] != (c == ']' ? '[' : '('))
                return fail(l, l->at, 1, c == ']' ? "this ']' closes a '('" : "this ')' closes a '['");
        } else if (c == '\n' || (c == '\\' && l->at + 1 < l->length && l->copy[l->at + 1] == '\n')) {
            l->copy[l->at] = ' ';
        }
        l->at++;
    } while (depth);
    return true;
}

/* A bare word: brackets balance, all else runs up to a blank. */
static bool skip_bare(struct lexer *l)
{
    while (here(l) && !ends_word(here(l))) {
        char c = here(l);
        if (c == ']' || c == ')')
            return fail(l, l->at, 1, "this bracket closes nothing");
        if (c == '\\' && (l->at + 1 == l->length || l->copy[l->at + 1] == '\n'))
            break;
        if (c == '[' || c == '(') {
            if (!skip_brackets(l))
                return false;
        } else {
            l->at++;
        }
    }
    return true;
}

/* Length of KEY in front of "=", 0 when the word has none. "==" is a comparison. */
static int key_length(const struct lexer *l)
{
    const char *p = l->copy + l->at;
    int n = 0, left = l->length - l->at;
    if (!isalpha((unsigned char)p[0]) && p[0] != '_')
        return 0;
    while (n < left && (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == '-'))
        n++;
    bool key = n < left && p[n] == '=' && !(n + 1 < left && p[n + 1] == '=');
    return key ? n : 0;
}

static const char *keep_bytes(struct lexer *l, int from, int length)
{
    char *start = l->out;
    memcpy(start, l->copy + from, (size_t)length);
    start[length] = '\0';
    l->out += length + 1;
    return start;
}

/* One word with its key, into *w. */
static bool read_word(struct lexer *l, struct word *w)
{
    *w = (struct word){.offset = l->at};
    int key = key_length(l);
    if (key) {
        w->key = keep_bytes(l, l->at, key);
        l->at += key + 1;
    }
    char c = here(l);
    if (c == '"' || c == '\'') {
        w->quoted = true;
        w->text = l->out;
        if (!skip_quoted(l, true))
            return false;
        *l->out++ = '\0';
        if (here(l) && !strchr(" \t\r\n;&#", here(l)))
            return fail(l, l->at, 1, "a blank is missing behind the closing quote");
    } else {
        int start = l->at;
        if (!skip_bare(l))
            return false;
        if (here(l) == '"' || here(l) == '\'')
            return fail(l, l->at, 1, "a quote begins inside a word: quote the whole word");
        w->list = c == '[' && l->copy[l->at - 1] == ']';
        w->text = keep_bytes(l, start, l->at - start);
    }
    w->length = l->at - w->offset;
    return true;
}

/* --- commands ------------------------------------------------------------------------------------------ */

/* Skips blanks, comments and continued line ends. False with l->more behind a trailing "\". */
static bool skip_blanks(struct lexer *l)
{
    for (;; l->at++) {
        char c = here(l);
        if (c == '#') {
            blank_comment(l);
        } else if (c == '\\' && l->at + 1 == l->length) {
            l->more = true;
            return fail(l, l->at, 1, "this line goes on, but nothing follows");
        } else if (c == '\\' && l->copy[l->at + 1] == '\n') {
            l->copy[l->at] = l->copy[l->at + 1] = ' ';
        } else if (!is_blank(c)) {
            return true;
        }
    }
}

static bool read_background(struct lexer *l, struct command_line *c)
{
    int place = l->at++;
    c->background = true;
    if (!skip_blanks(l))
        return false;
    if (here(l) && here(l) != ';' && here(l) != '\n')
        return fail(l, place, 1, "'&' ends a command: put ';' behind it");
    return true;
}

/* Points `raw` at what stands behind the name, and ends it with a NUL in the copy. */
static void cut_raw(struct lexer *l, struct command_line *c, int end)
{
    int start = c->name.offset + c->name.length;
    while (start < end && strchr(" \t\r\n\f\v", l->copy[start]))
        start++;
    while (end > start && strchr(" \t\r\n\f\v", l->copy[end - 1]))
        end--;
    c->raw = l->copy + start;
    c->raw_offset = start;
    l->copy[end] = '\0';
}

/* Reads one command; its words are indices into l->word until all are there. */
static bool read_command(struct lexer *l)
{
    if (!grow((void **)&l->command, l->commands, &l->command_room, sizeof *l->command, l->e))
        return false;
    struct command_line *c = &l->command[l->commands];
    *c = (struct command_line){0};
    if (here(l) == '?') {
        c->name = (struct word){.text = "?", .offset = l->at++, .length = 1};
    } else if (here(l) == '&') {
        return fail(l, l->at, 1, "'&' ends a command, but none stands before it");
    } else if (!read_word(l, &c->name)) {
        return false;
    }
    while (skip_blanks(l) && here(l) && !strchr(";&\n", here(l))) {
        if (!grow((void **)&l->word, l->words, &l->word_room, sizeof *l->word, l->e) ||
            !read_word(l, &l->word[l->words]))
            return false;
        l->words++;
        c->count++;
    }
    int end = l->at;
    if (l->more || (here(l) == '&' && !read_background(l, c)))
        return false;
    int separator = l->at;
    l->at += l->at < l->length;
    cut_raw(l, c, end < separator ? end : separator);
    l->commands++;
    return true;
}

static bool read_line(struct lexer *l)
{
    while (skip_blanks(l)) {
        char c = here(l);
        if (l->at >= l->length)
            return true;
        if (c == ';' || c == '\n')
            l->at++;
        else if (!read_command(l))
            return false;
    }
    return false;
}

/* Words move while the array grows, so commands get their pointers at the end. */
static void hand_over(struct lexer *l, struct line *out)
{
    struct word *next = l->word;
    for (int i = 0; i < l->commands; i++) {
        l->command[i].word = next;
        next += l->command[i].count;
    }
    *out = (struct line){.command = l->command, .count = l->commands, .storage = l->copy, .words = l->word};
}

enum lex_result lex_line(const char *text, size_t length, struct line *out, struct error *e)
{
    if (!check_bytes(text, length, e))
        return LEX_ERROR;
    /* The unquoted words need no more than the text: a blank or "=" gives way to each NUL. */
    char *block = memory_take(length * 2 + 8, 1, "a line", e);
    if (!block)
        return LEX_ERROR;
    memcpy(block, text, length);
    struct lexer l = {.copy = block, .out = block + length + 1, .length = (int)length, .e = e};
    if (!read_line(&l)) {
        memory_free(block);
        memory_free(l.word);
        memory_free(l.command);
        return l.more ? LEX_MORE : LEX_ERROR;
    }
    hand_over(&l, out);
    return LEX_OK;
}

void line_release(struct line *l)
{
    memory_free(l->command);
    memory_free(l->words);
    memory_free(l->storage);
    *l = (struct line){0};
}
