/* args.h - typed arguments: rows that say what a word may be, and the binding of words to them.
 *
 * Every layer, loss, optimiser, data set, command and setting describes its arguments by a table of rows
 * that ends with {0}. The parser, help, completion, hints and error messages are all made from the rows. A
 * lexer (repl/lexer.h) cuts a line into words; args_bind() gives each word its row, type and bounds.
 * Any thread. */
#ifndef GRADUS_ARGS_H
#define GRADUS_ARGS_H

#include "shape.h"

#include <stdbool.h>
#include <stddef.h>

struct error;
struct text;

enum arg_kind {
    ARG_END,     /* closes a table */
    ARG_INT,     /* number without fraction, within [min, max] */
    ARG_REAL,    /* number, within [min, max] */
    ARG_FLAG,    /* the bare name, or NAME=yes|no|true|false|1|0; number is 1 or 0 */
    ARG_CHOICE,  /* one word of a table; text is the table's own string, number its index */
    ARG_NAME,    /* identifier: letter or _, then letters, digits, _ or - */
    ARG_TEXT,    /* any text */
    ARG_FILE,    /* a file name; completed from the folder */
    ARG_SHAPE,   /* 28x28x1 */
    ARG_RANGE,   /* low..high; number and high */
    ARG_LAYER,   /* a layer's name or number; text holds it */
    ARG_REST,    /* the raw rest of the command: an expression */
    ARG_COMMAND, /* another command, to the end */
};

enum arg_flag {
    ARG_REQUIRED = 1, /* the command fails without it */
    ARG_KEY_ONLY = 2, /* is never taken by place, only as KEY=value (a FLAG: also as its bare name) */
    ARG_MANY = 4,     /* the last positional row: takes every word that is left, see args.many */
};

struct arg_row {
    const char *name; /* the KEY, and what help calls it */
    enum arg_kind kind;
    const char *help;    /* one phrase */
    double min, max;     /* INT, REAL; both 0 means no bounds */
    double fallback;     /* INT, REAL, FLAG: the value when not given */
    const char *initial; /* CHOICE, NAME, TEXT, FILE, LAYER: the value when not given; may be NULL */
    const char *(*choice)(size_t i); /* CHOICE: the i-th word, NULL past the end */
    unsigned flags;
};

/* A word of the typed line. `text` is unquoted and NUL-terminated; for KEY=value it is the value. */
struct word {
    const char *key; /* NULL without one */
    const char *text;
    int offset, length; /* the bytes of the whole word in the line, for the caret */
    bool quoted, list;  /* written in quotes; written in [ ] */
};

struct arg_value {
    bool given;
    double number, high;
    const char *text; /* CHOICE: static; others: the word's, living as long as the line */
    struct shape shape;
};

enum { ARGS_MAX = 48 };

struct args {
    struct arg_value value[ARGS_MAX]; /* in the order of the rows */
    const struct word *many;          /* the words of the ARG_MANY row, or NULL */
    int many_count;
    const char *rest; /* ARG_REST and ARG_COMMAND: the raw text, "" when nothing follows */
    int rest_offset;  /* where it starts in the line; -1 when nothing follows */
};

/* Binds `count` words to the rows. A word without KEY goes to the first positional row, in order, that is
 * not yet given and that it fits (a FLAG by its name, a CHOICE by its list); where it fits none the error
 * names the row it most likely meant, its bounds or its choices, and the closest word ("did you mean").
 * A row that takes any text is not reached over a required row that refused the word, nor the rest of a
 * command over a CHOICE right before it. ARG_MANY: the words must stand together; each is checked by the row.
 * ARG_REST, ARG_COMMAND: args.many holds the words from where the rest begins and rest_offset its place;
 * args.rest is "" until the caller, who has the line, points it there. `what` is the command's name for
 * messages. Rows not given get their fallback. */
bool args_bind(const char *what, const struct arg_row *rows, const struct word *words, int count,
    struct args *out, struct error *e);

/* One value against one row, with its bounds; `word` gives text and place. For `set` and for tests. */
bool arg_read(const char *what, const struct arg_row *row, const struct word *word, struct arg_value *out,
    struct error *e);

/* Number of rows before {0}. */
int args_count(const struct arg_row *rows);

/* Index of the row called `name`, or -1. */
int args_find(const struct arg_row *rows, const char *name);

/* Appends the usage: "UNITS [ACTIVATION] [init=WORD]". */
void args_usage(const struct arg_row *rows, struct text *out);

/* Appends the given values as typed words (" 16 relu use_bias=no"), so that args_bind() reads them back. */
void args_write(const struct arg_row *rows, const struct arg_value *values, struct text *out);

/* The word of the list closest to `word` (Damerau–Levenshtein distance at most a third of its length, or a
 * unique prefix), or NULL. choice(i) ends with NULL. Upper and lower case are the same. */
const char *args_closest(const char *word, const char *(*choice)(size_t i));
int args_distance(const char *a, const char *b);

/* A strict number: decimal, no hex, inf or nan, nothing behind it, no overflow. Any locale. */
bool number_parse(const char *text, double *out);

/* Appends the shortest decimal that number_parse() reads back as the same finite value. Any locale. */
void number_write(double number, struct text *out);

/* A word for a message in `out`, which is returned: cut to 40 bytes at a character's end, with control
 * characters as '?'. */
#define WORD_BRIEF 64
const char *word_brief(const char *word, char out[WORD_BRIEF]);

#endif
