/* raster_parts.h - a rasteriser from the inside: what raster.c (rectangles, polygons, images, text) and
 * raster_path.c (lines) share. Nobody else includes it. */
#ifndef GRADUS_VIZ_RASTER_PARTS_H
#define GRADUS_VIZ_RASTER_PARTS_H

#include "raster.h"

#include <math.h>

enum {
    FULL = 255, /* all of a pixel is covered */
    LANES = 16, /* columns that are worked on at once; masks have so many more than a row needs */
};

struct box {
    int x0, y0, x1, y1; /* x1, y1 behind the last */
};

/* fminf() and fmaxf() are calls, as they care for NaN; nothing here is. */
static inline float smaller(float a, float b)
{
    return a < b ? a : b;
}

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

/* What an item may touch: its bounds, its clip, what is drawn at all, and the canvas. */
static inline struct box item_box(const struct raster *m, const struct draw_item *it, const struct canvas *c)
{
    struct rect r = rect_intersect(it->clip, m->within);
    struct box b = {(int)lrintf(r.x), (int)lrintf(r.y), (int)lrintf(r.x + r.w), (int)lrintf(r.y + r.h)};
    struct rect own = it->box;
    b.x0 = (int)larger((float)(b.x0 > 0 ? b.x0 : 0), floorf(own.x - 1));
    b.y0 = (int)larger((float)(b.y0 > 0 ? b.y0 : 0), floorf(own.y - 1));
    b.x1 = (int)smaller((float)(b.x1 < c->width ? b.x1 : c->width), ceilf(own.x + own.w + 1));
    b.y1 = (int)smaller((float)(b.y1 < c->height ? b.y1 : c->height), ceilf(own.y + own.h + 1));
    return b;
}

static inline uint32_t blend(uint32_t to, uint32_t from, uint32_t amount) /* amount 0 … 256 */
{
    uint32_t keep = 256 - amount;
    uint32_t rb = ((to & 0xff00ff) * keep + (from & 0xff00ff) * amount) >> 8 & 0xff00ff;
    uint32_t g = ((to & 0x00ff00) * keep + (from & 0x00ff00) * amount) >> 8 & 0x00ff00;
    return 0xff000000 | rb | g;
}

static inline uint32_t amount_of(uint32_t coverage, uint32_t alpha)
{
    uint32_t product = coverage * alpha;
    return (product + (product >> 7)) >> 8; /* 255 · 255 gives 255, and then 256 below */
}

static inline uint32_t blend_covered(uint32_t to, uint32_t colour, uint32_t cover, uint32_t alpha)
{
    uint32_t amount = amount_of(cover, alpha);
    return blend(to, colour, amount + (amount >> 7));
}

/* Paints columns x0 … x1-1 by their coverage, in whole blocks as far as the picture goes: coverage behind x1
 * must be 0 there. Where nothing is covered blend() changes nothing: no branch, so that a block goes at once.
 */
static inline void paint_covered(const struct canvas *c, int y, int x0, int x1,
    const uint32_t *restrict cover, uint32_t colour, uint32_t alpha)
{
    uint32_t *restrict row = c->pixel + (size_t)y * (size_t)c->pitch;
    int x = x0;
    for (; x < x1 && x + LANES <= c->width; x += LANES)
        for (int i = 0; i < LANES; i++)
            row[x + i] = blend_covered(row[x + i], colour, cover[x + i], alpha);
    for (; x < x1; x++)
        row[x] = blend_covered(row[x], colour, cover[x], alpha);
}

/* Draws a path; its mask is all zero before and after. */
void raster_path(struct raster *r, struct canvas *c, const struct draw_item *it, const struct point *p);

#endif
