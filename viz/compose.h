/* compose.h - a whole picture from a view: background, cards, panels, caption, tip, key overlay.
 *
 * A pure function, as panels are: tests compose at any size without a window. Main only. */
#ifndef GRADUS_VIZ_COMPOSE_H
#define GRADUS_VIZ_COMPOSE_H

#include "panel.h"

/* Fills d (emptied first) for a picture of width x height pixels. `keys` are the window's own lines of the
 * overlay, ended by {0}, or NULL. */
void compose(const struct view *v, const struct panel *const *panels, int count, const struct key_help *keys,
    float width, float height, struct draw *d);

#endif
