/* replica_parts.h - a replica from the inside: shared by replica.c (rounds), replica_build.c (memory) and
 * replica_stages.c (the work). Nobody else includes it. */
#ifndef GRADUS_VIZ_REPLICA_PARTS_H
#define GRADUS_VIZ_REPLICA_PARTS_H

#include "replica.h"

struct replica {
    /* what it was built for */
    const struct model *model; /* the pictures hold the reference */
    const struct data *data;   /* a reference: the session's, whether it fits or not */
    int moments;
    double macs;              /* of a sample */
    size_t trained, held_out; /* rows of each part that there is room for */

    struct picture picture[2]; /* one is shown, the other in the making */
    int front;
    bool shown;   /* the front one is whole */
    float *arena; /* of both pictures */
    struct link *links;
    uint32_t *rows; /* of both pictures' rows and cells */
    float *heads;   /* where one layer of attention runs once more */

    struct workspace *probe; /* forward only */
    struct workspace *step;  /* NULL until the first round with a step */
    struct state *after;
    bool updated; /* `after` holds the update of the round */

    unsigned wanted; /* slices that the panels on show need */

    /* the round */
    unsigned slices; /* what it goes by */
    int stage;       /* index of the work to do, -1: none */
    size_t progress; /* within it */
    struct recipe recipe;
    bool steps; /* outputs and targets fit: a step can be repeated */
    struct goals goals;
    uint32_t *index; /* [data->train] */
    size_t N;
    uint64_t key;
    double afford; /* multiply-adds that it may take */
    bool joined;   /* the training rows are the maps' samples: one pass serves both */
    uint64_t revision, from_step;
    long row;
    bool started; /* a round was loaded since it was built */

    double began, work; /* clock: the round's start; seconds that this thread worked for it so far */
    const struct snapshot *taken;
    uint64_t taken_step, serial;
};

/* Whether the memory still fits the session; else replica_build() takes it anew. After false it is empty. */
bool replica_fits(const struct replica *r, const struct session *s);
bool replica_build(struct replica *r, const struct session *s);
void replica_clear(struct replica *r);

/* Chooses the rows to predict, as many as the round can afford. */
void replica_choose_rows(struct replica *r, struct picture *p);

/* Room in r->step for the round's batch; shortens the batch to what the round can afford. */
bool replica_step_room(struct replica *r, struct picture *p);

/* Works on the picture in the making; true when the stage is done, false when it wants to be called again. */
typedef bool replica_stage(struct replica *r, struct picture *p);
replica_stage *replica_stage_at(int i); /* NULL past the end */

#endif
