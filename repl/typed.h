/* typed.h - the lines typed before, in this session and in earlier ones.
 *
 * Kept in $XDG_STATE_HOME/gradus/history (default ~/.local/state), one line each, without repetitions: a line
 * that comes again moves to the end. A line that starts with a blank is kept nowhere. Main only. */
#ifndef GRADUS_REPL_TYPED_H
#define GRADUS_REPL_TYPED_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct text;
struct typed;

/* Reads the file, if there is one. NULL when memory is short. */
struct typed *typed_open(void);
void typed_close(struct typed *t);

/* Adds a line (or several, cut at their newlines), in memory and at the end of the file; an error, once, when
 * the file cannot be written. */
bool typed_add(struct typed *t, const char *lines, struct error *e);

/* The next older (-1) or newer (1) line that starts with the first `cursor` bytes of the line; NULL when
 * there is none. Newer than the newest is what was typed at first. A line that is not what was last given
 * starts afresh. */
const char *typed_walk(struct typed *t, const char *line, size_t cursor, int direction);

/* A new line begins: the next walk starts at the newest. */
void typed_rest(struct typed *t);

/* The same lines as libedit's History, for its search. */
void *typed_libedit(struct typed *t);

/* Appends the folder for files that outlive the program, with its slash, and makes it:
 * "/home/ann/.local/state/gradus/". False and an error when it cannot be made. */
bool state_folder(struct text *out, struct error *e);

#endif
