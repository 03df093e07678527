/* csv.c - bytes to a table of cells, in place.
 *
 * A field never grows when its quotes go, and it is followed by a separator or a line end at least, so the
 * cells, each with its NUL, fit into the bytes they came from. One pass, no memory but two numbers a line.
 * The bytes are checked first: NUL bytes and bad UTF-8 mean that this is no text. */
#include "csv.h"
#include "../error.h"
#include "../memory.h"
#include "../text.h"
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- is it text? --- */

/* Bytes of the UTF-8 character at s, 0 when it is none (overlong, a surrogate, beyond U+10FFFF, cut). */
static size_t character(const unsigned char *s, size_t left)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high, length;
    } form[] = {
        {0x00, 0x7f, 0, 0, 1},
        {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
        if (*s < form[i].first_low || *s > form[i].first_high)
            continue;
        size_t length = form[i].length;
        if (length > left || (length > 1 && (s[1] < form[i].second_low || s[1] > form[i].second_high)))
            return 0;
        for (size_t k = 2; k < length; k++)
            if ((s[k] & 0xc0) != 0x80)
                return 0;
        return length;
    }
    return 0;
}

static bool check_text(const char *bytes, size_t length, struct error *e)
{
    const unsigned char *s = (const unsigned char *)bytes;
    if (length >= 2 && ((s[0] == 0xff && s[1] == 0xfe) || (s[0] == 0xfe && s[1] == 0xff)))
        return error_set(e, "it is UTF-16: save it as UTF-8");
    size_t line = 1;
    for (size_t i = 0; i < length;) {
        size_t step = character(s + i, length - i);
        if (!s[i])
            return error_set(e, "line %zu holds a NUL byte: it is binary, not a table of text", line);
        if (!step)
            return error_set(e, "line %zu is not UTF-8 text: byte 0x%02x", line, s[i]);
        line += s[i] == '\n';
        i += step;
    }
    return true;
}

/* --- fields --- */

struct reader {
    const char *in, *end;
    char *out; /* behind the cells so far; never ahead of in */
    size_t line;
    char separator;
};

enum field { FIELD_NEXT, FIELD_LAST, FIELD_ERROR }; /* what follows it: another one, or the line's end */

static bool at_line_end(const struct reader *r)
{
    return r->in == r->end || *r->in == '\n' || *r->in == '\r';
}

static void skip_line_end(struct reader *r)
{
    if (r->in == r->end)
        return;
    r->in += *r->in == '\r' && r->end - r->in > 1 && r->in[1] == '\n' ? 2 : 1;
    r->line++;
}

static void skip_blanks(struct reader *r)
{
    while (r->in < r->end && (*r->in == ' ' || (*r->in == '\t' && r->separator != '\t')))
        r->in++;
}

static bool refuse_long(const struct reader *r, struct error *e)
{
    return error_set(
        e, "line %zu holds a field of more than %d bytes: is a quote left open?", r->line, CSV_FIELD);
}

/* From behind the opening quote to behind the closing one. */
static bool read_quoted(struct reader *r, struct error *e)
{
    size_t opened = r->line;
    for (const char *start = r->in;; r->in++) {
        if (r->in == r->end)
            return error_set(e, "line %zu opens a quote that is never closed", opened);
        if (r->in - start > CSV_FIELD)
            return refuse_long(&(struct reader){.line = opened}, e);
        if (*r->in == '"') {
            r->in++;
            if (r->in == r->end || *r->in != '"')
                return true;
        }
        r->line += *r->in == '\n';
        *r->out++ = *r->in;
    }
}

static bool read_bare(struct reader *r, struct error *e)
{
    const char *start = r->in, *stop = start;
    for (; !at_line_end(r) && *r->in != r->separator; r->in++)
        if (*r->in != ' ' && *r->in != '\t')
            stop = r->in + 1;
    if (stop - start > CSV_FIELD)
        return refuse_long(r, e);
    memmove(r->out, start, (size_t)(stop - start));
    r->out += stop - start;
    return true;
}

static enum field read_field(struct reader *r, struct error *e)
{
    skip_blanks(r);
    bool quoted = r->in < r->end && *r->in == '"';
    r->in += quoted;
    if (quoted ? !read_quoted(r, e) : !read_bare(r, e))
        return FIELD_ERROR;
    skip_blanks(r);
    enum field result = at_line_end(r) ? FIELD_LAST : FIELD_NEXT;
    if (result == FIELD_NEXT && *r->in != r->separator) {
        error_set(
            e, "line %zu has something behind a closing quote (quotes inside a field are doubled)", r->line);
        return FIELD_ERROR;
    }
    if (result == FIELD_LAST)
        skip_line_end(r);
    else
        r->in++;
    /* Only now: the byte under the NUL has been read. */
    *r->out++ = '\0';
    return result;
}

/* Reads one record; its number of fields, 0 on an error. */
static size_t read_record(struct reader *r, struct error *e)
{
    size_t fields = 0;
    for (;;) {
        enum field result = read_field(r, e);
        fields++;
        if (result == FIELD_ERROR)
            return 0;
        if (fields > CSV_COLUMNS) {
            error_set(e, "line %zu has more than %d fields", r->line, CSV_COLUMNS);
            return 0;
        }
        if (result == FIELD_LAST)
            return fields;
    }
}

static void skip_empty_lines(struct reader *r)
{
    for (;;) {
        const char *start = r->in;
        while (r->in < r->end && *r->in == ' ')
            r->in++;
        if (r->in == r->end)
            return;
        if (!at_line_end(r)) {
            r->in = start;
            return;
        }
        skip_line_end(r);
    }
}

/* The candidate that stands most often in the first record, outside quotes. */
static char find_separator(const char *s, const char *end)
{
    static const char candidate[] = {',', ';', '\t'};
    size_t count[sizeof candidate] = {0}, best = 0;
    bool quoted = false;
    for (; s < end && (quoted || (*s != '\n' && *s != '\r')); s++) {
        quoted = quoted != (*s == '"');
        for (size_t i = 0; !quoted && i < sizeof candidate; i++)
            count[i] += *s == candidate[i];
    }
    for (size_t i = 1; i < sizeof candidate; i++)
        if (count[i] > count[best])
            best = i;
    return candidate[best];
}

/* --- the table --- */

static bool take_rows(struct csv *c, const char *s, const char *end, struct error *e)
{
    size_t lines = 2;
    for (; s < end; s++)
        lines += *s == '\n' || *s == '\r';
    c->row = memory_take(lines, sizeof *c->row, "the rows of the file", e);
    c->line = c->row ? memory_take(lines, sizeof *c->line, "the rows of the file", e) : NULL;
    return c->line != NULL;
}

static bool read_records(struct csv *c, struct reader *r, const atomic_bool *cancel, struct error *e)
{
    for (skip_empty_lines(r); r->in < r->end; skip_empty_lines(r)) {
        size_t line = r->line;
        c->row[c->rows] = (size_t)(r->out - c->bytes);
        c->line[c->rows] = (uint32_t)line;
        size_t fields = read_record(r, e);
        if (!fields || (c->rows % 4096 == 0 && data_cancelled(cancel, e)))
            return false;
        if (c->rows && fields != c->columns)
            return error_set(e, "line %zu has %zu %s, but line %u has %zu", line, fields,
                fields == 1 ? "field" : "fields", c->line[0], c->columns);
        c->columns = fields;
        c->rows++;
    }
    return c->rows || error_set(e, "it is empty");
}

static bool first_row_is_header(const struct csv *c)
{
    double number;
    const char *cell = csv_row(c, 0);
    for (size_t i = 0; i < c->columns; i++, cell = csv_next(cell))
        if (csv_number(c, cell, &number))
            return false;
    return true;
}

static bool name_columns(struct csv *c, struct error *e)
{
    enum { ROOM = 32 };
    c->name = memory_take(c->columns, sizeof *c->name, "the names of the columns", e);
    c->numbers = c->name ? memory_take(c->columns, ROOM, "the names of the columns", e) : NULL;
    if (!c->numbers)
        return false;
    const char *cell = csv_row(c, 0);
    for (size_t i = 0; i < c->columns; i++, cell = csv_next(cell)) {
        char *made = c->numbers + i * ROOM;
        snprintf(made, ROOM, "column%zu", i);
        c->name[i] = c->header && *cell ? (char *)cell : made;
    }
    if (c->header) {
        c->rows--;
        memmove(c->row, c->row + 1, c->rows * sizeof *c->row);
        memmove(c->line, c->line + 1, c->rows * sizeof *c->line);
    }
    return c->rows || error_set(e, "it has a header and no rows");
}

static bool parse(struct csv *c, size_t length, char separator, enum csv_header header,
    const atomic_bool *cancel, struct error *e)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (length > CSV_LIMIT)
        return error_set(e, "it has %zu bytes, and at most %d are read", length, CSV_LIMIT);
    if (!check_text(c->bytes, length, e))
        return false;
    size_t start = length >= 3 && !memcmp(c->bytes, mark, 3) ? 3 : 0;
    struct reader r = {.in = c->bytes + start, .end = c->bytes + length, .out = c->bytes, .line = 1};
    skip_empty_lines(&r);
    c->separator = r.separator = separator ? separator : find_separator(r.in, r.end);
    if (!take_rows(c, r.in, r.end, e) || !read_records(c, &r, cancel, e))
        return false;
    c->guessed = header == CSV_HEADER_GUESS;
    c->header = c->guessed ? first_row_is_header(c) : header == CSV_HEADER_YES;
    return name_columns(c, e);
}

bool csv_parse(char *bytes, size_t length, char separator, enum csv_header header, const atomic_bool *cancel,
    struct csv *out, struct error *e)
{
    struct csv c = {.bytes = bytes};
    if (!parse(&c, length, separator, header, cancel, e)) {
        csv_release(&c);
        return false;
    }
    *out = c;
    return true;
}

void csv_release(struct csv *c)
{
    memory_free(c->bytes);
    memory_free(c->name);
    memory_free(c->row);
    memory_free(c->line);
    memory_free(c->numbers);
    *c = (struct csv){0};
}

/* --- cells --- */

const char *csv_row(const struct csv *c, size_t row)
{
    return c->bytes + c->row[row];
}

const char *csv_next(const char *cell)
{
    return cell + strlen(cell) + 1;
}

bool csv_is_missing(const char *cell)
{
    static const char *const none[] = {
        "", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (!strcmp(cell, none[i]))
            return true;
    return false;
}

bool csv_number(const struct csv *c, const char *cell, double *out)
{
    if (number_parse(cell, out))
        return true;
    char copy[64];
    const char *comma = c->separator == ',' ? NULL : strchr(cell, ',');
    if (!comma || strchr(cell, '.') || strlen(cell) >= sizeof copy)
        return false;
    strcpy(copy, cell);
    copy[comma - cell] = '.';
    return number_parse(copy, out);
}

/* --- finding a column --- */

static bool refuse_column(const struct csv *c, const char *key, const char *which, struct error *e)
{
    char brief[WORD_BRIEF], other[WORD_BRIEF];
    struct text columns = {0};
    const char *closest = NULL;
    int distance = (int)strnlen(which, 96) / 3 + 1;
    for (size_t i = 0; i < c->columns; i++) {
        int d = args_distance(which, c->name[i]);
        if (d < distance) {
            distance = d;
            closest = c->name[i];
        }
        if (columns.length < 250)
            text_addf(&columns, "%s%s", i ? ", " : "", word_brief(c->name[i], other));
        else if (i + 1 == c->columns)
            text_add(&columns, ", …");
    }
    word_brief(which, brief);
    if (closest)
        error_set(e, "%s: there is no column '%s'; did you mean '%s'? The columns are: %s", key, brief,
            word_brief(closest, other), text_get(&columns));
    else
        error_set(e, "%s: there is no column '%s'; the columns are: %s%s", key, brief, text_get(&columns),
            c->guessed && !c->header ? " (the first line holds a number, so it was read as data: header=yes "
                                       "says that it holds names)"
                                     : "");
    text_release(&columns);
    return false;
}

int csv_find(const struct csv *c, const char *key, const char *which, struct error *e)
{
    int found = -1;
    char brief[WORD_BRIEF];
    for (size_t i = 0; i < c->columns; i++) {
        if (strcmp(c->name[i], which))
            continue;
        if (found >= 0) {
            error_set(e, "%s: columns %d and %zu are both called '%s': give the number", key, found, i,
                word_brief(which, brief));
            return -1;
        }
        found = (int)i;
    }
    double number;
    if (found < 0 && number_parse(which, &number) && number >= 0 && number < (double)c->columns &&
        number == (double)(int)number)
        found = (int)number;
    if (found < 0)
        refuse_column(c, key, which, e);
    return found;
}
