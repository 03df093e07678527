/* metric_rank.c - see metric_rank.h.
 *
 * ROC AUC is the chance that a random yes scores above a random no (Hanley & McNeil 1982): with the rows
 * sorted by score, (Σ ranks of the yes - yes (yes + 1) / 2) / (yes · no), rows that tie sharing their mean
 * rank. Average precision: Σ over the hits, in order, of the best precision from there on, divided by all
 * there are. */
#include "metric_rank.h"

#include <math.h>
#include <stdlib.h>

/* Highest first, then by row, so that the order is always the same. */
static int by_score(const void *a, const void *b)
{
    const struct scored_row *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return x->row > y->row ? 1 : -1;
}

/* False where a score is NaN. */
static bool sort_rows(const struct tally *t, size_t which)
{
    const struct tally_memory *m = t->memory;
    for (size_t i = 0; i < t->kept; i++) {
        m->rank[i] = (struct scored_row){m->score[i * m->scores + which], (uint32_t)i};
        if (isnan(m->rank[i].score))
            return false;
    }
    qsort(m->rank, t->kept, sizeof *m->rank, by_score);
    return true;
}

/* Of class `class` against the rest, by score number `which`. */
static double area(const struct tally *t, int class, size_t which)
{
    const struct tally_memory *m = t->memory;
    double yes = 0, ranks = 0;
    if (!sort_rows(t, which))
        return NAN;
    for (size_t i = 0; i < t->kept;) {
        size_t end = i + 1;
        while (end < t->kept && m->rank[end].score == m->rank[i].score)
            end++;
        /* Counted from below, the rows i … end-1 have the ranks kept-end+1 … kept-i. */
        double rank = (double)(2 * t->kept - end - i + 1) / 2;
        for (; i < end; i++)
            if (m->truth[m->rank[i].row] == class) {
                yes++;
                ranks += rank;
            }
    }
    double no = (double)t->kept - yes;
    return yes > 0 && no > 0 ? (ranks - yes * (yes + 1) / 2) / (yes * no) : INFINITY;
}

double rank_auc(const struct tally *t)
{
    double sum = 0, count = 0;
    if (t->classes == 2) {
        double value = area(t, 1, 0);
        return isinf(value) ? NAN : value;
    }
    for (int class = 0; class < t->classes; class ++) {
        double value = area(t, class, (size_t) class);
        if (isinf(value)) /* one side is empty */
            continue;
        sum += value;
        count++;
    }
    return count > 0 ? sum / count : NAN;
}

/* The rank array has been sorted; `hits` of `all` truths are found in it. Walks from the end, where precision
 * is hits / rows, and keeps the best. */
static double precision_area(const struct tally *t, int class, double hits, double all)
{
    const struct tally_memory *m = t->memory;
    double best = 0, sum = 0;
    for (size_t i = t->kept; i-- > 0;) {
        uint32_t row = m->rank[i].row;
        if (m->truth[row] != class || !m->hit[row])
            continue;
        best = fmax(best, hits / (double)(i + 1));
        sum += best;
        hits--;
    }
    return sum / all;
}

double rank_average_precision(const struct tally *t)
{
    const struct tally_memory *m = t->memory;
    double sum = 0, count = 0;
    for (size_t class = 0; class < m->scores; class ++) {
        double all = 0, hits = 0;
        for (size_t i = 0; i < t->kept; i++) {
            all += m->truth[i] == (int)class;
            hits += m->truth[i] == (int)class && m->hit[i];
        }
        if (all <= 0)
            continue;
        if (!sort_rows(t, class))
            return NAN;
        sum += precision_area(t, (int)class, hits, all);
        count++;
    }
    return count > 0 ? sum / count : NAN;
}
