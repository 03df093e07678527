/* cmd_compile.c - how a model is trained, and from which weights: compile, output, init.
 *
 * They choose rows of tables (optimisers, losses, schedules, initialisers) that have arguments of their own.
 * A command's rows are the union of all of them, so that help and completion know them; the handler then
 * holds the given ones against the chosen rows. */
#include "cmd.h"

#include "../src/initializer.h"
#include "../src/loss.h"
#include "../src/memory.h"
#include "../src/optimizer.h"
#include "../src/schedule.h"

#include <stdio.h>
#include <string.h>

/* --- arguments of rows --------------------------------------------------------------------------------- */

static const struct arg_row none[] = {{0}};

static const struct arg_row *optimizer_rows(size_t i)
{
    const struct optimizer *o = optimizer_at(i);
    return o ? (o->args ? o->args : none) : NULL;
}

static const struct arg_row *loss_rows_of(size_t i)
{
    const struct loss *l = loss_at(i);
    return l ? (l->args ? l->args : none) : NULL;
}

static const struct arg_row *schedule_rows(size_t i)
{
    const struct schedule *s = schedule_at(i);
    return s ? (s->args ? s->args : none) : NULL;
}

/* The tables whose rows bring arguments, and how one is typed. */
static const struct {
    const char *key; /* "" where the name stands alone */
    const char *(*name)(size_t i);
    const struct arg_row *(*rows)(size_t i);
} tables[] = {
    {"", optimizer_name, optimizer_rows},
    {"loss=", loss_name, loss_rows_of},
    {"schedule=", schedule_name, schedule_rows},
};

enum { TABLES = sizeof tables / sizeof *tables };

/* The arguments of all tables' rows, one table behind the other. */
static const struct arg_row *compile_rows(size_t i)
{
    for (int k = 0; k < TABLES; k++) {
        size_t n = 0;
        while (tables[k].rows(n))
            n++;
        if (i < n)
            return tables[k].rows(i);
        i -= n;
    }
    return NULL;
}

/* A row that was chosen, and where its arguments go. */
struct chosen {
    const struct arg_row *rows;
    double *hyper;
};

/* The first argument behind the command's own that no chosen row takes; NULL: none. */
static const char *stray(
    const struct arg_row *rows, const struct args *a, int own, const struct chosen *chosen, int count)
{
    for (int i = own; rows[i].name; i++) {
        bool taken = !a->value[i].given;
        for (int k = 0; k < count && !taken; k++)
            taken = args_find(chosen[k].rows, rows[i].name) >= 0;
        if (!taken)
            return rows[i].name;
    }
    return NULL;
}

/* Says who would take an argument. */
static bool refuse_stray(const char *what, const char *key, struct error *e)
{
    struct text takers = {0};
    for (int k = 0; k < TABLES; k++)
        for (size_t i = 0; tables[k].rows(i); i++)
            if (args_find(tables[k].rows(i), key) >= 0)
                text_addf(&takers, "%s%s%s", takers.length ? ", " : "", tables[k].key, tables[k].name(i));
    error_set(e, "%s has no argument '%s='; it is for %s", what, key, text_get(&takers));
    text_release(&takers);
    return false;
}

static bool read_chosen(const char *what, const struct arg_row *rows, const struct args *a, int own,
    const struct chosen *chosen, int count, struct error *e)
{
    const char *key = stray(rows, a, own, chosen, count);
    if (key)
        return refuse_stray(what, key, e);
    for (int k = 0; k < count; k++)
        if (!union_read(what, rows, a, args_count(rows), chosen[k].rows, chosen[k].hyper, e))
            return false;
    return true;
}

/* --- compile ------------------------------------------------------------------------------------------- */

enum {
    OPTIMIZER,
    LOSS,
    LR,
    L1,
    L2,
    WEIGHT_DECAY,
    SCHEDULE,
    WARMUP,
    CLIP,
    CLIP_VALUE,
    ACCUMULATE,
    CLASS_WEIGHT,
    COMPILE_OWN
};

#define NUMBER(name_, kind_, help_, min_, max_)                                                      \
    {                                                                                                \
        .name = name_, .kind = kind_, .help = help_, .min = min_, .max = max_, .flags = ARG_KEY_ONLY \
    }

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
    [LR] = NUMBER("lr", ARG_REAL, "learning rate; the optimiser's own when left out", 1e-12, 1e6),
    [L1] = NUMBER("l1", ARG_REAL, "penalty on |w|: pushes weights to zero", 0, 1e6),
    [L2] = NUMBER("l2", ARG_REAL, "penalty on w²: keeps weights small", 0, 1e6),
    [WEIGHT_DECAY] = NUMBER("weight_decay", ARG_REAL,
        "share of each weight that a step takes off, times the rate; the optimiser's own when left out", 0,
        1e6),
    [SCHEDULE] = {.name = "schedule",
        .kind = ARG_CHOICE,
        .help = "how the learning rate changes in the run; constant when left out",
        .choice = schedule_name,
        .flags = ARG_KEY_ONLY},
    [WARMUP] = NUMBER("warmup", ARG_INT, "updates in which the learning rate rises from 0", 0, 1e9),
    [CLIP] =
        NUMBER("clip", ARG_REAL, "the most that the gradient over all weights may be long; 0: any", 0, 1e9),
    [CLIP_VALUE] =
        NUMBER("clip_value", ARG_REAL, "the most that each single gradient may be; 0: any", 0, 1e9),
    [ACCUMULATE] = NUMBER("accumulate", ARG_INT, "batches that make one update; 0 and 1: each", 0, 1e6),
    [CLASS_WEIGHT] = {.name = "class_weight",
        .kind = ARG_TEXT,
        .help = "how much each class counts: balanced, or a list such as [1 5]",
        .flags = ARG_KEY_ONLY},
    [COMPILE_OWN] = {0},
};

static struct arg_row compile_args[ARGS_MAX + 1];

static bool bad_weights(const char *text, struct error *e)
{
    char brief[WORD_BRIEF];
    return error_set(e,
        "compile: class_weight is `balanced`, or up to %d numbers from 0 in a list such as [1 5], not '%s'",
        RECIPE_CLASSES, word_brief(text, brief));
}

/* "balanced", or "[1 5]". */
static bool read_class_weights(const char *text, struct recipe *r, struct error *e)
{
    char copy[RECIPE_CLASSES * 24], *rest = NULL;
    size_t length = strlen(text);
    if (!strcmp(text, "balanced")) {
        r->class_weights = -1;
        return true;
    }
    if (length < 2 || length >= sizeof copy || text[0] != '[' || text[length - 1] != ']')
        return bad_weights(text, e);
    snprintf(copy, sizeof copy, "%.*s", (int)length - 2, text + 1);
    for (char *word = strtok_r(copy, ", \t\n", &rest); word; word = strtok_r(NULL, ", \t\n", &rest)) {
        double *weight = &r->class_weight[r->class_weights];
        if (r->class_weights == RECIPE_CLASSES || !number_parse(word, weight) || *weight < 0)
            return bad_weights(text, e);
        r->class_weights++;
    }
    return r->class_weights > 0 || bad_weights(text, e);
}

/* What the chosen rows are; their own arguments are still to be read. */
static struct recipe choose_rows(const struct arg_value *v, const struct recipe *old)
{
    struct recipe r = recipe_of(v[OPTIMIZER].given ? optimizer_at((size_t)v[OPTIMIZER].number)
                                : old->optimizer   ? old->optimizer
                                                   : optimizer_find("adam"));
    if (v[LOSS].given)
        recipe_set_loss(&r, loss_at((size_t)v[LOSS].number));
    if (v[SCHEDULE].given)
        recipe_set_schedule(&r, schedule_at((size_t)v[SCHEDULE].number));
    memcpy(r.output, old->output, sizeof r.output);
    r.outputs = old->outputs;
    return r;
}

static int chosen_rows(struct recipe *r, struct chosen *out)
{
    int n = 0;
    out[n++] = (struct chosen){r->optimizer->args ? r->optimizer->args : none, r->hyper};
    if (r->loss && r->loss->args)
        out[n++] = (struct chosen){r->loss->args, r->loss_hyper};
    if (r->schedule && r->schedule->args)
        out[n++] = (struct chosen){r->schedule->args, r->schedule_hyper};
    return n;
}

bool compile_recipe(const struct args *a, const struct recipe *old, struct recipe *out, struct error *e)
{
    const struct arg_value *v = a->value;
    struct recipe recipe = choose_rows(v, old);
    struct chosen chosen[TABLES];
    int count = chosen_rows(&recipe, chosen);
    if (!read_chosen(recipe.optimizer->name, compile_args, a, COMPILE_OWN, chosen, count, e))
        return false;
    if (v[LR].given)
        recipe.lr = v[LR].number;
    if (v[WEIGHT_DECAY].given)
        recipe.weight_decay = v[WEIGHT_DECAY].number;
    recipe.l1 = v[L1].number;
    recipe.l2 = v[L2].number;
    recipe.warmup = v[WARMUP].number;
    recipe.clip = v[CLIP].number;
    recipe.clip_value = v[CLIP_VALUE].number;
    recipe.accumulate = (int)v[ACCUMULATE].number;
    if (v[CLASS_WEIGHT].given && !read_class_weights(v[CLASS_WEIGHT].text, &recipe, e))
        return false;
    *out = recipe;
    return true;
}

/* The error of a command gets the place of the argument that nobody takes. */
static bool blame_stray(struct repl *r, const char *key, struct error *e)
{
    return key ? blame_key(r, key, e) : false;
}

static bool run_compile(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const struct recipe *old = &session_network(r->session)->recipe;
    struct recipe recipe = choose_rows(a->value, old);
    struct chosen chosen[TABLES];
    const char *key = stray(compile_args, a, COMPILE_OWN, chosen, chosen_rows(&recipe, chosen));
    return compile_recipe(a, old, &recipe, e) ? session_compile(r->session, &recipe, e)
                                              : blame_stray(r, key, e);
}

const struct command compile_command = {
    .name = "compile",
    .summary = "says how to train: optimiser, loss, learning rate, penalties",
    .details =
        "What is left out is chosen by the data and the last layer. `fit` without `compile` takes adam and "
        "says so.\n"
        "Weights stay as they are; the optimiser starts without memory. `help sgd`, `help mse`,\n"
        "`help one_cycle` explain them and their own arguments: `compile adam loss=huber delta=0.5`.\n"
        "What `output` said stays.",
    .example = "compile sgd lr=0.03 momentum=0.9",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .args = compile_args,
    .run = run_compile,
};

/* --- output -------------------------------------------------------------------------------------------- */

enum { OUTPUT_LAYER, OUTPUT_LOSS, OUTPUT_WEIGHT, OUTPUT_TARGET, OUTPUT_OWN };
enum { TARGET_DATA, TARGET_INPUT };

static const char *target_word(size_t i)
{
    static const char *const words[] = {[TARGET_DATA] = "data", [TARGET_INPUT] = "input"};
    return i < sizeof words / sizeof *words ? words[i] : NULL;
}

static const struct arg_row output_own[] = {
    [OUTPUT_LAYER] = {.name = "layer",
        .kind = ARG_LAYER,
        .help = "a layer that no other reads",
        .flags = ARG_REQUIRED},
    [OUTPUT_LOSS] = {.name = "loss",
        .kind = ARG_CHOICE,
        .help = "what is made small here; what `compile` says when left out",
        .choice = loss_name,
        .flags = ARG_KEY_ONLY},
    [OUTPUT_WEIGHT] = {.name = "weight",
        .kind = ARG_REAL,
        .help = "its share in the sum of all losses",
        .min = 0,
        .max = 1e6,
        .fallback = 1,
        .flags = ARG_KEY_ONLY},
    [OUTPUT_TARGET] = {.name = "target",
        .kind = ARG_CHOICE,
        .help = "what it shall give: the targets of the data, or the network's own input",
        .choice = target_word,
        .initial = "data",
        .flags = ARG_KEY_ONLY},
    [OUTPUT_OWN] = {0},
};

static struct arg_row output_args[ARGS_MAX + 1];

/* Which output is meant; -1 and an error where a layer is none. */
static int find_output(const struct model *m, const char *which, struct error *e)
{
    int layer = model_find(m, which, e);
    if (layer < 0 || model_is_output(m, layer))
        return layer;
    for (int i = layer + 1; i < m->layers; i++)
        for (int j = 0; j < m->layer[i].inputs; j++)
            if (m->layer[i].input[j] == layer) {
                error_set(e, "'%s' is no output: '%s' reads it", m->layer[layer].name, m->layer[i].name);
                return -1;
            }
    error_set(e, "'%s' is no output: add a layer first", m->layer[layer].name);
    return -1;
}

/* Forgets what was said for this layer, and for layers that are no longer there. */
static void drop_outputs(struct recipe *r, const struct model *m, const char *name)
{
    int kept = 0;
    for (int i = 0; i < r->outputs; i++)
        if (strcmp(r->output[i].layer, name) && model_find(m, r->output[i].layer, NULL) >= 0)
            r->output[kept++] = r->output[i];
    r->outputs = kept;
}

bool output_recipe(const struct args *a, const struct model *m, const struct recipe *old, struct recipe *out,
    struct error *e)
{
    const struct arg_value *v = a->value;
    struct recipe recipe = *old;
    struct recipe_output own = {
        .weight = v[OUTPUT_WEIGHT].number, .reconstruct = (int)v[OUTPUT_TARGET].number == TARGET_INPUT};
    int layer = find_output(m, v[OUTPUT_LAYER].text, e);
    if (layer < 0)
        return false;
    if (v[OUTPUT_LOSS].given)
        own.loss = loss_at((size_t)v[OUTPUT_LOSS].number);
    struct chosen chosen = {own.loss && own.loss->args ? own.loss->args : none, own.hyper};
    if (!read_chosen(own.loss ? own.loss->name : "output", output_args, a, OUTPUT_OWN, &chosen, 1, e))
        return false;
    snprintf(own.layer, sizeof own.layer, "%s", m->layer[layer].name);
    drop_outputs(&recipe, m, own.layer);
    if (own.loss || own.weight != 1 || own.reconstruct) {
        if (recipe.outputs == MODEL_OUTPUTS)
            return error_set(e, "%d outputs have losses of their own already", MODEL_OUTPUTS);
        recipe.output[recipe.outputs++] = own;
    }
    *out = recipe;
    return true;
}

static bool run_output(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const struct network *n = session_network(r->session);
    struct recipe recipe;
    if (!output_recipe(a, n->model, &n->recipe, &recipe, e))
        return false;
    session_aim(r->session, &recipe);
    return true;
}

const struct command output_command = {
    .name = "output",
    .summary = "says what one output is trained for: its own loss, its weight, its target",
    .details =
        "An output is a layer that no other reads; the last one is the head. target=input lets it give the "
        "input back, as the\ndecoder of an autoencoder does. `evaluate` and `loss[NAME]` tell each output's "
        "loss. `output NAME` alone takes\nback what was said.",
    .example = "output decoder target=input",
    .before = "input 4; dense 2 tanh; dense 4 name=decoder",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .args = output_args,
    .run = run_output,
    .complete = complete_layer,
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
    const struct initializer *w = initializer_at(i);
    return w ? (w->args ? w->args : none) : NULL;
}

static struct arg_row init_args[ARGS_MAX + 1];

static bool run_init(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
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
    union_rows(compile_own, compile_rows, compile_args, ARGS_MAX + 1);
    union_rows(output_own, loss_rows_of, output_args, ARGS_MAX + 1);
    union_rows(init_own, initializer_rows, init_args, ARGS_MAX + 1);
}
