/* goal.c - see goal.h.
 *
 * Class labels go to every output alike, written as its head wants them: one hot, a bit, a sign, or the
 * class's number where the loss asks for that. Numbers are dealt out in order where the outputs together are
 * as wide as the targets; where each is as wide as all of them, each gets them all. */
#include "goal.h"
#include "error.h"
#include "memory.h"

#include <math.h>
#include <string.h>

static enum encoding encoding_of(const struct layer *head)
{
    return head->activation ? head->activation->encoding : ENCODE_SIGN;
}

enum encoding head_encoding(const struct model *m)
{
    return encoding_of(model_head(m));
}

const struct goal *goals_head(const struct goals *g)
{
    return &g->goal[g->count - 1];
}

/* --- what fits --- */

static bool refuse_numbers(
    const struct goal *g, const struct data *d, const struct layer *head, struct error *e)
{
    if (g->reconstruct)
        return error_set(e,
            "loss %s is for classes, but '%s' reconstructs the input, which is numbers: try `output %s "
            "loss=mse target=input`",
            g->loss->name, head->name, head->name);
    return error_set(e, "loss %s is for classes, but '%s' has numbers as targets: try `compile loss=mse`",
        g->loss->name, d->name);
}

/* Numbers may stand for shares: of the first thousand samples all must lie between 0 and 1. */
static bool shares_fit(const struct goal *g, const struct data *d, const struct layer *head, struct error *e)
{
    enum { SAMPLES = 1000 };
    size_t width = g->reconstruct ? shape_size(&d->shape) : d->targets, n = d->n < SAMPLES ? d->n : SAMPLES;
    const float *value = g->reconstruct ? d->x : d->t;
    for (size_t i = 0; i < n * width; i++)
        if (!(value[i] >= 0 && value[i] <= 1))
            return error_set(e,
                "loss %s is for classes, or for numbers from 0 to 1, but sample %zu of '%s' has %g as a "
                "target: try `%s%s loss=mse%s`",
                g->loss->name, i / width, d->name, (double)value[i], g->reconstruct ? "output " : "compile",
                g->reconstruct ? head->name : "", g->reconstruct ? " target=input" : "");
    return true;
}

/* The activations that a loss is for, as a list; and how a layer comes to have the first one. */
static bool refuse_head(const struct loss *loss, const struct layer *head, struct error *e)
{
    const char *activation = head->activation ? head->activation->name : "linear", *best = loss_head(loss);
    if (loss->heads == HEAD_SIGN)
        return error_set(e,
            "loss %s needs a head that gives a sign, and '%s' is %s: replace it (`replace %s dense 1 "
            "linear`)",
            loss->name, head->name, activation, head->name);
    return error_set(e,
        "loss %s needs a head of %s%s, and '%s' is %s: replace it (`replace %s dense %d %s`), let "
        "`activation %s` follow it, or choose another loss (`compile loss=mse`)",
        loss->name, loss->heads == (HEAD_BIT | HEAD_ONE_HOT) ? "sigmoid or " : "", best, head->name,
        activation, head->name, head->out.dim[head->out.rank - 1], best, best);
}

/* A loss over probabilities needs a head that gives them; a loss over signs needs one that gives a sign. */
static bool loss_fits(const struct goal *g, const struct data *d, const struct layer *head, struct error *e)
{
    const struct loss *loss = g->loss;
    bool numbers = g->reconstruct || !d->classes;
    if (numbers && loss->targets != LOSS_NUMBERS && !loss->shares)
        return refuse_numbers(g, d, head, e);
    if (loss->outputs && !numbers)
        return error_set(e, "loss %s is for numbers, but '%s' has classes as targets: leave `loss=` out",
            loss->name, d->name);
    if (loss->outputs && g->K != loss->outputs)
        return error_set(e,
            "loss %s reads rows of %zu numbers, but '%s' gives %zu: replace it (`replace %s dense "
            "%zu`)",
            loss->name, loss->outputs, head->name, g->K, head->name, loss->outputs);
    if (loss->heads && !(loss->heads & 1u << g->encoding))
        return refuse_head(loss, head, e);
    return !numbers || !loss->shares || shares_fit(g, d, head, e);
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

/* The positions that a sequence of labels needs: one each, and a blank between two that are alike. */
static size_t positions_needed(const float *label, size_t count)
{
    size_t n = 0, blanks = 0;
    for (; n < count && label[n] >= 0; n++)
        blanks += n && label[n] == label[n - 1];
    return n + blanks;
}

static bool sequence_fits(const struct data *d, const struct layer *head, struct error *e)
{
    int positions = head->out.dim[0], outputs = head->out.dim[head->out.rank - 1];
    if (head->out.rank != 2 || outputs <= d->classes)
        return error_set(e,
            "this loss reads a sequence of softmax outputs, one for each of the %d classes and one for the "
            "blank: '%s' needs a shape of Tx%d",
            d->classes, head->name, d->classes + 1);
    for (size_t i = 0; i < d->n; i++) {
        size_t needs = positions_needed(d->t + i * d->targets, d->targets);
        if (needs > (size_t)positions)
            return error_set(e,
                "the labels of sample %zu need %zu positions, but '%s' has %d: make the input longer, or "
                "pool less",
                i, needs, head->name, positions);
    }
    return true;
}

/* Labels are whole numbers below the number of classes, or -1 where there is none. */
static bool labels_fit(const struct data *d, bool *holes, struct error *e)
{
    for (size_t i = 0; i < d->n * d->targets; i++) {
        float label = d->t[i];
        *holes = *holes || label < 0;
        if (!(label >= -1 && label < (float)d->classes) || label != (float)(int)label)
            return error_set(e, "sample %zu has the class %g, but '%s' has the classes 0 to %d",
                i / d->targets, (double)label, d->name, d->classes - 1);
    }
    return true;
}

/* Of one layer, which reads the columns first … last - 1 of samples of `width` values. */
static bool layer_misreads(const struct layer *l, const float *x, size_t rows, size_t width, size_t first,
    size_t last, struct misread *out)
{
    double limit = l->arg[0].number;
    for (size_t i = 0; i < rows; i++)
        for (size_t k = first; k < last; k++) {
            double value = (double)x[i * width + k];
            if (value >= 0 && value < limit && value == floor(value))
                continue;
            *out = (struct misread){l, i, k, value};
            return true;
        }
    return false;
}

bool inputs_misread(const struct model *m, const float *x, size_t rows, bool slides, struct misread *out)
{
    size_t width = model_input_size(m), at = 0;
    for (int i = 0; i < m->layers; i++) {
        if (!model_is_input(m, i))
            continue;
        size_t end = at + shape_size(&m->layer[i].out);
        for (int k = i + 1; k < m->layers; k++) {
            const struct layer *l = &m->layer[k];
            bool reads = l->type->whole_inputs && l->input[0] == i;
            if (reads && layer_misreads(l, x, rows, width, slides ? 0 : at, slides ? width : end, out))
                return true;
        }
        at = end;
    }
    return false;
}

static bool inputs_fit(const struct model *m, const struct data *d, struct error *e)
{
    struct misread bad;
    if (model_input_size(m) != shape_size(&d->shape) || !inputs_misread(m, d->x, d->n, d->slide > 0, &bad))
        return true;
    return error_set(e,
        "row %zu of '%s' has %g as input %zu, but '%s' reads whole numbers from 0 to %.0f: give it a larger "
        "table (`replace %s %s …`), or other data",
        bad.row, d->name, bad.value, bad.input, bad.layer->name, bad.layer->arg[0].number - 1,
        bad.layer->name, bad.layer->type->name);
}

/* --- making --- */

/* The sizes of a goal whose loss is chosen. */
static void measure(struct goal *g, const struct layer *head, size_t labels)
{
    enum loss_targets targets = g->loss->targets;
    g->encoding = encoding_of(head);
    g->fused = head->activation && head->keep_z && loss_fuses(g->loss, head->activation->name);
    g->K = (size_t)head->out.dim[head->out.rank - 1];
    g->P = shape_size(&head->out) / g->K;
    g->rank = head->out.rank;
    g->W = targets == LOSS_SEQUENCE ? labels : targets == LOSS_INDEX ? 1 : g->K;
    g->width = g->reconstruct ? 0 : targets == LOSS_SEQUENCE ? g->W : g->P * g->W;
}

/* What `compile` said holds for an output that reconstructs only if it is for numbers, and for such a head.
 */
static const struct loss *chosen_loss(
    const struct goal *g, const struct layer *head, const struct recipe *r, const struct data *d)
{
    const struct loss *said = r->loss;
    if (!g->reconstruct)
        return said ? said : loss_find(data_default_loss(d, head->activation));
    bool suits = said && (said->targets == LOSS_NUMBERS || said->shares) &&
                 (!said->heads || said->heads & 1u << encoding_of(head));
    return suits ? said : loss_find("mse");
}

static void aim(struct goal *g, const struct layer *head, const struct recipe *r, const struct data *d)
{
    const struct recipe_output *own = recipe_output_find(r, head->name);
    bool says = own && own->loss;
    g->weight = own ? own->weight : 1;
    g->reconstruct = own && own->reconstruct;
    g->loss = says ? own->loss : chosen_loss(g, head, r, d);
    g->labels = d->classes && !g->reconstruct;
    for (int i = 0; i < args_count(g->loss->args); i++)
        g->hyper[i] = says                 ? own->hyper[i]
                      : r->loss == g->loss ? r->loss_hyper[i]
                                           : g->loss->args[i].fallback;
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
            return g->count > 1 && error_prefix(e, "output '%s'", m->layer[goal->layer].name);
    }
    return true;
}

/* Four numbers are a box where the loss, or the names of their columns, say so. */
static bool are_boxes(const struct goal *g, const struct data *d)
{
    static const char *const corner[] = {"x1", "y1", "x2", "y2"};
    bool named = d->target_name && g->P == 1 && g->column + 4 <= d->targets;
    for (size_t i = 0; i < 4 && named; i++)
        named = !strcmp(d->target_name[g->column + i], corner[i]);
    return !d->classes && !g->reconstruct && g->K == 4 && (named || g->loss->outputs == 4);
}

/* One answer is wanted, and there is one at every position. */
static bool gives_one_answer(
    const struct goal *g, const struct model *m, const struct data *d, struct error *e)
{
    const struct layer *head = &m->layer[g->layer];
    char shape[SHAPE_TEXT];
    return !d->classes || d->targets > 1 || g->P == 1 ||
           error_set(e,
               "a sample has one class, but '%s' gives %s, an answer at each position: `insert %d flatten` "
               "before it, or a layer that pools",
               head->name, shape_text(&head->out, shape), g->layer);
}

static bool goal_fits(const struct goal *g, const struct model *m, const struct data *d, struct error *e)
{
    const struct layer *head = &m->layer[g->layer];
    if (g->reconstruct)
        return reconstruct_fits(m, head, e) && loss_fits(g, d, head, e);
    if (g->loss->targets == LOSS_SEQUENCE)
        return loss_fits(g, d, head, e) && sequence_fits(d, head, e);
    return gives_one_answer(g, m, d, e) &&
           (!d->classes || data_head_fits(d, g->encoding, shape_size(&head->out), e)) &&
           loss_fits(g, d, head, e);
}

static bool check(struct goals *g, const struct model *m, const struct data *d, struct error *e)
{
    bool holes = false;
    if (d->classes && !labels_fit(d, &holes, e))
        return false;
    for (int i = 0; i < g->count; i++) {
        struct goal *goal = &g->goal[i];
        if (!goal_fits(goal, m, d, e))
            return g->count > 1 ? error_prefix(e, "output '%s'", m->layer[goal->layer].name) : false;
        goal->holes = holes && goal->labels && goal->loss->targets < LOSS_INDEX;
    }
    if (!d->classes && !deal_columns(g, m, d, e))
        return false;
    for (int i = 0; i < g->count; i++)
        g->goal[i].boxes = are_boxes(&g->goal[i], d);
    return true;
}

/* Weights that make every class count alike in sum: of n labels, n / (classes x its number). */
static bool balance(float *weight, const struct data *d, struct error *e)
{
    double *count = memory_take((size_t)d->classes, sizeof *count, "the counts of the classes", e), n = 0;
    if (!count)
        return false;
    for (size_t i = 0; i < d->train * d->targets; i++)
        if (d->t[i] >= 0) {
            count[(size_t)d->t[i]]++;
            n++;
        }
    for (int c = 0; c < d->classes; c++)
        weight[c] = count[c] > 0 ? (float)(n / (d->classes * count[c])) : 0;
    memory_free(count);
    return true;
}

static bool weigh_classes(struct goals *g, const struct recipe *r, const struct data *d, struct error *e)
{
    if (!r->class_weights)
        return true;
    if (!d->classes)
        return error_set(e,
            "class_weight= weighs classes, but '%s' has numbers as targets: `compile` without it", d->name);
    if (r->class_weights > 0 && r->class_weights != d->classes)
        return error_set(e, "class_weight lists %d weights, but '%s' has %d classes: give one for each",
            r->class_weights, d->name, d->classes);
    g->class_weight = memory_take((size_t)d->classes, sizeof(float), "the weights of the classes", e);
    if (!g->class_weight || (r->class_weights < 0 && !balance(g->class_weight, d, e)))
        return false;
    for (int c = 0; c < r->class_weights; c++)
        g->class_weight[c] = (float)r->class_weight[c];
    for (int i = 0; i < g->count; i++)
        if (g->goal[i].labels && g->goal[i].loss->targets != LOSS_SEQUENCE)
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
    if (inputs_fit(m, d, e) && check(g, m, d, e) && weigh_classes(g, r, d, e))
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
    goal->labels = loss->targets != LOSS_NUMBERS;
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

/* --- weights of rows --- */

bool goal_weighs(const struct goal *g)
{
    return g->row_weight || g->holes;
}

/* The class of a target, -1 where it has none. One hot has the values of its row, others one. */
static int target_class(const struct goal *g, const float *t)
{
    if (g->loss->targets == LOSS_INDEX)
        return (int)t[0];
    if (g->encoding == ENCODE_BIT)
        return t[0] < 0 ? -1 : t[0] > 0.5f;
    if (g->encoding == ENCODE_SIGN)
        return t[0] < -2 ? -1 : t[0] > 0;
    for (size_t k = 0; k < g->W; k++)
        if (t[k] > 0.5f)
            return (int)k;
    return -1;
}

/* A row of several labels has the mean of their weights. */
float goal_row_weight(const struct goal *g, const float *t)
{
    bool one = g->loss->targets == LOSS_INDEX || g->encoding == ENCODE_ONE_HOT;
    size_t labels = one ? 1 : g->W;
    float sum = 0;
    for (size_t i = 0; i < labels; i++) {
        int class = target_class(g, t + i);
        sum += class < 0 ? 0 : g->row_weight ? g->row_weight[class] : 1;
    }
    return sum / (float)labels;
}

/* --- targets --- */

/* Targets of `rows` samples that lie side by side from t on. */
static void encode(const struct goal *g, const struct data *d, const float *t, size_t rows, float *out)
{
    bool numbers = g->loss->targets == LOSS_INDEX || g->loss->targets == LOSS_SEQUENCE;
    if (d->classes && !numbers)
        labels_encode(g->encoding, g->K, t, rows * d->targets, out);
    else if (d->classes || g->width == d->targets)
        memcpy(out, t, rows * d->targets * sizeof *out);
    else
        for (size_t i = 0; i < rows; i++)
            memcpy(out + i * g->width, t + i * d->targets + g->column, g->width * sizeof *out);
}

void goals_encode(const struct goals *g, const struct data *d, size_t first, size_t count, float *out)
{
    for (int k = 0; k < g->count; k++)
        if (g->goal[k].width)
            encode(&g->goal[k], d, d->t + first * d->targets, count, out + count * g->goal[k].at);
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
            encode(goal, d, d->t + data_row_start(d, index[i], d->targets, shift), 1,
                out + N * goal->at + i * goal->width);
    }
}
