/* raster.c - pixels from a draw list.
 *
 * Every shape is turned into coverage, a byte a pixel that says how much of it the shape covers, and coverage
 * into colour by dst += (src - dst) · coverage · alpha. Rectangles and images get it from the distance to
 * their rounded outline. A polygon is cut into eight thin lines a row, each covering its spans exactly. Lines
 * are in raster_path.c. */
#include "raster_parts.h"

#include "../src/kernels/simd.h"
#include "../src/text.h"

#include <stdlib.h>
#include <string.h>

enum { POLYGON_CUTS = 8, POLYGON_CROSSINGS = 64 };

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

/* Coverage of row y by a rounded rectangle: columns x0 … x1-1, and 0 for the rest of the last block. */
static inline void round_row(struct rect r, float radius, int y, int x0, int x1, uint32_t *out)
{
    float low = r.x, high = r.x + r.w, middle = (float)y + 0.5f;
    float vertical = overlap((float)y, r.y, r.y + r.h);
    float dy = larger(larger(r.y + radius - middle, middle - (r.y + r.h - radius)), 0);
    bool corner = radius > 0 && dy > 0;
    for (int x = x0; x < x1; x += LANES)
        for (int i = 0; i < LANES; i++) {
            float at = (float)(x + i), cover = overlap(at, low, high) * vertical;
            float dx = larger(low + radius - at, at + 1 - high + radius) - 0.5f;
            float round = unit(radius + 0.5f - sqrtf(dx * dx + dy * dy));
            cover = corner && dx > 0 && round < cover ? round : cover;
            out[x + i] = x + i < x1 ? (uint32_t)(int32_t)(cover * FULL + 0.5f) : 0;
        }
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

static void fill_part(struct raster *r, struct canvas *c, const struct draw_item *it, int y, int x0, int x1)
{
    if (x1 <= x0)
        return;
    round_row(it->box, it->radius, y, x0, x1, r->line);
    paint_covered(c, y, x0, x1, r->line, colour_pixel(it->colour) | 0xff000000, it->colour.a);
}

static void raster_fill(struct raster *r, struct canvas *c, const struct draw_item *it)
{
    struct box b = item_box(r, it, c);
    uint32_t colour = colour_pixel(it->colour) | 0xff000000, alpha = it->colour.a;
    float solid = larger(it->radius, 1);
    int x0 = (int)ceilf(it->box.x + solid), x1 = (int)floorf(it->box.x + it->box.w - solid);
    x0 = x0 < b.x0 ? b.x0 : x0;
    x1 = x1 > b.x1 ? b.x1 : x1;
    for (int y = b.y0; y < b.y1; y++) {
        float whole = overlap((float)y, it->box.y, it->box.y + it->box.h);
        if (whole < 1 || x1 - x0 <= LANES) {
            fill_part(r, c, it, y, b.x0, b.x1);
            continue;
        }
        fill_part(r, c, it, y, b.x0, x0);
        paint_span(c->pixel + (size_t)y * (size_t)c->pitch, x0, x1, colour, alpha + (alpha >> 7));
        fill_part(r, c, it, y, x1, b.x1);
    }
}

static void frame_part(struct raster *r, struct canvas *c, const struct draw_item *it, int y, int x0, int x1)
{
    struct rect inner = rect_inset(it->box, it->width);
    float radius = larger(it->radius - it->width, 0);
    if (x1 <= x0)
        return;
    round_row(it->box, it->radius, y, x0, x1, r->line);
    round_row(inner, radius, y, x0, x1, r->hole);
    for (int x = x0; x < x1; x += LANES)
        for (int i = 0; i < LANES; i++) {
            uint32_t outer = r->line[x + i], hole = r->hole[x + i];
            r->line[x + i] = outer > hole ? outer - hole : 0;
        }
    paint_covered(c, y, x0, x1, r->line, colour_pixel(it->colour) | 0xff000000, it->colour.a);
}

static void raster_frame(struct raster *r, struct canvas *c, const struct draw_item *it)
{
    struct box b = item_box(r, it, c);
    float edge = larger(it->radius, it->width) + 1;
    int left = (int)ceilf(it->box.x + edge), right = (int)floorf(it->box.x + it->box.w - edge);
    for (int y = b.y0; y < b.y1; y++) {
        bool sides = (float)y > it->box.y + edge && (float)y + 1 < it->box.y + it->box.h - edge;
        if (!sides || right - left <= LANES) {
            frame_part(r, c, it, y, b.x0, b.x1);
            continue;
        }
        frame_part(r, c, it, y, b.x0, left < b.x1 ? left : b.x1);
        frame_part(r, c, it, y, right > b.x0 ? right : b.x0, b.x1);
    }
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

static void cover_span(uint32_t *line, const struct box *b, float low, float high, uint32_t part)
{
    low = larger(low, (float)b->x0);
    high = smaller(high, (float)b->x1);
    for (int x = (int)floorf(low); x < b->x1 && (float)x < high; x++) {
        uint32_t more = line[x] + (uint32_t)(overlap((float)x, low, high) * (float)part + 0.5f);
        line[x] = more > FULL ? FULL : more;
    }
}

static void raster_polygon(
    struct raster *r, struct canvas *c, const struct draw_item *it, const struct point *p)
{
    struct box b = item_box(r, it, c);
    float crossing[POLYGON_CROSSINGS];
    for (int y = b.y0; y < b.y1; y++) {
        memset(r->line + b.x0, 0, (size_t)(b.x1 - b.x0 + LANES) * sizeof *r->line);
        for (int cut = 0; cut < POLYGON_CUTS; cut++) {
            float height = (float)y + ((float)cut + 0.5f) / POLYGON_CUTS;
            int n = polygon_crossings(p, it->count, height, crossing);
            for (int k = 0; k < n; k += 2)
                cover_span(r->line, &b, crossing[k], crossing[k + 1], 256 / POLYGON_CUTS);
        }
        paint_covered(c, y, b.x0, b.x1, r->line, colour_pixel(it->colour) | 0xff000000, it->colour.a);
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
    struct box b = item_box(r, it, c);
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
            row[x] = blend_covered(row[x], mixed, amount_of(r->line[x], mixed >> 24), it->colour.a);
        }
    }
}

/* --- text --------------------------------------------------------------------------------------------------
 */

static void raster_glyph(
    struct raster *r, struct canvas *c, const struct draw_item *it, const struct glyph *g, int x, int y)
{
    struct box b = item_box(r, it, c);
    int x0 = x > b.x0 ? x : b.x0, x1 = x + g->columns < b.x1 ? x + g->columns : b.x1;
    int y0 = y > b.y0 ? y : b.y0, y1 = y + g->rows < b.y1 ? y + g->rows : b.y1;
    uint32_t colour = colour_pixel(it->colour) | 0xff000000;
    for (int row = y0; row < y1 && x0 < x1; row++) {
        const uint8_t *mask = g->coverage + (size_t)(row - y) * (size_t)g->columns + (x0 - x);
        uint32_t *to = c->pixel + (size_t)row * (size_t)c->pitch + x0;
        for (int i = 0; i < x1 - x0; i++)
            to[i] = blend_covered(to[i], colour, mask[i], it->colour.a);
    }
}

static void raster_text(
    struct raster *r, struct canvas *c, const struct draw_item *it, const char *text, struct glyphs *g)
{
    float pen = roundf(it->box.x), baseline = roundf(it->box.y + glyphs_baseline(g, it->font));
    for (size_t at = 0; at < it->count;) {
        struct glyph sign = glyphs_get(g, it->font, utf8_next(text, it->count, &at));
        raster_glyph(r, c, it, &sign, (int)lrintf(pen) + sign.left, (int)baseline - sign.top);
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
    free(r->hole);
    free(r->cell);
    free(r->row);
    *r = (struct raster){0};
}

static bool raster_size(struct raster *r, int width, int height)
{
    if (r->mask && r->width == width && r->height == height)
        return true;
    raster_release(r);
    size_t w = (size_t)width, h = (size_t)height, pitch = w + LANES;
    r->mask = calloc(pitch * h, sizeof *r->mask);
    r->first = calloc(h, sizeof *r->first);
    r->last = calloc(h, sizeof *r->last);
    r->line = calloc(pitch, sizeof *r->line);
    r->hole = calloc(pitch, sizeof *r->hole);
    r->cell = calloc(w, sizeof *r->cell);
    if (!r->mask || !r->first || !r->last || !r->line || !r->hole || !r->cell) {
        raster_release(r);
        return false;
    }
    r->width = width;
    r->height = height;
    r->pitch = (int)pitch;
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
            raster_text(r, c, it, d->text + it->first, g);
        break;
    }
}

/* All that it calls is inlined into each of its versions. */
KERNEL
__attribute__((flatten)) void raster_draw(
    struct raster *r, struct canvas c, const struct draw *d, struct glyphs *g, struct rect within)
{
    r->failed = !raster_size(r, c.width, c.height);
    r->within = within;
    for (size_t i = 0; i < d->items && !r->failed; i++) {
        const struct draw_item *it = &d->item[i];
        struct box b = item_box(r, it, &c);
        if (b.x0 < b.x1 && b.y0 < b.y1)
            raster_item(r, &c, d, it, g);
    }
}
