/* damage.c - each part of a draw list boiled down to a number and a rectangle.
 *
 * Parts are compared by their order: that of the cards stays while the layout does, and a tip comes last.
 * Where the numbers differ, the place where the part was and the place where it is are drawn anew. */
#include "damage.h"

#include <math.h>
#include <string.h>

struct part {
    struct rect box; /* of all that it draws; w 0: nothing */
    uint64_t sum;
};

static uint64_t add_word(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
    return sum ^ sum >> 29;
}

static uint64_t add_bytes(uint64_t sum, const void *from, size_t n)
{
    const unsigned char *at = from;
    uint64_t word;
    for (; n >= sizeof word; n -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        sum = add_word(sum, word);
    }
    word = n;
    memcpy(&word, at, n);
    return add_word(sum, word);
}

/* What an item refers to. */
static uint64_t add_content(uint64_t sum, const struct draw *d, const struct draw_item *it)
{
    switch (it->kind) {
    case DRAW_PATH:
    case DRAW_POLYGON:
        return add_bytes(sum, d->point + it->first, it->count * sizeof *d->point);
    case DRAW_IMAGE:
        return add_bytes(sum, d->pixel + it->first, it->count * sizeof *d->pixel);
    case DRAW_TEXT:
        return add_bytes(sum, d->text + it->first, it->count);
    case DRAW_FILL:
    case DRAW_FRAME:
        break;
    }
    return sum;
}

/* All of an item but the place of its content in the list. */
static uint64_t add_item(uint64_t sum, const struct draw *d, const struct draw_item *it)
{
    const float number[] = {it->box.x, it->box.y, it->box.w, it->box.h, it->clip.x, it->clip.y, it->clip.w,
        it->clip.h, it->radius, it->width, it->dash, it->gap, it->phase, it->font.size};
    const int word[] = {(int)it->kind, it->columns, it->rows, it->smooth, (int)it->font.face};
    sum = add_bytes(sum, number, sizeof number);
    sum = add_bytes(sum, word, sizeof word);
    return add_content(add_word(sum, colour_pixel(it->colour)), d, it);
}

static struct rect rect_union(struct rect a, struct rect b)
{
    if (a.w <= 0 || a.h <= 0)
        return b;
    float x = fminf(a.x, b.x), y = fminf(a.y, b.y);
    return (struct rect){x, y, fmaxf(a.x + a.w, b.x + b.w) - x, fmaxf(a.y + a.h, b.y + b.h) - y};
}

/* A pixel more on each side, as a shape's edge is soft. */
static struct part part_of(const struct draw *d, int number)
{
    struct part p = {.sum = 1};
    size_t first = d->part[number], end = number + 1 < d->parts ? d->part[number + 1] : d->items;
    for (size_t i = first; i < end; i++) {
        const struct draw_item *it = &d->item[i];
        p.box = rect_union(p.box, rect_intersect(rect_inset(it->box, -2), it->clip));
        p.sum = add_item(p.sum, d, it);
    }
    float x = floorf(p.box.x), y = floorf(p.box.y);
    p.box = (struct rect){x, y, ceilf(p.box.x + p.box.w) - x, ceilf(p.box.y + p.box.h) - y};
    return p;
}

static bool overlap(struct rect a, struct rect b)
{
    struct rect both = rect_intersect(a, b);
    return both.w > 0 && both.h > 0;
}

/* One that overlaps others takes them in. */
static int add_rect(struct rect *out, int n, struct rect r)
{
    if (r.w <= 0 || r.h <= 0)
        return n;
    for (int i = 0; i < n;)
        if (overlap(out[i], r)) {
            r = rect_union(out[i], r);
            out[i] = out[--n];
            i = 0;
        } else {
            i++;
        }
    out[n++] = r;
    return n;
}

int damage_find(struct damage *k, const struct draw *d, struct rect out[DAMAGE_RECTS])
{
    int n = 0, parts = k->parts > d->parts ? k->parts : d->parts;
    for (int i = 0; i < parts; i++) {
        struct part p = i < d->parts ? part_of(d, i) : (struct part){0};
        struct part was = i < k->parts ? (struct part){k->box[i], k->sum[i]} : (struct part){0};
        if (p.sum == was.sum)
            continue;
        n = add_rect(out, n, was.box);
        n = add_rect(out, n, p.box);
        k->box[i] = p.box;
        k->sum[i] = p.sum;
    }
    k->parts = d->parts;
    return n;
}
