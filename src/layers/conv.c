/* conv.c - windows that slide: conv1d, conv2d, and conv2d_transpose, which runs conv2d backwards.
 *
 *     y = f(x * w + b)      dz = dy · f'(z)
 *
 * A sequence is an image of one row. Of a transposed convolution the output is the image and the input the
 * map: its forward is conv2d's gradient by the image, and the other way round. Kernels are height x width x
 * in x out, transposed ones height x width x out x in. Padding is Keras's: `same` gives ceil(in / stride)
 * outputs, with the odd zero behind. */
#include "activation.h"
#include "error.h"
#include "initializer.h"
#include "kernels/convolution.h"
#include "layer.h"
#include "rank.h"

#include <limits.h>
#include <string.h>

enum { FILTERS, KERNEL_SIZE, ACTIVATION, STRIDES, PADDING, DILATION, INIT, USE_BIAS, GROUPS };
enum { KERNEL_PARAM, BIAS_PARAM };
enum { VALID, SAME, CAUSAL };
enum { REACH = 4096 }; /* of kernels, strides and dilation */

static const char *padding_name(size_t i)
{
    static const char *const names[] = {"valid", "same"};
    return i < 2 ? names[i] : NULL;
}

static const char *padding1d_name(size_t i)
{
    return i == CAUSAL ? "causal" : padding_name(i);
}

#define FILTERS_ROW                                                                                \
    {                                                                                              \
        .name = "filters", .kind = ARG_INT, .help = "how many outputs at each position", .min = 1, \
        .max = 1e6, .flags = ARG_REQUIRED                                                          \
    }
#define ACTIVATION_ROW                                                                                \
    {                                                                                                 \
        .name = "activation", .kind = ARG_CHOICE, .help = "applied to each sum", .initial = "linear", \
        .choice = activation_name                                                                     \
    }
#define PADDING_ROW(names, text)                                                                  \
    {                                                                                             \
        .name = "padding", .kind = ARG_CHOICE, .help = text, .initial = "valid", .choice = names, \
        .flags = ARG_KEY_ONLY                                                                     \
    }
#define INIT_ROW                                                                      \
    {                                                                                 \
        .name = "init", .kind = ARG_CHOICE,                                           \
        .help = "first weights: he_normal for relu and its kin, else glorot_uniform", \
        .choice = initializer_name, .flags = ARG_KEY_ONLY                             \
    }
#define USE_BIAS_ROW                                                                           \
    {                                                                                          \
        .name = "use_bias", .kind = ARG_FLAG, .help = "each filter has a bias", .fallback = 1, \
        .flags = ARG_KEY_ONLY                                                                  \
    }
#define GROUPS_ROW                                                                                       \
    {                                                                                                    \
        .name = "groups", .kind = ARG_INT,                                                               \
        .help = "channels fall into so many groups, each with filters of its own", .min = 1, .max = 1e6, \
        .fallback = 1, .flags = ARG_KEY_ONLY                                                             \
    }
#define COUNT_ROW(key, text, flag)                                                                       \
    {                                                                                                    \
        .name = key, .kind = ARG_INT, .help = text, .min = 1, .max = REACH, .fallback = 1, .flags = flag \
    }
#define SHAPE_ROW(key, text, flag)                                  \
    {                                                               \
        .name = key, .kind = ARG_SHAPE, .help = text, .flags = flag \
    }

static const struct arg_row args1d[] = {
    [FILTERS] = FILTERS_ROW,
    [KERNEL_SIZE] = COUNT_ROW("kernel_size", "steps that a filter sees", ARG_REQUIRED),
    [ACTIVATION] = ACTIVATION_ROW,
    [STRIDES] = COUNT_ROW("strides", "steps from window to window", ARG_KEY_ONLY),
    [PADDING] = PADDING_ROW(
        padding1d_name, "valid: windows within the input; same: zeros around it; causal: zeros before it"),
    [DILATION] = COUNT_ROW("dilation", "steps from tap to tap", ARG_KEY_ONLY),
    [INIT] = INIT_ROW,
    [USE_BIAS] = USE_BIAS_ROW,
    [GROUPS] = GROUPS_ROW,
    {0},
};

#define ROWS_2D                                                                                           \
    [FILTERS] = FILTERS_ROW,                                                                              \
    [KERNEL_SIZE] = SHAPE_ROW("kernel_size", "what a filter sees: 3x3, or 3 for a square", ARG_REQUIRED), \
    [ACTIVATION] = ACTIVATION_ROW,                                                                        \
    [STRIDES] = SHAPE_ROW("strides", "pixels from window to window: 2, or 2x1", ARG_KEY_ONLY),            \
    [PADDING] = PADDING_ROW(padding_name, "valid: windows within the image; same: zeros around it"),      \
    [DILATION] = SHAPE_ROW("dilation", "pixels from tap to tap: 2, or 2x1", ARG_KEY_ONLY),                \
    [INIT] = INIT_ROW, [USE_BIAS] = USE_BIAS_ROW

static const struct arg_row args2d[] = {ROWS_2D, [GROUPS] = GROUPS_ROW, {0}};
static const struct arg_row args_transpose[] = {ROWS_2D, {0}};

/* --- shapes --- */

/* A pair typed as 3x2 or 3, or a number, or not at all. */
static int extent(const struct layer *l, int row, int axis)
{
    const struct arg_value *a = &l->arg[row];
    if (a->shape.rank)
        return a->shape.dim[a->shape.rank == 1 ? 0 : axis];
    return a->given && axis == 1 ? (int)a->number : 1;
}

static int padding(const struct layer *l)
{
    for (int i = 0; padding1d_name((size_t)i); i++)
        if (!strcmp(l->arg[PADDING].text, padding1d_name((size_t)i)))
            return i;
    return VALID;
}

/* Zeros before the image, of those that `outs` windows want. */
static int zeros_before(int rule, int ins, int outs, int taps, int stride, int dilation)
{
    int reach = (taps - 1) * dilation + 1, zeros = (outs - 1) * stride + reach - ins;
    if (rule == CAUSAL)
        return reach - 1;
    return rule == VALID || zeros < 0 ? 0 : zeros / 2;
}

static int outputs(int rule, int ins, int taps, int stride, int dilation)
{
    int reach = (taps - 1) * dilation + 1;
    return rule == VALID ? (ins - reach) / stride + 1 : (ins - 1) / stride + 1;
}

/* The image that a transposed convolution fills. */
static long long outputs_back(int rule, int ins, int taps, int stride, int dilation)
{
    long long reach = (taps - 1) * dilation + 1, image = (long long)ins * stride;
    return rule == VALID && reach > stride ? image + reach - stride : image;
}

static struct convolution windows(const struct layer *l, const struct shape *image, const struct shape *map)
{
    bool flat = image->rank == 2;
    int rule = padding(l), groups = l->type->args == args_transpose ? 1 : (int)l->arg[GROUPS].number;
    struct convolution c = {
        .H = flat ? 1 : image->dim[0],
        .W = image->dim[image->rank - 2],
        .C = image->dim[image->rank - 1],
        .OH = flat ? 1 : map->dim[0],
        .OW = map->dim[map->rank - 2],
        .F = map->dim[map->rank - 1],
        .KH = flat ? 1 : extent(l, KERNEL_SIZE, 0),
        .KW = extent(l, KERNEL_SIZE, 1),
        .sh = flat ? 1 : extent(l, STRIDES, 0),
        .sw = extent(l, STRIDES, 1),
        .dh = flat ? 1 : extent(l, DILATION, 0),
        .dw = extent(l, DILATION, 1),
        .groups = groups,
    };
    c.top = flat ? 0 : zeros_before(rule, c.H, c.OH, c.KH, c.sh, c.dh);
    c.left = zeros_before(rule, c.W, c.OW, c.KW, c.sw, c.dw);
    return c;
}

static struct convolution geometry(const struct layer *l)
{
    return l->type->args == args_transpose ? windows(l, &l->out, &l->in) : windows(l, &l->in, &l->out);
}

static bool pairs_fit(const struct layer *l, struct error *e)
{
    static const int rows[] = {KERNEL_SIZE, STRIDES, DILATION};
    for (int i = 0; i < 3; i++) {
        const struct shape *s = &l->arg[rows[i]].shape;
        char text[SHAPE_TEXT];
        if (s->rank > 2 || s->dim[0] > REACH || (s->rank == 2 && s->dim[1] > REACH))
            return error_set(e, "%s is height x width, up to %d each, such as 3x3, not %s",
                l->type->args[rows[i]].name, REACH, shape_text(s, text));
    }
    return true;
}

static bool kernel_fits(const struct layer *l, struct error *e)
{
    int axes = l->in.rank - 1;
    for (int i = 0; i < axes; i++) {
        int axis = axes == 1 ? 1 : i, taps = extent(l, KERNEL_SIZE, axis);
        long long reach = (long long)(taps - 1) * extent(l, DILATION, axis) + 1;
        if (padding(l) == VALID && reach > l->in.dim[i])
            return error_set(e,
                "a kernel that reaches over %lld does not fit an input of %d: make kernel_size smaller, or "
                "use padding=same",
                reach, l->in.dim[i]);
    }
    return true;
}

static bool groups_fit(const struct layer *l, struct error *e)
{
    int groups = (int)l->arg[GROUPS].number, in = l->in.dim[l->in.rank - 1],
        out = (int)l->arg[FILTERS].number;
    return (in % groups == 0 && out % groups == 0) ||
           error_set(e, "groups=%d must divide both the %d channels that it reads and its %d filters", groups,
               in, out);
}

static void add_params(struct layer *l, struct shape kernel_shape)
{
    int rank = kernel_shape.rank, field = 1, out = (int)l->arg[FILTERS].number;
    for (int i = 0; i < rank - 2; i++)
        field *= kernel_shape.dim[i];
    struct param *kernel = layer_add_param(l, "kernel", kernel_shape);
    l->activation = activation_find(l->arg[ACTIVATION].text);
    kernel->fan_in = field * kernel_shape.dim[rank - 2];
    kernel->fan_out = field * kernel_shape.dim[rank - 1];
    kernel->decays = true;
    kernel->initializer = l->arg[INIT].text          ? l->arg[INIT].text
                          : l->activation->rectifier ? "he_normal"
                                                     : "glorot_uniform";
    if (l->arg[USE_BIAS].number != 0) {
        struct param *bias = layer_add_param(l, "bias", shape_of(1, out));
        bias->fan_in = kernel->fan_in;
        bias->fan_out = out;
    }
    l->keep_z = l->activation->needs_z || l->activation->encoding != ENCODE_SIGN;
    l->cache = l->keep_z ? shape_size(&l->out) : 0;
}

static bool build1d(struct layer *l, struct error *e)
{
    int T = l->in.dim[0], C = l->in.dim[1], F = (int)l->arg[FILTERS].number, K = extent(l, KERNEL_SIZE, 1);
    if (l->in.rank != 2)
        return wants_sequence(&l->in, e);
    if (!kernel_fits(l, e) || !groups_fit(l, e))
        return false;
    l->out = shape_of(2, outputs(padding(l), T, K, extent(l, STRIDES, 1), extent(l, DILATION, 1)), F);
    add_params(l, shape_of(3, K, C / (int)l->arg[GROUPS].number, F));
    return true;
}

static bool build2d(struct layer *l, struct error *e)
{
    int out[2], C = l->in.dim[2], F = (int)l->arg[FILTERS].number;
    if (l->in.rank != 3)
        return wants_image(&l->in, e);
    if (!pairs_fit(l, e) || !kernel_fits(l, e) || !groups_fit(l, e))
        return false;
    for (int i = 0; i < 2; i++)
        out[i] = outputs(padding(l), l->in.dim[i], extent(l, KERNEL_SIZE, i), extent(l, STRIDES, i),
            extent(l, DILATION, i));
    l->out = shape_of(3, out[0], out[1], F);
    add_params(l,
        shape_of(4, extent(l, KERNEL_SIZE, 0), extent(l, KERNEL_SIZE, 1), C / (int)l->arg[GROUPS].number, F));
    return true;
}

static bool build_transpose(struct layer *l, struct error *e)
{
    long long out[2];
    int C = l->in.dim[2], F = (int)l->arg[FILTERS].number;
    if (l->in.rank != 3)
        return wants_image(&l->in, e);
    if (!pairs_fit(l, e))
        return false;
    for (int i = 0; i < 2; i++) {
        out[i] = outputs_back(padding(l), l->in.dim[i], extent(l, KERNEL_SIZE, i), extent(l, STRIDES, i),
            extent(l, DILATION, i));
        if (out[i] > INT_MAX)
            return error_set(e, "an image of %lld pixels across is too large: use smaller strides", out[i]);
    }
    l->out = shape_of(3, (int)out[0], (int)out[1], F);
    add_params(l, shape_of(4, extent(l, KERNEL_SIZE, 0), extent(l, KERNEL_SIZE, 1), F, C));
    return true;
}

/* --- passes --- */

static const float *bias_of(const struct layer *l, const struct pass *p)
{
    return l->params > BIAS_PARAM ? p->w[BIAS_PARAM] : NULL;
}

static size_t channels(const struct layer *l)
{
    return (size_t)l->out.dim[l->out.rank - 1];
}

static void forward(const struct layer *l, struct pass *p)
{
    struct convolution c = geometry(l);
    struct convolution_end end = {l->activation->forward, p->y};
    convolution_forward(&c, p->N, p->x[0], p->w[KERNEL_PARAM], bias_of(l, p), false,
        l->keep_z ? p->cache : p->y, &end, p->scratch);
}

static void forward_transpose(const struct layer *l, struct pass *p)
{
    struct convolution c = geometry(l);
    struct convolution_end end = {l->activation->forward, p->y};
    convolution_back(&c, p->N, p->x[0], p->w[KERNEL_PARAM], bias_of(l, p), false, l->keep_z ? p->cache : p->y,
        &end, p->scratch);
}

/* dy becomes dz; the gradient by the bias. */
static struct convolution_slope slope_of(const struct layer *l, const struct pass *p)
{
    return (struct convolution_slope){
        .fn = p->dy_is_dz ? NULL : l->activation->backward,
        .z = p->cache,
        .y = p->y,
        .dz = p->dy,
        .db = l->params > BIAS_PARAM ? p->dw[BIAS_PARAM] : NULL,
    };
}

static size_t positions(const struct layer *l, const struct pass *p)
{
    return p->N * (shape_size(&l->out) / channels(l));
}

static void backward(const struct layer *l, struct pass *p)
{
    struct convolution c = geometry(l);
    struct convolution_slope slope = slope_of(l, p);
    if (p->dw[KERNEL_PARAM])
        convolution_kernel_gradient(&c, p->N, p->x[0], p->dy, &slope, p->dw[KERNEL_PARAM], p->scratch);
    else
        convolution_start_back(&slope, positions(l, p), channels(l), p->scratch);
    if (p->dx[0])
        convolution_back(&c, p->N, p->dy, p->w[KERNEL_PARAM], NULL, p->add[0], p->dx[0], NULL, p->scratch);
}

static void backward_transpose(const struct layer *l, struct pass *p)
{
    struct convolution c = geometry(l);
    struct convolution_slope slope = slope_of(l, p);
    convolution_start_back(&slope, positions(l, p), channels(l), p->scratch);
    if (p->dw[KERNEL_PARAM])
        convolution_kernel_gradient(&c, p->N, p->dy, p->x[0], NULL, p->dw[KERNEL_PARAM], p->scratch);
    if (p->dx[0])
        convolution_forward(&c, p->N, p->dy, p->w[KERNEL_PARAM], NULL, p->add[0], p->dx[0], NULL, p->scratch);
}

static size_t scratch(const struct layer *l, size_t N, bool gradients)
{
    struct convolution c = geometry(l);
    return convolution_scratch(&c, N, gradients);
}

static double macs(const struct layer *l)
{
    struct convolution c = geometry(l);
    return (double)c.OH * c.OW * c.F * c.KH * c.KW * (c.C / c.groups);
}

const struct layer_type conv1d_layer = {
    .name = "conv1d",
    .summary = "filters that slide over a sequence",
    .example = "conv1d 8 3",
    .before = "input 10x3",
    .args = args1d,
    .build = build1d,
    .forward = forward,
    .backward = backward,
    .scratch = scratch,
    .macs = macs,
};

const struct layer_type conv2d_layer = {
    .name = "conv2d",
    .summary = "filters that slide over an image",
    .example = "conv2d 4 3x3 relu",
    .before = "input 5x4x2",
    .args = args2d,
    .build = build2d,
    .forward = forward,
    .backward = backward,
    .scratch = scratch,
    .macs = macs,
};

const struct layer_type conv2d_transpose_layer = {
    .name = "conv2d_transpose",
    .summary = "conv2d backwards: each value paints a filter into a larger image",
    .example = "conv2d_transpose 3 3x3 strides=2",
    .before = "input 4x3x2",
    .args = args_transpose,
    .build = build_transpose,
    .forward = forward_transpose,
    .backward = backward_transpose,
    .scratch = scratch,
    .macs = macs,
};
