/* metric.c - see metric.h.
 *
 * Precision, recall and F1 are those of class 1 where there are two classes, and the mean over the classes
 * that occur (as a truth or as an answer) where there are more. A ratio whose divisor counts nothing is 0.
 *
 * A row has one label, which softmax answers with K outputs; other heads answer a label with each output. */
#include "metric.h"
#include "error.h"
#include "kernels/simd.h"
#include "memory.h"
#include "metric_rank.h"
#include "table.h"

#include <math.h>
#include <string.h>

enum { CONFUSION, SCORE, TRUTH, HIT, RANK };

static const size_t most_scores = 1 << 22; /* 16 MB; beyond it scores are not kept */

/* --- which goals are read --- */

static bool is_sequence(const struct goal *g)
{
    return g->loss->targets == LOSS_SEQUENCE;
}

static void find_goals(struct tally *t, const struct goals *g)
{
    t->answers = t->numbers = t->scores = -1;
    for (int i = 0; i < g->count; i++) {
        if (g->goal[i].labels)
            t->answers = i;
        else if (t->numbers < 0 || g->goal[i].boxes || !g->goal[t->numbers].boxes)
            t->numbers = i;
    }
    bool boxes = t->numbers >= 0 && g->goal[t->numbers].boxes && g->goal[t->numbers].P == 1;
    for (int i = 0; boxes && i < g->count; i++) {
        const struct goal *goal = &g->goal[i];
        if (!goal->labels && !goal->boxes && !goal->reconstruct && goal->P == 1 &&
            goal->encoding != ENCODE_SIGN)
            t->scores = i;
    }
}

/* What the answers of a goal can tell. */
static unsigned answer_kinds(const struct goal *g, int classes, const struct tally_memory *m)
{
    unsigned kinds = TALLY_ANSWERS;
    bool one_hot = g->encoding == ENCODE_ONE_HOT;
    if (is_sequence(g) || !m)
        return kinds;
    kinds |= TALLY_CLASSES | (m->scores ? TALLY_SCORES : 0);
    kinds |= (one_hot && classes > 3 ? TALLY_TOP3 : 0) | (one_hot && classes > 5 ? TALLY_TOP5 : 0);
    return kinds | (one_hot && g->rank == 2 ? TALLY_TEXT : 0) | (g->rank > 2 ? TALLY_MASKS : 0);
}

void tally_start(struct tally *t, const struct goals *g, struct tally_memory *memory)
{
    *t = (struct tally){.memory = memory};
    find_goals(t, g);
    if (t->answers >= 0) {
        const struct goal *answers = &g->goal[t->answers];
        t->classes = is_sequence(answers) ? 0 : g->classes;
        t->encoding = answers->encoding;
        t->kinds |= answer_kinds(answers, g->classes, memory);
    }
    if (t->numbers >= 0)
        t->kinds |= TALLY_NUMBERS | (g->goal[t->numbers].boxes ? TALLY_BOXES : 0);
    if (t->scores >= 0 && memory && memory->scores)
        t->kinds |= TALLY_DETECTIONS;
    if (memory && memory->confusion)
        memset(memory->confusion, 0, memory->classes * memory->classes * sizeof *memory->confusion);
}

/* --- memory --- */

static bool room_for(
    struct tally_memory *m, int which, void *array, size_t count, size_t size, struct error *e)
{
    void **at = array;
    if (count * size <= m->room[which])
        return true;
    void *fresh = memory_take(count, size, "the scores of all samples", e);
    if (!fresh)
        return false;
    memory_free(*at);
    *at = fresh;
    m->room[which] = count * size;
    return true;
}

bool tally_memory_take(struct tally_memory *m, const struct goals *g, size_t samples, struct error *e)
{
    struct tally t;
    find_goals(&t, g);
    const struct goal *answers = t.answers >= 0 ? &g->goal[t.answers] : NULL;
    bool rows = answers && !is_sequence(answers), boxes = t.scores >= 0;
    size_t labels = rows && answers->encoding != ENCODE_ONE_HOT ? answers->K : 1;
    m->classes = rows ? (size_t)g->classes : 0;
    m->rows = boxes ? samples : rows ? samples * answers->P * labels : 0;
    m->scores = boxes ? g->goal[t.scores].K : m->classes == 2 ? 1 : m->classes;
    if (!m->rows || m->scores > most_scores / m->rows)
        m->rows = m->scores = 0;
    return room_for(m, CONFUSION, &m->confusion, m->classes * m->classes, sizeof *m->confusion, e) &&
           room_for(m, SCORE, &m->score, m->rows * m->scores, sizeof *m->score, e) &&
           room_for(m, TRUTH, &m->truth, m->rows, sizeof *m->truth, e) &&
           room_for(m, HIT, &m->hit, m->rows, sizeof *m->hit, e) &&
           room_for(m, RANK, &m->rank, m->rows, sizeof *m->rank, e);
}

void tally_memory_release(struct tally_memory *m)
{
    memory_free(m->confusion);
    memory_free(m->score);
    memory_free(m->truth);
    memory_free(m->hit);
    memory_free(m->rank);
    *m = (struct tally_memory){0};
}

/* --- answers --- */

INLINE int class_of(enum encoding encoding, const float *y, size_t K)
{
    if (K == 1)
        return encoding == ENCODE_SIGN ? y[0] > 0 : encoding == ENCODE_BIT ? y[0] > 0.5f : 0;
    size_t best = 0;
    for (size_t k = 1; k < K; k++)
        best = y[k] > y[best] ? k : best;
    return (int)best;
}

int encoding_class(enum encoding encoding, const float *y, size_t K)
{
    return class_of(encoding, y, K);
}

/* The truth of a label: its class's number, or what its encoding stands for; -1 where it has none. */
INLINE int truth_of(enum encoding encoding, const float *target, size_t W, size_t K)
{
    if (W == 1 && K > 1)
        return (int)target[0];
    if (K == 1)
        return target[0] < (encoding == ENCODE_SIGN ? -2.0f : -0.5f) ? -1 : class_of(encoding, target, 1);
    int best = class_of(encoding, target, W);
    return target[best] > 0 ? best : -1;
}

/* What takes a look at all outputs of a row. */
static void look_closer(struct tally *t, const float *y, size_t K, int truth, int answer)
{
    struct tally_memory *m = t->memory;
    if (truth < t->classes && answer < t->classes)
        m->confusion[truth * t->classes + answer]++;
    if (t->encoding == ENCODE_ONE_HOT) {
        size_t above = 0;
        for (size_t k = 0; k < K; k++)
            above += y[k] > y[truth];
        t->top3 += above < 3;
        t->top5 += above < 5;
        t->surprise -= log(y[truth] < 1e-37f ? 1e-37 : (double)y[truth]);
    }
    if (!m->scores || t->scores >= 0 || t->kept >= m->rows)
        return;
    if (m->scores == 1)
        m->score[t->kept] = y[K == 1 ? 0 : 1];
    else
        memcpy(m->score + t->kept * m->scores, y, m->scores * sizeof *y);
    m->truth[t->kept++] = truth;
}

/* One output and one label a row, all rows alike: what a small network has in every step. */
static void count_signs(struct tally *t, const struct loss_batch *b)
{
    float bound = t->encoding == ENCODE_SIGN ? 0 : 0.5f, none = t->encoding == ENCODE_SIGN ? -2 : -0.5f;
    size_t rows = loss_rows(b);
    int correct = 0, counted = 0;
    for (size_t i = 0; i < rows; i++) {
        int there = !(b->t[i] < none);
        counted += there;
        correct += there & ((b->y[i] > bound) == (b->t[i] > bound));
    }
    t->correct += correct;
    t->rows += counted;
}

static void count_classes(struct tally *t, const struct loss_batch *b)
{
    if (b->K == 1 && b->W == 1 && t->encoding != ENCODE_ONE_HOT && !b->weight && !t->memory) {
        count_signs(t, b);
        return;
    }
    bool each = t->encoding != ENCODE_ONE_HOT && b->W == b->K;
    size_t labels = each ? b->K : 1, K = b->K / labels, W = b->W / labels, count = loss_rows(b) * labels;
    double correct = 0, counted = 0;
    for (size_t i = 0; i < count; i++) {
        const float *y = b->y + i * K;
        int truth = truth_of(t->encoding, b->t + i * W, W, K), answer = class_of(t->encoding, y, K);
        if (truth < 0 || (b->weight && b->weight[i / labels] <= 0))
            continue;
        counted++;
        correct += truth == answer;
        if (t->memory)
            look_closer(t, y, K, truth, answer);
    }
    t->correct += correct;
    t->rows += counted;
}

/* Reads the likeliest classes off one position after another, without repeats and blanks: are these the
 * labels? */
static bool says_labels(const struct loss_batch *b, size_t i)
{
    const float *label = b->t + i * b->W;
    size_t said = 0;
    int before = -1, blank = (int)b->K - 1;
    for (size_t p = i * b->P; p < (i + 1) * b->P; p++) {
        if (b->weight && b->weight[p] <= 0)
            continue;
        int now = class_of(ENCODE_ONE_HOT, b->y + p * b->K, b->K);
        if (now != before && now != blank && (said == b->W || label[said++] != (float)now))
            return false;
        before = now;
    }
    return said == b->W || label[said] < 0;
}

static void count_sequences(struct tally *t, const struct loss_batch *b)
{
    for (size_t i = 0; i < b->N; i++)
        t->correct += says_labels(b, i);
    t->rows += (double)b->N;
}

/* --- numbers --- */

static void add_errors(struct tally *t, const struct loss_batch *b)
{
    size_t n = loss_rows(b) * b->K;
    for (size_t i = 0; i < n; i++) {
        if (b->weight && b->weight[i / b->K] <= 0)
            continue;
        double target = (double)b->t[i], d = (double)b->y[i] - target;
        t->absolute += fabs(d);
        t->squared += d * d;
        t->share += fabs(d) / fmax(fabs(target), 1e-7);
        t->target += target;
        t->target2 += target * target;
        t->outputs++;
    }
}

/* A sample without an object has scores of 0 alone. */
static int object_of(const float *t, size_t K)
{
    int best = K > 1 ? class_of(ENCODE_ONE_HOT, t, K) : 0;
    return t[best] > 0.5f ? best : -1;
}

static void add_boxes(struct tally *t, const struct loss_batch *box, const struct loss_batch *score)
{
    struct tally_memory *m = t->memory;
    for (size_t i = 0; i < loss_rows(box); i++) {
        int object = score ? object_of(score->t + i * score->K, score->K) : 0;
        float overlap = box_iou(box->y + 4 * i, box->t + 4 * i);
        t->boxes += object >= 0;
        t->overlap += object >= 0 ? (double)overlap : 0;
        if (!score || !(t->kinds & TALLY_DETECTIONS) || t->kept >= m->rows)
            continue;
        memcpy(m->score + t->kept * m->scores, score->y + i * score->K, m->scores * sizeof(float));
        m->hit[t->kept] = overlap >= 0.5f;
        m->truth[t->kept++] = object;
    }
}

void tally_add(struct tally *t, const struct loss_batch *batch, const double *goal_loss, double loss)
{
    double N = (double)batch->N;
    t->n += batch->N;
    t->loss += loss * N;
    for (int i = 0; goal_loss && i < MODEL_OUTPUTS; i++)
        t->goal_loss[i] += goal_loss[i] * N;
    if (t->answers >= 0 && t->classes)
        count_classes(t, &batch[t->answers]);
    else if (t->answers >= 0)
        count_sequences(t, &batch[t->answers]);
    if (t->numbers >= 0)
        add_errors(t, &batch[t->numbers]);
    if (t->kinds & TALLY_BOXES)
        add_boxes(t, &batch[t->numbers], t->scores >= 0 ? &batch[t->scores] : NULL);
}

void tally_merge(struct tally *to, const struct tally *from)
{
    to->n += from->n;
    to->loss += from->loss;
    for (int i = 0; i < MODEL_OUTPUTS; i++)
        to->goal_loss[i] += from->goal_loss[i];
    to->rows += from->rows;
    to->correct += from->correct;
    to->top3 += from->top3;
    to->top5 += from->top5;
    to->surprise += from->surprise;
    to->absolute += from->absolute;
    to->squared += from->squared;
    to->share += from->share;
    to->target += from->target;
    to->target2 += from->target2;
    to->outputs += from->outputs;
    to->boxes += from->boxes;
    to->overlap += from->overlap;
}

/* --- values --- */

bool metric_tells(const struct metric *m, const struct tally *t)
{
    return !m->kinds || m->kinds & t->kinds;
}

static double loss_value(const struct tally *t)
{
    return t->loss / (double)t->n;
}

static double accuracy_value(const struct tally *t)
{
    return t->correct / t->rows;
}

static double top3_value(const struct tally *t)
{
    return t->top3 / t->rows;
}

static double top5_value(const struct tally *t)
{
    return t->top5 / t->rows;
}

static double perplexity_value(const struct tally *t)
{
    return exp(t->surprise / t->rows);
}

static double mae_value(const struct tally *t)
{
    return t->absolute / t->outputs;
}

static double mse_value(const struct tally *t)
{
    return t->squared / t->outputs;
}

static double mape_value(const struct tally *t)
{
    return 100 * t->share / t->outputs;
}

/* Targets that are all alike have no variance to explain. */
static double r2_value(const struct tally *t)
{
    double total = t->target2 - t->target * t->target / t->outputs;
    return total > 0 ? 1 - t->squared / total : NAN;
}

/* What one class got: right answers, times it was the answer, times it was the truth. */
struct counts {
    double right, answers, truths;
};

static struct counts class_counts(const struct tally *t, int class)
{
    const uint64_t *confusion = t->memory->confusion;
    struct counts c = {0};
    for (int i = 0; i < t->classes; i++) {
        c.answers += (double)confusion[i * t->classes + class];
        c.truths += (double)confusion[class * t->classes + i];
    }
    c.right = (double)confusion[class * t->classes + class];
    return c;
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static double class_precision(struct counts c)
{
    return ratio(c.right, c.answers);
}

static double class_recall(struct counts c)
{
    return ratio(c.right, c.truths);
}

static double class_f1(struct counts c)
{
    return ratio(2 * c.right, c.answers + c.truths);
}

static double class_iou(struct counts c)
{
    return ratio(c.right, c.answers + c.truths - c.right);
}

static double mean_over_classes(const struct tally *t, double (*value)(struct counts))
{
    double sum = 0, present = 0;
    for (int class = 0; class < t->classes; class ++) {
        struct counts c = class_counts(t, class);
        if (c.answers + c.truths > 0) {
            sum += value(c);
            present++;
        }
    }
    return sum / present;
}

static double over_classes(const struct tally *t, double (*value)(struct counts))
{
    if (!t->n || !(t->kinds & TALLY_CLASSES))
        return NAN;
    return t->classes == 2 ? value(class_counts(t, 1)) : mean_over_classes(t, value);
}

static double precision_value(const struct tally *t)
{
    return over_classes(t, class_precision);
}

static double recall_value(const struct tally *t)
{
    return over_classes(t, class_recall);
}

static double f1_value(const struct tally *t)
{
    return over_classes(t, class_f1);
}

static double iou_value(const struct tally *t)
{
    if (t->kinds & TALLY_BOXES)
        return t->overlap / t->boxes;
    return t->n && t->kinds & TALLY_MASKS ? mean_over_classes(t, class_iou) : NAN;
}

static double auc_value(const struct tally *t)
{
    return t->kinds & TALLY_SCORES ? rank_auc(t) : NAN;
}

static double map50_value(const struct tally *t)
{
    return t->kinds & TALLY_DETECTIONS ? rank_average_precision(t) : NAN;
}

static const struct metric metrics[] = {
    {"loss", "mean loss", 0, loss_value},
    {"accuracy", "share of right answers; of sequences, those that are right as a whole", TALLY_ANSWERS,
        accuracy_value},
    {"top3_accuracy", "share of rows whose class is among the three likeliest", TALLY_TOP3, top3_value},
    {"top5_accuracy", "share of rows whose class is among the five likeliest", TALLY_TOP5, top5_value},
    {"precision", "of the answers for a class, the share that is right", TALLY_CLASSES, precision_value},
    {"recall", "of the samples of a class, the share that is found", TALLY_CLASSES, recall_value},
    {"f1", "harmonic mean of precision and recall", TALLY_CLASSES, f1_value},
    {"auc", "area under the ROC curve: the chance that a yes scores above a no", TALLY_SCORES, auc_value},
    {"perplexity", "among how many classes, as it were, each position was guessed: exp of the mean surprise",
        TALLY_TEXT, perplexity_value},
    {"iou", "shared area by joint area: of boxes the mean, of masks the mean over the classes",
        TALLY_BOXES | TALLY_MASKS, iou_value},
    {"map50", "mean average precision of boxes that overlap by half, ranked by their scores",
        TALLY_DETECTIONS, map50_value},
    {"mae", "mean absolute error", TALLY_NUMBERS, mae_value},
    {"mse", "mean squared error", TALLY_NUMBERS, mse_value},
    {"mape", "mean absolute error in percent of the target", TALLY_NUMBERS, mape_value},
    {"r2", "share of the variance that is explained", TALLY_NUMBERS, r2_value},
};

TABLE(metric, metrics, &metrics[i])
