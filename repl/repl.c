/* repl.c - the way of a line: cut, run command by command, say what went wrong, remember what changed.
 *
 * Whatever its origin, a line goes through repl_line(). The first error ends it. What a change did unasked
 * (the session's notice) is printed behind each command, and what changed something goes into the journal
 * with its full name, so that replaying needs no prefixes. */
#include "repl.h"

#include "cmd.h"
#include "lesson.h"
#include "output.h"

#include "../src/io/file.h"
#include "../src/memory.h"

#include <string.h>

enum { NESTED = 16, CONTINUED = 1000, SCRIPT_BYTES = 64 << 20 };

void repl_notices(struct repl *r)
{
    note_lines(text_get(&r->session->notice));
    text_clear(&r->session->notice);
}

/* A line that ended a training was typed while it ran: it gets the step at which it acted. */
static void stamp(struct session *s, uint64_t before)
{
    struct journal_line *line = &s->journal[s->journal_count - 1];
    uint64_t after = session_place(s).step;
    if (before != UINT64_MAX && line->step == UINT64_MAX)
        line->step = after > before ? after : before;
}

static bool journal(struct repl *r, const struct command *c, const struct command_line *line, uint64_t before,
    struct error *e)
{
    if (!(c->effect & (EFFECT_CHANGES | EFFECT_REPLAYED)))
        return true;
    struct text t = {0};
    text_addf(&t, "%s%s%s%s", c->name, *line->raw ? " " : "", line->raw, line->background ? " &" : "");
    for (char *p = t.data; p && *p; p++)
        if (*p == '\n')
            *p = ' ';
    bool ok = session_journal(r->session, text_get(&t), e);
    if (ok)
        stamp(r->session, before);
    text_release(&t);
    return ok;
}

static bool run_one(struct repl *r, const struct command_line *line, struct error *e)
{
    uint64_t before = session_running(r->session) ? session_place(r->session).step : UINT64_MAX;
    *e = (struct error){.offset = -1};
    bool ok = command_run(r, line, e);
    repl_notices(r);
    const struct command *c = ok ? command_find(line->name.text, r->origin->interactive, NULL) : NULL;
    return ok && (!c || journal(r, c, line, before, e));
}

/* Prints an error under the physical line of a continued text that it stands in. */
static void print_error(struct repl *r, const char *text, size_t length, struct error *e)
{
    size_t start = 0;
    int number = r->origin->line;
    for (size_t i = 0; i < length && e->offset >= 0 && i < (size_t)e->offset; i++)
        if (text[i] == '\n') {
            start = i + 1;
            number += number > 0;
        }
    const char *end = memchr(text + start, '\n', length - start);
    if (e->offset >= 0)
        e->offset -= (int)start;
    out_error(r->origin->name, number, text + start, end ? (size_t)(end - text) - start : length - start, e);
}

static bool run_line(struct repl *r, const char *text, size_t length, struct error *e)
{
    struct line line;
    if (lex_line(text, length, &line, e) != LEX_OK)
        return false;
    bool ok = true;
    for (int i = 0; i < line.count && ok && !r->quit; i++)
        ok = run_one(r, &line.command[i], e);
    line_release(&line);
    return ok;
}

bool repl_line(struct repl *r, const char *text, size_t length, const struct origin *origin)
{
    const struct origin *outer = r->origin;
    struct error e = {.offset = -1};
    r->origin = origin;
    bool ok = run_line(r, text, length, &e);
    if (!ok && e.text[0])
        print_error(r, text, length, &e);
    if (!ok && !r->status)
        r->status = 1;
    r->origin = outer;
    return ok;
}

bool repl_wants_more(const char *text, size_t length)
{
    struct line line;
    enum lex_result result = lex_line(text, length, &line, NULL);
    if (result == LEX_OK)
        line_release(&line);
    return result == LEX_MORE;
}

bool repl_command(struct repl *r, const char *text, struct error *e)
{
    struct line line;
    if (r->depth >= NESTED)
        return error_set(e, "commands are nested too deep here: %d is the most", (int)NESTED);
    if (lex_line(text, strlen(text), &line, e) != LEX_OK)
        return false;
    r->depth++;
    bool ok = line.count == 1;
    if (!ok)
        error_set(e, line.count ? "only one command can stand here" : "a command is missing here");
    else
        ok = run_one(r, &line.command[0], e);
    r->depth--;
    line_release(&line);
    return ok;
}

/* --- files --------------------------------------------------------------------------------------------- */

/* Length of the text at `from` up to the end of its line, or of the line that continues it. */
static size_t whole_line(const char *from, size_t left, int *lines)
{
    size_t length = 0;
    for (*lines = 0; *lines < CONTINUED;) {
        const char *end = memchr(from + length, '\n', left - length);
        length = end ? (size_t)(end - from) : left;
        ++*lines;
        if (length == left || !repl_wants_more(from, length))
            break;
        length++;
    }
    return length;
}

/* A running lesson looks on at every line of a script too. */
static void tell_lesson(struct repl *r, const char *line, size_t length, bool ok)
{
    struct text t = {0};
    text_add_bytes(&t, line, length);
    lesson_line_done(r, text_get(&t), ok);
    text_release(&t);
}

static bool run_text(struct repl *r, const char *name, const char *bytes, size_t length)
{
    const struct origin *outer = r->origin;
    struct origin o = {.name = name, .line = 1, .lesson = outer && outer->lesson};
    size_t at = length >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
    bool ok = true;
    while (at < length && ok && !r->quit) {
        int lines;
        size_t n = whole_line(bytes + at, length - at, &lines);
        ok = repl_line(r, bytes + at, n, &o);
        if (r->lesson && !o.lesson)
            tell_lesson(r, bytes + at, n, ok);
        o.line += lines;
        at += n + 1;
    }
    return ok;
}

bool repl_file(struct repl *r, const char *path, struct error *e)
{
    char *bytes;
    size_t length;
    if (r->depth >= NESTED)
        return error_set(e, "files run each other too deep here ('%s'): %d is the most", path, (int)NESTED);
    if (!file_read(path, SCRIPT_BYTES, &bytes, &length, e))
        return false;
    r->depth++;
    bool ok = run_text(r, path, bytes, length);
    r->depth--;
    memory_free(bytes);
    if (!ok && e)
        *e = (struct error){.offset = -1};
    return ok;
}
