/* context.h - what stands around the cursor of a line that is being typed. Only complete.c includes it. */
#ifndef GRADUS_REPL_CONTEXT_H
#define GRADUS_REPL_CONTEXT_H

#include "command.h"

enum { CONTEXT_WORD = 256 };

struct context {
    bool at_name;                  /* the word at the cursor is a command's name */
    const struct command *command; /* else the command it belongs to, NULL when unknown */
    const struct arg_row *rows;    /* what can be typed there; never NULL with a command */
    bool given[ARGS_MAX + 1];      /* rows that have their value already */
    bool rest;                     /* the cursor stands in an expression */
    char word[CONTEXT_WORD];       /* the part of the word before the cursor; "" when too long to complete */
    size_t start;                  /* where it starts in the line */
};

void context_of(const char *line, size_t cursor, struct context *out);

#endif
