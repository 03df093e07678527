/* draw.h - the draw list: what a picture consists of, before anybody knows about pixels.
 *
 * Panels append items, back to front; raster.h turns the list into pixels. The list also holds zones: places
 * that the mouse can be over, each with what it stands for, the command that a click types and a tip. Pure C,
 * no SDL. Coordinates are pixels from the top left, already scaled (theme.h: theme.px). When memory runs out
 * further items are left out and `failed` is set. Main only. */
#ifndef GRADUS_VIZ_DRAW_H
#define GRADUS_VIZ_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct point {
    float x, y;
};

struct rect {
    float x, y, w, h;
};

struct colour {
    uint8_t r, g, b, a;
};

enum face { FACE_SANS, FACE_BOLD, FACE_MONO, FACES };

struct font {
    enum face face;
    float size; /* pixels of the em square */
};

/* --- what the mouse can be over ------------------------------------------------------------------------ */

enum subject_kind {
    SUBJECT_NONE,
    SUBJECT_CONTROL, /* a: a number of the panel's own */
    SUBJECT_LAYER,   /* a: layer */
    SUBJECT_UNIT,    /* a: layer, b: unit */
    SUBJECT_WEIGHT,  /* a: layer, b: index of the input, c: unit */
    SUBJECT_BIAS,    /* a: layer, b: unit */
    SUBJECT_SAMPLE,  /* a: row of the data */
    SUBJECT_PLACE,   /* a place in a picture: the panel reads the mouse itself */
};

struct subject {
    enum subject_kind kind;
    int a, b, c;
};

bool subject_equal(struct subject x, struct subject y);

struct panel; /* panel.h */

struct zone {
    const struct panel *panel; /* who drew it */
    struct subject subject;
    struct rect box; /* the place; of a curve its bounds */
    bool curve;      /* only within `reach` of the curve from `a` to `b` */
    struct point a, b;
    float reach;
    size_t command, tip; /* offsets into draw.text: read them with zone_command() and zone_tip() */
};

/* --- the list ------------------------------------------------------------------------------------------ */

enum draw_kind { DRAW_FILL, DRAW_FRAME, DRAW_PATH, DRAW_POLYGON, DRAW_IMAGE, DRAW_TEXT };

struct draw_item {
    enum draw_kind kind;
    struct rect box;  /* bounds of what is drawn; for text its line, as wide as measured */
    struct rect clip; /* nothing is drawn outside */
    struct colour colour;
    float radius, width;    /* of corners, of lines */
    float dash, gap, phase; /* pixels; dash 0: a whole line */
    size_t first, count;    /* of points, pixels or bytes of text */
    int columns, rows;      /* of an image */
    bool smooth;
    struct font font;
};

enum { DRAW_CLIPS = 16, DRAW_PARTS = 16 };

/* Width in pixels of `length` bytes of UTF-8. */
typedef float draw_measure_fn(void *arg, struct font font, const char *text, size_t length);

struct draw {
    struct draw_item *item;
    size_t items, item_room;
    struct point *point;
    size_t points, point_room;
    uint32_t *pixel; /* 0xAARRGGBB, not premultiplied */
    size_t pixels, pixel_room;
    char *text;
    size_t text_bytes, text_room;
    struct zone *zone;
    size_t zones, zone_room;
    struct rect clip[DRAW_CLIPS];
    int clips;
    size_t part[DRAW_PARTS]; /* the first item of each part */
    int parts;
    float alpha;               /* multiplies the alpha of what follows: 0.4 fades */
    const struct panel *owner; /* of the zones that follow */
    draw_measure_fn *measure;  /* NULL: an estimate from the font's size, for tests without fonts */
    void *measure_arg;
    bool failed;
};

/* Starts a list of nothing; draw_begin() empties it for the next picture, with everything clipped to `whole`.
 */
void draw_init(struct draw *d, draw_measure_fn *measure, void *arg);
void draw_release(struct draw *d);
void draw_begin(struct draw *d, struct rect whole);

/* What follows is a part of its own, which may change while the others stay (damage.h): a card, a tip. What
 * no part has room for belongs to the last. */
void draw_part(struct draw *d);

/* Nested clips: the intersection counts. */
void draw_push_clip(struct draw *d, struct rect r);
void draw_pop_clip(struct draw *d);

void draw_fill(struct draw *d, struct rect r, float radius, struct colour c);
void draw_frame(struct draw *d, struct rect r, float radius, float width, struct colour c); /* inside r */
void draw_circle(struct draw *d, struct point centre, float radius, struct colour c);
void draw_ring(struct draw *d, struct point centre, float radius, float width, struct colour c);
void draw_line(struct draw *d, struct point a, struct point b, float width, struct colour c);
void draw_path(struct draw *d, const struct point *p, size_t n, float width, struct colour c);
/* `phase` moves the dashes forward along the path: let it grow with the time. */
void draw_dashes(struct draw *d, const struct point *p, size_t n, float width, struct colour c, float dash,
    float gap, float phase);
void draw_polygon(struct draw *d, const struct point *p, size_t n, struct colour c);

/* A link: the curve from a to b that leaves and arrives horizontally. */
enum { CURVE_PIECES = 24 };
struct point curve_at(struct point a, struct point b, float t); /* t 0 … 1 */
void curve_path(struct point a, struct point b, struct point out[CURVE_PIECES + 1]);
void draw_curve(struct draw *d, struct point a, struct point b, float width, struct colour c);

/* An image of columns x rows stretched over r. Returns its pixels to be filled before the next call, or NULL
 * when memory ran out. smooth: blends between them; else each is a sharp cell. */
uint32_t *draw_image(struct draw *d, struct rect r, int columns, int rows, float radius, bool smooth);
uint32_t colour_pixel(struct colour c);

/* One line of text, centred vertically in the box and placed in it by align. What does not fit ends with an
 * ellipsis, so text never leaves its box. Returns the width that it took. */
enum align { ALIGN_LEFT, ALIGN_CENTRE, ALIGN_RIGHT };
float draw_text(
    struct draw *d, struct rect box, enum align align, struct font f, struct colour c, const char *text);
float draw_textf(struct draw *d, struct rect box, enum align align, struct font f, struct colour c,
    const char *format, ...) __attribute__((format(printf, 6, 7)));
/* The first of the wordings, up to a NULL, that fits; else the last one, cut. */
float draw_wording(struct draw *d, struct rect box, enum align align, struct font f, struct colour c,
    const char *const *wording);
float text_width(const struct draw *d, struct font f, const char *text);
float text_height(struct font f); /* of a line, with a little air */

/* A place for the mouse. command and tip may be NULL; a tip may have several lines. A click on a
 * SUBJECT_CONTROL types the command; on anything else it pins the subject and types the command, which the
 * tip shows. A second click lets go and types nothing. */
void draw_zone(struct draw *d, struct rect r, struct subject s, const char *command, const char *tip);
void draw_zone_curve(struct draw *d, struct point a, struct point b, float reach, struct subject s,
    const char *command, const char *tip);
const struct zone *draw_zone_at(const struct draw *d, struct point p); /* the topmost, NULL for none */
const char *zone_command(const struct draw *d, const struct zone *z);  /* "" for none */
const char *zone_tip(const struct draw *d, const struct zone *z);

/* --- rectangles and colours ---------------------------------------------------------------------------- */

struct rect rect_inset(struct rect r, float by);
/* Cut a slice off r and return it; r keeps the rest. */
struct rect rect_cut_left(struct rect *r, float w);
struct rect rect_cut_right(struct rect *r, float w);
struct rect rect_cut_top(struct rect *r, float h);
struct rect rect_cut_bottom(struct rect *r, float h);
struct rect rect_intersect(struct rect a, struct rect b);
struct rect rect_square(struct rect r); /* the largest square in its middle */
bool rect_holds(struct rect r, struct point p);
bool rect_inside(struct rect inner, struct rect outer, float slack);

struct colour colour_alpha(struct colour c, float alpha); /* the same, alpha times as opaque */
struct colour colour_mix(struct colour a, struct colour b, float t);

#endif
