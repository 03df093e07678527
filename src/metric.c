/* metric.c - see metric.h.
 *
 * Precision, recall and F1 are those of class 1 where there are two classes, and the mean over the classes
 * that occur (as a truth or as an answer) where there are more. A ratio whose divisor counts nothing is 0. */
#include "metric.h"
#include "kernels/simd.h"
#include "table.h"

#include <math.h>
#include <string.h>

void tally_start(struct tally *t, int classes, enum encoding encoding, uint64_t *confusion)
{
    *t = (struct tally){.classes = classes, .encoding = encoding, .confusion = classes ? confusion : NULL};
    if (t->confusion)
        memset(confusion, 0, (size_t)classes * (size_t)classes * sizeof *confusion);
}

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

/* The truth of a row: its class's number, or what its encoding stands for; -1 where it has none. */
INLINE int truth_of(const struct tally *t, const struct loss_batch *b, const float *target)
{
    return b->W == 1 && b->K > 1 ? (int)target[0] : class_of(t->encoding, target, b->W);
}

static void count_classes(struct tally *t, const struct loss_batch *b)
{
    size_t rows = loss_rows(b);
    double correct = 0, counted = 0;
    for (size_t i = 0; i < rows; i++) {
        int truth = truth_of(t, b, b->t + i * b->W), answer = class_of(t->encoding, b->y + i * b->K, b->K);
        double weight = truth < 0 || (b->weight && b->weight[i] <= 0) ? 0 : 1;
        counted += weight;
        correct += truth == answer ? weight : 0;
        if (t->confusion && weight > 0 && truth < t->classes && answer < t->classes)
            t->confusion[truth * t->classes + answer]++;
    }
    t->correct += correct;
    t->rows += counted;
}

static void add_errors(struct tally *t, const struct loss_batch *b)
{
    size_t n = loss_rows(b) * b->K;
    for (size_t i = 0; i < n; i++) {
        double d = (double)b->y[i] - (double)b->t[i], target = (double)b->t[i];
        t->absolute += fabs(d);
        t->squared += d * d;
        t->target += target;
        t->target2 += target * target;
    }
    t->outputs += (double)n;
    t->rows += (double)loss_rows(b);
}

void tally_add(struct tally *t, const struct loss_batch *b, double loss)
{
    t->n += b->N;
    t->loss += loss * (double)b->N;
    if (t->classes)
        count_classes(t, b);
    else
        add_errors(t, b);
}

static double loss_value(const struct tally *t)
{
    return t->loss / (double)t->n;
}

static double accuracy_value(const struct tally *t)
{
    return t->correct / t->rows;
}

static double mae_value(const struct tally *t)
{
    return t->absolute / t->outputs;
}

static double mse_value(const struct tally *t)
{
    return t->squared / t->outputs;
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
    struct counts c = {0};
    for (int i = 0; i < t->classes; i++) {
        c.answers += (double)t->confusion[i * t->classes + class];
        c.truths += (double)t->confusion[class * t->classes + i];
    }
    c.right = (double)t->confusion[class * t->classes + class];
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

static double over_classes(const struct tally *t, double (*value)(struct counts))
{
    if (!t->n || !t->confusion)
        return NAN;
    if (t->classes == 2)
        return value(class_counts(t, 1));
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

static const struct metric metrics[] = {
    {"loss", "mean loss", METRIC_ANY, false, loss_value},
    {"accuracy", "share of right answers", METRIC_CLASSES, false, accuracy_value},
    {"mae", "mean absolute error", METRIC_NUMBERS, false, mae_value},
    {"mse", "mean squared error", METRIC_NUMBERS, false, mse_value},
    {"r2", "share of the variance that is explained", METRIC_NUMBERS, false, r2_value},
    {"precision", "of the answers for a class, the share that is right", METRIC_CLASSES, true,
        precision_value},
    {"recall", "of the samples of a class, the share that is found", METRIC_CLASSES, true, recall_value},
    {"f1", "harmonic mean of precision and recall", METRIC_CLASSES, true, f1_value},
};

TABLE(metric, metrics, &metrics[i])
