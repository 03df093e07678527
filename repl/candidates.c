/* candidates.c - see candidates.h. */
#include "candidates.h"

#include "output.h"

#include "../src/text.h"

#include <string.h>

size_t candidates_prefix(const struct completion *c)
{
    size_t n = strlen(c->word[0]);
    for (size_t i = 1; i < c->count; i++)
        for (size_t j = 0; j < n; j++)
            if (c->word[i][j] != c->word[0][j])
                n = j;
    while (n && ((unsigned char)c->word[0][n] & 0xc0) == 0x80)
        n--;
    return n;
}

void candidates_write(const struct completion *c, int width, struct text *out)
{
    enum { ROWS = 12 };
    int widest = 0;
    for (size_t i = 0; i < c->count; i++) {
        int w = out_columns(c->word[i]);
        widest = w > widest ? w : widest;
    }
    size_t columns = (size_t)(width / (widest + 2)) ? (size_t)(width / (widest + 2)) : 1;
    size_t rows = (c->count + columns - 1) / columns, shown = rows > ROWS ? ROWS : rows;
    for (size_t row = 0; row < shown; row++) {
        for (size_t column = 0; column < columns; column++) {
            size_t i = rows > ROWS ? row * columns + column : column * rows + row;
            if (i >= c->count)
                break;
            text_addf(out, "%s%*s", c->word[i], widest + 2 - out_columns(c->word[i]), "");
        }
        while (out->length && out->data[out->length - 1] == ' ')
            out->data[--out->length] = '\0';
        text_add(out, "\n");
    }
    if (rows > ROWS)
        text_addf(out, "… and %zu more\n", c->count - ROWS * columns);
}
