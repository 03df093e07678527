/* topics.h - all that has a name and can be explained, from the rows of every table. */
#ifndef GRADUS_REPL_TOPICS_H
#define GRADUS_REPL_TOPICS_H

#include <stdbool.h>
#include <stddef.h>

struct arg_row;
struct command;

struct topic {
    const char *kind; /* "command", "activation", "data set" */
    const char *name, *summary;
    const char *under;             /* the command that it is typed behind: "data", "set"; may be NULL */
    const char *formula;           /* may be NULL */
    const char *usage;             /* how it is typed, when that is not its arguments; may be NULL */
    const struct arg_row *args;    /* may be NULL */
    const char *example;           /* may be NULL */
    const struct command *command; /* of kind "command" */
};

/* The i-th topic of all tables; false past the end. */
bool topic_at(size_t i, struct topic *out);

/* The i-th topic's name, NULL past the end: completion, did-you-mean. */
const char *topic_name(size_t i);

#endif
