/* cmd_experiment.c - trainings beside the session: race, twin; and branch, which keeps a copy of the network.
 *
 * A racer and a twin are whole sessions (src/experiment.h): each is changed as a learner would change this
 * one, and then trained as `fit` does. */
#include "cmd.h"
#include "experiment_job.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { USUAL_EPOCHS = 30 };

/* --- what both need ------------------------------------------------------------------------------------ */

/* As many as the present training has done, which starts from the same weights. */
static uint64_t epochs_of(const struct repl *r, const struct session *x, const struct arg_value *typed)
{
    if (typed->given)
        return (uint64_t)typed->number;
    uint64_t now = session_place(r->session).epoch, then = session_place(x).epoch;
    return now > then ? now - then : USUAL_EPOCHS;
}

static enum experiment_start start_of(const struct arg_value *fresh)
{
    return fresh->number != 0 ? START_FRESH : START_FIT;
}

struct entry {
    struct session *x; /* owned */
    size_t batch_size;
    struct status end;
};

static bool run_entry(struct repl *r, struct entry *entry, const char *name, uint64_t epochs, struct error *e)
{
    struct fit fit = {.epochs = epochs, .batch_size = entry->batch_size};
    int run = r->session->runs.count;
    if (!runs_add(&r->session->runs, name, r->session->data, e) || !session_fit(entry->x, &fit, e) ||
        !job_train(r, entry->x, run, e))
        return false;
    session_status(entry->x, &entry->end);
    return true;
}

/* One column of the table of runs. */
struct column {
    const char *name;
    size_t at; /* in struct curve_point */
};

static const struct column columns[] = {
    {"loss", offsetof(struct curve_point, loss)},
    {"val_loss", offsetof(struct curve_point, val_loss)},
    {"accuracy", offsetof(struct curve_point, accuracy)},
    {"val_accuracy", offsetof(struct curve_point, val_accuracy)},
    {"mae", offsetof(struct curve_point, mae)},
    {"val_mae", offsetof(struct curve_point, val_mae)},
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

static double field(const struct run *run, const struct column *c)
{
    if (!run->points)
        return NAN;
    return (double)*(const float *)((const char *)&run->point[run->points - 1] + c->at);
}

static bool column_known(const struct runs *runs, const struct column *c)
{
    for (int i = 0; i < runs->count; i++)
        if (isfinite(field(&runs->run[i], c)))
            return true;
    return false;
}

static void add_number(struct table *t, double value, const char *format)
{
    char cell[40];
    snprintf(cell, sizeof cell, format, value);
    table_add(t, "%s", isfinite(value) ? cell : "-");
}

/* The newest row of each run, its rate, and after how many steps it came to `goal` first. */
static void print_runs(const struct runs *runs, const struct entry *entry, double goal)
{
    char align[COLUMNS + 4] = "lr", head[40];
    struct table t = {.align = align, .head = true};
    table_add(&t, "%s", "");
    table_add(&t, "lr");
    for (int k = 0; k < COLUMNS; k++)
        if (column_known(runs, &columns[k])) {
            strcat(align, "r");
            table_add(&t, "%s", columns[k].name);
        }
    strcat(align, "r");
    snprintf(head, sizeof head, "steps to %.4g", goal);
    table_add(&t, "%s", isfinite(goal) ? head : "");
    for (int i = 0; i < runs->count; i++) {
        double reached = run_reached(&runs->run[i], goal);
        table_add(&t, "%s", runs->run[i].name);
        table_add(&t, "%.4g", session_network(entry[i].x)->recipe.lr);
        for (int k = 0; k < COLUMNS; k++)
            if (column_known(runs, &columns[k]))
                add_number(&t, field(&runs->run[i], &columns[k]), "%.4g");
        add_number(&t, reached < 0 || !isfinite(goal) ? NAN : reached, "%.0f");
    }
    table_print(&t);
    for (int i = 0; i < runs->count; i++)
        if (entry[i].end.phase == PHASE_DIVERGED)
            out("%s blew up: its loss left the numbers\n", runs->run[i].name);
}

/* What all that did not blow up came to: how fast each got there compares them. */
static double common_goal(const struct runs *runs, const struct entry *entry)
{
    double goal = -INFINITY;
    for (int i = 0; i < runs->count; i++)
        if (entry[i].end.phase != PHASE_DIVERGED)
            goal = fmax(goal, run_lowest(&runs->run[i]));
    return goal;
}

static void print_start(const struct session *x, uint64_t epochs)
{
    unsigned long long step = (unsigned long long)session_place(x).step;
    out_note("%llu epochs each, from the weights at step %llu", (unsigned long long)epochs, step);
}

static void free_entries(struct entry *entry, int count)
{
    for (int i = 0; i < count; i++)
        session_free(entry[i].x);
}

/* The runs of before come back when the new ones did not come to an end. */
static bool keep_runs(struct repl *r, struct runs *before, bool ok)
{
    if (!ok)
        session_swap_runs(r->session, before);
    runs_clear(before);
    return ok;
}

/* --- race ---------------------------------------------------------------------------------------------- */

enum { RACERS, EPOCHS, RACE_LR, BATCH_SIZE, THRESHOLD, FRESH };

static const struct arg_row race_args[] = {
    [RACERS] = {.name = "optimizers",
        .kind = ARG_CHOICE,
        .help = "two or more optimisers; the present one keeps its settings, others take their defaults",
        .choice = optimizer_name,
        .flags = ARG_REQUIRED | ARG_MANY},
    [EPOCHS] = {.name = "epochs",
        .kind = ARG_INT,
        .help = "how long each trains; as long as the last training, or 30, when left out",
        .min = 1,
        .max = 1e9,
        .flags = ARG_KEY_ONLY},
    [RACE_LR] = {.name = "lr",
        .kind = ARG_REAL,
        .help = "the same rate for all; each one's own when left out",
        .min = 1e-12,
        .max = 1e6,
        .flags = ARG_KEY_ONLY},
    [BATCH_SIZE] = {.name = "batch_size",
        .kind = ARG_INT,
        .help = "samples a step; the last fit's, or 32, when left out",
        .min = 1,
        .max = 1e6,
        .flags = ARG_KEY_ONLY},
    [THRESHOLD] = {.name = "threshold",
        .kind = ARG_REAL,
        .help = "the loss to which steps are counted; what all came to when left out",
        .min = 0,
        .max = 1e30,
        .flags = ARG_KEY_ONLY},
    [FRESH] = {.name = "fresh", .kind = ARG_FLAG, .help = "from newly drawn weights", .flags = ARG_KEY_ONLY},
    {0},
};

/* The present recipe with another optimiser: the loss and its penalties are the same for all. */
static struct recipe racer_recipe(const struct recipe *present, const char *name, const struct arg_value *lr)
{
    struct recipe r = *present;
    if (!r.optimizer || strcmp(r.optimizer->name, name)) {
        struct recipe own = recipe_of(optimizer_find(name));
        r.optimizer = own.optimizer;
        r.lr = own.lr;
        r.weight_decay = own.weight_decay;
        memcpy(r.hyper, own.hyper, sizeof r.hyper);
    }
    if (lr->given)
        r.lr = lr->number;
    return r;
}

static bool enter_racer(
    struct repl *r, const struct args *a, const char *name, struct entry *entry, struct error *e)
{
    const struct recipe *present = &session_network(r->session)->recipe;
    struct recipe recipe = racer_recipe(present, name, &a->value[RACE_LR]);
    entry->x = experiment_new(r->session, start_of(&a->value[FRESH]), e);
    entry->batch_size = job_batch_size(r, &a->value[BATCH_SIZE]);
    return entry->x && session_compile(entry->x, &recipe, e);
}

static bool check_racers(const struct args *a, struct error *e)
{
    if (a->many_count > RUNS_MOST)
        return error_set(e, "%d optimisers are the most that race at a time", (int)RUNS_MOST);
    for (int i = 0; i < a->many_count; i++)
        for (int k = 0; k < i; k++)
            if (!strcmp(a->many[i].text, a->many[k].text))
                return error_set_at(
                    e, a->many[i].offset, a->many[i].length, "%s races already", a->many[i].text);
    return true;
}

static void print_winner(const struct runs *runs, const struct entry *entry)
{
    int winner = runs_winner(runs);
    if (winner < 0)
        return;
    struct text line = {0};
    const struct session *x = entry[winner].x;
    recipe_write(&session_network(x)->recipe, &line);
    out("%s ends lowest: `%.*s` takes its settings\n", runs->run[winner].name,
        (int)strcspn(text_get(&line), "\n"), text_get(&line));
    text_release(&line);
}

static bool run_race(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct entry entry[RUNS_MOST] = {0};
    struct runs before = {0};
    const struct arg_value *goal = &a->value[THRESHOLD];
    if (!check_racers(a, e))
        return false;
    session_swap_runs(r->session, &before);
    bool ok = true;
    for (int i = 0; ok && i < a->many_count; i++) {
        const char *name = a->many[i].text;
        ok = enter_racer(r, a, name, &entry[i], e);
        uint64_t epochs = ok ? epochs_of(r, entry[i].x, &a->value[EPOCHS]) : 0;
        if (ok && !i)
            print_start(entry[i].x, epochs);
        ok = ok && run_entry(r, &entry[i], name, epochs, e);
    }
    if (keep_runs(r, &before, ok)) {
        const struct runs *runs = &r->session->runs;
        print_runs(runs, entry, goal->given ? goal->number : common_goal(runs, entry));
        print_winner(runs, entry);
    }
    free_entries(entry, a->many_count);
    return ok;
}

const struct command race_command = {
    .name = "race",
    .summary = "trains copies with several optimisers from the same weights, and compares them",
    .details =
        "All see the same batches in the same order, and the same loss. They start where the last training\n"
        "started, if that is still known, else from the present weights; these stay as they are.\n"
        "The window draws the curves over each other.",
    .example = "race sgd rmsprop adam epochs=5",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_TRAIN,
    .args = race_args,
    .run = run_race,
};

/* --- twin ---------------------------------------------------------------------------------------------- */

enum { TWIN_EPOCHS, TWIN_FRESH, CHANGE };

static const struct arg_row twin_args[] = {
    [TWIN_EPOCHS] = {.name = "epochs",
        .kind = ARG_INT,
        .help = "how long both train; as long as the last training, or 30, when left out",
        .min = 1,
        .max = 1e9,
        .flags = ARG_KEY_ONLY},
    [TWIN_FRESH] = {.name = "fresh",
        .kind = ARG_FLAG,
        .help = "from newly drawn weights",
        .flags = ARG_KEY_ONLY},
    [CHANGE] = {.name = "change",
        .kind = ARG_COMMAND,
        .help =
            "lr=0.3 or what else `compile` takes, batch_size=, seed=; or a command: `replace 2 dropout 0.5`",
        .flags = ARG_REQUIRED},
    {0},
};

/* One word of `compile …`: up to a blank outside brackets. */
static size_t word_length(const char *text)
{
    int depth = 0;
    size_t n = 0;
    for (; text[n] && text[n] != '\n' && (text[n] != ' ' || depth); n++)
        depth += (text[n] == '[') - (text[n] == ']');
    return n;
}

static bool has_key(const char *word, const char *key)
{
    size_t n = strlen(key);
    return !strncmp(word, key, n) && word[n] == '=';
}

/* What another optimiser has a default of its own for. */
static bool of_optimizer(const char *word, const struct optimizer *o)
{
    for (const struct arg_row *row = o->args; row && row->name; row++)
        if (has_key(word, row->name))
            return true;
    return has_key(word, "lr") || has_key(word, "weight_decay");
}

/* The line that compiles as the recipe says, but for one word. */
static void changed_recipe(const struct recipe *r, const struct word *change, struct text *out)
{
    struct text said = {0};
    bool other = !strcmp(change->key, "optimizer");
    recipe_write(r, &said);
    text_addf(out, "compile %s", other ? change->text : r->optimizer->name);
    const char *word = text_get(&said);
    for (int i = 0; *word && *word != '\n'; i++) {
        size_t n = word_length(word);
        if (i > 1 && !has_key(word, change->key) && !(other && of_optimizer(word, r->optimizer)))
            text_addf(out, " %.*s", (int)n, word);
        word += n + (word[n] == ' ');
    }
    if (!other)
        text_addf(out, change->quoted ? " %s=\"%s\"" : " %s=%s", change->key, change->text);
    text_release(&said);
}

/* Runs a line on the twin as if it were the session. */
static bool change_by_line(struct repl *r, struct session *x, const char *line, struct error *e)
{
    struct session *own = r->session;
    struct viz *viz = r->viz;
    r->session = x;
    r->viz = NULL;
    bool ok = repl_command(r, line, e);
    r->session = own;
    r->viz = viz;
    return ok;
}

/* Another recipe of the same optimiser leaves it its memory, as `set lr` does. */
static bool change_recipe(struct repl *r, struct session *x, const struct word *change, struct error *e)
{
    struct recipe recipe;
    struct text line = {0};
    struct network *n = session_network(x);
    if (!session_prepare(x, e) || !session_recipe(x, &recipe, e))
        return false;
    struct state *before = state_copy(n->state, e);
    if (!before)
        return false;
    changed_recipe(&recipe, change, &line);
    bool ok = change_by_line(r, x, text_get(&line), e);
    if (ok && n->recipe.optimizer == recipe.optimizer)
        state_assign(n->state, before);
    if (!ok) {
        e->offset = change->offset;
        e->length = change->length;
    }
    text_release(&line);
    state_free(before);
    return ok;
}

static bool change_by_key(struct repl *r, struct entry *entry, const struct word *change, struct error *e)
{
    static const struct arg_row batch_size = {.name = "batch_size", .kind = ARG_INT, .min = 1, .max = 1e6},
                                seed = {.name = "seed", .kind = ARG_INT, .min = 0, .max = 0x1p53};
    struct session *x = entry->x;
    struct arg_value v;
    if (!strcmp(change->key, batch_size.name)) {
        if (!arg_read("twin", &batch_size, change, &v, e))
            return false;
        entry->batch_size = (size_t)v.number;
        return true;
    }
    if (strcmp(change->key, seed.name))
        return change_recipe(r, x, change, e);
    if (!arg_read("twin", &seed, change, &v, e))
        return false;
    x->seed = (uint64_t)v.number;
    return session_init(x, NULL, NULL, 0, session_network(x)->model->layers - 1, e);
}

/* What changes model, recipe, features or a weight may differ; the data are the same for both. */
static bool may_differ(const struct repl *r, const struct args *a, struct error *e)
{
    static const char *const never[] = {"model", "branch", "undo", "redo", "new"};
    const struct command *c = command_find(a->many[0].text, r->origin->interactive, e);
    if (!c)
        return false;
    bool place = !strcmp(c->name, "set") && a->many_count > 1 && strchr(a->many[1].text, '[');
    bool ok =
        place || !strcmp(c->name, "features") || (c->group == GROUP_BUILD && c->effect & EFFECT_CHANGES);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        ok = ok && strcmp(c->name, never[i]);
    return ok ||
           error_set_at(e, a->many[0].offset, a->many[0].length,
               "a twin differs by one change of layers, recipe, features or weights, not by `%s`", c->name);
}

/* Behind KEY=VALUE epochs= may still stand. */
static bool read_tail(const struct args *a, struct arg_value *epochs, struct error *e)
{
    for (int i = 1; i < a->many_count; i++) {
        const struct word *w = &a->many[i];
        if (!w->key || strcmp(w->key, "epochs"))
            return error_set_at(e, w->offset, w->length, "a twin differs by one change; try this one alone");
        if (!arg_read("twin", &twin_args[TWIN_EPOCHS], w, epochs, e))
            return false;
    }
    return true;
}

static void print_difference(const struct runs *runs)
{
    const struct run *own = &runs->run[0], *twin = &runs->run[1];
    const struct column *c = &columns[isfinite(field(own, &columns[1]))];
    if (isfinite(field(own, c)) && isfinite(field(twin, c)))
        out("with %s %s is %.4g instead of %.4g\n", twin->name, c->name, field(twin, c), field(own, c));
}

static bool enter_twins(struct repl *r, const struct args *a, struct entry entry[2], struct error *e)
{
    const struct word *change = a->many;
    for (int i = 0; i < 2; i++) {
        entry[i].batch_size = job_batch_size(r, &(struct arg_value){0});
        entry[i].x = experiment_new(r->session, start_of(&a->value[TWIN_FRESH]), e);
        if (!entry[i].x)
            return false;
    }
    if (change->key)
        return change_by_key(r, &entry[1], change, e);
    return may_differ(r, a, e) && (change_by_line(r, entry[1].x, a->rest, e) || blame_rest(a, e));
}

static bool run_twin(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct entry entry[2] = {0};
    struct runs before = {0};
    struct arg_value typed = a->value[TWIN_EPOCHS];
    char name[RUN_NAME];
    snprintf(name, sizeof name, "%.*s", a->many->key ? a->many->length : RUN_NAME, a->rest);
    bool ok = (!a->many->key || read_tail(a, &typed, e)) && enter_twins(r, a, entry, e);
    if (ok) {
        uint64_t epochs = epochs_of(r, entry[0].x, &typed);
        print_start(entry[0].x, epochs);
        session_swap_runs(r->session, &before);
        ok = run_entry(r, &entry[0], "as it is", epochs, e) && run_entry(r, &entry[1], name, epochs, e);
        keep_runs(r, &before, ok);
    }
    if (ok) {
        const struct runs *runs = &r->session->runs;
        print_runs(runs, entry, common_goal(runs, entry));
        print_difference(runs);
    }
    free_entries(entry, 2);
    return ok;
}

const struct command twin_command = {
    .name = "twin",
    .summary = "trains two copies that differ by one change, and compares them",
    .details =
        "The same seed, weights and batches; one copy is as the network is, the other has the change.\n"
        "They start where the last training started, if that is still known, else from the present weights;\n"
        "these stay as they are. Where layers differ, weights go over by the layers' names.",
    .example = "twin epochs=5 lr=0.1",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_TRAIN,
    .args = twin_args,
    .run = run_twin,
};

/* --- branch -------------------------------------------------------------------------------------------- */

static const struct arg_row branch_args[] = {
    {.name = "name", .kind = ARG_NAME, .help = "of the copy; branch1, branch2 … when left out"},
    {0},
};

static bool has_model(const struct session *s, const char *name)
{
    for (int i = 0; i < s->networks; i++)
        if (!strcmp(s->network[i]->name, name))
            return true;
    return false;
}

static bool run_branch(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct session *s = r->session;
    char name[MODEL_NAME];
    for (int i = 1; !a->value[0].given && i <= SESSION_NETWORKS; i++) {
        snprintf(name, sizeof name, "branch%d", i);
        if (!has_model(s, name))
            break;
    }
    if (a->value[0].given && strlen(a->value[0].text) >= sizeof name)
        return error_set(e, "this name is too long: %d letters are the most", MODEL_NAME - 1);
    if (a->value[0].given)
        snprintf(name, sizeof name, "%s", a->value[0].text);
    if (!session_branch(s, name, e))
        return a->value[0].given ? blame_key(r, a->value[0].text, e) : false;
    out_note("'%s' keeps the network as it stands at step %llu: `model %s` goes there", name,
        (unsigned long long)session_place(s).step, name);
    return true;
}

const struct command branch_command = {
    .name = "branch",
    .summary = "keeps a copy of the network under a name, to come back to",
    .details =
        "Layers, weights, recipe, curves and the place in training are copied; the present network stays.\n"
        "`model NAME` goes to the copy and back, `model` lists them. A training may be running.",
    .example = "branch before",
    .before = "data circle; dense 4 tanh; dense 1 tanh; fit 5",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .args = branch_args,
    .run = run_branch,
};
