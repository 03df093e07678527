/* features.c - what the network reads: raw inputs, standardised, then extended by functions of x1 and x2.
 *
 * One function computes the inputs of a row, and everybody calls it: the data set for its samples, the output
 * map for its points. So a map shows exactly the function that is trained. The seven features are those of
 * TensorFlow Playground. */
#include "../error.h"
#include "../memory.h"
#include "source.h"

#include <float.h>
#include <math.h>
#include <string.h>

static float x1_value(float x1, float x2)
{
    return x1;
}

static float x2_value(float x1, float x2)
{
    return x2;
}

static float x1_squared(float x1, float x2)
{
    return x1 * x1;
}

static float x2_squared(float x1, float x2)
{
    return x2 * x2;
}

static float product(float x1, float x2)
{
    return x1 * x2;
}

static float sine_x1(float x1, float x2)
{
    return sinf(x1);
}

static float sine_x2(float x1, float x2)
{
    return sinf(x2);
}

static const struct feature features[] = {
    {"x1", "the first coordinate", x1_value},
    {"x2", "the second coordinate", x2_value},
    {"x1^2", "the square of x1: bends a boundary into a circle or a parabola", x1_squared},
    {"x2^2", "the square of x2", x2_squared},
    {"x1*x2", "the product: its sign tells the quadrants of xor apart", product},
    {"sin(x1)", "a wave along x1", sine_x1},
    {"sin(x2)", "a wave along x2", sine_x2},
};

enum { FEATURES = sizeof features / sizeof *features };

const struct feature *feature_at(size_t i)
{
    return i < FEATURES ? &features[i] : NULL;
}

const char *feature_name(size_t i)
{
    return i < FEATURES ? features[i].name : NULL;
}

/* --- the inputs of a row --- */

static size_t input_size(const struct data *d)
{
    return d->plane ? (size_t)d->feature_count : d->raw;
}

/* Numbers near the end of the range of floats must not become infinite by a difference or a square. */
static float bounded(double value)
{
    return value > FLT_MAX ? FLT_MAX : value < -FLT_MAX ? -FLT_MAX : (float)value;
}

static float standardised(const struct data *d, const float *raw, size_t column)
{
    return bounded(((double)raw[column] - d->mean[column]) / d->deviation[column]);
}

static void compute_row(const struct data *d, const float *raw, float *out)
{
    if (!d->plane) {
        for (size_t c = 0; c < d->raw; c++)
            out[c] = standardised(d, raw, c);
        return;
    }
    float x1 = standardised(d, raw, 0), x2 = standardised(d, raw, 1);
    for (int i = 0; i < d->feature_count; i++)
        out[i] = bounded(features[d->features[i]].value(x1, x2));
}

static const char *input_name(const struct data *d, size_t i)
{
    if (!d->plane)
        return d->raw_name[i];
    int feature = d->features[i];
    return feature < 2 ? d->raw_name[feature] : features[feature].name;
}

bool data_compute_inputs(struct data *d, struct error *e)
{
    size_t size = input_size(d);
    d->x = memory_take(d->n * size, sizeof(float), "the inputs of the data", e);
    d->input_name = d->x ? memory_take(size, sizeof(char *), "the names of the inputs", e) : NULL;
    if (!d->input_name)
        return false;
    d->shape = shape_of(1, (int)size);
    for (size_t i = 0; i < size; i++)
        if (!data_name(&d->input_name[i], input_name(d, i), e))
            return false;
    for (size_t i = 0; i < d->n; i++)
        compute_row(d, d->raw_x + i * d->raw, d->x + i * size);
    return true;
}

void data_inputs_at(const struct data *d, const float *points, size_t m, float *out)
{
    size_t size = input_size(d);
    for (size_t i = 0; i < m; i++)
        compute_row(d, points + i * d->raw, out + i * size);
}

/* --- the same data with other features --- */

static bool check_features(const struct data *d, const int *feature, int count, struct error *e)
{
    if (!d->plane)
        return error_set(e,
            "features are made from x1 and x2, but '%s' has %zu inputs: they need data on a plane, such as "
            "`data circle`",
            d->name, d->raw ? d->raw : shape_size(&d->shape));
    if (count < 1 || count > DATA_FEATURES)
        return error_set(e, "between 1 and %d features can be read, not %d", DATA_FEATURES, count);
    for (int i = 0; i < count; i++) {
        if (feature[i] < 0 || feature[i] >= FEATURES)
            return error_set(e, "there is no feature %d: they count 0 … %d", feature[i], FEATURES - 1);
        for (int j = 0; j < i; j++)
            if (feature[j] == feature[i])
                return error_set(e, "feature %s is given twice", features[feature[i]].name);
    }
    return true;
}

static bool copy_names(char **to, char *const *from, size_t count, struct error *e)
{
    for (size_t i = 0; i < count; i++)
        if (!data_name(&to[i], from[i], e))
            return false;
    return true;
}

static bool copy_columns(struct data *to, const struct data *from, struct error *e)
{
    bool ok = !from->columns || data_take_columns(to, from->columns, e);
    for (size_t i = 0; ok && i < from->columns; i++) {
        const struct data_column *c = &from->column[i];
        to->column[i] = (struct data_column){.at = c->at, .width = c->width, .text = c->text};
        ok = data_name(&to->column[i].name, c->name, e);
    }
    return ok;
}

/* All but x, shape, input_name and features. */
static bool copy_contents(struct data *to, const struct data *from, struct error *e)
{
    to->train = from->train;
    to->plane = from->plane;
    to->generated = from->generated;
    to->seed = from->seed;
    memcpy(to->low, from->low, sizeof to->low);
    memcpy(to->high, from->high, sizeof to->high);
    memcpy(to->raw_x, from->raw_x, from->n * from->raw * sizeof(float));
    memcpy(to->t, from->t, from->n * from->targets * sizeof(float));
    memcpy(to->mean, from->mean, from->raw * sizeof(float));
    memcpy(to->deviation, from->deviation, from->raw * sizeof(float));
    return copy_columns(to, from, e) &&
           copy_names(to->class_name, from->class_name, (size_t)from->classes, e) &&
           copy_names(to->target_name, from->target_name, from->targets, e) &&
           copy_names(to->raw_name, from->raw_name, from->raw, e) && data_name(&to->note, from->note, e) &&
           (!from->command || data_name(&to->command, from->command, e));
}

struct data *data_with_features(const struct data *d, const int *feature, int count, struct error *e)
{
    if (!check_features(d, feature, count, e))
        return NULL;
    struct data *copy = data_begin(d->name, d->n, d->raw, d->classes, d->targets, e);
    if (!copy)
        return NULL;
    memcpy(copy->features, feature, (size_t)count * sizeof *feature);
    copy->feature_count = count;
    if (copy_contents(copy, d, e) && data_compute_inputs(copy, e))
        return copy;
    data_unref(copy);
    return NULL;
}
