/* letters.h - how data and answers that are text are shown. */
#ifndef GRADUS_REPL_LETTERS_H
#define GRADUS_REPL_LETTERS_H

#include "repl.h"

/* The characters with their counts, the most frequent first. */
void letters_describe(const struct data *d);

/* The first windows as text. */
void letters_head(const struct data *d, size_t rows);

/* Lets the network go on with a text: `count` characters, drawn at this temperature. A job; Ctrl-C ends it.
 */
bool letters_write(struct repl *r, const char *prompt, size_t count, double temperature, struct error *e);

#endif
