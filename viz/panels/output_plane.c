/* output_plane.c - what the network says over the plane of its two inputs, and over a single input.
 *
 * The map was probed at the centres of a grid (replica.h) and is blended between them. Samples lie on it in
 * the colours of their targets: where a mark stands out from the ground, the network is wrong. */
#include "output.h"

#include <math.h>
#include <stdio.h>

enum { MARKS = 1500 };

struct colour output_target_colour(const struct output *o, size_t row)
{
    const struct data *d = o->data;
    float t = d->t[row * d->targets];
    if (d->classes)
        return theme_class(o->v->theme, (int)t, d->classes);
    float most = 1e-6f;
    for (size_t i = 0; i < d->n; i += d->n / 256 + 1)
        most = fmaxf(most, fabsf(d->t[i * d->targets]));
    return theme_value(o->v->theme, t / most);
}

/* Few marks are large. */
static float mark_radius(size_t n)
{
    return n > 500 ? 1.6f : n > 150 ? 2.7f : n > 30 ? 3.5f : 5.5f;
}

void output_mark(const struct output *o, struct point at, size_t row, struct colour c)
{
    float px = o->v->theme->px, radius = mark_radius(o->data->n) * px;
    struct colour ground = view_colour(o->v, COLOUR_PANEL);
    if (o->v->pin.kind == SUBJECT_SAMPLE && o->v->pin.a == (int)row)
        draw_ring(o->d, at, radius + 5 * px, 2 * px, view_colour(o->v, COLOUR_ACCENT));
    draw_circle(o->d, at, radius + px,
        colour_alpha(ground, o->data->n > 500       ? 0.4f
                             : row < o->data->train ? 0.8f
                                                    : 0.6f));
    if (row < o->data->train)
        draw_circle(o->d, at, radius, c);
    else
        draw_ring(o->d, at, radius + 0.4f * px, 1.5f * px, c);
}

/* --- the legend -------------------------------------------------------------------------------------------
 */

static float legend_mark(const struct output *o, struct rect r, struct colour c, bool ring, const char *text)
{
    float px = o->v->theme->px, radius = 3 * px;
    struct font f = view_font(o->v, FONT_SMALL);
    float w = text_width(o->d, f, text) + 13 * px;
    if (w > r.w)
        return 0;
    struct point at = {r.x + radius + px, r.y + r.h / 2};
    if (ring)
        draw_ring(o->d, at, radius, 1.3f * px, c);
    else
        draw_circle(o->d, at, radius, c);
    rect_cut_left(&r, 10 * px);
    draw_text(o->d, r, ALIGN_LEFT, f, view_colour(o->v, COLOUR_DIM), text);
    return w + 9 * px;
}

void output_legend(const struct output *o, struct rect r, float x)
{
    const struct data *d = o->data;
    struct colour plain = view_colour(o->v, COLOUR_DIM);
    struct font f = view_font(o->v, FONT_SMALL);
    bool held_out = d->n > d->train && o->v->show_held_out;
    float each = 22 * o->v->theme->px, all = text_width(o->d, f, "training") + each;
    for (int i = 0; i < d->classes; i++)
        all += text_width(o->d, f, d->class_name[i]) + each;
    all += held_out ? text_width(o->d, f, "held out") + each : 0;
    bool training = all <= r.w || !held_out; /* where room is short, full marks explain themselves */
    rect_cut_left(&r, fmaxf(fminf(x - r.x, r.w - all), 0));
    for (int i = 0; i < d->classes; i++)
        rect_cut_left(
            &r, legend_mark(o, r, theme_class(o->v->theme, i, d->classes), false, d->class_name[i]));
    if (training)
        rect_cut_left(&r, legend_mark(o, r, plain, false, "training"));
    if (held_out)
        legend_mark(o, r, plain, true, "held out");
}

/* --- the plane --------------------------------------------------------------------------------------------
 */

/* A square for the map, with room for numbers at the left and below. */
static struct rect square_of(const struct output *o, struct rect r)
{
    float px = o->v->theme->px, line = text_height(view_font(o->v, FONT_NUMBER_SMALL));
    rect_cut_left(&r, 34 * px);
    rect_cut_right(&r, 6 * px);
    rect_cut_bottom(&r, line + 3 * px);
    rect_cut_top(&r, 3 * px);
    float side = floorf(fminf(r.w, r.h));
    return (struct rect){floorf(r.x + (r.w - side) / 2), r.y, side, side};
}

static void plane_axes(const struct output *o, struct rect map)
{
    const struct data *d = o->data;
    float px = o->v->theme->px, line = text_height(view_font(o->v, FONT_NUMBER_SMALL));
    struct font f = view_font(o->v, FONT_NUMBER_SMALL), name = view_font(o->v, FONT_SMALL);
    struct colour c = view_colour(o->v, COLOUR_DIM);
    double tick[PLOT_TICKS];
    char number[PLOT_NUMBER];
    float lead = d->input_name ? text_width(o->d, name, d->input_name[0]) + 6 * px : 0;
    for (int axis = 0; axis < 2; axis++) {
        struct axis a = {(double)d->low[axis], (double)d->high[axis], false};
        int n = axis_ticks(&a, (int)(map.w / (46 * px)) + 1, tick);
        for (int i = 0; i < n; i++) {
            float at = (float)axis_place(&a, tick[i]);
            struct rect box = {map.x + at * map.w - 20 * px, map.y + map.h + 3 * px, 40 * px, line};
            if (axis)
                box = (struct rect){map.x - 38 * px,
                    fminf(map.y + (1 - at) * map.h - line / 2, map.y + map.h - line), 33 * px,
                    line}; /* the lowest stays clear of the row below */
            bool taken = axis ? box.y < map.y + line : box.x + box.w / 2 > map.x + map.w - lead - 14 * px;
            if (!taken)
                draw_text(o->d, box, axis ? ALIGN_RIGHT : ALIGN_CENTRE, f, c, number_tick(tick[i], number));
        }
    }
    if (!d->input_name)
        return;
    struct rect below = {map.x, map.y + map.h + 3 * px, map.w, line},
                left = {map.x - 40 * px, map.y, 35 * px, line};
    draw_text(o->d, below, ALIGN_RIGHT, name, view_colour(o->v, COLOUR_TEXT), d->input_name[0]);
    draw_text(o->d, left, ALIGN_RIGHT, name, view_colour(o->v, COLOUR_TEXT), d->input_name[1]);
}

static int class_at(const struct picture *p, int cell, float *sure)
{
    float y[REPLICA_MAPS];
    int head = p->model->layers - 1;
    size_t K = p->K < REPLICA_MAPS ? p->K : REPLICA_MAPS;
    float best = 0;
    for (size_t k = 0; k < K; k++) {
        y[k] = picture_map(p, head, (int)k)[cell];
        best = fmaxf(best, y[k]);
    }
    *sure = p->head->encoding == ENCODE_ONE_HOT ? (best - 1 / (float)K) / (1 - 1 / (float)K) : 0.7f;
    return encoding_class(p->head->encoding, y, K);
}

/* The head as a whole: classes in their colours, the stronger the surer. */
static void classes_map(const struct output *o, struct rect map)
{
    const struct picture *p = o->picture;
    int cells = p->columns * p->rows, classes = (int)p->K;
    uint32_t *pixel = draw_image(o->d, map, p->columns, p->rows, 3 * o->v->theme->px, true);
    struct colour neutral = theme_value(o->v->theme, 0);
    for (int i = 0; pixel && i < cells; i++) {
        float sure = 1;
        int k = class_at(p, i, &sure);
        struct colour c = theme_class(o->v->theme, k, classes);
        pixel[i] = colour_pixel(colour_mix(neutral, c, o->v->discretise ? 0.8f : 0.15f + 0.65f * sure));
    }
}

static void two_classes_map(const struct output *o, struct rect map)
{
    const struct picture *p = o->picture;
    const float *y = picture_map(p, p->model->layers - 1, 0);
    uint32_t *pixel = draw_image(o->d, map, p->columns, p->rows, 3 * o->v->theme->px, true);
    for (int i = 0; pixel && i < p->columns * p->rows; i++)
        pixel[i] = theme_pixel(o->v->theme, encoding_class(p->head->encoding, &y[i], 1) ? 0.8f : -0.8f);
}

static void plane_map(const struct output *o, struct rect map)
{
    const struct picture *p = o->picture;
    float radius = 3 * o->v->theme->px;
    draw_fill(o->d, map, radius, view_colour(o->v, COLOUR_WELL));
    if (!p || p->kind != MAP_PLANE)
        return;
    if (o->layer >= 0)
        draw_unit_map(o->d, o->v, p, o->layer, o->unit, map, radius, false);
    else if (p->K > 1 && o->data->classes)
        classes_map(o, map);
    else if (o->data->classes && o->v->discretise)
        two_classes_map(o, map);
    else
        draw_unit_map(o->d, o->v, p, p->model->layers - 1, 0, map, radius, false);
    /* A veil, so that marks stand out from ground of their own colour. */
    draw_fill(o->d, map, radius, colour_alpha(view_colour(o->v, COLOUR_PANEL), 0.3f));
}

static struct point plane_point(const struct data *d, struct rect map, size_t row)
{
    const float *x = d->raw_x + 2 * row;
    return (struct point){map.x + map.w * (x[0] - d->low[0]) / (d->high[0] - d->low[0]),
        map.y + map.h * (1 - (x[1] - d->low[1]) / (d->high[1] - d->low[1]))};
}

/* The sample under the mouse, and what a click on it pins. */
static void sample_zone(const struct output *o, size_t row, struct point at)
{
    const struct data *d = o->data;
    float reach = 6 * o->v->theme->px;
    char tip[NETWORK_TEXT], target[80];
    if (d->classes)
        snprintf(target, sizeof target, "%s", d->class_name[(int)d->t[row]]);
    else
        snprintf(target, sizeof target, "target %.4g", (double)d->t[row * d->targets]);
    snprintf(tip, sizeof tip, "sample %zu, %s\n%s", row, row < d->train ? "training" : "held out", target);
    draw_zone(o->d, (struct rect){at.x - reach, at.y - reach, 2 * reach, 2 * reach},
        (struct subject){SUBJECT_SAMPLE, (int)row, 0, 0}, NULL, tip);
}

static void plane_marks(const struct output *o, struct rect map)
{
    const struct data *d = o->data;
    size_t step = d->n / MARKS + 1, nearest = d->n;
    float least = 7 * o->v->theme->px;
    draw_push_clip(o->d, rect_inset(map, -4 * o->v->theme->px));
    for (size_t row = 0; row < d->n; row += step) {
        if (row >= d->train && !o->v->show_held_out)
            break;
        struct point at = plane_point(d, map, row);
        output_mark(o, at, row, output_target_colour(o, row));
        float away = hypotf(at.x - o->v->mouse.x, at.y - o->v->mouse.y);
        if (o->v->mouse_inside && away < least) {
            least = away;
            nearest = row;
        }
    }
    long probed = network_wave_sample(o->v); /* the one that goes through the network in step mode */
    if (probed >= 0 && (size_t)probed < d->n) {
        struct point at = plane_point(d, map, (size_t)probed);
        float px = o->v->theme->px, radius = mark_radius(d->n) * px + 6 * px;
        output_mark(o, at, (size_t)probed, output_target_colour(o, (size_t)probed));
        draw_ring(o->d, at, radius + px, 4 * px, view_colour(o->v, COLOUR_PANEL));
        draw_ring(o->d, at, radius, 2 * px, view_colour(o->v, COLOUR_TEXT));
    }
    draw_pop_clip(o->d);
    if (nearest < d->n)
        sample_zone(o, nearest, plane_point(d, map, nearest));
}

/* The value under the mouse, as a tip. */
static void place_zone(const struct output *o, struct rect map)
{
    const struct picture *p = o->picture;
    const struct data *d = o->data;
    struct point m = o->v->mouse;
    if (!p || p->kind != MAP_PLANE || !o->v->mouse_inside || !rect_holds(map, m))
        return;
    float u = (m.x - map.x) / map.w, v = (m.y - map.y) / map.h;
    int column = (int)(u * (float)p->columns), row = (int)(v * (float)p->rows);
    column = column < p->columns ? column : p->columns - 1;
    row = row < p->rows ? row : p->rows - 1;
    const float *y =
        picture_map(p, o->layer >= 0 ? o->layer : p->model->layers - 1, o->layer >= 0 ? o->unit : 0);
    char tip[NETWORK_TEXT];
    int cell = row * p->columns + column;
    int used = snprintf(tip, sizeof tip, "(%.3g, %.3g)\n", (double)(d->low[0] + u * (d->high[0] - d->low[0])),
        (double)(d->high[1] - v * (d->high[1] - d->low[1])));
    float sure;
    if (o->layer < 0 && p->K > 1 && d->classes == (int)p->K)
        snprintf(tip + used, sizeof tip - (size_t)used, "%s", d->class_name[class_at(p, cell, &sure)]);
    else if (y)
        snprintf(tip + used, sizeof tip - (size_t)used, "output %.4g", (double)y[cell]);
    draw_zone(o->d, map, (struct subject){SUBJECT_PLACE, 0, 0, 0}, NULL, tip);
}

void output_plane(const struct output *o, struct rect r)
{
    float line = text_height(view_font(o->v, FONT_SMALL)), px = o->v->theme->px;
    struct rect legend = rect_cut_bottom(&r, line + 2 * px), map = square_of(o, r);
    plane_map(o, map);
    draw_frame(o->d, map, 3 * px, px, view_colour(o->v, COLOUR_EDGE));
    place_zone(o, map);
    plane_marks(o, map);
    plane_axes(o, map);
    legend.y = fminf(legend.y, map.y + map.h + text_height(view_font(o->v, FONT_NUMBER_SMALL)) + 6 * px);
    output_legend(o, legend, map.x);
}

/* --- one input --------------------------------------------------------------------------------------------
 */

void output_line(const struct output *o, struct rect r)
{
    const struct picture *p = o->picture;
    const struct data *d = o->data;
    struct axis x = {INFINITY, -INFINITY, false}, y = x;
    size_t step = d->n / MARKS + 1;
    const float *curve = !p ? NULL : picture_map(p, o->layer >= 0 ? o->layer : p->model->layers - 1, o->unit);
    for (size_t i = 0; i < d->n; i += step) {
        x.low = fmin(x.low, (double)d->raw_x[i]);
        x.high = fmax(x.high, (double)d->raw_x[i]);
        y.low = fmin(y.low, (double)d->t[i * d->targets]);
        y.high = fmax(y.high, (double)d->t[i * d->targets]);
    }
    float place[REPLICA_LINE];
    for (int i = 0; curve && i < p->columns; i++) {
        place[i] = p->low + (p->high - p->low) * (float)i / (float)(p->columns - 1);
        y.low = fmin(y.low, isfinite(curve[i]) ? (double)curve[i] : y.low);
        y.high = fmax(y.high, isfinite(curve[i]) ? (double)curve[i] : y.high);
    }
    if (curve)
        x = (struct axis){(double)p->low, (double)p->high, false};
    axis_round(&y, 6);
    struct rect legend = rect_cut_bottom(&r, text_height(view_font(o->v, FONT_SMALL)));
    struct plot plot = plot_begin(o->v, o->d, r, x, y, d->input_name ? d->input_name[0] : NULL);
    for (size_t i = 0; i < d->n; i += step)
        if (i < d->train || o->v->show_held_out)
            output_mark(o, plot_point(&plot, (double)d->raw_x[i], (double)d->t[i * d->targets]), i,
                theme_value(o->v->theme, 0.9f));
    if (curve)
        plot_line(&plot, o->d, place, curve, (size_t)p->columns, 2.2f * o->v->theme->px,
            theme_value(o->v->theme, -0.95f));
    output_legend(o, legend, plot.area.x);
}
