/* snapshot.h - what the window needs to repeat the step that a trainer is about to take.
 *
 * The reader asks (snapshot_request), the trainer copies between two steps, the reader takes the newest.
 * Two slots, one request outstanding; when nobody asks it costs one relaxed load a step. With the state, the
 * indices of the next batch and its random key a replica can repeat that very step: activations, dropout
 * masks, gradients, update. */
#ifndef GRADUS_SNAPSHOT_H
#define GRADUS_SNAPSHOT_H

#include "state.h"

enum slice {
    SLICE_PARAMS = 1, /* parameters and running statistics */
    SLICE_MOMENTS = 2,
    SLICE_BATCH = 4, /* indices of the batch */
};

struct snapshot {
    unsigned slices;     /* what it holds */
    struct state *state; /* with its place; has moments only with SLICE_MOMENTS */
    double lr;
    size_t N;        /* samples of the batch */
    uint32_t *index; /* [N] rows of the data */
    uint64_t key;    /* the random key of the step */
};

struct snapshots;

/* For states like `s` and batches up to `batch`. Slots are made when they are asked for, by the reader. */
struct snapshots *snapshots_new(const struct state *s, size_t batch, struct error *e);
void snapshots_free(struct snapshots *p);

/* Reader: asks for these slices at the end of the running step. While one is on its way, waits to be taken,
 * or has no room in memory, nothing is asked. */
void snapshots_request(struct snapshots *p, unsigned slices);

/* Reader: the newest snapshot, or NULL when none came yet. Stays valid until the next call. */
const struct snapshot *snapshots_take(struct snapshots *p);

/* Trainer, between steps: true when somebody asked (one relaxed load), then the slot to fill and the end. */
bool snapshots_wanted(const struct snapshots *p);
struct snapshot *snapshots_begin(struct snapshots *p, unsigned *slices);
void snapshots_end(struct snapshots *p);

#endif
