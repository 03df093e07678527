/* editor.c - libedit with the wait loop as its source of characters.
 *
 * libedit asks get_character() for each one. There the terminal stands still with the whole line drawn, so
 * this is the moment to wait, to draw the dim hint behind the line, and to let others print above it. What is
 * printed goes between hide() and show(): hide() goes to the first row of the prompt and clears from there,
 * show() has libedit draw everything again. The hint is ours alone: it stands right of the cursor when that
 * is at the end of the line, and is cleared before libedit hears of the next key.
 *
 * A bracketed paste arrives between ESC[200~ and ESC[201~ and is put into the line as one piece, through a
 * key of its own (Ctrl-^), so that libedit is never changed behind its back. A paste of several lines runs
 * line by line after Enter. */
#include "editor.h"

#include "candidates.h"
#include "complete.h"
#include "typed.h"
#include "loop.h"
#include "output.h"

#include "../src/error.h"
#include "../src/text.h"

#include <errno.h>
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

static const char paste_begin[] = "\033[200~", paste_end[] = "\033[201~";
enum { KEY_INSERT = 0x1e, PASTE_MAX = 1 << 16 };

struct editor {
    EditLine *el;
    struct repl *r;
    struct typed *typed;
    struct text prompt; /* with its escapes, each between \1 */
    int prompt_columns;
    bool reading, hidden; /* within el_gets(); taken off the screen */
    bool dumb;            /* a terminal without escapes */
    int hint_columns;     /* of the hint that stands behind the line */
    bool paste_cut;       /* the paste was longer than PASTE_MAX */
    char bytes[4096];     /* read and not yet handed out */
    size_t first, end;
    struct text insert;    /* waits for KEY_INSERT */
    struct termios before; /* the terminal as the program found it */
    struct text line;      /* what editor_read() returns */
    enum editor_result result;
};

/* libedit's callbacks for prompts and the output's guard have no argument; there is one terminal. */
static struct editor *active;

/* --- the screen --------------------------------------------------------------------------------------- */

/* Rows of the screen between the start of the prompt and the cursor, and the cursor's column. */
static int cursor_row(struct editor *ed, int *column)
{
    const LineInfoW *l = el_wline(ed->el);
    int width = out_width(), row = ed->prompt_columns / width, at = ed->prompt_columns % width;
    for (const wchar_t *p = l->buffer; p < l->cursor; p++) {
        int w = *p == L'\t' ? 8 - at % 8 : *p < 32 || *p == 127 ? 2 : wcwidth(*p);
        if (*p == L'\n' || at + w > width) {
            row++;
            at = 0;
        }
        at += *p == L'\n' ? 0 : w > 0 ? w : 0;
        if (at >= width) {
            row++;
            at -= width;
        }
    }
    *column = at;
    return row;
}

static void hint_clear(struct editor *ed)
{
    if (ed->hint_columns)
        fputs("\033[K", stdout);
    ed->hint_columns = 0;
    fflush(stdout);
}

/* Draws as much of the hint as fits right of the cursor, and moves the cursor back. */
static void hint_draw(struct editor *ed)
{
    const LineInfo *l = el_line(ed->el);
    size_t length = (size_t)(l->lastchar - l->buffer);
    struct text line = {0}, hint = {0};
    int column;
    if (ed->dumb || l->cursor != l->lastchar || !length || memchr(l->buffer, '\n', length))
        return;
    text_add_bytes(&line, l->buffer, length);
    complete_hint(text_get(&line), &hint);
    cursor_row(ed, &column);
    int room = out_width() - column - 1, used = 0;
    size_t bytes = 0;
    while (bytes < hint.length) {
        int c;
        size_t n = out_character(hint.data + bytes, hint.length - bytes, &c);
        if (used + c > room)
            break;
        used += c;
        bytes += n;
    }
    if (used) {
        printf("%s%.*s%s\033[%dD", out_style(STYLE_DIM), (int)bytes, hint.data, out_end(), used);
        fflush(stdout);
        ed->hint_columns = used;
    }
    text_release(&line);
    text_release(&hint);
}

static void wipe(struct editor *ed)
{
    int column, row = cursor_row(ed, &column);
    if (ed->dumb) {
        fputs("\n", stdout);
    } else {
        if (row > 0)
            printf("\033[%dA", row);
        fputs("\r\033[J", stdout);
    }
    ed->hint_columns = 0;
    fflush(stdout);
}

static void guard_before(void)
{
    wipe(active);
}

static void guard_after(void)
{
    el_set(active->el, EL_REFRESH);
    hint_draw(active);
}

static void paste_mode(struct editor *ed, bool on)
{
    if (!ed->dumb)
        fputs(on ? "\033[?2004h" : "\033[?2004l", stdout);
    fflush(stdout);
}

void editor_hide(struct editor *ed)
{
    if (!ed || !ed->reading || ed->hidden)
        return;
    out_set_guard(NULL, NULL);
    wipe(ed);
    ed->hidden = true;
}

void editor_show(struct editor *ed)
{
    if (!ed || !ed->hidden)
        return;
    ed->hidden = false;
    guard_after();
    out_set_guard(guard_before, guard_after);
}

static void be_quiet(struct editor *ed)
{
    struct termios quiet = ed->before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
}

/* A library may end the program, as Xlib does when its display goes: the terminal is given back all the same.
 */
static const struct editor *holder;

static void give_back(void)
{
    static const char paste_off[] = "\033[?2004l\n";
    if (!holder)
        return;
    if (!holder->dumb && holder->reading)
        (void)!write(STDOUT_FILENO, paste_off, sizeof paste_off - 1);
    tcsetattr(STDIN_FILENO, TCSANOW, &holder->before);
}

static void hold(const struct editor *ed)
{
    static bool registered;
    if (!registered)
        registered = atexit(give_back) == 0;
    holder = ed;
}

void editor_suspend(struct editor *ed)
{
    if (!ed)
        return;
    editor_hide(ed);
    if (ed->reading) {
        paste_mode(ed, false);
        el_set(ed->el, EL_PREP_TERM, 0);
    }
    tcsetattr(STDIN_FILENO, TCSADRAIN, &ed->before);
}

void editor_continue(struct editor *ed)
{
    if (!ed)
        return;
    be_quiet(ed);
    if (ed->reading) {
        el_set(ed->el, EL_PREP_TERM, 1);
        paste_mode(ed, true);
    }
    editor_show(ed);
}

void editor_resize(struct editor *ed)
{
    if (!ed || !ed->reading || ed->hidden)
        return;
    wipe(ed);
    el_resize(ed->el);
    guard_after();
}

/* --- characters --------------------------------------------------------------------------------------- */

/* Makes sure that a byte is there; waits if it must. LOOP_KEY when there is one. */
static enum loop_event fill(struct editor *ed)
{
    if (ed->first < ed->end)
        return LOOP_KEY;
    enum loop_event event = loop_wait(true, NULL, NULL);
    if (event != LOOP_KEY)
        return event;
    ssize_t n = read(STDIN_FILENO, ed->bytes, sizeof ed->bytes);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return fill(ed);
    ed->first = 0;
    ed->end = n > 0 ? (size_t)n : 0;
    return n > 0 ? LOOP_KEY : LOOP_END_OF_INPUT;
}

/* True when the bytes begin with the mark of a paste. A mark cut by the end of a read is completed first. */
static bool starts_paste(struct editor *ed)
{
    size_t length = strlen(paste_begin), have = ed->end - ed->first;
    while (have > 2 && have < length && memcmp(ed->bytes + ed->first, paste_begin, have) == 0) {
        memmove(ed->bytes, ed->bytes + ed->first, have);
        ed->first = 0;
        ed->end = have;
        if (loop_wait(true, NULL, NULL) != LOOP_KEY)
            return false;
        ssize_t n = read(STDIN_FILENO, ed->bytes + have, sizeof ed->bytes - have);
        if (n <= 0)
            return false;
        have = ed->end += (size_t)n;
    }
    return have >= length && memcmp(ed->bytes + ed->first, paste_begin, length) == 0;
}

/* Takes the text of a bracketed paste, whose beginning was read, up to its end. */
static enum loop_event take_paste(struct editor *ed)
{
    size_t tail = strlen(paste_end);
    text_clear(&ed->insert);
    for (;;) {
        enum loop_event event = fill(ed);
        if (event != LOOP_KEY)
            return event;
        char c = ed->bytes[ed->first++];
        text_add_bytes(&ed->insert, c == '\r' ? "\n" : &c, c != '\0');
        if (ed->insert.length >= tail && c == '~' &&
            memcmp(ed->insert.data + ed->insert.length - tail, paste_end, tail) == 0) {
            ed->insert.data[ed->insert.length -= tail] = '\0';
            return LOOP_KEY;
        }
        if (ed->insert.length > PASTE_MAX + tail) {
            ed->paste_cut = true;
            memmove(ed->insert.data, ed->insert.data + ed->insert.length - tail, tail);
            ed->insert.length = tail;
        }
    }
}

/* Decodes one character from the bytes; NUL and bad UTF-8 are dropped. */
static enum loop_event take_character(struct editor *ed, wchar_t *out)
{
    mbstate_t state = {0};
    for (;;) {
        enum loop_event event = fill(ed);
        if (event != LOOP_KEY)
            return event;
        size_t n = mbrtowc(out, ed->bytes + ed->first++, 1, &state);
        if (n == (size_t)-1)
            state = (mbstate_t){0};
        else if (n == 1)
            return LOOP_KEY;
    }
}

static enum loop_event next_character(struct editor *ed, wchar_t *out)
{
    for (;;) {
        if (ed->insert.length) {
            *out = KEY_INSERT;
            return LOOP_KEY;
        }
        enum loop_event event = fill(ed);
        if (event != LOOP_KEY)
            return event;
        if (!starts_paste(ed))
            return take_character(ed, out);
        ed->first += strlen(paste_begin);
        event = take_paste(ed);
        if (event != LOOP_KEY)
            return event;
    }
}

/* libedit's source of characters: 1, 0 at the end, -1 to give up the line. */
static int get_character(EditLine *el, wchar_t *out)
{
    struct editor *ed;
    el_get(el, EL_CLIENTDATA, &ed);
    if (ed->first == ed->end && !ed->insert.length)
        hint_draw(ed);
    enum loop_event event = next_character(ed, out);
    hint_clear(ed);
    if (event == LOOP_KEY)
        return 1;
    const LineInfoW *l = el_wline(el);
    ed->result = event == LOOP_END_OF_INPUT                           ? EDITOR_END
                 : event == LOOP_INTERRUPT && l->lastchar > l->buffer ? EDITOR_CANCELLED
                                                                      : EDITOR_INTERRUPTED;
    wipe(ed);
    el_cursor(el, (int)(l->lastchar - l->cursor));
    el_set(el, EL_REFRESH);
    errno = EIO;
    return -1;
}

/* --- keys --------------------------------------------------------------------------------------------- */

static struct editor *editor_of(EditLine *el)
{
    struct editor *ed;
    el_get(el, EL_CLIENTDATA, &ed);
    return ed;
}

static unsigned char key_insert(EditLine *el, int key)
{
    struct editor *ed = editor_of(el);
    struct text clean = {0};
    const char *p = text_get(&ed->insert), *end = p + ed->insert.length;
    for (; p < end; p++) /* line by line, for out_clean() takes newlines away */
        if (*p == '\n') {
            text_add(&clean, "\n");
        } else {
            size_t length = strcspn(p, "\n");
            out_clean(&clean, p, length);
            p += length - 1;
        }
    while (clean.length && clean.data[clean.length - 1] == '\n')
        clean.data[--clean.length] = '\0';
    text_clear(&ed->insert);
    if (ed->paste_cut)
        out_warning(
            "a paste of more than %d KB does not fit a line: put it into a file and type `source FILE`",
            PASTE_MAX / 1024);
    else if (clean.length)
        el_insertstr(el, clean.data);
    ed->paste_cut = false;
    text_release(&clean);
    return CC_REFRESH;
}

/* Puts `length` bytes of a word in the place of what stands between `start` and the cursor. */
static void replace_word(EditLine *el, size_t start, const char *word, size_t length)
{
    const LineInfo *l = el_line(el);
    int characters = 0;
    for (const char *p = l->buffer + start; p < l->cursor; p++)
        characters += ((unsigned char)*p & 0xc0) != 0x80;
    struct text t = {0};
    text_add_bytes(&t, word, length);
    if (characters)
        el_deletestr(el, characters);
    el_insertstr(el, text_get(&t));
    text_release(&t);
}

static unsigned char key_complete(EditLine *el, int key)
{
    struct editor *ed = editor_of(el);
    const LineInfo *l = el_line(el);
    size_t length = (size_t)(l->lastchar - l->buffer), cursor = (size_t)(l->cursor - l->buffer);
    struct text line = {0}, list = {0};
    struct completion c = {0};
    text_add_bytes(&line, l->buffer, length);
    complete(ed->r, text_get(&line), cursor, &c);
    unsigned char result = CC_REFRESH;
    if (c.count == 0 || c.start > cursor) {
        result = CC_REFRESH_BEEP;
    } else if (c.count == 1) {
        size_t n = strlen(c.word[0]);
        bool open = n && strchr("=/", c.word[0][n - 1]);
        replace_word(el, c.start, c.word[0], n);
        if (!open && (cursor == length || line.data[cursor] != ' '))
            el_insertstr(el, " ");
    } else {
        size_t n = candidates_prefix(&c);
        if (n > cursor - c.start)
            replace_word(el, c.start, c.word[0], n);
        candidates_write(&c, out_width(), &list);
        out_text(text_get(&list));
        text_release(&list);
    }
    completion_release(&c);
    text_release(&line);
    return result;
}

/* Up and Down go through the lines that start like what was typed. */
static unsigned char walk(EditLine *el, int direction)
{
    struct editor *ed = editor_of(el);
    const LineInfo *l = el_line(el);
    struct text line = {0};
    text_add_bytes(&line, l->buffer, (size_t)(l->lastchar - l->buffer));
    const char *found = typed_walk(ed->typed, text_get(&line), (size_t)(l->cursor - l->buffer), direction);
    text_release(&line);
    if (!found)
        return CC_REFRESH_BEEP;
    const LineInfoW *w = el_wline(el);
    el_cursor(el, (int)(w->lastchar - w->cursor));
    el_deletestr(el, (int)(w->lastchar - w->buffer));
    if (*found)
        el_insertstr(el, found);
    return CC_REFRESH;
}

static unsigned char key_up(EditLine *el, int key)
{
    return walk(el, -1);
}

static unsigned char key_down(EditLine *el, int key)
{
    return walk(el, 1);
}

/* --- the editor --------------------------------------------------------------------------------------- */

static char *give_prompt(EditLine *el)
{
    return editor_of(el)->prompt.data;
}

static const struct binding {
    const char *key, *function;
} bindings[] = {
    {"^I", "gradus-complete"},
    {"^^", "gradus-insert"},
    {"\\e[A", "gradus-up"},
    {"\\eOA", "gradus-up"},
    {"^P", "gradus-up"},
    {"\\e[B", "gradus-down"},
    {"\\eOB", "gradus-down"},
    {"^N", "gradus-down"},
    {"^R", "em-inc-search-prev"},
    {"\\e[3~", "ed-delete-next-char"},
    {"\\e[H", "ed-move-to-beg"},
    {"\\e[F", "ed-move-to-end"},
    {"\\e[1~", "ed-move-to-beg"},
    {"\\e[4~", "ed-move-to-end"},
    {"\\e[1;5C", "em-next-word"},
    {"\\e[1;5D", "ed-prev-word"},
    {"^W", "ed-delete-prev-word"},
};

/* The narrow el_set() would copy the names and never free them. */
static void bind_keys(EditLine *el)
{
    el_wset(el, EL_ADDFN, L"gradus-complete", L"Complete the word", key_complete);
    el_wset(el, EL_ADDFN, L"gradus-insert", L"Insert what was pasted", key_insert);
    el_wset(el, EL_ADDFN, L"gradus-up", L"Older line that starts like this one", key_up);
    el_wset(el, EL_ADDFN, L"gradus-down", L"Newer line that starts like this one", key_down);
    for (size_t i = 0; i < sizeof bindings / sizeof *bindings; i++)
        el_set(el, EL_BIND, bindings[i].key, bindings[i].function, NULL);
}

struct editor *editor_new(struct repl *r, struct error *e)
{
    struct editor *ed = calloc(1, sizeof *ed);
    const char *term = getenv("TERM");
    if (!ed || !(ed->typed = typed_open())) {
        free(ed);
        error_set(e, "no memory for the line editor");
        return NULL;
    }
    ed->r = r;
    ed->dumb = !term || !*term || strcmp(term, "dumb") == 0;
    ed->el = tcgetattr(STDIN_FILENO, &ed->before) == 0 ? el_init("gradus", stdin, stdout, stderr) : NULL;
    if (!ed->el) {
        error_set(e, "the terminal cannot be used for editing");
        editor_free(ed);
        return NULL;
    }
    el_set(ed->el, EL_CLIENTDATA, ed);
    el_set(ed->el, EL_GETCFN, get_character);
    el_set(ed->el, EL_PROMPT_ESC, give_prompt, '\1');
    el_set(ed->el, EL_SIGNAL, 0);
    el_set(ed->el, EL_EDITOR, "emacs");
    el_set(ed->el, EL_HIST, history, typed_libedit(ed->typed));
    el_source(ed->el, NULL); /* the user's .editrc may ask for vi; our keys are bound in what it chose */
    bind_keys(ed->el);
    be_quiet(ed);
    hold(ed);
    return ed;
}

void editor_free(struct editor *ed)
{
    if (!ed)
        return;
    holder = NULL;
    if (ed->el) {
        el_end(ed->el);
        tcsetattr(STDIN_FILENO, TCSADRAIN, &ed->before);
    }
    typed_close(ed->typed);
    struct text *all[] = {&ed->prompt, &ed->insert, &ed->line};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        text_release(all[i]);
    free(ed);
}

static void set_prompt(struct editor *ed, const char *prompt)
{
    const char *style = out_style(STYLE_COMMAND);
    text_clear(&ed->prompt);
    if (*style)
        text_addf(&ed->prompt, "\1%s\1%s\1%s\1", style, prompt, out_end());
    else
        text_add(&ed->prompt, prompt);
    ed->prompt_columns = out_columns(prompt);
}

enum editor_result editor_read(struct editor *ed, const char *prompt, const char **line, size_t *length)
{
    int count = 0;
    ed->result = EDITOR_LINE;
    set_prompt(ed, prompt);
    typed_rest(ed->typed);
    text_clear(&ed->line);
    out_flush();
    active = ed;
    ed->reading = true;
    paste_mode(ed, true);
    out_set_guard(guard_before, guard_after);
    const char *got = el_gets(ed->el, &count);
    out_set_guard(NULL, NULL);
    ed->reading = false;
    be_quiet(ed);
    paste_mode(ed, false);
    if (!got || count <= 0)
        ed->result = ed->result == EDITOR_LINE ? EDITOR_END : ed->result;
    else
        text_add_bytes(&ed->line, got, (size_t)count - (got[count - 1] == '\n'));
    if (ed->result != EDITOR_LINE)
        fputs(ed->result == EDITOR_END ? "\n" : "^C\n", stdout);
    fflush(stdout);
    *line = text_get(&ed->line);
    *length = ed->line.length;
    return ed->result;
}

void editor_prefill(struct editor *ed, const char *text)
{
    text_clear(&ed->insert);
    text_add(&ed->insert, text);
}

void editor_remember(struct editor *ed, const char *line)
{
    struct error e;
    if (!typed_add(ed->typed, line, &e))
        out_note("%s", e.text);
}
