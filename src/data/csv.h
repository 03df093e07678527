/* csv.h - a table of text cells from a file's bytes (RFC 4180 and what spreadsheets make of it), and data
 * from it.
 *
 * Fields are separated by , ; or a tab; "quoted" fields may hold separators, line ends and doubled quotes.
 * Lines end with LF, CR LF or CR; a UTF-8 mark at the start and empty lines are skipped. Every record must
 * have as many fields as the first. Inside the core, and for the fuzzer. Any thread. */
#ifndef GRADUS_DATA_CSV_H
#define GRADUS_DATA_CSV_H

#include "../data.h"

struct error;

enum { CSV_FIELD = 65536, CSV_COLUMNS = 65536, CSV_LIMIT = 1 << 30 };

enum csv_header { CSV_HEADER_GUESS, CSV_HEADER_YES, CSV_HEADER_NO };
enum csv_task { CSV_TASK_GUESS, CSV_TASK_CLASSIFICATION, CSV_TASK_REGRESSION };
enum csv_missing { CSV_MISSING_DROP, CSV_MISSING_MEAN };

/* The cells lie one behind the other, each ended by a NUL, row after row. */
struct csv {
    char *bytes;
    char separator;
    bool header, guessed; /* the first record holds names; nobody said so */
    size_t rows, columns; /* rows without the header */
    char **name;          /* [columns]: into bytes, or numbers when there is no header */
    size_t *row;          /* [rows]: where the first cell of a row begins */
    uint32_t *line;       /* [rows]: its line in the file, from 1 */
    char *numbers;        /* the names made up */
};

/* Parses the bytes, of which one more, a NUL, follows; takes them, also on failure. separator 0: found out.
 */
bool csv_parse(char *bytes, size_t length, char separator, enum csv_header header, const atomic_bool *cancel,
    struct csv *out, struct error *e);
void csv_release(struct csv *c);

/* The first cell of a row, and the one behind a cell. */
const char *csv_row(const struct csv *c, size_t row);
const char *csv_next(const char *cell);

/* True for a cell that holds no value: "", "NA", "?" and the like. */
bool csv_is_missing(const char *cell);

/* A cell as a number: decimal, and with a decimal comma where the comma does not separate fields. */
bool csv_number(const struct csv *c, const char *cell, double *out);

/* The column of this name or, where none has it, of this number; -1 and an error that lists the columns.
 * `key` is the argument's name for the message. */
int csv_find(const struct csv *c, const char *key, const char *which, struct error *e);

/* --- columns --- */

/* The words of a column, each once, sorted (numbers by value). */
struct csv_words {
    bool numeric;
    const char **word;
    double *number; /* of each, where numeric */
    size_t count, capacity;
};

struct csv_column {
    const char *name;
    bool ignored, text;             /* text: read as words, not as numbers */
    size_t numbers, texts, missing; /* cells of each kind */
    size_t text_row;                /* of the first text cell */
    const char *text_cell;
    struct csv_words words; /* of a text column, and of a target of classes */
    size_t at, width;       /* its inputs */
};

/* Where word stands in the sorted words, or -1. */
long csv_words_find(const struct csv_words *w, const char *word, double number);

/* Adds a word unless it is there. */
bool csv_words_add(struct csv_words *w, const char *word, double number, struct error *e);
void csv_words_release(struct csv_words *w);

/* --- data --- */

struct csv_options {
    const char *target, *ignore; /* ignore: names separated by commas; NULL: none */
    enum csv_task task;
    enum csv_missing missing;
    char separator; /* 0: found out */
    enum csv_header header;
    double split;
};

/* A data set from a file's bytes, as csv_parse() takes them. */
struct data *data_from_csv(char *bytes, size_t length, const char *name, const struct csv_options *options,
    uint64_t seed, const atomic_bool *cancel, struct error *e);

#endif
