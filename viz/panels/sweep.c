/* sweep.c - which learning rate suits: the loss over ever larger rates, the one where it falls fastest
 * marked.
 *
 * Dots are the losses of batches, the line their mean over the neighbours. Far above its beginning a loss
 * says no more than that it is there: the axis ends at twice that. A click takes the rate. */
#include "../panel.h"
#include "../plot.h"

#include <math.h>
#include <stdio.h>

enum { SWEEP_POINTS = 400 };

/* What is drawn of a sweep: each `every`-th step. */
struct drawn {
    const struct sweep *sweep;
    struct plot plot;
    float lr[SWEEP_POINTS], loss[SWEEP_POINTS], mean[SWEEP_POINTS];
    size_t n;
};

static void read_steps(struct drawn *k)
{
    const struct sweep *s = k->sweep;
    size_t every = (s->steps + SWEEP_POINTS - 1) / SWEEP_POINTS;
    k->n = 0;
    for (size_t i = 0; i < s->steps; i += every) {
        k->lr[k->n] = (float)s->lr[i];
        k->loss[k->n] = (float)s->loss[i];
        k->mean[k->n++] = (float)s->mean[i];
    }
}

static struct axis rate_axis(const struct sweep *s)
{
    double low = s->lr[0], high = s->lr[s->steps - 1];
    return (struct axis){low, high > low ? high : 10 * low, true};
}

static struct axis loss_axis(const struct drawn *k)
{
    struct axis a = {INFINITY, -INFINITY, false};
    double top = 2 * k->sweep->mean[0];
    for (size_t i = 0; i < k->n; i++) {
        const double y[] = {(double)k->loss[i], (double)k->mean[i]};
        for (int j = 0; j < 2; j++)
            if (isfinite(y[j])) {
                a.low = fmin(a.low, y[j]);
                a.high = fmax(a.high, y[j]);
            }
    }
    if (a.high > top && top > a.low)
        a.high = top;
    if (!(a.low < a.high)) /* one value, or none */
        return (struct axis){isfinite(a.low) ? a.low - 1 : 0, isfinite(a.low) ? a.low + 1 : 1, false};
    a.low = a.low > 0 && a.low < 0.5 * a.high ? 0 : a.low;
    a.high += 0.05 * (a.high - a.low);
    return a;
}

/* Outside the plot the line is cut: it would run along the edge. */
static void draw_losses(const struct view *v, struct draw *d, const struct drawn *k)
{
    float px = v->theme->px, line[SWEEP_POINTS], top = (float)k->plot.y.high;
    struct colour dot = colour_alpha(view_colour(v, COLOUR_DIM), 0.7f);
    for (size_t i = 0; i < k->n; i++) {
        bool left = i && k->mean[i - 1] <= top, back = i + 1 < k->n && k->mean[i + 1] <= top;
        line[i] = k->mean[i] <= top ? k->mean[i] : left || back ? top : NAN;
        if (k->loss[i] <= top)
            draw_circle(d, plot_point(&k->plot, (double)k->lr[i], (double)k->loss[i]), 1.4f * px, dot);
    }
    plot_line(&k->plot, d, k->lr, line, k->n, 1.8f * px, v->theme->series[5]);
}

static void draw_rate(const struct view *v, struct draw *d, const struct plot *p, double lr, bool dashed,
    enum theme_colour colour)
{
    float px = v->theme->px, x = roundf(plot_point(p, lr, p->y.low).x);
    struct point line[] = {{x, p->area.y}, {x, p->area.y + p->area.h}};
    if (dashed)
        draw_dashes(d, line, 2, 1.2f * px, view_colour(v, colour), 4 * px, 4 * px, 0);
    else
        draw_line(d, line[0], line[1], 1.5f * px, view_colour(v, colour));
}

/* The best rate's number at the top of its line: a button. */
static void draw_button(const struct view *v, struct draw *d, const struct drawn *k)
{
    const struct sweep *s = k->sweep;
    const struct plot *p = &k->plot;
    float px = v->theme->px, x = plot_point(p, s->lr[s->steepest], p->y.low).x;
    struct subject button = {SUBJECT_CONTROL, 1, 0, 0};
    struct font f = view_font(v, FONT_NUMBER_SMALL);
    char word[PLOT_NUMBER], command[48], tip[96];
    number_brief(s->lr[s->steepest], word);
    float w = fminf(text_width(d, f, word) + 8 * px, p->area.w), h = fminf(text_height(f), p->area.h);
    float left = fminf(fmaxf(x - w / 2, p->area.x), p->area.x + p->area.w - w);
    struct rect r = {left, p->area.y + 2 * px, w, h};
    draw_fill(d, r, 3 * px, view_colour(v, COLOUR_ACCENT));
    draw_text(d, r, ALIGN_CENTRE, f, view_colour(v, COLOUR_ON_ACCENT), word);
    snprintf(command, sizeof command, "set lr %.2g", s->lr[s->steepest]);
    snprintf(tip, sizeof tip, "here the loss falls fastest: %s takes it", command);
    draw_zone(d, r, button, command, tip);
}

static void draw_marks(const struct view *v, struct draw *d, const struct drawn *k)
{
    const struct sweep *s = k->sweep;
    const struct plot *p = &k->plot;
    double now = session_network(v->session)->recipe.lr, best = s->lr[s->steepest];
    if (now >= p->x.low && now <= p->x.high)
        draw_rate(v, d, p, now, true, COLOUR_FAINT);
    if (!s->fell)
        return;
    draw_rate(v, d, p, best, false, COLOUR_ACCENT);
    draw_circle(
        d, plot_point(p, best, s->mean[s->steepest]), 4 * v->theme->px, view_colour(v, COLOUR_ACCENT));
}

static void draw_caption(const struct view *v, struct draw *d, const struct sweep *s, struct rect r)
{
    char whole[120], some[64], more[48] = "", best[PLOT_NUMBER], bad[PLOT_NUMBER];
    if (s->worse < s->steps)
        snprintf(more, sizeof more, "; from %s worse than at first", number_brief(s->lr[s->worse], bad));
    snprintf(some, sizeof some, "falls fastest at %s", number_brief(s->lr[s->steepest], best));
    snprintf(whole, sizeof whole, "the loss %s%s", some, more);
    const char *const fell[] = {whole, some, NULL};
    static const char *const stayed[] = {
        "the loss never fell clearly: try other rates, or `init`", "it never fell", NULL};
    draw_wording(
        d, r, ALIGN_LEFT, view_font(v, FONT_SMALL), view_colour(v, COLOUR_DIM), s->fell ? fell : stayed);
}

/* What was measured at the rate under the mouse. */
static void draw_place(const struct view *v, struct draw *d, const struct drawn *k)
{
    char tip[96], rate[PLOT_NUMBER], loss[PLOT_NUMBER];
    if (!v->mouse_inside || !rect_holds(k->plot.area, v->mouse))
        return;
    size_t i = plot_nearest(&k->plot, k->lr, k->n, v->mouse.x);
    snprintf(tip, sizeof tip, "at a rate of %s\nthe loss was %s", number_brief((double)k->lr[i], rate),
        number_short((double)k->mean[i], loss));
    draw_zone(d, k->plot.area, (struct subject){SUBJECT_PLACE, 0, 0, 0}, NULL, tip);
}

static void draw(const struct view *v, struct rect r, struct draw *d)
{
    struct drawn k = {.sweep = session_sweep(v->session)};
    struct font small = view_font(v, FONT_SMALL);
    if (!k.sweep) {
        draw_text(d, r, ALIGN_CENTRE, view_font(v, FONT_BODY), view_colour(v, COLOUR_DIM),
            "Type  sweep  to try learning rates");
        return;
    }
    read_steps(&k);
    float line = text_height(small);
    struct rect below = rect_cut_bottom(&r, line), top = rect_cut_top(&r, line);
    draw_text(d, top, ALIGN_LEFT, small, view_colour(v, COLOUR_DIM), "loss");
    k.plot = plot_begin(v, d, r, rate_axis(k.sweep), loss_axis(&k), "lr");
    draw_push_clip(d, k.plot.area);
    draw_losses(v, d, &k);
    draw_marks(v, d, &k);
    draw_pop_clip(d);
    draw_caption(v, d, k.sweep, below);
    draw_place(v, d, &k);
    if (k.sweep->fell)
        draw_button(v, d, &k);
}

static bool suits(const struct view *v)
{
    return session_sweep(v->session);
}

extern const struct panel panel_sweep;
const struct panel panel_sweep = {
    .name = "sweep",
    .title = "Learning rates",
    .summary = "the loss over ever larger learning rates, and the one where it falls fastest",
    .place = PLACE_SIDE,
    .min_w = 180,
    .min_h = 120,
    .weight = 1,
    .shown = true,
    .suits = suits,
    .draw = draw,
};
