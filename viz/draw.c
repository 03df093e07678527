/* draw.c - the draw list.
 *
 * Five growing arrays: items, and the points, pixels, text bytes and zones that items refer to by offset. A
 * picture is built anew each time into the same memory, so after the first few pictures nothing is allocated.
 * Clips are resolved here: each item carries the rectangle that it may touch, and an item wholly outside is
 * never stored. */
#include "draw.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for `more` elements beside `used`; false, and `failed`, when there is none. */
static bool draw_room(struct draw *d, void **array, size_t *room, size_t used, size_t more, size_t size)
{
    if (used + more <= *room)
        return true;
    size_t want = *room ? *room : 64;
    while (want < used + more)
        want *= 2;
    void *grown = realloc(*array, want * size);
    if (!grown) {
        d->failed = true;
        return false;
    }
    *array = grown;
    *room = want;
    return true;
}

#define ROOM(d, array, used, room, more) \
    draw_room(d, (void **)&(d)->array, &(d)->room, (d)->used, more, sizeof *(d)->array)

void draw_init(struct draw *d, draw_measure_fn *measure, void *arg)
{
    *d = (struct draw){.measure = measure, .measure_arg = arg, .alpha = 1};
}

void draw_release(struct draw *d)
{
    free(d->item);
    free(d->point);
    free(d->pixel);
    free(d->text);
    free(d->zone);
    draw_init(d, d->measure, d->measure_arg);
}

void draw_begin(struct draw *d, struct rect whole)
{
    d->items = d->points = d->pixels = d->zones = 0;
    d->text_bytes = 0;
    d->clip[0] = whole;
    d->clips = 1;
    d->part[0] = 0;
    d->parts = 1;
    d->alpha = 1;
    d->owner = NULL;
    d->failed = false;
    if (ROOM(d, text, text_bytes, text_room, 1)) /* offset 0 is "": no command, no tip */
        d->text[d->text_bytes++] = '\0';
}

void draw_part(struct draw *d)
{
    if (d->parts < DRAW_PARTS)
        d->part[d->parts++] = d->items;
}

static struct rect draw_clip(const struct draw *d)
{
    return d->clip[d->clips < DRAW_CLIPS ? d->clips - 1 : DRAW_CLIPS - 1];
}

void draw_push_clip(struct draw *d, struct rect r)
{
    if (d->clips < DRAW_CLIPS)
        d->clip[d->clips] = rect_intersect(draw_clip(d), r);
    d->clips++;
}

void draw_pop_clip(struct draw *d)
{
    if (d->clips > 1)
        d->clips--;
}

/* A new item with its bounds and colour; NULL when it cannot be seen or memory ran out. */
static struct draw_item *draw_add(struct draw *d, enum draw_kind kind, struct rect box, struct colour c)
{
    struct rect seen = rect_intersect(rect_inset(box, -1), draw_clip(d));
    if (seen.w <= 0 || seen.h <= 0 || (c.a == 0 && kind != DRAW_IMAGE))
        return NULL;
    if (!ROOM(d, item, items, item_room, 1))
        return NULL;
    struct draw_item *it = &d->item[d->items++];
    *it = (struct draw_item){.kind = kind, .box = box, .clip = draw_clip(d)};
    it->colour = colour_alpha(c, d->alpha);
    return it;
}

void draw_fill(struct draw *d, struct rect r, float radius, struct colour c)
{
    struct draw_item *it = draw_add(d, DRAW_FILL, r, c);
    if (it)
        it->radius = fminf(radius, fminf(r.w, r.h) / 2);
}

void draw_frame(struct draw *d, struct rect r, float radius, float width, struct colour c)
{
    struct draw_item *it = draw_add(d, DRAW_FRAME, r, c);
    if (!it)
        return;
    it->radius = fminf(radius, fminf(r.w, r.h) / 2);
    it->width = width;
}

static struct rect circle_box(struct point centre, float radius)
{
    return (struct rect){centre.x - radius, centre.y - radius, 2 * radius, 2 * radius};
}

void draw_circle(struct draw *d, struct point centre, float radius, struct colour c)
{
    draw_fill(d, circle_box(centre, radius), radius, c);
}

void draw_ring(struct draw *d, struct point centre, float radius, float width, struct colour c)
{
    draw_frame(d, circle_box(centre, radius), radius, width, c);
}

static struct rect points_box(const struct point *p, size_t n, float reach)
{
    float x0 = p[0].x, x1 = x0, y0 = p[0].y, y1 = y0;
    for (size_t i = 1; i < n; i++) {
        x0 = fminf(x0, p[i].x);
        x1 = fmaxf(x1, p[i].x);
        y0 = fminf(y0, p[i].y);
        y1 = fmaxf(y1, p[i].y);
    }
    return (struct rect){x0 - reach, y0 - reach, x1 - x0 + 2 * reach, y1 - y0 + 2 * reach};
}

/* An item over points; those that are not finite would spoil its bounds, so such a path is not drawn. */
static struct draw_item *draw_points(
    struct draw *d, enum draw_kind kind, const struct point *p, size_t n, float width, struct colour c)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(p[i].x) || !isfinite(p[i].y))
            return NULL;
    if (n < 2 || !ROOM(d, point, points, point_room, n))
        return NULL;
    struct draw_item *it = draw_add(d, kind, points_box(p, n, width / 2), c);
    if (!it)
        return NULL;
    memcpy(d->point + d->points, p, n * sizeof *p);
    it->first = d->points;
    it->count = n;
    it->width = width;
    d->points += n;
    return it;
}

void draw_line(struct draw *d, struct point a, struct point b, float width, struct colour c)
{
    draw_points(d, DRAW_PATH, (struct point[]){a, b}, 2, width, c);
}

void draw_path(struct draw *d, const struct point *p, size_t n, float width, struct colour c)
{
    draw_points(d, DRAW_PATH, p, n, width, c);
}

void draw_dashes(struct draw *d, const struct point *p, size_t n, float width, struct colour c, float dash,
    float gap, float phase)
{
    struct draw_item *it = draw_points(d, DRAW_PATH, p, n, width, c);
    if (!it || dash + gap <= 0)
        return;
    it->dash = dash;
    it->gap = gap;
    it->phase = fmodf(phase, dash + gap);
}

void draw_polygon(struct draw *d, const struct point *p, size_t n, struct colour c)
{
    if (n >= 3)
        draw_points(d, DRAW_POLYGON, p, n, 0, c);
}

struct point curve_at(struct point a, struct point b, float t)
{
    float middle = (a.x + b.x) / 2, u = 1 - t;
    float x = u * u * u * a.x + 3 * u * t * middle * (u + t) + t * t * t * b.x;
    float y = (u * u * u + 3 * u * u * t) * a.y + (3 * u * t * t + t * t * t) * b.y;
    return (struct point){x, y};
}

void curve_path(struct point a, struct point b, struct point out[CURVE_PIECES + 1])
{
    for (int i = 0; i <= CURVE_PIECES; i++)
        out[i] = curve_at(a, b, (float)i / CURVE_PIECES);
}

void draw_curve(struct draw *d, struct point a, struct point b, float width, struct colour c)
{
    struct point p[CURVE_PIECES + 1];
    curve_path(a, b, p);
    draw_path(d, p, CURVE_PIECES + 1, width, c);
}

uint32_t *draw_image(struct draw *d, struct rect r, int columns, int rows, float radius, bool smooth)
{
    size_t n = (size_t)columns * (size_t)rows;
    if (columns < 1 || rows < 1 || !ROOM(d, pixel, pixels, pixel_room, n))
        return NULL;
    uint32_t *out = d->pixel + d->pixels;
    d->pixels += n;
    struct draw_item *it = draw_add(d, DRAW_IMAGE, r, (struct colour){255, 255, 255, 255});
    if (it) {
        it->first = d->pixels - n;
        it->count = n;
        it->columns = columns;
        it->rows = rows;
        it->radius = radius;
        it->smooth = smooth;
    }
    return out;
}

uint32_t colour_pixel(struct colour c)
{
    return (uint32_t)c.a << 24 | (uint32_t)c.r << 16 | (uint32_t)c.g << 8 | c.b;
}

/* --- text --------------------------------------------------------------------------------------------------
 */

static size_t utf8_before(const char *text, size_t at)
{
    while (at > 0 && ((unsigned char)text[--at] & 0xC0) == 0x80)
        ;
    return at;
}

/* About what DejaVu Sans takes: a test's picture has no fonts. */
static float estimate_width(struct font f, const char *text, size_t length)
{
    size_t signs = 0;
    for (size_t i = 0; i < length; i++)
        signs += ((unsigned char)text[i] & 0xC0) != 0x80;
    return (float)signs * f.size * (f.face == FACE_BOLD ? 0.66f : 0.6f);
}

static float measure(const struct draw *d, struct font f, const char *text, size_t length)
{
    return d->measure ? d->measure(d->measure_arg, f, text, length) : estimate_width(f, text, length);
}

float text_width(const struct draw *d, struct font f, const char *text)
{
    return measure(d, f, text, strlen(text));
}

float text_height(struct font f)
{
    return ceilf(f.size * 1.3f);
}

static bool draw_keep_text(struct draw *d, const char *text, size_t length, size_t *at)
{
    if (!ROOM(d, text, text_bytes, text_room, length + 1))
        return false;
    memcpy(d->text + d->text_bytes, text, length);
    d->text[d->text_bytes + length] = '\0';
    *at = d->text_bytes;
    d->text_bytes += length + 1;
    return true;
}

static float draw_run(struct draw *d, struct rect box, enum align align, struct font f, struct colour c,
    const char *text, size_t length, float width)
{
    float height = text_height(f), slack = box.w - width;
    float x = box.x + (align == ALIGN_LEFT ? 0 : align == ALIGN_CENTRE ? slack / 2 : slack);
    struct rect line = {x, box.y + (box.h - height) / 2, width, height};
    size_t at;
    if (!draw_keep_text(d, text, length, &at))
        return 0;
    struct draw_item *it = draw_add(d, DRAW_TEXT, line, c);
    if (!it)
        return width;
    it->first = at;
    it->count = length;
    it->font = f;
    return width;
}

float draw_text(
    struct draw *d, struct rect box, enum align align, struct font f, struct colour c, const char *text)
{
    static const char ellipsis[] = "…";
    size_t length = strlen(text);
    float width = measure(d, f, text, length);
    if (length == 0)
        return 0;
    if (width <= box.w + 0.5f)
        return draw_run(d, box, align, f, c, text, length, width);
    char cut[512];
    length = length < sizeof cut - sizeof ellipsis ? length : sizeof cut - sizeof ellipsis;
    while (length > 0) {
        length = utf8_before(text, length);
        memcpy(cut, text, length);
        memcpy(cut + length, ellipsis, sizeof ellipsis);
        width = measure(d, f, cut, length + sizeof ellipsis - 1);
        if (width <= box.w)
            return length ? draw_run(d, box, align, f, c, cut, length + sizeof ellipsis - 1, width) : 0;
    }
    return 0;
}

float draw_wording(struct draw *d, struct rect box, enum align align, struct font f, struct colour c,
    const char *const *wording)
{
    while (wording[1] && text_width(d, f, wording[0]) > box.w)
        wording++;
    return draw_text(d, box, align, f, c, wording[0]);
}

float draw_textf(struct draw *d, struct rect box, enum align align, struct font f, struct colour c,
    const char *format, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    return draw_text(d, box, align, f, c, text);
}

/* --- zones -------------------------------------------------------------------------------------------------
 */

bool subject_equal(struct subject x, struct subject y)
{
    return x.kind == y.kind && x.a == y.a && x.b == y.b && x.c == y.c;
}

static struct zone *draw_add_zone(
    struct draw *d, struct rect box, struct subject s, const char *command, const char *tip)
{
    struct rect seen = rect_intersect(box, draw_clip(d));
    if (seen.w <= 0 || seen.h <= 0 || !ROOM(d, zone, zones, zone_room, 1))
        return NULL;
    struct zone z = {.panel = d->owner, .subject = s, .box = seen};
    if (command && !draw_keep_text(d, command, strlen(command), &z.command))
        return NULL;
    if (tip && !draw_keep_text(d, tip, strlen(tip), &z.tip))
        return NULL;
    d->zone[d->zones] = z;
    return &d->zone[d->zones++];
}

void draw_zone(struct draw *d, struct rect r, struct subject s, const char *command, const char *tip)
{
    draw_add_zone(d, r, s, command, tip);
}

void draw_zone_curve(struct draw *d, struct point a, struct point b, float reach, struct subject s,
    const char *command, const char *tip)
{
    struct rect box = points_box((struct point[]){a, b}, 2, reach);
    struct zone *z = draw_add_zone(d, box, s, command, tip);
    if (!z)
        return;
    z->curve = true;
    z->a = a;
    z->b = b;
    z->reach = reach;
}

static float segment_distance(struct point p, struct point a, struct point b)
{
    float dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
    float t = square > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / square : 0;
    t = fminf(fmaxf(t, 0), 1);
    return hypotf(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

static float curve_distance(const struct zone *z, struct point p)
{
    struct point q[CURVE_PIECES + 1];
    curve_path(z->a, z->b, q);
    float nearest = INFINITY;
    for (int i = 0; i < CURVE_PIECES; i++)
        nearest = fminf(nearest, segment_distance(p, q[i], q[i + 1]));
    return nearest;
}

/* Plain zones lie above curves, whatever their order; among curves the nearest counts. */
const struct zone *draw_zone_at(const struct draw *d, struct point p)
{
    const struct zone *best = NULL;
    float nearest = INFINITY;
    for (size_t i = d->zones; i-- > 0;) {
        const struct zone *z = &d->zone[i];
        if (!rect_holds(z->box, p))
            continue;
        if (!z->curve) {
            bool backdrop = z->subject.kind == SUBJECT_PLACE || z->subject.kind == SUBJECT_LAYER;
            if (!backdrop || !best)
                return z;
            break;
        }
        float distance = curve_distance(z, p);
        if (distance <= z->reach && distance < nearest) {
            nearest = distance;
            best = z;
        }
    }
    return best;
}

const char *zone_command(const struct draw *d, const struct zone *z)
{
    return d->text + z->command;
}

const char *zone_tip(const struct draw *d, const struct zone *z)
{
    return d->text + z->tip;
}

/* --- rectangles and colours --------------------------------------------------------------------------------
 */

struct rect rect_inset(struct rect r, float by)
{
    float w = fmaxf(r.w - 2 * by, 0), h = fmaxf(r.h - 2 * by, 0);
    return (struct rect){r.x + (r.w - w) / 2, r.y + (r.h - h) / 2, w, h};
}

struct rect rect_cut_left(struct rect *r, float w)
{
    w = fminf(fmaxf(w, 0), r->w);
    struct rect cut = {r->x, r->y, w, r->h};
    r->x += w;
    r->w -= w;
    return cut;
}

struct rect rect_cut_right(struct rect *r, float w)
{
    w = fminf(fmaxf(w, 0), r->w);
    r->w -= w;
    return (struct rect){r->x + r->w, r->y, w, r->h};
}

struct rect rect_cut_top(struct rect *r, float h)
{
    h = fminf(fmaxf(h, 0), r->h);
    struct rect cut = {r->x, r->y, r->w, h};
    r->y += h;
    r->h -= h;
    return cut;
}

struct rect rect_cut_bottom(struct rect *r, float h)
{
    h = fminf(fmaxf(h, 0), r->h);
    r->h -= h;
    return (struct rect){r->x, r->y + r->h, r->w, h};
}

struct rect rect_intersect(struct rect a, struct rect b)
{
    float x0 = fmaxf(a.x, b.x), y0 = fmaxf(a.y, b.y);
    float x1 = fminf(a.x + a.w, b.x + b.w), y1 = fminf(a.y + a.h, b.y + b.h);
    return (struct rect){x0, y0, fmaxf(x1 - x0, 0), fmaxf(y1 - y0, 0)};
}

struct rect rect_square(struct rect r)
{
    float side = floorf(fminf(r.w, r.h));
    return (struct rect){floorf(r.x + (r.w - side) / 2), floorf(r.y + (r.h - side) / 2), side, side};
}

bool rect_holds(struct rect r, struct point p)
{
    return p.x >= r.x && p.x < r.x + r.w && p.y >= r.y && p.y < r.y + r.h;
}

bool rect_inside(struct rect inner, struct rect outer, float slack)
{
    return inner.x >= outer.x - slack && inner.y >= outer.y - slack &&
           inner.x + inner.w <= outer.x + outer.w + slack && inner.y + inner.h <= outer.y + outer.h + slack;
}

struct colour colour_alpha(struct colour c, float alpha)
{
    c.a = (uint8_t)lrintf(c.a * fminf(fmaxf(alpha, 0), 1));
    return c;
}

static uint8_t mix_byte(uint8_t a, uint8_t b, float t)
{
    return (uint8_t)lrintf(a + (b - a) * t);
}

struct colour colour_mix(struct colour a, struct colour b, float t)
{
    t = fminf(fmaxf(t, 0), 1);
    return (struct colour){
        mix_byte(a.r, b.r, t), mix_byte(a.g, b.g, t), mix_byte(a.b, b.b, t), mix_byte(a.a, b.a, t)};
}
