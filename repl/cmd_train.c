/* cmd_train.c - commands that train: fit, pause, resume, stop, wait, step, forward, backward, update, rewind.
 *
 * A training in the foreground waits in the one loop with a progress bar; with "&" the prompt comes back at
 * once. What measures a trained network is in cmd_measure.c. */
#include "cmd.h"
#include "loop.h"
#include "progress.h"
#include "window.h"

#include "../src/memory.h"

#include <math.h>
#include <string.h>

bool wait_for_training(struct repl *r, struct error *e)
{
    bool ok = progress_fit(r, e);
    repl_notices(r);
    if (ok && !session_running(r->session))
        watch_print(r);
    return ok;
}

/* --- fit ----------------------------------------------------------------------------------------------- */

enum { EPOCHS, BATCH_SIZE, PATIENCE, RESTORE_BEST };

static const struct arg_row fit_args[] = {
    [EPOCHS] = {.name = "epochs",
        .kind = ARG_INT,
        .help = "passes over the training data",
        .min = 1,
        .max = 1e9,
        .fallback = 100},
    [BATCH_SIZE] = {.name = "batch_size",
        .kind = ARG_INT,
        .help = "samples a step",
        .min = 1,
        .max = 1e6,
        .fallback = 32,
        .flags = ARG_KEY_ONLY},
    [PATIENCE] = {.name = "patience",
        .kind = ARG_INT,
        .help = "stops after so many epochs without a better val_loss; 0: never",
        .min = 0,
        .max = 1e9,
        .flags = ARG_KEY_ONLY},
    [RESTORE_BEST] = {.name = "restore_best",
        .kind = ARG_FLAG,
        .help = "with patience: the weights of the best epoch come back at the end",
        .fallback = 1,
        .flags = ARG_KEY_ONLY},
    {0},
};

static bool run_fit(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct fit fit = {
        .epochs = (uint64_t)a->value[EPOCHS].number,
        .batch_size = (size_t)a->value[BATCH_SIZE].number,
        .patience = (int)a->value[PATIENCE].number,
        .keep_last = a->value[RESTORE_BEST].number == 0,
    };
    fit.speed = r->background ? r->session->speed : window_pace(r, (double)fit.epochs);
    if (!session_fit(r->session, &fit, e))
        return false;
    repl_notices(r);
    r->fit_background = r->background;
    if (!r->background)
        return wait_for_training(r, e);
    if (r->interactive)
        out_note("training in the background: `pause`, `stop` and `wait` act on it, the prompt is free");
    return true;
}

static const struct command fit_command = {
    .name = "fit",
    .summary = "trains",
    .details =
        "It goes on from where training stands. Ctrl-C pauses it, `resume` goes on. With & it runs in the\n"
        "background while the prompt is free. Without `compile` adam is taken. Every epoch is shuffled.\n"
        "While the window is open, `speed` sets the pace, up to four seconds in all; `speed full` does not "
        "wait.",
    .example = "fit 100 batch_size=10",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_TRAIN,
    .effect = EFFECT_CHANGES | EFFECT_BACKGROUND,
    .args = fit_args,
    .run = run_fit,
};

/* --- pause, resume, stop, wait ------------------------------------------------------------------------- */

static bool need_running(struct repl *r, struct status *status, struct error *e)
{
    if (!session_running(r->session))
        return error_set(e, "nothing is training: `fit 100 &` trains in the background");
    session_status(r->session, status);
    return true;
}

static bool run_pause(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct status s;
    if (!need_running(r, &s, e))
        return false;
    trainer_pause(session_network(r->session)->trainer);
    session_status(r->session, &s);
    if (r->origin->interactive)
        out_note("paused at epoch %llu: `resume` goes on, `stop` ends it", (unsigned long long)s.epoch);
    return true;
}

static bool run_resume(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct status s;
    if (!need_running(r, &s, e))
        return false;
    trainer_resume(session_network(r->session)->trainer);
    return r->background || r->fit_background || wait_for_training(r, e);
}

static bool run_stop(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct status s;
    if (!need_running(r, &s, e))
        return false;
    session_stop(r->session);
    session_status(r->session, &s);
    if (r->origin->interactive)
        out_note("stopped at epoch %llu; the weights stay", (unsigned long long)s.epoch);
    return true;
}

static bool run_wait(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct status s;
    if (!session_running(r->session))
        return true;
    session_status(r->session, &s);
    if (s.phase == PHASE_PAUSED)
        return error_set(e, "the training is paused and would never end: `resume` it first");
    return wait_for_training(r, e);
}

#define IN_BACKGROUND "data circle; dense 4 tanh; dense 1 tanh; fit 1000000 &"

static const struct command pause_command = {
    .name = "pause",
    .summary = "holds a training between two steps",
    .example = "pause",
    .before = IN_BACKGROUND,
    .group = GROUP_TRAIN,
    .effect = EFFECT_REPLAYED,
    .run = run_pause,
};

static const struct command resume_command = {
    .name = "resume",
    .summary = "goes on with a paused training",
    .details = "One that `fit … &` started goes on in the background; else `resume` waits for its end, as "
               "`fit` does.",
    .example = "resume &",
    .before = IN_BACKGROUND "; pause",
    .group = GROUP_TRAIN,
    .effect = EFFECT_REPLAYED | EFFECT_BACKGROUND,
    .run = run_resume,
};

static const struct command stop_command = {
    .name = "stop",
    .summary = "ends a training and keeps the weights",
    .example = "stop",
    .before = IN_BACKGROUND,
    .group = GROUP_TRAIN,
    .effect = EFFECT_REPLAYED,
    .run = run_stop,
};

static const struct command wait_command = {
    .name = "wait",
    .summary = "waits for the end of a training in the background",
    .example = "wait",
    .before = "data circle; dense 4 tanh; dense 1 tanh; fit 10 &",
    .group = GROUP_TRAIN,
    .run = run_wait,
};

/* --- step ---------------------------------------------------------------------------------------------- */

static const struct arg_row step_args[] = {
    {.name = "n", .kind = ARG_INT, .help = "how many", .min = 1, .max = 1e9, .fallback = 1},
    {.name = "batch_size",
        .kind = ARG_INT,
        .help = "samples a step; the last fit's, or 32, when left out",
        .min = 1,
        .max = 1e6,
        .flags = ARG_KEY_ONLY},
    {0},
};

static bool at_rest(void *arg)
{
    struct repl *r = arg;
    return !session_running(r->session);
}

/* The loss of one batch is a matter of luck: several steps are told by their epoch's mean. */
static void print_step(struct repl *r, bool one)
{
    struct status s;
    session_status(r->session, &s);
    bool mean = !one && isfinite(s.mean_loss);
    out("step %llu  epoch %llu  %sloss %.6g\n", (unsigned long long)s.step, (unsigned long long)s.epoch,
        mean ? "mean " : "", mean ? s.mean_loss : s.loss);
    watch_print(r);
}

/* Steps end without a line of their own, so the wait is a plain one. */
static bool wait_for_steps(struct repl *r, struct error *e)
{
    if (loop_wait(false, at_rest, r) != LOOP_DONE) {
        session_stop(r->session);
        return error_set(e, "interrupted; the steps done so far stay");
    }
    struct status s;
    session_status(r->session, &s);
    if (s.phase == PHASE_DIVERGED)
        return error_set(e, "%s", s.message);
    print_step(r, false);
    return true;
}

/* A single step is taken by hand, so that its passes can be read and the window plays them; one that the
 * prompt would feel is the worker's. */
static bool step_by_hand(struct repl *r, size_t batch_size, struct error *e)
{
    if (!session_step(r->session, batch_size, e))
        return false;
    repl_notices(r);
    print_step(r, true);
    return true;
}

/* Steps are taken to be seen: eight a second while somebody watches, or more of them if there are many. */
static double step_pace(const struct repl *r, const struct fit *fit)
{
    static const double steps_watched = 8;
    const struct data *d = r->session->data;
    double batches = d ? ceil((double)d->train / (double)fit->batch_size) : 1;
    double epochs = (double)fit->steps / batches;
    return window_pace(r, epochs) > 0 ? fmax(steps_watched / batches, epochs / WATCHED_SECONDS) : 0;
}

static bool run_step(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    static const double felt = 1e9; /* multiply-adds */
    struct session *s = r->session;
    struct status status;
    session_status(s, &status);
    struct fit fit = {.steps = (uint64_t)a->value[0].number,
        .batch_size = a->value[1].given ? (size_t)a->value[1].number
                      : s->batch_size   ? s->batch_size
                                        : 32};
    const struct model *m = session_network(s)->model;
    fit.speed = step_pace(r, &fit);
    double work = m->built ? 3 * model_macs(m) * (double)fit.batch_size : 0;
    if (fit.steps == 1 && work < felt)
        return step_by_hand(r, fit.batch_size, e);
    if (session_running(s) && status.phase == PHASE_PAUSED)
        session_stop(s); /* a paused fit gives way to steps */
    if (!session_fit(s, &fit, e))
        return false;
    repl_notices(r);
    return wait_for_steps(r, e);
}

static const struct command step_command = {
    .name = "step",
    .summary = "takes single training steps",
    .details =
        "A step is one batch forward, backward, update. `forward`, `backward`, `update` take one apart.\n"
        "The loss is the batch's own; of several steps the mean of the epoch so far.",
    .example = "step 3",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_TRAIN,
    .effect = EFFECT_CHANGES,
    .args = step_args,
    .run = run_step,
};

/* --- forward, backward, update ------------------------------------------------------------------------- */

static const struct arg_row forward_args[] = {
    {.name = "sample",
        .kind = ARG_INT,
        .help = "one row of the data; the next batch when left out",
        .min = 0,
        .max = 1e9,
        .flags = ARG_KEY_ONLY},
    {.name = "n",
        .kind = ARG_INT,
        .help = "samples of the batch",
        .min = 1,
        .max = 1e6,
        .flags = ARG_KEY_ONLY},
    {0},
};

static void print_outputs(const struct probe *p)
{
    size_t K = shape_size(&model_head(p->ws->model)->out);
    const float *y = workspace_output(p->ws);
    out("output");
    for (size_t k = 0; k < K && k < 16; k++)
        out(" %.6g", (double)y[k]);
    out("  target");
    for (size_t k = 0; k < p->goals.width && k < 16; k++)
        out(" %.6g", (double)p->ws->targets[k]);
    out("\n");
}

static bool run_forward(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (!session_forward(
            r->session, a->value[0].given ? (long)a->value[0].number : -1, (size_t)a->value[1].number, e))
        return a->value[0].given ? blame_key(r, "sample", e) : false;
    const struct probe *p = &r->session->probe;
    repl_notices(r);
    if (p->N == 1)
        print_outputs(p);
    out("%zu %s  loss %.6g\n", p->N, p->N == 1 ? "sample" : "samples", p->loss + p->penalty);
    return true;
}

static const struct arg_row backward_args[] = {
    {.name = "name", .kind = ARG_TEXT, .help = "a name of `let`; the network's loss when left out"},
    {0},
};

static const char *complete_let(struct repl *r, size_t i)
{
    return lets_name(r, i);
}

static bool run_backward(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (a->value[0].given)
        return chain_run(r, a->value[0].text, e) || blame_key(r, a->value[0].text, e);
    if (!session_backward(r->session, e))
        return false;
    const struct workspace *ws = r->session->probe.ws;
    struct table t = {.align = "lrl", .head = true};
    table_add(&t, "layer");
    table_add(&t, "gradient norm");
    table_add(&t, "%s", "");
    for (int i = 1; i < ws->model->layers; i++)
        for (int k = 0; k < ws->model->layer[i].params; k++) {
            const struct param *p = &ws->model->layer[i].param[k];
            double sum = 0;
            for (size_t j = 0; j < p->count && !p->statistic; j++)
                sum += (double)ws->grad[p->offset + j] * ws->grad[p->offset + j];
            table_add(&t, "%s", ws->model->layer[i].name);
            table_add(&t, "%.4g", isnan(sum) ? NAN : sqrt(sum)); /* never "-nan" */
            table_add(&t, "%s", p->name);
        }
    table_print(&t);
    return true;
}

static bool run_update(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (!session_update(r->session, e))
        return false;
    repl_notices(r);
    out("step %llu\n", (unsigned long long)session_place(r->session).step);
    watch_print(r);
    return true;
}

static const struct command forward_command = {
    .name = "forward",
    .summary = "sends a batch, or one sample, through the network",
    .details = "Afterwards a[2][5] is the output of unit 5 of layer 2. `backward` and `update` come next.",
    .example = "forward sample=0",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_TRAIN,
    .effect = EFFECT_REPLAYED,
    .args = forward_args,
    .run = run_forward,
};

static const struct command backward_command = {
    .name = "backward",
    .summary = "sends the loss's slopes back from the last forward pass",
    .details =
        "Afterwards grad.w[1], grad.b[1] and delta[1] hold the slopes. No weight changes yet.\n"
        "With a name that `let` made it goes back from there instead: `let w = 2; let x = -3; let y = "
        "tanh(w*x);\n"
        "backward y` shows the chain rule at work, and grad(w) is the slope of y by w. What y does not "
        "depend on has\n"
        "slope 0: changing it does not move y. Slopes are those of the last `backward`; they do not add up.",
    .example = "backward",
    .before = "data circle; dense 4 tanh; dense 1 tanh; forward",
    .group = GROUP_TRAIN,
    .effect = EFFECT_REPLAYED,
    .args = backward_args,
    .run = run_backward,
    .complete = complete_let,
};

static const struct command update_command = {
    .name = "update",
    .summary = "lets the optimiser change the weights by the last gradients",
    .example = "update",
    .before = "data circle; dense 4 tanh; dense 1 tanh; forward; backward",
    .group = GROUP_TRAIN,
    .effect = EFFECT_CHANGES,
    .run = run_update,
};

/* --- rewind -------------------------------------------------------------------------------------------- */

static const struct arg_row rewind_args[] = {
    {.name = "step",
        .kind = ARG_INT,
        .help = "goes to the newest record at or before this step; the start when left out",
        .min = 0,
        .max = 1e15},
    {.name = "epoch",
        .kind = ARG_INT,
        .help = "the same by epoch",
        .min = 0,
        .max = 1e12,
        .flags = ARG_KEY_ONLY},
    {0},
};

static bool run_rewind(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct session *s = r->session;
    uint64_t step = (uint64_t)a->value[0].number;
    if (a->value[1].given && s->data) {
        size_t batch = s->batch_size ? s->batch_size : 32;
        step = (uint64_t)a->value[1].number * ((s->data->train + batch - 1) / batch);
    }
    struct place now = session_place(s);
    if (a->value[1].given && step > now.step)
        return error_set(e, "training has not come to epoch %.0f yet: it stands at epoch %llu",
            a->value[1].number, (unsigned long long)now.epoch);
    if (!session_rewind(s, step, e))
        return false;
    repl_notices(r);
    struct place p = session_place(s);
    out("step %llu  epoch %llu\n", (unsigned long long)p.step, (unsigned long long)p.epoch);
    watch_print(r);
    return true;
}

static const struct command rewind_command = {
    .name = "rewind",
    .summary = "goes back in training: weights, optimiser, curves",
    .details = "Records thin out with age; the first stays. `fit` goes on from there exactly as it did.",
    .example = "rewind epoch=5",
    .before = "data circle; dense 4 tanh; dense 1 tanh; fit 10",
    .group = GROUP_TRAIN,
    .effect = EFFECT_CHANGES,
    .args = rewind_args,
    .run = run_rewind,
};

const struct command *const commands_train[] = {
    &fit_command,
    &pause_command,
    &resume_command,
    &stop_command,
    &wait_command,
    &step_command,
    &forward_command,
    &backward_command,
    &update_command,
    &evaluate_command,
    &predict_command,
    &confusion_command,
    &gradcheck_command,
    &rewind_command,
    &sweep_command,
    &race_command,
    &twin_command,
    NULL,
};
