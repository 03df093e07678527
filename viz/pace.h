/* pace.h - how much of the time the window may take.
 *
 * Sixty frames a second are free while the training leaves a core to the window. Where its steps are shared
 * among all cores, each millisecond is taken from them: then pictures come as often as a small share of the
 * time allows. Main only. */
#ifndef GRADUS_VIZ_PACE_H
#define GRADUS_VIZ_PACE_H

#include <stdbool.h>

/* Start from {0}. */
struct pace {
    double crowd; /* 0 … 1: how much of the time, of late, all cores trained */
};

/* `threads` work at the training's steps now, 0 when none runs; `passed` seconds since the last call. */
void pace_update(struct pace *p, int threads, double passed);

/* All cores train. */
bool pace_crowded(const struct pace *p);

/* Seconds between two steps of what only shows that something goes on; 0: every frame. */
double pace_drift(const struct pace *p);

/* The shares of one core's time that drawing and the replica may take. */
double pace_draw_share(const struct pace *p);
double pace_replica_share(const struct pace *p);

/* Seconds that the replica may work before a frame: with few frames a second, longer for each. */
double pace_replica_turn(const struct pace *p);

#endif
