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

static bool looked_at(const struct scene *n, int layer, int source, const struct link *k)
{
    struct subject s = n->look;
    if (s.kind == SUBJECT_WEIGHT)
        return s.a == layer && s.b == k->from && s.c == k->to;
    if (s.kind == SUBJECT_BIAS)
        return s.a == layer && s.b == k->to;
    return (s.a == layer && s.b == k->to) || (s.a == source && s.b == k->from);
}

static float light_of(const struct scene *n, int block, int layer, int source, const struct link *k)
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
        c.light = light_of(n, block, b->layer, source->layer, &c.link);
        if (n->look.kind == SUBJECT_WEIGHT && looked_at(n, b->layer, source->layer, &c.link)) {
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

/* Without weights to show: each unit with its own, or a hint of all with all. */
static void draw_plain(struct scene *n, int block, const struct block *source)
{
    const struct block *b = &n->layout.block[block];
    const struct layer *l = &n->model->layer[b->layer];
    struct colour c = colour_alpha(view_colour(n->v, COLOUR_FAINT), 0.5f * wave_light(n, block, true));
    bool direct = l->params == 0;
    int units = source->shown < b->shown ? source->shown : b->shown;
    for (int i = 0; direct && i < units && units <= DIRECT_LINKS; i++)
        draw_curve(n->d, block_out(source, i), block_in(b, i), n->v->theme->px, c);
    for (int i = 0; !direct && i < source->shown * b->shown && source->shown * b->shown <= PLAIN_LINKS; i++)
        draw_curve(n->d, block_out(source, i / b->shown), block_in(b, i % b->shown), n->v->theme->px, c);
}

void network_draw_links(struct scene *n)
{
    float scale = n->picture ? scale_of(n->picture) : 1;
    for (int i = 1; i < n->layout.blocks; i++) {
        const struct block *b = &n->layout.block[i];
        const struct layer *l = &n->model->layer[b->layer];
        const struct block *source =
            n->model->built ? network_block(&n->layout, n->model, l->input[0]) : &n->layout.block[i - 1];
        if (source && !n->model->built) {
            draw_curve(n->d, (struct point){source->box.x + source->box.w, source->box.y + source->box.h / 2},
                (struct point){b->box.x, b->box.y + b->box.h / 2}, n->v->theme->px,
                view_colour(n->v, COLOUR_FAINT));
            continue;
        }
        if (!source || source->shown < 1 || b->shown < 1)
            continue;
        if (n->picture && n->picture->layer[b->layer].links)
            draw_kernel(n, i, source, scale);
        else
            draw_plain(n, i, source);
    }
}
