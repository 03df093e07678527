/* cmd_measure.c - commands that measure a network: evaluate, predict, confusion, gradcheck. None changes it.
 */
#include "cmd.h"
#include "letters.h"
#include "loop.h"

#include "../src/data.h"
#include "../src/memory.h"
#include "../src/metric.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- evaluate ------------------------------------------------------------------------------------------ */

/* Both parts are measured once, as a job, so that every row speaks of the same weights. */
struct scoring {
    struct session *session;
    struct tally train, held;
    bool has_held;
};

static bool score(void *arg, const void *cancel, struct error *e)
{
    struct scoring *s = arg;
    const struct tally *t = session_score(s->session, PART_TRAIN, e);
    if (!t)
        return false;
    s->train = *t;
    s->has_held = s->session->data->train < s->session->data->n;
    if (s->has_held && !(t = session_score(s->session, PART_HELD_OUT, e)))
        return false;
    s->held = *t;
    return true;
}

static void add_score(struct table *t, double value)
{
    if (isnan(value))
        table_add(t, "-");
    else
        table_add(t, "%.6g", value);
}

/* Each output's own loss, where there are several. */
static void add_output_losses(struct table *t, const struct scoring *s)
{
    const struct model *m = session_network(s->session)->model;
    for (int i = 0; m->outputs > 1 && i < m->outputs; i++) {
        table_add(t, "loss[%s]", m->layer[m->output[i]].name);
        add_score(t, s->train.goal_loss[i] / (double)s->train.n);
        add_score(t, s->has_held ? s->held.goal_loss[i] / (double)s->held.n : NAN);
    }
}

static bool run_evaluate(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct scoring s = {.session = r->session};
    struct table t = {.align = "lrr", .head = true};
    if (!loop_job(r, score, &s, e))
        return false;
    table_add(&t, "%s", "");
    table_add(&t, "training");
    table_add(&t, "held out");
    for (size_t i = 0; metric_at(i); i++) {
        const struct metric *m = metric_at(i);
        if (!metric_tells(m, &s.train))
            continue;
        table_add(&t, "%s", m->name);
        add_score(&t, m->value(&s.train));
        add_score(&t, s.has_held ? m->value(&s.held) : NAN);
        if (!i)
            add_output_losses(&t, &s);
    }
    table_print(&t);
    return true;
}

const struct command evaluate_command = {
    .name = "evaluate",
    .summary = "measures the network on the training and the held-out part",
    .example = "evaluate",
    .before = "data circle; dense 4 tanh; dense 1 tanh; fit 10",
    .group = GROUP_TRAIN,
    .run = run_evaluate,
};

/* --- predict ------------------------------------------------------------------------------------------- */

enum { VALUES, SAMPLE, COUNT, TEMPERATURE };

static const struct arg_row predict_args[] = {
    [VALUES] = {.name = "value",
        .kind = ARG_TEXT,
        .help = "a number or a word for each column, in the units of the data; the beginning of a text",
        .flags = ARG_MANY},
    [SAMPLE] = {.name = "sample",
        .kind = ARG_INT,
        .help = "a row of the data instead",
        .min = 0,
        .max = 1e9,
        .flags = ARG_KEY_ONLY},
    [COUNT] = {.name = "n",
        .kind = ARG_INT,
        .help = "how many characters to go on with",
        .min = 1,
        .max = 1e6,
        .fallback = 80,
        .flags = ARG_KEY_ONLY},
    [TEMPERATURE] = {.name = "temperature",
        .kind = ARG_REAL,
        .help = "0: always the likeliest character; more: bolder",
        .min = 0,
        .max = 10,
        .fallback = 1,
        .flags = ARG_KEY_ONLY},
    {0},
};

/* Without data nobody knows the units: the values are what the network reads. */
static bool plain_inputs(const char *const *word, size_t count, float *x, size_t inputs, struct error *e)
{
    double number;
    if (count != inputs)
        return error_set(
            e, "the network reads %zu %s, not %zu", inputs, inputs == 1 ? "value" : "values", count);
    for (size_t i = 0; i < count; i++) {
        char brief[WORD_BRIEF];
        if (!number_parse(word[i], &number))
            return error_set(e, "value %zu must be a number, not '%s'", i + 1, word_brief(word[i], brief));
        x[i] = (float)number;
    }
    return true;
}

static bool read_inputs(struct repl *r, const struct args *a, float *x, size_t inputs, struct error *e)
{
    const struct data *d = session_reading(r->session);
    size_t count = (size_t)a->many_count;
    const char **word = memory_take(count, sizeof *word, "the inputs", e);
    if (!word)
        return false;
    for (size_t i = 0; i < count; i++)
        word[i] = a->many[i].text;
    bool ok = d && d->raw && shape_size(&d->shape) == inputs ? data_read_sample(d, word, count, x, e)
                                                             : plain_inputs(word, count, x, inputs, e);
    memory_free(word);
    return ok;
}

static bool sample_inputs(struct repl *r, double sample, float *x, size_t inputs, struct error *e)
{
    const struct data *d = r->session->data;
    char has[SHAPE_TEXT];
    if (!d)
        return error_set(e, "there are no data yet: try `data circle`");
    if (sample >= (double)d->n) {
        error_set(e, "'%s' has the samples 0 to %zu", d->name, d->n - 1);
        return blame_key(r, "sample", e);
    }
    if (shape_size(&d->shape) != inputs)
        return error_set(e, "the model reads %zu values, but '%s' has samples of %s: `input %s` fits them",
            inputs, d->name, shape_text(&d->shape, has), has);
    memcpy(x, d->x + (size_t)sample * inputs, inputs * sizeof *x);
    return true;
}

/* The answer in the words of d, which may be NULL; beside it the truth of a row of d. */
static void print_prediction(struct repl *r, const struct data *d, const float *y, size_t K, long sample)
{
    const struct model *m = session_network(r->session)->model;
    bool one_hot = d && d->classes && head_encoding(m) == ENCODE_ONE_HOT && K == (size_t)d->classes;
    if (one_hot) {
        struct table t = {.align = "lr"};
        for (size_t k = 0; k < K; k++) {
            table_add(&t, "%s", d->class_name[k]);
            table_add(&t, "%.4f", (double)y[k]);
        }
        table_print(&t);
    } else {
        for (size_t k = 0; k < K; k++)
            out("%s%.6g", k ? " " : "", (double)y[k]);
        out("\n");
    }
    if (d && d->classes)
        out("%s", d->class_name[encoding_class(head_encoding(m), y, K)]);
    if (d && d->classes && sample >= 0)
        out(" (it is %s)", d->class_name[(int)d->t[sample]]);
    else if (d && sample >= 0)
        out("(it is %.6g)", (double)d->t[(size_t)sample * d->targets]);
    if (d && (d->classes || sample >= 0))
        out("\n");
}

static bool run_predict(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const struct model *m = session_network(r->session)->model;
    if (!m->built)
        return error_set(e, "the model has no input yet: `data NAME` or `input SHAPE`");
    const struct data *reading = session_reading(r->session);
    if (reading && reading->letters && !a->value[SAMPLE].given)
        return letters_write(r, a->many_count ? a->many[0].text : "", (size_t)a->value[COUNT].number,
            a->value[TEMPERATURE].number, e);
    size_t inputs = model_input_size(m), K = shape_size(&model_head(m)->out);
    long sample = a->value[SAMPLE].given ? (long)a->value[SAMPLE].number : -1;
    float *x = memory_take(inputs, sizeof *x, "the inputs", e),
          *y = memory_take(K, sizeof *y, "the outputs", e);
    const struct data *d = sample >= 0 ? r->session->data : session_reading(r->session);
    bool ok = x && y && (!d || data_head_fits(d, head_encoding(m), K, e));
    ok = ok &&
         (sample >= 0 ? sample_inputs(r, (double)sample, x, inputs, e) : read_inputs(r, a, x, inputs, e)) &&
         session_predict(r->session, x, 1, y, e);
    if (ok)
        print_prediction(r, d, y, K, sample);
    memory_free(x);
    memory_free(y);
    return ok;
}

const struct command predict_command = {
    .name = "predict",
    .summary = "asks the network about one sample",
    .details = "Values are typed in the units of the data; they are standardised as the training data were.\n"
               "A network that learnt a text goes on with the one that it is given: predict 'ROMEO:' n=200",
    .example = "predict 1 0",
    .before = "data circle; dense 4 tanh; dense 1 tanh; fit 10",
    .group = GROUP_TRAIN,
    .args = predict_args,
    .run = run_predict,
};

/* --- confusion ----------------------------------------------------------------------------------------- */

static const char *part_word(size_t i)
{
    static const char *const words[] = {"training", "held_out"};
    return i < 2 ? words[i] : NULL;
}

static const struct arg_row confusion_args[] = {
    {.name = "part", .kind = ARG_CHOICE, .help = "of the data", .choice = part_word, .initial = "held_out"},
    {0},
};

enum { CONFUSION_CLASSES = 26 };

static void confusion_row(struct table *t, const struct data *d, const uint64_t *m, int i)
{
    int n = d->classes;
    uint64_t row = 0, column = 0, hit = m[i * n + i];
    for (int k = 0; k < n; k++) {
        row += m[i * n + k];
        column += m[k * n + i];
    }
    double recall = row ? (double)hit / (double)row : NAN,
           precision = column ? (double)hit / (double)column : NAN;
    table_add(t, "%s", d->class_name[i]);
    for (int k = 0; k < n && n <= CONFUSION_CLASSES; k++)
        table_add(t, "%llu", (unsigned long long)m[i * n + k]);
    double scores[] = {precision, recall, row + column ? 2.0 * (double)hit / (double)(row + column) : NAN};
    for (int k = 0; k < 3; k++)
        if (isnan(scores[k]))
            table_add(t, "-");
        else
            table_add(t, "%.3f", scores[k]);
}

static bool run_confusion(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const struct data *d = r->session->data;
    if (!d || !d->classes)
        return error_set(e,
            d ? "'%s' has numbers as targets, so nothing can be confused: `evaluate` measures it"
              : "there are no data yet: try `data circle`",
            d ? d->name : "");
    enum part part = (enum part)a->value[0].number;
    if (part == PART_HELD_OUT && d->train == d->n)
        return error_set(e, "nothing is held out of '%s': `confusion training` counts the rest", d->name);
    struct scoring s = {.session = r->session};
    if (!loop_job(r, score, &s, e))
        return false;
    const struct tally *tally = part == PART_TRAIN ? &s.train : &s.held;
    if (!(tally->kinds & TALLY_CLASSES))
        return error_set(e, "no output of the network answers with one class: `evaluate` measures it");
    int shown = d->classes <= CONFUSION_CLASSES ? d->classes : 0;
    char align[CONFUSION_CLASSES + 5] = "l";
    memset(align + 1, 'r', (size_t)shown + 3);
    struct table t = {.align = align, .head = true};
    table_add(&t, "truth \\ answer");
    for (int k = 0; k < shown; k++)
        table_add(&t, "%s", d->class_name[k]);
    table_add(&t, "precision");
    table_add(&t, "recall");
    table_add(&t, "f1");
    for (int i = 0; i < d->classes; i++)
        confusion_row(&t, d, tally->memory->confusion, i);
    table_print(&t);
    out("%s: %llu samples\n", part == PART_TRAIN ? "the training part" : "the held-out part",
        (unsigned long long)tally->n);
    return true;
}

const struct command confusion_command = {
    .name = "confusion",
    .summary = "counts which class was taken for which",
    .details = "Rows are the truth, columns the network's answers. Precision: of the answers for a class, "
               "how many are\n"
               "right. Recall: of the class, how many are found. F1 is their harmonic mean.",
    .example = "confusion",
    .before = "data circle; dense 4 tanh; dense 1 tanh; fit 10",
    .group = GROUP_TRAIN,
    .args = confusion_args,
    .run = run_confusion,
};

/* --- gradcheck ----------------------------------------------------------------------------------------- */

static const struct arg_row gradcheck_args[] = {
    {.name = "parameters",
        .kind = ARG_INT,
        .help = "how many to nudge, spread over all; 0: every one",
        .min = 0,
        .max = 1e9,
        .fallback = 200},
    {0},
};

struct checking {
    struct session *session;
    size_t limit;
    struct gradcheck result;
};

static bool check(void *arg, const void *cancel, struct error *e)
{
    struct checking *k = arg;
    return session_gradcheck(k->session, k->limit, &k->result, e);
}

static bool run_gradcheck(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct checking k = {.session = r->session, .limit = (size_t)a->value[0].number};
    if (!loop_job(r, check, &k, e))
        return false;
    const struct model *m = session_network(r->session)->model;
    const struct gradcheck *g = &k.result;
    out("%zu parameters nudged\n", g->checked);
    out("relative error  mean %.3g  worst %.3g\n", g->mean, g->worst);
    if (g->checked)
        out("worst at %s of %s, element %zu: slope by nudging %.6g, by back-propagation %.6g\n",
            m->layer[g->layer].param[g->param].name, m->layer[g->layer].name, g->element, g->numeric,
            g->analytic);
    out("%s\n", !(g->mean < 0.01) ? "They differ: back-propagation is not the slope of this loss."
                : g->worst < 0.01 ? "They agree."
                                  : "They agree but for single ones, such as where relu has its kink.");
    return true;
}

const struct command gradcheck_command = {
    .name = "gradcheck",
    .summary = "nudges weights and compares the loss's slope with back-propagation's",
    .details = "An error below 0.01 is the noise of 32-bit numbers; kinks such as relu's at 0 can raise it "
               "here and there.",
    .example = "gradcheck 50",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_TRAIN,
    .args = gradcheck_args,
    .run = run_gradcheck,
};
