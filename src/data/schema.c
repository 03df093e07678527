/* schema.c - how a sample is read, as JSON and back: it travels with saved weights.
 *
 *     {"name": "flights.csv", "columns": [{"name": "year", "mean": 1954.2, "deviation": 3.4},
 *      {"name": "month", "words": ["April", "August"]}], "features": ["x1", "x2"],
 *      "targets": ["passengers"], "classes": []}
 *
 * A text has its length and its characters: {"name": "plays.txt", "letters": 64, "classes": ["\n", " ",
 * "a"]}. Without it a loaded network could not tell what its inputs were called, how they were scaled, or
 * which word its outputs stand for. What is read comes from a file of anybody: every kind, number and length
 * is checked.
 */
#include "../error.h"
#include "../memory.h"
#include "../text.h"
#include "source.h"

#include <cjson/cJSON.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SCHEMA_BYTES = 16 << 20, SCHEMA_RAW = 1 << 20, SCHEMA_CLASSES = 1000, SCHEMA_LETTERS = 65536 };

/* --- writing --- */

static void add_texts(cJSON *object, const char *key, char *const *text, size_t count)
{
    cJSON *list = cJSON_AddArrayToObject(object, key);
    for (size_t i = 0; i < count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(text[i]));
}

static cJSON *number_column(const struct data *d, const char *name, size_t at)
{
    cJSON *column = cJSON_CreateObject();
    cJSON_AddStringToObject(column, "name", name);
    cJSON_AddNumberToObject(column, "mean", (double)d->mean[at]);
    cJSON_AddNumberToObject(column, "deviation", (double)d->deviation[at]);
    return column;
}

static cJSON *text_column(const struct data *d, const struct data_column *c)
{
    cJSON *column = cJSON_CreateObject();
    cJSON_AddStringToObject(column, "name", c->name);
    cJSON *words = cJSON_AddArrayToObject(column, "words");
    for (size_t k = 0; k < c->width; k++)
        cJSON_AddItemToArray(words, cJSON_CreateString(d->raw_name[c->at + k] + strlen(c->name) + 1));
    return column;
}

static void add_columns(cJSON *root, const struct data *d)
{
    cJSON *list = cJSON_AddArrayToObject(root, "columns");
    for (size_t i = 0; i < d->columns; i++) {
        const struct data_column *c = &d->column[i];
        cJSON_AddItemToArray(list, c->text ? text_column(d, c) : number_column(d, c->name, c->at));
    }
    for (size_t i = 0; !d->columns && i < d->raw; i++)
        cJSON_AddItemToArray(list, number_column(d, d->raw_name[i], i));
}

static void write_letters(cJSON *root, const struct data *d)
{
    cJSON_AddNumberToObject(root, "letters", (double)d->targets);
    add_texts(root, "classes", d->class_name, (size_t)d->classes);
}

static void write_table(cJSON *root, const struct data *d)
{
    add_columns(root, d);
    cJSON *features = cJSON_AddArrayToObject(root, "features");
    for (int i = 0; d->plane && i < d->feature_count; i++)
        cJSON_AddItemToArray(features, cJSON_CreateString(feature_name((size_t)d->features[i])));
    add_texts(root, "targets", d->target_name, d->targets);
    add_texts(root, "classes", d->class_name, (size_t)d->classes);
}

void data_schema_write(const struct data *d, struct text *out)
{
    if (!d->raw && !d->letters)
        return;
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "name", d->name);
    (d->letters ? write_letters : write_table)(root, d);
    char *text = root ? cJSON_PrintUnformatted(root) : NULL;
    if (text && strlen(text) <= SCHEMA_BYTES)
        text_add(out, text);
    cJSON_free(text);
    cJSON_Delete(root);
}

/* --- reading --- */

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* A list of texts of usable length; its count, or -1. */
static long text_list(const cJSON *list)
{
    long count = 0;
    if (!cJSON_IsArray(list))
        return -1;
    for (const cJSON *item = list->child; item; item = item->next, count++)
        if (!cJSON_IsString(item) || strlen(item->valuestring) >= WORD_BRIEF)
            return -1;
    return count;
}

static bool read_float(const cJSON *item, float *out)
{
    if (!cJSON_IsNumber(item) || !(fabs(item->valuedouble) <= FLT_MAX))
        return false;
    *out = (float)item->valuedouble;
    return true;
}

/* Inputs that a column makes; 0 when it is damaged. */
static size_t column_width(const cJSON *column)
{
    const cJSON *name = member(column, "name"), *words = member(column, "words");
    if (!cJSON_IsString(name) || strlen(name->valuestring) >= WORD_BRIEF)
        return 0;
    long count = words ? text_list(words) : 1;
    return count > 0 ? (size_t)count : 0;
}

static bool read_words(struct data *d, const struct data_column *c, const cJSON *words, struct error *e)
{
    char name[2 * WORD_BRIEF + 2];
    size_t k = c->at;
    for (const cJSON *word = words->child; word; word = word->next, k++) {
        snprintf(name, sizeof name, "%s=%s", c->name, word->valuestring);
        d->deviation[k] = 1;
        if (!data_name(&d->raw_name[k], name, e))
            return false;
    }
    return true;
}

static bool read_column(struct data *d, struct data_column *c, const cJSON *from, struct error *e)
{
    const cJSON *words = member(from, "words");
    c->width = column_width(from);
    c->text = words;
    if (!data_name(&c->name, member(from, "name")->valuestring, e))
        return false;
    if (words)
        return read_words(d, c, words, e);
    if (!read_float(member(from, "mean"), &d->mean[c->at]) ||
        !read_float(member(from, "deviation"), &d->deviation[c->at]) || !(d->deviation[c->at] > 0))
        return error_set(e, "the scale of its input '%s' is damaged", c->name);
    return data_name(&d->raw_name[c->at], c->name, e);
}

static bool read_columns(struct data *d, const cJSON *list, struct error *e)
{
    size_t at = 0, i = 0;
    if (!data_take_columns(d, (size_t)cJSON_GetArraySize(list), e))
        return false;
    for (const cJSON *item = list->child; item; item = item->next, i++) {
        d->column[i].at = at;
        if (!read_column(d, &d->column[i], item, e))
            return false;
        at += d->column[i].width;
    }
    return true;
}

static int feature_index(const cJSON *item)
{
    for (int i = 0; feature_name((size_t)i); i++)
        if (!strcmp(item->valuestring, feature_name((size_t)i)))
            return i;
    return -1;
}

static bool read_features(struct data *d, const cJSON *list, struct error *e)
{
    d->plane = d->raw == 2;
    long count = text_list(list);
    if (count < 0 || count > DATA_FEATURES || (count > 0) != d->plane)
        return error_set(e, "its list of features is damaged");
    for (const cJSON *item = list->child; item; item = item->next) {
        int feature = feature_index(item);
        if (feature < 0)
            return error_set(e, "its feature '%s' is unknown", item->valuestring);
        d->features[d->feature_count++] = feature;
    }
    return true;
}

static bool read_names(char **name, const cJSON *list, struct error *e)
{
    for (const cJSON *item = list->child; item; item = item->next)
        if (!data_name(name++, item->valuestring, e))
            return false;
    return true;
}

/* The sizes, all checked; false with an error. */
static bool measure(const cJSON *root, size_t *raw, long *targets, long *classes, struct error *e)
{
    const cJSON *columns = member(root, "columns"), *name = member(root, "name");
    bool ok = cJSON_IsObject(root) && cJSON_IsString(name) && cJSON_IsArray(columns);
    *raw = 0;
    for (const cJSON *item = ok ? columns->child : NULL; item; item = item->next) {
        size_t width = column_width(item);
        ok = ok && width;
        *raw += width;
    }
    *targets = text_list(member(root, "targets"));
    *classes = text_list(member(root, "classes"));
    ok = ok && *raw && *raw <= SCHEMA_RAW && *targets > 0 && *classes >= 0 && *classes <= SCHEMA_CLASSES &&
         *classes != 1 && (!*classes || *targets == 1);
    return ok || error_set(e, "its description of the inputs is damaged");
}

/* The vocabulary of a text, and how long its windows are. */
static struct data *read_letters(const cJSON *root, struct error *e)
{
    const cJSON *length = member(root, "letters"), *name = member(root, "name");
    long classes = text_list(member(root, "classes"));
    bool ok = cJSON_IsNumber(length) && length->valuedouble >= 1 && length->valuedouble <= SCHEMA_LETTERS &&
              cJSON_IsString(name) && classes >= 2 && classes <= SCHEMA_LETTERS;
    if (!ok) {
        error_set(e, "its description of the text is damaged");
        return NULL;
    }
    size_t T = (size_t)length->valuedouble;
    struct data *d = data_begin(name->valuestring, 0, 0, (int)classes, T, e);
    if (!d)
        return NULL;
    d->shape = shape_of(1, (int)T);
    d->letters = true;
    if (read_names(d->class_name, member(root, "classes"), e) && data_default_names(d, e))
        return d;
    data_unref(d);
    return NULL;
}

static struct data *read_table(const cJSON *root, struct error *e)
{
    size_t raw;
    long targets, classes;
    if (!measure(root, &raw, &targets, &classes, e))
        return NULL;
    struct data *d = data_begin(member(root, "name")->valuestring, 0, raw, (int)classes, (size_t)targets, e);
    if (!d)
        return NULL;
    if (read_columns(d, member(root, "columns"), e) && read_features(d, member(root, "features"), e) &&
        read_names(d->target_name, member(root, "targets"), e) &&
        read_names(d->class_name, member(root, "classes"), e) && data_default_names(d, e) &&
        data_compute_inputs(d, e))
        return d;
    data_unref(d);
    return NULL;
}

struct data *data_schema_read(const char *json, struct error *e)
{
    size_t length = strlen(json);
    /* The tree takes at most so much: an item for every second byte. */
    double wanted = (double)length * (sizeof(cJSON) + 32) / 2;
    if (length > SCHEMA_BYTES || wanted > (double)memory_available()) {
        error_set(e, "its description of the inputs is too long");
        return NULL;
    }
    cJSON *root = cJSON_Parse(json);
    struct data *d = (member(root, "letters") ? read_letters : read_table)(root, e);
    cJSON_Delete(root);
    return d;
}
