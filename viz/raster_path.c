/* raster_path.c - the pixels of lines.
 *
 * A path is the union of capsules (all points within half a width of a segment). Each one raises the coverage
 * in a mask by the distance to its segment, a block of columns at a time; then the mask is painted once, so
 * that joints of a translucent line do not show. */
#include "raster_parts.h"

#include "../src/kernels/simd.h"

#include <string.h>

struct segment {
    struct point a, u; /* start, direction of length 1 */
    float length, half;
};

/* A capsule of radius R around a segment, ready to be walked row by row. */
struct capsule {
    struct point a, u;
    float length, R;
    float rise;  /* length of the segment a row; 0: level */
    float along; /* so much of the segment, to both sides, is within R of a row */
    float reach; /* half the width of the endless line in a row */
};

static struct capsule capsule_of(const struct segment *s)
{
    struct capsule k = {.a = s->a, .u = s->u, .length = s->length, .R = s->half + 0.5f};
    bool level = fabsf(s->u.y) <= 1e-6f;
    k.rise = level ? 0 : 1 / s->u.y;
    k.along = k.reach = level ? INFINITY : k.R * fabsf(k.rise);
    return k;
}

static inline float between(float low, float x, float high)
{
    return smaller(larger(x, low), high);
}

/* The columns where the capsule can meet the line at height y: within the endless line, and within R of that
 * part of the segment which is near. */
static void capsule_columns(const struct capsule *k, float y, float *low, float *high)
{
    float t = (y - k->a.y) * k->rise, middle = k->a.x + k->u.x * t;
    float p = k->a.x + k->u.x * between(0, t - k->along, k->length);
    float q = k->a.x + k->u.x * between(0, t + k->along, k->length);
    *low = larger(middle - k->reach, smaller(p, q) - k->R);
    *high = smaller(middle + k->reach, larger(p, q) + k->R);
}

/* Raises the coverage of LANES columns from x on, at height dy from the start, to what the capsule covers of
 * them; columns outside of the box stay as they are. No branch, as lines are narrow: a row is one block. */
static inline void mask_block(uint32_t *mask, const struct capsule *k, const struct box *b, int x, float dy)
{
    for (int i = 0; i < LANES; i++) {
        float dx = (float)(x + i) + 0.5f - k->a.x;
        float along = dx * k->u.x + dy * k->u.y, across = dx * k->u.y - dy * k->u.x;
        float beyond = larger(larger(-along, along - k->length), 0);
        float inside = k->R - sqrtf(across * across + beyond * beyond);
        uint32_t cover = (uint32_t)(int32_t)(between(0, inside, 1) * FULL + 0.5f), was = mask[x + i];
        cover = x + i >= b->x0 && x + i < b->x1 ? cover : 0;
        mask[x + i] = was > cover ? was : cover;
    }
}

/* The whole number below x, between low and high; NaN gives low. */
static inline int floor_between(int low, float x, int high)
{
    return x > (float)low ? x < (float)high ? (int)x : high : low;
}

static void mask_segment(struct raster *r, const struct box *b, const struct segment *s)
{
    struct capsule k = capsule_of(s);
    float end = k.a.y + k.u.y * k.length;
    int top = floor_between(b->y0, smaller(k.a.y, end) - k.R, b->y1),
        bottom = floor_between(b->y0, larger(k.a.y, end) + k.R + 1, b->y1);
    for (int y = top; y < bottom; y++) {
        float low, high, middle = (float)y + 0.5f;
        capsule_columns(&k, middle, &low, &high);
        int x0 = floor_between(b->x0, low, b->x1), x1 = floor_between(b->x0, high + 1, b->x1);
        if (x0 >= x1)
            continue;
        uint32_t *mask = r->mask + (size_t)y * (size_t)r->pitch;
        for (int x = x0; x < x1; x += LANES)
            mask_block(mask, &k, b, x, middle - k.a.y);
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
        uint32_t *mask = r->mask + (size_t)y * (size_t)r->pitch;
        paint_covered(c, y, x0, x1, mask, colour, alpha);
        for (int x = x0; x < x1; x += LANES)
            memset(mask + x, 0, LANES * sizeof *mask);
        r->first[y] = r->width;
        r->last[y] = 0;
    }
}

KERNEL
__attribute__((flatten)) void raster_path(
    struct raster *r, struct canvas *c, const struct draw_item *it, const struct point *p)
{
    struct box b = item_box(r, it, c);
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
