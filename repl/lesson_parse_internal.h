/* lesson_parse_internal.h - what the two halves of the parser share. */
#ifndef GRADUS_REPL_LESSON_PARSE_INTERNAL_H
#define GRADUS_REPL_LESSON_PARSE_INTERNAL_H

#include "lesson_file.h"

/* Fills the error with "FILE:LINE:COLUMN: " and the sentence; returns false. */
bool lesson_fail(const struct lesson_file *f, int line, int column, struct error *e, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Cuts the lines of predict, ask and check blocks into items. */
bool lesson_cut_items(struct lesson_file *f, struct error *e);

/* Groups blocks into steps, names them, and checks that names are unique and that what belongs to something
 * finds it. */
bool lesson_cut_steps(struct lesson_file *f, struct error *e);

/* Makes room for one more of `size` bytes in an array of `count`; the array or NULL and an error. */
void *lesson_grow(void *array, int count, size_t size, struct error *e);

#endif
