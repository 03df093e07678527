/* The worker: jobs, calls between slices, cancelling, the descriptor; with a thread and in slices. */
#include "making.h"

#include <poll.h>

struct counting {
    struct worker *worker;
    int slices, until;
    bool rests; /* says that it has nothing to do, until it is called or cancelled */
    int called;
};

static double count(void *arg, double seconds)
{
    struct counting *c = arg;
    if (atomic_load(worker_cancelled(c->worker)))
        return JOB_DONE;
    if (c->rests && !c->called)
        return INFINITY;
    return ++c->slices >= c->until ? JOB_DONE : 0;
}

static void call(void *arg)
{
    struct counting *c = arg;
    c->called++;
}

static struct worker *make(enum worker_mode mode)
{
    struct error e;
    struct worker *w = worker_new(mode, &e);
    assert_non_null(w);
    return w;
}

static void a_job_runs_to_its_end(void **state)
{
    for (int mode = WORKER_THREAD; mode <= WORKER_SLICED; mode++) {
        struct worker *w = make(mode);
        struct counting c = {.worker = w, .until = 50};
        assert_true(worker_start(w, (struct job){count, &c}, NULL));
        worker_wait(w);
        assert_false(worker_busy(w));
        assert_int_equal(c.slices, 50);
        assert_int_equal(worker_job(w), 1);
        struct pollfd p = {.fd = worker_descriptor(w), .events = POLLIN};
        assert_int_equal(poll(&p, 1, 1000), 1);
        worker_drain(w);
        assert_int_equal(poll(&p, 1, 0), 0);
        worker_free(w);
    }
}

static void only_one_job_at_a_time(void **state)
{
    struct worker *w = make(WORKER_THREAD);
    struct counting c = {.worker = w, .until = 1, .rests = true};
    struct error e;
    assert_true(worker_start(w, (struct job){count, &c}, NULL));
    assert_false(worker_start(w, (struct job){count, &c}, &e));
    assert_non_null(strstr(e.text, "stop"));
    worker_cancel(w);
    worker_wait(w);
    assert_int_equal(c.slices, 0);
    c.called = 1;
    assert_true(worker_start(w, (struct job){count, &c}, &e));
    worker_wait(w);
    assert_int_equal(c.slices, 1);
    worker_free(w);
}

/* A call wakes a resting job, and has run when worker_call() returns. */
static void calls_run_between_slices(void **state)
{
    struct worker *w = make(WORKER_THREAD);
    struct counting c = {.worker = w, .until = 10, .rests = true};
    worker_call(w, call, &c);
    assert_int_equal(c.called, 1); /* at once: nothing ran */
    c.called = 0;
    assert_true(worker_start(w, (struct job){count, &c}, NULL));
    worker_call(w, call, &c);
    worker_wait(w);
    assert_int_equal(c.called, 1);
    assert_int_equal(c.slices, 10);
    worker_free(w);
}

/* A cancel that comes when the job has ended does not reach the next one, nor what main does itself. */
static void cancelling_nothing_does_nothing(void **state)
{
    struct worker *w = make(WORKER_THREAD);
    struct counting c = {.worker = w, .until = 1};
    assert_true(worker_start(w, (struct job){count, &c}, NULL));
    worker_wait(w);
    worker_cancel(w);
    assert_false(atomic_load(worker_cancelled(w)));
    worker_free(w);
}

static void freeing_ends_a_running_job(void **state)
{
    struct worker *w = make(WORKER_THREAD);
    struct counting c = {.worker = w, .until = 1 << 30};
    assert_true(worker_start(w, (struct job){count, &c}, NULL));
    worker_free(w);
    assert_true(c.slices < 1 << 30);
    worker_free(NULL);
}

static void slices_are_the_callers(void **state)
{
    struct worker *w = make(WORKER_SLICED);
    struct counting c = {.worker = w, .until = 3};
    assert_true(worker_start(w, (struct job){count, &c}, NULL));
    assert_int_equal(c.slices, 0);
    assert_true(worker_slice(w, 0.01));
    assert_true(worker_slice(w, 0.01));
    assert_false(worker_slice(w, 0.01));
    assert_int_equal(c.slices, 3);
    worker_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_runs_to_its_end),
        cmocka_unit_test(only_one_job_at_a_time),
        cmocka_unit_test(calls_run_between_slices),
        cmocka_unit_test(cancelling_nothing_does_nothing),
        cmocka_unit_test(freeing_ends_a_running_job),
        cmocka_unit_test(slices_are_the_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
