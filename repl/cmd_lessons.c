/* cmd_lessons.c - commands of lessons: thin rows over lesson_run.h, and the lists that they show. */
#include "commands.h"
#include "lesson.h"
#include "lesson_catalog.h"
#include "lesson_glossary.h"
#include "lesson_progress.h"
#include "lesson_render.h"
#include "lesson_run.h"
#include "output.h"
#include "repl.h"

#include "../src/args.h"

#include <string.h>

static const struct arg_row no_args[] = {{0}};

static bool need_lesson(struct repl *r, struct error *e)
{
    return r->lesson != NULL ||
           error_set(e, "no lesson runs: `lessons` lists them, `lesson tour` starts the first");
}

/* --- lessons, progress ---------------------------------------------------------------------------------- */

static void read_progress(struct lesson_progress *p)
{
    struct error e;
    if (!lesson_progress_read(p, &e))
        out_warning("your progress cannot be read: %s", e.text);
}

static const char *mark(const struct lesson_record *record)
{
    static const char *const marks[] = {
        [LESSON_NEW] = " ", [LESSON_OPEN] = "…", [LESSON_SKIPPED] = "-", [LESSON_DONE] = "✓"};
    return record != NULL ? marks[record->state] : " ";
}

static bool run_lessons(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct lesson_progress p;
    read_progress(&p);
    size_t count = 0;
    for (const struct lesson_entry *l; (l = lesson_entry_at(count)) != NULL; count++)
        out("%s %3d  %s%-12s%s %-48s %d min%s%s\n", mark(lesson_progress_find(&p, l->id)), l->number,
            out_style(STYLE_COMMAND), l->id, out_end(), l->title, l->minutes,
            l->needs[0] != '\0' ? ", after " : "", l->needs);
    lesson_progress_release(&p);
    if (count == 0)
        return error_set(
            e, "there are no lessons in %s: GRADUS_LESSONS may name another folder", lesson_folder());
    out("%s`lesson NAME` starts one. ✓ done, … open, - skipped.%s\n", out_style(STYLE_DIM), out_end());
    return true;
}

static const struct command lessons_command = {
    .name = "lessons",
    .summary = "lists the lessons",
    .details = "In the order in which they build on each other, with what you have done.",
    .example = "lessons",
    .group = GROUP_LESSONS,
    .args = no_args,
    .run = run_lessons,
};

static bool run_progress(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct lesson_progress p;
    size_t done = 0, count = 0;
    read_progress(&p);
    for (const struct lesson_entry *l; (l = lesson_entry_at(count)) != NULL; count++) {
        const struct lesson_record *record = lesson_progress_find(&p, l->id);
        done += record != NULL && record->state == LESSON_DONE;
        if (record == NULL || record->state == LESSON_NEW)
            continue;
        out("%s %s%-12s%s %s\n", mark(record), out_style(STYLE_COMMAND), l->id, out_end(),
            record->state == LESSON_DONE      ? "done"
            : record->state == LESSON_SKIPPED ? "skipped"
                                              : "open: `lesson` with its name goes on");
    }
    out("%zu of %zu lessons done\n", done, count);
    lesson_progress_release(&p);
    return true;
}

static const struct command progress_command = {
    .name = "progress",
    .summary = "shows which lessons you have done",
    .details =
        "Progress is kept by name in your state folder ($XDG_STATE_HOME/gradus) and survives everything "
        "but deleting it.",
    .example = "progress",
    .group = GROUP_LESSONS,
    .args = no_args,
    .run = run_progress,
};

/* --- lesson --------------------------------------------------------------------------------------------- */

enum { LESSON_ARG_NAME, LESSON_ARG_AGAIN, LESSON_ARG_SEEDS, LESSON_ARG_FILE };

static const struct arg_row lesson_args[] = {
    {"name", ARG_TEXT, "a lesson's name, number or file; or lint, test, new"},
    {"again", ARG_FLAG, "from its beginning"},
    {"seeds", ARG_INT, "test: how many seeds", .min = 1, .max = 1000, .fallback = 1, .flags = ARG_KEY_ONLY},
    {"file", ARG_FILE, "lint, test: the lesson's file or name; new: its name"},
    {0},
};

/* A file as it stands, or the file of a lesson that has this name; NULL and an error when there is neither.
 */
static const char *lesson_path(const char *name, struct error *e)
{
    size_t n = strlen(name);
    if (strchr(name, '/') != NULL || (n > 3 && strcmp(name + n - 3, ".md") == 0))
        return name;
    const struct lesson_entry *entry = lesson_entry_find(name, e);
    return entry != NULL ? entry->path : NULL;
}

/* What authors do: lint, test, new. */
static bool run_author(struct repl *r, const char *what, const char *file, int seeds, struct error *e)
{
    if (strcmp(what, "new") == 0)
        return lesson_new(file, e);
    const char *path = lesson_path(file, e);
    if (path == NULL)
        return false;
    return strcmp(what, "lint") == 0 ? lesson_lint(r, path, e) : lesson_test(r, path, seeds, e);
}

static bool run_lesson(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const char *name = a->value[LESSON_ARG_NAME].text, *file = a->value[LESSON_ARG_FILE].text;
    if (!a->value[LESSON_ARG_NAME].given)
        return error_set(e, "say which one: `lessons` lists them, `lesson tour` starts the first");
    bool author = strcmp(name, "lint") == 0 || strcmp(name, "test") == 0 || strcmp(name, "new") == 0;
    if (author && !a->value[LESSON_ARG_FILE].given)
        return error_set(e, "say which: lesson %s %s", name, strcmp(name, "new") == 0 ? "NAME" : "FILE");
    if (!author && a->value[LESSON_ARG_FILE].given)
        return error_set(e, "one lesson at a time; `lesson %.40s again` starts it from its beginning", name);
    if (author)
        return run_author(r, name, file, (int)a->value[LESSON_ARG_SEEDS].number, e);
    bool again = a->value[LESSON_ARG_AGAIN].number != 0;
    if (!(again ? lesson_restart(r, name, e) : lesson_start(r, name, e)))
        return false;
    r->lesson->moved = true;
    return true;
}

static const char *complete_lesson(struct repl *r, size_t i)
{
    static const char *const author[] = {"lint", "test", "new"};
    size_t lessons = 0;
    while (lesson_entry_at(lessons) != NULL)
        lessons++;
    if (i < lessons)
        return lesson_id(i);
    return i - lessons < sizeof author / sizeof *author ? author[i - lessons] : NULL;
}

static const struct command lesson_command_row = {
    .name = "lesson",
    .summary = "starts a lesson, or goes on with it",
    .details =
        "A lesson shows a step, and looks on while you type whatever you like. `next` moves on, `task`\n"
        "shows the step again, `leave` ends it; the next `lesson NAME` goes on where you were.\n"
        "For authors: `lesson lint FILE` checks a file, `lesson test FILE seeds=10` tries its tasks,\n"
        "solutions and wrong answers, `lesson new NAME` writes a skeleton.",
    .example = "lesson tour",
    .group = GROUP_LESSONS,
    .effect = EFFECT_WRITES,
    .args = lesson_args,
    .run = run_lesson,
    .complete = complete_lesson,
};

/* --- words without arguments ---------------------------------------------------------------------------- */

static bool leave(struct repl *r, struct error *e)
{
    lesson_leave(r);
    return true;
}

static const struct {
    const char *name;
    bool (*run)(struct repl *r, struct error *e);
} words[] = {
    {"next", lesson_next},
    {"back", lesson_back},
    {"hint", lesson_hint},
    {"check", lesson_check},
    {"solution", lesson_solution},
    {"skip", lesson_skip},
    {"leave", leave},
};

static bool run_word(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (!need_lesson(r, e))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].name, c->name) == 0)
            return words[i].run(r, e);
    return false;
}

#define WORD(id, word, sentence, more)                        \
    static const struct command id##_command = {.name = word, \
        .summary = sentence,                                  \
        .details = more,                                      \
        .example = word,                                      \
        .before = "lesson tour again",                        \
        .group = GROUP_LESSONS,                               \
        .args = no_args,                                      \
        .run = run_word}

WORD(next, "next", "goes on to the next step of the lesson",
    "Nothing else moves on. On a step that is still open it says so; typed again, it goes on\nwithout it.");
WORD(hint, "hint", "gives a hint for the present step",
    "Hints come in stages: the first nudges, the last nearly tells.");
WORD(check, "check", "measures whether the task is done",
    "Says what is still missing, with the measured value. In a script a check that fails ends it with status "
    "3.");
WORD(solution, "solution", "puts one way to do it into the line being typed",
    "It is not run: read it, change it, press Enter. Off a terminal it is printed.");
WORD(skip, "skip", "ends the lesson with what it taught, in two sentences", NULL);
WORD(leave, "leave", "leaves the lesson; `lesson NAME` goes on where you were", NULL);

static const struct command back_command = {
    .name = "back",
    .summary = "shows the step before this one again",
    .details = "It only shows it: network, data and weights stay as they are.",
    .example = "back",
    .before = "lesson xor again; next; next",
    .group = GROUP_LESSONS,
    .args = no_args,
    .run = run_word,
};

/* --- task, answer, what
 * --------------------------------------------------------------------------------------- */

static const struct arg_row task_args[] = {
    {"again", ARG_FLAG, "goes back to where the step began"},
    {0},
};

static bool run_task(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (!need_lesson(r, e))
        return false;
    if (a->value[0].number != 0)
        return lesson_again(r, e);
    lesson_show(r);
    return true;
}

static const struct command task_command = {
    .name = "task",
    .summary = "shows the present step of the lesson again",
    .details = "`task again` brings network, data and weights back as they were when the step began.",
    .example = "task again",
    .before = "lesson xor again",
    .group = GROUP_LESSONS,
    .args = task_args,
    .run = run_task,
};

static const struct arg_row answer_args[] = {
    {"value", ARG_REST, "a letter, a number or an expression"},
    {0},
};

static bool run_answer(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (!need_lesson(r, e))
        return false;
    r->lesson->moved = true;
    return lesson_answer(r, a->rest, e);
}

static const struct command answer_command = {
    .name = "answer",
    .summary = "answers the lesson's question",
    .details = "A prediction is answered with a letter, a question with a number or an expression such as\n"
               "0.5*0.2.",
    .example = "answer a",
    .before = "lesson xor again",
    .group = GROUP_LESSONS,
    .args = answer_args,
    .run = run_answer,
};

static const struct arg_row what_args[] = {
    {"term", ARG_REST, "a word of the lessons, or of the window"},
    {0},
};

static bool run_what(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (a->rest[0] == '\0') {
        struct text all = {0};
        for (size_t i = 0; term_at(i) != NULL; i++)
            text_addf(&all, "%s%s", i == 0 ? "" : ", ", term_name(i));
        text_add(&all, ".");
        struct text rendered = {0};
        lesson_render(text_get(&all), out_width(), &rendered);
        out_text(text_get(&rendered));
        text_release(&all);
        text_release(&rendered);
        return true;
    }
    const struct term *term = term_find(a->rest);
    if (term == NULL && args_closest(a->rest, term_name) != NULL)
        return error_set(e, "'%.60s' is not in the glossary: did you mean '%s'?", a->rest,
            args_closest(a->rest, term_name));
    if (term == NULL)
        return error_set(
            e, "'%.60s' is not in the glossary: `what` lists its words, `help` the commands", a->rest);
    struct text line = {0}, rendered = {0};
    text_addf(&line, "**%s**: %s", term->name, term->meaning);
    if (term->lesson != NULL)
        text_addf(&line, " (`lesson %s`)", term->lesson);
    lesson_render(text_get(&line), out_width(), &rendered);
    out_text(text_get(&rendered));
    text_release(&line);
    text_release(&rendered);
    return true;
}

static const char *complete_what(struct repl *r, size_t i)
{
    return term_name(i);
}

static const struct command what_command = {
    .name = "what",
    .summary = "explains a term in one or two sentences",
    .details = "Without a term it lists the whole glossary.",
    .example = "what hidden layer",
    .group = GROUP_LESSONS,
    .args = what_args,
    .run = run_what,
    .complete = complete_what,
};

const struct command *const commands_lessons[] = {
    &lessons_command,
    &lesson_command_row,
    &next_command,
    &back_command,
    &task_command,
    &answer_command,
    &hint_command,
    &check_command,
    &solution_command,
    &skip_command,
    &progress_command,
    &what_command,
    &leave_command,
    NULL,
};
