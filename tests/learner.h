/* learner.h - somebody who takes lessons: types lines, and does what the screen says. One per test program.
 */
#ifndef GRADUS_TESTS_LEARNER_H
#define GRADUS_TESTS_LEARNER_H

#include "../repl/expr.h"
#include "../repl/lesson.h"
#include "../repl/lesson_catalog.h"
#include "../repl/lesson_progress.h"
#include "../repl/lesson_run.h"
#include "../repl/lets.h"
#include "../repl/loop.h"
#include "../repl/output.h"
#include "../repl/repl.h"
#include "../src/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { TURNS = 200 };

static struct repl r;
static struct text screen;

/* A program that starts: a session of its own. */
static inline void start_program(void)
{
    struct error e;
    r = (struct repl){.interactive = true};
    r.session = session_new(WORKER_THREAD, &e);
    r.lets = lets_new();
    assert_non_null(r.session);
    assert_true(loop_start(&r, &e));
    text_clear(&screen);
    out_capture(&screen);
}

static inline void end_program(void)
{
    lesson_leave(&r);
    out_capture(NULL);
    lets_free(r.lets);
    session_free(r.session);
    loop_end();
}

static inline int set_up(void **state)
{
    start_program();
    return 0;
}

static inline int tear_down(void **state)
{
    end_program();
    text_release(&screen);
    return 0;
}

/* Types a line as the main loop would. */
static inline bool type(const char *line)
{
    const struct origin origin = {.interactive = true};
    bool ok = repl_line(&r, line, strlen(line), &origin);
    lesson_line_done(&r, line, ok);
    return ok;
}

static inline void type_well(const char *line)
{
    text_clear(&screen);
    if (!type(line))
        fail_msg("'%s': %s", line, text_get(&screen));
}

static inline double measure(const char *expression)
{
    double value;
    struct error e;
    if (!expr_number(&r, expression, &value, &e))
        fail_msg("%s: %s", expression, e.text);
    return value;
}

/* The last line of the screen that says what to type. */
static inline const char *last_prompt(void)
{
    const char *found = NULL;
    for (const char *at = strstr(text_get(&screen), "› "); at != NULL; at = strstr(at + 1, "› "))
        if (at == text_get(&screen) || at[-1] == '\n')
            found = at;
    return found;
}

/* The last line on the screen, without its newline. */
static inline void last_line(char *out, size_t size)
{
    const char *all = text_get(&screen), *end = all + strlen(all);
    while (end > all && end[-1] == '\n')
        end--;
    const char *start = end;
    while (start > all && start[-1] != '\n')
        start--;
    snprintf(out, size, "%.*s", (int)(end - start), start);
}

/* Does one thing that the screen says. */
static inline void take_turn(void)
{
    char line[2000], said[400];
    const char *prompt = last_prompt();
    assert_non_null(prompt);
    snprintf(said, sizeof said, "%.*s", (int)strcspn(prompt, "\n"), prompt);
    text_clear(&screen);
    if (strstr(said, "Press Enter") != NULL) {
        assert_true(lesson_enter(&r));
    } else if (strstr(said, "`answer a`") != NULL) {
        type_well("answer a");
    } else if (strstr(said, "`solution`") != NULL || strstr(said, "`hint`") != NULL) {
        type_well("hint");
        type_well("solution");
        last_line(line, sizeof line);
        type_well(line);
    } else if (strstr(said, "`next`") != NULL) {
        type_well("next");
    } else {
        fail_msg("the screen says nothing that can be typed: '%s'", said);
    }
}

/* A test in a program of its own. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
