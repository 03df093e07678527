/* plot.c - axes and lines.
 *
 * Round steps: of 1, 2, 5 times a power of ten the smallest that gives few enough ticks. A log axis ticks at
 * powers of ten, and at 2 and 5 times them while there is room. */
#include "plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static double round_step(double range, int most)
{
    double raw = range / (most > 1 ? most : 1), power = pow(10, floor(log10(raw)));
    double part = raw / power;
    return power * (part <= 1.0001 ? 1 : part <= 2.0001 ? 2 : part <= 5.0001 ? 5 : 10);
}

static int linear_ticks(const struct axis *a, int most, double out[PLOT_TICKS])
{
    double step = round_step(a->high - a->low, most);
    if (floor(a->high / step + 1e-9) - ceil(a->low / step - 1e-9) + 1 > most)
        step = round_step(a->high - a->low, most - 1);
    int count = 0;
    for (double k = ceil(a->low / step - 1e-9); k * step <= a->high + step * 1e-9 && count < most; k++)
        out[count++] = k * step + 0.0; /* + 0: never -0 */
    return count;
}

static int log_ticks(const struct axis *a, int most, double out[PLOT_TICKS])
{
    static const int factors[][3] = {{1, 2, 5}, {1, 3, 0}, {1, 0, 0}};
    int first = (int)floor(log10(a->low) + 1e-9), last = (int)ceil(log10(a->high) - 1e-9);
    for (int kind = 0, every = 1;; kind < 2 ? kind++ : every++) {
        int count = 0;
        for (int power = first; power <= last && count <= most; power++)
            for (int k = 0; k < 3 && factors[kind][k] && count <= most; k++) {
                double value = factors[kind][k] * pow(10, power);
                bool inside = value >= a->low * 0.9999 && value <= a->high * 1.0001;
                if (inside && power % every == 0) {
                    if (count < PLOT_TICKS)
                        out[count] = value;
                    count++;
                }
            }
        if (count <= most)
            return count;
    }
}

int axis_ticks(const struct axis *a, int most, double out[PLOT_TICKS])
{
    most = most < 1 ? 1 : most > PLOT_TICKS ? PLOT_TICKS : most;
    if (!(a->high > a->low) || !isfinite(a->high - a->low))
        return 0;
    return a->log && a->low > 0 ? log_ticks(a, most, out) : linear_ticks(a, most, out);
}

void axis_round(struct axis *a, int most)
{
    if (!isfinite(a->low) || !isfinite(a->high))
        *a = (struct axis){a->log ? 0.1 : 0, 1, a->log};
    if (a->log) {
        double low = fmax(a->low, 1e-30), high = fmax(a->high, low * 1.0001);
        a->low = pow(10, floor(log10(low)));
        a->high = pow(10, ceil(log10(high)));
        /* Most of a decade may be empty: end at 2 or 5 times a power of ten instead. */
        for (int k = 0; k < 2; k++) {
            static const double part[] = {0.2, 0.5};
            if (a->high * part[k] >= high) {
                a->high *= part[k];
                break;
            }
        }
        if (low >= a->low * 5)
            a->low *= 5;
        else if (low >= a->low * 2)
            a->low *= 2;
        return;
    }
    if (a->high - a->low < 1e-12 * fmax(fabs(a->high), 1e-20))
        a->high = a->low + fmax(fabs(a->low), 1);
    double step = round_step(a->high - a->low, most - 1);
    a->low = floor(a->low / step + 1e-9) * step;
    a->high = ceil(a->high / step - 1e-9) * step;
}

double axis_place(const struct axis *a, double value)
{
    if (a->log)
        return value > 0 ? log(value / a->low) / log(a->high / a->low) : NAN;
    return (value - a->low) / (a->high - a->low);
}

double axis_value(const struct axis *a, double place)
{
    return a->log ? a->low * pow(a->high / a->low, place) : a->low + (a->high - a->low) * place;
}

/* 2e-05 → 2e-5, 1e+14 → 1e14: narrow columns hold it. */
static void power_short(char *number)
{
    char *e = strpbrk(number, "eE");
    if (!e)
        return;
    char *digits = e + 1 + strspn(e + 1, "+-0");
    char *to = e[1] == '-' ? e + 2 : e + 1;
    memmove(to, digits, strlen(digits) + 1);
}

/* 0.000123 → 1.23e-4, 0.0005 → 5e-4. */
static void power_small(double value, char *out)
{
    snprintf(out, PLOT_NUMBER, "%.2e", value);
    char *e = strchr(out, 'e'), *end = e;
    while (end[-1] == '0')
        end--;
    end -= end[-1] == '.';
    memmove(end, e, strlen(e) + 1);
}

static const char *number_digits(double value, int digits, char out[PLOT_NUMBER])
{
    static const struct {
        double from, unit;
        const char *name;
    } large[] = {{999.5e9, 0, ""}, {999.5e6, 1e9, "G"}, {999.5e3, 1e6, "M"}, {9999.5, 1e3, "k"}};
    double size = fabs(value);
    size_t i = 0;
    while (i < sizeof large / sizeof *large && size < large[i].from)
        i++;
    if (isnan(value))
        snprintf(out, PLOT_NUMBER, "NaN");
    else if (i < sizeof large / sizeof *large && large[i].unit > 0)
        snprintf(out, PLOT_NUMBER, "%.3g%s", value / large[i].unit, large[i].name);
    else if (i == sizeof large / sizeof *large && size >= 999.5)
        snprintf(out, PLOT_NUMBER, "%.0f", value);
    else if (size > 0 && size < 0.001)
        power_small(value, out);
    else
        snprintf(out, PLOT_NUMBER, "%.*g", digits, value);
    power_short(out);
    return out;
}

const char *number_short(double value, char out[PLOT_NUMBER])
{
    return number_digits(value, 3, out);
}

const char *number_brief(double value, char out[PLOT_NUMBER])
{
    if (!(fabs(value) < 0.01) || value == 0)
        return number_digits(value, 2, out);
    snprintf(out, PLOT_NUMBER, "%.1e", value);
    power_short(out);
    return out;
}

const char *number_power(double value, char out[PLOT_NUMBER])
{
    snprintf(out, PLOT_NUMBER, "%.4g", value);
    power_short(out);
    return out;
}

const char *number_tick(double value, char out[PLOT_NUMBER])
{
    return number_digits(value, 4, out);
}

const char *count_text(uint64_t n, char out[COUNT_TEXT])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, n), at = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

/* --- drawing -----------------------------------------------------------------------------------------------
 */

static int row_ticks(const struct view *v, const struct plot *p, double tick[PLOT_TICKS])
{
    int most = (int)(p->area.h / (text_height(view_font(v, FONT_NUMBER_SMALL)) * 1.6f));
    return axis_ticks(&p->y, most > 6 ? 6 : most < 3 ? 3 : most, tick);
}

/* The room that the numbers on the left take; a little more than most, so that it rarely changes. */
static float rows_width(const struct view *v, const struct draw *d, const struct plot *p)
{
    struct font f = view_font(v, FONT_NUMBER_SMALL);
    double tick[PLOT_TICKS];
    char number[PLOT_NUMBER];
    float wide = text_width(d, f, "0.000");
    for (int i = row_ticks(v, p, tick) - 1; i >= 0; i--)
        wide = fmaxf(wide, text_width(d, f, number_tick(tick[i], number)));
    return wide + 6 * v->theme->px;
}

static void plot_rows(const struct view *v, struct draw *d, const struct plot *p, float left)
{
    const struct theme *t = v->theme;
    struct font f = view_font(v, FONT_NUMBER_SMALL);
    double tick[PLOT_TICKS];
    char number[PLOT_NUMBER];
    int n = row_ticks(v, p, tick);
    float half = text_height(f) / 2;
    for (int i = 0; i < n; i++) {
        float y = roundf(p->area.y + p->area.h * (float)(1 - axis_place(&p->y, tick[i])));
        draw_fill(d, (struct rect){p->area.x, y, p->area.w, 1}, 0, t->colour[COLOUR_GRID]);
        struct rect label = {left, y - half, p->area.x - left - 5 * t->px, 2 * half};
        draw_text(d, label, ALIGN_RIGHT, f, t->colour[COLOUR_FAINT], number_tick(tick[i], number));
    }
}

/* Numbers below the plot: those that would touch the one before or leave the room are left out. */
static void plot_columns(
    const struct view *v, struct draw *d, const struct plot *p, struct rect strip, const char *name)
{
    const struct theme *t = v->theme;
    struct font f = view_font(v, FONT_NUMBER_SMALL), small = view_font(v, FONT_SMALL);
    double tick[PLOT_TICKS];
    char number[PLOT_NUMBER];
    float label = name ? text_width(d, small, name) + 8 * t->px : 0;
    int most = (int)(p->area.w / (text_width(d, f, "00000") + 16 * t->px)),
        n = axis_ticks(&p->x, most > 8 ? 8 : most, tick);
    float end = strip.x, limit = strip.x + strip.w - label;
    for (int i = 0; i < n; i++) {
        number_tick(tick[i], number);
        float w = text_width(d, f, number), x = p->area.x + p->area.w * (float)axis_place(&p->x, tick[i]);
        float left = fmaxf(x - w / 2, strip.x);
        if (left < end || left + w > limit)
            continue;
        draw_text(
            d, (struct rect){left, strip.y, w + 1, strip.h}, ALIGN_LEFT, f, t->colour[COLOUR_FAINT], number);
        end = left + w + 6 * t->px;
    }
    if (name)
        draw_text(d, strip, ALIGN_RIGHT, small, t->colour[COLOUR_FAINT], name);
}

struct plot plot_begin(
    const struct view *v, struct draw *d, struct rect r, struct axis x, struct axis y, const char *x_name)
{
    const struct theme *t = v->theme;
    struct font f = view_font(v, FONT_NUMBER_SMALL);
    float left = r.x, half = ceilf(text_height(f) / 2);
    struct plot p = {r, x, y};
    struct rect strip = rect_cut_bottom(&p.area, text_height(f) + 2 * t->px);
    rect_cut_top(&p.area, half);
    rect_cut_left(&p.area, rows_width(v, d, &p));
    rect_cut_right(&p.area, 3 * t->px);
    strip.w -= strip.x > p.area.x ? 0 : p.area.x - strip.x;
    strip.x = p.area.x;
    draw_fill(d, p.area, 3 * t->px, t->colour[COLOUR_WELL]);
    plot_rows(v, d, &p, left);
    plot_columns(v, d, &p, strip, x_name);
    return p;
}

struct point plot_point(const struct plot *p, double x, double y)
{
    double u = axis_place(&p->x, x), w = axis_place(&p->y, y);
    u = fmin(fmax(u, 0), 1);
    w = isnan(w) ? 0 : fmin(fmax(w, 0), 1);
    return (struct point){p->area.x + p->area.w * (float)u, p->area.y + p->area.h * (float)(1 - w)};
}

/* A line that is built up: of the points in two columns of pixels only the lowest, the highest and the last
 * count. */
enum { LINE_POINTS = 1024 };

struct line {
    struct draw *d;
    float width;
    struct colour colour;
    struct point run[LINE_POINTS];
    int count;
    struct point low, high, last; /* of the open column */
    bool open, low_first;
};

static void line_flush(struct line *l, bool end)
{
    if (l->count == 1 && end)
        draw_circle(l->d, l->run[0], l->width, l->colour);
    draw_path(l->d, l->run, (size_t)l->count, l->width, l->colour);
    l->run[0] = l->run[l->count > 0 ? l->count - 1 : 0];
    l->count = end ? 0 : 1;
}

static void line_put(struct line *l, struct point p)
{
    if (l->count && l->run[l->count - 1].x == p.x && l->run[l->count - 1].y == p.y)
        return;
    if (l->count == LINE_POINTS)
        line_flush(l, false);
    l->run[l->count++] = p;
}

static void line_close_column(struct line *l)
{
    if (!l->open)
        return;
    line_put(l, l->low_first ? l->low : l->high);
    line_put(l, l->low_first ? l->high : l->low);
    line_put(l, l->last);
    l->open = false;
}

static void line_add(struct line *l, struct point p)
{
    if (l->open && floorf(p.x / 2) != floorf(l->last.x / 2))
        line_close_column(l);
    if (!l->open) {
        l->low = l->high = p;
        l->low_first = true;
    } else if (p.y < l->low.y) {
        l->low = p;
        l->low_first = false;
    } else if (p.y > l->high.y) {
        l->high = p;
        l->low_first = true;
    }
    l->last = p;
    l->open = true;
}

void plot_line(const struct plot *p, struct draw *d, const float *x, const float *y, size_t n, float width,
    struct colour c)
{
    struct line l = {.d = d, .width = width, .colour = c};
    draw_push_clip(d, rect_inset(p->area, -width));
    for (size_t i = 0; i <= n; i++) {
        if (i < n && isfinite(y[i])) {
            line_add(&l, plot_point(p, x[i], y[i]));
            continue;
        }
        line_close_column(&l);
        if (l.count)
            line_flush(&l, true);
    }
    draw_pop_clip(d);
}

size_t plot_nearest(const struct plot *p, const float *x, size_t n, float at)
{
    double value = axis_value(&p->x, (at - p->area.x) / p->area.w);
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (fabs(x[i] - value) < fabs(x[best] - value))
            best = i;
    return best;
}

void plot_smooth(const float *x, const float *y, float *out, size_t n, double share)
{
    double mean = NAN, before = 0;
    for (size_t i = 0; i < n; i++) {
        out[i] = y[i];
        if (!isfinite(y[i]))
            continue;
        double memory = share * (fabs(x[i]) + 1), keep = exp(-fmax(x[i] - before, 0) / memory);
        mean = isnan(mean) ? y[i] : keep * mean + (1 - keep) * y[i];
        before = x[i];
        out[i] = (float)mean;
    }
}
