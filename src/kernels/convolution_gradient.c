/* convolution_gradient.c - the gradients of a convolution by its kernel and bias.
 *
 * dw[t][c][f] = the sum over all positions of x[position's pixel under tap t][c] · dz[position][f]: a product
 * of matrices with one row for each tap and channel, whose sum runs over positions. A row of it reads the
 * image at a fixed distance from the position, so 14 rows are 14 pointers that walk together, and a panel of
 * 32 columns of dz goes along:
 *
 *     c[r][0..32) += x[row r's distance + position] · dz[position][0..32)
 *
 * Images with zeros around them are first copied with the zeros, one band at a time. The slope before and the
 * sums of the bias run on the same band, so that dz comes from far only once. The positions are cut into
 * groups, as many as the shapes say; each has a sum of its own, and these are added in order. So the numbers
 * do not depend on the threads. */
#include "convolution_parts.h"
#include "elementwise.h"
#include "threads.h"

#include <string.h>

enum {
    PARTIAL = 1 << 19, /* floats of all partial sums */
    MANY = 8,          /* groups that are enough for the threads */
    DIRECT = 64,       /* rows not worth packing for */
};

struct gradient {
    const struct convolution *c;
    const struct convolution_slope *slope; /* to run band by band, or NULL */
    size_t N;
    const float *x, *dz;
    float *dw, *partial, *scratch;
    float *biases; /* two rows for each group: its sum, and a band's */
    size_t scratch_each;
    int groups, slices; /* of positions; of the rows of dw */
    size_t rows, piece; /* of dw in a group of channels; rows of maps in a piece */
    bool pads;
};

/* A band of one sample: rows of the map, and the image under them. */
struct piece {
    const float *x, *dz;
    size_t rows, x_row;
};

struct tile {
    const float *x[TILE_ROWS];
    int rows;
    size_t height, width;  /* positions */
    size_t x_down, x_step; /* floats from position to position */
    const float *b;
    size_t b_down, b_step;
    float *to;
    size_t to_row, columns;
    bool fresh; /* overwrite */
};

/* Adds R rows of sums to the rows of dw, or overwrites these. */
static void write_sums(const struct tile *t, const float *sums, size_t rows, size_t width)
{
    float *to = t->to;
    for (size_t r = 0; r < rows; r++, to += t->to_row)
        values_pass(sums + r * width, to, t->columns, !t->fresh);
}

INLINE void multiply_rows(const struct tile *t, const int R, const int V)
{
    vec16 c0[TILE_ROWS], c1[TILE_ROWS];
    const float *a[TILE_ROWS];
    float sums[TILE_ROWS * 2 * LANES];
    const size_t x_step = t->x_step, b_step = t->b_step;
    EACH_ROW a[r] = t->x[r];
    EACH_ROW c0[r] = c1[r] = (vec16){0};
    for (size_t y = 0; y < t->height; y++) {
        const float *b = t->b + y * t->b_down;
        size_t k = y * t->x_down, end = k + t->width * x_step;
        for (; k != end; k += x_step, b += b_step) {
            const vec16 b0 = *(const vec16 *)b, b1 = *(const vec16 *)(b + (V - 1) * LANES);
            EACH_ROW
            {
                const float x = a[r][k];
                c0[r] += x * b0;
                if (V == 2)
                    c1[r] += x * b1;
            }
        }
    }
    EACH_ROW *(vec16 *)(sums + r * V * LANES) = c0[r];
    if (V == 2)
        EACH_ROW *(vec16 *)(sums + r * V * LANES + LANES) = c1[r];
    write_sums(t, sums, (size_t)R, (size_t)V * LANES);
}

TILE_KERNELS

/* --- pieces --- */

static size_t reach(int outs, int stride, int taps, int dilation)
{
    return (size_t)(outs - 1) * (size_t)stride + (size_t)(taps - 1) * (size_t)dilation + 1;
}

/* The image under map rows o … o+rows-1 of sample n, with its zeros. */
static void copy_padded(const struct convolution *c, const float *x, size_t n, int o, int rows, float *to)
{
    size_t width = reach(c->OW, c->sw, c->KW, c->dw), height = reach(rows, c->sh, c->KH, c->dh);
    size_t C = (size_t)c->C, left = (size_t)c->left, inside = (size_t)c->W;
    inside = inside + left > width ? width - left : inside;
    for (size_t y = 0; y < height; y++, to += width * C) {
        int row = o * c->sh - c->top + (int)y;
        if (row < 0 || row >= c->H) {
            memset(to, 0, width * C * sizeof *to);
            continue;
        }
        const float *from = x + (n * (size_t)c->H + (size_t)row) * (size_t)c->W * C;
        memset(to, 0, left * C * sizeof *to);
        memcpy(to + left * C, from, inside * C * sizeof *to);
        memset(to + (left + inside) * C, 0, (width - left - inside) * C * sizeof *to);
    }
}

static struct piece piece_at(const struct gradient *g, size_t n, int o, int rows, float *scratch)
{
    const struct convolution *c = g->c;
    size_t row = (size_t)c->W * (size_t)c->C;
    struct piece p = {.rows = (size_t)rows, .x_row = row};
    p.dz = g->dz + (n * (size_t)c->OH + (size_t)o) * (size_t)c->OW * (size_t)c->F;
    p.x = g->x + (n * (size_t)c->H + (size_t)o * (size_t)c->sh) * row;
    if (g->pads) {
        copy_padded(c, g->x, n, o, rows, scratch);
        p.x = scratch;
        p.x_row = reach(c->OW, c->sw, c->KW, c->dw) * (size_t)c->C;
    }
    return p;
}

/* `columns` neighbours of each position's row of dz, and zeros up to the panel's width. */
KERNEL
static void pack_positions(
    const float *dz, size_t positions, size_t step, size_t columns, size_t width, float *b)
{
    for (size_t i = 0; i < positions; i++, dz += step, b += width) {
        for (size_t j = 0; j < columns; j++)
            b[j] = dz[j];
        for (size_t j = columns; j < width; j++)
            b[j] = 0;
    }
}

/* Rows first … first+count-1 of dw by one panel of columns. */
static void multiply_panel(const struct gradient *g, const struct piece *p, struct tile *t, int vectors,
    size_t group, size_t rows[2])
{
    const struct convolution *c = g->c;
    size_t Cg = (size_t)(c->C / c->groups), C = (size_t)c->C, most = (size_t)tile_rows();
    size_t channel = rows[0] % Cg, v = rows[0] / Cg / (size_t)c->KW, h = rows[0] / Cg % (size_t)c->KW;
    float *to = t->to;
    for (size_t m = rows[0], end = rows[0] + rows[1]; m < end; m += (size_t)t->rows) {
        t->rows = (int)(end - m < most ? end - m : most);
        for (int r = 0; r < t->rows; r++) {
            t->x[r] = p->x + v * (size_t)c->dh * p->x_row + h * (size_t)c->dw * C + group * Cg + channel;
            channel = channel + 1 < Cg ? channel + 1 : 0;
            h += !channel;
            v += h == (size_t)c->KW;
            h = h < (size_t)c->KW ? h : 0;
        }
        t->to = to + m * t->to_row;
        multiply_tile(t, vectors);
    }
}

static void add_piece(
    const struct gradient *g, const struct piece *p, size_t rows[2], float *sum, bool fresh, float *packed)
{
    const struct convolution *c = g->c;
    size_t F = (size_t)c->F, Fg = F / (size_t)c->groups, positions = p->rows * (size_t)c->OW;
    int vectors = tile_vectors((int)Fg);
    size_t width = (size_t)vectors * LANES;
    for (size_t f = 0, columns; f < F; f += columns) {
        size_t rest = Fg - f % Fg;
        columns = rest < width ? rest : width;
        bool direct = columns == width && g->rows <= DIRECT;
        struct tile t = {
            .height = p->rows,
            .width = (size_t)c->OW,
            .x_down = (size_t)c->sh * p->x_row,
            .x_step = (size_t)c->sw * (size_t)c->C,
            .b = direct ? p->dz + f : packed,
            .b_step = direct ? F : width,
            .to = sum + f,
            .to_row = F,
            .columns = columns,
            .fresh = fresh,
        };
        t.b_down = t.width * t.b_step;
        if (!direct)
            pack_positions(p->dz + f, positions, F, columns, width, packed);
        multiply_panel(g, p, &t, vectors, f / Fg, rows);
    }
}

/* --- a channel of its own for each --- */

KERNEL
static void add_products(const float *x, const float *dz, float *dw, size_t n)
{
#pragma omp simd
    for (size_t c = 0; c < n; c++)
        dw[c] += x[c] * dz[c];
}

static void add_depthwise(const struct gradient *g, size_t first, size_t count, float *sum)
{
    const struct convolution *c = g->c;
    struct axis v = convolution_axis(c->OH, c->H, c->sh, c->KH, c->dh, c->top);
    struct axis h = convolution_axis(c->OW, c->W, c->sw, c->KW, c->dw, c->left);
    size_t C = (size_t)c->C, W = (size_t)c->W;
    for (size_t i = first * (size_t)c->OW; i < (first + count) * (size_t)c->OW; i++) {
        int p = (int)(i % (size_t)c->OW), o = (int)(i / (size_t)c->OW % (size_t)c->OH);
        const float *x = g->x + i / (size_t)(c->OW * c->OH) * (size_t)c->H * W * C;
        struct taps tv = taps_at(&v, o), th = taps_at(&h, p);
        for (int a = tv.first; a < tv.first + tv.count; a++)
            for (int b = th.first; b < th.first + th.count; b++) {
                size_t row = (size_t)(o * c->sh - c->top + a * c->dh);
                size_t column = (size_t)(p * c->sw - c->left + b * c->dw);
                add_products(x + (row * W + column) * C, g->dz + i * C, sum + (size_t)(a * c->KW + b) * C, C);
            }
    }
}

/* --- the whole --- */

static void start_piece(const struct gradient *g, const struct piece *p, int group, bool fresh)
{
    size_t rows = p->rows * (size_t)g->c->OW, F = (size_t)g->c->F;
    float *sum = g->biases + (size_t)group * 2 * F, *band = fresh ? sum : sum + F;
    slope_rows(g->slope, (size_t)(p->dz - g->dz), rows, F, band);
    if (g->slope->db && !fresh)
        values_pass(band, sum, F, true);
}

static void add_rows(const struct gradient *g, int group, size_t first, size_t count, size_t rows[2],
    float *sum, float *scratch)
{
    size_t OH = (size_t)g->c->OH, rest = 0;
    float *padded = scratch + g->piece * (size_t)g->c->OW * 2 * LANES;
    for (size_t row = first, end = first + count; row < end; row += rest) {
        rest = OH - row % OH;
        rest = end - row < rest ? end - row : rest;
        rest = rest < g->piece ? rest : g->piece;
        struct piece p = piece_at(g, row / OH, (int)(row % OH), (int)rest, padded);
        if (g->slope)
            start_piece(g, &p, group, row == first);
        add_piece(g, &p, rows, sum, row == first, scratch);
    }
}

static void add_item(const void *arg, size_t item, int part)
{
    const struct gradient *g = arg;
    const struct convolution *c = g->c;
    int group = (int)item / g->slices, slice = (int)item % g->slices;
    size_t first, rows[2], size = g->rows * (size_t)c->F;
    size_t count = kernels_range(g->N * (size_t)c->OH, 1, group, g->groups, &first);
    float *sum = g->partial + (size_t)group * size;
    rows[1] = kernels_range(g->rows, TILE_ROWS, slice, g->slices, &rows[0]);
    if (!rows[1])
        return;
    if (!count || convolution_is_depthwise(c))
        memset(sum + rows[0] * (size_t)c->F, 0, rows[1] * (size_t)c->F * sizeof *sum);
    if (!count && g->slope)
        memset(g->biases + (size_t)group * 2 * (size_t)c->F, 0, (size_t)c->F * sizeof *sum);
    if (count && convolution_is_depthwise(c))
        add_depthwise(g, first, count, sum);
    else if (count)
        add_rows(g, group, first, count, rows, sum, g->scratch + (size_t)part * g->scratch_each);
}

static void add_partials(const void *arg, size_t first, size_t count)
{
    const struct gradient *g = arg;
    size_t size = g->rows * (size_t)g->c->F;
    memcpy(g->dw + first, g->partial + first, count * sizeof *g->dw);
    for (int i = 1; i < g->groups; i++)
        values_pass(g->partial + (size_t)i * size + first, g->dw + first, count, true);
}

static size_t limited(size_t n, size_t low, size_t high)
{
    return n < low ? low : n > high ? high : n;
}

/* By the shapes alone. */
static struct gradient gradient_of(const struct convolution *c, size_t N)
{
    struct gradient g = {.c = c, .N = N, .slices = 1};
    size_t C = (size_t)c->C, width = reach(c->OW, c->sw, c->KW, c->dw);
    size_t row = (size_t)c->sh * width * C + (size_t)c->OW * (size_t)c->F, padded;
    g.rows = (size_t)c->KH * (size_t)c->KW * C / (size_t)c->groups;
    g.groups = (int)limited(PARTIAL / (g.rows * (size_t)c->F), 1, limited(N * (size_t)c->OH, 1, GROUPS));
    g.piece = limited(WARM / row, 1, (size_t)c->OH);
    g.pads = c->top || c->left || width > (size_t)c->W || reach(c->OH, c->sh, c->KH, c->dh) > (size_t)c->H;
    padded = g.pads ? reach((int)g.piece, c->sh, c->KH, c->dh) * width * C : 0;
    g.scratch_each = g.piece * (size_t)c->OW * 2 * LANES + padded;
    return g;
}

size_t kernel_gradient_scratch(const struct convolution *c, size_t N)
{
    struct gradient g = gradient_of(c, N);
    return MOST_PARTS * g.scratch_each + (size_t)g.groups * (g.rows + 2) * (size_t)c->F;
}

/* Where there are few groups the threads share the rows of dw too: then the slope goes before, by itself. The
 * shapes decide, not the threads, for both ways add up the bias in another order. */
static void choose_ways(struct gradient *g, const struct convolution_slope *s, int parts)
{
    bool depthwise = convolution_is_depthwise(g->c);
    size_t positions = g->N * (size_t)g->c->OH * (size_t)g->c->OW;
    if (g->groups >= MANY && !depthwise)
        g->slope = s;
    else if (s)
        convolution_start_back(s, positions, (size_t)g->c->F, g->scratch);
    if (g->groups < MANY && g->groups < parts && !depthwise)
        g->slices = (parts + g->groups - 1) / g->groups;
}

static void add_biases(const struct gradient *g, float *db)
{
    size_t F = (size_t)g->c->F;
    memcpy(db, g->biases, F * sizeof *db);
    for (int i = 1; i < g->groups; i++)
        values_pass(g->biases + (size_t)i * 2 * F, db, F, true);
}

void convolution_kernel_gradient(const struct convolution *c, size_t N, const float *x, const float *dz,
    const struct convolution_slope *slope, float *dw, float *scratch)
{
    struct gradient g = gradient_of(c, N);
    int parts = convolution_threads(c, N);
    g.x = x;
    g.dz = dz;
    g.dw = dw;
    g.scratch = scratch;
    g.biases = scratch + MOST_PARTS * g.scratch_each;
    g.partial = g.groups == 1 ? dw : g.biases + (size_t)g.groups * 2 * (size_t)c->F;
    choose_ways(&g, slope, parts);
    kernels_deal((size_t)(g.groups * g.slices), parts, add_item, &g);
    if (g.groups > 1)
        kernels_split(g.rows * (size_t)c->F, add_partials, &g);
    if (g.slope && slope->db)
        add_biases(&g, slope->db);
}
