/* lesson_file.h - a lesson's file, cut into blocks and steps.
 *
 *     ---
 *     id: xor
 *     title: What one line cannot do
 *     needs: perceptron
 *     minutes: 3
 *     taught: Two sentences that say what it taught.
 *     ---
 *     Prose in Markdown, with live fields like {val_accuracy}, and fenced blocks:
 *
 *     ```gradus run [id=NAME] [budget=STEPS]     commands, one a line; a line that starts with % is hidden
 * set-up
 *     ```gradus predict id=NAME                  a question, then options: "[ ] OPTION : ANSWER", "[x] …" is
 * right
 *     ```gradus ask id=NAME tolerance=NUMBER     a question, then "= EXPRESSION" with the value to find
 *     ```gradus task id=NAME [budget=STEPS]      what to achieve, in Markdown; its first line is the caption
 *     ```gradus check task=NAME                  "EXPRESSION : what to say when it is not so", one a line;
 *                                                of an ask: what must be so before its answer counts
 *     ```gradus hint task=NAME                   one stage; several blocks are several stages
 *     ```gradus solution task=NAME               commands, one a line
 *     ```gradus wrong task=NAME fails=WORD       commands that must fail by the predicate that holds WORD
 *     ```gradus note                             said once the step before it has succeeded
 *
 * An indented line goes on with the option or predicate above it. A step is what is shown at once: prose up
 * to a run, predict, ask or task block, with the blocks that belong to it. Errors begin with
 * "FILE:LINE:COLUMN: ". Knows neither session nor terminal. Any thread. */
#ifndef GRADUS_REPL_LESSON_FILE_H
#define GRADUS_REPL_LESSON_FILE_H

#include "../src/error.h"

#include <stddef.h>

enum { LESSON_NAME = 32, LESSON_LIMIT = 1 << 20 };

enum block_kind {
    BLOCK_PROSE,
    BLOCK_RUN,
    BLOCK_PREDICT,
    BLOCK_ASK,
    BLOCK_TASK,
    BLOCK_CHECK,
    BLOCK_HINT,
    BLOCK_SOLUTION,
    BLOCK_WRONG,
    BLOCK_NOTE,
    BLOCK_KINDS
};

/* A line of the file without its newline. */
struct lesson_line {
    char *text;
    int number; /* from 1 */
};

/* An option of a predict block, the value of an ask block, or a predicate of a check block. */
struct lesson_item {
    char *head; /* the option, the expression */
    char *tail; /* what to say; "" for ask */
    bool right; /* option: it is what happens */
    int line, column;
};

struct lesson_block {
    enum block_kind kind;
    int line;                 /* of its fence; of its first line for prose */
    int first, count;         /* its lines, without the fences */
    int item, items;          /* its items; `count` then covers the lines before them: the question */
    char id[LESSON_NAME];     /* run, predict, ask, task; "" for none */
    char task[LESSON_NAME];   /* check, hint, solution, wrong: what they belong to */
    char fails[LESSON_NAME];  /* wrong */
    double tolerance, budget; /* ask; run, task: training steps */
};

struct lesson_step {
    char name[LESSON_NAME]; /* its id, or made from its place: "run2", "read5" */
    int first, end;         /* its blocks */
    int act; /* the run, predict, ask or task block that ends what is shown; -1: only to be read */
};

struct lesson_file {
    char path[4096];
    const char *name; /* the path's last part */
    char id[LESSON_NAME], needs[LESSON_NAME], title[128], taught[512];
    int minutes;
    char *source;
    struct lesson_line *line;
    int lines;
    struct lesson_block *block;
    int blocks;
    struct lesson_item *item;
    int items;
    struct lesson_step *step;
    int steps;
};

/* Cuts `length` bytes, which it copies. NULL and an error when they are no lesson. */
struct lesson_file *lesson_file_parse(const char *path, const char *bytes, size_t length, struct error *e);
struct lesson_file *lesson_file_read(const char *path, struct error *e);
void lesson_file_free(struct lesson_file *f);

/* "run", "task", … */
const char *block_name(enum block_kind kind);

/* The nth block (from 0) of a kind that belongs to a step, or NULL. */
const struct lesson_block *lesson_step_block(
    const struct lesson_file *f, int step, enum block_kind kind, int nth);

/* Appends a block's lines, each with a newline; hidden ones (after %) only, or visible ones only, for run
 * blocks. */
struct text;
void lesson_block_text(const struct lesson_file *f, const struct lesson_block *b, struct text *out);

/* The command of a line of a run block without its "%", and whether it is hidden. */
const char *lesson_command(const char *line, bool *hidden);

#endif
