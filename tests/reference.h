/* reference.h - reads the files of numbers that the scripts in reference/ wrote: `case KIND NAME`, then
 * `ARRAY COUNT values…` until the next case. */
#ifndef GRADUS_TESTS_REFERENCE_H
#define GRADUS_TESTS_REFERENCE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { REFERENCE_ARRAYS = 12 };

struct reference {
    char kind[16], name[40];
    struct {
        char name[32];
        size_t count;
        float *value;
    } array[REFERENCE_ARRAYS];
    int arrays;
};

static inline void reference_release(struct reference *r)
{
    for (int i = 0; i < r->arrays; i++)
        free(r->array[i].value);
    *r = (struct reference){0};
}

static inline void reference_read_array(FILE *f, const char *name, struct reference *r)
{
    int i = r->arrays++;
    assert_true(i < REFERENCE_ARRAYS);
    snprintf(r->array[i].name, sizeof r->array[i].name, "%s", name);
    assert_int_equal(fscanf(f, "%zu", &r->array[i].count), 1);
    r->array[i].value = calloc(r->array[i].count + 1, sizeof(float));
    for (size_t k = 0; k < r->array[i].count; k++)
        assert_int_equal(fscanf(f, "%f", &r->array[i].value[k]), 1);
}

/* Calls check for each case of a file; returns how many there were. */
static inline int reference_each(const char *file, void (*check)(const struct reference *))
{
    char path[4096], word[32];
    const char *root = getenv("GRADUS_SOURCE");
    struct reference r = {0};
    int cases = 0;
    snprintf(path, sizeof path, "%s/tests/reference/%s", root ? root : ".", file);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "#%*[^\n]"), 0);
    while (fscanf(f, "%31s", word) == 1) {
        if (strcmp(word, "case")) {
            reference_read_array(f, word, &r);
            continue;
        }
        if (cases++)
            check(&r);
        reference_release(&r);
        assert_int_equal(fscanf(f, "%15s %39s", r.kind, r.name), 2);
    }
    if (cases)
        check(&r);
    reference_release(&r);
    fclose(f);
    return cases;
}

/* An array by its name; NULL when the case has none. */
static inline float *reference_array(const struct reference *r, const char *name, size_t *count)
{
    for (int i = 0; i < r->arrays; i++)
        if (!strcmp(r->array[i].name, name)) {
            *count = r->array[i].count;
            return r->array[i].value;
        }
    *count = 0;
    return NULL;
}

/* Values must be right to `tolerance` of the largest of their array: one near zero, in a sum of large ones,
 * carries their rounding. */
static inline void reference_same(
    const struct reference *r, const char *name, const float *got, double tolerance)
{
    size_t count;
    const float *wanted = reference_array(r, name, &count);
    double most = 0;
    if (!wanted)
        fail_msg("%s %s has no %s", r->kind, r->name, name);
    for (size_t i = 0; i < count; i++)
        most = fmax(most, fabs((double)wanted[i]));
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)got[i] - (double)wanted[i]) <= tolerance * most))
            fail_msg("%s %s: %s[%zu] is %.9g, PyTorch says %.9g", r->kind, r->name, name, i, (double)got[i],
                (double)wanted[i]);
}

#endif
