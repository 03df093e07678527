/* output.h - all that the program prints.
 *
 * Results go to stdout, diagnostics to stderr. At a prompt both are printed above the line being typed,
 * which stays. Colour only on a terminal, without NO_COLOR and TERM=dumb. Main only. */
#ifndef GRADUS_REPL_OUTPUT_H
#define GRADUS_REPL_OUTPUT_H

#include "../src/error.h"

#include <stddef.h>

enum style {
    STYLE_PLAIN,
    STYLE_BOLD,
    STYLE_DIM,
    STYLE_TITLE,
    STYLE_COMMAND,
    STYLE_NUMBER,
    STYLE_GOOD,
    STYLE_WARN,
    STYLE_ERROR,
    STYLES
};

/* Looks at stdout, stderr, NO_COLOR and TERM once; `quiet` silences out_note(). */
void out_start(bool quiet);
bool out_is_terminal(void);
bool out_has_colour(void);
int out_width(void); /* columns of the terminal; 80 off one */

/* The escape that starts a style on stdout, "" without colour; out_end() closes it. */
const char *out_style(enum style s);
const char *out_end(void);

void out(const char *format, ...) __attribute__((format(printf, 1, 2)));
void out_text(const char *text); /* any length */
void out_note(const char *format, ...)
    __attribute__((format(printf, 1, 2))); /* dim, to stderr: what was done unasked */
void out_warning(const char *format, ...) __attribute__((format(printf, 1, 2))); /* to stderr */

/* Prepared text to stderr, and whether that has colour. */
void out_diagnostic(const char *text);
bool out_error_colour(void);

/* "spiral.gr:12:9: error: …", the line and the caret. name NULL and line 0: at the prompt. */
void out_error(const char *name, int number, const char *line, size_t length, const struct error *e);

/* Redirects what would be printed into a buffer while it is set (tests, lessons); NULL ends it. Returns the
 * old. */
struct text;
struct text *out_capture(struct text *into);

/* Called around each print when a line is being typed: hide it, show it again. Set by the editor; then only
 * whole lines are printed, the start of one waits for its end. NULL, NULL: no line is being typed. */
void out_set_guard(void (*before)(void), void (*after)(void));

/* Draws a line over itself (progress); only on a terminal. out_status(NULL) ends it. It goes to stderr, cut
 * to the terminal's width, and stays below whatever else is printed. */
void out_status(const char *text);
bool out_has_status(void); /* a status would be seen */

/* Writes out what is buffered. False once stdout cannot be written any more (closed pipe, full disk). */
bool out_flush(void);

/* Columns that UTF-8 text takes on the screen; escapes of out_style() take none. */
int out_columns(const char *text);

/* Appends text that may come from anywhere, safe for a terminal: control bytes and bad UTF-8 become '?'. */
void out_clean(struct text *to, const char *text, size_t length);

/* Bytes of the UTF-8 character at text (at least 1), and its columns in *columns: what out_columns() adds up.
 */
size_t out_character(const char *text, size_t length, int *columns);

#endif
