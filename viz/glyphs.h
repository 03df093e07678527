/* glyphs.h - fonts: found by fontconfig, drawn by SDL_ttf, kept as coverage in one growing atlas. Main only.
 */
#ifndef GRADUS_VIZ_GLYPHS_H
#define GRADUS_VIZ_GLYPHS_H

#include "draw.h"

struct error;
struct glyphs;

/* Pixels of one sign: coverage rows x columns, to be placed at (pen + left, baseline - top). */
struct glyph {
    const uint8_t *coverage;
    int columns, rows, left, top;
    float advance;
};

/* Finds a sans and a monospace font. NULL and an error that says what to install. */
struct glyphs *glyphs_new(struct error *e);
void glyphs_free(struct glyphs *g);

/* The sign of a code point; a box when the fonts lack it. Valid until the next call. */
struct glyph glyphs_get(struct glyphs *g, struct font f, uint32_t code);

/* Pixels from the top of a line of text_height() to its baseline. */
float glyphs_baseline(struct glyphs *g, struct font f);

/* A draw_measure_fn; `glyphs` is the glyphs. */
float glyphs_width(void *glyphs, struct font f, const char *text, size_t length);

#endif
