/* goal.c - see goal.h.
 *
 * Class labels go to every output alike, written as its head wants them: one hot, a bit, a sign, or the
 * class's number where the loss asks for that. Numbers are dealt out in order where the outputs together are
 * as wide as the targets; where each is as wide as all of them, each gets them all. */
#include "goal.h"
#include "error.h"
#include "memory.h"

#include <string.h>

enum encoding head_encoding(const struct model *m)
{
    const struct activation *a = model_head(m)->activation;
    return a ? a->encoding : ENCODE_SIGN;
}

const struct goal *goals_head(const struct goals *g)
{
    return &g->goal[g->count - 1];
}

/* --- what fits --- */

/* A loss over probabilities needs a head that gives them; a loss over signs needs one that gives a sign. */
static bool loss_fits(
    const struct loss *loss, const struct data *d, const struct layer *head, struct error *e)
{
    bool sign = !head->activation || head->activation->encoding == ENCODE_SIGN;
    const char *activation = head->activation ? head->activation->name : "linear";
    if (loss->targets != LOSS_NUMBERS && !d->classes)
        return error_set(e, "loss %s is for classes, but '%s' has numbers as targets: try `compile loss=mse`",
            loss->name, d->name);
    if (loss->fused_with && strcmp(loss->fused_with, activation))
        return error_set(e,
            "loss %s needs a head of %s, and '%s' is %s: replace it (`replace %s dense %d %s`), or "
            "choose another loss (`compile loss=mse`)",
            loss->name, loss->fused_with, head->name, activation, head->name,
            head->out.dim[head->out.rank - 1], loss->fused_with);
    if (loss->targets == LOSS_CLASSES && !loss->fused_with && !sign)
        return error_set(e,
            "loss %s needs a head that gives a sign, and '%s' is %s: replace it (`replace %s dense 1 "
            "linear`)",
            loss->name, head->name, activation, head->name);
    return true;
}

/* An output that reconstructs gives as many values as the input has. */
static bool reconstruct_fits(const struct model *m, const struct layer *head, struct error *e)
{
    char out[SHAPE_TEXT], in[SHAPE_TEXT];
    const struct shape *want = &m->layer[0].out;
    return shape_size(&head->out) == shape_size(want) ||
           error_set(e, "'%s' gives %s, but it shall reconstruct the input of %s: give it as many values",
               head->name, shape_text(&head->out, out), shape_text(want, in));
}

static bool sequence_fits(const struct data *d, const struct layer *head, struct error *e)
{
    int positions = head->out.dim[0], outputs = head->out.dim[head->out.rank - 1];
    if (head->out.rank != 2 || outputs <= d->classes)
        return error_set(e,
            "this loss reads a sequence of softmax outputs, one for each of the %d classes and one for the "
            "blank: '%s' needs a shape of Tx%d",
            d->classes, head->name, d->classes + 1);
    return (size_t)positions >= d->targets ||
           error_set(e, "its targets have up to %zu labels, but '%s' has %d positions: make the input longer",
               d->targets, head->name, positions);
}

/* --- making --- */

/* The sizes of a goal whose loss is chosen. */
static void measure(struct goal *g, const struct layer *head, size_t labels)
{
    enum loss_targets targets = g->loss->targets;
    g->encoding = head->activation ? head->activation->encoding : ENCODE_SIGN;
    g->fused = g->loss->fused_with && head->activation && head->keep_z &&
               !strcmp(g->loss->fused_with, head->activation->name);
    g->K = (size_t)head->out.dim[head->out.rank - 1];
    g->P = shape_size(&head->out) / g->K;
    g->W = targets == LOSS_SEQUENCE ? labels : targets == LOSS_INDEX ? 1 : g->K;
    g->width = g->reconstruct ? 0 : targets == LOSS_SEQUENCE ? g->W : g->P * g->W;
}

static void aim(struct goal *g, const struct layer *head, const struct recipe *r, const struct data *d)
{
    const struct recipe_output *own = recipe_output_find(r, head->name);
    bool says = own && own->loss;
    g->weight = own ? own->weight : 1;
    g->reconstruct = own && own->reconstruct;
    g->loss = says      ? own->loss
              : r->loss ? r->loss
                        : loss_find(g->reconstruct ? "mse" : data_default_loss(d, head->activation));
    for (int i = 0; g->loss->args && i < args_count(g->loss->args); i++)
        g->hyper[i] = says ? own->hyper[i] : r->loss ? r->loss_hyper[i] : g->loss->args[i].fallback;
    measure(g, head, d->targets);
}

/* Numbers: how the columns of the targets are dealt out. */
static bool deal_columns(struct goals *g, const struct model *m, const struct data *d, struct error *e)
{
    size_t sum = 0;
    int takers = 0;
    for (int i = 0; i < g->count; i++) {
        sum += g->goal[i].width;
        takers += g->goal[i].width > 0;
    }
    bool dealt = takers > 1 && sum == d->targets;
    size_t column = 0;
    for (int i = 0; i < g->count; i++) {
        struct goal *goal = &g->goal[i];
        if (!goal->width)
            continue;
        goal->column = dealt ? column : 0;
        column += goal->width;
        if (!dealt && !data_head_fits(d, goal->encoding, goal->width, e))
            return g->count == 1 || error_prefix(e, "output '%s'", m->layer[goal->layer].name);
    }
    return true;
}

static bool check(struct goals *g, const struct model *m, const struct data *d, struct error *e)
{
    for (int i = 0; i < g->count; i++) {
        const struct goal *goal = &g->goal[i];
        const struct layer *head = &m->layer[goal->layer];
        bool sequence = goal->loss->targets == LOSS_SEQUENCE;
        bool ok = goal->reconstruct ? reconstruct_fits(m, head, e)
                  : sequence        ? loss_fits(goal->loss, d, head, e) && sequence_fits(d, head, e)
                  : d->classes      ? data_head_fits(d, goal->encoding, shape_size(&head->out), e) &&
                                     loss_fits(goal->loss, d, head, e)
                               : loss_fits(goal->loss, d, head, e);
        if (!ok)
            return g->count == 1 ? false : error_prefix(e, "output '%s'", head->name);
    }
    return d->classes || deal_columns(g, m, d, e);
}

static bool weigh_classes(struct goals *g, const struct recipe *r, const struct data *d, struct error *e)
{
    if (!r->class_weights || !d->classes)
        return true;
    if (r->class_weights > 0 && r->class_weights != d->classes)
        return error_set(e, "class_weight lists %d weights, but '%s' has %d classes: give one for each",
            r->class_weights, d->name, d->classes);
    g->class_weight = memory_take((size_t)d->classes, sizeof(float), "the weights of the classes", e);
    if (!g->class_weight)
        return false;
    double *count = memory_take((size_t)d->classes, sizeof *count, "the counts of the classes", e);
    if (!count)
        return false;
    for (size_t i = 0; i < d->train * d->targets; i++)
        if (d->t[i] >= 0)
            count[(size_t)d->t[i]]++;
    for (int c = 0; c < d->classes; c++)
        g->class_weight[c] = r->class_weights > 0 ? (float)r->class_weight[c]
                             : count[c] > 0
                                 ? (float)((double)(d->train * d->targets) / (d->classes * count[c]))
                                 : 0;
    memory_free(count);
    for (int i = 0; i < g->count; i++)
        if (!g->goal[i].reconstruct && g->goal[i].loss->targets != LOSS_SEQUENCE)
            g->goal[i].row_weight = g->class_weight;
    return true;
}

bool goals_make(
    struct goals *g, const struct model *m, const struct recipe *r, const struct data *d, struct error *e)
{
    *g = (struct goals){.model = m, .count = m->outputs, .classes = d->classes};
    for (int i = 0; i < g->count; i++) {
        g->goal[i].layer = m->output[i];
        aim(&g->goal[i], &m->layer[m->output[i]], r, d);
        g->goal[i].at = g->width;
        g->width += g->goal[i].width;
    }
    if (check(g, m, d, e) && weigh_classes(g, r, d, e))
        return true;
    goals_release(g);
    return false;
}

void goals_of_head(struct goals *g, const struct model *m, const struct loss *loss, size_t labels)
{
    struct goal *goal = &g->goal[0];
    *g = (struct goals){.model = m, .count = 1};
    goal->layer = m->layers - 1;
    goal->loss = loss;
    goal->weight = 1;
    for (int i = 0; loss->args && i < args_count(loss->args); i++)
        goal->hyper[i] = loss->args[i].fallback;
    measure(goal, model_head(m), labels);
    g->width = goal->width;
}

void goals_release(struct goals *g)
{
    memory_free(g->class_weight);
    g->class_weight = NULL;
}

/* --- targets --- */

static void encode(const struct goal *g, const struct data *d, size_t row, size_t shift, float *out)
{
    const float *t = d->t + data_row_start(d, row, d->targets, shift);
    if (!d->classes)
        memcpy(out, t + g->column, g->width * sizeof *out);
    else if (g->loss->targets == LOSS_INDEX || g->loss->targets == LOSS_SEQUENCE)
        memcpy(out, t, d->targets * sizeof *out);
    else
        labels_encode(g->encoding, g->K, t, d->targets, out);
}

void goals_encode(const struct goals *g, const struct data *d, size_t first, size_t count, float *out)
{
    for (int k = 0; k < g->count; k++) {
        const struct goal *goal = &g->goal[k];
        for (size_t i = 0; goal->width && i < count; i++)
            encode(goal, d, first + i, 0, out + count * goal->at + i * goal->width);
    }
}

void goals_gather(
    const struct goals *g, const float *all, size_t n, const uint32_t *index, size_t N, float *out)
{
    for (int k = 0; k < g->count; k++)
        rows_gather(all + n * g->goal[k].at, index, N, g->goal[k].width, out + N * g->goal[k].at);
}

void goals_of_rows(
    const struct goals *g, const struct data *d, const uint32_t *index, size_t N, size_t shift, float *out)
{
    for (int k = 0; k < g->count; k++) {
        const struct goal *goal = &g->goal[k];
        for (size_t i = 0; goal->width && i < N; i++)
            encode(goal, d, index[i], shift, out + N * goal->at + i * goal->width);
    }
}
