/* lesson_run.h - a lesson being taken: where the learner is, and the words that move on.
 *
 * A step is shown; the learner does what it asks, or anything else; success is announced; `next` moves on.
 * What the words print goes to stdout. Main only. */
#ifndef GRADUS_REPL_LESSON_RUN_H
#define GRADUS_REPL_LESSON_RUN_H

#include "lesson_file.h"
#include "lesson_progress.h"
#include "output.h"

#include <stdint.h>

struct repl;

struct lesson_run {
    struct lesson_file *file;
    int step;                       /* the present one */
    int command;                    /* run: commands of the block done so far */
    int failures, hints;            /* of the present step: failed attempts, hints shown */
    const struct lesson_item *told; /* the predicate that was said to fail; NULL: none yet */
    bool asked_next;                /* `next` was typed on an open step: typed again it moves on */
    bool moved;                     /* the running line moved to another step: it is no attempt at it */
    bool busy;                      /* a block of the lesson's own runs */
    uint64_t steps_seen;            /* training steps of the session when a line last ended */
    size_t journal;                 /* lines of the session's journal at the checkpoint */
    size_t journal_start;           /* and at the step's start; SIZE_MAX when its start is not kept */
    size_t journal_saved;           /* and when it was last written */
    bool testing;                   /* no progress, no checkpoints; seeds are moved on by `seed_shift` */
    uint64_t seed_shift;
    uint64_t seed_before; /* the learner's own, which come back at the end */
    double speed_before;
    struct lesson_progress progress;
    struct lesson_record *record; /* of this lesson, in progress */
};

/* A run of a parsed file (taken over) at its first step, without showing it. NULL: the file is freed. */
struct lesson_run *lesson_run_new(struct lesson_file *f, struct error *e);

/* Goes to a step: runs its hidden set-up, saves the checkpoint, shows it. Without `prepare` everything stays
 * as it is, and it is only shown. */
bool lesson_enter_step(struct repl *r, int step, bool prepare, struct error *e);

/* --- what is shown (lesson_show.c) -----------------------------------------------------------------------
 */

/* Prints the present step again, with what to type. */
void lesson_show(struct repl *r);

/* Prints one line that says what to type now. */
void lesson_prompt(struct repl *r);

/* Prints Markdown with its live fields filled in; behind a label (its style, "" for none). */
void lesson_print(struct repl *r, const char *markdown);
void lesson_print_behind(struct repl *r, enum style style, const char *label, const char *markdown);
void lesson_print_block(struct repl *r, const struct lesson_block *b);

/* Prints what to say to the option of a predict step that was chosen. */
void lesson_print_verdict(struct repl *r, int step, int option);

/* The caption of the present step into the window. */
void lesson_caption(struct repl *r);

/* --- blocks (lesson_run.c) -------------------------------------------------------------------------------
 */

/* Runs what is left of the present run block, line by line; false when one failed. */
bool lesson_run_block(struct repl *r);

/* The same, and announces what was seen; false when a command failed, or ended the lesson. */
bool lesson_run_rest(struct repl *r);

/* Runs the lines of a block, hidden or visible ones, as the lesson's own; each must pass lesson_own_line().
 */
bool lesson_run_lines(struct repl *r, const struct lesson_block *b, bool hidden);

/* May a block of the lesson's own run this line? Known commands that write nothing, files of its own folder.
 */
bool lesson_own_line(const char *line, struct error *e);

/* The present step's block to act on, NULL for one that is only read; and is the step done? */
const struct lesson_block *lesson_act(const struct lesson_run *run);
bool lesson_step_done(const struct lesson_run *run, int step);

/* Is the present step done as soon as its predicates hold? */
bool lesson_has_check(const struct lesson_run *run);

/* Brings back network, data and weights as they were when the present step was entered. */
bool lesson_again(struct repl *r, struct error *e);

/* Were model, data or weights changed since then, and can they be brought back? */
bool lesson_changed(const struct repl *r);

/* Marks the present step done and announces it. */
void lesson_success(struct repl *r);

/* After a line: looks at a task's predicates; announces success, or says what is still missing when `aloud`.
 * True when they hold. */
bool lesson_look(struct repl *r, bool aloud);

/* Counts a failed attempt; after two it offers a hint. */
void lesson_count_failure(struct repl *r);

/* Removes what is kept on disk of a step. */
void lesson_forget(const struct lesson_run *run, const char *step);

/* (lesson_start.c) Leaves the lesson without a word, keeps the progress, gives the learner's seed and speed
 * back. */
void lesson_end(struct repl *r);
void lesson_save(struct repl *r); /* the progress file; warns once when it cannot be written */

/* --- the words (lesson_words.c) --------------------------------------------------------------------------
 */

/* Each returns false and an error when it makes no sense here. */
bool lesson_next(struct repl *r, struct error *e);
bool lesson_back(struct repl *r, struct error *e);
bool lesson_answer(struct repl *r, const char *value, struct error *e);
bool lesson_hint(struct repl *r, struct error *e);
bool lesson_check(struct repl *r, struct error *e);
bool lesson_solution(struct repl *r, struct error *e);
bool lesson_skip(struct repl *r, struct error *e);

/* Appends a solution as one line of commands, or what `answer` must be given. */
struct text;
void lesson_solution_line(struct repl *r, struct text *out);

#endif
