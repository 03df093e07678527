/* gradus_bench.c - training steps a second, through the same session, trainer and worker as `fit`.
 *
 *     gradus-bench [--threads N] [WORKLOAD...]
 *
 * One JSON line a workload: {"workload": "playground", "steps_per_s": 123.4, "threads": 1}. Data are made
 * before the clock starts. A repetition is one `fit` of so many epochs on the worker; it shuffles, looks for
 * NaN, answers the mailbox and records history as always. The median of five repetitions counts. */
#include "../../src/args.h"
#include "../../src/error.h"
#include "../../src/kernels/gemm.h"
#include "../../src/memory.h"
#include "../../src/rng.h"
#include "../../src/session.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPETITIONS = 5, WARM_UP_STEPS = 3, LINE_WORDS = 8, LAYERS = 24 };

struct workload {
    const char *name, *summary;
    const char *layer[LAYERS]; /* typed as at the prompt, NULL behind the last */
    const char *optimizer, *loss;
    double lr;
    size_t batch, rows;
    int inputs, classes;
    size_t labels;      /* a sample; 0: one */
    bool uniform;       /* inputs from [0, 1), else normal */
    bool whole;         /* inputs are whole numbers below `classes` */
    bool one_hot;       /* each label has a position of its own, one of whose inputs is 1 */
    struct shape image; /* of the inputs; rank 0: one row of them */
    bool predicts;      /* a step is a forward pass outside training, of one sample */
    uint64_t epochs;    /* of a repetition */
};

#define RECURRENT(word, type)                                                                          \
    {                                                                                                  \
        .name = word, .summary = "64 inputs, 128 " type ", 64 classes, 50 steps, Adam, batch 32",      \
        .layer = {type " 128 return_sequences", "dense 64 softmax"}, .optimizer = "adam",              \
        .loss = "sparse_categorical_crossentropy", .lr = 1e-3, .batch = 32, .rows = 320, .inputs = 64, \
        .classes = 64, .labels = 50, .one_hot = true, .epochs = 20                                     \
    }

#define VGG_CONV(filters) "conv2d " filters " 3x3 relu padding=same"

static const struct workload workloads[] = {
    {
        .name = "playground",
        .summary = "2-8-8-1 tanh, MSE, SGD 0.03, batch 10 of 250 points",
        .layer = {"dense 8 tanh", "dense 8 tanh", "dense 1 tanh"},
        .optimizer = "sgd",
        .loss = "mse",
        .lr = 0.03,
        .batch = 10,
        .rows = 250,
        .inputs = 2,
        .classes = 2,
        .epochs = 8000,
    },
    {
        .name = "mlp",
        .summary = "784-128-10 relu, cross-entropy, Adam, batch 64",
        .layer = {"dense 128 relu", "dense 10 softmax"},
        .optimizer = "adam",
        .loss = "categorical_crossentropy",
        .lr = 1e-3,
        .batch = 64,
        .rows = 6400,
        .inputs = 784,
        .classes = 10,
        .uniform = true,
        .epochs = 40,
    },
    {
        .name = "gpt",
        .summary = "64 words, width 64, 4 heads, 2 blocks, 64 positions, Adam, batch 32",
        .layer = {"embedding 64 64", "positional", "layernorm epsilon=1e-5", "attention 4 causal",
            "add positional1", "layernorm epsilon=1e-5", "dense 256 gelu", "dense 64", "add add1",
            "layernorm epsilon=1e-5", "attention 4 causal", "add add2", "layernorm epsilon=1e-5",
            "dense 256 gelu", "dense 64", "add add3", "layernorm epsilon=1e-5", "dense 64 softmax"},
        .optimizer = "adam",
        .loss = "sparse_categorical_crossentropy",
        .lr = 1e-3,
        .batch = 32,
        .rows = 320,
        .inputs = 64,
        .classes = 64,
        .labels = 64,
        .whole = true,
        .epochs = 40,
    },
    RECURRENT("rnn", "simple_rnn"),
    RECURRENT("lstm", "lstm"),
    RECURRENT("gru", "gru"),
    {
        .name = "cnn",
        .summary = "28x28x1, two convolutions and poolings, dense 10, Adam, batch 128",
        .layer = {"conv2d 32 3x3 relu", "maxpool2d 2", "conv2d 64 3x3 relu", "maxpool2d 2", "flatten",
            "dense 10 softmax"},
        .optimizer = "adam",
        .loss = "categorical_crossentropy",
        .lr = 1e-3,
        .batch = 128,
        .rows = 1280,
        .inputs = 784,
        .image = {3, {28, 28, 1}},
        .classes = 10,
        .uniform = true,
        .epochs = 8,
    },
    {
        .name = "vgg16",
        .summary = "the 13 convolutions of VGG16, one image of 224x224x3, forward only",
        .layer = {VGG_CONV("64"), VGG_CONV("64"), "maxpool2d", VGG_CONV("128"), VGG_CONV("128"), "maxpool2d",
            VGG_CONV("256"), VGG_CONV("256"), VGG_CONV("256"), "maxpool2d", VGG_CONV("512"), VGG_CONV("512"),
            VGG_CONV("512"), "maxpool2d", VGG_CONV("512"), VGG_CONV("512"), VGG_CONV("512"), "maxpool2d"},
        .image = {3, {224, 224, 3}},
        .predicts = true,
        .epochs = 10,
    },
};
enum { WORKLOADS = sizeof workloads / sizeof *workloads };

static const struct workload *workload_find(const char *name)
{
    for (size_t i = 0; i < WORKLOADS; i++)
        if (!strcmp(workloads[i].name, name))
            return &workloads[i];
    return NULL;
}

static struct data *make_data(const struct workload *w, struct error *e)
{
    size_t labels = w->labels ? w->labels : 1;
    size_t values = w->rows * (size_t)w->inputs * (w->one_hot ? labels : 1);
    float *x = memory_take(values, sizeof *x, "the inputs", e);
    float *t = memory_take(w->rows * labels, sizeof *t, "the labels", e);
    struct rng r = rng_from(rng_key(1, "bench", w->name, 0));
    struct data *d = NULL;

    if (x && t) {
        for (size_t i = 0; i < values; i++)
            x[i] = (float)(w->one_hot   ? 0
                           : w->whole   ? rng_below(&r, (uint32_t)w->classes)
                           : w->uniform ? rng_uniform(&r)
                                        : rng_normal(&r));
        for (size_t i = 0; w->one_hot && i < values; i += (size_t)w->inputs)
            x[i + rng_below(&r, (uint32_t)w->inputs)] = 1;
        for (size_t i = 0; i < w->rows * labels; i++)
            t[i] = (float)rng_below(&r, (uint32_t)w->classes);
        struct shape shape = w->one_hot      ? shape_of(2, (int)labels, w->inputs)
                             : w->image.rank ? w->image
                                             : shape_of(1, w->inputs);
        d = data_from_arrays(w->name, shape, x, w->rows, w->rows, t, labels, w->classes, e);
    }
    memory_free(x);
    memory_free(t);
    return d;
}

/* Adds the layer that a typed line stands for. */
static bool add_layer(struct session *s, const char *line, struct error *e)
{
    char copy[80], *rest = NULL;
    struct word word[LINE_WORDS];
    struct args args;
    int count = 0;

    snprintf(copy, sizeof copy, "%s", line);
    const struct layer_type *type = layer_type_find(strtok_r(copy, " ", &rest));
    for (char *next; count < LINE_WORDS && (next = strtok_r(NULL, " ", &rest)); count++) {
        char *equals = strchr(next, '=');
        word[count] = (struct word){.text = equals ? equals + 1 : next, .key = equals ? next : NULL};
        if (equals)
            *equals = '\0';
    }
    if (!type)
        return error_set(e, "no layer type in '%s'", line);
    if (!args_bind(type->name, type->args, word, count, &args, e))
        return false;
    struct layer_spec spec = {.type = type};
    memcpy(spec.arg, args.value, (size_t)args_count(type->args) * sizeof *spec.arg);
    return session_add(s, -1, &spec, e);
}

static bool set_up(struct session *s, const struct workload *w, struct error *e)
{
    struct data *d = w->predicts ? NULL : make_data(w, e);
    if (w->predicts ? !session_input(s, w->image, NULL, e) : !d || !session_set_data(s, d, e))
        return false;
    for (int i = 0; w->layer[i]; i++)
        if (!add_layer(s, w->layer[i], e))
            return false;
    if (w->predicts)
        return true;
    struct recipe recipe = recipe_of(optimizer_find(w->optimizer));
    recipe.lr = w->lr;
    recipe.loss = loss_find(w->loss);
    return session_compile(s, &recipe, e);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Runs a fit to its end; *steps and *seconds say how many updates it made and how long it took. */
static bool run_fit(struct session *s, struct fit fit, uint64_t *steps, double *seconds, struct error *e)
{
    struct status before, after;

    session_status(s, &before);
    double start = now();
    if (!session_fit(s, &fit, e))
        return false;
    while (session_running(s)) {
        struct pollfd news = {.fd = worker_descriptor(s->worker), .events = POLLIN};
        poll(&news, 1, 100);
        worker_drain(s->worker);
    }
    *seconds = now() - start;
    session_status(s, &after);
    *steps = after.step - (before.phase == PHASE_IDLE ? 0 : before.step);
    return after.phase == PHASE_FINISHED || error_set(e, "the training ended early: %s", after.message);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Passes a second over one random sample, in a workspace such as `evaluate` has. */
static bool measure_passes(struct session *s, const struct workload *w, double *rate, struct error *e)
{
    const struct network *n = session_network(s);
    struct workspace *ws = workspace_new(n->model, 1, USE_OUTPUT, e);
    struct rng r = rng_from(rng_key(1, "bench", w->name, 0));
    double rates[REPETITIONS];

    if (!ws)
        return false;
    kernels_set_threads(s->threads);
    workspace_bind(ws, n->state);
    for (size_t i = 0; i < shape_size(&w->image); i++)
        workspace_input(ws)[i] = (float)rng_uniform(&r);
    for (int i = -WARM_UP_STEPS; i < REPETITIONS; i++) {
        double start = now();
        for (uint64_t k = 0; k < (i < 0 ? 1 : w->epochs); k++)
            workspace_forward(ws, 1, false, 0);
        if (i >= 0)
            rates[i] = (double)w->epochs / (now() - start);
    }
    kernels_leave();
    workspace_free(ws);
    qsort(rates, REPETITIONS, sizeof *rates, by_size);
    *rate = rates[REPETITIONS / 2];
    return true;
}

static bool measure(struct session *s, const struct workload *w, double *rate, struct error *e)
{
    struct fit warm_up = {.steps = WARM_UP_STEPS, .batch_size = w->batch, .memory = s->memory};
    struct fit fit = {.epochs = w->epochs, .batch_size = w->batch, .memory = s->memory};
    double rates[REPETITIONS], seconds;
    uint64_t steps;

    if (!run_fit(s, warm_up, &steps, &seconds, e))
        return false;
    for (int i = 0; i < REPETITIONS; i++) {
        if (!run_fit(s, fit, &steps, &seconds, e))
            return false;
        rates[i] = (double)steps / seconds;
    }
    qsort(rates, REPETITIONS, sizeof *rates, by_size);
    *rate = rates[REPETITIONS / 2];
    return true;
}

static bool run_workload(const struct workload *w, int threads)
{
    struct error e;
    double rate;
    struct session *s = session_new(WORKER_THREAD, &e);

    if (s)
        s->threads = threads;
    bool ok = s && set_up(s, w, &e) && (w->predicts ? measure_passes : measure)(s, w, &rate, &e);
    if (ok)
        printf("{\"workload\": \"%s\", \"steps_per_s\": %.1f, \"threads\": %d}\n", w->name, rate, threads);
    else
        fprintf(stderr, "gradus-bench: %s: %s\n", w->name, e.text);
    fflush(stdout);
    session_free(s);
    return ok;
}

static int usage(const char *problem, const char *word)
{
    fprintf(
        stderr, "gradus-bench: %s '%s'\nusage: gradus-bench [--threads N] [WORKLOAD...]\n", problem, word);
    for (size_t i = 0; i < WORKLOADS; i++)
        fprintf(stderr, "  %-11s %s\n", workloads[i].name, workloads[i].summary);
    return 2;
}

int main(int argc, char **argv)
{
    const struct workload *chosen[64];
    int count = 0, threads = 1;
    bool ok = true;

    for (int i = 1; i < argc; i++) {
        double number;
        if (!strcmp(argv[i], "--threads")) {
            if (++i == argc || !number_parse(argv[i], &number) || number < 1 || number > 256)
                return usage("--threads wants a number from 1 to 256, not", i < argc ? argv[i] : "");
            threads = (int)number;
        } else if (count == 64 || !(chosen[count++] = workload_find(argv[i]))) {
            return usage("no workload", argv[i]);
        }
    }
    for (size_t i = 0; !count && i < WORKLOADS; i++)
        ok &= run_workload(&workloads[i], threads);
    for (int i = 0; i < count; i++)
        ok &= run_workload(chosen[i], threads);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
