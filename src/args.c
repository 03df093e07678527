/* args.c - typed arguments: one word against one row (arg_read), and all words against a table (args_bind).
 *
 * Reading is a table of readers, one for each kind. Binding tries, for a word without KEY, the positional
 * rows in order; where no row takes it, a second look asks which row was meant, and that row's own reader
 * says what is wrong. So a message always speaks of the argument that the learner had in mind. */
#include "args.h"
#include "error.h"
#include "text.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLAME(e, word, ...) error_set_at(e, (word)->offset, (word)->length, __VA_ARGS__)

int args_count(const struct arg_row *rows)
{
    int count = 0;
    while (rows && rows[count].name)
        count++;
    return count;
}

int args_find(const struct arg_row *rows, const char *name)
{
    for (int i = 0; rows && rows[i].name; i++)
        if (!strcmp(rows[i].name, name))
            return i;
    return -1;
}

/* --- one word, one row --- */

static bool out_of_bounds(
    const char *what, const struct arg_row *row, const struct word *word, struct error *e)
{
    struct text bounds = {0};
    if (isfinite(row->min) && isfinite(row->max)) {
        text_add(&bounds, "between ");
        number_write(row->min, &bounds);
        text_add(&bounds, " and ");
        number_write(row->max, &bounds);
    } else {
        text_add(&bounds, isfinite(row->min) ? "at least " : "at most ");
        number_write(isfinite(row->min) ? row->min : row->max, &bounds);
    }
    char brief[WORD_BRIEF];
    BLAME(e, word, "%s: %s must be %s, not %s", what, row->name, text_get(&bounds),
        word_brief(word->text, brief));
    text_release(&bounds);
    return false;
}

static bool read_number(const char *what, const struct arg_row *row, const struct word *word,
    struct arg_value *out, struct error *e)
{
    static const char *const kind[] = {[ARG_INT] = "a whole number", [ARG_REAL] = "a number"};
    double number;
    char brief[WORD_BRIEF];
    word_brief(word->text, brief);
    if (word->quoted)
        return BLAME(e, word, "%s: %s must be %s, and quotes make a text: write %s without them", what,
            row->name, kind[row->kind], brief);
    if (!number_parse(word->text, &number))
        return BLAME(e, word, "%s: %s must be %s, not '%s'", what, row->name, kind[row->kind], brief);
    if ((row->min || row->max) && !(number >= row->min && number <= row->max))
        return out_of_bounds(what, row, word, e);
    if (row->kind == ARG_INT && (number != rint(number) || fabs(number) > 0x1p53))
        return BLAME(e, word, "%s: %s must be a whole number, not %s", what, row->name, brief);
    out->number = number + 0.0;
    return true;
}

static bool read_flag(const char *what, const struct arg_row *row, const struct word *word,
    struct arg_value *out, struct error *e)
{
    static const char *const yes[] = {"yes", "true", "1"}, *const no[] = {"no", "false", "0"};
    if (!word->key && !strcmp(word->text, row->name)) {
        out->number = 1;
        return true;
    }
    for (int i = 0; i < 3; i++)
        if (!strcmp(word->text, yes[i]) || !strcmp(word->text, no[i])) {
            out->number = !strcmp(word->text, yes[i]);
            return true;
        }
    char brief[WORD_BRIEF];
    return BLAME(
        e, word, "%s: %s must be yes or no, not '%s'", what, row->name, word_brief(word->text, brief));
}

static void add_choices(const struct arg_row *row, struct text *out)
{
    enum { SHOWN = 320 };
    const char *choice;
    for (size_t i = 0; (choice = row->choice(i)); i++) {
        if (out->length > SHOWN) {
            text_add(out, ", …");
            return;
        }
        text_addf(out, "%s%s", i ? ", " : "", choice);
    }
}

static bool unknown_choice(const struct arg_row *row, const struct word *word, struct error *e)
{
    char brief[WORD_BRIEF];
    word_brief(word->text, brief);
    const char *closest = args_closest(word->text, row->choice);
    if (closest)
        return BLAME(e, word, "unknown %s '%s'; did you mean '%s'?", row->name, brief, closest);
    struct text choices = {0};
    add_choices(row, &choices);
    BLAME(e, word, "unknown %s '%s'; it is one of: %s", row->name, brief, text_get(&choices));
    text_release(&choices);
    return false;
}

static bool read_choice(const char *what, const struct arg_row *row, const struct word *word,
    struct arg_value *out, struct error *e)
{
    const char *choice;
    for (size_t i = 0; (choice = row->choice(i)); i++)
        if (!strcmp(word->text, choice)) {
            out->text = choice;
            out->number = (double)i;
            return true;
        }
    return unknown_choice(row, word, e);
}

static bool is_name(const char *s)
{
    if (!isalpha((unsigned char)*s) && *s != '_')
        return false;
    while (isalnum((unsigned char)*s) || *s == '_' || *s == '-')
        s++;
    return !*s;
}

static bool read_name(const char *what, const struct arg_row *row, const struct word *word,
    struct arg_value *out, struct error *e)
{
    char brief[WORD_BRIEF];
    if (!is_name(word->text))
        return BLAME(e, word, "%s: %s must be a name (letters, digits, _ and -, a letter first), not '%s'",
            what, row->name, word_brief(word->text, brief));
    out->text = word->text;
    return true;
}

static bool read_text(const char *what, const struct arg_row *row, const struct word *word,
    struct arg_value *out, struct error *e)
{
    if (row->kind == ARG_FILE && !*word->text)
        return BLAME(e, word, "%s: %s must be the name of a file, and this one is empty", what, row->name);
    out->text = word->text;
    return true;
}

static bool read_shape(const char *what, const struct arg_row *row, const struct word *word,
    struct arg_value *out, struct error *e)
{
    char brief[WORD_BRIEF];
    if (word->quoted || !shape_parse(word->text, &out->shape))
        return BLAME(e, word, "%s: %s must be a shape such as 2 or 28x28x1, not '%s'", what, row->name,
            word_brief(word->text, brief));
    return true;
}

/* low..high: cut at the first ".." that leaves a number on both sides, for "1...5" is 1 to .5 or 1. to 5. */
static bool parse_range(const char *text, double *low, double *high)
{
    char part[80];
    if (strlen(text) >= sizeof part)
        return false;
    for (const char *dots = strstr(text, ".."); dots; dots = strstr(dots + 1, "..")) {
        snprintf(part, sizeof part, "%.*s", (int)(dots - text), text);
        if (number_parse(part, low) && number_parse(dots + 2, high))
            return true;
    }
    return false;
}

static bool read_range(const char *what, const struct arg_row *row, const struct word *word,
    struct arg_value *out, struct error *e)
{
    double low, high;
    char brief[WORD_BRIEF];
    word_brief(word->text, brief);
    if (word->quoted || !parse_range(word->text, &low, &high))
        return BLAME(e, word, "%s: %s must be a range such as 1e-4..0.1, not '%s'", what, row->name, brief);
    if (low > high)
        return BLAME(
            e, word, "%s: the range %s of %s must begin with its smaller end", what, brief, row->name);
    if ((row->min || row->max) && !(low >= row->min && high <= row->max))
        return out_of_bounds(what, row, word, e);
    out->number = low;
    out->high = high;
    return true;
}

static bool read_layer(const char *what, const struct arg_row *row, const struct word *word,
    struct arg_value *out, struct error *e)
{
    char brief[WORD_BRIEF];
    bool number = *word->text && !word->text[strspn(word->text, "0123456789")];
    if (!number && !is_name(word->text))
        return BLAME(e, word, "%s: %s must be the name or the number of a layer, not '%s'", what, row->name,
            word_brief(word->text, brief));
    out->text = word->text;
    return true;
}

bool arg_read(const char *what, const struct arg_row *row, const struct word *word, struct arg_value *out,
    struct error *e)
{
    static bool (*const reader[])(
        const char *, const struct arg_row *, const struct word *, struct arg_value *, struct error *) = {
        [ARG_INT] = read_number,
        [ARG_REAL] = read_number,
        [ARG_FLAG] = read_flag,
        [ARG_CHOICE] = read_choice,
        [ARG_NAME] = read_name,
        [ARG_TEXT] = read_text,
        [ARG_FILE] = read_text,
        [ARG_SHAPE] = read_shape,
        [ARG_RANGE] = read_range,
        [ARG_LAYER] = read_layer,
        [ARG_REST] = read_text,
        [ARG_COMMAND] = read_text,
    };
    struct arg_value value = {.given = true};
    if (!reader[row->kind](what, row, word, &value, e))
        return false;
    *out = value;
    return true;
}

/* --- all words, all rows --- */

struct binding {
    const char *what;
    const struct arg_row *rows;
    const struct word *words;
    int count;
    struct args args;
};

static bool any_text(const struct arg_row *row)
{
    return row->kind == ARG_TEXT || row->kind == ARG_FILE || row->kind == ARG_NAME ||
           row->kind == ARG_LAYER || row->kind == ARG_REST || row->kind == ARG_COMMAND;
}

static bool takes_rest(const struct arg_row *row)
{
    return row->kind == ARG_REST || row->kind == ARG_COMMAND;
}

/* Rows that a word without KEY may go to. */
static bool positional(const struct arg_row *row)
{
    return row->kind == ARG_FLAG || !(row->flags & ARG_KEY_ONLY);
}

static bool fits(const struct binding *b, int row, const struct word *word)
{
    const struct arg_row *r = &b->rows[row];
    if (r->kind == ARG_FLAG)
        return !word->quoted && !strcmp(word->text, r->name);
    struct arg_value value;
    return arg_read(b->what, r, word, &value, NULL);
}

/* The first open row that takes the word, or -1. A row that takes any text is barred once a row that the
 * word was surely meant for has refused it: a required one, a number out of bounds, or the list of words that
 * the rest of the command hangs on. */
static int row_for(const struct binding *b, const struct word *word)
{
    double number;
    bool numeric = !word->quoted && number_parse(word->text, &number), barred = false;
    for (int i = 0; b->rows[i].name; i++) {
        const struct arg_row *row = &b->rows[i];
        if (b->args.value[i].given || !positional(row) || (barred && any_text(row)))
            continue;
        if (fits(b, i, word))
            return i;
        bool number_row = row->kind == ARG_INT || row->kind == ARG_REAL;
        bool leads_rest = row->kind == ARG_CHOICE && row[1].name && takes_rest(&row[1]);
        barred = barred || row->flags & ARG_REQUIRED || (numeric && number_row) || leads_rest;
    }
    return -1;
}

static bool set_usage_error(
    const struct binding *b, const struct word *word, const char *sentence, struct error *e)
{
    struct text usage = {0};
    args_usage(b->rows, &usage);
    bool none = !args_count(b->rows);
    if (word)
        BLAME(e, word, "%s; usage: %s%s%s", sentence, b->what, none ? "" : " ", text_get(&usage));
    else
        error_set(e, "%s; usage: %s%s%s", sentence, b->what, none ? "" : " ", text_get(&usage));
    text_release(&usage);
    return false;
}

/* The name of a row that is close to the word, or NULL. `flags`: only flags may be written without a value.
 */
static const char *closest_row(const struct arg_row *rows, const char *word, bool flags)
{
    const char *best = NULL;
    int distance = (int)strnlen(word, 96) / 3 + 1;
    for (int i = 0; rows[i].name; i++) {
        int d = args_distance(word, rows[i].name);
        if (d < distance && (!flags || rows[i].kind == ARG_FLAG)) {
            distance = d;
            best = rows[i].name;
        }
    }
    return best;
}

/* Which open row a misfit was meant for: a number for a number, a misspelt word for its list, else the first
 * required row, else the first. -1 when every positional row is taken. */
static int likeliest_row(const struct binding *b, const struct word *word)
{
    double number;
    bool numeric = !word->quoted && number_parse(word->text, &number);
    int best = -1, best_score = 0;
    for (int i = 0; b->rows[i].name; i++) {
        const struct arg_row *row = &b->rows[i];
        if (b->args.value[i].given || !positional(row) || row->kind == ARG_FLAG)
            continue;
        if (any_text(row) && fits(b, i, word)) /* barred: a row before it is to blame */
            continue;
        bool number_row = row->kind == ARG_INT || row->kind == ARG_REAL;
        bool close = row->kind == ARG_CHOICE && args_closest(word->text, row->choice);
        int score = close || (numeric && number_row) ? 3 : row->flags & ARG_REQUIRED ? 2 : 1;
        if (score > best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

static bool left_over(const struct binding *b, const struct word *word, struct error *e)
{
    char brief[WORD_BRIEF], sentence[200];
    word_brief(word->text, brief);
    if (args_count(b->rows))
        snprintf(sentence, sizeof sentence, "too many words: '%s' is left over", brief);
    else
        snprintf(sentence, sizeof sentence, "%s takes no arguments: '%s' is left over", b->what, brief);
    return args_count(b->rows) ? set_usage_error(b, word, sentence, e) : BLAME(e, word, "%s", sentence);
}

/* No row takes words[at]: says what is wrong with it. */
static bool refuse(const struct binding *b, int at, struct error *e)
{
    const struct word *word = &b->words[at], *next = at + 1 < b->count ? word + 1 : NULL;
    int named = args_find(b->rows, word->text);
    if (named >= 0 && b->args.value[named].given)
        return BLAME(e, word, "%s: %s is given twice", b->what, word->text);
    if (named >= 0) {
        char brief[WORD_BRIEF] = "VALUE";
        next += next && !strcmp(next->text, "=") && at + 2 < b->count;
        if (next && !next->key)
            word_brief(next->text, brief);
        return BLAME(e, word, "%s: write %s=%s, in one word", b->what, word->text, brief);
    }
    int row = likeliest_row(b, word);
    bool misspelt_choice =
        row >= 0 && b->rows[row].kind == ARG_CHOICE && args_closest(word->text, b->rows[row].choice);
    const char *flag = misspelt_choice ? NULL : closest_row(b->rows, word->text, true);
    char brief[WORD_BRIEF];
    if (flag)
        return BLAME(e, word, "%s: unknown word '%s'; did you mean '%s'?", b->what,
            word_brief(word->text, brief), flag);
    struct arg_value ignored;
    if (row >= 0 && !arg_read(b->what, &b->rows[row], word, &ignored, e))
        return false;
    return left_over(b, word, e);
}

static bool takes_text(const struct arg_row *rows)
{
    for (; rows->name; rows++)
        if (rows->kind == ARG_TEXT || rows->kind == ARG_FILE)
            return true;
    return false;
}

static bool unknown_key(const struct binding *b, const struct word *word, struct error *e)
{
    char key[WORD_BRIEF], value[WORD_BRIEF];
    word_brief(word->key, key);
    word_brief(word->text, value);
    struct text rest = {0};
    const char *closest = closest_row(b->rows, word->key, false);
    if (closest)
        text_addf(&rest, "did you mean '%s='?", closest);
    else
        text_add(&rest, args_count(b->rows) ? "it takes " : "it takes no arguments");
    for (int i = 0; !closest && b->rows[i].name && rest.length < 200; i++)
        text_addf(&rest, "%s%s=", i ? ", " : "", b->rows[i].name);
    if (takes_text(b->rows))
        text_addf(&rest, " (a text or file name that holds = goes in quotes: \"%s=%s\")", key, value);
    BLAME(e, word, "%s has no argument '%s='; %s", b->what, key, text_get(&rest));
    text_release(&rest);
    return false;
}

static bool bind_key(struct binding *b, const struct word *word, struct error *e)
{
    int row = args_find(b->rows, word->key);
    if (row < 0 || takes_rest(&b->rows[row]))
        return unknown_key(b, word, e);
    if (b->args.value[row].given)
        return BLAME(e, word, "%s: %s is given twice", b->what, word->key);
    if (!*word->text && !word->quoted && b->rows[row].kind != ARG_TEXT)
        return BLAME(e, word, "%s: %s= needs a value right behind the =", b->what, word->key);
    return arg_read(b->what, &b->rows[row], word, &b->args.value[row], e);
}

/* The row that takes the raw rest, when it is the next one: every required row before it has its value. */
static int rest_row(const struct binding *b)
{
    for (int i = 0; b->rows[i].name; i++) {
        if (takes_rest(&b->rows[i]))
            return i;
        if (b->rows[i].flags & ARG_REQUIRED && !b->args.value[i].given)
            return -1;
    }
    return -1;
}

static void bind_rest(struct binding *b, int row, int at)
{
    b->args.value[row] = (struct arg_value){.given = true, .text = b->words[at].text};
    b->args.many = b->words + at;
    b->args.many_count = b->count - at;
    b->args.rest_offset = b->words[at].offset;
}

/* Takes words[at] and as many behind it as have no KEY; returns how many, 0 on an error. */
static int bind_many(struct binding *b, int row, int at, struct error *e)
{
    int taken = 0;
    for (; at + taken < b->count && !b->words[at + taken].key; taken++) {
        struct arg_value value;
        if (taken && row_for(b, &b->words[at + taken]) >= 0 && b->rows[row].kind == ARG_CHOICE &&
            !fits(b, row, &b->words[at + taken]))
            break;
        if (!arg_read(b->what, &b->rows[row], &b->words[at + taken], &value, e))
            return 0;
        if (!taken)
            b->args.value[row] = value;
    }
    b->args.many = b->words + at;
    b->args.many_count = taken;
    return taken;
}

static bool bind_words(struct binding *b, struct error *e)
{
    for (int i = 0; i < b->count;) {
        const struct word *word = &b->words[i];
        bool known_key = word->key && args_find(b->rows, word->key) >= 0;
        int rest = rest_row(b), row = word->key ? -1 : row_for(b, word);
        if (rest >= 0 && !known_key && (word->key || row == rest)) {
            bind_rest(b, rest, i);
            return true;
        }
        if (word->key ? !bind_key(b, word, e) : row < 0 && !refuse(b, i, e))
            return false;
        int taken = 1;
        if (row >= 0 && b->rows[row].flags & ARG_MANY)
            taken = bind_many(b, row, i, e);
        else if (row >= 0 && !arg_read(b->what, &b->rows[row], word, &b->args.value[row], e))
            return false;
        if (!taken)
            return false;
        i += taken;
    }
    return true;
}

static void set_fallback(const struct arg_row *row, struct arg_value *value)
{
    *value = (struct arg_value){.number = row->fallback, .text = row->initial};
    if (row->kind != ARG_CHOICE)
        return;
    value->number = -1;
    value->text = NULL;
    const struct word word = {.text = row->initial};
    struct arg_value found;
    if (row->initial && arg_read("", row, &word, &found, NULL)) {
        value->number = found.number;
        value->text = found.text;
    }
}

static bool missing(const struct binding *b, const struct arg_row *row, struct error *e)
{
    struct text sentence = {0};
    text_addf(
        &sentence, "%s needs %s%s%s", b->what, row->name, row->help ? ": " : "", row->help ? row->help : "");
    for (size_t i = 0; row->kind == ARG_CHOICE && row->choice(i) && sentence.length < 250; i++)
        text_addf(&sentence, "%s%s", i ? ", " : " (", row->choice(i));
    text_add(&sentence, row->kind == ARG_CHOICE ? ")" : "");
    set_usage_error(b, NULL, text_get(&sentence), e);
    text_release(&sentence);
    return false;
}

bool args_bind(const char *what, const struct arg_row *rows, const struct word *words, int count,
    struct args *out, struct error *e)
{
    static const struct arg_row none[] = {{0}};
    struct binding b = {
        .what = what,
        .rows = rows ? rows : none,
        .words = words,
        .count = count,
        .args = {.rest = "", .rest_offset = -1},
    };
    if (args_count(b.rows) > ARGS_MAX)
        return error_set(e, "%s has more than %d arguments", what, ARGS_MAX);
    if (!bind_words(&b, e))
        return false;
    for (int i = 0; b.rows[i].name; i++) {
        if (b.args.value[i].given)
            continue;
        if (b.rows[i].flags & ARG_REQUIRED)
            return missing(&b, &b.rows[i], e);
        set_fallback(&b.rows[i], &b.args.value[i]);
    }
    *out = b.args;
    return true;
}
