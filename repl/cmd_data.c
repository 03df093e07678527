/* cmd_data.c - commands of data: data, features, describe, head, baseline.
 *
 * `data` binds the rest of its words to the rows of the chosen source, so a new source needs nothing here. A
 * file is read as a job, for it may be large; Ctrl-C gives up and the old data stay. */
#include "cmd.h"
#include "letters.h"
#include "loop.h"
#include "thumbnails.h"

#include "../src/data.h"
#include "../src/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- data ---------------------------------------------------------------------------------------------- */

static const struct arg_row data_args[] = {
    {.name = "source",
        .kind = ARG_CHOICE,
        .help = "where samples come from; without one, they are listed",
        .choice = data_source_name},
    {.name = "arguments", .kind = ARG_REST, .help = "those of the source: `help spiral`, `help csv`"},
    {0},
};

struct making {
    const struct data_source *source;
    const struct args *args;
    uint64_t seed;
    struct data *made;
};

static bool make(void *arg, const void *cancel, struct error *e)
{
    struct making *m = arg;
    m->made = m->source->make(m->args, m->seed, cancel, e);
    return m->made;
}

/* The command that makes the data again, with the source's full name. */
static char *data_command(const struct data_source *source, const char *rest, struct error *e)
{
    struct text t = {0};
    text_addf(&t, "data %s%s%s", source->name, *rest ? " " : "", rest);
    for (char *p = t.data; p && *p; p++)
        if (*p == '\n')
            *p = ' ';
    char *copy = memory_copy_text(text_get(&t), e);
    text_release(&t);
    return copy;
}

static void data_note(struct repl *r)
{
    const struct data *d = r->session->data;
    char shape[SHAPE_TEXT], classes[40] = "";
    note_lines(d->note);
    if (!r->origin->interactive)
        return;
    if (d->classes)
        snprintf(classes, sizeof classes, ", %d classes", d->classes);
    out_note("%s: %zu samples for training, %zu held out, inputs of %s%s", d->name, d->train, d->n - d->train,
        shape_text(&d->shape, shape), classes);
}

static struct data *make_data(struct repl *r, const struct args *a, uint64_t seed, struct error *e)
{
    static const struct arg_row none[] = {{0}};
    const struct data_source *source = data_source_at((size_t)a->value[0].number);
    struct args inner;
    struct making m = {.source = source, .args = &inner, .seed = seed};
    if (!args_bind(source->name, source->args ? source->args : none, a->many, a->many_count, &inner, e))
        return NULL;
    if (!(source->generated ? make(&m, NULL, e) : loop_job(r, make, &m, e)))
        return NULL;
    m.made->command = data_command(source, a->rest, e);
    if (m.made->command)
        return m.made;
    data_unref(m.made);
    return NULL;
}

struct data *data_generate(const struct args *a, uint64_t seed, struct error *e)
{
    return make_data(NULL, a, seed, e);
}

static bool show_data(struct repl *r)
{
    struct table t = {.align = "lll"};
    const struct data *d = r->session->data;
    if (d)
        out("%s\n\n", d->command ? d->command : d->name);
    for (size_t i = 0; data_source_at(i); i++) {
        table_add(&t, "%s", data_source_at(i)->name);
        table_add(&t, "%s", data_source_at(i)->summary);
        table_add(&t, "%s", data_source_at(i)->example);
    }
    table_print(&t);
    return true;
}

static bool run_data(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (!a->value[0].given)
        return a->many_count
                   ? error_set(e, "name a source first: `data circle`, `data csv FILE target=COLUMN`")
                   : show_data(r);
    struct data *d = make_data(r, a, r->session->seed, e);
    if (!d || !session_set_data(r->session, d, e))
        return false;
    data_note(r);
    return true;
}

/* `data iris.csv` is what many type first. */
static bool refuse_data(const struct command_line *line, struct error *e)
{
    const struct word *first = line->count ? &line->word[0] : NULL;
    const char *dot = first && !first->key ? strrchr(first->text, '.') : NULL;
    if (dot && (!strcmp(dot, ".csv") || !strcmp(dot, ".tsv") || !strcmp(dot, ".txt"))) {
        char brief[WORD_BRIEF];
        word_brief(first->text, brief);
        return error_set_at(e, first->offset, first->length,
            "'%s' is a file: `data csv %s target=COLUMN` reads it", brief, brief);
    }
    return false;
}

static const struct arg_row *source_rows(const char *first)
{
    const struct data_source *source = data_source_find(first);
    return source ? source->args : NULL;
}

static const struct command data_command_row = {
    .name = "data",
    .summary = "makes or reads a data set",
    .details = "One part is held out and never trained on: `val_loss` and `val_accuracy` measure it. Without "
               "a source the\n"
               "sources are listed. The same seed makes the same data.",
    .example = "data spiral noise=10",
    .group = GROUP_DATA,
    .effect = EFFECT_CHANGES,
    .args = data_args,
    .run = run_data,
    .rest = source_rows,
    .refuse = refuse_data,
};

/* --- features ------------------------------------------------------------------------------------------ */

static const struct arg_row features_args[] = {
    {.name = "feature",
        .kind = ARG_CHOICE,
        .help = "inputs made from x1 and x2; none: they are listed",
        .choice = feature_name,
        .flags = ARG_MANY},
    {0},
};

static void list_features(const struct data *d)
{
    struct table t = {.align = "lll"};
    for (size_t i = 0; feature_at(i); i++) {
        bool used = false;
        for (int k = 0; d && k < d->feature_count; k++)
            used = used || d->features[k] == (int)i;
        table_add(&t, "%s", used ? "*" : "");
        table_add(&t, "%s", feature_at(i)->name);
        table_add(&t, "%s", feature_at(i)->summary);
    }
    table_print(&t);
}

/* The data's command and the features behind it, in place of older ones. */
static bool append_features(struct data *d, const int *feature, int count, struct error *e)
{
    struct text t = {0};
    const char *old = d->command ? d->command : "", *before = strstr(old, "; features ");
    text_add_bytes(&t, old, before ? (size_t)(before - old) : strlen(old));
    text_add(&t, "; features");
    for (int i = 0; i < count; i++)
        text_addf(&t, " %s", feature_name((size_t)feature[i]));
    char *copy = memory_copy_text(text_get(&t), e);
    text_release(&t);
    if (!copy)
        return false;
    memory_free(d->command);
    d->command = copy;
    return true;
}

struct data *data_choose_features(const struct data *d, const struct args *a, struct error *e)
{
    int feature[DATA_FEATURES], count = 0;
    for (; count < a->many_count; count++) {
        struct arg_value v;
        if (count == DATA_FEATURES) {
            error_set(e, "%d features are the most", (int)DATA_FEATURES);
            return NULL;
        }
        if (!arg_read("features", features_args, &a->many[count], &v, e))
            return NULL;
        feature[count] = (int)v.number;
    }
    struct data *chosen = data_with_features(d, feature, count, e);
    if (!chosen || append_features(chosen, feature, count, e))
        return chosen;
    data_unref(chosen);
    return NULL;
}

static bool run_features(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (!r->session->data)
        return error_set(e, "there are no data yet: try `data circle`");
    if (!a->many_count) {
        list_features(r->session->data);
        return true;
    }
    struct data *d = data_choose_features(r->session->data, a, e);
    return d && session_set_data(r->session, d, e);
}

static const struct command features_command = {
    .name = "features",
    .summary = "chooses the inputs that are made from x1 and x2",
    .details = "For data on the plane. A circle is a straight line in x1^2 and x2^2.",
    .example = "features x1 x2 x1^2 x2^2",
    .before = "data circle",
    .group = GROUP_DATA,
    .effect = EFFECT_CHANGES,
    .args = features_args,
    .run = run_features,
};

/* --- describe ------------------------------------------------------------------------------------------ */

struct column {
    double mean, deviation, low, high;
};

static struct column measure(const float *x, size_t n, size_t stride)
{
    struct column c = {.low = INFINITY, .high = -INFINITY};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double v = x[i * stride];
        sum += v;
        squares += v * v;
        c.low = v < c.low ? v : c.low;
        c.high = v > c.high ? v : c.high;
    }
    c.mean = sum / (double)n;
    c.deviation = sqrt(fmax(squares / (double)n - c.mean * c.mean, 0));
    return c;
}

static void add_column(struct table *t, const char *what, const char *name, struct column c)
{
    table_add(t, "%s", what);
    table_add(t, "%s", name);
    table_add(t, "%.4g", c.mean);
    table_add(t, "%.4g", c.deviation);
    table_add(t, "%.4g", c.low);
    table_add(t, "%.4g", c.high);
}

static void describe_columns(const struct data *d)
{
    static const char *const heads[] = {"", "name", "mean", "deviation", "least", "most"};
    struct table t = {.align = "llrrrr", .head = true};
    for (size_t i = 0; i < 6; i++)
        table_add(&t, "%s", heads[i]);
    for (size_t k = 0; k < d->raw; k++)
        add_column(&t, "input", d->raw_name[k], measure(d->raw_x + k, d->n, d->raw));
    if (!d->raw)
        add_column(&t, "input", "all values", measure(d->x, d->n * shape_size(&d->shape), 1));
    for (size_t k = 0; !d->classes && k < d->targets; k++)
        add_column(&t, "target", d->target_name[k], measure(d->t + k, d->n, d->targets));
    table_print(&t);
    bool standardised = false;
    for (size_t k = 0; k < d->raw; k++)
        standardised = standardised || d->mean[k] != 0 || d->deviation[k] != 1;
    if (standardised)
        out("The network reads numbers standardised: minus the mean, divided by the deviation, of the "
            "training part.\n");
}

static void describe_classes(const struct data *d)
{
    struct table t = {.align = "lrr", .head = true};
    table_add(&t, "class");
    table_add(&t, "training");
    table_add(&t, "held out");
    for (int k = 0; k < d->classes; k++) {
        size_t train = 0, held = 0;
        for (size_t i = 0; i < d->n * d->targets; i++)
            *(i < d->train * d->targets ? &train : &held) += d->t[i] == (float)k;
        table_add(&t, "%s", d->class_name[k]);
        table_add(&t, "%zu", train);
        table_add(&t, "%zu", held);
    }
    table_print(&t);
}

static bool need_data(struct repl *r, struct error *e)
{
    return r->session->data || error_set(e, "there are no data yet: try `data circle`");
}

static bool run_describe(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const struct data *d = r->session->data;
    char shape[SHAPE_TEXT];
    if (!need_data(r, e))
        return false;
    out("%s\n", d->command ? d->command : d->name);
    out("%zu samples: %zu for training, %zu held out; the network reads %s\n", d->n, d->train,
        d->n - d->train, shape_text(&d->shape, shape));
    if (d->letters) {
        letters_describe(d);
    } else {
        describe_columns(d);
        if (d->classes)
            describe_classes(d);
    }
    if (*d->note) {
        out_text(d->note);
        out("\n");
    }
    return true;
}

static const struct command describe_command = {
    .name = "describe",
    .summary = "says what the data are: samples, inputs, targets, classes",
    .details = "Inputs are shown in the units of their source, before they are standardised.",
    .example = "describe",
    .before = "data spiral",
    .group = GROUP_DATA,
    .run = run_describe,
};

/* --- head ---------------------------------------------------------------------------------------------- */

static const struct arg_row head_args[] = {
    {.name = "rows", .kind = ARG_INT, .help = "how many", .min = 1, .max = 1000, .fallback = 5},
    {0},
};

enum { HEAD_COLUMNS = 10 };

/* A table's column shows what the file holds: a number, or the word whose input is 1. */
static void head_cell(struct table *t, const struct data *d, const struct data_column *c, const float *x)
{
    size_t k = 0;
    while (c->text && k < c->width && x[c->at + k] != 1)
        k++;
    if (!c->text)
        table_add(t, "%.4g", (double)x[c->at]);
    else if (k < c->width)
        table_add(t, "%s", d->raw_name[c->at + k] + strlen(c->name) + 1);
    else
        table_add(t, "-");
}

static void head_row(struct table *t, const struct data *d, size_t i, size_t columns)
{
    const float *x = d->raw ? d->raw_x + i * d->raw : d->x + i * shape_size(&d->shape);
    table_add(t, "%zu", i);
    for (size_t k = 0; k < columns; k++)
        if (d->columns)
            head_cell(t, d, &d->column[k], x);
        else
            table_add(t, "%.4g", (double)x[k]);
    if (d->classes)
        table_add(t, "%s", d->class_name[(int)d->t[i]]);
    else
        table_add(t, "%.4g", (double)d->t[i * d->targets]);
}

static bool run_head(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const struct data *d = r->session->data;
    if (!need_data(r, e))
        return false;
    size_t rows = (size_t)a->value[0].number < d->n ? (size_t)a->value[0].number : d->n;
    if (d->letters)
        letters_head(d, rows);
    if (thumbnails_fit(d))
        thumbnails_print(d, rows);
    if (d->letters || thumbnails_fit(d))
        return true;
    size_t all = d->columns ? d->columns : d->raw ? d->raw : shape_size(&d->shape);
    size_t columns = all < HEAD_COLUMNS ? all : HEAD_COLUMNS;
    char align[HEAD_COLUMNS + 3] = {0};
    memset(align, 'r', columns + 1);
    for (size_t k = 0; k < columns && d->columns; k++)
        align[k + 1] = d->column[k].text ? 'l' : 'r';
    align[columns + 1] = d->classes ? 'l' : 'r';
    struct table t = {.align = align, .head = true};
    table_add(&t, "%s", "");
    for (size_t k = 0; k < columns; k++)
        table_add(&t, "%s", d->columns ? d->column[k].name : d->raw ? d->raw_name[k] : "");
    table_add(&t, "%s", d->target_name && d->target_name[0] ? d->target_name[0] : "target");
    for (size_t i = 0; i < rows; i++)
        head_row(&t, d, i, columns);
    table_print(&t);
    if (columns < all)
        out("and %zu more %s\n", all - columns, d->columns ? "columns" : "inputs");
    return true;
}

static const struct command head_command = {
    .name = "head",
    .summary = "shows the first samples",
    .details = "Images are drawn in dots, with number and class.",
    .example = "head 3",
    .before = "data spiral",
    .group = GROUP_DATA,
    .args = head_args,
    .run = run_head,
};

/* --- baseline ------------------------------------------------------------------------------------------ */

static bool run_baseline(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const struct data *d = r->session->data;
    struct baseline b;
    if (!need_data(r, e))
        return false;
    data_baseline(d, &b);
    if (d->classes)
        out("always '%s': accuracy %.4g\n", d->class_name[b.class], b.accuracy);
    else
        out("always the mean %.4g: mse %.4g, mae %.4g\n", (double)b.mean, b.mse, b.mae);
    return true;
}

static const struct command baseline_command = {
    .name = "baseline",
    .summary = "what no learning at all would score on the held-out part",
    .details = "The largest class, or the mean. A network must beat this to have learnt anything.",
    .example = "baseline",
    .before = "data spiral",
    .group = GROUP_DATA,
    .run = run_baseline,
};

const struct command *const commands_data[] = {
    &data_command_row,
    &features_command,
    &describe_command,
    &head_command,
    &baseline_command,
    NULL,
};
