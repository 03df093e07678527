/* idx.h - the IDX format of MNIST and its kin, and data from a pair of such files.
 *
 * Two zero bytes, a type (0x08: unsigned bytes), the number of dimensions, each dimension as four bytes with
 * the highest first, and then the values, the last dimension running fastest; plain or as gzip. Source: the
 * page of MNIST by LeCun, Cortes and Burges. Nothing read is trusted: the header must agree with the file's
 * length before memory is taken. Inside the core, and for the fuzzer. Any thread. */
#ifndef GRADUS_DATA_IDX_H
#define GRADUS_DATA_IDX_H

#include "../data.h"

struct error;

enum { IDX_RANK = 3, IDX_LIMIT = 1 << 30 }; /* the limit: bytes of a file, and values in it */

struct idx {
    const char *name; /* the file's, for messages; the caller's */
    int rank;
    uint32_t dim[IDX_RANK];
    size_t size; /* product of the dimensions, at least 1 */
    const uint8_t *value;
    void *block; /* where the values lie */
};

/* Reads a file's bytes, which it takes, also on failure; so many dimensions are wanted. Errors start with the
 * name. */
bool idx_parse(char *bytes, size_t length, const char *name, int rank, const atomic_bool *cancel,
    struct idx *out, struct error *e);
void idx_release(struct idx *f);

/* Images (count x height x width) and their labels; all zero when there are none. */
struct idx_pair {
    struct idx image, label;
};

struct idx_options {
    size_t n;     /* samples to keep of all; 0: all */
    bool pooled;  /* cut both pairs together by split; otherwise the test pair, when there is one, is held out
                   */
    double split; /* share held out, each class in its share */
    const char *name; /* of the data */
};

/* A data set of images, their values 0 … 1, shuffled by the seed. One of the pairs may be empty. */
struct data *data_from_idx(const struct idx_pair *train, const struct idx_pair *test,
    const struct idx_options *options, uint64_t seed, const atomic_bool *cancel, struct error *e);

#endif
