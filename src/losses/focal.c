/* focal.c - cross-entropy that looks away from what is already right (Lin and others 2017).
 *
 * With p the share given to the truth and q = 1 - p, the loss is -alpha·q^gamma·log p. Its slope by the
 * truth's own z is alpha·q^gamma·(gamma·p·log p - q); under softmax the z of another class k has
 * alpha·q^gamma·y_k·(1 - gamma·p·log p / q). Where q is 0, log p / q is -1.
 *
 * sigmoid: Keras's BinaryFocalCrossentropy with class balancing: alpha for yes, 1 - alpha for no, mean over
 * rows and outputs. softmax: Keras's CategoricalFocalCrossentropy: alpha for all, mean over rows. */
#include "rows.h"

enum { GAMMA, ALPHA };

struct focus {
    float gamma, yes, no;
};

static struct focus focus_of(const struct loss_batch *b)
{
    float alpha = (float)b->hyper[ALPHA];
    return (struct focus){(float)b->hyper[GAMMA], alpha > 0 ? alpha : 1, alpha > 0 ? 1 - alpha : 1};
}

/* --- yes or no --- */

KERNEL
static double bit_loop(const float *y, const float *t, float *dy, size_t n, float scale, struct focus f)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) {
        float yes = clipped(y[i]), p = t[i] > 0.5f ? yes : 1 - yes, q = t[i] > 0.5f ? 1 - yes : yes;
        sum -= (double)((t[i] > 0.5f ? f.yes : f.no) * expf(f.gamma * logf(q)) * logf(p));
    }
    if (dy)
#pragma omp simd
        for (size_t i = 0; i < n; i++) {
            float yes = clipped(y[i]), p = t[i] > 0.5f ? yes : 1 - yes, q = t[i] > 0.5f ? 1 - yes : yes;
            float slope = expf(f.gamma * logf(q)) * (f.gamma * logf(p) / q - 1 / p);
            dy[i] = scale * (t[i] > 0.5f ? f.yes * slope : -f.no * slope);
        }
    return sum;
}

/* With s = z for yes and -z for no: log p = -log(1 + exp(-s)), log q = log p - s. */
KERNEL
static double bit_fused_loop(const float *z, const float *t, float *dz, size_t n, float scale, struct focus f)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) {
        float s = t[i] > 0.5f ? z[i] : -z[i], tail = log1pf(expf(-fabsf(s)));
        float log_p = (s < 0 ? s : 0) - tail, log_q = (s < 0 ? 0 : -s) - tail;
        sum -= (double)((t[i] > 0.5f ? f.yes : f.no) * expf(f.gamma * log_q) * log_p);
    }
    if (dz)
#pragma omp simd
        for (size_t i = 0; i < n; i++) {
            float s = t[i] > 0.5f ? z[i] : -z[i], tail = log1pf(expf(-fabsf(s)));
            float log_p = (s < 0 ? s : 0) - tail, log_q = (s < 0 ? 0 : -s) - tail;
            float slope = expf(f.gamma * log_q) * (f.gamma * expf(log_p) * log_p - expf(log_q));
            dz[i] = scale * (t[i] > 0.5f ? f.yes * slope : -f.no * slope);
        }
    return sum;
}

static double bits(const struct loss_batch *b)
{
    struct focus f = focus_of(b);
    size_t rows = loss_rows(b), K = b->K;
    double whole = loss_weight(b) * (double)K, sum = 0;
    for (size_t i = 0; i < rows; i++) {
        float share = row_share(b, i, whole), *dy = b->dy ? b->dy + i * K : NULL;
        const float *t = b->t + i * K;
        sum += (double)share * (b->z ? bit_fused_loop(b->z + i * K, t, dy, K, share, f)
                                     : bit_loop(b->y + i * K, t, dy, K, share, f));
    }
    return sum;
}

/* --- many classes --- */

KERNEL
static double shares(const struct loss_batch *b)
{
    struct focus f = focus_of(b);
    size_t rows = loss_rows(b), K = b->K;
    double whole = loss_weight(b), sum = 0;
    for (size_t i = 0; i < rows * K; i++) {
        float p = clipped(b->y[i]), q = 1 - p, scale = row_share(b, i / K, whole) * f.yes * b->t[i];
        float fade = powf(q, f.gamma);
        sum -= (double)(scale * fade * logf(p));
        if (b->dy)
            b->dy[i] = scale * fade * (f.gamma * logf(p) / q - 1 / p);
    }
    return sum;
}

KERNEL
static void share_slopes(
    const float *y, const float *t, float *dz, size_t K, double top, const float *z, float scale, float gamma)
{
    float others = 0;
    for (size_t k = 0; k < K; k++) {
        dz[k] = 0;
        if (t[k] <= 0)
            continue;
        float log_p = (float)((double)z[k] - top), p = expf(log_p), q = -expm1f(log_p);
        float fade = scale * t[k] * powf(q, gamma), bend = q > 0 ? log_p / q : -1;
        float other = fade * (1 - gamma * p * bend);
        dz[k] = -other;
        others += other;
    }
#pragma omp simd
    for (size_t k = 0; k < K; k++)
        dz[k] += others * y[k];
}

static double shares_fused(const struct loss_batch *b)
{
    struct focus f = focus_of(b);
    size_t rows = loss_rows(b), K = b->K;
    double whole = loss_weight(b), sum = 0;
    for (size_t i = 0; i < rows; i++) {
        const float *z = b->z + i * K, *y = b->y + i * K, *t = b->t + i * K;
        double top = log_sum(z, y, K);
        float scale = row_share(b, i, whole) * f.yes;
        for (size_t k = 0; k < K; k++) {
            float log_p = (float)((double)z[k] - top);
            if (!(t[k] <= 0))
                sum -= (double)(scale * t[k] * powf(-expm1f(log_p), f.gamma) * log_p);
        }
        if (b->dy)
            share_slopes(y, t, b->dy + i * K, K, top, z, scale, f.gamma);
    }
    return sum;
}

static double focal(const struct loss_batch *b)
{
    struct loss_batch from_y = *b;
    from_y.z = NULL;
    return b->encoding == ENCODE_ONE_HOT ? shares(b) : bits(&from_y);
}

static double focal_fused(const struct loss_batch *b)
{
    return b->encoding == ENCODE_ONE_HOT ? shares_fused(b) : bits(b);
}

static const struct arg_row focal_args[] = {
    [GAMMA] = {.name = "gamma",
        .kind = ARG_REAL,
        .help = "focal: how fast what is already right fades; 0: not at all",
        .min = 0,
        .max = 10,
        .fallback = 2,
        .flags = ARG_KEY_ONLY},
    [ALPHA] = {.name = "alpha",
        .kind = ARG_REAL,
        .help = "focal: weight of the yes against the no, of softmax the weight of all; 0: none",
        .min = 0,
        .max = 0.99,
        .fallback = 0.25,
        .flags = ARG_KEY_ONLY},
    {0},
};

const struct loss focal_loss = {
    .name = "focal",
    .summary = "cross-entropy that fades where the answer is already right: for rare classes",
    .formula = "mean of -alpha (1 - p)^gamma log(p), p the share of the truth",
    .args = focal_args,
    .targets = LOSS_CLASSES,
    .heads = HEAD_BIT | HEAD_ONE_HOT,
    .value = focal,
    .fused_with = {"sigmoid", "softmax"},
    .fused = focal_fused,
};
