/* optimizer.c - see optimizer.h. Names and defaults are Keras's; the arithmetic is PyTorch's, in float32:
 *
 *     sgd       m = momentum·m + g            w -= lr·m, or with nesterov lr·(g + momentum·m)
 *     rmsprop   v = rho·v + (1 - rho)·g²      m = momentum·m + g / (sqrt(v) + epsilon)     w -= lr·m
 *     adam      m = b1·m + (1 - b1)·g         v = b2·v + (1 - b2)·g²
 *               w -= lr / (1 - b1^t) · m / (sqrt(v / (1 - b2^t)) + epsilon)
 *
 * sgd: Polyak 1964, Sutskever and others 2013. rmsprop: Tieleman & Hinton 2012. adam: Kingma & Ba 2015. */
#include "optimizer.h"
#include "kernels/simd.h"
#include "kernels/threads.h"
#include "table.h"

#include <stdbool.h>

enum { SGD_MOMENTUM, SGD_NESTEROV };
enum { RMSPROP_RHO, RMSPROP_EPSILON, RMSPROP_MOMENTUM };
enum { ADAM_BETA_1, ADAM_BETA_2, ADAM_EPSILON };

KERNEL
static void sgd_plain(float *restrict w, const float *restrict g, float lr, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        w[i] -= lr * g[i];
}

KERNEL
static void sgd_momentum(float *restrict w, float *restrict m, const float *restrict g, float lr,
    float momentum, bool nesterov, size_t n)
{
    float now = nesterov ? 1 : 0, then = nesterov ? momentum : 1;
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        m[i] = momentum * m[i] + g[i];
        w[i] -= lr * (now * g[i] + then * m[i]);
    }
}

static void sgd_range(const void *arg, size_t first, size_t n)
{
    const struct update *u = arg;
    float momentum = (float)u->hyper[SGD_MOMENTUM], lr = (float)u->lr;
    if (momentum == 0)
        sgd_plain(u->w + first, u->g + first, lr, n);
    else
        sgd_momentum(
            u->w + first, u->m[0] + first, u->g + first, lr, momentum, u->hyper[SGD_NESTEROV] != 0, n);
}

KERNEL
static void rmsprop_loop(float *restrict w, float *restrict v, float *restrict m, const float *restrict g,
    float lr, float rho, float epsilon, float momentum, size_t n)
{
    float fresh = 1 - rho;
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        v[i] = rho * v[i] + fresh * g[i] * g[i];
        m[i] = momentum * m[i] + g[i] / (sqrtf(v[i]) + epsilon);
        w[i] -= lr * m[i];
    }
}

static void rmsprop_range(const void *arg, size_t first, size_t n)
{
    const struct update *u = arg;
    rmsprop_loop(u->w + first, u->m[0] + first, u->m[1] + first, u->g + first, (float)u->lr,
        (float)u->hyper[RMSPROP_RHO], (float)u->hyper[RMSPROP_EPSILON], (float)u->hyper[RMSPROP_MOMENTUM], n);
}

struct adam {
    float lr, beta_1, beta_2, new_1, new_2, epsilon, scale; /* new: 1 - beta; scale: 1 / sqrt(1 - beta_2^t) */
};

KERNEL
static void adam_loop(
    float *restrict w, float *restrict m, float *restrict v, const float *restrict g, struct adam a, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        m[i] = a.beta_1 * m[i] + a.new_1 * g[i];
        v[i] = a.beta_2 * v[i] + a.new_2 * g[i] * g[i];
        w[i] -= a.lr * m[i] / (sqrtf(v[i]) * a.scale + a.epsilon);
    }
}

static void adam_range(const void *arg, size_t first, size_t n)
{
    const struct update *u = arg;
    double b1 = u->hyper[ADAM_BETA_1], b2 = u->hyper[ADAM_BETA_2], t = (double)u->t;
    struct adam a = {
        .lr = (float)(u->lr / (1 - pow(b1, t))),
        .beta_1 = (float)b1,
        .beta_2 = (float)b2,
        .new_1 = (float)(1 - b1),
        .new_2 = (float)(1 - b2),
        .epsilon = (float)u->hyper[ADAM_EPSILON],
        .scale = (float)(1 / sqrt(1 - pow(b2, t))),
    };
    adam_loop(u->w + first, u->m[0] + first, u->m[1] + first, u->g + first, a, n);
}

static void sgd(const struct update *u)
{
    kernels_split(u->n, sgd_range, u);
}

static void rmsprop(const struct update *u)
{
    kernels_split(u->n, rmsprop_range, u);
}

static void adam(const struct update *u)
{
    kernels_split(u->n, adam_range, u);
}

#define SHARE(name_, help_, fallback_)                                                                    \
    {                                                                                                     \
        .name = name_, .kind = ARG_REAL, .help = help_, .min = 0, .max = 0.999999, .fallback = fallback_, \
        .flags = ARG_KEY_ONLY                                                                             \
    }
#define EPSILON                                                                                      \
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
    [RMSPROP_EPSILON] = EPSILON,
    [RMSPROP_MOMENTUM] = SHARE("momentum", "share of the last step that is kept", 0),
    {0},
};

static const struct arg_row adam_args[] = {
    [ADAM_BETA_1] = SHARE("beta_1", "memory of gradients", 0.9),
    [ADAM_BETA_2] = SHARE("beta_2", "memory of squared gradients", 0.999),
    [ADAM_EPSILON] = EPSILON,
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
        .name = "adam",
        .summary = "momentum and rmsprop together, corrected for their start at 0",
        .formula = "w = w - lr mean of g / sqrt(mean of g^2)",
        .args = adam_args,
        .lr = 0.001,
        .moments = 2,
        .update = adam,
    },
};

TABLE(optimizer, optimizers, &optimizers[i])
