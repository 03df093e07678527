/* workspace.h - gradients and activations for one batch size, and the passes over them.
 *
 * A workspace serves one model and up to `batch` samples at a time. Bind it to a state, write the inputs
 * into workspace_input(), then forward, loss, backward. Nothing is allocated after workspace_new(). One
 * thread at a time. */
#ifndef GRADUS_WORKSPACE_H
#define GRADUS_WORKSPACE_H

#include "recipe.h"
#include "state.h"

struct workspace {
    const struct model *model; /* a reference */
    const struct state *state; /* bound, not owned */
    size_t batch, N;           /* room for, and samples of the last forward */
    bool gradients;            /* has room for backward */
    struct pass *pass;         /* [layers] */
    uint64_t *salt;            /* [layers]: each layer's share of the random keys, from its name */
    float *arena;
    float *grad; /* like state.param: gradients by every parameter */
};

/* Room for `batch` samples; without `gradients` only forward can run. */
struct workspace *workspace_new(const struct model *m, size_t batch, bool gradients, struct error *e);
void workspace_free(struct workspace *ws);

/* Floats that workspace_new() would take, in bytes. */
double workspace_bytes(const struct model *m, size_t batch, bool gradients);

/* Reads parameters from (and running statistics in) this state from now on; same model. */
void workspace_bind(struct workspace *ws, const struct state *s);

/* Where the inputs of the next forward go: batch x size of the input's shape. */
float *workspace_input(struct workspace *ws);

/* Runs N samples through. `key` is the random key of the step; layers mix their own in. */
void workspace_forward(struct workspace *ws, size_t N, bool training, uint64_t key);

/* Outputs of the head (N x K), and of any layer with their gradients. */
const float *workspace_output(const struct workspace *ws);
const float *workspace_activation(const struct workspace *ws, int layer);
const float *workspace_delta(const struct workspace *ws, int layer); /* dL/dy, or dL/dz once backward ran */

/* Mean loss of the last forward against targets N x K; with `gradients` it also fills the head's dy. */
double workspace_loss(struct workspace *ws, const struct loss *loss, const float *targets, bool gradients);

/* Fills grad from the head's dy. Then penalties: adds those of l1 and l2 to grad and returns their value. */
void workspace_backward(struct workspace *ws);
double workspace_penalty(struct workspace *ws, const struct recipe *r, bool gradients);

/* The penalties of a state (Keras's definitions: l1·Σ|w| + l2·Σw²); adds their gradients to grad, which is
 * like state.param, unless it is NULL. */
double state_penalty(const struct state *s, const struct recipe *r, float *grad);

/* One update of s by the workspace's gradients; counts place.step and place.t. */
void workspace_update(struct workspace *ws, struct state *s, const struct recipe *r);

#endif
