/* rng.h - seeded random numbers, one stream for each use.
 *
 * A stream is keyed by (seed, purpose, name, epoch), so that inserting a dropout layer changes nothing that
 * another layer draws. The generator is xoshiro256++ (Blackman & Vigna 2019), seeded by splitmix64. The
 * same key gives the same numbers on every machine. Any thread, one stream a thread. */
#ifndef GRADUS_RNG_H
#define GRADUS_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t s[4];
};

/* The key of a use: a hash of its arguments. `name` may be NULL. */
uint64_t rng_key(uint64_t seed, const char *purpose, const char *name, uint64_t epoch);

/* Mixes a number (a step, a layer's index) into a key. Cheap: a few instructions. */
uint64_t rng_mix(uint64_t key, uint64_t number);

/* A stream from a key. */
struct rng rng_from(uint64_t key);

uint64_t rng_next(struct rng *r);
double rng_uniform(struct rng *r);                          /* [0, 1), 53 bits */
double rng_between(struct rng *r, double low, double high); /* [low, high) */
double rng_normal(struct rng *r);                           /* mean 0, variance 1 */
uint32_t rng_below(struct rng *r, uint32_t n);              /* 0 … n-1 without bias; n > 0 */

/* Shuffles n indices in place (Fisher & Yates). */
void rng_shuffle(struct rng *r, uint32_t *index, size_t n);

#endif
