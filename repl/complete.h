/* complete.h - completion and hints from the command tables; knows no terminal. Main only. */
#ifndef GRADUS_REPL_COMPLETE_H
#define GRADUS_REPL_COMPLETE_H

#include <stddef.h>

struct repl;
struct text;

struct completion {
    char **word; /* [count] whole words that may stand at the cursor, sorted */
    size_t count;
    size_t start; /* byte of the line where the word to replace begins */
};

/* What can stand at byte `cursor` of the line: command names, keys with "=", choices, flags, files, layers.
 */
void complete(struct repl *r, const char *line, size_t cursor, struct completion *out);
void completion_release(struct completion *c);

/* Appends the dim hint for what can still be typed: " UNITS [ACTIVATION] [name=NAME]". Empty when nothing. */
void complete_hint(const char *line, struct text *out);

#endif
