/* test_lesson_parse.c - lessons cut into blocks and steps, errors with their exact place, prose on a
 * terminal. */
#include "../repl/lesson_file.h"
#include "../repl/lesson_render.h"
#include "../repl/output.h"
#include "../src/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define FRONT "---\nid: x\ntitle: X\nneeds: tour\nminutes: 3\ntaught: One. Two.\n---\n"

static const char whole[] = FRONT "# Title\n"
                                  "\n"
                                  "Prose.\n"
                                  "\n"
                                  "```text\n"
                                  "```gradus inside another fence is prose\n"
                                  "```\n"
                                  "\n"
                                  "```gradus run budget=50\n"
                                  "% seed 1\n"
                                  "fit 5\n"
                                  "```\n"
                                  "\n"
                                  "````gradus predict id=guess\n"
                                  "What?\n"
                                  "[ ] this : No,\n"
                                  "  not this.\n"
                                  "[x] that : Yes.\n"
                                  "````\n"
                                  "~~~gradus ask id=value tolerance=0.01\n"
                                  "How much?\n"
                                  "= 1 / 4\n"
                                  "~~~\n"
                                  "```gradus wrong task=value\n"
                                  "0.3\n"
                                  "```\n"
                                  "Now do it.\n"
                                  "```gradus task id=do\n"
                                  "Do it.\n"
                                  "```\n"
                                  "```gradus check task=do\n"
                                  "loss < 1 : it is {loss}\n"
                                  "epoch > 2 : only {epoch}\n"
                                  "```\n"
                                  "```gradus hint task=do\n"
                                  "First.\n"
                                  "```\n"
                                  "```gradus hint task=do\n"
                                  "Second.\n"
                                  "```\n"
                                  "```gradus solution task=do\n"
                                  "fit 3\n"
                                  "```\n"
                                  "```gradus wrong task=do fails=epoch\n"
                                  "fit 1\n"
                                  "```\n"
                                  "```gradus note\n"
                                  "Well done.\n"
                                  "```\n"
                                  "The end.\n";

static struct lesson_file *parse(const char *text, struct error *e)
{
    return lesson_file_parse("lessons/x.md", text, strlen(text), e);
}

static void test_front_matter(void **state)
{
    struct error e;
    struct lesson_file *f = parse(whole, &e);
    assert_non_null(f);
    assert_string_equal(f->name, "x.md");
    assert_string_equal(f->id, "x");
    assert_string_equal(f->title, "X");
    assert_string_equal(f->needs, "tour");
    assert_string_equal(f->taught, "One. Two.");
    assert_int_equal(f->minutes, 3);
    lesson_file_free(f);
}

static void test_steps(void **state)
{
    struct error e;
    struct lesson_file *f = parse(whole, &e);
    static const char *const names[] = {"run0", "guess", "value", "do", "read4"};
    static const enum block_kind kinds[] = {BLOCK_RUN, BLOCK_PREDICT, BLOCK_ASK, BLOCK_TASK};
    assert_int_equal(f->steps, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(f->step[i].name, names[i]);
    for (int i = 0; i < 4; i++)
        assert_int_equal(f->block[f->step[i].act].kind, kinds[i]);
    assert_int_equal(f->step[4].act, -1);
    lesson_file_free(f);
}

static void test_blocks(void **state)
{
    struct error e;
    struct lesson_file *f = parse(whole, &e);
    const struct lesson_block *run = lesson_step_block(f, 0, BLOCK_RUN, 0);
    assert_int_equal(run->line, 16);
    assert_int_equal(run->count, 2);
    assert_true(run->budget == 50);
    assert_true(lesson_step_block(f, 2, BLOCK_ASK, 0)->tolerance == 0.01);
    assert_string_equal(lesson_step_block(f, 3, BLOCK_WRONG, 0)->fails, "epoch");
    assert_string_equal(f->line[lesson_step_block(f, 3, BLOCK_HINT, 1)->first].text, "Second.");
    assert_null(lesson_step_block(f, 3, BLOCK_HINT, 2));
    assert_non_null(lesson_step_block(f, 3, BLOCK_NOTE, 0));
    struct text t = {0};
    lesson_block_text(f, lesson_step_block(f, 0, BLOCK_PROSE, 0), &t);
    assert_non_null(strstr(text_get(&t), "inside another fence"));
    text_release(&t);
    lesson_file_free(f);
}

static void test_items(void **state)
{
    struct error e;
    struct lesson_file *f = parse(whole, &e);
    const struct lesson_block *predict = lesson_step_block(f, 1, BLOCK_PREDICT, 0);
    assert_int_equal(predict->items, 2);
    assert_int_equal(predict->count, 1);
    assert_string_equal(f->item[predict->item].head, "this");
    assert_string_equal(f->item[predict->item].tail, "No, not this.");
    assert_false(f->item[predict->item].right);
    assert_true(f->item[predict->item + 1].right);
    const struct lesson_block *ask = lesson_step_block(f, 2, BLOCK_ASK, 0);
    assert_string_equal(f->item[ask->item].head, "1 / 4");
    const struct lesson_block *check = lesson_step_block(f, 3, BLOCK_CHECK, 0);
    assert_int_equal(check->items, 2);
    assert_string_equal(f->item[check->item].head, "loss < 1");
    assert_string_equal(f->item[check->item + 1].tail, "only {epoch}");
    assert_int_equal(f->item[check->item + 1].line, 40);
    lesson_file_free(f);
}

static void test_hidden_lines(void **state)
{
    bool hidden;
    assert_string_equal(lesson_command("% seed 1", &hidden), "seed 1");
    assert_true(hidden);
    assert_string_equal(lesson_command("  fit 5", &hidden), "fit 5");
    assert_false(hidden);
}

/* A run block of hidden lines alone is set-up, nothing to stop at. */
static void test_silent_set_up(void **state)
{
    struct error e;
    struct lesson_file *f = parse(FRONT "```gradus run\n% new\n```\nText.\n```gradus run\nfit 1\n```\n", &e);
    assert_non_null(f);
    assert_int_equal(f->steps, 1);
    assert_int_equal(f->step[0].act, 2);
    lesson_file_free(f);
}

static void test_bad_files(void **state)
{
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"", "x.md:1:1: a lesson starts"},
        {"# Title\n", "x.md:1:1: a lesson starts"},
        {"---\nid: x\n", "x.md:1:1: the front matter is not closed"},
        {"---\nid: x\nbogus: 1\n---\n", "x.md:3:1: unknown key 'bogus'"},
        {"---\nid: x\nno colon here\n---\n", "x.md:3:1: front matter is made of"},
        {"---\nid: x\ntitle: X\nminutes: many\n---\n", "x.md:4:1: minutes is a whole number"},
        {"---\nid: X Y\ntitle: X\nminutes: 3\ntaught: A. B.\n---\n", "x.md:1:1: the lesson needs an id"},
        {FRONT, "x.md:1:1: the lesson is empty"},
        {FRONT "```gradus run\nfit\n", "x.md:8:1: this fence is not closed"},
        {FRONT "Text\n```gradus tsk id=a\n```\n", "x.md:9:11: unknown block 'tsk'"},
        {FRONT "```gradus\n```\n", "x.md:8:4: say which block"},
        {FRONT "```gradus run nonsense\n```\n", "x.md:8:15: 'nonsense' is no attribute"},
        {FRONT "```gradus run task=a\n```\n", "x.md:8:15: a run block has no 'task='"},
        {FRONT "```gradus run id=a id=b\n```\n", "x.md:8:20: id= stands here twice"},
        {FRONT "```gradus run id=A\n```\n", "x.md:8:15: id= needs a name"},
        {FRONT "```gradus task\n```\n", "x.md:8:1: a task block needs id="},
        {FRONT "```gradus ask id=a tolerance=-1\n```\n", "x.md:8:20: tolerance= needs a number"},
        {FRONT "```gradus ask id=a tolerance=1\nHow?\n```\n", "x.md:8:1: an ask block ends with"},
        {FRONT "```gradus predict id=a\n[x] one : yes\n```\n", "x.md:8:1: a predict block needs 2 to 8"},
        {FRONT "```gradus predict id=a\n[ ] one : no\n[ ] two : no\n```\n",
            "x.md:8:1: a predict block needs"},
        {FRONT "```gradus predict id=a\n[x] one\n```\n", "x.md:9:5: an option is written"},
        {FRONT "```gradus predict id=a\n[x] one : a\nmore\n```\n", "x.md:10:1: after the first option"},
        {FRONT "```gradus check task=a\nx : y\n```\n", "x.md:8:1: a check block stands behind"},
        {FRONT "```gradus task id=a\nDo.\n```\n", "x.md:8:1: the task 'a' needs a check and a solution"},
        {FRONT "```gradus task id=a\nDo.\n```\n```gradus check task=a\nloss\n```\n",
            "x.md:12:1: a predicate is"},
        {FRONT "```gradus task id=a\nDo.\n```\n```gradus check task=a\n```\n",
            "x.md:11:1: a check block needs"},
        {FRONT "```gradus task id=a\nDo.\n```\n```gradus hint task=b\nH.\n```\n",
            "x.md:11:1: task=b: a hint block"},
        {FRONT "```gradus task id=a\nDo.\n```\n```gradus wrong task=a\nfit\n```\n",
            "x.md:11:1: say which predicate"},
        {FRONT "```gradus run id=a\nfit\n```\n```gradus run id=a\nfit\n```\n",
            "x.md:11:1: the id 'a' stands here twice"},
        {FRONT "```gradus note\nHm.\n```\n", "x.md:8:1: a note block stands behind"},
        {FRONT "bad \xff byte\n", "x.md:8:5: not UTF-8"},
        {FRONT "\xc0\xaf\n", "x.md:8:1: not UTF-8"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error e = {.text = ""};
        assert_null(parse(bad[i].text, &e));
        if (strncmp(e.text, bad[i].error, strlen(bad[i].error)) != 0)
            fail_msg("case %zu: '%s' instead of '%s'", i, e.text, bad[i].error);
    }
}

static void test_nul_and_size(void **state)
{
    struct error e;
    assert_null(lesson_file_parse("x.md", "---\n\0", 5, &e));
    assert_string_equal(e.text, "x.md:2:1: a NUL byte: a lesson is plain text");
    static char big[LESSON_LIMIT + 1];
    memset(big, 'a', sizeof big);
    assert_null(lesson_file_parse("x.md", big, sizeof big, &e));
    assert_non_null(strstr(e.text, "at most"));
}

static void test_many_blocks(void **state)
{
    struct text t = {0};
    struct error e;
    text_add(&t, FRONT);
    for (int i = 0; i < 300; i++)
        text_addf(&t, "Line.\n```gradus run id=r%d\nfit %d\n```\n", i, i);
    struct lesson_file *f = lesson_file_parse("x.md", text_get(&t), t.length, &e);
    assert_non_null(f);
    assert_int_equal(f->steps, 300);
    assert_string_equal(f->step[299].name, "r299");
    lesson_file_free(f);
    text_release(&t);
}

static void assert_rendered(const char *markdown, int width, const char *expected)
{
    struct text t = {0};
    lesson_render(markdown, width, &t);
    assert_string_equal(text_get(&t), expected);
    text_release(&t);
}

static void test_render(void **state)
{
    assert_rendered("one *two* three four\nfive", 20, "one two three four\nfive\n");
    assert_rendered("# Head\nText with `fit 100` in it.", 21, "Head\n\nText with `fit 100`\nin it.\n");
    assert_rendered("- one two three four\n- five", 20, " • one two three\n   four\n • five\n");
    assert_rendered("1. a\n2. b\n\nc", 40, "1. a\n2. b\n\nc\n");
    assert_rendered("> quoted words that are long", 20, "│ quoted words that\n│ are long\n");
    assert_rendered("```\ncode  as it is\n```", 20, "    code  as it is\n");
    assert_rendered("[link](http://x) &lt;b&gt; ![sea](a.png)", 60, "link <b> (picture: sea)\n");
    assert_rendered("wörter äöü über den Rand", 20, "wörter äöü über den\nRand\n");
    assert_rendered("", 40, "");
}

/* A label before the text takes its room from the first line alone. */
static void test_render_behind(void **state)
{
    struct text t = {0};
    lesson_render_behind("one two three four five six seven", 20, 9, &t);
    assert_string_equal(text_get(&t), "one two\nthree four five six\nseven\n");
    text_release(&t);
}

/* Nothing but text reaches the terminal. */
static void test_render_is_safe(void **state)
{
    struct text t = {0};
    lesson_render("a \033[31mred\033[0m `\007` b", 60, &t);
    assert_null(strchr(text_get(&t), '\033'));
    assert_null(strchr(text_get(&t), '\007'));
    text_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_front_matter),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_hidden_lines),
        cmocka_unit_test(test_silent_set_up),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_nul_and_size),
        cmocka_unit_test(test_many_blocks),
        cmocka_unit_test(test_render),
        cmocka_unit_test(test_render_behind),
        cmocka_unit_test(test_render_is_safe),
    };
    out_start(false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
