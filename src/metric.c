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

static void count_classes(struct tally *t, const float *y, const float *targets, size_t N, size_t K)
{
    unsigned classes = (unsigned)t->classes, correct = 0;
    for (size_t i = 0; i < N; i++, y += K, targets += K) {
        unsigned truth = (unsigned)class_of(t->encoding, targets, K);
        unsigned answer = (unsigned)class_of(t->encoding, y, K);
        correct += truth == answer;
        if (t->confusion && truth < classes && answer < classes)
            t->confusion[truth * classes + answer]++;
    }
    t->correct += correct;
}

static void add_errors(struct tally *t, const float *y, const float *targets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double d = (double)y[i] - (double)targets[i], target = (double)targets[i];
        t->absolute += fabs(d);
        t->squared += d * d;
        t->target += target;
        t->target2 += target * target;
    }
    t->outputs += (double)n;
}

void tally_add(struct tally *t, const float *y, const float *targets, size_t N, size_t K, double loss)
{
    t->n += N;
    t->loss += loss * (double)N;
    if (t->classes)
        count_classes(t, y, targets, N, K);
    else
        add_errors(t, y, targets, N * K);
}

static double loss_value(const struct tally *t)
{
    return t->loss / (double)t->n;
}

static double accuracy_value(const struct tally *t)
{
    return t->correct / (double)t->n;
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
