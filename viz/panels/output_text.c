/* output_text.c - a text: its characters, below each what the network took the next one for, and how likely
 * the next ones are behind the place under the mouse.
 *
 * A character's ground says how likely the network held it: orange it was surprised, blue it knew. */
#include "output.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { VOCABULARY = 512 };

/* What the head says behind place t, as probabilities. */
static bool probabilities(const struct output *o, int t, float p[VOCABULARY])
{
    const struct picture *pic = o->picture;
    int classes = o->data->classes, places = (int)(pic->K / (size_t)classes),
        at = t - ((int)o->data->targets - places);
    if (at < 0 || at >= places || classes > VOCABULARY || !pic->said)
        return false;
    const float *y = pic->said + (size_t)at * (size_t)classes;
    float most = -INFINITY, sum = 0;
    for (int k = 0; k < classes; k++)
        most = fmaxf(most, y[k]);
    bool plain = pic->head->encoding == ENCODE_ONE_HOT;
    for (int k = 0; k < classes; k++)
        sum += p[k] = plain ? y[k] : expf(y[k] - most);
    for (int k = 0; !plain && k < classes; k++)
        p[k] /= sum;
    return true;
}

static int likeliest(const float *p, int classes)
{
    int best = 0;
    for (int k = 1; k < classes; k++)
        best = p[k] > p[best] ? k : best;
    return best;
}

/* Characters as large as their cells. */
static struct font letter_font(const struct output *o, float cell)
{
    struct font f = view_font(o->v, FONT_NUMBER), large = view_font(o->v, FONT_NUMBER_LARGE);
    return cell > text_width(o->d, large, "m") + 2 * o->v->theme->px ? large : f;
}

/* A cell: the character behind place t (t -1: the first of all), and below it what was expected there. */
static void draw_place(const struct output *o, struct rect r, int t, bool look)
{
    const struct data *d = o->data;
    const float *x = d->x + (size_t)o->picture->sample * d->targets,
                *next = d->t + (size_t)o->picture->sample * d->targets;
    float p[VOCABULARY], px = o->v->theme->px;
    int truth = (int)(t < 0 ? x[0] : next[t]);
    struct font f = letter_font(o, r.w), small = view_font(o->v, FONT_NUMBER_SMALL);
    struct rect top = rect_cut_top(&r, text_height(f));
    bool known = t >= 0 && probabilities(o, t, p) && truth >= 0 && truth < d->classes;
    if (known)
        draw_fill(o->d, top, 2 * px, theme_value(o->v->theme, 0.75f * (2 * sqrtf(fmaxf(p[truth], 0)) - 1)));
    if (look)
        draw_frame(o->d, top, 2 * px, 1.5f * px, view_colour(o->v, COLOUR_ACCENT));
    draw_text(
        o->d, rect_inset(top, -px), ALIGN_CENTRE, f, view_colour(o->v, COLOUR_TEXT), letter_sign(d, truth));
    if (!known)
        return;
    int said = likeliest(p, d->classes);
    draw_text(o->d, (struct rect){r.x - px, r.y, r.w + 2 * px, r.h}, ALIGN_CENTRE, small,
        view_colour(o->v, said == truth ? COLOUR_ACCENT : COLOUR_FAINT), letter_sign(d, said));
}

/* The last characters up to place t, as they are read. */
static void context_text(const struct output *o, int t, char out[80])
{
    const float *x = o->data->x + (size_t)o->picture->sample * o->data->targets;
    size_t used = 0;
    out[0] = '\0';
    for (int i = t - 11 < 0 ? 0 : t - 11; i <= t; i++)
        used += (size_t)snprintf(out + used, 80 - used, "%s", letter_sign(o->data, (int)x[i]));
}

void output_text(const struct output *o, struct rect r)
{
    const struct data *d = o->data;
    int places = (int)d->targets;
    float px = o->v->theme->px, line = text_height(view_font(o->v, FONT_SMALL));
    struct font f = view_font(o->v, FONT_NUMBER_LARGE), small = view_font(o->v, FONT_NUMBER_SMALL);
    char title[80], brief[64];
    snprintf(title, sizeof title, "sample %u, below each character the network's guess", o->picture->sample);
    snprintf(brief, sizeof brief, "sample %u, guesses below", o->picture->sample);
    draw_wording(o->d, rect_cut_top(&r, line), ALIGN_LEFT, view_font(o->v, FONT_SMALL),
        view_colour(o->v, COLOUR_DIM), (const char *const[]){title, brief, NULL});
    rect_cut_top(&r, 4 * px);
    struct rect bars = rect_cut_bottom(&r, fminf(6.2f * (line + 2 * px), r.h * 0.5f));
    float w = text_width(o->d, f, "m") + 4 * px, h = text_height(f) + text_height(small) + 3 * px;
    if ((places + 1) * w * h > 0.8f * r.w * r.h) { /* a long one is smaller */
        f = view_font(o->v, FONT_NUMBER);
        w = text_width(o->d, f, "m") + 4 * px;
        h = text_height(f) + text_height(small) + 3 * px;
    }
    int columns = (int)(r.w / w) < 1 ? 1 : (int)(r.w / w), rows = (int)(r.h / h), look = places - 1;
    for (int pass = 0; pass < 2; pass++) /* the place under the mouse first, then the cells */
        for (int i = 0; i <= places && i < columns * rows; i++) {
            struct rect cell = {r.x + w * (float)(i % columns), r.y + h * (float)(i / columns), w - px, h};
            if (pass)
                draw_place(o, cell, i - 1, i - 1 == look);
            else if (i && o->v->mouse_inside && rect_holds(cell, o->v->mouse))
                look = i - 1;
        }
    char before[80];
    float p[VOCABULARY];
    context_text(o, look, before);
    rect_cut_top(&bars, 4 * px);
    draw_textf(o->d, rect_cut_top(&bars, line), ALIGN_LEFT, view_font(o->v, FONT_SMALL),
        view_colour(o->v, COLOUR_DIM), "next after  %s", before);
    if (probabilities(o, look, p))
        output_bars(
            o, bars, p, d->classes, (int)d->t[(size_t)o->picture->sample * d->targets + (size_t)look]);
}
