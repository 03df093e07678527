/* tensor_type.c - see tensor_type.h.
 *
 * A half is a sign, 5 bits of exponent (bias 15) and 10 of fraction; a bfloat16 is the upper half of a
 * float. */
#include "tensor_type.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static void read_f32(const char *from, size_t count, float *out)
{
    memcpy(out, from, count * sizeof *out);
}

static void read_f64(const char *from, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, from + i * sizeof value, sizeof value);
        out[i] = (float)value;
    }
}

static float half(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    float size = exponent == 31 ? (fraction ? NAN : INFINITY)
                 : exponent     ? ldexpf((float)(1024 + fraction), exponent - 25)
                                : ldexpf((float)fraction, -24);
    return bits >> 15 ? -size : size;
}

static void read_f16(const char *from, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t bits;
        memcpy(&bits, from + i * sizeof bits, sizeof bits);
        out[i] = half(bits);
    }
}

static void read_bf16(const char *from, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t bits;
        memcpy(&bits, from + i * sizeof bits, sizeof bits);
        uint32_t wide = (uint32_t)bits << 16;
        memcpy(&out[i], &wide, sizeof wide);
    }
}

static const struct tensor_type types[] = {
    {"F32", 4, read_f32},
    {"F64", 8, read_f64},
    {"F16", 2, read_f16},
    {"BF16", 2, read_bf16},
    {"I64", 8, NULL},
    {"I32", 4, NULL},
    {"I16", 2, NULL},
    {"I8", 1, NULL},
    {"U64", 8, NULL},
    {"U32", 4, NULL},
    {"U16", 2, NULL},
    {"U8", 1, NULL},
    {"BOOL", 1, NULL},
    {"F8_E4M3", 1, NULL},
    {"F8_E5M2", 1, NULL},
};

const struct tensor_type *tensor_type_find(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i].name, name))
            return &types[i];
    return NULL;
}
