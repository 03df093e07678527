/* layout.h - where each panel goes. A pure function of the panels and the room. Any thread. */
#ifndef GRADUS_VIZ_LAYOUT_H
#define GRADUS_VIZ_LAYOUT_H

#include "panel.h"

enum { LAYOUT_PANELS = 16 };

struct slot {
    const struct panel *panel;
    struct rect card, title, inside; /* title is empty for a panel without one */
};

/* Slots for the panels that suit and have room: those at the top over the whole width, the
 * main ones large on the left, the others beside (below in a tall window). `extra` pixels under the top are
 * kept free and returned in *free. Returns the number of slots. */
int layout(const struct view *v, const struct panel *const *panels, int count, struct rect whole, float extra,
    struct rect *free, struct slot out[LAYOUT_PANELS]);

#endif
