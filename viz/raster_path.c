/* raster_path.c - the pixels of lines.
 *
 * A path is the union of capsules (all points within half a width of a segment). Each one raises the coverage
 * in a mask, row by row, by the distance to its middle line or to its end; then the mask is painted once, so
 * that joints of a translucent line do not show. */
#include "raster_parts.h"

#include "../src/kernels/simd.h"

#include <string.h>

struct segment {
    struct point a, u; /* start, direction of length 1 */
    float length, half;
};

static void widen(float *low, float *high, float a, float b)
{
    *low = smaller(*low, a);
    *high = larger(*high, b);
}

/* A capsule of radius R around a segment, ready to be walked row by row: where its middle line and the
 * normals at its ends cross a row moves by the same step from each row to the next. */
struct capsule {
    struct point a, b, u;
    float R, length;
    float slope,
        reach; /* of the middle line in columns a row, and half its width in a row; level: INFINITY */
    float lean, across; /* of the normals, and the columns between them; upright: INFINITY */
};

static struct capsule capsule_of(const struct segment *s)
{
    struct capsule k = {.a = s->a, .u = s->u, .R = s->half + 0.5f, .length = s->length};
    k.b = (struct point){s->a.x + s->u.x * s->length, s->a.y + s->u.y * s->length};
    bool level = fabsf(s->u.y) <= 1e-6f, upright = fabsf(s->u.x) <= 1e-6f;
    k.slope = level ? 0 : s->u.x / s->u.y;
    k.reach = level ? INFINITY : k.R / fabsf(s->u.y);
    k.lean = upright ? 0 : -s->u.y / s->u.x;
    k.across = upright ? INFINITY : s->length / s->u.x;
    return k;
}

static void widen_by_end(const struct capsule *k, struct point end, float y, float *low, float *high)
{
    float d = y - end.y, square = k->R * k->R - d * d;
    if (square < 0)
        return;
    float half = sqrtf(square);
    widen(low, high, end.x - half, end.x + half);
}

/* The columns where the capsule meets the line at height y, and those of them that lie between its ends. */
static bool capsule_columns(const struct capsule *k, float y, float *low, float *high, float *from, float *to)
{
    float d = y - k->a.y, along = k->u.y * d;
    *low = INFINITY;
    *high = -INFINITY;
    widen_by_end(k, k->a, y, low, high);
    widen_by_end(k, k->b, y, low, high);
    float middle = k->a.x + k->slope * d;
    *from = middle - k->reach;
    *to = middle + k->reach;
    if (k->across == INFINITY) {
        if (along < 0 || along > k->length)
            *to = -INFINITY;
    } else {
        float p = k->a.x + k->lean * d, q = p + k->across;
        *from = larger(*from, smaller(p, q));
        *to = smaller(*to, larger(p, q));
    }
    if (k->reach == INFINITY && (d > k->R || d < -k->R))
        *to = -INFINITY;
    if (*from <= *to)
        widen(low, high, *from, *to);
    return *low <= *high;
}

static inline void raise(uint8_t *mask, float cover)
{
    cover = cover < 0 ? 0 : cover > 1 ? 1 : cover;
    int byte = (int)(cover * FULL + 0.5f), was = *mask;
    *mask = (uint8_t)(was > byte ? was : byte);
}

/* Around an end: by the distance to it. */
static void mask_end(uint8_t *mask, int x0, int x1, struct point end, float dy, float R)
{
    for (int x = x0; x < x1; x++) {
        float dx = (float)x + 0.5f - end.x;
        raise(&mask[x], R - sqrtf(dx * dx + dy * dy));
    }
}

/* Between the ends the distance is that to the middle line, which grows evenly along a row. */
static void mask_middle(uint8_t *mask, int x0, int x1, float distance, float step, float R)
{
    for (int i = 0; i < x1 - x0; i++)
        raise(&mask[x0 + i], R - fabsf(distance + (float)i * step));
}

/* The whole numbers below and above x, from low ≥ 0 to high; NaN gives low. */
static inline int floor_between(int low, float x, int high)
{
    return x > (float)low ? x < (float)high ? (int)x : high : low;
}

static inline int ceil_between(int low, float x, int high)
{
    int below = floor_between(low, x, high);
    return below + ((float)below < x && below < high);
}

/* Columns x0 … x1-1 of the row at height y; those between the ends lie in from … to, if any do. */
static void mask_row(
    uint8_t *mask, const struct capsule *k, float y, int x0, int x1, float from, float to, float at)
{
    bool forward = k->u.x >= 0; /* the end at the left is a */
    struct point left = forward ? k->a : k->b, right = forward ? k->b : k->a;
    float d = y - k->a.y;
    if (from > to) { /* the whole row is beyond one end */
        bool before = (at - k->a.x) * k->u.x + d * k->u.y < k->length / 2;
        struct point end = before ? k->a : k->b;
        mask_end(mask, x0, x1, end, y - end.y, k->R);
        return;
    }
    int m0 = ceil_between(x0, from - 0.5f, x1), m1 = floor_between(m0, to + 0.5f, x1);
    mask_end(mask, x0, m0, left, y - left.y, k->R);
    mask_middle(mask, m0, m1, ((float)m0 + 0.5f - k->a.x) * k->u.y - d * k->u.x, k->u.y, k->R);
    mask_end(mask, m1, x1, right, y - right.y, k->R);
}

static void mask_segment(struct raster *r, const struct box *b, const struct segment *s)
{
    struct capsule k = capsule_of(s);
    int top = (int)floorf(smaller(k.a.y, k.b.y) - k.R), bottom = (int)ceilf(larger(k.a.y, k.b.y) + k.R);
    top = top > b->y0 ? top : b->y0;
    bottom = bottom < b->y1 ? bottom : b->y1;
    for (int y = top; y < bottom; y++) {
        float low, high, from, to, middle = (float)y + 0.5f;
        if (!capsule_columns(&k, middle, &low, &high, &from, &to))
            continue;
        int x0 = floor_between(b->x0, low - 0.5f, b->x1), x1 = ceil_between(b->x0, high + 0.5f, b->x1);
        if (x0 >= x1)
            continue;
        mask_row(r->mask + (size_t)y * (size_t)r->width, &k, middle, x0, x1, from, to, (low + high) / 2);
        r->first[y] = r->first[y] < x0 ? r->first[y] : x0;
        r->last[y] = r->last[y] > x1 ? r->last[y] : x1;
    }
}

static bool segment_of(struct point a, struct point b, float half, struct segment *out)
{
    float dx = b.x - a.x, dy = b.y - a.y, length = sqrtf(dx * dx + dy * dy);
    struct point u = length > 1e-6f ? (struct point){dx / length, dy / length} : (struct point){1, 0};
    *out = (struct segment){a, u, length, half};
    return length > 1e-6f;
}

/* The last point of a part of the path, from point `from` on, that looks straight: every point passed over
 * lies on it within a tenth of a pixel. Few long segments cost less than many short ones. */
static size_t straight_to(const struct point *p, size_t count, size_t from)
{
    enum { MOST = 8 };
    static const float slack = 0.1f;
    size_t to = from + 1;
    while (to + 1 < count && to - from < MOST) {
        struct point a = p[from], b = p[to + 1];
        float dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
        for (size_t i = from + 1; i <= to; i++) {
            float cross = dx * (p[i].y - a.y) - dy * (p[i].x - a.x);
            float along = dx * (p[i].x - a.x) + dy * (p[i].y - a.y);
            if (cross * cross > slack * slack * square || along < 0 || along > square)
                return to;
        }
        to++;
    }
    return to;
}

/* The parts of a segment that dashes cover; `at` is the length of path before it. */
static void mask_dashes(
    struct raster *r, const struct box *b, const struct segment *s, const struct draw_item *it, float at)
{
    float period = it->dash + it->gap;
    float from = floorf((at - it->phase) / period) * period + it->phase;
    for (float start = from; start < at + s->length; start += period) {
        float low = larger(start - at, 0), high = smaller(start + it->dash - at, s->length);
        if (high <= low)
            continue;
        struct segment part = *s;
        part.a = (struct point){s->a.x + s->u.x * low, s->a.y + s->u.y * low};
        part.length = high - low;
        mask_segment(r, b, &part);
    }
}

static void paint_path(
    struct raster *r, struct canvas *c, const struct box *b, uint32_t colour, uint32_t alpha)
{
    for (int y = b->y0; y < b->y1; y++) {
        int x0 = r->first[y], x1 = r->last[y];
        if (x0 >= x1)
            continue;
        uint8_t *mask = r->mask + (size_t)y * (size_t)r->width;
        paint_mask(c->pixel + (size_t)y * (size_t)c->pitch, mask, x0, x1, colour, alpha);
        memset(mask + x0, 0, (size_t)(x1 - x0));
        r->first[y] = r->width;
        r->last[y] = 0;
    }
}

KERNEL
__attribute__((flatten)) void raster_path(
    struct raster *r, struct canvas *c, const struct draw_item *it, const struct point *p)
{
    struct box b = item_box(it, c);
    if (b.x0 >= b.x1 || b.y0 >= b.y1)
        return;
    float half = larger(it->width, 1) / 2, thin = smaller(it->width, 1), at = 0;
    for (size_t i = 0, next; i + 1 < it->count; i = next) {
        struct segment s;
        next = straight_to(p, it->count, i);
        if (!segment_of(p[i], p[next], half, &s) && it->count > 2)
            continue;
        if (it->dash > 0)
            mask_dashes(r, &b, &s, it, at);
        else
            mask_segment(r, &b, &s);
        at += s.length;
    }
    paint_path(r, c, &b, colour_pixel(it->colour) | 0xff000000, (uint32_t)lrintf(it->colour.a * thin));
}
