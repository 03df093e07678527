/* cmd_show.c - show: weights, activations, gradients as matrices, and one neuron in full.
 *
 * A small matrix is printed in numbers. A large one becomes a map of signs and strengths, one character a
 * value, with its scale below it: blue and orange where there is colour, as in the window. */
#include "cmd.h"

#include "../src/activation.h"
#include "../src/data.h"
#include "../src/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBERS_WIDE = 10, NUMBERS_HIGH = 20, MAP_WIDE = 100, MAP_HIGH = 40 };

/* --- matrices ------------------------------------------------------------------------------------------ */

/* A tensor as a matrix: its last axis across, all others down. */
static void matrix_of(const struct shape *s, size_t *rows, size_t *columns)
{
    *columns = s->rank > 0 ? (size_t)s->dim[s->rank - 1] : 1;
    *rows = *columns ? shape_size(s) / *columns : 0;
}

static void print_numbers(const float *x, size_t rows, size_t columns)
{
    char align[NUMBERS_WIDE + 2] = "r";
    memset(align + 1, 'r', columns);
    struct table t = {.align = align, .head = true, .indent = 2};
    table_add(&t, "%s", "");
    for (size_t j = 0; j < columns; j++)
        table_add(&t, "%zu", j);
    for (size_t i = 0; i < rows; i++) {
        table_add(&t, "%zu", i);
        for (size_t j = 0; j < columns; j++)
            table_add(&t, "%.4g", (double)x[i * columns + j]);
    }
    table_print(&t);
}

/* Weak to strong; without colour the sign needs characters of its own. */
static void print_cell(float value, float most)
{
    static const char *const plus[] = {" ", "·", "+", "*", "#"}, *const minus[] = {" ", "-", "~", "=", "%"};
    static const char *const block[] = {" ", "░", "▒", "▓", "█"};
    int level = !(most > 0) || !isfinite(value) ? 0 : (int)lroundf(fabsf(value) / most * 4);
    if (isnan(value))
        out("?");
    else if (out_has_colour())
        out("%s%s%s", out_style(value < 0 ? STYLE_WARN : STYLE_COMMAND), block[level], out_end());
    else
        out("%s", value < 0 ? minus[level] : plus[level]);
}

static void print_map(const float *x, size_t rows, size_t columns)
{
    size_t high = rows < MAP_HIGH ? rows : MAP_HIGH, wide = columns < MAP_WIDE ? columns : MAP_WIDE;
    float most = 0;
    for (size_t i = 0; i < rows * columns; i++)
        most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
    for (size_t i = 0; i < high; i++) {
        out("  ");
        for (size_t j = 0; j < wide; j++)
            print_cell(x[i * columns + j], most);
        out("\n");
    }
    if (high < rows || wide < columns)
        out("  (the first %zu x %zu of %zu x %zu)\n", high, wide, rows, columns);
    out("  strongest %.4g", (double)most);
    out(out_has_colour() ? "\n" : "; from weak to strong, above 0: · + * #, below 0: - ~ = %%\n");
}

static void print_statistics(const float *x, size_t n)
{
    double sum = 0, squares = 0;
    float least = n ? x[0] : 0, most = least;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
        squares += (double)x[i] * x[i];
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    double mean = n ? sum / (double)n : 0;
    out("  mean %.4g  deviation %.4g  least %.4g  most %.4g\n", mean,
        n ? sqrt(fmax(squares / (double)n - mean * mean, 0)) : 0, (double)least, (double)most);
}

static void print_tensor(const char *name, const struct shape *s, const float *x)
{
    size_t rows, columns;
    char shape[SHAPE_TEXT];
    matrix_of(s, &rows, &columns);
    out("%s%s%s  %s\n", out_style(STYLE_BOLD), name, out_end(), shape_text(s, shape));
    if (columns <= NUMBERS_WIDE && rows <= NUMBERS_HIGH)
        print_numbers(x, rows, columns);
    else
        print_map(x, rows, columns);
    print_statistics(x, rows * columns);
}

/* --- what can be shown --------------------------------------------------------------------------------- */

static bool show_weights(struct repl *r, int layer, struct error *e)
{
    struct state *s = session_copy_state(r->session, e);
    if (!s)
        return false;
    const struct layer *l = &s->model->layer[layer];
    for (int k = 0; k < l->params; k++) {
        char name[80];
        snprintf(name, sizeof name, "%s %s", l->name, l->param[k].name);
        const float *x = l->param[k].statistic ? s->stat + l->param[k].offset : s->param + l->param[k].offset;
        print_tensor(name, &l->param[k].shape, x);
    }
    state_free(s);
    return true;
}

static bool show_gradients(struct repl *r, int layer, struct error *e)
{
    if (!session_probe(r->session, true, e))
        return false;
    const struct workspace *ws = r->session->probe.ws;
    const struct layer *l = &ws->model->layer[layer];
    for (int k = 0; k < l->params; k++) {
        char name[80];
        snprintf(name, sizeof name, "grad of %s %s", l->name, l->param[k].name);
        if (!l->param[k].statistic)
            print_tensor(name, &l->param[k].shape, ws->grad + l->param[k].offset);
    }
    return true;
}

static bool show_activations(struct repl *r, int layer, struct error *e)
{
    if (!session_probe(r->session, false, e))
        return false;
    const struct probe *p = &r->session->probe;
    const struct layer *l = &p->ws->model->layer[layer];
    struct shape s = shape_of(2, (int)p->N, (int)shape_size(&l->out));
    char name[80];
    snprintf(name, sizeof name, "%s, samples down", l->name);
    print_tensor(name, &s, workspace_activation(p->ws, layer));
    return true;
}

/* --- one neuron ---------------------------------------------------------------------------------------- */

static const char *source_name(struct repl *r, const struct model *m, int layer, size_t i, char out[64])
{
    const struct data *d = r->session->data;
    int from = m->layer[layer].input[0];
    if (from == 0 && d && d->input_name && i < shape_size(&d->shape))
        snprintf(out, 64, "%s", d->input_name[i]);
    else
        snprintf(out, 64, "%s[%zu]", m->layer[from].name, i);
    return out;
}

/* The incoming weights of a unit: a column of the kernel. */
static bool show_unit(struct repl *r, const struct state *s, int layer, size_t unit, struct error *e)
{
    const struct layer *l = &s->model->layer[layer];
    const struct param *kernel = &l->param[0];
    size_t rows, columns;
    struct table t = {.align = "lr", .indent = 2};
    char name[64];
    matrix_of(&kernel->shape, &rows, &columns);
    if (unit >= columns)
        return error_set(e, "layer %d (%s) has the units 0 to %zu", layer, l->name, columns - 1);
    out("%s unit %zu%s%s\n", l->name, unit, l->activation ? ", " : "",
        l->activation ? l->activation->name : "");
    for (size_t i = 0; i < rows && i < 64; i++) {
        table_add(&t, "%s", source_name(r, s->model, layer, i, name));
        table_add(&t, "%.6g", (double)s->param[kernel->offset + i * columns + unit]);
    }
    if (rows > 64) {
        table_add(&t, "… and %zu more", rows - 64);
        table_add(&t, "%s", "");
    }
    if (l->params > 1) {
        table_add(&t, "bias");
        table_add(&t, "%.6g", (double)s->param[l->param[1].offset + unit]);
    }
    const struct probe *p = &r->session->probe;
    if (p->phase != PROBE_NONE && p->revision == r->session->revision && p->N == 1) {
        table_add(&t, "output");
        table_add(&t, "%.6g", (double)workspace_activation(p->ws, layer)[unit]);
    }
    table_print(&t);
    return true;
}

static bool show_neuron(struct repl *r, int layer, int unit, struct error *e)
{
    struct state *s = session_copy_state(r->session, e);
    bool ok = s && (s->model->layer[layer].params ? show_unit(r, s, layer, (size_t)unit, e)
                                                  : error_set(e, "layer %d (%s) has no weights", layer,
                                                        s->model->layer[layer].name));
    state_free(s);
    return ok;
}

/* --- the command --------------------------------------------------------------------------------------- */

enum { WEIGHTS, ACTIVATIONS, GRADIENTS, NEURON };

static const char *show_word(size_t i)
{
    static const char *const words[] = {"weights", "activations", "gradients", "neuron"};
    return i < 4 ? words[i] : NULL;
}

static const struct arg_row show_args[] = {
    {.name = "what", .kind = ARG_CHOICE, .help = "what to show", .choice = show_word, .flags = ARG_REQUIRED},
    {.name = "layer", .kind = ARG_LAYER, .help = "its number or name; all when left out"},
    {.name = "unit", .kind = ARG_INT, .help = "of `show neuron`", .min = 0, .max = 1e9},
    {0},
};

static bool show_layer(struct repl *r, int what, int layer, struct error *e)
{
    static bool (*const show[])(struct repl *, int, struct error *) = {
        show_weights, show_activations, show_gradients};
    return show[what](r, layer, e);
}

static bool run_show(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const struct model *m = session_network(r->session)->model;
    int what = (int)a->value[0].number, layer = -1;
    if (!m->built)
        return error_set(
            e, "there is nothing to show before the input is known: `data NAME` or `input SHAPE`");
    if (a->value[1].given && (layer = model_find(m, a->value[1].text, e)) < 0)
        return blame_key(r, a->value[1].text, e);
    if (what == NEURON && (layer < 0 || !a->value[2].given))
        return error_set(e, "name layer and unit: `show neuron 1 0`");
    if (what == NEURON)
        return show_neuron(r, layer, (int)a->value[2].number, e);
    if (layer >= 0)
        return show_layer(r, what, layer, e);
    for (int i = 1; i < m->layers; i++)
        if ((what == ACTIVATIONS || m->layer[i].params) && !show_layer(r, what, i, e))
            return false;
    return true;
}

const struct command show_command = {
    .name = "show",
    .summary = "shows weights, activations, gradients, or one neuron",
    .details =
        "Activations and gradients are those of the last `forward` and `backward`, or of the next batch.",
    .example = "show weights 1",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_LOOK,
    .args = show_args,
    .run = run_show,
    .complete = complete_layer,
};
