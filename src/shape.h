/* shape.h - the shape of one sample or of one parameter, row-major, channels last.
 *
 * A shape never holds the batch: `28x28x1` is an image of height 28, width 28 and one channel. Rank 0 means
 * "not known yet". Any thread. */
#ifndef GRADUS_SHAPE_H
#define GRADUS_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

enum { SHAPE_RANK = 5, SHAPE_TEXT = 64 };

struct shape {
    int rank;
    int dim[SHAPE_RANK];
};

/* A shape of the given dimensions: shape_of(3, 28, 28, 1). */
struct shape shape_of(int rank, ...);

/* Product of the dimensions; 0 for an unknown shape. Saturates at SIZE_MAX. */
size_t shape_size(const struct shape *s);

bool shape_equal(const struct shape *a, const struct shape *b);

/* "28x28x1", or "?" for an unknown shape, in `out`, which is returned. */
const char *shape_text(const struct shape *s, char out[SHAPE_TEXT]);

/* Reads "28x28x1" or "784"; every dimension 1 … 2^31-1. Returns false, *out untouched, on anything else. */
bool shape_parse(const char *text, struct shape *out);

#endif
