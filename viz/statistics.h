/* statistics.h - how a layer fares, in numbers and in a word.
 *
 * Histograms of activations, weights and gradients, norms, dead and saturated shares, and the size of the
 * update against the weights. Pure functions of arrays. Any thread. */
#ifndef GRADUS_VIZ_STATISTICS_H
#define GRADUS_VIZ_STATISTICS_H

#include "../src/activation.h"

enum { HISTOGRAM_BINS = 25, VERDICT_TEXT = 40 };

struct histogram {
    float share[HISTOGRAM_BINS]; /* of all finite values; sums to 1, or all 0 */
    float low, high;             /* edges of the first and the last bin */
};

/* NaN stands for "does not apply" or "not known". */
struct statistics {
    struct histogram activation, weight, gradient;
    double dead;      /* share of units that gave 0 for every sample: rectifiers only */
    double saturated; /* share of values within 2.5 % of an end of the activation's range */
    double weight_norm, gradient_norm, update_norm;
    bool finite; /* all values were finite */
};

/* All NaN, nothing counted. */
void statistics_clear(struct statistics *s);

/* Values into bins between low and high; where low == high, symmetric about 0 as wide as the values need. */
void histogram_fill(struct histogram *h, const float *x, size_t n, float low, float high);

/* Activations y of N samples of `units`; activation may be NULL. */
void statistics_activations(
    struct statistics *s, const float *y, size_t N, size_t units, const struct activation *activation);

/* A layer's parameters w, their gradients g and their values after the update; g and after may be NULL. */
void statistics_params(struct statistics *s, const float *w, const float *g, const float *after, size_t n);

/* ‖Δw‖ / ‖w‖, NaN when unknown. Between these two a training does well; small networks learn with steps ten
 * times as large. */
double statistics_ratio(const struct statistics *s);
#define RATIO_LOW  1e-4
#define RATIO_HIGH 1e-2

/* What a layer is judged against. */
struct standing {
    double gradient, weight; /* norms of the last layer that has weights */
    double loss;             /* of the step; NaN when unknown */
    bool hidden;             /* the layer is not the head, whose values may well lie at their ends */
    bool frozen;             /* it does not train: nothing is expected of it */
};

/* A short word on the layer, and how bad it is: "fine", "12 % dead", "saturated", "gradients vanish", which
 * means far smaller than the last layer's; "learnt" where nothing is left to learn, "at rest" where no layer
 * moves though none is saturated; "frozen" where it shall not. */
enum mood { MOOD_NONE, MOOD_GOOD, MOOD_WARN, MOOD_BAD };
enum mood statistics_verdict(const struct statistics *s, const struct standing *all, char out[VERDICT_TEXT]);

#endif
