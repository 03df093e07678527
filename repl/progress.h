/* progress.h - what a training says of itself while somebody waits for it, and when it ends. Main only. */
#ifndef GRADUS_REPL_PROGRESS_H
#define GRADUS_REPL_PROGRESS_H

#include "../src/trainer.h"

struct repl;
struct text;

/* Waits in the loop for the end of the session's training, which may have ended before the call: its end is
 * reported all the same. On a terminal one line is redrawn at most twenty times a second, and one line stays
 * at the end; off a terminal there is only the last one. It is a result and goes to stdout. Ctrl-C at a
 * prompt pauses the run and says how to go on (true). In a script it stops the run, and the program ends with
 * 130. A command of the window does not wait: its training goes on in the background. False and an error:
 * interrupted in a script, or diverged. */
bool progress_fit(struct repl *r, struct error *e);

/* Prints the line a finished training leaves, and why it ended; `unasked` says that nobody waited for it. */
void progress_report(struct repl *r, const struct status *s, bool unasked);

/* Appends the line that is redrawn, within `columns`. */
void progress_write(const struct status *s, int columns, struct text *out);

/* Appends "0:03", "1:02:03". */
void progress_time(double seconds, struct text *out);

#endif
