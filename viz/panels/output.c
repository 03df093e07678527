/* output.c - what the network says: over the plane of its inputs, or what fits the data instead.
 *
 *     two inputs    a map with the samples on it        one input   a curve through the samples
 *     images        a wall of samples and answers       text        characters and what was expected
 *     classes       what was taken for what             numbers     predicted against true
 *     reconstructed inputs and outputs in pairs
 *
 * Looking at a unit or a tile of the network swaps that one in. */
#include "output.h"

#include <math.h>
#include <stdio.h>

enum { CONFUSION_NUMBERS = 16, CONFUSION_NAMES = 24 };

/* --- numbers ----------------------------------------------------------------------------------------------
 */

void output_scatter(const struct output *o, struct rect r)
{
    const struct picture *p = o->picture;
    const struct data *d = o->data;
    struct axis a = {INFINITY, -INFINITY, false};
    for (size_t i = 0; i < p->predictions; i++) {
        double t = (double)d->t[p->row[i] * d->targets], y = (double)p->predicted[i * p->K];
        a.low = fmin(a.low, fmin(t, isfinite(y) ? y : t));
        a.high = fmax(a.high, fmax(t, isfinite(y) ? y : t));
    }
    axis_round(&a, 6);
    float px = o->v->theme->px, line = text_height(view_font(o->v, FONT_SMALL));
    struct rect legend = rect_cut_bottom(&r, line), top = rect_cut_top(&r, line);
    draw_text(o->d, top, ALIGN_LEFT, view_font(o->v, FONT_SMALL), view_colour(o->v, COLOUR_DIM), "predicted");
    struct plot plot = plot_begin(o->v, o->d, r, a, a, d->target_name ? d->target_name[0] : "true");
    draw_line(o->d, plot_point(&plot, a.low, a.low), plot_point(&plot, a.high, a.high), 1.2f * px,
        view_colour(o->v, COLOUR_FAINT));
    for (size_t i = 0; i < p->predictions; i++) {
        size_t row = p->row[i];
        float said = p->predicted[i * p->K];
        if (isfinite(said) && (row < d->train || o->v->show_held_out))
            output_mark(o, plot_point(&plot, (double)d->t[row * d->targets], (double)said), row,
                theme_value(o->v->theme, 0.9f));
    }
    output_legend(o, legend, plot.area.x);
}

/* --- classes ----------------------------------------------------------------------------------------------
 */

/* Rows of truth, columns of what was said; over held-out rows when there are any. Returns how many. */
static size_t count_confusion(const struct output *o, int classes, unsigned *count)
{
    const struct picture *p = o->picture;
    size_t first = p->held_out ? p->predictions - p->held_out : 0, n = 0;
    for (size_t i = first; i < p->predictions; i++) {
        int truth = (int)o->data->t[p->row[i]];
        int said = encoding_class(p->head->encoding, p->predicted + i * p->K, p->K);
        if (truth < 0 || truth >= classes || said < 0 || said >= classes)
            continue;
        count[truth * classes + said]++;
        n++;
    }
    return n;
}

static void confusion_cell(
    const struct output *o, struct rect box, int truth, int said, unsigned count, unsigned row)
{
    const struct data *d = o->data;
    float px = o->v->theme->px, share = row ? (float)count / (float)row : 0;
    struct colour c = colour_mix(view_colour(o->v, COLOUR_WELL),
        theme_value(o->v->theme, truth == said ? 1 : -1), count ? 0.12f + 0.8f * share : 0);
    struct rect cell = rect_inset(box, px * 0.75f);
    draw_fill(o->d, cell, 2 * px, c);
    struct colour ink = view_colour(o->v, COLOUR_TEXT), ground = view_colour(o->v, COLOUR_PANEL);
    if (colour_contrast(ground, c) > colour_contrast(ink, c))
        ink = ground;
    if (count && d->classes <= CONFUSION_NUMBERS)
        draw_textf(o->d, cell, ALIGN_CENTRE,
            view_font(o->v, box.w > 34 * px ? FONT_NUMBER : FONT_NUMBER_SMALL), ink, "%u", count);
    char tip[NETWORK_TEXT];
    snprintf(tip, sizeof tip, "%u of %u '%s'\ntaken for '%s'", count, row, d->class_name[truth],
        d->class_name[said]);
    if (o->v->mouse_inside && rect_holds(box, o->v->mouse))
        draw_zone(o->d, box, (struct subject){SUBJECT_CONTROL, 100 + truth, said, 0}, "confusion", tip);
}

void output_confusion(const struct output *o, struct rect r)
{
    enum { MOST = 32 };
    const struct data *d = o->data;
    int classes = d->classes < MOST ? d->classes : MOST;
    unsigned count[MOST * MOST] = {0};
    size_t n = count_confusion(o, classes, count);
    float px = o->v->theme->px, line = text_height(view_font(o->v, FONT_SMALL)), names = 0;
    struct font f = view_font(o->v, FONT_SMALL);
    struct colour dim = view_colour(o->v, COLOUR_DIM);
    for (int i = 0; i < classes && classes <= CONFUSION_NAMES; i++)
        names = fmaxf(names, fminf(text_width(o->d, f, d->class_name[i]) + 8 * px, r.w * 0.34f));
    struct rect caption = rect_cut_top(&r, 2 * line), below = rect_cut_top(&caption, line);
    char text[64];
    snprintf(text, sizeof text, "truth ↓, answer →: %zu %s samples", n,
        o->picture->held_out ? "held-out" : "training");
    if (text_width(o->d, f, text) > below.w)
        snprintf(text, sizeof text, "truth ↓, answer →");
    draw_text(o->d, below, ALIGN_LEFT, f, dim, text);
    rect_cut_left(&r, names);
    rect_cut_bottom(&r, line + 2 * px);
    float side = fminf(floorf(fminf(r.w, r.h) / (float)classes), 90 * px);
    r.x += fmaxf((r.w - names * 0.5f - side * (float)classes) / 2, 0);
    struct rect grid = {r.x, caption.y + 4 * px, side * (float)classes, side * (float)classes};
    for (int truth = 0; truth < classes; truth++) {
        unsigned sum = 0;
        for (int said = 0; said < classes; said++)
            sum += count[truth * classes + said];
        for (int said = 0; said < classes; said++)
            confusion_cell(o,
                (struct rect){grid.x + side * (float)said, grid.y + side * (float)truth, side, side}, truth,
                said, count[truth * classes + said], sum);
        if (names <= 0)
            continue;
        draw_text(o->d, (struct rect){grid.x - names, grid.y + side * (float)truth, names - 6 * px, side},
            ALIGN_RIGHT, f, dim, d->class_name[truth]);
        draw_text(o->d,
            (struct rect){grid.x + side * (float)truth, grid.y + grid.h + 2 * px, side - 2 * px, line},
            ALIGN_CENTRE, f, dim, d->class_name[truth]);
    }
}

/* --- a unit over samples ----------------------------------------------------------------------------------
 */

void output_samples(const struct output *o, struct rect r)
{
    float px = o->v->theme->px, line = text_height(view_font(o->v, FONT_SMALL));
    struct rect caption = rect_cut_top(&r, line * 1.4f);
    draw_textf(o->d, caption, ALIGN_LEFT, view_font(o->v, FONT_SMALL), view_colour(o->v, COLOUR_DIM),
        "its output for training samples, %s",
        o->data->classes ? "class by class from the top" : "smallest target first");
    struct rect map = rect_square(r);
    map.y = r.y;
    draw_unit_map(o->d, o->v, o->picture, o->layer, o->unit, map, 3 * px, false);
    draw_frame(o->d, map, 3 * px, px, view_colour(o->v, COLOUR_EDGE));
}

/* --- the panel --------------------------------------------------------------------------------------------
 */

static struct output output_of(const struct view *v, struct draw *d)
{
    const struct session *s = v->session;
    const struct picture *p = replica_picture(v->replica);
    struct output o = {.v = v, .data = s->data, .layer = -1, .unit = 0, .d = d};
    if (p && p->model == session_network(s)->model && p->data && p->data == s->data)
        o.picture = p;
    struct subject look = view_subject(v, SUBJECT_UNIT);
    bool there = o.picture && look.kind == SUBJECT_UNIT;
    if (there && (picture_map(o.picture, look.a, look.b) || output_has_tile(o.picture, look.a, look.b))) {
        o.layer = look.a;
        o.unit = look.b;
    }
    return o;
}

static const char *heading(const struct view *v, char *out, size_t size)
{
    struct output o = output_of(v, NULL);
    if (o.layer < 0)
        return "Output";
    struct scene n = {.v = v, .model = o.picture->model, .picture = o.picture};
    char name[64];
    network_unit_name(&n, o.layer, o.unit, name, sizeof name);
    snprintf(out, size, "Output of %s", name);
    return out;
}

static void draw_words(const struct view *v, struct rect r, struct draw *d, const char *text)
{
    draw_text(d, r, ALIGN_CENTRE, view_font(v, FONT_BODY), view_colour(v, COLOUR_DIM), text);
}

/* True when the head gives the network's input back. */
static bool reconstructs(const struct output *o)
{
    const struct model *m = o->picture->model;
    const struct recipe *r = &session_network(o->v->session)->recipe;
    const struct recipe_output *out = recipe_output_find(r, model_head(m)->name);
    return out && out->reconstruct && o->picture->K == shape_size(&o->data->shape);
}

/* A head that says something for each of several places. */
static void draw_places(const struct output *o, struct rect r)
{
    const struct data *d = o->data;
    size_t K = o->picture->K, classes = (size_t)d->classes;
    const struct shape *s = &model_head(o->picture->model)->out;
    if (d->letters && K % classes == 0 && K / classes <= d->targets)
        output_text(o, r);
    else if (K == d->targets * classes && s->rank >= 2 && s->dim[s->rank - 1] == d->classes)
        output_labels(o, r);
    else
        draw_words(o->v, r, o->d, "The last layer does not fit the targets yet");
}

/* What a network says of data that do not lie on a plane or a line. */
static void draw_rows(const struct output *o, struct rect r)
{
    const struct data *d = o->data;
    if (reconstructs(o))
        output_pairs(o, r);
    else if (d->classes && d->targets > 1)
        draw_places(o, r);
    else if (!data_head_fits(d, o->picture->head->encoding, o->picture->K, NULL))
        draw_words(o->v, r, o->d, "The last layer does not fit the targets yet");
    else if (d->classes && shape_is_image(&d->shape) && !o->v->discretise)
        output_wall(o, r);
    else if (d->classes)
        output_confusion(o, r);
    else
        output_scatter(o, r);
}

static void draw(const struct view *v, struct rect r, struct draw *d)
{
    struct output o = output_of(v, d);
    const struct data *data = o.data;
    if (!data)
        draw_words(v, r, d, *v->caption ? "No data yet" : "No data yet: type  data spiral");
    else if (o.layer >= 0 && output_has_tile(o.picture, o.layer, o.unit))
        output_tile(&o, r);
    else if (data->plane && data->raw_x)
        output_plane(&o, r);
    else if (data->raw == 1 && data->raw_x && !data->classes)
        output_line(&o, r);
    else if (!o.picture)
        draw_words(v, r, d,
            session_network(v->session)->model->params > 0 ? "This network is too large to be repeated here"
                                                           : "Add layers to see what they say");
    else if (o.layer >= 0)
        output_samples(&o, r);
    else
        draw_rows(&o, r);
}

extern const struct panel panel_output;
const struct panel panel_output = {
    .name = "output",
    .title = "Output",
    .summary = "what the network says over its inputs, with the samples",
    .slices = SLICE_PARAMS,
    .place = PLACE_SIDE,
    .min_w = 180,
    .min_h = 170,
    .weight = 1.2f,
    .shown = true,
    .heading = heading,
    .draw = draw,
};
