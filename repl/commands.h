/* commands.h - the groups' arrays of command rows; command.c makes one table of them.
 *
 * A group is one array of pointers to rows, closed by NULL, at the foot of the file that implements it. The
 * order of an array is the order in which help lists it. */
#ifndef GRADUS_REPL_COMMANDS_H
#define GRADUS_REPL_COMMANDS_H

#include "command.h"

extern const struct command *const commands_build[];
extern const struct command *const commands_data[];
extern const struct command *const commands_train[];
extern const struct command *const commands_look[];
extern const struct command *const commands_window[];
extern const struct command *const commands_lessons[];
extern const struct command *const commands_session[];

/* The i-th layer type as a command, NULL past the end: the group of layers. */
const struct command *layer_command_at(size_t i);

#endif
