/* making.h - models, data and sessions from short words, for tests. Fails the test when they are wrong. */
#ifndef GRADUS_TESTS_MAKING_H
#define GRADUS_TESTS_MAKING_H

#include "../src/error.h"
#include "../src/memory.h"
#include "../src/rng.h"
#include "../src/session.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cuts "dense 8 tanh name=h1" at its blanks, in place. */
static inline int make_words(char *line, struct word *words, int room)
{
    int count = 0;
    for (char *w = strtok(line, " "); w && count < room; w = strtok(NULL, " ")) {
        char *equals = strchr(w, '=');
        words[count] = (struct word){.text = equals ? equals + 1 : w, .key = equals ? w : NULL};
        if (equals)
            *equals = '\0';
        count++;
    }
    return count;
}

/* A layer from its line, on which name=, from= and like= come last; the caller's buffer holds the words. */
static inline struct layer_spec make_spec(char *line)
{
    struct word words[16];
    struct error e;
    struct args args;
    struct layer_spec spec = {0};
    int count = make_words(line, words, 16);
    spec.type = layer_type_find(words[0].text);
    assert_non_null(spec.type);
    while (count > 1 && words[count - 1].key) {
        const struct word *last = &words[count - 1];
        const char **what = !strcmp(last->key, "name")   ? &spec.name
                            : !strcmp(last->key, "from") ? &spec.from
                            : !strcmp(last->key, "like") ? &spec.like
                                                         : NULL;
        if (!what)
            break;
        *what = last->text;
        count--;
    }
    if (!args_bind(words[0].text, spec.type->args, words + 1, count - 1, &args, &e))
        fail_msg("%s", e.text);
    memcpy(spec.arg, args.value, sizeof spec.arg);
    return spec;
}

/* A model of an input and lines divided by ';': make_model(shape_of(1, 2), "dense 8 tanh;dense 1"). */
static inline const struct model *make_model(struct shape input, const char *lines)
{
    struct error e;
    struct model *m = model_new(&e), *next;
    if (input.rank) {
        next = model_with_input(m, input, true, &e);
        assert_non_null(next);
        model_unref(m);
        m = next;
    }
    while (*lines) {
        char line[200];
        size_t length = strcspn(lines, ";");
        snprintf(line, sizeof line, "%.*s", (int)length, lines);
        struct layer_spec spec = make_spec(line);
        next = model_with_layer(m, m->layers, &spec, &e);
        if (!next)
            fail_msg("%s", e.text);
        model_unref(m);
        m = next;
        lines += length + (lines[length] == ';');
    }
    return m;
}

/* A recipe with this rate. */
static inline struct recipe make_recipe(const char *optimizer, const char *loss, double lr)
{
    struct recipe r = recipe_of(optimizer_find(optimizer));
    r.loss = loss ? loss_find(loss) : NULL;
    r.lr = lr;
    return r;
}

/* Two clouds on the plane, class by the sign of x0 + x1; n rows, the first `train` of them train. */
static inline struct data *make_data(size_t n, size_t train, uint64_t seed)
{
    struct rng r = rng_from(rng_key(seed, "test", NULL, 0));
    float *x = memory_take(2 * n, sizeof *x, "x", NULL), *t = memory_take(n, sizeof *t, "t", NULL);
    struct error e;
    for (size_t i = 0; i < n; i++) {
        x[2 * i] = (float)rng_between(&r, -1, 1);
        x[2 * i + 1] = (float)rng_between(&r, -1, 1);
        t[i] = x[2 * i] + x[2 * i + 1] > 0;
    }
    struct data *d = data_from_arrays("clouds", shape_of(1, 2), x, n, train, t, 1, 2, &e);
    memory_free(x);
    memory_free(t);
    if (!d)
        fail_msg("%s", e.text);
    return d;
}

/* A session with these data and layers. */
static inline struct session *make_session(enum worker_mode mode, struct data *d, const char *lines)
{
    struct error e;
    struct session *s = session_new(mode, &e);
    assert_non_null(s);
    s->seed = 1;
    if (d && !session_set_data(s, d, &e))
        fail_msg("%s", e.text);
    while (*lines) {
        char line[200];
        size_t length = strcspn(lines, ";");
        snprintf(line, sizeof line, "%.*s", (int)length, lines);
        struct layer_spec spec = make_spec(line);
        if (!session_add(s, -1, &spec, &e))
            fail_msg("%s", e.text);
        lines += length + (lines[length] == ';');
    }
    return s;
}

/* Waits for the end of a training. */
static inline void finish(struct session *s)
{
    worker_wait(s->worker);
}

#endif
