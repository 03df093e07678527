/* gemm.c - see gemm.h.
 *
 * The own loops compute C in tiles of up to 10 rows by 16, 8, 4 or 1 columns that stay in registers while k
 * runs:
 *
 *     c[r][0..W) += a[r][k] · b[k][0..W)
 *
 * A is read value by value, so any strides will do: a transposed A costs nothing. B is read W neighbours at a
 * time: where it is transposed, a strip of it is first copied into a small packed buffer. A tile starts from
 * `start`: C itself (add), a bias (row stride 0), or zeros (NULL). */
#include "gemm.h"
#include "elementwise.h"
#include "simd.h"
#include "threads.h"

#include <stdatomic.h>
#include <string.h>

#if defined(GRADUS_GEMM_ONEDNN)
#include <dnnl.h>
#elif defined(GRADUS_GEMM_CBLAS)
#include <cblas.h>
#endif

enum { ROWS = 10, STRIP = 16, DEPTH = 256 };

struct product {
    size_t M, N, K;
    const float *a;
    size_t ai, ak; /* steps in A from row to row and from k to k */
    const float *b;
    size_t bk, bj;
    const float *start; /* what is added to; NULL: nothing */
    size_t start_i;
    float *c;
    size_t ci;
};

/* Columns j … j+W-1 of the product: a tile of R rows from row i, and a strip of all rows. Ten rows at once
 * are there for batches of ten. `b` is row 0 of the strip's columns in B, `bk` the step to the next row. */
#define TILE(W)                                                                                    \
    INLINE void tile##W(                                                                           \
        const struct product *p, size_t i, size_t j, const float *b, const size_t bk, const int R) \
    {                                                                                              \
        vec##W c[ROWS];                                                                            \
        const size_t ai = p->ai, ak = p->ak;                                                       \
        const float *a = p->a + i * ai;                                                            \
        if (p->start) {                                                                            \
            const float *start = p->start + i * p->start_i + j;                                    \
            EACH_ROW c[r] = *(const vec##W *)(start + (size_t)r * p->start_i);                     \
        } else {                                                                                   \
            EACH_ROW c[r] = (vec##W){0};                                                           \
        }                                                                                          \
        for (size_t k = 0; k < p->K; k++, a += ak, b += bk) {                                      \
            const vec##W row = *(const vec##W *)b;                                                 \
            EACH_ROW c[r] += a[(size_t)r * ai] * row;                                              \
        }                                                                                          \
        float *out = p->c + i * p->ci + j;                                                         \
        EACH_ROW *(vec##W *)(out + (size_t)r * p->ci) = c[r];                                      \
    }                                                                                              \
    INLINE void strip##W(const struct product *p, size_t j, float *packed)                         \
    {                                                                                              \
        const float *b = p->b + j * p->bj;                                                         \
        size_t bk = p->bk, i = 0, M = p->M;                                                        \
        if (W > 1 && p->bj != 1) {                                                                 \
            for (size_t k = 0; k < p->K; k++, b += bk)                                             \
                for (size_t w = 0; w < W; w++)                                                     \
                    packed[k * W + w] = b[w * p->bj];                                              \
            b = packed;                                                                            \
            bk = W;                                                                                \
        }                                                                                          \
        if (M == 10) {                                                                             \
            tile##W(p, 0, j, b, bk, 10);                                                           \
            return;                                                                                \
        }                                                                                          \
        for (; i + 8 <= M; i += 8)                                                                 \
            tile##W(p, i, j, b, bk, 8);                                                            \
        if (M & 4)                                                                                 \
            tile##W(p, i, j, b, bk, 4);                                                            \
        i += M & 4;                                                                                \
        if (M & 2)                                                                                 \
            tile##W(p, i, j, b, bk, 2);                                                            \
        i += M & 2;                                                                                \
        if (M & 1)                                                                                 \
            tile##W(p, i, j, b, bk, 1);                                                            \
    }
#define EACH_ROW _Pragma("GCC unroll 10") for (int r = 0; r < R; r++)

TILE(16)
TILE(8)
TILE(4)
TILE(1)

/* One stretch of k, at most DEPTH long. */
KERNEL
static void multiply_stretch(const struct product *p)
{
    float packed[DEPTH * STRIP];
    size_t j = 0, N = p->N;
    for (; j + 16 <= N; j += 16)
        strip16(p, j, packed);
    if (N & 8)
        strip8(p, j, packed);
    j += N & 8;
    if (N & 4)
        strip4(p, j, packed);
    j += N & 4;
    for (; j < N; j++)
        strip1(p, j, packed);
}

/* A column C = A·b with A stored by columns is the row Cᵀ = bᵀ·Aᵀ, whose loads are neighbours. */
static void turn_column(struct product *p)
{
    struct product column = *p;
    p->M = 1;
    p->N = column.M;
    p->a = column.b;
    p->ak = column.bk;
    p->b = column.a;
    p->bk = column.ak;
    p->bj = column.ai;
}

static void multiply(struct product *p)
{
    if (p->N == 1 && p->ai == 1 && p->ci == 1 && p->M > 1 && (!p->start || p->start_i == 1))
        turn_column(p);
    for (; p->K > DEPTH; p->b += DEPTH * p->bk) {
        struct product stretch = *p;
        stretch.K = DEPTH;
        multiply_stretch(&stretch);
        p->K -= DEPTH;
        p->a += DEPTH * p->ak;
        p->start = p->c;
        p->start_i = p->ci;
    }
    multiply_stretch(p);
}

#if defined(GRADUS_GEMM_ONEDNN) || defined(GRADUS_GEMM_CBLAS)

enum { BAND = 16, LONG = 256 }; /* rows or columns: a band is a multiple of these; a long one */
enum { THREAD = 1 << 20 };      /* multiply-adds that are worth a thread */
enum { LIBRARY = 1 << 16 };     /* and from which the library is faster */
enum { NARROW = 8 };            /* columns for which it is not, until threads share the work */

static bool is_small(size_t M, size_t N, size_t K)
{
    size_t limit = N <= NARROW ? 2 * THREAD : LIBRARY;
    return M < limit && N < limit && K < limit && M * N * K < limit;
}

#if defined(GRADUS_GEMM_ONEDNN)

static bool library_gemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, const float *A,
    size_t lda, const float *B, size_t ldb, bool add, float *C, size_t ldc)
{
    return dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', (dnnl_dim_t)M, (dnnl_dim_t)N,
               (dnnl_dim_t)K, 1, A, (dnnl_dim_t)lda, B, (dnnl_dim_t)ldb, add ? 1 : 0, C,
               (dnnl_dim_t)ldc) == dnnl_success;
}

const char *gemm_backend(void)
{
    return "oneDNN";
}

#else

static bool library_gemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, const float *A,
    size_t lda, const float *B, size_t ldb, bool add, float *C, size_t ldc)
{
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
        transpose_b ? CblasTrans : CblasNoTrans, (int)M, (int)N, (int)K, 1, A, (int)lda, B, (int)ldb,
        add ? 1 : 0, C, (int)ldc);
    return true;
}

const char *gemm_backend(void)
{
    return "CBLAS";
}

#endif

struct sharing {
    bool transpose_a, transpose_b, add, by_rows;
    int bands;
    size_t M, N, K;
    const float *A, *B;
    size_t lda, ldb;
    float *C;
    size_t ldc;
    const float *bias; /* of a C without gaps, or NULL */
    atomic_bool failed;
};

/* A band of C: of its rows, or of its columns. */
static void gemm_band(const void *arg, size_t band, int part)
{
    struct sharing *s = (struct sharing *)arg;
    size_t first, count = kernels_range(s->by_rows ? s->M : s->N, BAND, (int)band, s->bands, &first);
    (void)part;
    if (!count)
        return;
    const float *A = s->by_rows ? s->A + first * (s->transpose_a ? 1 : s->lda) : s->A;
    const float *B = s->by_rows ? s->B : s->B + first * (s->transpose_b ? s->ldb : 1);
    float *C = s->C + first * (s->by_rows ? s->ldc : 1);
    if (!library_gemm(s->transpose_a, s->transpose_b, s->by_rows ? count : s->M, s->by_rows ? s->N : count,
            s->K, A, s->lda, B, s->ldb, s->add, C, s->ldc))
        atomic_store(&s->failed, true);
    else if (s->bias && s->by_rows)
        bias_add(C, s->bias, count, s->N);
}

/* Two for each thread where they are long; not where the other operand, which is packed for each of them, is
 * large. */
static int bands_of(size_t length, size_t other, int parts)
{
    return parts > 1 && length >= 2 * LONG * (size_t)parts && other <= LIBRARY ? 2 * parts : parts;
}

static bool large_gemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, const float *A,
    size_t lda, const float *B, size_t ldb, bool add, float *C, size_t ldc, const float *bias)
{
    int parts = kernels_threads((double)M * (double)N * (double)K, THREAD);
    int bands = bands_of(M >= N ? M : N, K * (M >= N ? N : M), parts);
    struct sharing s = {
        transpose_a, transpose_b, add, M >= N, bands, M, N, K, A, B, lda, ldb, C, ldc, bias, false};
    kernels_deal((size_t)bands, parts, gemm_band, &s);
    if (bias && !s.by_rows)
        bias_add(C, bias, M, N);
    return !atomic_load(&s.failed);
}

#else

static bool is_small(size_t M, size_t N, size_t K)
{
    return true;
}

static bool large_gemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, const float *A,
    size_t lda, const float *B, size_t ldb, bool add, float *C, size_t ldc, const float *bias)
{
    return false;
}

const char *gemm_backend(void)
{
    return "plain C";
}

#endif

void gemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, const float *A, size_t lda,
    const float *B, size_t ldb, bool add, float *C, size_t ldc)
{
    if (!M || !N)
        return;
    if (!is_small(M, N, K) &&
        large_gemm(transpose_a, transpose_b, M, N, K, A, lda, B, ldb, add, C, ldc, NULL))
        return;
    /* With K = 1 a transposed B is a row like any other. */
    bool across = transpose_b && !(K == 1 && ldb == 1);
    struct product p = {
        .M = M,
        .N = N,
        .K = K,
        .a = A,
        .ai = transpose_a ? 1 : lda,
        .ak = transpose_a ? lda : 1,
        .b = B,
        .bk = across ? 1 : ldb,
        .bj = across ? ldb : 1,
        .start = add ? C : NULL,
        .start_i = ldc,
        .c = C,
        .ci = ldc,
    };
    multiply(&p);
}

void gemm_bias(size_t M, size_t N, size_t K, const float *A, const float *B, const float *bias, float *C)
{
    if (!is_small(M, N, K) && large_gemm(false, false, M, N, K, A, K, B, N, false, C, N, bias))
        return;
    if (!M || !N)
        return;
    struct product p = {.M = M,
        .N = N,
        .K = K,
        .a = A,
        .ai = K,
        .ak = 1,
        .b = B,
        .bk = N,
        .bj = 1,
        .start = bias,
        .c = C,
        .ci = N};
    multiply(&p);
}
