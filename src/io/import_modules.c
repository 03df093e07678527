/* import_modules.c - tensors to modules by their names, and the modules' order.
 *
 * Libraries that write such files sort them by name, which puts `features.10` before `features.2`; writing
 * tensor by tensor keeps the order in which the modules were made, which tells more than names do: conv1,
 * bn1, conv2. So a sorted file is taken by its names with numbers as numbers, any other as it stands. */
#include "import_parts.h"
#include "../error.h"
#include "../memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODULES_MAX = 4 * MODEL_LAYERS };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Numbers within names count as numbers; what ends comes first, and a folder before a longer name. */
static int compare_names(const char *a, size_t a_length, const char *b, size_t b_length)
{
    const char *a_end = a + a_length, *b_end = b + b_length;
    while (a < a_end && b < b_end) {
        if (is_digit(*a) && is_digit(*b)) {
            while (a < a_end && *a == '0')
                a++;
            while (b < b_end && *b == '0')
                b++;
            size_t n = 0, k = 0;
            while (a + n < a_end && is_digit(a[n]))
                n++;
            while (b + k < b_end && is_digit(b[k]))
                k++;
            int order = n != k ? (n < k ? -1 : 1) : strncmp(a, b, n);
            if (order)
                return order;
            a += n;
            b += k;
        } else if (*a != *b) {
            bool a_ends = *a == '.' || *a == '/', b_ends = *b == '.' || *b == '/';
            return a_ends != b_ends ? (a_ends ? -1 : 1) : (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return a < a_end ? 1 : b < b_end ? -1 : 0;
}

/* Parts of a module lie together; two names that only differ in leading zeros are two modules. */
static int by_module(const void *a, const void *b)
{
    const struct import_part *p = a, *q = b;
    const char *p_name = p->tensor->name, *q_name = q->tensor->name;
    int order = compare_names(p_name, p->prefix, q_name, q->prefix);
    if (!order && p->prefix != q->prefix)
        order = p->prefix < q->prefix ? -1 : 1;
    if (!order)
        order = memcmp(p_name, q_name, p->prefix);
    if (!order)
        order = p->level - q->level;
    return order ? order : strcmp(p->leaf, q->leaf);
}

static bool same_module(const struct import_part *p, const struct import_part *q)
{
    return p->prefix == q->prefix && p->level == q->level &&
           !memcmp(p->tensor->name, q->tensor->name, p->prefix);
}

static int by_place(const void *a, const void *b)
{
    const struct import_module *m = a, *n = b;
    return m->place < n->place ? -1 : m->place > n->place;
}

static int part_by_place(const void *a, const void *b)
{
    const struct import_part *p = a, *q = b;
    return p->tensor->begin < q->tensor->begin ? -1 : p->tensor->begin > q->tensor->begin;
}

/* Sorted by name, each type of numbers on its own, as libraries write it. */
static bool is_sorted(struct import_part *part, size_t count)
{
    qsort(part, count, sizeof *part, part_by_place);
    for (size_t i = 1; i < count; i++)
        if (part[i - 1].tensor->type == part[i].tensor->type &&
            strcmp(part[i - 1].tensor->name, part[i].tensor->name) > 0)
            return false;
    return true;
}

static size_t cut_names(struct import_part *part, const struct tensor_file *f, const struct import_origin *o)
{
    size_t count = 0;
    for (size_t i = 0; i < safetensors_count(f); i++) {
        part[count] = (struct import_part){.tensor = safetensors_tensor(f, i)};
        count += o->cut(f, &part[count]);
    }
    return count;
}

static void group(struct import_modules *m, size_t parts)
{
    for (size_t i = 0; i < parts; i++) {
        const struct import_part *p = &m->part[i];
        if (!i || !same_module(p - 1, p))
            m->module[m->count++] = (struct import_module){.part = p, .place = SIZE_MAX};
        struct import_module *module = &m->module[m->count - 1];
        module->parts++;
        if (p->tensor->begin < module->place)
            module->place = p->tensor->begin;
    }
}

bool import_modules_make(
    struct import_modules *m, const struct tensor_file *f, const struct import_origin *o, struct error *e)
{
    size_t tensors = safetensors_count(f);
    *m = (struct import_modules){.part = memory_take(tensors, sizeof *m->part, "the list of tensors", e)};
    m->module = m->part ? memory_take(tensors, sizeof *m->module, "the list of modules", e) : NULL;
    if (!m->module) {
        import_modules_release(m);
        return false;
    }
    size_t parts = cut_names(m->part, f, o);
    bool sorted = is_sorted(m->part, parts);
    qsort(m->part, parts, sizeof *m->part, by_module);
    group(m, parts);
    if (!sorted)
        qsort(m->module, m->count, sizeof *m->module, by_place);
    if (m->count <= MODULES_MAX)
        return true;
    error_set(e, "'%s' holds %zu modules, and a model has at most %d layers", safetensors_name(f), m->count,
        MODEL_LAYERS);
    import_modules_release(m);
    return false;
}

void import_modules_release(struct import_modules *m)
{
    memory_free(m->part);
    memory_free(m->module);
    *m = (struct import_modules){0};
}

char *import_clean(char *text)
{
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    return text;
}

const char *import_module_name(const struct import_module *m, char out[IMPORT_NAME])
{
    const struct import_part *p = m->part;
    size_t length = p->prefix ? p->prefix : strlen(p->tensor->name);
    int at =
        snprintf(out, IMPORT_NAME, "%.*s", length < IMPORT_NAME ? (int)length : IMPORT_NAME, p->tensor->name);
    if (p->level && p->prefix && at + 20 < IMPORT_NAME)
        snprintf(out + at, IMPORT_NAME - (size_t)at, " layer %d", p->level);
    return import_clean(out);
}
