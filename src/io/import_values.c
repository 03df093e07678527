/* import_values.c - values of theirs to their places in ours.
 *
 * A view is separable: the place of value (i, j …) is row[i] + column[j …]. So two short lists of offsets say
 * all, and a tile of rows at a time is converted to floats and dealt out, which keeps a transposition within
 * the cache.
 *
 * The order of a row of values, such as a dense layer reads, differs where an image was flattened on the way:
 * we count height, width, channel, PyTorch counts channel, height, width. The order of a layer's row follows
 * from the flatten behind which it comes, or from the reshape to an image before which it comes. */
#include "import_parts.h"
#include "../error.h"
#include "../memory.h"

#include <math.h>
#include <string.h>

enum { TILE_ROWS = 16, TILE_COLUMNS = 256 };

static const size_t nowhere = SIZE_MAX;

/* --- the order of a row --- */

/* One row to one row, value by value or by a parameter for each. */
static bool passes_rows(const struct layer *l)
{
    if (l->inputs < 1 || l->in.rank != 1 || !shape_equal(&l->in, &l->out))
        return false;
    for (int i = 0; i < l->params; i++)
        if (l->param[i].shape.rank != 1)
            return false;
    return true;
}

/* Sequences are positions x values on both sides, but channels x positions around PyTorch's convolutions. */
static bool is_channels_first(const struct model *m, int layer)
{
    const struct layer *l = &m->layer[layer];
    while (l->out.rank == 2 && l->inputs && shape_equal(&l->in, &l->out) &&
           (!l->params || !strcmp(l->type->name, "batchnorm")) && !strstr(l->type->name, "pool"))
        l = &m->layer[l->input[0]];
    return l->out.rank > 2 || strstr(l->type->name, "conv") || strstr(l->type->name, "pool");
}

/* order[theirs] = ours, both within the row; returns behind its last value. */
static uint32_t *order_by_image(const struct shape *image, uint32_t first, uint32_t *order)
{
    uint32_t channels = (uint32_t)image->dim[image->rank - 1];
    uint32_t positions = (uint32_t)(shape_size(image) / channels);
    for (uint32_t c = 0; c < channels; c++)
        for (uint32_t p = 0; p < positions; p++)
            *order++ = first + p * channels + c;
    return order;
}

static uint32_t *order_same(size_t count, uint32_t first, uint32_t *order)
{
    for (uint32_t i = 0; i < count; i++)
        *order++ = first + i;
    return order;
}

/* The image to which this row is reshaped later on, or NULL. */
static const struct shape *image_ahead(const struct model *m, int layer)
{
    for (int i = layer + 1; i < m->layers; i++) {
        const struct layer *l = &m->layer[i];
        if (!l->inputs || l->input[0] != layer)
            continue;
        if (!strcmp(l->type->name, "reshape") && l->out.rank > 2)
            return &l->out;
        if (passes_rows(l))
            layer = i;
    }
    return NULL;
}

static uint32_t *order_of_row(const struct model *m, int layer, uint32_t first, uint32_t *order)
{
    const struct layer *l = &m->layer[layer];
    while (passes_rows(l) && strcmp(l->type->name, "concat")) {
        layer = l->input[0];
        l = &m->layer[layer];
    }
    if (!strcmp(l->type->name, "concat") && l->in.rank == 1) {
        for (int j = 0; j < l->inputs; j++) {
            uint32_t *end = order_of_row(m, l->input[j], first, order);
            first += (uint32_t)(end - order);
            order = end;
        }
        return order;
    }
    if (!strcmp(l->type->name, "flatten"))
        return l->in.rank == 1                     ? order_of_row(m, l->input[0], first, order)
               : is_channels_first(m, l->input[0]) ? order_by_image(&l->in, first, order)
                                                   : order_same(shape_size(&l->out), first, order);
    const struct shape *image = image_ahead(m, layer);
    return image ? order_by_image(image, first, order) : order_same(shape_size(&l->out), first, order);
}

/* --- views --- */

void import_view_same(const struct layer *l, int index, const struct param *p, struct import_view *v)
{
    size_t stride = 1;
    v->rank = p->shape.rank;
    for (int i = v->rank; i-- > 0; stride *= (size_t)p->shape.dim[i])
        v->axis[i] = (struct import_axis){.size = (size_t)p->shape.dim[i], .stride = stride};
}

static size_t axis_length(const struct import_axis *a)
{
    return a->size * (size_t)(a->blocks ? a->blocks : 1);
}

struct shape import_view_shape(const struct import_view *v)
{
    struct shape s = {.rank = v->rank};
    for (int i = 0; i < v->rank; i++)
        s.dim[i] = (int)axis_length(&v->axis[i]);
    return s;
}

bool import_view_fits(const struct import_view *v, const struct tensor *t)
{
    struct shape want = import_view_shape(v), have = t->shape;
    while (have.rank > want.rank && have.dim[0] == 1)
        memmove(have.dim, have.dim + 1, (size_t)--have.rank * sizeof *have.dim);
    return have.rank == want.rank && !memcmp(have.dim, want.dim, (size_t)have.rank * sizeof *have.dim);
}

/* --- copying --- */

void import_copier_release(struct import_copier *c)
{
    memory_free(c->offset);
    memory_free(c->order);
}

static bool grow(struct import_copier *c, size_t offsets, size_t orders, struct error *e)
{
    if (offsets > c->offsets) {
        memory_free(c->offset);
        c->offset = memory_take(offsets, sizeof *c->offset, "offsets", e);
        c->offsets = c->offset ? offsets : 0;
    }
    if (orders > c->orders) {
        memory_free(c->order);
        c->order = memory_take(orders, sizeof *c->order, "the order of a row", e);
        c->orders = c->order ? orders : 0;
    }
    return c->offsets >= offsets && c->orders >= orders;
}

/* The `count` offsets at `list`, each with every step along the axis, from the last on so that none is
 * overwritten early. */
static size_t expand(struct import_copier *c, const struct import_axis *a, size_t *list, size_t count)
{
    size_t length = axis_length(a);
    const struct shape *row = &c->model->layer[a->row].out;
    bool ordered = a->row && c->channels_first && row->rank == 1 && shape_size(row) == a->size;
    if (ordered)
        order_of_row(c->model, a->row, 0, c->order);
    for (size_t i = count; i-- > 0;)
        for (size_t k = length; k-- > 0;) {
            size_t block = k / a->size, within = k % a->size;
            int place = a->block ? a->block[block] : (int)block;
            size_t step = ((size_t)place * a->size + (ordered ? c->order[within] : within)) * a->stride;
            list[i * length + k] = place < 0 || list[i] == nowhere ? nowhere : list[i] + step;
        }
    return count * length;
}

static void deal(const size_t *row, size_t rows, const size_t *column, size_t columns,
    float from[TILE_ROWS][TILE_COLUMNS], bool adds, float *ours)
{
    for (size_t j = 0; j < columns; j++)
        for (size_t i = 0; i < rows; i++)
            if (row[i] != nowhere && column[j] != nowhere) {
                float *to = ours + row[i] + column[j];
                *to = adds ? *to + from[i][j] : from[i][j];
            }
}

static bool copy_tile(const struct tensor *t, size_t i, size_t rows, size_t j, size_t columns,
    size_t row_length, float into[TILE_ROWS][TILE_COLUMNS])
{
    bool finite = true;
    for (size_t r = 0; r < rows; r++) {
        t->type->read(t->bytes + ((i + r) * row_length + j) * t->type->bytes, columns, into[r]);
        for (size_t k = 0; k < columns; k++)
            finite &= isfinite(into[r][k]) != 0;
    }
    return finite;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* What a view asks: lists of offsets, and the longest row that may be in another order. */
static void measure(const struct import_view *v, size_t *rows, size_t *columns, size_t *orders)
{
    *rows = v->rank > 1 ? axis_length(&v->axis[0]) : 1;
    *columns = 1;
    *orders = 0;
    for (int k = 0; k < v->rank; k++) {
        *columns *= k || v->rank == 1 ? axis_length(&v->axis[k]) : 1;
        *orders = v->axis[k].size > *orders ? v->axis[k].size : *orders;
    }
}

bool import_copy(struct import_copier *c, const struct import_view *v, const struct tensor *t, bool adds,
    float *ours, bool *finite, struct error *e)
{
    size_t rows, columns, orders, made = 1;
    float tile[TILE_ROWS][TILE_COLUMNS];
    measure(v, &rows, &columns, &orders);
    if (!grow(c, rows + columns, c->channels_first ? orders : 0, e))
        return false;
    size_t *row = c->offset, *column = row + rows;
    row[0] = v->first;
    column[0] = 0;
    if (v->rank > 1)
        expand(c, &v->axis[0], row, 1);
    for (int k = v->rank > 1; k < v->rank; k++)
        made = expand(c, &v->axis[k], column, made);
    *finite = true;
    for (size_t i = 0; i < rows; i += TILE_ROWS)
        for (size_t j = 0; j < columns; j += TILE_COLUMNS) {
            size_t high = least(TILE_ROWS, rows - i), wide = least(TILE_COLUMNS, columns - j);
            *finite &= copy_tile(t, i, high, j, wide, columns, tile);
            if (ours)
                deal(row + i, high, column + j, wide, tile, adds, ours);
        }
    return true;
}
