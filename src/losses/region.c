/* region.c - losses of what covers what: masks (dice) and boxes (iou).
 *
 * dice, for each sample and output: 1 - (2 Σ y t + smooth) / (Σ y + Σ t + smooth), sums over the positions by
 * their weights: Milletari and others 2016.
 *
 * iou: a row is a box, x1 y1 x2 y2, two opposite corners in any order. The loss is 1 - GIoU (Rezatofighi and
 * others 2019), GIoU = I/U - (C - U)/C with the intersection I, the union U and the smallest box C around
 * both: unlike 1 - I/U it has a slope where the boxes do not touch. */
#include "rows.h"

#include <string.h>

/* --- dice --- */

/* Σ y t, Σ y and Σ t of each output. */
KERNEL
static void add_cover(const float *y, const float *t, float weight, size_t K, double *restrict sum)
{
#pragma omp simd
    for (size_t k = 0; k < K; k++) {
        sum[k] += (double)(weight * y[k] * t[k]);
        sum[K + k] += (double)(weight * y[k]);
        sum[2 * K + k] += (double)(weight * t[k]);
    }
}

KERNEL
static void sum_cover(const float *y, const float *t, const float *weight, size_t P, double *sum)
{
    double both = 0, answer = 0, truth = 0;
#pragma omp simd reduction(+ : both, answer, truth)
    for (size_t p = 0; p < P; p++) {
        float w = weight ? weight[p] : 1;
        both += (double)(w * y[p] * t[p]);
        answer += (double)(w * y[p]);
        truth += (double)(w * t[p]);
    }
    sum[0] = both;
    sum[1] = answer;
    sum[2] = truth;
}

/* The slopes by y are by_t·t + by_1, each output's own. */
KERNEL
static void cover_slopes(
    const float *t, float weight, size_t K, const float *by_t, const float *by_1, float *dy)
{
#pragma omp simd
    for (size_t k = 0; k < K; k++)
        dy[k] = weight * (by_t[k] * t[k] + by_1[k]);
}

/* The same of P positions with one output each. */
KERNEL
static void line_slopes(const float *t, const float *weight, size_t P, float by_t, float by_1, float *dy)
{
#pragma omp simd
    for (size_t p = 0; p < P; p++)
        dy[p] = (weight ? weight[p] : 1) * (by_t * t[p] + by_1);
}

/* Turns the sums of a sample into its loss, and into the factors of its slopes, in place. */
static double close_sample(double *sum, size_t K, double smooth, float scale, float *by_t, float *by_1)
{
    double loss = 0;
    for (size_t k = 0; k < K; k++) {
        double above = 2 * sum[k] + smooth, below = sum[K + k] + sum[2 * K + k] + smooth;
        bool nothing = !(below > 0) && !(below != below);
        loss += nothing ? 0 : 1 - above / below;
        by_t[k] = nothing ? 0 : (float)((double)scale * -2 / below);
        by_1[k] = nothing ? 0 : (float)((double)scale * above / (below * below));
    }
    return loss;
}

static double dice(const struct loss_batch *b)
{
    size_t P = b->P, K = b->K;
    double *sum = (double *)(void *)b->scratch, loss = 0, parts = (double)(b->N * K);
    float *by_t = (float *)(sum + 3 * K), *by_1 = by_t + K;
    for (size_t i = 0; i < b->N; i++) {
        const float *y = b->y + i * P * K, *t = b->t + i * P * K,
                    *weight = b->weight ? b->weight + i * P : NULL;
        memset(sum, 0, 3 * K * sizeof *sum);
        if (K == 1)
            sum_cover(y, t, weight, P, sum);
        for (size_t p = 0; K > 1 && p < P; p++)
            add_cover(y + p * K, t + p * K, weight ? weight[p] : 1, K, sum);
        loss += close_sample(sum, K, b->hyper[0], (float)(1 / parts), by_t, by_1);
        if (b->dy && K == 1)
            line_slopes(t, weight, P, *by_t, *by_1, b->dy + i * P);
        for (size_t p = 0; b->dy && K > 1 && p < P; p++)
            cover_slopes(t + p * K, weight ? weight[p] : 1, K, by_t, by_1, b->dy + (i * P + p) * K);
    }
    return loss / parts;
}

static size_t dice_scratch(size_t N, size_t P, size_t K, size_t W)
{
    return 8 * K;
}

/* --- boxes --- */

/* One axis of two boxes: the ends of the answer, in order and where they stand in its row; what both share
 * and what both span. */
struct axis {
    int low, high;
    float y_low, y_high, t_low, t_high, shared, spanned;
};

static struct axis axis_of(const float *y, const float *t, int a)
{
    struct axis x = {.low = y[a] <= y[a + 2] ? a : a + 2};
    x.high = 2 * a + 2 - x.low;
    x.y_low = y[x.low];
    x.y_high = y[x.high];
    x.t_low = t[a] < t[a + 2] ? t[a] : t[a + 2];
    x.t_high = t[a] < t[a + 2] ? t[a + 2] : t[a];
    x.shared = (x.y_high < x.t_high ? x.y_high : x.t_high) - (x.y_low > x.t_low ? x.y_low : x.t_low);
    x.spanned = (x.y_high > x.t_high ? x.y_high : x.t_high) - (x.y_low < x.t_low ? x.y_low : x.t_low);
    return x;
}

struct boxes {
    struct axis axis[2];
    float I, U, C;
};

enum { BOX = 4 };
#define LEAST 1e-7f /* keeps boxes without area from dividing by 0 */

static struct boxes boxes_of(const float *y, const float *t)
{
    struct boxes b = {{axis_of(y, t, 0), axis_of(y, t, 1)}, 0, 0, 0};
    const struct axis *x = b.axis;
    float area = (x[0].y_high - x[0].y_low) * (x[1].y_high - x[1].y_low);
    float truth = (x[0].t_high - x[0].t_low) * (x[1].t_high - x[1].t_low);
    b.I = x[0].shared > 0 && x[1].shared > 0 ? x[0].shared * x[1].shared : 0;
    b.U = area + truth - b.I + LEAST;
    b.C = x[0].spanned * x[1].spanned + LEAST;
    return b;
}

float box_iou(const float *y, const float *t)
{
    struct boxes b = boxes_of(y, t);
    return b.I / b.U;
}

/* Slopes of -I/U - U/C; U = areas - I. A side moves the intersection where it lies inside the other box, and
 * the box around both where it lies outside. */
static void box_slopes(const struct boxes *b, float scale, float *dy)
{
    float by_area = b->I / (b->U * b->U) - 1 / b->C, by_shared = -1 / b->U - by_area,
          by_around = b->U / (b->C * b->C);
    for (int a = 0; a < 2; a++) {
        const struct axis *x = &b->axis[a], *other = &b->axis[!a];
        float area = by_area * (other->y_high - other->y_low),
              shared = b->I > 0 ? by_shared * other->shared : 0, around = by_around * other->spanned;
        dy[x->high] = scale * (area + (x->y_high < x->t_high ? shared : around));
        dy[x->low] = -scale * (area + (x->y_low > x->t_low ? shared : around));
    }
}

/* Comparisons would hide a NaN corner: a sum of all of them brings it back. */
static double iou(const struct loss_batch *b)
{
    size_t rows = loss_rows(b);
    double sum = 0, whole = loss_weight(b);
    for (size_t i = 0; i < rows; i++) {
        const float *y = b->y + i * BOX, *t = b->t + i * BOX;
        struct boxes both = boxes_of(y, t);
        float scale = row_share(b, i, whole), unseen = 0 * (y[0] + y[1] + y[2] + y[3]);
        sum += (double)scale * (double)(2 - both.I / both.U - both.U / both.C + unseen);
        if (b->dy)
            box_slopes(&both, scale, b->dy + i * BOX);
    }
    return sum;
}

/* --- the rows --- */

static const struct arg_row dice_args[] = {
    {.name = "smooth",
        .kind = ARG_REAL,
        .help = "dice: added above and below, so that masks without any yes can be right",
        .min = 0,
        .max = 1e6,
        .fallback = 1,
        .flags = ARG_KEY_ONLY},
    {0},
};

const struct loss dice_loss = {
    .name = "dice",
    .by_sample = true,
    .summary = "how little answer and truth cover each other: for masks with few yes",
    .formula = "mean over samples of 1 - (2 sum of y t + smooth) / (sum of y + sum of t + smooth)",
    .args = dice_args,
    .targets = LOSS_CLASSES,
    .shares = true,
    .heads = HEAD_BIT | HEAD_ONE_HOT,
    .value = dice,
    .scratch = dice_scratch,
};

const struct loss iou_loss = {
    .name = "iou",
    .summary = "how badly boxes overlap: for rows of x1 y1 x2 y2, two corners",
    .formula = "mean of 1 - GIoU; GIoU = shared area / joint area - empty share of the box around both",
    .outputs = BOX,
    .value = iou,
};
