/* lesson_check.h - predicates and live fields: what a lesson reads from the session. Main only. */
#ifndef GRADUS_REPL_LESSON_CHECK_H
#define GRADUS_REPL_LESSON_CHECK_H

#include "lesson_file.h"

struct repl;
struct text;

/* Holds every predicate of a task's check blocks against the session. False: *failed is the first that is not
 * so (or cannot be said yet), and what it has to say, with its measured values, is appended to `why`. */
bool lesson_holds(struct repl *r, const struct lesson_file *f, int step, const struct lesson_item **failed,
    struct text *why);

/* Appends text with each live field {EXPRESSION} replaced by its value; "?" where it has none yet. */
void lesson_fields(struct repl *r, const char *text, struct text *out);

/* Checks that every {field} of the text can be parsed. */
bool lesson_fields_lint(const char *text, struct error *e);

/* A number for people: whole as it is, else three digits. */
void lesson_number(double value, struct text *out);

#endif
