/* source.h - what the sources of data share: making a data set in three steps.
 *
 * data_begin() takes the memory, the source writes raw_x, t and the names, data_finish() shuffles, splits,
 * standardises and computes what the network reads. Inside the core only. Any thread. */
#ifndef GRADUS_DATA_SOURCE_H
#define GRADUS_DATA_SOURCE_H

#include "../data.h"
#include "../rng.h"

struct error;

/* The words of this folder's sources, for the list in data.c. */
extern const struct data_source data_circle, data_xor, data_gauss, data_spiral, data_plane, data_multi_gauss;
extern const struct data_source data_gate, data_moons, data_blobs, data_sine, data_csv, data_mnist, data_text;

/* Rows that several sources have. */
#define DATA_ROW_N(count, least)                                                           \
    {                                                                                      \
        "n", ARG_INT, "how many samples", .min = (least), .max = 1e6, .fallback = (count), \
                                          .flags = ARG_KEY_ONLY                            \
    }
#define DATA_ROW_NOISE(percent, phrase)                                                              \
    {                                                                                                \
        "noise", ARG_REAL, phrase, .min = 0, .max = 50, .fallback = (percent), .flags = ARG_KEY_ONLY \
    }
#define DATA_ROW_SPLIT(share)                                                                               \
    {                                                                                                       \
        "split", ARG_REAL, "share that is held out of training", .min = 0, .max = 0.9, .fallback = (share), \
                                                                 .flags = ARG_KEY_ONLY                      \
    }

/* A data set of n samples with room for raw_x, t, mean, deviation and all names, which are still NULL;
 * targets is 1 for classes. One reference; data_unref() frees it at any stage. */
struct data *data_begin(const char *name, size_t n, size_t raw, int classes, size_t targets, struct error *e);

/* Puts a copy of the text into a slot of class_name, target_name or raw_name, in place of what was there. */
bool data_name(char **slot, const char *text, struct error *e);

/* Room for the columns of a table; their names are still NULL. */
bool data_take_columns(struct data *d, size_t columns, struct error *e);

/* Gives what has no name one: "x1", "x2" …, "y", "0", "1" …. */
bool data_default_names(struct data *d, struct error *e);

struct data_finish {
    bool shuffle;  /* rows, by the seed */
    bool stratify; /* hold out each class in its share */
    bool generated;
    double split; /* share held out */
    uint64_t seed;
    const bool *standardise;   /* [raw]: columns to bring to mean 0 and deviation 1; NULL: none */
    const atomic_bool *cancel; /* may be NULL */
};

/* The last step: NaN in raw_x is filled with its column's mean over the training part. Takes d: on failure it
 * is gone, and NULL is returned. Names not set get "x1", "x2" …, "y", "0", "1" …. */
struct data *data_finish(struct data *d, const struct data_finish *how, struct error *e);

/* Makes x, shape and input_name from raw_x and the features. */
bool data_compute_inputs(struct data *d, struct error *e);

/* How many of n samples train when this share is held out: at least one. */
size_t data_train_count(size_t n, double split);

/* How many of each class are held out, of `held` among n: its share, and those left over go to the largest
 * fractions. count and quota: [classes]. */
void data_share_out(const size_t *count, size_t *quota, size_t classes, size_t n, size_t held);

/* True, with the error "cancelled", when the flag is there and set. */
bool data_cancelled(const atomic_bool *cancel, struct error *e);

#endif
