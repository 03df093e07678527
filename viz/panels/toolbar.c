/* toolbar.c - play, pause, step, speed, and how the training stands.
 *
 * A button is a zone with the command line that it types; the numbers have the names that `print` knows. What
 * does not fit in a narrow window is left out, the least important first. */
#include "../panel.h"
#include "../plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum control { CONTROL_PLAY, CONTROL_STEP, CONTROL_SPEED, CONTROL_THEME = 10, CONTROL_HELP };

static const struct speed {
    const char *name, *command, *tip;
    double epochs_per_s;
} speeds[] = {
    {"slow", "speed slow", "two epochs a second", 2},
    {"normal", "speed normal", "25 epochs a second", 25},
    {"fast", "speed fast", "a hundred epochs a second", 100},
    {"full", "speed full", "as fast as it goes", 0},
};

enum { SPEEDS = sizeof speeds / sizeof *speeds };

static bool control_hovered(const struct view *v, const struct draw *d, int control)
{
    return v->hover_panel == d->owner && v->hover.kind == SUBJECT_CONTROL && v->hover.a == control;
}

static void icon_play(struct draw *d, struct rect r, struct colour c)
{
    float s = r.h * 0.19f, x = r.x + r.w / 2 + s * 0.15f, y = r.y + r.h / 2;
    draw_polygon(
        d, (struct point[]){{x - s * 0.85f, y - s * 1.1f}, {x + s, y}, {x - s * 0.85f, y + s * 1.1f}}, 3, c);
}

static void icon_pause(struct draw *d, struct rect r, struct colour c)
{
    float w = roundf(r.h * 0.1f), h = roundf(r.h * 0.36f), x = roundf(r.x + r.w / 2),
          y = roundf(r.y + (r.h - h) / 2);
    draw_fill(d, (struct rect){x - roundf(w * 1.6f), y, w, h}, w * 0.3f, c);
    draw_fill(d, (struct rect){x + roundf(w * 0.6f), y, w, h}, w * 0.3f, c);
}

static void icon_step(struct draw *d, struct rect r, struct colour c)
{
    float s = r.h * 0.16f, x = r.x + r.w / 2 - s * 0.25f, y = r.y + r.h / 2;
    draw_polygon(d, (struct point[]){{x - s, y - s}, {x + s * 0.8f, y}, {x - s, y + s}}, 3, c);
    draw_fill(d, (struct rect){roundf(x + s), y - s, roundf(fmaxf(s * 0.45f, 2)), 2 * s}, 1, c);
}

static void icon_theme(struct draw *d, struct rect r, struct colour c)
{
    enum { ARC = 16 };
    float radius = r.h * 0.2f, x = r.x + r.w / 2, y = r.y + r.h / 2;
    struct point p[ARC + 1];
    for (int i = 0; i <= ARC; i++) {
        float turn = 3.14159265f * (float)i / ARC;
        p[i] = (struct point){x + radius * sinf(turn), y - radius * cosf(turn)};
    }
    draw_polygon(d, p, ARC + 1, c);
    draw_ring(d, (struct point){x, y}, radius, fmaxf(r.h * 0.04f, 1), c);
}

/* The round field of a button; returns the colour of what stands on it. */
static struct colour draw_button(
    const struct view *v, struct draw *d, struct rect r, int control, bool strong, bool enabled)
{
    const struct theme *t = v->theme;
    bool hover = enabled && control_hovered(v, d, control);
    struct colour c = t->colour[hover ? COLOUR_BUTTON_HOVER : COLOUR_BUTTON];
    if (strong)
        c = hover ? colour_mix(t->colour[COLOUR_ACCENT], t->colour[COLOUR_TEXT], 0.15f)
                  : t->colour[COLOUR_ACCENT];
    draw_fill(d, r, 6 * t->px, enabled ? c : colour_alpha(t->colour[COLOUR_BUTTON], 0.5f));
    return t->colour[!enabled ? COLOUR_FAINT : strong ? COLOUR_ON_ACCENT : COLOUR_TEXT];
}

static struct subject control_subject(int control)
{
    return (struct subject){SUBJECT_CONTROL, control, 0, 0};
}

static void draw_play(const struct view *v, struct draw *d, struct rect r)
{
    bool running = v->status.phase == PHASE_RUNNING, paused = v->status.phase == PHASE_PAUSED;
    const char *command = view_play_command(v);
    struct colour c = draw_button(v, d, r, CONTROL_PLAY, true, *command);
    (running ? icon_pause : icon_play)(d, r, c);
    const char *tip = running    ? "pause   Space"
                      : paused   ? "resume   Space"
                      : *command ? "train   Space"
                                 : "nothing to train yet";
    draw_zone(d, r, control_subject(CONTROL_PLAY), command, tip);
}

static void draw_step(const struct view *v, struct draw *d, struct rect r)
{
    const char *command = view_step_command(v);
    icon_step(d, r, draw_button(v, d, r, CONTROL_STEP, false, *command));
    draw_zone(d, r, control_subject(CONTROL_STEP), command, "one step: one batch   S");
}

static float speeds_width(const struct view *v, const struct draw *d)
{
    float w = 0;
    for (int i = 0; i < SPEEDS; i++)
        w += text_width(d, view_font(v, FONT_SMALL), speeds[i].name) + 16 * v->theme->px;
    return w;
}

static void draw_speeds(const struct view *v, struct draw *d, struct rect r)
{
    const struct theme *t = v->theme;
    struct font f = view_font(v, FONT_SMALL);
    draw_fill(d, r, 6 * t->px, t->colour[COLOUR_BUTTON]);
    for (int i = 0; i < SPEEDS; i++) {
        struct rect part = rect_cut_left(&r, text_width(d, f, speeds[i].name) + 16 * t->px);
        bool on = v->session->speed == speeds[i].epochs_per_s;
        bool hover = control_hovered(v, d, CONTROL_SPEED + i);
        if (on)
            draw_fill(d, rect_inset(part, 3 * t->px), 4 * t->px, t->colour[COLOUR_PANEL]);
        draw_text(
            d, part, ALIGN_CENTRE, f, t->colour[on || hover ? COLOUR_TEXT : COLOUR_DIM], speeds[i].name);
        draw_zone(d, part, control_subject(CONTROL_SPEED + i), speeds[i].command, speeds[i].tip);
    }
}

/* --- numbers -----------------------------------------------------------------------------------------------
 */

struct reading {
    const char *name, *widest; /* widest: the room it keeps, so that numbers do not jump */
    char text[COUNT_TEXT];
    int rank; /* the lowest goes last when room is short */
    bool alarm;
};

static struct reading read_number(const char *name, int rank, double value)
{
    struct reading r = {.name = name, .widest = "0.00000", .rank = rank};
    char number[PLOT_NUMBER];
    snprintf(r.text, sizeof r.text, "%s", isnan(value) ? "–" : number_short(value, number));
    return r;
}

/* A loss that is no number is told, and why. */
static struct reading read_loss(const struct curve_point *p)
{
    struct reading r = read_number("loss", 1, p ? (double)p->loss : NAN);
    if (!p || isfinite(p->loss))
        return r;
    r.name = "loss · diverged";
    snprintf(r.text, sizeof r.text, isnan(p->loss) ? "NaN" : "inf");
    r.alarm = true;
    return r;
}

/* What is to be read, from left to right; returns how many. Without a held-out part the training's own scores
 * stand there. */
static int readings(const struct view *v, struct reading out[8])
{
    const struct curve_point *p = v->curves ? &v->curve[v->curves - 1] : NULL;
    const struct recipe *recipe = &session_network(v->session)->recipe;
    double lr = session_running(v->session) ? v->status.lr : recipe->optimizer ? recipe->lr : NAN;
    const struct data *data = v->session->data;
    bool told = p && isfinite(p->mae) && isnan(p->accuracy); /* classes that are not what is trained for */
    bool numbers = told || (data && data->classes == 0), held_out = data && data->n > data->train;
    double score = !p ? NAN : (double)(numbers ? p->mae : p->accuracy);
    double val_score = !p ? NAN : (double)(numbers ? p->val_mae : p->val_accuracy);
    int n = 0;
    out[n] = (struct reading){.name = "epoch", .widest = "00,000", .rank = 0};
    count_text(p ? p->epoch : v->status.epoch, out[n++].text);
    out[n++] = read_loss(p);
    if (held_out)
        out[n++] = read_number("val_loss", 4, p ? (double)p->val_loss : NAN);
    out[n++] = held_out ? read_number(numbers ? "val_mae" : "val_accuracy", 3, val_score)
                        : read_number(numbers ? "mae" : "accuracy", 3, score);
    out[n] = read_number("lr", 2, lr);
    out[n].widest = "0.001";
    if (isfinite(lr))
        number_power(lr, out[n].text);
    n++;
    return n;
}

static float reading_width(const struct view *v, const struct draw *d, const struct reading *k)
{
    struct font f = view_font(v, FONT_NUMBER_LARGE);
    float number = fmaxf(text_width(d, f, k->text), text_width(d, f, k->widest));
    return fmaxf(number, text_width(d, view_font(v, FONT_SMALL), k->name));
}

static void draw_reading(const struct view *v, struct draw *d, struct rect r, enum align align,
    const char *name, const char *text, bool alarm)
{
    const struct theme *t = v->theme;
    struct font small = view_font(v, FONT_SMALL), number = view_font(v, FONT_NUMBER_LARGE);
    float height = text_height(small) + text_height(number);
    rect_cut_top(&r, (r.h - height) / 2);
    draw_text(d, rect_cut_top(&r, text_height(small)), align, small,
        t->colour[alarm ? COLOUR_BAD : COLOUR_DIM], name);
    draw_text(d, rect_cut_top(&r, text_height(number)), align, number,
        t->colour[alarm ? COLOUR_BAD : COLOUR_TEXT], text);
}

static float readings_width(const struct view *v, const struct draw *d)
{
    struct reading k[8];
    float w = 0;
    for (int i = 0, n = readings(v, k); i < n; i++)
        w += reading_width(v, d, &k[i]) + (i ? 22 * v->theme->px : 0);
    return w;
}

static void draw_readings(const struct view *v, struct draw *d, struct rect r)
{
    struct reading k[8];
    int n = readings(v, k);
    float gap = 22 * v->theme->px, left = r.w + gap;
    bool fits[8] = {false};
    for (int rank = 0; rank < 8; rank++)
        for (int i = 0; i < n; i++) {
            float w = reading_width(v, d, &k[i]) + gap;
            if (k[i].rank != rank || left < w)
                continue;
            fits[i] = true;
            left -= w;
        }
    for (int i = 0; i < n; i++) {
        if (!fits[i])
            continue;
        struct rect place = rect_cut_left(&r, reading_width(v, d, &k[i]));
        draw_reading(v, d, place, ALIGN_LEFT, k[i].name, k[i].text, k[i].alarm);
        rect_cut_left(&r, gap);
    }
}

/* Speed of training and drawing, at the right end; gives back what it did not take. */
static void draw_rates(const struct view *v, struct draw *d, struct rect *r)
{
    char number[PLOT_NUMBER], text[PLOT_NUMBER];
    float px = v->theme->px, w = text_width(d, view_font(v, FONT_NUMBER_LARGE), "000.0k");
    if (v->still || r->w < readings_width(v, d) + 190 * px)
        return;
    double rate = v->training ? v->status.steps_per_s : NAN;
    rect_cut_right(r, 10 * px);
    snprintf(text, sizeof text, v->frames_per_s > 0.5 ? "%.0f" : "–", v->frames_per_s);
    draw_reading(v, d,
        rect_cut_right(r, fmaxf(w * 0.5f, text_width(d, view_font(v, FONT_SMALL), "frames/s"))), ALIGN_RIGHT,
        "frames/s", text, false);
    rect_cut_right(r, 16 * px);
    const char *steps = isfinite(rate) ? number_short(rate, number) : "–";
    draw_reading(v, d, rect_cut_right(r, w), ALIGN_RIGHT, "steps/s", steps, false);
    rect_cut_right(r, 16 * px);
}

static void draw_switches(const struct view *v, struct draw *d, struct rect *r, float side)
{
    float gap = 6 * v->theme->px;
    bool dark = strcmp(v->theme->name, "dark") == 0;
    struct rect help = rect_cut_right(r, side);
    help = (struct rect){help.x, help.y + (help.h - side) / 2, side, side};
    struct colour c = draw_button(v, d, help, CONTROL_HELP, false, true);
    draw_text(d, help, ALIGN_CENTRE, view_font(v, FONT_STRONG), c, "?");
    draw_zone(d, help, control_subject(CONTROL_HELP), NULL, "the keys   H");
    rect_cut_right(r, gap);
    struct rect theme = rect_cut_right(r, side);
    theme = (struct rect){theme.x, help.y, side, side};
    icon_theme(d, theme, draw_button(v, d, theme, CONTROL_THEME, false, true));
    draw_zone(
        d, theme, control_subject(CONTROL_THEME), dark ? "theme light" : "theme dark", "light or dark   T");
    rect_cut_right(r, gap);
}

static void toolbar_draw(const struct view *v, struct rect r, struct draw *d)
{
    float px = v->theme->px, side = fminf(roundf(34 * px), r.h), gap = 6 * px;
    float top = roundf(r.y + (r.h - side) / 2);
    draw_switches(v, d, &r, side);
    struct rect play = rect_cut_left(&r, roundf(side * 1.35f));
    draw_play(v, d, (struct rect){play.x, top, play.w, side});
    rect_cut_left(&r, gap);
    struct rect step = rect_cut_left(&r, side);
    draw_step(v, d, (struct rect){step.x, top, side, side});
    float speed = speeds_width(v, d);
    if (r.w > speed + gap + 22 * px + readings_width(v, d)) {
        rect_cut_left(&r, gap);
        struct rect s = rect_cut_left(&r, speed);
        draw_speeds(v, d, (struct rect){s.x, top, s.w, side});
    }
    rect_cut_left(&r, 22 * px);
    draw_rates(v, d, &r);
    draw_readings(v, d, r);
}

static bool toolbar_click(struct view *v, struct subject s, struct point at)
{
    if (s.kind != SUBJECT_CONTROL || s.a != CONTROL_HELP)
        return false;
    v->help = !v->help;
    return true;
}

const struct panel panel_toolbar = {
    .name = "toolbar",
    .summary = "play, pause, step, speed, and how the training stands",
    .place = PLACE_TOP,
    .min_w = 300,
    .min_h = 36,
    .weight = 1,
    .height = 38,
    .shown = true,
    .draw = toolbar_draw,
    .click = toolbar_click,
};
