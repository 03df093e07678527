/* curves.c - loss and metric over the epochs, training and held-out part in one plot.
 *
 * One row an epoch, as the trainer wrote it: drawing again never adds a point. Smoothing looks back only, so
 * what was drawn stays. The legend names the newest values, or those under the mouse. A training that blew up
 * ends with a row that is no number: a mark and a word stand there, and the log axis comes by itself when the
 * way to it is long. */
#include "../panel.h"
#include "../plot.h"
#include "curves_runs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CONTROL_LOG = 1, CONTROL_SMOOTH, ROWS = CURVE_POINTS + 1, SMOOTH_FROM = 30 };

/* One plot: two columns of the log. */
struct chart {
    const char *name;
    const float *train, *held_out;
    bool loss, share; /* share: a value between 0 and 1 */
};

struct columns {
    float epoch[ROWS], loss[ROWS], val_loss[ROWS], metric[ROWS], val_metric[ROWS];
    size_t n;
    bool accuracy, mae;
    bool broken; /* the last loss is not finite */
    bool wide;   /* the losses span more than three powers of ten */
};

/* The range of values from row `first` on; positive ones alone for a log axis. */
static void range_of(const float *y, size_t first, size_t n, bool log, double *low, double *high)
{
    for (size_t i = first; i < n; i++)
        if (isfinite(y[i]) && (!log || y[i] > 0)) {
            *low = fmin(*low, y[i]);
            *high = fmax(*high, y[i]);
        }
}

static void columns_read(const struct view *v, struct columns *c)
{
    c->n = v->curves;
    c->accuracy = c->mae = false;
    for (size_t i = 0; i < c->n; i++) {
        const struct curve_point *p = &v->curve[i];
        c->accuracy = c->accuracy || isfinite(p->accuracy) || isfinite(p->val_accuracy);
        c->mae = c->mae || isfinite(p->mae) || isfinite(p->val_mae);
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct curve_point *p = &v->curve[i];
        c->epoch[i] = (float)p->epoch;
        c->loss[i] = p->loss;
        c->val_loss[i] = p->val_loss;
        c->metric[i] = c->accuracy ? p->accuracy : p->mae;
        c->val_metric[i] = c->accuracy ? p->val_accuracy : p->val_mae;
    }
    double low = INFINITY, high = -INFINITY;
    range_of(c->loss, 0, c->n, true, &low, &high);
    c->broken = c->n && !isfinite(c->loss[c->n - 1]);
    c->wide = high > 1000 * low;
}

/* A linear axis passes over the first epochs of a long run where they are so wild that the rest would be
 * flat; *top is what they reached, else NaN. */
static struct axis value_axis(const struct chart *k, size_t n, bool log, double *top)
{
    struct axis a = {INFINITY, -INFINITY, log}, rest = a;
    range_of(k->train, 0, n, log, &a.low, &a.high);
    range_of(k->held_out, 0, n, log, &a.low, &a.high);
    *top = NAN;
    if (!log && !k->share && n >= 50) {
        range_of(k->train, n / 50, n, log, &rest.low, &rest.high);
        range_of(k->held_out, n / 50, n, log, &rest.low, &rest.high);
        if (rest.high > 0 && a.high > 4 * rest.high) {
            *top = a.high;
            a = rest;
        }
    }
    if (!(a.low <= a.high))
        return (struct axis){log ? 0.01 : 0, 1, log};
    if (k->share)
        return (struct axis){floor(fmin(a.low, 0.9) * 5 + 1e-6) / 5, 1, false};
    if (log) {
        axis_round(&a, 5);
        return a;
    }
    a.low = fmin(a.low, 0);
    a.high += fmax((a.high - a.low) * 0.06, 1e-12);
    return a;
}

static struct colour line_colour(const struct view *v, bool held_out)
{
    return v->theme->series[held_out ? 4 : 5];
}

static bool smoothed(const struct view *v, const struct columns *c)
{
    return v->smooth && c->n >= SMOOTH_FROM && !c->broken;
}

/* An explosion is seen on a log axis alone: there the switch turns it off. */
static bool log_axis(const struct view *v, const struct columns *c)
{
    return v->log_loss != (c->broken && c->wide);
}

static void draw_series(const struct view *v, struct draw *d, const struct plot *p, const struct columns *c,
    const float *y, bool held_out)
{
    static const double share = 0.03; /* of the way so far that a smoothed value remembers */
    struct colour colour = line_colour(v, held_out);
    float px = v->theme->px, smooth[ROWS];
    if (!smoothed(v, c)) {
        plot_line(p, d, c->epoch, y, c->n, 1.7f * px, colour);
        return;
    }
    plot_line(p, d, c->epoch, y, c->n, px, colour_alpha(colour, 0.3f));
    plot_smooth(c->epoch, y, smooth, c->n, share);
    plot_line(p, d, c->epoch, smooth, c->n, 1.7f * px, colour);
}

/* How a value of the legend is written: with its name, without, or with fewer digits too. */
enum wording { NAMED, BARE, BRIEF };

static void key_number(const struct view *v, const struct draw *d, float value, enum wording w,
    char number[PLOT_NUMBER], float *wide)
{
    struct font f = view_font(v, FONT_NUMBER);
    (w == BRIEF ? number_brief : number_short)((double)value, number);
    *wide = text_width(d, f, number) + 1;
    if (w != BRIEF) /* most numbers are at least as wide: the row stands still */
        *wide = fmaxf(*wide, text_width(d, f, "0.000") + 1);
}

/* The room that "● train 0.0123" takes. */
static float key_width(
    const struct view *v, const struct draw *d, const char *name, float value, enum wording w)
{
    char number[PLOT_NUMBER];
    float wide, px = v->theme->px;
    key_number(v, d, value, w, number, &wide);
    if (w == NAMED)
        wide += text_width(d, view_font(v, FONT_SMALL), name) + 5 * px;
    return 12 * px + wide;
}

/* Returns what is left of the row. */
static struct rect draw_key(const struct view *v, struct draw *d, struct rect row, const char *name,
    float value, enum wording w, bool held_out)
{
    const struct theme *t = v->theme;
    char number[PLOT_NUMBER];
    float wide, dot = 3.5f * t->px;
    if (row.w < key_width(v, d, name, value, w))
        return row;
    key_number(v, d, value, w, number, &wide);
    draw_circle(d, (struct point){row.x + dot, row.y + row.h / 2}, dot, line_colour(v, held_out));
    rect_cut_left(&row, 12 * t->px);
    struct font small = view_font(v, FONT_SMALL);
    if (w == NAMED)
        draw_text(d, rect_cut_left(&row, text_width(d, small, name) + 5 * t->px), ALIGN_LEFT, small,
            t->colour[COLOUR_DIM], name);
    draw_text(d, rect_cut_left(&row, wide), ALIGN_LEFT, view_font(v, FONT_NUMBER),
        t->colour[isfinite(value) ? COLOUR_TEXT : COLOUR_BAD], number);
    rect_cut_left(&row, 12 * t->px);
    return row;
}

/* A small switch at the right end of the row, lit while it is on; one that is offered has the accent. */
static void draw_switch(const struct view *v, struct draw *d, struct rect *row, const char *name, int control,
    bool on, bool offered, const char *tip)
{
    const struct theme *t = v->theme;
    struct font f = view_font(v, FONT_SMALL);
    struct subject s = {SUBJECT_CONTROL, control, 0, 0};
    float w = text_width(d, f, name) + 12 * t->px;
    if (row->w < w + 190 * t->px)
        return;
    struct rect r = rect_cut_right(row, w);
    r = (struct rect){r.x, r.y + (r.h - text_height(f) - 2 * t->px) / 2, r.w, text_height(f) + 2 * t->px};
    bool hover = v->hover_panel == d->owner && subject_equal(v->hover, s);
    if (on || hover)
        draw_fill(d, r, 4 * t->px, t->colour[hover ? COLOUR_BUTTON_HOVER : COLOUR_BUTTON]);
    draw_text(d, r, ALIGN_CENTRE, f,
        t->colour[on        ? COLOUR_TEXT
                  : offered ? COLOUR_ACCENT
                            : COLOUR_FAINT],
        name);
    draw_zone(d, r, s, NULL, tip);
    rect_cut_right(row, 4 * t->px);
}

/* What both values take side by side. */
static float keys_width(const struct view *v, const struct draw *d, const struct chart *k, size_t at,
    bool train, bool val, enum wording w)
{
    return (train ? key_width(v, d, "train", k->train[at], w) : 0) +
           (val ? key_width(v, d, "val", k->held_out[at], w) : 0) + (train && val ? 12 * v->theme->px : 0);
}

static void draw_switches(
    const struct view *v, struct draw *d, struct rect *row, const struct chart *k, const struct columns *c)
{
    if (!k->loss || v->still)
        return;
    draw_switch(v, d, row, "log", CONTROL_LOG, log_axis(v, c), c->wide,
        c->wide ? "the loss spans many powers of ten: a log axis shows them   L"
                : "log axis for the loss   L");
    if (c->n >= SMOOTH_FROM)
        draw_switch(v, d, row, "smooth", CONTROL_SMOOTH, v->smooth, false, "smooth the lines   O");
}

/* No number is ever cut: names go first, of both or of none, as a lone one would mislead; then digits. */
static void draw_legend(const struct view *v, struct draw *d, struct rect row, const struct chart *k,
    const struct columns *c, size_t at)
{
    const struct theme *t = v->theme;
    struct font f = view_font(v, FONT_STRONG);
    bool train = c->n && (isfinite(k->train[at]) || (k->loss && c->broken && at == c->n - 1));
    bool val = c->n && isfinite(k->held_out[at]);
    float numbers = keys_width(v, d, k, at, train, val, BARE), gap = 12 * t->px;
    const char *name = k->share && text_width(d, f, k->name) + gap + numbers > row.w ? "acc" : k->name;
    draw_text(
        d, rect_cut_left(&row, text_width(d, f, name) + 1), ALIGN_LEFT, f, t->colour[COLOUR_TEXT], name);
    rect_cut_left(&row, gap);
    draw_switches(v, d, &row, k, c);
    enum wording w = NAMED;
    while (w < BRIEF && keys_width(v, d, k, at, train, val, w) > row.w)
        w++;
    if (train)
        row = draw_key(v, d, row, "train", k->train[at], w, false);
    if (val)
        draw_key(v, d, row, "val", k->held_out[at], w, true);
}

static bool chart_hovered(const struct view *v, const struct draw *d)
{
    return v->hover_panel == d->owner && v->hover.kind == SUBJECT_PLACE && v->mouse_inside;
}

static void draw_hover(const struct view *v, struct draw *d, const struct plot *p, const struct chart *k,
    const struct columns *c, size_t at)
{
    const struct theme *t = v->theme;
    struct font f = view_font(v, FONT_NUMBER_SMALL);
    float x = roundf(plot_point(p, c->epoch[at], 0).x), dot = 3.5f * t->px;
    draw_fill(d, (struct rect){x, p->area.y, 1, p->area.h}, 0, t->colour[COLOUR_FAINT]);
    const float *line[] = {k->train, k->held_out};
    for (int i = 0; i < 2; i++)
        if (isfinite(line[i][at]))
            draw_circle(d, plot_point(p, c->epoch[at], line[i][at]), dot, line_colour(v, i == 1));
    char text[40], count[COUNT_TEXT];
    snprintf(text, sizeof text, "epoch %s", count_text((uint64_t)c->epoch[at], count));
    float w = text_width(d, f, text) + 10 * t->px, h = text_height(f), px = t->px;
    float left = fminf(fmaxf(x - w / 2, p->area.x), p->area.x + p->area.w - w);
    struct rect r = {left, p->area.y + p->area.h + px, w, h}; /* over the numbers, clear of the curve */
    draw_fill(d, r, 4 * t->px, t->colour[COLOUR_TIP]);
    draw_text(d, r, ALIGN_CENTRE, f, t->colour[COLOUR_ON_TIP], text);
}

/* A chip with a word inside the plot, at its top: where something left it. */
static void draw_flag(const struct view *v, struct draw *d, const struct plot *p, float x, const char *text,
    enum theme_colour ground, enum theme_colour ink)
{
    const struct theme *t = v->theme;
    struct font f = view_font(v, FONT_NUMBER_SMALL);
    float w = text_width(d, f, text) + 8 * t->px, h = text_height(f);
    x = fminf(fmaxf(x, p->area.x), p->area.x + p->area.w - w);
    struct rect r = {x, p->area.y + 2 * t->px, w, h};
    draw_fill(d, r, 3 * t->px, t->colour[ground]);
    draw_text(d, r, ALIGN_CENTRE, f, t->colour[ink], text);
}

/* Where the numbers end. */
static void draw_break(const struct view *v, struct draw *d, const struct plot *p, const struct chart *k,
    const struct columns *c)
{
    float px = v->theme->px, x = roundf(plot_point(p, c->epoch[c->n - 1], 0).x);
    struct point line[] = {{x, p->area.y}, {x, p->area.y + p->area.h}};
    draw_dashes(d, line, 2, 1.5f * px, view_colour(v, COLOUR_BAD), 4 * px, 3 * px, 0);
    for (size_t i = c->n; i-- > 0;)
        if (isfinite(k->train[i])) { /* the last number, which may be the only one */
            draw_circle(d, plot_point(p, c->epoch[i], k->train[i]), 3 * px, line_colour(v, false));
            break;
        }
    if (k->loss)
        draw_flag(v, d, p, x + 4 * px, isnan(c->loss[c->n - 1]) ? "NaN" : "inf", COLOUR_BAD, COLOUR_PANEL);
}

static void draw_chart(
    const struct view *v, struct rect r, struct draw *d, const struct chart *k, const struct columns *c)
{
    const struct theme *t = v->theme;
    struct rect legend = rect_cut_top(&r, text_height(view_font(v, FONT_NUMBER)) + 2 * t->px);
    const struct runs *runs = k->loss ? session_runs(v->session) : NULL;
    float last = fmaxf(c->n ? c->epoch[c->n - 1] : 0, curves_runs_last(runs));
    double top;
    struct axis x = {0, fmaxf(last, 10), false}, y = value_axis(k, c->n, k->loss && log_axis(v, c), &top);
    curves_runs_widen(runs, &y);
    struct plot p = plot_begin(v, d, r, x, y, "epoch");
    curves_runs_draw(v, d, &p, runs);
    draw_series(v, d, &p, c, k->train, false);
    draw_series(v, d, &p, c, k->held_out, true);
    curves_runs_names(v, d, &p, runs);
    if (c->broken)
        draw_break(v, d, &p, k, c);
    if (isfinite(top)) {
        char text[PLOT_NUMBER + 16], number[PLOT_NUMBER];
        snprintf(text, sizeof text, "↑ from %s", number_short(top, number));
        draw_flag(v, d, &p, p.area.x + 0.04f * p.area.w, text, COLOUR_WELL, COLOUR_DIM);
    }
    draw_zone(d, p.area, (struct subject){SUBJECT_PLACE, 0, 0, 0}, NULL, NULL);
    size_t at = c->n ? c->n - 1 : 0;
    bool hovered = c->n && chart_hovered(v, d) && v->mouse.x >= p.area.x && v->mouse.x <= p.area.x + p.area.w;
    if (hovered) {
        at = plot_nearest(&p, c->epoch, c->n, v->mouse.x);
        draw_hover(v, d, &p, k, c, at);
    }
    draw_legend(v, d, legend, k, c, at);
    if (c->n > 0 || runs)
        return;
    const char *nothing = v->status.step ? "the curves go on with the next epoch" : "nothing trained yet";
    struct font f = view_font(v, FONT_SMALL);
    float w = text_width(d, f, nothing) + 8 * t->px, h = text_height(f);
    struct rect middle = {p.area.x + (p.area.w - w) / 2, p.area.y + (p.area.h - h) / 2, w, h};
    middle = rect_intersect(middle, p.area);
    draw_fill(d, middle, 0, t->colour[COLOUR_WELL]);
    draw_text(d, middle, ALIGN_CENTRE, f, t->colour[COLOUR_FAINT], nothing);
}

static void curves_draw(const struct view *v, struct rect r, struct draw *d)
{
    struct columns c;
    columns_read(v, &c);
    struct chart loss = {"loss", c.loss, c.val_loss, true, false};
    const struct data *data = v->session->data;
    bool numbers = c.mae || (!c.accuracy && data && data->classes == 0);
    struct chart metric = {numbers ? "mae" : "accuracy", c.metric, c.val_metric, false, !numbers};
    const struct theme *t = v->theme;
    bool beside = r.w > 1.5f * r.h && r.w > 460 * t->px, room = beside || r.h > 160 * t->px;
    if (!room || (c.n && !c.accuracy && !c.mae)) {
        draw_chart(v, r, d, &loss, &c);
        return;
    }
    float gap = (beside ? 16 : 6) * t->px;
    struct rect first = beside ? rect_cut_left(&r, (r.w - gap) / 2) : rect_cut_top(&r, (r.h - gap) / 2);
    beside ? rect_cut_left(&r, gap) : rect_cut_top(&r, gap);
    draw_chart(v, first, d, &loss, &c);
    draw_chart(v, r, d, &metric, &c);
}

static bool curves_toggle(struct view *v, int control)
{
    if (control == CONTROL_LOG)
        v->log_loss = !v->log_loss;
    else if (control == CONTROL_SMOOTH)
        v->smooth = !v->smooth;
    else
        return false;
    return true;
}

static bool curves_key(struct view *v, int key)
{
    return curves_toggle(v, key == 'l' ? CONTROL_LOG : key == 'o' ? CONTROL_SMOOTH : 0);
}

static bool curves_click(struct view *v, struct subject s, struct point at)
{
    return s.kind == SUBJECT_CONTROL && curves_toggle(v, s.a);
}

static const struct key_help curves_keys[] = {
    {"L", "log axis for the loss"}, {"O", "smooth the curves"}, {0}};

const struct panel panel_curves = {
    .name = "curves",
    .summary = "loss and accuracy over the epochs, of the training and the held-out part",
    .place = PLACE_SIDE,
    .min_w = 160,
    .min_h = 90,
    .weight = 1,
    .shown = true,
    .draw = curves_draw,
    .keys = curves_keys,
    .key = curves_key,
    .click = curves_click,
};
