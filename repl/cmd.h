/* cmd.h - what the files of commands share. Only cmd_*.c, help.c and their helpers include it. */
#ifndef GRADUS_REPL_CMD_H
#define GRADUS_REPL_CMD_H

#include "commands.h"
#include "expr.h"
#include "lets.h"
#include "output.h"
#include "repl.h"
#include "table.h"

/* Prints what the session did unasked, and forgets it. */
void repl_notices(struct repl *r);

/* The layer that a layer's command describes. */
void layer_spec_of(const struct command *c, const struct args *a, struct layer_spec *out);
bool is_layer_command(const struct command *c);
void layer_note(struct repl *r, int at);

/* Rows that stand in a file of their own. */
extern const struct command compile_command, output_command, init_command, preset_command, help_command,
    question_command, apropos_command;
extern const struct command evaluate_command, predict_command, confusion_command, gradcheck_command;
extern const struct command sweep_command, race_command, twin_command, branch_command;
extern const struct command plot_command, landscape_command, why_command, show_command, set_command,
    save_command, load_command;

/* Puts together the rows of compile, output and init; command.c calls it before anyone looks at them. */
void compile_tables(void);

/* What `freeze` names: a layer, or a range of them ("1..5"). */
bool frozen_layers(const struct model *m, const char *which, int *first, int *last, struct error *e);

/* The recipe that `compile` with these arguments says; what is left out comes from `old`. */
bool compile_recipe(const struct args *a, const struct recipe *old, struct recipe *out, struct error *e);

/* The same with what `output` says of an output of m. */
bool output_recipe(const struct args *a, const struct model *m, const struct recipe *old, struct recipe *out,
    struct error *e);

/* Makes data of a generator by its bound rest of `data NAME …`, with its command. NULL and an error. */
struct data *data_generate(const struct args *a, uint64_t seed, struct error *e);
struct data *data_choose_features(const struct data *d, const struct args *a, struct error *e);

/* Candidates for completion: names of the model's layers. */
const char *complete_layer(struct repl *r, size_t i);

/* Rows of several tables as KEY-only rows behind `first` rows, each name once: `compile` takes every
 * optimiser's own arguments. Returns the number of rows; out has room for `room`, {0} included. */
int union_rows(
    const struct arg_row *first, const struct arg_row *(*table)(size_t i), struct arg_row *out, int room);

/* Reads the arguments of one table back out of bound union rows into hyper[]; an error when one was given
 * that the table lacks. `what` is its name. The first `skip` rows are the command's own. */
bool union_read(const char *what, const struct arg_row *rows, const struct args *a, int skip,
    const struct arg_row *own, double *hyper, struct error *e);

/* Puts the place of the word with this key (or, key NULL, of the i-th word) into the error. Returns false. */
bool blame_key(struct repl *r, const char *key, struct error *e);

/* `backward NAME`: the slopes of a let, told as a table of the chain rule. */
bool chain_run(struct repl *r, const char *name, struct error *e);

/* Prints the kept watches with their values, and hands them to the window. */
void watch_print(struct repl *r);

/* Drops all watches, here and in the window. */
void watch_forget(struct repl *r);

/* Waits for a running training with a progress bar, then prints the watches. */
bool wait_for_training(struct repl *r, struct error *e);

/* An error of an expression within the rest of a command gets its place in the line. Returns false. */
bool blame_rest(const struct args *a, struct error *e);

/* Prints lines of a text as notes. */
void note_lines(const char *text);

#endif
