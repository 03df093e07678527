/* gemm.h - C = A·B (+ C), row-major float32.
 *
 * op(A) is M x K, op(B) is K x N, C is M x N; lda, ldb, ldc are the lengths of the stored rows. Small
 * products run in own loops, where a library call costs more than the work; large ones go to oneDNN, CBLAS or
 * plain C, as the build was set. The choice and the number of threads depend on M, N, K alone. Any thread. */
#ifndef GRADUS_KERNELS_GEMM_H
#define GRADUS_KERNELS_GEMM_H

#include <stdbool.h>
#include <stddef.h>

void gemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, const float *A, size_t lda,
    const float *B, size_t ldb, bool add, float *C, size_t ldc);

/* C = A·B + bias in every row: what a dense layer is. Rows are stored without gaps; bias may be NULL. */
void gemm_bias(size_t M, size_t N, size_t K, const float *A, const float *B, const float *bias, float *C);

/* "oneDNN", "CBLAS" or "plain C": for --version. */
const char *gemm_backend(void);

/* Threads that kernels may use when called from the calling thread; 0: as many as there are cores, or as
 * OMP_NUM_THREADS says. Returns what it was, 0 where nobody had asked. */
int kernels_set_threads(int threads);

/* Ends the helpers of the calling thread, which kernels started when there was enough to share. A thread that
 * has called kernels calls this before it ends. */
void kernels_leave(void);

/* Makes the calling thread, and the threads that it starts from now on, take numbers below 1e-38 for zero.
 * The moments of silent units decay into that range, where each operation costs a hundred times more. NaN and
 * infinity stay what they are. Main and worker both do it, so that they get the same bits. */
void kernels_flush_denormals(void);

#endif
