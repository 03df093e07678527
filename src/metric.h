/* metric.h - the table of metrics, all read off one tally.
 *
 * A tally adds up a pass over data: batch by batch, in order. Every metric is a function of it. Any thread.
 */
#ifndef GRADUS_METRIC_H
#define GRADUS_METRIC_H

#include "activation.h"
#include "loss.h"

#include <stdint.h>

struct error;

struct tally {
    int classes;              /* of the data; 0: regression */
    enum encoding encoding;   /* of the head */
    uint64_t n;               /* samples */
    double rows;              /* positions that count, by their weights */
    double loss;              /* Σ loss · samples */
    double correct;           /* of the rows, those classified right */
    double absolute, squared; /* regression: Σ|y−t|, Σ(y−t)², over all outputs */
    double target, target2;   /* regression: Σt, Σt² */
    double outputs;           /* regression: samples x outputs */
    uint64_t *confusion;      /* classes x classes, row = truth; NULL for regression */
};

/* Starts a tally; `confusion` has room for classes x classes, or is NULL to leave it out. */
void tally_start(struct tally *t, int classes, enum encoding encoding, uint64_t *confusion);

/* Adds the batch of a loss, which has y, t and the rows' weights, and its mean loss. */
void tally_add(struct tally *t, const struct loss_batch *b, double loss);

/* The class that outputs y (K values) stand for. */
int encoding_class(enum encoding encoding, const float *y, size_t K);

enum metric_kind { METRIC_ANY, METRIC_CLASSES, METRIC_NUMBERS };

struct metric {
    const char *name, *summary;
    enum metric_kind kind; /* for which data it means something */
    bool needs_confusion;
    double (*value)(const struct tally *t); /* NaN when it cannot be said (nothing was counted) */
};

const struct metric *metric_at(size_t i);
const struct metric *metric_find(const char *name);
const char *metric_name(size_t i);

#endif
