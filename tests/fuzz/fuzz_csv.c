/* fuzz_csv.c - bytes to a data set. The first byte chooses the options: bit 0 the target (column 0, or "y"),
 * bit 1 what happens to missing values, bits 2 and 3 the header, bits 4 and 5 the task. The rest is the file.
 */
#include "../../src/data/csv.h"
#include "../../src/error.h"
#include "../../src/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* What every data set promises: finite inputs, classes in range, a training part. */
static void check(const struct data *d)
{
    size_t width = shape_size(&d->shape);
    if (!d->n || !d->train || d->train > d->n || !width)
        abort();
    for (size_t i = 0; i < d->n * width; i++)
        if (!isfinite(d->x[i]))
            abort();
    for (size_t i = 0; i < d->n; i++)
        if (!isfinite(d->t[i]) || (d->classes && !(d->t[i] >= 0 && d->t[i] < (float)d->classes)))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (!length)
        return 0;
    struct error e;
    struct csv_options options = {
        .target = bytes[0] & 1 ? "y" : "0",
        .missing = bytes[0] & 2 ? CSV_MISSING_MEAN : CSV_MISSING_DROP,
        .header = (enum csv_header)((bytes[0] >> 2 & 3) % 3),
        .task = (enum csv_task)((bytes[0] >> 4 & 3) % 3),
        .split = 0.3,
    };
    char *copy = memory_take(length, 1, "the input", &e);
    if (!copy)
        return 0;
    memcpy(copy, bytes + 1, length - 1);
    struct data *d = data_from_csv(copy, length - 1, "fuzz.csv", &options, 1, NULL, &e);
    if (d)
        check(d);
    else if (!*e.text || strchr(e.text, '\n'))
        abort();
    data_unref(d);
    return 0;
}
