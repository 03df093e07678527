/* rig.h - one layer with all the memory of a batch, for tests of layers on their own. */
#ifndef GRADUS_TESTS_RIG_H
#define GRADUS_TESTS_RIG_H

#include "making.h"

/* Inputs, parameters and statistics are the rig's to write; passes read and write through `pass`. */
struct rig {
    struct layer layer;
    struct pass pass;
    size_t N, values[LAYER_INPUTS], outputs; /* of the whole batch */
    float *x[LAYER_INPUTS], *w[LAYER_PARAMS], *stat[LAYER_PARAMS];
};

static inline float *rig_floats(size_t n)
{
    return memory_take(n, sizeof(float), "a test", NULL);
}

/* Types a line such as "dense 16 relu use_bias=no" into a layer that reads `inputs` inputs of these shapes: 0
 * for as many as it names, all of the first shape. An ARG_LAYER may have any name. */
static inline bool rig_type(
    struct layer *l, const char *line, const struct shape *in, int inputs, struct error *e)
{
    char copy[200];
    snprintf(copy, sizeof copy, "%s", line);
    struct word words[16];
    struct args args;
    int count = make_words(copy, words, 16), named = 0;
    *l = (struct layer){.type = layer_type_find(words[0].text)};
    if (!l->type)
        fail_msg("no layer type in '%s'", line);
    if (!args_bind(words[0].text, l->type->args, words + 1, count - 1, &args, e))
        return false;
    memcpy(l->arg, args.value, (size_t)args_count(l->type->args) * sizeof *l->arg);
    for (int i = 0; i < args_count(l->type->args); i++)
        named += l->type->args[i].kind == ARG_LAYER && args.value[i].given;
    l->inputs = inputs ? inputs : 1 + named;
    for (int j = 0; j < l->inputs; j++)
        l->reads[j] = inputs ? in[j] : in[0];
    l->in = l->reads[0];
    if (!l->type->build(l, e))
        return false;
    for (int j = 0; j < l->params; j++)
        l->param[j].count = shape_size(&l->param[j].shape);
    return true;
}

/* A rig of N samples, everything zero, training with a fixed key. */
static inline void rig_make(struct rig *rig, const char *line, const struct shape *in, int inputs, size_t N)
{
    struct error e = {0};
    *rig = (struct rig){.N = N, .pass = {.N = N, .training = true, .key = 77}};
    struct layer *l = &rig->layer;
    struct pass *p = &rig->pass;
    if (!rig_type(l, line, in, inputs, &e))
        fail_msg("%s: %s", line, e.text);
    for (int j = 0; j < l->inputs; j++) {
        rig->values[j] = N * shape_size(&l->reads[j]);
        p->x[j] = rig->x[j] = rig_floats(rig->values[j]);
        p->dx[j] = rig_floats(rig->values[j]);
    }
    rig->outputs = N * shape_size(&l->out);
    p->y = rig_floats(rig->outputs);
    p->dy = rig_floats(rig->outputs);
    p->cache = rig_floats(N * l->cache);
    p->batch_cache = rig_floats(l->batch_cache);
    p->scratch = rig_floats(l->type->scratch ? l->type->scratch(l, N, true) : 0);
    for (int i = 0; i < l->params; i++) {
        size_t count = l->param[i].count;
        p->w[i] = rig->w[i] = rig_floats(count);
        p->dw[i] = rig_floats(count);
        p->stat[i] = rig->stat[i] = rig_floats(count);
    }
}

static inline void rig_free(struct rig *rig)
{
    struct pass *p = &rig->pass;
    for (int j = 0; j < rig->layer.inputs; j++) {
        memory_free(rig->x[j]);
        memory_free(p->dx[j]);
    }
    memory_free(p->y);
    memory_free(p->dy);
    memory_free(p->cache);
    memory_free(p->batch_cache);
    memory_free(p->scratch);
    for (int i = 0; i < rig->layer.params; i++) {
        memory_free(rig->w[i]);
        memory_free(p->dw[i]);
        memory_free(rig->stat[i]);
    }
}

/* Scratch holds nothing from call to call. */
static inline void rig_spoil_scratch(const struct rig *rig)
{
    const struct layer *l = &rig->layer;
    size_t floats = l->type->scratch ? l->type->scratch(l, rig->pass.N, true) : 0;
    for (size_t i = 0; i < floats; i++)
        rig->pass.scratch[i] = NAN;
}

/* Gradients by parameters are overwritten. */
static inline void rig_spoil_gradients(const struct rig *rig)
{
    const struct layer *l = &rig->layer;
    for (int i = 0; i < l->params; i++)
        for (size_t k = 0; rig->pass.dw[i] && k < l->param[i].count; k++)
            rig->pass.dw[i][k] = NAN;
}

static inline void rig_forward(struct rig *rig)
{
    rig_spoil_scratch(rig);
    rig->layer.type->forward(&rig->layer, &rig->pass);
}

/* Backward of a loss whose gradient by y is `dy`; runs forward first. */
static inline void rig_backward(struct rig *rig, const float *dy)
{
    rig_forward(rig);
    memcpy(rig->pass.dy, dy, rig->outputs * sizeof *dy);
    rig_spoil_scratch(rig);
    rig_spoil_gradients(rig);
    rig->layer.type->backward(&rig->layer, &rig->pass);
}

/* Uniform in low … high. */
static inline void rig_fill(struct rng *r, float *x, size_t n, double low, double high)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_between(r, low, high);
}

#endif
