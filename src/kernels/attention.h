/* attention.h - scaled dot-product attention of several heads (Vaswani and others 2017), without the
 * projections around it. Any thread.
 *
 * For each of N samples and each head, with q of T positions and k and v of S positions, d values each:
 *
 *     A = softmax(q·kᵀ / sqrt(d))      context = A·v
 *
 * A position attends to those that its mask counts and, when causal, to none behind its own; where nothing is
 * left its row of A is 0. Padded rows of q are like others: whoever reads them passes over them. */
#ifndef GRADUS_KERNELS_ATTENTION_H
#define GRADUS_KERNELS_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>

/* Heads lie side by side in a row: head h of q at position t is q + t·q_row + h·d. Samples follow without
 * gaps. */
struct attention {
    size_t N, heads, T, S, d;
    bool causal;
    const float *mask; /* N x S, 0 is padding; NULL: every position counts */
    const float *q, *k, *v;
    size_t q_row, k_row, v_row; /* floats from position to position */
    float *weights;             /* N x heads x T x S: A */
    float *context;             /* N x T x (heads · d) */
    const float *dcontext;
    float *dq, *dk, *dv; /* as q, k and v lie; overwritten */
    float *scratch;      /* attention_scratch() floats */
};

size_t attention_scratch(const struct attention *a);

void attention_forward(const struct attention *a);

/* From dcontext to dq, dk and dv, with weights as forward left them. */
void attention_backward(const struct attention *a);

#endif
