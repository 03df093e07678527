/* replica.h - the window's own copy of the network: it repeats steps and probes without touching the session.
 *
 * In rounds: take the weights (a snapshot of the running training, else a copy of the session's), repeat the
 * step that comes next (activations, gradients, update, dropout masks included), then ask every unit for its
 * output over the input plane, or over samples where the data do not lie on one. A round is spread over
 * frames within a budget of seconds; panels read the picture of the last whole round. Kernels use one thread.
 * Main only. */
#ifndef GRADUS_VIZ_REPLICA_H
#define GRADUS_VIZ_REPLICA_H

#include "../src/session.h"
#include "statistics.h"
#include "tiles.h"

enum {
    REPLICA_SIDE = 60,    /* the plane is probed at SIDE x SIDE points, the centres of its cells */
    REPLICA_LINE = 96,    /* a single input at so many points */
    REPLICA_MAPS = 64,    /* at most the first so many units of a layer have a map */
    REPLICA_CELLS = 1024, /* at most the first so many units have a value for the sample */
    REPLICA_LINKS = 420,  /* the strongest weights that are looked up, over all layers */
    REPLICA_ROWS = 256, /* rows of the data that are predicted, of each part: fewer where outputs are many */
    REPLICA_LEAST = 32, /* and fewer where a model costs much, while it trains: so many, */
    REPLICA_PLACES = 4, /* or so many where a row has an answer for each of several places */
    REPLICA_SAID = 1 << 16, /* a head with at most so many outputs has them all for the sample */
};

/* What a unit's map runs over. */
enum map_kind {
    MAP_NONE,    /* no data */
    MAP_PLANE,   /* the input plane: row 0 is its top */
    MAP_LINE,    /* one input, from low to high */
    MAP_SAMPLES, /* training samples, ordered by their targets */
};

/* A weight of a dense kernel. */
struct link {
    int from, to;
    float w;
};

struct layer_picture {
    int maps;             /* units that have a map: the first; 0 for a layer with tiles */
    float *map;           /* maps x rows x columns of the picture */
    float extent;         /* the largest |value| in them */
    int values;           /* units that have a value: the first */
    float *value;         /* their outputs for the sample */
    struct tiling tiling; /* its values for the sample as pictures: images and sequences */
    float *tile;          /* tiling_floats() */
    float tile_most;      /* the largest |value| in them */
    struct statistics statistics;
    struct link *link; /* [links] strongest last; of a kernel between units (layer_links()) */
    int links;
};

struct picture {
    const struct model *model;   /* a reference; built */
    const struct data *data;     /* a reference, or NULL: none, or none that fits */
    struct state *state;         /* the weights, with their place */
    struct layer_picture *layer; /* [layers] */
    enum map_kind kind;
    int columns, rows;             /* of a map */
    float low, high;               /* MAP_LINE: the range of the input, in raw units */
    uint32_t *cell;                /* MAP_SAMPLES: [columns x rows] row of the data */
    uint32_t sample;               /* the row of the data whose values stand in the layers */
    float *said;                   /* [K] what the head says of it; NULL: too much */
    size_t K;                      /* outputs of the head */
    const struct activation *head; /* never NULL */
    size_t predictions, held_out;  /* rows that were predicted; the last `held_out` of them are held out */
    uint32_t *row;                 /* [predictions] */
    float *predicted;              /* [predictions x K] */
    size_t N;                      /* samples of the repeated step; 0: none could be repeated */
    size_t batch; /* of so many that the training takes: the same unless they cost too much */
    double loss;  /* of the repeated step, with penalties; NaN without */
    double lr;
    uint64_t serial; /* grows with every picture */
};

struct replica;

struct replica *replica_new(struct error *e);
void replica_free(struct replica *r);

/* Which slices (src/snapshot.h) the panels on show need; all at first. With SLICE_PARAMS: maps, values,
 * statistics of activations and weights; with SLICE_BATCH the step's loss and gradients too; with
 * SLICE_MOMENTS its update. With none it asks for nothing and does nothing. */
void replica_want(struct replica *r, unsigned slices);

/* Works for about `seconds`; rounds that take longer rest in between, so that all in all they take `share` of
 * the time. While a training runs a round looks at no more rows than a model of this cost leaves time for.
 * `row`: the sample to look at, -1 for the first of the data. True when there is a new picture. */
bool replica_tick(struct replica *r, const struct session *s, long row, double seconds, double share);

/* More work waits: tick again soon, though nothing trains. */
bool replica_busy(const struct replica *r);

/* Does all that waits at once: a single picture, a test. */
void replica_settle(struct replica *r, const struct session *s, long row);

/* The picture of the last whole round, valid until the next tick; NULL while there is none: no layers, the
 * input's shape unknown, or too large a model. */
const struct picture *replica_picture(const struct replica *r);

/* The repeated step itself: activations and gradients of the last round, NULL when none was repeated. */
const struct workspace *replica_step(const struct replica *r);

/* The state that the repeated step led to, NULL when there was no update. */
const struct state *replica_after(const struct replica *r);

/* True for a layer whose kernel holds one weight for each unit it reads and each of its own: links. */
bool layer_links(const struct layer *l);

/* The i-th map of a layer, NULL when it has none. */
const float *picture_map(const struct picture *p, int layer, int unit);

#endif
