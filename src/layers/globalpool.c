/* globalpool.c - one value for each channel: its mean or its largest over all positions of an image or a
 * sequence (Lin and others 2013). The mean leaves out what is masked; the places of the largest are kept for
 * the way back.
 */
#include "error.h"
#include "kernels/pooling.h"
#include "layer.h"

static const struct arg_row args[] = {{0}};

static bool build(struct layer *l, struct error *e)
{
    char text[SHAPE_TEXT];
    if (l->in.rank != 2 && l->in.rank != 3)
        return error_set(e,
            "reads steps x channels or height x width x channels, but gets %s%s: put a `reshape` before it",
            shape_text(&l->in, text), l->in.rank == 1 ? " values" : "");
    l->out = shape_of(1, l->in.dim[l->in.rank - 1]);
    return true;
}

static bool build_max(struct layer *l, struct error *e)
{
    if (!build(l, e))
        return false;
    l->cache = shape_size(&l->out);
    return true;
}

static size_t channels(const struct layer *l)
{
    return (size_t)l->out.dim[0];
}

static size_t positions(const struct layer *l)
{
    return shape_size(&l->in) / channels(l);
}

static void average_forward(const struct layer *l, struct pass *p)
{
    globalavg_forward(p->N, positions(l), channels(l), p->x[0], p->mask[0], (size_t)l->in.dim[0], p->y);
}

static void average_backward(const struct layer *l, struct pass *p)
{
    if (p->dx[0])
        globalavg_backward(
            p->N, positions(l), channels(l), p->dy, p->mask[0], (size_t)l->in.dim[0], p->add[0], p->dx[0]);
}

static void max_forward(const struct layer *l, struct pass *p)
{
    globalmax_forward(p->N, positions(l), channels(l), p->x[0], p->y, (uint32_t *)p->cache);
}

static void max_backward(const struct layer *l, struct pass *p)
{
    if (p->dx[0])
        globalmax_backward(
            p->N, positions(l), channels(l), p->dy, (const uint32_t *)p->cache, p->add[0], p->dx[0]);
}

const struct layer_type globalavgpool_layer = {
    .name = "globalavgpool",
    .summary = "the mean of each channel over all positions",
    .example = "globalavgpool",
    .before = "input 4x3x2",
    .args = args,
    .build = build,
    .forward = average_forward,
    .backward = average_backward,
};

const struct layer_type globalmaxpool_layer = {
    .name = "globalmaxpool",
    .summary = "the largest value of each channel over all positions",
    .example = "globalmaxpool",
    .before = "input 4x3x2",
    .args = args,
    .build = build_max,
    .forward = max_forward,
    .backward = max_backward,
};
