/* network_layout.c - where everything of the network stands.
 *
 * Layers are columns from left to right, each in the middle of the height. A layer whose units fit as squares
 * of at least UNIT_LEAST in up to three columns shows one square a unit; a larger one shows cells, and what
 * still does not fit is told by a line below ("… 250 more"). `flatten` changes no value and has no column.
 * When there are too many layers for the width, those in the middle are left out. Pure arithmetic. */
#include "network.h"

#include <math.h>
#include <string.h>

enum { UNIT_COLUMNS = 3, IMAGE_LEAST = 49, SOME_UNITS = 32 };

static const float unit_least = 17, unit_good = 26, unit_most = 54, unit_huge = 88, cell_least = 3,
                   cell_most = 15, column_least = 40;

static bool passes_on(const struct layer *l)
{
    return !strcmp(l->type->name, "flatten");
}

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
    b->size = best;
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

/* Columns of cells: an image keeps its width, others are about as wide as the room. */
static int cell_columns(const struct layer *l, int units, float w, float h)
{
    int rank = l->out.rank, width = rank >= 2 ? l->out.dim[rank == 2 ? 1 : rank - 2] : 0;
    if (rank >= 3)
        return width * l->out.dim[rank - 1];
    if (rank == 2)
        return width;
    int root = (int)lrintf(sqrtf((float)units));
    if (units >= IMAGE_LEAST && root * root == units)
        return root;
    int columns = (int)ceilf(sqrtf((float)units * w / h));
    return columns < 1 ? 1 : columns;
}

static void place_cells(struct block *b, const struct layer *l, float w, float h, float px)
{
    int units = b->units < REPLICA_CELLS ? b->units : REPLICA_CELLS;
    int columns = cell_columns(l, units, w, h);
    int most = (int)(w / (cell_least * px));
    columns = columns > most ? most : columns;
    columns = columns < 1 ? 1 : columns;
    int rows = (units + columns - 1) / columns, fit = (int)(h / (cell_least * px));
    rows = rows > fit ? fit : rows;
    rows = rows < 1 ? 1 : rows;
    b->kind = BLOCK_CELLS;
    b->columns = columns;
    b->rows = rows;
    b->size = fminf(fminf(w / (float)columns, h / (float)rows), cell_most * px);
    b->gap = 0;
    b->shown = columns * rows < units ? columns * rows : units;
}

static struct block place_block(
    const struct model *m, int layer, struct rect r, float width, float more, float px)
{
    const struct layer *l = &m->layer[layer];
    size_t units = m->built ? shape_size(&l->out) : 0;
    struct block b = {.layer = layer, .units = units > 1 << 30 ? 1 << 30 : (int)units};
    if (b.units < 1) { /* not known yet: one box stands for them */
        b.columns = b.rows = 1;
        b.size = fminf(width, unit_limit(r.h, px));
        return b;
    }
    bool ends = layer == 0 || layer == m->layers - 1;
    if (!place_units(&b, ends, width, r.h, px) && !place_some(&b, width, r.h - more, px)) {
        place_cells(&b, l, width, r.h, px);
        if (b.shown < b.units)
            place_cells(&b, l, width, r.h - more, px);
    }
    return b;
}

/* Centres the block on x in r, with its "more" line below. */
static void centre_block(struct block *b, float x, struct rect r, float more, float px)
{
    float w = (float)b->columns * b->size + (float)(b->columns - 1) * b->gap;
    float h = (float)b->rows * b->size + (float)(b->rows - 1) * b->gap;
    float below = b->shown < b->units ? more : 0;
    b->box = (struct rect){floorf(x - w / 2), floorf(r.y + (r.h - h - below) / 2), w, h};
    if (below > 0)
        b->more = (struct rect){x - 60 * px, b->box.y + h, 120 * px, below};
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

/* The layers that get a column; when they are too many, the first and the last of them. */
static int choose_layers(struct network_layout *l, const struct model *m, int most, int out[NETWORK_BLOCKS])
{
    int n = 0, all = 0;
    for (int i = 0; i < m->layers; i++)
        all += !passes_on(&m->layer[i]);
    most = most < NETWORK_BLOCKS ? most : NETWORK_BLOCKS;
    most = most < 3 ? 3 : most;
    int first = all > most ? most / 2 : all, last = all - (most - first), seen = 0;
    l->skipped = all > most ? all - most : 0;
    l->skipped_after = first - 1;
    for (int i = 0; i < m->layers; i++) {
        if (passes_on(&m->layer[i]))
            continue;
        if (seen < first || seen >= last)
            out[n++] = i;
        seen++;
    }
    return n;
}

void network_place(
    struct network_layout *l, const struct view *v, const struct model *m, struct rect r, bool loss)
{
    float px = v->theme->px, line = text_height(view_font(v, FONT_SMALL));
    *l = (struct network_layout){0};
    l->foot = rect_cut_bottom(&r, fminf(line * 1.6f, r.h * 0.2f));
    place_labels(l, v, m, r);
    rect_cut_left(&r, l->labels_left);
    /* Names of outputs stand between them and the loss: its links need room behind those. */
    float box = fminf(86 * px, fmaxf(r.w * 0.16f, fminf(46 * px, r.w * 0.25f)));
    float links = l->labels_right > 0 ? 34 * px : 10 * px;
    struct rect right = rect_cut_right(&r, (loss ? box + fminf(links, r.w * 0.05f) : 0) + l->labels_right);
    l->body = r;
    struct rect heads = rect_cut_top(&r, 2 * line);
    rect_cut_top(&r, 9 * px);
    rect_cut_bottom(&r, 4 * px);
    int layer[NETWORK_BLOCKS];
    l->blocks = choose_layers(l, m, (int)(r.w / (column_least * px)) - 1, layer);
    int columns = l->blocks + (l->skipped > 0); /* what is left out leaves a gap */
    float share = r.w / (float)columns, width = share * (l->blocks > 12 ? 0.5f : 0.56f);
    for (int i = 0; i < l->blocks; i++) {
        int column = i + (l->skipped && i > l->skipped_after);
        float x = r.x + share * ((float)column + 0.5f);
        l->block[i] = place_block(m, layer[i], r, fmaxf(width, unit_least * px), line, px);
        centre_block(&l->block[i], x, r, line, px);
        l->block[i].head = (struct rect){x - share / 2 + 2 * px, heads.y, share - 4 * px, heads.h};
    }
    if (loss)
        l->loss = (struct rect){right.x + right.w - box, r.y + r.h / 2 - 27 * px, box, fminf(54 * px, r.h)};
}

/* --- reading it ------------------------------------------------------------------------------------------
 */

const struct block *network_block(const struct network_layout *l, const struct model *m, int layer)
{
    while (layer > 0 && passes_on(&m->layer[layer]))
        layer = m->layer[layer].input[0];
    for (int i = 0; i < l->blocks; i++)
        if (l->block[i].layer == layer)
            return &l->block[i];
    return NULL;
}

struct rect block_unit(const struct block *b, int unit)
{
    int column = b->kind == BLOCK_UNITS ? unit / b->rows : unit % b->columns;
    int row = b->kind == BLOCK_UNITS ? unit % b->rows : unit / b->columns;
    float step = b->size + b->gap;
    return (struct rect){b->box.x + (float)column * step, b->box.y + (float)row * step, b->size, b->size};
}

struct point block_out(const struct block *b, int unit)
{
    if (unit >= b->shown)
        return (struct point){b->more.x + b->more.w / 2, b->more.y + b->more.h / 2};
    struct rect r = block_unit(b, unit);
    return (struct point){r.x + r.w, r.y + r.h / 2};
}

struct point block_in(const struct block *b, int unit)
{
    if (unit >= b->shown)
        return block_out(b, unit);
    struct rect r = block_unit(b, unit);
    return (struct point){r.x, r.y + r.h / 2};
}
