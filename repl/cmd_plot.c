/* cmd_plot.c - plot: the curves of a training, or an activation with its slope, in the terminal. */
#include "chart.h"
#include "cmd.h"

#include "../src/activation.h"
#include "../src/curves.h"
#include "../src/memory.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { PLOT_HEIGHT = 12, PLOT_WIDTH = 72, SAMPLES = 401 };

/* A curve of the log: where its training and held-out numbers stand in a row. */
static const struct {
    const char *name;
    size_t train, held; /* offsets in struct curve_point; held 0: none */
} curves[] = {
    {"loss", offsetof(struct curve_point, loss), offsetof(struct curve_point, val_loss)},
    {"accuracy", offsetof(struct curve_point, accuracy), offsetof(struct curve_point, val_accuracy)},
    {"mae", offsetof(struct curve_point, mae), offsetof(struct curve_point, val_mae)},
    {"lr", offsetof(struct curve_point, lr), 0},
};

enum { CURVES = sizeof curves / sizeof curves[0] };

static const char *plot_word(size_t i)
{
    return i < CURVES ? curves[i].name : i == CURVES ? "activation" : activation_name(i - CURVES - 1);
}

static const struct arg_row plot_args[] = {
    {.name = "what",
        .kind = ARG_CHOICE,
        .help = "a curve of the training, or an activation function",
        .choice = plot_word,
        .initial = "loss"},
    {.name = "function",
        .kind = ARG_CHOICE,
        .help = "behind `activation`; its name alone does too",
        .choice = activation_name},
    {.name = "log", .kind = ARG_FLAG, .help = "logarithmic upright axis"},
    {0},
};

static double field(const struct curve_point *p, size_t offset)
{
    return (double)*(const float *)((const char *)p + offset);
}

static bool any_finite(const double *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isfinite(y[i]))
            return true;
    return false;
}

static void draw_curves(
    const struct curve_point *p, size_t n, int which, bool log, double *x, double *y, double *z)
{
    struct chart c;
    chart_start(&c, PLOT_WIDTH, PLOT_HEIGHT);
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)p[i].epoch;
        y[i] = field(&p[i], curves[which].train);
        z[i] = curves[which].held ? field(&p[i], curves[which].held) : NAN;
    }
    c.log = log;
    c.left = x[0];
    c.right = x[n - 1];
    chart_fit(&c, y, n);
    chart_fit(&c, z, n);
    chart_curve(&c, x, y, n, STYLE_COMMAND, false);
    chart_curve(&c, x, z, n, STYLE_WARN, true);
    chart_print(&c);
    out("%sline%s %s %.6g", out_style(STYLE_COMMAND), out_end(), curves[which].name, y[n - 1]);
    if (isfinite(z[n - 1]))
        out("   %sdots%s val_%s %.6g", out_style(STYLE_WARN), out_end(), curves[which].name, z[n - 1]);
    out("   by epoch\n");
}

static bool plot_curve(struct repl *r, int which, bool log, struct error *e)
{
    struct curve_point *p = memory_take(CURVE_POINTS + 1, sizeof *p, "the curve", e);
    double *x = memory_take(3 * (CURVE_POINTS + 1), sizeof *x, "the curve", e);
    bool ok = p && x;
    if (ok) {
        double *y = x + CURVE_POINTS + 1, *z = y + CURVE_POINTS + 1;
        size_t n = curves_copy(&session_network(r->session)->curves, p);
        for (size_t i = 0; i < n; i++)
            y[i] = field(&p[i], curves[which].train);
        ok = n ? any_finite(y, n) || error_set(e, "these data have no %s: `plot loss` shows what they have",
                                         curves[which].name)
               : error_set(e, "nothing was trained yet: `fit` first");
        if (ok)
            draw_curves(p, n, which, log, x, y, z);
    }
    memory_free(p);
    memory_free(x);
    return ok;
}

static bool plot_activation(const struct activation *f, struct error *e)
{
    static const float reach = 5;
    float z[SAMPLES], y[SAMPLES], one[SAMPLES], slope[SAMPLES];
    double x[SAMPLES], value[SAMPLES], steep[SAMPLES];
    if (f->encoding == ENCODE_ONE_HOT)
        return error_set(
            e, "%s needs several values at once, so it has no single curve: `help %s`", f->name, f->name);
    for (int i = 0; i < SAMPLES; i++) {
        z[i] = -reach + 2 * reach * (float)i / (SAMPLES - 1);
        one[i] = 1;
    }
    f->forward(z, y, SAMPLES, 1);
    f->backward(z, y, one, slope, SAMPLES, 1);
    for (int i = 0; i < SAMPLES; i++) {
        x[i] = (double)z[i];
        value[i] = (double)y[i];
        steep[i] = (double)slope[i];
    }
    struct chart c;
    chart_start(&c, PLOT_WIDTH, PLOT_HEIGHT + 2);
    c.left = -(double)reach;
    c.right = (double)reach;
    chart_fit(&c, value, SAMPLES);
    chart_fit(&c, steep, SAMPLES);
    chart_curve(&c, x, value, SAMPLES, STYLE_COMMAND, false);
    chart_curve(&c, x, steep, SAMPLES, STYLE_WARN, true);
    chart_print(&c);
    out("%sline%s %s(z)   %sdots%s its slope   %s\n", out_style(STYLE_COMMAND), out_end(), f->name,
        out_style(STYLE_WARN), out_end(), f->formula ? f->formula : "");
    return true;
}

static bool run_plot(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    int which = (int)a->value[0].number;
    if (which < CURVES)
        return plot_curve(r, which, a->value[2].number != 0, e);
    if (which > CURVES)
        return plot_activation(activation_at((size_t)(which - CURVES - 1)), e);
    if (!a->value[1].given)
        return error_set(e, "name the activation: `plot activation relu`");
    return plot_activation(activation_at((size_t)a->value[1].number), e);
}

const struct command plot_command = {
    .name = "plot",
    .summary = "draws a curve of the training, or an activation and its slope",
    .example = "plot activation relu",
    .group = GROUP_LOOK,
    .args = plot_args,
    .run = run_plot,
};
