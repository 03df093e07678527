/* test_output.c - styles, the caret's picture, columns, the guard around a typed line and the status line. */
#include "../repl/candidates.h"
#include "../repl/output.h"
#include "../src/text.h"

#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* What out_error() prints of this line. */
static void assert_error(
    const char *name, int number, const char *line, const struct error *e, const char *expected)
{
    struct text t = {0};
    out_capture(&t);
    out_error(name, number, line, line ? strlen(line) : 0, e);
    out_capture(NULL);
    assert_string_equal(text_get(&t), expected);
    text_release(&t);
}

static void test_error_in_file(void **state)
{
    struct error e;
    error_set_at(&e, 8, 4, "unknown activation 'tahn'; did you mean 'tanh'?");
    assert_error("spiral.gr", 12, "dense 8 tahn", &e,
        "spiral.gr:12:9: error: unknown activation 'tahn'\n"
        "   12 | dense 8 tahn\n"
        "      |         ^~~~ did you mean 'tanh'?\n");
}

static void test_error_at_prompt(void **state)
{
    struct error e;
    error_set_at(&e, 6, 2, "units must be at least 1");
    assert_error(NULL, 0, "dense -1", &e, "error: units must be at least 1\n  dense -1\n        ^~\n");
    error_set(&e, "no data yet: type `data xor`");
    assert_error(NULL, 0, "fit", &e, "error: no data yet: type `data xor`\n");
    assert_error("-c", 1, "fit", &e, "-c:1: error: no data yet: type `data xor`\n");
}

static void test_error_in_continued_line(void **state)
{
    struct error e;
    error_set_at(&e, 13, 3, "not a number");
    assert_error("a.gr", 3, "x [1 2\n  [3 foo]]", &e,
        "a.gr:4:7: error: not a number\n"
        "    4 |   [3 foo]]\n"
        "      |       ^~~\n");
}

static void test_error_columns_and_bytes(void **state)
{
    struct error e;
    error_set_at(&e, 9, 1, "what is this");
    assert_error("a", 1, "ä € x\t;", &e, "a:1:7: error: what is this\n    1 | ä € x ;\n      |       ^\n");
    error_set_at(&e, 1, 1, "bad byte");
    assert_error("a", 1, "x\x01\xff", &e, "a:1:2: error: bad byte\n    1 | x??\n      |  ^\n");
    error_set_at(&e, 3, 1, "the line ends here");
    assert_error("a", 1, "let", &e, "a:1:4: error: the line ends here\n    1 | let\n      |    ^\n");
}

static void test_error_in_huge_line(void **state)
{
    size_t length = 3000000;
    char *line = malloc(length + 1);
    memset(line, 'x', length);
    line[length] = '\0';
    struct error e;
    error_set_at(&e, 1500000, 1500000, "too long");
    struct text t = {0};
    out_capture(&t);
    out_error("a", 1, line, length, &e);
    out_capture(NULL);
    assert_in_range(t.length, 100, 400);
    assert_non_null(strstr(t.data, "…x"));
    assert_non_null(strstr(t.data, "x…\n"));
    text_release(&t);
    free(line);
}

static void test_columns(void **state)
{
    assert_int_equal(out_columns(""), 0);
    assert_int_equal(out_columns("loss 0.03"), 9);
    assert_int_equal(out_columns("äöü€"), 4);
    assert_int_equal(out_columns("\033[1;31mred\033[0m"), 3);
    assert_int_equal(out_columns("\xff\xfe"), 2);
}

static void test_clean(void **state)
{
    struct text t = {0};
    out_clean(&t, "a\033[2Jb\tc\x7f\xc2\x9b€\xe2\x82", 16);
    assert_string_equal(text_get(&t), "a?[2Jb c??€??");
    text_release(&t);
}

static void test_capture_nests(void **state)
{
    struct text a = {0}, b = {0};
    assert_null(out_capture(&a));
    out("one %d\n", 1);
    assert_ptr_equal(out_capture(&b), &a);
    out_note("two");
    out_warning("three\n");
    out_capture(&a);
    out_text("four\n");
    assert_ptr_equal(out_capture(NULL), &a);
    assert_string_equal(text_get(&a), "one 1\nfour\n");
    assert_string_equal(text_get(&b), "two\nwarning: three\n");
    text_release(&a);
    text_release(&b);
}

static void test_long_format(void **state)
{
    struct text t = {0};
    char *word = malloc(100001);
    memset(word, 'y', 100000);
    word[100000] = '\0';
    out_capture(&t);
    out("%s!\n", word);
    out_capture(NULL);
    assert_int_equal(t.length, 100002);
    text_release(&t);
    free(word);
}

static void test_candidates(void **state)
{
    static char text[][12] = {"fit", "fitness", "fitting", "fi\xc3\xa4", "fi\xc3\xb6", "word"};
    char *words[] = {text[0], text[1], text[2], text[3], text[4]};
    struct completion c = {.word = words, .count = 3};
    struct text t = {0};
    assert_int_equal(candidates_prefix(&c), 3);
    candidates_write(&c, 20, &t);
    assert_string_equal(text_get(&t), "fit      fitting\nfitness\n");
    text_clear(&t);
    candidates_write(&c, 3, &t);
    assert_string_equal(text_get(&t), "fit\nfitness\nfitting\n");
    c = (struct completion){.word = words + 3, .count = 2};
    assert_int_equal(candidates_prefix(&c), 2);
    char *many[50];
    for (int i = 0; i < 50; i++)
        many[i] = text[5];
    c = (struct completion){.word = many, .count = 50};
    text_clear(&t);
    candidates_write(&c, 13, &t);
    assert_non_null(strstr(text_get(&t), "word  word\n… and 26 more\n"));
    text_release(&t);
}

/* --- on a terminal: stdout and stderr become the slave of a pseudo-terminal --------------------------- */

struct screen {
    int master, out, err;
};

static struct screen screen_open(int columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};
    int slave;
    struct screen s;
    fflush(stdout);
    assert_int_equal(openpty(&s.master, &slave, NULL, NULL, &size), 0);
    s.out = dup(STDOUT_FILENO);
    s.err = dup(STDERR_FILENO);
    dup2(slave, STDOUT_FILENO);
    dup2(slave, STDERR_FILENO);
    close(slave);
    return s;
}

/* Gives the streams back and returns all that was written. */
static void screen_close(struct screen *s, char *text, size_t size)
{
    fflush(stdout);
    fflush(stderr);
    struct pollfd p = {.fd = s->master, .events = POLLIN};
    size_t n = 0;
    ssize_t got;
    while (poll(&p, 1, 0) > 0 && (got = read(s->master, text + n, size - 1 - n)) > 0)
        n += (size_t)got;
    text[n] = '\0';
    dup2(s->out, STDOUT_FILENO);
    dup2(s->err, STDERR_FILENO);
    close(s->out);
    close(s->err);
    close(s->master);
    out_start(false);
}

static void hide(void)
{
    fputs("<hide>", stdout);
}

static void show(void)
{
    fputs("<show>", stdout);
}

static void test_guard_prints_whole_lines(void **state)
{
    char text[4096];
    struct screen s = screen_open(80);
    setenv("NO_COLOR", "1", 1);
    setenv("TERM", "xterm", 1);
    out_start(false);
    out_set_guard(hide, show);
    out("a ");
    out("b\nc");
    out_note("n");
    out("d\n");
    out("rest");
    out_set_guard(NULL, NULL);
    screen_close(&s, text, sizeof text);
    assert_string_equal(text, "<hide>a b\r\n<show><hide>n\r\n<show><hide>cd\r\n<show>rest");
}

static void test_status_is_cut_and_redrawn(void **state)
{
    char text[4096];
    struct screen s = screen_open(24);
    setenv("NO_COLOR", "1", 1);
    setenv("TERM", "xterm", 1);
    out_start(false);
    assert_true(out_has_status());
    out_status("0123456789012345678901234567890");
    out("line\n");
    out_status(NULL);
    screen_close(&s, text, sizeof text);
    assert_string_equal(
        text, "\r01234567890123456789012\033[K\r\033[Kline\r\n\r01234567890123456789012\033[K\r\033[K");
}

static void test_colour_follows_environment(void **state)
{
    char text[4096];
    struct screen s = screen_open(80);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    out_start(false);
    bool coloured = out_has_colour();
    setenv("NO_COLOR", "1", 1);
    out_start(false);
    bool no_colour = out_has_colour();
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    out_start(false);
    bool dumb = out_has_colour();
    out_status("never drawn");
    setenv("TERM", "xterm", 1);
    out_start(true);
    out_note("silent");
    screen_close(&s, text, sizeof text);
    assert_true(coloured);
    assert_false(no_colour);
    assert_false(dumb);
    assert_string_equal(text, "");
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_in_file),
        cmocka_unit_test(test_error_at_prompt),
        cmocka_unit_test(test_error_in_continued_line),
        cmocka_unit_test(test_error_columns_and_bytes),
        cmocka_unit_test(test_error_in_huge_line),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_capture_nests),
        cmocka_unit_test(test_long_format),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_guard_prints_whole_lines),
        cmocka_unit_test(test_status_is_cut_and_redrawn),
        cmocka_unit_test(test_colour_follows_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
