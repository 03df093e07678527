/* safetensors.c - reading and checking a .safetensors file, and filling a state from it.
 *
 * The file is a length n (8 bytes, little-endian), a JSON object of n bytes, and the tensors' bytes without a
 * gap:
 *
 *     {"__metadata__": {"format": "gradus", …}, "dense1/kernel": {"dtype": "F32", "shape": [2, 16],
 *      "data_offsets": [0, 128]}, …}
 *
 * Everything is checked when the file is opened, so that filling only has to match names and shapes; and it
 * does all of that before it writes the first value. */
#include "safetensors.h"
#include "../error.h"
#include "../memory.h"
#include "../text.h"
#include "file.h"

#include <cjson/cJSON.h>

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the file's floats are little-endian");

enum { HEADER_MAX = 100000000, LENGTH_BYTES = 8, FILE_NAME = 100 };

struct tensor_file {
    char name[FILE_NAME];
    char *bytes;
    const char *data; /* behind the header */
    size_t data_length;
    cJSON *root;
    struct tensor *tensor; /* [count], sorted by name */
    bool *used;            /* [count], by the state that is being filled */
    size_t count;
};

/* --- the header's JSON --- */

/* What cJSON will take for this header, at most: an item for each bracket, colon and comma, and its strings.
 */
static bool check_header_memory(const char *header, size_t length, struct error *e)
{
    size_t items = 1;
    for (size_t i = 0; i < length; i++)
        items += header[i] == ',' || header[i] == ':' || header[i] == '[' || header[i] == '{';
    double wanted = (double)items * (sizeof(cJSON) + 32) + (double)length;
    char text[MEMORY_TEXT];
    return wanted <= (double)memory_available() ||
           error_set(e, "its header would need %s of memory", memory_text(wanted, text));
}

static bool parse_header(struct tensor_file *f, size_t length, struct error *e)
{
    const char *header = f->bytes + LENGTH_BYTES, *end = NULL;
    if (!length || header[0] != '{' || memchr(header, '\0', length))
        return error_set(e, "its header is not JSON");
    if (!check_header_memory(header, length, e))
        return false;
    f->root = cJSON_ParseWithLengthOpts(header, length, &end, false);
    if (!f->root || !cJSON_IsObject(f->root))
        return error_set(e, "its header is not JSON, or nested too deeply");
    for (; end < header + length; end++)
        if (!strchr(" \t\r\n", *end))
            return error_set(e, "its header has something behind the closing bracket");
    return true;
}

static bool check_metadata(const cJSON *metadata, struct error *e)
{
    if (!cJSON_IsObject(metadata))
        return error_set(e, "its __metadata__ is no object");
    for (const cJSON *item = metadata->child; item; item = item->next)
        if (!cJSON_IsString(item))
            return error_set(e, "its __metadata__ '%.60s' is no text", item->string);
    return true;
}

/* --- one tensor --- */

/* A whole number from 0 to 2^53, beyond which doubles skip some. */
static bool read_size(const cJSON *item, size_t *out)
{
    if (!cJSON_IsNumber(item))
        return false;
    double value = item->valuedouble;
    if (!(value >= 0 && value <= 0x1p53) || value != floor(value))
        return false;
    *out = (size_t)value;
    return true;
}

static bool read_dimensions(struct tensor *t, const cJSON *shape, size_t *values, struct error *e)
{
    if (!cJSON_IsArray(shape))
        return error_set(e, "tensor '%.60s' has no shape", t->name);
    *values = 1;
    for (const cJSON *item = shape->child; item; item = item->next) {
        size_t dim;
        if (t->shape.rank == SHAPE_RANK)
            return error_set(e, "tensor '%.60s' has more than %d dimensions", t->name, SHAPE_RANK);
        if (!read_size(item, &dim) || dim > INT32_MAX || __builtin_mul_overflow(*values, dim, values))
            return error_set(e, "the shape of tensor '%.60s' is damaged", t->name);
        t->shape.dim[t->shape.rank++] = (int)dim;
    }
    return true;
}

static bool read_offsets(
    const struct tensor_file *f, struct tensor *t, const cJSON *offsets, size_t values, struct error *e)
{
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
        !read_size(cJSON_GetArrayItem(offsets, 0), &t->begin) ||
        !read_size(cJSON_GetArrayItem(offsets, 1), &t->end) || t->begin > t->end)
        return error_set(e, "the offsets of tensor '%.60s' are damaged", t->name);
    if (t->end > f->data_length)
        return error_set(e,
            "tensor '%.60s' ends at byte %zu, but only %zu bytes of data are there: the file is cut", t->name,
            t->end, f->data_length);
    size_t bytes;
    if (__builtin_mul_overflow(values, t->type->bytes, &bytes) || bytes != t->end - t->begin)
        return error_set(
            e, "tensor '%.60s' has %zu bytes, which does not fit its shape", t->name, t->end - t->begin);
    return true;
}

static bool read_tensor(const struct tensor_file *f, const cJSON *item, struct tensor *t, struct error *e)
{
    t->name = item->string;
    if (!cJSON_IsObject(item) || cJSON_GetArraySize(item) != 3)
        return error_set(e, "tensor '%.60s' needs dtype, shape and data_offsets, and nothing else", t->name);
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "dtype"));
    if (!type)
        return error_set(e, "tensor '%.60s' has no dtype", t->name);
    t->type = tensor_type_find(type);
    if (!t->type)
        return error_set(e, "tensor '%.60s' is of an unknown type, %.20s", t->name, type);
    if (!read_dimensions(t, cJSON_GetObjectItemCaseSensitive(item, "shape"), &t->count, e) ||
        !read_offsets(f, t, cJSON_GetObjectItemCaseSensitive(item, "data_offsets"), t->count, e))
        return false;
    t->bytes = f->data + t->begin;
    return true;
}

/* --- all tensors --- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

static int by_place(const void *a, const void *b)
{
    const struct tensor *s = a, *t = b;
    if (s->begin != t->begin)
        return s->begin < t->begin ? -1 : 1;
    return s->end < t->end ? -1 : s->end > t->end;
}

/* The data is covered exactly: no byte twice, none unused. */
static bool check_cover(struct tensor_file *f, struct error *e)
{
    qsort(f->tensor, f->count, sizeof *f->tensor, by_place);
    size_t at = 0;
    for (size_t i = 0; i < f->count; i++) {
        const struct tensor *t = &f->tensor[i];
        if (t->begin < at)
            return error_set(e, "tensors '%.60s' and '%.60s' overlap", f->tensor[i - 1].name, t->name);
        if (t->begin > at)
            return error_set(e, "%zu bytes before tensor '%.60s' belong to none", t->begin - at, t->name);
        at = t->end;
    }
    if (at != f->data_length)
        return error_set(e, "%zu bytes behind the last tensor belong to none", f->data_length - at);
    return true;
}

static bool check_names(struct tensor_file *f, struct error *e)
{
    qsort(f->tensor, f->count, sizeof *f->tensor, by_name);
    for (size_t i = 1; i < f->count; i++)
        if (!strcmp(f->tensor[i - 1].name, f->tensor[i].name))
            return error_set(e, "tensor '%.60s' is there twice", f->tensor[i].name);
    return true;
}

static bool read_tensors(struct tensor_file *f, struct error *e)
{
    size_t items = (size_t)cJSON_GetArraySize(f->root);
    f->tensor = memory_take(items, sizeof *f->tensor, "the list of tensors", e);
    f->used = f->tensor ? memory_take(items, sizeof *f->used, "the list of tensors", e) : NULL;
    if (!f->used)
        return false;
    bool metadata = false;
    for (const cJSON *item = f->root->child; item; item = item->next) {
        if (!strcmp(item->string, "__metadata__")) {
            if (metadata || !check_metadata(item, e))
                return metadata ? error_set(e, "it has __metadata__ twice") : false;
            metadata = true;
        } else if (!read_tensor(f, item, &f->tensor[f->count++], e)) {
            return false;
        }
    }
    return check_cover(f, e) && check_names(f, e);
}

static bool read_file(struct tensor_file *f, size_t length, struct error *e)
{
    uint64_t header = 0;
    if (length < LENGTH_BYTES)
        return error_set(e, "it has %zu bytes and is no safetensors file", length);
    memcpy(&header, f->bytes, LENGTH_BYTES);
    if (header > HEADER_MAX)
        return error_set(e,
            "its header says that it has %" PRIu64 " bytes (at most %d are read): it is no "
            "safetensors file, or a damaged one",
            header, HEADER_MAX);
    if (header > length - LENGTH_BYTES)
        return error_set(e,
            "its header says that it has %" PRIu64 " bytes, but only %zu are there: the file is cut", header,
            length - LENGTH_BYTES);
    f->data = f->bytes + LENGTH_BYTES + header;
    f->data_length = length - LENGTH_BYTES - (size_t)header;
    return parse_header(f, (size_t)header, e) && read_tensors(f, e);
}

struct tensor_file *safetensors_parse(char *bytes, size_t length, const char *name, struct error *e)
{
    struct tensor_file *f = memory_take(1, sizeof *f, "a tensor file", e);
    if (!f) {
        memory_free(bytes);
        return NULL;
    }
    f->bytes = bytes;
    char brief[WORD_BRIEF];
    strcpy(f->name, word_brief(name, brief));
    if (read_file(f, length, e))
        return f;
    error_prefix(e, "cannot load '%s'", f->name);
    safetensors_close(f);
    return NULL;
}

struct tensor_file *safetensors_open(const char *path, struct error *e)
{
    char *bytes;
    size_t length;
    const char *slash = strrchr(path, '/');
    if (!file_read(path, SIZE_MAX / 4, &bytes, &length, e))
        return NULL;
    return safetensors_parse(bytes, length, slash ? slash + 1 : path, e);
}

void safetensors_close(struct tensor_file *f)
{
    if (!f)
        return;
    cJSON_Delete(f->root);
    memory_free(f->tensor);
    memory_free(f->used);
    memory_free(f->bytes);
    memory_free(f);
}

const char *safetensors_metadata(const struct tensor_file *f, const char *key)
{
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(f->root, "__metadata__");
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, key));
}

size_t safetensors_count(const struct tensor_file *f)
{
    return f->count;
}

const struct tensor *safetensors_tensor(const struct tensor_file *f, size_t i)
{
    return &f->tensor[i];
}

const struct tensor *safetensors_find(const struct tensor_file *f, const char *name)
{
    const struct tensor key = {.name = name};
    return f->count ? bsearch(&key, f->tensor, f->count, sizeof key, by_name) : NULL;
}

const char *safetensors_name(const struct tensor_file *f)
{
    return f->name;
}

/* --- filling a state --- */

/* What does not fit, gathered into one sentence. */
struct complaints {
    struct text text;
    int count;
};

enum { COMPLAINTS_SHOWN = 6 };

static void complain(struct complaints *c, const char *what, const char *name, const char *detail)
{
    if (c->count++ < COMPLAINTS_SHOWN)
        text_addf(&c->text, "%s%s '%.70s'%s", c->count > 1 ? "; " : "", what, name, detail);
}

static bool all_finite(const struct tensor *t)
{
    for (size_t i = 0; i < t->count; i++) {
        float value;
        memcpy(&value, t->bytes + i * sizeof value, sizeof value);
        if (!isfinite(value))
            return false;
    }
    return true;
}

/* Visits every tensor that the state can hold, by name: with `into` NULL it only checks. */
static void visit(const struct tensor_file *f, const struct param *p, const char *name, bool required,
    float *into, struct complaints *c)
{
    const struct tensor *t = safetensors_find(f, name);
    if (!t) {
        if (required && !into)
            complain(c, "there is no", name, "");
        return;
    }
    if (into) {
        memcpy(into, t->bytes, t->end - t->begin);
        return;
    }
    f->used[t - f->tensor] = true;
    char have[SHAPE_TEXT], want[SHAPE_TEXT], detail[2 * SHAPE_TEXT + 40];
    if (!shape_equal(&t->shape, &p->shape)) {
        snprintf(detail, sizeof detail, " is %s where the model has %s", shape_text(&t->shape, have),
            shape_text(&p->shape, want));
        complain(c, "tensor", name, detail);
    } else if (strcmp(t->type->name, "F32")) {
        snprintf(detail, sizeof detail, " is %s where F32 is kept", t->type->name);
        complain(c, "tensor", name, detail);
    } else if (!all_finite(t)) {
        complain(c, "tensor", name, " holds values that are not finite");
    }
}

static void visit_param(
    const struct tensor_file *f, struct state *s, int layer, int param, bool fill, struct complaints *c)
{
    const struct layer *l = &s->model->layer[layer];
    const struct param *p = &l->param[param];
    char name[128];
    snprintf(name, sizeof name, "%s/%s", l->name, p->name);
    visit(f, p, name, true, fill ? state_param(s, layer, param, NULL) : NULL, c);
    for (int k = 0; !p->statistic && k < OPTIMIZER_MOMENTS; k++) {
        snprintf(name, sizeof name, "moment%d/%s/%s", k, l->name, p->name);
        /* Moments that the present optimiser does not keep are known, but go nowhere. */
        if (!fill || k < s->moments)
            visit(f, p, name, false, fill ? s->moment[k] + p->offset : NULL, c);
    }
}

static void visit_all(const struct tensor_file *f, struct state *s, bool fill, struct complaints *c)
{
    for (int i = 0; i < s->model->layers; i++)
        for (int j = 0; j < s->model->layer[i].params; j++)
            visit_param(f, s, i, j, fill, c);
}

static bool check_fit(const struct tensor_file *f, struct state *s, struct error *e)
{
    struct complaints c = {0};
    for (size_t i = 0; i < f->count; i++)
        f->used[i] = false;
    visit_all(f, s, false, &c);
    for (size_t i = 0; i < f->count; i++)
        if (!f->used[i])
            complain(&c, "the model has no", f->tensor[i].name, "");
    if (c.count > COMPLAINTS_SHOWN)
        text_addf(&c.text, "; and %d more", c.count - COMPLAINTS_SHOWN);
    if (c.count)
        error_set(e, "'%s' does not fit the model: %s", f->name, text_get(&c.text));
    text_release(&c.text);
    return !c.count;
}

/* Reads `count` whole numbers separated by blanks, and nothing else. */
static bool read_numbers(const char *text, uint64_t *out, int count)
{
    for (int i = 0; i < count; i++) {
        char *end;
        if (*text < '0' || *text > '9')
            return false;
        errno = 0;
        out[i] = strtoull(text, &end, 10);
        if (errno)
            return false;
        text = *end == ' ' && i + 1 < count ? end + 1 : end;
    }
    return !*text;
}

/* A file without it comes from a state that no schedule has touched. */
static bool read_course(const struct tensor_file *f, struct course *c)
{
    const char *text = safetensors_metadata(f, "course");
    uint64_t n[8] = {0};
    if (!text)
        return true;
    if (!read_numbers(text, n, 8))
        return false;
    for (int i = 3; i < 8; i++)
        if (n[i] > UINT32_MAX)
            return false;
    *c = (struct course){.since = n[0], .from = n[1], .end = n[2], .batches = (uint32_t)n[3]};
    c->drops = (uint32_t)n[4];
    c->waited = (uint32_t)n[5];
    c->scored = n[6] != 0;
    memcpy(&c->best, &(uint32_t){(uint32_t)n[7]}, sizeof c->best);
    return true;
}

static bool read_place(const struct tensor_file *f, struct place *place, uint64_t *seed, struct error *e)
{
    const char *text = safetensors_metadata(f, "place"), *seed_text = safetensors_metadata(f, "seed");
    uint64_t n[4] = {0};
    if (text && (!read_numbers(text, n, 4) || n[2] > UINT32_MAX))
        return error_set(e, "cannot load '%s': its place in training is damaged", f->name);
    if (seed_text && !read_numbers(seed_text, seed, 1))
        return error_set(e, "cannot load '%s': its seed is damaged", f->name);
    *place = (struct place){.step = n[0], .epoch = n[1], .batch = (uint32_t)n[2], .t = n[3]};
    if (!read_course(f, &place->course))
        return error_set(
            e, "cannot load '%s': its place in the learning rate's schedule is damaged", f->name);
    return true;
}

bool safetensors_fill(const struct tensor_file *f, struct state *s, struct error *e)
{
    struct place place;
    uint64_t seed = s->seed;
    if (!s->model->built)
        return error_set(e, "the model's input is not known yet: it has no tensors to fill");
    if (!read_place(f, &place, &seed, e) || !check_fit(f, s, e))
        return false;
    visit_all(f, s, true, NULL);
    s->place = place;
    s->seed = seed;
    return true;
}
