/* layout.c - panels into rectangles.
 *
 * Cut the room: top over the whole width, side, then bottom under what is left for main. A group shares its
 * room by weight along its longer direction, each panel at least as large as it asks; when that does not fit
 * the last of the group goes. Edges lie on whole pixels. */
#include "layout.h"

#include <math.h>

struct group {
    const struct panel *panel[LAYOUT_PANELS];
    int count;
};

static float title_height(const struct theme *t)
{
    return text_height(t->font[FONT_TITLE]) + roundf(5 * t->px);
}

static bool has_title(const struct panel *p)
{
    return p->title || p->heading;
}

/* What a card adds to the room inside. */
static float card_extra(const struct theme *t, const struct panel *p, bool vertical)
{
    float pad = p->place == PLACE_TOP && vertical ? t->pad * 0.6f : t->pad;
    return 2 * pad + (vertical && has_title(p) ? title_height(t) : 0);
}

static struct slot slot_of(const struct theme *t, const struct panel *p, struct rect card)
{
    struct slot s = {.panel = p, .card = card, .inside = card};
    float x = t->pad, y = card_extra(t, p, true) / 2;
    if (has_title(p))
        y = t->pad;
    rect_cut_left(&s.inside, x);
    rect_cut_right(&s.inside, x);
    rect_cut_top(&s.inside, y);
    rect_cut_bottom(&s.inside, y);
    if (has_title(p)) {
        s.title = rect_cut_top(&s.inside, title_height(t));
        s.title.h = text_height(t->font[FONT_TITLE]);
    }
    return s;
}

static struct group group_of(
    const struct view *v, const struct panel *const *panels, int count, enum place_hint place)
{
    struct group g = {.count = 0};
    for (int i = 0; i < count && g.count < LAYOUT_PANELS; i++)
        if (panels[i]->place == place && (!panels[i]->suits || panels[i]->suits(v)))
            g.panel[g.count++] = panels[i];
    return g;
}

static float least(const struct theme *t, const struct panel *p, bool vertical)
{
    return (vertical ? p->min_h : p->min_w) * t->px + card_extra(t, p, vertical);
}

/* Panels of the group that fit along a length. */
static int group_fits(const struct theme *t, const struct group *g, float length, bool vertical)
{
    int n = g->count;
    while (n > 1) {
        float wanted = t->gap * (float)(n - 1);
        for (int i = 0; i < n; i++)
            wanted += least(t, g->panel[i], vertical);
        if (wanted <= length)
            break;
        n--;
    }
    return n;
}

/* Shares the room by weight; a panel that would get too little takes its minimum, and the others share the
 * rest. */
static int group_share(
    const struct theme *t, const struct group *g, struct rect room, bool vertical, struct slot *out)
{
    float length = vertical ? room.h : room.w;
    int n = group_fits(t, g, length, vertical);
    bool fixed[LAYOUT_PANELS] = {false};
    float left = length - t->gap * (float)(n - 1), weights = 0;
    for (int i = 0; i < n; i++)
        weights += g->panel[i]->weight;
    for (bool again = true; again;) {
        again = false;
        for (int i = 0; i < n; i++) {
            float need = least(t, g->panel[i], vertical);
            if (fixed[i] || left * g->panel[i]->weight / weights >= need)
                continue;
            fixed[i] = again = n > 1;
            left -= need;
            weights -= g->panel[i]->weight;
        }
    }
    for (int i = 0; i < n; i++) {
        float size =
            roundf(fixed[i] ? least(t, g->panel[i], vertical) : left * g->panel[i]->weight / weights);
        if (i == n - 1)
            size = vertical ? room.h : room.w;
        struct rect card = vertical ? rect_cut_top(&room, size) : rect_cut_left(&room, size);
        vertical ? rect_cut_top(&room, t->gap) : rect_cut_left(&room, t->gap);
        out[i] = slot_of(t, g->panel[i], card);
    }
    return n;
}

/* Strips over the whole width, as high as they ask, while `keep` pixels remain below or above. */
static int strips(
    const struct theme *t, const struct group *g, struct rect *room, bool top, float keep, struct slot *out)
{
    int n = 0;
    for (int i = 0; i < g->count; i++) {
        const struct panel *p = g->panel[i];
        float height = roundf(p->height * t->px + card_extra(t, p, true));
        if (room->h - height - t->gap < keep)
            break;
        struct rect card = top ? rect_cut_top(room, height) : rect_cut_bottom(room, height);
        top ? rect_cut_top(room, t->gap) : rect_cut_bottom(room, t->gap);
        out[n++] = slot_of(t, p, card);
    }
    return n;
}

/* Side panels in a column beside the main ones, or in a row below them where the room is taller than wide. */
static struct rect cut_side(const struct theme *t, const struct group *side, bool tall, struct rect *room)
{
    if (tall) {
        struct rect low = rect_cut_bottom(room, roundf(room->h * 0.42f));
        rect_cut_bottom(room, t->gap);
        return low;
    }
    float wide =
        side->count > 1 ? fminf(room->w * 0.36f, room->h * 0.56f) : fminf(room->w * 0.45f, room->h * 0.9f);
    struct rect beside = rect_cut_right(room, roundf(fmaxf(wide, least(t, side->panel[0], false))));
    rect_cut_right(room, t->gap);
    return beside;
}

int layout(const struct view *v, const struct panel *const *panels, int count, struct rect whole, float extra,
    struct rect *free, struct slot out[LAYOUT_PANELS])
{
    const struct theme *t = v->theme;
    struct rect room = rect_inset(whole, t->gap);
    struct group top = group_of(v, panels, count, PLACE_TOP),
                 bottom = group_of(v, panels, count, PLACE_BOTTOM);
    struct group main = group_of(v, panels, count, PLACE_MAIN), side = group_of(v, panels, count, PLACE_SIDE);
    int n = strips(t, &top, &room, true, 0, out);
    *free = (struct rect){0};
    if (extra > 0) {
        *free = rect_cut_top(&room, extra);
        rect_cut_top(&room, t->gap);
    }
    bool tall = room.w < room.h;
    if (room.h <= 0 || room.w <= 0)
        return n;
    if (!main.count) {
        const struct group *g = side.count ? &side : &bottom;
        if (g == &side)
            n += strips(t, &bottom, &room, false, 200 * t->px, out + n);
        return g->count ? n + group_share(t, g, room, tall, out + n) : n;
    }
    if (side.count) {
        struct rect beside = cut_side(t, &side, tall, &room);
        n += group_share(t, &side, beside, !tall, out + n);
    }
    n += strips(t, &bottom, &room, false, 265 * t->px, out + n);
    return n + group_share(t, &main, room, tall, out + n);
}
