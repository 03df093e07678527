/* panel.h - the table of panels.
 *
 * A panel is one row at the foot of its file in panels/, one word in the list of panel.c, one line in
 * panels/meson.build. The window draws the card (background, border, title) and gives the panel the room
 * inside. Main only. */
#ifndef GRADUS_VIZ_PANEL_H
#define GRADUS_VIZ_PANEL_H

#include "view.h"

/* Where it likes to be; several at one place share it by their weights. */
enum place_hint { PLACE_TOP, PLACE_MAIN, PLACE_SIDE, PLACE_BOTTOM };

/* A line of the key overlay. */
struct key_help {
    const char *key, *what;
};

struct panel {
    const char *name, *title, *summary; /* title NULL: no title line; the panel has all the room */
    unsigned slices;                    /* of a training's state (src/snapshot.h) that it shows */
    enum place_hint place;
    float min_w, min_h; /* inside the card, at px 1; when there is less it may be left out */
    float weight;       /* share of the room among those at its place */
    float height;       /* PLACE_TOP and PLACE_BOTTOM: the height it wants; 0 elsewhere */
    bool shown;         /* in the default view */

    /* False when it has nothing to say about this session; NULL: always true. */
    bool (*suits)(const struct view *v);
    /* Title for this session (may use out[size]); It may return NULL: `title` serves. */
    const char *(*heading)(const struct view *v, char *out, size_t size);
    /* Draws inside r and only there. */
    void (*draw)(const struct view *v, struct rect r, struct draw *d);
    /* True while it moves though no training runs: step mode. NULL: never. */
    bool (*moving)(const struct view *v);

    /* What changes the view alone; each returns true when it took the event. Commands need none of them: a
     * zone carries its own. `key` is a lower-case character, or one of enum panel_key. */
    const struct key_help *keys; /* what `key` takes, ended by {0}; NULL for nothing */
    bool (*key)(struct view *v, int key);
    bool (*click)(struct view *v, struct subject s, struct point at);
    bool (*scroll)(struct view *v, struct subject s, struct point at, float turns);
};

enum panel_key { PANEL_LEFT = 0x100, PANEL_RIGHT, PANEL_UP, PANEL_DOWN, PANEL_ENTER };

const struct panel *panel_at(size_t i); /* NULL past the end */
const struct panel *panel_find(const char *name);

#endif
