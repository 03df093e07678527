/* threads.c - see threads.h. OpenMP keeps a limit for each calling thread, which is what we want: the worker
 * may use every core while the window's copy of the network runs beside it on one. */
#include "gemm.h"
#include "threads.h"

#include <stdint.h>
#include <stdlib.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#ifdef __SSE2__
#include <immintrin.h>
#endif

enum { ALIGN = 64, SPLIT = 32768 }; /* below SPLIT floats a thread, waking it costs more than it does */

#ifdef _OPENMP

static int threads_by_default(void)
{
    const char *wish = getenv("OMP_NUM_THREADS");
    int n = wish ? atoi(wish) : 0;
    return n > 0 ? n : omp_get_num_procs();
}

void kernels_set_threads(int threads)
{
    omp_set_num_threads(threads > 0 ? threads : threads_by_default());
}

int kernels_threads(double work, double each)
{
    if (work < 2 * each)
        return 1;
    double n = work / each;
    int most = omp_get_max_threads();
    return n < most ? (int)n : most;
}

#else

void kernels_set_threads(int threads)
{
}

int kernels_threads(double work, double each)
{
    return 1;
}

#endif

void kernels_flush_denormals(void)
{
#if defined __SSE2__
    enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x40 };
    _mm_setcsr(_mm_getcsr() | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
#elif defined __aarch64__
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    __asm__ volatile("msr fpcr, %0" : : "r"(control | (uint64_t)1 << 24));
#endif
}

void kernels_split(size_t n, void (*fn)(const void *arg, size_t first, size_t count), const void *arg)
{
    int threads = kernels_threads((double)n, SPLIT);
    if (threads == 1) {
        fn(arg, 0, n);
        return;
    }
    size_t part = (n / (size_t)threads / ALIGN + 1) * ALIGN;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int i = 0; i < threads; i++) {
        size_t first = (size_t)i * part;
        if (first < n)
            fn(arg, first, n - first < part ? n - first : part);
    }
}
