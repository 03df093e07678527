/* lesson_start.c - how a lesson begins and ends.
 *
 * It begins where the learner stopped, from the checkpoint of that step, or from its first step. What it sets
 * for its time, the seed and the pace, is the learner's own again when it ends, whichever way it ends. */
#include "lesson.h"
#include "lesson_catalog.h"
#include "lesson_render.h"
#include "lesson_run.h"

#include "output.h"
#include "repl.h"

#include "../src/text.h"
#include "../viz/viz.h"

#include <stdio.h>
#include <string.h>

/* Epochs a second in a lesson, where training is there to be watched. */
static const double lesson_speed = 25;

/* --- ending ----------------------------------------------------------------------------------------------
 */

void lesson_end(struct repl *r)
{
    struct lesson_run *run = r->lesson;
    r->lesson = NULL;
    if (r->session->seed != run->seed_before) {
        char line[40];
        snprintf(line, sizeof line, "seed %llu", (unsigned long long)run->seed_before);
        r->session->seed = run->seed_before;
        session_journal(r->session, line, NULL);
    }
    if (r->session->speed == lesson_speed)
        r->session->speed = run->speed_before;
    if (r->viz != NULL)
        viz_set_caption(r->viz, NULL);
    lesson_free(run);
}

void lesson_leave(struct repl *r)
{
    if (r->lesson == NULL)
        return;
    if (r->interactive) {
        struct text t = {0}, rendered = {0};
        text_addf(&t,
            "You left the lesson. `lesson %s` goes on from here. Its network and data stay, `new` clears "
            "them; the seed is %llu again, as before the lesson.",
            r->lesson->file->id, (unsigned long long)r->lesson->seed_before);
        lesson_render(text_get(&t), out_width(), &rendered);
        out_text(text_get(&rendered));
        text_release(&t);
        text_release(&rendered);
    }
    lesson_end(r);
}

/* --- starting ------------------------------------------------------------------------------------------- */

static bool is_path(const char *name)
{
    size_t n = strlen(name);
    return strchr(name, '/') != NULL || (n > 3 && strcmp(name + n - 3, ".md") == 0);
}

static struct lesson_run *open_run(const char *name, struct error *e)
{
    const struct lesson_entry *entry = is_path(name) ? NULL : lesson_entry_find(name, e);
    if (entry == NULL && !is_path(name))
        return NULL;
    struct lesson_file *f = lesson_file_read(entry != NULL ? entry->path : name, e);
    return f != NULL ? lesson_run_new(f, e) : NULL;
}

/* Reads the progress and finds where the learner stopped; -1: at the beginning. */
static int find_place(struct lesson_run *run)
{
    struct error e;
    lesson_progress_release(&run->progress);
    if (!lesson_progress_read(&run->progress, &e))
        out_warning("your progress cannot be read: %s", e.text);
    run->record = lesson_progress_record(&run->progress, run->file->id);
    if (run->record == NULL || run->record->at[0] == '\0')
        return -1;
    for (int i = 0; i < run->file->steps; i++)
        if (strcmp(run->file->step[i].name, run->record->at) == 0)
            return i;
    return -1;
}

static void say_needs(const struct lesson_run *run)
{
    const char *needs = run->file->needs;
    const struct lesson_record *record = lesson_progress_find(&run->progress, needs);
    if (needs[0] != '\0' && (record == NULL || record->state != LESSON_DONE))
        out_note("this lesson builds on `lesson %s`", needs);
}

static bool resume(struct repl *r, int place)
{
    struct lesson_run *run = r->lesson;
    struct error e;
    run->busy = true;
    bool ok = lesson_checkpoint_load(r, run->file->id, run->file->step[place].name, &e);
    run->busy = false;
    if (!ok)
        out_note("the checkpoint of this lesson cannot be used (%s): it starts from its beginning", e.text);
    else if (place > 0)
        out("Welcome back. `lesson %s again` starts from the beginning.\n", run->file->id);
    return ok;
}

/* Makes the run the present one; what the lesson sets for its time is kept to come back. */
static void take_over(struct repl *r, struct lesson_run *run)
{
    if (r->lesson != NULL)
        lesson_end(r);
    r->lesson = run;
    run->seed_before = r->session->seed;
    run->speed_before = r->session->speed;
    if (r->session->speed <= 0)
        r->session->speed = lesson_speed;
}

static bool start(struct repl *r, const char *name, bool again, struct error *e)
{
    struct lesson_run *run = open_run(name, e);
    if (run == NULL)
        return false;
    take_over(r, run);
    int place = find_place(run);
    if (again && run->record != NULL)
        run->record->done_count = run->record->asked_count = 0;
    if (!again && place >= 0 && resume(r, place))
        return lesson_enter_step(r, place, false, e);
    if (run->record != NULL)
        run->record->done_count = run->record->asked_count = 0;
    say_needs(run);
    if (session_network(r->session)->model->layers > 1 || r->session->data != NULL)
        out_note("the lesson sets up its own scene; `undo` leads back to yours");
    bool ok = lesson_enter_step(r, 0, true, e);
    if (!ok)
        lesson_end(r);
    return ok;
}

bool lesson_start(struct repl *r, const char *name, struct error *e)
{
    return start(r, name, false, e);
}

bool lesson_restart(struct repl *r, const char *name, struct error *e)
{
    return start(r, name, true, e);
}
