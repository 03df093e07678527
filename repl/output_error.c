/* output_error.c - an error with its place: where, what, and the caret.
 *
 *     spiral.gr:12:9: error: unknown activation 'tahn'
 *        12 | dense 8 tahn
 *           |         ^~~~ did you mean 'tanh'?
 *
 * A sentence that ends in a suggestion has it put beside the caret. A typed line may have several physical
 * ones (an open bracket continues it) or be very long: the one with the place is shown, cut to the screen. */
#include "output.h"

#include "../src/text.h"

#include <string.h>

/* The part of the line that is shown, and the bytes to blame in it. */
struct view {
    const char *text;
    size_t length, offset, blamed;
    int number; /* of this physical line */
    bool cut_left, cut_right;
};

static size_t minimum(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool starts_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

/* Narrows to the physical line around the place, then to `room` bytes around it. */
static struct view view_make(const char *line, size_t length, const struct error *e, int number, size_t room)
{
    struct view v = {line, length, minimum((size_t)e->offset, length),
        (size_t)(e->length > 0 ? e->length : 1), number, false, false};
    for (size_t i = 0; i < v.offset; i++)
        if (line[i] == '\n') {
            v.text = line + i + 1;
            v.number += number > 0;
        }
    v.offset -= (size_t)(v.text - line);
    v.length -= (size_t)(v.text - line);
    const char *end = memchr(v.text, '\n', v.length);
    if (end && (size_t)(end - v.text) >= v.offset)
        v.length = (size_t)(end - v.text);
    if (v.length > room) {
        size_t skip = v.offset > room / 2 ? v.offset - room / 2 : 0;
        skip = minimum(skip, v.length - room);
        while (skip > 0 && !starts_character(v.text[skip]))
            skip--;
        v.cut_left = skip > 0;
        v.text += skip;
        v.offset -= skip;
        v.length -= skip;
        v.cut_right = v.length > room;
        v.length = minimum(v.length, room);
        while (v.cut_right && v.length > v.offset && !starts_character(v.text[v.length]))
            v.length--;
    }
    v.blamed = minimum(v.blamed, v.length > v.offset ? v.length - v.offset : 1);
    return v;
}

static int columns_of(const char *text, size_t length)
{
    struct text clean = {0};
    out_clean(&clean, text, length);
    int columns = out_columns(text_get(&clean));
    text_release(&clean);
    return columns;
}

/* Where the suggestion at the end of a sentence starts, or NULL; *end is where the sentence before it ends.
 */
static const char *suggestion(const char *sentence, const char **end)
{
    const char *s = strstr(sentence, "did you mean");
    if (!s || s == sentence)
        return NULL;
    *end = s;
    while (*end > sentence && strchr(" ;:,.-(", (*end)[-1]))
        (*end)--;
    return s;
}

static void draw(
    struct text *to, const struct view *v, const char *hint, const char *style, const char *plain)
{
    const char *left = v->cut_left ? "…" : "", *right = v->cut_right ? "…" : "";
    if (v->number > 0)
        text_addf(to, "%5d | ", v->number);
    else
        text_add(to, "  ");
    text_add(to, left);
    out_clean(to, v->text, v->length);
    text_addf(to, "%s\n%s%*s%s^", right, v->number > 0 ? "      | " : "  ",
        columns_of(v->text, v->offset) + v->cut_left, "", style);
    for (int i = 1, n = columns_of(v->text + v->offset, minimum(v->blamed, v->length - v->offset)); i < n;
         i++)
        text_add(to, "~");
    text_addf(to, "%s%s%s\n", plain, hint ? " " : "", hint ? hint : "");
}

void out_error(const char *name, int number, const char *line, size_t length, const struct error *e)
{
    struct text t = {0};
    bool placed = line && e->offset >= 0 && length > 0;
    bool colour = out_error_colour();
    const char *style = colour ? "\033[1;31m" : "", *plain = colour ? "\033[0m" : "";
    struct view v = {0};
    if (placed)
        v = view_make(line, length, e, number, (size_t)(out_width() > 40 ? out_width() - 12 : 28));
    if (name) {
        out_clean(&t, name, strlen(name));
        text_add(&t, ":");
        if (number > 0)
            text_addf(&t, "%d:", placed ? v.number : number);
        if (placed) {
            const char *start = memrchr(line, '\n', minimum((size_t)e->offset, length));
            start = start ? start + 1 : line;
            text_addf(&t,
                "%d:", columns_of(start, minimum((size_t)e->offset, length) - (size_t)(start - line)) + 1);
        }
        text_add(&t, " ");
    }
    const char *end = e->text + strlen(e->text), *hint = placed ? suggestion(e->text, &end) : NULL;
    text_addf(&t, "%serror:%s ", style, plain);
    out_clean(&t, e->text, (size_t)(end - e->text));
    text_add(&t, "\n");
    if (placed)
        draw(&t, &v, hint, style, plain);
    out_diagnostic(text_get(&t));
    text_release(&t);
}
