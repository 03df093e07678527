/* data.h - a data set in memory: immutable, shared, split once into a training and a held-out part.
 *
 * Rows are samples; the first `train` rows are for training, the others are held out (`val_loss` and
 * `val_accuracy` measure them). Inputs are what the network reads: standardised (on the training part only)
 * where the source says so, and extended by `features`. A data set made by a generator is a function of
 * (arguments, seed). Any thread; the counter is atomic. */
#ifndef GRADUS_DATA_H
#define GRADUS_DATA_H

#include "activation.h"
#include "args.h"

#include <stdatomic.h>
#include <stdint.h>

enum { DATA_NAME = 64, DATA_FEATURES = 16 };

/* A column of a table and the inputs made from it: one number, or one input for each of its words. */
struct data_column {
    char *name;
    size_t at, width; /* its inputs among the raw ones */
    bool text;        /* words: input k is called "NAME=WORD" */
};

struct data {
    atomic_int references;
    char name[DATA_NAME];       /* "spiral", "iris.csv" */
    char *command;              /* the command that makes it again: "data spiral noise=10" */
    size_t n, train;            /* samples, and how many of them (the first) train */
    struct shape shape;         /* of one sample's input */
    float *x;                   /* n x size of shape: what the network reads */
    int classes;                /* 0: regression */
    char **class_name;          /* [classes] */
    size_t targets;             /* values a sample: 1 class, a class for each position, or numbers */
    float *t;                   /* n x targets: class index 0 … classes-1 (-1: none), or numbers */
    size_t slide;               /* samples are windows that lie end to end, in x and t, with so many values
                                   more in each: an epoch shifts all of training but the last by up to that */
    char **target_name;         /* [targets] */
    char **input_name;          /* [size of shape], or NULL for images */
    size_t raw;                 /* inputs before `features`: 2 for sets on the plane; 0 for images */
    char **raw_name;            /* [raw]: what the axes are called */
    float *raw_x;               /* n x raw, in the units of the source; == what axes show. NULL for images */
    float *mean, *deviation;    /* [raw]: standardised = (raw_x - mean) / deviation; 0 and 1 where not */
    struct data_column *column; /* [columns] of the table they were read from; NULL: each raw input is one */
    size_t columns;
    bool plane;                                 /* raw == 2: an output map can be drawn */
    float low[2], high[2];                      /* of the plane, in raw units */
    int features[DATA_FEATURES], feature_count; /* rows of feature_at(), when plane; default x1 x2 */
    char *note;     /* what was dropped, filled, encoded: one line each; "" when nothing */
    bool letters;   /* a text: inputs and targets are characters, by their number among class_name */
    bool generated; /* by a generator: may run from a loaded file */
    uint64_t seed;
};

struct data *data_ref(const struct data *d);
void data_unref(const struct data *d);

/* A data set over arrays that it copies: for programs and tests. classes 0: t holds n x targets numbers. Rows
 * keep their order; inputs of rank 1 are raw and may have features, others are images. */
struct data *data_from_arrays(const char *name, struct shape shape, const float *x, size_t n, size_t train,
    const float *t, size_t targets, int classes, struct error *e);

/* --- sources: `data NAME …` --- */

struct data_source {
    const char *name, *summary, *example;
    const struct arg_row *args; /* with n, noise, split where they mean something */
    bool generated;             /* reads no file */
    /* A new data set with one reference. Fills all but command. Reads `cancel` now and then when it may
     * take long; true there means: give up with the error "cancelled". */
    struct data *(*make)(const struct args *args, uint64_t seed, const atomic_bool *cancel, struct error *e);
};

const struct data_source *data_source_at(size_t i);
const struct data_source *data_source_find(const char *name);
const char *data_source_name(size_t i);

/* --- features: extra inputs computed from x1 and x2 --- */

struct feature {
    const char *name, *summary; /* "x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)" */
    float (*value)(float x1, float x2);
};

const struct feature *feature_at(size_t i);
const char *feature_name(size_t i);

/* The same data with these inputs; an error when the data do not lie on a plane. */
struct data *data_with_features(const struct data *d, const int *feature, int count, struct error *e);

/* What the network reads at m points (m x raw, raw units): out is m x size of shape. To the last bit what
 * training sees. Not for images. */
void data_inputs_at(const struct data *d, const float *points, size_t m, float *out);

/* --- how a sample is read, apart from the samples --- */

/* Appends, as JSON, what turns a raw sample into inputs and an output into a word: columns with their means,
 * deviations and words, features, classes, targets. Nothing for images, which need none of it. */
void data_schema_write(const struct data *d, struct text *out);

/* A data set without samples (n 0) from such a text, of which nothing is trusted. */
struct data *data_schema_read(const char *json, struct error *e);

/* Reads a raw sample as it is typed, a word for each column, into what the network reads. An error names the
 * column, or how many values are wanted. */
bool data_read_sample(const struct data *d, const char *const *word, size_t count, float *x, struct error *e);

/* --- batches --- */

/* Copies the rows of these numbers, `width` floats each, side by side. */
void rows_gather(const float *from, const uint32_t *index, size_t N, size_t width, float *to);

/* By how much the windows of a sliding data set are shifted in an epoch; 0 for all others. */
size_t data_shift(const struct data *d, uint64_t seed, uint64_t epoch);

/* Where a row begins, counted in values, when windows are shifted. The last one of training stays, for behind
 * it lies what is held out; so does that. */
size_t data_row_start(const struct data *d, size_t row, size_t width, size_t shift);

/* The inputs of N rows: N x size of shape. */
void data_batch(const struct data *d, const uint32_t *index, size_t N, size_t shift, float *x);

/* --- targets for a head --- */

/* How many outputs a head with this activation needs, or 0 when none can fit (0 never for softmax). */
size_t data_head_width(const struct data *d, enum encoding encoding);

/* Checks that a head of `width` outputs fits; the error names the fix ("3 classes need `dense 3 softmax`").
 */
bool data_head_fits(const struct data *d, enum encoding encoding, size_t width, struct error *e);

/* Class labels as a head wants them: count x width, width values a label. */
void labels_encode(enum encoding encoding, size_t width, const float *label, size_t count, float *out);

/* Writes the targets of rows first … first+count-1 as the head wants them: count x targets x width for
 * classes, width values a label. Numbers stay as they are under every encoding. */
void data_encode(
    const struct data *d, enum encoding encoding, size_t width, size_t first, size_t count, float *out);

/* Name of the loss that suits data and head when none was given. */
const char *data_default_loss(const struct data *d, const struct activation *head);

/* What a model without any learning scores on the held-out part (on all rows when nothing is held out): it
 * always says the training part's largest class, or its mean. NaN where it means nothing. */
struct baseline {
    double accuracy, mse, mae;
    int class;  /* -1 for regression */
    float mean; /* of the first target */
};
void data_baseline(const struct data *d, struct baseline *out);

#endif
