/* raster.c - pixels from a draw list.
 *
 * Every shape is turned into coverage, a byte a pixel that says how much of it the shape covers, and coverage
 * into colour by dst += (src - dst) · coverage · alpha. Rectangles and images get it from the distance to
 * their rounded outline. A path is the union of capsules (all points within half a width of a segment): each
 * one raises the coverage in a mask, and the mask is painted once, so joints of a translucent line do not
 * show. A polygon is cut into eight thin lines a row, each covering its spans exactly. */
#include "raster.h"

#include "../src/kernels/simd.h"
#include "../src/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POLYGON_CUTS = 8, POLYGON_CROSSINGS = 64, FULL = 255 };

struct box {
    int x0, y0, x1, y1; /* x1, y1 behind the last */
};

/* fminf() and fmaxf() are calls, as they care for NaN; nothing here is. */
static inline float smaller(float a, float b)
{
    return a < b ? a : b;
}

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

/* What an item may touch: its bounds, its clip and the canvas. */
static struct box item_box(const struct draw_item *it, const struct canvas *c)
{
    struct rect r = it->clip;
    struct box b = {(int)lrintf(r.x), (int)lrintf(r.y), (int)lrintf(r.x + r.w), (int)lrintf(r.y + r.h)};
    struct rect own = it->box;
    b.x0 = (int)larger((float)(b.x0 > 0 ? b.x0 : 0), floorf(own.x - 1));
    b.y0 = (int)larger((float)(b.y0 > 0 ? b.y0 : 0), floorf(own.y - 1));
    b.x1 = (int)smaller((float)(b.x1 < c->width ? b.x1 : c->width), ceilf(own.x + own.w + 1));
    b.y1 = (int)smaller((float)(b.y1 < c->height ? b.y1 : c->height), ceilf(own.y + own.h + 1));
    return b;
}

static inline uint32_t blend(uint32_t to, uint32_t from, uint32_t amount) /* amount 0 … 256 */
{
    uint32_t keep = 256 - amount;
    uint32_t rb = ((to & 0xff00ff) * keep + (from & 0xff00ff) * amount) >> 8 & 0xff00ff;
    uint32_t g = ((to & 0x00ff00) * keep + (from & 0x00ff00) * amount) >> 8 & 0x00ff00;
    return 0xff000000 | rb | g;
}

static inline uint32_t amount_of(uint32_t coverage, uint32_t alpha)
{
    uint32_t product = coverage * alpha;
    return (product + (product >> 7)) >> 8; /* 255 · 255 gives 255, and then 256 below */
}

static void paint_span(uint32_t *row, int x0, int x1, uint32_t colour, uint32_t amount)
{
    if (amount >= 255) {
        for (int x = x0; x < x1; x++)
            row[x] = colour;
        return;
    }
    for (int x = x0; x < x1; x++)
        row[x] = blend(row[x], colour, amount);
}

/* Where nothing is covered blend() changes nothing: no branch, so that whole rows go at once. */
static void paint_mask(
    uint32_t *restrict row, const uint8_t *restrict mask, int x0, int x1, uint32_t colour, uint32_t alpha)
{
    for (int x = x0; x < x1; x++) {
        uint32_t amount = amount_of(mask[x], alpha);
        row[x] = blend(row[x], colour, amount + (amount >> 7));
    }
}

/* --- rounded rectangles ------------------------------------------------------------------------------------
 */

static inline float unit(float v)
{
    return smaller(larger(v, 0), 1);
}

/* How much of the pixel at [at, at + 1] lies in [low, high]. */
static inline float overlap(float at, float low, float high)
{
    return unit(smaller(at + 1, high) - larger(at, low));
}

/* Coverage of row y by a rounded rectangle, for columns x0 … x1-1. */
static void round_row(struct rect r, float radius, int y, int x0, int x1, uint8_t *out)
{
    float low = r.x, high = r.x + r.w, middle = (float)y + 0.5f;
    float vertical = overlap((float)y, r.y, r.y + r.h);
    float dy = larger(larger(r.y + radius - middle, middle - (r.y + r.h - radius)), 0);
    uint8_t whole = (uint8_t)(vertical * FULL + 0.5f);
    bool corner = radius > 0 && dy > 0;
    float reach = corner ? radius : 0;
    int left = (int)ceilf(low + reach), right = (int)floorf(high - reach);
    for (int x = x0; x < x1; x++) {
        if (x >= left && x < right) {
            int end = right < x1 ? right : x1;
            memset(out + x, whole, (size_t)(end - x));
            x = end - 1;
            continue;
        }
        float cover = overlap((float)x, low, high) * vertical;
        float centre = (float)x + 0.5f;
        float dx = larger(larger(low + radius - centre, centre - (high - radius)), 0);
        if (corner && dx > 0)
            cover = smaller(cover, unit(radius + 0.5f - sqrtf(dx * dx + dy * dy)));
        out[x] = (uint8_t)(cover * FULL + 0.5f);
    }
}

static void raster_fill(struct raster *r, struct canvas *c, const struct draw_item *it)
{
    struct box b = item_box(it, c);
    uint32_t colour = colour_pixel(it->colour) | 0xff000000, alpha = it->colour.a;
    float solid = larger(it->radius, 1);
    int x0 = (int)ceilf(it->box.x + solid), x1 = (int)floorf(it->box.x + it->box.w - solid);
    x0 = x0 < b.x0 ? b.x0 : x0;
    x1 = x1 > b.x1 ? b.x1 : x1;
    for (int y = b.y0; y < b.y1; y++) {
        uint32_t *row = c->pixel + (size_t)y * (size_t)c->pitch;
        float whole = overlap((float)y, it->box.y, it->box.y + it->box.h);
        if (whole < 1 || x1 <= x0) {
            round_row(it->box, it->radius, y, b.x0, b.x1, r->line);
            paint_mask(row, r->line, b.x0, b.x1, colour, alpha);
            continue;
        }
        round_row(it->box, it->radius, y, b.x0, x0, r->line);
        paint_mask(row, r->line, b.x0, x0, colour, alpha);
        paint_span(row, x0, x1, colour, alpha + (alpha >> 7));
        round_row(it->box, it->radius, y, x1, b.x1, r->line);
        paint_mask(row, r->line, x1, b.x1, colour, alpha);
    }
}

static void frame_part(struct raster *r, struct canvas *c, const struct draw_item *it, int y, int x0, int x1)
{
    struct rect inner = rect_inset(it->box, it->width);
    float radius = larger(it->radius - it->width, 0);
    uint8_t *hole = r->mask; /* its first row is free between paths */
    if (x1 <= x0)
        return;
    round_row(it->box, it->radius, y, x0, x1, r->line);
    round_row(inner, radius, y, x0, x1, hole);
    for (int x = x0; x < x1; x++)
        r->line[x] = (uint8_t)(r->line[x] > hole[x] ? r->line[x] - hole[x] : 0);
    memset(hole + x0, 0, (size_t)(x1 - x0));
    uint32_t *row = c->pixel + (size_t)y * (size_t)c->pitch;
    paint_mask(row, r->line, x0, x1, colour_pixel(it->colour) | 0xff000000, it->colour.a);
}

static void raster_frame(struct raster *r, struct canvas *c, const struct draw_item *it)
{
    struct box b = item_box(it, c);
    float edge = larger(it->radius, it->width) + 1;
    int left = (int)ceilf(it->box.x + edge), right = (int)floorf(it->box.x + it->box.w - edge);
    for (int y = b.y0; y < b.y1; y++) {
        bool sides = (float)y > it->box.y + edge && (float)y + 1 < it->box.y + it->box.h - edge;
        if (!sides || left >= right) {
            frame_part(r, c, it, y, b.x0, b.x1);
            continue;
        }
        frame_part(r, c, it, y, b.x0, left < b.x1 ? left : b.x1);
        frame_part(r, c, it, y, right > b.x0 ? right : b.x0, b.x1);
    }
}

/* --- paths -------------------------------------------------------------------------------------------------
 */

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

static void raster_path(struct raster *r, struct canvas *c, const struct draw_item *it, const struct point *p)
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

/* --- polygons ----------------------------------------------------------------------------------------------
 */

/* Where the outline crosses height y, in order. */
static int polygon_crossings(const struct point *p, size_t n, float y, float out[POLYGON_CROSSINGS])
{
    int count = 0;
    for (size_t i = 0; i < n && count < POLYGON_CROSSINGS; i++) {
        struct point a = p[i], b = p[i + 1 < n ? i + 1 : 0];
        if ((a.y <= y) == (b.y <= y))
            continue;
        float x = a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y);
        int k = count++;
        for (; k > 0 && out[k - 1] > x; k--)
            out[k] = out[k - 1];
        out[k] = x;
    }
    return count & ~1;
}

static void cover_span(uint8_t *line, const struct box *b, float low, float high, int part)
{
    low = larger(low, (float)b->x0);
    high = smaller(high, (float)b->x1);
    for (int x = (int)floorf(low); x < b->x1 && (float)x < high; x++) {
        int more = line[x] + (int)(overlap((float)x, low, high) * (float)part + 0.5f);
        line[x] = (uint8_t)(more > FULL ? FULL : more);
    }
}

static void raster_polygon(
    struct raster *r, struct canvas *c, const struct draw_item *it, const struct point *p)
{
    struct box b = item_box(it, c);
    float crossing[POLYGON_CROSSINGS];
    if (b.x0 >= b.x1)
        return;
    for (int y = b.y0; y < b.y1; y++) {
        memset(r->line + b.x0, 0, (size_t)(b.x1 - b.x0));
        for (int cut = 0; cut < POLYGON_CUTS; cut++) {
            float height = (float)y + ((float)cut + 0.5f) / POLYGON_CUTS;
            int n = polygon_crossings(p, it->count, height, crossing);
            for (int k = 0; k < n; k += 2)
                cover_span(r->line, &b, crossing[k], crossing[k + 1], 256 / POLYGON_CUTS);
        }
        uint32_t *row = c->pixel + (size_t)y * (size_t)c->pitch;
        paint_mask(row, r->line, b.x0, b.x1, colour_pixel(it->colour) | 0xff000000, it->colour.a);
    }
}

/* --- images -------------------------------------------------------------------------------------
 */

/* A place between two cells of an image: how far from the first towards the next, 0 … 256. */
struct cell {
    int first;
    uint32_t part;
};

/* Where pixel `at` of a length falls among n cells. */
static struct cell cell_of(int at, float low, float length, int n, bool smooth)
{
    float end = (float)(n - 1), place = ((float)at + 0.5f - low) / length * (float)n - (smooth ? 0.5f : 0);
    if (place <= 0)
        return (struct cell){0, 0};
    if (place >= end)
        return (struct cell){n - 1, 0};
    int first = (int)place;
    return (struct cell){first, smooth ? (uint32_t)((place - (float)first) * 256) : 0};
}

static inline uint32_t mix_pixels(uint32_t a, uint32_t b, uint32_t amount) /* all four bytes */
{
    uint32_t keep = 256 - amount;
    uint32_t rb = ((a & 0xff00ff) * keep + (b & 0xff00ff) * amount) >> 8 & 0xff00ff;
    uint32_t ag = ((a >> 8 & 0xff00ff) * keep + (b >> 8 & 0xff00ff) * amount) & 0xff00ff00;
    return rb | ag;
}

static bool raster_row(struct raster *r, int columns)
{
    if (columns <= r->row_room)
        return true;
    uint32_t *grown = realloc(r->row, (size_t)columns * sizeof *grown);
    if (!grown)
        return false;
    r->row = grown;
    r->row_room = columns;
    return true;
}

/* The image's row for screen row y: two of its rows blended. */
static void image_row(struct raster *r, const struct draw_item *it, const uint32_t *pixel, int y)
{
    struct cell k = cell_of(y, it->box.y, it->box.h, it->rows, it->smooth);
    const uint32_t *a = pixel + (size_t)k.first * (size_t)it->columns;
    const uint32_t *b = k.part ? a + it->columns : a;
    for (int i = 0; i < it->columns; i++)
        r->row[i] = mix_pixels(a[i], b[i], k.part);
    r->row[it->columns] = r->row[it->columns - 1];
}

static void raster_image(
    struct raster *r, struct canvas *c, const struct draw_item *it, const uint32_t *pixel)
{
    struct box b = item_box(it, c);
    if (!raster_row(r, it->columns + 1)) {
        r->failed = true;
        return;
    }
    for (int x = b.x0; x < b.x1; x++)
        r->cell[x] = cell_of(x, it->box.x, it->box.w, it->columns, it->smooth);
    for (int y = b.y0; y < b.y1; y++) {
        uint32_t *row = c->pixel + (size_t)y * (size_t)c->pitch;
        image_row(r, it, pixel, y);
        round_row(it->box, it->radius, y, b.x0, b.x1, r->line);
        for (int x = b.x0; x < b.x1; x++) {
            const uint32_t *from = r->row + r->cell[x].first;
            uint32_t mixed = mix_pixels(from[0], from[1], r->cell[x].part);
            if (r->line[x] == FULL && mixed >> 24 == FULL && it->colour.a == FULL) {
                row[x] = mixed;
                continue;
            }
            uint32_t amount = amount_of(amount_of(r->line[x], mixed >> 24), it->colour.a);
            row[x] = blend(row[x], mixed, amount + (amount >> 7));
        }
    }
}

/* --- text --------------------------------------------------------------------------------------------------
 */

static void raster_glyph(struct canvas *c, const struct draw_item *it, const struct glyph *g, int x, int y)
{
    struct box b = item_box(it, c);
    int x0 = x > b.x0 ? x : b.x0, x1 = x + g->columns < b.x1 ? x + g->columns : b.x1;
    int y0 = y > b.y0 ? y : b.y0, y1 = y + g->rows < b.y1 ? y + g->rows : b.y1;
    uint32_t colour = colour_pixel(it->colour) | 0xff000000;
    for (int row = y0; row < y1 && x0 < x1; row++) {
        const uint8_t *mask = g->coverage + (size_t)(row - y) * (size_t)g->columns + (x0 - x);
        uint32_t *to = c->pixel + (size_t)row * (size_t)c->pitch + x0;
        paint_mask(to, mask, 0, x1 - x0, colour, it->colour.a);
    }
}

static void raster_text(struct canvas *c, const struct draw_item *it, const char *text, struct glyphs *g)
{
    float pen = roundf(it->box.x), baseline = roundf(it->box.y + glyphs_baseline(g, it->font));
    for (size_t at = 0; at < it->count;) {
        struct glyph sign = glyphs_get(g, it->font, utf8_next(text, it->count, &at));
        raster_glyph(c, it, &sign, (int)lrintf(pen) + sign.left, (int)baseline - sign.top);
        pen += sign.advance;
    }
}

/* --- all of it ---------------------------------------------------------------------------------------------
 */

void raster_release(struct raster *r)
{
    free(r->mask);
    free(r->first);
    free(r->last);
    free(r->line);
    free(r->cell);
    free(r->row);
    *r = (struct raster){0};
}

static bool raster_size(struct raster *r, int width, int height)
{
    if (r->mask && r->width == width && r->height == height)
        return true;
    raster_release(r);
    size_t w = (size_t)width, h = (size_t)height;
    r->mask = calloc(w * h, 1);
    r->first = calloc(h, sizeof *r->first);
    r->last = calloc(h, sizeof *r->last);
    r->line = calloc(w, 1);
    r->cell = calloc(w, sizeof *r->cell);
    if (!r->mask || !r->first || !r->last || !r->line || !r->cell) {
        raster_release(r);
        return false;
    }
    r->width = width;
    r->height = height;
    for (int y = 0; y < height; y++)
        r->first[y] = width;
    return true;
}

static void raster_item(
    struct raster *r, struct canvas *c, const struct draw *d, const struct draw_item *it, struct glyphs *g)
{
    switch (it->kind) {
    case DRAW_FILL:
        raster_fill(r, c, it);
        break;
    case DRAW_FRAME:
        raster_frame(r, c, it);
        break;
    case DRAW_PATH:
        raster_path(r, c, it, d->point + it->first);
        break;
    case DRAW_POLYGON:
        raster_polygon(r, c, it, d->point + it->first);
        break;
    case DRAW_IMAGE:
        raster_image(r, c, it, d->pixel + it->first);
        break;
    case DRAW_TEXT:
        if (g)
            raster_text(c, it, d->text + it->first, g);
        break;
    }
}

/* All that it calls is inlined into each of its versions. */
KERNEL
__attribute__((flatten)) void raster_draw(
    struct raster *r, struct canvas c, const struct draw *d, struct glyphs *g)
{
    r->failed = !raster_size(r, c.width, c.height);
    for (size_t i = 0; i < d->items && !r->failed; i++)
        raster_item(r, &c, d, &d->item[i], g);
}
