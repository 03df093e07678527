/* initializer.h - the table of weight initialisers (Keras's names).
 *
 * glorot_uniform, glorot_normal: Glorot & Bengio 2010. he_uniform, he_normal: He and others 2015. Normal
 * variants are not truncated. orthogonal: Saxe and others 2014. Any thread. */
#ifndef GRADUS_INITIALIZER_H
#define GRADUS_INITIALIZER_H

#include "args.h"

#include <stdint.h>

enum { INITIALIZER_ARGS = 4 };

struct initializer {
    const char *name, *summary;
    const struct arg_row *args; /* INT and REAL rows, such as stddev; at most INITIALIZER_ARGS */
    /* Fills n values from the stream of `key`. `hyper` follows the rows. */
    void (*fill)(const double *hyper, int fan_in, int fan_out, uint64_t key, float *w, size_t n);
};

const struct initializer *initializer_at(size_t i);
const struct initializer *initializer_find(const char *name);
const char *initializer_name(size_t i);

#endif
