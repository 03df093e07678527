/* threads.h - how kernels share work among threads.
 *
 * The number of threads depends on the amount of work and on kernels_set_threads() (gemm.h) alone, never on
 * timings, so that the same run gives the same bits. Any thread. */
#ifndef GRADUS_KERNELS_THREADS_H
#define GRADUS_KERNELS_THREADS_H

#include <stddef.h>

/* Threads for a job of `work` operations when one thread is worth `each` of them: 1 … the limit. */
int kernels_threads(double work, double each);

/* Calls fn(arg, first, count) for ranges that cover [0, n): one range where n is small, one a thread where it
 * is large. Ranges start at multiples of 64. For loops whose values do not depend on each other. */
void kernels_split(size_t n, void (*fn)(const void *arg, size_t first, size_t count), const void *arg);

#endif
