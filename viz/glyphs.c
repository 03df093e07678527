/* glyphs.c - fonts and the atlas of their signs.
 *
 * fontconfig says which files are the best sans, bold sans and monospace of the machine; each is opened once
 * a size. A sign is drawn once by SDL_ttf and kept as coverage bytes in one growing array, found again by a
 * hash of (face, size, code). Sizes are whole pixels, so the array stays small; when it is full it starts
 * afresh. */
#include "glyphs.h"

#include "../src/text.h"

#include "../src/error.h"

#include <SDL.h>
#include <SDL_ttf.h>
#include <fontconfig/fontconfig.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GLYPH_SLOTS = 4096, GLYPH_LIMIT = 3000, FONT_FILES = 24, ATLAS_BYTES = 4 << 20 };

struct slot {
    uint32_t code; /* 0: free */
    uint8_t face;
    uint16_t size;
    int16_t columns, rows, left, top;
    float advance;
    size_t at; /* in the atlas */
};

struct opened {
    TTF_Font *font;
    enum face face;
    int size;
    float baseline;
};

struct glyphs {
    char *file[FACES];
    struct opened opened[FONT_FILES];
    int fonts;
    struct slot slot[GLYPH_SLOTS];
    int used;
    uint8_t *atlas;
    size_t atlas_used, atlas_room;
};

static const struct face_wish {
    const char *family, *generic;
    int weight;
} wishes[FACES] = {
    [FACE_SANS] = {"DejaVu Sans", "sans-serif", FC_WEIGHT_REGULAR},
    [FACE_BOLD] = {"DejaVu Sans", "sans-serif", FC_WEIGHT_BOLD},
    [FACE_MONO] = {"DejaVu Sans Mono", "monospace", FC_WEIGHT_REGULAR},
};

/* The file of the best font for a wish, to be freed; NULL when the machine has none. */
static char *font_file(const struct face_wish *w)
{
    FcPattern *wish = FcPatternCreate();
    if (!wish)
        return NULL;
    FcPatternAddString(wish, FC_FAMILY, (const FcChar8 *)w->family);
    FcPatternAddString(wish, FC_FAMILY, (const FcChar8 *)w->generic);
    FcPatternAddInteger(wish, FC_WEIGHT, w->weight);
    FcPatternAddInteger(wish, FC_SLANT, FC_SLANT_ROMAN);
    FcPatternAddBool(wish, FC_SCALABLE, FcTrue);
    FcConfigSubstitute(NULL, wish, FcMatchPattern);
    FcDefaultSubstitute(wish);
    FcResult result;
    FcPattern *match = FcFontMatch(NULL, wish, &result);
    FcChar8 *name = NULL;
    char *file = NULL;
    if (match && FcPatternGetString(match, FC_FILE, 0, &name) == FcResultMatch)
        file = strdup((const char *)name);
    if (match)
        FcPatternDestroy(match);
    FcPatternDestroy(wish);
    return file;
}

struct glyphs *glyphs_new(struct error *e)
{
    struct glyphs *g = calloc(1, sizeof *g);
    if (!g) {
        error_set(e, "no memory for fonts");
        return NULL;
    }
    if (TTF_Init() != 0) {
        error_set(e, "fonts cannot be used: %s", TTF_GetError());
        free(g);
        return NULL;
    }
    for (int i = 0; i < FACES; i++)
        g->file[i] = font_file(&wishes[i]);
    FcFini(); /* what it loaded is not needed again */
    if (!g->file[FACE_SANS]) {
        error_set(e, "no font was found: install a sans font (on Debian: fonts-dejavu-core)");
        glyphs_free(g);
        return NULL;
    }
    return g;
}

void glyphs_free(struct glyphs *g)
{
    if (!g)
        return;
    for (int i = 0; i < g->fonts; i++)
        if (g->opened[i].font)
            TTF_CloseFont(g->opened[i].font);
    for (int i = 0; i < FACES; i++)
        free(g->file[i]);
    free(g->atlas);
    free(g);
    TTF_Quit();
}

static int font_size(struct font f)
{
    int size = (int)lrintf(f.size);
    return size < 6 ? 6 : size > 200 ? 200 : size;
}

static void glyphs_forget(struct glyphs *g)
{
    memset(g->slot, 0, sizeof g->slot);
    g->used = 0;
    g->atlas_used = 0;
}

/* A line of text_height() has ascent and descent in its middle. */
static float baseline_of(TTF_Font *font, int size)
{
    float height = text_height((struct font){FACE_SANS, (float)size});
    float ascent = (float)TTF_FontAscent(font), descent = (float)-TTF_FontDescent(font);
    return floorf((height - ascent - descent) / 2 + ascent);
}

static struct opened *glyphs_font(struct glyphs *g, struct font f)
{
    int size = font_size(f);
    for (int i = 0; i < g->fonts; i++)
        if (g->opened[i].face == f.face && g->opened[i].size == size)
            return &g->opened[i];
    if (g->fonts == FONT_FILES) { /* the text size changed often: start again */
        for (int i = 0; i < g->fonts; i++)
            if (g->opened[i].font)
                TTF_CloseFont(g->opened[i].font);
        g->fonts = 0;
    }
    const char *file = g->file[f.face] ? g->file[f.face] : g->file[FACE_SANS];
    struct opened *o = &g->opened[g->fonts++];
    /* Points at 96 dots an inch: size is that of the em square in pixels. */
    *o = (struct opened){.face = f.face, .size = size};
    o->font = TTF_OpenFontDPI(file, size, 72, 72);
    if (!o->font)
        return o;
    TTF_SetFontHinting(o->font, TTF_HINTING_LIGHT);
    o->baseline = baseline_of(o->font, size);
    return o;
}

static bool atlas_room(struct glyphs *g, size_t bytes)
{
    if (g->atlas_used + bytes <= g->atlas_room)
        return true;
    size_t want = g->atlas_room ? g->atlas_room : 65536;
    while (want < g->atlas_used + bytes)
        want *= 2;
    uint8_t *grown = want <= ATLAS_BYTES ? realloc(g->atlas, want) : NULL;
    if (!grown)
        return false;
    g->atlas = grown;
    g->atlas_room = want;
    return true;
}

static uint8_t alpha_at(const SDL_Surface *s, int x, int y)
{
    uint32_t pixel;
    memcpy(&pixel, (const uint8_t *)s->pixels + (size_t)y * (size_t)s->pitch + (size_t)x * 4, 4);
    return (uint8_t)(pixel >> 24);
}

static bool row_empty(const SDL_Surface *s, int y)
{
    for (int x = 0; x < s->w; x++)
        if (alpha_at(s, x, y))
            return false;
    return true;
}

static bool column_empty(const SDL_Surface *s, int x)
{
    for (int y = 0; y < s->h; y++)
        if (alpha_at(s, x, y))
            return false;
    return true;
}

/* Copies the ink of a drawn sign; its own metrics say where the ink lies. */
static void atlas_keep(struct glyphs *g, struct slot *to, const SDL_Surface *s)
{
    int x0 = 0, x1 = s->w, y0 = 0, y1 = s->h;
    while (y0 < y1 && row_empty(s, y0))
        y0++;
    while (y1 > y0 && row_empty(s, y1 - 1))
        y1--;
    while (x0 < x1 && column_empty(s, x0))
        x0++;
    while (x1 > x0 && column_empty(s, x1 - 1))
        x1--;
    size_t bytes = (size_t)(x1 - x0) * (size_t)(y1 - y0);
    if (!atlas_room(g, bytes))
        return;
    to->columns = (int16_t)(x1 - x0);
    to->rows = (int16_t)(y1 - y0);
    to->at = g->atlas_used;
    g->atlas_used += bytes;
    uint8_t *out = g->atlas + to->at;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            *out++ = alpha_at(s, x, y);
}

static void slot_draw(struct glyphs *g, struct slot *to, struct font f, uint32_t code)
{
    *to = (struct slot){.code = code, .face = (uint8_t)f.face, .size = (uint16_t)font_size(f)};
    struct opened *o = glyphs_font(g, f);
    to->advance = f.size * 0.6f;
    if (!o->font)
        return;
    int left = 0, right, bottom, top = 0, advance = 0;
    if (TTF_GlyphMetrics32(o->font, code, &left, &right, &bottom, &top, &advance) != 0)
        return;
    to->advance = (float)advance;
    to->left = (int16_t)left;
    to->top = (int16_t)top;
    SDL_Surface *s = TTF_RenderGlyph32_Blended(o->font, code, (SDL_Color){255, 255, 255, 255});
    if (!s)
        return;
    if (s->format->BytesPerPixel == 4)
        atlas_keep(g, to, s);
    SDL_FreeSurface(s);
}

static struct slot *glyphs_slot(struct glyphs *g, struct font f, uint32_t code)
{
    unsigned size = (unsigned)font_size(f);
    unsigned hash = (code * 2654435761u) ^ (size * 40503u) ^ ((unsigned)f.face * 7919u);
    for (unsigned i = 0;; i++) {
        struct slot *s = &g->slot[(hash + i) % GLYPH_SLOTS];
        if (s->code == code && s->face == (uint8_t)f.face && s->size == size)
            return s;
        if (s->code)
            continue;
        bool full = g->used >= GLYPH_LIMIT || g->atlas_used > ATLAS_BYTES - 200 * 200;
        if (full) {
            glyphs_forget(g);
            return glyphs_slot(g, f, code);
        }
        g->used++;
        slot_draw(g, s, f, code);
        return s;
    }
}

struct glyph glyphs_get(struct glyphs *g, struct font f, uint32_t code)
{
    const struct slot *s = glyphs_slot(g, f, code ? code : 0xFFFD);
    return (struct glyph){g->atlas + s->at, s->columns, s->rows, s->left, s->top, s->advance};
}

float glyphs_baseline(struct glyphs *g, struct font f)
{
    return glyphs_font(g, f)->baseline;
}

float glyphs_width(void *glyphs, struct font f, const char *text, size_t length)
{
    float width = 0;
    for (size_t at = 0; at < length;)
        width += glyphs_get(glyphs, f, utf8_next(text, length, &at)).advance;
    return width;
}
