/* cmd_session.c - commands of the session: source, seed, history, time, quit; and the list of the group. */
#include "cmd.h"

#include "../src/memory.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* --- source -------------------------------------------------------------------------------------------- */

static const struct arg_row source_args[] = {
    {.name = "file", .kind = ARG_FILE, .help = "a file of commands", .flags = ARG_REQUIRED},
    {0},
};

static bool run_source(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    return repl_file(r, a->value[0].text, e);
}

static const struct command source_command = {
    .name = "source",
    .summary = "runs the commands of a file",
    .details = "It stops at the first error. In files commands are written in full.",
    .example = "source example.gr",
    .group = GROUP_SESSION,
    .args = source_args,
    .run = run_source,
};

/* --- seed ---------------------------------------------------------------------------------------------- */

static const struct arg_row seed_args[] = {
    {.name = "n", .kind = ARG_INT, .help = "any whole number", .min = 0, .max = 0x1p53},
    {0},
};

static bool run_seed(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (a->value[0].given)
        r->session->seed = (uint64_t)a->value[0].number;
    else
        out("%llu\n", (unsigned long long)r->session->seed);
    return true;
}

static const struct command seed_command = {
    .name = "seed",
    .summary = "sets the seed of all randomness",
    .details = "It acts on what is made from now on: data, weights, shuffling. The same seed gives the same "
               "run, bit for bit.\n"
               "Weights that are there stay; `init` draws them anew.",
    .example = "seed 1",
    .group = GROUP_SESSION,
    .effect = EFFECT_REPLAYED,
    .args = seed_args,
    .run = run_seed,
};

/* --- history ------------------------------------------------------------------------------------------- */

static const struct arg_row history_args[] = {
    {.name = "n",
        .kind = ARG_INT,
        .help = "how many lines, the newest; all when left out",
        .min = 1,
        .max = 1e9},
    {0},
};

static bool run_history(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const struct session *s = r->session;
    size_t wanted = a->value[0].given ? (size_t)a->value[0].number : s->journal_count;
    size_t first = s->journal_count > wanted ? s->journal_count - wanted : 0;
    for (size_t i = first; i < s->journal_count; i++) {
        out_text(s->journal[i].text);
        if (s->journal[i].step != UINT64_MAX)
            out("  %s# at step %llu%s", out_style(STYLE_DIM), (unsigned long long)s->journal[i].step,
                out_end());
        out("\n");
    }
    return true;
}

static const struct command history_command = {
    .name = "history",
    .summary = "lists what changed the session: typed again, it makes it anew",
    .details = "Lines that were typed while something trained say at which step they acted.",
    .example = "history",
    .before = "seed 1; data circle; dense 4 tanh",
    .group = GROUP_SESSION,
    .args = history_args,
    .run = run_history,
};

/* --- time ---------------------------------------------------------------------------------------------- */

static const struct arg_row time_args[] = {
    {.name = "command", .kind = ARG_COMMAND, .help = "what to time", .flags = ARG_REQUIRED},
    {0},
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool run_time(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct text inner = {0};
    text_addf(&inner, "%s%s", a->rest, r->background ? " &" : "");
    double start = now();
    bool ok = repl_command(r, text_get(&inner), e);
    text_release(&inner);
    if (!ok)
        return blame_rest(a, e);
    out("%.3f s\n", now() - start);
    return true;
}

static const struct command time_command = {
    .name = "time",
    .summary = "runs a command and says how long it took",
    .example = "time fit 100",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_SESSION,
    .effect = EFFECT_BACKGROUND,
    .args = time_args,
    .run = run_time,
};

/* --- quit ---------------------------------------------------------------------------------------------- */

static bool run_quit(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    r->quit = true;
    return true;
}

static const struct command quit_command = {
    .name = "quit",
    .summary = "leaves the program",
    .example = "quit",
    .group = GROUP_SESSION,
    .run = run_quit,
};

const struct command *const commands_session[] = {
    &save_command,
    &load_command,
    &source_command,
    &seed_command,
    &set_command,
    &history_command,
    &time_command,
    &help_command,
    &question_command,
    &apropos_command,
    &quit_command,
    NULL,
};
