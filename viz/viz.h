/* viz.h - the window, as the prompt sees it.
 *
 * A viz draws the panels of a session, in a window or into a picture without one. It reads the session and
 * never changes it: what a key or a click stands for is a command line, taken with viz_command() and run by
 * the prompt. Main only. */
#ifndef GRADUS_VIZ_VIZ_H
#define GRADUS_VIZ_VIZ_H

#include "../src/error.h"
#include "../src/session.h"

struct viz;

/* Cheap: no window, no SDL yet. */
struct viz *viz_new(struct session *s, struct error *e);
void viz_free(struct viz *v);

/* Opens the window (again); an error says why there can be none (no display). */
bool viz_open(struct viz *v, struct error *e);
void viz_close(struct viz *v);
bool viz_is_open(const struct viz *v);

/* Takes events and draws a frame if one is due. Call it from the wait loop, at least by viz_deadline(). */
void viz_tick(struct viz *v);
double viz_deadline(
    const struct viz *v); /* seconds from now until the next tick is due; a large number when closed */

/* The next command line that the mouse or a key stands for; false when there is none. */
bool viz_command(struct viz *v, char *out, size_t size);

/* Which panels are shown: names of the panel table. `view` without names asks for the default. */
bool viz_view(struct viz *v, const char *const *names, int count, struct error *e);
const char *viz_panel_name(size_t i); /* the i-th panel, NULL past the end: completion */
const char *viz_panel_summary(size_t i);

bool viz_set_theme(struct viz *v, const char *name, struct error *e);
const char *viz_theme_name(size_t i);
void viz_set_scale(struct viz *v, double scale); /* text size, 0.5 … 3 */

/* A line that the window shows under the toolbar while a lesson runs; NULL for none. */
void viz_set_caption(struct viz *v, const char *text);

/* Expressions to pulse and plot: w[..], a[..][..] as the prompt evaluated them, with their place in the
 * network. A label of NULL drops all. */
void viz_watch(struct viz *v, const char *label, int layer, int unit);
void viz_watch_value(struct viz *v, const char *label, double value);

/* Draws the present picture into a PNG, with or without a window and a display. width, height 0: the window's
 * size, or 1280 x 800. */
bool viz_screenshot(struct viz *v, const char *path, int width, int height, struct error *e);

#endif
