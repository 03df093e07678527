/* program.h - the program from its options to its exit status. Main only. */
#ifndef GRADUS_REPL_PROGRAM_H
#define GRADUS_REPL_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

enum { OPTION_COMMANDS = 64 };

struct options {
    const char *script, *lesson;
    const char *command[OPTION_COMMANDS]; /* of each -c */
    int commands;
    uint64_t seed;
    bool has_seed, interactive, no_window, resume, no_init, quiet, version, help;
};

/* Reads the command line. False after saying on stderr what is wrong: exit 2. */
bool options_read(struct options *o, int argc, char **argv);

/* Prints what --help and --version print. */
void options_help(void);
void options_version(void);

/* Runs it all: init file, resume, script, -c, prompt or pipe. Returns the exit status. */
int program_run(const struct options *o);

#endif
