/* merge.c - layers that join several: add, multiply, average, concat and dot (He and others 2015 add; Huang
 * and others 2017 concatenate). Input 0 is the layer before, or from=; the arguments name the others. */
#include "error.h"
#include "kernels/elementwise.h"
#include "kernels/gemm.h"
#include "layer.h"

#include <string.h>

#define OTHER(key)                                         \
    {                                                      \
        .name = key, .kind = ARG_LAYER, .help = "one more" \
    }

static const struct arg_row args[] = {
    {.name = "layer",
        .kind = ARG_LAYER,
        .help = "an earlier layer, by name or number",
        .flags = ARG_REQUIRED},
    OTHER("layer2"),
    OTHER("layer3"),
    OTHER("layer4"),
    OTHER("layer5"),
    OTHER("layer6"),
    OTHER("layer7"),
    {0},
};

static const struct arg_row dot_args[] = {
    {.name = "layer",
        .kind = ARG_LAYER,
        .help = "an earlier layer, by name or number",
        .flags = ARG_REQUIRED},
    {0},
};

static size_t values(const struct layer *l, const struct pass *p)
{
    return p->N * shape_size(&l->out);
}

static bool build_alike(struct layer *l, struct error *e)
{
    char mine[SHAPE_TEXT], theirs[SHAPE_TEXT];
    for (int j = 1; j < l->inputs; j++)
        if (!shape_equal(&l->reads[j], &l->in))
            return error_set(e, "layer %d gives %s, not %s: both must have the same shape", l->input[j],
                shape_text(&l->reads[j], theirs), shape_text(&l->in, mine));
    l->out = l->in;
    return true;
}

/* --- add and average --- */

static void add_forward(const struct layer *l, struct pass *p)
{
    size_t n = values(l, p);
    values_sum(p->x[0], p->x[1], p->y, n);
    for (int j = 2; j < l->inputs; j++)
        values_pass(p->x[j], p->y, n, true);
}

static void add_backward(const struct layer *l, struct pass *p)
{
    for (int j = 0; j < l->inputs; j++)
        if (p->dx[j])
            values_pass(p->dy, p->dx[j], values(l, p), p->add[j]);
}

static void average_forward(const struct layer *l, struct pass *p)
{
    add_forward(l, p);
    values_scale(p->y, 1 / (float)l->inputs, values(l, p));
}

static void average_backward(const struct layer *l, struct pass *p)
{
    values_scale(p->dy, 1 / (float)l->inputs, values(l, p));
    add_backward(l, p);
}

/* --- multiply --- */

static void multiply_forward(const struct layer *l, struct pass *p)
{
    values_pass(p->x[0], p->y, values(l, p), false);
    for (int j = 1; j < l->inputs; j++)
        values_multiply(p->y, p->x[j], p->y, values(l, p), false);
}

/* A zero in one factor forbids dividing y by it: the other factors are multiplied anew. */
static void multiply_backward(const struct layer *l, struct pass *p)
{
    size_t n = values(l, p);
    for (int j = 0; j < l->inputs; j++) {
        const float *part = p->dy;
        int last = j == l->inputs - 1 ? j - 1 : l->inputs - 1;
        if (!p->dx[j])
            continue;
        for (int k = 0; k < l->inputs; k++) {
            if (k == j)
                continue;
            float *to = k == last ? p->dx[j] : p->scratch;
            values_multiply(part, p->x[k], to, n, k == last && p->add[j]);
            part = p->scratch;
        }
    }
}

static size_t multiply_scratch(const struct layer *l, size_t N, bool gradients)
{
    return gradients && l->inputs > 2 ? N * shape_size(&l->out) : 0;
}

/* --- concat --- */

static int last_dim(const struct shape *s)
{
    return s->dim[s->rank - 1];
}

static bool build_concat(struct layer *l, struct error *e)
{
    char mine[SHAPE_TEXT], theirs[SHAPE_TEXT];
    int width = last_dim(&l->in);
    for (int j = 1; j < l->inputs; j++) {
        struct shape like = l->reads[j];
        if (like.rank == l->in.rank)
            like.dim[like.rank - 1] = last_dim(&l->in);
        if (!shape_equal(&like, &l->in))
            return error_set(e, "layer %d gives %s, which does not fit %s: all but the last size must agree",
                l->input[j], shape_text(&l->reads[j], theirs), shape_text(&l->in, mine));
        if (__builtin_add_overflow(width, last_dim(&l->reads[j]), &width))
            return error_set(e, "the inputs together are too wide: make them smaller");
    }
    l->out = l->in;
    l->out.dim[l->out.rank - 1] = width;
    return true;
}

static void concat_forward(const struct layer *l, struct pass *p)
{
    size_t width = (size_t)last_dim(&l->out), rows = values(l, p) / width, at = 0;
    for (int j = 0; j < l->inputs; j++) {
        size_t C = (size_t)last_dim(&l->reads[j]);
        for (size_t i = 0; i < rows; i++)
            memcpy(p->y + i * width + at, p->x[j] + i * C, C * sizeof *p->y);
        at += C;
    }
}

static void concat_backward(const struct layer *l, struct pass *p)
{
    size_t width = (size_t)last_dim(&l->out), rows = values(l, p) / width, at = 0;
    for (int j = 0; j < l->inputs; j++) {
        size_t C = (size_t)last_dim(&l->reads[j]);
        for (size_t i = 0; p->dx[j] && i < rows; i++)
            values_pass(p->dy + i * width + at, p->dx[j] + i * C, C, p->add[j]);
        at += C;
    }
}

/* --- dot --- */

static bool build_dot(struct layer *l, struct error *e)
{
    const struct shape *a = &l->in, *b = &l->reads[1];
    char mine[SHAPE_TEXT], theirs[SHAPE_TEXT];
    if (a->rank != b->rank || a->rank > 2 || last_dim(a) != last_dim(b))
        return error_set(e,
            "layer %d gives %s, and this is %s: two rows of values, or two sequences, whose last sizes "
            "agree, have dot products",
            l->input[1], shape_text(b, theirs), shape_text(a, mine));
    l->out = a->rank == 1 ? shape_of(1, 1) : shape_of(2, a->dim[0], b->dim[0]);
    return true;
}

static size_t positions(const struct shape *s)
{
    return s->rank == 1 ? 1 : (size_t)s->dim[0];
}

/* y = a·bᵀ, da = dy·b, db = dyᵀ·a for each sample. */
static void dot_forward(const struct layer *l, struct pass *p)
{
    size_t M = positions(&l->in), N = positions(&l->reads[1]), K = (size_t)last_dim(&l->in);
    for (size_t i = 0; i < p->N; i++)
        gemm(
            false, true, M, N, K, p->x[0] + i * M * K, K, p->x[1] + i * N * K, K, false, p->y + i * M * N, N);
}

static void dot_backward(const struct layer *l, struct pass *p)
{
    size_t M = positions(&l->in), N = positions(&l->reads[1]), K = (size_t)last_dim(&l->in);
    for (size_t i = 0; p->dx[0] && i < p->N; i++)
        gemm(false, false, M, K, N, p->dy + i * M * N, N, p->x[1] + i * N * K, K, p->add[0],
            p->dx[0] + i * M * K, K);
    for (size_t i = 0; p->dx[1] && i < p->N; i++)
        gemm(true, false, N, K, M, p->dy + i * M * N, N, p->x[0] + i * M * K, K, p->add[1],
            p->dx[1] + i * N * K, K);
}

static double dot_macs(const struct layer *l)
{
    return (double)shape_size(&l->out) * last_dim(&l->in);
}

const struct layer_type add_layer = {
    .name = "add",
    .summary = "the sum of layers of one shape: a residual connection",
    .example = "add dense1",
    .before = "input 4; dense 4 tanh; dense 4 tanh",
    .args = args,
    .build = build_alike,
    .forward = add_forward,
    .backward = add_backward,
    .by_position = true,
};

const struct layer_type multiply_layer = {
    .name = "multiply",
    .summary = "the product of layers of one shape, value by value: a gate",
    .example = "multiply dense1",
    .before = "input 4; dense 4 tanh; dense 4 sigmoid",
    .args = args,
    .build = build_alike,
    .forward = multiply_forward,
    .backward = multiply_backward,
    .by_position = true,
    .scratch = multiply_scratch,
};

const struct layer_type average_layer = {
    .name = "average",
    .summary = "the mean of layers of one shape",
    .example = "average dense1",
    .before = "input 4; dense 4 tanh; dense 4 tanh",
    .args = args,
    .build = build_alike,
    .forward = average_forward,
    .backward = average_backward,
    .by_position = true,
};

const struct layer_type concat_layer = {
    .name = "concat",
    .summary = "layers side by side, along the last axis",
    .example = "concat dense1",
    .before = "input 4; dense 4 tanh; dense 3 tanh",
    .args = args,
    .build = build_concat,
    .forward = concat_forward,
    .backward = concat_backward,
    .by_position = true,
};

const struct layer_type dot_layer = {
    .name = "dot",
    .summary = "dot products of two layers: how much they are alike",
    .example = "dot dense1",
    .before = "input 4; dense 4 tanh; dense 4 tanh",
    .args = dot_args,
    .build = build_dot,
    .forward = dot_forward,
    .backward = dot_backward,
    .macs = dot_macs,
};
