/* error.h - one sentence that says what is wrong, where, and what to do.
 *
 * A function of the core that can fail takes a `struct error *` as its last argument, returns false (or
 * NULL), and leaves its out-parameters untouched. The sentence has no final dot and no newline. `offset`
 * and `length` name the bytes of the typed line that are to blame, for the caret; offset is -1 where the
 * error has no place. Passing NULL for the error is allowed. Any thread. */
#ifndef GRADUS_ERROR_H
#define GRADUS_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

struct error {
    char text[600];
    int offset, length;
};

/* Fills *e with the sentence and no place. Always returns false, so that `return error_set(e, ...)` reads
 * well. */
bool error_set(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with a place in the line: `length` bytes from byte `offset`. */
bool error_set_at(struct error *e, int offset, int length, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts "before: " in front of the sentence, keeping the place. Returns false. */
bool error_prefix(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
