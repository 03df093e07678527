/* lesson.h - lessons: one Markdown file each, driven by its fenced blocks.
 *
 * lesson_parse.c cuts a file into steps, lesson_run.c goes through them, lesson_check.c holds predicates against
 * the session, lesson_render.c prints prose through md4c, lesson_progress.c keeps what was done, lesson_test.c
 * lints and tests. Main only. */
#ifndef GRADUS_REPL_LESSON_H
#define GRADUS_REPL_LESSON_H

#include "../src/error.h"

#include <stddef.h>

struct repl;
struct lesson_run;

/* Starts (or resumes) a lesson by id or number, or the file when `name` holds a slash or ends in .md. */
bool lesson_start(struct repl *r, const char *name, struct error *e);
void lesson_leave(struct repl *r);
void lesson_free(struct lesson_run *run);

/* Called after every typed line that ran, so that tasks notice success; and on Enter on an empty line at
 * the prompt (returns true when the lesson took it). */
void lesson_line_done(struct repl *r, const char *line, bool ok);
bool lesson_enter(struct repl *r);

/* The i-th lesson's id, NULL past the end: completion. */
const char *lesson_id(struct repl *r, size_t i);

/* Tests one file: untouched state fails, solution passes, every `wrong` fails as it says, on `seeds` seeds. Prints
 * what it did. */
bool lesson_test(struct repl *r, const char *path, int seeds, struct error *e);
bool lesson_lint(struct repl *r, const char *path, struct error *e);

#endif
