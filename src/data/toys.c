/* toys.c - moons, blobs and sine: small sets for one idea each.
 *
 * moons: two half circles that reach into each other, as in scikit-learn's make_moons. blobs: round clouds,
 * their centres the best of some draws by Mitchell's rule, so that they keep apart. sine: y = sin x. All
 * noise is normal; its percent is the deviation times 100 (blobs: added to a deviation of 0.5). */
#include "../error.h"
#include "../memory.h"
#include "source.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct data_finish finish_of(uint64_t seed, double split, const atomic_bool *cancel)
{
    return (struct data_finish){
        .shuffle = true, .generated = true, .split = split, .seed = seed, .cancel = cancel};
}

/* --- moons --- */

static const struct arg_row moons_rows[] = {
    DATA_ROW_N(500, 2),
    DATA_ROW_NOISE(10, "percent of noise"),
    DATA_ROW_SPLIT(0.2),
    {0},
};

static struct data *make_moons(
    const struct args *args, uint64_t seed, const atomic_bool *cancel, struct error *e)
{
    size_t n = (size_t)args->value[0].number;
    double noise = args->value[1].number / 100;
    struct data *d = data_begin("moons", n, 2, 2, 1, e);
    if (!d)
        return NULL;
    struct rng r = rng_from(rng_key(seed, "data", "moons", 0));
    for (size_t i = 0; i < n; i++) {
        bool lower = i >= n / 2;
        double angle = rng_between(&r, 0, M_PI), x = cos(angle), y = sin(angle);
        d->raw_x[2 * i] = (float)((lower ? 1 - x : x) + noise * rng_normal(&r));
        d->raw_x[2 * i + 1] = (float)((lower ? 0.5 - y : y) + noise * rng_normal(&r));
        d->t[i] = lower;
    }
    if (!data_name(&d->class_name[0], "upper", e) || !data_name(&d->class_name[1], "lower", e)) {
        data_unref(d);
        return NULL;
    }
    struct data_finish how = finish_of(seed, args->value[2].number, cancel);
    return data_finish(d, &how, e);
}

const struct data_source data_moons = {
    .name = "moons",
    .summary = "two half moons that reach into each other: 2 classes",
    .example = "data moons n=200 noise=15",
    .args = moons_rows,
    .generated = true,
    .make = make_moons,
};

/* --- blobs --- */

enum { BLOB_CLASSES = 100, BLOB_DIMENSIONS = 1000, DRAWS = 16 };

static const struct arg_row blobs_rows[] = {
    {"classes", ARG_INT, "how many clouds", .min = 2, .max = BLOB_CLASSES, .fallback = 3,
        .flags = ARG_KEY_ONLY},
    DATA_ROW_N(500, 2),
    DATA_ROW_NOISE(0, "percent that widens the clouds"),
    {"dimensions", ARG_INT, "inputs of a sample", .min = 1, .max = BLOB_DIMENSIONS, .fallback = 2,
        .flags = ARG_KEY_ONLY},
    DATA_ROW_SPLIT(0.2),
    {0},
};

static double nearest(const float *centre, size_t count, const float *candidate, size_t width)
{
    double least = INFINITY;
    for (size_t k = 0; k < count; k++) {
        double sum = 0;
        for (size_t c = 0; c < width; c++) {
            double off = centre[k * width + c] - candidate[c];
            sum += off * off;
        }
        least = fmin(least, sum);
    }
    return least;
}

/* Each centre is the draw that is farthest from those before it. `centre` has room for one more, the
 * candidate. */
static void place_centres(struct rng *r, float *centre, size_t classes, size_t width)
{
    float *candidate = centre + classes * width;
    for (size_t k = 0; k < classes; k++) {
        double best = -1;
        for (int draw = 0; draw < DRAWS; draw++) {
            for (size_t c = 0; c < width; c++)
                candidate[c] = (float)rng_between(r, -4, 4);
            double distance = nearest(centre, k, candidate, width);
            if (distance > best) {
                best = distance;
                memcpy(centre + k * width, candidate, width * sizeof *centre);
            }
        }
    }
}

static bool fill_blobs(
    struct data *d, double deviation, uint64_t seed, const atomic_bool *cancel, struct error *e)
{
    size_t classes = (size_t)d->classes, width = d->raw;
    float *centre = memory_take((classes + 1) * width, sizeof *centre, "the centres of the clouds", e);
    if (!centre)
        return false;
    struct rng r = rng_from(rng_key(seed, "data", "blobs", 0));
    place_centres(&r, centre, classes, width);
    bool ok = true;
    for (size_t i = 0; i < d->n && ok; i++) {
        size_t k = i % classes;
        for (size_t c = 0; c < width; c++)
            d->raw_x[i * width + c] = (float)(centre[k * width + c] + deviation * rng_normal(&r));
        d->t[i] = (float)k;
        ok = i % 4096 || !data_cancelled(cancel, e);
    }
    memory_free(centre);
    return ok;
}

static struct data *make_blobs(
    const struct args *args, uint64_t seed, const atomic_bool *cancel, struct error *e)
{
    int classes = (int)args->value[0].number;
    size_t n = (size_t)args->value[1].number, width = (size_t)args->value[3].number;
    if (n < (size_t)classes) {
        error_set(e, "%d clouds need at least %d samples: n=%zu is too few", classes, classes, n);
        return NULL;
    }
    struct data *d = data_begin("blobs", n, width, classes, 1, e);
    if (!d)
        return NULL;
    if (!fill_blobs(d, 0.5 + args->value[2].number / 100, seed, cancel, e)) {
        data_unref(d);
        return NULL;
    }
    struct data_finish how = finish_of(seed, args->value[4].number, cancel);
    return data_finish(d, &how, e);
}

const struct data_source data_blobs = {
    .name = "blobs",
    .summary = "round clouds, one for each class",
    .example = "data blobs classes=4 noise=20",
    .args = blobs_rows,
    .generated = true,
    .make = make_blobs,
};

/* --- sine --- */

static const struct arg_row sine_rows[] = {
    DATA_ROW_N(200, 2),
    DATA_ROW_NOISE(10, "percent of noise on y"),
    DATA_ROW_SPLIT(0.2),
    {0},
};

static struct data *make_sine(
    const struct args *args, uint64_t seed, const atomic_bool *cancel, struct error *e)
{
    size_t n = (size_t)args->value[0].number;
    struct data *d = data_begin("sine", n, 1, 0, 1, e);
    if (!d)
        return NULL;
    struct rng r = rng_from(rng_key(seed, "data", "sine", 0));
    for (size_t i = 0; i < n; i++) {
        double x = rng_between(&r, -M_PI, M_PI);
        d->raw_x[i] = (float)x;
        d->t[i] = (float)(sin(x) + args->value[1].number / 100 * rng_normal(&r));
    }
    if (!data_name(&d->raw_name[0], "x", e)) {
        data_unref(d);
        return NULL;
    }
    struct data_finish how = finish_of(seed, args->value[2].number, cancel);
    return data_finish(d, &how, e);
}

const struct data_source data_sine = {
    .name = "sine",
    .summary = "one wave: y = sin x, with noise",
    .example = "data sine n=100 noise=5",
    .args = sine_rows,
    .generated = true,
    .make = make_sine,
};
