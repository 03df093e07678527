/* letters.c - `data text FILE`: a text as windows of characters, each labelled with the next one.
 *
 * The vocabulary is what occurs in the file, in the order of its code points; input and target hold each
 * character's number. Windows of `length` characters lie end to end and, while training, start at another
 * offset each epoch (data.h: slide). What is held out is the end of the text: taken from its middle, it would
 * stand beside windows that trained. */
#include "../error.h"
#include "../io/file.h"
#include "../memory.h"
#include "../text.h"
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_ARG, LENGTH, SPLIT };
enum { TEXT_BYTES = 1 << 30, VOCABULARY = 4096, CODES = 0x110000 };

struct letters {
    uint32_t *code; /* [count] code points, then their numbers in the vocabulary */
    size_t count;
    uint32_t *number; /* [CODES] 1 + number of a code point that occurs */
    size_t words;
};

/* --- reading --- */

/* Whole UTF-8 characters; bytes that are none stand for themselves as U+FFFD. */
static bool decode(const char *bytes, size_t length, struct letters *l, struct error *e)
{
    l->code = memory_take(length, sizeof *l->code, "the characters of the text", e);
    for (size_t i = 0; l->code && i < length;)
        l->code[l->count++] = utf8_next(bytes, length, &i) % CODES;
    return l->code;
}

/* Numbers the code points that occur, in their order, and puts the numbers in their place. */
static bool number_codes(struct letters *l, struct error *e)
{
    l->number = memory_take(CODES, sizeof *l->number, "the vocabulary", e);
    if (!l->number)
        return false;
    for (size_t i = 0; i < l->count; i++)
        l->number[l->code[i]] = 1;
    for (size_t c = 0; c < CODES; c++)
        if (l->number[c])
            l->number[c] = (uint32_t)++l->words;
    if (l->words < 2 || l->words > VOCABULARY)
        return error_set(
            e, "the text has %zu different characters; it takes 2 to %d to learn from", l->words, VOCABULARY);
    return true;
}

static bool name_classes(struct data *d, const struct letters *l, struct error *e)
{
    char name[5];
    for (uint32_t c = 0; c < CODES; c++)
        if (l->number[c]) {
            utf8_write(c, name);
            if (!data_name(&d->class_name[l->number[c] - 1], name, e))
                return false;
        }
    return true;
}

/* --- windows --- */

struct windows {
    size_t length, train, held;
    size_t held_at; /* the first character of the held-out part */
};

static bool cut(const struct letters *l, const struct args *a, struct windows *w, struct error *e)
{
    w->length = (size_t)a->value[LENGTH].number;
    size_t windows = l->count ? (l->count - 1) / w->length : 0;
    if (windows < 2)
        return error_set(e,
            "the text has %zu characters: with windows of %zu it takes %zu or more; `length=` makes them "
            "shorter",
            l->count, w->length, 2 * w->length + 1);
    w->train = data_train_count(windows, a->value[SPLIT].number);
    w->held = windows - w->train;
    w->held_at = w->train * w->length;
    return true;
}

/* Inputs are the characters, targets those behind them. */
static void fill(struct data *d, const struct letters *l)
{
    for (size_t i = 0; i < d->n * d->targets; i++) {
        d->x[i] = (float)(l->number[l->code[i]] - 1);
        d->t[i] = (float)(l->number[l->code[i + 1]] - 1);
    }
}

static struct data *make_windows(
    const char *path, const struct letters *l, const struct windows *w, uint64_t seed, struct error *e)
{
    const char *slash = strrchr(path, '/');
    struct data *d = data_begin(slash ? slash + 1 : path, w->train + w->held, 0, (int)l->words, w->length, e);
    if (!d)
        return NULL;
    d->shape = shape_of(1, (int)w->length);
    d->train = w->train;
    d->slide = w->length - 1;
    d->letters = true;
    d->seed = seed;
    d->x = memory_take(d->n * w->length, sizeof *d->x, "the inputs of the data", e);
    if (d->x && name_classes(d, l, e) && data_default_names(d, e)) {
        fill(d, l);
        return d;
    }
    data_unref(d);
    return NULL;
}

static bool add_note(struct data *d, const struct letters *l, struct error *e)
{
    char note[200];
    snprintf(note, sizeof note, "%zu characters, %zu different; %zu at the end are held out", l->count,
        l->words, (d->n - d->train) * d->targets);
    return data_name(&d->note, note, e);
}

static struct data *make_letters(
    const struct args *a, uint64_t seed, const atomic_bool *cancel, struct error *e)
{
    struct letters l = {0};
    struct windows w = {0};
    struct data *d = NULL;
    char *bytes = NULL;
    size_t length = 0;
    const char *path = a->value[FILE_ARG].text;
    bool ok = file_read(path, TEXT_BYTES, &bytes, &length, e) && !data_cancelled(cancel, e) &&
              decode(bytes, length, &l, e) && cut(&l, a, &w, e) && !data_cancelled(cancel, e) &&
              number_codes(&l, e);
    if (ok)
        d = make_windows(path, &l, &w, seed, e);
    if (d && !add_note(d, &l, e)) {
        data_unref(d);
        d = NULL;
    }
    memory_free(bytes);
    memory_free(l.code);
    memory_free(l.number);
    return d;
}

static const struct arg_row args[] = {
    [FILE_ARG] = {.name = "file", .kind = ARG_FILE, .help = "a text in UTF-8", .flags = ARG_REQUIRED},
    [LENGTH] = {.name = "length",
        .kind = ARG_INT,
        .help = "characters of a window",
        .min = 1,
        .max = 65536,
        .fallback = 64,
        .flags = ARG_KEY_ONLY},
    [SPLIT] = DATA_ROW_SPLIT(0.1),
    {0},
};

const struct data_source data_text = {
    .name = "text",
    .summary = "a text, character by character: what comes next?",
    .example = "data text shakespeare.txt length=64",
    .args = args,
    .make = make_letters,
};
