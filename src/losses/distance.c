/* distance.c - losses between numbers: mse, mae, huber, and the angle between vectors.
 *
 *     huber    d²/2 where |d| <= delta, else delta·(|d| - delta/2): Huber 1964
 *     cosine   1 - y·t / (|y| |t|), over the outputs of a row */
#include "rows.h"

#include <math.h>

KERNEL
static double squares(const float *y, const float *t, float *dy, size_t n, float scale, float unused)
{
    double sum = 0;
    if (dy) {
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < n; i++) {
            float d = y[i] - t[i];
            dy[i] = 2 * scale * d;
            sum += (double)(d * d);
        }
    } else {
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < n; i++)
            sum += (double)((y[i] - t[i]) * (y[i] - t[i]));
    }
    return sum;
}

static double mse(const struct loss_batch *b)
{
    return over_rows(b, (double)b->K, squares, 0);
}

KERNEL
static double absolutes(const float *y, const float *t, float *dy, size_t n, float scale, float unused)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)fabsf(y[i] - t[i]);
    if (dy)
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            dy[i] = y[i] > t[i] ? scale : y[i] < t[i] ? -scale : 0;
    return sum;
}

static double mae(const struct loss_batch *b)
{
    return over_rows(b, (double)b->K, absolutes, 0);
}

/* With c = d cut to ±delta the value is c·(d - c/2), on both sides of the bend. */
KERNEL
static double bends(const float *y, const float *t, float *dy, size_t n, float scale, float delta)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) {
        float d = y[i] - t[i], c = d > delta ? delta : d < -delta ? -delta : d;
        sum += (double)(c * (d - 0.5f * c));
    }
    if (dy)
#pragma omp simd
        for (size_t i = 0; i < n; i++) {
            float d = y[i] - t[i];
            dy[i] = scale * (d > delta ? delta : d < -delta ? -delta : d);
        }
    return sum;
}

static double huber(const struct loss_batch *b)
{
    return over_rows(b, (double)b->K, bends, (float)b->hyper[0]);
}

/* --- cosine --- */

struct angle {
    float yt, yy, tt;
};

INLINE struct angle measure(const float *y, const float *t, size_t K)
{
    float yt = 0, yy = 0, tt = 0;
#pragma omp simd reduction(+ : yt, yy, tt)
    for (size_t k = 0; k < K; k++) {
        yt += y[k] * t[k];
        yy += y[k] * y[k];
        tt += t[k] * t[k];
    }
    return (struct angle){yt, yy, tt};
}

/* A vector of length 0 points nowhere: it has a cosine of 0 and no slope. */
KERNEL
static double cosine(const struct loss_batch *b)
{
    const float *y = b->y, *t = b->t;
    float *dy = b->dy;
    double sum = 0, whole = loss_weight(b);
    size_t rows = loss_rows(b), K = b->K;
    for (size_t i = 0; i < rows; i++, y += K, t += K) {
        struct angle a = measure(y, t, K);
        bool none = a.yy < 1e-16f || a.tt < 1e-16f;
        float size = none ? 1 : sqrtf(a.yy) * sqrtf(a.tt), c = none ? 0 : a.yt / size;
        float scale = row_share(b, i, whole), by_t = none ? 0 : scale / size,
              by_y = none ? 0 : scale * c / a.yy;
        sum += (double)scale * (1 - (double)c);
        if (!dy)
            continue;
#pragma omp simd
        for (size_t k = 0; k < K; k++)
            dy[k] = by_y * y[k] - by_t * t[k];
        dy += K;
    }
    return sum;
}

/* --- the rows --- */

const struct loss mse_loss = {
    .name = "mse",
    .summary = "mean squared error: for numbers",
    .formula = "mean of (y - t)^2",
    .value = mse,
};

const struct loss mae_loss = {
    .name = "mae",
    .summary = "mean absolute error: outliers count no more than they are off",
    .formula = "mean of |y - t|",
    .value = mae,
};

static const struct arg_row huber_args[] = {
    {.name = "delta",
        .kind = ARG_REAL,
        .help = "huber: where squares end and straight lines begin",
        .min = 1e-6,
        .max = 1e6,
        .fallback = 1,
        .flags = ARG_KEY_ONLY},
    {0},
};

const struct loss huber_loss = {
    .name = "huber",
    .summary = "squares for small errors, straight lines for large ones: outliers do not rule",
    .formula = "mean of d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2); d = y - t",
    .args = huber_args,
    .value = huber,
};

const struct loss cosine_loss = {
    .name = "cosine",
    .summary = "how far two vectors point apart, whatever their length: for embeddings",
    .formula = "mean over rows of 1 - y·t / (|y| |t|)",
    .value = cosine,
};
