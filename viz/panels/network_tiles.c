/* network_tiles.c - layers with a place as pictures: images, feature maps, sequences, heads of attention.
 *
 * Inputs look as what they are, in greys or their own colours; what layers make of them is on the one
 * diverging scale, each layer up to its own largest value. Weights of attention go from the ground to full.
 */
#include "network.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- pixels -----------------------------------------------------------------------------------------------
 */

bool shape_is_image(const struct shape *s)
{
    return s->rank == 3 && (s->dim[2] == 1 || s->dim[2] == 3) && s->dim[0] > 1 && s->dim[1] > 1;
}

/* Values of an image to 0 … 1: as they are when they lie there, else by their own range. */
struct range {
    float low, high;
};

static struct range range_of(const float *x, size_t n)
{
    struct range r = {0, 1};
    for (size_t i = 0; i < n; i++) {
        r.low = fminf(r.low, x[i]);
        r.high = fmaxf(r.high, x[i]);
    }
    return r;
}

static uint8_t grey_of(struct range r, float x)
{
    float place = isfinite(x) ? (x - r.low) / (r.high - r.low) : 0;
    return (uint8_t)(255 * fminf(fmaxf(place, 0), 1));
}

/* Three planes, or thrice the same. */
static void fill_image(
    uint32_t *pixel, const float *x, size_t n, size_t plane, size_t step, struct range range)
{
    for (size_t i = 0; i < n; i++)
        pixel[i] = colour_pixel((struct colour){grey_of(range, x[i * step]),
            grey_of(range, x[i * step + plane]), grey_of(range, x[i * step + 2 * plane]), 255});
}

void draw_sample_image(
    struct draw *d, const struct view *v, const struct shape *s, const float *x, struct rect r, float radius)
{
    size_t n = (size_t)s->dim[0] * (size_t)s->dim[1], channels = (size_t)s->dim[2];
    uint32_t *pixel = draw_image(d, r, s->dim[1], s->dim[0], radius, s->dim[1] > 64);
    if (pixel)
        fill_image(pixel, x, n, channels == 3 ? 1 : 0, channels, range_of(x, n * channels));
}

static void fill_tile(
    uint32_t *pixel, const struct view *v, const struct layer_picture *l, const float *x, size_t n)
{
    float most = fmaxf(l->tile_most, 1e-6f);
    struct colour none = view_colour(v, COLOUR_WELL), full = view_colour(v, COLOUR_ACCENT);
    bool heads = l->tiling.kind == TILES_HEADS;
    for (size_t i = 0; i < n; i++)
        pixel[i] = heads && isfinite(x[i])
                       ? colour_pixel(colour_mix(none, full, sqrtf(fmaxf(x[i], 0) / most)))
                       : theme_pixel(v->theme, x[i] / most);
}

void draw_tile(struct draw *d, const struct view *v, const struct layer_picture *l, int tile, struct rect r,
    float radius)
{
    const struct tiling *t = &l->tiling;
    size_t n = (size_t)t->w * (size_t)t->h;
    const float *x = l->tile + (size_t)tile * (size_t)t->planes * n;
    uint32_t *pixel = draw_image(d, r, t->w, t->h, radius, r.w < 1.5f * (float)t->w);
    if (!pixel)
        return;
    if (t->kind == TILES_COLOURS)
        fill_image(pixel, x, n, n, 1, range_of(x, 3 * n));
    else
        fill_tile(pixel, v, l, x, n);
}

/* --- letters ----------------------------------------------------------------------------------------------
 */

const char *letter_sign(const struct data *d, int k)
{
    if (k < 0 || k >= d->classes)
        return "?";
    const char *name = d->class_name[k];
    return !strcmp(name, " ") ? "␣" : !strcmp(name, "\n") ? "↵" : !strcmp(name, "\t") ? "⇥" : name;
}

/* --- the block --------------------------------------------------------------------------------------------
 */

/* Where the mouse is in the tile, in values. */
static void place_text(const struct scene *n, const struct tiling *t, struct rect r, char *out, size_t size)
{
    int x = (int)((n->v->mouse.x - r.x) / r.w * (float)t->from_w),
        y = (int)((n->v->mouse.y - r.y) / r.h * (float)t->from_h);
    x = x < 0 ? 0 : x >= t->from_w ? t->from_w - 1 : x;
    y = y < 0 ? 0 : y >= t->from_h ? t->from_h - 1 : y;
    if (t->kind == TILES_SEQUENCE)
        snprintf(out, size, "position %d, channel %d", x, y);
    else if (t->kind == TILES_HEADS)
        snprintf(out, size, "position %d looks at %d", y, x);
    else
        snprintf(out, size, "row %d, column %d", y, x);
}

/* What the tile holds there; an exact value only where a pixel is one. */
static void tile_zone(struct scene *n, const struct block *b, int tile, struct rect r)
{
    if (!n->v->mouse_inside || !rect_holds(r, n->v->mouse))
        return;
    static const char *const kind[] = {[TILES_CHANNELS] = "channel",
        [TILES_COLOURS] = "image",
        [TILES_SEQUENCE] = "sequence",
        [TILES_HEADS] = "head"};
    const struct layer *l = &n->model->layer[b->layer];
    const struct tiling *t = &b->tiling;
    char tip[NETWORK_TEXT], place[80], command[96] = "";
    place_text(n, t, r, place, sizeof place);
    int used = t->all > 1 ? snprintf(tip, sizeof tip, "%s, %s %d of %d\n%s", l->name, kind[t->kind], tile,
                                t->all, place)
                          : snprintf(tip, sizeof tip, "%s\n%s", l->name, place);
    const struct layer_picture *p = n->picture ? &n->picture->layer[b->layer] : NULL;
    if (p && p->tiling.kind == t->kind && t->planes == 1 && t->w == t->from_w && t->h == t->from_h) {
        int x = (int)((n->v->mouse.x - r.x) / r.w * (float)t->w),
            y = (int)((n->v->mouse.y - r.y) / r.h * (float)t->h);
        x = x < t->w ? x : t->w - 1;
        y = y < t->h ? y : t->h - 1;
        snprintf(
            tip + used, sizeof tip - (size_t)used, ": %.4g", (double)p->tile[(tile * t->h + y) * t->w + x]);
    }
    const struct shape *kernel = &l->param[0].shape;
    if (t->kind == TILES_CHANNELS && l->params && kernel->rank == 4 && kernel->dim[3] == t->all)
        snprintf(command, sizeof command, "show neuron %s %d", l->name, tile);
    else if (l->params)
        snprintf(command, sizeof command, "show weights %s", l->name);
    draw_zone(n->d, r, (struct subject){SUBJECT_UNIT, b->layer, tile, 0}, command, tip);
}

void network_draw_tiles(struct scene *n, int block)
{
    const struct block *b = &n->layout.block[block];
    const struct layer_picture *p = n->picture ? &n->picture->layer[b->layer] : NULL;
    float px = n->v->theme->px, radius = fminf(3 * px, b->size * 0.1f);
    for (int i = 0; i < b->shown; i++) {
        struct rect r = block_unit(b, i);
        bool look = n->look.kind == SUBJECT_UNIT && n->look.a == b->layer && n->look.b == i;
        draw_fill(n->d, r, radius, view_colour(n->v, COLOUR_WELL)); /* hides links */
        if (p && p->tiling.kind == b->tiling.kind && i < p->tiling.shown) {
            bool grey =
                p->tiling.kind == TILES_CHANNELS && model_is_input(n->model, b->layer) && p->tiling.all == 1;
            struct shape s = shape_of(3, p->tiling.h, p->tiling.w, 1);
            if (grey)
                draw_sample_image(n->d, n->v, &s, p->tile, r, radius);
            else
                draw_tile(n->d, n->v, p, i, r, radius);
        }
        if (look)
            draw_frame(
                n->d, rect_inset(r, -2 * px), radius + 2 * px, 2 * px, view_colour(n->v, COLOUR_ACCENT));
        else
            draw_frame(n->d, r, radius, px, colour_alpha(view_colour(n->v, COLOUR_TEXT), 0.22f));
        tile_zone(n, b, i, r);
    }
}
