/* viz_input.c - what keys and the mouse mean.
 *
 * A key is a row: its sign, what the overlay says of it, and what it does. Keys that change the session type
 * a command. A key without a row goes to the focused panel, then to the others. The mouse knows the zones of
 * the last picture: a click on a control types its command or changes the view; on anything else it pins; on
 * nothing it lets go. */
#include "viz_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void viz_type(struct viz *v, const char *line)
{
    if (!*line || v->commands == VIZ_COMMANDS)
        return;
    int at = (v->first_command + v->commands++) % VIZ_COMMANDS;
    snprintf(v->command[at], VIZ_COMMAND, "%s", line);
}

/* --- keys --------------------------------------------------------------------------------------------------
 */

static void key_play(struct viz *v)
{
    viz_type(v, view_play_command(&v->view));
}

static void key_step(struct viz *v)
{
    viz_type(v, view_step_command(&v->view));
}

static void key_pass(struct viz *v)
{
    viz_type(v, view_pass_command(&v->view));
}

static void key_help(struct viz *v)
{
    v->view.help = !v->view.help;
}

static void key_theme(struct viz *v)
{
    char line[64];
    size_t i = 0;
    while (theme_at(i) && theme_at(i) != v->row)
        i++;
    const struct theme *next = theme_at(i + 1) ? theme_at(i + 1) : theme_at(0);
    snprintf(line, sizeof line, "theme %s", next->name);
    viz_type(v, line);
}

static void focus_move(struct viz *v, int by)
{
    int at = by > 0 ? -1 : 0;
    for (int i = 0; i < v->panels; i++)
        if (v->panel[i] == v->view.focus)
            at = i;
    if (v->panels)
        v->view.focus = v->panel[(at + by + v->panels) % v->panels];
}

static void key_next(struct viz *v)
{
    focus_move(v, 1);
}

static void key_back(struct viz *v)
{
    focus_move(v, -1);
}

static void key_larger(struct viz *v)
{
    viz_set_scale(v, v->scale * 1.1);
}

static void key_smaller(struct viz *v)
{
    viz_set_scale(v, v->scale / 1.1);
}

static void key_normal(struct viz *v)
{
    viz_set_scale(v, 1);
}

static void key_undo(struct viz *v)
{
    viz_type(v, "undo");
}

static void key_classes(struct viz *v)
{
    v->view.discretise = !v->view.discretise;
}

static void key_held_out(struct viz *v)
{
    v->view.show_held_out = !v->view.show_held_out;
}

static void key_quit(struct viz *v)
{
    viz_close(v);
}

/* Backs out of one thing after the other. */
static void key_escape(struct viz *v)
{
    struct view *w = &v->view;
    if (w->help)
        w->help = false;
    else if (viz_playing(v))
        w->probe_skip = true;
    else if (w->pin.kind != SUBJECT_NONE)
        w->pin = (struct subject){0};
    else if (w->focus)
        w->focus = NULL;
    else
        viz_close(v);
}

static const struct key_row {
    int key;
    struct key_help help; /* key NULL: another key of a row above */
    void (*act)(struct viz *v);
} rows[] = {
    {' ', {"Space", "train, pause, resume"}, key_play},
    {'s', {"S", "one training step"}, key_step},
    {'f', {"F", "forward, backward, update in turn"}, key_pass},
    {'u', {"U", "undo the last change"}, key_undo},
    {'h', {"H", "these keys"}, key_help},
    {'?', {NULL, NULL}, key_help},
    {WINDOW_TAB, {"Tab", "next panel"}, key_next},
    {WINDOW_BACKTAB, {NULL, NULL}, key_back},
    {'t', {"T", "dark or light"}, key_theme},
    {'d', {"D", "output: classes or values, images or counts"}, key_classes},
    {'v', {"V", "held-out points on the map"}, key_held_out},
    {'+', {"+ -", "larger or smaller text"}, key_larger},
    {'=', {NULL, NULL}, key_larger},
    {'-', {NULL, NULL}, key_smaller},
    {'0', {"0", "normal text"}, key_normal},
    {WINDOW_ESCAPE, {"Esc", "skip, back out, close"}, key_escape},
    {'q', {"Q", "close the window"}, key_quit},
};

enum { KEYS = sizeof rows / sizeof *rows };

void viz_keys(struct key_help out[VIZ_KEYS])
{
    int n = 0;
    for (int i = 0; i < KEYS && n < VIZ_KEYS - 1; i++)
        if (rows[i].help.key)
            out[n++] = rows[i].help;
    out[n] = (struct key_help){0};
}

static int panel_key(int key)
{
    static const int map[][2] = {{WINDOW_LEFT, PANEL_LEFT}, {WINDOW_RIGHT, PANEL_RIGHT},
        {WINDOW_UP, PANEL_UP}, {WINDOW_DOWN, PANEL_DOWN}, {WINDOW_ENTER, PANEL_ENTER}};
    for (size_t i = 0; i < sizeof map / sizeof *map; i++)
        if (map[i][0] == key)
            return map[i][1];
    return key;
}

static void take_key(struct viz *v, int key)
{
    const struct panel *focus = v->view.focus;
    if (focus && focus->key && focus->key(&v->view, panel_key(key)))
        return;
    for (int i = 0; i < KEYS; i++)
        if (rows[i].key == key) {
            rows[i].act(v);
            return;
        }
    for (int i = 0; i < v->panels; i++)
        if (v->panel[i] != focus && v->panel[i]->key && v->panel[i]->key(&v->view, panel_key(key)))
            return;
}

/* --- mouse -------------------------------------------------------------------------------------------------
 */

bool viz_update_hover(struct viz *v)
{
    struct view *w = &v->view;
    const struct zone *z = w->mouse_inside ? draw_zone_at(&v->draw, w->mouse) : NULL;
    struct subject s = z ? z->subject : (struct subject){0};
    const struct panel *panel = z ? z->panel : NULL;
    if (subject_equal(s, w->hover) && panel == w->hover_panel)
        return false;
    w->hover = s;
    w->hover_panel = panel;
    w->hover_since = w->now;
    return true;
}

/* Brings mouse and picture together before a button counts: panels make zones for what is under the mouse. */
static void take_place(struct viz *v, struct point at)
{
    v->view.mouse = at;
    v->view.mouse_inside = true;
    if (v->width > 0)
        viz_compose(v, v->width, v->height);
}

/* Pinning also asks the prompt about what was pinned; letting go leaves no trace. */
static void take_pin(struct viz *v, const struct zone *z)
{
    v->view.pin = z->subject;
    viz_type(v, zone_command(&v->draw, z));
}

static void take_click(struct viz *v, const struct zone *z, struct point at)
{
    struct view *w = &v->view;
    if (w->help) {
        w->help = false;
        return;
    }
    if (!z) {
        w->pin = (struct subject){0};
        return;
    }
    if (z->panel && z->panel->click && z->panel->click(w, z->subject, at))
        return;
    if (z->subject.kind == SUBJECT_CONTROL)
        viz_type(v, zone_command(&v->draw, z));
    else if (z->subject.kind == SUBJECT_PLACE || subject_equal(z->subject, w->pin))
        w->pin = (struct subject){0};
    else
        take_pin(v, z);
}

static void take_release(struct viz *v, struct point at)
{
    take_place(v, at);
    const struct zone *z = draw_zone_at(&v->draw, at);
    bool same = !z == !v->is_pressed && (!z || subject_equal(z->subject, v->pressed.subject));
    v->is_pressed = false;
    if (same)
        take_click(v, z, at);
}

static void take_scroll(struct viz *v, float turns)
{
    const struct panel *p = v->view.hover_panel;
    if (p && p->scroll)
        p->scroll(&v->view, v->view.hover, v->view.mouse, turns);
}

void viz_take_input(struct viz *v, const struct input *in)
{
    struct view *w = &v->view;
    const struct zone *z = NULL;
    v->dirty = true;
    switch (in->kind) {
    case INPUT_KEY:
        take_key(v, in->key);
        break;
    case INPUT_MOVE:
        w->mouse = in->at;
        w->mouse_inside = true;
        break;
    case INPUT_LEAVE:
        w->mouse_inside = false;
        break;
    case INPUT_PRESS:
        take_place(v, in->at);
        z = draw_zone_at(&v->draw, in->at);
        v->is_pressed = z != NULL;
        if (z)
            v->pressed = *z;
        break;
    case INPUT_RELEASE:
        take_release(v, in->at);
        break;
    case INPUT_SCROLL:
        take_scroll(v, in->turns);
        break;
    case INPUT_EXPOSE:
        break;
    case INPUT_CLOSE:
        viz_close(v);
        break;
    }
}
