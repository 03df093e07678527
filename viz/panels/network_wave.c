/* network_wave.c - step mode: one pass forward and one backward, slow enough to follow.
 *
 * What was typed plays: forward runs through the columns for 1.25 s and each unit shows its number when the
 * wave has come, then the loss is lit, backward runs the other way with each weight's gradient, update shows
 * what becomes of the weights. The part where the wave is shines, the rest is faded to 40 %. All numbers are
 * the probe's, of its first sample; its gradients are those of the whole probe. When the wave is over, its
 * numbers stay until the weights move on. */
#include "network.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBERED_LINKS = 18, PULSES = 160 };

static const float faded = 0.4f;

/* --- time ------------------------------------------------------------------------------------------------
 */

/* The parts of the show, in order; `from` and `to`: in which passes of the probe they are played. */
static const struct part_row {
    enum wave_kind kind;
    enum probe_phase phase;
    double seconds;
} part_rows[] = {
    {WAVE_FORWARD, PROBE_FORWARD, 1.25},
    {WAVE_LOSS, PROBE_FORWARD, 0.7},
    {WAVE_BACKWARD, PROBE_BACKWARD, 1.25},
    {WAVE_UPDATE, PROBE_UPDATED, 1.25},
};

/* The phase before the passes that came at once. */
static int phase_before(const struct view *v)
{
    int now = (int)v->session->probe.phase;
    uint64_t came = v->probe_serial > v->probe_before ? v->probe_serial - v->probe_before : 1;
    return came >= (uint64_t)now ? 0 : now - (int)came;
}

static bool probe_stands(const struct view *v)
{
    const struct session *s = v->session;
    const struct probe *p = &s->probe;
    uint64_t later = p->phase == PROBE_UPDATED ? p->revision + 1 : p->revision;
    return p->phase != PROBE_NONE && !p->quiet && p->ws && v->probe_since >= 0 &&
           p->serial == v->probe_serial && !v->training && later == s->revision && p->state &&
           p->state->model == session_network(s)->model;
}

struct wave network_wave(const struct view *v, int columns)
{
    struct wave w = {.kind = WAVE_NONE, .probe = &v->session->probe};
    if (!probe_stands(v))
        return w;
    double t = v->probe_skip ? INFINITY : v->now - v->probe_since;
    for (size_t i = 0; i < sizeof part_rows / sizeof *part_rows; i++) {
        const struct part_row *row = &part_rows[i];
        if ((int)row->phase <= phase_before(v) || row->phase > w.probe->phase)
            continue;
        w.kind = row->kind;
        w.moving = t < row->seconds;
        w.gradients = row->kind == WAVE_BACKWARD || row->kind == WAVE_UPDATE;
        float part = ease(w.moving ? (float)(t / row->seconds) : 1);
        w.at = row->kind == WAVE_FORWARD    ? part * (float)(columns - 1)
               : row->kind == WAVE_BACKWARD ? (1 - part) * (float)(columns - 1)
               : row->kind == WAVE_LOSS     ? (float)(columns - 1)
                                            : part;
        if (w.moving)
            return w;
        t -= row->seconds;
    }
    return w;
}

long network_wave_sample(const struct view *v)
{
    const struct probe *p = &v->session->probe;
    return probe_stands(v) && p->index && p->N ? (long)p->index[0] : -1;
}

bool network_wave_moving(const struct view *v)
{
    return network_wave(v, 2).moving;
}

float wave_light(const struct scene *n, int block, bool links)
{
    const struct wave *w = &n->wave;
    if (!w->moving)
        return 1;
    if (w->kind == WAVE_UPDATE)
        return links ? 1 : faded;
    float column = (float)n->layout.block[block].column;
    float away = fabsf(w->at - (column - (links ? 0.5f : 0)));
    if (w->kind == WAVE_LOSS && links)
        away = 1;
    return 1 - (1 - faded) * fminf(fmaxf((away - 0.5f) / 0.5f, 0), 1);
}

/* --- numbers ---------------------------------------------------------------------------------------------
 */

/* "+0.12", "-3e-5", "0": a sign, one or two digits. What is too small to mean anything is 0. */
static void signed_number(double value, char out[24])
{
    if (fabs(value) < 1e-12) {
        snprintf(out, 24, "0");
        return;
    }
    snprintf(out, 24, fabs(value) >= 0.01 ? "%+.2g" : "%+.0e", value);
    char *e = strstr(out, "e-0");
    if (e)
        memmove(e + 2, e + 3, strlen(e + 3) + 1);
}

bool wave_unit(const struct scene *n, const struct block *b, int unit, char out[24])
{
    const struct wave *w = &n->wave;
    if (w->kind == WAVE_NONE || w->kind == WAVE_UPDATE)
        return false;
    bool back = w->gradients;
    float column = (float)b->column;
    if (back ? column < w->at - 0.05f || b->layer == 0 : column > w->at + 0.05f)
        return false;
    const float *x =
        back ? workspace_delta(w->probe->ws, b->layer) : workspace_activation(w->probe->ws, b->layer);
    if (!x)
        return false;
    if (back)
        signed_number((double)x[unit], out);
    else
        snprintf(out, 24, "%.2f", fabsf(x[unit]) < 0.005f ? 0 : (double)x[unit]);
    return true;
}

static float kernel_value(const float *base, const struct param *p, const struct link *k)
{
    return base[p->offset + (size_t)k->from * (size_t)p->shape.dim[1] + (size_t)k->to];
}

/* What flows along a link: its share of the sum, its gradient, or its new weight. */
static float flow_of(const struct scene *n, int layer, const struct link *k)
{
    const struct workspace *ws = n->wave.probe->ws;
    const struct layer *l = &n->model->layer[layer];
    if (n->wave.gradients)
        return kernel_value(ws->grad, &l->param[0], k);
    float w = kernel_value(n->wave.probe->state->param, &l->param[0], k);
    return w * workspace_activation(ws, l->input[0])[k->from];
}

/* --- drawing ---------------------------------------------------------------------------------------------
 */

static void draw_pulse(struct scene *n, struct point a, struct point b, float at, float value, float most)
{
    float px = n->v->theme->px, strength = most > 0 ? fminf(fabsf(value) / most, 1) : 0;
    struct colour c = theme_value(n->v->theme, copysignf(0.5f + 0.5f * strength, value));
    float tail = n->wave.gradients ? fminf(at + 0.22f, 1) : fmaxf(at - 0.22f, 0);
    struct point p[9];
    for (int i = 0; i < 9; i++)
        p[i] = curve_at(a, b, tail + (at - tail) * (float)i / 8);
    draw_path(n->d, p, 9, (1.5f + 3 * strength) * px, colour_alpha(c, 0.75f));
    draw_circle(n->d, p[8], (2 + 2.5f * strength) * px, c);
}

/* The numbers of a kernel that are drawn already. */
struct taken {
    struct rect box[NUMBERED_LINKS];
    int count;
};

static bool is_free(const struct taken *taken, struct rect box)
{
    for (int i = 0; i < taken->count; i++) {
        struct rect r = rect_intersect(box, taken->box[i]);
        if (r.w > 0 && r.h > 0)
            return false;
    }
    return true;
}

/* Numbers stand where links are apart: near the side with more units, in turn at two distances. Where
 * another one stands already the number moves along its link; without a free place it is left out. */
static void draw_link_number(struct scene *n, struct point a, struct point b, const struct link *k,
    bool fan_out, const char *text, struct taken *taken)
{
    static const float place[] = {0.2f, 0.48f, 0.34f, 0.62f, 0.8f};
    enum { PLACES = sizeof place / sizeof *place };
    float px = n->v->theme->px;
    struct font f = view_font(n->v, FONT_NUMBER_SMALL);
    int turn = (fan_out ? k->from : k->to) % 2;
    float w = text_width(n->d, f, text) + 4 * px, h = text_height(f);
    for (int i = 0; i < PLACES; i++) {
        float t = place[i < 2 ? (i + turn) % 2 : i];
        struct point at = curve_at(a, b, fan_out ? 1 - t : t);
        struct rect box = {at.x - w / 2, at.y - h / 2, w, h};
        if (!is_free(taken, box))
            continue;
        taken->box[taken->count++] = box;
        draw_fill(n->d, box, 3 * px, colour_alpha(view_colour(n->v, COLOUR_PANEL), 0.88f));
        draw_text(n->d, box, ALIGN_CENTRE, f, view_colour(n->v, COLOUR_TEXT), text);
        return;
    }
}

static void number_of(const struct scene *n, int layer, const struct link *k, char out[24])
{
    if (n->wave.kind == WAVE_UPDATE) { /* as many digits as show the change */
        const struct param *p = &n->model->layer[layer].param[0];
        double change = fabs((double)k->w - (double)kernel_value(n->wave.probe->state->param, p, k));
        int digits = change > 0 ? (int)ceil(-log10(change)) + 1 : 2;
        snprintf(out, 24, "→ %.*f", digits < 2 ? 2 : digits > 5 ? 5 : digits, (double)k->w);
    } else
        signed_number((double)flow_of(n, layer, k), out);
}

/* The block that a kernel's links come from; NULL where there are none to follow. */
static const struct block *source_of(const struct scene *n, int block)
{
    int layer = n->layout.block[block].layer;
    if (!n->picture->layer[layer].links)
        return NULL;
    const struct block *source = network_block(&n->layout, n->model, n->model->layer[layer].input[0]);
    return source && n->layout.block[block].column - source->column == 1 ? source : NULL;
}

static void draw_pulses(struct scene *n, int block)
{
    const struct block *b = &n->layout.block[block], *source = source_of(n, block);
    const struct layer_picture *l = &n->picture->layer[b->layer];
    float at = n->wave.at - (float)(b->column - 1), most = 0;
    if (!source || at <= 0 || at >= 1)
        return;
    int first = l->links > PULSES ? l->links - PULSES : 0;
    for (int i = first; i < l->links; i++)
        if (l->link[i].from >= 0)
            most = fmaxf(most, fabsf(flow_of(n, b->layer, &l->link[i])));
    for (int i = first; i < l->links; i++)
        if (l->link[i].from >= 0)
            draw_pulse(n, block_out(source, l->link[i].from), block_in(b, l->link[i].to), at,
                flow_of(n, b->layer, &l->link[i]), most);
}

void network_draw_pulses(struct scene *n)
{
    const struct wave *w = &n->wave;
    if (!n->picture || !w->moving || (w->kind != WAVE_FORWARD && w->kind != WAVE_BACKWARD))
        return;
    for (int i = 1; i < n->layout.blocks; i++)
        draw_pulses(n, i);
}

static void draw_numbers(struct scene *n, int block)
{
    const struct block *b = &n->layout.block[block], *source = source_of(n, block);
    const struct layer_picture *l = &n->picture->layer[b->layer];
    const struct wave *w = &n->wave;
    float at = w->at - (float)(b->column - 1);
    bool reached = w->kind == WAVE_UPDATE || w->kind == WAVE_LOSS || (w->gradients ? at <= 0.5f : at >= 0.5f);
    if (!source || !reached || l->links > NUMBERED_LINKS || b->columns > 1 || source->columns > 1)
        return;
    struct taken taken = {.count = 0};
    for (int i = l->links - 1; i >= 0; i--) { /* the strongest find a place first */
        const struct link *k = &l->link[i];
        char text[24];
        if (k->from < 0)
            continue;
        number_of(n, b->layer, k, text);
        draw_link_number(
            n, block_out(source, k->from), block_in(b, k->to), k, source->shown < b->shown, text, &taken);
    }
}

void network_draw_numbers(struct scene *n)
{
    if (n->wave.kind == WAVE_NONE || !n->picture)
        return;
    for (int i = 1; i < n->layout.blocks; i++) {
        n->d->alpha = wave_light(n, i, true);
        draw_numbers(n, i);
    }
    n->d->alpha = 1;
}
