/* simd.h - how hot loops are compiled: vector math, and one version for each instruction set.
 *
 * A function marked KERNEL is compiled for AVX-512, AVX2 and the baseline, and the machine's best is taken
 * at start (not under -Ddispatch=false, as thread sanitizers need). One KERNEL cannot be inlined into
 * another: what they share is INLINE. Loops over math functions say `#pragma omp simd`, and GCC calls
 * libmvec's vector versions: NaN is kept, the error is within 4 ulp. */
#ifndef GRADUS_KERNELS_SIMD_H
#define GRADUS_KERNELS_SIMD_H

#include <math.h>

#if defined(GRADUS_DISPATCH) && __GNUC__ >= 12 && !defined(__clang__) && defined(__x86_64__) && \
    defined(__GLIBC__)
#define KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KERNEL
#endif

#define INLINE static inline __attribute__((always_inline))

/* W floats side by side, anywhere in memory. What the instruction set lacks in width the compiler splits. */
typedef float vec16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef float vec8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef float vec4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef float vec1;

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
__attribute__((simd("notinbranch"))) float expf(float);
__attribute__((simd("notinbranch"))) float expm1f(float);
__attribute__((simd("notinbranch"))) float logf(float);
__attribute__((simd("notinbranch"))) float log1pf(float);
__attribute__((simd("notinbranch"))) float tanhf(float);
__attribute__((simd("notinbranch"))) float sinf(float);
__attribute__((simd("notinbranch"))) float erff(float);
#endif

#endif
