/* chart.c - a grid of dots, lines drawn into it, and its print in braille (Unicode block U+2800).
 *
 * Dot 0x01 0x08 is the top row of a character, then 0x02 0x10, 0x04 0x20, 0x40 0x80. */
#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LABEL = 9 };

void chart_start(struct chart *c, int width, int height)
{
    int room = out_width() - LABEL - 2;
    *c = (struct chart){.low = INFINITY, .high = -INFINITY};
    c->width = width < room ? width : room;
    c->width = c->width < 8 ? 8 : c->width > CHART_WIDTH ? CHART_WIDTH : c->width;
    c->height = height > CHART_HEIGHT ? CHART_HEIGHT : height;
}

static double scaled(const struct chart *c, double y)
{
    return c->log ? (y > 0 ? log10(y) : NAN) : y;
}

void chart_fit(struct chart *c, const double *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double v = scaled(c, y[i]);
        if (!isfinite(v))
            continue;
        c->low = v < c->low ? v : c->low;
        c->high = v > c->high ? v : c->high;
    }
}

static void set_dot(struct chart *c, int x, int y, enum style style)
{
    static const unsigned char bit[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (x < 0 || y < 0 || x >= 2 * c->width || y >= 4 * c->height)
        return;
    c->dots[y / 4][x / 2] |= bit[y % 4][x % 2];
    c->style[y / 4][x / 2] = style;
}

static bool place(const struct chart *c, double x, double y, double *column, double *row)
{
    double height = c->high - c->low, width = c->right - c->left;
    *column = width > 0 ? (x - c->left) / width * (2 * c->width - 1) : 0;
    *row = height > 0 ? (c->high - scaled(c, y)) / height * (4 * c->height - 1) : 2 * c->height;
    return isfinite(*column) && isfinite(*row);
}

static void draw_line(
    struct chart *c, double x0, double y0, double x1, double y1, enum style style, bool dotted)
{
    int steps = (int)ceil(fmax(fabs(x1 - x0), fabs(y1 - y0)));
    for (int i = 0; i <= steps; i++) {
        double part = steps ? (double)i / steps : 0;
        int x = (int)lround(x0 + part * (x1 - x0)), y = (int)lround(y0 + part * (y1 - y0));
        if (!dotted || (x + y) % 3 == 0)
            set_dot(c, x, y, style);
    }
}

void chart_curve(struct chart *c, const double *x, const double *y, size_t n, enum style style, bool dotted)
{
    double x0 = 0, y0 = 0, x1, y1;
    bool have = false;
    for (size_t i = 0; i < n; i++) {
        bool ok = place(c, x[i], y[i], &x1, &y1);
        if (ok)
            draw_line(c, have ? x0 : x1, have ? y0 : y1, x1, y1, style, dotted);
        have = ok;
        x0 = x1;
        y0 = y1;
    }
}

static void print_row(const struct chart *c, int row)
{
    for (int i = 0; i < c->width; i++) {
        unsigned code = 0x2800u + c->dots[row][i];
        char bytes[4] = {
            (char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3f)), (char)(0x80 | (code & 0x3f)), 0};
        if (!c->dots[row][i])
            out(" ");
        else
            out("%s%s%s", out_style(c->style[row][i]), bytes, out_end());
    }
}

void chart_print(const struct chart *c)
{
    char label[32];
    for (int row = 0; row < c->height; row++) {
        double part = c->height > 1 ? (double)row / (c->height - 1) : 0,
               y = c->high - part * (c->high - c->low);
        bool named = row == 0 || row == c->height - 1 || row == c->height / 2;
        snprintf(label, sizeof label, "%*.3g", LABEL, c->log ? pow(10, y) : y);
        out("%*s %s", LABEL, named ? label : "", named ? "┤" : "│");
        print_row(c, row);
        out("\n");
    }
    out("%*s └", LABEL, "");
    for (int i = 0; i < c->width; i++)
        out("─");
    double left = c->log_x ? pow(10, c->left) : c->left, right = c->log_x ? pow(10, c->right) : c->right;
    snprintf(label, sizeof label, "%.6g", right);
    out("\n%*s  %-*.6g%s\n", LABEL, "", c->width - (int)strlen(label), left, label);
}
