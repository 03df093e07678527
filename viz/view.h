/* view.h - everything that a panel may read.
 *
 * viz.c fills it before each picture; panels are pure functions of it, so a test makes one by hand and draws
 * any panel without a window. What a mouse does to the view itself (hover, pin, zoom, a log axis) is kept
 * here and leaves no trace in the session. Main only. */
#ifndef GRADUS_VIZ_VIEW_H
#define GRADUS_VIZ_VIEW_H

#include "../src/session.h"
#include "theme.h"

struct replica; /* replica.h: the window's own copy of the network, its activations, maps and statistics */

enum { VIEW_WATCHES = 8, VIEW_LABEL = 48, VIEW_CAPTION = 400, VIEW_TRAIL = 64 };

struct watch {
    char label[VIEW_LABEL];
    int layer, unit;         /* -1: no place in the network */
    double value;            /* NaN until known */
    float trail[VIEW_TRAIL]; /* its last values, oldest first */
    int trails;
};

struct view {
    const struct session *session;
    const struct replica *replica; /* never NULL; it may be empty: ask it */
    const struct theme *theme;
    struct status status;
    bool training; /* something runs and is not paused: what shows data may move */
    struct curve_point curve[CURVE_POINTS + 1];
    size_t curves;       /* rows in curve */
    double frames_per_s; /* 0 when nothing moves */
    bool still;          /* a single picture, not a window: no hints, no hover */

    /* Clocks, in seconds. `now` runs while anything moves; `flow` only while training: dashes drift with it.
     */
    double now, flow;
    uint64_t probe_serial; /* the newest probe that was seen (session.probe.serial) */
    uint64_t probe_before; /* the one seen before it: a `step` is three passes at once, which play in turn */
    double probe_since;    /* `now` when it came: step mode plays from there; < 0: none since the start */
    bool probe_skip;       /* the learner skipped its animation: show the end */

    struct point mouse;
    bool mouse_inside;
    struct subject hover, pin; /* what the mouse is over, and what a click fixed */
    const struct panel *hover_panel, *focus;
    double hover_since;

    bool log_loss;      /* the curves' loss axis */
    bool smooth;        /* the curves' smoothing */
    bool show_held_out; /* held-out points on the output map */
    bool discretise;    /* the output map shows classes, not values */
    bool help;          /* the key overlay is up */

    struct watch watch[VIEW_WATCHES];
    int watches;
    char caption[VIEW_CAPTION]; /* of a lesson; "" for none */
};

/* What is looked at: the hovered subject of this kind, else the pinned one; kind NONE when neither. */
struct subject view_subject(const struct view *v, enum subject_kind kind);

/* The command line that play, or one step, stands for now; "" when there is nothing to train. */
const char *view_play_command(const struct view *v);
const char *view_step_command(const struct view *v);

/* What forward, backward and update stand for: the next of the three in step mode. */
const char *view_pass_command(const struct view *v);

/* A theme's colour or font, for short. */
struct colour view_colour(const struct view *v, enum theme_colour c);
struct font view_font(const struct view *v, enum theme_font f);

/* 0 … 1 cubic in and out for t in 0 … 1; clamps. */
float ease(float t);

#endif
