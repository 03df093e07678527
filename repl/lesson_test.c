/* lesson_test.c - `lesson test`: takes a lesson as its author meant it, and as he did not.
 *
 * On each seed the lesson is taken from its first step to its last in a session of its own. At a task the
 * untouched state must fail, and the solution must pass within the budget of training steps. For each wrong
 * answer everything up to its task is done again in another session; then it must fail, and by the predicate
 * that it names. The learner's own session is set aside meanwhile and comes back as it was. */
#include "lesson.h"
#include "lesson_check.h"
#include "lesson_run.h"

#include "expr.h"
#include "lets.h"
#include "output.h"
#include "repl.h"

#include "../src/memory.h"
#include "../src/text.h"
#include "../viz/viz.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What of the repl belongs to the learner. */
struct stage {
    struct session *session;
    struct lets *lets;
    struct lesson_run *lesson;
    struct viz *viz;
    struct editor *editor;
    struct text *captured, silent;
    int status;
    bool interactive;
};

struct trial {
    struct repl *r;
    const char *path;
    uint64_t shift; /* of the seeds */
    uint64_t most;  /* training steps of the longest task or run */
    int tasks, wrongs;
    bool again; /* in a session for a wrong answer: what was counted already is not counted again */
};

/* --- a stage of its own --------------------------------------------------------------------------------- */

static bool stage_begin(struct stage *s, struct trial *t, struct error *e)
{
    struct repl *r = t->r;
    struct lesson_file *f = lesson_file_read(t->path, e);
    struct lesson_run *run = f != NULL ? lesson_run_new(f, e) : NULL;
    struct session *session = run != NULL ? session_new(WORKER_THREAD, e) : NULL;
    if (session == NULL) {
        lesson_free(run);
        return false;
    }
    run->testing = true;
    run->seed_shift = t->shift;
    *s = (struct stage){.session = r->session,
        .lets = r->lets,
        .lesson = r->lesson,
        .viz = r->viz,
        .editor = r->editor,
        .status = r->status,
        .interactive = r->interactive};
    r->session = session;
    r->lets = lets_new();
    r->lesson = run;
    r->viz = NULL;
    r->editor = NULL;
    r->interactive = false;
    s->captured = out_capture(&s->silent);
    return true;
}

static void stage_end(struct stage *s, struct trial *t)
{
    struct repl *r = t->r;
    out_capture(s->captured);
    text_release(&s->silent);
    lesson_free(r->lesson);
    viz_free(r->viz);
    lets_free(r->lets);
    session_free(r->session);
    r->session = s->session;
    r->lets = s->lets;
    r->lesson = s->lesson;
    r->viz = s->viz;
    r->editor = s->editor;
    r->status = s->status;
    r->interactive = s->interactive;
}

/* --- doing what a step asks ----------------------------------------------------------------------------- */

static bool blame(const struct trial *t, const struct lesson_file *f, int line, struct error *e,
    const char *what, const char *detail)
{
    return error_set(e, "%s:%d: seed +%llu: %s%s%s", f->name, line, (unsigned long long)t->shift, what,
        detail[0] != '\0' ? ": " : "", detail);
}

static uint64_t steps_now(struct repl *r)
{
    struct status status;
    session_status(r->session, &status);
    return status.step;
}

/* What the last lines printed, for the blame. */
static const char *last_words(const struct text *silent)
{
    const char *all = text_get(silent);
    size_t n = strlen(all);
    return n > 300 ? all + n - 300 : all;
}

/* Types the lines of a solution or a wrong answer; counts training steps. */
static bool type_lines(struct trial *t, const struct lesson_block *b, uint64_t *steps)
{
    struct repl *r = t->r;
    const struct lesson_file *f = r->lesson->file;
    for (int i = b->first; i < b->first + b->count; i++) {
        const struct origin origin = {.name = f->name, .line = f->line[i].number};
        bool hidden;
        const char *text = lesson_command(f->line[i].text, &hidden);
        uint64_t before = steps_now(r);
        r->lesson->busy = true;
        bool ok = repl_line(r, text, strlen(text), &origin);
        r->lesson->busy = false;
        if (!ok)
            return false;
        uint64_t after = steps_now(r);
        *steps += after >= before ? after - before : after;
    }
    return true;
}

static bool within_budget(struct trial *t, const struct lesson_block *act, uint64_t steps, struct error *e)
{
    char detail[80];
    t->most = steps > t->most ? steps : t->most;
    if ((double)steps <= act->budget)
        return true;
    snprintf(detail, sizeof detail, "%llu training steps of %.0f", (unsigned long long)steps, act->budget);
    return blame(t, t->r->lesson->file, act->line, e, "over its budget", detail);
}

static bool do_run(struct trial *t, struct stage *s, const struct lesson_block *act, struct error *e)
{
    uint64_t before = steps_now(t->r);
    if (!lesson_run_block(t->r))
        return blame(t, t->r->lesson->file, act->line, e, "the block does not run", last_words(&s->silent));
    uint64_t after = steps_now(t->r);
    lesson_success(t->r);
    return within_budget(t, act, after >= before ? after - before : after, e);
}

static bool do_predict(struct trial *t, const struct lesson_block *act, struct error *e)
{
    const struct lesson_file *f = t->r->lesson->file;
    for (int i = 0; i < act->items; i++)
        if (f->item[act->item + i].right)
            return lesson_answer(t->r, (const char[]){(char)('a' + i), '\0'}, e);
    return blame(t, f, act->line, e, "no option is right", "");
}

static bool counts(const struct trial *t)
{
    return t->shift == 0 && !t->again;
}

/* An ask block's value must be known, and its wrong answers wrong. */
static bool do_ask(struct trial *t, const struct lesson_block *act, struct error *e)
{
    struct repl *r = t->r;
    const struct lesson_file *f = r->lesson->file;
    const struct lesson_block *wrong;
    struct error why;
    double wanted, given;
    char answer[40];
    if (!expr_number(r, f->item[act->item].head, &wanted, &why) || !isfinite(wanted))
        return blame(t, f, f->item[act->item].line, e, "the value cannot be worked out", why.text);
    for (int n = 0; (wrong = lesson_step_block(f, r->lesson->step, BLOCK_WRONG, n)) != NULL;
         n++, t->wrongs += counts(t))
        if (!expr_number(r, f->line[wrong->first].text, &given, &why) ||
            fabs(given - wanted) <= act->tolerance)
            return blame(t, f, wrong->line, e, "this wrong answer is right", "");
    snprintf(answer, sizeof answer, "%.17g", wanted);
    t->tasks += counts(t);
    return lesson_answer(r, answer, e) && (lesson_step_done(r->lesson, r->lesson->step) ||
                                              blame(t, f, act->line, e, "its own value is not taken", ""));
}

static bool do_solution(struct trial *t, struct stage *s, const struct lesson_block *act, struct error *e)
{
    struct repl *r = t->r;
    const struct lesson_file *f = r->lesson->file;
    const struct lesson_item *failed;
    struct text why = {0};
    uint64_t steps = 0;
    bool ok = true;
    const struct lesson_block *solution;
    for (int n = 0; ok && (solution = lesson_step_block(f, r->lesson->step, BLOCK_SOLUTION, n)) != NULL; n++)
        ok = type_lines(t, solution, &steps) ||
             blame(t, f, solution->line, e, "the solution does not run", last_words(&s->silent));
    if (ok && !lesson_holds(r, f, r->lesson->step, &failed, &why))
        ok = blame(t, f, act->line, e, "the solution does not pass", text_get(&why));
    text_release(&why);
    if (ok)
        lesson_success(r);
    return ok && within_budget(t, act, steps, e);
}

static bool do_step(struct trial *t, struct stage *s, struct error *e)
{
    const struct lesson_block *act = lesson_act(t->r->lesson);
    if (act == NULL)
        return true;
    switch (act->kind) {
    case BLOCK_RUN:
        return do_run(t, s, act, e);
    case BLOCK_PREDICT:
        return do_predict(t, act, e);
    case BLOCK_ASK:
        return do_ask(t, act, e);
    default:
        return do_solution(t, s, act, e);
    }
}

static bool enter(struct trial *t, struct stage *s, int step, struct error *e)
{
    const struct lesson_file *f = t->r->lesson->file;
    return lesson_enter_step(t->r, step, true, e) || blame(t, f, f->block[f->step[step].first].line, e,
                                                         "the set-up does not run", last_words(&s->silent));
}

/* --- wrong answers -------------------------------------------------------------------------------------- */

static bool fails_as_it_says(
    struct trial *t, struct stage *s, const struct lesson_block *wrong, struct error *e)
{
    struct repl *r = t->r;
    const struct lesson_file *f = r->lesson->file;
    const struct lesson_item *failed;
    struct text why = {0};
    uint64_t steps = 0;
    if (!type_lines(t, wrong, &steps))
        return blame(t, f, wrong->line, e, "the wrong answer does not run", last_words(&s->silent));
    bool holds = lesson_holds(r, f, r->lesson->step, &failed, &why);
    text_release(&why);
    if (holds)
        return blame(t, f, wrong->line, e, "this wrong answer passes", "");
    if (strstr(failed->head, wrong->fails) == NULL)
        return blame(t, f, wrong->line, e, "this wrong answer fails by another predicate", failed->head);
    return true;
}

/* In a session of its own: everything before the step, then the nth wrong answer. *none: there is no nth. */
static bool try_wrong(struct trial *t, int step, int nth, bool *none, struct error *e)
{
    struct stage s;
    if (!stage_begin(&s, t, e))
        return false;
    const struct lesson_block *wrong = lesson_step_block(t->r->lesson->file, step, BLOCK_WRONG, nth);
    bool ok = true;
    *none = wrong == NULL;
    for (int i = 0; i <= step && ok && wrong != NULL; i++)
        ok = enter(t, &s, i, e) && (i == step || do_step(t, &s, e));
    if (ok && wrong != NULL)
        ok = fails_as_it_says(t, &s, wrong, e);
    stage_end(&s, t);
    return ok;
}

/* --- the whole lesson ----------------------------------------------------------------------------------- */

static bool fails_untouched(struct trial *t, const struct lesson_block *act, struct error *e)
{
    const struct lesson_item *failed;
    struct text why = {0};
    bool holds = lesson_holds(t->r, t->r->lesson->file, t->r->lesson->step, &failed, &why);
    text_release(&why);
    return !holds ||
           blame(t, t->r->lesson->file, act->line, e, "the task passes before anything is done", "");
}

static bool test_task(struct trial *t, int step, const struct lesson_block *act, struct error *e)
{
    bool none = false;
    if (!fails_untouched(t, act, e))
        return false;
    t->tasks += counts(t);
    for (int n = 0; !none; n++) {
        t->again = true;
        bool ok = try_wrong(t, step, n, &none, e);
        t->again = false;
        if (!ok)
            return false;
        t->wrongs += counts(t) && !none;
    }
    return true;
}

static bool test_seed(struct trial *t, struct error *e)
{
    struct stage s;
    if (!stage_begin(&s, t, e))
        return false;
    bool ok = true;
    for (int i = 0; i < t->r->lesson->file->steps && ok; i++) {
        ok = enter(t, &s, i, e);
        const struct lesson_block *act = lesson_act(t->r->lesson);
        if (ok && act != NULL && act->kind == BLOCK_TASK)
            ok = test_task(t, i, act, e);
        ok = ok && do_step(t, &s, e);
    }
    stage_end(&s, t);
    return ok;
}

bool lesson_test(struct repl *r, const char *path, int seeds, struct error *e)
{
    struct trial t = {.r = r, .path = path};
    for (; t.shift < (uint64_t)seeds; t.shift++)
        if (!test_seed(&t, e))
            return false;
    const char *slash = strrchr(path, '/');
    out("%s: %d task%s and %d wrong answer%s on %d seed%s, at most %llu training steps\n",
        slash != NULL ? slash + 1 : path, t.tasks, t.tasks == 1 ? "" : "s", t.wrongs,
        t.wrongs == 1 ? "" : "s", seeds, seeds == 1 ? "" : "s", (unsigned long long)t.most);
    return true;
}
