/* thumbnails.c - images in braille, two dots wide and four high in each character (Unicode block U+2800).
 *
 * A dot is the mean of a square of pixels, over all channels. It is set when it is brighter than its place in
 * a four by four pattern of thresholds (Bayer's ordered dither), so that grey shows as so many dots. */
#include "thumbnails.h"
#include "output.h"

#include "../src/text.h"

#include <math.h>
#include <stdio.h>

enum { DOTS = 32, GAP = 2, BAYER = 4, BLANK = 0x2800 };

struct thumbnail {
    const float *x;
    int height, width, channels;
    int scale;         /* pixels of a dot's side */
    float low, spread; /* the image's darkest value, and the step to its brightest */
};

bool thumbnails_fit(const struct data *d)
{
    return d->shape.rank == 3 && d->shape.dim[0] > 1 && d->shape.dim[1] > 1;
}

static struct thumbnail thumbnail_of(const struct data *d, size_t i)
{
    size_t size = shape_size(&d->shape);
    struct thumbnail t = {.x = d->x + i * size,
        .height = d->shape.dim[0],
        .width = d->shape.dim[1],
        .channels = d->shape.dim[2],
        .low = INFINITY};
    float high = -INFINITY;
    for (size_t k = 0; k < size; k++) {
        t.low = fminf(t.low, t.x[k]);
        high = fmaxf(high, t.x[k]);
    }
    t.spread = high > t.low ? high - t.low : 1;
    int longest = t.height > t.width ? t.height : t.width;
    t.scale = (longest + DOTS - 1) / DOTS;
    return t;
}

static int dots(int pixels, const struct thumbnail *t)
{
    return (pixels + t->scale - 1) / t->scale;
}

static int characters(const struct thumbnail *t)
{
    return (dots(t->width, t) + 1) / 2;
}

static bool dot(const struct thumbnail *t, int row, int column)
{
    static const float threshold[BAYER][BAYER] = {
        {0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}};
    double sum = 0;
    int count = 0;
    for (int y = row * t->scale; y < (row + 1) * t->scale && y < t->height; y++)
        for (int x = column * t->scale; x < (column + 1) * t->scale && x < t->width; x++)
            for (int c = 0; c < t->channels; c++, count++)
                sum += t->x[((size_t)y * (size_t)t->width + (size_t)x) * (size_t)t->channels + (size_t)c];
    if (!count)
        return false;
    float bright = (float)(sum / count - (double)t->low) / t->spread;
    return bright > (threshold[row % BAYER][column % BAYER] + 0.5f) / (BAYER * BAYER);
}

/* One line of characters of one image. */
static void add_line(struct text *to, const struct thumbnail *t, int line)
{
    static const unsigned bit[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    for (int i = 0; i < characters(t); i++) {
        unsigned code = BLANK;
        for (int k = 0; k < 8; k++)
            if (dot(t, 4 * line + k / 2, 2 * i + k % 2))
                code |= bit[k / 2][k % 2];
        const char bytes[] = {
            (char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3f)), (char)(0x80 | (code & 0x3f))};
        text_add_bytes(to, code == BLANK ? " " : bytes, code == BLANK ? 1 : sizeof bytes);
    }
}

/* "3: shirt", cut to the image's width. */
static void add_caption(struct text *to, const struct data *d, size_t i, int room)
{
    struct text whole = {0};
    int used = 0, columns;
    if (d->classes)
        text_addf(&whole, "%zu: %s", i, d->class_name[(int)d->t[i]]);
    else
        text_addf(&whole, "%zu: %.4g", i, (double)d->t[i * d->targets]);
    for (const char *s = text_get(&whole); *s;) {
        size_t bytes = out_character(s, whole.length - (size_t)(s - whole.data), &columns);
        if ((used += columns) > room) {
            used -= columns;
            break;
        }
        out_clean(to, s, bytes);
        s += bytes;
    }
    text_addf(to, "%*s", room - used, "");
    text_release(&whole);
}

static void print_row(const struct data *d, size_t first, size_t count)
{
    struct text t = {0};
    struct thumbnail one = thumbnail_of(d, first);
    int lines = (dots(one.height, &one) + 3) / 4;
    for (int line = -1; line < lines; line++) {
        text_clear(&t);
        for (size_t i = first; i < first + count; i++) {
            one = thumbnail_of(d, i);
            if (i > first)
                text_addf(&t, "%*s", GAP, "");
            if (line < 0)
                add_caption(&t, d, i, characters(&one));
            else
                add_line(&t, &one, line);
        }
        while (t.length && t.data[t.length - 1] == ' ')
            t.data[--t.length] = '\0';
        text_add(&t, "\n");
        out_text(text_get(&t));
    }
    text_release(&t);
}

void thumbnails_print(const struct data *d, size_t count)
{
    struct thumbnail one = thumbnail_of(d, 0);
    int fit = (out_width() + GAP) / (characters(&one) + GAP);
    size_t across = fit > 1 ? (size_t)fit : 1;
    for (size_t i = 0; i < count; i += across)
        print_row(d, i, count - i < across ? count - i : across);
}
