/* lesson.h - lessons: one Markdown file each, driven by its fenced blocks.
 *
 * lesson_file.h cuts a file into steps, lesson_run.h goes through them, lesson_check.h holds predicates
 * against the session, lesson_render.h prints prose through md4c, lesson_progress.h keeps what was done,
 * lesson_catalog.h finds the files; lesson_test.c lints and tests. Main only.
 */
#ifndef GRADUS_REPL_LESSON_H
#define GRADUS_REPL_LESSON_H

#include "../src/error.h"

#include <stdbool.h>
#include <stddef.h>

struct repl;
struct lesson_run;

/* Starts (or resumes) a lesson by id or number, or the file when `name` holds a slash or ends in .md. */
bool lesson_start(struct repl *r, const char *name, struct error *e);

/* The same from its first step, whatever was done before. */
bool lesson_restart(struct repl *r, const char *name, struct error *e);

/* Ends the running lesson, if there is one; the next start goes on from here. */
void lesson_leave(struct repl *r);
void lesson_free(struct lesson_run *run);

/* Called after every typed line that ran, so that tasks notice success; and on Enter on an empty line at
 * the prompt (returns true when the lesson took it). */
void lesson_line_done(struct repl *r, const char *line, bool ok);
bool lesson_enter(struct repl *r);

/* Called when a training in the background ended: looks on as after a line. True when it said something. */
bool lesson_training_ended(struct repl *r);

/* The i-th lesson's id, NULL past the end: completion. */
const char *lesson_id(size_t i);

/* Tests one file: untouched state fails, solution passes, every `wrong` fails as it says, on `seeds` seeds.
 * Prints what it did. */
bool lesson_test(struct repl *r, const char *path, int seeds, struct error *e);

/* Checks a file without running it: its grammar, its commands and expressions, its names. Prints every
 * finding. */
bool lesson_lint(struct repl *r, const char *path, struct error *e);

/* Writes the skeleton of a lesson as NAME.md into the present folder; never over a file. */
bool lesson_new(const char *name, struct error *e);

#endif
