/* command.h - the table of commands.
 *
 * A command is one row and one function, in the cmd_*.c file of its group. Layer types and data sets bring
 * their own rows from the core: `dense` is a command because dense.c says so. Help, usage, completion, hints,
 * prefixes, did-you-mean and the README's table are made from the rows. */
#ifndef GRADUS_REPL_COMMAND_H
#define GRADUS_REPL_COMMAND_H

#include "../src/args.h"
#include "../src/error.h"
#include "lexer.h"

struct repl;

enum command_group {
    GROUP_BUILD,
    GROUP_LAYERS,
    GROUP_DATA,
    GROUP_TRAIN,
    GROUP_LOOK,
    GROUP_WINDOW,
    GROUP_LESSONS,
    GROUP_SESSION,
    GROUPS
};

enum command_effect {
    EFFECT_READS = 0,      /* looks only, or reads files: a lesson's own blocks may use it */
    EFFECT_CHANGES = 1,    /* changes model, data or weights: goes into the journal, can be undone */
    EFFECT_WRITES = 2,     /* writes files: not in a lesson's own blocks */
    EFFECT_BACKGROUND = 4, /* may end with & */
    EFFECT_REPLAYED = 8,   /* belongs in the journal though it changes no model: seed, set */
};

struct command {
    const char *name, *summary;
    const char *details; /* a paragraph or two for `help NAME`; may be NULL */
    const char *example; /* a line that works as it stands in a new session, or after `before` */
    const char *before;  /* set-up for the example, or NULL */
    enum command_group group;
    unsigned effect;
    const struct arg_row *args;
    bool (*run)(struct repl *r, const struct command *c, const struct args *a, struct error *e);
    const char *(*complete)(
        struct repl *r, size_t i); /* candidates for TEXT and NAME arguments; may be NULL */
    const struct arg_row *(*rest)(
        const char *first); /* rows of the REST, when they depend on the first word; or NULL */
    bool (*refuse)(const struct command_line *line,
        struct error *e); /* words that do not bind: may write a better error; false; or NULL */
};

/* All commands, layer types included, in the order of the groups; NULL past the end. */
const struct command *command_at(size_t i);

/* The row of a name. With `prefix` a unique prefix counts too. NULL and an error: unknown (with the closest
 * name) or ambiguous (with its candidates). */
const struct command *command_find(const char *name, bool prefix, struct error *e);
const char *command_name(size_t i);
const char *group_name(enum command_group g);

/* Runs one cut command: binds its words and calls its row. Sets the error's place in the line. */
bool command_run(struct repl *r, const struct command_line *line, struct error *e);

#endif
