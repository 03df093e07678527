/* playground.c - the six data sets of TensorFlow Playground, from its dataset.ts, as formulas.
 *
 * Points lie in [-6, 6] x [-6, 6]; v = noise / 100. Noise moves the point that the label is asked for
 * (circle, xor, plane, multi-gauss), the point itself (spiral), or widens the clouds (gauss). Class 0 is
 * Playground's -1, drawn orange; class 1 is its +1, drawn blue. Numbers of the two regression sets lie in
 * about [-1, 1]. */
#include "../error.h"
#include "source.h"

#include <math.h>

enum { POINTS = 500, POINTS_REGRESSION = 1200, ORANGE = 0, BLUE = 1 };

static const struct arg_row classification_rows[] = {
    DATA_ROW_N(POINTS, 2),
    DATA_ROW_NOISE(0, "percent of noise"),
    DATA_ROW_SPLIT(0.5),
    {0},
};

static const struct arg_row regression_rows[] = {
    DATA_ROW_N(POINTS_REGRESSION, 2),
    DATA_ROW_NOISE(0, "percent of noise"),
    DATA_ROW_SPLIT(0.5),
    {0},
};

/* Writes sample i of n: a point p and its target. v is the noise. */
typedef void sampler(struct rng *r, size_t i, size_t n, double v, float p[2], float *target);

static void sample_circle(struct rng *r, size_t i, size_t n, double v, float p[2], float *target)
{
    double radius = i < n / 2 ? rng_between(r, 0, 2.5) : rng_between(r, 3.5, 5);
    double angle = rng_between(r, 0, 2 * M_PI);
    double x = radius * sin(angle), y = radius * cos(angle);
    double noise_x = rng_between(r, -5, 5) * v, noise_y = rng_between(r, -5, 5) * v;
    p[0] = (float)x;
    p[1] = (float)y;
    *target = hypot(x + noise_x, y + noise_y) < 2.5 ? BLUE : ORANGE;
}

static double push_from_zero(double x)
{
    return x + (x > 0 ? 0.3 : -0.3);
}

static void sample_xor(struct rng *r, size_t i, size_t n, double v, float p[2], float *target)
{
    double x = push_from_zero(rng_between(r, -5, 5)), y = push_from_zero(rng_between(r, -5, 5));
    double noise_x = rng_between(r, -5, 5) * v, noise_y = rng_between(r, -5, 5) * v;
    p[0] = (float)x;
    p[1] = (float)y;
    *target = (x + noise_x) * (y + noise_y) >= 0 ? BLUE : ORANGE;
}

static void sample_gauss(struct rng *r, size_t i, size_t n, double v, float p[2], float *target)
{
    double centre = i < n / 2 ? 2 : -2, deviation = sqrt(0.5 + 7 * v);
    p[0] = (float)(centre + deviation * rng_normal(r));
    p[1] = (float)(centre + deviation * rng_normal(r));
    *target = i < n / 2 ? BLUE : ORANGE;
}

static void sample_spiral(struct rng *r, size_t i, size_t n, double v, float p[2], float *target)
{
    size_t half = n / 2;
    bool blue = i < half;
    double along = blue ? (double)i / (double)half : (double)(i - half) / (double)(n - half);
    double radius = 5 * along, angle = 1.75 * 2 * M_PI * along + (blue ? 0 : M_PI);
    p[0] = (float)(radius * sin(angle) + rng_between(r, -1, 1) * v);
    p[1] = (float)(radius * cos(angle) + rng_between(r, -1, 1) * v);
    *target = blue ? BLUE : ORANGE;
}

static void sample_plane(struct rng *r, size_t i, size_t n, double v, float p[2], float *target)
{
    double x = rng_between(r, -6, 6), y = rng_between(r, -6, 6);
    double noise_x = rng_between(r, -6, 6) * v, noise_y = rng_between(r, -6, 6) * v;
    p[0] = (float)x;
    p[1] = (float)y;
    *target = (float)((x + noise_x + y + noise_y) / 10);
}

static double hills_and_valleys(double x, double y)
{
    static const struct {
        double x, y, sign;
    } centre[] = {{-4, 2.5, 1}, {0, 2.5, -1}, {4, 2.5, 1}, {-4, -2.5, -1}, {0, -2.5, 1}, {4, -2.5, -1}};
    double value = 0;
    for (size_t i = 0; i < sizeof centre / sizeof *centre; i++) {
        double here = centre[i].sign * fmax(0, 1 - hypot(x - centre[i].x, y - centre[i].y) / 2);
        if (fabs(here) > fabs(value))
            value = here;
    }
    return value;
}

static void sample_multi_gauss(struct rng *r, size_t i, size_t n, double v, float p[2], float *target)
{
    double x = rng_between(r, -6, 6), y = rng_between(r, -6, 6);
    double noise_x = rng_between(r, -6, 6) * v, noise_y = rng_between(r, -6, 6) * v;
    p[0] = (float)x;
    p[1] = (float)y;
    *target = (float)hills_and_valleys(x + noise_x, y + noise_y);
}

static struct data *make(const char *name, sampler *sample, int classes, const struct args *args,
    uint64_t seed, const atomic_bool *cancel, struct error *e)
{
    size_t n = (size_t)args->value[0].number;
    struct data *d = data_begin(name, n, 2, classes, 1, e);
    if (!d)
        return NULL;
    struct rng r = rng_from(rng_key(seed, "data", name, 0));
    for (size_t i = 0; i < n; i++)
        sample(&r, i, n, args->value[1].number / 100, d->raw_x + 2 * i, d->t + i);
    for (int c = 0; c < 2; c++) {
        d->low[c] = -6;
        d->high[c] = 6;
    }
    bool named = !classes || (data_name(&d->class_name[ORANGE], "orange", e) &&
                                 data_name(&d->class_name[BLUE], "blue", e));
    if (!named) {
        data_unref(d);
        return NULL;
    }
    return data_finish(d,
        &(struct data_finish){.shuffle = true,
            .generated = true,
            .split = args->value[2].number,
            .seed = seed,
            .cancel = cancel},
        e);
}

#define MAKER(function, name, sample, classes)                                              \
    static struct data *function(                                                           \
        const struct args *args, uint64_t seed, const atomic_bool *cancel, struct error *e) \
    {                                                                                       \
        return make(name, sample, classes, args, seed, cancel, e);                          \
    }

MAKER(make_circle, "circle", sample_circle, 2)
MAKER(make_xor, "xor", sample_xor, 2)
MAKER(make_gauss, "gauss", sample_gauss, 2)
MAKER(make_spiral, "spiral", sample_spiral, 2)
MAKER(make_plane, "plane", sample_plane, 0)
MAKER(make_multi_gauss, "multi-gauss", sample_multi_gauss, 0)

const struct data_source data_circle = {
    .name = "circle",
    .summary = "a disc inside a ring: 2 classes that no straight line parts",
    .example = "data circle noise=10",
    .args = classification_rows,
    .generated = true,
    .make = make_circle,
};

const struct data_source data_xor = {
    .name = "xor",
    .summary = "four quadrants, opposite ones alike: 2 classes",
    .example = "data xor",
    .args = classification_rows,
    .generated = true,
    .make = make_xor,
};

const struct data_source data_gauss = {
    .name = "gauss",
    .summary = "two round clouds, which one straight line parts: 2 classes",
    .example = "data gauss noise=20",
    .args = classification_rows,
    .generated = true,
    .make = make_gauss,
};

const struct data_source data_spiral = {
    .name = "spiral",
    .summary = "two arms wound into each other: 2 classes, the hardest of the six",
    .example = "data spiral n=1000",
    .args = classification_rows,
    .generated = true,
    .make = make_spiral,
};

const struct data_source data_plane = {
    .name = "plane",
    .summary = "a number that grows evenly from one corner to the other",
    .example = "data plane",
    .args = regression_rows,
    .generated = true,
    .make = make_plane,
};

const struct data_source data_multi_gauss = {
    .name = "multi-gauss",
    .summary = "a number that makes three hills and three valleys",
    .example = "data multi-gauss",
    .args = regression_rows,
    .generated = true,
    .make = make_multi_gauss,
};
