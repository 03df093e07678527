/* metric_rank.h - metrics that sort what was kept of every row. Only metric.c includes it. */
#ifndef GRADUS_METRIC_RANK_H
#define GRADUS_METRIC_RANK_H

#include "metric.h"

/* The area under the ROC curve, exact, ties by half; of more than two classes the mean over those of each
 * against the rest. NaN where a truth is missing on one side. */
double rank_auc(const struct tally *t);

/* The mean average precision of boxes that overlap by half or more: for each class the area under precision
 * over recall, precision made to fall only, samples ranked by their score for it; its mean over the classes
 * that occur. */
double rank_average_precision(const struct tally *t);

#endif
