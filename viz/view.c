/* view.c - small readings of the view that every panel needs. */
#include "view.h"

#include <math.h>

struct subject view_subject(const struct view *v, enum subject_kind kind)
{
    if (v->hover.kind == kind)
        return v->hover;
    if (v->pin.kind == kind)
        return v->pin;
    return (struct subject){SUBJECT_NONE, 0, 0, 0};
}

static bool can_train(const struct view *v)
{
    return v->session->data && session_network(v->session)->model->layers > 1;
}

const char *view_play_command(const struct view *v)
{
    if (v->status.phase == PHASE_RUNNING)
        return "pause";
    if (v->status.phase == PHASE_PAUSED)
        return "resume";
    return can_train(v) ? "fit 10000 &" : "";
}

const char *view_step_command(const struct view *v)
{
    if (v->status.phase == PHASE_RUNNING)
        return "pause; step";
    return can_train(v) ? "step" : "";
}

const char *view_pass_command(const struct view *v)
{
    const struct probe *p = &v->session->probe;
    if (v->status.phase == PHASE_RUNNING)
        return "pause; forward";
    if (!can_train(v))
        return "";
    bool fresh = p->revision == v->session->revision;
    if (fresh && p->phase == PROBE_FORWARD)
        return "backward";
    return fresh && p->phase == PROBE_BACKWARD ? "update" : "forward";
}

struct colour view_colour(const struct view *v, enum theme_colour c)
{
    return v->theme->colour[c];
}

struct font view_font(const struct view *v, enum theme_font f)
{
    return v->theme->font[f];
}

float ease(float t)
{
    t = fminf(fmaxf(t, 0), 1);
    float back = 2 - 2 * t;
    return t < 0.5f ? 4 * t * t * t : 1 - back * back * back / 2;
}
