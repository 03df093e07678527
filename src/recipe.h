/* recipe.h - how a model is trained: what `compile` and `output` say. A plain value. */
#ifndef GRADUS_RECIPE_H
#define GRADUS_RECIPE_H

#include "loss.h"
#include "model.h"
#include "optimizer.h"
#include "schedule.h"

enum { RECIPE_CLASSES = 32 };

/* What one output is trained for, where that differs from the rest. */
struct recipe_output {
    char layer[LAYER_NAME];  /* which output; one that is no longer there is passed over */
    const struct loss *loss; /* NULL: the recipe's */
    double hyper[LOSS_ARGS];
    double weight;    /* its share in the whole loss */
    bool reconstruct; /* its target is the network's input: an autoencoder */
};

struct recipe {
    const struct optimizer *optimizer; /* NULL: not compiled yet */
    double hyper[OPTIMIZER_ARGS];
    const struct loss *loss; /* NULL: chosen by data and head when training starts */
    double loss_hyper[LOSS_ARGS];
    double lr, l1, l2;
    double weight_decay;             /* optimizer.h */
    const struct schedule *schedule; /* of the rate; NULL: constant */
    double schedule_hyper[SCHEDULE_ARGS];
    double warmup;     /* updates in which the rate rises from 0; 0: none */
    double clip;       /* the gradient's length over all parameters is at most this; 0: any */
    double clip_value; /* each gradient lies within ± this; 0: any */
    int accumulate;    /* batches that make one update; 0 and 1: each */
    double class_weight[RECIPE_CLASSES]; /* of the classes in order */
    int class_weights;                   /* how many; 0: all count alike; -1: balanced by their counts */
    struct recipe_output output[MODEL_OUTPUTS];
    int outputs;
};

struct text;

/* The recipe of an optimiser with its defaults, without loss or penalties. */
struct recipe recipe_of(const struct optimizer *optimizer);

/* Chooses a loss, a schedule, with its defaults. */
void recipe_set_loss(struct recipe *r, const struct loss *loss);
void recipe_set_schedule(struct recipe *r, const struct schedule *schedule);

/* What was said for the output of this name; NULL: nothing. */
const struct recipe_output *recipe_output_find(const struct recipe *r, const char *layer);

/* The rate to try after one that was too large: far above what the optimiser starts with it is that, else a
 * tenth. */
double recipe_smaller_lr(const struct recipe *r);

/* A layer has another name from now on. */
void recipe_rename_output(struct recipe *r, const char *from, const char *to);

/* Appends the commands that say it: `compile adam loss=mse lr=0.01`, `output aux weight=0.3`. */
void recipe_write(const struct recipe *r, struct text *out);

#endif
