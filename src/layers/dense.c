/* dense.c - every unit reads every input: y = f(x·w + b).
 *
 * x is M x in, w in x units, y M x units; M counts samples, and with inputs of rank 2 and more every position
 * of a sample too, for the layer acts on the last axis. Backward, with dz = dy·f'(z):
 *
 *     dw = xᵀ·dz      db = the sum of the rows of dz      dx = dz·wᵀ */
#include "activation.h"
#include "error.h"
#include "initializer.h"
#include "kernels/elementwise.h"
#include "kernels/gemm.h"
#include "layer.h"

enum { UNITS, ACTIVATION, INIT, USE_BIAS };
enum { KERNEL_PARAM, BIAS_PARAM };

static const struct arg_row args[] = {
    [UNITS] = {.name = "units",
        .kind = ARG_INT,
        .help = "how many units",
        .min = 1,
        .max = 1e6,
        .flags = ARG_REQUIRED},
    [ACTIVATION] = {.name = "activation",
        .kind = ARG_CHOICE,
        .help = "applied to each sum",
        .initial = "linear",
        .choice = activation_name},
    [INIT] = {.name = "init",
        .kind = ARG_CHOICE,
        .help = "first weights: he_normal for relu and its kin, else glorot_uniform",
        .choice = initializer_name,
        .flags = ARG_KEY_ONLY},
    [USE_BIAS] = {.name = "use_bias",
        .kind = ARG_FLAG,
        .help = "each unit has a bias",
        .fallback = 1,
        .flags = ARG_KEY_ONLY},
    {0},
};

static size_t inputs(const struct layer *l)
{
    return (size_t)l->in.dim[l->in.rank - 1];
}

static size_t units(const struct layer *l)
{
    return (size_t)l->out.dim[l->out.rank - 1];
}

static size_t positions(const struct layer *l)
{
    return shape_size(&l->in) / inputs(l);
}

static bool build(struct layer *l, struct error *e)
{
    int in = l->in.dim[l->in.rank - 1], out = (int)l->arg[UNITS].number;
    l->activation = activation_find(l->arg[ACTIVATION].text);
    l->out = l->in;
    l->out.dim[l->out.rank - 1] = out;
    struct param *kernel = layer_add_param(l, "kernel", shape_of(2, in, out));
    kernel->fan_in = in;
    kernel->fan_out = out;
    kernel->decays = true;
    kernel->initializer = l->arg[INIT].text          ? l->arg[INIT].text
                          : l->activation->rectifier ? "he_normal"
                                                     : "glorot_uniform";
    if (l->arg[USE_BIAS].number != 0) {
        struct param *bias = layer_add_param(l, "bias", shape_of(1, out));
        bias->fan_in = in;
        bias->fan_out = out;
    }
    l->keep_z = l->activation->needs_z || l->activation->encoding != ENCODE_SIGN;
    l->cache = l->keep_z ? shape_size(&l->out) : 0;
    return true;
}

static void forward(const struct layer *l, struct pass *p)
{
    size_t M = p->N * positions(l), N = units(l);
    float *z = l->keep_z ? p->cache : p->y;
    gemm_bias(
        M, N, inputs(l), p->x[0], p->w[KERNEL_PARAM], l->params > BIAS_PARAM ? p->w[BIAS_PARAM] : NULL, z);
    activation_forward(l->activation, z, p->y, M, N);
}

static void backward(const struct layer *l, struct pass *p)
{
    size_t M = p->N * positions(l), N = units(l), K = inputs(l);
    float *dz = p->dy;
    if (!p->dy_is_dz)
        activation_backward(l->activation, p->cache, p->y, p->dy, dz, M, N);
    if (p->dw[KERNEL_PARAM])
        gemm(true, false, K, N, M, p->x[0], K, dz, N, false, p->dw[KERNEL_PARAM], N);
    if (l->params > BIAS_PARAM && p->dw[BIAS_PARAM])
        bias_gradient(dz, p->dw[BIAS_PARAM], M, N);
    if (p->dx[0])
        gemm(false, true, M, K, N, dz, N, p->w[KERNEL_PARAM], N, p->add[0], p->dx[0], K);
}

static double macs(const struct layer *l)
{
    return (double)shape_size(&l->out) * (double)inputs(l);
}

const struct layer_type dense_layer = {
    .name = "dense",
    .summary = "every unit reads every input",
    .example = "dense 16 relu",
    .args = args,
    .build = build,
    .forward = forward,
    .backward = backward,
    .macs = macs,
    .by_position = true,
};
