/* network_links.c - weights as curves between units.
 *
 * Width and strength of colour grow with |w|, the hue is its sign on the one diverging scale. Only the
 * strongest weights are drawn (replica.h: REPLICA_LINKS), weakest first, so that strong ones lie on top.
 * While a training runs, dashes drift along the strongest towards the output. */
#include "network.h"

#include <math.h>
#include <stdio.h>

enum { PLAIN_LINKS = 240, DASHED_LINKS = 60, DIRECT_LINKS = 64 };

static const float drift = 26, dim = 0.14f; /* pixels a second; what is not looked at, beside what is */

/* One link with its ends. */
struct curve {
    int layer;
    struct link link;
    struct point a, b;
    float strength; /* 0 … 1 */
    float width, light;
};

static bool looked_at(const struct scene *n, int layer, const struct block *source, const struct link *k)
{
    struct subject s = n->look;
    if (s.kind == SUBJECT_WEIGHT)
        return s.a == layer && s.b == k->from && s.c == k->to;
    if (s.kind == SUBJECT_BIAS)
        return s.a == layer && s.b == k->to;
    return (s.a == layer && s.b == k->to) || (s.a == source->layer && s.b == block_tile(source, k->from));
}

static float light_of(
    const struct scene *n, int block, int layer, const struct block *source, const struct link *k)
{
    float light = wave_light(n, block, true);
    if (n->wave.moving || n->look.kind == SUBJECT_NONE || looked_at(n, layer, source, k))
        return light;
    return light * dim;
}

/* The largest |w| of all kernels, at least 1: so that small weights look small. */
static float scale_of(const struct picture *p)
{
    float most = 1;
    for (int i = 1; i < p->model->layers; i++) {
        const struct layer_picture *l = &p->layer[i];
        if (l->links && isfinite(l->link[l->links - 1].w))
            most = fmaxf(most, fabsf(l->link[l->links - 1].w));
    }
    return most;
}

static void draw_base(struct scene *n, const struct curve *c)
{
    bool finite = isfinite(c->link.w);
    struct colour colour =
        theme_value(n->v->theme, finite ? copysignf(0.45f + 0.55f * c->strength, c->link.w) : NAN);
    float alpha = (0.3f + 0.65f * c->strength) * c->light;
    draw_curve(n->d, c->a, c->b, c->width, colour_alpha(colour, fminf(alpha, 1)));
}

static void draw_drift(struct scene *n, const struct curve *c)
{
    float px = n->v->theme->px;
    struct point p[CURVE_PIECES + 1];
    curve_path(c->a, c->b, p);
    struct colour colour =
        colour_mix(theme_value(n->v->theme, copysignf(1, c->link.w)), view_colour(n->v, COLOUR_TEXT), 0.35f);
    draw_dashes(n->d, p, CURVE_PIECES + 1, fmaxf(c->width * 0.45f, px),
        colour_alpha(colour, 0.55f * c->light), 5 * px, 11 * px, (float)n->v->flow * drift * px);
}

/* The zone is made only where the mouse is: its text costs more than the test. */
static void add_zone(struct scene *n, const struct curve *c)
{
    float reach = fmaxf(c->width / 2, 4 * n->v->theme->px);
    struct rect box = {fminf(c->a.x, c->b.x) - reach, fminf(c->a.y, c->b.y) - reach,
        fabsf(c->a.x - c->b.x) + 2 * reach, fabsf(c->a.y - c->b.y) + 2 * reach};
    if (!n->v->mouse_inside || !rect_holds(box, n->v->mouse))
        return;
    char command[64], tip[NETWORK_TEXT], from[64], to[64];
    const struct layer *l = &n->model->layer[c->layer];
    network_unit_name(n, l->input[0], c->link.from, from, sizeof from);
    network_unit_name(n, c->layer, c->link.to, to, sizeof to);
    snprintf(command, sizeof command, "print w[%d][%d,%d]", c->layer, c->link.from, c->link.to);
    snprintf(tip, sizeof tip, "weight %.4g\n%s to %s", (double)c->link.w, from, to);
    draw_zone_curve(n->d, c->a, c->b, reach,
        (struct subject){SUBJECT_WEIGHT, c->layer, c->link.from, c->link.to}, command, tip);
}

static void draw_kernel(struct scene *n, int block, const struct block *source, float scale)
{
    const struct block *b = &n->layout.block[block];
    const struct layer_picture *l = &n->picture->layer[b->layer];
    float px = n->v->theme->px;
    float most = fminf(fmaxf(44 / sqrtf((float)l->links + 1), 1.6f), 6);
    for (int i = 0; i < l->links; i++) {
        struct curve c = {.layer = b->layer, .link = l->link[i]};
        if (c.link.from < 0 || (c.link.to >= b->shown && b->more.h <= 0))
            continue;
        c.strength = isfinite(c.link.w) ? fminf(fabsf(c.link.w) / scale, 1) : 1;
        c.a = block_out(source, c.link.from);
        c.b = block_in(b, c.link.to);
        c.width = (0.7f + most * c.strength) * px;
        c.light = light_of(n, block, b->layer, source, &c.link);
        if (n->look.kind == SUBJECT_WEIGHT && looked_at(n, b->layer, source, &c.link)) {
            c.width = fmaxf(c.width, 2.5f * px); /* a weak one is seen too */
            c.light = 2;
        }
        draw_base(n, &c);
        if (n->v->flow > 0 && l->links - i <= DASHED_LINKS && c.width >= 1.3f * px &&
            n->wave.kind == WAVE_NONE)
            draw_drift(n, &c);
        add_zone(n, &c);
    }
}

/* Without weights to show: each unit with its own where nothing is mixed, or a hint of all with all. What
 * leads to the tile that is looked at stands out. */
static void draw_plain(struct scene *n, int block, const struct block *source)
{
    const struct block *b = &n->layout.block[block];
    const struct layer *l = &n->model->layer[b->layer];
    float light = wave_light(n, block, true), px = n->v->theme->px;
    struct colour c = colour_alpha(view_colour(n->v, COLOUR_FAINT), 0.5f * light);
    bool direct = l->params == 0 && source->units == b->units;
    int units = source->shown < b->shown ? source->shown : b->shown;
    for (int i = 0; direct && i < units && units <= DIRECT_LINKS; i++)
        draw_curve(n->d, block_out(source, i), block_in(b, i), px, c);
    for (int i = 0; !direct && i < source->shown * b->shown; i++) {
        int from = i / b->shown, to = i % b->shown;
        bool look = n->look.kind == SUBJECT_UNIT && ((n->look.a == b->layer && n->look.b == to) ||
                                                        (n->look.a == source->layer && n->look.b == from));
        draw_curve(n->d, block_out(source, from), block_in(b, to), look ? 1.6f * px : px,
            look ? view_colour(n->v, COLOUR_ACCENT) : c);
    }
}

/* A layer reads another as a whole: one band from the middle to the middle. */
static void draw_band(struct scene *n, int block, const struct block *source)
{
    const struct block *b = &n->layout.block[block];
    float px = n->v->theme->px;
    struct point from = {source->box.x + source->box.w + px, source->box.y + source->box.h / 2};
    struct point to = {b->box.x - 2 * px, b->box.y + b->box.h / 2};
    struct colour c = colour_alpha(view_colour(n->v, COLOUR_FAINT), wave_light(n, block, true));
    if (to.x <= from.x)
        return;
    draw_curve(n->d, from, to, 1.6f * px, c);
    draw_circle(n->d, to, 2 * px, c);
    if (n->v->flow > 0 && n->wave.kind == WAVE_NONE) {
        struct point p[CURVE_PIECES + 1];
        curve_path(from, to, p);
        draw_dashes(n->d, p, CURVE_PIECES + 1, 1.6f * px, view_colour(n->v, COLOUR_ACCENT), 5 * px, 11 * px,
            (float)n->v->flow * drift * px);
    }
}

/* Straight from the column before; what comes from further away goes round (network_arcs.c). */
static void draw_input(struct scene *n, int block, int input, float scale)
{
    const struct network_layout *l = &n->layout;
    const struct block *b = &l->block[block];
    const struct layer *layer = &n->model->layer[b->layer];
    const struct block *source = network_block(l, n->model, layer->input[input]);
    if (!source || source->shown < 1 || b->shown < 1 || b->column - source->column != 1 ||
        (l->skipped && source - l->block <= l->skipped_after && block > l->skipped_after))
        return;
    bool tiles = b->kind == BLOCK_TILES || source->kind == BLOCK_TILES;
    bool many = l->crowded || source->shown * b->shown > PLAIN_LINKS || layer->inputs > 1;
    bool sequence = b->tiling.kind == TILES_SEQUENCE || b->tiling.kind == TILES_HEADS ||
                    source->tiling.kind == TILES_SEQUENCE || source->tiling.kind == TILES_HEADS;
    if (n->picture && n->picture->layer[b->layer].links && b->kind != BLOCK_TILES)
        draw_kernel(n, block, source, scale);
    else if (tiles && (many || sequence))
        draw_band(n, block, source);
    else if (layer->params == 0 || source->shown * b->shown <= PLAIN_LINKS)
        draw_plain(n, block, source);
    else
        draw_band(n, block, source);
}

/* Before the shapes are known: a line from box to box. */
static void draw_unbuilt(struct scene *n)
{
    for (int i = 1; i < n->layout.blocks; i++) {
        struct rect a = n->layout.block[i - 1].box, b = n->layout.block[i].box;
        draw_curve(n->d, (struct point){a.x + a.w, a.y + a.h / 2}, (struct point){b.x, b.y + b.h / 2},
            n->v->theme->px, view_colour(n->v, COLOUR_FAINT));
    }
}

void network_draw_links(struct scene *n)
{
    float scale = n->picture ? scale_of(n->picture) : 1;
    if (!n->model->built) {
        draw_unbuilt(n);
        return;
    }
    for (int i = 0; i < n->layout.blocks; i++)
        for (int j = 0; j < n->model->layer[n->layout.block[i].layer].inputs; j++)
            draw_input(n, i, j, scale);
}
