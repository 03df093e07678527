/* typing.h - a session to type into: for tests of the prompt. One per test program. */
#ifndef GRADUS_TESTS_TYPING_H
#define GRADUS_TESTS_TYPING_H

#include "folder.h"

#include "../repl/expr.h"
#include "../repl/lets.h"
#include "../repl/loop.h"
#include "../repl/output.h"
#include "../repl/repl.h"
#include "../src/text.h"
#include "../viz/viz.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct repl prompt;
static struct text printed; /* results and diagnostics of the last line */

static inline void prompt_open(void)
{
    struct error e;
    prompt = (struct repl){.session = session_new(WORKER_THREAD, &e), .lets = lets_new(), .no_window = true};
    assert_non_null(prompt.session);
    assert_non_null(prompt.lets);
    assert_true(loop_start(&prompt, &e));
    out_capture(&printed);
}

static inline void prompt_close(void)
{
    out_capture(NULL);
    viz_free(prompt.viz);
    lets_free(prompt.lets);
    session_free(prompt.session);
    loop_end();
    text_release(&printed);
    prompt = (struct repl){0};
}

/* Types a line as a person would; prefixes work. */
static inline bool type_bytes(const char *line, size_t length)
{
    const struct origin origin = {.interactive = true};
    text_clear(&printed);
    return repl_line(&prompt, line, length, &origin);
}

static inline bool type(const char *line)
{
    return type_bytes(line, strlen(line));
}

static inline void type_well(const char *line)
{
    if (!type(line))
        fail_msg("'%s': %s", line, text_get(&printed));
}

#endif
