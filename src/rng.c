/* rng.c - see rng.h. */
#include "rng.h"

#include <math.h>

static uint64_t splitmix(uint64_t *x)
{
    uint64_t z = *x += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t rng_mix(uint64_t key, uint64_t number)
{
    uint64_t x = key ^ (number + 0x632be59bd9b4e019u) * 0xd1342543de82ef95u;
    return splitmix(&x);
}

/* FNV-1a over the characters, with the terminator, so that ("ab", "c") and ("a", "bc") differ. */
static uint64_t hash_text(uint64_t h, const char *text)
{
    for (; text && *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return (h ^ 0xff) * 0x100000001b3u;
}

uint64_t rng_key(uint64_t seed, const char *purpose, const char *name, uint64_t epoch)
{
    uint64_t h = hash_text(hash_text(0xcbf29ce484222325u, purpose), name);
    return rng_mix(rng_mix(h, seed), epoch);
}

struct rng rng_from(uint64_t key)
{
    struct rng r;
    for (int i = 0; i < 4; i++)
        r.s[i] = splitmix(&key);
    return r;
}

static uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s, result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double rng_uniform(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1p-53;
}

double rng_between(struct rng *r, double low, double high)
{
    return low + (high - low) * rng_uniform(r);
}

double rng_normal(struct rng *r)
{
    /* Box & Muller 1958; the second value is thrown away so that a stream has no hidden state. */
    double u = 1 - rng_uniform(r), v = rng_uniform(r);
    return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

uint32_t rng_below(struct rng *r, uint32_t n)
{
    /* Lemire 2019: multiply, and reject the short remainder. */
    uint64_t m = (rng_next(r) >> 32) * n;
    if ((uint32_t)m < n) {
        uint32_t threshold = -n % n;
        while ((uint32_t)m < threshold)
            m = (rng_next(r) >> 32) * n;
    }
    return (uint32_t)(m >> 32);
}

void rng_shuffle(struct rng *r, uint32_t *index, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        uint32_t j = rng_below(r, (uint32_t)i), t = index[i - 1];
        index[i - 1] = index[j];
        index[j] = t;
    }
}
