/* target.c - targets as a head wants them: how wide, how encoded, with which loss, and what no learning at
 * all would score.
 *
 * Two classes fit one unit, decided by its sign or at one half, or two units of softmax; more classes fit
 * only softmax, one unit each. Numbers fit any head with one unit for each of them. */
#include "../error.h"
#include "source.h"

#include <math.h>
#include <string.h>

size_t data_head_width(const struct data *d, enum encoding encoding)
{
    if (!d->classes)
        return d->targets;
    if (encoding == ENCODE_ONE_HOT)
        return (size_t)d->classes * d->targets;
    return d->classes == 2 ? d->targets : 0;
}

static const char *units(size_t count)
{
    return count == 1 ? "unit" : "units";
}

static bool refuse_two_classes(const struct data *d, enum encoding encoding, size_t width, struct error *e)
{
    if (encoding == ENCODE_ONE_HOT)
        return error_set(e,
            "2 classes ('%.40s' and '%.40s') need 2 softmax units, but the head has %zu: `replace` it with "
            "`dense 2 softmax`, or with `dense 1 sigmoid`",
            d->class_name[0], d->class_name[1], width);
    const char *activation = encoding == ENCODE_BIT ? "sigmoid" : "tanh";
    return error_set(e,
        "2 classes ('%.40s' and '%.40s') need a head of 1 %s unit, but the head has %zu: `replace` it with "
        "`dense 1 %s`, or with `dense 2 softmax`",
        d->class_name[0], d->class_name[1], activation, width, activation);
}

static bool refuse_sequence(const struct data *d, enum encoding encoding, size_t width, struct error *e)
{
    if (encoding != ENCODE_ONE_HOT && d->classes > 2)
        return error_set(e,
            "each of %zu positions has one of %d classes: `replace` the head with `dense %d softmax`, which "
            "acts on every position",
            d->targets, d->classes, d->classes);
    return error_set(e,
        "a sample has %zu labels of %d classes, one at each position, but the head has %zu %s in all: let it "
        "keep the positions (`return_sequences`) and end with `dense %d softmax`",
        d->targets, d->classes, width, units(width), d->classes);
}

static bool refuse_numbers(const struct data *d, size_t width, struct error *e)
{
    if (d->targets == 1)
        return error_set(e,
            "the target '%.60s' is one number, but the head has %zu %s: `replace` it with `dense 1 linear`",
            d->target_name[0], width, units(width));
    return error_set(e,
        "a sample has %zu target numbers, but the head has %zu %s: `replace` it with `dense %zu linear`",
        d->targets, width, units(width), d->targets);
}

bool data_head_fits(const struct data *d, enum encoding encoding, size_t width, struct error *e)
{
    if (!d->classes && encoding == ENCODE_ONE_HOT && d->targets == 1)
        return error_set(e,
            "the target '%.60s' is a number, and softmax gives shares of classes: `replace` the head with "
            "`dense 1 linear`",
            d->target_name[0]);
    if (width == data_head_width(d, encoding))
        return true;
    if (!d->classes)
        return refuse_numbers(d, width, e);
    if (d->targets > 1)
        return refuse_sequence(d, encoding, width, e);
    if (d->classes == 2)
        return refuse_two_classes(d, encoding, width, e);
    return error_set(e,
        "%d classes need a head of %d softmax units, one each, but the head has %zu %s%s: `replace` it with "
        "`dense %d softmax`",
        d->classes, d->classes, width, units(width), encoding == ENCODE_ONE_HOT ? "" : " without softmax",
        d->classes);
}

void labels_encode(enum encoding encoding, size_t width, const float *label, size_t count, float *out)
{
    if (encoding == ENCODE_ONE_HOT)
        memset(out, 0, count * width * sizeof *out);
    for (size_t i = 0; i < count; i++) {
        if (encoding != ENCODE_ONE_HOT)
            out[i] = encoding == ENCODE_SIGN ? 2 * label[i] - 1 : label[i];
        else if (label[i] >= 0)
            out[i * width + (size_t)label[i]] = 1;
    }
}

void data_encode(
    const struct data *d, enum encoding encoding, size_t width, size_t first, size_t count, float *out)
{
    const float *t = d->t + first * d->targets;
    if (d->classes)
        labels_encode(encoding, width, t, count * d->targets, out);
    else
        memcpy(out, t, count * d->targets * sizeof *out);
}

const char *data_default_loss(const struct data *d, const struct activation *head)
{
    enum encoding encoding = head ? head->encoding : ENCODE_SIGN;
    if (!d->classes || encoding == ENCODE_SIGN)
        return "mse";
    if (encoding == ENCODE_BIT)
        return "binary_crossentropy";
    return d->targets > 1 ? "sparse_categorical_crossentropy" : "categorical_crossentropy";
}

/* --- what no learning scores --- */

static int largest_class(const struct data *d)
{
    int best = 0;
    size_t most = 0;
    for (int class = 0; class < d->classes; class ++) {
        size_t count = 0;
        for (size_t i = 0; i < d->train * d->targets; i++)
            count += d->t[i] == (float)class;
        if (count > most) {
            most = count;
            best = class;
        }
    }
    return best;
}

static double target_mean(const struct data *d, size_t target)
{
    double sum = 0;
    for (size_t i = 0; i < d->train; i++)
        sum += d->t[i * d->targets + target];
    return sum / (double)d->train;
}

void data_baseline(const struct data *d, struct baseline *out)
{
    size_t first = d->train < d->n ? d->train : 0, count = d->n - first;
    *out = (struct baseline){.accuracy = NAN, .mse = NAN, .mae = NAN, .class = -1, .mean = NAN};
    if (d->classes) {
        size_t right = 0;
        out->class = largest_class(d);
        for (size_t i = first * d->targets; i < d->n * d->targets; i++)
            right += d->t[i] == (float)out->class;
        out->accuracy = (double)right / (double)(count * d->targets);
        return;
    }
    double squared = 0, absolute = 0;
    for (size_t k = 0; k < d->targets; k++) {
        double mean = target_mean(d, k);
        if (!k)
            out->mean = (float)mean;
        for (size_t i = first; i < d->n; i++) {
            double off = d->t[i * d->targets + k] - mean;
            squared += off * off;
            absolute += fabs(off);
        }
    }
    out->mse = squared / (double)(count * d->targets);
    out->mae = absolute / (double)(count * d->targets);
}
