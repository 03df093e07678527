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

#define CLIP 1e-7f

INLINE float clipped(float y)
{
    return y < CLIP ? CLIP : y > 1 - CLIP ? 1 - CLIP : y;
}

KERNEL
static double mse(const float *y, const float *t, float *dy, size_t N, size_t K)
{
    size_t n = N * K;
    float scale = 2 / (float)n;
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
    return sum / (double)n;
}

KERNEL
static double binary_crossentropy(const float *y, const float *t, float *dy, size_t N, size_t K)
{
    size_t n = N * K;
    float scale = 1 / (float)n;
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
    return sum / (double)n;
}

KERNEL
static double binary_crossentropy_fused(
    const float *z, const float *y, const float *t, float *dz, size_t N, size_t K)
{
    size_t n = N * K;
    float scale = 1 / (float)n;
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)((z[i] > 0 ? z[i] : 0) - z[i] * t[i] + log1pf(expf(-fabsf(z[i]))));
    if (dz)
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            dz[i] = scale * (y[i] - t[i]);
    return sum / (double)n;
}

KERNEL
static double categorical_crossentropy(const float *y, const float *t, float *dy, size_t N, size_t K)
{
    size_t n = N * K;
    float scale = 1 / (float)N;
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum -= (double)(t[i] * logf(clipped(y[i])));
    if (dy)
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            dy[i] = -scale * t[i] / clipped(y[i]);
    return sum / (double)N;
}

/* log Σ exp(z) is z - log y for any class; the likeliest has a y far from 0. */
KERNEL
static double categorical_crossentropy_fused(
    const float *z, const float *y, const float *t, float *dz, size_t N, size_t K)
{
    float scale = 1 / (float)N;
    double sum = 0;
    for (size_t i = 0; i < N; i++, z += K, y += K, t += K) {
        float best = z[0], share = y[0], weight = 0;
        double hits = 0;
        for (size_t k = 0; k < K; k++) {
            share = z[k] > best ? y[k] : share;
            best = z[k] > best ? z[k] : best;
            weight += t[k];
            hits += (double)(t[k] * z[k]);
        }
        sum += (double)weight * ((double)best - (double)logf(share)) - hits;
        if (!dz)
            continue;
#pragma omp simd
        for (size_t k = 0; k < K; k++)
            dz[k] = scale * (y[k] * weight - t[k]);
        dz += K;
    }
    return sum / (double)N;
}

/* A sum of 0 is a mistake too, or weights that start at zero would never learn. */
KERNEL
static double perceptron(const float *y, const float *t, float *dy, size_t N, size_t K)
{
    size_t n = N * K;
    float scale = 1 / (float)n;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        float agreement = t[i] * y[i];
        sum -= agreement > 0 ? 0 : (double)agreement;
        if (dy)
            dy[i] = agreement > 0 ? 0 : -scale * t[i];
    }
    return sum / (double)n;
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
        .classes = true,
        .value = binary_crossentropy,
        .fused_with = "sigmoid",
        .fused = binary_crossentropy_fused,
    },
    {
        .name = "categorical_crossentropy",
        .summary = "surprise at the right class: for a softmax head",
        .formula = "mean over samples of -sum of t log(y)",
        .classes = true,
        .value = categorical_crossentropy,
        .fused_with = "softmax",
        .fused = categorical_crossentropy_fused,
    },
    {
        .name = "perceptron",
        .summary = "Rosenblatt's rule: only mistakes count, t is 1 or -1",
        .formula = "mean of max(0, -t y)",
        .classes = true,
        .value = perceptron,
    },
};

TABLE(loss, losses, &losses[i])
