/* threads.c - see threads.h: a small crew of helpers for each thread that calls kernels.
 *
 * OpenMP's threads would do the same on an idle machine. On a busy one they spin at every barrier while the
 * thread they wait for is not even running, and training falls to a thirtieth of its speed; a learner's
 * machine draws a window beside it. So a helper here spins for some microseconds, which is as long as the
 * pauses inside a step are, and then sleeps; so does the caller. A task is announced by `round`, its end by
 * `left`. Who goes to sleep says so first and looks once more; who announces looks for sleepers afterwards:
 * no wake-up is lost.
 *
 * The crew belongs to its calling thread: it is the one thing in the core that outlives a call without an
 * owner that is passed in, as an OpenMP runtime's threads would. */
#include "threads.h"
#include "gemm.h"
#include "../memory.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifdef GRADUS_GEMM_ONEDNN
#include <omp.h>
#endif

#ifdef __SSE2__
#include <immintrin.h>
#endif

enum { ALIGN = 64, SPLIT = 32768, MOST = 64, SPINS = 2000 }; /* SPLIT: floats that are worth a thread */
enum { PIECES = 4 };                                         /* for each thread, so that one may take more */

struct crew {
    int helpers;
    pthread_t thread[MOST - 1];
    void (*fn)(const void *arg, int part, int parts);
    const void *arg;
    int parts;
    struct kernels_wish *wish;  /* that the caller heeds, or NULL */
    atomic_uint round;          /* grows with every task and at the end */
    atomic_int left;            /* helpers that still work at it */
    atomic_int asleep, waiting; /* helpers; the caller */
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    bool end;
};

static _Thread_local struct crew *crew;
static _Thread_local int limit;  /* 0: not chosen yet */
static _Thread_local int shared; /* parts of the largest task of late */
static _Thread_local struct kernels_wish *heeded;

void kernels_heed(struct kernels_wish *wish)
{
    heeded = wish;
}

static bool is_to_be_alone(const struct kernels_wish *wish)
{
    return wish && atomic_load_explicit(&wish->alone, memory_order_relaxed);
}

static void count_busy(struct kernels_wish *wish, int more)
{
    if (wish)
        atomic_fetch_add(&wish->busy, more);
}

static void breathe(void)
{
#ifdef __SSE2__
    _mm_pause();
#endif
}

static unsigned next_round(struct crew *c, unsigned seen)
{
    unsigned round;
    for (int i = 0; i < SPINS; i++) {
        if ((round = atomic_load(&c->round)) != seen)
            return round;
        breathe();
    }
    pthread_mutex_lock(&c->lock);
    atomic_fetch_add(&c->asleep, 1);
    while ((round = atomic_load(&c->round)) == seen)
        pthread_cond_wait(&c->wake, &c->lock);
    atomic_fetch_sub(&c->asleep, 1);
    pthread_mutex_unlock(&c->lock);
    return round;
}

struct joining {
    struct crew *crew;
    int part;
};

static void *help(void *arg)
{
    struct joining me = *(struct joining *)arg;
    struct crew *c = me.crew;
    memory_free(arg);
    kernels_set_threads(1);
    kernels_flush_denormals();
    unsigned seen = 0;
    while ((seen = next_round(c, seen)), !c->end) {
        if (me.part < c->parts) {
            c->fn(c->arg, me.part, c->parts);
            count_busy(c->wish, -1);
        }
        if (atomic_fetch_sub(&c->left, 1) == 1 && atomic_load(&c->waiting)) {
            pthread_mutex_lock(&c->lock);
            pthread_cond_signal(&c->done);
            pthread_mutex_unlock(&c->lock);
        }
    }
    return NULL;
}

static void announce(struct crew *c)
{
    atomic_fetch_add(&c->round, 1);
    if (!atomic_load(&c->asleep))
        return;
    pthread_mutex_lock(&c->lock);
    pthread_cond_broadcast(&c->wake);
    pthread_mutex_unlock(&c->lock);
}

static void wait_for_helpers(struct crew *c)
{
    for (int i = 0; i < SPINS; i++) {
        if (!atomic_load(&c->left))
            return;
        breathe();
    }
    pthread_mutex_lock(&c->lock);
    atomic_store(&c->waiting, 1);
    while (atomic_load(&c->left))
        pthread_cond_wait(&c->done, &c->lock);
    atomic_store(&c->waiting, 0);
    pthread_mutex_unlock(&c->lock);
}

/* One helper more; signals are the main thread's business, so it starts with all of them blocked. */
static bool hire(struct crew *c)
{
    struct joining *me = memory_take(1, sizeof *me, "a helper", NULL);
    if (!me)
        return false;
    *me = (struct joining){c, c->helpers + 1};
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    bool started = !pthread_create(&c->thread[c->helpers], NULL, help, me);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (started)
        c->helpers++;
    else
        memory_free(me);
    return started;
}

void kernels_leave(void)
{
    if (!crew)
        return;
    crew->end = true;
    announce(crew);
    for (int i = 0; i < crew->helpers; i++)
        pthread_join(crew->thread[i], NULL);
    pthread_cond_destroy(&crew->wake);
    pthread_cond_destroy(&crew->done);
    pthread_mutex_destroy(&crew->lock);
    memory_free(crew);
    crew = NULL;
}

/* A crew is made whole or not at all: its size is part of the numbers. */
static bool have_crew(int parts)
{
    if (crew && crew->helpers >= parts - 1)
        return true;
    kernels_leave();
    if (!(crew = memory_take(1, sizeof *crew, "the helpers of a thread", NULL)))
        return false;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->wake, NULL);
    pthread_cond_init(&crew->done, NULL);
    while (crew->helpers < parts - 1)
        if (!hire(crew)) {
            kernels_leave();
            return false;
        }
    return true;
}

static void call_helpers(int parts, void (*fn)(const void *arg, int part, int parts), const void *arg)
{
    crew->fn = fn;
    crew->arg = arg;
    crew->parts = parts;
    crew->wish = heeded;
    count_busy(crew->wish, parts - 1);
    atomic_store(&crew->left, crew->helpers);
    announce(crew);
}

void kernels_share(int parts, void (*fn)(const void *arg, int part, int parts), const void *arg)
{
    if (parts == 1) {
        fn(arg, 0, 1);
        return;
    }
    bool together = !is_to_be_alone(heeded) && have_crew(parts);
    if (together)
        call_helpers(parts, fn, arg);
    int whole = limit;
    limit = 1; /* a part shares no further: the helpers are busy */
    for (int i = 0; i < (together ? 1 : parts); i++)
        fn(arg, i, parts);
    limit = whole;
    if (together)
        wait_for_helpers(crew);
    shared = parts > shared ? parts : shared;
}

int kernels_shared(void)
{
    int parts = shared;
    shared = 0;
    return parts > 1 ? parts : 1;
}

static int threads_by_default(void)
{
    const char *wish = getenv("OMP_NUM_THREADS");
    long n = wish ? atoi(wish) : 0;
    if (n <= 0)
        n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

int kernels_limit(int threads)
{
    threads = threads > 0 ? threads : threads_by_default();
    return threads < MOST ? threads : MOST;
}

int kernels_set_threads(int threads)
{
    int before = limit;
#ifdef GRADUS_GEMM_ONEDNN
    if (!limit)
        omp_set_num_threads(1); /* the library works within one part, and starts no threads of its own */
#endif
    limit = kernels_limit(threads);
    return before;
}

int kernels_threads(double work, double each)
{
    if (work < 2 * each)
        return 1;
    if (!limit)
        kernels_set_threads(0);
    double n = work / each;
    return n < limit ? (int)n : limit;
}

size_t kernels_range(size_t n, size_t grain, int part, int parts, size_t *first)
{
    if (parts == 1) { /* as in most steps of a small network: no divisions */
        *first = 0;
        return n;
    }
    size_t all = (size_t)parts * grain, length = (n / all + (n % all != 0)) * grain;
    *first = (size_t)part * length;
    return *first >= n ? 0 : n - *first < length ? n - *first : length;
}

size_t kernels_grain(size_t width)
{
    size_t rows = 16;
    for (; rows > 1 && width % 2 == 0; width /= 2)
        rows /= 2;
    return rows;
}

struct dealing {
    struct kernels_wish *wish;
    size_t items;
    void (*fn)(const void *arg, size_t item, int part);
    const void *arg;
    struct {
        _Alignas(ALIGN) atomic_size_t next; /* of those that part i begins with */
    } own[MOST];
};

static bool is_left(const struct dealing *d, int parts)
{
    size_t first, left = 0;
    for (int i = 0; i < parts; i++)
        left += atomic_load(&d->own[i].next) < kernels_range(d->items, 1, i, parts, &first);
    return left;
}

/* A helper rests while the caller is to work alone, and comes back if there still is work. */
static void step_aside(const struct dealing *d, int parts)
{
    if (!is_to_be_alone(d->wish))
        return;
    count_busy(d->wish, -1);
    while (is_to_be_alone(d->wish) && is_left(d, parts))
        nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    count_busy(d->wish, 1);
}

/* Does one item, its own first; false when none is left. */
static bool do_item(struct dealing *d, int part, int parts)
{
    for (int i = 0; i < parts; i++) {
        int owner = (part + i) % parts;
        size_t first, count = kernels_range(d->items, 1, owner, parts, &first), k;
        if (atomic_load(&d->own[owner].next) < count &&
            (k = atomic_fetch_add(&d->own[owner].next, 1)) < count) {
            d->fn(d->arg, first + k, part);
            return true;
        }
    }
    return false;
}

static void deal_part(const void *arg, int part, int parts)
{
    struct dealing *d = (struct dealing *)arg; /* its counters are everybody's */
    while (do_item(d, part, parts))
        if (part)
            step_aside(d, parts);
}

/* Until the helpers may come. */
static void begin_alone(struct dealing *d, int parts)
{
    int whole = limit;
    limit = 1;
    while (is_to_be_alone(d->wish) && do_item(d, 0, parts))
        ;
    limit = whole;
    shared = parts > shared ? parts : shared;
}

void kernels_deal(
    size_t items, int parts, void (*fn)(const void *arg, size_t item, int part), const void *arg)
{
    struct dealing d;
    d.wish = heeded;
    d.items = items;
    d.fn = fn;
    d.arg = arg;
    parts = (size_t)parts < items ? parts : items ? (int)items : 1;
    for (int i = 0; i < parts; i++)
        atomic_init(&d.own[i].next, 0);
    if (parts > 1 && is_to_be_alone(d.wish))
        begin_alone(&d, parts);
    if (is_left(&d, parts))
        kernels_share(parts, deal_part, &d);
}

struct splitting {
    size_t n, grain;
    int pieces;
    void (*fn)(const void *arg, size_t first, size_t count);
    const void *arg;
};

static void split_item(const void *arg, size_t item, int part)
{
    const struct splitting *s = arg;
    size_t first, count = kernels_range(s->n, s->grain, (int)item, s->pieces, &first);
    (void)part;
    if (count)
        s->fn(s->arg, first, count);
}

void kernels_ranges(size_t n, size_t grain, int parts,
    void (*fn)(const void *arg, size_t first, size_t count), const void *arg)
{
    struct splitting s = {n, grain, PIECES * parts, fn, arg};
    if (parts == 1)
        fn(arg, 0, n);
    else
        kernels_deal((size_t)s.pieces, parts, split_item, &s);
}

void kernels_split(size_t n, void (*fn)(const void *arg, size_t first, size_t count), const void *arg)
{
    kernels_ranges(n, ALIGN, kernels_threads((double)n, SPLIT), fn, arg);
}

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
