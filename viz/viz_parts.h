/* viz_parts.h - the viz from the inside: what viz.c and viz_input.c share. Nobody else includes it. */
#ifndef GRADUS_VIZ_PARTS_H
#define GRADUS_VIZ_PARTS_H

#include "compose.h"
#include "damage.h"
#include "layout.h"
#include "pace.h"
#include "replica.h"
#include "viz.h"
#include "window.h"

enum { VIZ_COMMANDS = 16, VIZ_COMMAND = 256, VIZ_KEYS = 24 };

struct viz {
    struct session *session;
    struct replica *replica;
    struct glyphs *glyphs; /* NULL until the first picture */
    struct window *window; /* NULL while closed */
    struct view view;
    struct theme theme; /* the row, scaled */
    const struct theme *row;
    double scale;
    struct draw draw;
    float width, height; /* of the picture in draw; 0: none yet */
    struct raster raster;
    struct pace pace;
    double drift;         /* seconds that view.flow does not show yet */
    double cost;          /* seconds from frame to frame that the last ones were worth, on average */
    struct damage damage; /* of the window's pixels */
    const struct panel *panel[LAYOUT_PANELS];
    int panels;
    char command[VIZ_COMMANDS][VIZ_COMMAND]; /* a ring */
    int first_command, commands;
    struct zone pressed; /* where the left button went down */
    bool is_pressed;
    bool dirty;                                  /* the picture is not what the view says */
    uint64_t stamp;                              /* of what was drawn */
    double opened, tick, next_frame, last_frame; /* seconds of the clock */
};

/* What a key, the mouse or the system does. */
void viz_take_input(struct viz *v, const struct input *in);

/* A panel plays step mode. */
bool viz_playing(const struct viz *v);

/* Queues a command line for the prompt. */
void viz_type(struct viz *v, const char *line);

/* Composes the picture of the present view, with what lies under the mouse now. */
void viz_compose(struct viz *v, float width, float height);

/* Looks in the picture what lies under the mouse; true when that changed. */
bool viz_update_hover(struct viz *v);

/* The window's own keys, for the overlay; ended by {0}. */
void viz_keys(struct key_help out[VIZ_KEYS]);

#endif
