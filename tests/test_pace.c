/* test_pace.c - the window's share of the time beside trainings of one thread and of all. */
#include "../viz/pace.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>

enum { ALL = 1 << 20 }; /* more threads than any machine has cores */

static void run(struct pace *p, int threads, double seconds)
{
    for (double t = 0; t < seconds; t += 0.01)
        pace_update(p, threads, 0.01);
}

static bool is_small(const struct pace *p)
{
    bool small = pace_draw_share(p) < 0.2;
    assert_true(small == (pace_replica_share(p) < 0.1));
    assert_true(small == (pace_drift(p) > 0));
    assert_true(small == (pace_replica_turn(p) > 0.005));
    return small;
}

static void the_share_follows_the_training(void **state)
{
    struct pace p = {0};
    assert_false(is_small(&p));
    run(&p, ALL, 2);
    assert_true(is_small(&p));
    run(&p, 0, 2);
    assert_false(is_small(&p));
}

static void a_shared_scoring_once_in_a_while_changes_nothing(void **state)
{
    struct pace p = {0};
    for (int i = 0; i < 20; i++) {
        run(&p, ALL, 0.02);
        assert_false(is_small(&p));
        run(&p, 0, 0.2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_share_follows_the_training),
        cmocka_unit_test(a_shared_scoring_once_in_a_while_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
