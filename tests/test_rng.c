/* Streams: reproducible, independent by key, with the right moments. */
#include "making.h"

static void same_key_same_numbers(void **state)
{
    struct rng a = rng_from(rng_key(7, "init", "dense1", 0)), b = rng_from(rng_key(7, "init", "dense1", 0));
    for (int i = 0; i < 100; i++)
        assert_int_equal(rng_next(&a), rng_next(&b));
}

static void every_part_of_a_key_counts(void **state)
{
    uint64_t key = rng_key(7, "init", "dense1", 0);
    assert_int_not_equal(key, rng_key(8, "init", "dense1", 0));
    assert_int_not_equal(key, rng_key(7, "shuffle", "dense1", 0));
    assert_int_not_equal(key, rng_key(7, "init", "dense2", 0));
    assert_int_not_equal(key, rng_key(7, "init", "dense1", 1));
    assert_int_not_equal(rng_key(7, "ab", "c", 0), rng_key(7, "a", "bc", 0));
}

/* Known first outputs, so that no edit changes every run of every learner unnoticed. */
static void generator_is_xoshiro256pp(void **state)
{
    struct rng r = {{1, 2, 3, 4}};
    assert_int_equal(rng_next(&r), 41943041u);
    assert_int_equal(rng_next(&r), 58720359u);
}

static void moments_are_right(void **state)
{
    enum { N = 200000 };
    struct rng r = rng_from(1);
    double sum = 0, squares = 0, uniform = 0;
    for (int i = 0; i < N; i++) {
        double x = rng_normal(&r), u = rng_uniform(&r);
        assert_true(u >= 0 && u < 1);
        sum += x;
        squares += x * x;
        uniform += u;
    }
    /* five standard errors */
    assert_true(fabs(sum / N) < 5 / sqrt(N));
    assert_true(fabs(squares / N - 1) < 5 * sqrt(2.0 / N));
    assert_true(fabs(uniform / N - 0.5) < 5 * sqrt(1.0 / 12 / N));
}

static void below_is_unbiased(void **state)
{
    struct rng r = rng_from(2);
    int seen[6] = {0};
    for (int i = 0; i < 60000; i++)
        seen[rng_below(&r, 6)]++;
    for (int i = 0; i < 6; i++)
        assert_true(abs(seen[i] - 10000) < 500);
}

static void shuffle_is_a_permutation(void **state)
{
    uint32_t index[100];
    int moved = 0, seen[100] = {0};
    for (uint32_t i = 0; i < 100; i++)
        index[i] = i;
    struct rng r = rng_from(3);
    rng_shuffle(&r, index, 100);
    for (uint32_t i = 0; i < 100; i++) {
        seen[index[i]]++;
        moved += index[i] != i;
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    assert_true(moved > 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_key_same_numbers),
        cmocka_unit_test(every_part_of_a_key_counts),
        cmocka_unit_test(generator_is_xoshiro256pp),
        cmocka_unit_test(moments_are_right),
        cmocka_unit_test(below_is_unbiased),
        cmocka_unit_test(shuffle_is_a_permutation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
