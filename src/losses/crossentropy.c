/* crossentropy.c - cross-entropy, with two classes, with many, by the class's number; and Kullback &
 * Leibler's divergence.
 *
 * From z, never from y alone: with y = sigmoid(z),
 *     -t log y - (1-t) log(1-y) = max(z, 0) - z·t + log(1 + exp(-|z|)),
 * and with y = softmax(z), -Σ t log y = Σ t·(log Σ exp(z) - z): no exponential overflows, no logarithm meets
 * 0, and both have the gradient y - t.
 *
 * Label smoothing by s (Szegedy and others 2016) mixes the targets with even ones: (1-s)·t + s/K, of a bit
 * (1-s)·t + s/2. Targets that are all 0 stay so. */
#include "rows.h"

#include <string.h>

static float smoothing(const struct loss_batch *b)
{
    return (float)b->hyper[0];
}

/* --- yes or no --- */

KERNEL
static double binary_loop(const float *y, const float *t, float *dy, size_t n, float scale, float smooth)
{
    double sum = 0;
    float keep = 1 - smooth, half = smooth / 2;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) {
        float p = clipped(y[i]), truth = keep * t[i] + half;
        sum -= (double)(truth * logf(p) + (1 - truth) * log1pf(-p));
    }
    if (dy)
#pragma omp simd
        for (size_t i = 0; i < n; i++) {
            float p = clipped(y[i]);
            dy[i] = scale * (p - keep * t[i] - half) / (p * (1 - p));
        }
    return sum;
}

static double binary(const struct loss_batch *b)
{
    return over_rows(b, (double)b->K, binary_loop, smoothing(b));
}

KERNEL
static double binary_fused_loop(
    const float *z, const float *y, const float *t, float *dz, size_t n, float scale, float smooth)
{
    double sum = 0;
    float keep = 1 - smooth, half = smooth / 2;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)((z[i] > 0 ? z[i] : 0) - z[i] * (keep * t[i] + half) + log1pf(expf(-fabsf(z[i]))));
    if (dz)
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            dz[i] = scale * (y[i] - keep * t[i] - half);
    return sum;
}

static double binary_fused(const struct loss_batch *b)
{
    size_t rows = loss_rows(b), K = b->K;
    double whole = loss_weight(b) * (double)K, sum = 0;
    float smooth = smoothing(b);
    if (!b->weight)
        return binary_fused_loop(b->z, b->y, b->t, b->dy, rows * K, (float)(1 / whole), smooth) / whole;
    for (size_t i = 0; i < rows; i++) {
        float share = row_share(b, i, whole);
        sum += (double)share * binary_fused_loop(b->z + i * K, b->y + i * K, b->t + i * K,
                                   b->dy ? b->dy + i * K : NULL, K, share, smooth);
    }
    return sum;
}

/* --- many classes --- */

KERNEL
static double categorical(const struct loss_batch *b)
{
    size_t rows = loss_rows(b), K = b->K;
    const float *y = b->y, *t = b->t;
    float *dy = b->dy, keep = 1 - smoothing(b), each = smoothing(b) / (float)K;
    double sum = 0, whole = loss_weight(b);
    for (size_t i = 0; i < rows; i++, y += K, t += K) {
        float scale = row_share(b, i, whole), weight = 0, surprise = 0;
#pragma omp simd reduction(+ : weight)
        for (size_t k = 0; k < K; k++)
            weight += t[k];
        float even = each * weight;
#pragma omp simd reduction(+ : surprise)
        for (size_t k = 0; k < K; k++)
            surprise -= (keep * t[k] + even) * logf(clipped(y[k]));
        sum += (double)(scale * surprise);
        if (!dy)
            continue;
#pragma omp simd
        for (size_t k = 0; k < K; k++)
            dy[k] = -scale * (keep * t[k] + even) / clipped(y[k]);
        dy += K;
    }
    return sum;
}

KERNEL
static double categorical_from_z(const struct loss_batch *b, float smooth)
{
    size_t rows = loss_rows(b), K = b->K;
    const float *z = b->z, *y = b->y, *t = b->t;
    float *dz = b->dy, keep = 1 - smooth, each = smooth / (float)K;
    double sum = 0, whole = loss_weight(b);
    for (size_t i = 0; i < rows; i++, z += K, y += K, t += K) {
        float weight = 0, all = 0, scale = row_share(b, i, whole);
        double hits = 0;
#pragma omp simd reduction(+ : weight, hits, all)
        for (size_t k = 0; k < K; k++) {
            weight += t[k];
            hits += (double)(t[k] * z[k]);
            all += z[k];
        }
        float even = each * weight;
        hits = (double)keep * hits + (double)even * (double)all;
        sum += (double)scale * ((double)weight * log_sum(z, y, K) - hits);
        if (!dz)
            continue;
#pragma omp simd
        for (size_t k = 0; k < K; k++)
            dz[k] = scale * (y[k] * weight - keep * t[k] - even);
        dz += K;
    }
    return sum;
}

static double categorical_fused(const struct loss_batch *b)
{
    return categorical_from_z(b, smoothing(b));
}

/* --- the class's number --- */

/* The weight of the rows that have a class: -1 is left out, like PyTorch's ignore_index. */
static double labelled(const struct loss_batch *b)
{
    double sum = 0;
    for (size_t i = 0; i < loss_rows(b); i++)
        sum += b->t[i] < 0 ? 0 : b->weight ? (double)b->weight[i] : 1;
    return sum;
}

/* A y that is not small tells log Σ exp(z) by one logarithm, and saves the walk over z. */
INLINE double surprise_from_z(const float *z, const float *y, size_t K, size_t class, float smooth)
{
    double top = y[class] > 1e-3f ? (double)z[class] - (double)logf(y[class]) : log_sum(z, y, K);
    if (smooth <= 0)
        return y[class] > 1e-3f ? -(double)logf(y[class]) : top - (double)z[class];
    float all = 0;
#pragma omp simd reduction(+ : all)
    for (size_t k = 0; k < K; k++)
        all += z[k];
    return top - (double)(1 - smooth) * (double)z[class] - (double)(smooth / (float)K) * (double)all;
}

KERNEL
static double sparse_fused(const struct loss_batch *b)
{
    size_t rows = loss_rows(b), K = b->K;
    const float *z = b->z, *y = b->y;
    float *dz = b->dy, smooth = smoothing(b), even = smooth / (float)K;
    double sum = 0, whole = labelled(b);
    for (size_t i = 0; i < rows; i++, z += K, y += K) {
        bool counts = !(b->t[i] < 0);
        size_t class = counts ? (size_t)b->t[i] : 0;
        float scale = counts ? row_share(b, i, whole) : 0;
        if (counts)
            sum += (double)scale * surprise_from_z(z, y, K, class, smooth);
        if (!dz)
            continue;
#pragma omp simd
        for (size_t k = 0; k < K; k++)
            dz[k] = scale * (y[k] - even);
        dz[class] -= scale * (1 - smooth);
        dz += K;
    }
    return sum;
}

KERNEL
static double sparse(const struct loss_batch *b)
{
    size_t rows = loss_rows(b), K = b->K;
    const float *y = b->y;
    float *dy = b->dy, smooth = smoothing(b), even = smooth / (float)K;
    double sum = 0, whole = labelled(b);
    for (size_t i = 0; i < rows; i++, y += K) {
        bool counts = !(b->t[i] < 0);
        size_t class = counts ? (size_t)b->t[i] : 0;
        float scale = counts ? row_share(b, i, whole) : 0, mixed = 0, p = clipped(y[class]);
        if (smooth > 0)
#pragma omp simd reduction(+ : mixed)
            for (size_t k = 0; k < K; k++)
                mixed -= even * logf(clipped(y[k]));
        if (counts)
            sum += (double)(scale * (mixed - (1 - smooth) * logf(p)));
        if (!dy)
            continue;
#pragma omp simd
        for (size_t k = 0; k < K; k++)
            dy[k] = -scale * even / clipped(y[k]);
        dy[class] -= scale * (1 - smooth) / p;
        dy += K;
    }
    return sum;
}

/* --- divergence --- */

/* Mean of Σ t log t: what the cross-entropy has more than the divergence; 0 log 0 is 0. */
KERNEL
static double certainty_loop(
    const float *unused, const float *t, float *none, size_t n, float scale, float arg)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)(t[i] * logf(t[i] > 1e-30f ? t[i] : 1e-30f));
    return sum;
}

static double certainty(const struct loss_batch *b)
{
    struct loss_batch plain = *b;
    plain.dy = NULL;
    return over_rows(&plain, 1, certainty_loop, 0);
}

KERNEL
static double divergence_loop(const float *y, const float *t, float *dy, size_t n, float scale, float arg)
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

static double divergence(const struct loss_batch *b)
{
    return over_rows(b, 1, divergence_loop, 0) + certainty(b);
}

static double divergence_fused(const struct loss_batch *b)
{
    return categorical_from_z(b, 0) + certainty(b);
}

/* --- the rows --- */

static const struct arg_row smoothing_args[] = {
    {.name = "label_smoothing",
        .kind = ARG_REAL,
        .help = "crossentropy: share of the target that is spread evenly over the classes",
        .min = 0,
        .max = 0.9,
        .flags = ARG_KEY_ONLY},
    {0},
};

const struct loss binary_crossentropy_loss = {
    .name = "binary_crossentropy",
    .summary = "surprise at a yes or no: for a sigmoid head",
    .formula = "mean of -t log(y) - (1 - t) log(1 - y)",
    .args = smoothing_args,
    .targets = LOSS_CLASSES,
    .shares = true,
    .heads = HEAD_BIT,
    .value = binary,
    .fused_with = {"sigmoid"},
    .fused = binary_fused,
};

const struct loss categorical_crossentropy_loss = {
    .name = "categorical_crossentropy",
    .summary = "surprise at the right class: for a softmax head",
    .formula = "mean over samples of -sum of t log(y)",
    .args = smoothing_args,
    .targets = LOSS_CLASSES,
    .shares = true,
    .heads = HEAD_ONE_HOT,
    .value = categorical,
    .fused_with = {"softmax"},
    .fused = categorical_fused,
};

const struct loss sparse_categorical_crossentropy_loss = {
    .name = "sparse_categorical_crossentropy",
    .summary = "the same, with the class's number as target: for many classes and for text",
    .formula = "mean over rows of -log(y of the right class)",
    .args = smoothing_args,
    .targets = LOSS_INDEX,
    .heads = HEAD_ONE_HOT,
    .value = sparse,
    .fused_with = {"softmax"},
    .fused = sparse_fused,
};

const struct loss kl_divergence_loss = {
    .name = "kl_divergence",
    .summary = "how far the answer's shares are from the target's: for a softmax head",
    .formula = "mean over rows of sum of t log(t / y)",
    .targets = LOSS_CLASSES,
    .shares = true,
    .heads = HEAD_ONE_HOT,
    .value = divergence,
    .fused_with = {"softmax"},
    .fused = divergence_fused,
};
