/* recurrent_cell.h - what recurrent.c knows of a cell: where its sums go, and its arithmetic of one row.
 *
 * A position keeps a row of slots, each of u floats: the sums of the gates, which forward turns into what
 * backward wants. dz is a row of the same slots: gradients by those sums. The state is h, and behind it the
 * c of an LSTM; before holds the state before the step. */
#ifndef GRADUS_KERNELS_RECURRENT_CELL_H
#define GRADUS_KERNELS_RECURRENT_CELL_H

#include "recurrent.h"

enum { CELL_GROUPS = 3 };

/* `count` neighbouring gates: columns of a kernel or of the bias, and the slots of their sums. */
struct cell_group {
    int column, slot, count;
    int from; /* of a recurrent kernel: the slot that it is multiplied by; 0: the state */
};

struct recurrent_cell {
    int gates, slots, states, biases;
    struct cell_group input[CELL_GROUPS], state[CELL_GROUPS], bias[CELL_GROUPS]; /* ended by count 0 */
    int apart; /* a slot that takes no part of the input's sums; 0: none */
    /* The gates of a row from their sums, and the next state. */
    void (*forward)(const struct recurrent *r, const float *bias, float *z, float *state);
    /* dz from the gradient by the next state, which becomes that part of the gradient by the state before
     * that does not pass the recurrent kernel. */
    void (*backward)(
        const struct recurrent *r, const float *z, const float *before, float *dz, float *dstate);
    /* Between the products of the first and the second group of `state`, or NULL; back, dz's slot `from` of
     * the second group holds the gradient by that slot. */
    void (*between)(const struct recurrent *r, const float *bias, float *z, const float *state);
    void (*between_back)(
        const struct recurrent *r, const float *z, const float *before, float *dz, float *dstate);
};

#endif
