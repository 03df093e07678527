/* lesson_words.c - the words of a lesson: next, back, answer, hint, check, solution, skip.
 *
 * Nothing is forced: `next` on an open step says what is open and, typed again, moves on. Off a terminal,
 * where nobody can try again, a wrong answer or a failed check is an error, and the program's status
 * becomes 3. */
#include "lesson_run.h"
#include "lesson.h"
#include "lesson_catalog.h"
#include "lesson_check.h"

#include "editor.h"
#include "expr.h"
#include "output.h"
#include "repl.h"

#include "../src/memory.h"
#include "../src/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STATUS_CHECK_FAILED = 3 };

/* A failed check is an error only where nobody is there to read on. */
static bool check_failed(struct repl *r, const char *why, struct error *e)
{
    if (r->interactive) {
        lesson_print_behind(r, STYLE_WARN, "Not yet:", why);
        lesson_count_failure(r);
        return true;
    }
    r->status = STATUS_CHECK_FAILED;
    return error_set(e, "the lesson's check failed: %s", why);
}

/* --- next, back, skip ----------------------------------------------------------------------------------- */

static void say_next_lesson(const struct lesson_file *f)
{
    for (size_t i = 0; lesson_entry_at(i) != NULL; i++) {
        const struct lesson_entry *after = lesson_entry_at(i + 1);
        if (strcmp(lesson_entry_at(i)->id, f->id) == 0 && after != NULL)
            out("The next one is `lesson %s`: %s, %d minutes.\n", after->id, after->title, after->minutes);
    }
}

static bool left_out(const struct lesson_run *run, int step)
{
    const struct lesson_file *f = run->file;
    int act = f->step[step].act;
    return act >= 0 && (f->block[act].kind == BLOCK_TASK || f->block[act].kind == BLOCK_ASK) &&
           !lesson_step_done(run, step);
}

/* Names the tasks and questions that were left out; their number. */
static int say_left_out(struct repl *r)
{
    const struct lesson_file *f = r->lesson->file;
    int count = 0;
    for (int i = 0; i < f->steps; i++) {
        if (!left_out(r->lesson, i))
            continue;
        struct text t = {0};
        text_addf(&t, "Left out, %d of %d: ", i + 1, f->steps);
        lesson_block_text(f, &f->block[f->step[i].act], &t);
        char *end = strstr(text_get(&t), "\n\n");
        if (end != NULL)
            *end = '\0';
        lesson_print(r, text_get(&t));
        text_release(&t);
        count++;
    }
    if (count > 0)
        out("`lesson %s again` gives you another go; until then it counts as skipped.\n\n", f->id);
    return count;
}

static void close_lesson(struct repl *r, enum lesson_state state)
{
    struct lesson_run *run = r->lesson;
    out("\n");
    if (state == LESSON_DONE && say_left_out(r) > 0)
        state = LESSON_SKIPPED;
    if (run->record != NULL && !run->testing) {
        lesson_forget(run, run->record->at);
        run->record->at[0] = '\0';
        if (run->record->state != LESSON_DONE)
            run->record->state = state;
    }
    lesson_save(r);
    out("%s%s%s\n", out_style(STYLE_TITLE),
        state == LESSON_DONE ? "Lesson done." : "Lesson skipped. It teaches:", out_end());
    lesson_print(r, run->file->taught);
    say_next_lesson(run->file);
    lesson_end(r);
}

static bool is_open(const struct lesson_run *run)
{
    return lesson_act(run) != NULL && !lesson_step_done(run, run->step);
}

bool lesson_next(struct repl *r, struct error *e)
{
    struct lesson_run *run = r->lesson;
    run->moved = true;
    if (is_open(run) && lesson_has_check(run))
        lesson_look(r, false);
    else if (is_open(run) && !run->asked_next)
        lesson_prompt(r);
    bool runs = is_open(run) && lesson_act(run)->kind == BLOCK_RUN;
    if (is_open(run) && !run->asked_next) {
        out("%sThis step is still open. `next` once more %s.%s\n", out_style(STYLE_DIM),
            runs ? "runs it and goes on" : "goes on without it", out_end());
        run->asked_next = true;
        return true;
    }
    /* What follows builds on it. */
    if (runs && (!lesson_run_rest(r) || r->lesson != run))
        return false;
    if (run->step + 1 < run->file->steps)
        return lesson_enter_step(r, run->step + 1, true, e);
    close_lesson(r, LESSON_DONE);
    return true;
}

bool lesson_back(struct repl *r, struct error *e)
{
    if (r->lesson->step == 0)
        return error_set(e, "this is the lesson's first step");
    r->lesson->moved = true;
    return lesson_enter_step(r, r->lesson->step - 1, false, e);
}

bool lesson_skip(struct repl *r, struct error *e)
{
    close_lesson(r, LESSON_SKIPPED);
    return true;
}

/* --- answer --------------------------------------------------------------------------------------------- */

/* The option that a letter, or the option's own words, stand for. */
static int find_option(const struct lesson_file *f, const struct lesson_block *b, const char *value)
{
    for (int i = 0; i < b->items; i++)
        if (strcmp(f->item[b->item + i].head, value) == 0)
            return i;
    int letter = tolower((unsigned char)value[0]) - 'a';
    bool alone = value[0] != '\0' && (value[1] == '\0' || strcmp(value + 1, ")") == 0);
    return alone && letter >= 0 && letter < b->items ? letter : -1;
}

static bool answer_predict(struct repl *r, const struct lesson_block *b, const char *value, struct error *e)
{
    struct lesson_run *run = r->lesson;
    const struct lesson_file *f = run->file;
    int option = find_option(f, b, value);
    if (option < 0)
        return error_set(e, "answer with one letter, 'a' to '%c'", 'a' + b->items - 1);
    bool later = run->step + 1 < f->steps && f->step[run->step + 1].act >= 0 &&
                 f->block[f->step[run->step + 1].act].kind == BLOCK_RUN;
    if (run->record != NULL) {
        lesson_record_answer(run->record, f->step[run->step].name, option);
        lesson_record_done(run->record, f->step[run->step].name);
    }
    lesson_save(r);
    if (later)
        out("You commit to %c. Now see whether it is so.\n", 'a' + option);
    else
        lesson_print_verdict(r, run->step, option);
    lesson_prompt(r);
    return true;
}

static bool answer_ask(struct repl *r, const struct lesson_block *b, const char *value, struct error *e)
{
    double given, wanted;
    struct text why = {0};
    const struct lesson_item *failed;
    if (!expr_number(r, value, &given, NULL))
        return error_set(
            e, "'%.60s' has no value: answer with a number, or an expression like 2*3 or params", value);
    if (!lesson_holds(r, r->lesson->file, r->lesson->step, &failed, &why)) {
        bool open = check_failed(r, text_get(&why), e);
        text_release(&why);
        return open;
    }
    if (!expr_number(r, r->lesson->file->item[b->item].head, &wanted, e))
        return error_prefix(e, "the value cannot be worked out now; `back` shows what comes first");
    if (fabs(given - wanted) <= b->tolerance + 1e-9) {
        lesson_success(r);
        return true;
    }
    lesson_number(given, &why);
    text_add(&why, given > wanted ? " is too high" : " is too low");
    text_add(&why, fabs(given + wanted) <= b->tolerance + 1e-9 ? ": look at the sign." : ".");
    bool ok = check_failed(r, text_get(&why), e);
    text_release(&why);
    return ok;
}

bool lesson_answer(struct repl *r, const char *value, struct error *e)
{
    const struct lesson_block *act = lesson_act(r->lesson);
    if (value[0] == '\0')
        return error_set(e, "say what the answer is: answer VALUE");
    if (act != NULL && act->kind == BLOCK_PREDICT)
        return answer_predict(r, act, value, e);
    if (act != NULL && act->kind == BLOCK_ASK)
        return answer_ask(r, act, value, e);
    return error_set(e, "this step asks nothing: `task` shows what it wants");
}

/* --- check, hint, solution ------------------------------------------------------------------------------ */

bool lesson_check(struct repl *r, struct error *e)
{
    struct lesson_run *run = r->lesson;
    const struct lesson_block *act = lesson_act(run);
    if (!lesson_has_check(run)) {
        if (act == NULL || act->kind == BLOCK_TASK || lesson_step_done(run, run->step) || r->interactive) {
            lesson_prompt(r);
            return true;
        }
        return check_failed(r, "this step is still open", e);
    }
    const struct lesson_item *failed = NULL;
    struct text why = {0};
    bool ok = true;
    if (!lesson_holds(r, run->file, run->step, &failed, &why))
        ok = check_failed(r, text_get(&why), e);
    else
        lesson_success(r);
    text_release(&why);
    run->moved = true;
    return ok;
}

bool lesson_hint(struct repl *r, struct error *e)
{
    struct lesson_run *run = r->lesson;
    const struct lesson_block *b = lesson_step_block(run->file, run->step, BLOCK_HINT, run->hints);
    if (b == NULL && run->hints == 0) {
        lesson_prompt(r);
        return true;
    }
    if (b == NULL) {
        out("That was the last hint. `solution` shows one way.\n");
        return true;
    }
    run->hints++;
    char label[24];
    struct text t = {0};
    snprintf(label, sizeof label, "Hint %d:", run->hints);
    lesson_block_text(run->file, b, &t);
    lesson_print_behind(r, STYLE_TITLE, label, text_get(&t));
    text_release(&t);
    return true;
}

void lesson_solution_line(struct repl *r, struct text *out)
{
    struct lesson_run *run = r->lesson;
    const struct lesson_block *act = lesson_act(run);
    const struct lesson_block *b = lesson_step_block(run->file, run->step, BLOCK_SOLUTION, 0);
    double value;
    if (b == NULL && act != NULL && act->kind == BLOCK_RUN)
        b = act;
    if (b == NULL && act != NULL && act->kind == BLOCK_ASK &&
        expr_number(r, run->file->item[act->item].head, &value, NULL))
        text_addf(out, "answer %.4g", value);
    bool first = true;
    for (int i = 0; b != NULL && i < b->count; i++) {
        bool hidden;
        const char *command = lesson_command(run->file->line[b->first + i].text, &hidden);
        if (!hidden && command[0] != '\0')
            text_addf(out, "%s%s", first ? "" : "; ", command);
        first &= hidden || command[0] == '\0';
    }
}

bool lesson_solution(struct repl *r, struct error *e)
{
    const struct lesson_block *act = lesson_act(r->lesson);
    if (act == NULL || act->kind == BLOCK_PREDICT)
        return error_set(e, act == NULL ? "this step is only to be read: `next` goes on"
                                        : "a prediction has no solution: choose, then see");
    struct text t = {0};
    const struct lesson_item *failed;
    if (act->kind == BLOCK_ASK && !lesson_holds(r, r->lesson->file, r->lesson->step, &failed, &t)) {
        lesson_print(r, text_get(&t));
        text_release(&t);
        return true;
    }
    bool again = act->kind == BLOCK_TASK && lesson_changed(r);
    if (again)
        text_add(&t, "task again; ");
    lesson_solution_line(r, &t);
    if (r->editor != NULL) {
        editor_prefill(r->editor, text_get(&t));
        out("%sOne way stands in the line below. Enter runs it.%s%s\n", out_style(STYLE_DIM),
            again ? " `task again` goes back to where the task began." : "", out_end());
    } else {
        out("%s\n", text_get(&t));
    }
    text_release(&t);
    return true;
}
