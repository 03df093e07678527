/* table.h - rows of text in aligned columns, printed to stdout. */
#ifndef GRADUS_REPL_TABLE_H
#define GRADUS_REPL_TABLE_H

#include "../src/text.h"

enum { TABLE_COLUMNS = 32 };

struct table {
    const char *align; /* "lr…": one letter a column; the last column is never padded */
    struct text cells; /* NUL-terminated, one behind the other */
    int count;
    bool head; /* the first row is a heading */
    int indent;
};

/* Adds the next cell; a row is full after strlen(align) cells. */
void table_add(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a blank row, for a gap. */
void table_gap(struct table *t);

/* Prints all rows and empties the table. */
void table_print(struct table *t);

/* A whole number with a comma every three digits: "1,234,567", in `out`, which is returned. */
const char *table_count(double number, char out[40]);

#endif
