/* settings.h - what `set NAME VALUE` can set: one row each. Places such as w[1][0,2] are no rows: see
 * cmd_set.c. */
#ifndef GRADUS_REPL_SETTINGS_H
#define GRADUS_REPL_SETTINGS_H

#include "../src/args.h"

struct repl;
struct error;
struct text;

struct setting {
    struct arg_row row; /* its name, kind, bounds and help */
    const char *example;
    bool (*set)(struct repl *r, const struct arg_value *value, struct error *e);
    void (*get)(struct repl *r, struct text *out); /* appends the present value */
};

/* The i-th setting and its name, NULL past the end. */
const struct setting *setting_at(size_t i);
const char *setting_name(size_t i);

#endif
