/* test_command.c - the whole table of commands: documented, found, completed, and their examples run. */
#include "typing.h"

#include "../repl/complete.h"
#include "../repl/lesson.h"
#include "../repl/topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void test_documented(void **state)
{
    for (size_t i = 0; command_at(i); i++) {
        const struct command *c = command_at(i);
        if (!c->name || !c->summary || !*c->summary || !c->run || !c->example)
            fail_msg("command %s is not documented", c->name);
        assert_true(args_count(c->args) <= ARGS_MAX);
        for (const struct arg_row *row = c->args; row && row->name; row++)
            if (!row->help || !*row->help)
                fail_msg("%s: argument %s has no help", c->name, row->name);
        for (size_t k = 0; k < i; k++)
            if (!strcmp(c->name, command_at(k)->name))
                fail_msg("%s is in the table twice", c->name);
    }
}

static void test_groups(void **state)
{
    for (size_t i = 1; command_at(i); i++)
        assert_true(command_at(i)->group >= command_at(i - 1)->group);
    for (int g = 0; g < GROUPS; g++)
        assert_non_null(group_name((enum command_group)g));
    assert_null(group_name(GROUPS));
}

/* The shortest prefix of a name that no other command shares finds it; one that is shared finds nothing. */
static void test_prefixes(void **state)
{
    for (size_t i = 0; command_at(i); i++) {
        const char *name = command_at(i)->name;
        struct error e;
        assert_ptr_equal(command_find(name, false, &e), command_at(i));
        for (size_t n = 1; n < strlen(name); n++) {
            char prefix[64];
            size_t hits = 0;
            bool whole = false;
            snprintf(prefix, sizeof prefix, "%.*s", (int)n, name);
            for (size_t k = 0; command_at(k); k++) {
                hits += !strncmp(command_at(k)->name, prefix, n);
                whole = whole || !strcmp(command_at(k)->name, prefix);
            }
            const struct command *found = command_find(prefix, true, &e);
            if (!whole)
                assert_int_equal(found != NULL, hits == 1);
            if (!whole)
                assert_null(command_find(prefix, false, &e));
        }
    }
}

static void test_unknown(void **state)
{
    struct error e;
    assert_null(command_find("dnese", true, &e));
    assert_non_null(strstr(e.text, "did you mean 'dense'"));
    assert_null(command_find("s", true, &e));
    assert_non_null(strstr(e.text, "summary"));
    assert_null(command_find("", true, &e));
}

/* `source` needs a file, and `quit` ends. */
static bool runs_alone(const struct command *c)
{
    return strcmp(c->name, "source") && strcmp(c->name, "quit");
}

static void test_examples(void **state)
{
    for (size_t i = 0; command_at(i); i++) {
        const struct command *c = command_at(i);
        if (!runs_alone(c))
            continue;
        assert_int_equal(folder_enter(NULL), 0);
        prompt_open();
        prompt.interactive = c->group == GROUP_LESSONS; /* elsewhere an open step is an error */
        if (c->before)
            type_well(c->before);
        type_well(c->example);
        lesson_leave(&prompt);
        prompt_close();
        assert_int_equal(folder_leave(NULL), 0);
    }
}

static void test_completion(void **state)
{
    prompt_open();
    for (size_t i = 0; command_at(i); i++) {
        struct completion c;
        const char *name = command_at(i)->name;
        bool found = false;
        complete(&prompt, name, strlen(name), &c);
        for (size_t k = 0; k < c.count; k++)
            found = found || !strcmp(c.word[k], name);
        if (!found && strcmp(name, "?"))
            fail_msg("'%s' is not completed", name);
        completion_release(&c);
    }
    prompt_close();
}

/* Every topic of every table can be asked for. */
static void test_help(void **state)
{
    struct topic t;
    prompt_open();
    for (size_t i = 0; topic_at(i, &t); i++) {
        char line[128];
        snprintf(line, sizeof line, "help \"%s\"", t.name);
        type_well(line);
        assert_non_null(strstr(text_get(&printed), t.summary));
    }
    type_well("help");
    for (size_t i = 0; command_at(i); i++)
        assert_non_null(strstr(text_get(&printed), command_at(i)->name));
    prompt_close();
}

static void test_source_and_quit(void **state)
{
    char path[] = "/tmp/gradus-lines-XXXXXX";
    int file = mkstemp(path);
    static const char text[] = "\xef\xbb\xbfseed 7\nlet y = [\n"; /* a bracket that never closes */
    assert_true(file >= 0);
    assert_int_equal(write(file, text, sizeof text - 1), sizeof text - 1);
    close(file);
    prompt_open();
    char line[128];
    snprintf(line, sizeof line, "source %s", path);
    assert_false(type(line));
    assert_non_null(strstr(text_get(&printed), ":2:9: error:"));
    assert_int_equal(prompt.session->seed, 7);
    assert_null(strstr(text_get(&printed), "source"));
    type_well("quit");
    assert_true(prompt.quit);
    prompt_close();
    unlink(path);
}

/* A script that runs itself ends with an error. */
static void test_source_itself(void **state)
{
    char path[] = "/tmp/gradus-lines-XXXXXX", text[64];
    int file = mkstemp(path);
    assert_true(file >= 0);
    snprintf(text, sizeof text, "source %s\n", path);
    assert_int_equal(write(file, text, strlen(text)), (int)strlen(text));
    close(file);
    prompt_open();
    assert_false(type(text));
    assert_non_null(strstr(text_get(&printed), "too deep"));
    prompt_close();
    unlink(path);
}

static void test_lesson_writes_nothing(void **state)
{
    const struct origin lesson = {.name = "lesson", .line = 1, .lesson = true};
    static const char line[] = "save /tmp/never";
    prompt_open();
    type_well("data circle; dense 1 tanh");
    text_clear(&printed);
    assert_false(repl_line(&prompt, line, strlen(line), &lesson));
    assert_non_null(strstr(text_get(&printed), "writes a file"));
    prompt_close();
}

/* However short, a fit says how it ended, and one that diverged is an error. */
static void test_short_fits(void **state)
{
    prompt_open();
    for (int i = 0; i < 20; i++) {
        type_well("new; data gate op=and; dense 1 linear; compile sgd loss=mse lr=0.01; fit 1");
        assert_non_null(strstr(text_get(&printed), "epoch 1/1"));
        assert_null(strstr(text_get(&printed), "training ended"));
        assert_false(type("compile sgd loss=mse lr=1e6; set w[1] 1e38; fit 1"));
        assert_non_null(strstr(text_get(&printed), "error: training stopped"));
    }
    prompt_close();
}

/* The journal, typed again, makes the same session. */
static void test_journal(void **state)
{
    struct text again = {0};
    double first, second;
    struct error e;
    prompt_open();
    type_well("seed 3; dat spiral noise=5; den 4 tanh; dense 1 tanh name=out; time comp sgd lr=0.1; fit 5; "
              "let y = 2");
    type_well("ren 1 h1; set w[h1][0,0] 0.5; ins 1 dense 3 tanh; undo");
    assert_true(expr_number(&prompt, "norm(w[1]) + norm(w[2]) + loss + y", &first, &e));
    for (size_t i = 0; i < prompt.session->journal_count; i++)
        text_addf(&again, "%s\n", prompt.session->journal[i].text);
    prompt_close();
    prompt_open();
    type_well(text_get(&again));
    assert_true(expr_number(&prompt, "norm(w[1]) + norm(w[2]) + loss + y", &second, &e));
    assert_true(first == second);
    prompt_close();
    text_release(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_completion),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_source_and_quit),
        cmocka_unit_test(test_source_itself),
        cmocka_unit_test(test_lesson_writes_nothing),
        cmocka_unit_test(test_short_fits),
        cmocka_unit_test(test_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
