/* test_readme.c - the README's table of commands names every command, under its group, and nothing else; and
 * every line of its tour works. */
#include "folder.h"

#include "../repl/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { README_MAX = 1 << 16 };

static int load(void **state)
{
    char path[4096];
    const char *root = getenv("GRADUS_SOURCE");
    char *text = calloc(1, README_MAX);

    snprintf(path, sizeof path, "%s/README.md", root ? root : ".");
    FILE *file = fopen(path, "r");
    if (!file || !text || fread(text, 1, README_MAX - 1, file) == 0)
        return -1;
    fclose(file);
    *state = text;
    return 0;
}

static int unload(void **state)
{
    free(*state);
    return 0;
}

/* The row of a group: from "| build |" to the end of its line. */
static void group_row(const char *readme, enum command_group g, char *out, size_t size)
{
    char start[64];

    snprintf(start, sizeof start, "\n| %s |", group_name(g));
    const char *row = strstr(readme, start);
    if (!row)
        fail_msg("no row for the group '%s'", group_name(g));
    row += strlen(start);
    snprintf(out, size, "%.*s", (int)strcspn(row, "\n"), row);
}

static void test_every_command_is_named(void **state)
{
    const struct command *c;

    assert_non_null(command_at(0));
    for (size_t i = 0; (c = command_at(i)); i++) {
        char row[4096], quoted[64];
        group_row(*state, c->group, row, sizeof row);
        snprintf(quoted, sizeof quoted, "`%s`", c->name);
        if (!strstr(row, quoted))
            fail_msg("README.md does not name `%s` under %s", c->name, group_name(c->group));
    }
}

static void test_every_name_is_a_command(void **state)
{
    for (int g = 0; g < GROUPS; g++) {
        char row[4096], *rest = NULL;
        group_row(*state, (enum command_group)g, row, sizeof row);
        for (char *word = strtok_r(row, " |`", &rest); word; word = strtok_r(NULL, " |`", &rest)) {
            const struct command *c = command_find(word, false, NULL);
            if (!c || c->group != (enum command_group)g)
                fail_msg("README.md names `%s` under %s: there is no such command", word,
                    group_name((enum command_group)g));
        }
    }
}

/* Writes the tour's lines as a script. Its training waits at the first epoch until it was paused, so that
 * every line finds what it speaks of. */
static void write_tour(const char *readme, FILE *out)
{
    const char *at = strstr(readme, "\n## Three minutes\n"), *end = at ? strstr(at + 1, "\n## ") : NULL;
    bool inside = false;
    int lines = 0;
    assert_non_null(end);
    fprintf(out, "demo xor\nspeed 1\n");
    for (at++; at < end; at += strcspn(at, "\n") + 1) {
        int length = (int)strcspn(at, "\n");
        if (strncmp(at, "```", 3) == 0) {
            inside = !inside;
        } else if (inside) {
            fprintf(out, "%s%.*s\n", strncmp(at, "resume", 6) == 0 ? "speed full\n" : "", length, at);
            lines++;
        }
    }
    assert_true(lines > 10);
}

static void write_flowers(FILE *out)
{
    fprintf(out, "length,width,species\n");
    for (int i = 0; i < 60; i++)
        fprintf(out, "%d.%d,%d.%d,%s\n", 1 + 3 * (i % 3), i % 7, 2 * (i % 3), i % 5,
            (const char *[]){"rose", "lily", "tulip"}[i % 3]);
}

/* Every line of the tour works, in this order. */
static void test_tour(void **state)
{
    const char *program = getenv("GRADUS_PROGRAM");
    char line[4400];
    assert_non_null(program);
    assert_int_equal(folder_enter(NULL), 0);
    FILE *script = fopen("tour.gr", "w"), *flowers = fopen("flowers.csv", "w");
    assert_true(script && flowers);
    write_tour(*state, script);
    write_flowers(flowers);
    fclose(script);
    fclose(flowers);
    snprintf(line, sizeof line, "'%s' --no-init --no-window tour.gr 2>&1", program);
    int status = system(line);
    assert_int_equal(folder_leave(NULL), 0);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_command_is_named),
        cmocka_unit_test(test_every_name_is_a_command),
        cmocka_unit_test(test_tour),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
