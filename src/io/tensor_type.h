/* tensor_type.h - the types of numbers that a .safetensors file may hold, by the format's names. Any thread.
 */
#ifndef GRADUS_IO_TENSOR_TYPE_H
#define GRADUS_IO_TENSOR_TYPE_H

#include <stddef.h>

struct tensor_type {
    const char *name; /* "F32" */
    size_t bytes;     /* of a value */
    /* `count` values as floats; NULL for types that no weights are kept in. `from` needs no alignment. */
    void (*read)(const char *from, size_t count, float *out);
};

/* NULL when the format has no such type. */
const struct tensor_type *tensor_type_find(const char *name);

#endif
