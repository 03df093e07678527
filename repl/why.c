/* why.c - the doctor: reads a training's numbers and says in words what is wrong and what to try.
 *
 * A copy of the weights is run over up to 256 training samples, forward and back. Each symptom is a row with
 * a test and a sentence; rows are asked by the harm that they do, and some end the list: after a divergence
 * nothing else is worth a word. A network that knows its training part is not told about its units, and where
 * gradients do not arrive nobody is told to add layers. When no row applies it says what goes well. The
 * thresholds are rules of thumb: a unit is dead when it is 0 for every sample, saturated when nine tenths of
 * its outputs lie within 3 % of an end of the activation's range; a step should move weights by about a
 * thousandth of their size. */
#include "cmd.h"

#include "../src/activation.h"
#include "../src/curves.h"
#include "../src/data.h"
#include "../src/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WHY_SAMPLES = 256, WHY_LAYERS = 64 };

struct layer_health {
    double dead, saturated;  /* shares of units */
    double weight, gradient; /* norms of its kernel */
};

struct health {
    struct status status;
    struct recipe recipe;
    const struct model *model;
    const struct data *data;
    struct curve_point first, last, best; /* of the curves; best by val_loss */
    size_t epochs;
    struct layer_health layer[WHY_LAYERS];
    int layers;
    struct baseline baseline; /* without learning */
    double scale;             /* of the targets, when they are numbers: root of their mean square */
};

/* --- measuring ----------------------------------------------------------------------------------------- */

static void measure_units(const struct workspace *ws, int layer, struct layer_health *h)
{
    const struct layer *l = &ws->model->layer[layer];
    const struct activation *f = l->activation;
    size_t units = shape_size(&l->out), dead = 0, saturated = 0;
    const float *y = workspace_activation(ws, layer);
    if (!f)
        return;
    bool bounded = isfinite(f->low) && isfinite(f->high) && f->encoding != ENCODE_ONE_HOT;
    float margin = bounded ? 0.03f * (f->high - f->low) : 0;
    for (size_t u = 0; u < units; u++) {
        size_t zero = 0, ends = 0;
        for (size_t i = 0; i < ws->N; i++) {
            float v = y[i * units + u];
            zero += v == 0;
            ends += bounded && (v < f->low + margin || v > f->high - margin);
        }
        dead += f->rectifier && zero == ws->N;
        saturated += 10 * ends >= 9 * ws->N;
    }
    h->dead = (double)dead / (double)units;
    h->saturated = bounded ? (double)saturated / (double)units : 0;
}

static double norm(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return sqrt(sum);
}

static void measure_layers(struct health *h, const struct workspace *ws, const struct state *s)
{
    h->layers = ws->model->layers < WHY_LAYERS ? ws->model->layers : WHY_LAYERS;
    for (int i = 1; i < h->layers; i++) {
        const struct layer *l = &ws->model->layer[i];
        measure_units(ws, i, &h->layer[i]);
        if (!l->params)
            continue;
        h->layer[i].weight = norm(s->param + l->param[0].offset, l->param[0].count);
        h->layer[i].gradient = norm(ws->grad + l->param[0].offset, l->param[0].count);
    }
}

static bool run_samples(struct health *h, const struct state *s, struct error *e)
{
    const struct data *d = h->data;
    size_t N = d->train < WHY_SAMPLES ? d->train : WHY_SAMPLES;
    struct goals goals;
    if (!goals_make(&goals, s->model, &h->recipe, d, e))
        return false;
    struct workspace *ws = workspace_new(s->model, N, USE_BACKWARD, e);
    bool ok = ws && workspace_aim(ws, &goals, e);
    if (ok) {
        workspace_bind(ws, s);
        memcpy(workspace_input(ws), d->x, N * shape_size(&d->shape) * sizeof(float));
        goals_encode(&goals, d, 0, N, workspace_targets(ws));
        workspace_forward(ws, N, false, 0);
        workspace_loss(ws, true);
        workspace_backward(ws);
        measure_layers(h, ws, s);
    }
    workspace_free(ws);
    goals_release(&goals);
    return ok;
}

static bool read_curves(struct repl *r, struct health *h, struct error *e)
{
    struct curve_point *p = memory_take(CURVE_POINTS + 1, sizeof *p, "the curve", e);
    if (!p)
        return false;
    size_t n = curves_copy(&session_network(r->session)->curves, p);
    h->epochs = n ? (size_t)p[n - 1].epoch : 0;
    for (size_t i = 0; i < n; i++)
        if (!i || p[i].val_loss < h->best.val_loss)
            h->best = p[i];
    if (n) {
        h->first = p[0];
        h->last = p[n - 1];
    }
    memory_free(p);
    return true;
}

static bool measure(struct repl *r, struct health *h, struct error *e)
{
    *h = (struct health){.data = r->session->data, .model = session_network(r->session)->model};
    if (!session_recipe(r->session, &h->recipe, e) || !read_curves(r, h, e))
        return false;
    session_status(r->session, &h->status);
    data_baseline(h->data, &h->baseline);
    h->scale = norm(h->data->t, h->data->train * h->data->targets) /
               sqrt((double)(h->data->train * h->data->targets));
    struct state *s = session_copy_state(r->session, e);
    bool ok = s && run_samples(h, s, e);
    state_free(s);
    return ok;
}

/* --- symptoms ------------------------------------------------------------------------------------------ */

/* Appends a sentence and a remedy when the symptom is there. */
typedef bool symptom(const struct health *h, struct text *says, struct text *remedy);

static const char *layer_name(const struct health *h, int i)
{
    return h->model->layer[i].name;
}

/* A hundred times the optimiser's usual rate. */
static bool huge_rate(const struct health *h)
{
    return h->recipe.lr >= 100 * h->recipe.optimizer->lr;
}

/* It knows what it is trained on: nothing hinders its learning. */
static bool knows(const struct health *h)
{
    return h->data->classes ? h->last.accuracy >= 0.97f : h->last.mae < 0.15 * h->baseline.mae;
}

/* The symptom alone, without its words. */
static bool is(symptom *asked, const struct health *h)
{
    struct text unread = {0};
    bool there = asked(h, &unread, &unread);
    text_release(&unread);
    return there;
}

static bool diverged(const struct health *h, struct text *says, struct text *remedy)
{
    if (h->status.phase != PHASE_DIVERGED)
        return false;
    const char *message = h->status.message, *stop = strstr(message, ". ");
    text_add_bytes(says, message, stop ? (size_t)(stop - message) : strlen(message));
    text_addf(says,
        "%s. The usual cause is a learning rate that is too large, here %g: each step overshoots more than "
        "the last. `undo` brings back the weights from before that training",
        *message ? "" : "the loss became infinite", h->recipe.lr);
    text_addf(remedy, "undo; set lr %.2g", recipe_smaller_lr(&h->recipe));
    return true;
}

static bool not_trained(const struct health *h, struct text *says, struct text *remedy)
{
    if (h->status.step || h->epochs)
        return false;
    text_add(says, "nothing was trained yet: these are the weights of the start");
    text_add(remedy, "fit 100");
    return true;
}

static bool rising(const struct health *h, struct text *says, struct text *remedy)
{
    if (h->epochs < 5 || !(h->last.loss > 1.1f * h->first.loss) || h->status.phase == PHASE_DIVERGED)
        return false;
    text_addf(says, "the loss rose from %.3g to %.3g: the learning rate of %g is too large",
        (double)h->first.loss, (double)h->last.loss, h->recipe.lr);
    text_addf(remedy, "undo; set lr %.2g", recipe_smaller_lr(&h->recipe));
    return true;
}

static bool dead(const struct health *h, struct text *says, struct text *remedy)
{
    for (int i = 1; i < h->layers && !knows(h); i++)
        if (h->layer[i].dead >= 0.25) {
            text_addf(says,
                "%.0f %% of the units of %s are dead: they give 0 for every sample, so no gradient reaches "
                "them",
                100 * h->layer[i].dead, layer_name(h, i));
            text_addf(remedy, "init he_normal layer=%s", layer_name(h, i));
            return true;
        }
    return false;
}

static bool saturated(const struct health *h, struct text *says, struct text *remedy)
{
    for (int i = 1; i + 1 < h->layers && !knows(h); i++)
        if (h->layer[i].saturated >= 0.5) {
            text_addf(says,
                "%.0f %% of the units of %s are saturated: they sit at an end of %s, where its slope is "
                "almost 0",
                100 * h->layer[i].saturated, layer_name(h, i), h->model->layer[i].activation->name);
            if (huge_rate(h)) {
                text_addf(says, "; a learning rate of %g drove them there", h->recipe.lr);
                text_addf(remedy, "undo; set lr %.2g", recipe_smaller_lr(&h->recipe));
            } else {
                text_addf(remedy, "init glorot_uniform layer=%s", layer_name(h, i));
            }
            return true;
        }
    return false;
}

/* The first and the last layer that have weights. */
static bool ends(const struct health *h, int *first, int *last)
{
    *first = *last = 0;
    for (int i = 1; i < h->layers; i++)
        if (h->model->layer[i].params) {
            *first = *first ? *first : i;
            *last = i;
        }
    return *last > *first;
}

/* Hidden layers whose slopes fade become relu's; their number. */
static int replace_bounded(const struct health *h, struct text *remedy)
{
    int replaced = 0;
    for (int i = 1; i + 1 < h->layers; i++) {
        const struct layer *l = &h->model->layer[i];
        if (!l->params || !l->activation || !isfinite(l->activation->low) || !isfinite(l->activation->high))
            continue;
        text_addf(remedy, "%sreplace %s dense %d relu", replaced++ ? "; " : "", l->name,
            l->out.dim[l->out.rank - 1]);
    }
    return replaced;
}

static bool vanishing(const struct health *h, struct text *says, struct text *remedy)
{
    int first, last;
    if (knows(h) || !ends(h, &first, &last) || !(h->layer[first].gradient < 1e-3 * h->layer[last].gradient))
        return false;
    text_addf(says,
        "the gradient shrinks on its way back, from %.2g at %s to %.2g at %s: the first layers hardly learn",
        h->layer[last].gradient, layer_name(h, last), h->layer[first].gradient, layer_name(h, first));
    if (!replace_bounded(h, remedy))
        text_add(remedy, "init he_normal");
    return true;
}

/* Gradients do not arrive: a larger rate or more layers would make it worse. */
static bool blocked(const struct health *h)
{
    return is(dead, h) || is(saturated, h) || is(vanishing, h);
}

static bool symmetric(const struct health *h, struct text *says, struct text *remedy)
{
    for (int i = 1; i < h->layers; i++)
        if (h->model->layer[i].params && h->layer[i].weight == 0) {
            text_addf(says, "all weights of %s are 0: its units are alike and stay alike", layer_name(h, i));
            text_add(remedy, "init");
            return true;
        }
    return false;
}

static bool overfitting(const struct health *h, struct text *says, struct text *remedy)
{
    bool apart = h->last.val_loss > 1.3f * h->best.val_loss && h->last.loss < h->best.loss;
    if (h->epochs < 10 || !apart)
        return false;
    text_addf(says,
        "it overfits: val_loss was best at epoch %llu (%.3g) and is %.3g now, while the training loss still "
        "falls",
        (unsigned long long)h->best.epoch, (double)h->best.val_loss, (double)h->last.val_loss);
    text_addf(remedy, "rewind epoch=%llu", (unsigned long long)h->best.epoch);
    return true;
}

/* How far off the outputs are on average, and what always naming the mean would come to: of the held-out
 * part, or of all rows when nothing is held out. */
static double error_now(const struct health *h)
{
    return isnan(h->last.val_mae) ? h->last.mae : h->last.val_mae;
}

static void add_error(const struct health *h, struct text *says)
{
    text_addf(says,
        "it is off by %.4g on average; always naming the mean %.4g would be off by %.4g (`baseline`)",
        error_now(h), (double)h->baseline.mean, h->baseline.mae);
}

/* Outputs start near 0, and each step moves them by a little: targets of hundreds are far away. Through two
 * layers the way is the square root, hence the rate. */
static bool far_targets(const struct health *h, struct text *says, struct text *remedy)
{
    double rate = 0.02 * sqrt(h->scale), unit = pow(10, floor(log10(rate)));
    bool slow_adam = strcmp(h->recipe.optimizer->name, "adam") || h->recipe.lr < rate / 2;
    bool far = !h->data->classes && h->scale > 10 && error_now(h) > 0.5 * h->baseline.mae;
    if (h->epochs < 5 || !far || !slow_adam)
        return false;
    text_addf(says,
        "the targets (%s) are far from 1, about %.3g in size, and the outputs start near 0: with a learning "
        "rate of %g they take long to get there; ",
        h->data->target_name[0], h->scale, h->recipe.lr);
    add_error(h, says);
    if (rate > 1 && replace_bounded(h, remedy)) /* such steps would drive them to their ends */
        text_add(remedy, "; ");
    text_addf(remedy, "compile adam lr=%g; fit 300", floor(rate / unit) * unit);
    return true;
}

static bool no_better_than_mean(const struct health *h, struct text *says, struct text *remedy)
{
    if (h->data->classes || h->epochs < 20 || !(error_now(h) > 0.97 * h->baseline.mae) || is(far_targets, h))
        return false;
    text_add(says, "it has learnt nothing yet: ");
    add_error(h, says);
    text_add(remedy, blocked(h) ? "init; fit 300" : "fit 300");
    return true;
}

static bool slow(const struct health *h, struct text *says, struct text *remedy)
{
    bool still = h->last.loss > 0.98f * h->first.loss && h->last.loss <= 1.1f * h->first.loss;
    bool large = h->recipe.lr > 10 * h->recipe.optimizer->lr;
    if (h->epochs < 5 || !still || blocked(h) || is(far_targets, h))
        return false;
    text_addf(says, "the loss hardly moves (%.4g, then %.4g): the learning rate of %g may be too %s",
        (double)h->first.loss, (double)h->last.loss, h->recipe.lr,
        large ? "large" : "small, or the model too simple");
    text_addf(remedy, large ? "init; set lr %.2g" : "set lr %.3g",
        large ? recipe_smaller_lr(&h->recipe) : h->recipe.lr * 10);
    return true;
}

static bool by_heart(const struct health *h)
{
    return h->last.accuracy - h->last.val_accuracy > 0.15f;
}

static bool learnt_by_heart(const struct health *h, struct text *says, struct text *remedy)
{
    if (h->epochs < 10 || !by_heart(h))
        return false;
    text_addf(says,
        "it knows the training data by heart (accuracy %.3g), but not the rest (val_accuracy %.3g): more "
        "data, fewer units or a penalty help",
        (double)h->last.accuracy, (double)h->last.val_accuracy);
    text_addf(remedy, "compile %s lr=%g l2=0.001; init; fit 100", h->recipe.optimizer->name, h->recipe.lr);
    return true;
}

static bool straight(const struct health *h, struct text *says, struct text *remedy)
{
    int first, last;
    if (h->epochs < 50 || ends(h, &first, &last) || !(h->last.accuracy < 0.9f))
        return false;
    text_addf(says, "accuracy stays at %.3g, and a single layer can only draw one straight line",
        (double)h->last.accuracy);
    text_add(remedy, "insert 1 dense 4 tanh");
    return true;
}

static bool useless(const struct health *h, struct text *says, struct text *remedy)
{
    bool no_better = h->last.val_accuracy <= h->baseline.accuracy + 0.02;
    if (h->epochs < 20 || isnan(h->baseline.accuracy) || !no_better || by_heart(h) || blocked(h) ||
        is(slow, h))
        return false;
    text_addf(says,
        "val_accuracy is %.3g, and always naming the largest class scores %.3g: it has learnt nothing yet",
        (double)h->last.val_accuracy, h->baseline.accuracy);
    text_add(remedy, "insert 1 dense 16 tanh");
    return true;
}

/* By harm. One that is last ends the list: what follows would be its consequence. */
static const struct {
    symptom *is;
    bool last;
} symptoms[] = {
    {diverged, true},
    {symmetric, true},
    {not_trained, true},
    {rising, false},
    {overfitting, false},
    {learnt_by_heart, false},
    {far_targets, false},
    {vanishing, false},
    {saturated, false},
    {dead, false},
    {straight, false},
    {slow, false},
    {useless, false},
    {no_better_than_mean, false},
};

/* --- the command --------------------------------------------------------------------------------------- */

static void report_good(const struct health *h)
{
    out("%sNothing is wrong.%s The loss fell from %.4g to %.4g in %zu epochs.\n", out_style(STYLE_GOOD),
        out_end(), (double)h->first.loss, (double)h->last.loss, h->epochs);
    if (h->data->classes && isfinite(h->last.val_accuracy))
        out("val_accuracy is %.4g; always naming the largest class would score %.4g.\n",
            (double)h->last.val_accuracy, h->baseline.accuracy);
    if (!h->data->classes && isfinite(error_now(h))) {
        struct text compared = {0};
        add_error(h, &compared);
        out("Now %s.\n", text_get(&compared));
        text_release(&compared);
    }
    out("More epochs may still help while val_loss falls: `plot loss` shows it.\n");
}

static void report_layers(const struct health *h)
{
    struct table t = {.align = "lrrrr", .head = true};
    static const char *const heads[] = {"layer", "weight norm", "gradient norm", "dead", "saturated"};
    for (size_t i = 0; i < 5; i++)
        table_add(&t, "%s", heads[i]);
    for (int i = 1; i < h->layers; i++)
        if (h->model->layer[i].params) {
            table_add(&t, "%s", layer_name(h, i));
            table_add(&t, "%.3g", h->layer[i].weight);
            table_add(&t, isfinite(h->layer[i].gradient) ? "%.3g" : "-", h->layer[i].gradient);
            table_add(&t, "%.0f %%", 100 * h->layer[i].dead);
            table_add(&t, "%.0f %%", 100 * h->layer[i].saturated);
        }
    table_print(&t);
}

static bool run_why(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct health h;
    if (!measure(r, &h, e))
        return false;
    bool sick = false, last = false;
    for (size_t i = 0; i < sizeof symptoms / sizeof symptoms[0] && !last; i++) {
        struct text says = {0}, remedy = {0};
        if (symptoms[i].is(&h, &says, &remedy)) {
            sick = true;
            last = symptoms[i].last;
            out("%s•%s %s.\n  try: %s%s%s\n", out_style(STYLE_WARN), out_end(), text_get(&says),
                out_style(STYLE_COMMAND), text_get(&remedy), out_end());
        }
        text_release(&says);
        text_release(&remedy);
    }
    if (!sick)
        report_good(&h);
    report_layers(&h);
    return true;
}

const struct command why_command = {
    .name = "why",
    .summary = "says in words why a network does not learn, and what to try",
    .details =
        "It looks at the curves, the learning rate, the size of weights, gradients and targets, and at units "
        "that are dead or\n"
        "saturated. It changes nothing.",
    .example = "why",
    .before = "data circle; dense 4 tanh; dense 1 tanh; fit 20",
    .group = GROUP_LOOK,
    .run = run_why,
};
