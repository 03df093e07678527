/* raster.h - a draw list to pixels, anti-aliased, on the processor.
 *
 * The same code makes the window's frames and screenshots. Coverage is computed from distances, so lines and
 * corners are smooth at any width. Pure C apart from the glyphs. Main only. */
#ifndef GRADUS_VIZ_RASTER_H
#define GRADUS_VIZ_RASTER_H

#include "draw.h"
#include "glyphs.h"

/* Where pixels go: 0x??RRGGBB, `pitch` pixels from one row to the next. */
struct canvas {
    uint32_t *pixel;
    int width, height, pitch;
};

/* Working memory, kept from picture to picture. Start from {0}. */
struct raster {
    uint32_t *mask; /* coverage of one path, pitch x height, zero between items */
    int width, height, pitch;
    int *first, *last;     /* [height] columns of the mask that a path touched */
    uint32_t *line, *hole; /* [pitch] coverage of a row */
    struct cell *cell;     /* [width] where a column of the screen falls in an image */
    uint32_t *row;         /* a row of an image */
    int row_room;
    struct rect within; /* of the present call */
    bool failed;        /* memory ran out: some items are missing */
};

void raster_release(struct raster *r);

/* Draws what of the list lies in `within`, on whole pixels, and touches nothing else: the same pixels as when
 * all is drawn. glyphs NULL: no text. */
void raster_draw(
    struct raster *r, struct canvas c, const struct draw *d, struct glyphs *g, struct rect within);

#endif
