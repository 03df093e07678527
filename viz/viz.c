/* viz.c - the session on one side, the picture on the other.
 *
 * A tick takes the events, looks whether anything changed, and draws a frame when one is due: sixty a second
 * while something moves, a frame for each change otherwise, none when nothing happens. Each frame fills the
 * view from the session, lets the replica work for a few milliseconds, composes a draw list and turns it into
 * pixels. */
#include "viz_parts.h"

#include "../src/error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double frame_seconds = 1.0 / 60, idle_seconds = 0.03;
static const double cost_memory = 0.15; /* frames that draw all take turns with frames that draw little */

static double clock_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double clock_now(void)
{
    return clock_of(CLOCK_MONOTONIC);
}

/* What this thread worked, without what it waited for the screen. */
static double clock_worked(void)
{
    return clock_of(CLOCK_THREAD_CPUTIME_ID);
}

static void default_panels(struct viz *v)
{
    const struct panel *p;
    v->panels = 0;
    for (size_t i = 0; (p = panel_at(i)); i++)
        if (p->shown && v->panels < LAYOUT_PANELS)
            v->panel[v->panels++] = p;
}

struct viz *viz_new(struct session *s, struct error *e)
{
    struct viz *v = calloc(1, sizeof *v);
    if (!v) {
        error_set(e, "no memory for the window");
        return NULL;
    }
    v->session = s;
    v->replica = replica_new(e);
    if (!v->replica) {
        viz_free(v);
        return NULL;
    }
    v->row = theme_at(0);
    v->scale = 1;
    v->opened = clock_now();
    v->view.session = s;
    v->view.replica = v->replica;
    v->view.theme = &v->theme;
    v->view.probe_serial = v->view.probe_before = s->probe.serial;
    v->view.probe_since = -1;
    v->view.smooth = v->view.show_held_out = true;
    draw_init(&v->draw, NULL, NULL);
    default_panels(v);
    return v;
}

void viz_free(struct viz *v)
{
    if (!v)
        return;
    viz_close(v);
    glyphs_free(v->glyphs);
    raster_release(&v->raster);
    draw_release(&v->draw);
    replica_free(v->replica);
    free(v);
}

static bool glyphs_ready(struct viz *v, struct error *e)
{
    if (v->glyphs)
        return true;
    v->glyphs = glyphs_new(e);
    if (!v->glyphs)
        return false;
    draw_release(&v->draw);
    draw_init(&v->draw, glyphs_width, v->glyphs);
    return true;
}

bool viz_open(struct viz *v, struct error *e)
{
    if (v->window)
        return true;
    struct window *w = window_open("Gradus", 1280, 800, e);
    if (!w)
        return false;
    if (!glyphs_ready(v, e)) {
        window_close(w);
        return false;
    }
    v->window = w;
    v->dirty = true;
    v->next_frame = v->tick = 0;
    v->view.mouse_inside = false;
    return true;
}

void viz_close(struct viz *v)
{
    window_close(v->window);
    v->window = NULL;
}

bool viz_is_open(const struct viz *v)
{
    return v->window != NULL;
}

/* --- the view ----------------------------------------------------------------------------------------------
 */

static void view_notice_probe(struct viz *v)
{
    struct view *w = &v->view;
    uint64_t serial = v->session->probe.serial;
    if (serial == w->probe_serial)
        return;
    w->probe_before = w->probe_serial;
    w->probe_serial = serial;
    w->probe_since = w->now;
    w->probe_skip = false;
}

static void view_refresh(struct viz *v)
{
    struct view *w = &v->view;
    session_status(v->session, &w->status);
    w->training = w->status.phase == PHASE_RUNNING;
    w->curves = curves_copy(&session_network(v->session)->curves, w->curve);
    view_notice_probe(v);
}

/* What a picture depends on besides the mouse and a running training, boiled down to one number. */
static uint64_t stamp_of(const struct viz *v)
{
    const struct session *s = v->session;
    const struct network *n = session_network(s);
    const uint64_t part[] = {s->revision, s->probe.serial, s->probe.revision, (uintptr_t)s->data,
        (uintptr_t)n->model, (uintptr_t)n->state, v->view.status.phase, v->view.status.step, v->view.curves,
        (uint64_t)s->current, (uint64_t)(s->speed * 1000), s->beside};
    uint64_t hash = 1469598103934665603u;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        hash = (hash ^ part[i]) * 1099511628211u;
    return hash;
}

bool viz_playing(const struct viz *v)
{
    bool playing = false;
    for (int i = 0; i < v->panels; i++)
        playing = playing || (v->panel[i]->moving && v->panel[i]->moving(&v->view));
    return playing;
}

static bool view_moving(const struct viz *v)
{
    return v->view.training || viz_playing(v);
}

/* What the panels on show need of a training. */
static unsigned view_slices(const struct viz *v)
{
    unsigned slices = 0;
    for (int i = 0; i < v->panels; i++)
        slices |= v->panel[i]->slices;
    return slices;
}

static long sample_row(const struct view *w)
{
    struct subject s = view_subject(w, SUBJECT_SAMPLE);
    return s.kind == SUBJECT_SAMPLE ? s.a : -1;
}

static void theme_refresh(struct viz *v, float density)
{
    float px = (float)v->scale * density;
    if (v->theme.name != v->row->name || v->theme.px != px)
        theme_make(v->row, px, &v->theme);
}

/* --- frames ------------------------------------------------------------------------------------------------
 */

void viz_compose(struct viz *v, float width, float height)
{
    struct key_help keys[VIZ_KEYS];
    viz_keys(keys);
    v->width = width;
    v->height = height;
    for (int again = 0; again < 2; again++) { /* hovering shows in the picture */
        compose(&v->view, v->panel, v->panels, keys, width, height, &v->draw);
        if (!viz_update_hover(v))
            break;
    }
}

/* What did not change keeps its pixels. */
static void frame_draw(struct viz *v)
{
    struct canvas c;
    struct rect changed[DAMAGE_RECTS];
    bool kept;
    if (!window_canvas(v->window, &c, &kept))
        return;
    theme_refresh(v, window_density(v->window));
    viz_compose(v, (float)c.width, (float)c.height);
    if (!kept || v->raster.failed)
        v->damage = (struct damage){0};
    int n = damage_find(&v->damage, &v->draw, changed);
    for (int i = 0; i < n; i++)
        raster_draw(&v->raster, c, &v->draw, v->glyphs, changed[i]);
    window_show(v->window, changed, n);
}

/* `anew`: the network is drawn anew in any case. */
static void frame_clocks(struct viz *v, double now, bool moving, bool anew)
{
    struct view *w = &v->view;
    double passed = now - v->last_frame, rate = passed > 0 ? 1 / passed : 0;
    if (w->training && passed < 0.5)
        v->drift += passed;
    if (anew || v->drift >= pace_drift(&v->pace)) {
        w->flow += v->drift;
        v->drift = 0;
    }
    if (!moving)
        w->frames_per_s = 0;
    else if (passed < 0.5)
        w->frames_per_s = w->frames_per_s > 0 ? 0.95 * w->frames_per_s + 0.05 * rate : rate;
    v->last_frame = now;
}

/* A tip appears some time after the mouse came to rest, though nothing else happens. */
static bool tip_due(const struct viz *v, double before)
{
    double age = v->view.now - v->view.hover_since;
    return v->view.hover_panel && age < 0.4 && age + v->view.now - before > 0.2;
}

/* A frame that takes long, on a large screen or beside a training that uses every core, must leave time for
 * the rest. What the mouse does is shown sooner: viz_tick(). */
static void frame_plan(struct viz *v, double now, double pause)
{
    v->next_frame = fmax(v->next_frame + pause, now + pause * 0.5);
    if (v->next_frame < now || v->next_frame > now + 2 * pause)
        v->next_frame = now + pause;
}

/* Beside a training on all cores one is asked for first: a helper that stood still in the middle of its work
 * would keep the others waiting. It ends what it began while main sleeps, and the scheduler finds the core
 * idle. */
static void take_core(struct viz *v, bool take)
{
    enum { NAPS = 30 };
    const struct timespec nap = {.tv_nsec = 100000};
    worker_leave_core(v->session->worker, take);
    for (int i = 0; take && i < NAPS && (!i || !worker_left_core(v->session->worker)); i++)
        nanosleep(&nap, NULL);
}

static void frame(struct viz *v, double now)
{
    double before = v->view.now;
    v->view.now = now - v->opened;
    view_refresh(v);
    pace_update(&v->pace, v->view.training ? v->view.status.threads : 0, v->view.now - before);
    bool moving = view_moving(v), was_moving = v->view.frames_per_s > 0;
    uint64_t stamp = stamp_of(v);
    bool changed = v->dirty || stamp != v->stamp || was_moving || tip_due(v, before);
    replica_want(v->replica, view_slices(v));
    bool work = moving || changed || replica_busy(v->replica), crowded = work && pace_crowded(&v->pace);
    if (crowded)
        take_core(v, true);
    bool anew = work && replica_tick(v->replica, v->session, sample_row(&v->view),
                            pace_replica_turn(&v->pace), pace_replica_share(&v->pace));
    double drawn = clock_now(), worked = clock_worked();
    if (moving || changed || anew) {
        v->dirty = false;
        v->stamp = stamp;
        frame_clocks(v, now, moving, anew);
        frame_draw(v);
    }
    if (crowded)
        take_core(v, false);
    double cost = fmax(1.4 * (clock_now() - drawn), (clock_worked() - worked) / pace_draw_share(&v->pace));
    v->cost += cost_memory * (cost - v->cost);
    frame_plan(v, now, work ? fmax(frame_seconds, v->cost) : idle_seconds);
}

void viz_tick(struct viz *v)
{
    struct input in;
    while (v->window && window_input(v->window, &in))
        viz_take_input(v, &in);
    if (!v->window)
        return;
    double now = clock_now();
    v->tick = now;
    if (window_hidden(v->window))
        v->next_frame = now + idle_seconds;
    else if (now >= v->next_frame || (v->dirty && now - v->last_frame > frame_seconds))
        frame(v, now);
}

double viz_deadline(const struct viz *v)
{
    if (!v->window)
        return 1e9;
    double now = clock_now(), due = fmin(v->next_frame, v->tick + idle_seconds);
    return fmax(due - now, 0);
}

bool viz_command(struct viz *v, char *out, size_t size)
{
    if (v->commands == 0)
        return false;
    snprintf(out, size, "%s", v->command[v->first_command]);
    v->first_command = (v->first_command + 1) % VIZ_COMMANDS;
    v->commands--;
    return true;
}

/* --- settings ----------------------------------------------------------------------------------------------
 */

static bool panel_unknown(const char *name, struct error *e)
{
    char names[400] = "";
    for (size_t i = 0; viz_panel_name(i); i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", viz_panel_name(i));
    }
    return error_set(e, "there is no panel '%s': there are %s", name, names);
}

bool viz_view(struct viz *v, const char *const *names, int count, struct error *e)
{
    const struct panel *panel[LAYOUT_PANELS];
    if (count > LAYOUT_PANELS)
        return error_set(e, "at most %d panels fit into a view", LAYOUT_PANELS);
    for (int i = 0; i < count; i++)
        if (!(panel[i] = panel_find(names[i])))
            return panel_unknown(names[i], e);
    if (count == 0)
        default_panels(v);
    for (int i = 0; i < count; i++)
        v->panel[i] = panel[i];
    v->panels = count ? count : v->panels;
    v->view.focus = NULL;
    v->view.pin = (struct subject){0};
    v->dirty = true;
    return true;
}

const char *viz_panel_name(size_t i)
{
    const struct panel *p = panel_at(i);
    return p ? p->name : NULL;
}

const char *viz_panel_summary(size_t i)
{
    const struct panel *p = panel_at(i);
    return p ? p->summary : NULL;
}

const char *viz_theme_name(size_t i)
{
    const struct theme *t = theme_at(i);
    return t ? t->name : NULL;
}

bool viz_set_theme(struct viz *v, const char *name, struct error *e)
{
    const struct theme *t = theme_find(name);
    if (!t)
        return error_set(e, "there is no theme '%s': there are dark and light", name);
    v->row = t;
    v->dirty = true;
    return true;
}

void viz_set_scale(struct viz *v, double scale)
{
    v->scale = fmin(fmax(scale, 0.5), 3);
    if (fabs(v->scale - 1) < 0.04)
        v->scale = 1;
    v->dirty = true;
}

void viz_set_caption(struct viz *v, const char *text)
{
    snprintf(v->view.caption, sizeof v->view.caption, "%s", text ? text : "");
    v->dirty = true;
}

static struct watch *watch_find(struct viz *v, const char *label)
{
    for (int i = 0; i < v->view.watches; i++)
        if (strncmp(v->view.watch[i].label, label, VIEW_LABEL - 1) == 0)
            return &v->view.watch[i];
    return NULL;
}

/* A ninth watch takes the place of the first. */
void viz_watch(struct viz *v, const char *label, int layer, int unit)
{
    struct view *w = &v->view;
    if (!label) {
        w->watches = 0;
        v->dirty = true;
        return;
    }
    struct watch *found = watch_find(v, label);
    if (!found && w->watches == VIEW_WATCHES)
        memmove(w->watch, w->watch + 1, sizeof *w->watch * (size_t)--w->watches);
    if (!found) {
        found = &w->watch[w->watches++];
        *found = (struct watch){.value = NAN};
        snprintf(found->label, sizeof found->label, "%s", label);
    }
    found->layer = layer;
    found->unit = unit;
    v->dirty = true;
}

void viz_watch_value(struct viz *v, const char *label, double value)
{
    struct watch *w = watch_find(v, label);
    if (!w)
        return;
    w->value = value;
    if (!isfinite(value))
        return;
    if (w->trails == VIEW_TRAIL)
        memmove(w->trail, w->trail + 1, sizeof *w->trail * (size_t)--w->trails);
    w->trail[w->trails++] = (float)value;
    v->dirty = true;
}

/* --- a picture without a window ----------------------------------------------------------------------------
 */

static bool picture_size(const struct viz *v, int *width, int *height, struct error *e)
{
    int w = 1280, h = 800;
    if (v->window)
        window_size(v->window, &w, &h);
    *width = *width ? *width : w;
    *height = *height ? *height : h;
    if (*width < 160 || *height < 120 || *width > 8192 || *height > 8192)
        return error_set(
            e, "a picture has from 160 x 120 to 8192 x 8192 pixels, not %d x %d", *width, *height);
    return true;
}

bool viz_screenshot(struct viz *v, const char *path, int width, int height, struct error *e)
{
    if (!picture_size(v, &width, &height, e) || !glyphs_ready(v, e))
        return false;
    uint32_t *pixel = calloc((size_t)width * (size_t)height, sizeof *pixel);
    if (!pixel)
        return error_set(e, "no memory for a picture of %d x %d", width, height);
    struct canvas c = {pixel, width, height, width};
    v->view.now = clock_now() - v->opened;
    view_refresh(v);
    replica_want(v->replica, view_slices(v));
    replica_settle(v->replica, v->session, sample_row(&v->view));
    v->view.still = true;
    theme_refresh(v, v->window ? window_density(v->window) : 1);
    compose(&v->view, v->panel, v->panels, NULL, (float)width, (float)height, &v->draw);
    struct raster raster = {0}; /* its own: the window's has another size */
    raster_draw(&raster, c, &v->draw, v->glyphs, (struct rect){0, 0, (float)width, (float)height});
    bool ok =
        raster.failed || v->draw.failed ? error_set(e, "no memory for the picture") : canvas_save(c, path, e);
    raster_release(&raster);
    free(pixel);
    v->view.still = false;
    v->width = 0; /* the list shows another size */
    v->dirty = true;
    return ok;
}
