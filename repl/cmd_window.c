/* cmd_window.c - commands of the window: window, view, demo, screenshot, theme, speed.
 *
 * All of them work without a display too: what can be set is set, and a screenshot draws into a picture. A
 * scene of `demo` is a row with a line of commands, echoed and run as if typed, so that it teaches how it was
 * made. */
#include "commands.h"
#include "output.h"
#include "repl.h"
#include "window.h"

#include "../viz/viz.h"

#include <string.h>

bool window_prepare(struct repl *r, struct error *e)
{
    if (!r->viz)
        r->viz = viz_new(r->session, e);
    return r->viz != NULL;
}

void window_offer(struct repl *r)
{
    static bool said; /* of the one terminal */
    struct error e;
    if (r->no_window || (r->viz && viz_is_open(r->viz)))
        return;
    if (window_prepare(r, &e) && viz_open(r->viz, &e))
        return;
    if (!said)
        out_note("%s", e.text);
    said = true;
}

double window_pace(const struct repl *r, double epochs)
{
    const struct origin *from = r->origin;
    bool watched = r->interactive && r->viz && viz_is_open(r->viz) && from &&
                   (from->lesson || (from->interactive && !from->name));
    double speed = r->session->speed, least = epochs / WATCHED_SECONDS;
    if (!watched || speed <= 0)
        return 0;
    return speed > least ? speed : least;
}

/* --- window ------------------------------------------------------------------------------------------- */

static const char *window_word(size_t i)
{
    static const char *const words[] = {"open", "close", NULL};
    return words[i];
}

static const struct arg_row window_args[] = {
    {"action", ARG_CHOICE, "what to do with it", .initial = "open", .choice = window_word},
    {0},
};

static bool run_window(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (a->value[0].number == 0)
        return window_prepare(r, e) && viz_open(r->viz, e);
    if (r->viz)
        viz_close(r->viz);
    return true;
}

static const struct command window_command = {
    .name = "window",
    .summary = "opens the window, or closes it",
    .details = "The window shows the session: network, output map, curves, health. Closing it leaves the "
               "prompt and\n"
               "the training alone, and `window` brings it back. In it `h` lists the keys.",
    .example = "window close",
    .group = GROUP_WINDOW,
    .args = window_args,
    .run = run_window,
};

/* --- view --------------------------------------------------------------------------------------------- */

enum { VIEW_PANELS = 16 };

static const struct arg_row view_args[] = {
    {"panel", ARG_CHOICE, "panels to show; none: those that fit the data", .choice = viz_panel_name,
        .flags = ARG_MANY},
    {0},
};

static bool run_view(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const char *names[VIEW_PANELS];
    int count = a->many_count;
    if (count > VIEW_PANELS)
        return error_set(e, "at most %d panels fit the window", (int)VIEW_PANELS);
    for (int i = 0; i < count; i++)
        names[i] = a->many[i].text;
    if (!window_prepare(r, e) || !viz_view(r->viz, names, count, e))
        return false;
    window_offer(r);
    return true;
}

static const char *complete_panel(struct repl *r, size_t i)
{
    return viz_panel_name(i);
}

static const struct command view_command = {
    .name = "view",
    .summary = "chooses the panels of the window",
    .details = "Without names it goes back to the panels that fit the data.",
    .example = "view network output",
    .group = GROUP_WINDOW,
    .args = view_args,
    .run = run_view,
    .complete = complete_panel,
};

/* --- screenshot --------------------------------------------------------------------------------------- */

static const struct arg_row screenshot_args[] = {
    {"file", ARG_FILE, "the picture to write, FILE.png", .flags = ARG_REQUIRED},
    {"size", ARG_SHAPE, "width x height in pixels; the window's, or 1280x800"},
    {0},
};

static bool run_screenshot(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const struct arg_value *size = &a->value[1];
    int width = 0, height = 0;
    if (size->given) {
        enum { LEAST = 64, MOST = 8192 };
        width = size->shape.dim[0];
        height = size->shape.dim[1];
        if (size->shape.rank != 2 || width < LEAST || height < LEAST || width > MOST || height > MOST)
            return error_set(
                e, "a size is WIDTHxHEIGHT, each from %d to %d: 1280x800", (int)LEAST, (int)MOST);
    }
    const char *file = a->value[0].text;
    size_t length = strlen(file);
    if (length < 5 || strcasecmp(file + length - 4, ".png") != 0)
        return error_set(e, "a screenshot is a PNG file: name it %s.png", length ? file : "picture");
    if (!window_prepare(r, e) || !viz_screenshot(r->viz, file, width, height, e))
        return false;
    out_note("%s written", file);
    return true;
}

static const struct command screenshot_command = {
    .name = "screenshot",
    .summary = "writes the window's picture to a PNG file",
    .details = "It works with and without a display.",
    .example = "screenshot xor.png 1280x800",
    .before = "data xor; dense 4 tanh; dense 1 tanh; fit 10",
    .group = GROUP_WINDOW,
    .effect = EFFECT_WRITES,
    .args = screenshot_args,
    .run = run_screenshot,
};

/* --- theme -------------------------------------------------------------------------------------------- */

static const struct arg_row theme_args[] = {
    {"name", ARG_CHOICE, "the theme", .choice = viz_theme_name, .flags = ARG_REQUIRED},
    {0},
};

static bool run_theme(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    return window_prepare(r, e) && viz_set_theme(r->viz, a->value[0].text, e);
}

static const struct command theme_command = {
    .name = "theme",
    .summary = "chooses the colours of the window",
    .example = "theme light",
    .group = GROUP_WINDOW,
    .args = theme_args,
    .run = run_theme,
};

/* --- speed -------------------------------------------------------------------------------------------- */

static const struct pace {
    const char *name;
    double epochs; /* a second; 0: no limit */
} paces[] = {{"slow", 2}, {"normal", 25}, {"fast", 100}, {"full", 0}};
enum { PACES = sizeof paces / sizeof *paces };

static const char *pace_name(size_t i)
{
    return i < PACES ? paces[i].name : NULL;
}

static const struct arg_row speed_args[] = {
    {"pace", ARG_CHOICE, "a name for it", .choice = pace_name},
    {"epochs", ARG_REAL, "epochs a second", .min = 0.01, .max = 1e9},
    {0},
};

static void print_speed(double epochs)
{
    if (epochs > 0)
        out("%g epochs a second\n", epochs);
    else
        out("as fast as it goes\n");
}

static bool run_speed(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct session *s = r->session;
    if (!a->value[0].given && !a->value[1].given) {
        print_speed(s->speed);
        return true;
    }
    if (a->value[0].given && a->value[1].given)
        return error_set(e, "either a name or a number: `speed fast`, or `speed 50`");
    s->speed = a->value[1].given ? a->value[1].number : paces[(int)a->value[0].number].epochs;
    if (session_running(s))
        trainer_set_speed(session_network(s)->trainer, s->speed);
    return true;
}

static const struct command speed_command = {
    .name = "speed",
    .summary = "how fast training goes while you watch",
    .details = "slow is 2 epochs a second, normal 25, fast 100, full as fast as it goes. Without a word it "
               "says what is\n"
               "set. It acts on training in the background, and on a `fit` at the prompt while the window is "
               "open,\n"
               "which never takes more than four seconds for it. A `fit` in a script goes as fast as it can.",
    .example = "speed fast",
    .group = GROUP_WINDOW,
    .effect = EFFECT_REPLAYED,
    .args = speed_args,
    .run = run_speed,
};

/* --- demo --------------------------------------------------------------------------------------------- */

#define WATCH "speed normal; fit 3000 batch_size=10 &"

static const struct scene {
    const char *name, *summary, *line;
} scenes[] = {
    {"xor", "two classes in opposite corners: one straight line cannot part them",
        "new; data xor; dense 4 tanh; dense 1 tanh; compile adam lr=0.01 loss=mse; " WATCH},
    {"circle", "a ring around a disc: four units close a curve around it",
        "new; data circle noise=10; dense 4 tanh; dense 1 tanh; compile adam lr=0.01 loss=mse; " WATCH},
    {"spiral", "two arms that wind around each other: it takes width and patience",
        "new; data spiral; dense 16 tanh; dense 16 tanh; dense 1 tanh; "
        "compile adam lr=0.01 loss=mse; " WATCH},
    {"gauss", "two clouds: a single neuron is enough",
        "new; data gauss noise=20; dense 1 sigmoid; compile sgd lr=0.1; " WATCH},
    {"moons", "two half moons, with relu units: the border is made of straight pieces",
        "new; data moons noise=20; dense 8 relu; dense 8 relu; dense 1 sigmoid; "
        "compile adam lr=0.01; " WATCH},
    {"plane", "regression: the output is a slope, and one linear unit finds it",
        "new; data plane; dense 1 linear; compile sgd lr=0.003 loss=mse; speed slow; fit 1000 batch_size=10 "
        "&"},
    {"hills", "regression: six hills and hollows, as a smooth map",
        "new; data multi-gauss; dense 16 tanh; dense 8 tanh; dense 1 linear; "
        "compile adam lr=0.01 loss=mse; " WATCH},
    {"blobs", "four classes and a softmax head",
        "new; data blobs classes=4 noise=50; dense 8 relu; dense 4 softmax; compile adam lr=0.01; " WATCH},
    {"sine", "regression on a line: a curve is bent to fit noisy points",
        "new; data sine; dense 16 tanh; dense 16 tanh; dense 1 linear; "
        "compile adam lr=0.01 loss=mse; " WATCH},
    {"overfit", "too few noisy points for so many units: val_loss turns up while loss goes on down",
        "new; data circle n=80 noise=40; dense 32 tanh; dense 32 tanh; dense 1 sigmoid; "
        "compile adam lr=0.003; " WATCH},
    {"deep", "six narrow sigmoid layers: watch the gradient fade towards the input",
        "new; data circle; dense 6 sigmoid; dense 6 sigmoid; dense 6 sigmoid; dense 6 sigmoid; "
        "dense 6 sigmoid; dense 6 sigmoid; dense 1 tanh; compile sgd lr=0.1 loss=mse; " WATCH},
};
enum { SCENES = sizeof scenes / sizeof *scenes };

static const char *scene_name(size_t i)
{
    return i < SCENES ? scenes[i].name : NULL;
}

static const struct arg_row demo_args[] = {
    {"name", ARG_CHOICE, "the scene", .choice = scene_name},
    {0},
};

static void list_scenes(void)
{
    for (size_t i = 0; i < SCENES; i++)
        out("%sdemo %-8s%s %s\n", out_style(STYLE_COMMAND), scenes[i].name, out_end(), scenes[i].summary);
}

/* Echoes the scene's line, broken behind its semicolons where the screen ends. */
static void echo(const char *line)
{
    int width = out_width() - 4;
    while (*line) {
        const char *end = line;
        for (const char *p = line; *p && (p - line < width || end == line); p++)
            if (*p == ';' || !p[1])
                end = p + 1;
        out_note("  %.*s", (int)(end - line), line);
        line = end + strspn(end, " ");
    }
}

/* Runs the scene's line. What it prints is worth showing only when it fails. */
static bool play(struct repl *r, const struct scene *s, struct error *e)
{
    const struct origin origin = {.name = s->name, .line = 1, .lesson = r->origin && r->origin->lesson};
    struct text said = {0};
    struct text *outer = out_capture(&said);
    bool ok = repl_line(r, s->line, strlen(s->line), &origin);
    out_capture(outer);
    text_clear(&r->session->notice);
    if (!ok) {
        out_diagnostic(text_get(&said));
        error_set(e, "the scene '%s' stopped there", s->name);
    }
    text_release(&said);
    return ok;
}

static bool run_demo(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (!a->value[0].given) {
        list_scenes();
        return true;
    }
    const struct scene *s = &scenes[(int)a->value[0].number];
    window_offer(r);
    out_note("%s: %s", s->name, s->summary);
    echo(s->line);
    return play(r, s, e);
}

static const struct command demo_command = {
    .name = "demo",
    .summary = "starts a ready scene: data, a model, and training to watch",
    .details =
        "Without a name it lists the scenes. A scene replaces model and data (`undo` brings them back), and "
        "trains\n"
        "in the background at a pace to watch: `speed full` lets it run, `pause` and `resume` hold it.",
    .example = "demo spiral",
    .group = GROUP_WINDOW,
    .args = demo_args,
    .run = run_demo,
};

const struct command *const commands_window[] = {
    &window_command,
    &view_command,
    &demo_command,
    &screenshot_command,
    &theme_command,
    &speed_command,
    NULL,
};
