/* lesson_lint.c - `lesson lint`: what can be wrong in a lesson without running it.
 *
 * The parser has already refused what breaks the grammar. Here every command is looked up, every predicate
 * and field parsed, every name followed; all findings are printed, each with its line. */
#include "lesson.h"
#include "lesson_catalog.h"
#include "lesson_check.h"
#include "lesson_run.h"

#include "command.h"
#include "expr.h"
#include "output.h"

#include "../src/io/file.h"
#include "../src/text.h"

#include <stdio.h>
#include <string.h>

struct lint {
    const struct lesson_file *f;
    int findings;
};

static void finding(struct lint *l, int line, int column, const char *text)
{
    out("%s:%d:%d: %s\n", l->f->name, line, column, text);
    l->findings++;
}

/* What the learner types may write files, but it must be made of known commands. */
static bool typed_line(const char *text, struct error *e)
{
    struct line line;
    enum lex_result result = lex_line(text, strlen(text), &line, e);
    if (result != LEX_OK)
        return result == LEX_ERROR ? false : error_set(e, "the line is not complete");
    bool ok = true;
    for (int i = 0; i < line.count && ok; i++)
        ok = line.command[i].name.key == NULL && command_find(line.command[i].name.text, false, e) != NULL;
    line_release(&line);
    return ok;
}

static void lint_commands(struct lint *l, const struct lesson_block *b)
{
    bool any = false;
    for (int i = b->first; i < b->first + b->count; i++) {
        bool hidden, own = b->kind == BLOCK_RUN;
        const char *line = l->f->line[i].text, *command = lesson_command(line, &hidden);
        struct error e = {.text = ""};
        if (hidden && !own)
            finding(l, i + 1, 1, "only a run block has hidden lines");
        if (command[0] == '\0')
            continue;
        any = true;
        if (!(own ? lesson_own_line(command, &e) : typed_line(command, &e)))
            finding(l, i + 1, (int)(command - line) + 1 + (e.offset > 0 ? e.offset : 0), e.text);
    }
    if (!any)
        finding(l, b->line, 1, "the block holds no command");
}

static void lint_predicates(struct lint *l, const struct lesson_block *b)
{
    for (int i = b->item; i < b->item + b->items; i++) {
        const struct lesson_item *item = &l->f->item[i];
        struct error e;
        struct expr *x = expr_parse(item->head, &e);
        if (x == NULL)
            finding(l, item->line, item->column + (e.offset > 0 ? e.offset : 0), e.text);
        else if (expr_count(x) != 1)
            finding(l, item->line, item->column, "one expression, not several");
        expr_free(x);
        if (b->kind == BLOCK_CHECK && item->tail[0] == '\0')
            finding(l, item->line, item->column, "say what is missing when this is not so");
        if (!lesson_fields_lint(item->tail, &e))
            finding(l, item->line, item->column, e.text);
    }
}

static void lint_options(struct lint *l, const struct lesson_block *b)
{
    for (int i = b->item; i < b->item + b->items; i++)
        if (l->f->item[i].tail[0] == '\0')
            finding(l, l->f->item[i].line, l->f->item[i].column, "every option has its own answer text");
}

static void lint_prose(struct lint *l, const struct lesson_block *b)
{
    for (int i = b->first; i < b->first + b->count; i++) {
        struct error e;
        if (!lesson_fields_lint(l->f->line[i].text, &e))
            finding(l, i + 1, 1, e.text);
    }
    if (b->count == 0 && b->kind != BLOCK_PROSE)
        finding(l, b->line, 1, "the block says nothing");
}

/* fails= must be a word of one of the task's predicates. */
static void lint_wrong(struct lint *l, int step, const struct lesson_block *b)
{
    const struct lesson_block *check;
    if (l->f->block[l->f->step[step].act].kind == BLOCK_ASK)
        return;
    for (int n = 0; (check = lesson_step_block(l->f, step, BLOCK_CHECK, n)) != NULL; n++)
        for (int i = check->item; i < check->item + check->items; i++)
            if (strstr(l->f->item[i].head, b->fails) != NULL)
                return;
    finding(l, b->line, 1, "no predicate of the task holds the word that fails= names");
}

static void lint_block(struct lint *l, int step, const struct lesson_block *b)
{
    if (b->kind == BLOCK_RUN || b->kind == BLOCK_SOLUTION || b->kind == BLOCK_WRONG) {
        if (b->kind == BLOCK_WRONG)
            lint_wrong(l, step, b);
        if (b->kind != BLOCK_WRONG || l->f->block[l->f->step[step].act].kind != BLOCK_ASK)
            lint_commands(l, b);
        return;
    }
    if (b->kind != BLOCK_CHECK)
        lint_prose(l, b);
    if (b->kind == BLOCK_CHECK || b->kind == BLOCK_ASK)
        lint_predicates(l, b);
    if (b->kind == BLOCK_PREDICT)
        lint_options(l, b);
}

static int sentences(const char *text)
{
    int n = 0;
    for (const char *c = text; *c != '\0'; c++)
        n += strchr(".!?", *c) != NULL && (c[1] == ' ' || c[1] == '\0');
    return n;
}

static void lint_front(struct lint *l)
{
    const struct lesson_file *f = l->f;
    if (sentences(f->taught) != 2)
        finding(l, 1, 1, "'taught' says in two sentences what the lesson taught");
    if (f->needs[0] != '\0' && lesson_entry_find(f->needs, NULL) == NULL)
        finding(l, 1, 1, "'needs' names no lesson that there is");
    if (strstr(f->name, f->id) == NULL)
        finding(l, 1, 1, "the file is called NN-id.md, and so holds the id");
}

static void lint_steps(struct lint *l)
{
    int tasks = 0, predictions = 0;
    for (int s = 0; s < l->f->steps; s++) {
        const struct lesson_step *step = &l->f->step[s];
        for (int i = step->first; i < step->end; i++)
            lint_block(l, s, &l->f->block[i]);
        tasks += step->act >= 0 && l->f->block[step->act].kind == BLOCK_TASK;
        predictions += step->act >= 0 && l->f->block[step->act].kind == BLOCK_PREDICT;
    }
    if (tasks == 0)
        finding(l, 1, 1, "a lesson has at least one task that checks itself");
    if (predictions == 0)
        finding(l, 1, 1, "a lesson asks for at least one prediction");
}

bool lesson_lint(struct repl *r, const char *path, struct error *e)
{
    struct lesson_file *f = lesson_file_read(path, e);
    if (f == NULL)
        return false;
    struct lint l = {.f = f};
    lint_front(&l);
    lint_steps(&l);
    if (l.findings == 0)
        out("%s: %d steps, nothing to mend\n", f->name, f->steps);
    else
        error_set(e, "%s: %d finding%s", f->name, l.findings, l.findings == 1 ? "" : "s");
    lesson_file_free(f);
    return l.findings == 0;
}

/* --- lesson new ----------------------------------------------------------------------------------------- */

static const char skeleton[] =
    "---\n"
    "id: %s\n"
    "title: What it is about\n"
    "needs: tour\n"
    "minutes: 3\n"
    "taught: One sentence says what was learnt. Another says why it matters.\n"
    "---\n"
    "# What it is about\n"
    "\n"
    "A few plain sentences lead to the first thing to do.\n"
    "\n"
    "```gradus run\n"
    "%% seed 1\n"
    "%% new\n"
    "data circle\n"
    "dense 4 tanh\n"
    "dense 1 tanh\n"
    "```\n"
    "\n"
    "Before it trains, think.\n"
    "\n"
    "```gradus predict id=guess\n"
    "Will this network learn the circle?\n"
    "[x] yes : It does, and val_accuracy says so.\n"
    "[ ] no : It does: four hidden units can close a ring.\n"
    "```\n"
    "\n"
    "```gradus task id=train\n"
    "Train until `val_accuracy` is above 0.9.\n"
    "```\n"
    "\n"
    "```gradus check task=train\n"
    "val_accuracy > 0.9 : val_accuracy is {val_accuracy}; train it with `fit 200`\n"
    "```\n"
    "\n"
    "```gradus hint task=train\n"
    "`fit` trains. Its number says how many epochs.\n"
    "```\n"
    "\n"
    "```gradus solution task=train\n"
    "compile adam lr=0.03\n"
    "fit 200\n"
    "```\n"
    "\n"
    "```gradus wrong task=train fails=val_accuracy\n"
    "fit 1\n"
    "```\n"
    "\n"
    "```gradus note\n"
    "It worked because four lines together can close a ring.\n"
    "```\n";

bool lesson_new(const char *name, struct error *e)
{
    char path[LESSON_NAME + 8];
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");
    if (n == 0 || name[n] != '\0' || n >= LESSON_NAME || name[0] < 'a' || name[0] > 'z')
        return error_set(e, "a lesson's name is made of small letters, digits and dashes");
    snprintf(path, sizeof path, "%s.md", name);
    FILE *there = fopen(path, "r");
    if (there != NULL) {
        fclose(there);
        return error_set(e, "%s is there already, and stays as it is", path);
    }
    struct text t = {0};
    text_addf(&t, skeleton, name);
    bool ok = file_write(path, text_get(&t), t.length, e);
    text_release(&t);
    if (ok)
        out("%s written: `lesson lint %s`, `lesson test %s`, `lesson ./%s`\n", path, path, path, path);
    return ok;
}
