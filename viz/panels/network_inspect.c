/* network_inspect.c - the line of words below the network.
 *
 * It tells what is looked at, with its numbers and the command that prints them; in step mode the formula of
 * the wave with real numbers; else what the colours mean. */
#include "network.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TERMS = 3 };

/* --- what is looked at ------------------------------------------------------------------------------------
 */

static void tell_unit(const struct scene *n, int layer, int unit, char *out, size_t size)
{
    const struct layer *l = &n->model->layer[layer];
    const struct picture *p = n->picture;
    char name[64];
    network_unit_name(n, layer, unit, name, sizeof name);
    size_t used = (size_t)snprintf(out, size, "%s", name);
    if (p && p->layer[layer].tiling.kind != TILES_NONE)
        used += (size_t)snprintf(out + used, size - used, " · sample %u", p->sample);
    else if (p && p->data && unit < p->layer[layer].values)
        used += (size_t)snprintf(
            out + used, size - used, " = %.4g for sample %u", (double)p->layer[layer].value[unit], p->sample);
    float bias = network_weight(n, layer, -1, unit);
    if (layer > 0 && !isnan(bias) && used < size)
        used += (size_t)snprintf(out + used, size - used, " · bias %.4g", (double)bias);
    if (layer > 0 && l->params && used < size)
        snprintf(out + used, size - used, " · show neuron %s %d", l->name, unit);
}

static void tell_weight(const struct scene *n, struct subject s, char *out, size_t size)
{
    char from[64], to[64];
    network_unit_name(n, n->model->layer[s.a].input[0], s.b, from, sizeof from);
    network_unit_name(n, s.a, s.c, to, sizeof to);
    snprintf(out, size, "weight from %s to %s = %.4g · print w[%d][%d,%d]", from, to,
        (double)network_weight(n, s.a, s.b, s.c), s.a, s.b, s.c);
}

static void tell_bias(const struct scene *n, struct subject s, char *out, size_t size)
{
    char name[64];
    network_unit_name(n, s.a, s.b, name, sizeof name);
    snprintf(out, size, "bias of %s = %.4g · print b[%d][%d]", name, (double)network_weight(n, s.a, -1, s.b),
        s.a, s.b);
}

/* --- the formula of the wave ------------------------------------------------------------------------------
 */

/* dense1[0] = tanh(0.52·0.31 + … + 0.1) = tanh(0.26) = 0.25, with so many terms of the sum; < 0: without it.
 */
static void forward_text(const struct scene *n, int layer, int terms, char *out, size_t size)
{
    const struct layer *l = &n->model->layer[layer];
    const struct probe *p = n->wave.probe;
    const float *y = workspace_activation(p->ws, layer);
    char name[64];
    network_unit_name(n, layer, 0, name, sizeof name);
    if (!layer_links(l)) {
        snprintf(out, size, "%s = %.4g", name, (double)y[0]);
        return;
    }
    const float *x = workspace_activation(p->ws, l->input[0]), *w = p->state->param + l->param[0].offset;
    int in = l->param[0].shape.dim[0], width = l->param[0].shape.dim[1];
    const char *f = l->activation ? l->activation->name : "linear";
    double z = l->params > 1 ? (double)p->state->param[l->param[1].offset] : 0, bias = z;
    size_t used = (size_t)snprintf(out, size, terms < 0 ? "%s" : "%s = %s(", name, f);
    for (int i = 0; i < in; i++) {
        double weight = (double)w[(size_t)i * (size_t)width], a = (double)x[i];
        z += weight * a;
        if (i < terms && used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%.2f·%.2f",
                !i            ? ""
                : weight >= 0 ? " + "
                              : " − ",
                i ? fabs(weight) : weight, a);
    }
    if (terms >= 0 && in > terms && used < size)
        used += (size_t)snprintf(out + used, size - used, " + …");
    if (terms >= 0 && l->params > 1 && used < size)
        used += (size_t)snprintf(out + used, size - used, " %s %.2f", bias < 0 ? "−" : "+", fabs(bias));
    if (used < size)
        snprintf(out + used, size - used, "%s = %s(%.3f) = %.3f", terms < 0 ? "" : ")", f, z, (double)y[0]);
}

static bool fits(const struct scene *n, const char *text)
{
    return text_width(n->d, view_font(n->v, FONT_NUMBER_SMALL), text) <= n->layout.foot.w;
}

/* The first unit of the block where the wave is; where the room is small the sum is told in short, as what
 * it comes to must be seen. */
static void tell_forward(const struct scene *n, int layer, char *out, size_t size)
{
    static const int terms[] = {TERMS, 2, 1, -1};
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        forward_text(n, layer, terms[i], out, size);
        if (fits(n, out))
            break;
    }
}

static void tell_loss(const struct scene *n, char *out, size_t size)
{
    const struct probe *p = n->wave.probe;
    const float *y = workspace_output(p->ws);
    if (p->N == 1)
        snprintf(out, size, "output %.3f, target %.3g: loss = %.4g", (double)y[0],
            (double)workspace_head(p->ws)->t[0], p->loss + p->penalty);
    else
        snprintf(out, size, "loss = %.4g, the mean over %zu samples", p->loss + p->penalty, p->N);
}

static void tell_backward(const struct scene *n, int layer, char *out, size_t size)
{
    const struct layer *l = &n->model->layer[layer];
    const struct probe *p = n->wave.probe;
    if (!layer_links(l)) {
        snprintf(out, size, "the gradient passes %s", l->name);
        return;
    }
    double g = (double)p->ws->grad[l->param[0].offset], delta = (double)workspace_delta(p->ws, layer)[0];
    double a = (double)workspace_activation(p->ws, l->input[0])[0];
    if (p->N == 1)
        snprintf(out, size, "∂loss/∂w[%d][0,0] = δ·a = %.3g · %.3g = %.3g", layer, delta, a, g);
    else
        snprintf(out, size, "∂loss/∂w[%d][0,0] = Σ δ·a over %zu samples = %.3g", layer, p->N, g);
}

static void tell_update(const struct scene *n, char *out, size_t size)
{
    const struct probe *p = n->wave.probe;
    int layer = 1;
    while (layer < n->model->layers - 1 && !layer_learns(&n->model->layer[layer]))
        layer++;
    const struct layer *l = &n->model->layer[layer];
    const struct recipe *r = &session_network(n->v->session)->recipe;
    if (!layer_learns(l) || !r->optimizer || !n->picture)
        return;
    size_t at = l->param[0].offset;
    char place[60];
    snprintf(place, sizeof place, layer_links(l) ? "w[%d][0,0]" : "the first weight of layer %d", layer);
    snprintf(out, size, "%s, learning rate %g: %s = %.4g, gradient %.3g, becomes %.4g", r->optimizer->name,
        r->lr, place, (double)p->state->param[at], (double)p->ws->grad[at],
        (double)n->picture->state->param[at]);
    if (!fits(n, out))
        snprintf(out, size, "%s = %.4g becomes %.4g", place, (double)p->state->param[at],
            (double)n->picture->state->param[at]);
}

static void tell_wave(const struct scene *n, char *out, size_t size)
{
    const struct wave *w = &n->wave;
    int column = (int)lrintf(w->kind == WAVE_UPDATE ? 0 : w->at), block = 0;
    if (w->kind == WAVE_BACKWARD && column < 1)
        column = 1;
    while (block < n->layout.blocks - 1 && n->layout.block[block].column < column)
        block++;
    if (w->kind == WAVE_UPDATE)
        tell_update(n, out, size);
    else if (w->kind == WAVE_LOSS)
        tell_loss(n, out, size);
    else if (w->kind == WAVE_BACKWARD)
        tell_backward(n, n->layout.block[block].layer, out, size);
    else
        tell_forward(n, n->layout.block[block].layer, out, size);
}

/* --- the line ---------------------------------------------------------------------------------------------
 */

static void draw_legend(struct scene *n, struct rect r)
{
    enum { STEPS = 64 };
    float px = n->v->theme->px, h = text_height(view_font(n->v, FONT_SMALL)) * 0.5f;
    struct font f = view_font(n->v, FONT_SMALL);
    struct colour c = view_colour(n->v, COLOUR_DIM);
    struct rect minus = rect_cut_left(&r, 12 * px), plus = rect_cut_right(&r, 12 * px);
    draw_text(n->d, minus, ALIGN_CENTRE, f, c, "−");
    draw_text(n->d, plus, ALIGN_CENTRE, f, c, "+");
    struct rect bar = {r.x, r.y + (r.h - h) / 2, r.w, h};
    uint32_t *pixel = draw_image(n->d, bar, STEPS, 1, h / 2, true);
    for (int i = 0; pixel && i < STEPS; i++)
        pixel[i] = theme_pixel(n->v->theme, 2 * (float)i / (STEPS - 1) - 1);
    draw_fill(n->d, (struct rect){bar.x + bar.w / 2 - px / 2, bar.y - 2 * px, px, bar.h + 4 * px}, 0, c);
}

static void tell(const struct scene *n, char *out, size_t size)
{
    struct subject s = n->look;
    out[0] = '\0';
    bool wave = n->wave.kind != WAVE_NONE && n->picture;
    if (wave && (n->wave.moving || s.kind == SUBJECT_NONE))
        tell_wave(n, out, size);
    else if (s.kind == SUBJECT_UNIT)
        tell_unit(n, s.a, s.b, out, size);
    else if (s.kind == SUBJECT_WEIGHT)
        tell_weight(n, s, out, size);
    else if (s.kind == SUBJECT_BIAS)
        tell_bias(n, s, out, size);
}

static bool has_tiles(const struct scene *n)
{
    for (int i = 0; i < n->model->layers; i++)
        if (n->picture->layer[i].tiling.kind != TILES_NONE)
            return true;
    return false;
}

enum { HINT_TEXT = 96 };

/* What the squares show, where they show something. */
static void picture_hint(const struct scene *n, char out[HINT_TEXT], char brief[HINT_TEXT])
{
    const struct picture *p = n->picture;
    switch (p ? p->kind : MAP_NONE) {
    case MAP_PLANE:
        snprintf(out, HINT_TEXT, "Each square: what the unit answers over the plane of inputs; hover it");
        snprintf(brief, HINT_TEXT, "Squares: answers over the plane");
        break;
    case MAP_LINE:
        snprintf(out, HINT_TEXT, "Each square: what the unit answers along the input; hover it");
        snprintf(brief, HINT_TEXT, "Squares: answers along the input");
        break;
    case MAP_SAMPLES:
        if (has_tiles(n)) {
            snprintf(out, HINT_TEXT, "Sample %u on its way through the network", p->sample);
            snprintf(brief, HINT_TEXT, "Sample %u passes through", p->sample);
        } else {
            snprintf(out, HINT_TEXT, "Each cell: one sample, %s",
                p->data->classes ? "ordered by class" : "smallest target first");
            snprintf(brief, HINT_TEXT, "Each cell: one sample");
        }
        break;
    case MAP_NONE:
        break;
    }
}

/* What is missing, or what is to be seen; `brief` for little room. */
static void hint_of(const struct scene *n, char out[HINT_TEXT], char brief[HINT_TEXT])
{
    out[0] = brief[0] = '\0';
    if (!n->model->built)
        snprintf(out, HINT_TEXT, "The input's shape is not known yet: type  data spiral , or  input 2");
    else if (!n->v->session->data)
        snprintf(out, HINT_TEXT, "No data yet: type  data spiral");
    else if (n->layout.unseen)
        snprintf(out, HINT_TEXT, "%d layers beside others have no room here", n->layout.unseen);
    else
        picture_hint(n, out, brief);
}

void network_draw_foot(struct scene *n)
{
    struct rect r = n->layout.foot;
    float px = n->v->theme->px, legend = fminf(110 * px, r.w * 0.25f);
    char text[NETWORK_TEXT], hint[HINT_TEXT], brief[HINT_TEXT];
    tell(n, text, sizeof text);
    /* Words that are long for the room take the legend's, then a smaller font. */
    struct font f = view_font(n->v, *text ? FONT_NUMBER : FONT_SMALL);
    if (!*text || text_width(n->d, f, text) <= r.w - legend - 12 * px) {
        draw_legend(n, rect_cut_right(&r, legend));
        rect_cut_right(&r, 12 * px);
    } else if (text_width(n->d, f, text) > r.w) {
        f = view_font(n->v, FONT_NUMBER_SMALL);
    }
    if (*text) {
        draw_text(n->d, r, ALIGN_LEFT, f, view_colour(n->v, COLOUR_TEXT), text);
        return;
    }
    hint_of(n, hint, brief);
    draw_wording(n->d, r, ALIGN_LEFT, f, view_colour(n->v, COLOUR_DIM),
        (const char *const[]){hint, *brief ? brief : NULL, NULL});
}
