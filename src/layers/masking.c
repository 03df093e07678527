/* masking.c - positions of a sequence whose values are all `value` are padding: they become zeros, and the
 * layers behind pass over them. */
#include "error.h"
#include "kernels/elementwise.h"
#include "layer.h"

#include <string.h>

static const struct arg_row args[] = {
    {.name = "value", .kind = ARG_REAL, .help = "what padding is filled with", .min = -1e30, .max = 1e30},
    {0},
};

static bool build(struct layer *l, struct error *e)
{
    if (l->in.rank < 2)
        return error_set(e, "it masks the positions of a sequence, and this is one row of values: give it an "
                            "input of positions x values, such as 10x1");
    l->out = l->in;
    l->makes_mask = true;
    l->cache = (size_t)l->in.dim[0];
    return true;
}

static size_t width(const struct layer *l)
{
    return shape_size(&l->in) / (size_t)l->in.dim[0];
}

static bool is_padding(const float *x, size_t n, float value)
{
    size_t i = 0;
    while (i < n && x[i] == value)
        i++;
    return i == n;
}

static void forward(const struct layer *l, struct pass *p)
{
    size_t C = width(l), rows = p->N * (size_t)l->in.dim[0];
    float value = (float)l->arg[0].number;
    for (size_t i = 0; i < rows; i++) {
        bool counts = !is_padding(p->x[0] + i * C, C, value);
        p->cache[i] = counts;
        if (counts)
            memcpy(p->y + i * C, p->x[0] + i * C, C * sizeof *p->y);
        else
            memset(p->y + i * C, 0, C * sizeof *p->y);
    }
}

static void backward(const struct layer *l, struct pass *p)
{
    size_t C = width(l), rows = p->N * (size_t)l->in.dim[0];
    if (!p->dx[0])
        return;
    for (size_t i = 0; i < rows; i++)
        if (p->cache[i] != 0)
            values_pass(p->dy + i * C, p->dx[0] + i * C, C, p->add[0]);
        else if (!p->add[0])
            memset(p->dx[0] + i * C, 0, C * sizeof *p->y);
}

const struct layer_type masking_layer = {
    .name = "masking",
    .summary = "marks positions that are only padding, so that the layers behind pass over them",
    .example = "masking 0",
    .before = "input 4x2",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
    .by_position = true,
};
