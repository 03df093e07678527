/* lesson_show.c - how a step looks on the terminal.
 *
 * A step is a thin heading, its prose, the block to act on, and one dim line that says what to type. Numbers
 * in the text are read from the session at this moment. */
#include "lesson_run.h"

#include "lesson_check.h"
#include "lesson_render.h"
#include "output.h"
#include "repl.h"

#include "../src/text.h"
#include "../viz/viz.h"

#include <string.h>

enum { READABLE = 88 }; /* columns: longer lines are hard to follow */

static int text_width(void)
{
    int width = out_width();
    return width < READABLE ? width : READABLE;
}

void lesson_print(struct repl *r, const char *markdown)
{
    lesson_print_behind(r, STYLE_PLAIN, "", markdown);
}

void lesson_print_behind(struct repl *r, enum style style, const char *label, const char *markdown)
{
    struct text filled = {0}, rendered = {0};
    bool labelled = label[0] != '\0';
    lesson_fields(r, markdown, &filled);
    if (labelled)
        out("%s%s%s ", out_style(style), label, out_end());
    lesson_render_behind(text_get(&filled), text_width(), labelled ? out_columns(label) + 1 : 0, &rendered);
    out_text(text_get(&rendered));
    text_release(&filled);
    text_release(&rendered);
}

void lesson_print_block(struct repl *r, const struct lesson_block *b)
{
    struct text t = {0};
    lesson_block_text(r->lesson->file, b, &t);
    lesson_print(r, text_get(&t));
    text_release(&t);
}

/* --- blocks to act on ----------------------------------------------------------------------------------- */

static void show_run(struct repl *r, const struct lesson_block *b)
{
    const struct lesson_file *f = r->lesson->file;
    for (int i = b->first; i < b->first + b->count; i++) {
        bool hidden;
        const char *command = lesson_command(f->line[i].text, &hidden);
        if (!hidden && command[0] != '\0')
            out("    %s%s%s\n", out_style(STYLE_COMMAND), command, out_end());
    }
}

static void show_predict(struct repl *r, const struct lesson_block *b)
{
    lesson_print_block(r, b);
    for (int i = 0; i < b->items; i++) {
        struct text t = {0}, line = {0};
        lesson_fields(r, r->lesson->file->item[b->item + i].head, &t);
        text_addf(&line, "**%c)** %s", 'a' + i, text_get(&t));
        struct text rendered = {0};
        lesson_render(text_get(&line), text_width() - 3, &rendered);
        out("   %s", text_get(&rendered));
        text_release(&t);
        text_release(&line);
        text_release(&rendered);
    }
}

static void show_task(struct repl *r, const struct lesson_block *b)
{
    out("%sTask%s\n", out_style(STYLE_TITLE), out_end());
    lesson_print_block(r, b);
}

static void show_ask(struct repl *r, const struct lesson_block *b)
{
    out("%sQuestion%s\n", out_style(STYLE_TITLE), out_end());
    lesson_print_block(r, b);
}

static void show_prediction(struct repl *r, const struct lesson_block *b)
{
    out("%sPredict%s\n", out_style(STYLE_TITLE), out_end());
    show_predict(r, b);
}

static void (*const show_act[BLOCK_KINDS])(struct repl *, const struct lesson_block *) = {
    [BLOCK_RUN] = show_run,
    [BLOCK_PREDICT] = show_prediction,
    [BLOCK_ASK] = show_ask,
    [BLOCK_TASK] = show_task,
};

/* --- the step ------------------------------------------------------------------------------------------- */

static const char *what_to_type(const struct repl *r, const struct lesson_block *act)
{
    if (act == NULL || lesson_step_done(r->lesson, r->lesson->step))
        return r->lesson->step + 1 < r->lesson->file->steps ? "Type `next` to go on."
                                                            : "Type `next` to finish.";
    switch (act->kind) {
    case BLOCK_RUN:
        return r->interactive ? "Press Enter to run this, or type it." : "Type this to go on.";
    case BLOCK_PREDICT:
        return "Commit yourself before you see it: type `answer a`, or another letter.";
    case BLOCK_ASK:
        return "Type `answer` and the value. `hint` helps.";
    default:
        return "Type what you think will do it. Or `check`, `hint`, `solution`.";
    }
}

void lesson_prompt(struct repl *r)
{
    out("%s", out_style(STYLE_DIM));
    struct text t = {0};
    lesson_render(what_to_type(r, lesson_act(r->lesson)), text_width() - 2, &t);
    out("› %s%s", text_get(&t), out_end());
    text_release(&t);
}

void lesson_show(struct repl *r)
{
    const struct lesson_run *run = r->lesson;
    const struct lesson_file *f = run->file;
    const struct lesson_step *s = &f->step[run->step];
    out("\n%slesson %s · %d of %d%s\n\n", out_style(STYLE_DIM), f->id, run->step + 1, f->steps, out_end());
    for (int i = s->first; i < s->end; i++)
        if (f->block[i].kind == BLOCK_PROSE) {
            lesson_print_block(r, &f->block[i]);
            out("\n");
        }
    const struct lesson_block *act = lesson_act(run);
    if (act != NULL) {
        show_act[act->kind](r, act);
        out("\n");
    }
    if (act != NULL && lesson_step_done(run, run->step))
        out("%s✓ You have done this.%s\n", out_style(STYLE_GOOD), out_end());
    lesson_prompt(r);
    lesson_caption(r);
}

void lesson_print_verdict(struct repl *r, int step, int option)
{
    const struct lesson_file *f = r->lesson->file;
    const struct lesson_block *b = &f->block[f->step[step].act];
    const struct lesson_item *item = &f->item[b->item + option];
    struct text t = {0};
    text_addf(&t, "You said: *%s*. %s", item->head, item->tail);
    lesson_print_behind(r, item->right ? STYLE_GOOD : STYLE_WARN, item->right ? "✓" : "✗", text_get(&t));
    text_release(&t);
}

/* --- the window's caption ------------------------------------------------------------------------------- */

enum { CAPTION_MOST = 110 }; /* bytes of a caption's sentence: what fits a narrow window */

/* The first sentence of a block without Markdown's marks, cut between words when it is long. */
static void add_plain(struct text *t, const struct lesson_file *f, const struct lesson_block *b)
{
    struct text all = {0}, plain = {0};
    lesson_block_text(f, b, &all);
    for (const char *c = text_get(&all); *c != '\0' && strncmp(c, "\n\n", 2) != 0; c++) {
        if (*c != '`' && *c != '*')
            text_add_bytes(&plain, *c == '\n' ? " " : c, 1);
        if (strchr(".?:", *c) != NULL && strchr(" \n", c[1]) != NULL)
            break;
    }
    size_t n = plain.length;
    const char *from = text_get(&plain);
    for (n = n > CAPTION_MOST ? CAPTION_MOST : n; n < plain.length && n > 0 && from[n] != ' ';)
        n--;
    while (n > 0 && strchr(" :", from[n - 1]) != NULL)
        n--;
    text_addf(t, "%.*s%s", (int)n, from, plain.length > CAPTION_MOST ? " …" : "");
    text_release(&all);
    text_release(&plain);
}

void lesson_caption(struct repl *r)
{
    const struct lesson_run *run = r->lesson;
    if (r->viz == NULL)
        return;
    const struct lesson_block *act = lesson_act(run);
    struct text t = {0};
    text_addf(&t, "%s, %d of %d", run->file->title, run->step + 1, run->file->steps);
    if (act != NULL && act->count > 0 && !lesson_step_done(run, run->step)) {
        if (act->kind == BLOCK_RUN) {
            text_add(&t, ": press Enter at the prompt");
        } else {
            text_add(&t, ": ");
            add_plain(&t, run->file, act);
        }
    }
    viz_set_caption(r->viz, text_get(&t));
    text_release(&t);
}
