/* journal.h - the session's journal on disk, for coming back after a crash or a kill.
 *
 * Beside the history each running prompt keeps `session-TIME-PID.journal`, one line for every typed line that
 * changed something, appended as it happens, and the trainer's autosave `….safetensors`. A prompt that ends
 * by itself removes both. The file is locked while its program lives; one that is there without a lock was
 * left by a dead one, and `--resume` takes up the newest of those. Main only. */
#ifndef GRADUS_REPL_JOURNAL_H
#define GRADUS_REPL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

struct repl;
struct error;

/* Keeps the session's journal from now on, and sets session->autosave. */
bool journal_start(struct repl *r, struct error *e);

/* Appends what the session's journal has more than the file. Says once when that fails. */
void journal_sync(struct repl *r);

/* Removes both files (clean) or leaves them to be resumed. */
void journal_end(struct repl *r, bool clean);

/* True when a dead session left a journal; writes when it was last written: "12 March 17:05". */
bool journal_left(char *when, size_t size);

/* Types the lines of the newest left journal again, without the training, and restores the weights of its
 * last autosave. With `keep` the journal goes on as this session's own. Says what came back; an error when
 * there is nothing to resume, or it is damaged. */
bool journal_resume(struct repl *r, bool keep, struct error *e);

#endif
