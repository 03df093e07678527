/* table.c - two passes over the cells: the widest of each column, then the lines. */
#include "table.h"

#include "output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void table_add(struct table *t, const char *format, ...)
{
    char *cell = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&cell, format, args) >= 0) {
        out_clean(&t->cells, cell, strlen(cell));
        text_add_bytes(&t->cells, "", 1);
        t->count++;
        free(cell);
    }
    va_end(args);
}

void table_gap(struct table *t)
{
    for (size_t i = 0; i < strlen(t->align); i++)
        table_add(t, "%s", "");
}

static void measure(const struct table *t, int columns, int *width)
{
    const char *cell = text_get(&t->cells);
    for (int i = 0; i < t->count; i++, cell += strlen(cell) + 1) {
        int w = out_columns(cell);
        if (w > width[i % columns])
            width[i % columns] = w;
    }
}

static void add_cell(struct text *line, const char *cell, char align, int width, bool last)
{
    int pad = width - out_columns(cell);
    if (align == 'r')
        text_addf(line, "%*s", pad > 0 ? pad : 0, "");
    text_add(line, cell);
    if (align != 'r' && !last)
        text_addf(line, "%*s", pad > 0 ? pad : 0, "");
    text_add(line, last ? "" : "  ");
}

static void print_line(const struct text *line, bool head)
{
    size_t length = line->length;
    while (length && line->data[length - 1] == ' ')
        length--;
    out("%s%.*s%s\n", head ? out_style(STYLE_BOLD) : "", (int)length, text_get(line), head ? out_end() : "");
}

void table_print(struct table *t)
{
    int columns = (int)strlen(t->align), width[TABLE_COLUMNS] = {0};
    const char *cell = text_get(&t->cells);
    struct text line = {0};
    measure(t, columns, width);
    for (int i = 0; i < t->count; i++, cell += strlen(cell) + 1) {
        int column = i % columns;
        if (!column)
            text_addf(&line, "%*s", t->indent, "");
        add_cell(&line, cell, t->align[column], width[column], column == columns - 1);
        if (column < columns - 1)
            continue;
        print_line(&line, t->head && i < columns);
        text_clear(&line);
    }
    text_release(&line);
    text_release(&t->cells);
    t->count = 0;
}

const char *table_count(double number, char out[40])
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%.0f", number), at = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0 && digits[i - 1] != '-')
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}
