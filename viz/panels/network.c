/* network.c - the network: layers from left to right, each unit a small map of its output.
 *
 * Links lie below, units above, names around; the line at the foot tells what is looked at. See network.h for
 * the parts. */
#include "network.h"

/* What is looked at, as far as this model has it. */
static struct subject look_of(const struct view *v, const struct model *m)
{
    static const enum subject_kind kinds[] = {SUBJECT_WEIGHT, SUBJECT_BIAS, SUBJECT_UNIT};
    struct subject s = v->hover;
    for (int pass = 0; pass < 2; pass++, s = v->pin)
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (s.kind == kinds[i] && m->built && s.a >= 0 && s.a < m->layers && s.b >= 0) {
                size_t units = shape_size(&m->layer[s.a].out);
                bool weight = s.kind == SUBJECT_WEIGHT;
                if ((size_t)(weight ? s.c : s.b) < units && s.c >= 0 && (!weight || s.a > 0))
                    return s;
            }
    return (struct subject){SUBJECT_NONE, 0, 0, 0};
}

/* One calm line when there is nothing to draw. */
static void draw_empty(const struct view *v, struct rect r, struct draw *d)
{
    const struct data *data = v->session->data;
    float line = text_height(view_font(v, FONT_BODY));
    const char *advice = *v->caption ? "The lesson builds it step by step"
                         : data      ? "Type  dense 4 tanh  to add the first layer"
                                     : "Type  demo xor  to see a network learn, or  data spiral";
    struct rect middle = {r.x, r.y + r.h / 2 - line, r.w, line};
    draw_text(d, middle, ALIGN_CENTRE, view_font(v, FONT_STRONG), view_colour(v, COLOUR_TEXT),
        data ? "No layers yet" : "Nothing here yet");
    middle.y += 1.4f * line;
    draw_text(d, middle, ALIGN_CENTRE, view_font(v, FONT_BODY), view_colour(v, COLOUR_DIM), advice);
}

static void draw_skipped(struct scene *n)
{
    const struct network_layout *l = &n->layout;
    if (!l->skipped || l->skipped_after < 0 || l->skipped_after + 1 >= l->blocks)
        return;
    float h = text_height(view_font(n->v, FONT_SMALL));
    struct rect box = {l->gap.x, l->gap.y + l->gap.h / 2 - h, l->gap.w, h};
    draw_textf(n->d, box, ALIGN_CENTRE, view_font(n->v, FONT_STRONG), view_colour(n->v, COLOUR_TEXT), "%d",
        l->skipped);
    box.y += h;
    draw_text(n->d, box, ALIGN_CENTRE, view_font(n->v, FONT_SMALL), view_colour(n->v, COLOUR_DIM), "more");
}

static void draw(const struct view *v, struct rect r, struct draw *d)
{
    const struct model *m = session_network(v->session)->model;
    const struct picture *p = replica_picture(v->replica);
    if (m->layers < 2) {
        draw_empty(v, r, d);
        return;
    }
    if (p && p->model != m)
        p = NULL;
    struct scene n = {.v = v, .model = m, .picture = p, .d = d, .look = look_of(v, m)};
    network_place(&n.layout, v, m, r, p && p->N);
    n.wave = network_wave(v, n.layout.columns);
    draw_push_clip(d, r);
    network_draw_arcs(&n);
    network_draw_links(&n);
    network_draw_loss(&n);
    network_draw_pulses(&n);
    network_draw_units(&n);
    network_draw_numbers(&n);
    draw_skipped(&n);
    network_draw_foot(&n);
    draw_pop_clip(d);
}

extern const struct panel panel_network;
const struct panel panel_network = {
    .name = "network",
    .title = "Network",
    .summary = "layers from left to right, every unit a map of what it does",
    .slices = SLICE_PARAMS | SLICE_BATCH,
    .place = PLACE_MAIN,
    .min_w = 300,
    .min_h = 200,
    .weight = 1,
    .shown = true,
    .draw = draw,
    .moving = network_wave_moving,
};
