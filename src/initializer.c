/* initializer.c - see initializer.h.
 *
 * A sum of n products of unit variance has variance n·σ². Glorot keeps it level both ways through a layer,
 * σ² = 2 / (fan_in + fan_out); He makes up for the half that a rectifier cuts off, σ² = 2 / fan_in. A uniform
 * distribution on ±a has variance a² / 3. */
#include "initializer.h"
#include "rng.h"
#include "table.h"

#include <math.h>

static void fill_uniform(double limit, uint64_t key, float *w, size_t n)
{
    struct rng r = rng_from(key);
    for (size_t i = 0; i < n; i++)
        w[i] = (float)rng_between(&r, -limit, limit);
}

static void fill_normal(double stddev, uint64_t key, float *w, size_t n)
{
    struct rng r = rng_from(key);
    for (size_t i = 0; i < n; i++)
        w[i] = (float)(stddev * rng_normal(&r));
}

static void fill_constant(float value, float *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        w[i] = value;
}

static void zeros(const double *hyper, int fan_in, int fan_out, uint64_t key, float *w, size_t n)
{
    fill_constant(0, w, n);
}

static void ones(const double *hyper, int fan_in, int fan_out, uint64_t key, float *w, size_t n)
{
    fill_constant(1, w, n);
}

static void constant(const double *hyper, int fan_in, int fan_out, uint64_t key, float *w, size_t n)
{
    fill_constant((float)hyper[0], w, n);
}

static void normal(const double *hyper, int fan_in, int fan_out, uint64_t key, float *w, size_t n)
{
    fill_normal(hyper[0], key, w, n);
}

static void uniform(const double *hyper, int fan_in, int fan_out, uint64_t key, float *w, size_t n)
{
    fill_uniform(hyper[0], key, w, n);
}

static void glorot_uniform(const double *hyper, int fan_in, int fan_out, uint64_t key, float *w, size_t n)
{
    fill_uniform(sqrt(6 / ((double)fan_in + fan_out)), key, w, n);
}

static void glorot_normal(const double *hyper, int fan_in, int fan_out, uint64_t key, float *w, size_t n)
{
    fill_normal(sqrt(2 / ((double)fan_in + fan_out)), key, w, n);
}

static void he_uniform(const double *hyper, int fan_in, int fan_out, uint64_t key, float *w, size_t n)
{
    fill_uniform(sqrt(6.0 / fan_in), key, w, n);
}

static void he_normal(const double *hyper, int fan_in, int fan_out, uint64_t key, float *w, size_t n)
{
    fill_normal(sqrt(2.0 / fan_in), key, w, n);
}

/* The bias of an lstm, gates i f c o. */
static void unit_forget(const double *hyper, int fan_in, int fan_out, uint64_t key, float *w, size_t n)
{
    fill_constant(0, w, n);
    fill_constant(1, w + n / 4, n / 4);
}

/* Of `count` vectors w + i·step, whose values lie `stride` apart, each becomes a unit vector at right angles
 * to those before it. Twice is enough: the first pass leaves rounding behind where two were nearly parallel.
 */
static void make_orthonormal(float *w, size_t count, size_t length, size_t step, size_t stride)
{
    for (size_t i = 0; i < count; i++) {
        float *a = w + i * step;
        for (size_t k = 0; k < 2 * i; k++) {
            const float *b = w + k % i * step;
            double dot = 0;
            for (size_t j = 0; j < length * stride; j += stride)
                dot += (double)a[j] * (double)b[j];
            for (size_t j = 0; j < length * stride; j += stride)
                a[j] -= (float)dot * b[j];
        }
        double square = 0;
        for (size_t j = 0; j < length * stride; j += stride)
            square += (double)a[j] * (double)a[j];
        for (size_t j = 0; j < length * stride; j += stride)
            a[j] *= (float)(1 / sqrt(square));
    }
}

/* A matrix of fan_in rows: the Q of a normal one, by Gram & Schmidt. */
static void orthogonal(const double *hyper, int fan_in, int fan_out, uint64_t key, float *w, size_t n)
{
    size_t rows = fan_in > 0 && n % (size_t)fan_in == 0 ? (size_t)fan_in : 1, columns = n / rows;
    fill_normal(1, key, w, n);
    if (rows <= columns)
        make_orthonormal(w, rows, columns, columns, 1);
    else
        make_orthonormal(w, columns, rows, 1, columns);
}

static const struct arg_row no_args[] = {{0}};

static const struct arg_row constant_args[] = {
    {.name = "value", .kind = ARG_REAL, .help = "every weight", .min = -1e6, .max = 1e6, .fallback = 0.1},
    {0},
};

static const struct arg_row normal_args[] = {
    {.name = "stddev",
        .kind = ARG_REAL,
        .help = "standard deviation",
        .min = 0,
        .max = 1e6,
        .fallback = 0.05},
    {0},
};

static const struct arg_row uniform_args[] = {
    {.name = "limit", .kind = ARG_REAL, .help = "largest weight", .min = 0, .max = 1e6, .fallback = 0.05},
    {0},
};

static const struct initializer initializers[] = {
    {"zeros", "all 0: right for biases, but equal units stay equal", no_args, zeros},
    {"ones", "all 1", no_args, ones},
    {"constant", "all the same value", constant_args, constant},
    {"normal", "bell curve around 0 of a given width", normal_args, normal},
    {"uniform", "evenly from -limit to limit", uniform_args, uniform},
    {"glorot_uniform", "evenly, scaled to inputs and outputs: for tanh, sigmoid, linear", no_args,
        glorot_uniform},
    {"glorot_normal", "bell curve, scaled to inputs and outputs", no_args, glorot_normal},
    {"he_uniform", "evenly, scaled to inputs: for relu and its kin", no_args, he_uniform},
    {"he_normal", "bell curve, scaled to inputs: for relu and its kin", no_args, he_normal},
    {"orthogonal", "rows at right angles: a state keeps its length from step to step", no_args, orthogonal},
    {"unit_forget", "0, and 1 for the forget gate: for the bias of an lstm", no_args, unit_forget},
};

TABLE(initializer, initializers, &initializers[i])
