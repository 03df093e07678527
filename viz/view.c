/* view.c - small readings of the view that every panel needs. */
#include "view.h"

#include <math.h>

struct subject view_subject(const struct view *v, enum subject_kind kind)
{
    if (v->hover.kind == kind)
        return v->hover;
    if (v->pin.kind == kind)
        return v->pin;
    return (struct subject){SUBJECT_NONE, 0, 0, 0};
}

struct colour view_colour(const struct view *v, enum theme_colour c)
{
    return v->theme->colour[c];
}

struct font view_font(const struct view *v, enum theme_font f)
{
    return v->theme->font[f];
}

float ease(float t)
{
    t = fminf(fmaxf(t, 0), 1);
    float back = 2 - 2 * t;
    return t < 0.5f ? 4 * t * t * t : 1 - back * back * back / 2;
}
