/* optimizer.c - see optimizer.h. Names and defaults are Keras's; the arithmetic is PyTorch's, in float32:
 *
 *     sgd       m = momentum·m + g            w -= lr·m, or with nesterov lr·(g + momentum·m)
 *     rmsprop   v = rho·v + (1 - rho)·g²      m = momentum·m + g / (sqrt(v) + epsilon)     w -= lr·m
 *     adagrad   v = v + g²                    w -= lr·g / (sqrt(start + v) + epsilon)
 *     adadelta  v = rho·v + (1 - rho)·g²      d = sqrt(m + epsilon) / sqrt(v + epsilon)·g
 *               m = rho·m + (1 - rho)·d²      w -= lr·d
 *     adam      m = b1·m + (1 - b1)·g         v = b2·v + (1 - b2)·g²
 *               w -= lr / (1 - b1^t) · m / (sqrt(v / (1 - b2^t)) + epsilon)
 *     adamw     adam, with a weight decay from the start
 *     nadam     m, v as adam; u_t = b1·(1 - 0.96^(t·momentum_decay) / 2); P_t = u_1·…·u_t
 *               d = u_(t+1) / (1 - P_(t+1))·m + (1 - u_t) / (1 - P_t)·g
 *               w -= lr·d / (sqrt(v / (1 - b2^t)) + epsilon)
 *     lion      w -= lr·sign(b1·m + (1 - b1)·g)      m = b2·m + (1 - b2)·g
 *
 * sgd: Polyak 1964, Sutskever and others 2013. rmsprop: Tieleman & Hinton 2012. adagrad: Duchi and others
 * 2011. adadelta: Zeiler 2012. adam: Kingma & Ba 2015. adamw: Loshchilov & Hutter 2019. nadam: Dozat 2016;
 * its momentum_decay is PyTorch's 0.004, where Keras has 1. lion: Chen and others 2023.
 *
 * Weight decay comes first and is the same for all: w = keep·w with keep = 1 - lr·weight_decay. */
#include "optimizer.h"
#include "kernels/simd.h"
#include "kernels/threads.h"
#include "table.h"

#include <stdbool.h>

enum { SGD_MOMENTUM, SGD_NESTEROV };
enum { RMSPROP_RHO, RMSPROP_EPSILON, RMSPROP_MOMENTUM };
enum { ADAGRAD_START, ADAGRAD_EPSILON };
enum { ADADELTA_RHO, ADADELTA_EPSILON };
enum { BETA_1, BETA_2, EPSILON, MOMENTUM_DECAY }; /* of adam and its kin */

static float keep_of(const struct update *u)
{
    return (float)(1 - u->lr * u->weight_decay);
}

KERNEL
static void sgd_plain(float *restrict w, const float *restrict g, float lr, float keep, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        w[i] = keep * w[i] - lr * g[i];
}

KERNEL
static void sgd_momentum(float *restrict w, float *restrict m, const float *restrict g, float lr, float keep,
    float momentum, bool nesterov, size_t n)
{
    float now = nesterov ? 1 : 0, then = nesterov ? momentum : 1;
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        m[i] = momentum * m[i] + g[i];
        w[i] = keep * w[i] - lr * (now * g[i] + then * m[i]);
    }
}

static void sgd(const void *arg, size_t first, size_t n)
{
    const struct update *u = arg;
    float momentum = (float)u->hyper[SGD_MOMENTUM], lr = (float)u->lr;
    if (momentum == 0)
        sgd_plain(u->w + first, u->g + first, lr, keep_of(u), n);
    else
        sgd_momentum(u->w + first, u->m[0] + first, u->g + first, lr, keep_of(u), momentum,
            u->hyper[SGD_NESTEROV] != 0, n);
}

KERNEL
static void rmsprop_loop(float *restrict w, float *restrict v, float *restrict m, const float *restrict g,
    float lr, float keep, float rho, float epsilon, float momentum, size_t n)
{
    float fresh = 1 - rho;
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        v[i] = rho * v[i] + fresh * g[i] * g[i];
        m[i] = momentum * m[i] + g[i] / (sqrtf(v[i]) + epsilon);
        w[i] = keep * w[i] - lr * m[i];
    }
}

static void rmsprop(const void *arg, size_t first, size_t n)
{
    const struct update *u = arg;
    rmsprop_loop(u->w + first, u->m[0] + first, u->m[1] + first, u->g + first, (float)u->lr, keep_of(u),
        (float)u->hyper[RMSPROP_RHO], (float)u->hyper[RMSPROP_EPSILON], (float)u->hyper[RMSPROP_MOMENTUM], n);
}

KERNEL
static void adagrad_loop(float *restrict w, float *restrict v, const float *restrict g, float lr, float keep,
    float start, float epsilon, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        v[i] += g[i] * g[i];
        w[i] = keep * w[i] - lr * g[i] / (sqrtf(start + v[i]) + epsilon);
    }
}

static void adagrad(const void *arg, size_t first, size_t n)
{
    const struct update *u = arg;
    adagrad_loop(u->w + first, u->m[0] + first, u->g + first, (float)u->lr, keep_of(u),
        (float)u->hyper[ADAGRAD_START], (float)u->hyper[ADAGRAD_EPSILON], n);
}

KERNEL
static void adadelta_loop(float *restrict w, float *restrict v, float *restrict m, const float *restrict g,
    float lr, float keep, float rho, float epsilon, size_t n)
{
    float fresh = 1 - rho;
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        v[i] = rho * v[i] + fresh * g[i] * g[i];
        float d = sqrtf(m[i] + epsilon) / sqrtf(v[i] + epsilon) * g[i];
        m[i] = rho * m[i] + fresh * d * d;
        w[i] = keep * w[i] - lr * d;
    }
}

static void adadelta(const void *arg, size_t first, size_t n)
{
    const struct update *u = arg;
    adadelta_loop(u->w + first, u->m[0] + first, u->m[1] + first, u->g + first, (float)u->lr, keep_of(u),
        (float)u->hyper[ADADELTA_RHO], (float)u->hyper[ADADELTA_EPSILON], n);
}

/* new: 1 - beta; scale: 1 / sqrt(1 - beta_2^t); lr and lr_now are those of m and of g, corrected for the
 * start. */
struct adam {
    float lr, lr_now, keep, beta_1, beta_2, new_1, new_2, epsilon, scale;
};

static struct adam adam_numbers(const struct update *u)
{
    double b1 = u->hyper[BETA_1], b2 = u->hyper[BETA_2], t = (double)u->t;
    return (struct adam){
        .lr = (float)(u->lr / (1 - pow(b1, t))),
        .keep = keep_of(u),
        .beta_1 = (float)b1,
        .beta_2 = (float)b2,
        .new_1 = (float)(1 - b1),
        .new_2 = (float)(1 - b2),
        .epsilon = (float)u->hyper[EPSILON],
        .scale = (float)(1 / sqrt(1 - pow(b2, t))),
    };
}

KERNEL
static void adam_loop(
    float *restrict w, float *restrict m, float *restrict v, const float *restrict g, struct adam a, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        m[i] = a.beta_1 * m[i] + a.new_1 * g[i];
        v[i] = a.beta_2 * v[i] + a.new_2 * g[i] * g[i];
        w[i] = a.keep * w[i] - a.lr * m[i] / (sqrtf(v[i]) * a.scale + a.epsilon);
    }
}

static void adam(const void *arg, size_t first, size_t n)
{
    const struct update *u = arg;
    adam_loop(u->w + first, u->m[0] + first, u->m[1] + first, u->g + first, adam_numbers(u), n);
}

KERNEL
static void nadam_loop(
    float *restrict w, float *restrict m, float *restrict v, const float *restrict g, struct adam a, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        m[i] = a.beta_1 * m[i] + a.new_1 * g[i];
        v[i] = a.beta_2 * v[i] + a.new_2 * g[i] * g[i];
        w[i] = a.keep * w[i] - (a.lr * m[i] + a.lr_now * g[i]) / (sqrtf(v[i]) * a.scale + a.epsilon);
    }
}

/* The product u_1 … u_t shrinks at least as fast as b1^t: once 1 - P is 1, further factors change nothing. */
static void nadam_rates(const struct update *u, struct adam *a)
{
    double b1 = u->hyper[BETA_1], decay = pow(0.96, u->hyper[MOMENTUM_DECAY]), product = 1;
    for (uint64_t i = 1; i <= u->t && product > 1e-17; i++)
        product *= b1 * (1 - 0.5 * pow(decay, (double)i));
    double now = b1 * (1 - 0.5 * pow(decay, (double)u->t));
    double next = b1 * (1 - 0.5 * pow(decay, (double)u->t + 1));
    a->lr = (float)(u->lr * next / (1 - product * next));
    a->lr_now = (float)(u->lr * (1 - now) / (1 - product));
}

static void nadam(const void *arg, size_t first, size_t n)
{
    const struct update *u = arg;
    struct adam a = adam_numbers(u);
    nadam_rates(u, &a);
    nadam_loop(u->w + first, u->m[0] + first, u->m[1] + first, u->g + first, a, n);
}

/* c - c is 0, and NaN where c is not finite: that must stay visible. */
KERNEL
static void lion_loop(float *restrict w, float *restrict m, const float *restrict g, float lr, float keep,
    float beta_1, float beta_2, size_t n)
{
    float new_1 = 1 - beta_1, new_2 = 1 - beta_2;
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        float c = beta_1 * m[i] + new_1 * g[i];
        float sign = (c > 0 ? 1.0f : 0.0f) - (c < 0 ? 1.0f : 0.0f) + (c - c);
        w[i] = keep * w[i] - lr * sign;
        m[i] = beta_2 * m[i] + new_2 * g[i];
    }
}

static void lion(const void *arg, size_t first, size_t n)
{
    const struct update *u = arg;
    lion_loop(u->w + first, u->m[0] + first, u->g + first, (float)u->lr, keep_of(u), (float)u->hyper[BETA_1],
        (float)u->hyper[BETA_2], n);
}

void optimizer_update(const struct optimizer *o, const struct update *u)
{
    kernels_split(u->n, o->update, u);
}

#define SHARE(name_, help_, fallback_)                                                                    \
    {                                                                                                     \
        .name = name_, .kind = ARG_REAL, .help = help_, .min = 0, .max = 0.999999, .fallback = fallback_, \
        .flags = ARG_KEY_ONLY                                                                             \
    }
#define DIVISOR                                                                                      \
    {                                                                                                \
        .name = "epsilon", .kind = ARG_REAL, .help = "keeps the divisor from 0", .min = 0, .max = 1, \
        .fallback = 1e-7, .flags = ARG_KEY_ONLY                                                      \
    }

static const struct arg_row sgd_args[] = {
    [SGD_MOMENTUM] = SHARE("momentum", "share of the last step that is kept", 0),
    [SGD_NESTEROV] = {.name = "nesterov",
        .kind = ARG_FLAG,
        .help = "look ahead along the momentum",
        .flags = ARG_KEY_ONLY},
    {0},
};

static const struct arg_row rmsprop_args[] = {
    [RMSPROP_RHO] = SHARE("rho", "memory of squared gradients", 0.9),
    [RMSPROP_EPSILON] = DIVISOR,
    [RMSPROP_MOMENTUM] = SHARE("momentum", "share of the last step that is kept", 0),
    {0},
};

static const struct arg_row adagrad_args[] = {
    [ADAGRAD_START] = {.name = "initial_accumulator_value",
        .kind = ARG_REAL,
        .help = "the sum of squared gradients starts there",
        .min = 0,
        .max = 1e6,
        .fallback = 0.1,
        .flags = ARG_KEY_ONLY},
    [ADAGRAD_EPSILON] = DIVISOR,
    {0},
};

static const struct arg_row adadelta_args[] = {
    [ADADELTA_RHO] = SHARE("rho", "memory of squared gradients", 0.95),
    [ADADELTA_EPSILON] = DIVISOR,
    {0},
};

static const struct arg_row adam_args[] = {
    [BETA_1] = SHARE("beta_1", "memory of gradients", 0.9),
    [BETA_2] = SHARE("beta_2", "memory of squared gradients", 0.999),
    [EPSILON] = DIVISOR,
    {0},
};

static const struct arg_row nadam_args[] = {
    [BETA_1] = SHARE("beta_1", "memory of gradients", 0.9),
    [BETA_2] = SHARE("beta_2", "memory of squared gradients", 0.999),
    [EPSILON] = DIVISOR,
    [MOMENTUM_DECAY] = {.name = "momentum_decay",
        .kind = ARG_REAL,
        .help = "how fast beta_1 comes to its full size",
        .min = 0,
        .max = 1,
        .fallback = 0.004,
        .flags = ARG_KEY_ONLY},
    {0},
};

static const struct arg_row lion_args[] = {
    [BETA_1] = SHARE("beta_1", "memory of gradients in the step", 0.9),
    [BETA_2] = SHARE("beta_2", "memory of gradients that is kept", 0.99),
    {0},
};

static const struct optimizer optimizers[] = {
    {
        .name = "sgd",
        .summary = "straight down the slope, with momentum if asked",
        .formula = "w = w - lr g",
        .args = sgd_args,
        .lr = 0.01,
        .moments = 1,
        .update = sgd,
    },
    {
        .name = "rmsprop",
        .summary = "each weight's step is divided by the usual size of its gradient",
        .formula = "w = w - lr g / sqrt(mean of g^2)",
        .args = rmsprop_args,
        .lr = 0.001,
        .moments = 2,
        .update = rmsprop,
    },
    {
        .name = "adagrad",
        .summary = "each weight's step shrinks with all the gradients it has had",
        .formula = "w = w - lr g / sqrt(sum of g^2)",
        .args = adagrad_args,
        .lr = 0.001,
        .moments = 1,
        .update = adagrad,
    },
    {
        .name = "adadelta",
        .summary = "steps of the size of earlier steps, so that lr hardly matters; take lr=1",
        .formula = "w = w - lr g sqrt(mean of d^2) / sqrt(mean of g^2), d the step before lr",
        .args = adadelta_args,
        .lr = 0.001,
        .moments = 2,
        .update = adadelta,
    },
    {
        .name = "adam",
        .summary = "momentum and rmsprop together, corrected for their start at 0",
        .formula = "w = w - lr mean of g / sqrt(mean of g^2)",
        .args = adam_args,
        .lr = 0.001,
        .moments = 2,
        .update = adam,
    },
    {
        .name = "adamw",
        .summary = "adam that also shrinks every weight a little at each step",
        .formula = "w = w - lr weight_decay w - lr mean of g / sqrt(mean of g^2)",
        .args = adam_args,
        .lr = 0.001,
        .weight_decay = 0.004,
        .moments = 2,
        .update = adam,
    },
    {
        .name = "nadam",
        .summary = "adam with Nesterov's look ahead along the momentum",
        .formula = "w = w - lr (mean of g, one step ahead) / sqrt(mean of g^2)",
        .args = nadam_args,
        .lr = 0.001,
        .moments = 2,
        .update = nadam,
    },
    {
        .name = "lion",
        .summary = "steps of one size for every weight, by the sign of the mean gradient",
        .formula = "w = w - lr sign(mean of g)",
        .args = lion_args,
        .lr = 0.001,
        .moments = 1,
        .update = lion,
    },
};

TABLE(optimizer, optimizers, &optimizers[i])
