/* network_units.c - units: a map, a value, a cell; their names, biases, and the loss at the end.
 *
 * A unit's square is the small version of what the output panel shows large. Colours mean the same
 * everywhere: the one diverging scale, or the colour of a class for an output of softmax. */
#include "network.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- names and numbers ------------------------------------------------------------------------------------
 */

const char *network_input_name(const struct scene *n, int unit)
{
    const struct data *d = n->v->session->data;
    bool fits =
        d && d->input_name && n->model->built && shape_size(&d->shape) == shape_size(&n->model->layer[0].out);
    return fits && (size_t)unit < shape_size(&d->shape) ? d->input_name[unit] : NULL;
}

const char *network_output_name(const struct scene *n, int unit)
{
    const struct data *d = n->v->session->data;
    if (!d || !n->model->built)
        return NULL;
    size_t K = shape_size(&model_head(n->model)->out);
    if (d->classes && d->class_name && K == (size_t)d->classes && K > 1)
        return d->class_name[unit];
    if (!d->classes && d->target_name && K == d->targets)
        return d->target_name[unit];
    return NULL;
}

void network_unit_name(const struct scene *n, int layer, int unit, char *out, size_t size)
{
    const char *name = layer == 0 ? network_input_name(n, unit) : NULL;
    if (name)
        snprintf(out, size, "%s", name);
    else
        snprintf(out, size, "%s[%d]", n->model->layer[layer].name, unit);
}

float network_weight(const struct scene *n, int layer, int from, int to)
{
    const struct layer *l = &n->model->layer[layer];
    for (int i = 0; n->picture && i < l->params; i++) {
        const struct param *p = &l->param[i];
        const float *w = state_param(n->picture->state, layer, i, NULL);
        if (from >= 0 && p->decays && p->shape.rank == 2 && from < p->shape.dim[0] && to < p->shape.dim[1])
            return w[(size_t)from * (size_t)p->shape.dim[1] + (size_t)to];
        if (from < 0 && !p->decays && !p->statistic && p->shape.rank == 1 && p->shape.dim[0] > 0)
            return w[to % p->shape.dim[0]];
    }
    return NAN;
}

/* --- levels and maps --------------------------------------------------------------------------------------
 */

static bool is_head(const struct picture *p, int layer)
{
    return layer == p->model->layers - 1;
}

static float level_of(const struct picture *p, int layer, float value)
{
    const struct activation *f = p->model->layer[layer].activation;
    if (is_head(p, layer) && p->head->encoding == ENCODE_BIT)
        return 2 * value - 1;
    if (f && isfinite(f->low) && isfinite(f->high))
        return value / fmaxf(fabsf(f->low), fabsf(f->high));
    return value / fmaxf(p->layer[layer].extent, 1e-6f);
}

float network_level(const struct scene *n, int layer, float value)
{
    return n->picture ? level_of(n->picture, layer, value) : 0;
}

/* The colour of a unit's value: softmax outputs go from neutral to their class. */
static struct colour value_colour(
    const struct view *v, const struct picture *p, int layer, int unit, float value)
{
    bool one_hot = is_head(p, layer) && p->head->encoding == ENCODE_ONE_HOT && p->K > 1 && isfinite(value);
    if (one_hot)
        return colour_mix(theme_value(v->theme, 0), theme_class(v->theme, unit, (int)p->K), value);
    return theme_value(v->theme, level_of(p, layer, value));
}

static void draw_line_map(struct draw *d, const struct view *v, const struct picture *p, int layer,
    const float *map, struct rect r, float radius)
{
    struct point path[REPLICA_LINE];
    const struct activation *f = p->model->layer[layer].activation;
    float low = -fmaxf(p->layer[layer].extent, 1e-6f), px = v->theme->px;
    if (f && f->low == 0) /* a rectifier's or sigmoid's floor is the bottom */
        low = 0.1f * low;
    float high = fmaxf(p->layer[layer].extent, 1e-6f), inner = r.h * 0.84f, top = r.y + r.h * 0.08f;
    draw_fill(d, r, radius, view_colour(v, COLOUR_WELL));
    float zero = top + inner * high / (high - low);
    draw_line(d, (struct point){r.x, zero}, (struct point){r.x + r.w, zero}, px, view_colour(v, COLOUR_GRID));
    for (int i = 0; i < p->columns; i++)
        path[i] = (struct point){
            r.x + r.w * ((float)i + 0.5f) / (float)p->columns, top + inner * (high - map[i]) / (high - low)};
    draw_path(d, path, (size_t)p->columns, 1.6f * px, theme_value(v->theme, 0.9f));
}

bool draw_unit_map(struct draw *d, const struct view *v, const struct picture *p, int layer, int unit,
    struct rect r, float radius, bool small)
{
    const float *map = picture_map(p, layer, unit);
    if (!map)
        return false;
    if (p->kind == MAP_LINE) {
        draw_line_map(d, v, p, layer, map, r, radius);
        return true;
    }
    int step = small && p->kind == MAP_PLANE ? 2 : 1, columns = p->columns / step, rows = p->rows / step;
    uint32_t *pixel = draw_image(d, r, columns, rows, radius, p->kind == MAP_PLANE);
    if (!pixel)
        return true;
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            const float *at = map + (y * p->columns + x) * step;
            float value = step == 1 ? *at : (at[0] + at[1] + at[p->columns] + at[p->columns + 1]) / 4;
            *pixel++ = colour_pixel(value_colour(v, p, layer, unit, value));
        }
    return true;
}

/* --- units ------------------------------------------------------------------------------------------------
 */

static bool value_of(const struct scene *n, int layer, int unit, float *out)
{
    if (!n->picture || !n->picture->data || unit >= n->picture->layer[layer].values)
        return false;
    *out = n->picture->layer[layer].value[unit];
    return true;
}

static void unit_zone(struct scene *n, int layer, int unit, struct rect r)
{
    if (!n->v->mouse_inside || !rect_holds(r, n->v->mouse))
        return;
    char name[64], command[96] = "", tip[NETWORK_TEXT];
    const struct layer *l = &n->model->layer[layer];
    network_unit_name(n, layer, unit, name, sizeof name);
    int used = snprintf(tip, sizeof tip, "%s", name);
    float value, bias = network_weight(n, layer, -1, unit);
    if (value_of(n, layer, unit, &value))
        used += snprintf(
            tip + used, sizeof tip - (size_t)used, "\n%.4g for sample %u", (double)value, n->picture->sample);
    if (layer > 0 && !isnan(bias))
        snprintf(tip + used, sizeof tip - (size_t)used, "\nbias %.4g", (double)bias);
    if (layer > 0 && l->params)
        snprintf(command, sizeof command, "show neuron %s %d", l->name, unit);
    draw_zone(n->d, r, (struct subject){SUBJECT_UNIT, layer, unit, 0}, command, tip);
}

static void draw_bias(struct scene *n, int layer, int unit, struct rect r)
{
    float bias = network_weight(n, layer, -1, unit), px = n->v->theme->px;
    if (layer == 0 || isnan(bias) || r.w < 20 * px)
        return;
    float radius = fminf(4 * px, r.w * 0.14f);
    struct point centre = {r.x, r.y + r.h - radius};
    struct rect box = {
        centre.x - radius - px, centre.y - radius - px, 2 * radius + 2 * px, 2 * radius + 2 * px};
    draw_circle(n->d, centre, radius + 1.3f * px, view_colour(n->v, COLOUR_PANEL));
    draw_circle(n->d, centre, radius, theme_value(n->v->theme, tanhf(1.2f * bias)));
    draw_ring(n->d, centre, radius, px, view_colour(n->v, COLOUR_FAINT)); /* one of zero is seen too */
    if (!n->v->mouse_inside || !rect_holds(box, n->v->mouse))
        return;
    char command[64], tip[NETWORK_TEXT], name[64];
    network_unit_name(n, layer, unit, name, sizeof name);
    snprintf(command, sizeof command, "print b[%d][%d]", layer, unit);
    snprintf(tip, sizeof tip, "bias %.4g\nof %s", (double)bias, name);
    draw_zone(n->d, box, (struct subject){SUBJECT_BIAS, layer, unit, 0}, command, tip);
}

static bool is_looked_at(const struct scene *n, int layer, int unit)
{
    struct subject s = n->look;
    return (s.kind == SUBJECT_UNIT || s.kind == SUBJECT_BIAS) && s.a == layer && s.b == unit;
}

static bool is_watched(const struct scene *n, int layer, int unit)
{
    for (int i = 0; i < n->v->watches; i++)
        if (n->v->watch[i].layer == layer && n->v->watch[i].unit == unit)
            return true;
    return false;
}

static void draw_unit_frame(struct scene *n, const struct block *b, int unit, struct rect r, float radius)
{
    float px = n->v->theme->px;
    if (is_watched(n, b->layer, unit)) {
        float pulse = 0.5f + 0.5f * sinf((float)n->v->now * 4);
        draw_frame(n->d, rect_inset(r, -3 * px), radius + 3 * px, 2 * px,
            colour_alpha(view_colour(n->v, COLOUR_WARN), 0.4f + 0.6f * pulse));
    }
    if (is_looked_at(n, b->layer, unit))
        draw_frame(n->d, rect_inset(r, -2 * px), radius + 2 * px, 2 * px, view_colour(n->v, COLOUR_ACCENT));
    else
        draw_frame(n->d, r, radius, px, colour_alpha(view_colour(n->v, COLOUR_TEXT), 0.28f));
}

/* A chip with a number over the lower part of a unit: step mode, and units without a map. */
static void draw_chip(struct scene *n, struct rect r, const char *text)
{
    float px = n->v->theme->px;
    struct font f = view_font(n->v, FONT_NUMBER_SMALL);
    float w = text_width(n->d, f, text) + 6 * px, h = text_height(f);
    struct rect box = {r.x + (r.w - w) / 2, r.y + r.h - h * 0.8f, w, h};
    draw_fill(n->d, box, 3 * px, view_colour(n->v, COLOUR_TIP));
    draw_text(n->d, box, ALIGN_CENTRE, f, view_colour(n->v, COLOUR_ON_TIP), text);
}

/* Of images and texts one sample is followed through the network, as its tiles are; of other data each unit
 * has its map. */
static bool follows_sample(const struct scene *n)
{
    const struct data *d = n->picture ? n->picture->data : NULL;
    return d && n->picture->kind == MAP_SAMPLES && (shape_is_image(&d->shape) || d->letters);
}

static void draw_unit(struct scene *n, int block, int unit)
{
    bool sample = follows_sample(n);
    const struct block *b = &n->layout.block[block];
    struct rect r = block_unit(b, unit);
    float px = n->v->theme->px, radius = fminf(4 * px, r.w * 0.15f), value;
    char number[24];
    draw_fill(n->d, r, radius, view_colour(n->v, COLOUR_PANEL)); /* hides links, also under a faded map */
    bool drawn = n->picture && !sample &&
                 draw_unit_map(n->d, n->v, n->picture, b->layer, unit, r, radius, r.w < 50 * px);
    if (!drawn && value_of(n, b->layer, unit, &value))
        draw_fill(n->d, r, radius, value_colour(n->v, n->picture, b->layer, unit, value));
    else if (!drawn)
        draw_fill(n->d, r, radius, view_colour(n->v, COLOUR_WELL));
    draw_unit_frame(n, b, unit, r, radius);
    unit_zone(n, b->layer, unit, r);
    draw_bias(n, b->layer, unit, r); /* its zone lies above the unit's */
    bool said = sample && b->layer == n->model->layers - 1 && value_of(n, b->layer, unit, &value);
    if (r.w >= 20 * px && wave_unit(n, b, unit, number))
        draw_chip(n, r, number);
    else if (r.w >= 28 * px && said && fabsf(value) >= 0.005f) {
        snprintf(number, sizeof number, "%.2f", (double)value);
        draw_chip(n, r, number);
    }
}

/* A text's characters, where there is room for them. */
static void draw_letters(struct scene *n, const struct block *b)
{
    const struct data *d = n->picture ? n->picture->data : NULL;
    const struct layer_picture *l = &n->picture->layer[b->layer];
    float px = n->v->theme->px;
    if (b->layer || !d || !d->letters || b->size < 9 * px)
        return;
    draw_fill(n->d, b->box, 2 * px, view_colour(n->v, COLOUR_WELL));
    struct font f = view_font(n->v, FONT_NUMBER_SMALL);
    f.size = fminf(f.size, b->size * 0.95f);
    for (int u = 0; u < b->shown && u < l->values; u++)
        draw_text(n->d, rect_inset(block_unit(b, u), -2 * px), ALIGN_CENTRE, f,
            view_colour(n->v, COLOUR_TEXT), letter_sign(d, (int)l->value[u]));
}

static void draw_cells(struct scene *n, const struct block *b)
{
    struct draw *d = n->d;
    float px = n->v->theme->px, most = 1e-6f;
    const struct layer_picture *l = n->picture && n->picture->data ? &n->picture->layer[b->layer] : NULL;
    int shown = l ? (b->shown < l->values ? b->shown : l->values) : 0;
    for (int u = 0; u < shown; u++)
        most = isfinite(l->value[u]) ? fmaxf(most, fabsf(l->value[u])) : most;
    uint32_t *pixel = draw_image(d, b->box, b->columns, b->rows, 2 * px, false);
    for (int u = 0; pixel && u < b->columns * b->rows; u++) {
        struct colour c = view_colour(n->v, u < b->shown ? COLOUR_WELL : COLOUR_PANEL);
        if (u < shown)
            c = b->layer == n->model->layers - 1 ? value_colour(n->v, n->picture, b->layer, u, l->value[u])
                                                 : theme_value(n->v->theme, l->value[u] / most);
        pixel[u] = colour_pixel(c);
    }
    struct colour gap = colour_alpha(view_colour(n->v, COLOUR_PANEL), 0.9f);
    for (int i = 1; b->size >= 7 * px && i < b->columns; i++)
        draw_fill(d, (struct rect){b->box.x + (float)i * b->size - px / 2, b->box.y, px, b->box.h}, 0, gap);
    for (int i = 1; b->size >= 7 * px && i < b->rows; i++)
        draw_fill(d, (struct rect){b->box.x, b->box.y + (float)i * b->size - px / 2, b->box.w, px}, 0, gap);
    if (n->picture)
        draw_letters(n, b);
    draw_frame(d, rect_inset(b->box, -px), 2 * px, px, view_colour(n->v, COLOUR_EDGE));
    for (int u = 0; u < b->shown; u++) {
        if (is_looked_at(n, b->layer, u))
            draw_frame(
                d, rect_inset(block_unit(b, u), -2 * px), 2 * px, 2 * px, view_colour(n->v, COLOUR_ACCENT));
        if (n->v->mouse_inside && rect_holds(b->box, n->v->mouse))
            unit_zone(n, b->layer, u, block_unit(b, u));
    }
}

/* --- around the units -------------------------------------------------------------------------------------
 */

/* A padlock: the layer is frozen. */
static void draw_lock(struct scene *n, struct rect r)
{
    float px = n->v->theme->px, w = 7 * px, h = 6 * px;
    struct rect body = {r.x + (r.w - w) / 2, r.y + r.h / 2 - px, w, h};
    struct colour c = view_colour(n->v, COLOUR_ACCENT);
    draw_ring(n->d, (struct point){body.x + w / 2, body.y}, 0.36f * w, 1.3f * px, c);
    draw_fill(n->d, body, px, c);
}

/* What a layer is, beside its shape: its activation, whose parameters it has, or its type. */
static void describe(const struct scene *n, const struct layer *l, char *out, size_t size)
{
    char shape[SHAPE_TEXT] = "";
    if (n->model->built)
        shape_text(&l->out, shape);
    const char *kind = l->activation ? l->activation->name : l->inputs && !l->params ? l->type->name : "";
    if (l->like)
        snprintf(out, size, "%s%slike %s", shape, *shape ? " · " : "", n->model->layer[l->like].name);
    else
        snprintf(out, size, "%s%s%s", shape, *shape && *kind ? " · " : "", kind);
}

static void head_zone(struct scene *n, const struct block *b)
{
    const struct layer *l = &n->model->layer[b->layer];
    char tip[NETWORK_TEXT], command[80] = "";
    int used = snprintf(tip, sizeof tip, "%s: %s", l->name, l->type->summary);
    if (l->like)
        used += snprintf(tip + used, sizeof tip - (size_t)used, ", with the parameters of %s",
            n->model->layer[l->like].name);
    else if (l->params)
        used += snprintf(tip + used, sizeof tip - (size_t)used, ", %zu parameters%s", layer_param_count(l),
            l->frozen ? ", frozen" : "");
    if (l->inputs > 1 || l->from_given) {
        used += snprintf(tip + used, sizeof tip - (size_t)used, "\nreads");
        for (int j = 0; j < l->inputs && (size_t)used < sizeof tip; j++)
            used += snprintf(tip + used, sizeof tip - (size_t)used, "%s %s", j ? " and" : "",
                n->model->layer[l->input[j]].name);
    }
    if (l->params)
        snprintf(command, sizeof command, "show weights %s", l->name);
    draw_zone(n->d, b->head, (struct subject){SUBJECT_LAYER, b->layer, 0, 0}, command, tip);
}

/* Words of type names that stand for a layer in a column that is too narrow for its own name. */
static const char *const short_name[][2] = {{"pool", "pool"}, {"norm", "norm"}, {"attention", "attn"},
    {"embedding", "emb"}, {"conv", "conv"}, {"dropout", "drop"}, {"upsampling", "up"}, {"padding", "pad"},
    {"reshape", "form"}, {"activation", "act"}, {"add", "add"}, {"concat", "cat"}, {"multiply", "mul"}};

/* The layer's name, else a short word for its type, else its number. */
static const char *head_name(const struct scene *n, const struct block *b, float room, char number[16])
{
    struct font f = view_font(n->v, FONT_SMALL);
    const struct layer *l = &n->model->layer[b->layer];
    if (text_width(n->d, f, l->name) <= room)
        return l->name;
    for (size_t i = 0; i < sizeof short_name / sizeof *short_name; i++)
        if (strstr(l->type->name, short_name[i][0]) && text_width(n->d, f, short_name[i][1]) <= room)
            return short_name[i][1];
    snprintf(number, 16, "%d", b->layer);
    return number;
}

/* "dense1" over "16 · tanh". */
static void draw_head(struct scene *n, const struct block *b)
{
    const struct layer *l = &n->model->layer[b->layer];
    struct rect r = b->head, top = rect_cut_top(&r, r.h / 2);
    struct font f = view_font(n->v, FONT_SMALL);
    float px = n->v->theme->px, lock = l->frozen && l->params ? 11 * px : 0;
    char shape[SHAPE_TEXT] = "", size[96], number[16];
    if (n->model->built)
        shape_text(&l->out, shape);
    describe(n, l, size, sizeof size);
    const char *name = head_name(n, b, top.w - lock, number);
    float wide = text_width(n->d, f, name);
    if (lock > 0) {
        draw_lock(n, (struct rect){top.x + (top.w - wide - lock) / 2, top.y, lock, top.h});
        rect_cut_left(&top, lock);
    }
    draw_text(n->d, top, ALIGN_CENTRE, f, view_colour(n->v, COLOUR_TEXT), name);
    bool fits = text_width(n->d, f, size) <= r.w;
    if (text_width(n->d, f, shape) > r.w && strrchr(shape, 'x')) /* channels say most */
        memmove(shape, strrchr(shape, 'x'), strlen(strrchr(shape, 'x')) + 1);
    draw_text(n->d, r, ALIGN_CENTRE, f, view_colour(n->v, l->like ? COLOUR_ACCENT : COLOUR_DIM),
        fits ? size : shape);
    if (n->v->mouse_inside && rect_holds(b->head, n->v->mouse))
        head_zone(n, b);
}

static void draw_names(struct scene *n, const struct block *b)
{
    float px = n->v->theme->px;
    struct font f = view_font(n->v, FONT_SMALL);
    bool right = b->layer == n->model->layers - 1;
    if (b->kind != BLOCK_UNITS || b->columns > 1 || (b->layer && !right))
        return;
    for (int u = 0; u < b->shown; u++) {
        const char *name = right ? network_output_name(n, u) : network_input_name(n, u);
        struct rect r = block_unit(b, u);
        if (!name)
            continue;
        float left = fmaxf(r.x - n->layout.labels_left - 24 * px, n->layout.body.x - n->layout.labels_left);
        struct rect box = {left, r.y, r.x - 6 * px - left, r.h};
        if (right)
            box = (struct rect){r.x + r.w + 6 * px, r.y, n->layout.labels_right + 6 * px, r.h};
        draw_text(n->d, box, right ? ALIGN_LEFT : ALIGN_RIGHT, f, view_colour(n->v, COLOUR_DIM), name);
    }
}

/* Links end here: the words keep a ground of their own. */
static void draw_more(struct scene *n, const struct block *b)
{
    float px = n->v->theme->px;
    struct font f = view_font(n->v, FONT_SMALL);
    char text[32];
    snprintf(text, sizeof text, "… %d more", b->units - b->shown);
    if (text_width(n->d, f, text) > b->more.w)
        snprintf(text, sizeof text, "+%d", b->units - b->shown);
    float w = fminf(text_width(n->d, f, text) + 6 * px, b->more.w);
    struct rect ground = {b->more.x + (b->more.w - w) / 2, b->more.y, w, b->more.h};
    draw_fill(n->d, ground, 3 * px, colour_alpha(view_colour(n->v, COLOUR_PANEL), 0.88f));
    draw_text(n->d, b->more, ALIGN_CENTRE, f, view_colour(n->v, COLOUR_DIM), text);
}

void network_draw_units(struct scene *n)
{
    for (int i = 0; i < n->layout.blocks; i++) {
        const struct block *b = &n->layout.block[i];
        n->d->alpha = wave_light(n, i, false);
        draw_head(n, b);
        if (b->units < 1) {
            draw_fill(n->d, b->box, 4 * n->v->theme->px, view_colour(n->v, COLOUR_WELL));
            draw_frame(n->d, b->box, 4 * n->v->theme->px, n->v->theme->px, view_colour(n->v, COLOUR_EDGE));
            draw_text(n->d, b->box, ALIGN_CENTRE, view_font(n->v, FONT_LARGE),
                view_colour(n->v, COLOUR_FAINT), "?");
            continue;
        }
        if (b->kind == BLOCK_CELLS)
            draw_cells(n, b);
        if (b->kind == BLOCK_TILES)
            network_draw_tiles(n, i);
        for (int u = 0; b->kind == BLOCK_UNITS && u < b->shown; u++)
            draw_unit(n, i, u);
        if (b->more.h > 0)
            draw_more(n, b);
        draw_names(n, b);
        n->d->alpha = 1;
    }
    n->d->alpha = 1;
}

/* From an output to the loss. */
static void draw_loss_links(struct scene *n, const struct block *b)
{
    struct rect r = n->layout.loss;
    float px = n->v->theme->px;
    struct colour line = colour_alpha(view_colour(n->v, COLOUR_FAINT), 0.8f);
    bool names = n->layout.labels_right > 0 && b->columns == 1 && b->kind == BLOCK_UNITS &&
                 b->layer == n->model->layers - 1;
    float start = names ? n->layout.labels_right + 10 * px : 0;
    bool one = b->kind == BLOCK_TILES || b->shown > 64;
    for (int u = 0; u < (one ? 1 : b->shown); u++) {
        struct point a = block_out(b, u);
        if (one)
            a = (struct point){b->box.x + b->box.w, b->box.y + b->box.h / 2};
        a.x += start;
        draw_curve(n->d, a, (struct point){r.x, r.y + r.h / 2}, 1.2f * px, line);
    }
}

void network_draw_loss(struct scene *n)
{
    struct rect r = n->layout.loss;
    if (r.w <= 0 || !n->picture)
        return;
    float px = n->v->theme->px;
    bool wave = n->wave.kind != WAVE_NONE;
    for (int i = 0; i < n->layout.blocks; i++)
        if (model_is_output(n->model, n->layout.block[i].layer))
            draw_loss_links(n, &n->layout.block[i]);
    bool lit = n->wave.kind == WAVE_LOSS && n->wave.moving;
    n->d->alpha = wave && n->wave.moving && !lit ? 0.4f : 1;
    draw_fill(n->d, r, 6 * px, view_colour(n->v, COLOUR_WELL));
    draw_frame(n->d, r, 6 * px, lit ? 2 * px : px, view_colour(n->v, lit ? COLOUR_ACCENT : COLOUR_EDGE));
    struct rect box = rect_inset(r, 4 * px), name = rect_cut_top(&box, box.h * 0.45f);
    double value = wave ? n->wave.probe->loss + n->wave.probe->penalty : n->picture->loss;
    char text[PLOT_NUMBER];
    bool part = !wave && n->picture->N < n->picture->batch; /* of a costly step a part is repeated */
    char of[32], tip[64] = "loss of the next batch";
    snprintf(of, sizeof of, "loss, %zu of %zu", n->picture->N, n->picture->batch);
    if (part)
        snprintf(
            tip, sizeof tip, "loss of %zu of the next batch's %zu samples", n->picture->N, n->picture->batch);
    draw_wording(n->d, name, ALIGN_CENTRE, view_font(n->v, FONT_SMALL), view_colour(n->v, COLOUR_DIM),
        (const char *const[]){wave   ? "loss"
                              : part ? of
                                     : "batch loss",
            "loss", NULL});
    struct font f = view_font(n->v, FONT_NUMBER); /* a narrow box has a smaller number, then a shorter one */
    number_short(value, text);
    box = (struct rect){r.x + px, box.y, r.w - 2 * px, box.h};
    if (text_width(n->d, f, text) > box.w)
        f = view_font(n->v, FONT_NUMBER_SMALL);
    if (text_width(n->d, f, text) > box.w)
        number_brief(value, text);
    draw_text(
        n->d, box, ALIGN_CENTRE, f, view_colour(n->v, isfinite(value) ? COLOUR_TEXT : COLOUR_BAD), text);
    draw_zone(n->d, r, (struct subject){SUBJECT_CONTROL, 1, 0, 0}, "print loss",
        wave ? "loss of the probed samples" : tip);
    n->d->alpha = 1;
}
