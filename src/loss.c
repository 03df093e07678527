/* loss.c - see loss.h.
 *
 * Cross-entropy from z, never from y alone: with y = sigmoid(z),
 *     -t log y - (1-t) log(1-y) = max(z, 0) - z·t + log(1 + exp(-|z|)),
 * and with y = softmax(z), -Σ t log y = Σ t·(log Σ exp(z) - z): no exponential overflows, no logarithm meets
 * 0, and both have the gradient y - t. The unfused forms clip y to [1e-7, 1 - 1e-7] as Keras does;
 * comparisons let NaN through. Sums are in float64. */
#include "loss.h"
#include "kernels/simd.h"
#include "table.h"

#include <string.h>

#define CLIP 1e-7f

INLINE float clipped(float y)
{
    return y < CLIP ? CLIP : y > 1 - CLIP ? 1 - CLIP : y;
}

size_t loss_rows(const struct loss_batch *b)
{
    return b->N * b->P;
}

double loss_weight(const struct loss_batch *b)
{
    size_t rows = loss_rows(b);
    double sum = 0;
    if (!b->weight)
        return (double)rows;
    for (size_t i = 0; i < rows; i++)
        sum += (double)b->weight[i];
    return sum;
}

/* What each row counts, divided by what all count; a batch of padding alone counts nothing. */
INLINE float row_share(const struct loss_batch *b, size_t row, double whole)
{
    return whole > 0 ? (float)((b->weight ? (double)b->weight[row] : 1) / whole) : 0;
}

KERNEL
static double squares(const float *y, const float *t, float *dy, size_t n, float scale)
{
    double sum = 0;
    if (dy) {
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < n; i++) {
            float d = y[i] - t[i];
            dy[i] = scale * d;
            sum += (double)(d * d);
        }
    } else {
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < n; i++)
            sum += (double)((y[i] - t[i]) * (y[i] - t[i]));
    }
    return sum;
}

/* Runs a loop over values: all at once, or row by row where the rows have weights. */
INLINE double over_rows(const struct loss_batch *b, double parts, float factor,
    double (*loop)(const float *, const float *, float *, size_t, float), const float *from)
{
    size_t rows = loss_rows(b), K = b->K;
    double whole = loss_weight(b) * parts, sum = 0;
    if (!b->weight)
        return loop(from, b->t, b->dy, rows * K, factor / (float)whole) / whole;
    for (size_t i = 0; i < rows; i++) {
        float share = row_share(b, i, whole);
        sum +=
            (double)share * loop(from + i * K, b->t + i * K, b->dy ? b->dy + i * K : NULL, K, factor * share);
    }
    return sum;
}

static double mse(const struct loss_batch *b)
{
    return over_rows(b, (double)b->K, 2, squares, b->y);
}

KERNEL
static double binary_loop(const float *y, const float *t, float *dy, size_t n, float scale)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) {
        float p = clipped(y[i]);
        sum -= (double)(t[i] * logf(p) + (1 - t[i]) * log1pf(-p));
    }
    if (dy)
#pragma omp simd
        for (size_t i = 0; i < n; i++) {
            float p = clipped(y[i]);
            dy[i] = scale * (p - t[i]) / (p * (1 - p));
        }
    return sum;
}

static double binary_crossentropy(const struct loss_batch *b)
{
    return over_rows(b, (double)b->K, 1, binary_loop, b->y);
}

KERNEL
static double binary_fused_loop(
    const float *z, const float *y, const float *t, float *dz, size_t n, float scale)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)((z[i] > 0 ? z[i] : 0) - z[i] * t[i] + log1pf(expf(-fabsf(z[i]))));
    if (dz)
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            dz[i] = scale * (y[i] - t[i]);
    return sum;
}

static double binary_crossentropy_fused(const struct loss_batch *b)
{
    size_t rows = loss_rows(b), K = b->K;
    double whole = loss_weight(b) * (double)K, sum = 0;
    if (!b->weight)
        return binary_fused_loop(b->z, b->y, b->t, b->dy, rows * K, (float)(1 / whole)) / whole;
    for (size_t i = 0; i < rows; i++) {
        float share = row_share(b, i, whole);
        sum += (double)share * binary_fused_loop(b->z + i * K, b->y + i * K, b->t + i * K,
                                   b->dy ? b->dy + i * K : NULL, K, share);
    }
    return sum;
}

KERNEL
static double categorical_loop(const float *y, const float *t, float *dy, size_t n, float scale)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum -= (double)(t[i] * logf(clipped(y[i])));
    if (dy)
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            dy[i] = -scale * t[i] / clipped(y[i]);
    return sum;
}

static double categorical_crossentropy(const struct loss_batch *b)
{
    return over_rows(b, 1, 1, categorical_loop, b->y);
}

/* log Σ exp(z) is z - log y for any class; the likeliest has a y far from 0. */
KERNEL
static double categorical_crossentropy_fused(const struct loss_batch *b)
{
    size_t rows = loss_rows(b), K = b->K;
    const float *z = b->z, *y = b->y, *t = b->t;
    float *dz = b->dy;
    double sum = 0, whole = loss_weight(b);
    for (size_t i = 0; i < rows; i++, z += K, y += K, t += K) {
        float best = z[0], share = y[0], weight = 0, scale = row_share(b, i, whole);
        double hits = 0;
        for (size_t k = 0; k < K; k++) {
            share = z[k] > best ? y[k] : share;
            best = z[k] > best ? z[k] : best;
            weight += t[k];
            hits += (double)(t[k] * z[k]);
        }
        sum += (double)scale * ((double)weight * ((double)best - (double)logf(share)) - hits);
        if (!dz)
            continue;
#pragma omp simd
        for (size_t k = 0; k < K; k++)
            dz[k] = scale * (y[k] * weight - t[k]);
        dz += K;
    }
    return sum;
}

/* The same where the target is one class's number: t = -1 counts nothing. */
KERNEL
static double sparse_fused(const struct loss_batch *b)
{
    size_t rows = loss_rows(b), K = b->K;
    const float *z = b->z, *y = b->y;
    float *dz = b->dy;
    double sum = 0, whole = loss_weight(b);
    for (size_t i = 0; i < rows; i++, z += K, y += K) {
        float best = z[0], share = y[0], scale = row_share(b, i, whole);
        long class = (long)b->t[i];
        for (size_t k = 1; k < K; k++) {
            share = z[k] > best ? y[k] : share;
            best = z[k] > best ? z[k] : best;
        }
        scale = class < 0 ? 0 : scale;
        if (class >= 0)
            sum += (double)scale * ((double)best - (double)logf(share) - (double)z[class]);
        if (!dz)
            continue;
#pragma omp simd
        for (size_t k = 0; k < K; k++)
            dz[k] = scale * y[k];
        if (class >= 0)
            dz[class] -= scale;
        dz += K;
    }
    return sum;
}

static double sparse(const struct loss_batch *b)
{
    size_t rows = loss_rows(b), K = b->K;
    double sum = 0, whole = loss_weight(b);
    if (b->dy)
        memset(b->dy, 0, rows * K * sizeof *b->dy);
    for (size_t i = 0; i < rows; i++) {
        long class = (long)b->t[i];
        if (class < 0)
            continue;
        float p = clipped(b->y[i * K + (size_t) class]), scale = row_share(b, i, whole);
        sum -= (double)(scale * logf(p));
        if (b->dy)
            b->dy[i * K + (size_t) class] = -scale / p;
    }
    return sum;
}

/* A sum of 0 is a mistake too, or weights that start at zero would never learn. */
KERNEL
static double perceptron_loop(const float *y, const float *t, float *dy, size_t n, float scale)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        float agreement = t[i] * y[i];
        sum -= agreement > 0 ? 0 : (double)agreement;
        if (dy)
            dy[i] = agreement > 0 ? 0 : -scale * t[i];
    }
    return sum;
}

static double perceptron(const struct loss_batch *b)
{
    return over_rows(b, (double)b->K, 1, perceptron_loop, b->y);
}

static const struct loss losses[] = {
    {
        .name = "mse",
        .summary = "mean squared error: for numbers",
        .formula = "mean of (y - t)^2",
        .value = mse,
    },
    {
        .name = "binary_crossentropy",
        .summary = "surprise at a yes or no: for a sigmoid head",
        .formula = "mean of -t log(y) - (1 - t) log(1 - y)",
        .targets = LOSS_CLASSES,
        .value = binary_crossentropy,
        .fused_with = "sigmoid",
        .fused = binary_crossentropy_fused,
    },
    {
        .name = "categorical_crossentropy",
        .summary = "surprise at the right class: for a softmax head",
        .formula = "mean over samples of -sum of t log(y)",
        .targets = LOSS_CLASSES,
        .value = categorical_crossentropy,
        .fused_with = "softmax",
        .fused = categorical_crossentropy_fused,
    },
    {
        .name = "sparse_categorical_crossentropy",
        .summary = "the same, with the class's number as target: for many classes and for text",
        .formula = "mean over rows of -log(y of the right class)",
        .targets = LOSS_INDEX,
        .value = sparse,
        .fused_with = "softmax",
        .fused = sparse_fused,
    },
    {
        .name = "perceptron",
        .summary = "Rosenblatt's rule: only mistakes count, t is 1 or -1",
        .formula = "mean of max(0, -t y)",
        .targets = LOSS_CLASSES,
        .value = perceptron,
    },
};

TABLE(loss, losses, &losses[i])
