/* repl.h - the program's state around a session, and the way of a line through it.
 *
 * A line may come from the prompt, -c, a script, a pipe, a lesson or the window. repl_line() cuts it, runs
 * its commands in order, prints errors with their place and stops at the first. Main only. */
#ifndef GRADUS_REPL_REPL_H
#define GRADUS_REPL_REPL_H

#include "../src/session.h"
#include "command.h"

#include <stdio.h>

struct editor;
struct lesson_run;
struct viz;
struct lets;

/* Where a line comes from: prefixes and the fences of lessons depend on it. */
struct origin {
    const char *name; /* "spiral.gr", "-c", NULL at the prompt */
    int line;         /* number of the line, from 1; 0 at the prompt */
    bool interactive; /* typed by a person: unique prefixes work */
    bool lesson;      /* a lesson's own block: nothing is written */
};

struct repl {
    struct session *session;
    struct viz *viz;                    /* NULL until a window was asked for */
    struct editor *editor;              /* NULL off a terminal */
    struct lesson_run *lesson;          /* NULL when none runs */
    struct lets *lets;                  /* names made by `let`, and watched expressions */
    const struct origin *origin;        /* of the running line */
    const struct command_line *command; /* the running command, for the place of an error */
    int depth;                          /* files that run each other, and commands within commands */
    bool background;                    /* the running command ended with & */
    bool fit_background; /* the last `fit` ended with &: `resume` does not wait for it either */
    bool quit;
    int status;       /* exit status so far */
    bool interactive; /* there is a person at a terminal */
    bool no_window;   /* --no-window */
    bool quiet;
};

/* Runs a whole line, or several that continue each other. Errors are printed to stderr; false after one. */
bool repl_line(struct repl *r, const char *text, size_t length, const struct origin *origin);

/* True when a text needs another line: an open bracket, or a "\\" at its end. */
bool repl_wants_more(const char *text, size_t length);

/* Runs a file of lines (`source`, a script). Stops at the first error: e->text is "" when it is printed
 * already. */
bool repl_file(struct repl *r, const char *path, struct error *e);

/* Runs the one command in `text`, as `time` and `insert` do; the error gets its place within text. Notices
 * are printed, what changes something is journaled. */
bool repl_command(struct repl *r, const char *text, struct error *e);

#endif
