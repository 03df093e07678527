/* output.c - the two streams, and what stands on the screen beside them.
 *
 * Three things can be on the terminal below what was printed: nothing, a line being typed (the editor's,
 * behind a guard), or a status line (progress). emit() is the only place that writes: it takes away what
 * stands there, prints, and puts it back. While a line is typed only whole lines are printed, so that the
 * redrawn prompt always starts in the first column; the rest of a line waits in `pending`. */
#include "output.h"

#include "../src/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

struct stream {
    FILE *file;
    bool terminal, colour;
    struct text pending;
};

static struct {
    struct stream result, diagnostic;
    bool quiet, failed;
    struct text *capture;
    void (*before)(void), (*after)(void);
    struct text status;
    bool status_shown;
} output;

static const char *const escapes[STYLES] = {
    [STYLE_PLAIN] = "",
    [STYLE_BOLD] = "\033[1m",
    [STYLE_DIM] = "\033[2m",
    [STYLE_TITLE] = "\033[1;36m",
    [STYLE_COMMAND] = "\033[36m",
    [STYLE_NUMBER] = "\033[1m",
    [STYLE_GOOD] = "\033[32m",
    [STYLE_WARN] = "\033[33m",
    [STYLE_ERROR] = "\033[1;31m",
};

static void stream_start(struct stream *s, FILE *file, bool plain)
{
    s->file = file;
    s->terminal = isatty(fileno(file)) == 1;
    s->colour = s->terminal && !plain;
}

static bool is_dumb(void)
{
    const char *term = getenv("TERM");
    return !term || !*term || strcmp(term, "dumb") == 0;
}

void out_start(bool quiet)
{
    const char *no_colour = getenv("NO_COLOR");
    bool plain = (no_colour && *no_colour) || is_dumb();
    stream_start(&output.result, stdout, plain);
    stream_start(&output.diagnostic, stderr, plain);
    output.quiet = quiet;
}

bool out_is_terminal(void)
{
    return output.result.terminal && !output.capture;
}

bool out_has_colour(void)
{
    return output.result.colour && !output.capture;
}

int out_width(void)
{
    struct winsize size;
    if (!out_is_terminal() && !output.diagnostic.terminal)
        return 80;
    int from = output.result.terminal ? STDOUT_FILENO : STDERR_FILENO;
    if (ioctl(from, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col < 20 ? 20 : size.ws_col;
}

const char *out_style(enum style s)
{
    return out_has_colour() ? escapes[s] : "";
}

const char *out_end(void)
{
    return out_has_colour() ? "\033[0m" : "";
}

/* --- writing ------------------------------------------------------------------------------------------ */

static void write_bytes(struct stream *s, const char *bytes, size_t length)
{
    FILE *file = s->file ? s->file : stdout;
    if (s == &output.diagnostic)
        fflush(stdout);
    if (fwrite(bytes, 1, length, file) != length && s == &output.result)
        output.failed = true;
}

static void status_hide(void)
{
    if (output.status_shown)
        fputs("\r\033[K", stderr);
    output.status_shown = false;
}

static void status_show(void)
{
    if (!output.status.length)
        return;
    fflush(stdout);
    fwrite(output.status.data, 1, output.status.length, stderr);
    output.status_shown = true;
}

static void emit_guarded(struct stream *s, const char *bytes, size_t length)
{
    const char *end = memrchr(bytes, '\n', length);
    size_t whole = end ? (size_t)(end - bytes) + 1 : 0;
    if (whole) {
        output.before();
        if (s->pending.length)
            write_bytes(s, s->pending.data, s->pending.length);
        text_clear(&s->pending);
        write_bytes(s, bytes, whole);
        fflush(stdout);
        output.after();
    }
    text_add_bytes(&s->pending, bytes + whole, length - whole);
}

static void emit(struct stream *s, const char *bytes, size_t length)
{
    if (output.capture) {
        text_add_bytes(output.capture, bytes, length);
    } else if (output.before && s->terminal) {
        emit_guarded(s, bytes, length);
    } else {
        bool again = output.status_shown && s->terminal;
        if (again)
            status_hide();
        write_bytes(s, bytes, length);
        if (again && length && bytes[length - 1] == '\n')
            status_show();
    }
}

static void emit_format(struct stream *s, const char *format, va_list list)
{
    char small[1024];
    va_list again;
    va_copy(again, list);
    int length = vsnprintf(small, sizeof small, format, list);
    if (length >= (int)sizeof small) {
        char *large = malloc((size_t)length + 1);
        if (large) {
            vsnprintf(large, (size_t)length + 1, format, again);
            emit(s, large, (size_t)length);
            free(large);
        }
    } else if (length > 0) {
        emit(s, small, (size_t)length);
    }
    va_end(again);
}

void out(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    emit_format(&output.result, format, list);
    va_end(list);
}

void out_text(const char *text)
{
    emit(&output.result, text, strlen(text));
}

bool out_error_colour(void)
{
    return output.diagnostic.colour && !output.capture;
}

/* One line in a style on stderr; the newline is added where the format has none. */
static void diagnose(enum style style, const char *label, const char *format, va_list list)
{
    struct text line = {0};
    char *body = NULL;
    if (vasprintf(&body, format, list) < 0)
        return;
    size_t length = strlen(body);
    while (length && body[length - 1] == '\n')
        length--;
    bool colour = out_error_colour();
    text_addf(&line, "%s%s", colour ? escapes[style] : "", label);
    if (*label && colour)
        text_add(&line, "\033[0m");
    text_add_bytes(&line, body, length);
    text_addf(&line, "%s\n", colour && !*label ? "\033[0m" : "");
    emit(&output.diagnostic, text_get(&line), line.length);
    text_release(&line);
    free(body);
}

void out_note(const char *format, ...)
{
    if (output.quiet)
        return;
    va_list list;
    va_start(list, format);
    diagnose(STYLE_DIM, "", format, list);
    va_end(list);
}

void out_warning(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    diagnose(STYLE_WARN, "warning: ", format, list);
    va_end(list);
}

void out_diagnostic(const char *text)
{
    emit(&output.diagnostic, text, strlen(text));
}

bool out_flush(void)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        output.failed = true;
    return !output.failed;
}

struct text *out_capture(struct text *into)
{
    struct text *old = output.capture;
    output.capture = into;
    return old;
}

void out_set_guard(void (*before)(void), void (*after)(void))
{
    output.before = before;
    output.after = after;
    if (before)
        return;
    struct stream *both[] = {&output.result, &output.diagnostic};
    for (int i = 0; i < 2; i++) {
        if (both[i]->pending.length)
            write_bytes(both[i], both[i]->pending.data, both[i]->pending.length);
        text_release(&both[i]->pending);
    }
}

/* --- the status line ---------------------------------------------------------------------------------- */

bool out_has_status(void)
{
    return output.diagnostic.terminal && !output.capture && !is_dumb();
}

void out_status(const char *text)
{
    if (!out_has_status())
        return;
    text_clear(&output.status);
    if (!text) {
        status_hide();
        text_release(&output.status);
        return;
    }
    size_t length = strlen(text), used = 0;
    int columns = 0, room = out_width() - 1;
    while (used < length) {
        int c;
        size_t bytes = out_character(text + used, length - used, &c);
        if (columns + c > room)
            break;
        columns += c;
        used += bytes;
    }
    /* One write, so that the line is never seen half drawn; what is left of a longer one is cleared. */
    text_add(&output.status, "\r");
    text_add_bytes(&output.status, text, used);
    text_addf(&output.status, "%s\033[K", output.diagnostic.colour ? "\033[0m" : "");
    status_show();
}

/* --- columns ------------------------------------------------------------------------------------------ */

/* Bytes of a well-formed UTF-8 sequence and its code point, 0 when it is none. */
static size_t decode(const unsigned char *s, size_t length, wchar_t *code)
{
    size_t need = s[0] < 0x80                   ? 1
                  : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
                  : (s[0] & 0xf0) == 0xe0       ? 3
                  : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                                : 0;
    if (need == 0 || need > length)
        return 0;
    *code = need == 1 ? s[0] : s[0] & (0xff >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (s[i] & 0x3f);
    }
    return need;
}

size_t out_character(const char *text, size_t length, int *columns)
{
    *columns = 0;
    if (length > 1 && text[0] == '\033' && text[1] == '[') {
        size_t n = 2;
        while (n < length && (text[n] < '@' || text[n] > '~'))
            n++;
        return n < length ? n + 1 : n;
    }
    wchar_t code;
    size_t bytes = decode((const unsigned char *)text, length, &code);
    if (!bytes) {
        *columns = 1;
        return 1;
    }
    int width = wcwidth(code);
    *columns = width >= 0 ? width : code >= 0x80;
    return bytes;
}

int out_columns(const char *text)
{
    size_t length = strlen(text);
    int sum = 0;
    for (size_t i = 0; i < length;) {
        int c;
        i += out_character(text + i, length - i, &c);
        sum += c;
    }
    return sum;
}

void out_clean(struct text *to, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        wchar_t code;
        size_t bytes = decode((const unsigned char *)text + i, length - i, &code);
        if (bytes && code >= 0x20 && code != 0x7f && !(code >= 0x80 && code < 0xa0))
            text_add_bytes(to, text + i, bytes);
        else
            text_add(to, bytes && code == '\t' ? " " : "?");
        i += bytes ? bytes : 1;
    }
}
