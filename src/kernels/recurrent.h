/* recurrent.h - one direction of a recurrent layer over a batch of sequences, forward and backward.
 *
 * A cell turns the input of a step and the state before it into the state after it. Kernels and biases are
 * Keras's: kernel in x gates·u, recurrent kernel u x gates·u, u = units, with these gates side by side:
 *
 *     simple  h' = f(x·W + h·U + b)
 *     lstm    i f c o: c' = σ(f)·c + σ(i)·tanh(c), h' = σ(o)·tanh(c')  (Hochreiter & Schmidhuber 1997; the
 *             forget gate: Gers and others 2000)
 *     gru     z r h: h' = σ(z)·h + (1 - σ(z))·tanh(xh + r·(h·U + rb))  (Cho and others 2014, as Keras with
 *             reset_after, cuDNN and PyTorch have it); bias 2 x 3u, the input's and the recurrence's
 *     gru_before  the first form of the paper: r acts on h before the product; bias 3u
 *
 * Where the mask is 0 a step keeps the state, and its output is that state. Gradients of step s reach no
 * step before s - s mod truncate. Samples are shared among threads; every sum has a fixed order. */
#ifndef GRADUS_KERNELS_RECURRENT_H
#define GRADUS_KERNELS_RECURRENT_H

#include <stdbool.h>
#include <stddef.h>

struct recurrent_cell;

struct recurrent {
    const struct recurrent_cell *cell;
    size_t N, T, in, units;
    size_t truncate;                        /* steps that a gradient passes at most; 0: all */
    bool reversed;                          /* step s reads position T-1-s */
    bool last;                              /* the last step's output alone is read */
    const float *x;                         /* N x T x in */
    const float *mask;                      /* N x T, or NULL */
    const float *kernel, *recurrent, *bias; /* bias may be NULL */
    /* Step s of sample n writes y + n·y_sample + s·y_step, and finds its gradient there in dy. */
    float *y;
    const float *dy;
    size_t y_sample;
    ptrdiff_t y_step;
    float *carry; /* the state before the first step and after the last, or NULL: starts at 0 */
    size_t carry_sample;
    float *cache, *scratch;                   /* recurrent_cache() a sample; recurrent_scratch() */
    float *dx, *dkernel, *drecurrent, *dbias; /* each may be NULL */
    bool add;                                 /* to dx */
    /* The activation of a simple cell. */
    void (*activate)(const float *z, float *y, size_t rows, size_t width);
    void (*slope)(const float *z, const float *y, const float *dy, float *dz, size_t rows, size_t width);
};

extern const struct recurrent_cell recurrent_simple,
    recurrent_simple_z; /* z is kept for a slope that needs it */
extern const struct recurrent_cell recurrent_lstm, recurrent_gru, recurrent_gru_before;

/* Columns of the kernel, rows of the bias and floats of the state for each unit. */
int recurrent_gates(const struct recurrent_cell *cell);
int recurrent_biases(const struct recurrent_cell *cell);
int recurrent_states(const struct recurrent_cell *cell);

size_t recurrent_cache(const struct recurrent_cell *cell, size_t T, size_t units); /* floats a sample */
size_t recurrent_scratch(const struct recurrent_cell *cell, size_t N, size_t T, size_t units, bool gradients);

/* Fills y, cache and carry. */
void recurrent_forward(const struct recurrent *r);

/* Fills the gradients; reads x, cache and dy, and leaves them as they are. */
void recurrent_backward(const struct recurrent *r);

#endif
