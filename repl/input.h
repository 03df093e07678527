/* input.h - commands from a pipe or a file on stdin, line by line, through the wait loop. Main only. */
#ifndef GRADUS_REPL_INPUT_H
#define GRADUS_REPL_INPUT_H

#include "../src/text.h"

struct input {
    struct text bytes; /* read and not yet handed out, from `start` */
    size_t start;
    int line; /* lines handed out so far */
    bool ended;
};

/* The next line, or the lines that continue each other, without the newline; it stays the input's until the
 * next call. *number is its first line's, from 1. False at the end, and after Ctrl-C. */
bool input_read(struct input *in, const char **text, size_t *length, int *number);
void input_release(struct input *in);

#endif
