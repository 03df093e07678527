/* plot.h - axes, ticks and lines over them.
 *
 * A plot is a rectangle and two axes; it draws its grid with numbers that people would choose (1, 2, 5 times
 * a power of ten; powers of ten on a log axis) and places values in it. Main only. */
#ifndef GRADUS_VIZ_PLOT_H
#define GRADUS_VIZ_PLOT_H

#include "view.h"

struct axis {
    double low, high;
    bool log; /* low and high are positive */
};

struct plot {
    struct rect area; /* inside the labels */
    struct axis x, y;
};

enum { PLOT_TICKS = 12, PLOT_NUMBER = 16 };

/* Round values within the axis, at most `most` of them (up to PLOT_TICKS); returns their number. */
int axis_ticks(const struct axis *a, int most, double out[PLOT_TICKS]);

/* Widens the axis so that it starts and ends at round values. An empty or bad range becomes one that shows.
 */
void axis_round(struct axis *a, int most);

/* Where a value lies, 0 at low, 1 at high; NaN when it cannot (0 on a log axis). And back. */
double axis_place(const struct axis *a, double value);
double axis_value(const struct axis *a, double place);

/* A number as it stands everywhere in the window, with three significant digits: "0.05", "12.3k", "3e-5",
 * "NaN", "inf". Returns out. */
const char *number_short(double value, char out[PLOT_NUMBER]);

/* With two digits, "0.12", "5.3e-4": at most seven letters, for numbers that change all the time. */
const char *number_brief(double value, char out[PLOT_NUMBER]);

/* As it would be typed: "0.01", "1e6". */
const char *number_power(double value, char out[PLOT_NUMBER]);

/* The same for a tick, which may need a digit more. */
const char *number_tick(double value, char out[PLOT_NUMBER]);

/* "12,345": a count for people. Returns out. */
#define COUNT_TEXT 28
const char *count_text(uint64_t n, char out[COUNT_TEXT]);

/* Draws well, grid and numbers in r and returns the plot. x_name stands below right, when there is room. */
struct plot plot_begin(
    const struct view *v, struct draw *d, struct rect r, struct axis x, struct axis y, const char *x_name);

/* A line through the points where y is finite: gaps stay gaps. */
void plot_line(const struct plot *p, struct draw *d, const float *x, const float *y, size_t n, float width,
    struct colour c);

/* The point of a value pair, kept inside the area. */
struct point plot_point(const struct plot *p, double x, double y);

/* Index of the row whose x is nearest to the column `at`, by position; n > 0. */
size_t plot_nearest(const struct plot *p, const float *x, size_t n, float at);

/* Each value and those before it, weighted less the older they are: out[i] depends on rows 0 … i alone, so
 * what was drawn never changes. The memory grows with x: about `share` of the way so far. NaN values are
 * passed over. */
void plot_smooth(const float *x, const float *y, float *out, size_t n, double share);

#endif
