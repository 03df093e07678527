/* workspace.h - gradients and activations for one batch size, and the passes over them.
 *
 * A workspace serves one model and up to `batch` samples at a time. Bind it to a state, aim it at goals,
 * write inputs and targets into it, then forward, loss, backward. Nothing is allocated after workspace_aim().
 * One thread at a time.
 *
 * What need not be there at the same time shares memory, as far as the use allows: each piece has a time at
 * which it is written first and one at which it is read last. */
#ifndef GRADUS_WORKSPACE_H
#define GRADUS_WORKSPACE_H

#include "goal.h"
#include "state.h"

enum workspace_use {
    USE_FORWARD,  /* forward only; all activations stay to be read */
    USE_BACKWARD, /* with gradients; all activations and deltas stay to be read */
    USE_OUTPUT,   /* forward only; the outputs alone stay */
    USE_TRAIN,    /* with gradients; activations stay, deltas share */
};

/* Parameters that lie together and are trained: what the optimiser walks over. */
struct stretch_of_params {
    size_t offset, count;
};

struct workspace {
    const struct model *model; /* a reference */
    const struct state *state; /* bound, not owned */
    const struct goals *goals; /* aimed at, not owned */
    size_t batch, N;           /* room for, and samples of the last forward */
    enum workspace_use use;
    bool gradients;    /* has room for backward */
    struct pass *pass; /* [layers] */
    uint64_t *salt;    /* [layers]: each layer's share of the random keys, from its name */
    bool *learns;      /* [layers]: it, or a layer that it reads, trains: gradients go there */
    struct stretch_of_params *trained; /* [trains] */
    int trains;
    bool shares; /* some layers share parameters */
    float *arena;
    float *grad;        /* like state.param: gradients by every parameter; 0 where frozen */
    float *sum;         /* the same of batches that wait for each other, times their samples; or NULL */
    size_t collected;   /* samples in sum */
    float *inputs;      /* batch x input size, when there are several inputs; else the input's y */
    float *targets;     /* batch x goals' width */
    float *row_weight;  /* batch x positions of the goals whose rows have weights */
    float *goal_memory; /* targets, row_weight and the losses' scratch */
    float *loss_scratch;
    struct loss_batch goal_batch[MODEL_OUTPUTS]; /* of the last loss, each output's: what metrics read */
    double goal_loss[MODEL_OUTPUTS];             /* of the last loss, each output's own */
};

/* Room for `batch` samples. */
struct workspace *workspace_new(const struct model *m, size_t batch, enum workspace_use use, struct error *e);
void workspace_free(struct workspace *ws);

/* Bytes that workspace_new() takes for values; INFINITY where they cannot be counted. */
double workspace_bytes(const struct model *m, size_t batch, enum workspace_use use);

/* Reads parameters from (and running statistics in) this state from now on; same model, or one with the same
 * parameters. */
void workspace_bind(struct workspace *ws, const struct state *s);

/* Makes room for targets, and takes the losses from these goals, which must outlive the workspace's use. */
bool workspace_aim(struct workspace *ws, const struct goals *g, struct error *e);

/* Where the inputs of the next forward go, batch x size of all inputs, and the targets of the next loss, as
 * goals_encode() writes them. */
float *workspace_input(struct workspace *ws);
float *workspace_targets(struct workspace *ws);

/* Runs N samples through. `key` is the random key of the step; layers mix their own in. */
void workspace_forward(struct workspace *ws, size_t N, bool training, uint64_t key);

/* Forgets what recurrent layers carried from batch to batch, and whether they shall carry from now on. */
bool workspace_carry(struct workspace *ws, bool carry, struct error *e);

/* Goes on from what another workspace carried, of the same model and with the same room; where one of them
 * does not carry nothing happens. */
void workspace_carry_on(struct workspace *ws, const struct workspace *from);

/* What the head's loss read last. */
const struct loss_batch *workspace_head(const struct workspace *ws);

/* Outputs of the head (N x K), and of any layer with their gradients (NULL where there is none). */
const float *workspace_output(const struct workspace *ws);
const float *workspace_activation(const struct workspace *ws, int layer);
const float *workspace_delta(const struct workspace *ws, int layer); /* dL/dy, or dL/dz once backward ran */

/* The mask of a layer's output: N x positions, or NULL. */
const float *workspace_mask(const struct workspace *ws, int layer);

/* Mean loss of the last forward against the targets, every output by its weight, and what layers added; with
 * `gradients` it also fills the outputs' dy. */
double workspace_loss(struct workspace *ws, bool gradients);

/* Fills grad from the outputs' dy. Then penalties: adds those of l1 and l2 to grad and returns their value.
 */
void workspace_backward(struct workspace *ws);
double workspace_penalty(struct workspace *ws, const struct recipe *r, bool gradients);

/* The penalties of a state (Keras's definitions: l1·Σ|w| + l2·Σw²); adds their gradients to grad, which is
 * like state.param, unless it is NULL. */
double state_penalty(const struct state *s, const struct recipe *r, float *grad);

/* Makes room for gradients of several batches, which shall make one update together. Then, after each
 * backward: adds the gradient to those that wait, and when the update is due makes it their mean. Returns
 * true when grad is to be used; without room that is always. */
bool workspace_collects(struct workspace *ws, struct error *e);
bool workspace_collect(struct workspace *ws, bool due);

/* Length of the gradient over all parameters that train; not finite where one of them is not. */
double workspace_norm(const struct workspace *ws);

/* One update of s by the workspace's gradients, clipped as the recipe says, and of its running statistics by
 * the batch's; counts place.step and place.t. */
void workspace_update(struct workspace *ws, struct state *s, const struct recipe *r);

/* The same for a batch whose gradient waits: statistics and place.step alone. */
void workspace_settle(struct workspace *ws, struct state *s);

#endif
