/* data.c - the life of a data set: begun by a source, finished once, shared and never changed again.
 *
 * Rows are shuffled by the seed before they are split, so the first `train` rows are a fair sample;
 * of a table with classes each class is held out in its share. Mean and deviation are taken over those rows
 * alone, or the held-out part would leak into the inputs. What the network reads is computed in one place
 * (data/features.c), for training rows and for points of a map alike. */
#include "data.h"
#include "data/source.h"
#include "error.h"
#include "memory.h"
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct data_source *const sources[] = {
    &data_circle,
    &data_xor,
    &data_gauss,
    &data_spiral,
    &data_plane,
    &data_multi_gauss,
    &data_gate,
    &data_moons,
    &data_blobs,
    &data_sine,
    &data_csv,
    &data_mnist,
    &data_text,
};

TABLE(data_source, sources, sources[i])

/* --- life --- */

struct data *data_ref(const struct data *d)
{
    struct data *shared = (struct data *)d;
    atomic_fetch_add(&shared->references, 1);
    return shared;
}

static void free_columns(struct data *d)
{
    for (size_t i = 0; i < d->columns; i++)
        memory_free(d->column[i].name);
    memory_free(d->column);
}

static void free_names(char **name, size_t count)
{
    for (size_t i = 0; name && i < count; i++)
        memory_free(name[i]);
    memory_free(name);
}

void data_unref(const struct data *d)
{
    struct data *gone = (struct data *)d;
    if (!gone || atomic_fetch_sub(&gone->references, 1) != 1)
        return;
    free_names(gone->class_name, (size_t)gone->classes);
    free_names(gone->target_name, gone->targets);
    free_names(gone->raw_name, gone->raw);
    free_columns(gone);
    free_names(gone->input_name, gone->raw ? shape_size(&gone->shape) : 0);
    memory_free(gone->command);
    memory_free(gone->x);
    memory_free(gone->t);
    memory_free(gone->raw_x);
    memory_free(gone->mean);
    memory_free(gone->deviation);
    memory_free(gone->note);
    memory_free(gone);
}

/* Cut at the end of a character. */
static void copy_name(char out[DATA_NAME], const char *name)
{
    size_t length = strnlen(name, DATA_NAME);
    if (length == DATA_NAME)
        for (length--; length && ((unsigned char)name[length] & 0xc0) == 0x80;)
            length--;
    memcpy(out, name, length);
    out[length] = '\0';
}

struct data *data_begin(const char *name, size_t n, size_t raw, int classes, size_t targets, struct error *e)
{
    struct data *d = memory_take(1, sizeof *d, "a data set", e);
    if (!d)
        return NULL;
    atomic_init(&d->references, 1);
    copy_name(d->name, name);
    d->n = d->train = n;
    d->raw = raw;
    d->classes = classes;
    d->targets = targets;
    size_t values;
    bool ok =
        !__builtin_mul_overflow(n, raw, &values) || error_set(e, "a data set of this size is too large");
    ok = ok && (d->raw_x = memory_take(values, sizeof(float), "the inputs of the data", e));
    ok = ok && (d->t = memory_take(n * targets, sizeof(float), "the targets of the data", e));
    ok = ok && (d->mean = memory_take(raw, sizeof(float), "the means of the inputs", e));
    ok = ok && (d->deviation = memory_take(raw, sizeof(float), "the deviations of the inputs", e));
    ok = ok && (d->raw_name = memory_take(raw, sizeof(char *), "the names of the inputs", e));
    ok = ok && (d->target_name = memory_take(targets, sizeof(char *), "the names of the targets", e));
    ok = ok && (d->class_name = memory_take((size_t)classes, sizeof(char *), "the names of the classes", e));
    if (!ok) {
        data_unref(d);
        return NULL;
    }
    return d;
}

bool data_take_columns(struct data *d, size_t columns, struct error *e)
{
    d->column = memory_take(columns, sizeof *d->column, "the columns of the data", e);
    d->columns = d->column ? columns : 0;
    return d->column;
}

bool data_name(char **slot, const char *text, struct error *e)
{
    char *copy = memory_copy_text(text, e);
    if (!copy)
        return false;
    memory_free(*slot);
    *slot = copy;
    return true;
}

/* Gives each empty slot a name: the format with its number, counted from `first`. */
static bool number_names(char **name, size_t count, const char *prefix, int first, struct error *e)
{
    char text[32];
    for (size_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%s%zu", prefix, i + (size_t)first);
        if (!name[i] && !data_name(&name[i], text, e))
            return false;
    }
    return true;
}

bool data_default_names(struct data *d, struct error *e)
{
    if (d->targets == 1 && !d->target_name[0] && !data_name(&d->target_name[0], "y", e))
        return false;
    return number_names(d->class_name, (size_t)d->classes, "", 0, e) &&
           number_names(d->target_name, d->targets, "y", 1, e) &&
           number_names(d->raw_name, d->raw, "x", 1, e) && (d->note || data_name(&d->note, "", e));
}

/* --- the last step of a source --- */

bool data_cancelled(const atomic_bool *cancel, struct error *e)
{
    if (!cancel || !atomic_load_explicit(cancel, memory_order_relaxed))
        return false;
    error_set(e, "cancelled");
    return true;
}

size_t data_train_count(size_t n, double split)
{
    size_t held_out = (size_t)llround((double)n * split);
    return held_out < n ? n - held_out : n ? 1 : 0;
}

static void swap_rows(float *rows, size_t width, size_t a, size_t b)
{
    for (size_t c = 0; c < width; c++) {
        float value = rows[a * width + c];
        rows[a * width + c] = rows[b * width + c];
        rows[b * width + c] = value;
    }
}

static void shuffle_rows(struct data *d, uint64_t seed)
{
    struct rng r = rng_from(rng_key(seed, "split", d->name, 0));
    for (size_t i = d->n; i > 1; i--) {
        size_t j = rng_below(&r, (uint32_t)i);
        swap_rows(d->raw_x, d->raw, i - 1, j);
        swap_rows(d->t, d->targets, i - 1, j);
    }
}

void data_share_out(const size_t *count, size_t *quota, size_t classes, size_t n, size_t held)
{
    size_t given = 0;
    for (size_t k = 0; k < classes; k++)
        given += quota[k] = (size_t)((unsigned __int128)count[k] * held / n);
    for (; given < held; given++) {
        size_t best = 0;
        double most = -INFINITY;
        for (size_t k = 0; k < classes; k++) {
            double fraction = (double)count[k] * (double)held / (double)n - (double)quota[k];
            if (fraction > most) {
                most = fraction;
                best = k;
            }
        }
        quota[best]++;
    }
}

/* Of each class the last rows are held out, behind all others; quota counts them down. */
static void part_rows(struct data *d, size_t *quota)
{
    for (size_t i = d->n, end = d->n; i-- > 0;) {
        size_t *left = &quota[(size_t)d->t[i]];
        if (!*left)
            continue;
        --*left;
        end--;
        swap_rows(d->raw_x, d->raw, i, end);
        swap_rows(d->t, d->targets, i, end);
    }
}

static bool stratify_rows(struct data *d, struct error *e)
{
    size_t classes = (size_t)d->classes, *count = memory_take(2 * classes, sizeof *count, "the split", e);
    if (!count)
        return false;
    for (size_t i = 0; i < d->n; i++)
        count[(size_t)d->t[i]]++;
    data_share_out(count, count + classes, classes, d->n, d->n - d->train);
    part_rows(d, count + classes);
    memory_free(count);
    return true;
}

/* The mean of a column over the training part, leaving out what is missing. */
static double column_mean(const struct data *d, size_t column)
{
    double sum = 0;
    size_t present = 0;
    for (size_t i = 0; i < d->train; i++) {
        float value = d->raw_x[i * d->raw + column];
        if (isnan(value))
            continue;
        sum += value;
        present++;
    }
    return present ? sum / (double)present : 0;
}

static double column_deviation(const struct data *d, size_t column, double mean)
{
    double sum = 0;
    for (size_t i = 0; i < d->train; i++) {
        double off = d->raw_x[i * d->raw + column] - mean;
        sum += off * off;
    }
    return sqrt(sum / (double)d->train);
}

/* A column that is constant, but for rounding, keeps deviation 1: its inputs are then 0 and no division blows
 * up. */
static void scale_column(struct data *d, size_t column, bool standardise)
{
    double mean = column_mean(d, column);
    for (size_t i = 0; i < d->n; i++)
        if (isnan(d->raw_x[i * d->raw + column]))
            d->raw_x[i * d->raw + column] = (float)mean;
    double deviation = standardise ? column_deviation(d, column, mean) : 0;
    bool constant = !(deviation > 1e-6 * fabs(mean)) || (float)deviation < 1e-30f;
    d->mean[column] = standardise ? (float)mean : 0;
    d->deviation[column] = constant ? 1 : (float)deviation;
}

/* Where the map of a plane ends: a tenth beyond the points on each side, unless the source said so. */
static void bound_plane(struct data *d)
{
    for (size_t c = 0; c < 2; c++) {
        if (d->low[c] < d->high[c])
            continue;
        float low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < d->n; i++) {
            low = fminf(low, d->raw_x[i * 2 + c]);
            high = fmaxf(high, d->raw_x[i * 2 + c]);
        }
        float margin = (high - low) * 0.1f;
        if (!(margin > 0) || !isfinite(margin))
            margin = fmaxf(1, fabsf(low) * 0.1f);
        d->low[c] = fmaxf(low - margin, -3e38f);
        d->high[c] = fminf(high + margin, 3e38f);
    }
}

static bool finish(struct data *d, const struct data_finish *how, struct error *e)
{
    d->generated = how->generated;
    d->seed = how->seed;
    if (how->shuffle)
        shuffle_rows(d, how->seed);
    d->train = data_train_count(d->n, how->split);
    if (how->stratify && d->classes && !stratify_rows(d, e))
        return false;
    for (size_t c = 0; c < d->raw; c++) {
        if (data_cancelled(how->cancel, e))
            return false;
        scale_column(d, c, how->standardise && how->standardise[c]);
    }
    d->plane = d->raw == 2;
    if (d->plane) {
        bound_plane(d);
        d->features[1] = 1;
        d->feature_count = 2;
    }
    return data_default_names(d, e) && data_compute_inputs(d, e);
}

struct data *data_finish(struct data *d, const struct data_finish *how, struct error *e)
{
    if (finish(d, how, e))
        return d;
    data_unref(d);
    return NULL;
}

/* --- from arrays --- */

static bool check_arrays(const struct shape *shape, size_t n, size_t train, const float *t, size_t targets,
    int classes, struct error *e)
{
    size_t size = shape_size(shape), values;
    if (!n || !size || !targets || train < 1 || train > n)
        return error_set(e, "a data set needs samples, inputs, targets, and 1 to all samples for training");
    if (__builtin_mul_overflow(n, size, &values) || __builtin_mul_overflow(n, targets, &values))
        return error_set(e, "a data set of this size is too large");
    float least = targets > 1 ? -1 : 0; /* among several labels some may be missing */
    for (size_t i = 0; classes && i < n * targets; i++)
        if (!(t[i] >= least && t[i] < (float)classes && t[i] == rintf(t[i])))
            return error_set(
                e, "sample %zu has class %g, but classes are 0 … %d", i / targets, t[i], classes - 1);
    return true;
}

static bool copy_image_inputs(struct data *d, struct shape shape, const float *x, struct error *e)
{
    size_t size = shape_size(&shape);
    d->x = memory_take(d->n * size, sizeof(float), "the inputs of the data", e);
    if (!d->x)
        return false;
    d->shape = shape;
    memcpy(d->x, x, d->n * size * sizeof *x);
    return data_default_names(d, e);
}

struct data *data_from_arrays(const char *name, struct shape shape, const float *x, size_t n, size_t train,
    const float *t, size_t targets, int classes, struct error *e)
{
    if (!check_arrays(&shape, n, train, t, targets, classes, e))
        return NULL;
    size_t raw = shape.rank == 1 ? shape_size(&shape) : 0;
    struct data *d = data_begin(name, n, raw, classes, targets, e);
    if (!d)
        return NULL;
    memcpy(d->t, t, n * targets * sizeof *t);
    if (raw) {
        memcpy(d->raw_x, x, n * raw * sizeof *x);
        d = data_finish(d, &(struct data_finish){0}, e);
    } else if (!copy_image_inputs(d, shape, x, e)) {
        data_unref(d);
        return NULL;
    }
    if (d)
        d->train = train;
    return d;
}
