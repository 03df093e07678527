/* error.c - filling the error object. A sentence that is too long is cut, never overrun. */
#include "error.h"

#include <stdio.h>
#include <string.h>

static void fill(struct error *e, int offset, int length, const char *format, va_list args)
{
    if (!e)
        return;
    vsnprintf(e->text, sizeof e->text, format, args);
    e->offset = offset;
    e->length = length;
}

bool error_set(struct error *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(e, -1, 0, format, args);
    va_end(args);
    return false;
}

bool error_set_at(struct error *e, int offset, int length, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(e, offset, length, format, args);
    va_end(args);
    return false;
}

bool error_prefix(struct error *e, const char *format, ...)
{
    if (!e)
        return false;
    struct error old = *e;
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    size_t used = strlen(e->text);
    snprintf(e->text + used, sizeof e->text - used, ": %s", old.text);
    return false;
}
