/* compose.c - the order of a picture: background, cards with their panels, caption and watches, then what
 * floats above: the tip beside the mouse, the key overlay. */
#include "compose.h"

#include "layout.h"
#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CAPTION_LINES = 3, TIP_LINES = 8, LINE_TEXT = 240 };

static const double tip_delay = 0.25;

/* --- lines of text -----------------------------------------------------------------------------------------
 */

/* Copies the words of *text that fit into a width to out and moves behind them; false at the end. */
static bool next_line(
    const struct draw *d, struct font f, float width, const char **text, char out[LINE_TEXT])
{
    const char *s = *text;
    size_t kept = 0;
    while (*s == ' ')
        s++;
    if (!*s)
        return false;
    for (size_t end = 0; s[end] != '\n';) {
        size_t next = end + strspn(s + end, " ");
        next += strcspn(s + next, " \n");
        if (next == end || next >= LINE_TEXT)
            break;
        memcpy(out, s, next);
        out[next] = '\0';
        if (kept && text_width(d, f, out) > width)
            break;
        kept = end = next;
        if (!s[end])
            break;
    }
    if (!kept && *s != '\n') /* a word longer than a line can be */
        kept = strnlen(s, LINE_TEXT - 1);
    out[0] = '\0';
    memcpy(out, s, kept);
    out[kept] = '\0';
    s += kept;
    s += strspn(s, " ");
    *text = *s == '\n' ? s + 1 : s;
    return true;
}

/* Text in which `back quotes` enclose what can be typed: that part is set in the fixed font. */
static void draw_marked(const struct view *v, struct draw *d, struct rect r, const char *text, bool *typed)
{
    const struct theme *t = v->theme;
    while (*text) {
        char part[LINE_TEXT];
        size_t n = strcspn(text, "`");
        snprintf(part, sizeof part, "%.*s", (int)n, text);
        struct font f = view_font(v, *typed ? FONT_NUMBER : FONT_BODY);
        struct rect place = rect_cut_left(&r, text_width(d, f, part));
        place.w += 1;
        draw_text(d, place, ALIGN_LEFT, f, t->colour[*typed ? COLOUR_ACCENT : COLOUR_TEXT], part);
        text += n;
        if (*text == '`') {
            *typed = !*typed;
            text++;
        }
    }
}

static int wrap(
    const struct draw *d, struct font f, float width, const char *text, int most, char out[][LINE_TEXT])
{
    int n = 0;
    while (n < most && next_line(d, f, width, &text, out[n]))
        n++;
    if (n && text[strspn(text, " \n")]) /* more than there is room for */
        snprintf(out[n - 1] + strnlen(out[n - 1], LINE_TEXT - 4), 4, "…");
    return n;
}

/* --- cards -------------------------------------------------------------------------------------------------
 */

static void draw_card(const struct view *v, struct draw *d, struct rect r, bool focus)
{
    const struct theme *t = v->theme;
    draw_fill(d, r, t->radius, t->colour[COLOUR_PANEL]);
    struct colour edge = t->colour[focus ? COLOUR_ACCENT : COLOUR_EDGE];
    draw_frame(d, r, t->radius, focus ? 2 * t->px : fmaxf(floorf(t->px), 1), edge);
}

/* What can be done next, dim, in a corner of the largest card; first of all which panels have no room. */
static void draw_hint(const struct view *v, struct draw *d, struct rect *title, const char *missing)
{
    const struct theme *t = v->theme;
    if (*missing) {
        float room = title->w - text_width(d, view_font(v, FONT_TITLE), "Network") - 16 * t->px;
        bool whole = text_width(d, view_font(v, FONT_SMALL), missing) <= room;
        draw_textf(d, rect_cut_right(title, fmaxf(room, 0)), ALIGN_RIGHT, view_font(v, FONT_SMALL),
            t->colour[COLOUR_DIM], "%.*s", (int)(whole ? strlen(missing) : strcspn(missing, ":")), missing);
        return;
    }
    const char *what = v->status.phase == PHASE_RUNNING  ? "Space pauses   H lists the keys"
                       : v->status.phase == PHASE_PAUSED ? "Space goes on   H lists the keys"
                       : *view_play_command(v)           ? "Space trains   H lists the keys"
                                                         : "H lists the keys";
    struct font f = view_font(v, FONT_SMALL);
    float w = text_width(d, f, what);
    if (v->still || *v->caption || title->w < w + 160 * t->px)
        return;
    draw_text(d, rect_cut_right(title, w + 1), ALIGN_RIGHT, f, t->colour[COLOUR_FAINT], what);
}

/* "No room for curves, health: smaller text (-) or  view curves": what was asked for and is not there. */
static void missing_text(const struct view *v, const struct panel *const *panels, int count,
    const struct slot *slot, int slots, char out[LINE_TEXT])
{
    const char *first = NULL;
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < count && used < LINE_TEXT / 2; i++) {
        bool there = panels[i]->suits && !panels[i]->suits(v);
        for (int k = 0; k < slots; k++)
            there = there || slot[k].panel == panels[i];
        if (there)
            continue;
        used += (size_t)snprintf(
            out + used, LINE_TEXT - used, "%s%s", first ? ", " : "No room for ", panels[i]->name);
        first = first ? first : panels[i]->name;
    }
    if (first)
        snprintf(out + used, LINE_TEXT - used, ": press - , or  view %s", first);
}

static void draw_slot(const struct view *v, struct draw *d, const struct slot *s, const char *missing)
{
    char heading[96];
    const struct panel *p = s->panel;
    struct rect title = s->title;
    draw_card(v, d, s->card, v->focus == p && !v->still);
    draw_push_clip(d, s->card);
    d->owner = p;
    if (title.h > 0) {
        if (p->place == PLACE_MAIN)
            draw_hint(v, d, &title, missing);
        const char *text = p->heading ? p->heading(v, heading, sizeof heading) : NULL;
        text = text ? text : p->title ? p->title : "";
        draw_text(d, title, ALIGN_LEFT, view_font(v, FONT_TITLE), view_colour(v, COLOUR_TEXT), text);
    }
    draw_push_clip(d, s->inside);
    if (s->inside.w > 0 && s->inside.h > 0)
        p->draw(v, s->inside, d);
    draw_pop_clip(d);
    draw_pop_clip(d);
    d->owner = NULL;
    d->alpha = 1;
}

/* --- the strip under the toolbar ---------------------------------------------------------------------------
 */

struct strip {
    char line[CAPTION_LINES][LINE_TEXT];
    int lines;
    bool alarm;
    float height;
};

/* A lesson's line; else why a training ended badly. */
static struct strip strip_of(const struct view *v, const struct draw *d, float width)
{
    const struct theme *t = v->theme;
    struct strip s = {.alarm = !*v->caption && v->status.phase == PHASE_DIVERGED};
    const char *text = s.alarm ? v->status.message : v->caption;
    struct font f = view_font(v, FONT_BODY);
    /* The fixed font is a little wider than the other. */
    float room = 0.94f * (width - 2 * t->pad - 2 * t->gap - 6 * t->px);
    s.lines = wrap(d, f, room, text, CAPTION_LINES, s.line);
    float watches = v->watches ? text_height(view_font(v, FONT_NUMBER)) + 4 * t->px : 0;
    if (s.lines || v->watches)
        s.height = roundf((float)s.lines * text_height(f) + watches + t->pad);
    return s;
}

static void draw_trail(const struct view *v, struct draw *d, struct rect r, const struct watch *w)
{
    struct point p[VIEW_TRAIL];
    float low = INFINITY, high = -INFINITY;
    for (int i = 0; i < w->trails; i++) {
        low = fminf(low, w->trail[i]);
        high = fmaxf(high, w->trail[i]);
    }
    float range = high > low ? high - low : 1;
    for (int i = 0; i < w->trails; i++)
        p[i] = (struct point){
            r.x + r.w * (float)i / (VIEW_TRAIL - 1), r.y + r.h * (1 - (w->trail[i] - low) / range)};
    draw_path(d, p, (size_t)w->trails, 1.3f * v->theme->px, view_colour(v, COLOUR_ACCENT));
}

static void draw_watches(const struct view *v, struct draw *d, struct rect r)
{
    const struct theme *t = v->theme;
    struct font f = view_font(v, FONT_NUMBER);
    char value[PLOT_NUMBER];
    for (int i = 0; i < v->watches; i++) {
        const struct watch *w = &v->watch[i];
        snprintf(value, sizeof value, "–");
        if (w->trails || isfinite(w->value))
            number_short(w->value, value);
        float label = text_width(d, f, w->label) + 6 * t->px, number = text_width(d, f, "-0.000000"),
              trail = 56 * t->px;
        if (r.w < label + number + trail)
            return;
        draw_text(d, rect_cut_left(&r, label), ALIGN_LEFT, f, t->colour[COLOUR_DIM], w->label);
        draw_text(d, rect_cut_left(&r, number), ALIGN_LEFT, f, t->colour[COLOUR_TEXT], value);
        struct rect line = rect_cut_left(&r, trail);
        draw_trail(v, d, (struct rect){line.x, line.y + 3 * t->px, line.w, line.h - 6 * t->px}, w);
        rect_cut_left(&r, 18 * t->px);
    }
}

static void draw_strip(const struct view *v, struct draw *d, struct rect r, const struct strip *s)
{
    const struct theme *t = v->theme;
    struct font f = view_font(v, FONT_BODY);
    struct colour mark = t->colour[s->alarm ? COLOUR_BAD : COLOUR_ACCENT];
    draw_card(v, d, r, false);
    draw_fill(
        d, (struct rect){r.x + t->pad / 2, r.y + t->pad / 2, 3 * t->px, r.h - t->pad}, 1.5f * t->px, mark);
    rect_cut_left(&r, t->pad + 4 * t->px);
    rect_cut_right(&r, t->pad);
    rect_cut_top(&r, t->pad / 2);
    bool typed = false;
    for (int i = 0; i < s->lines; i++)
        draw_marked(v, d, rect_cut_top(&r, text_height(f)), s->line[i], &typed);
    if (v->watches) {
        rect_cut_bottom(&r, t->pad / 2);
        draw_watches(v, d, r);
    }
}

/* --- what floats -------------------------------------------------------------------------------------------
 */

struct tip {
    char line[TIP_LINES][LINE_TEXT], command[LINE_TEXT];
    int lines;
};

/* Copied, as drawing moves the list's own text. */
static bool tip_read(const struct view *v, const struct draw *d, struct tip *tip)
{
    const struct zone *z = v->mouse_inside ? draw_zone_at(d, v->mouse) : NULL;
    if (!z || v->still || v->help || v->now - v->hover_since < tip_delay)
        return false;
    bool typed = z->subject.kind != SUBJECT_CONTROL;
    snprintf(tip->command, sizeof tip->command, "%s", typed ? zone_command(d, z) : "");
    char text[TIP_LINES * LINE_TEXT];
    snprintf(text, sizeof text, "%s", zone_tip(d, z));
    tip->lines = wrap(d, view_font(v, FONT_BODY), 340 * v->theme->px, text, TIP_LINES, tip->line);
    return tip->lines || *tip->command;
}

static void draw_tip(const struct view *v, struct draw *d, float width, float height)
{
    struct tip tip;
    if (!tip_read(v, d, &tip))
        return;
    const struct theme *t = v->theme;
    struct font f = view_font(v, FONT_BODY), mono = view_font(v, FONT_NUMBER);
    float w = *tip.command ? text_width(d, mono, tip.command) : 0;
    for (int i = 0; i < tip.lines; i++)
        w = fmaxf(w, text_width(d, f, tip.line[i]));
    w = fminf(w + 1, width - 20 * t->px);
    float h = text_height(f) * (float)tip.lines + (*tip.command ? text_height(mono) + 2 * t->px : 0);
    struct rect r = {v->mouse.x + 14 * t->px, v->mouse.y + 18 * t->px, w + 16 * t->px, h + 10 * t->px};
    if (r.x + r.w > width - 4)
        r.x = fmaxf(v->mouse.x - r.w - 8 * t->px, 4);
    if (r.y + r.h > height - 4)
        r.y = fmaxf(v->mouse.y - r.h - 8 * t->px, 4);
    r = (struct rect){roundf(r.x), roundf(r.y), roundf(r.w), roundf(r.h)};
    draw_fill(d, (struct rect){r.x, r.y + 2 * t->px, r.w, r.h}, 6 * t->px, t->colour[COLOUR_SHADOW]);
    draw_fill(d, r, 6 * t->px, t->colour[COLOUR_TIP]);
    r = rect_inset(r, 5 * t->px);
    rect_cut_left(&r, 3 * t->px);
    for (int i = 0; i < tip.lines; i++)
        draw_text(d, rect_cut_top(&r, text_height(f)), ALIGN_LEFT, f, t->colour[COLOUR_ON_TIP], tip.line[i]);
    if (*tip.command)
        draw_text(d, rect_cut_bottom(&r, text_height(mono)), ALIGN_LEFT, mono,
            colour_mix(t->colour[COLOUR_ON_TIP], t->colour[COLOUR_TIP], 0.25f), tip.command);
}

enum { HELP_ROWS = 40 };

static int help_rows(
    const struct panel *const *panels, int count, const struct key_help *keys, struct key_help out[HELP_ROWS])
{
    int n = 0;
    for (const struct key_help *k = keys; k && k->key && n < HELP_ROWS; k++)
        out[n++] = *k;
    for (int i = 0; i < count; i++)
        for (const struct key_help *k = panels[i]->keys; k && k->key && n < HELP_ROWS; k++)
            out[n++] = *k;
    return n;
}

static void draw_help(
    const struct view *v, struct draw *d, const struct key_help *row, int n, float width, float height)
{
    const struct theme *t = v->theme;
    struct font f = view_font(v, FONT_BODY), key = view_font(v, FONT_NUMBER);
    float line = text_height(f) + 7 * t->px, left = 0, right = 0, pad = 20 * t->px;
    for (int i = 0; i < n; i++) {
        left = fmaxf(left, text_width(d, key, row[i].key) + 12 * t->px);
        right = fmaxf(right, text_width(d, f, row[i].what));
    }
    float column = left + 12 * t->px + right + 24 * t->px,
          head = text_height(view_font(v, FONT_LARGE)) + 12 * t->px;
    bool two = (float)n * line + head + 2 * pad > height * 0.9f || n > 12;
    int rows = two ? (n + 1) / 2 : n;
    float w = (two ? 2 : 1) * column - 24 * t->px + 2 * pad, h = head + (float)rows * line + 2 * pad;
    float scale = fminf((width - 8 * t->px) / w, (height - 8 * t->px) / h);
    if (scale < 1 && t->px > 0.5f) { /* large text in a small window: as large as all keys fit */
        struct theme smaller;
        struct view small = *v;
        theme_make(theme_find(t->name), fmaxf(t->px * scale * 0.97f, 0.5f), &smaller);
        small.theme = &smaller;
        draw_help(&small, d, row, n, width, height);
        return;
    }
    struct rect whole = {0, 0, width, height}, r = {roundf((width - w) / 2), roundf((height - h) / 2), w, h};
    draw_fill(d, whole, 0, colour_alpha(t->colour[COLOUR_BACKGROUND], 0.7f));
    r = rect_intersect(r, rect_inset(whole, 4 * t->px));
    draw_card(v, d, r, false);
    draw_push_clip(d, r);
    r = rect_inset(r, pad);
    struct rect title = rect_cut_top(&r, head);
    draw_text(d, (struct rect){title.x, title.y, title.w, head - 12 * t->px}, ALIGN_LEFT,
        view_font(v, FONT_LARGE), t->colour[COLOUR_TEXT], "Keys");
    for (int i = 0; i < n; i++) {
        struct rect cell = {
            r.x + (i >= rows ? column : 0), r.y + line * (float)(i % rows), left, line - 5 * t->px};
        draw_fill(d, cell, 4 * t->px, t->colour[COLOUR_BUTTON]);
        draw_text(d, cell, ALIGN_CENTRE, key, t->colour[COLOUR_TEXT], row[i].key);
        struct rect what = {cell.x + left + 12 * t->px, cell.y, right + 1, cell.h};
        draw_text(d, what, ALIGN_LEFT, f, t->colour[COLOUR_DIM], row[i].what);
    }
    draw_pop_clip(d);
}

void compose(const struct view *v, const struct panel *const *panels, int count, const struct key_help *keys,
    float width, float height, struct draw *d)
{
    struct rect whole = {0, 0, width, height}, free;
    struct slot slot[LAYOUT_PANELS];
    draw_begin(d, whole);
    draw_fill(d, whole, 0, view_colour(v, COLOUR_BACKGROUND));
    struct strip s = strip_of(v, d, width);
    int n = layout(v, panels, count, whole, s.height, &free, slot);
    char missing[LINE_TEXT];
    missing_text(v, panels, count, slot, n, missing);
    for (int i = 0; i < n; i++) {
        draw_part(d);
        draw_slot(v, d, &slot[i], missing);
    }
    draw_part(d);
    if (s.height > 0)
        draw_strip(v, d, free, &s);
    draw_part(d);
    draw_tip(v, d, width, height);
    if (v->help) {
        struct key_help row[HELP_ROWS];
        int rows = help_rows(panels, count, keys, row);
        draw_help(v, d, row, rows, width, height);
        draw_zone(d, whole, (struct subject){SUBJECT_CONTROL, -1, 0, 0}, NULL, NULL);
    }
}
