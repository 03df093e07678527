/* cmd_compile.c - how a model is trained, and from which weights: compile, init.
 *
 * Both choose a row of a table (optimisers, initialisers) that has arguments of its own. The command's rows
 * are the union of all of them, so that help and completion know them; the handler then holds the given ones
 * against the chosen row. */
#include "cmd.h"

#include "../src/initializer.h"
#include "../src/loss.h"
#include "../src/optimizer.h"

#include <string.h>

/* --- compile ------------------------------------------------------------------------------------------- */

enum { OPTIMIZER, LOSS, LR, L1, L2, COMPILE_OWN };

static const struct arg_row compile_own[] = {
    [OPTIMIZER] = {.name = "optimizer",
        .kind = ARG_CHOICE,
        .help = "who turns gradients into steps; the present one, at first adam, when left out",
        .choice = optimizer_name},
    [LOSS] = {.name = "loss",
        .kind = ARG_CHOICE,
        .help = "what is made small; chosen by data and last layer when left out",
        .choice = loss_name,
        .flags = ARG_KEY_ONLY},
    [LR] = {.name = "lr",
        .kind = ARG_REAL,
        .help = "learning rate; the optimiser's own when left out",
        .min = 1e-12,
        .max = 1e6,
        .flags = ARG_KEY_ONLY},
    [L1] = {.name = "l1",
        .kind = ARG_REAL,
        .help = "penalty on |w|: pushes weights to zero",
        .min = 0,
        .max = 1e6,
        .flags = ARG_KEY_ONLY},
    [L2] = {.name = "l2",
        .kind = ARG_REAL,
        .help = "penalty on w²: keeps weights small",
        .min = 0,
        .max = 1e6,
        .flags = ARG_KEY_ONLY},
    [COMPILE_OWN] = {0},
};

static const struct arg_row *optimizer_rows(size_t i)
{
    static const struct arg_row none[] = {{0}};
    const struct optimizer *o = optimizer_at(i);
    return o ? (o->args ? o->args : none) : NULL;
}

static struct arg_row compile_args[ARGS_MAX + 1];

bool compile_recipe(const struct args *a, const struct recipe *old, struct recipe *out, struct error *e)
{
    static const struct arg_row none[] = {{0}};
    const struct arg_value *v = a->value;
    const struct optimizer *o = v[OPTIMIZER].given ? optimizer_at((size_t)v[OPTIMIZER].number)
                                : old->optimizer   ? old->optimizer
                                                   : optimizer_find("adam");
    struct recipe recipe = recipe_of(o);
    if (!union_read(o->name, compile_args, a, COMPILE_OWN, o->args ? o->args : none, recipe.hyper, e))
        return false;
    if (v[LOSS].given)
        recipe.loss = loss_at((size_t)v[LOSS].number);
    if (v[LR].given)
        recipe.lr = v[LR].number;
    recipe.l1 = v[L1].number;
    recipe.l2 = v[L2].number;
    *out = recipe;
    return true;
}

static bool run_compile(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct recipe recipe;
    return compile_recipe(a, &session_network(r->session)->recipe, &recipe, e) &&
           session_compile(r->session, &recipe, e);
}

const struct command compile_command = {
    .name = "compile",
    .summary = "says how to train: optimiser, loss, learning rate, penalties",
    .details =
        "What is left out is chosen by the data and the last layer. `fit` without `compile` takes adam and "
        "says so.\n"
        "Weights stay as they are; the optimiser starts without memory. `help sgd`, `help mse` explain them.",
    .example = "compile sgd lr=0.03 momentum=0.9",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .args = compile_args,
    .run = run_compile,
};

/* --- init ---------------------------------------------------------------------------------------------- */

enum { INITIALIZER, LAYER, INIT_OWN };

static const struct arg_row init_own[] = {
    [INITIALIZER] = {.name = "initializer",
        .kind = ARG_CHOICE,
        .help = "how the weights are drawn; each layer's own when left out",
        .choice = initializer_name},
    [LAYER] = {.name = "layer", .kind = ARG_LAYER, .help = "only this layer", .flags = ARG_KEY_ONLY},
    [INIT_OWN] = {0},
};

static const struct arg_row *initializer_rows(size_t i)
{
    static const struct arg_row none[] = {{0}};
    const struct initializer *w = initializer_at(i);
    return w ? (w->args ? w->args : none) : NULL;
}

static struct arg_row init_args[ARGS_MAX + 1];

static bool run_init(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    static const struct arg_row none[] = {{0}};
    const struct model *m = session_network(r->session)->model;
    const struct initializer *which =
        a->value[INITIALIZER].given ? initializer_at((size_t)a->value[INITIALIZER].number) : NULL;
    double hyper[INITIALIZER_ARGS] = {0};
    int first = 0, last = m->layers - 1;
    if (!union_read(which ? which->name : "init", init_args, a, INIT_OWN,
            which && which->args ? which->args : none, hyper, e))
        return false;
    if (a->value[LAYER].given) {
        first = last = model_find(m, a->value[LAYER].text, e);
        if (first < 0)
            return blame_key(r, "layer", e);
    }
    return session_init(r->session, which, hyper, first, last, e);
}

const struct command init_command = {
    .name = "init",
    .summary = "draws the weights anew",
    .details =
        "Without a name each layer is drawn as when it was made. The same seed gives the same weights.",
    .example = "init normal stddev=0.5",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .args = init_args,
    .run = run_init,
    .complete = complete_layer,
};

void compile_tables(void)
{
    union_rows(compile_own, optimizer_rows, compile_args, ARGS_MAX + 1);
    union_rows(init_own, initializer_rows, init_args, ARGS_MAX + 1);
}
