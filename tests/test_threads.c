/* Helpers of kernels: every part runs once, ranges cover everything, crews come and go. */
#include "making.h"
#include "../src/kernels/gemm.h"
#include "../src/kernels/threads.h"

#include <pthread.h>
#include <stdatomic.h>

enum { MOST_PARTS = 9 };

struct counting {
    int *seen; /* [parts] */
};

static void count_part(const void *arg, int part, int parts)
{
    const struct counting *c = arg;
    assert_true(part < parts);
    c->seen[part]++;
}

static void every_part_runs_once(void **state)
{
    for (int parts = 1; parts <= MOST_PARTS; parts++) {
        int seen[MOST_PARTS] = {0};
        struct counting c = {seen};
        for (int round = 0; round < 500; round++)
            kernels_share(parts, count_part, &c);
        for (int i = 0; i < parts; i++)
            assert_int_equal(seen[i], 500);
    }
    kernels_leave();
    kernels_leave();
}

static void the_largest_task_is_told_once(void **state)
{
    int seen[MOST_PARTS] = {0};
    struct counting c = {seen};
    kernels_shared();
    kernels_share(1, count_part, &c);
    assert_int_equal(kernels_shared(), 1);
    kernels_share(4, count_part, &c);
    kernels_share(2, count_part, &c);
    assert_int_equal(kernels_shared(), 4);
    assert_int_equal(kernels_shared(), 1);
    kernels_leave();
}

/* A crew that was left is made again; a smaller task leaves the others of it idle. */
static void crews_come_and_go(void **state)
{
    for (int round = 0; round < 20; round++) {
        int seen[MOST_PARTS] = {0};
        struct counting c = {seen};
        kernels_share(4, count_part, &c);
        kernels_share(2, count_part, &c);
        kernels_leave();
        assert_int_equal(seen[0] + seen[1], 4);
        assert_int_equal(seen[2] + seen[3], 2);
    }
}

static void ranges_cover_everything_once(void **state)
{
    for (size_t n = 0; n < 400; n += 7)
        for (size_t grain = 1; grain <= 64; grain *= 4)
            for (int parts = 1; parts <= MOST_PARTS; parts++) {
                size_t next = 0;
                for (int part = 0; part < parts; part++) {
                    size_t first, count = kernels_range(n, grain, part, parts, &first);
                    if (!count)
                        continue;
                    assert_int_equal(first, next);
                    assert_int_equal(first % grain, 0);
                    next += count;
                }
                assert_int_equal(next, n);
            }
}

struct dealt {
    atomic_int *times; /* of each item */
    int parts;
    size_t items;
    atomic_size_t done;
};

static void count_item(const void *arg, size_t item, int part)
{
    struct dealt *d = (struct dealt *)arg;
    assert_true(part < d->parts);
    assert_true(item < d->items);
    atomic_fetch_add(&d->times[item], 1);
}

static void every_item_is_dealt_once(void **state)
{
    enum { ITEMS = 40 };
    for (size_t items = 0; items <= ITEMS; items += 4)
        for (int parts = 1; parts <= MOST_PARTS; parts++) {
            atomic_int times[ITEMS] = {0};
            struct dealt d = {.times = times, .parts = parts, .items = items};
            kernels_deal(items, parts, count_item, &d);
            for (size_t i = 0; i < ITEMS; i++)
                assert_int_equal(times[i], i < items);
        }
}

/* The first item ends when all others are done: it would wait for ever if nobody took those behind it. */
static void wait_for_the_others(const void *arg, size_t item, int part)
{
    struct dealt *d = (struct dealt *)arg;
    while (item == 0 && atomic_load(&d->done) < d->items - 1)
        ;
    (void)part;
    atomic_fetch_add(&d->done, 1);
}

static void who_is_done_helps(void **state)
{
    struct dealt d = {.parts = 2, .items = 9};
    kernels_deal(d.items, d.parts, wait_for_the_others, &d);
    assert_int_equal(d.done, 9);
}

static void count_range(const void *arg, size_t first, size_t count)
{
    const struct dealt *d = arg;
    for (size_t i = first; i < first + count; i++)
        atomic_fetch_add(&d->times[i], 1);
}

static void pieces_cover_everything_once(void **state)
{
    enum { MOST = 300 };
    for (size_t n = 0; n <= MOST; n += 23)
        for (int parts = 1; parts <= MOST_PARTS; parts++) {
            atomic_int times[MOST] = {0};
            kernels_ranges(n, 1 + n % 3, parts, count_range, &(struct dealt){.times = times});
            for (size_t i = 0; i < MOST; i++)
                assert_int_equal(times[i], i < n);
        }
}

struct wishing {
    struct kernels_wish wish;
    pthread_t caller;
    size_t sets, clears; /* the items that do */
    atomic_int times[40], by_others;
};

static void wish_item(const void *arg, size_t item, int part)
{
    struct wishing *w = (struct wishing *)arg;
    (void)part;
    if (item == w->sets)
        atomic_store(&w->wish.alone, true);
    if (item == w->clears)
        atomic_store(&w->wish.alone, false);
    atomic_fetch_add(&w->times[item], 1);
    if (!pthread_equal(pthread_self(), w->caller))
        atomic_fetch_add(&w->by_others, 1);
}

static void wish_part(const void *arg, int part, int parts)
{
    wish_item(arg, (size_t)part, 0);
}

static void assert_done_once(struct wishing *w, int items)
{
    for (int i = 0; i < items; i++)
        assert_int_equal(atomic_exchange(&w->times[i], 0), 1);
    assert_int_equal(w->wish.busy, 0);
}

static void helpers_rest_when_they_are_asked_to(void **state)
{
    enum { ITEMS = 40, NONE = 99 };
    struct wishing w = {.wish.alone = true, .caller = pthread_self(), .sets = NONE, .clears = NONE};
    kernels_shared();
    kernels_heed(&w.wish);
    kernels_deal(ITEMS, 4, wish_item, &w);
    assert_done_once(&w, ITEMS);
    assert_int_equal(kernels_shared(), 4);
    kernels_share(4, wish_part, &w);
    assert_done_once(&w, 4);
    assert_int_equal(w.by_others, 0);
    kernels_heed(NULL);
    kernels_leave();
}

/* Asked in the middle, by whichever item comes there; and let go again, before the end or at once. */
static void nothing_is_left_undone_when_they_rest(void **state)
{
    enum { ITEMS = 40, NONE = 99 };
    for (size_t sets = 0; sets < ITEMS; sets += 3)
        for (size_t clears = sets + 1; clears < ITEMS + 13; clears += 13) {
            struct wishing w = {
                .caller = pthread_self(), .sets = sets, .clears = clears < ITEMS ? clears : NONE};
            kernels_heed(&w.wish);
            kernels_deal(ITEMS, 3, wish_item, &w);
            assert_done_once(&w, ITEMS);
        }
    kernels_heed(NULL);
    kernels_leave();
}

static void work_decides_how_many(void **state)
{
    kernels_set_threads(4);
    assert_int_equal(kernels_threads(10, 10), 1);
    assert_int_equal(kernels_threads(25, 10), 2);
    assert_int_equal(kernels_threads(1000, 10), 4);
    kernels_set_threads(1);
    assert_int_equal(kernels_threads(1000, 10), 1);
    kernels_set_threads(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_runs_once),
        cmocka_unit_test(the_largest_task_is_told_once),
        cmocka_unit_test(crews_come_and_go),
        cmocka_unit_test(ranges_cover_everything_once),
        cmocka_unit_test(every_item_is_dealt_once),
        cmocka_unit_test(who_is_done_helps),
        cmocka_unit_test(pieces_cover_everything_once),
        cmocka_unit_test(helpers_rest_when_they_are_asked_to),
        cmocka_unit_test(nothing_is_left_undone_when_they_rest),
        cmocka_unit_test(work_decides_how_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
