/* program.c - one session from start to end.
 *
 * Lines come, in this order, from the init file (or a journal that is resumed), the script, each -c, and then
 * from the prompt or a pipe. A program without a prompt ends at the first error, and waits at its end for
 * what still trains. */
#include "program.h"

#include "editor.h"
#include "expr.h"
#include "lets.h"
#include "input.h"
#include "journal.h"
#include "lesson.h"
#include "loop.h"
#include "output.h"
#include "progress.h"
#include "repl.h"
#include "window.h"

#include "../viz/viz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char prompt[] = "gradus> ", prompt_more[] = "      · ";

static bool run_text(struct repl *r, const char *name, const char *text)
{
    const struct origin origin = {.name = name, .line = 1};
    bool ok = repl_line(r, text, strlen(text), &origin);
    lesson_line_done(r, text, ok);
    return out_flush() && ok;
}

static bool say(struct repl *r, const struct error *e)
{
    if (e->text[0])
        out_error(NULL, 0, NULL, 0, e);
    if (!r->status)
        r->status = 1;
    return false;
}

/* --- before the first line ---------------------------------------------------------------------------- */

static bool run_init(struct repl *r)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    struct text path = {0};
    struct error e = {.offset = -1};
    if (config && *config == '/')
        text_addf(&path, "%s/gradus/init.gr", config);
    else if (home && *home)
        text_addf(&path, "%s/.config/gradus/init.gr", home);
    bool ok = !path.length || access(path.data, F_OK) != 0 || repl_file(r, path.data, &e) || say(r, &e);
    text_release(&path);
    return ok;
}

static bool resume(struct repl *r)
{
    struct error e = {.offset = -1};
    if (journal_resume(r, r->interactive, &e))
        return true;
    if (!r->interactive)
        return say(r, &e);
    out_note("%s", e.text);
    return true;
}

static void start_journal(struct repl *r, bool resumed)
{
    char when[64];
    struct error e;
    if (!resumed && journal_left(when, sizeof when))
        out_note("a session of %s ended without `quit`: `gradus --resume` brings it back", when);
    if (!journal_start(r, &e))
        out_note("%s", e.text);
    journal_sync(r);
}

/* --- lines -------------------------------------------------------------------------------------------- */

/* Ctrl-C on an empty line. */
static void interrupt(struct repl *r)
{
    const struct origin origin = {.interactive = true};
    struct status s;
    loop_settle();
    session_status(r->session, &s);
    if (session_running(r->session) && s.phase != PHASE_PAUSED)
        repl_line(r, "pause", 5, &origin);
    else
        out_note("Ctrl-D or `quit` leaves");
}

static void run_typed(struct repl *r, const char *text, size_t length)
{
    const struct origin origin = {.interactive = true};
    editor_remember(r->editor, text);
    r->status = 0;
    bool ok = repl_line(r, text, length, &origin);
    lesson_line_done(r, text, ok);
    journal_sync(r);
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\n")] == '\0';
}

static void run_prompt(struct repl *r)
{
    struct text typed = {0};
    while (!r->quit) {
        const char *line;
        size_t length;
        enum editor_result result =
            editor_read(r->editor, typed.length ? prompt_more : prompt, &line, &length);
        if (result == EDITOR_END && !typed.length)
            break;
        if (result == EDITOR_INTERRUPTED && !typed.length)
            interrupt(r);
        if (result != EDITOR_LINE) {
            text_clear(&typed);
            continue;
        }
        text_addf(&typed, "%s%s", typed.length ? "\n" : "", line);
        if (repl_wants_more(text_get(&typed), typed.length))
            continue;
        if (!is_blank(text_get(&typed)))
            run_typed(r, text_get(&typed), typed.length);
        else
            lesson_enter(r);
        text_clear(&typed);
    }
    text_release(&typed);
    r->status = r->status > 128 || r->quit ? r->status : 0;
}

static bool run_pipe(struct repl *r)
{
    struct input in = {0};
    struct origin origin = {.name = "stdin"};
    const char *text;
    size_t length;
    bool ok = true;
    while (ok && !r->quit && input_read(&in, &text, &length, &origin.line)) {
        ok = repl_line(r, text, length, &origin) && out_flush();
        if (r->lesson)
            lesson_line_done(r, text, ok);
    }
    input_release(&in);
    return ok;
}

/* --- the whole ---------------------------------------------------------------------------------------- */

static void greet(struct repl *r)
{
    const char *c = out_style(STYLE_COMMAND), *n = out_end();
    out("%sGradus %s%s  build a neural network, train it, watch it learn\n\n", out_style(STYLE_TITLE),
        GRADUS_VERSION, n);
    bool runs = run_text(r, NULL, "demo xor");
    out("\n%sType next:\n"
        "  %slesson tour%s    a guided start, three minutes\n"
        "  %sdemo spiral%s    a harder problem; %sdemo%s lists more\n"
        "  %shelp%s           all commands; %s?dense%s explains one, TAB completes, Ctrl-D leaves\n\n",
        runs ? "This network is learning while you read. " : "", c, n, c, n, c, n, c, n, c, n);
}

static bool run_given(struct repl *r, const struct options *o)
{
    struct error e = {.offset = -1};
    if (o->has_seed) {
        char line[40];
        snprintf(line, sizeof line, "seed %" PRIu64, o->seed);
        if (!run_text(r, "--seed", line))
            return false;
    }
    if (o->resume ? !resume(r) : !o->no_init && !run_init(r) && !r->interactive)
        return false;
    if (r->interactive)
        start_journal(r, o->resume);
    if (o->script && !r->quit && !repl_file(r, o->script, &e))
        return say(r, &e);
    for (int i = 0; i < o->commands && !r->quit; i++)
        if (!run_text(r, "-c", o->command[i]))
            return false;
    return true;
}

static void run_lesson(struct repl *r, const char *name)
{
    struct error e = {.offset = -1};
    if (!lesson_start(r, name, &e))
        say(r, &e);
}

/* A script's training goes on to its end; one that is paused never would. */
static void finish_training(struct repl *r)
{
    struct error e = {.offset = -1};
    struct status s;
    loop_settle();
    session_status(r->session, &s);
    if (session_running(r->session) && s.phase == PHASE_RUNNING && !progress_fit(r, &e))
        say(r, &e);
}

static void run_all(struct repl *r, const struct options *o)
{
    bool given = o->script || o->commands, more = o->interactive || !given;
    bool ok = run_given(r, o);
    if (o->lesson && !r->quit && (ok || r->interactive))
        run_lesson(r, o->lesson);
    if (r->interactive && !r->quit) {
        if (!given && !o->lesson && !o->resume && !r->quiet)
            greet(r);
        window_offer(r);
        journal_sync(r);
        run_prompt(r);
    } else if (!r->quit) {
        if (ok && more)
            ok = run_pipe(r);
        if (ok && !r->quit)
            finish_training(r);
    }
    if (!r->interactive && loop_was_interrupted())
        r->status = 130;
}

static bool set_up(struct repl *r, const struct options *o, struct error *e)
{
    bool given = o->script || o->commands;
    r->interactive = isatty(STDIN_FILENO) && out_is_terminal() && (o->interactive || !given);
    r->no_window = o->no_window;
    r->quiet = o->quiet;
    r->session = session_new(WORKER_THREAD, e);
    r->lets = lets_new();
    if (!r->session || !r->lets || !loop_start(r, e))
        return false;
    return !r->interactive || (r->editor = editor_new(r, e));
}

static void take_down(struct repl *r)
{
    if (r->session)
        session_stop(r->session);
    if (r->lesson)
        lesson_leave(r);
    journal_end(r, r->status <= 128);
    editor_free(r->editor);
    viz_free(r->viz);
    lets_free(r->lets);
    session_free(r->session);
    loop_end();
}

int program_run(const struct options *o)
{
    struct repl r = {0};
    struct error e = {.offset = -1};
    if (set_up(&r, o, &e))
        run_all(&r, o);
    else
        say(&r, &e);
    take_down(&r);
    /* A reader that went away wants no more; a full disk is an error. */
    if (!out_flush() && !r.status)
        r.status = 1;
    return r.status;
}
