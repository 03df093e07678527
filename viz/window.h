/* window.h - one window of the system, through SDL: the only file that knows its events and its surface.
 *
 * The window keeps no picture and knows no panel. Main only. */
#ifndef GRADUS_VIZ_WINDOW_H
#define GRADUS_VIZ_WINDOW_H

#include "raster.h"

struct error;
struct window;

enum input_kind {
    INPUT_KEY,  /* key: a character, lower case unless shifted, or one of enum window_key */
    INPUT_MOVE, /* the mouse is at `at` */
    INPUT_LEAVE,
    INPUT_PRESS,
    INPUT_RELEASE, /* the left button */
    INPUT_SCROLL,  /* turns: up is positive */
    INPUT_EXPOSE,  /* size or content must be drawn again */
    INPUT_CLOSE,
};

enum window_key {
    WINDOW_ESCAPE = 27,
    WINDOW_LEFT = 0x100,
    WINDOW_RIGHT,
    WINDOW_UP,
    WINDOW_DOWN,
    WINDOW_ENTER,
    WINDOW_TAB,
    WINDOW_BACKTAB
};

struct input {
    enum input_kind kind;
    int key;
    struct point at;
    float turns;
};

/* Opens a window without taking the keyboard from the terminal. NULL and an error where there is no display.
 */
struct window *window_open(const char *title, int width, int height, struct error *e);
void window_close(struct window *w);

/* The next event; false when there is none. Never waits. */
bool window_input(struct window *w, struct input *out);

/* Pixels of a length of 1 on this screen: 2 on one with twice the usual density. */
float window_density(const struct window *w);
void window_size(const struct window *w, int *width, int *height); /* in pixels */
bool window_hidden(const struct window *w);                        /* minimised: nothing to draw */

/* Where to draw, valid until the next event; false when the window has no surface now. `kept`: it holds what
 * was shown last. Then show what was drawn, n rectangles on whole pixels. */
bool window_canvas(struct window *w, struct canvas *out, bool *kept);
void window_show(struct window *w, const struct rect *drawn, int n);

/* Writes a canvas as a PNG, all of it or nothing. Needs no window. */
bool canvas_save(struct canvas c, const char *path, struct error *e);

#endif
