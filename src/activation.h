/* activation.h - the table of activation functions: the function that turns a weighted sum z into y = f(z).
 *
 * `rows` samples of `width` values, row-major; all but softmax work value by value. Source of names and
 * formulas: Keras 3's `keras.activations`. Any thread. */
#ifndef GRADUS_ACTIVATION_H
#define GRADUS_ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>

/* How class labels are written for a head with this activation, and how its output is read back. */
enum encoding {
    ENCODE_SIGN,    /* ±1, decided by the sign: tanh, linear and other unbounded heads */
    ENCODE_BIT,     /* 0 or 1, decided at 0.5: sigmoid */
    ENCODE_ONE_HOT, /* one unit a class, decided by the largest: softmax */
};

struct activation {
    const char *name, *summary, *formula;
    /* y = f(z); y may be z. */
    void (*forward)(const float *z, float *y, size_t rows, size_t width);
    /* dz = dy · f'(z); dz may be dy. z may be NULL unless needs_z; y is what forward gave. */
    void (*backward)(const float *z, const float *y, const float *dy, float *dz, size_t rows, size_t width);
    bool needs_z;           /* the slope cannot be had from y alone */
    bool rectifier;         /* He initialisation suits it; units can die */
    float low, high;        /* range of y, ±INFINITY where open: colour scales, saturation */
    enum encoding encoding; /* of class labels, where a layer with it is the head */
};

/* A row's functions, the rows shared among threads where there are many: the same bits on any number. */
void activation_forward(const struct activation *a, const float *z, float *y, size_t rows, size_t width);
void activation_backward(const struct activation *a, const float *z, const float *y, const float *dy,
    float *dz, size_t rows, size_t width);

/* The i-th row, NULL past the end; and the row of a name, NULL when there is none. */
const struct activation *activation_at(size_t i);
const struct activation *activation_find(const char *name);

/* The i-th name, NULL past the end: an args.h choice. */
const char *activation_name(size_t i);

#endif
