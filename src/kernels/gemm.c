/* gemm.c - see gemm.h.
 *
 * The own loops compute C in tiles of up to 8 rows by 16, 8 or 4 columns that stay in registers while k runs:
 *
 *     c[r][0..W) += a[r][k] · b[k][0..W)
 *
 * A is read value by value, so any strides will do: a transposed A costs nothing. B is read W neighbours at a
 * time: where it is transposed, or fewer than 4 columns are left, a strip of it is copied into a small packed
 * buffer first. A tile starts from `start`: C itself (add), a bias (row stride 0), or zeros (NULL). */
#include "gemm.h"
#include "elementwise.h"
#include "simd.h"
#include "threads.h"

#include <string.h>

#if defined(GRADUS_GEMM_ONEDNN)
#include <dnnl.h>
#elif defined(GRADUS_GEMM_CBLAS)
#include <cblas.h>
#endif

#ifdef _OPENMP
#include <omp.h>
#endif

enum { ROWS = 8, STRIP = 16, DEPTH = 256 };

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

/* A tile of R rows from row i, and a strip of all rows. */
#define TILE(W)                                                                           \
    typedef float vec##W __attribute__((vector_size(4 * W), aligned(4), may_alias));      \
    INLINE void tile##W(const struct product *p, size_t i, const int R)                   \
    {                                                                                     \
        vec##W c[ROWS];                                                                   \
        const float *a = p->a + i * p->ai, *b = p->b, *start = p->start + i * p->start_i; \
        const size_t ai = p->ai, ak = p->ak, bk = p->bk;                                  \
        if (p->start)                                                                     \
            EACH_ROW c[r] = *(const vec##W *)(start + (size_t)r * p->start_i);            \
        else                                                                              \
            EACH_ROW c[r] = (vec##W){0};                                                  \
        for (size_t k = 0; k < p->K; k++, a += ak, b += bk) {                             \
            const vec##W row = *(const vec##W *)b;                                        \
            EACH_ROW c[r] += a[(size_t)r * ai] * row;                                     \
        }                                                                                 \
        float *out = p->c + i * p->ci;                                                    \
        EACH_ROW *(vec##W *)(out + (size_t)r * p->ci) = c[r];                             \
    }                                                                                     \
    INLINE void strip##W(const struct product *p)                                         \
    {                                                                                     \
        size_t i = 0;                                                                     \
        for (; i + 8 <= p->M; i += 8)                                                     \
            tile##W(p, i, 8);                                                             \
        if (p->M & 4)                                                                     \
            tile##W(p, i, 4);                                                             \
        i += p->M & 4;                                                                    \
        if (p->M & 2)                                                                     \
            tile##W(p, i, 2);                                                             \
        i += p->M & 2;                                                                    \
        if (p->M & 1)                                                                     \
            tile##W(p, i, 1);                                                             \
    }
#define EACH_ROW _Pragma("GCC unroll 8") for (int r = 0; r < R; r++)

TILE(16)
TILE(8)
TILE(4)

/* Copies `columns` of B from column j into rows of `width`, the rest zeros. */
INLINE void pack(const struct product *p, size_t j, size_t columns, size_t width, float *to)
{
    for (size_t k = 0; k < p->K; k++)
        for (size_t c = 0; c < width; c++)
            to[k * width + c] = c < columns ? p->b[k * p->bk + (j + c) * p->bj] : 0;
}

/* The last one to three columns: through a tile of four, row block by row block. */
INLINE void narrow_strip(const struct product *p, size_t columns)
{
    float tile[ROWS * 4] = {0};
    struct product part = *p;
    part.start = p->start ? tile : NULL;
    part.c = tile;
    part.start_i = part.ci = 4;
    for (size_t i = 0; i < p->M; i += part.M) {
        part.M = p->M - i < ROWS ? p->M - i : ROWS;
        part.a = p->a + i * p->ai;
        for (size_t r = 0; p->start && r < part.M; r++)
            for (size_t c = 0; c < columns; c++)
                tile[r * 4 + c] = p->start[(i + r) * p->start_i + c];
        strip4(&part);
        for (size_t r = 0; r < part.M; r++)
            for (size_t c = 0; c < columns; c++)
                p->c[(i + r) * p->ci + c] = tile[r * 4 + c];
    }
}

/* One stretch of k: K is at most DEPTH where B must be packed. */
KERNEL
static void multiply_stretch(const struct product *whole)
{
    float packed[DEPTH * STRIP];
    for (size_t j = 0; j < whole->N;) {
        struct product p = *whole;
        size_t left = whole->N - j, columns = left >= 16 ? 16 : left >= 8 ? 8 : left >= 4 ? 4 : left;
        size_t width = columns < 4 ? 4 : columns;
        p.start = whole->start ? whole->start + j : NULL;
        p.c += j;
        if (whole->bj == 1 && columns >= 4) {
            p.b += j;
        } else {
            pack(whole, j, columns, width, packed);
            p.b = packed;
            p.bk = width;
        }
        if (columns == 16)
            strip16(&p);
        else if (columns == 8)
            strip8(&p);
        else if (columns == 4)
            strip4(&p);
        else
            narrow_strip(&p, columns);
        j += columns;
    }
}

/* A column C = A·b with A stored by columns is the row Cᵀ = bᵀ·Aᵀ, whose loads are neighbours. */
static struct product column_as_row(const struct product *p)
{
    struct product row = *p;
    row.M = 1;
    row.N = p->M;
    row.a = p->b;
    row.ai = 0;
    row.ak = p->bk;
    row.b = p->a;
    row.bk = p->ak;
    row.bj = p->ai;
    return row;
}

static void multiply(struct product p)
{
    bool column = p.N == 1 && p.ai == 1 && p.ci == 1 && (!p.start || p.start_i == 1);
    struct product stretch = column ? column_as_row(&p) : p;
    size_t K = p.K;
    do {
        stretch.K = K < DEPTH ? K : DEPTH;
        multiply_stretch(&stretch);
        K -= stretch.K;
        stretch.a += stretch.K * stretch.ak;
        stretch.b += stretch.K * stretch.bk;
        stretch.start = stretch.c;
        stretch.start_i = stretch.ci;
    } while (K);
}

#if defined(GRADUS_GEMM_ONEDNN) || defined(GRADUS_GEMM_CBLAS)

enum { LIBRARY = 1 << 15 };           /* multiply-adds from which the library is faster */
static const double THREAD = 1 << 20; /* multiply-adds that are worth a thread */

static bool is_small(size_t M, size_t N, size_t K)
{
    return (double)M * (double)N * (double)K < LIBRARY;
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

/* The library takes as many threads as OpenMP offers: offer what the size is worth. */
static bool large_gemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, const float *A,
    size_t lda, const float *B, size_t ldb, bool add, float *C, size_t ldc)
{
#ifdef _OPENMP
    int most = omp_get_max_threads(), threads = kernels_threads((double)M * (double)N * (double)K, THREAD);
    if (threads != most)
        omp_set_num_threads(threads);
#endif
    bool ok = library_gemm(transpose_a, transpose_b, M, N, K, A, lda, B, ldb, add, C, ldc);
#ifdef _OPENMP
    if (threads != most)
        omp_set_num_threads(most);
#endif
    return ok;
}

#else

static bool is_small(size_t M, size_t N, size_t K)
{
    return true;
}

static bool large_gemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, const float *A,
    size_t lda, const float *B, size_t ldb, bool add, float *C, size_t ldc)
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
    if (!is_small(M, N, K) && large_gemm(transpose_a, transpose_b, M, N, K, A, lda, B, ldb, add, C, ldc))
        return;
    /* With K = 1 a transposed B is a row like any other. */
    bool across = transpose_b && !(K == 1 && ldb == 1);
    multiply((struct product){
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
    });
}

void gemm_bias(size_t M, size_t N, size_t K, const float *A, const float *B, const float *bias, float *C)
{
    if (!is_small(M, N, K) && large_gemm(false, false, M, N, K, A, K, B, N, false, C, N)) {
        if (bias)
            bias_add(C, bias, M, N);
        return;
    }
    if (!M || !N)
        return;
    multiply((struct product){.M = M,
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
        .ci = N});
}
