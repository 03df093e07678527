/* sources.h - generated data sets from their words, for tests. */
#ifndef GRADUS_TESTS_SOURCES_H
#define GRADUS_TESTS_SOURCES_H

#include "../src/data/source.h"
#include "../src/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct error error;

/* `data NAME WORDS`: the words are KEY=value, divided by blanks. */
static inline struct data *try_make(
    const char *name, const char *words, uint64_t seed, const atomic_bool *cancel)
{
    const struct data_source *source = data_source_find(name);
    char line[200];
    struct word word[8];
    struct args args;
    int count = 0;
    assert_non_null(source);
    strcpy(line, words);
    for (char *w = strtok(line, " "); w; w = strtok(NULL, " ")) {
        char *equals = strchr(w, '=');
        *equals = '\0';
        word[count++] = (struct word){.key = w, .text = equals + 1};
    }
    error = (struct error){.text = ""};
    return args_bind(name, source->args, word, count, &args, &error)
               ? source->make(&args, seed, cancel, &error)
               : NULL;
}

static inline struct data *make(const char *name, const char *words, uint64_t seed)
{
    struct data *d = try_make(name, words, seed, NULL);
    if (!d)
        fail_msg("data %s %s: %s", name, words, error.text);
    return d;
}

#endif
