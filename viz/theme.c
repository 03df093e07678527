/* theme.c - the looks, and the colour scales made from them.
 *
 * The diverging scale runs through OKLab, where equal steps look equal: hue 55° (orange) below zero, 255°
 * (blue) above, the same lightness and strength at equal distance from zero. So no sign looks larger than the
 * other, and as orange against blue differ in the blue-yellow channel, readers with red-green blindness see
 * it too. Formula: Björn Ottosson, "A perceptual color space for image processing". */
#include "theme.h"

#include <math.h>
#include <string.h>

static float linear_of(uint8_t byte)
{
    float s = (float)byte / 255;
    return s <= 0.04045f ? s / 12.92f : powf((s + 0.055f) / 1.055f, 2.4f);
}

static uint8_t byte_of(float linear)
{
    float v = fminf(fmaxf(linear, 0), 1);
    float s = v <= 0.0031308f ? v * 12.92f : 1.055f * powf(v, 1 / 2.4f) - 0.055f;
    return (uint8_t)lrintf(s * 255);
}

static struct colour colour_of_oklch(float light, float chroma, float degrees)
{
    float radians = degrees * 0.017453293f;
    float a = chroma * cosf(radians), b = chroma * sinf(radians);
    float l = light + 0.3963377774f * a + 0.2158037573f * b;
    float m = light - 0.1055613458f * a - 0.0638541728f * b;
    float s = light - 0.0894841775f * a - 1.2914855480f * b;
    l = l * l * l;
    m = m * m * m;
    s = s * s * s;
    return (struct colour){byte_of(4.0767416621f * l - 3.3077115913f * m + 0.2309699292f * s),
        byte_of(-1.2684380046f * l + 2.6097574011f * m - 0.3413193965f * s),
        byte_of(-0.0041960863f * l - 0.7034186147f * m + 1.7076147010f * s), 255};
}

float colour_light(struct colour c)
{
    float r = linear_of(c.r), g = linear_of(c.g), b = linear_of(c.b);
    float l = cbrtf(0.4122214708f * r + 0.5363325363f * g + 0.0514459929f * b);
    float m = cbrtf(0.2119034982f * r + 0.6806995451f * g + 0.1073969566f * b);
    float s = cbrtf(0.0883024619f * r + 0.2817188376f * g + 0.6299787005f * b);
    return 0.2104542553f * l + 0.7936177850f * m - 0.0040720468f * s;
}

static float luminance(struct colour c)
{
    return 0.2126f * linear_of(c.r) + 0.7152f * linear_of(c.g) + 0.0722f * linear_of(c.b);
}

float colour_contrast(struct colour a, struct colour b)
{
    float x = luminance(a) + 0.05f, y = luminance(b) + 0.05f;
    return x > y ? x / y : y / x;
}

void theme_make(const struct theme *row, float px, struct theme *out)
{
    *out = *row;
    out->px = px;
    out->gap = roundf(row->gap * px);
    out->pad = roundf(row->pad * px);
    out->radius = row->radius * px;
    for (int i = 0; i < THEME_FONTS; i++)
        out->font[i].size = fmaxf(roundf(row->font[i].size * px), 6);
    for (int i = 0; i < THEME_SCALE; i++) {
        float v = 2.0f * (float)i / (THEME_SCALE - 1) - 1, strength = fabsf(v);
        float light = row->neutral_light + (row->end_light - row->neutral_light) * strength;
        out->scale[i] = colour_of_oklch(light, row->end_chroma * powf(strength, 0.8f), v < 0 ? 58 : 250);
    }
}

struct colour theme_value(const struct theme *t, float value)
{
    if (isnan(value))
        return t->colour[COLOUR_BAD];
    float v = fminf(fmaxf(value, -1), 1);
    return t->scale[lrintf((v + 1) * (THEME_SCALE - 1) / 2)];
}

uint32_t theme_pixel(const struct theme *t, float value)
{
    return colour_pixel(theme_value(t, value));
}

struct colour theme_class(const struct theme *t, int k, int classes)
{
    if (classes <= 2)
        return t->scale[k > 0 ? THEME_SCALE - 1 : 0];
    return t->series[k % THEME_SERIES];
}

const struct theme *theme_find(const char *name)
{
    const struct theme *t = NULL;
    for (size_t i = 0; (t = theme_at(i)); i++)
        if (strcmp(t->name, name) == 0)
            return t;
    return NULL;
}

#define RGB(hex)                                            \
    {                                                       \
        (hex) >> 16 & 255, (hex) >> 8 & 255, (hex)&255, 255 \
    }

#define FONTS                                                                                               \
    {                                                                                                       \
        [FONT_SMALL] = {FACE_SANS, 11}, [FONT_BODY] = {FACE_SANS, 12.5f},                                   \
        [FONT_STRONG] = {FACE_BOLD, 12.5f}, [FONT_TITLE] = {FACE_BOLD, 12}, [FONT_LARGE] = {FACE_BOLD, 19}, \
        [FONT_NUMBER] = {FACE_MONO, 12.5f}, [FONT_NUMBER_SMALL] = {FACE_MONO, 10.5f},                       \
        [FONT_NUMBER_LARGE] = {FACE_MONO, 16},                                                              \
    }

static const struct theme themes[] = {
    {
        .name = "dark",
        .summary = "light on dark: long evenings",
        .colour =
            {
                [COLOUR_BACKGROUND] = RGB(0x121419),
                [COLOUR_PANEL] = RGB(0x1b1e24),
                [COLOUR_EDGE] = RGB(0x2a2e37),
                [COLOUR_WELL] = RGB(0x15171c),
                [COLOUR_TEXT] = RGB(0xe9ebef),
                [COLOUR_DIM] = RGB(0xa4abb8),
                [COLOUR_FAINT] = RGB(0x78808f),
                [COLOUR_GRID] = RGB(0x272b33),
                [COLOUR_ACCENT] = RGB(0x52c0ac),
                [COLOUR_ON_ACCENT] = RGB(0x0d1f1b),
                [COLOUR_BUTTON] = RGB(0x262a32),
                [COLOUR_BUTTON_HOVER] = RGB(0x343a45),
                [COLOUR_GOOD] = RGB(0x58c28a),
                [COLOUR_WARN] = RGB(0xe3b341),
                [COLOUR_BAD] = RGB(0xf2798a),
                [COLOUR_TIP] = RGB(0x343a45),
                [COLOUR_ON_TIP] = RGB(0xf4f5f7),
                [COLOUR_SHADOW] = {0, 0, 0, 90},
            },
        .series = {RGB(0x62b8f0), RGB(0xf0a24a), RGB(0x52c79f), RGB(0xe08fc0), RGB(0xf0e27a), RGB(0xb39bf5),
            RGB(0xf07f62), RGB(0xa9b1be)},
        .font = FONTS,
        .px = 1,
        .gap = 8,
        .pad = 12,
        .radius = 8,
        .neutral_light = 0.27f,
        .end_light = 0.74f,
        .end_chroma = 0.142f,
    },
    {
        .name = "light",
        .summary = "dark on light: projectors and daylight",
        .colour =
            {
                [COLOUR_BACKGROUND] = RGB(0xedeff3),
                [COLOUR_PANEL] = RGB(0xffffff),
                [COLOUR_EDGE] = RGB(0xd9dde4),
                [COLOUR_WELL] = RGB(0xf5f6f8),
                [COLOUR_TEXT] = RGB(0x1b1f26),
                [COLOUR_DIM] = RGB(0x525a67),
                [COLOUR_FAINT] = RGB(0x7d8592),
                [COLOUR_GRID] = RGB(0xe4e7ec),
                [COLOUR_ACCENT] = RGB(0x0a7566),
                [COLOUR_ON_ACCENT] = RGB(0xffffff),
                [COLOUR_BUTTON] = RGB(0xeef0f4),
                [COLOUR_BUTTON_HOVER] = RGB(0xdfe3ea),
                [COLOUR_GOOD] = RGB(0x1b7a4b),
                [COLOUR_WARN] = RGB(0x8f6200),
                [COLOUR_BAD] = RGB(0xb92b45),
                [COLOUR_TIP] = RGB(0x2a2f38),
                [COLOUR_ON_TIP] = RGB(0xf7f8fa),
                [COLOUR_SHADOW] = {30, 40, 60, 40},
            },
        .series = {RGB(0x0f6fb5), RGB(0xc85f00), RGB(0x008560), RGB(0xa9447f), RGB(0x8a7a00), RGB(0x6a4fc4),
            RGB(0xb83a1d), RGB(0x626a77)},
        .font = FONTS,
        .px = 1,
        .gap = 8,
        .pad = 12,
        .radius = 8,
        .neutral_light = 0.965f,
        .end_light = 0.66f,
        .end_chroma = 0.142f,
    },
};

const struct theme *theme_at(size_t i)
{
    return i < sizeof themes / sizeof *themes ? &themes[i] : NULL;
}
