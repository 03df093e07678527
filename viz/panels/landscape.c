/* landscape.c - the loss over two weights or two directions, with the network as a ball on it.
 *
 * Low is blue, high is plain: each level is as large a part of the map as the others, and lines of equal loss
 * lie between them, so that the shape shows whatever the numbers, and without colour too. The ball is where
 * the weights of now lie on the axes; the map is as old as its `landscape`. */
#include "../panel.h"
#include "../plot.h"
#include "../replica.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEVELS = 8, CELLS = LANDSCAPE_SIDE * LANDSCAPE_SIDE };

struct map {
    const struct landscape *l;
    float end[LEVELS]; /* upper ends of the levels */
};

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void map_levels(struct map *m)
{
    float sorted[CELLS];
    size_t n = 0, all = (size_t)m->l->side * (size_t)m->l->side;
    for (size_t i = 0; i < all; i++)
        if (isfinite(m->l->loss[i]))
            sorted[n++] = m->l->loss[i];
    qsort(sorted, n, sizeof *sorted, by_size);
    for (size_t i = 0; i < LEVELS; i++)
        m->end[i] = n ? sorted[(i + 1) * (n - 1) / LEVELS] : NAN;
}

/* 1 for the lowest level, 0 for the highest; between two ends in proportion. */
static float depth(const struct map *m, float loss)
{
    int i = 0;
    while (i < LEVELS - 1 && loss > m->end[i])
        i++;
    float low = i ? m->end[i - 1] : m->l->loss[m->l->lowest[0] * m->l->side + m->l->lowest[1]];
    float part = m->end[i] > low ? (loss - low) / (m->end[i] - low) : 1;
    return 1 - ((float)i + fminf(fmaxf(part, 0), 1)) / LEVELS;
}

static void draw_ground(const struct view *v, struct draw *d, const struct map *m, const struct plot *p)
{
    int side = m->l->side;
    uint32_t *pixel = draw_image(d, p->area, side, side, 0, true);
    for (int j = 0; pixel && j < side; j++)
        for (int i = 0; i < side; i++) {
            float loss = m->l->loss[i * side + j];
            pixel[(side - 1 - j) * side + i] = isfinite(loss) ? theme_pixel(v->theme, depth(m, loss))
                                                              : colour_pixel(view_colour(v, COLOUR_WELL));
        }
}

/* The middle of a grid point's cell in the image. */
static struct point cell(const struct map *m, const struct plot *p, float i, float j)
{
    float side = (float)m->l->side;
    return (struct point){
        p->area.x + (i + 0.5f) / side * p->area.w, p->area.y + p->area.h - (j + 0.5f) / side * p->area.h};
}

/* Where a line of equal loss crosses the edges of one square of the grid: two or four points. */
static int crossings(
    const struct map *m, const struct plot *p, int i, int j, float level, struct point out[4])
{
    static const int corner[5][2] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}};
    int n = 0, side = m->l->side;
    for (int k = 0; k < 4; k++) {
        const int *a = corner[k], *b = corner[k + 1];
        float x = m->l->loss[(i + a[0]) * side + j + a[1]], y = m->l->loss[(i + b[0]) * side + j + b[1]];
        if (!isfinite(x) || !isfinite(y) || (x > level) == (y > level))
            continue;
        float part = (level - x) / (y - x);
        out[n++] = cell(m, p, (float)(i + a[0]) + part * (float)(b[0] - a[0]),
            (float)(j + a[1]) + part * (float)(b[1] - a[1]));
    }
    return n;
}

static void draw_contours(const struct view *v, struct draw *d, const struct map *m, const struct plot *p)
{
    struct colour c = colour_alpha(view_colour(v, COLOUR_TEXT), 0.3f);
    struct point at[4];
    for (int k = 0; k < LEVELS - 1; k++)
        for (int i = 0; i < m->l->side - 1; i++)
            for (int j = 0; j < m->l->side - 1; j++) {
                int n = crossings(m, p, i, j, m->end[k], at);
                for (int q = 0; q + 1 < n; q += 2)
                    draw_line(d, at[q], at[q + 1], v->theme->px, c);
            }
}

/* The weights of now: the replica's while something trains. */
static bool ball_place(const struct view *v, const struct landscape *l, double out[2])
{
    const struct picture *p = replica_picture(v->replica);
    if (!p || p->model != l->model)
        return false;
    landscape_find(l, p->state, out);
    return isfinite(out[0]) && isfinite(out[1]);
}

static void draw_ball(const struct view *v, struct draw *d, const struct plot *p, const double at[2])
{
    float px = v->theme->px;
    struct point o = plot_point(p, at[0], at[1]);
    draw_circle(d, o, 7 * px, view_colour(v, COLOUR_PANEL));
    draw_circle(d, o, 5.5f * px, theme_value(v->theme, -1));
    draw_ring(d, o, 5.5f * px, 1.2f * px, view_colour(v, COLOUR_TEXT));
}

static void draw_caption(const struct view *v, struct draw *d, const struct landscape *l, struct rect r)
{
    char low[PLOT_NUMBER], here[PLOT_NUMBER], count[COUNT_TEXT];
    double least = (double)l->loss[l->lowest[0] * l->side + l->lowest[1]];
    char whole[160], some[96];
    snprintf(some, sizeof some, "least %s; at step %s it was %s", number_short(least, low),
        count_text(l->place.step, count), number_short(l->present, here));
    snprintf(whole, sizeof whole, "blue is low: %s", some);
    draw_wording(d, r, ALIGN_LEFT, view_font(v, FONT_SMALL), view_colour(v, COLOUR_DIM),
        (const char *const[]){whole, some, NULL});
}

static void draw(const struct view *v, struct rect r, struct draw *d)
{
    struct map m = {.l = session_landscape(v->session)};
    struct font small = view_font(v, FONT_SMALL);
    if (!m.l) {
        draw_text(d, r, ALIGN_CENTRE, view_font(v, FONT_BODY), view_colour(v, COLOUR_DIM),
            "Type  landscape  to measure the loss around the weights");
        return;
    }
    map_levels(&m);
    float line = text_height(small);
    struct rect below = rect_cut_bottom(&r, line), top = rect_cut_top(&r, line);
    draw_text(d, top, ALIGN_LEFT, small, view_colour(v, COLOUR_DIM), m.l->axis[1].label);
    struct axis axis[2];
    for (int i = 0; i < 2; i++) { /* points stand in the middle of their cells */
        const struct landscape_axis *a = &m.l->axis[i];
        double half = (a->high - a->low) / (m.l->side - 1) / 2;
        axis[i] = (struct axis){a->low - half, a->high + half, false};
    }
    struct plot p = plot_begin(v, d, r, axis[0], axis[1], m.l->axis[0].label);
    draw_push_clip(d, p.area);
    draw_ground(v, d, &m, &p);
    draw_contours(v, d, &m, &p);
    draw_pop_clip(d);
    double at[2];
    draw_push_clip(d, r);
    if (ball_place(v, m.l, at))
        draw_ball(v, d, &p, at);
    draw_pop_clip(d);
    draw_caption(v, d, m.l, below);
}

static bool suits(const struct view *v)
{
    return session_landscape(v->session);
}

extern const struct panel panel_landscape;
const struct panel panel_landscape = {
    .name = "landscape",
    .title = "Loss landscape",
    .summary = "the loss over two weights or directions, with the network as a ball on it",
    .slices = SLICE_PARAMS,
    .place = PLACE_SIDE,
    .min_w = 180,
    .min_h = 170,
    .weight = 1.2f,
    .shown = true,
    .suits = suits,
    .draw = draw,
};
