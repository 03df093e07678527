/* expr_words.c - the words that expressions know: quantities of the session, tensors, functions.
 *
 * One row each; parser, evaluation, completion, help and error messages read the rows. Every metric of the
 * core is a quantity too, with and without `val_` in front. */
#include "expr_tree.h"

#include "lets.h"
#include "repl.h"

#include "../src/metric.h"

#include <stdio.h>
#include <string.h>

/* --- quantities ---------------------------------------------------------------------------------------- */

static bool epoch_value(struct repl *r, double *out, struct error *e)
{
    *out = (double)session_place(r->session).epoch;
    return true;
}

static bool step_value(struct repl *r, double *out, struct error *e)
{
    *out = (double)session_place(r->session).step;
    return true;
}

static bool lr_value(struct repl *r, double *out, struct error *e)
{
    const struct recipe *recipe = &session_network(r->session)->recipe;
    if (!recipe->optimizer)
        return error_set(e, "there is no learning rate yet: `compile adam lr=0.01` sets one");
    struct place place = session_place(r->session);
    *out = schedule_rate(recipe, &place);
    return true;
}

static bool params_value(struct repl *r, double *out, struct error *e)
{
    const struct model *m = session_network(r->session)->model;
    if (!m->built)
        return error_set(
            e, "the parameters cannot be counted before the input is known: `data NAME` or `input SHAPE`");
    *out = (double)m->params;
    return true;
}

static bool layers_value(struct repl *r, double *out, struct error *e)
{
    *out = session_network(r->session)->model->layers - 1;
    return true;
}

static bool seed_value(struct repl *r, double *out, struct error *e)
{
    *out = (double)r->session->seed;
    return true;
}

static bool landscape_value_of(struct repl *r, struct value *out, struct error *e)
{
    const struct landscape *l = session_landscape(r->session);
    if (!l)
        return error_set(e, "nothing was measured for this network and these data: `landscape` does it");
    struct shape shape = shape_of(2, l->side, l->side);
    if (!value_take(out, &shape, e))
        return false;
    memcpy(out->data, l->loss, shape_size(&shape) * sizeof *out->data);
    return true;
}

/* --- tensors ------------------------------------------------------------------------------------------- */

static bool read_param(struct repl *r, const char *word, int layer, struct value *out, struct error *e)
{
    int param;
    if (!expr_find_param(r, word, layer, &param, e))
        return false;
    const struct param *p = &session_network(r->session)->model->layer[layer].param[param];
    struct value v;
    if (!value_take(&v, &p->shape, e))
        return false;
    if (!session_read_param(r->session, layer, param, v.data, e)) {
        value_release(&v);
        return false;
    }
    *out = v;
    return true;
}

static bool w_value(struct repl *r, int layer, struct value *out, struct error *e)
{
    return read_param(r, "w", layer, out, e);
}

static bool b_value(struct repl *r, int layer, struct value *out, struct error *e)
{
    return read_param(r, "b", layer, out, e);
}

static bool read_gradient(struct repl *r, const char *word, int layer, struct value *out, struct error *e)
{
    int param;
    if (!expr_find_param(r, word, layer, &param, e) || !session_probe(r->session, true, e))
        return false;
    const struct workspace *ws = r->session->probe.ws;
    const struct param *p = &ws->model->layer[layer].param[param];
    if (!value_take(out, &p->shape, e))
        return false;
    memcpy(out->data, ws->grad + p->offset, p->count * sizeof(float));
    return true;
}

static bool grad_w_value(struct repl *r, int layer, struct value *out, struct error *e)
{
    return read_gradient(r, "w", layer, out, e);
}

static bool grad_b_value(struct repl *r, int layer, struct value *out, struct error *e)
{
    return read_gradient(r, "b", layer, out, e);
}

static bool grad_value(struct repl *r, struct value *out, struct error *e)
{
    if (!session_probe(r->session, true, e))
        return false;
    const struct workspace *ws = r->session->probe.ws;
    struct shape shape = shape_of(1, (int)ws->model->params);
    if (!ws->model->params)
        return error_set(e, "the model has no parameters, so the loss has no slopes by them");
    if (!value_take(out, &shape, e))
        return false;
    memcpy(out->data, ws->grad, ws->model->params * sizeof(float));
    return true;
}

/* What a layer left of the last forward or backward pass: one axis for the samples when there are several. */
static bool copy_pass(struct repl *r, int layer, bool gradients, struct value *out, struct error *e)
{
    if (!session_probe(r->session, gradients, e))
        return false;
    const struct probe *p = &r->session->probe;
    const struct shape *one = &p->ws->model->layer[layer].out;
    struct shape shape = *one;
    if (p->N > 1) {
        shape = shape_of(2, (int)p->N, (int)shape_size(one));
        if (one->rank < SHAPE_RANK) {
            shape.rank = one->rank + 1;
            memcpy(shape.dim + 1, one->dim, (size_t)one->rank * sizeof(int));
        }
    }
    const float *from = gradients ? workspace_delta(p->ws, layer) : workspace_activation(p->ws, layer);
    if (!from)
        return error_set(e, "nothing flows back into layer %d", layer);
    if (!value_take(out, &shape, e))
        return false;
    memcpy(out->data, from, shape_size(&shape) * sizeof(float));
    return true;
}

static bool a_value(struct repl *r, int layer, struct value *out, struct error *e)
{
    return copy_pass(r, layer, false, out, e);
}

static bool delta_value(struct repl *r, int layer, struct value *out, struct error *e)
{
    return copy_pass(r, layer, true, out, e);
}

/* The loss of one output, of several. */
static bool output_loss(struct repl *r, enum part part, int layer, struct value *out, struct error *e)
{
    const struct model *m = session_network(r->session)->model;
    if (!model_is_output(m, layer))
        return error_set(e, "'%s' is no output: it has no loss of its own", m->layer[layer].name);
    const struct tally *t = session_score(r->session, part, e);
    for (int i = 0; t && i < m->outputs; i++)
        if (m->output[i] == layer)
            *out = value_of(t->goal_loss[i] / (double)t->n);
    return t;
}

static bool loss_value(struct repl *r, int layer, struct value *out, struct error *e)
{
    return output_loss(r, PART_TRAIN, layer, out, e);
}

static bool val_loss_value(struct repl *r, int layer, struct value *out, struct error *e)
{
    return output_loss(r, PART_HELD_OUT, layer, out, e);
}

/* --- the table ----------------------------------------------------------------------------------------- */

static const struct expr_word words[] = {
    {"epoch", "epoch", "whole epochs trained", WORD_QUANTITY, .quantity = epoch_value},
    {"step", "step", "updates done", WORD_QUANTITY, .quantity = step_value},
    {"lr", "lr", "the learning rate", WORD_QUANTITY, .quantity = lr_value},
    {"params", "params", "parameters of the model", WORD_QUANTITY, .quantity = params_value},
    {"layers", "layers", "layers of the model, without the input", WORD_QUANTITY, .quantity = layers_value},
    {"seed", "seed", "the seed of all randomness", WORD_QUANTITY, .quantity = seed_value},
    {"landscape", "landscape[0,0]", "the loss as `landscape` measured it, first axis first", WORD_QUANTITY,
        .whole = landscape_value_of},
    {"grad", "norm(grad)", "the loss's slopes by all parameters in one row, from the last backward pass",
        WORD_QUANTITY, .whole = grad_value},
    {"w", "w[1][0,2]",
        "weights of layer 1: from input 0 to unit 2; w[h1] names the layer, : takes a whole axis",
        WORD_TENSOR, .tensor = w_value},
    {"b", "b[1][3]", "bias of unit 3 of layer 1", WORD_TENSOR, .tensor = b_value},
    {"grad.w", "grad.w[1][0,2]", "the loss's slope by a weight, from the last backward pass", WORD_TENSOR,
        .tensor = grad_w_value},
    {"grad.b", "grad.b[1][3]", "the loss's slope by a bias", WORD_TENSOR, .tensor = grad_b_value},
    {"a", "a[2][5]", "outputs of layer 2 in the last forward pass; of several samples a[2][SAMPLE,5]",
        WORD_TENSOR, .tensor = a_value},
    {"delta", "delta[1][0]", "the loss's slope by the weighted sum of a unit, in the last backward pass",
        WORD_TENSOR, .tensor = delta_value},
    {"loss", "loss[aux]", "the loss of one output of several; loss alone is the sum by their weights",
        WORD_TENSOR, .tensor = loss_value},
    {"val_loss", "val_loss[aux]", "the same of the held-out part", WORD_TENSOR, .tensor = val_loss_value},
};

enum { WORDS = sizeof words / sizeof words[0] };

const struct expr_word *expr_word_at(size_t i)
{
    return i < WORDS ? &words[i] : expr_function_at(i - WORDS);
}

const struct expr_word *expr_word_find(const char *name, enum expr_word_kind kind)
{
    const struct expr_word *w;
    for (size_t i = 0; (w = expr_word_at(i)); i++)
        if (w->kind == kind && !strcmp(w->name, name))
            return w;
    return NULL;
}

static size_t word_count(void)
{
    size_t n = WORDS;
    while (expr_word_at(n))
        n++;
    return n;
}

/* A metric of the i-th word behind the tables: first all of the training part, then all of the held-out one.
 */
static const char *metric_word(size_t i)
{
    static char names[64][40];
    size_t metrics = 0;
    while (metric_at(metrics))
        metrics++;
    if (i >= 2 * metrics || i >= 64)
        return NULL;
    snprintf(names[i], sizeof names[i], "%s%s", i < metrics ? "" : "val_", metric_name(i % metrics));
    return names[i];
}

static size_t metric_words(void)
{
    size_t n = 0;
    while (metric_word(n))
        n++;
    return n;
}

const char *expr_word(struct repl *r, size_t i)
{
    static const char *const joints[] = {"layer", "and", "or", "not"};
    size_t metrics = metric_words(), fixed = word_count();
    if (i < fixed)
        return expr_word_at(i)->name;
    if ((i -= fixed) < metrics)
        return metric_word(i);
    if ((i -= metrics) < 4)
        return joints[i];
    return lets_name(r, i - 4);
}

bool expr_help_at(size_t i, struct expr_help *out)
{
    static const struct expr_help layer = {"layer", "layer[2].units",
        "a field of a layer: .type .name .units .params .inputs, or any of its arguments"};
    const struct expr_word *word = expr_word_at(i);
    if (word) {
        *out = (struct expr_help){word->name, word->usage, word->summary};
        return true;
    }
    size_t metric = i - word_count();
    if (!metric)
        *out = layer;
    else if (metric <= metric_words() / 2)
        *out = (struct expr_help){metric_at(metric - 1)->name, metric_word(metric_words() / 2 + metric - 1),
            metric_at(metric - 1)->summary};
    else
        return false;
    return true;
}
