/* rebuild.h - a model, a recipe and data from lines that nobody typed: those of a saved file, those of a
 * preset.
 *
 * Of the commands only those run that build layers, compile, or generate data, and they run on objects of
 * their own: the session sees them when all of it is done and fits. */
#ifndef GRADUS_REPL_REBUILD_H
#define GRADUS_REPL_REBUILD_H

#include "../src/session.h"

/* Begin with {.seed = …}; a model that is there already is built upon. */
struct rebuild {
    struct model *model;
    struct recipe recipe;
    struct data *data, *reading; /* reading is the caller's to fill */
    uint64_t seed;
    bool has_seed;
    struct text shown; /* lines that do not run, one a line */
};

bool rebuild_lines(struct rebuild *b, const char *lines, struct error *e);
void rebuild_release(struct rebuild *b);

#endif
