/* options.c - the command line. */
#include "program.h"

#include "output.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_NO_WINDOW = 256, OPTION_LESSON, OPTION_SEED, OPTION_RESUME, OPTION_NO_INIT };

static const struct option names[] = {
    {"no-window", no_argument, NULL, OPTION_NO_WINDOW},
    {"lesson", required_argument, NULL, OPTION_LESSON},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"resume", no_argument, NULL, OPTION_RESUME},
    {"no-init", no_argument, NULL, OPTION_NO_INIT},
    {"quiet", no_argument, NULL, 'q'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

void options_version(void)
{
    out("gradus %s\n", GRADUS_VERSION);
}

void options_help(void)
{
    out_text("usage: gradus [SCRIPT] [-c COMMANDS]… [-i] [options]\n"
             "\n"
             "Build a neural network line by line, train it, and watch it learn.\n"
             "Without SCRIPT and -c, commands come from the prompt or from a pipe.\n"
             "\n"
             "  -c COMMANDS      run these commands; may be given several times\n"
             "  -i               go on to the prompt after SCRIPT and -c\n"
             "  --lesson NAME    start a lesson (`tour` is the first)\n"
             "  --seed N         the seed of everything random\n"
             "  --resume         come back to the session that crashed or was killed last\n"
             "  --no-window      open no window by itself\n"
             "  --no-init        do not run $XDG_CONFIG_HOME/gradus/init.gr first\n"
             "  --quiet          results and errors only\n"
             "  --version, --help\n"
             "\n"
             "Exit status: 0 done, 1 a command failed, 2 wrong usage, 3 a lesson's check failed, 130 "
             "interrupted.\n"
             "At the prompt, `help` lists the commands.\n");
}

static bool usage(const char *what, const char *which)
{
    fprintf(stderr, "gradus: %s%s%s%s\n`gradus --help` lists the options\n", what, which ? " '" : "",
        which ? which : "", which ? "'" : "");
    return false;
}

static bool read_seed(struct options *o, const char *text)
{
    char *end;
    errno = 0;
    o->seed = strtoull(text, &end, 10);
    o->has_seed = true;
    if (*text < '0' || *text > '9' || *end || errno)
        return usage("--seed wants a whole number from 0, not", text);
    return true;
}

static bool take(struct options *o, int option, char **argv)
{
    switch (option) {
    case 'c':
        if (o->commands == OPTION_COMMANDS)
            return usage("too many -c: put the commands into a script", NULL);
        o->command[o->commands++] = optarg;
        return true;
    case OPTION_SEED:
        return read_seed(o, optarg);
    case OPTION_LESSON:
        o->lesson = optarg;
        return true;
    case ':':
        return usage("this option wants a value:", argv[optind - 1]);
    case '?':
        return usage("unknown option", argv[optind - 1]);
    }
    *(option == 'i'                  ? &o->interactive
        : option == OPTION_NO_WINDOW ? &o->no_window
        : option == OPTION_RESUME    ? &o->resume
        : option == OPTION_NO_INIT   ? &o->no_init
        : option == 'q'              ? &o->quiet
        : option == 'V'              ? &o->version
                                     : &o->help) = true;
    return true;
}

bool options_read(struct options *o, int argc, char **argv)
{
    int option;
    *o = (struct options){0};
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":c:iqVh", names, NULL)) != -1)
        if (!take(o, option, argv))
            return false;
    if (optind < argc)
        o->script = argv[optind++];
    if (optind < argc)
        return usage("only one script can be run, and this is another:", argv[optind]);
    return true;
}
