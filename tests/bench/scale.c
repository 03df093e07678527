/* scale.c - how training speed goes with the size: a table a family of layers, so that a cliff is seen.
 *
 *     gradus-scale [THREADS]
 *
 * A cell is the GFLOP/s of a whole training step (forward, loss, backward, update) of one network for one
 * batch: 6 operations a multiply-add, the best of three runs of at least 30 ms. Rows grow by a factor of two,
 * so neighbours should not differ by much more, and never fall. */
#include "../../src/args.h"
#include "../../src/error.h"
#include "../../src/kernels/gemm.h"
#include "../../src/kernels/threads.h"
#include "../../src/memory.h"
#include "../../src/rng.h"
#include "../../src/workspace.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 3, LINE = 96, WORDS = 8, COLUMNS = 6 };
static const double least_seconds = 0.03;
static const size_t batches[COLUMNS] = {1, 8, 32, 128, 512, 1024};

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The model with one more layer, in place of `m`. */
__attribute__((format(printf, 2, 3))) static bool add(struct model **m, const char *format, ...)
{
    char line[LINE], *rest = NULL;
    struct word word[WORDS];
    struct args args;
    struct error e;
    int count = 0;
    va_list list;

    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    const struct layer_type *type = layer_type_find(strtok_r(line, " ", &rest));
    for (char *next; count < WORDS && (next = strtok_r(NULL, " ", &rest)); count++) {
        char *equals = strchr(next, '=');
        word[count] = (struct word){.text = equals ? equals + 1 : next, .key = equals ? next : NULL};
        if (equals)
            *equals = '\0';
    }
    if (!*m || !type || !args_bind(type->name, type->args, word, count, &args, &e))
        return false;
    struct layer_spec spec = {.type = type};
    memcpy(spec.arg, args.value, (size_t)args_count(type->args) * sizeof *spec.arg);
    struct model *more = model_with_layer(*m, (*m)->layers, &spec, &e);
    model_unref(*m);
    *m = more;
    return more;
}

static struct model *model_of(struct shape input)
{
    struct error e;
    struct model *empty = model_new(&e), *m = empty ? model_with_input(empty, input, true, &e) : NULL;
    model_unref(empty);
    return m;
}

static void fill(float *x, size_t n)
{
    struct rng r = rng_from(1);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_between(&r, -1, 1);
}

/* One thread is timed by what it worked, which other programs do not change. */
static double step_seconds(struct workspace *ws, struct state *s, const struct recipe *r, size_t N)
{
    clockid_t clock = kernels_threads(1e18, 1) == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
    double best = INFINITY;
    for (int run = 0; run < RUNS; run++) {
        double start = now(clock), took = 0;
        int steps = 0;
        for (; took < least_seconds; took = now(clock) - start, steps++) {
            workspace_forward(ws, N, true, (uint64_t)steps);
            workspace_loss(ws, true);
            workspace_backward(ws);
            workspace_update(ws, s, r);
        }
        best = fmin(best, took / steps);
    }
    return best;
}

/* GFLOP/s of a step; NAN where there is no memory for it. */
static double speed(const struct model *m, size_t N)
{
    struct error e;
    struct goals goals;
    struct recipe r = recipe_of(optimizer_find("sgd"));
    double rate = NAN;
    r.lr = 1e-6;
    goals_of_head(&goals, m, loss_find("mse"), 1);
    struct state *s = state_new(m, 1, 1, &e);
    struct workspace *ws = s ? workspace_new(m, N, USE_TRAIN, &e) : NULL;
    if (ws && workspace_aim(ws, &goals, &e)) {
        state_init(s, NULL, NULL, 0, m->layers - 1);
        workspace_bind(ws, s);
        fill(workspace_input(ws), N * model_input_size(m));
        fill(workspace_targets(ws), N * goals.width);
        step_seconds(ws, s, &r, N); /* pages and caches */
        rate = 6 * model_macs(m) * (double)N / step_seconds(ws, s, &r, N) * 1e-9;
    }
    workspace_free(ws);
    state_free(s);
    return rate;
}

static void heading(const char *name)
{
    printf("\n%-26s", name);
    for (int i = 0; i < COLUMNS; i++)
        printf("%9zu", batches[i]);
    printf("\n");
}

/* Work beyond this many multiply-adds a step takes too long to be worth a cell. */
static const double most_work = 4e10;

static void row(const char *name, struct model *m)
{
    printf("%-26s", name);
    for (int i = 0; m && i < COLUMNS; i++) {
        if (model_macs(m) * (double)batches[i] > most_work)
            printf("%9s", "-");
        else
            printf("%9.3g", speed(m, batches[i]));
        fflush(stdout);
    }
    printf(m ? "\n" : "  not there\n");
    model_unref(m);
}

static void dense_widths(void)
{
    char name[64];
    heading("dense, 2 layers; batch");
    for (int w = 8; w <= 4096; w *= 2) {
        struct model *m = model_of(shape_of(1, w));
        if (add(&m, "dense %d relu", w))
            add(&m, "dense %d", w);
        snprintf(name, sizeof name, "  width %d", w);
        row(name, m);
    }
}

static void dense_depths(int width)
{
    char name[64];
    heading(width < 50 ? "dense of 16; batch" : "dense of 256; batch");
    for (int depth = 1; depth <= 64; depth *= 2) {
        struct model *m = model_of(shape_of(1, width));
        for (int i = 0; i < depth; i++)
            add(&m, "dense %d tanh", width);
        snprintf(name, sizeof name, "  depth %d", depth);
        row(name, m);
    }
}

static void images(void)
{
    char name[64];
    heading("conv2d 3x3, 2 layers; batch");
    for (int side = 8; side <= 64; side *= 2)
        for (int filters = 4; filters <= 64; filters *= 4) {
            struct model *m = model_of(shape_of(3, side, side, filters));
            if (add(&m, "conv2d %d 3x3 relu", filters))
                add(&m, "conv2d %d 3x3 relu", filters);
            snprintf(name, sizeof name, "  %dx%dx%d", side, side, filters);
            row(name, m);
        }
}

static void sequences(const char *type)
{
    char name[64];
    snprintf(name, sizeof name, "%s, 32 positions; batch", type);
    heading(name);
    for (int units = 8; units <= 512; units *= 4) {
        struct model *m = model_of(shape_of(2, 32, units));
        add(&m, "%s %d", type, units);
        snprintf(name, sizeof name, "  units %d", units);
        row(name, m);
    }
}

int main(int argc, char **argv)
{
    double threads = 0;
    if (argc > 2 || (argc == 2 && (!number_parse(argv[1], &threads) || threads < 1 || threads > 256))) {
        fprintf(stderr, "usage: gradus-scale [THREADS]\n");
        return 2;
    }
    kernels_set_threads((int)threads);
    kernels_flush_denormals();
    printf("GFLOP/s of a training step, %s, ", gemm_backend());
    printf(threads > 0 ? "%g threads\n" : "threads as they come\n", threads);
    dense_widths();
    dense_depths(16);
    dense_depths(256);
    images();
    sequences("lstm");
    sequences("gru");
    return EXIT_SUCCESS;
}
