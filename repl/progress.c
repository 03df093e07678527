/* progress.c - the line that a training redraws, and the line it leaves.
 *
 *     epoch 120/400 [████▌        ] loss 0.0312 accuracy 0.99 val_loss 0.0402 val_accuracy 0.985 0:03 left
 *
 * The line is put together from parts, most important first; parts that do not fit the screen are left out,
 * and what is left of the width goes to the bar. */
#include "progress.h"

#include "cmd.h"
#include "loop.h"
#include "output.h"
#include "repl.h"

#include "../viz/viz.h"

#include <math.h>
#include <string.h>
#include <time.h>

enum { BAR_MIN = 8, BAR_MAX = 24 };

void progress_time(double seconds, struct text *out)
{
    unsigned long s = seconds < 0 ? 0 : seconds > 1e8 ? 100000000 : (unsigned long)(seconds + 0.5);
    if (s >= 3600)
        text_addf(out, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
    else
        text_addf(out, "%lu:%02lu", s / 60, s % 60);
}

/* 81,234 */
static void add_count(struct text *out, double value)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%.0f", value);
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            text_add(out, ",");
        text_add_bytes(out, digits + i, 1);
    }
}

/* Rounded to two digits above 100: a number that is measured afresh must not flicker. */
static double rounded(double rate)
{
    if (!(rate >= 100))
        return rate > 0 ? rate : 0;
    double unit = pow(10, floor(log10(rate)) - 1);
    return floor(rate / unit + 0.5) * unit;
}

static double fraction(const struct status *s)
{
    if (!s->epochs)
        return 0;
    double done = (double)s->epoch + (s->batches ? (double)s->batch / s->batches : 0);
    return fmin(done / (double)s->epochs, 1);
}

static void add_bar(struct text *out, double part, int width)
{
    static const char *const eighth[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int eighths = (int)(part * width * 8), whole = eighths / 8;
    text_add(out, " [");
    for (int i = 0; i < whole; i++)
        text_add(out, "█");
    text_add(out, whole < width ? eighth[eighths % 8] : "");
    for (int i = whole + (whole < width && eighths % 8 > 0); i < width; i++)
        text_add(out, " ");
    text_add(out, "]");
}

/* Adds a part if it fits into what is left of the columns. */
static void add_part(struct text *out, int *room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add_part(struct text *out, int *room, const char *format, ...)
{
    char part[120];
    va_list list;
    va_start(list, format);
    vsnprintf(part, sizeof part, format, list);
    va_end(list);
    int columns = out_columns(part);
    if (columns > *room)
        return;
    *room -= columns;
    text_add(out, part);
}

/* " loss 0.03 accuracy 0.99 val_loss 0.04 val_accuracy 0.98": what was measured. Where there is no room for
 * all of it the highest ranks go first. */
static void add_scores(struct text *out, int *room, const struct status *s)
{
    const struct curve_point *p = &s->point;
    bool epochs = p->epoch > 0;
    const struct {
        const char *name;
        double value;
        int rank;
    } scores[] = {
        {"loss", epochs ? (double)p->loss : s->loss, 0},
        {"accuracy", epochs ? p->accuracy : NAN, 3},
        {"mae", epochs && isnan(p->accuracy) ? p->mae : NAN, 3},
        {"val_loss", epochs ? p->val_loss : NAN, 1},
        {"val_accuracy", epochs ? p->val_accuracy : NAN, 2},
        {"val_mae", epochs && isnan(p->val_accuracy) ? p->val_mae : NAN, 2},
    };
    enum { SCORES = sizeof scores / sizeof scores[0], RANKS = 4 };
    struct text part[SCORES] = {0};
    for (int rank = 0; rank < RANKS; rank++)
        for (int i = 0; i < SCORES; i++)
            if (scores[i].rank == rank && !isnan(scores[i].value))
                add_part(&part[i], room, " %s %.4g", scores[i].name, scores[i].value);
    for (int i = 0; i < SCORES; i++) {
        text_add(out, text_get(&part[i]));
        text_release(&part[i]);
    }
}

static void add_epoch(struct text *out, const struct status *s)
{
    if (s->epochs)
        text_addf(out, "epoch %llu/%llu", (unsigned long long)s->epoch, (unsigned long long)s->epochs);
    else
        text_addf(out, "step %llu", (unsigned long long)s->step);
}

void progress_write(const struct status *s, int columns, struct text *out)
{
    struct text head = {0}, scores = {0}, tail = {0}, time = {0};
    add_epoch(&head, s);
    int bar = s->epochs ? BAR_MIN + 3 : 0, room = columns - out_columns(text_get(&head)) - bar;
    if (isfinite(s->left)) {
        progress_time(s->left, &time);
        add_part(&tail, &room, " %s left", text_get(&time));
        text_clear(&time);
    }
    int for_rate = 0;
    if (s->steps_per_s > 0) {
        add_count(&time, rounded(s->steps_per_s));
        for_rate = out_columns(text_get(&time)) + 9;
    }
    add_scores(&scores, &room, s);
    text_add(out, text_get(&head));
    bool rate = for_rate && for_rate <= room;
    room -= rate ? for_rate : 0;
    if (bar)
        add_bar(out, fraction(s),
            BAR_MIN + (room > BAR_MAX - BAR_MIN ? BAR_MAX - BAR_MIN
                          : room > 0            ? room
                                                : 0));
    text_add(out, text_get(&scores));
    if (rate)
        text_addf(out, " %s steps/s", text_get(&time));
    text_add(out, text_get(&tail));
    text_release(&head);
    text_release(&scores);
    text_release(&tail);
    text_release(&time);
}

/* What a fit that was waited for came to is a result: on stdout, and off a terminal without the speed, which
 * differs each time. */
void progress_report(struct repl *r, const struct status *s, bool unasked)
{
    struct text t = {0}, rate = {0};
    if (s->phase == PHASE_DIVERGED) {
        out_warning("training stopped: %s", s->message);
        return;
    }
    if (r->quiet)
        return;
    text_add(&t, unasked ? "training ended: " : "");
    add_epoch(&t, s);
    bool result = !unasked && !r->fit_background;
    if (s->steps_per_s > 0 && (!result || out_is_terminal())) {
        text_add(&rate, " ");
        add_count(&rate, rounded(s->steps_per_s));
        text_add(&rate, " steps/s");
    }
    int room =
        out_has_status() ? out_width() - 1 - out_columns(text_get(&t)) - out_columns(text_get(&rate)) : 1000;
    add_scores(&t, &room, s);
    text_addf(&t, "%s%s%s\n", text_get(&rate), *s->message ? "\n" : "", s->message);
    if (result)
        out_text(text_get(&t));
    else
        out_diagnostic(text_get(&t));
    text_release(&t);
    text_release(&rate);
}

/* --- waiting ------------------------------------------------------------------------------------------ */

struct watch {
    struct repl *r;
    double drawn; /* when, in seconds of the monotonic clock */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void redraw(struct watch *w, const struct status *s)
{
    struct text line = {0};
    if (!out_has_status() || now() - w->drawn < 0.05)
        return;
    progress_write(s, out_width() - 1, &line);
    out_status(text_get(&line));
    text_release(&line);
    w->drawn = now();
}

static bool ended_or_paused(void *arg)
{
    struct watch *w = arg;
    struct status s;
    session_status(w->r->session, &s);
    if (!session_running(w->r->session))
        return true;
    /* A script whose window was paused goes on from there; one without a window never would. */
    bool window = w->r->viz && viz_is_open(w->r->viz);
    if (s.phase == PHASE_PAUSED && (w->r->interactive || !window))
        return true;
    redraw(w, &s);
    return false;
}

static bool in_script(const struct repl *r)
{
    return !r->interactive || (r->origin && r->origin->name);
}

/* Ctrl-C, SIGTERM, or a pause from the window, while somebody waits. */
static bool interrupted(struct repl *r, enum loop_event event, struct error *e)
{
    struct session *s = r->session;
    struct status status;
    if (event == LOOP_DONE && !r->interactive)
        return error_set(e, "training is paused: `resume` goes on, `stop` ends it");
    if (event == LOOP_END_OF_INPUT || !r->interactive) {
        session_stop(s);
        r->quit = true;
        r->status = r->status > 128 ? r->status : 130;
        return error_set(e, "interrupted; training stopped");
    }
    trainer_pause(session_network(s)->trainer);
    session_status(s, &status);
    if (in_script(r))
        return error_set(e, "interrupted; training is paused (`resume` goes on, `stop` ends it)");
    if (session_running(s) && event == LOOP_INTERRUPT)
        out("%spaused at epoch %llu of %llu%s: `resume` goes on, `stop` ends it\n", out_style(STYLE_WARN),
            (unsigned long long)status.epoch, (unsigned long long)status.epochs, out_end());
    return true;
}

bool progress_fit(struct repl *r, struct error *e)
{
    struct watch w = {.r = r, .drawn = now()};
    struct status s;
    if (loop_serves_window())
        return true;
    note_lines(text_get(&r->session->notice)); /* what the start chose is news now, not at the end */
    text_clear(&r->session->notice);
    enum loop_event event = loop_wait(false, ended_or_paused, &w);
    out_status(NULL);
    session_status(r->session, &s);
    if (session_running(r->session))
        return interrupted(r, event, e);
    if (s.phase == PHASE_DIVERGED)
        return error_set(e, "training stopped: %s", s.message);
    progress_report(r, &s, false);
    return true;
}
