/* thumbnails.h - samples that are images, small, in braille dots, with their classes. Main only. */
#ifndef GRADUS_REPL_THUMBNAILS_H
#define GRADUS_REPL_THUMBNAILS_H

#include "../src/data.h"

/* True when a sample has height, width and channels, and more than one row and column. */
bool thumbnails_fit(const struct data *d);

/* Prints the first `count` samples, as many side by side as the screen is wide. */
void thumbnails_print(const struct data *d, size_t count);

#endif
