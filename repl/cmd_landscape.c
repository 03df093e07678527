/* cmd_landscape.c - landscape: the loss over two weights, or two directions, as a shaded map. */
#include "cmd.h"
#include "experiment_job.h"

#include "../src/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES, SPAN, SIDE, SAMPLES };
enum { SHADES = 5, LABEL = 9, USUAL_SIDE = 21, USUAL_SAMPLES = 1000 };

static const double span_weights = 5, span_directions = 1;

static const struct arg_row landscape_args[] = {
    [PLACES] = {.name = "weights",
        .kind = ARG_TEXT,
        .help = "two of them, such as w[1][0,0] b[1][0]; random directions when left out",
        .flags = ARG_MANY},
    [SPAN] = {.name = "span",
        .kind = ARG_REAL,
        .help = "how far to both sides; 5 for weights, 1 for directions, when left out",
        .min = 1e-6,
        .max = 1e6,
        .flags = ARG_KEY_ONLY},
    [SIDE] = {.name = "n",
        .kind = ARG_INT,
        .help = "points on each axis",
        .min = 3,
        .max = LANDSCAPE_SIDE,
        .fallback = USUAL_SIDE,
        .flags = ARG_KEY_ONLY},
    [SAMPLES] = {.name = "samples",
        .kind = ARG_INT,
        .help = "the loss is the mean over so many of the training part; 0: all",
        .min = 0,
        .max = 1e9,
        .fallback = USUAL_SAMPLES,
        .flags = ARG_KEY_ONLY},
    {0},
};

/* --- what is asked for --------------------------------------------------------------------------------- */

static bool read_weight(
    struct repl *r, const struct word *w, int i, struct landscape_plan *plan, struct error *e)
{
    struct place_ref p;
    if (!expr_place(r, w->text, &p, e)) {
        e->offset = e->offset >= 0 ? e->offset + w->offset : w->offset;
        return false;
    }
    const struct param *param = &session_network(r->session)->model->layer[p.layer].param[p.param];
    size_t count = p.count;
    plan->param[i] = param->offset + p.element[0];
    snprintf(plan->label[i], sizeof plan->label[i], "%s", w->text);
    memory_free(p.element);
    return count == 1 || error_set_at(e, w->offset, w->length,
                             "an axis is a single weight, and %.40s holds %zu: name one, such as w[1][0,0]",
                             w->text, count);
}

static bool read_plan(struct repl *r, const struct args *a, struct landscape_plan *plan, struct error *e)
{
    const struct arg_value *v = a->value;
    *plan = (struct landscape_plan){
        .weights = v[PLACES].given, .side = (int)v[SIDE].number, .rows = (size_t)v[SAMPLES].number};
    plan->span = v[SPAN].given ? v[SPAN].number : plan->weights ? span_weights : span_directions;
    if (!plan->weights)
        return true;
    if (a->many_count != 2)
        return error_set(e, "a landscape lies over two weights, and here %s: `landscape w[1][0,0] w[1][1,0]`",
            a->many_count == 1 ? "is one" : "are more");
    for (int i = 0; i < 2; i++)
        if (!read_weight(r, &a->many[i], i, plan, e))
            return false;
    return plan->param[0] != plan->param[1] ||
           error_set_at(e, a->many[1].offset, a->many[1].length, "this is the same weight as the first one");
}

/* --- measuring ----------------------------------------------------------------------------------------- */

struct measuring {
    struct state *state;
    struct recipe recipe;
    const struct data *data;
    struct landscape_plan plan;
    atomic_size_t done;
    struct landscape *result;
};

static bool measure(void *arg, const void *cancel, struct error *e)
{
    struct measuring *m = arg;
    m->result = landscape_new(m->state, &m->recipe, m->data, &m->plan, cancel, &m->done, e);
    return m->result;
}

/* --- the map ------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Upper ends of the shades: each is as large a part of the map as the others, so that the shape shows
 * whatever the numbers. */
static bool shade_ends(const struct landscape *l, float end[SHADES], struct error *e)
{
    size_t all = (size_t)l->side * (size_t)l->side, n = 0;
    float *sorted = memory_take(all, sizeof *sorted, "the map", e);
    if (!sorted)
        return false;
    for (size_t i = 0; i < all; i++)
        if (isfinite(l->loss[i]))
            sorted[n++] = l->loss[i];
    qsort(sorted, n, sizeof *sorted, by_size);
    for (size_t i = 0; i < SHADES; i++)
        end[i] = n ? sorted[(i + 1) * n / SHADES - (i + 1 == SHADES || (i + 1) * n / SHADES > 0)] : NAN;
    memory_free(sorted);
    return true;
}

static const char *const shades[SHADES] = {" ", "░", "▒", "▓", "█"};

static const char *shade_of(float loss, const float end[SHADES])
{
    int i = 0;
    while (i < SHADES - 1 && loss > end[i])
        i++;
    return isfinite(loss) ? shades[i] : "?";
}

/* The point of an axis that lies nearest to a value. */
static int nearest(const struct landscape *l, int axis, double value)
{
    const struct landscape_axis *a = &l->axis[axis];
    return (int)lround((value - a->low) / (a->high - a->low) * (l->side - 1));
}

static void print_cell(const struct landscape *l, int i, int j, int every, const float end[SHADES])
{
    const char *shade = shade_of(l->loss[i * l->side + j], end);
    bool here = abs(i - nearest(l, 0, l->axis[0].here)) * 2 <= every - (every > 1) &&
                abs(j - nearest(l, 1, l->axis[1].here)) * 2 <= every - (every > 1);
    bool lowest = i / every == l->lowest[0] / every && j / every == l->lowest[1] / every;
    if (here || lowest)
        out("%s%s%s%s", out_style(here ? STYLE_COMMAND : STYLE_GOOD), here ? "◆" : "×", out_end(), shade);
    else
        out("%s%s", shade, shade);
}

static void print_map(const struct landscape *l, const float end[SHADES])
{
    int room = (out_width() - LABEL - 3) / 2, every = room > 0 ? (l->side + room - 1) / room : l->side;
    out("%s\n", l->axis[1].label);
    int last = (l->side - 1) / every * every;
    for (int j = last; j >= 0; j -= every) {
        bool named = j == last || j == 0 || j == last / 2 / every * every;
        if (named)
            out("%*.3g ┤", LABEL, landscape_value(l, 1, j));
        else
            out("%*s │", LABEL, "");
        for (int i = 0; i <= last; i += every)
            print_cell(l, i, j, every, end);
        out("\n");
    }
    int width = 2 * (last / every + 1);
    out("%*s └", LABEL, "");
    for (int i = 0; i < width; i++)
        out("─");
    out("\n%*s  %-*.3g%.3g  %s\n", LABEL, "", width - 4, landscape_value(l, 0, 0),
        landscape_value(l, 0, last), l->axis[0].label);
}

static void print_landscape(const struct landscape *l, const float end[SHADES])
{
    print_map(l, end);
    out("loss: blank up to %.4g", (double)end[0]);
    for (int i = 1; i < SHADES; i++)
        out("  %s %.4g", shades[i], (double)end[i]);
    out("\n◆ here %.6g   × least %.6g, at %.4g and %.4g\n", l->present,
        (double)l->loss[l->lowest[0] * l->side + l->lowest[1]], landscape_value(l, 0, l->lowest[0]),
        landscape_value(l, 1, l->lowest[1]));
    if (l->rows < l->data->train)
        out_note(
            "over the first %zu of %zu training samples; `samples=0` takes all", l->rows, l->data->train);
}

/* --- the command --------------------------------------------------------------------------------------- */

static bool run_landscape(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct session *s = r->session;
    struct measuring m = {.data = s->data};
    float end[SHADES];
    if (session_running(s))
        return error_set(e, "a training is going on: `stop` ends it and keeps the weights");
    if (!session_recipe(s, &m.recipe, e) || !read_plan(r, a, &m.plan, e) ||
        !(m.state = session_copy_state(s, e)))
        return false;
    size_t points = (size_t)m.plan.side * (size_t)m.plan.side;
    bool ok = job_count(r, measure, &m, "landscape", &m.done, points, e);
    state_free(m.state);
    if (ok && !shade_ends(m.result, end, e)) {
        landscape_free(m.result);
        return false;
    }
    if (ok) {
        print_landscape(m.result, end);
        session_keep_landscape(s, m.result);
    }
    return ok;
}

static const char *complete_tensor(struct repl *r, size_t i)
{
    return i == 0 ? "w[" : i == 1 ? "b[" : NULL;
}

const struct command landscape_command = {
    .name = "landscape",
    .summary = "measures the loss over two weights, or two random directions, and draws it",
    .details =
        "The other weights stay, and so do these: it is measured on a copy. Dark is a high loss; ◆ is where "
        "the\n"
        "network stands, × the lowest point of the map. Random directions are as long in each filter as the\n"
        "network's own weights (Li et al. 2018), so maps of different networks compare.\n"
        "`print landscape[i,j]` is the loss at point i of the first axis and j of the second; "
        "`min(landscape)`.",
    .example = "landscape w[1][0,0] w[1][1,0]",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_LOOK,
    .args = landscape_args,
    .run = run_landscape,
    .complete = complete_tensor,
};
