/* curves_runs.h - the runs of an experiment over the curves of the network. Only the curves panel includes
 * it. Main only; `runs` may be NULL. */
#ifndef GRADUS_VIZ_CURVES_RUNS_H
#define GRADUS_VIZ_CURVES_RUNS_H

#include "../plot.h"

/* The newest epoch of any; 0 without runs. */
float curves_runs_last(const struct runs *runs);

/* Widens an axis of losses so that it holds them, up to a few times what it held without them. */
void curves_runs_widen(const struct runs *runs, struct axis *y);

/* Their losses, each in a colour and a dash of its own; then, above all lines, their names inside the plot.
 */
void curves_runs_draw(const struct view *v, struct draw *d, const struct plot *p, const struct runs *runs);
void curves_runs_names(const struct view *v, struct draw *d, const struct plot *p, const struct runs *runs);

#endif
