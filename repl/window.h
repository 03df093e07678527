/* window.h - the prompt's own way to its window. Main only. */
#ifndef GRADUS_REPL_WINDOW_H
#define GRADUS_REPL_WINDOW_H

#include <stdbool.h>

struct repl;
struct error;

/* Makes r->viz when there is none yet: it can draw pictures without a window. */
bool window_prepare(struct repl *r, struct error *e);

/* Opens the window if it can be opened and --no-window does not forbid it. Says why not, once in a program.
 */
void window_offer(struct repl *r);

/* The speed for a training of so many epochs that the prompt waits for: the one that is set where somebody
 * watches, though never so slow that it takes longer than WATCHED_SECONDS; 0, as fast as it goes, in scripts
 * and without a window. */
enum { WATCHED_SECONDS = 4 };
double window_pace(const struct repl *r, double epochs);

#endif
