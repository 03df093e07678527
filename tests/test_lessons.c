/* test_lessons.c - every lesson linted, tested, and taken to its end by a learner who types only what the
 * screen says; scripts, and lessons that must not pass.
 *
 * GRADUS_LESSON_SEEDS says on how many seeds each lesson is tested: ten in a release, one under sanitizers.
 */
#include "learner.h"

#include "../src/io/file.h"

#include <unistd.h>

enum { LESSONS_NOW = 5 };

/* --- the lessons ---------------------------------------------------------------------------------------- */

static void test_catalog(void **state)
{
    static const char *const ids[] = {"tour", "perceptron", "xor", "hidden", "backprop"};
    static const int numbers[] = {1, 3, 5, 6, 16};
    for (size_t i = 0; i < LESSONS_NOW; i++) {
        assert_non_null(lesson_entry_at(i));
        assert_string_equal(lesson_entry_at(i)->id, ids[i]);
        assert_int_equal(lesson_entry_at(i)->number, numbers[i]);
    }
    assert_null(lesson_entry_at(LESSONS_NOW));
    assert_string_equal(lesson_entry_find("16", NULL)->id, "backprop");
    assert_string_equal(lesson_entry_find("perc", NULL)->id, "perceptron");
    struct error e;
    assert_null(lesson_entry_find("hiden", &e));
    assert_non_null(strstr(e.text, "did you mean 'hidden'"));
}

static void test_lint(void **state)
{
    struct error e;
    for (size_t i = 0; lesson_entry_at(i) != NULL; i++)
        if (!lesson_lint(&r, lesson_entry_at(i)->path, &e))
            fail_msg("%s\n%s", e.text, text_get(&screen));
}

static void test_every_lesson(void **state)
{
    const char *given = getenv("GRADUS_LESSON_SEEDS");
    int seeds = given != NULL ? atoi(given) : 1;
    struct error e;
    assert_true(seeds >= 1);
    for (size_t i = 0; lesson_entry_at(i) != NULL; i++) {
        text_clear(&screen);
        if (!lesson_test(&r, lesson_entry_at(i)->path, seeds, &e))
            fail_msg("%s", e.text);
        print_message("%s", text_get(&screen));
    }
}

/* --- a learner ------------------------------------------------------------------------------------------ */

static void take_lesson(const char *id)
{
    char line[80];
    snprintf(line, sizeof line, "lesson %s again", id);
    type_well(line);
    for (int turn = 0; r.lesson != NULL; turn++) {
        assert_true(turn < TURNS);
        if (strstr(text_get(&screen), "still open") != NULL)
            fail_msg("%s: stuck at '%s'", id, r.lesson->file->step[r.lesson->step].name);
        take_turn();
    }
    if (strstr(text_get(&screen), "Lesson done.") == NULL)
        fail_msg("%s does not end well: %s", id, text_get(&screen));
}

static void test_learner(void **state)
{
    for (size_t i = 0; lesson_entry_at(i) != NULL; i++)
        take_lesson(lesson_entry_at(i)->id);
    type_well("progress");
    assert_non_null(strstr(text_get(&screen), "5 of 5 lessons done"));
    struct lesson_progress p;
    struct error e;
    assert_true(lesson_progress_read(&p, &e));
    for (size_t i = 0; lesson_entry_at(i) != NULL; i++)
        assert_int_equal(lesson_progress_find(&p, lesson_entry_at(i)->id)->state, LESSON_DONE);
    lesson_progress_release(&p);
}

/* --- scripts -------------------------------------------------------------------------------------------- */

static void test_script_status(void **state)
{
    r.interactive = false;
    type_well("lesson xor again");
    while (strcmp(r.lesson->file->step[r.lesson->step].name, "three") != 0)
        type_well("next");
    r.status = 0;
    assert_false(type("check"));
    assert_int_equal(r.status, 3);
    r.status = 0;
    type_well("set w[1] [[1] [1]]; set b[1][0] -0.5");
    assert_true(lesson_step_done(r.lesson, r.lesson->step));
    type_well("check");
    assert_int_equal(r.status, 0);
}

/* --- lessons that must not pass ------------------------------------------------------------------------- */

#define HEAD                                                                                                 \
    "---\nid: bad\ntitle: X\nneeds: tour\nminutes: 3\ntaught: One. Two.\n---\n"                              \
    "```gradus run\n% new\n% data circle\ndense 1 tanh\n```\n```gradus predict id=p\nQ\n[x] a : b\n[ ] c : " \
    "d\n```\n"                                                                                               \
    "```gradus task id=t budget=100\nDo.\n```\n"

static void assert_refused(const char *text, const char *reason)
{
    struct error e = {.text = ""};
    assert_true(file_write("bad.md", text, strlen(text), &e));
    bool ok = lesson_lint(&r, "bad.md", &e) && lesson_test(&r, "bad.md", 2, &e);
    unlink("bad.md");
    if (ok || (strstr(e.text, reason) == NULL && strstr(text_get(&screen), reason) == NULL))
        fail_msg("'%s' instead of '%s'; %s", ok ? "passes" : e.text, reason, text_get(&screen));
}

#define CHECK(text)        "```gradus check task=t\n" text "\n```\n"
#define SOLUTION(text)     "```gradus solution task=t\n" text "\n```\n"
#define WRONG(fails, text) "```gradus wrong task=t fails=" fails "\n" text "\n```\n"

static void test_bad_lessons(void **state)
{
    assert_refused(HEAD CHECK("layers == 1 : no") SOLUTION("fit 1"), "passes before anything is done");
    assert_refused(HEAD CHECK("layers == 3 : has {layers}") SOLUTION("fit 1"), "does not pass: has 1");
    assert_refused(HEAD CHECK("step > 0 : no") SOLUTION("step 200"), "over its budget");
    assert_refused(
        HEAD CHECK("step > 0 : no") SOLUTION("step 1") WRONG("step", "step 2"), "this wrong answer passes");
    assert_refused(HEAD CHECK("step > 0 : no\nlayers == 1 : no") SOLUTION("step 1")
                       WRONG("layers", "print 1"),
        "fails by another predicate");
    assert_refused(
        HEAD CHECK("step > 0 : no") SOLUTION("step 1") WRONG("other", "print 1"), "no predicate of the task");
    assert_refused(HEAD CHECK("step > 0 : no") SOLUTION("stap 1"), "unknown command");
    assert_refused(HEAD CHECK("step > : no") SOLUTION("step 1"), "bad.md:22:7:");
    assert_refused(HEAD CHECK("step > 0 :  {oops") SOLUTION("step 1"), "'{' without '}'");
    assert_refused(HEAD CHECK("step > 0 : no") SOLUTION("step 1") "```gradus run\nsave a.safetensors\n```\n",
        "blocks write nothing");
}

/* Testing leaves the learner's session alone. */
static void test_own_session_stays(void **state)
{
    struct error e;
    type_well("new; seed 7; data moons; dense 3 tanh; dense 1 tanh; fit 2");
    double weight = measure("w[1][0,0]");
    struct session *before = r.session;
    assert_true(lesson_test(&r, lesson_entry_find("xor", NULL)->path, 1, &e));
    assert_ptr_equal(r.session, before);
    assert_true(measure("w[1][0,0]") == weight);
}

static void test_new_lesson(void **state)
{
    struct error e;
    unlink("mine.md");
    type_well("lesson new mine");
    assert_false(type("lesson new mine"));
    assert_false(type("lesson new ../mine"));
    if (!lesson_lint(&r, "mine.md", &e) || !lesson_test(&r, "mine.md", 1, &e))
        fail_msg("%s %s", e.text, text_get(&screen));
    unlink("mine.md");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_catalog),
        TEST(test_lint),
        TEST(test_every_lesson),
        TEST(test_learner),
        TEST(test_script_status),
        TEST(test_bad_lessons),
        TEST(test_own_session_stays),
        TEST(test_new_lesson),
    };
    out_start(false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
