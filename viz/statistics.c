/* statistics.c - see statistics.h.
 *
 * A unit is dead when a rectifier gave 0 for every sample: no gradient will ever reach it. A value is
 * saturated near an end of a bounded activation, where the slope, and with it the gradient, is almost 0. A
 * gradient vanishes on its way: small beside the last layer's, where it starts. All small alike, the network
 * is at rest. The update's size against the weights' is Karpathy's rule of thumb: about 1e-3 is well. */
#include "statistics.h"

#include "../src/kernels/simd.h"

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const double end_share = 0.025; /* of a bounded range: what counts as its end */

void statistics_clear(struct statistics *s)
{
    *s = (struct statistics){.dead = NAN,
        .saturated = NAN,
        .weight_norm = NAN,
        .gradient_norm = NAN,
        .update_norm = NAN,
        .finite = true};
}

KERNEL
static float largest(const float *x, size_t n)
{
    float most = 0;
#pragma omp simd reduction(max : most)
    for (size_t i = 0; i < n; i++) {
        float size = fabsf(x[i]);
        size = size <= FLT_MAX ? size : 0;
        most = size > most ? size : most;
    }
    return most;
}

/* The bins of n values; what is not finite goes into one behind the last. */
KERNEL
static void find_bins(const float *x, size_t n, double low, double scale, int *bin)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        bool finite = fabsf(x[i]) <= FLT_MAX;
        double place = ((double)x[i] - low) * scale;
        place = place > 0 ? place : 0;
        place = place < HISTOGRAM_BINS - 1 ? place : HISTOGRAM_BINS - 1;
        bin[i] = finite ? (int)place : HISTOGRAM_BINS;
    }
}

void histogram_fill(struct histogram *h, const float *x, size_t n, float low, float high)
{
    enum { BLOCK = 512 };
    int bin[BLOCK];
    uint64_t count[2][HISTOGRAM_BINS + 1] = {0}; /* in turns, as neighbours often share a bin */
    memset(h, 0, sizeof *h);
    if (low == high) {
        high = largest(x, n);
        high = high > 0 ? high : 1;
        low = -high;
    }
    h->low = low;
    h->high = high;
    double scale = HISTOGRAM_BINS / ((double)high - low); /* the whole range of floats is no float */
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t some = n - at < BLOCK ? n - at : BLOCK;
        find_bins(x + at, some, low, scale, bin);
        for (size_t i = 0; i < some; i++)
            count[i % 2][bin[i]]++;
    }
    size_t counted = n - (size_t)(count[0][HISTOGRAM_BINS] + count[1][HISTOGRAM_BINS]);
    for (int i = 0; counted && i < HISTOGRAM_BINS; i++)
        h->share[i] = (float)((double)(count[0][i] + count[1][i]) / (double)counted);
}

KERNEL
static bool all_finite(const float *x, size_t n)
{
    int odd = 0;
#pragma omp simd reduction(+ : odd)
    for (size_t i = 0; i < n; i++)
        odd += !(fabsf(x[i]) <= FLT_MAX);
    return !odd;
}

static double dead_share(const float *y, size_t N, size_t units)
{
    size_t dead = 0;
    for (size_t u = 0; u < units; u++) {
        size_t i = 0;
        while (i < N && y[i * units + u] == 0)
            i++;
        dead += i == N;
    }
    return (double)dead / (double)units;
}

static double saturated_share(const float *y, size_t n, const struct activation *f)
{
    float margin = (float)end_share * (f->high - f->low);
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += y[i] < f->low + margin || y[i] > f->high - margin;
    return (double)count / (double)n;
}

void statistics_activations(
    struct statistics *s, const float *y, size_t N, size_t units, const struct activation *activation)
{
    if (!N || !units)
        return;
    bool bounded = activation && isfinite(activation->low) && isfinite(activation->high);
    if (bounded)
        histogram_fill(&s->activation, y, N * units, activation->low, activation->high);
    else
        histogram_fill(&s->activation, y, N * units, 0, 0);
    s->finite = s->finite && all_finite(y, N * units);
    if (activation && activation->rectifier)
        s->dead = dead_share(y, N, units);
    if (bounded && activation->encoding != ENCODE_ONE_HOT)
        s->saturated = saturated_share(y, N * units, activation);
}

KERNEL
static double norm(const float *x, size_t n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return sqrt(sum);
}

KERNEL
static double distance(const float *x, const float *y, size_t n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += ((double)x[i] - y[i]) * ((double)x[i] - y[i]);
    return sqrt(sum);
}

void statistics_params(struct statistics *s, const float *w, const float *g, const float *after, size_t n)
{
    histogram_fill(&s->weight, w, n, 0, 0);
    s->weight_norm = norm(w, n);
    s->finite = s->finite && all_finite(w, n);
    if (g) {
        histogram_fill(&s->gradient, g, n, 0, 0);
        s->gradient_norm = norm(g, n);
        s->finite = s->finite && all_finite(g, n);
    }
    if (after)
        s->update_norm = distance(after, w, n);
}

double statistics_ratio(const struct statistics *s)
{
    return s->weight_norm > 0 ? s->update_norm / s->weight_norm : NAN;
}

enum mood statistics_verdict(const struct statistics *s, const struct standing *all, char out[VERDICT_TEXT])
{
    static const double tiny_loss = 1e-6, tiny_gradient = 1e-6, vanishing = 1e-3, low_loss = 0.1;
    double ratio = statistics_ratio(s), share = s->gradient_norm / all->gradient;
    bool learning = !(all->loss < low_loss); /* ends of the range are good when the answers are right */
    bool rest =
        all->gradient < tiny_gradient * all->weight && s->gradient_norm < tiny_gradient * s->weight_norm;
    bool saturated = learning && s->saturated >= (all->hidden ? 0.5 : 0.95);
    enum mood stuck = s->saturated >= 0.95 ? MOOD_BAD : MOOD_WARN;
    /* The first row that holds is the verdict: worst first. */
    const struct {
        bool holds;
        enum mood mood;
        const char *format;
        double number;
    } row[] = {
        {!s->finite, MOOD_BAD, "not finite", 0},
        {s->dead >= 0.1, s->dead >= 0.5 ? MOOD_BAD : MOOD_WARN, "%.0f %% dead", 100 * s->dead},
        {all->frozen, MOOD_NONE, "frozen", 0},
        {all->loss < tiny_loss && s->gradient_norm >= 0, MOOD_GOOD, "learnt", 0},
        {rest && saturated, stuck, "saturated", 0},
        {rest, MOOD_NONE, "at rest", 0},
        {ratio > 10 * RATIO_HIGH, ratio > 100 * RATIO_HIGH ? MOOD_BAD : MOOD_WARN, "updates too large", 0},
        {saturated, stuck, "saturated", 0},
        {share < vanishing, share < vanishing / 100 ? MOOD_BAD : MOOD_WARN, "gradients vanish", 0},
        {ratio < RATIO_LOW / 30, MOOD_WARN, "updates tiny", 0},
        {s->gradient_norm >= 0, MOOD_GOOD, "fine", 0},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (row[i].holds) {
            snprintf(out, VERDICT_TEXT, row[i].format, row[i].number);
            return row[i].mood;
        }
    snprintf(out, VERDICT_TEXT, "%s", "");
    return MOOD_NONE;
}
