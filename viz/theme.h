/* theme.h - colours, fonts and spacing by name.
 *
 * A row is a look at 96 dots per inch; theme_make() scales it for a screen and a text size and works out its
 * colour scales. Panels take every colour and every distance from the theme. Any thread. */
#ifndef GRADUS_VIZ_THEME_H
#define GRADUS_VIZ_THEME_H

#include "draw.h"

enum theme_colour {
    COLOUR_BACKGROUND, /* behind everything */
    COLOUR_PANEL,      /* the card of a panel */
    COLOUR_EDGE,       /* its border, separators */
    COLOUR_WELL,       /* empty plots and thumbnails */
    COLOUR_TEXT,
    COLOUR_DIM,   /* labels, second lines: still readable */
    COLOUR_FAINT, /* ticks, hints: large or unimportant */
    COLOUR_GRID,
    COLOUR_ACCENT, /* focus, the running play button */
    COLOUR_ON_ACCENT,
    COLOUR_BUTTON,
    COLOUR_BUTTON_HOVER,
    COLOUR_GOOD,
    COLOUR_WARN,
    COLOUR_BAD, /* health; never the only sign */
    COLOUR_TIP,
    COLOUR_ON_TIP,
    COLOUR_SHADOW,
    THEME_COLOURS
};

enum theme_font {
    FONT_SMALL,
    FONT_BODY,
    FONT_STRONG,
    FONT_TITLE,
    FONT_LARGE,
    FONT_NUMBER,
    FONT_NUMBER_SMALL,
    FONT_NUMBER_LARGE,
    THEME_FONTS
};

enum { THEME_SERIES = 8, THEME_SCALE = 511 };

struct theme {
    const char *name, *summary;
    struct colour colour[THEME_COLOURS];
    struct colour
        series[THEME_SERIES]; /* categories: classes beyond two, lines; safe for colour-blind eyes */
    struct font font[THEME_FONTS];
    float px;     /* pixels of a length of 1 at 96 dots per inch and normal text */
    float gap;    /* between panels */
    float pad;    /* inside a panel */
    float radius; /* of a panel's corners */
    /* The one diverging scale: orange -1, neutral 0, blue +1, equally light on both sides. */
    float neutral_light, end_light, end_chroma;
    struct colour scale[THEME_SCALE];
};

const struct theme *theme_at(size_t i); /* the rows, NULL past the end; the first is the default */
const struct theme *theme_find(const char *name);

/* A theme for use: the row scaled by the screen's and the reader's factor, with its scale filled in. */
void theme_make(const struct theme *row, float px, struct theme *out);

/* The colour of a value in [-1, 1]; beyond it stays at the ends. NaN is COLOUR_BAD. */
struct colour theme_value(const struct theme *t, float value);
uint32_t theme_pixel(const struct theme *t, float value);

/* The colour of class k of K: two classes are the ends of the diverging scale (0 is orange). */
struct colour theme_class(const struct theme *t, int k, int classes);

/* WCAG contrast of two opaque colours, 1 … 21; lightness of one in OKLab, 0 … 1. */
float colour_contrast(struct colour a, struct colour b);
float colour_light(struct colour c);

#endif
