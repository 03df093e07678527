/* convolution.c - both ways of a sliding window, as one loop.
 *
 * Forward, output o reads inputs o·s - p + t·d over the taps t of the kernel. The way back, image position i
 * is read by the outputs o with o·s = i + p - t·d: only those taps count for which that divides, and they
 * depend on i mod s alone. So the positions of an image fall into s phases, and within a phase the way back
 * is again a window that slides by one. An `axis` describes either; a `job` has two of them.
 *
 * No matrix of windows is built. With channels last, the taps of one kernel row lie side by side in memory,
 * so that a window is a few stretches of values. Fourteen windows at a time are multiplied by a panel of 32
 * columns of the kernel, packed once for many windows, in registers:
 *
 *     c[r][0..32) += from[r][k] · b[k][0..32)
 *
 * Windows over the edge have fewer taps. Positions with the same taps are gathered and computed together;
 * zeros are neither stored nor multiplied. */
#include "convolution.h"
#include "convolution_parts.h"
#include "elementwise.h"
#include "simd.h"
#include "threads.h"

#include <string.h>

enum { ENOUGH = 256, FEW = 4096 };    /* positions that are worth a packed panel; that are shared by panels */
static const double THREAD = 1 << 19; /* multiply-adds that are worth a thread */

/* Images or maps: floats from pixel to pixel, row to row, sample to sample. */
struct plane {
    size_t pixel, row, sample;
};

struct job {
    struct axis v, h;
    size_t N;
    const float *from;
    float *to;
    struct plane in, out;
    int groups, reads, gives; /* channels of a group, in and out */
    const float *w;
    size_t w_tap, w_group, w_in, w_out; /* steps in the kernel; w_tap: from column to column */
    int KW;
    const float *bias;
    bool add;
    const struct convolution_end *end;
    float *scratch;
    size_t scratch_each;
    int vectors, panels; /* vectors in a panel; panels in a group */
    int chunks;          /* of the rows */
    bool depthwise;
};

/* --- the innermost loops --- */

struct tile {
    const float *from[TILE_ROWS];
    float *to[TILE_ROWS];
    int rows;
    size_t v_count, h_count, length; /* stretches in a window: rows, in a row, values each */
    size_t from_v, from_h;           /* steps in the input */
    const float *b;
    size_t b_v, b_h;    /* steps in the panel */
    const float *start; /* what the sums start from */
    bool add;
    size_t columns; /* of the panel that are written */
};

/* Rows that are added to something, or are narrower than the panel. */
static void write_carefully(const struct tile *t, const float *sums, size_t rows, size_t width)
{
    for (size_t r = 0; r < rows; r++)
        values_pass(sums + r * width, t->to[r], t->columns, t->add);
}

/* The R rows of a tile, by V vectors of columns. */
INLINE void multiply_rows(const struct tile *t, const int R, const int V)
{
    vec16 c0[TILE_ROWS], c1[TILE_ROWS];
    const float *a[TILE_ROWS];
    float sums[TILE_ROWS * 2 * LANES];
    EACH_ROW a[r] = t->from[r];
    EACH_ROW c0[r] = *(const vec16 *)t->start;
    EACH_ROW c1[r] = *(const vec16 *)(t->start + (V - 1) * LANES);
    for (size_t v = 0; v < t->v_count; v++)
        for (size_t h = 0; h < t->h_count; h++) {
            const float *b = t->b + v * t->b_v + h * t->b_h;
            size_t k = v * t->from_v + h * t->from_h, end = k + t->length;
            for (; k < end; k++, b += V * LANES) {
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
    if (!t->add && t->columns == (size_t)V * LANES) {
        EACH_ROW *(vec16 *)t->to[r] = c0[r];
        if (V == 2)
            EACH_ROW *(vec16 *)(t->to[r] + LANES) = c1[r];
        return;
    }
    EACH_ROW *(vec16 *)(sums + r * V * LANES) = c0[r];
    if (V == 2)
        EACH_ROW *(vec16 *)(sums + r * V * LANES + LANES) = c1[r];
    write_carefully(t, sums, (size_t)R, (size_t)V * LANES);
}

TILE_KERNELS

/* A call of memcpy() would take longer. */
INLINE void copy_lanes(const float *from, size_t n, float *to)
{
    if (n >= LANES)
        *(vec16 *)to = *(const vec16 *)from;
    else
        for (size_t i = 0; i < n; i++)
            to[i] = from[i];
}

/* A panel of the kernel: for each tap and channel that is read, `columns` channels that are given; the rest
 * of the panel's width is zero. */
KERNEL
static void pack_panel(const struct job *j, const float *w, size_t columns, float *b)
{
    size_t width = (size_t)j->vectors * LANES, in = (size_t)j->reads;
    for (int v = 0; v < j->v.taps; v++)
        for (int h = 0; h < j->h.taps; h++) {
            int row = j->v.tap_at + v * j->v.tap_step, column = j->h.tap_at + h * j->h.tap_step;
            const float *tap = w + ((size_t)row * (size_t)j->KW + (size_t)column) * j->w_tap;
            if (columns < width)
                memset(b, 0, in * width * sizeof *b);
            if (j->w_out == 1)
                for (size_t k = 0; k < in; k++)
                    for (size_t c = 0; c < columns; c += LANES)
                        copy_lanes(tap + k * j->w_in + c, columns - c, b + k * width + c);
            else
                for (size_t c = 0; c < columns; c++)
                    for (size_t k = 0; k < in; k++)
                        b[k * width + c] = tap[c * j->w_out + k];
            b += in * width;
        }
}

/* --- positions --- */

struct taps taps_at(const struct axis *a, int o)
{
    int at = a->base + o * a->in_step, first = 0, end = a->taps;
    if (at < 0)
        first = (-at + a->base_step - 1) / a->base_step;
    if (at + (end - 1) * a->base_step >= a->ins)
        end = at >= a->ins ? 0 : (a->ins - 1 - at) / a->base_step + 1;
    return first < end ? (struct taps){first, end - first} : (struct taps){0, 0};
}

/* Where the run of positions with the same taps as o ends. */
static int run_end(const struct axis *a, int o)
{
    struct taps t = taps_at(a, o), next = t;
    while (next.first == t.first && next.count == t.count && ++o < a->outs)
        next = taps_at(a, o);
    return o;
}

/* Rows first … first+count-1 of those of all samples, and the sweep over them with one panel. */
struct sweep {
    const struct job *job;
    size_t first, count;
    const float *from; /* with the group's channel */
    float *to;         /* with the panel's channel */
    struct tile tile;
};

static void multiply(struct sweep *s)
{
    multiply_tile(&s->tile, s->job->vectors);
    s->tile.rows = 0;
}

static void sweep_row(struct sweep *s, size_t n, int o, int left, int right, size_t first_tap)
{
    const struct job *j = s->job;
    size_t step = (size_t)j->h.in_step * j->in.pixel, out = (size_t)j->h.out_step * j->out.pixel;
    int row = j->v.base + o * j->v.in_step, column = j->h.base + left * j->h.in_step;
    int rows = tile_rows();
    /* Before its first tap a window may begin outside: only the sum is an address within the image. */
    const float *from = s->from + n * j->in.sample +
                        ((ptrdiff_t)row * (ptrdiff_t)j->in.row + (ptrdiff_t)column * (ptrdiff_t)j->in.pixel +
                            (ptrdiff_t)first_tap);
    float *to = s->to + n * j->out.sample + (size_t)(j->v.out_at + o * j->v.out_step) * j->out.row +
                (size_t)(j->h.out_at + left * j->h.out_step) * j->out.pixel;
    for (int p = left; p < right; p++, from += step, to += out) {
        s->tile.from[s->tile.rows] = from;
        s->tile.to[s->tile.rows] = to;
        if (++s->tile.rows == rows)
            multiply(s);
    }
}

/* All positions of the sweep with rows top … bottom-1 and columns left … right-1 of an image. */
static void sweep_rectangle(struct sweep *s, int top, int bottom, int left, int right)
{
    const struct job *j = s->job;
    struct taps v = taps_at(&j->v, top), h = taps_at(&j->h, left);
    size_t width = (size_t)j->vectors * LANES, in = (size_t)j->reads, outs = (size_t)j->v.outs;
    size_t from_v = (size_t)j->v.base_step * j->in.row, from_h = (size_t)j->h.base_step * j->in.pixel;
    bool together = from_h == in;
    const float *panel = s->tile.b;
    if (!v.count || !h.count)
        v = h = (struct taps){0, 0};
    s->tile.v_count = (size_t)v.count;
    s->tile.h_count = together ? 1 : (size_t)h.count;
    s->tile.length = together ? (size_t)h.count * in : in;
    s->tile.from_v = from_v;
    s->tile.from_h = from_h;
    s->tile.b_h = in * width;
    s->tile.b_v = (size_t)j->h.taps * s->tile.b_h;
    s->tile.b = panel + (size_t)v.first * s->tile.b_v + (size_t)h.first * s->tile.b_h;
    for (size_t n = s->first / outs; n * outs < s->first + s->count; n++) {
        size_t low = s->first > n * outs ? s->first - n * outs : 0, high = s->first + s->count - n * outs;
        int o = low > (size_t)top ? (int)low : top, end = high < (size_t)bottom ? (int)high : bottom;
        for (; o < end; o++)
            sweep_row(s, n, o, left, right, (size_t)v.first * from_v + (size_t)h.first * from_h);
    }
    if (s->tile.rows)
        multiply(s);
    s->tile.b = panel;
}

/* One panel, number `panel` of all groups' together, for a chunk of rows. */
static void sweep_panel(const struct job *j, size_t panel, size_t first, size_t count, float *scratch)
{
    size_t width = (size_t)j->vectors * LANES, taps = (size_t)j->v.taps * (size_t)j->h.taps;
    size_t group = panel / (size_t)j->panels, channel = panel % (size_t)j->panels * width;
    size_t gives = (size_t)j->gives, columns = gives - channel < width ? gives - channel : width;
    float *start = scratch, *b = scratch + 2 * LANES;
    memset(start, 0, width * sizeof *start);
    if (j->bias)
        memcpy(start, j->bias + group * gives + channel, columns * sizeof *start);
    pack_panel(j, j->w + group * j->w_group + channel * j->w_out, columns, b);
    struct sweep s = {
        .job = j,
        .first = first,
        .count = count,
        .from = j->from + group * (size_t)j->reads,
        .to = j->to + group * gives + channel,
        .tile = {.b = taps ? b : start, .start = start, .add = j->add, .columns = columns},
    };
    for (int top = 0; top < j->v.outs; top = run_end(&j->v, top))
        for (int left = 0; left < j->h.outs; left = run_end(&j->h, left))
            sweep_rectangle(&s, top, run_end(&j->v, top), left, run_end(&j->h, left));
}

/* --- a channel of its own for each: no products of matrices --- */

KERNEL
static void add_scaled(const float *x, const float *w, float *y, size_t n)
{
#pragma omp simd
    for (size_t c = 0; c < n; c++)
        y[c] += x[c] * w[c];
}

static void depthwise_position(
    const struct job *j, const float *from, struct taps v, struct taps h, float *to)
{
    size_t n = (size_t)j->groups;
    if (!j->add)
        memset(to, 0, n * sizeof *to);
    if (j->bias)
        values_pass(j->bias, to, n, true);
    for (int a = v.first; a < v.first + v.count; a++)
        for (int b = h.first; b < h.first + h.count; b++) {
            int row = j->v.tap_at + a * j->v.tap_step, column = j->h.tap_at + b * j->h.tap_step;
            ptrdiff_t at = (ptrdiff_t)(a * j->v.base_step) * (ptrdiff_t)j->in.row +
                           (ptrdiff_t)(b * j->h.base_step) * (ptrdiff_t)j->in.pixel;
            add_scaled(from + at, j->w + ((size_t)row * (size_t)j->KW + (size_t)column) * j->w_tap, to, n);
        }
}

static void depthwise_rows(const struct job *j, size_t first, size_t count)
{
    size_t outs = (size_t)j->v.outs;
    for (size_t row = first; row < first + count; row++) {
        int o = (int)(row % outs);
        struct taps v = taps_at(&j->v, o);
        for (int p = 0; p < j->h.outs; p++) {
            ptrdiff_t y = j->v.base + o * j->v.in_step, x = j->h.base + p * j->h.in_step;
            const float *from =
                j->from + row / outs * j->in.sample + (y * (ptrdiff_t)j->in.row + x * (ptrdiff_t)j->in.pixel);
            float *to = j->to + row / outs * j->out.sample +
                        (size_t)(j->v.out_at + o * j->v.out_step) * j->out.row +
                        (size_t)(j->h.out_at + p * j->h.out_step) * j->out.pixel;
            depthwise_position(j, from, v, taps_at(&j->h, p), to);
        }
    }
}

/* --- a job and its parts --- */

static size_t floats_of_row(const struct job *j)
{
    size_t in = (size_t)j->v.in_step * (size_t)j->h.ins * j->in.pixel;
    return in + (size_t)j->h.outs * j->out.pixel;
}

/* Chunks of rows: small enough to stay near, large enough to be worth packing panels for them, and as many
 * for each thread. */
static int chunks_for(const struct job *j, int parts)
{
    size_t rows = j->N * (size_t)j->v.outs, near = WARM / (floats_of_row(j) + 1);
    size_t enough = (ENOUGH + (size_t)j->h.outs - 1) / (size_t)j->h.outs;
    size_t chunk = near > enough ? near : enough, n = (rows + chunk - 1) / chunk;
    return (int)((n + (size_t)parts - 1) / (size_t)parts) * parts;
}

static size_t rows_of(const struct job *j, size_t chunk, size_t *first)
{
    size_t grain = kernels_grain((size_t)j->h.outs * j->out.pixel);
    return kernels_range(j->N * (size_t)j->v.outs, grain, (int)chunk, j->chunks, first);
}

static void end_rows(const struct job *j, const struct convolution_end *end, size_t first, size_t count)
{
    size_t width = j->out.pixel, outs = (size_t)j->h.outs;
    const float *z = j->to + first * outs * width;
    end->fn(z, end->y + first * outs * width, count * outs, width);
}

/* A chunk of rows, all channels. */
static void chunk_item(const void *arg, size_t item, int part)
{
    const struct job *j = arg;
    size_t first, count = rows_of(j, item, &first), panels = (size_t)j->panels * (size_t)j->groups;
    if (!count)
        return;
    for (size_t i = 0; i < panels && !j->depthwise; i++)
        sweep_panel(j, i, first, count, j->scratch + (size_t)part * j->scratch_each);
    if (j->depthwise)
        depthwise_rows(j, first, count);
    if (j->end)
        end_rows(j, j->end, first, count);
}

/* The channels of a panel, all rows: few enough to stay near, and the panel is packed once. */
static void panel_item(const void *arg, size_t item, int part)
{
    const struct job *j = arg;
    sweep_panel(j, item, 0, j->N * (size_t)j->v.outs, j->scratch + (size_t)part * j->scratch_each);
}

static void end_item(const void *arg, size_t item, int part)
{
    const struct job *j = arg;
    size_t first, count = rows_of(j, item, &first);
    (void)part;
    if (count)
        end_rows(j, j->end, first, count);
}

static size_t panel_floats(const struct convolution *c)
{
    size_t channels = (size_t)(c->C > c->F ? c->C : c->F) / (size_t)c->groups;
    return ((size_t)c->KH * (size_t)c->KW * channels + 1) * 2 * LANES;
}

size_t convolution_scratch(const struct convolution *c, size_t N, bool gradients)
{
    size_t most = panel_floats(c) * MOST_PARTS, bias = GROUPS * (size_t)(c->C > c->F ? c->C : c->F);
    size_t kernel = gradients ? kernel_gradient_scratch(c, N) : 0;
    most = most > kernel ? most : kernel;
    return gradients && bias > most ? bias : most;
}

int convolution_threads(const struct convolution *c, size_t N)
{
    double taps = (double)c->KH * c->KW * c->C / c->groups;
    int parts = kernels_threads((double)N * c->OH * c->OW * c->F * taps, THREAD);
    return parts < MOST_PARTS ? parts : MOST_PARTS;
}

bool convolution_is_depthwise(const struct convolution *c)
{
    return c->groups > 1 && c->groups == c->C && c->C == c->F;
}

/* 2: AVX-512; 1: AVX2, NEON and the like; 0: less. */
static int machine(void)
{
#if defined(GRADUS_DISPATCH) && defined(__x86_64__) && defined(__GNUC__)
    return __builtin_cpu_supports("avx512f") ? 2 : __builtin_cpu_supports("avx2") ? 1 : 0;
#elif defined(__AVX512F__)
    return 2;
#elif defined(__AVX2__) || defined(__aarch64__)
    return 1;
#else
    return 0;
#endif
}

int tile_rows(void)
{
    static const int rows[] = {2, 6, TILE_ROWS};
    return rows[machine()];
}

int tile_vectors(int columns)
{
    return columns > LANES && machine() == 2 ? 2 : 1;
}

/* Few positions and many channels: each thread takes some channels, so that none reads the whole kernel. */
static void job_run(struct job *j, const struct convolution *c)
{
    size_t positions = j->N * (size_t)j->v.outs * (size_t)j->h.outs;
    int parts = convolution_threads(c, j->N);
    j->vectors = tile_vectors(j->gives);
    j->panels = (j->gives + j->vectors * LANES - 1) / (j->vectors * LANES);
    j->scratch_each = panel_floats(c);
    j->depthwise = convolution_is_depthwise(c);
    bool by_panels = parts > 1 && positions < FEW && j->panels * j->groups >= parts && !j->depthwise;
    j->chunks = chunks_for(j, by_panels ? 1 : parts);
    if (!by_panels) {
        kernels_deal((size_t)j->chunks, parts, chunk_item, j);
        return;
    }
    kernels_deal((size_t)j->panels * (size_t)j->groups, parts, panel_item, j);
    if (j->end)
        kernels_deal((size_t)j->chunks, parts, end_item, j);
}

static struct plane plane_of(int H, int W, int C)
{
    size_t pixel = (size_t)C, row = (size_t)W * pixel;
    return (struct plane){pixel, row, (size_t)H * row};
}

static struct job job_of(
    const struct convolution *c, size_t N, const float *w, const float *bias, float *scratch)
{
    size_t F = (size_t)c->F, G = (size_t)c->groups;
    return (struct job){.N = N,
        .w = w,
        .w_tap = (size_t)c->C / G * F,
        .w_group = F / G,
        .KW = c->KW,
        .groups = c->groups,
        .bias = bias,
        .scratch = scratch};
}

struct axis convolution_axis(int outs, int ins, int stride, int taps, int dilation, int before)
{
    return (struct axis){.outs = outs,
        .out_step = 1,
        .ins = ins,
        .in_step = stride,
        .taps = taps,
        .tap_step = 1,
        .base = -before,
        .base_step = dilation};
}

void convolution_forward(const struct convolution *c, size_t N, const float *x, const float *w,
    const float *bias, bool add, float *z, const struct convolution_end *end, float *scratch)
{
    struct job j = job_of(c, N, w, bias, scratch);
    j.v = convolution_axis(c->OH, c->H, c->sh, c->KH, c->dh, c->top);
    j.h = convolution_axis(c->OW, c->W, c->sw, c->KW, c->dw, c->left);
    j.from = x;
    j.to = z;
    j.in = plane_of(c->H, c->W, c->C);
    j.out = plane_of(c->OH, c->OW, c->F);
    j.reads = c->C / c->groups;
    j.gives = c->F / c->groups;
    j.w_in = (size_t)c->F;
    j.w_out = 1;
    j.add = add;
    j.end = end;
    job_run(&j, c);
}

static int divisor(int a, int b)
{
    return b ? divisor(b, a % b) : a;
}

/* Image positions phase, phase + s, …: their taps are every s/g-th, g the common divisor of stride and
 * dilation, from the last one down, so that the maps are read upwards. */
static struct axis back_axis(int phase, int outs, int ins, int s, int taps, int d, int before)
{
    int step = s / divisor(s, d), last = taps - 1;
    while (last >= 0 && (phase + before - last * d) % s)
        last--;
    return (struct axis){.outs = phase < outs ? (outs - phase + s - 1) / s : 0,
        .out_at = phase,
        .out_step = s,
        .ins = ins,
        .in_step = 1,
        .taps = last < 0 ? 0 : last / step + 1,
        .tap_at = last,
        .tap_step = -step,
        .base = last < 0 ? 0 : (phase + before - last * d) / s,
        .base_step = d * step / s};
}

void convolution_back(const struct convolution *c, size_t N, const float *dz, const float *w,
    const float *bias, bool add, float *dx, const struct convolution_end *end, float *scratch)
{
    struct job j = job_of(c, N, w, bias, scratch);
    bool whole = c->sh == 1 && c->sw == 1;
    j.from = dz;
    j.to = dx;
    j.in = plane_of(c->OH, c->OW, c->F);
    j.out = plane_of(c->H, c->W, c->C);
    j.reads = c->F / c->groups;
    j.gives = c->C / c->groups;
    j.w_in = 1;
    j.w_out = (size_t)c->F;
    j.add = add;
    j.end = whole ? end : NULL;
    for (int a = 0; a < c->sh; a++)
        for (int b = 0; b < c->sw; b++) {
            j.v = back_axis(a, c->H, c->OH, c->sh, c->KH, c->dh, c->top);
            j.h = back_axis(b, c->W, c->OW, c->sw, c->KW, c->dw, c->left);
            if (j.v.outs && j.h.outs)
                job_run(&j, c);
        }
    if (end && !whole) {
        j.v.outs = c->H;
        j.h.outs = c->W;
        j.end = end;
        j.chunks = chunks_for(&j, 1);
        kernels_deal((size_t)j.chunks, convolution_threads(c, N), end_item, &j);
    }
}
