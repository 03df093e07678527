/* fuzz_idx.c - two files' bytes to a data set. The first byte: bit 0 both pairs hold these files, bit 1 they
 * are pooled, bits 2 to 7 how many images. The next two: the length of the labels, low byte first. Then the
 * labels and, behind them, the images. */
#include "../../src/data/idx.h"
#include "../../src/error.h"
#include "../../src/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { HEAD = 3 };

static void check_error(const struct error *e)
{
    if (!*e->text || strchr(e->text, '\n'))
        abort();
}

/* What every data set of images promises: values 0 … 1, classes in range, a training part. */
static void check(const struct data *d)
{
    size_t values = d->n * shape_size(&d->shape);
    if (!values || !d->train || d->train > d->n)
        abort();
    for (size_t i = 0; i < values; i++)
        if (!(d->x[i] >= 0 && d->x[i] <= 1))
            abort();
    for (size_t i = 0; i < d->n; i++)
        if (!(d->t[i] >= 0 && d->t[i] < (float)d->classes))
            abort();
}

static bool parse(const uint8_t *bytes, size_t length, int rank, struct idx *out)
{
    struct error e = {.text = ""};
    char *copy = memory_take(length, 1, "the input", &e);
    if (!copy)
        return false;
    memcpy(copy, bytes, length);
    if (idx_parse(copy, length, rank == 1 ? "labels" : "images", rank, NULL, out, &e))
        return true;
    check_error(&e);
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < HEAD)
        return 0;
    struct idx_pair pair = {0}, none = {0};
    struct error e = {.text = ""};
    struct idx_options options = {.n = bytes[0] >> 2, .pooled = bytes[0] & 2, .split = 0.3, .name = "fuzz"};
    size_t rest = length - HEAD, labels = bytes[1] | (size_t)bytes[2] << 8;
    labels = labels < rest ? labels : rest;
    if (parse(bytes + HEAD, labels, 1, &pair.label) &&
        parse(bytes + HEAD + labels, rest - labels, 3, &pair.image)) {
        struct data *d = data_from_idx(&pair, bytes[0] & 1 ? &pair : &none, &options, 1, NULL, &e);
        if (d)
            check(d);
        else
            check_error(&e);
        data_unref(d);
    }
    idx_release(&pair.label);
    idx_release(&pair.image);
    return 0;
}
