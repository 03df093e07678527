/* curves_runs.c - see curves_runs.h. A run is told by its dashes too, so that no eye depends on the colour.
 */
#include "curves_runs.h"

#include <math.h>

/* Series 4 and 5 are the network's own lines. */
static struct colour run_colour(const struct view *v, int i)
{
    static const int series[] = {0, 1, 2, 3, 6, 7};
    return v->theme->series[series[i % 6]];
}

static void run_line(const struct view *v, struct draw *d, const struct point *at, size_t n, int i)
{
    static const float dash[][2] = {{0, 0}, {7, 3}, {2, 3}, {12, 3}, {5, 6}, {2, 7}, {9, 7}, {14, 7}};
    float px = v->theme->px, width = 1.5f * px;
    const float *style = dash[i % 8];
    if (n < 2)
        return;
    if (style[0] > 0)
        draw_dashes(d, at, n, width, run_colour(v, i), style[0] * px, style[1] * px, 0);
    else
        draw_path(d, at, n, width, run_colour(v, i));
}

float curves_runs_last(const struct runs *runs)
{
    float last = 0;
    for (int i = 0; runs && i < runs->count; i++)
        if (runs->run[i].points)
            last = fmaxf(last, (float)runs->run[i].point[runs->run[i].points - 1].epoch);
    return last;
}

void curves_runs_widen(const struct runs *runs, struct axis *y)
{
    static const double most = 3;
    double low = INFINITY, high = 0;
    for (int i = 0; runs && i < runs->count; i++)
        for (size_t k = 0; k < runs->run[i].points; k++) {
            double loss = (double)runs->run[i].point[k].loss;
            if (!isfinite(loss) || (y->log && loss <= 0))
                continue;
            low = fmin(low, loss);
            high = fmax(high, loss);
        }
    if (!(low <= high))
        return;
    y->low = fmin(y->low, low);
    y->high = fmax(y->high, fmin(high, most * fmax(y->high, 2 * low)));
}

void curves_runs_draw(const struct view *v, struct draw *d, const struct plot *p, const struct runs *runs)
{
    struct point at[CURVE_POINTS + 1];
    if (!runs)
        return;
    draw_push_clip(d, p->area);
    for (int i = 0; i < runs->count; i++) {
        const struct run *run = &runs->run[i];
        size_t n = 0;
        for (size_t k = 0; k < run->points && isfinite(run->point[k].loss); k++)
            at[n++] = plot_point(p, (double)run->point[k].epoch, (double)run->point[k].loss);
        run_line(v, d, at, n, i);
    }
    draw_pop_clip(d);
}

/* A piece of run i's line and its name. */
static void draw_name(
    const struct view *v, struct draw *d, struct rect row, float piece, const struct runs *runs, int i)
{
    float px = v->theme->px;
    struct rect sample = rect_cut_left(&row, piece + 6 * px);
    float y = sample.y + sample.h / 2;
    run_line(v, d, (struct point[]){{sample.x + 3 * px, y}, {sample.x + 3 * px + piece, y}}, 2, i);
    draw_text(d, row, ALIGN_LEFT, view_font(v, FONT_SMALL), view_colour(v, COLOUR_TEXT), runs->run[i].name);
}

/* In a column at the top right; in a row where that would hide the lines, if they fit into one. */
void curves_runs_names(const struct view *v, struct draw *d, const struct plot *p, const struct runs *runs)
{
    if (!runs)
        return;
    float px = v->theme->px, piece = 22 * px, wide = 0, all = 0;
    struct font f = view_font(v, FONT_SMALL);
    float line = text_height(f), room = piece + 12 * px;
    for (int i = 0; i < runs->count; i++) {
        wide = fmaxf(wide, text_width(d, f, runs->run[i].name));
        all += text_width(d, f, runs->run[i].name) + room;
    }
    bool row = line * (float)runs->count > 0.5f * p->area.h && all <= p->area.w;
    wide = row ? all : fminf(wide + room, p->area.w * 0.6f);
    struct rect box = {p->area.x + p->area.w - wide, p->area.y, wide, line * (float)(row ? 1 : runs->count)};
    box = rect_intersect(box, p->area);
    draw_fill(d, box, 3 * px, colour_alpha(view_colour(v, COLOUR_WELL), 0.85f));
    for (int i = 0; i < runs->count && box.h >= line; i++) {
        float w = text_width(d, f, runs->run[i].name) + room;
        draw_name(v, d, row ? rect_cut_left(&box, w) : rect_cut_top(&box, line), piece, runs, i);
    }
}
