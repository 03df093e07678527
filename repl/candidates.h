/* candidates.h - what several completions have in common, and how they are listed. Main only. */
#ifndef GRADUS_REPL_CANDIDATES_H
#define GRADUS_REPL_CANDIDATES_H

#include "complete.h"

/* Bytes that all words of a completion begin with; whole characters. There is at least one word. */
size_t candidates_prefix(const struct completion *c);

/* Appends the words in aligned columns for a screen of so many, sorted downwards; of very many only the first
 * rows and how many more there are. */
void candidates_write(const struct completion *c, int width, struct text *out);

#endif
