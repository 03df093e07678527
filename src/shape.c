/* shape.c - see shape.h. */
#include "shape.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct shape shape_of(int rank, ...)
{
    struct shape s = {.rank = rank};
    va_list dims;
    va_start(dims, rank);
    for (int i = 0; i < rank && i < SHAPE_RANK; i++)
        s.dim[i] = va_arg(dims, int);
    va_end(dims);
    return s;
}

size_t shape_size(const struct shape *s)
{
    if (!s->rank)
        return 0;
    size_t size = 1;
    for (int i = 0; i < s->rank; i++)
        if (__builtin_mul_overflow(size, (size_t)s->dim[i], &size))
            return SIZE_MAX;
    return size;
}

bool shape_equal(const struct shape *a, const struct shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

const char *shape_text(const struct shape *s, char out[SHAPE_TEXT])
{
    int at = snprintf(out, SHAPE_TEXT, s->rank ? "%d" : "?", s->dim[0]);
    for (int i = 1; i < s->rank; i++)
        at += snprintf(out + at, SHAPE_TEXT - (size_t)at, "x%d", s->dim[i]);
    return out;
}

bool shape_parse(const char *text, struct shape *out)
{
    struct shape s = {0};
    for (;;) {
        if (!isdigit((unsigned char)*text) || s.rank == SHAPE_RANK)
            return false;
        char *end;
        long long dim = strtoll(text, &end, 10);
        if (dim < 1 || dim > INT_MAX)
            return false;
        s.dim[s.rank++] = (int)dim;
        if (!*end)
            break;
        if (*end != 'x')
            return false;
        text = end + 1;
    }
    *out = s;
    return true;
}
