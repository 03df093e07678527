/* pooling.c - see pooling.h.
 *
 * Sixteen channels of a pixel side by side are one vector; what is left of the channels goes one by one. The
 * ways back are written from the pixel's side: each pixel asks the windows that cover it, so that threads
 * share rows and nothing needs clearing first. */
#include "pooling.h"
#include "simd.h"
#include "threads.h"

#include <string.h>

enum { LANES = 16 };

struct task {
    struct pooling p;
    size_t N;
    const float *from;
    float *to;
    uint16_t *which;
    const uint16_t *chosen;
    bool mean, add;
};

struct range {
    int first, end;
};

/* The taps of window o that lie within an axis of `ins` pixels. */
static struct range taps_of(int o, int ins, int taps, int stride, int before)
{
    int start = o * stride - before, end = ins - start;
    return (struct range){start < 0 ? -start : 0, end < taps ? end : taps};
}

/* The windows that cover pixel i. */
static struct range windows_of(int i, int outs, int taps, int stride, int before)
{
    int at = i + before, low = at - taps + 1, end = at / stride + 1;
    return (struct range){low > 0 ? (low + stride - 1) / stride : 0, end < outs ? end : outs};
}

/* --- the largest --- */

/* All channels of a window. `x` is its tap (v.first, h.first). Images come from far, in two or more streams
 * that the machine does not foresee: what the window below reads is asked for now. */
INLINE void max_window(
    const struct pooling *p, const float *x, struct range v, struct range h, float *y, uint16_t *which)
{
    const size_t C = (size_t)p->C, row = (size_t)p->W * C, ahead = row * (size_t)p->sh;
    for (int a = v.first; a < v.end; a++, x += row) {
        const float *at = x;
        for (int b = h.first; b < h.end; b++, at += C) {
            const uint16_t tap = (uint16_t)(a * p->KW + b);
            const bool fresh = a == v.first && b == h.first;
            for (size_t c = 0; c < C; c += LANES)
                __builtin_prefetch(at + c + ahead);
#pragma omp simd
            for (size_t c = 0; c < C; c++) {
                float now = at[c], most = y[c];
                bool more = fresh | (now > most) | (now != now);
                y[c] = more ? now : most;
                which[c] = more ? tap : which[c];
            }
        }
    }
}

KERNEL
static void max_rows(const void *arg, size_t first, size_t count)
{
    const struct task *t = arg;
    const struct pooling *p = &t->p;
    size_t C = (size_t)p->C, W = (size_t)p->W, H = (size_t)p->H, OH = (size_t)p->OH, OW = (size_t)p->OW;
    for (size_t i = first; i < first + count; i++) {
        int o = (int)(i % OH);
        struct range v = taps_of(o, p->H, p->KH, p->sh, p->top);
        const float *row = t->from + (i / OH * H + (size_t)(o * p->sh - p->top + v.first)) * W * C;
        for (int q = 0; q < p->OW; q++) {
            struct range h = taps_of(q, p->W, p->KW, p->sw, p->left);
            const float *x = row + (size_t)(q * p->sw - p->left + h.first) * C;
            size_t at = (i * OW + (size_t)q) * C;
            max_window(p, x, v, h, t->to + at, t->which + at);
        }
    }
}

/* Adds to n channels of pixel (y, x). `at` is the first of them in window (v.first, h.first). */
INLINE void add_chosen(
    const struct task *t, size_t at, struct range v, struct range h, int y, int x, float *dx, const size_t n)
{
    const struct pooling *p = &t->p;
    size_t C = (size_t)p->C, row = (size_t)p->OW * C;
    float sum[LANES];
    memset(sum, 0, sizeof sum);
    if (t->add)
        memcpy(sum, dx, n * sizeof *sum);
    for (int a = v.first; a < v.end; a++, at += row)
        for (int b = h.first; b < h.end; b++) {
            size_t k = at + (size_t)(b - h.first) * C;
            int32_t tap = (y + p->top - a * p->sh) * p->KW + x + p->left - b * p->sw;
            const float *dy = t->from + k;
            const uint16_t *which = t->chosen + k;
#pragma omp simd
            for (size_t l = 0; l < n; l++) {
                float value = dy[l];
                int32_t chosen = which[l];
                sum[l] += chosen == tap ? value : 0;
            }
        }
    memcpy(dx, sum, n * sizeof *dx);
}

INLINE void pass_chosen(
    const float *dy, const uint16_t *which, int32_t tap, float *dx, size_t n, const bool add)
{
#pragma omp simd
    for (size_t c = 0; c < n; c++) {
        float value = dy[c];
        int32_t chosen = which[c];
        float passed = chosen == tap ? value : 0;
        dx[c] = add ? dx[c] + passed : passed;
    }
}

/* Windows that do not overlap: each gives its pixels of a row their values, and nobody else does. */
KERNEL
static void max_rows_back_apart(const void *arg, size_t first, size_t count)
{
    const struct task *t = arg;
    const struct pooling *p = &t->p;
    size_t C = (size_t)p->C, H = (size_t)p->H, row = (size_t)p->W * C;
    for (size_t i = first; i < first + count; i++) {
        float *dx = t->to + i * row;
        int y = (int)(i % H);
        struct range v = windows_of(y, p->OH, p->KH, p->sh, p->top);
        if (!t->add)
            memset(dx, 0, row * sizeof *dx);
        for (int q = 0; v.first < v.end && q < p->OW; q++) {
            struct range h = taps_of(q, p->W, p->KW, p->sw, p->left);
            size_t at = ((i / H * (size_t)p->OH + (size_t)v.first) * (size_t)p->OW + (size_t)q) * C;
            int tap = (y + p->top - v.first * p->sh) * p->KW;
            for (int b = h.first; b < h.end; b++) {
                float *to = dx + (size_t)(q * p->sw - p->left + b) * C;
                if (t->add)
                    pass_chosen(t->from + at, t->chosen + at, tap + b, to, C, true);
                else
                    pass_chosen(t->from + at, t->chosen + at, tap + b, to, C, false);
            }
        }
    }
}

KERNEL
static void max_rows_back(const void *arg, size_t first, size_t count)
{
    const struct task *t = arg;
    const struct pooling *p = &t->p;
    size_t C = (size_t)p->C, H = (size_t)p->H, OH = (size_t)p->OH, OW = (size_t)p->OW;
    float *dx = t->to + first * (size_t)p->W * C;
    for (size_t i = first; i < first + count; i++) {
        int y = (int)(i % H);
        struct range v = windows_of(y, p->OH, p->KH, p->sh, p->top);
        for (int x = 0; x < p->W; x++, dx += C) {
            struct range h = windows_of(x, p->OW, p->KW, p->sw, p->left);
            size_t at = ((i / H * OH + (size_t)v.first) * OW + (size_t)h.first) * C, c = 0;
            for (; c + LANES <= C; c += LANES)
                add_chosen(t, at + c, v, h, y, x, dx + c, LANES);
            if (c < C)
                add_chosen(t, at + c, v, h, y, x, dx + c, C - c);
        }
    }
}

/* --- sums and means --- */

KERNEL
static void add_scaled(const float *from, float scale, float *to, size_t n)
{
#pragma omp simd
    for (size_t c = 0; c < n; c++)
        to[c] += scale * from[c];
}

static void sum_rows(const void *arg, size_t first, size_t count)
{
    const struct task *t = arg;
    const struct pooling *p = &t->p;
    size_t C = (size_t)p->C, W = (size_t)p->W, H = (size_t)p->H, OH = (size_t)p->OH;
    float *to = t->to + first * (size_t)p->OW * C;
    for (size_t i = first; i < first + count; i++) {
        int o = (int)(i % OH);
        struct range v = taps_of(o, p->H, p->KH, p->sh, p->top);
        for (int q = 0; q < p->OW; q++, to += C) {
            struct range h = taps_of(q, p->W, p->KW, p->sw, p->left);
            float share = t->mean ? 1 / (float)((v.end - v.first) * (h.end - h.first)) : 1;
            if (!t->add)
                memset(to, 0, C * sizeof *to);
            for (int a = v.first; a < v.end; a++)
                for (int b = h.first; b < h.end; b++) {
                    size_t row = i / OH * H + (size_t)(o * p->sh - p->top + a);
                    add_scaled(t->from + (row * W + (size_t)(q * p->sw - p->left + b)) * C, share, to, C);
                }
        }
    }
}

static void sum_rows_back(const void *arg, size_t first, size_t count)
{
    const struct task *t = arg;
    const struct pooling *p = &t->p;
    size_t C = (size_t)p->C, H = (size_t)p->H, OH = (size_t)p->OH, OW = (size_t)p->OW;
    float *to = t->to + first * (size_t)p->W * C;
    for (size_t i = first; i < first + count; i++) {
        int y = (int)(i % H);
        struct range v = windows_of(y, p->OH, p->KH, p->sh, p->top);
        for (int x = 0; x < p->W; x++, to += C) {
            struct range h = windows_of(x, p->OW, p->KW, p->sw, p->left);
            if (!t->add)
                memset(to, 0, C * sizeof *to);
            for (int a = v.first; a < v.end; a++)
                for (int b = h.first; b < h.end; b++) {
                    struct range tv = taps_of(a, p->H, p->KH, p->sh, p->top);
                    struct range th = taps_of(b, p->W, p->KW, p->sw, p->left);
                    float share = t->mean ? 1 / (float)((tv.end - tv.first) * (th.end - th.first)) : 1;
                    size_t at = (i / H * OH + (size_t)a) * OW + (size_t)b;
                    add_scaled(t->from + at * C, share, to, C);
                }
        }
    }
}

/* --- shared among threads, by rows of what is written --- */

static void share(const struct task *t, void (*fn)(const void *, size_t, size_t), int height)
{
    const double each = 1 << 15;
    int parts = kernels_threads((double)t->N * t->p.H * t->p.W * t->p.C, each);
    kernels_ranges(t->N * (size_t)height, 1, parts, fn, t);
}

void maxpool_forward(const struct pooling *p, size_t N, const float *x, float *y, uint16_t *which)
{
    share(&(struct task){.p = *p, .N = N, .from = x, .to = y, .which = which}, max_rows, p->OH);
}

void maxpool_backward(
    const struct pooling *p, size_t N, const float *dy, const uint16_t *which, bool add, float *dx)
{
    bool apart = p->sh >= p->KH && p->sw >= p->KW;
    share(&(struct task){.p = *p, .N = N, .from = dy, .to = dx, .chosen = which, .add = add},
        apart ? max_rows_back_apart : max_rows_back, p->H);
}

void sumpool_forward(const struct pooling *p, size_t N, const float *x, bool mean, bool add, float *y)
{
    share(&(struct task){.p = *p, .N = N, .from = x, .to = y, .mean = mean, .add = add}, sum_rows, p->OH);
}

void sumpool_backward(const struct pooling *p, size_t N, const float *dy, bool mean, bool add, float *dx)
{
    share(
        &(struct task){.p = *p, .N = N, .from = dy, .to = dx, .mean = mean, .add = add}, sum_rows_back, p->H);
}

/* --- all positions of a sample --- */

static float share_of(const float *mask, size_t M, size_t P)
{
    float count = mask ? 0 : (float)P;
    for (size_t i = 0; mask && i < M; i++)
        count += mask[i] * (float)(P / M);
    return count > 0 ? 1 / count : 0;
}

void globalavg_forward(size_t N, size_t P, size_t C, const float *x, const float *mask, size_t M, float *y)
{
    for (size_t n = 0; n < N; n++, y += C, mask += mask ? M : 0) {
        float share = share_of(mask, M, P);
        memset(y, 0, C * sizeof *y);
        for (size_t i = 0; i < P; i++, x += C)
            if (!mask || mask[i / (P / M)] > 0)
                add_scaled(x, 1, y, C);
        for (size_t c = 0; c < C; c++)
            y[c] *= share;
    }
}

void globalavg_backward(
    size_t N, size_t P, size_t C, const float *dy, const float *mask, size_t M, bool add, float *dx)
{
    for (size_t n = 0; n < N; n++, dy += C, mask += mask ? M : 0) {
        float share = share_of(mask, M, P);
        for (size_t i = 0; i < P; i++, dx += C) {
            if (!add)
                memset(dx, 0, C * sizeof *dx);
            if (!mask || mask[i / (P / M)] > 0)
                add_scaled(dy, share, dx, C);
        }
    }
}

KERNEL
static void keep_larger(const float *x, uint32_t position, float *most, uint32_t *which, size_t n)
{
#pragma omp simd
    for (size_t c = 0; c < n; c++) {
        bool more = x[c] > most[c] || x[c] != x[c];
        most[c] = more ? x[c] : most[c];
        which[c] = more ? position : which[c];
    }
}

void globalmax_forward(size_t N, size_t P, size_t C, const float *x, float *y, uint32_t *which)
{
    for (size_t n = 0; n < N; n++, y += C, which += C) {
        memcpy(y, x, C * sizeof *y);
        memset(which, 0, C * sizeof *which);
        for (size_t i = 0; i < P; i++, x += C)
            keep_larger(x, (uint32_t)i, y, which, C);
    }
}

void globalmax_backward(
    size_t N, size_t P, size_t C, const float *dy, const uint32_t *which, bool add, float *dx)
{
    for (size_t n = 0; n < N; n++, dy += C, which += C, dx += P * C) {
        if (!add)
            memset(dx, 0, P * C * sizeof *dx);
        for (size_t c = 0; c < C; c++)
            dx[which[c] * C + c] += dy[c];
    }
}
