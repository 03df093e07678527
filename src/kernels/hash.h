/* hash.h - random numbers as a function of (key, index): what was drawn in a forward pass is drawn again in
 * the backward pass, on any number of threads, without being kept. */
#ifndef GRADUS_KERNELS_HASH_H
#define GRADUS_KERNELS_HASH_H

#include "simd.h"

#include <stdint.h>

/* A bijection of 32 bits that mixes every bit into every other (Wellons's search for low bias). */
INLINE uint32_t hash_scramble(uint32_t x)
{
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

/* 32 random bits; low and high are the halves of the key. */
INLINE uint32_t hash_draw(uint32_t i, uint32_t low, uint32_t high)
{
    return hash_scramble(hash_scramble(i ^ low) + high);
}

#endif
