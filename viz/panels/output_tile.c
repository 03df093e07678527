/* output_tile.c - a tile of the network, large: a feature map with the kernels that made it, a sequence, the
 * weights of a head of attention. */
#include "output.h"

#include <math.h>
#include <stdio.h>

enum { KERNELS = 24 };

bool output_has_tile(const struct picture *p, int layer, int tile)
{
    return p && layer >= 0 && layer < p->model->layers && tile >= 0 && tile < p->layer[layer].tiling.shown;
}

/* The kernel of a channel: height x width for each channel that it reads. */
static void draw_kernels(const struct output *o, struct rect r)
{
    const struct layer *l = &o->picture->model->layer[o->layer];
    const struct shape *s = &l->param[0].shape;
    const float *w = state_param(o->picture->state, o->layer, 0, NULL);
    int kh = s->dim[0], kw = s->dim[1], in = s->dim[2], out = s->dim[3], shown = in < KERNELS ? in : KERNELS;
    float px = o->v->theme->px, line = text_height(view_font(o->v, FONT_SMALL)), most = 1e-6f, gap = 3 * px;
    draw_textf(o->d, rect_cut_top(&r, line * 1.3f), ALIGN_LEFT, view_font(o->v, FONT_SMALL),
        view_colour(o->v, COLOUR_DIM),
        in > shown ? "its kernel, for the first %d of %d channels it reads" : "its kernel, %d x %d",
        in > shown ? shown : kh, in > shown ? in : kw);
    for (int i = 0; i < kh * kw * in; i++)
        most = fmaxf(most, fabsf(w[(size_t)i * (size_t)out + (size_t)o->unit]));
    int columns = shown < 8 ? shown : 8, rows = (shown + columns - 1) / columns;
    float size =
        fminf(fminf((r.w - gap * (float)columns) / (float)columns, (r.h - gap * (float)rows) / (float)rows),
            64 * px);
    for (int k = 0; size >= 4 && k < shown; k++) {
        struct rect box = {
            r.x + (size + gap) * (float)(k % columns), r.y + (size + gap) * (float)(k / columns), size, size};
        uint32_t *pixel = draw_image(o->d, box, kw, kh, 2 * px, false);
        for (int i = 0; pixel && i < kh * kw; i++)
            pixel[i] = theme_pixel(
                o->v->theme, w[((size_t)i * (size_t)in + (size_t)k) * (size_t)out + (size_t)o->unit] / most);
        draw_frame(o->d, box, 2 * px, px, view_colour(o->v, COLOUR_EDGE));
    }
}

/* "time →" and "↓ channels": what the sides are. */
static const char *sides_of(enum tile_kind kind)
{
    static const char *const sides[] = {
        [TILES_SEQUENCE] = "positions →, channels ↓", [TILES_HEADS] = "asks ↓, is asked →"};
    return kind == TILES_SEQUENCE || kind == TILES_HEADS ? sides[kind] : NULL;
}

void output_tile(const struct output *o, struct rect r)
{
    const struct layer_picture *p = &o->picture->layer[o->layer];
    const struct layer *l = &o->picture->model->layer[o->layer];
    const struct shape *kernel = &l->param[0].shape;
    float px = o->v->theme->px, line = text_height(view_font(o->v, FONT_SMALL));
    bool kernels =
        p->tiling.kind == TILES_CHANNELS && l->params && kernel->rank == 4 && kernel->dim[3] == p->tiling.all;
    const char *sides = sides_of(p->tiling.kind);
    char number[PLOT_NUMBER];
    draw_textf(o->d, rect_cut_top(&r, line * 1.3f), ALIGN_LEFT, view_font(o->v, FONT_SMALL),
        view_colour(o->v, COLOUR_DIM), "sample %u%s%s, up to %s", o->picture->sample, sides ? ": " : "",
        sides ? sides : "", number_short((double)p->tile_most, number));
    struct rect below = {0};
    if (kernels)
        below = rect_cut_bottom(&r, r.h * 0.36f);
    float aspect = (float)p->tiling.from_w / (float)p->tiling.from_h;
    aspect = fminf(fmaxf(aspect, 0.25f), 4);
    float w = floorf(fminf(r.w, r.h * aspect)), h = floorf(w / aspect);
    struct rect box = {r.x + floorf((r.w - w) / 2), r.y, w, h};
    draw_tile(o->d, o->v, p, o->unit, box, 3 * px);
    draw_frame(o->d, box, 3 * px, px, view_colour(o->v, COLOUR_EDGE));
    if (kernels) {
        rect_cut_top(&below, 4 * px);
        draw_kernels(o, below);
    }
}
