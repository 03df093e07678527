/* embedding.c - whole numbers to vectors: each is a row of a table that is learnt (Bengio and others 2003).
 * T numbers become T x output_dim. With mask_zero the number 0 is padding; the mask heads the cache. */
#include "error.h"
#include "kernels/lookup.h"
#include "layer.h"

enum { INPUT_DIM, OUTPUT_DIM, MASK_ZERO };

static const struct arg_row args[] = {
    [INPUT_DIM] = {.name = "input_dim",
        .kind = ARG_INT,
        .help = "how many different numbers there are, counted from 0",
        .min = 1,
        .max = 1 << 24,
        .flags = ARG_REQUIRED},
    [OUTPUT_DIM] = {.name = "output_dim",
        .kind = ARG_INT,
        .help = "width of the vectors",
        .min = 1,
        .max = 65536,
        .flags = ARG_REQUIRED},
    [MASK_ZERO] = {.name = "mask_zero",
        .kind = ARG_FLAG,
        .help = "0 is padding, which the layers behind pass over"},
    {0},
};

static size_t vocabulary(const struct layer *l)
{
    return (size_t)l->arg[INPUT_DIM].number;
}

static size_t width(const struct layer *l)
{
    return (size_t)l->arg[OUTPUT_DIM].number;
}

static bool build(struct layer *l, struct error *e)
{
    char text[SHAPE_TEXT];
    if (l->in.rank != 1)
        return error_set(e, "it reads a row of whole numbers, and this is %s: `flatten` makes one",
            shape_text(&l->in, text));
    struct param *table = layer_add_param(l, "embeddings", shape_of(2, (int)vocabulary(l), (int)width(l)));
    table->decays = true;
    table->initializer = "uniform";
    l->out = shape_of(2, l->in.dim[0], (int)width(l));
    l->makes_mask = l->arg[MASK_ZERO].number != 0;
    l->cache = l->makes_mask ? (size_t)l->in.dim[0] : 0;
    return true;
}

static size_t rows(const struct layer *l, const struct pass *p)
{
    return p->N * (size_t)l->in.dim[0];
}

static void forward(const struct layer *l, struct pass *p)
{
    for (size_t i = 0; l->makes_mask && i < rows(l, p); i++)
        p->cache[i] = p->x[0][i] != 0;
    lookup_forward(p->x[0], p->w[0], rows(l, p), vocabulary(l), width(l), p->y);
}

static void backward(const struct layer *l, struct pass *p)
{
    if (p->dw[0])
        lookup_backward(p->x[0], p->dy, rows(l, p), vocabulary(l), width(l), p->dw[0]);
}

const struct layer_type embedding_layer = {
    .name = "embedding",
    .summary = "turns whole numbers into vectors of a table that is learnt",
    .example = "embedding 8 3",
    .before = "input 5",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
    .whole_inputs = true,
    .by_position = true,
};
