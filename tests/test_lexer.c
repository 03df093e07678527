/* test_lexer.c - cutting lines: words, keys, quotes, lists, comments, continuation, and what is refused. */
#include "../repl/lexer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct line cut(const char *text)
{
    struct line line;
    struct error e;
    if (lex_line(text, strlen(text), &line, &e) != LEX_OK)
        fail_msg("'%s': %s", text, e.text);
    return line;
}

static void test_words(void **state)
{
    struct line l = cut("dense 16 relu name=h1; fit 10 &  # all of it");
    assert_int_equal(l.count, 2);
    assert_string_equal(l.command[0].name.text, "dense");
    assert_int_equal(l.command[0].count, 3);
    assert_string_equal(l.command[0].word[2].key, "name");
    assert_string_equal(l.command[0].word[2].text, "h1");
    assert_int_equal(l.command[0].word[2].offset, 14);
    assert_int_equal(l.command[0].word[2].length, 7);
    assert_string_equal(l.command[0].raw, "16 relu name=h1");
    assert_false(l.command[0].background);
    assert_true(l.command[1].background);
    assert_string_equal(l.command[1].raw, "10");
    assert_int_equal(l.command[1].raw_offset, 27);
    line_release(&l);
}

static void test_quotes_and_lists(void **state)
{
    struct line l = cut("data csv \"a \\\"b\\\"\\n;c\" target='x y'; set w[1][:, 0] [[-1 0] [2 3]]");
    assert_string_equal(l.command[0].word[1].text, "a \"b\"\n;c");
    assert_true(l.command[0].word[1].quoted);
    assert_string_equal(l.command[0].word[2].key, "target");
    assert_string_equal(l.command[0].word[2].text, "x y");
    assert_string_equal(l.command[1].word[0].text, "w[1][:, 0]");
    assert_false(l.command[1].word[0].list);
    assert_string_equal(l.command[1].word[1].text, "[[-1 0] [2 3]]");
    assert_true(l.command[1].word[1].list);
    line_release(&l);
}

static void test_shapes_of_lines(void **state)
{
    static const struct {
        const char *text;
        int commands;
    } row[] = {{"", 0}, {"   # nothing", 0}, {";;;", 0}, {"?dense", 1}, {"? dense", 1}, {"a\nb", 2},
        {"a \\\n b", 1}, {"a [1\n2]", 1}, {"a;b;c", 3}, {"a & ; b", 2}, {"a # x\nb", 2}, {"print a==b", 1},
        {"let y= 3", 1}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct line l = cut(row[i].text);
        if (l.count != row[i].commands)
            fail_msg("'%s' has %d commands", row[i].text, l.count);
        line_release(&l);
    }
    struct line l = cut("?dense");
    assert_string_equal(l.command[0].name.text, "?");
    assert_string_equal(l.command[0].word[0].text, "dense");
    line_release(&l);
    l = cut("print a==b");
    assert_null(l.command[0].word[0].key);
    line_release(&l);
}

static void test_more(void **state)
{
    static const char *const row[] = {"dense [1 2", "print (1 + 2", "dense 4 \\", "set w[1 [[1 2]"};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct line l;
        struct error e;
        assert_int_equal(lex_line(row[i], strlen(row[i]), &l, &e), LEX_MORE);
    }
}

static void refused(const char *text, size_t length, int offset, const char *part)
{
    struct line l;
    struct error e = {{0}, 0, 0};
    if (lex_line(text, length, &l, &e) != LEX_ERROR)
        fail_msg("'%s' is not refused", text);
    if (!strstr(e.text, part) || e.offset != offset)
        fail_msg("'%s': %s at %d", text, e.text, e.offset);
}

#define REFUSED(text, offset, part) refused(text, sizeof(text) - 1, offset, part)

static void test_refused(void **state)
{
    REFUSED("print \"abc", 6, "never closed");
    REFUSED("dense 4]", 7, "closes nothing");
    REFUSED("w[1)", 3, "closes a '['");
    REFUSED("a\0b", 1, "NUL");
    REFUSED("print \xff", 6, "UTF-8");
    REFUSED("\xc0\xaf", 0, "UTF-8");
    REFUSED("\xed\xa0\x80", 0, "UTF-8");
    REFUSED("\xf5\x80\x80\x80", 0, "UTF-8");
    REFUSED("\xe2\x82", 0, "UTF-8");
    REFUSED("a [1; b", 2, "before the end");
    REFUSED("fit & b", 4, "put ';'");
    REFUSED("& fit", 0, "none stands before");
    REFUSED("say \"a\\q\"", 6, "quoted");
    REFUSED("say \"a\"b", 7, "blank is missing");
    REFUSED("say a\"b\"", 5, "inside a word");
}

static void test_long(void **state)
{
    enum { MEGABYTES = 10 << 20 };
    char *text = malloc(MEGABYTES);
    struct line l;
    struct error e;
    assert_non_null(text);
    memset(text, 'a', MEGABYTES);
    assert_int_equal(lex_line(text, MEGABYTES, &l, &e), LEX_ERROR);
    assert_non_null(strstr(e.text, "10485760"));
    memset(text, '[', 1 << 16);
    assert_int_equal(lex_line(text, 1 << 16, &l, &e), LEX_ERROR);
    assert_non_null(strstr(e.text, "nest too deep"));
    for (int i = 0; i < 1 << 19; i++)
        memcpy(text + 2 * i, "a ", 2);
    assert_int_equal(lex_line(text, 1 << 20, &l, &e), LEX_OK);
    assert_int_equal(l.command[0].count, (1 << 19) - 1);
    line_release(&l);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_quotes_and_lists),
        cmocka_unit_test(test_shapes_of_lines),
        cmocka_unit_test(test_more),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
