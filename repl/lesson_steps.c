/* lesson_steps.c - blocks to items and steps: the second half of the parser.
 *
 * Options and predicates are "HEAD : TAIL", split at the first colon with blanks around it; an indented line
 * goes on with the tail above it. Steps follow the reader: whatever is shown up to something to do is one
 * step, and the blocks behind it that belong to it (check, hint, solution, wrong, note) stay with it. */
#include "lesson_file.h"
#include "lesson_parse_internal.h"

#include "../src/memory.h"
#include "../src/text.h"

#include <stdio.h>
#include <string.h>

/* --- items ---------------------------------------------------------------------------------------------- */

static char *copy_bytes(const char *from, size_t n, struct error *e)
{
    char *copy = memory_take(n + 1, 1, "a lesson", e);
    if (copy != NULL)
        memcpy(copy, from, n);
    return copy;
}

static size_t trimmed(const char *text, size_t n)
{
    while (n > 0 && strchr(" \t", text[n - 1]) != NULL)
        n--;
    return n;
}

static bool add_item(struct lesson_file *f, struct lesson_block *b, const char *head, size_t head_length,
    const char *tail, bool right, int line, int column, struct error *e)
{
    struct lesson_item *bigger = lesson_grow(f->item, f->items, sizeof *f->item, e);
    if (bigger == NULL)
        return false;
    f->item = bigger;
    struct lesson_item *item = &f->item[f->items++];
    *item = (struct lesson_item){.right = right, .line = line, .column = column};
    item->head = copy_bytes(head, trimmed(head, head_length), e);
    item->tail = copy_bytes(tail, trimmed(tail, strlen(tail)), e);
    if (b->items++ == 0)
        b->item = f->items - 1;
    return item->head != NULL && item->tail != NULL;
}

/* Appends an indented line to the tail of the last item. */
static bool continue_item(struct lesson_file *f, const char *text, struct error *e)
{
    struct lesson_item *item = &f->item[f->items - 1];
    struct text t = {0};
    text_addf(&t, "%s%s%s", item->tail, item->tail[0] != '\0' ? " " : "", text + strspn(text, " \t"));
    memory_free(item->tail);
    item->tail = copy_bytes(text_get(&t), trimmed(text_get(&t), t.length), e);
    bool ok = item->tail != NULL && !t.failed;
    text_release(&t);
    return ok;
}

static bool split_item(struct lesson_file *f, struct lesson_block *b, int at, const char *head, bool right,
    const char *what, struct error *e)
{
    const char *line = f->line[at].text, *colon = strstr(head, " : ");
    int number = f->line[at].number, column = (int)(head - line) + 1;
    if (colon == NULL || trimmed(head, (size_t)(colon - head)) == 0)
        return lesson_fail(f, number, column, e, "%s", what);
    const char *tail = colon + 3;
    return add_item(f, b, head, (size_t)(colon - head), tail + strspn(tail, " \t"), right, number, column, e);
}

static bool is_option(const char *text)
{
    return (strncmp(text, "[ ] ", 4) == 0 || strncmp(text, "[x] ", 4) == 0);
}

/* A predict block: question lines, then options. */
static bool cut_options(struct lesson_file *f, struct lesson_block *b, struct error *e)
{
    int end = b->first + b->count, question = 0;
    bool right = false;
    for (int i = b->first; i < end; i++) {
        const char *text = f->line[i].text;
        if (is_option(text)) {
            right |= text[1] == 'x';
            if (!split_item(f, b, i, text + 4, text[1] == 'x',
                    "an option is written '[ ] what may happen : what to say then', and '[x]' for what "
                    "happens",
                    e))
                return false;
        } else if (b->items > 0 && text[0] == ' ') {
            if (!continue_item(f, text, e))
                return false;
        } else if (b->items > 0 && text[0] != '\0') {
            return lesson_fail(f, i + 1, 1, e, "after the first option come only options: '[ ] … : …'");
        } else if (b->items == 0) {
            question++;
        }
    }
    b->count = question;
    if (b->items < 2 || !right || b->items > 8)
        return lesson_fail(
            f, b->line, 1, e, "a predict block needs 2 to 8 options, one of them marked '[x]'");
    return true;
}

/* An ask block: question lines, then "= EXPRESSION". */
static bool cut_value(struct lesson_file *f, struct lesson_block *b, struct error *e)
{
    int end = b->first + b->count;
    while (end > b->first && f->line[end - 1].text[0] == '\0')
        end--;
    const char *last = end > b->first ? f->line[end - 1].text : "";
    const char *value = last + 1 + strspn(last[0] != '\0' ? last + 1 : "", " \t");
    if (last[0] != '=' || value[0] == '\0')
        return lesson_fail(f, b->line, 1, e, "an ask block ends with '= ' and the value to find");
    b->count = end - 1 - b->first;
    return add_item(f, b, value, strlen(value), "", true, end, (int)(value - last) + 1, e);
}

static bool cut_predicates(struct lesson_file *f, struct lesson_block *b, struct error *e)
{
    for (int i = b->first; i < b->first + b->count; i++) {
        const char *text = f->line[i].text;
        if (text[strspn(text, " \t")] == '\0')
            continue;
        bool ok = b->items > 0 && text[0] == ' '
                      ? continue_item(f, text, e)
                      : split_item(f, b, i, text, false,
                            "a predicate is written 'val_accuracy > 0.9 : what to say if not'", e);
        if (!ok)
            return false;
    }
    if (b->items == 0)
        return lesson_fail(f, b->line, 1, e, "a check block needs at least one predicate");
    return true;
}

bool lesson_cut_items(struct lesson_file *f, struct error *e)
{
    static bool (*const cut[BLOCK_KINDS])(struct lesson_file *, struct lesson_block *, struct error *) = {
        [BLOCK_PREDICT] = cut_options, [BLOCK_ASK] = cut_value, [BLOCK_CHECK] = cut_predicates};
    for (int i = 0; i < f->blocks; i++)
        if (cut[f->block[i].kind] != NULL && !cut[f->block[i].kind](f, &f->block[i], e))
            return false;
    return true;
}

/* --- steps ---------------------------------------------------------------------------------------------- */

/* A run block of hidden lines alone: set-up, nothing to press Enter for. */
static bool only_hidden(const struct lesson_file *f, const struct lesson_block *b)
{
    for (int i = 0; i < b->count; i++) {
        bool hidden;
        if (lesson_command(f->line[b->first + i].text, &hidden)[0] != '\0' && !hidden)
            return false;
    }
    return true;
}

static bool acts(const struct lesson_file *f, const struct lesson_block *b)
{
    return b->kind == BLOCK_PREDICT || b->kind == BLOCK_ASK || b->kind == BLOCK_TASK ||
           (b->kind == BLOCK_RUN && !only_hidden(f, b));
}

static bool add_step(struct lesson_file *f, int first, struct error *e)
{
    struct lesson_step *bigger = lesson_grow(f->step, f->steps, sizeof *f->step, e);
    if (bigger == NULL)
        return false;
    f->step = bigger;
    f->step[f->steps++] = (struct lesson_step){.first = first, .end = first, .act = -1};
    return true;
}

static void name_step(struct lesson_file *f, int i)
{
    struct lesson_step *s = &f->step[i];
    const struct lesson_block *b = s->act >= 0 ? &f->block[s->act] : NULL;
    if (b != NULL && b->id[0] != '\0')
        snprintf(s->name, sizeof s->name, "%s", b->id);
    else
        snprintf(s->name, sizeof s->name, "%s%d", b != NULL ? "run" : "read", i);
}

static bool belongs(const struct lesson_block *b)
{
    return b->kind >= BLOCK_CHECK && b->kind <= BLOCK_WRONG;
}

/* What carries task= must stand in the step of that name. */
static bool check_owner(const struct lesson_file *f, const struct lesson_block *b, struct error *e)
{
    const struct lesson_step *s = &f->step[f->steps - 1];
    const struct lesson_block *act = f->steps > 0 && s->act >= 0 ? &f->block[s->act] : NULL;
    if (b->kind == BLOCK_NOTE)
        return act != NULL ||
               lesson_fail(f, b->line, 1, e, "a note stands behind the block that it comments");
    if (act == NULL || strcmp(act->id, b->task) != 0)
        return lesson_fail(f, b->line, 1, e, "task=%s: a %s block stands behind the block with that id",
            b->task, block_name(b->kind));
    if (act->kind == BLOCK_PREDICT)
        return lesson_fail(f, b->line, 1, e,
            "a predict block has its answers in itself; a %s has no place here", block_name(b->kind));
    if (act->kind == BLOCK_ASK && b->kind == BLOCK_SOLUTION)
        return lesson_fail(f, b->line, 1, e, "an ask block has its value in itself; a %s has no place here",
            block_name(b->kind));
    if (b->kind == BLOCK_WRONG && act->kind != BLOCK_ASK && b->fails[0] == '\0')
        return lesson_fail(f, b->line, 1, e, "say which predicate it fails: fails=WORD, a word of it");
    return true;
}

static bool check_steps(const struct lesson_file *f, struct error *e)
{
    for (int i = 0; i < f->steps; i++) {
        const struct lesson_block *act = f->step[i].act >= 0 ? &f->block[f->step[i].act] : NULL;
        for (int k = 0; k < i; k++)
            if (strcmp(f->step[i].name, f->step[k].name) == 0)
                return lesson_fail(
                    f, act != NULL ? act->line : 1, 1, e, "the id '%s' stands here twice", f->step[i].name);
        if (act == NULL || act->kind != BLOCK_TASK)
            continue;
        if (lesson_step_block(f, i, BLOCK_CHECK, 0) == NULL ||
            lesson_step_block(f, i, BLOCK_SOLUTION, 0) == NULL)
            return lesson_fail(f, act->line, 1, e, "the task '%s' needs a check and a solution", act->id);
    }
    return f->steps > 0 || lesson_fail(f, 1, 1, e, "the lesson is empty");
}

bool lesson_cut_steps(struct lesson_file *f, struct error *e)
{
    bool open = false;
    for (int i = 0; i < f->blocks; i++) {
        const struct lesson_block *b = &f->block[i];
        bool companion = belongs(b) || b->kind == BLOCK_NOTE;
        if (companion && (open || f->steps == 0))
            return lesson_fail(f, b->line, 1, e, "a %s block stands behind the block that it belongs to",
                block_name(b->kind));
        if (companion && !check_owner(f, b, e))
            return false;
        if (!companion && !open && !add_step(f, i, e))
            return false;
        struct lesson_step *s = &f->step[f->steps - 1];
        s->end = i + 1;
        if (!companion)
            open = !acts(f, b);
        if (acts(f, b))
            s->act = i;
    }
    for (int i = 0; i < f->steps; i++)
        name_step(f, i);
    return check_steps(f, e);
}

const struct lesson_block *lesson_step_block(
    const struct lesson_file *f, int step, enum block_kind kind, int nth)
{
    const struct lesson_step *s = &f->step[step];
    for (int i = s->first; i < s->end; i++)
        if (f->block[i].kind == kind && nth-- == 0)
            return &f->block[i];
    return NULL;
}
