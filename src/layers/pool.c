/* pool.c - one value for each window: maxpool2d, avgpool2d, maxpool1d.
 *
 * Windows stand side by side unless strides= says otherwise. With padding=same they may reach over the edge;
 * what lies outside does not count. The largest values' places are kept for the way back. A sequence is an
 * image of one row. */
#include "error.h"
#include "kernels/pooling.h"
#include "layer.h"
#include "rank.h"

#include <string.h>

enum { POOL_SIZE, STRIDES, PADDING };

static const char *padding_name(size_t i)
{
    static const char *const names[] = {"valid", "same"};
    return i < 2 ? names[i] : NULL;
}

#define PADDING_ROW                                                                   \
    {                                                                                 \
        .name = "padding", .kind = ARG_CHOICE, .initial = "valid",                    \
        .help = "valid: whole windows only; same: the last ones reach over the edge", \
        .choice = padding_name, .flags = ARG_KEY_ONLY                                 \
    }

static const struct arg_row args1d[] = {
    [POOL_SIZE] = {.name = "pool_size",
        .kind = ARG_INT,
        .help = "steps of a window",
        .min = 1,
        .max = POOLING_WINDOW,
        .fallback = 2},
    [STRIDES] = {.name = "strides",
        .kind = ARG_INT,
        .help = "steps from window to window; as many as pool_size",
        .min = 1,
        .max = POOLING_WINDOW,
        .flags = ARG_KEY_ONLY},
    [PADDING] = PADDING_ROW,
    {0},
};

static const struct arg_row args2d[] = {
    [POOL_SIZE] = {.name = "pool_size",
        .kind = ARG_SHAPE,
        .help = "pixels of a window: 2 (if not given), or 3x2"},
    [STRIDES] = {.name = "strides",
        .kind = ARG_SHAPE,
        .help = "pixels from window to window; as pool_size",
        .flags = ARG_KEY_ONLY},
    [PADDING] = PADDING_ROW,
    {0},
};

static int extent(const struct arg_value *a, int axis, int fallback)
{
    if (a->shape.rank)
        return a->shape.dim[a->shape.rank == 1 ? 0 : axis];
    return a->given ? (int)a->number : fallback;
}

static bool is_same(const struct layer *l)
{
    return !strcmp(l->arg[PADDING].text, "same");
}

static int windows(const struct layer *l, int ins, int taps, int stride)
{
    return is_same(l) ? (ins - 1) / stride + 1 : (ins - taps) / stride + 1;
}

static int zeros_before(const struct layer *l, int ins, int outs, int taps, int stride)
{
    int zeros = (outs - 1) * stride + taps - ins;
    return is_same(l) && zeros > 0 ? zeros / 2 : 0;
}

static struct pooling geometry(const struct layer *l)
{
    bool flat = l->in.rank == 2;
    struct pooling p = {
        .H = flat ? 1 : l->in.dim[0],
        .W = l->in.dim[l->in.rank - 2],
        .C = l->in.dim[l->in.rank - 1],
        .KH = flat ? 1 : extent(&l->arg[POOL_SIZE], 0, 2),
        .KW = extent(&l->arg[POOL_SIZE], 1, 2),
    };
    p.sh = flat ? 1 : extent(&l->arg[STRIDES], 0, p.KH);
    p.sw = extent(&l->arg[STRIDES], 1, p.KW);
    p.OH = flat ? 1 : windows(l, p.H, p.KH, p.sh);
    p.OW = windows(l, p.W, p.KW, p.sw);
    p.top = zeros_before(l, p.H, p.OH, p.KH, p.sh);
    p.left = zeros_before(l, p.W, p.OW, p.KW, p.sw);
    return p;
}

static bool pair_fits(const struct layer *l, int row, struct error *e)
{
    const struct shape *s = &l->arg[row].shape;
    char text[SHAPE_TEXT];
    for (int i = 0; i < s->rank; i++)
        if (s->rank > 2 || s->dim[i] > POOLING_WINDOW)
            return error_set(
                e, "%s is height x width, such as 2x2, not %s", l->type->args[row].name, shape_text(s, text));
    return true;
}

static bool window_fits(const struct layer *l, struct error *e)
{
    int axes = l->in.rank - 1, size = 1;
    for (int i = 0; i < axes; i++) {
        int taps = extent(&l->arg[POOL_SIZE], axes == 1 ? 1 : i, 2);
        if (taps > l->in.dim[i] && !is_same(l))
            return error_set(e,
                "a window of %d does not fit an input of %d: make pool_size smaller, or use padding=same",
                taps, l->in.dim[i]);
        if (taps > POOLING_WINDOW / size)
            return error_set(e, "a window has more than %d values: make pool_size smaller", POOLING_WINDOW);
        size *= taps;
    }
    return true;
}

/* `which` takes two bytes a value. */
static bool build(struct layer *l, bool keeps_which, struct error *e)
{
    if (!pair_fits(l, POOL_SIZE, e) || !pair_fits(l, STRIDES, e) || !window_fits(l, e))
        return false;
    struct pooling p = geometry(l);
    l->out = l->in.rank == 2 ? shape_of(2, p.OW, p.C) : shape_of(3, p.OH, p.OW, p.C);
    l->cache = keeps_which ? (shape_size(&l->out) + 1) / 2 : 0;
    return true;
}

static bool build_max1d(struct layer *l, struct error *e)
{
    return l->in.rank == 2 ? build(l, true, e) : wants_sequence(&l->in, e);
}

static bool build_max2d(struct layer *l, struct error *e)
{
    return l->in.rank == 3 ? build(l, true, e) : wants_image(&l->in, e);
}

static bool build_average2d(struct layer *l, struct error *e)
{
    return l->in.rank == 3 ? build(l, false, e) : wants_image(&l->in, e);
}

static void max_forward(const struct layer *l, struct pass *p)
{
    struct pooling g = geometry(l);
    maxpool_forward(&g, p->N, p->x[0], p->y, (uint16_t *)p->cache);
}

static void max_backward(const struct layer *l, struct pass *p)
{
    struct pooling g = geometry(l);
    if (p->dx[0])
        maxpool_backward(&g, p->N, p->dy, (const uint16_t *)p->cache, p->add[0], p->dx[0]);
}

static void average_forward(const struct layer *l, struct pass *p)
{
    struct pooling g = geometry(l);
    sumpool_forward(&g, p->N, p->x[0], true, false, p->y);
}

static void average_backward(const struct layer *l, struct pass *p)
{
    struct pooling g = geometry(l);
    if (p->dx[0])
        sumpool_backward(&g, p->N, p->dy, true, p->add[0], p->dx[0]);
}

const struct layer_type maxpool1d_layer = {
    .name = "maxpool1d",
    .summary = "the largest value of each window of a sequence",
    .example = "maxpool1d 2",
    .before = "input 9x3",
    .args = args1d,
    .build = build_max1d,
    .forward = max_forward,
    .backward = max_backward,
};

const struct layer_type maxpool2d_layer = {
    .name = "maxpool2d",
    .summary = "the largest value of each window of an image",
    .example = "maxpool2d 2",
    .before = "input 5x4x2",
    .args = args2d,
    .build = build_max2d,
    .forward = max_forward,
    .backward = max_backward,
};

const struct layer_type avgpool2d_layer = {
    .name = "avgpool2d",
    .summary = "the mean of each window of an image",
    .example = "avgpool2d 2",
    .before = "input 5x4x2",
    .args = args2d,
    .build = build_average2d,
    .forward = average_forward,
    .backward = average_backward,
};
