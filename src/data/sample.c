/* sample.c - a sample as a person types it: a word for each column of the table, in the units of the source.
 *
 * A number column takes a number; a text column one of its words, which becomes a 1 among the inputs made of
 * that column. Data without a table have one column for each raw input. */
#include "../error.h"
#include "../memory.h"
#include "../text.h"
#include "source.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LISTED = 12 };

static size_t column_count(const struct data *d)
{
    return d->columns ? d->columns : d->raw;
}

static struct data_column column_at(const struct data *d, size_t i)
{
    return d->columns ? d->column[i] : (struct data_column){.name = d->raw_name[i], .at = i, .width = 1};
}

/* The word that the k-th input of a text column stands for. */
static const char *column_word(const struct data *d, const struct data_column *c, size_t k)
{
    return d->raw_name[c->at + k] + strlen(c->name) + 1;
}

/* A word that fits the column: of the first sample, or a typical one. */
static void add_example(const struct data *d, const struct data_column *c, struct text *out)
{
    size_t k = 0;
    while (d->n && c->text && k + 1 < c->width && d->raw_x[c->at + k] != 1)
        k++;
    if (c->text)
        text_addf(out, strchr(column_word(d, c, k), ' ') ? " \"%s\"" : " %s", column_word(d, c, k));
    else
        text_addf(out, " %.4g", d->n ? (double)d->raw_x[c->at] : (double)d->mean[c->at]);
}

static bool refuse_count(const struct data *d, size_t count, struct error *e)
{
    struct text names = {0}, example = {0};
    size_t wanted = column_count(d);
    for (size_t i = 0; i < wanted; i++) {
        struct data_column c = column_at(d, i);
        if (i < LISTED)
            text_addf(&names, "%s%s", i ? ", " : "", c.name);
        else if (i == LISTED)
            text_add(&names, ", …");
        add_example(d, &c, &example);
    }
    if (wanted <= LISTED)
        error_set(e, "%zu %s a sample (%s), not %zu: `predict%s`", wanted,
            wanted == 1 ? "value makes" : "values make", text_get(&names), count, text_get(&example));
    else
        error_set(e, "%zu values make a sample (%s), not %zu", wanted, text_get(&names), count);
    text_release(&names);
    text_release(&example);
    return false;
}

static bool refuse_word(const struct data *d, const struct data_column *c, const char *word, struct error *e)
{
    struct text words = {0};
    for (size_t k = 0; k < c->width && k <= LISTED; k++)
        text_addf(&words, "%s%s", k ? ", " : "", k < LISTED ? column_word(d, c, k) : "…");
    error_set(e, "%s: '%s' is none of its words: %s", c->name, word, text_get(&words));
    text_release(&words);
    return false;
}

static bool read_word(
    const struct data *d, const struct data_column *c, const char *word, float *raw, struct error *e)
{
    char brief[WORD_BRIEF];
    double number;
    word_brief(word, brief);
    if (!c->text) {
        if (!number_parse(word, &number) || !isfinite((float)number))
            return error_set(e, "%s must be a number, not '%s'", c->name, brief);
        raw[c->at] = (float)number;
        return true;
    }
    for (size_t k = 0; k < c->width; k++)
        if (!strcmp(column_word(d, c, k), brief)) {
            raw[c->at + k] = 1;
            return true;
        }
    return refuse_word(d, c, brief, e);
}

bool data_read_sample(const struct data *d, const char *const *word, size_t count, float *x, struct error *e)
{
    if (count != column_count(d))
        return refuse_count(d, count, e);
    float *raw = memory_take(d->raw, sizeof *raw, "the inputs", e);
    bool ok = raw;
    for (size_t i = 0; ok && i < count; i++) {
        struct data_column c = column_at(d, i);
        ok = read_word(d, &c, word[i], raw, e);
    }
    if (ok)
        data_inputs_at(d, raw, 1, x);
    memory_free(raw);
    return ok;
}
