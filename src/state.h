/* state.h - everything of a network that training changes: one arena.
 *
 * Layout: parameters | running statistics | moment 0 | moment 1, each part aligned to 64 bytes. So a
 * snapshot is one memcpy, a checkpoint one write, and an optimiser one loop. A state refers to its model.
 * Not locked: whoever trains a state owns it (trainer.h). */
#ifndef GRADUS_STATE_H
#define GRADUS_STATE_H

#include "initializer.h"
#include "model.h"
#include "optimizer.h"
#include "schedule.h"

/* Where training stands; rewinding restores it with the weights. */
struct place {
    uint64_t step;  /* batches done since the weights were made; each an update, unless they accumulate */
    uint64_t epoch; /* whole epochs done */
    uint32_t batch; /* batches done in the present epoch */
    uint64_t t;     /* updates done by the present optimiser: its bias correction */
    struct course course; /* what the schedule of the rate knows */
};

struct state {
    const struct model *model; /* a reference */
    uint64_t seed;             /* of all randomness that acts on it */
    int moments;
    size_t floats; /* of the whole arena */
    float *param;  /* the arena's start */
    float *stat;
    float *moment[OPTIMIZER_MOMENTS];
    struct place place;
};

/* A zeroed state for a built model with `moments` moment arrays; NULL and an error when memory is short. */
struct state *state_new(const struct model *m, int moments, uint64_t seed, struct error *e);
void state_free(struct state *s);

/* Initialises every parameter: by `which` with `hyper`, or each by its own default when `which` is NULL.
 * Only layers first … last (inclusive). Streams are keyed by (seed, "init", layer/param). */
void state_init(struct state *s, const struct initializer *which, const double *hyper, int first, int last);

/* A copy with its own arena. */
struct state *state_copy(const struct state *s, struct error *e);

/* Copies the contents; both must have the same layout (same model or an equal one). Moments that only one of
 * them has are left out. */
void state_assign(struct state *to, const struct state *from);

/* The same without the moments, which keep what they held. */
void state_assign_params(struct state *to, const struct state *from);

/* Initialises, each tensor by its own default, the layers whose tensors an older model has not under the same
 * names and shapes: what state_adopt() will not fill. */
void state_init_rest(struct state *s, const struct model *old);

/* Carries parameters, statistics and moments over by layer name, tensor name and shape; the rest stays. */
void state_adopt(struct state *to, const struct state *from);

/* Bytes of the arena that state_new() would take. */
double state_bytes(const struct model *m, int moments);

/* A tensor of a layer: its values and how many; NULL when the index is out of range. */
float *state_param(const struct state *s, int layer, int param, size_t *count);

/* True when every parameter and statistic is finite. */
bool state_finite(const struct state *s);

#endif
