/* damage.h - what changed from one picture to the next: the rectangles that are drawn anew.
 *
 * A list's parts (draw_part()) are compared with those of the list before, by their items and the bytes that
 * these refer to. A part that is the same keeps its pixels. Main only. */
#ifndef GRADUS_VIZ_DAMAGE_H
#define GRADUS_VIZ_DAMAGE_H

#include "draw.h"

enum { DAMAGE_RECTS = 2 * DRAW_PARTS };

/* Of the last picture. Start from {0}: nothing is drawn yet. */
struct damage {
    struct rect box[DRAW_PARTS];
    uint64_t sum[DRAW_PARTS];
    int parts;
};

/* Fills `out` with the places, on whole pixels, where the new picture may differ, and remembers it. Returns
 * how many; they may touch, but do not overlap. */
int damage_find(struct damage *k, const struct draw *d, struct rect out[DAMAGE_RECTS]);

#endif
