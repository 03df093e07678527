/* value.c - numbers and tensors as expressions pass them on, and how `print` writes them. */
#include "expr_tree.h"

#include "../src/memory.h"
#include "../src/text.h"

#include <math.h>
#include <string.h>

enum { SHOWN_VALUES = 10000 };

struct value value_of(double number)
{
    return (struct value){.number = number};
}

void value_release(struct value *v)
{
    memory_free(v->data);
    *v = (struct value){0};
}

void seen_free(struct seen *seen, int count)
{
    for (int i = 0; seen && i < count; i++)
        value_release(&seen[i].value);
    memory_free(seen);
}

size_t value_size(const struct value *v)
{
    return v->is_text ? 0 : v->tensor ? shape_size(&v->shape) : 1;
}

double value_at(const struct value *v, size_t i)
{
    return v->tensor ? (double)v->data[i] : v->number;
}

bool value_take(struct value *v, const struct shape *shape, struct error *e)
{
    float *data = memory_take(shape_size(shape), sizeof *data, "a tensor", e);
    if (!data)
        return false;
    *v = (struct value){.tensor = true, .data = data, .shape = *shape};
    return true;
}

bool value_copy(const struct value *from, struct value *to, struct error *e)
{
    struct value copy = *from;
    if (from->tensor) {
        if (!value_take(&copy, &from->shape, e))
            return false;
        memcpy(copy.data, from->data, shape_size(&from->shape) * sizeof *copy.data);
    }
    *to = copy;
    return true;
}

static void write_number(double x, struct text *out)
{
    if (isnan(x))
        text_add(out, "nan");
    else
        text_addf(out, "%.9g", x == 0 ? 0.0 : x);
}

static const float *write_axis(const struct shape *s, int axis, const float *data, struct text *out)
{
    if (axis == s->rank) {
        write_number(*data, out);
        return data + 1;
    }
    text_add(out, "[");
    for (int i = 0; i < s->dim[axis]; i++) {
        text_add(out, i ? " " : "");
        data = write_axis(s, axis + 1, data, out);
    }
    text_add(out, "]");
    return data;
}

void value_write(const struct value *v, struct text *out)
{
    char shape[SHAPE_TEXT];
    size_t size = v->tensor ? shape_size(&v->shape) : 0;
    if (v->is_text)
        text_add(out, v->text);
    else if (!v->tensor)
        write_number(v->number, out);
    else if (size > SHOWN_VALUES)
        text_addf(out, "a tensor of %s, %zu values: choose a part of it, as in [0,:]",
            shape_text(&v->shape, shape), size);
    else
        write_axis(&v->shape, 0, v->data, out);
}
