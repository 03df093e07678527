/* metric.h - the table of metrics, all read off one tally.
 *
 * A tally adds up a pass over data: batch by batch, in order. Every metric is a function of it. Answers are
 * those of the last output that has classes, numbers those of the last one that has none; of boxes and their
 * scores, which are two outputs, both. Any thread. */
#ifndef GRADUS_METRIC_H
#define GRADUS_METRIC_H

#include "goal.h"

#include <stdint.h>

struct error;

/* What a tally can tell. */
enum tally_kind {
    TALLY_ANSWERS = 1,     /* rows, or whole sequences, that are right or wrong */
    TALLY_CLASSES = 2,     /* a confusion matrix */
    TALLY_SCORES = 4,      /* the scores of every row were kept */
    TALLY_TOP3 = 8,        /* more than 3 classes */
    TALLY_TOP5 = 16,       /* more than 5 */
    TALLY_TEXT = 32,       /* a class at each position of a sequence, by softmax */
    TALLY_MASKS = 64,      /* a class at each place of an image */
    TALLY_NUMBERS = 128,   /* differences */
    TALLY_BOXES = 256,     /* x1 y1 x2 y2 */
    TALLY_DETECTIONS = 512 /* boxes, and another output with scores for them, were kept */
};

/* A score and the row that it is of: what a ranking sorts. */
struct scored_row {
    float score;
    uint32_t row;
};

/* What takes memory by the number of rows or classes: for `evaluate`, not for every epoch. */
struct tally_memory {
    uint64_t *confusion;     /* classes x classes, row = truth */
    float *score;            /* rows x scores; of two classes one score, that of the second */
    int32_t *truth;          /* [rows] class, -1: none */
    bool *hit;               /* [rows] the box overlaps by half */
    struct scored_row *rank; /* [rows] for sorting */
    size_t classes, rows, scores;
    size_t room[5]; /* bytes of each, in this order */
};

struct tally {
    unsigned kinds;                  /* bits of tally_kind */
    int answers, numbers;            /* goals that are read; -1: none */
    int scores;                      /* the goal with the boxes' scores; -1: none */
    int classes;                     /* of the answers; 0: none */
    enum encoding encoding;          /* of their head */
    uint64_t n;                      /* samples */
    double loss;                     /* Σ loss · samples */
    double goal_loss[MODEL_OUTPUTS]; /* the same of each output */
    double rows, correct;            /* rows (or sequences) that count, and of them those answered right */
    double top3, top5;               /* of the rows, those with the truth among so many */
    double surprise;                 /* Σ -log y of the truth */
    double absolute, squared, share; /* Σ|y−t|, Σ(y−t)², Σ|y−t|/|t|, over all outputs */
    double target, target2;          /* Σt, Σt² */
    double outputs;                  /* how many there were */
    double boxes, overlap;           /* and Σ of their intersections over unions */
    size_t kept;                     /* rows in memory */
    struct tally_memory *memory;     /* NULL: for sums alone */
};

/* Room for `samples` samples under these goals; what is there is used again. */
bool tally_memory_take(struct tally_memory *m, const struct goals *g, size_t samples, struct error *e);
void tally_memory_release(struct tally_memory *m);

/* Starts a tally; `memory` was taken for these goals, or is NULL to leave out what needs it. */
void tally_start(struct tally *t, const struct goals *g, struct tally_memory *memory);

/* Adds a batch: that of every goal, which has y, t and the rows' weights; the goals' mean losses, and the
 * whole loss. */
void tally_add(struct tally *t, const struct loss_batch *batch, const double *goal_loss, double loss);

/* Adds another tally of the same goals; what needs memory is left out. */
void tally_merge(struct tally *to, const struct tally *from);

/* The class that outputs y (K values) stand for. */
int encoding_class(enum encoding encoding, const float *y, size_t K);

struct metric {
    const char *name, *summary;
    unsigned kinds;                         /* means something where the tally has any of these; 0: always */
    double (*value)(const struct tally *t); /* NaN when it cannot be said (nothing was counted) */
};

/* True when the metric means something for a tally. */
bool metric_tells(const struct metric *m, const struct tally *t);

const struct metric *metric_at(size_t i);
const struct metric *metric_find(const char *name);
const char *metric_name(size_t i);

#endif
