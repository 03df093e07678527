/* attention.c - multi-head attention (Vaswani and others 2017) on T x C: every position asks (query), is
 * asked (key) and answers (value), in several heads side by side, and a last matrix mixes what the heads say.
 *
 * q, k and v come from one product with a kernel of C x 3·I, whose columns are q | k | v; I = heads ·
 * key_dim, and each third holds the heads in order. With from= the layer before asks and that one is asked:
 * then q has a kernel of C x I, k and v together one of C' x 2·I.
 *
 * The cache of N samples begins with the attention weights, N x heads x T x S; behind them lie q | k | v (or
 * q, then k | v) and the context, all of which backward reads. */
#include "kernels/attention.h"
#include "error.h"
#include "kernels/elementwise.h"
#include "kernels/gemm.h"
#include "layer.h"

#include <limits.h>

enum { HEADS, KEY_DIM, CAUSAL, USE_BIAS };

enum { CHUNK = 1 << 22 }; /* floats of gradients that lie in the scratch at a time */

static const struct arg_row args[] = {
    [HEADS] = {.name = "heads",
        .kind = ARG_INT,
        .help = "how many heads look at the sequence side by side",
        .min = 1,
        .max = 4096,
        .flags = ARG_REQUIRED},
    [KEY_DIM] = {.name = "key_dim",
        .kind = ARG_INT,
        .help = "width of a head; without it the width of the input is dealt out",
        .min = 1,
        .max = 65536,
        .flags = ARG_KEY_ONLY},
    [CAUSAL] = {.name = "causal",
        .kind = ARG_FLAG,
        .help = "no position sees those behind it",
        .flags = ARG_KEY_ONLY},
    [USE_BIAS] = {.name = "use_bias",
        .kind = ARG_FLAG,
        .help = "every sum has a bias",
        .fallback = 1,
        .flags = ARG_KEY_ONLY},
    {0},
};

/* The sizes of a layer: T asks S, C wide and M wide; I is the width of all heads together. */
struct sizes {
    size_t T, S, C, M, I, heads;
    bool cross, bias;
    size_t q_row; /* floats of a position in the cache's part that begins with q */
};

static struct sizes sizes_of(const struct layer *l)
{
    const struct shape *asked = &l->reads[l->inputs - 1];
    struct sizes s = {.T = (size_t)l->in.dim[0],
        .S = (size_t)asked->dim[0],
        .C = (size_t)l->in.dim[1],
        .M = (size_t)asked->dim[1],
        .heads = (size_t)l->arg[HEADS].number,
        .cross = l->inputs > 1,
        .bias = l->arg[USE_BIAS].number != 0};
    s.I = l->arg[KEY_DIM].given ? s.heads * (size_t)l->arg[KEY_DIM].number : s.C;
    s.q_row = s.cross ? s.I : 3 * s.I;
    return s;
}

static void add_kernel(
    struct layer *l, const char *kernel, const char *bias, size_t in, size_t out, int fan_out)
{
    struct param *w = layer_add_param(l, kernel, shape_of(2, (int)in, (int)out));
    w->fan_in = (int)in;
    w->fan_out = fan_out;
    w->decays = true;
    w->initializer = "glorot_uniform";
    if (l->arg[USE_BIAS].number != 0)
        layer_add_param(l, bias, shape_of(1, (int)out));
}

static bool fits(const struct layer *l, struct error *e)
{
    char text[SHAPE_TEXT];
    int heads = (int)l->arg[HEADS].number;
    for (int j = 0; j < l->inputs; j++)
        if (l->reads[j].rank != 2)
            return error_set(e,
                "it reads sequences of positions x values, and layer %d gives %s: a `reshape` or an "
                "`embedding` behind that one makes a sequence of it",
                l->input[j], shape_text(&l->reads[j], text));
    double weights = (double)heads * l->in.dim[0] * l->reads[l->inputs - 1].dim[0];
    int width = l->in.dim[1];
    if (weights > INT_MAX)
        return error_set(
            e, "%d heads over these sequences have %.3g weights a sample: make them shorter", heads, weights);
    return l->arg[KEY_DIM].given || width % heads == 0 ||
           error_set(e,
               "%d heads do not divide a width of %d: choose a number that does, or say how wide a head is "
               "(key_dim=%d)",
               heads, width, width / heads ? width / heads : 1);
}

static bool build(struct layer *l, struct error *e)
{
    if (!fits(l, e))
        return false;
    struct sizes s = sizes_of(l);
    if (s.cross) {
        add_kernel(l, "query_kernel", "query_bias", s.C, s.I, (int)s.I);
        add_kernel(l, "key_value_kernel", "key_value_bias", s.M, 2 * s.I, (int)s.I);
    } else {
        add_kernel(l, "qkv_kernel", "qkv_bias", s.C, 3 * s.I, (int)s.I);
    }
    add_kernel(l, "output_kernel", "output_bias", s.I, s.C, (int)s.C);
    l->out = l->in;
    l->cache = s.heads * s.T * s.S + s.T * s.q_row + (s.cross ? s.S * 2 * s.I : 0) + s.T * s.I;
    return true;
}

/* The kernel's view of N samples, without memory. */
static struct attention measured(const struct layer *l, const struct sizes *s, size_t N)
{
    return (struct attention){.N = N,
        .heads = s->heads,
        .T = s->T,
        .S = s->S,
        .d = s->I / s->heads,
        .causal = l->arg[CAUSAL].number != 0,
        .q_row = s->q_row,
        .k_row = s->cross ? 2 * s->I : s->q_row,
        .v_row = s->cross ? 2 * s->I : s->q_row};
}

/* The same, with what lies in the cache. */
static struct attention about(const struct layer *l, const struct sizes *s, const struct pass *p)
{
    struct attention a = measured(l, s, p->N);
    float *q = p->cache + p->N * s->heads * s->T * s->S, *kv = q + p->N * s->T * s->q_row;
    a.mask = p->mask[l->inputs - 1];
    a.weights = p->cache;
    a.q = q;
    a.k = s->cross ? kv : q + s->I;
    a.v = a.k + s->I;
    a.context = s->cross ? kv + p->N * s->S * 2 * s->I : kv;
    a.scratch = p->scratch;
    return a;
}

/* y = x·w + b, where w is parameter `at` and b, if there is one, the next. */
static void project(const struct sizes *s, const struct pass *p, int at, size_t rows, size_t in, size_t out,
    const float *x, float *y)
{
    gemm_bias(rows, out, in, x, p->w[at], s->bias ? p->w[at + 1] : NULL, y);
}

static void forward(const struct layer *l, struct pass *p)
{
    struct sizes s = sizes_of(l);
    struct attention a = about(l, &s, p);
    int each = 1 + s.bias;
    project(&s, p, 0, p->N * s.T, s.C, s.q_row, p->x[0], (float *)a.q);
    if (s.cross)
        project(&s, p, each, p->N * s.S, s.M, 2 * s.I, p->x[1], (float *)a.k);
    attention_forward(&a);
    project(&s, p, s.cross ? 2 * each : each, p->N * s.T, s.I, s.C, a.context, p->y);
}

/* The gradients of a projection; `more` adds to those by its parameters. `row` is room for a bias. */
static void project_back(const struct sizes *s, struct pass *p, int at, size_t rows, size_t in, size_t out,
    const float *x, const float *dy, bool more, float *row)
{
    if (p->dw[at])
        gemm(true, false, in, out, rows, x, in, dy, out, more, p->dw[at], out);
    if (!s->bias || !p->dw[at + 1])
        return;
    bias_gradient(dy, row, rows, out);
    values_pass(row, p->dw[at + 1], out, more);
}

/* Samples whose gradients lie in the scratch at a time. */
static size_t chunk_of(const struct sizes *s, size_t N)
{
    size_t floats = s->T * (s->q_row + s->I) + (s->cross ? s->S * 2 * s->I : 0), n = CHUNK / floats;
    return n < 1 ? 1 : n < N ? n : N;
}

static size_t widest(const struct sizes *s)
{
    return 3 * s->I > s->C ? 3 * s->I : s->C;
}

/* Samples first … first+n-1. */
static void backward_chunk(
    const struct layer *l, const struct sizes *s, struct pass *p, size_t first, size_t n)
{
    size_t T = s->T, S = s->S, I = s->I;
    int each = 1 + s->bias, output = s->cross ? 2 * each : each;
    struct attention a = about(l, s, p);
    const float *dy = p->dy + first * T * s->C, *x = p->x[0] + first * T * s->C;
    float *dq = p->scratch, *dkv = dq + n * T * s->q_row;
    float *dcontext = dkv + (s->cross ? n * S * 2 * I : 0), *row = dcontext + n * T * I;
    a.N = n;
    a.mask = a.mask ? a.mask + first * S : NULL;
    a.q += first * T * a.q_row;
    a.k += first * S * a.k_row;
    a.v += first * S * a.v_row;
    a.weights += first * s->heads * T * S;
    a.dcontext = dcontext;
    a.dq = dq;
    a.dk = s->cross ? dkv : dq + I;
    a.dv = s->cross ? dkv + I : dq + 2 * I;
    a.scratch = row + widest(s);
    project_back(s, p, output, n * T, I, s->C, a.context + first * T * I, dy, first > 0, row);
    gemm(false, true, n * T, I, s->C, dy, s->C, p->w[output], s->C, false, dcontext, I);
    a.context = NULL;
    attention_backward(&a);
    project_back(s, p, 0, n * T, s->C, s->q_row, x, dq, first > 0, row);
    if (p->dx[0])
        gemm(false, true, n * T, s->C, s->q_row, dq, s->q_row, p->w[0], s->q_row, p->add[0],
            p->dx[0] + first * T * s->C, s->C);
    if (!s->cross)
        return;
    project_back(s, p, each, n * S, s->M, 2 * I, p->x[1] + first * S * s->M, dkv, first > 0, row);
    if (p->dx[1])
        gemm(false, true, n * S, s->M, 2 * I, dkv, 2 * I, p->w[each], 2 * I, p->add[1],
            p->dx[1] + first * S * s->M, s->M);
}

static void backward(const struct layer *l, struct pass *p)
{
    struct sizes s = sizes_of(l);
    size_t chunk = chunk_of(&s, p->N);
    for (size_t first = 0; first < p->N; first += chunk)
        backward_chunk(l, &s, p, first, p->N - first < chunk ? p->N - first : chunk);
}

static size_t scratch(const struct layer *l, size_t N, bool gradients)
{
    struct sizes s = sizes_of(l);
    struct attention a = measured(l, &s, N);
    size_t forward = attention_scratch(&a);
    if (!gradients)
        return forward;
    size_t floats = s.T * (s.q_row + s.I) + (s.cross ? s.S * 2 * s.I : 0);
    return forward + widest(&s) + chunk_of(&s, N) * floats;
}

static double macs(const struct layer *l)
{
    struct sizes s = sizes_of(l);
    double T = (double)s.T, S = (double)s.S, I = (double)s.I;
    return T * (double)s.C * 2 * I + S * (double)s.M * 2 * I + 2 * T * S * I;
}

const struct layer_type attention_layer = {
    .name = "attention",
    .summary = "multi-head attention: each position looks at all others; with from=, at another layer",
    .example = "attention 2",
    .before = "input 4x6",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
    .scratch = scratch,
    .macs = macs,
    .reads_beside = true,
};
