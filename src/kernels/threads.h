/* threads.h - how kernels share work among threads.
 *
 * The number of threads depends on the amount of work and on kernels_set_threads() (gemm.h) alone, never on
 * timings, so that the same run gives the same bits. Each calling thread has helpers of its own. */
#ifndef GRADUS_KERNELS_THREADS_H
#define GRADUS_KERNELS_THREADS_H

#include <stdatomic.h>
#include <stddef.h>

/* The number that kernels_set_threads(threads) sets: `threads`, or for 0 that of the machine. */
int kernels_limit(int threads);

/* Threads for a job of `work` operations when one thread is worth `each` of them: 1 … the limit. */
int kernels_threads(double work, double each);

/* Calls fn(arg, part, parts) for part 0 … parts-1, each on a thread of its own, and returns when all are
 * done. With one part, or where no thread can be started, all run here. For parts that do not depend on each
 * other. Kernels that are called inside of one of several parts run on its thread alone. */
void kernels_share(int parts, void (*fn)(const void *arg, int part, int parts), const void *arg);

/* What another thread may ask of one that calls kernels: start from {0}. */
struct kernels_wish {
    atomic_bool alone; /* work by yourself and let the helpers rest, so that I can have a core */
    atomic_int busy;   /* the answer: helpers that are at work */
};

/* The calling thread heeds the wish from now on; NULL: nobody's. The numbers are the same. */
void kernels_heed(struct kernels_wish *wish);

/* The most parts that tasks of the calling thread had since it asked last; at least 1. */
int kernels_shared(void);

/* Calls fn(arg, item, part) for item 0 … items-1, spread over `parts` threads. Each begins with the items
 * that are its own, always the same ones, and then helps the others: a core that something else is using too
 * does fewer. So an item writes only what is its own, and part is good for scratch alone. */
void kernels_deal(
    size_t items, int parts, void (*fn)(const void *arg, size_t item, int part), const void *arg);

/* Calls fn(arg, first, count) for ranges that cover [0, n): all of it where parts is 1, else some for each
 * thread, dealt. Ranges start at multiples of `grain`. For loops whose values do not depend on each other. */
void kernels_ranges(size_t n, size_t grain, int parts,
    void (*fn)(const void *arg, size_t first, size_t count), const void *arg);

/* The same for n floats, with as many threads as these are worth. Ranges start at multiples of 64. */
void kernels_split(size_t n, void (*fn)(const void *arg, size_t first, size_t count), const void *arg);

/* The part of [0, n) that is number `part` of `parts`: starts at a multiple of `grain`. Returns its length, 0
 * where there is nothing left. */
size_t kernels_range(size_t n, size_t grain, int part, int parts, size_t *first);

/* The fewest rows of `width` floats that fill whole vectors of sixteen. Vector math and the scalar math of a
 * loop's remainder differ in the last bits: ranges that start at multiples of this keep both in place. */
size_t kernels_grain(size_t width);

#endif
