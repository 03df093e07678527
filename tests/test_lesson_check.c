/* test_lesson_check.c - predicates and live fields against a session, and what a lesson's own block may do.
 */
#include "../repl/expr.h"
#include "../repl/lesson_check.h"
#include "../repl/lesson_glossary.h"
#include "../repl/lesson_catalog.h"
#include "../repl/lesson_run.h"
#include "../repl/lets.h"
#include "../repl/loop.h"
#include "../repl/output.h"
#include "../repl/repl.h"
#include "../src/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct repl r;
static struct text silent;

static int set_up(void **state)
{
    struct error e;
    r.session = session_new(WORKER_THREAD, &e);
    r.lets = lets_new();
    out_capture(&silent);
    return r.session != NULL && r.lets != NULL && loop_start(&r, &e) ? 0 : -1;
}

static int tear_down(void **state)
{
    out_capture(NULL);
    text_release(&silent);
    lets_free(r.lets);
    session_free(r.session);
    loop_end();
    return 0;
}

static void type(const char *line)
{
    const struct origin origin = {.name = "test"};
    text_clear(&silent);
    if (!repl_line(&r, line, strlen(line), &origin))
        fail_msg("'%s': %s", line, text_get(&silent));
}

static void assert_fields(const char *text, const char *expected)
{
    struct text t = {0};
    lesson_fields(&r, text, &t);
    assert_string_equal(text_get(&t), expected);
    text_release(&t);
}

static void test_fields(void **state)
{
    type("new; seed 1");
    assert_fields("no data: {val_accuracy}", "no data: ?");
    type("data circle; dense 3 tanh; dense 1 tanh");
    assert_fields("{params} parameters, {layers} layers", "13 parameters, 2 layers");
    assert_fields("{1/3} and {2 + 2}, { and }", "0.333 and 4, ?");
    assert_fields("open {brace", "open {brace");
    assert_fields("{nonsense +}", "?");
    type("set w[1][0,2] -0.25");
    assert_fields("w is {w[1][0,2]}", "w is -0.25");
}

static void test_numbers(void **state)
{
    static const struct {
        double value;
        const char *text;
    } row[] = {{0, "0"}, {1200, "1200"}, {0.12345, "0.123"}, {-3, "-3"}, {1e12, "1e+12"},
        {0.00001234, "1.23e-05"}, {NAN, "not a number"}, {INFINITY, "infinity"}, {-INFINITY, "-infinity"}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct text t = {0};
        lesson_number(row[i].value, &t);
        assert_string_equal(text_get(&t), row[i].text);
        text_release(&t);
    }
}

#define FRONT "---\nid: x\ntitle: X\nneeds:\nminutes: 1\ntaught: One. Two.\n---\n"

static const char checked[] = FRONT "```gradus task id=t\nDo.\n```\n"
                                    "```gradus check task=t\n"
                                    "layers == 2 : {layers} of 2\n"
                                    "w[1][0,0] > 1 : still {w[1][0,0]}\n"
                                    "```\n"
                                    "```gradus check task=t\n"
                                    "step > 0 : not trained\n"
                                    "```\n"
                                    "```gradus solution task=t\nfit 1\n```\n";

static void assert_fails(const struct lesson_file *f, const char *head, const char *says)
{
    const struct lesson_item *failed = NULL;
    struct text why = {0};
    assert_false(lesson_holds(&r, f, 0, &failed, &why));
    assert_string_equal(failed->head, head);
    assert_string_equal(text_get(&why), says);
    text_release(&why);
}

/* The first predicate that is not so is named, in their order, with its measured value. */
static void test_predicates(void **state)
{
    struct error e;
    struct lesson_file *f = lesson_file_parse("x.md", checked, strlen(checked), &e);
    assert_non_null(f);
    type("new; seed 1");
    assert_fails(f, "layers == 2", "0 of 2");
    type("data circle; dense 2 tanh; dense 1 tanh; set w[1][0,0] 0.5");
    assert_fails(f, "w[1][0,0] > 1", "still 0.5");
    type("set w[1][0,0] 2");
    assert_fails(f, "step > 0", "not trained");
    type("compile sgd lr=0.0001; step");
    const struct lesson_item *failed = NULL;
    struct text why = {0};
    assert_true(lesson_holds(&r, f, 0, &failed, &why));
    assert_string_equal(text_get(&why), "");
    text_release(&why);
    lesson_file_free(f);
}

static void test_fields_lint(void **state)
{
    struct error e;
    assert_true(lesson_fields_lint("{val_accuracy} of {norm(w[1])}", &e));
    assert_true(lesson_fields_lint("no field", &e));
    assert_false(lesson_fields_lint("{val_accuracy", &e));
    assert_false(lesson_fields_lint("{1 +}", &e));
}

static void test_own_lines(void **state)
{
    static const char *const good[] = {"fit 5", "data circle; dense 4 tanh", "print loss, w[1]",
        "data csv flowers.csv target=species", "summary"};
    static const char *const bad[] = {"save a.safetensors", "data csv /etc/passwd target=a", "source a.gr",
        "data csv ../secret.csv target=a", "data csv a/../../b.csv target=a", "data csv ~/b.csv target=a",
        "time save a", "next", "quit", "fot 5", "print (", "screenshot a.png"};
    struct error e;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!lesson_own_line(good[i], &e))
            fail_msg("'%s': %s", good[i], e.text);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (lesson_own_line(bad[i], &e))
            fail_msg("a lesson's own block may run '%s'", bad[i]);
}

/* The glossary is in order, complete, and its lessons are there. */
static void test_glossary(void **state)
{
    for (size_t i = 0; term_at(i) != NULL; i++) {
        const struct term *t = term_at(i);
        assert_true(i == 0 || strcmp(term_name(i - 1), t->name) < 0);
        assert_ptr_equal(term_find(t->name), t);
        size_t n = strlen(t->meaning);
        assert_true(n > 20 && t->meaning[n - 1] == '.');
        if (t->lesson != NULL && lesson_entry_find(t->lesson, NULL) == NULL)
            fail_msg("'%s' refers to the lesson '%s'", t->name, t->lesson);
    }
    assert_string_equal(term_find("LR")->name, "learning rate");
    assert_string_equal(term_find("val_loss")->name, "loss");
    assert_null(term_find("antigravity"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_predicates),
        cmocka_unit_test(test_fields_lint),
        cmocka_unit_test(test_own_lines),
        cmocka_unit_test(test_glossary),
    };
    out_start(false);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
