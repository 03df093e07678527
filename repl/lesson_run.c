/* lesson_run.c - a lesson being taken: from step to step.
 *
 * A lesson never takes the prompt away. It shows a step and then only looks on: after every typed line it
 * asks whether what the step wants is so. A run block is done when its commands were run, by Enter or typed,
 * with whatever arguments; a task when its predicates hold. Entering a step saves a checkpoint, and what is
 * typed after it goes to a journal beside it, so that a lesson can be left, or the machine switched off, at
 * any moment. */
#include "lesson_run.h"
#include "lesson.h"
#include "lesson_check.h"

#include "editor.h"
#include "loop.h"
#include "output.h"
#include "repl.h"

#include "../src/memory.h"
#include "../viz/viz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- making ---------------------------------------------------------------------------------- */

struct lesson_run *lesson_run_new(struct lesson_file *f, struct error *e)
{
    struct lesson_run *run = memory_take(1, sizeof *run, "a lesson", e);
    if (run == NULL) {
        lesson_file_free(f);
        return NULL;
    }
    run->file = f;
    run->record = lesson_progress_record(&run->progress, f->id);
    return run;
}

void lesson_free(struct lesson_run *run)
{
    if (run == NULL)
        return;
    lesson_file_free(run->file);
    lesson_progress_release(&run->progress);
    memory_free(run);
}

void lesson_save(struct repl *r)
{
    static bool warned;
    struct error e;
    if (r->lesson->testing || lesson_progress_write(&r->lesson->progress, &e) || warned)
        return;
    warned = true;
    out_warning("your progress is not kept: %s", e.text);
}

const struct lesson_block *lesson_act(const struct lesson_run *run)
{
    int act = run->file->step[run->step].act;
    return act >= 0 ? &run->file->block[act] : NULL;
}

bool lesson_step_done(const struct lesson_run *run, int step)
{
    return run->record != NULL && lesson_record_is_done(run->record, run->file->step[step].name);
}

/* --- the lesson's own lines ----------------------------------------------------------------------------- */

static bool own_word(const struct word *w, struct error *e)
{
    if (w->text[0] == '/' || w->text[0] == '~' || strstr(w->text, "..") == w->text || strstr(w->text, "/.."))
        return error_set(e, "a lesson's own blocks read only the lesson's folder, not '%.60s'", w->text);
    return true;
}

static bool own_command(const struct command_line *line, struct error *e)
{
    const struct command *c = line->name.key != NULL ? NULL : command_find(line->name.text, false, e);
    if (c == NULL)
        return line->name.key != NULL && error_set(e, "'%.40s=' is no command", line->name.key);
    if (c->effect & EFFECT_WRITES)
        return error_set(e, "'%s' writes a file, and a lesson's own blocks write nothing", c->name);
    if (c->group == GROUP_LESSONS || strcmp(c->name, "source") == 0 || strcmp(c->name, "quit") == 0)
        return error_set(e, "'%s' has no place in a lesson's own block", c->name);
    for (int i = 0; i < line->count; i++) {
        const struct command *inner = command_find(line->word[i].text, false, NULL);
        if (!own_word(&line->word[i], e))
            return false;
        if (inner != NULL && (inner->effect & EFFECT_WRITES) && args_count(c->args) > 0 &&
            c->args[args_count(c->args) - 1].kind == ARG_COMMAND)
            return error_set(e, "'%s' writes a file, and a lesson's own blocks write nothing", inner->name);
    }
    return true;
}

bool lesson_own_line(const char *text, struct error *e)
{
    struct line line;
    enum lex_result result = lex_line(text, strlen(text), &line, e);
    if (result == LEX_MORE)
        return error_set(e, "the line is not complete: an open bracket, or a '\\' at its end");
    if (result == LEX_ERROR)
        return false;
    bool ok = true;
    for (int i = 0; i < line.count && ok; i++)
        ok = own_command(&line.command[i], e);
    line_release(&line);
    return ok;
}

/* "seed 1" becomes the test's seed; other lines stay. */
static const char *shifted(const struct lesson_run *run, const char *text, char *out, size_t size)
{
    unsigned long long seed;
    if (run->seed_shift == 0 || sscanf(text, "seed %llu", &seed) != 1)
        return text;
    snprintf(out, size, "seed %llu", seed + (unsigned long long)run->seed_shift);
    return out;
}

/* Runs one line in the lesson's folder. */
static bool run_own(struct repl *r, const char *text, int number)
{
    struct lesson_run *run = r->lesson;
    char seed[64], folder[4096];
    struct error e;
    const struct origin origin = {.name = run->file->name, .line = number, .lesson = true};
    if (!lesson_own_line(text, &e)) {
        out_error(run->file->name, number, text, strlen(text), &e);
        return false;
    }
    text = shifted(run, text, seed, sizeof seed);
    snprintf(folder, sizeof folder, "%.*s", (int)(run->file->name - run->file->path), run->file->path);
    int here = folder[0] != '\0' ? open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool moved = here >= 0 && chdir(folder) == 0;
    run->busy = true;
    bool ok = repl_line(r, text, strlen(text), &origin);
    if (r->lesson != NULL)
        r->lesson->busy = false;
    if (moved && fchdir(here) != 0)
        out_warning("the folder that was the present one is gone");
    if (here >= 0)
        close(here);
    return ok && r->lesson == run;
}

bool lesson_run_lines(struct repl *r, const struct lesson_block *b, bool hidden)
{
    const struct lesson_file *f = r->lesson->file;
    for (int i = b->first; i < b->first + b->count; i++) {
        bool is_hidden;
        const char *command = lesson_command(f->line[i].text, &is_hidden);
        if (is_hidden == hidden && command[0] != '\0' && !run_own(r, command, f->line[i].number))
            return false;
    }
    return true;
}

/* --- run blocks ----------------------------------------------------------------------------------------- */

/* The nth command of a block's visible lines: its line's index, and the rest of the line from it on. */
static const char *nth_command(const struct lesson_file *f, const struct lesson_block *b, int n, int *index)
{
    for (int i = b->first; i < b->first + b->count; i++) {
        bool hidden;
        struct line line;
        const char *text = lesson_command(f->line[i].text, &hidden), *found = NULL;
        if (hidden || lex_line(text, strlen(text), &line, NULL) != LEX_OK)
            continue;
        if (n < line.count)
            found = text + line.command[n].name.offset;
        n -= line.count;
        line_release(&line);
        *index = i;
        if (found != NULL)
            return found;
    }
    return NULL;
}

bool lesson_run_block(struct repl *r)
{
    struct lesson_run *run = r->lesson;
    const struct lesson_block *b = lesson_act(run);
    int index;
    for (const char *text; (text = nth_command(run->file, b, run->command, &index)) != NULL;) {
        out("%s› %s%s\n", out_style(STYLE_COMMAND), text, out_end());
        if (r->editor != NULL)
            editor_remember(r->editor, text);
        if (!run_own(r, text, run->file->line[index].number))
            return false;
        int next = index;
        do
            run->command++;
        while (nth_command(run->file, b, run->command, &next) != NULL && next == index);
    }
    return true;
}

static const struct command *row_of(const struct command_line *line)
{
    return line->name.key != NULL ? NULL : command_find(line->name.text, true, NULL);
}

/* The same command with arguments that may differ; where the first chooses from a table (`data xor`, `compile
 * sgd`), the choice must be the same. */
static bool same_command(const struct command_line *wanted, const struct command_line *typed)
{
    const struct command *c = row_of(wanted);
    if (c == NULL || c != row_of(typed))
        return false;
    if (c->args == NULL || c->args[0].kind != ARG_CHOICE || wanted->count == 0 || wanted->word[0].key != NULL)
        return true;
    return typed->count > 0 && strcmp(wanted->word[0].text, typed->word[0].text) == 0;
}

/* Counts the commands of a typed line that the run block still waits for. */
static void match_typed(struct lesson_run *run, const char *text)
{
    const struct lesson_block *b = lesson_act(run);
    struct line typed;
    if (lex_line(text, strlen(text), &typed, NULL) != LEX_OK)
        return;
    for (int i = 0; i < typed.count; i++) {
        int index;
        struct line wanted;
        const char *next = nth_command(run->file, b, run->command, &index);
        if (next == NULL || lex_line(next, strlen(next), &wanted, NULL) != LEX_OK)
            break;
        if (same_command(&wanted.command[0], &typed.command[i]))
            run->command++;
        line_release(&wanted);
    }
    line_release(&typed);
}

static bool run_block_done(const struct lesson_run *run)
{
    int index;
    return nth_command(run->file, lesson_act(run), run->command, &index) == NULL;
}

/* --- steps ---------------------------------------------------------------------------------------------- */

static uint64_t steps_trained(const struct repl *r)
{
    struct status status;
    session_status(r->session, &status);
    return status.step;
}

/* Fresh weights begin at step 0: nobody trained them. */
static bool trained_since(const struct repl *r, uint64_t step)
{
    uint64_t now = steps_trained(r);
    return now != step && now > 0 && !session_running(r->session);
}

static bool prepare_step(struct repl *r, struct error *e)
{
    const struct lesson_file *f = r->lesson->file;
    const struct lesson_step *s = &f->step[r->lesson->step];
    for (int i = s->first; i < s->end; i++)
        if (f->block[i].kind == BLOCK_RUN && !lesson_run_lines(r, &f->block[i], true))
            return error_set(e, "the lesson could not set up its scene");
    return true;
}

/* The name under which the start of a step is kept beside its checkpoint, which moves on. No step has it. */
static const char *start_name(const char *step, char out[LESSON_NAME])
{
    snprintf(out, LESSON_NAME, "%.29s~0", step);
    return out;
}

void lesson_forget(const struct lesson_run *run, const char *step)
{
    char start[LESSON_NAME];
    lesson_checkpoint_remove(run->file->id, step);
    lesson_checkpoint_remove(run->file->id, start_name(step, start));
}

static void save_checkpoint(struct repl *r, const char *before, bool prepared)
{
    struct lesson_run *run = r->lesson;
    const char *name = run->file->step[run->step].name;
    run->journal = run->journal_saved = r->session->journal_count;
    char start[LESSON_NAME];
    run->journal_start = SIZE_MAX;
    if (run->testing || run->record == NULL)
        return;
    if (prepared && lesson_checkpoint_save(r, run->file->id, start_name(name, start), NULL))
        run->journal_start = run->journal;
    else if (!prepared && lesson_checkpoint_exists(run->file->id, start_name(name, start)))
        run->journal_start = 0; /* of an earlier session: what was changed since then is not known */
    lesson_checkpoint_save(r, run->file->id, name, NULL); /* what cannot be kept is said by lesson_save() */
    if (run->record->state != LESSON_DONE)
        run->record->state = LESSON_OPEN;
    snprintf(run->record->at, sizeof run->record->at, "%s", name);
    lesson_save(r);
    if (before[0] == '\0' || strcmp(before, name) == 0)
        return;
    lesson_forget(run, before);
}

bool lesson_changed(const struct repl *r)
{
    const size_t start = r->lesson->journal_start;
    return start != SIZE_MAX && r->session->journal_count > start;
}

bool lesson_again(struct repl *r, struct error *e)
{
    struct lesson_run *run = r->lesson;
    char start[LESSON_NAME];
    const char *id = run->file->id, *name = run->file->step[run->step].name;
    if (run->journal_start == SIZE_MAX)
        return error_set(
            e, "the start of this step is not kept: `lesson %s again` starts the whole lesson anew", id);
    run->busy = true;
    bool ok = lesson_checkpoint_load(r, id, start_name(name, start), e);
    run->busy = false;
    if (!ok)
        return false;
    lesson_checkpoint_save(r, id, name, NULL);
    run->journal = run->journal_saved = run->journal_start = r->session->journal_count;
    run->steps_seen = steps_trained(r);
    run->command = run->failures = 0;
    run->told = NULL;
    out("Network, data and weights are as they were when this step began.\n");
    return true;
}

bool lesson_enter_step(struct repl *r, int step, bool prepare, struct error *e)
{
    struct lesson_run *run = r->lesson;
    char before[LESSON_NAME];
    snprintf(before, sizeof before, "%s", run->record != NULL ? run->record->at : "");
    run->step = step;
    run->command = run->failures = run->hints = 0;
    run->asked_next = false;
    run->told = NULL;
    struct text silent = {0}, *outer = prepare ? out_capture(&silent) : NULL;
    bool ok = !prepare || prepare_step(r, e);
    if (prepare)
        out_capture(outer);
    if (!ok)
        out_text(text_get(&silent));
    text_release(&silent);
    if (!ok)
        return false;
    save_checkpoint(r, before, prepare);
    run->steps_seen = steps_trained(r);
    lesson_show(r);
    return true;
}

/* A run that shows what was predicted in the step before answers the prediction. */
static void say_prediction(struct repl *r)
{
    const struct lesson_run *run = r->lesson;
    const struct lesson_file *f = run->file;
    int before = run->step - 1, act = before >= 0 ? f->step[before].act : -1;
    if (act < 0 || f->block[act].kind != BLOCK_PREDICT || lesson_act(run)->kind != BLOCK_RUN ||
        run->record == NULL)
        return;
    int option = lesson_record_option(run->record, f->step[before].name);
    if (option < 0 || option >= f->block[act].items)
        return;
    lesson_print_verdict(r, before, option);
    out("\n");
}

static bool say_notes(struct repl *r)
{
    const struct lesson_block *note;
    int n = 0;
    for (; (note = lesson_step_block(r->lesson->file, r->lesson->step, BLOCK_NOTE, n)) != NULL; n++) {
        lesson_print_block(r, note);
        out("\n");
    }
    return n > 0;
}

void lesson_success(struct repl *r)
{
    struct lesson_run *run = r->lesson;
    const struct lesson_block *act = lesson_act(run);
    bool asked = act->kind == BLOCK_TASK || act->kind == BLOCK_ASK;
    if (run->record != NULL)
        lesson_record_done(run->record, run->file->step[run->step].name);
    lesson_save(r);
    out("\n");
    if (asked)
        out("%s✓ Right.%s\n", out_style(STYLE_GOOD), out_end());
    say_prediction(r);
    if (!say_notes(r) && asked)
        out("\n");
    lesson_prompt(r);
    lesson_caption(r);
}

void lesson_count_failure(struct repl *r)
{
    struct lesson_run *run = r->lesson;
    run->failures++;
    if (run->failures >= 2 && lesson_step_block(run->file, run->step, BLOCK_HINT, run->hints) != NULL)
        out("%sStuck? `hint` helps.%s\n", out_style(STYLE_DIM), out_end());
}

bool lesson_look(struct repl *r, bool aloud)
{
    const struct lesson_item *failed = NULL;
    struct text why = {0};
    struct lesson_run *run = r->lesson;
    bool holds = lesson_holds(r, run->file, run->step, &failed, &why);
    /* Who got further hears what is missing now. */
    if (!holds && (aloud || (run->told != NULL && failed != run->told))) {
        run->told = failed;
        lesson_print_behind(r, STYLE_WARN, "Not yet:", text_get(&why));
        lesson_count_failure(r);
    }
    text_release(&why);
    if (holds)
        lesson_success(r);
    return holds;
}

/* --- looking on ----------------------------------------------------------------------------------------- */

bool lesson_has_check(const struct lesson_run *run)
{
    const struct lesson_block *act = lesson_act(run);
    return act != NULL && act->kind != BLOCK_ASK &&
           lesson_step_block(run->file, run->step, BLOCK_CHECK, 0) != NULL;
}

/* Training is not done twice: behind it the checkpoint is made anew. What is only typed goes to the journal.
 */
static void keep_journal(struct repl *r, bool trained)
{
    struct lesson_run *run = r->lesson;
    const char *id = run->file->id, *name = run->file->step[run->step].name;
    size_t count = r->session->journal_count;
    if (run->testing || count == run->journal_saved)
        return;
    run->journal_saved = count;
    if (!trained)
        lesson_journal_save(r, id, name, run->journal, NULL);
    else if (lesson_checkpoint_save(r, id, name, NULL))
        run->journal = count;
}

/* Is it `undo`, `redo` or `rewind`? Going back is no attempt. */
static bool goes_back(const char *text)
{
    struct line line;
    if (lex_line(text, strlen(text), &line, NULL) != LEX_OK)
        return false;
    const struct command *c = line.count == 1 ? row_of(&line.command[0]) : NULL;
    bool back = c != NULL && (strcmp(c->name, "undo") == 0 || strcmp(c->name, "redo") == 0 ||
                                 strcmp(c->name, "rewind") == 0);
    line_release(&line);
    return back;
}

bool lesson_training_ended(struct repl *r)
{
    struct lesson_run *run = r->lesson;
    if (run == NULL || run->busy)
        return false;
    bool trained = trained_since(r, run->steps_seen);
    run->steps_seen = steps_trained(r);
    keep_journal(r, trained);
    bool open = lesson_act(run) != NULL && !lesson_step_done(run, run->step);
    if (!open || !trained || !lesson_has_check(run))
        return false;
    lesson_look(r, true);
    return true;
}

void lesson_line_done(struct repl *r, const char *line, bool ok)
{
    struct lesson_run *run = r->lesson;
    if (run == NULL || run->busy)
        return;
    loop_settle(); /* a training that ended meanwhile is told before it is judged */
    const struct lesson_block *act = lesson_act(run);
    bool running = session_running(r->session), trained = !running && trained_since(r, run->steps_seen);
    if (!running) /* else all of its steps are judged at its end, which may come now */
        run->steps_seen = steps_trained(r);
    keep_journal(r, trained);
    lesson_caption(r);
    if (run->moved) {
        run->moved = false;
        return;
    }
    run->asked_next = false;
    if (!ok || act == NULL || lesson_step_done(run, run->step))
        return;
    if (act->kind == BLOCK_RUN)
        match_typed(run, line);
    if (lesson_has_check(run))
        lesson_look(r, trained && !goes_back(line));
    else if (act->kind == BLOCK_RUN && run_block_done(run))
        lesson_success(r);
}

bool lesson_run_rest(struct repl *r)
{
    struct lesson_run *run = r->lesson;
    bool ok = lesson_run_block(r);
    if (r->lesson != run)
        return false;
    keep_journal(r, trained_since(r, run->steps_seen));
    run->steps_seen = steps_trained(r);
    if (ok)
        lesson_success(r);
    return ok;
}

bool lesson_enter(struct repl *r)
{
    struct lesson_run *run = r->lesson;
    if (run == NULL || run->busy)
        return false;
    const struct lesson_block *act = lesson_act(run);
    bool open = act != NULL && !lesson_step_done(run, run->step);
    if (open && act->kind == BLOCK_RUN) {
        lesson_run_rest(r);
    } else if (!open || !lesson_has_check(run) || !lesson_look(r, false)) {
        lesson_prompt(r);
    }
    return true;
}
