/* network_layout.c - where everything of the network stands.
 *
 * Layers are columns from left to right, each in the middle of the height. A layer whose units fit as squares
 * of at least UNIT_LEAST in up to four columns shows one square a unit; a larger one shows cells, and what
 * still does not fit is told by a line below ("… 250 more"). Images, sequences and attention show tiles.
 * `flatten` changes no value and has no column. Where links go round, bands above and below the columns are
 * kept free for them. Pure arithmetic. */
#include "network.h"

#include <math.h>
#include <string.h>

enum { UNIT_COLUMNS = 4, TILE_COLUMNS = 3, IMAGE_LEAST = 49, SOME_UNITS = 32, LEVELS = 4 };

static const float unit_least = 17, unit_good = 26, unit_most = 54, unit_huge = 88, cell_least = 3,
                   cell_most = 15, column_least = 40, tile_least = 20, image_most = 190, level_height = 9;

/* --- blocks --------------------------------------------------------------------------------------------- */

/* A large window shows large units. */
static float unit_limit(float h, float px)
{
    return fminf(fmaxf(0.1f * h, unit_most * px), unit_huge * px);
}

static float unit_gap(float size, float px)
{
    return fmaxf(3 * px, size * 0.16f);
}

/* The edge of squares in so many columns, at most as large as the room allows. */
static float unit_size(int units, int columns, float w, float h, float px)
{
    int rows = (units + columns - 1) / columns;
    float across = w / ((float)columns + (float)(columns - 1) * 0.16f);
    float down = h / ((float)rows + (float)(rows - 1) * 0.16f);
    float size = fminf(across, down);
    if (size * 0.16f < 3 * px) /* the gap does not shrink below 3 */
        size = fminf((w - 3 * px * (float)(columns - 1)) / (float)columns,
            (h - 3 * px * (float)(rows - 1)) / (float)rows);
    return floorf(fminf(size, unit_limit(h, px)));
}

/* `single`: a layer with names beside its units stays in one column as long as it can. */
static bool place_units(struct block *b, bool single, float w, float h, float px)
{
    float best = 0, good = (single ? unit_least : unit_good) * px;
    for (int columns = 1; columns <= UNIT_COLUMNS && columns <= b->units; columns++) {
        float size = unit_size(b->units, columns, w, h, px);
        if (size > best * 1.25f && best < good) {
            best = size;
            b->columns = columns;
        }
    }
    if (best < unit_least * px)
        return false;
    b->kind = BLOCK_UNITS;
    b->size = b->tall = best;
    b->rows = (b->units + b->columns - 1) / b->columns;
    b->gap = unit_gap(best, px);
    /* A few units breathe: up to half a square between them. */
    float loose = b->rows > 1 ? (h - (float)b->rows * best) / (float)(b->rows - 1) : 0;
    b->gap = fmaxf(b->gap, fminf(loose, b->columns == 1 ? best * 0.55f : b->gap));
    b->shown = b->units;
    return true;
}

/* A layer of some units shows those that fit as squares: a map says more than a cell. */
static bool place_some(struct block *b, float w, float h, float px)
{
    struct block some = *b;
    if (b->units > SOME_UNITS)
        return false;
    while (--some.units >= 3)
        if (place_units(&some, false, w, h, px)) {
            some.units = b->units;
            *b = some;
            return true;
        }
    return false;
}

/* The side of what could be an image: inputs or outputs whose number is a square; 0: it is none. */
static int image_side(const struct block *b, bool ends)
{
    int root = (int)lrintf(sqrtf((float)b->units));
    return ends && b->units >= IMAGE_LEAST && root * root == b->units ? root : 0;
}

/* Columns of cells: about as wide as the room. */
static int cell_columns(int units, float w, float h)
{
    int columns = (int)ceilf(sqrtf((float)units * w / h));
    return columns < 1 ? 1 : columns;
}

static void place_cells(struct block *b, bool ends, float w, float h, float px)
{
    int units = b->units < REPLICA_CELLS ? b->units : REPLICA_CELLS, side = image_side(b, ends);
    int columns = side ? side : cell_columns(units, w, h);
    float least = side ? 1 : cell_least * px;
    int most = (int)(w / least);
    columns = columns > most ? most : columns;
    columns = columns < 1 ? 1 : columns;
    int rows = (units + columns - 1) / columns, fit = (int)(h / least);
    rows = rows > fit ? fit : rows;
    rows = rows < 1 ? 1 : rows;
    b->kind = BLOCK_CELLS;
    b->columns = columns;
    b->rows = rows;
    b->size = b->tall = fminf(fminf(w / (float)columns, h / (float)rows), cell_most * px);
    b->gap = 0;
    b->shown = columns * rows < units ? columns * rows : units;
}

/* Tiles in so many columns: as large as the room allows, in their own proportions. */
static float tile_width(int shown, int columns, float aspect, float w, float h, float px)
{
    int rows = (shown + columns - 1) / columns;
    float across = (w - 3 * px * (float)(columns - 1)) / (float)columns;
    float down = (h - 3 * px * (float)(rows - 1)) / (float)rows * aspect;
    return floorf(fminf(across, down));
}

/* As many tiles as fit at a readable size, in up to three columns; at least one. A sequence takes the height
 * that it needs. */
static void place_tiles(struct block *b, float w, float h, float px)
{
    const struct tiling *t = &b->tiling;
    float aspect = (float)t->from_w / (float)t->from_h;
    bool sequence = t->kind == TILES_SEQUENCE;
    aspect = fminf(fmaxf(aspect, sequence ? 0.3f : 0.4f), sequence ? 1.2f : 2.5f);
    b->kind = BLOCK_TILES;
    b->units = t->all;
    b->shown = t->shown;
    b->gap = 3 * px;
    float most = t->all == 1 ? fminf(image_most * px, 0.42f * h * fmaxf(aspect, 1)) : unit_huge * px;
    for (float best = 0; best <= 0;) {
        for (int columns = 1; columns <= TILE_COLUMNS && columns <= b->shown; columns++) {
            float size = tile_width(b->shown, columns, aspect, w, h, px);
            if (size > best * 1.15f && size >= fminf(tile_least * px, w)) {
                best = size;
                b->columns = columns;
            }
        }
        b->size = fmaxf(fminf(best, most), 1);
        if (best <= 0 && b->shown == 1) {
            b->size = fmaxf(floorf(fminf(w, h * aspect)), 1);
            b->columns = 1;
            break;
        }
        b->shown -= best <= 0;
    }
    b->tall = fmaxf(floorf(b->size / aspect), 1);
    if (sequence) /* a narrow one is stretched: each channel has its line */
        b->tall = fminf(fmaxf(b->tall, fminf((float)t->from_h, 160) * px), fmaxf(h, 1));
    b->rows = (b->shown + b->columns - 1) / b->columns;
}

/* The characters of a text: cells that are large enough to read, some in a row. */
static void place_letters(struct block *b, float w, float h, float px)
{
    float size = 11 * px;
    b->kind = BLOCK_CELLS;
    b->columns = (int)(w / size) < 1 ? 1 : (int)(w / size) > 16 ? 16 : (int)(w / size);
    b->columns = b->columns > 4 ? b->columns / 4 * 4 : b->columns;
    int rows = (b->units + b->columns - 1) / b->columns, fit = (int)(h / size);
    b->rows = rows > fit ? (fit < 1 ? 1 : fit) : rows;
    b->size = b->tall = fminf(fminf(w / (float)b->columns, h / (float)b->rows), cell_most * px);
    b->shown = b->columns * b->rows < b->units ? b->columns * b->rows : b->units;
}

static void place_block(
    struct block *b, const struct model *m, bool letters, struct rect r, float width, float more, float px)
{
    const struct layer *l = &m->layer[b->layer];
    size_t units = m->built ? shape_size(&l->out) : 0;
    b->units = units > 1 << 30 ? 1 << 30 : (int)units;
    if (b->units < 1) { /* not known yet: one box stands for them */
        b->columns = b->rows = 1;
        b->size = b->tall = fminf(width, unit_limit(r.h, px));
        return;
    }
    b->tiling = tiling_of(l);
    if (b->tiling.kind != TILES_NONE) {
        place_tiles(b, width, r.h, px);
        if (b->shown < b->units)
            place_tiles(b, width, r.h - more, px);
        return;
    }
    if (letters && b->layer == 0) {
        place_letters(b, width, r.h - more, px);
        return;
    }
    bool ends = b->layer == 0 || b->layer == m->layers - 1;
    if (!place_units(b, ends, width, r.h, px) && !place_some(b, width, r.h - more, px)) {
        place_cells(b, ends, width, r.h, px);
        if (b->shown < b->units)
            place_cells(b, ends, width, r.h - more, px);
    }
}

/* Centres the block on x in r, with its "more" line below, as wide as said. */
static void centre_block(struct block *b, float x, float wide, struct rect r, float more, float px)
{
    float w = (float)b->columns * b->size + (float)(b->columns - 1) * b->gap;
    float h = (float)b->rows * b->tall + (float)(b->rows - 1) * b->gap;
    float below = b->shown < b->units ? more : 0;
    b->box = (struct rect){floorf(x - w / 2), floorf(r.y + (r.h - h - below) / 2), w, h};
    if (below > 0)
        b->more = (struct rect){x - wide / 2, b->box.y + h, wide, below};
}

/* --- the whole -------------------------------------------------------------------------------------------
 */

static float widest(const struct view *v, char *const *name, size_t n, float most)
{
    /* An estimate: real widths need a draw list, and half a letter does not matter here. */
    float w = 0;
    for (size_t i = 0; name && i < n; i++)
        w = fmaxf(w, (float)strlen(name[i]) * 0.56f * view_font(v, FONT_SMALL).size);
    return fminf(w, most);
}

static void place_labels(struct network_layout *l, const struct view *v, const struct model *m, struct rect r)
{
    const struct data *d = v->session->data;
    float px = v->theme->px, most = fminf(92 * px, r.w * 0.13f);
    l->labels_left = l->labels_right = 0;
    if (!d || !m->built)
        return;
    size_t inputs = shape_size(&m->layer[0].out), outputs = shape_size(&model_head(m)->out);
    if (inputs == shape_size(&d->shape) && inputs <= 32)
        l->labels_left = widest(v, d->input_name, inputs, most) + 8 * px;
    if (outputs <= 32 && outputs > 1)
        l->labels_right = widest(v, d->classes ? d->class_name : d->target_name,
                              d->classes ? (size_t)d->classes : d->targets, most) +
                          6 * px;
}

/* Heights of arcs: the nearest to the blocks first, all within the band. */
static void place_arcs(struct network_layout *l, struct rect above, struct rect below, float px)
{
    for (int i = 0; i < l->arcs; i++) {
        struct arc *a = &l->arc[i];
        float away = ((float)(a->level % LEVELS) + 0.6f) * level_height * px;
        a->y = a->below ? below.y + away : above.y + above.h - away;
    }
}

static float band(int levels, float px)
{
    int most = levels < LEVELS ? levels : LEVELS;
    return levels ? ((float)most + 0.4f) * level_height * px : 0;
}

/* The blocks of one column between left and left + share; r is where blocks may stand, heads above it. Where
 * columns are many, names take turns in height and may be twice as wide. */
static void place_column(struct network_layout *l, const struct model *m, int column, struct rect r,
    struct rect heads, float line, float px)
{
    float width = fmaxf(r.w * (l->crowded ? 0.66f : 0.56f), unit_least * px), x = r.x + r.w / 2;
    for (int i = 0; i < l->blocks; i++) {
        struct block *b = &l->block[i];
        if (b->column != column)
            continue;
        struct rect room = r;
        room.h = (r.h - 4 * px * (float)(b->lanes - 1)) / (float)b->lanes;
        room.y += (room.h + 4 * px) * (float)b->lane;
        b->head = (struct rect){r.x + 2 * px, heads.y, r.w - 4 * px, 2 * line};
        if (b->lanes > 1) {
            b->head.y = room.y;
            rect_cut_top(&room, 2 * line + 2 * px);
        } else if (l->crowded) {
            b->head.y += column % 2 ? 2 * line : 0;
        }
        place_block(b, m, l->letters, room, width, line, px);
        centre_block(b, x, l->crowded || b->kind == BLOCK_TILES ? fmaxf(r.w, 36 * px) : fmaxf(r.w, 120 * px),
            room, line, px);
    }
}

void network_place(
    struct network_layout *l, const struct view *v, const struct model *m, struct rect r, bool loss)
{
    float px = v->theme->px, line = text_height(view_font(v, FONT_SMALL));
    *l = (struct network_layout){0};
    const struct data *data = v->session->data;
    l->letters = data && data->letters;
    l->foot = rect_cut_bottom(&r, fminf(line * 1.6f, r.h * 0.2f));
    place_labels(l, v, m, r);
    rect_cut_left(&r, l->labels_left);
    /* Names of outputs stand between them and the loss: its links need room behind those. */
    float box = fminf(86 * px, fmaxf(r.w * 0.16f, fminf(46 * px, r.w * 0.25f)));
    float links = l->labels_right > 0 ? 34 * px : 10 * px;
    struct rect right = rect_cut_right(&r, (loss ? box + fminf(links, r.w * 0.05f) : 0) + l->labels_right);
    l->body = r;
    network_columns(l, m, r.w / (column_least * px), (int)(r.h / (4 * line + unit_least * px)));
    int levels_above, levels_below;
    network_arcs(l, m, &levels_above, &levels_below);
    struct rect heads = rect_cut_top(&r, (l->crowded ? 4 : 2) * line);
    rect_cut_top(&r, 9 * px);
    rect_cut_bottom(&r, 4 * px);
    struct rect above = rect_cut_top(&r, fminf(band(levels_above, px), r.h * 0.2f));
    struct rect below = rect_cut_bottom(&r, fminf(band(levels_below, px), r.h * 0.2f));
    place_arcs(l, above, below, px);
    float weights = l->skipped ? 1 : 0; /* what is left out leaves a gap */
    for (int c = 0; c < l->columns; c++)
        weights += network_column_weight(l, m, c);
    float share = r.w / weights, x = r.x, start = 0;
    if (l->letters && l->crowded) { /* characters want to be read */
        share = r.w / (weights + 0.7f);
        start = 0.7f * share;
    }
    int gap = l->skipped && l->skipped_after >= 0 ? l->block[l->skipped_after].column : -1;
    for (int c = 0; c < l->columns; c++) {
        float wide = share * network_column_weight(l, m, c) + (c == 0 ? start : 0);
        place_column(l, m, c, (struct rect){x, r.y, wide, r.h}, heads, line, px);
        x += wide;
        if (c == gap) {
            l->gap = (struct rect){x, r.y, share, r.h};
            x += share;
        }
    }
    float beside = l->crowded ? share * 0.3f : 0; /* names of every other column stand at another height */
    for (int i = 0; i < l->blocks; i++) {
        struct block *b = &l->block[i];
        if (b->lanes > 1)
            continue;
        b->head.x -= b->column > 0 ? beside : 0;
        b->head.w += beside * (float)((b->column > 0) + (b->column < l->columns - 1));
    }
    if (loss)
        l->loss = (struct rect){right.x + right.w - box, r.y + r.h / 2 - 27 * px, box, fminf(54 * px, r.h)};
}

/* --- reading it ------------------------------------------------------------------------------------------
 */

const struct block *network_block(const struct network_layout *l, const struct model *m, int layer)
{
    while (layer > 0 && network_passes_on(&m->layer[layer]))
        layer = m->layer[layer].input[0];
    for (int i = 0; i < l->blocks; i++)
        if (l->block[i].layer == layer)
            return &l->block[i];
    return NULL;
}

int block_tile(const struct block *b, int unit)
{
    return b->kind == BLOCK_TILES ? tiling_tile(&b->tiling, unit) : unit;
}

struct rect block_unit(const struct block *b, int unit)
{
    int column = b->kind == BLOCK_UNITS ? unit / b->rows : unit % b->columns;
    int row = b->kind == BLOCK_UNITS ? unit % b->rows : unit / b->columns;
    return (struct rect){b->box.x + (float)column * (b->size + b->gap),
        b->box.y + (float)row * (b->tall + b->gap), b->size, b->tall};
}

struct point block_out(const struct block *b, int unit)
{
    int square = block_tile(b, unit);
    if (square >= b->shown)
        return (struct point){b->more.x + b->more.w / 2, b->more.y + b->more.h / 2};
    struct rect r = block_unit(b, square);
    return (struct point){r.x + r.w, r.y + r.h / 2};
}

struct point block_in(const struct block *b, int unit)
{
    int square = block_tile(b, unit);
    if (square >= b->shown)
        return block_out(b, unit);
    struct rect r = block_unit(b, square);
    return (struct point){r.x, r.y + r.h / 2};
}
