/* positional.c - adds to each position of a sequence a vector that says where it is (Vaswani and others
 * 2017): one that is learnt, or sines and cosines of falling frequency, which need no learning. */
#include "error.h"
#include "kernels/elementwise.h"
#include "kernels/lookup.h"
#include "layer.h"

enum { KIND };
enum { LEARNED, SINUSOIDAL, KINDS };

static const char *kind_name(size_t i)
{
    static const char *const names[KINDS] = {[LEARNED] = "learned", [SINUSOIDAL] = "sinusoidal"};
    return i < KINDS ? names[i] : NULL;
}

static const struct arg_row args[] = {
    [KIND] = {.name = "kind",
        .kind = ARG_CHOICE,
        .help = "vectors that are learnt, or sines and cosines",
        .initial = "learned",
        .choice = kind_name},
    {0},
};

static bool build(struct layer *l, struct error *e)
{
    if (l->in.rank != 2)
        return error_set(e, "it reads a sequence of positions x values: an `embedding` gives one");
    l->out = l->in;
    if (l->arg[KIND].number == SINUSOIDAL) {
        l->batch_cache = shape_size(&l->in);
        return true;
    }
    struct param *table = layer_add_param(l, "embeddings", l->in);
    table->decays = true;
    table->initializer = "uniform";
    return true;
}

static void forward(const struct layer *l, struct pass *p)
{
    size_t n = shape_size(&l->in);
    const float *place = l->params ? p->w[0] : p->batch_cache;
    if (!l->params)
        positions_sinusoid(p->batch_cache, (size_t)l->in.dim[0], (size_t)l->in.dim[1]);
    positions_add(p->x[0], place, p->y, p->N, n);
}

static void backward(const struct layer *l, struct pass *p)
{
    size_t n = shape_size(&l->in);
    if (l->params && p->dw[0])
        bias_gradient(p->dy, p->dw[0], p->N, n);
    if (p->dx[0])
        values_pass(p->dy, p->dx[0], p->N * n, p->add[0]);
}

const struct layer_type positional_layer = {
    .name = "positional",
    .summary = "adds to each position a vector that says where it is",
    .example = "positional",
    .before = "input 4x3",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
};
