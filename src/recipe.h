/* recipe.h - how a model is trained: what `compile` says. A plain value. */
#ifndef GRADUS_RECIPE_H
#define GRADUS_RECIPE_H

#include "loss.h"
#include "optimizer.h"

struct recipe {
    const struct optimizer *optimizer; /* NULL: not compiled yet */
    double hyper[OPTIMIZER_ARGS];
    const struct loss *loss; /* NULL: chosen by data and head when training starts */
    double lr, l1, l2;
};

struct text;

/* The recipe of an optimiser with its defaults, without loss or penalties. */
struct recipe recipe_of(const struct optimizer *optimizer);

/* Appends it as the command that says it: `compile adam loss=mse lr=0.01`. */
void recipe_write(const struct recipe *r, struct text *out);

#endif
