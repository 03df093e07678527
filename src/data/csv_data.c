/* csv_data.c - a table of cells to a data set: `data csv FILE target=COLUMN`.
 *
 * In four passes over the cells: what kind each column is; which rows have everything that is needed; which
 * words the text columns hold; and at last the numbers. A text column becomes one input for each of its
 * words, 1 where the row has that word. Number columns are standardised, on the training part (data_finish).
 * What was dropped, filled or encoded is said in the note. */
#include "../error.h"
#include "../io/file.h"
#include "../memory.h"
#include "../text.h"
#include "csv.h"
#include "source.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { INPUT_WORDS = 256, CLASSES = 1000, NOTES = 12 };

struct import {
    const struct csv_options *options;
    const atomic_bool *cancel;
    struct csv csv;
    struct csv_column *column; /* [csv.columns] */
    bool *keep;                /* [csv.rows] */
    int target;
    bool classes;
    size_t kept, filled, width;
};

static bool cancelled(const struct import *m, size_t row, struct error *e)
{
    return row % 4096 == 0 && data_cancelled(m->cancel, e);
}

/* A column by name for a message. */
static const char *brief(const struct csv_column *c, char out[WORD_BRIEF])
{
    return word_brief(c->name, out);
}

/* --- which columns --- */

static bool ignore_columns(struct import *m, struct error *e)
{
    const char *names = m->options->ignore;
    while (names && *names) {
        size_t length = strcspn(names, ",");
        char name[256];
        snprintf(name, sizeof name, "%.*s", (int)(length < 255 ? length : 255), names);
        int column = csv_find(&m->csv, "ignore", name, e);
        if (column < 0)
            return false;
        if (column == m->target)
            return error_set(e, "ignore: '%s' is the target, and cannot be left out", name);
        m->column[column].ignored = true;
        names += length + (names[length] == ',');
    }
    return true;
}

static bool choose_columns(struct import *m, struct error *e)
{
    size_t inputs = 0;
    m->target = csv_find(&m->csv, "target", m->options->target, e);
    if (m->target < 0)
        return false;
    for (size_t c = 0; c < m->csv.columns; c++)
        m->column[c].name = m->csv.name[c];
    if (!ignore_columns(m, e))
        return false;
    for (size_t c = 0; c < m->csv.columns; c++)
        inputs += (int)c != m->target && !m->column[c].ignored;
    if (m->csv.columns == 1)
        return error_set(e,
            "it has one column only, and needs a target and inputs: do its fields stand apart by "
            "something else than , ; or tab?");
    return inputs || error_set(e, "every column but the target is ignored: no inputs are left");
}

/* --- pass 1: which rows --- */

static bool row_is_whole(struct import *m, size_t row)
{
    bool whole = true;
    const char *cell = csv_row(&m->csv, row);
    for (size_t c = 0; c < m->csv.columns; c++, cell = csv_next(cell)) {
        if (m->column[c].ignored || !csv_is_missing(cell))
            continue;
        m->column[c].missing++;
        whole = whole && (int)c != m->target && m->options->missing != CSV_MISSING_DROP;
    }
    return whole;
}

static bool refuse_all_dropped(const struct import *m, struct error *e)
{
    const struct csv_column *worst = &m->column[0];
    for (size_t c = 1; c < m->csv.columns; c++)
        if (!m->column[c].ignored && m->column[c].missing > worst->missing)
            worst = &m->column[c];
    char name[WORD_BRIEF];
    return error_set(e,
        "every row misses a value, column '%s' in %zu of %zu: fill them with missing=mean, or leave the "
        "column out with ignore=%s",
        brief(worst, name), worst->missing, m->csv.rows, name);
}

static bool choose_rows(struct import *m, struct error *e)
{
    for (size_t r = 0; r < m->csv.rows; r++) {
        if (cancelled(m, r, e))
            return false;
        m->keep[r] = row_is_whole(m, r);
        m->kept += m->keep[r];
    }
    return m->kept || refuse_all_dropped(m, e);
}

/* --- pass 2: what kind --- */

static void count_cell(const struct import *m, struct csv_column *c, const char *cell, size_t row)
{
    double number;
    if (csv_is_missing(cell))
        return;
    if (csv_number(&m->csv, cell, &number)) {
        c->numbers++;
    } else if (!c->texts++) {
        c->text_row = row;
        c->text_cell = cell;
    }
}

static bool check_kind(const struct import *m, const struct csv_column *c, struct error *e)
{
    char name[WORD_BRIEF];
    if (!c->numbers && !c->texts)
        return error_set(e, "column '%s' is empty: leave it out with ignore=%s", brief(c, name), name);
    return true;
}

static bool find_kinds(struct import *m, struct error *e)
{
    for (size_t r = 0; r < m->csv.rows; r++) {
        if (cancelled(m, r, e))
            return false;
        const char *cell = csv_row(&m->csv, r);
        for (size_t c = 0; m->keep[r] && c < m->csv.columns; c++, cell = csv_next(cell))
            if (!m->column[c].ignored)
                count_cell(m, &m->column[c], cell, r);
    }
    for (size_t c = 0; c < m->csv.columns; c++) {
        if (!m->column[c].ignored && !check_kind(m, &m->column[c], e))
            return false;
        m->column[c].text = m->column[c].texts > 0;
    }
    return true;
}

/* Text is classes, numbers are numbers, unless task= says otherwise. */
static bool choose_task(struct import *m, struct error *e)
{
    const struct csv_column *t = &m->column[m->target];
    char name[WORD_BRIEF], cell[WORD_BRIEF];
    if (m->options->task == CSV_TASK_REGRESSION && t->text)
        return error_set(e, "task=regression needs numbers, but line %u of the target '%s' holds '%s'",
            m->csv.line[t->text_row], brief(t, name), word_brief(t->text_cell, cell));
    m->classes = t->text || m->options->task == CSV_TASK_CLASSIFICATION;
    return true;
}

/* --- pass 3: which words --- */

static bool refuse_words(const struct import *m, const struct csv_column *c, struct error *e)
{
    char name[WORD_BRIEF], cell[WORD_BRIEF];
    bool target = c == &m->column[m->target];
    brief(c, name);
    if (target && !c->text)
        return error_set(e,
            "the target '%s' has more than %d different numbers, too many for classes: use "
            "task=regression",
            name, CLASSES);
    word_brief(c->text_cell, cell);
    if (target)
        return error_set(e,
            "the target '%s' is text (line %u holds '%s') with more than %d different words: too "
            "many for classes",
            name, m->csv.line[c->text_row], cell, CLASSES);
    return error_set(e,
        "column '%s' is text (line %u holds '%s') with more than %d different words, too many for an "
        "input each: leave it out with ignore=%s",
        name, m->csv.line[c->text_row], cell, INPUT_WORDS, name);
}

static bool gather_word(const struct import *m, struct csv_column *c, const char *cell, struct error *e)
{
    double number = 0;
    if (csv_is_missing(cell))
        return true;
    csv_number(&m->csv, cell, &number);
    if (!csv_words_add(&c->words, cell, number, e))
        return false;
    size_t most = c == &m->column[m->target] ? CLASSES : INPUT_WORDS;
    return c->words.count <= most || refuse_words(m, c, e);
}

static bool gather_words(struct import *m, struct error *e)
{
    m->column[m->target].words.numeric = !m->column[m->target].text;
    for (size_t r = 0; r < m->csv.rows; r++) {
        if (cancelled(m, r, e))
            return false;
        const char *cell = csv_row(&m->csv, r);
        for (size_t c = 0; m->keep[r] && c < m->csv.columns; c++, cell = csv_next(cell)) {
            struct csv_column *column = &m->column[c];
            bool wanted = (int)c == m->target ? m->classes : column->text && !column->ignored;
            if (wanted && !gather_word(m, column, cell, e))
                return false;
        }
    }
    return true;
}

static bool lay_out(struct import *m, struct error *e)
{
    const struct csv_column *t = &m->column[m->target];
    char name[WORD_BRIEF], word[WORD_BRIEF];
    if (m->classes && t->words.count == 1)
        return error_set(e,
            "the target '%s' is '%s' in every row that is left: there is nothing to tell apart",
            brief(t, name), word_brief(t->words.word[0], word));
    for (size_t c = 0; c < m->csv.columns; c++) {
        struct csv_column *column = &m->column[c];
        if ((int)c == m->target || column->ignored)
            continue;
        column->at = m->width;
        column->width = column->text ? column->words.count : 1;
        m->width += column->width;
    }
    return m->width || error_set(e, "no inputs are left");
}

/* --- pass 4: numbers --- */

static bool read_cell(const struct import *m, const struct csv_column *c, const char *cell, size_t row,
    float *out, struct error *e)
{
    double number = 0;
    csv_number(&m->csv, cell, &number);
    if (fabs(number) > FLT_MAX) {
        char name[WORD_BRIEF], value[WORD_BRIEF];
        return error_set(e, "line %u, column '%s': %s is too large (numbers go to 3.4e38)", m->csv.line[row],
            brief(c, name), word_brief(cell, value));
    }
    *out = (float)number;
    return true;
}

static bool fill_input(
    struct import *m, const struct csv_column *c, const char *cell, size_t row, float *x, struct error *e)
{
    bool missing = csv_is_missing(cell);
    m->filled += missing;
    if (c->text) {
        long place = missing ? -1 : csv_words_find(&c->words, cell, 0);
        if (place >= 0)
            x[c->at + (size_t)place] = 1;
        return true;
    }
    x[c->at] = NAN; /* data_finish() puts the mean there */
    return missing || read_cell(m, c, cell, row, &x[c->at], e);
}

static bool fill_target(const struct import *m, const char *cell, size_t row, float *t, struct error *e)
{
    const struct csv_column *c = &m->column[m->target];
    double number = 0;
    if (!m->classes)
        return read_cell(m, c, cell, row, t, e);
    csv_number(&m->csv, cell, &number);
    *t = (float)csv_words_find(&c->words, cell, number);
    return true;
}

static bool fill_rows(struct import *m, struct data *d, struct error *e)
{
    size_t i = 0;
    for (size_t r = 0; r < m->csv.rows; r++) {
        if (cancelled(m, r, e))
            return false;
        if (!m->keep[r])
            continue;
        const char *cell = csv_row(&m->csv, r);
        for (size_t c = 0; c < m->csv.columns; c++, cell = csv_next(cell)) {
            const struct csv_column *column = &m->column[c];
            bool ok = (int)c == m->target
                          ? fill_target(m, cell, r, &d->t[i], e)
                          : column->ignored || fill_input(m, column, cell, r, d->raw_x + i * d->raw, e);
            if (!ok)
                return false;
        }
        i++;
    }
    return true;
}

/* --- names and notes --- */

static bool name_inputs(const struct import *m, struct data *d, struct error *e)
{
    char name[WORD_BRIEF], word[WORD_BRIEF], both[2 * WORD_BRIEF];
    for (size_t c = 0; c < m->csv.columns; c++) {
        const struct csv_column *column = &m->column[c];
        brief(column, name);
        for (size_t k = 0; k < column->width; k++) {
            if (column->text)
                snprintf(both, sizeof both, "%s=%s", name, word_brief(column->words.word[k], word));
            if (!data_name(&d->raw_name[column->at + k], column->text ? both : name, e))
                return false;
        }
    }
    return true;
}

static bool name_columns(const struct import *m, struct data *d, struct error *e)
{
    char name[WORD_BRIEF];
    size_t inputs = 0, i = 0;
    for (size_t c = 0; c < m->csv.columns; c++)
        inputs += m->column[c].width > 0;
    if (!data_take_columns(d, inputs, e))
        return false;
    for (size_t c = 0; c < m->csv.columns; c++) {
        const struct csv_column *from = &m->column[c];
        if (!from->width)
            continue;
        d->column[i] = (struct data_column){.at = from->at, .width = from->width, .text = from->text};
        if (!data_name(&d->column[i++].name, brief(from, name), e))
            return false;
    }
    return true;
}

static bool name_all(const struct import *m, struct data *d, struct error *e)
{
    const struct csv_column *t = &m->column[m->target];
    char name[WORD_BRIEF];
    for (int k = 0; k < d->classes; k++)
        if (!data_name(&d->class_name[k], word_brief(t->words.word[k], name), e))
            return false;
    return data_name(&d->target_name[0], brief(t, name), e) && name_columns(m, d, e) && name_inputs(m, d, e);
}

static bool column_is_constant(const struct data *d, size_t column)
{
    for (size_t i = 1; i < d->n; i++) {
        float value = d->raw_x[i * d->raw + column], first = d->raw_x[column];
        if (value != first && !(isnan(value) && isnan(first)))
            return false;
    }
    return true;
}

static void note_column(
    const struct import *m, const struct data *d, const struct csv_column *c, struct text *note)
{
    char name[WORD_BRIEF], cell[WORD_BRIEF];
    brief(c, name);
    if (c->text) {
        text_addf(note, "%s: text, one input for each of its %zu words\n", name, c->words.count);
        if (c->numbers > c->texts)
            text_addf(note, "%s: most of it are numbers, but line %u holds '%s'\n", name,
                m->csv.line[c->text_row], word_brief(c->text_cell, cell));
    }
    if (c->width == 1 && column_is_constant(d, c->at))
        text_addf(note, "%s: the same in every row\n", name);
}

static size_t count_lines(const struct text *t)
{
    size_t lines = 0;
    for (const char *s = text_get(t); *s; s++)
        lines += *s == '\n';
    return lines;
}

static bool write_note(const struct import *m, struct data *d, struct error *e)
{
    struct text note = {0};
    size_t dropped = m->csv.rows - m->kept;
    if (!m->csv.header)
        text_addf(&note, "no header: the columns are called %s, %s, …\n", m->csv.name[0], m->csv.name[1]);
    if (dropped)
        text_addf(&note, "%zu of %zu rows dropped, which miss %s\n", dropped, m->csv.rows,
            m->options->missing == CSV_MISSING_DROP ? "a value" : "the target");
    if (m->filled)
        text_addf(&note, "%zu missing values filled: numbers with their column's mean, text with no word\n",
            m->filled);
    for (size_t c = 0; c < m->csv.columns; c++) {
        if (m->column[c].width && count_lines(&note) < NOTES)
            note_column(m, d, &m->column[c], &note);
        else if (m->column[c].width && count_lines(&note) == NOTES)
            text_add(&note, "…\n");
    }
    if (note.length)
        note.data[--note.length] = '\0';
    bool ok = note.failed ? error_set(e, "not enough memory for the notes on the data")
                          : data_name(&d->note, text_get(&note), e);
    text_release(&note);
    return ok;
}

/* --- all of it --- */

static bool analyse(struct import *m, struct error *e)
{
    m->column = memory_take(m->csv.columns, sizeof *m->column, "the columns of the file", e);
    m->keep = m->column ? memory_take(m->csv.rows, sizeof *m->keep, "the rows of the file", e) : NULL;
    return m->keep && choose_columns(m, e) && choose_rows(m, e) && find_kinds(m, e) && choose_task(m, e) &&
           gather_words(m, e) && lay_out(m, e);
}

static struct data *build(struct import *m, const char *name, uint64_t seed, struct error *e)
{
    int classes = m->classes ? (int)m->column[m->target].words.count : 0;
    struct data *d = data_begin(name, m->kept, m->width, classes, 1, e);
    bool *standardise = d ? memory_take(m->width, sizeof *standardise, "the columns of the file", e) : NULL;
    if (!standardise || !fill_rows(m, d, e) || !name_all(m, d, e) || !write_note(m, d, e)) {
        memory_free(standardise);
        data_unref(d);
        return NULL;
    }
    for (size_t c = 0; c < m->csv.columns; c++)
        if (m->column[c].width && !m->column[c].text)
            standardise[m->column[c].at] = true;
    d = data_finish(d,
        &(struct data_finish){.shuffle = true,
            .stratify = true,
            .split = m->options->split,
            .seed = seed,
            .standardise = standardise,
            .cancel = m->cancel},
        e);
    memory_free(standardise);
    return d;
}

struct data *data_from_csv(char *bytes, size_t length, const char *name, const struct csv_options *options,
    uint64_t seed, const atomic_bool *cancel, struct error *e)
{
    struct import m = {.options = options, .cancel = cancel};
    struct data *d = NULL;
    bool parsed = csv_parse(bytes, length, options->separator, options->header, cancel, &m.csv, e);
    if (parsed && analyse(&m, e))
        d = build(&m, name, seed, e);
    for (size_t c = 0; m.column && c < m.csv.columns; c++)
        csv_words_release(&m.column[c].words);
    memory_free(m.column);
    memory_free(m.keep);
    csv_release(&m.csv);
    if (!d && !(cancel && atomic_load(cancel))) {
        char brief_name[WORD_BRIEF];
        error_prefix(e, "%s", word_brief(name, brief_name));
    }
    return d;
}

/* --- the source --- */

static const char *const tasks[] = {"classification", "regression"};
static const char *const missings[] = {"drop", "mean"};
static const char *const headers[] = {"yes", "no"};
static const struct {
    const char *name;
    char byte;
} separators[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {",", ','}, {";", ';'}};

static const char *task_choice(size_t i)
{
    return i < 2 ? tasks[i] : NULL;
}

static const char *missing_choice(size_t i)
{
    return i < 2 ? missings[i] : NULL;
}

static const char *header_choice(size_t i)
{
    return i < 2 ? headers[i] : NULL;
}

static const char *separator_choice(size_t i)
{
    return i < sizeof separators / sizeof *separators ? separators[i].name : NULL;
}

enum { FILE_ROW, TARGET, TASK, MISSING, IGNORE, SEPARATOR, HEADER, SPLIT };

static const struct arg_row csv_rows[] = {
    [FILE_ROW] = {"file", ARG_FILE, "a table of text, such as spreadsheets write", .flags = ARG_REQUIRED},
    [TARGET] = {"target", ARG_TEXT, "the column to learn: its name, or its number from 0",
        .flags = ARG_REQUIRED | ARG_KEY_ONLY},
    [TASK] = {"task", ARG_CHOICE, "classes or numbers; by default text is classes", .choice = task_choice,
        .flags = ARG_KEY_ONLY},
    [MISSING] = {"missing", ARG_CHOICE, "drop rows that miss a value, or fill in the mean",
        .choice = missing_choice, .initial = "drop", .flags = ARG_KEY_ONLY},
    [IGNORE] = {"ignore", ARG_TEXT, "columns to leave out: a,b,c", .flags = ARG_KEY_ONLY},
    [SEPARATOR] = {"separator", ARG_CHOICE, "what stands between fields; found out by default",
        .choice = separator_choice, .flags = ARG_KEY_ONLY},
    [HEADER] = {"header", ARG_CHOICE, "whether the first line holds names; found out by default",
        .choice = header_choice, .flags = ARG_KEY_ONLY},
    [SPLIT] = DATA_ROW_SPLIT(0.2),
    {0},
};

static struct data *make_csv(
    const struct args *args, uint64_t seed, const atomic_bool *cancel, struct error *e)
{
    const struct arg_value *v = args->value;
    const char *path = v[FILE_ROW].text, *slash = strrchr(path, '/');
    struct csv_options options = {
        .target = v[TARGET].text,
        .ignore = v[IGNORE].text,
        .task = v[TASK].given ? (enum csv_task)(v[TASK].number + 1) : CSV_TASK_GUESS,
        .missing = (enum csv_missing)v[MISSING].number,
        .separator = v[SEPARATOR].given ? separators[(int)v[SEPARATOR].number].byte : 0,
        .header = v[HEADER].given ? (enum csv_header)(v[HEADER].number + 1) : CSV_HEADER_GUESS,
        .split = v[SPLIT].number,
    };
    char *bytes;
    size_t length;
    if (!file_read(path, CSV_LIMIT, &bytes, &length, e))
        return NULL;
    return data_from_csv(bytes, length, slash ? slash + 1 : path, &options, seed, cancel, e);
}

const struct data_source data_csv = {
    .name = "csv",
    .summary = "a table in a file of your own",
    .example = "data csv iris.csv target=species split=0.3",
    .args = csv_rows,
    .make = make_csv,
};
