/* chart.h - curves in braille dots: two dots wide and four high in each character. */
#ifndef GRADUS_REPL_CHART_H
#define GRADUS_REPL_CHART_H

#include "output.h"

#include <stdbool.h>
#include <stddef.h>

enum { CHART_WIDTH = 160, CHART_HEIGHT = 24 };

struct chart {
    int width, height;             /* in characters */
    double left, right, low, high; /* what the edges stand for */
    bool log;                      /* the upright axis: low and high are logarithms to base 10 */
    bool log_x;                    /* the level axis: left, right and every x are logarithms to base 10 */
    unsigned char dots[CHART_HEIGHT][CHART_WIDTH];
    enum style style[CHART_HEIGHT][CHART_WIDTH];
};

/* An empty chart as wide as the screen. */
void chart_start(struct chart *c, int width, int height);

/* Widens low … high to hold the finite ones of n values. */
void chart_fit(struct chart *c, const double *y, size_t n);

/* A curve through n points; points that are not finite are left out. `dotted` skips every second dot. */
void chart_curve(struct chart *c, const double *x, const double *y, size_t n, enum style style, bool dotted);

/* The chart with its axes. */
void chart_print(const struct chart *c);

#endif
