/* lesson_progress.h - what was learnt: kept by name under $XDG_STATE_HOME/gradus (~/.local/state/gradus).
 *
 * `lessons.progress` holds one line a lesson: its id, its state, the step the learner is at, the steps done,
 * and the answers given. Beside it, in lessons/, stand the checkpoint of that step, `ID.STEP.safetensors` (or
 * `ID.STEP.gr` while there is nothing to train yet), and `ID.STEP.journal`: what was typed after it. The
 * files carry the step's name and the progress line names the step, so a crash between two writes never pairs
 * a checkpoint with the journal of another. Every write is atomic. Main only. */
#ifndef GRADUS_REPL_LESSON_PROGRESS_H
#define GRADUS_REPL_LESSON_PROGRESS_H

#include "lesson_file.h"

enum { LESSON_RECORDS = 128, LESSON_MARKS = 64 };

enum lesson_state { LESSON_NEW, LESSON_OPEN, LESSON_SKIPPED, LESSON_DONE };

struct lesson_record {
    char id[LESSON_NAME], at[LESSON_NAME];
    enum lesson_state state;
    char done[LESSON_MARKS][LESSON_NAME]; /* names of steps done */
    int done_count;
    char asked[LESSON_MARKS][LESSON_NAME]; /* predictions: the step, and the option from 0 */
    int option[LESSON_MARKS], asked_count;
};

struct lesson_progress {
    struct lesson_record *record; /* [LESSON_RECORDS] */
    int count;
};

/* Reads the file; none yet gives an empty one. Lines that make no sense are left out. */
bool lesson_progress_read(struct lesson_progress *p, struct error *e);
bool lesson_progress_write(const struct lesson_progress *p, struct error *e);
void lesson_progress_release(struct lesson_progress *p);

/* The record of a lesson; made when new, NULL when there is no room. */
struct lesson_record *lesson_progress_record(struct lesson_progress *p, const char *id);
const struct lesson_record *lesson_progress_find(const struct lesson_progress *p, const char *id);
void lesson_record_done(struct lesson_record *record, const char *step);
bool lesson_record_is_done(const struct lesson_record *record, const char *step);
void lesson_record_answer(struct lesson_record *record, const char *step, int option);
int lesson_record_option(const struct lesson_record *record, const char *step); /* -1: not answered */

/* Saves the session as the checkpoint of a step, with its passes by hand; empties the step's journal. */
struct repl;
bool lesson_checkpoint_save(struct repl *r, const char *id, const char *step, struct error *e);

/* Brings a checkpoint back and runs its passes and its journal again. False: there is none, or it does not
 * fit. */
bool lesson_checkpoint_load(struct repl *r, const char *id, const char *step, struct error *e);
void lesson_checkpoint_remove(const char *id, const char *step);
bool lesson_checkpoint_exists(const char *id, const char *step);

/* Writes the lines of the session's journal from `first` on as the journal of a step. */
bool lesson_journal_save(struct repl *r, const char *id, const char *step, size_t first, struct error *e);

#endif
