/* network_arcs.c - links that pass columns by: shortcuts, inputs of a merge, what `from=` names.
 *
 * Each leaves its block at the top (or the bottom), runs level in the band beside the columns, and arrives
 * from there, so that it crosses no unit. */
#include "network.h"

#include <math.h>

enum { CORNER = 5, ARC_POINTS = 2 + 2 * (CORNER + 1) };

/* A quarter turn at `corner` from the direction of `from` to that of `to`. */
static size_t turn(struct point *p, struct point from, struct point corner, struct point to, float radius)
{
    float a = fminf(radius, hypotf(from.x - corner.x, from.y - corner.y));
    float b = fminf(radius, hypotf(to.x - corner.x, to.y - corner.y));
    struct point u = {
        copysignf(from.x != corner.x, from.x - corner.x), copysignf(from.y != corner.y, from.y - corner.y)};
    struct point w = {
        copysignf(to.x != corner.x, to.x - corner.x), copysignf(to.y != corner.y, to.y - corner.y)};
    for (int i = 0; i <= CORNER; i++) {
        float t = (float)i / CORNER, s = (1 - t) * (1 - t) * a, e = t * t * b;
        p[i] = (struct point){corner.x + s * u.x + e * w.x, corner.y + s * u.y + e * w.y};
    }
    return CORNER + 1;
}

static void draw_arc(struct scene *n, const struct arc *arc)
{
    const struct block *a = &n->layout.block[arc->from], *b = &n->layout.block[arc->to];
    float px = n->v->theme->px, shift = fminf(4 * px, b->box.w / 4);
    struct point from = {
        a->box.x + a->box.w / 2 + shift, arc->below ? a->box.y + a->box.h + px : a->box.y - px};
    struct point to = {
        b->box.x + b->box.w / 2 - shift, arc->below ? b->box.y + b->box.h + px : b->box.y - px};
    if (arc->below && a->more.h > 0)
        from.y = a->more.y + a->more.h;
    if (arc->below && b->more.h > 0)
        to.y = b->more.y + b->more.h;
    struct point p[ARC_POINTS];
    size_t count = 0;
    p[count++] = from;
    count += turn(p + count, from, (struct point){from.x, arc->y}, (struct point){to.x, arc->y}, 7 * px);
    count += turn(p + count, (struct point){from.x, arc->y}, (struct point){to.x, arc->y}, to, 7 * px);
    p[count++] = to;
    bool look = n->look.kind == SUBJECT_UNIT && (n->look.a == a->layer || n->look.a == b->layer);
    struct colour c = view_colour(n->v, look ? COLOUR_ACCENT : COLOUR_FAINT);
    c = colour_alpha(c, wave_light(n, arc->to, true));
    draw_path(n->d, p, count, 1.5f * px, c);
    draw_circle(n->d, to, 2.2f * px, c);
}

void network_draw_arcs(struct scene *n)
{
    for (int i = 0; i < n->layout.arcs; i++)
        draw_arc(n, &n->layout.arc[i]);
}
