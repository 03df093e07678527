/* health.c - how each layer fares: one cell a layer, from left to right as in the network.
 *
 * Three histograms (activations, weights, gradients), the gradient's norm and the update's size against the
 * weights on log scales, and a word. A good training keeps the last bar within its mark. */
#include "../panel.h"
#include "../plot.h"
#include "../replica.h"

#include <math.h>
#include <stdio.h>

enum { HEALTH_CELLS = 24 };

static const float cell_least = 165, cell_most = 640;

/* --- parts of a cell --------------------------------------------------------------------------------------
 */

static void draw_histogram(
    const struct view *v, struct draw *d, struct rect r, const struct histogram *h, const char *name)
{
    float px = v->theme->px, line = text_height(view_font(v, FONT_SMALL)), most = 1e-6f;
    struct rect label = rect_cut_bottom(&r, line);
    draw_text(d, label, ALIGN_CENTRE, view_font(v, FONT_SMALL), view_colour(v, COLOUR_DIM), name);
    draw_fill(d, r, 2 * px, view_colour(v, COLOUR_WELL));
    struct rect in = rect_inset(r, 2 * px);
    for (int i = 0; i < HISTOGRAM_BINS; i++)
        most = fmaxf(most, h->share[i]);
    float zero = h->high > h->low ? -h->low / (h->high - h->low) : 0.5f;
    if (zero >= 0 && zero <= 1)
        draw_fill(
            d, (struct rect){in.x + zero * in.w - px / 2, in.y, px, in.h}, 0, view_colour(v, COLOUR_GRID));
    float step = in.w / HISTOGRAM_BINS;
    for (int i = 0; i < HISTOGRAM_BINS; i++) {
        float value = h->low + (h->high - h->low) * ((float)i + 0.5f) / HISTOGRAM_BINS;
        float reach = fmaxf(fabsf(h->low), fabsf(h->high));
        float tall = in.h * sqrtf(h->share[i] / most); /* a root: small bins stay visible */
        if (h->share[i] <= 0)
            continue;
        struct rect bar = {in.x + step * (float)i, in.y + in.h - fmaxf(tall, px), fmaxf(step - 0.4f * px, 1),
            fmaxf(tall, px)};
        float level = reach > 0 ? value / reach : 0;
        draw_fill(d, bar, 0, theme_value(v->theme, copysignf(0.35f + 0.65f * fabsf(level), level)));
    }
}

/* A bar on a log axis from 10^low to 10^high; the range good_low … good_high is marked. */
struct gauge {
    const char *name;
    double value, low, high, good_low, good_high;
    enum theme_colour colour;
};

static void draw_gauge(const struct view *v, struct draw *d, struct rect r, const struct gauge *g)
{
    float px = v->theme->px;
    char number[PLOT_NUMBER];
    struct font small = view_font(v, FONT_NUMBER_SMALL);
    struct rect name = rect_cut_left(&r, fminf(54 * px, r.w * 0.3f));
    struct rect value = rect_cut_right(&r, text_width(d, small, "0.0e-00") + px);
    rect_cut_right(&r, 8 * px);
    draw_text(d, name, ALIGN_LEFT, view_font(v, FONT_SMALL), view_colour(v, COLOUR_DIM), g->name);
    const char *text = isnan(g->value) ? "–" : number_brief(g->value, number);
    draw_text(d, value, ALIGN_RIGHT, small, view_colour(v, COLOUR_TEXT), text);
    struct rect bar = {r.x, r.y + r.h / 2 - 3 * px, r.w, 6 * px};
    draw_fill(d, bar, 3 * px, view_colour(v, COLOUR_WELL));
    if (!isfinite(g->value)) /* an empty bar: no mark either that could pass for one */
        return;
    if (g->good_high > 0) {
        float a = (float)((log10(g->good_low) - g->low) / (g->high - g->low));
        float b = (float)((log10(g->good_high) - g->low) / (g->high - g->low));
        draw_fill(d, (struct rect){bar.x + a * bar.w, bar.y - 2 * px, (b - a) * bar.w, bar.h + 4 * px},
            2 * px, colour_alpha(view_colour(v, COLOUR_GOOD), 0.28f));
    }
    if (!(g->value > 0))
        return;
    float at = (float)fmin(fmax((log10(g->value) - g->low) / (g->high - g->low), 0.02), 1);
    draw_fill(d, (struct rect){bar.x, bar.y, bar.w * at, bar.h}, 3 * px, view_colour(v, g->colour));
}

static enum theme_colour mood_colour(enum mood mood)
{
    static const enum theme_colour colour[] = {[MOOD_NONE] = COLOUR_DIM,
        [MOOD_GOOD] = COLOUR_GOOD,
        [MOOD_WARN] = COLOUR_WARN,
        [MOOD_BAD] = COLOUR_BAD};
    return colour[mood];
}

static void draw_title(const struct view *v, struct draw *d, struct rect r, const struct picture *p,
    int layer, const struct standing *all)
{
    const struct layer *l = &p->model->layer[layer];
    const struct statistics *s = &p->layer[layer].statistics;
    char verdict[VERDICT_TEXT];
    float px = v->theme->px;
    enum theme_colour colour = mood_colour(statistics_verdict(s, all, verdict));
    struct font f = view_font(v, FONT_SMALL);
    float w = text_width(d, f, verdict);
    struct rect right = rect_cut_right(&r, fminf(w + px, r.w * 0.7f)), dot = rect_cut_right(&r, 12 * px);
    draw_text(d, right, ALIGN_RIGHT, f, view_colour(v, COLOUR_TEXT), verdict);
    if (*verdict)
        draw_circle(
            d, (struct point){dot.x + dot.w - 7 * px, dot.y + dot.h / 2}, 3.5f * px, view_colour(v, colour));
    char number[16]; /* in a narrow cell, as above a narrow column of the network */
    snprintf(number, sizeof number, "%d", layer);
    struct font strong = view_font(v, FONT_STRONG);
    const char *name = text_width(d, strong, l->name) <= r.w ? l->name : number;
    draw_text(d, r, ALIGN_LEFT, strong, view_colour(v, COLOUR_TEXT), name);
}

/* "dead 12 %", "saturated 3 %": what applies to the layer's activation. */
static void shares_text(const struct statistics *s, char *out, size_t size)
{
    if (!isnan(s->dead))
        snprintf(out, size, "dead %.0f %%", 100 * s->dead);
    else if (!isnan(s->saturated))
        snprintf(out, size, "saturated %.0f %%", 100 * s->saturated);
    else
        snprintf(out, size, "%s", "");
}

/* What the layers are judged against: the last one that has weights. */
static struct standing standing_of(const struct picture *p, int layer)
{
    int last = p->model->layers - 1;
    while (
        last > 0 && (layer_param_count(&p->model->layer[last]) == 0 || !layer_learns(&p->model->layer[last])))
        last--;
    const struct statistics *s = &p->layer[last].statistics;
    return (struct standing){s->gradient_norm, s->weight_norm, p->loss, layer < p->model->layers - 1,
        p->model->layer[layer].frozen};
}

static void draw_cell(const struct view *v, struct draw *d, struct rect r, const struct picture *p, int layer)
{
    const struct layer *l = &p->model->layer[layer];
    const struct statistics *s = &p->layer[layer].statistics;
    float px = v->theme->px, line = text_height(view_font(v, FONT_SMALL));
    struct rect whole = r;
    struct standing all = standing_of(p, layer);
    draw_title(v, d, rect_cut_top(&r, line * 1.25f), p, layer, &all);
    struct gauge gauge[] = {
        {"grad", s->gradient_norm, -6, 3, 0, 0, COLOUR_ACCENT},
        {"update", statistics_ratio(s), -6, 0, RATIO_LOW, RATIO_HIGH,
            statistics_ratio(s) > 3 * RATIO_HIGH ? COLOUR_WARN : COLOUR_ACCENT},
    };
    bool room = r.h > line * 5.2f;
    for (int i = 1; i >= 0 && r.h > line * 3; i--)
        draw_gauge(v, d, rect_cut_bottom(&r, line * 1.1f), &gauge[i]);
    char shares[40];
    shares_text(s, shares, sizeof shares);
    if (room)
        draw_text(d, rect_cut_bottom(&r, line * 1.1f), ALIGN_LEFT, view_font(v, FONT_SMALL),
            view_colour(v, COLOUR_DIM), shares);
    const struct histogram *h[] = {&s->activation, &s->weight, &s->gradient};
    static const char *const name[] = {"outputs", "weights", "grads"};
    float w = (r.w - 12 * px) / 3;
    for (int i = 0; i < 3; i++)
        draw_histogram(
            v, d, (struct rect){r.x + (float)i * (w + 6 * px), r.y + px, w, r.h - px}, h[i], name[i]);
    char tip[240], a[PLOT_NUMBER], b[PLOT_NUMBER], command[64] = "";
    if (!v->mouse_inside || !rect_holds(whole, v->mouse))
        return;
    snprintf(tip, sizeof tip, "%s\nweights' norm %s, gradient's norm %s\n%s%s", l->name,
        number_short(s->weight_norm, a), isnan(s->gradient_norm) ? "–" : number_short(s->gradient_norm, b),
        shares, *shares ? "" : "update / weights: well between 1e-4 and 1e-2");
    if (!v->training) /* gradients are read from a pass of the prompt's own */
        snprintf(command, sizeof command, "show gradients %s", l->name);
    draw_zone(d, whole, (struct subject){SUBJECT_LAYER, layer, 0, 0}, command, tip);
}

/* A typed backward has its own samples: these numbers are not theirs. Of a costly step a part is repeated. */
static const char *heading(const struct view *v, char *out, size_t size)
{
    const struct picture *p = replica_picture(v->replica);
    bool known = p && p->N && p->model == session_network(v->session)->model;
    if (known && p->N < p->batch) {
        snprintf(out, size, "Health · gradients of %zu of the batch's %zu samples", p->N, p->batch);
        return out;
    }
    return known && !v->training ? "Health · gradients of the next batch" : NULL;
}

/* --- the strip --------------------------------------------------------------------------------------------
 */

static void draw_left_out(const struct view *v, struct draw *d, struct rect r, int layers)
{
    float h = text_height(view_font(v, FONT_SMALL));
    struct rect line = {r.x, r.y + r.h / 2 - h, r.w, h};
    draw_textf(d, line, ALIGN_CENTRE, view_font(v, FONT_STRONG), view_colour(v, COLOUR_TEXT), "%d", layers);
    line.y += h;
    draw_text(d, line, ALIGN_CENTRE, view_font(v, FONT_SMALL), view_colour(v, COLOUR_DIM), "more");
}

static void draw(const struct view *v, struct rect r, struct draw *d)
{
    const struct picture *p = replica_picture(v->replica);
    float px = v->theme->px;
    int layer[HEALTH_CELLS], n = 0, all = 0;
    if (p && p->model != session_network(v->session)->model)
        p = NULL;
    int fit = (int)(r.w / (cell_least * px));
    fit = fit < 1 ? 1 : fit > HEALTH_CELLS ? HEALTH_CELLS : fit;
    for (int i = 1; p && i < p->model->layers; i++)
        all += layer_param_count(&p->model->layer[i]) > 0;
    if (!all) {
        draw_text(d, r, ALIGN_CENTRE, view_font(v, FONT_BODY), view_colour(v, COLOUR_DIM),
            p || session_network(v->session)->model->params == 0
                ? "Histograms of each layer stand here once there is a network"
                : "This network is too large to be looked into while it trains");
        return;
    }
    /* Too many: the first ones and the last, where gradients start and end. */
    int first = all <= fit ? all : fit / 2, last = all <= fit ? all : all - (fit - first), seen = 0;
    for (int i = 1; i < p->model->layers; i++) {
        if (layer_param_count(&p->model->layer[i]) == 0)
            continue;
        if ((seen < first || seen >= last) && n < HEALTH_CELLS)
            layer[n++] = i;
        seen++;
    }
    bool some = all > n && first > 0 && first < n;
    float gap = 18 * px, wide = some ? 2 * gap + text_width(d, view_font(v, FONT_SMALL), "more") : 0;
    float share = fminf((r.w - wide - gap * (float)(n - 1 - some)) / (float)n, cell_most * px);
    for (int i = 0; i < n; i++) {
        struct rect before = rect_cut_left(&r, i == 0 ? 0 : some && i == first ? wide : gap);
        draw_cell(v, d, rect_cut_left(&r, share), p, layer[i]);
        if (some && i == first)
            draw_left_out(v, d, before, all - n);
        else if (i)
            draw_fill(d, (struct rect){before.x + gap / 2, r.y + 2 * px, px, r.h - 4 * px}, 0,
                view_colour(v, COLOUR_EDGE));
    }
}

extern const struct panel panel_health;
const struct panel panel_health = {
    .name = "health",
    .title = "Health",
    .summary = "how each layer fares: histograms, gradients, updates, and a word",
    .slices = SLICE_PARAMS | SLICE_MOMENTS | SLICE_BATCH,
    .place = PLACE_BOTTOM,
    .min_w = 300,
    .min_h = 70,
    .weight = 1,
    .height = 126,
    .shown = true,
    .heading = heading,
    .draw = draw,
};
