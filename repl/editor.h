/* editor.h - the line editor: libedit behind one small interface.
 *
 * Persistent history, completion and dim hints from the tables, bracketed paste, UTF-8. Completion and hints
 * themselves are in complete.h and know no terminal. Main only. */
#ifndef GRADUS_REPL_EDITOR_H
#define GRADUS_REPL_EDITOR_H

#include <stdbool.h>
#include <stddef.h>

struct repl;
struct error;
struct editor;

/* From here to editor_free() the terminal echoes nothing by itself: keys pressed while a command runs wait,
 * unseen, for the next line. */
struct editor *editor_new(struct repl *r, struct error *e);
void editor_free(struct editor *ed);

/* Reads one line. EDITOR_LINE: *line is the editor's until the next call, without its newline; a paste may
 * have put newlines into it. */
enum editor_result {
    EDITOR_LINE,
    EDITOR_CANCELLED /* Ctrl-C on a typed line */,
    EDITOR_INTERRUPTED /* on an empty one */,
    EDITOR_END /* Ctrl-D */
};
enum editor_result editor_read(struct editor *ed, const char *prompt, const char **line, size_t *length);

/* Puts text into the line that will be edited next (`solution`). */
void editor_prefill(struct editor *ed, const char *text);

/* Adds to the history, in memory and on disk. */
void editor_remember(struct editor *ed, const char *line);

/* While a line is being edited: takes it off the screen, puts it there again. Outside of editor_read() they
 * do nothing. */
void editor_hide(struct editor *ed);
void editor_show(struct editor *ed);

/* Gives the terminal back as it was before the program started, and takes it again: around a stop (Ctrl-Z).
 */
void editor_suspend(struct editor *ed);
void editor_continue(struct editor *ed);

/* The terminal has a new size. */
void editor_resize(struct editor *ed);

#endif
