/* test_gemm.c - products against sums in float64, over sizes on both sides of every tile and of the library.
 */
#include "../src/kernels/gemm.h"
#include "../src/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { GAP = 3, MOST = 200 * 300 };

static float a[MOST], b[MOST], c[MOST], before[MOST], again[MOST], bias[300];

static void fill(struct rng *r, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_between(r, -1, 1);
}

/* A sum of K products of values up to 1 rounds by about K · 2^-24 at worst; far less when errors cancel. */
static void assert_near(double got, double wanted, size_t K)
{
    assert_true(fabs(got - wanted) <= 1e-6 * sqrt((double)K + 1) + 1e-6);
}

static double element(bool ta, bool tb, size_t i, size_t j, size_t K, size_t lda, size_t ldb)
{
    double sum = 0;
    for (size_t k = 0; k < K; k++)
        sum +=
            (double)(ta ? a[k * lda + i] : a[i * lda + k]) * (double)(tb ? b[j * ldb + k] : b[k * ldb + j]);
    return sum;
}

static void check_product(bool ta, bool tb, bool add, size_t M, size_t N, size_t K, size_t gap)
{
    size_t lda = (ta ? M : K) + gap, ldb = (tb ? K : N) + gap, ldc = N + gap;
    struct rng r = rng_from(M * 1000000 + N * 1000 + K);
    assert_true(M * ldc <= MOST && M * (K + gap) + K * gap <= MOST && (K + gap) * (N + gap) <= MOST);
    fill(&r, a, MOST);
    fill(&r, b, MOST);
    fill(&r, c, MOST);
    memcpy(before, c, sizeof c);
    memcpy(again, c, sizeof c);
    gemm(ta, tb, M, N, K, a, lda, b, ldb, add, c, ldc);
    gemm(ta, tb, M, N, K, a, lda, b, ldb, add, again, ldc);
    assert_memory_equal(c, again, sizeof c);
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < ldc; j++)
            if (j < N)
                assert_near((double)c[i * ldc + j],
                    element(ta, tb, i, j, K, lda, ldb) + (add ? (double)before[i * ldc + j] : 0), K);
            else
                assert_true(c[i * ldc + j] == before[i * ldc + j]);
    assert_memory_equal(c + M * ldc, before + M * ldc, (MOST - M * ldc) * sizeof *c);
}

static const size_t sizes[][3] = {
    {1, 1, 1},
    {1, 1, 9},
    {10, 1, 8},
    {8, 1, 10},
    {10, 8, 2},
    {10, 8, 8},
    {2, 8, 10},
    {10, 2, 8},
    {3, 5, 7},
    {7, 3, 1},
    {8, 8, 8},
    {9, 17, 16},
    {15, 15, 15},
    {16, 16, 16},
    {17, 33, 5},
    {5, 31, 300},
    {31, 2, 257},
    {1, 100, 64},
    {64, 1, 100},
    {33, 34, 35},
    {64, 10, 128},
    {128, 10, 64},
    {64, 128, 10},
    {64, 96, 130},
    {130, 70, 64},
};

static void products_are_right(void **state)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int way = 0; way < 16; way++)
            check_product(
                way & 1, way & 2, way & 4, sizes[i][0], sizes[i][1], sizes[i][2], way & 8 ? GAP : 0);
}

static void an_empty_sum_is_zero_or_what_was_there(void **state)
{
    float x[6] = {1, 2, 3, 4, 5, 6}, zero[6] = {0}, same[6] = {1, 2, 3, 4, 5, 6};
    gemm(false, false, 2, 3, 0, a, 1, b, 3, true, x, 3);
    assert_memory_equal(x, same, sizeof x);
    gemm(false, false, 2, 3, 0, a, 1, b, 3, false, x, 3);
    assert_memory_equal(x, zero, sizeof x);
    gemm(false, false, 0, 3, 2, a, 2, b, 3, false, x, 3);
    gemm(false, false, 2, 0, 2, a, 2, b, 1, false, x, 1);
    assert_memory_equal(x, zero, sizeof x);
}

static void a_bias_joins_every_row(void **state)
{
    struct rng r = rng_from(7);
    fill(&r, a, MOST);
    fill(&r, b, MOST);
    fill(&r, bias, 300);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t M = sizes[i][0], N = sizes[i][1], K = sizes[i][2];
        gemm_bias(M, N, K, a, b, bias, c);
        gemm_bias(M, N, K, a, b, NULL, again);
        for (size_t j = 0; j < M * N; j++) {
            double sum = element(false, false, j / N, j % N, K, K, N);
            assert_near((double)c[j], sum + (double)bias[j % N], K);
            assert_near((double)again[j], sum, K);
        }
    }
}

/* 0 · NaN is NaN: a kernel that skips zeros would hide it. */
static void nan_stays_visible(void **state)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t M = sizes[i][0], N = sizes[i][1], K = sizes[i][2];
        memset(a, 0, sizeof a);
        memset(b, 0, sizeof b);
        a[M * K - 1] = NAN;
        gemm_bias(M, N, K, a, b, NULL, c);
        for (size_t j = 0; j < N; j++)
            assert_true(isnan(c[(M - 1) * N + j]));
    }
}

static void the_number_of_threads_is_the_callers(void **state)
{
    for (int threads = 0; threads < 4; threads++) {
        kernels_set_threads(threads);
        check_product(false, false, false, 128, 200, 250, 0);
        check_product(true, false, true, 200, 200, 128, 0);
    }
    kernels_set_threads(0);
    assert_true(strlen(gemm_backend()) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_right),
        cmocka_unit_test(an_empty_sum_is_zero_or_what_was_there),
        cmocka_unit_test(a_bias_joins_every_row),
        cmocka_unit_test(nan_stays_visible),
        cmocka_unit_test(the_number_of_threads_is_the_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
