/* output_images.c - walls of samples: what was said of each image, what was given back, which label each
 * place got.
 *
 * Wrong answers stand first, the surest of them at the very front: they teach most. A click on a sample sends
 * it through the network. Rows are the held-out ones when there are any. */
#include "output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { WALL = 2 * REPLICA_ROWS, PROBABLE = 5 };

/* --- bars: the likeliest answers --------------------------------------------------------------------------
 */

static void draw_bar(const struct output *o, struct rect r, const char *name, float p, bool truth)
{
    float px = o->v->theme->px;
    struct font f = view_font(o->v, FONT_SMALL), number = view_font(o->v, FONT_NUMBER_SMALL);
    struct rect label = rect_cut_left(&r, fminf(r.w * 0.32f, 84 * px));
    struct rect value = rect_cut_right(&r, text_width(o->d, number, "0.00") + 4 * px);
    rect_cut_left(&r, 6 * px);
    draw_text(o->d, label, ALIGN_RIGHT, truth ? view_font(o->v, FONT_STRONG) : f,
        view_colour(o->v, COLOUR_TEXT), name);
    struct rect bar = {r.x, r.y + r.h * 0.25f, r.w, r.h * 0.5f};
    draw_fill(o->d, bar, 2 * px, view_colour(o->v, COLOUR_WELL));
    bar.w = fmaxf(bar.w * fminf(fmaxf(p, 0), 1), px);
    draw_fill(o->d, bar, 2 * px, view_colour(o->v, truth ? COLOUR_GOOD : COLOUR_ACCENT));
    draw_textf(o->d, value, ALIGN_RIGHT, number, view_colour(o->v, COLOUR_DIM), "%.2f", (double)p);
}

void output_bars(const struct output *o, struct rect r, const float *p, int classes, int truth)
{
    float line = text_height(view_font(o->v, FONT_SMALL)) + 2 * o->v->theme->px, before = INFINITY;
    int shown = 0, last = -1;
    for (; shown < PROBABLE && shown < classes && r.h >= line; shown++) {
        int best = -1; /* the next after the last one drawn, in order of (p, class) */
        for (int k = 0; k < classes; k++)
            if (isfinite(p[k]) && (p[k] < before || (p[k] == before && k > last)) &&
                (best < 0 || p[k] > p[best]))
                best = k;
        if (best < 0)
            return;
        before = p[best];
        last = best;
        const char *name = o->data->letters ? letter_sign(o->data, best) : o->data->class_name[best];
        draw_bar(o, rect_cut_top(&r, line), name, p[best], best == truth);
    }
}

/* --- the order of the wall --------------------------------------------------------------------------------
 */

struct answer {
    size_t at; /* among the predictions */
    int truth, said;
    float sure;
};

static int compare_answers(const void *a, const void *b)
{
    const struct answer *x = a, *y = b;
    bool wrong_x = x->truth != x->said, wrong_y = y->truth != y->said;
    if (wrong_x != wrong_y)
        return wrong_x ? -1 : 1;
    if (wrong_x && x->sure != y->sure)
        return x->sure > y->sure ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static int answers_of(const struct output *o, struct answer out[WALL], int *wrong)
{
    const struct picture *p = o->picture;
    size_t first = p->held_out ? p->predictions - p->held_out : 0;
    int n = 0;
    *wrong = 0;
    for (size_t i = first; i < p->predictions && n < WALL; i++, n++) {
        const float *y = p->predicted + i * p->K;
        int said = encoding_class(p->head->encoding, y, p->K);
        float sure = p->K > 1 && said >= 0 && (size_t)said < p->K ? y[said] : fabsf(y[0]);
        out[n] = (struct answer){i, (int)o->data->t[p->row[i]], said, isfinite(sure) ? sure : 0};
        *wrong += out[n].truth != out[n].said;
    }
    qsort(out, (size_t)n, sizeof *out, compare_answers);
    return n;
}

/* --- images with answers ----------------------------------------------------------------------------------
 */

static const char *class_of(const struct data *d, int k)
{
    return k >= 0 && k < d->classes ? d->class_name[k] : "?";
}

static void sample_place(const struct output *o, struct rect r, size_t row, const char *more)
{
    char tip[NETWORK_TEXT];
    if (!o->v->mouse_inside || !rect_holds(r, o->v->mouse))
        return;
    snprintf(
        tip, sizeof tip, "sample %zu, %s\n%s", row, row < o->data->train ? "training" : "held out", more);
    draw_zone(o->d, r, (struct subject){SUBJECT_SAMPLE, (int)row, 0, 0}, NULL, tip);
}

static const float *input_of(const struct output *o, size_t row)
{
    return o->data->x + row * shape_size(&o->data->shape);
}

static void draw_answer(const struct output *o, struct rect r, const struct answer *a, float line)
{
    const struct data *d = o->data;
    float px = o->v->theme->px;
    size_t row = o->picture->row[a->at];
    bool wrong = a->truth != a->said;
    struct rect whole = r, label = rect_cut_bottom(&r, line);
    char text[80];
    draw_sample_image(o->d, o->v, &d->shape, input_of(o, row), r, 2 * px);
    if (o->picture->sample == row)
        draw_frame(o->d, rect_inset(r, -2 * px), 3 * px, 2 * px, view_colour(o->v, COLOUR_ACCENT));
    else if (wrong)
        draw_frame(o->d, rect_inset(r, -1.5f * px), 3 * px, 2 * px, view_colour(o->v, COLOUR_BAD));
    snprintf(text, sizeof text, wrong ? "%s→%s" : "%s", class_of(d, a->truth), class_of(d, a->said));
    struct font f = view_font(o->v, FONT_SMALL);
    if (text_width(o->d, f, text) > label.w)
        snprintf(text, sizeof text, "%s", class_of(d, a->said));
    draw_text(o->d, label, ALIGN_CENTRE, f, view_colour(o->v, wrong ? COLOUR_TEXT : COLOUR_DIM), text);
    snprintf(text, sizeof text, "truth %s, answer %s (%.2f)", class_of(d, a->truth), class_of(d, a->said),
        (double)a->sure);
    sample_place(o, whole, row, text);
}

/* The sample in the network, large, with its likeliest classes. */
static void draw_current(const struct output *o, struct rect r)
{
    const struct picture *p = o->picture;
    const struct data *d = o->data;
    float px = o->v->theme->px;
    struct rect image = rect_cut_left(&r, r.h);
    image = rect_inset(image, 2 * px);
    draw_sample_image(o->d, o->v, &d->shape, input_of(o, p->sample), image, 3 * px);
    draw_frame(o->d, rect_inset(image, -2 * px), 4 * px, 2 * px, view_colour(o->v, COLOUR_ACCENT));
    rect_cut_left(&r, 6 * px);
    if (p->said && p->K == (size_t)d->classes)
        output_bars(o, r, p->said, d->classes, (int)d->t[p->sample]);
}

struct wall {
    int columns, rows;
    float w, h, step; /* of a tile with its label; from row to row */
};

/* Tiles of about 46 pixels: the number of columns that leaves the least room at the foot. */
static struct wall wall_of(const struct shape *s, struct rect r, float gap, float line, float px)
{
    float aspect = (float)s->dim[1] / (float)s->dim[0], most = 0;
    int least = (int)(r.w / (58 * px + gap)), last = (int)(r.w / (38 * px + gap));
    struct wall best = {1, 1, r.w, r.h, r.h};
    least = least < 1 ? 1 : least;
    for (int columns = least; columns <= last || columns == least; columns++) {
        float w = floorf((r.w - gap * (float)(columns - 1)) / (float)columns), h = floorf(w / aspect) + line;
        int rows = (int)((r.h + gap * 0.4f) / (h + gap * 0.4f));
        float used = w * h * (float)(rows * columns);
        if (rows < 1 || used <= most)
            continue;
        most = used;
        float spare = (r.h - (float)rows * h) / (float)(rows > 1 ? rows - 1 : 1);
        best = (struct wall){columns, rows, w, h, h + fminf(spare, gap)};
    }
    return best;
}

void output_wall(const struct output *o, struct rect r)
{
    const struct data *d = o->data;
    struct answer answer[WALL];
    int wrong, n = answers_of(o, answer, &wrong);
    float px = o->v->theme->px, line = text_height(view_font(o->v, FONT_SMALL)), gap = 6 * px;
    float strip = (float)PROBABLE * (line + 2 * px);
    if (r.h > 2.4f * strip && r.w > 2 * strip) {
        draw_current(o, rect_cut_top(&r, strip));
        rect_cut_top(&r, gap);
    }
    char text[64], more[96];
    snprintf(text, sizeof text, "%d of %d %s wrong", wrong, n, o->picture->held_out ? "held out" : "trained");
    snprintf(more, sizeof more, "%s%s", text, wrong ? ": they stand first" : "");
    draw_wording(o->d, rect_cut_top(&r, line), ALIGN_LEFT, view_font(o->v, FONT_SMALL),
        view_colour(o->v, COLOUR_DIM), (const char *const[]){more, text, NULL});
    rect_cut_top(&r, gap * 0.7f);
    r = rect_inset(r, 2 * px); /* frames stand around images */
    struct wall w = wall_of(&d->shape, r, gap, line, px);
    for (int i = 0; i < n && i < w.rows * w.columns; i++) {
        struct rect box = {
            r.x + (w.w + gap) * (float)(i % w.columns), r.y + w.step * (float)(i / w.columns), w.w, w.h};
        draw_answer(o, box, &answer[i], line);
    }
}

/* --- given back -------------------------------------------------------------------------------------------
 */

/* An image, or numbers in a row of cells. */
static void draw_values(const struct output *o, struct rect r, const float *x)
{
    const struct shape *s = &o->data->shape;
    float px = o->v->theme->px, most = 1e-6f;
    if (shape_is_image(s)) {
        draw_sample_image(o->d, o->v, s, x, r, 2 * px);
        return;
    }
    int n = (int)shape_size(s), columns = s->rank > 1 ? s->dim[s->rank - 1]
                                          : n <= 16   ? n
                                                      : (int)ceil(sqrt((double)n));
    int rows = (n + columns - 1) / columns;
    uint32_t *pixel = draw_image(o->d, r, columns, rows, 2 * px, false);
    for (int i = 0; i < n; i++)
        most = isfinite(x[i]) ? fmaxf(most, fabsf(x[i])) : most;
    for (int i = 0; pixel && i < columns * rows; i++)
        pixel[i] =
            i < n ? theme_pixel(o->v->theme, x[i] / most) : colour_pixel(view_colour(o->v, COLOUR_WELL));
}

static void draw_pair(const struct output *o, struct rect r, size_t at)
{
    const struct picture *p = o->picture;
    const float *x = input_of(o, p->row[at]), *y = p->predicted + at * p->K;
    float px = o->v->theme->px, error = 0;
    char text[64];
    struct rect top = r, below = r;
    top.h = below.h = (r.h - 2 * px) / 2;
    below.y += top.h + 2 * px;
    draw_values(o, top, x);
    draw_values(o, below, y);
    if (p->sample == p->row[at])
        draw_frame(o->d, rect_inset(r, -2 * px), 3 * px, 2 * px, view_colour(o->v, COLOUR_ACCENT));
    for (size_t i = 0; i < p->K; i++)
        error += (x[i] - y[i]) * (x[i] - y[i]);
    snprintf(text, sizeof text, "mean squared error %.4g", (double)(error / (float)p->K));
    sample_place(o, r, p->row[at], text);
}

void output_pairs(const struct output *o, struct rect r)
{
    const struct picture *p = o->picture;
    const struct shape *s = &o->data->shape;
    float px = o->v->theme->px, line = text_height(view_font(o->v, FONT_SMALL)), gap = 7 * px;
    draw_textf(o->d, rect_cut_top(&r, line), ALIGN_LEFT, view_font(o->v, FONT_SMALL),
        view_colour(o->v, COLOUR_DIM), "%s: above the input, below the output",
        p->held_out ? "held out" : "trained");
    rect_cut_top(&r, gap * 0.7f);
    bool image = shape_is_image(s);
    float aspect = image ? (float)s->dim[1] / (float)s->dim[0] : 3;
    int columns = (int)((r.w + gap) / ((image ? 50 : 120) * px + gap));
    columns = columns < 1 ? 1 : columns;
    float w = floorf((r.w - gap * (float)(columns - 1)) / (float)columns),
          h = 2 * floorf(w / aspect) + 2 * px;
    int rows = (int)((r.h + gap) / (h + gap));
    size_t first = p->held_out ? p->predictions - p->held_out : 0;
    for (int i = 0; i < rows * columns && first + (size_t)i < p->predictions; i++)
        draw_pair(o,
            (struct rect){
                r.x + (w + gap) * (float)(i % columns), r.y + (h + gap) * (float)(i / columns), w, h},
            first + (size_t)i);
}

/* --- a label for each place -------------------------------------------------------------------------------
 */

/* Labels in their colours; of an output the likeliest class of each place. */
static void draw_label_map(const struct output *o, struct rect r, const float *label, const float *y)
{
    const struct shape *s = &model_head(o->picture->model)->out;
    int classes = s->dim[s->rank - 1], columns = s->dim[s->rank - 2],
        rows = (int)(shape_size(s) / (size_t)classes) / columns;
    uint32_t *pixel = draw_image(o->d, r, columns, rows, 2 * o->v->theme->px, false);
    for (int i = 0; pixel && i < columns * rows; i++) {
        int k =
            y ? encoding_class(o->picture->head->encoding, y + (size_t)i * (size_t)classes, (size_t)classes)
              : (int)label[i];
        pixel[i] = colour_pixel(
            k < 0 ? view_colour(o->v, COLOUR_WELL) : theme_class(o->v->theme, k, o->data->classes));
    }
}

void output_labels(const struct output *o, struct rect r)
{
    const struct picture *p = o->picture;
    const struct data *d = o->data;
    float px = o->v->theme->px, line = text_height(view_font(o->v, FONT_SMALL)), gap = 6 * px;
    draw_text(o->d, rect_cut_top(&r, line), ALIGN_LEFT, view_font(o->v, FONT_SMALL),
        view_colour(o->v, COLOUR_DIM), "input, truth, answer");
    float w = floorf((r.w - 2 * gap) / 3),
          aspect = shape_is_image(&d->shape) ? (float)d->shape.dim[1] / (float)d->shape.dim[0] : 1;
    float h = floorf(w / aspect);
    size_t first = p->held_out ? p->predictions - p->held_out : 0;
    for (size_t i = first; i < p->predictions && r.h >= h; i++) {
        struct rect row = rect_cut_top(&r, h);
        rect_cut_top(&r, gap);
        draw_values(o, rect_cut_left(&row, w), input_of(o, p->row[i]));
        rect_cut_left(&row, gap);
        draw_label_map(o, rect_cut_left(&row, w), d->t + (size_t)p->row[i] * d->targets, NULL);
        rect_cut_left(&row, gap);
        draw_label_map(o, row, NULL, p->predicted + i * p->K);
    }
}
