/* test_lessons.c - every lesson linted, tested, and taken to its end by a learner who types only what the
 * screen says; resuming, scripts, and lessons that must not pass.
 *
 * GRADUS_LESSON_SEEDS says on how many seeds each lesson is tested: ten in a release, one under sanitizers.
 */
#include "../repl/expr.h"
#include "../repl/lesson.h"
#include "../repl/lesson_catalog.h"
#include "../repl/lesson_progress.h"
#include "../repl/lesson_run.h"
#include "../repl/lets.h"
#include "../repl/loop.h"
#include "../repl/output.h"
#include "../repl/repl.h"
#include "../repl/window.h"
#include "../src/io/file.h"
#include "../src/text.h"
#include "../viz/viz.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { LESSONS_NOW = 5, TURNS = 200 };

static struct repl r;
static struct text screen;

/* A program that starts: a session of its own. */
static void start_program(void)
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

static void end_program(void)
{
    lesson_leave(&r);
    out_capture(NULL);
    lets_free(r.lets);
    session_free(r.session);
    loop_end();
}

static int set_up(void **state)
{
    start_program();
    return 0;
}

static int tear_down(void **state)
{
    end_program();
    text_release(&screen);
    return 0;
}

/* Types a line as the main loop would. */
static bool type(const char *line)
{
    const struct origin origin = {.interactive = true};
    bool ok = repl_line(&r, line, strlen(line), &origin);
    lesson_line_done(&r, line, ok);
    return ok;
}

static void type_well(const char *line)
{
    text_clear(&screen);
    if (!type(line))
        fail_msg("'%s': %s", line, text_get(&screen));
}

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

/* The last line of the screen that says what to type. */
static const char *last_prompt(void)
{
    const char *found = NULL;
    for (const char *at = strstr(text_get(&screen), "› "); at != NULL; at = strstr(at + 1, "› "))
        if (at == text_get(&screen) || at[-1] == '\n')
            found = at;
    return found;
}

/* The last line on the screen, without its newline. */
static void last_line(char *out, size_t size)
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
static void take_turn(void)
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

/* Numbers may be the learner's own, and what is typed beside the lesson does no harm. */
static void test_typed_instead_of_enter(void **state)
{
    type_well("lesson tour again");
    assert_false(lesson_step_done(r.lesson, 0));
    type_well("data circle n=200");
    type_well("print 1 + 1");
    assert_false(lesson_step_done(r.lesson, 0));
    type_well("desc");
    assert_true(lesson_step_done(r.lesson, 0));
    type_well("next");
    type_well("dense 6 tanh; dense 1 tanh; summary");
    assert_true(lesson_step_done(r.lesson, 1));
}

/* `next` does not leave an open step at once, but it does when typed again. */
static void test_next_is_gentle(void **state)
{
    type_well("lesson xor again");
    type_well("next");
    assert_int_equal(r.lesson->step, 0);
    assert_non_null(strstr(text_get(&screen), "still open"));
    type_well("print 1");
    type_well("next");
    assert_int_equal(r.lesson->step, 0);
    type_well("next");
    assert_int_equal(r.lesson->step, 1);
    type_well("back");
    assert_int_equal(r.lesson->step, 0);
}

/* A run block that is left out would leave what follows without its scene: it runs. */
static void test_next_runs_what_is_left(void **state)
{
    type_well("lesson tour again");
    type_well("next");
    assert_non_null(strstr(text_get(&screen), "`next` once more runs it"));
    assert_null(r.session->data);
    type_well("next");
    assert_non_null(r.session->data);
    assert_true(lesson_step_done(r.lesson, 0));
    assert_int_equal(r.lesson->step, 1);
}

static void enter_well(void)
{
    text_clear(&screen);
    if (!lesson_enter(&r))
        fail_msg("%s", text_get(&screen));
}

/* What was sent forward and back by hand stands again when the lesson goes on, and at `task again`. */
static void test_passes_come_back(void **state)
{
    static const char answer[] = "answer w[2][0,0] * grad.b[2][0] * (1 - a[1][0]^2)";
    type_well("lesson backprop again");
    enter_well();
    type_well("next; answer b; next");
    enter_well();
    type_well("next");
    end_program();
    start_program();
    type_well("lesson backprop");
    assert_non_null(strstr(text_get(&screen), "is 1.67."));
    type_well("forward sample=3; task again");
    type_well(answer);
    assert_true(lesson_step_done(r.lesson, 3));
    type_well("task");
    assert_non_null(strstr(text_get(&screen), "You have done this."));
}

/* A training in the background is judged when it ends, and not again when the next line is typed. */
static void test_background(void **state)
{
    type_well("lesson tour again");
    enter_well();
    type_well("next");
    enter_well();
    type_well("next; answer b; next");
    enter_well();
    type_well("next; compile adam lr=0.03; set speed 0; fit 1 &");
    worker_wait(r.session->worker);
    loop_settle();
    assert_non_null(strstr(text_get(&screen), "Not yet: "));
    type_well("print 1");
    assert_null(strstr(text_get(&screen), "Not yet: "));
    type_well("undo");
    assert_null(strstr(text_get(&screen), "Not yet: "));
    type_well("fit 200 &");
    worker_wait(r.session->worker);
    loop_settle();
    assert_non_null(strstr(text_get(&screen), "✓ Right."));
    assert_true(lesson_step_done(r.lesson, 4));
}

/* Each option has its own answer, told after the run that it was about. */
static void test_prediction(void **state)
{
    type_well("lesson xor again");
    assert_false(type("answer z"));
    type_well("answer a");
    assert_null(strstr(text_get(&screen), "You said"));
    type_well("next");
    text_clear(&screen);
    lesson_enter(&r);
    assert_non_null(strstr(text_get(&screen), "✗"));
    assert_non_null(strstr(text_get(&screen), "You said: it gets all four right"));
}

static void go_to(const char *step)
{
    for (int turn = 0; strcmp(r.lesson->file->step[r.lesson->step].name, step) != 0; turn++) {
        assert_true(turn < TURNS && r.lesson != NULL);
        take_turn();
    }
}

static void test_hints_after_two_failures(void **state)
{
    type_well("lesson xor again");
    go_to("three");
    type_well("check");
    assert_non_null(strstr(text_get(&screen), "Not yet"));
    assert_null(strstr(text_get(&screen), "Stuck?"));
    type_well("check");
    assert_non_null(strstr(text_get(&screen), "Stuck?"));
    type_well("hint");
    assert_non_null(strstr(text_get(&screen), "Hint 1"));
    type_well("hint");
    assert_non_null(strstr(text_get(&screen), "Hint 2"));
    type_well("hint");
    assert_non_null(strstr(text_get(&screen), "last hint"));
}

static void test_skip_teaches(void **state)
{
    type_well("lesson xor again");
    type_well("skip");
    assert_null(r.lesson);
    assert_non_null(strstr(text_get(&screen), "One neuron draws one straight line"));
}

static void test_words_without_lesson(void **state)
{
    static const char *const words[] = {
        "next", "back", "task", "answer a", "hint", "check", "solution", "skip", "leave"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        text_clear(&screen);
        assert_false(type(words[i]));
        assert_non_null(strstr(text_get(&screen), "no lesson runs"));
    }
}

static double measure(const char *expression)
{
    double value;
    struct error e;
    if (!expr_number(&r, expression, &value, &e))
        fail_msg("%s: %s", expression, e.text);
    return value;
}

static void skip_open(void)
{
    type_well("next");
    type_well("next");
}

/* A task that was left out is named at the end, and the lesson does not count as done. */
static void test_left_out(void **state)
{
    struct lesson_progress p = {0};
    struct error e;
    assert_true(lesson_progress_write(&p, &e)); /* as if no lesson had ever been taken */
    type_well("lesson perceptron again");
    go_to("perfect");
    skip_open();
    type_well("answer norm(grad.w[1])");
    assert_non_null(strstr(text_get(&screen), "Not yet"));
    assert_non_null(strstr(text_get(&screen), "still wrong"));
    skip_open();
    type_well("next");
    assert_null(r.lesson);
    assert_true(lesson_progress_read(&p, &e));
    assert_int_equal(lesson_progress_find(&p, "perceptron")->state, LESSON_SKIPPED);
    lesson_progress_release(&p);
    type_well("lessons");
    assert_non_null(strstr(text_get(&screen), "-   3"));
    type_well("lesson perceptron");
    assert_int_equal(r.lesson->step, 0);
}

/* `task again` brings the start of a task back, also after training and in a new program. */
static void test_task_again(void **state)
{
    type_well("lesson xor again");
    go_to("product");
    assert_false(lesson_changed(&r));
    double loss = measure("loss");
    type_well("dense 2 tanh");
    type_well("solution");
    assert_non_null(strstr(text_get(&screen), "task again; features"));
    type_well("task again; fit 3");
    assert_true(measure("layers") == 1);
    type_well("task again");
    assert_true(measure("loss") == loss);
    type_well("features x1");
    assert_true(lesson_changed(&r));
    type_well("task again; features x1 x2 x1*x2; compile adam lr=0.1; fit 500");
    assert_true(lesson_step_done(r.lesson, r.lesson->step));
}

/* The loss of this sample decides, not that weights moved. */
static void test_own_sample(void **state)
{
    type_well("lesson backprop again");
    go_to("move");
    type_well("step");
    assert_non_null(strstr(text_get(&screen), "Not yet"));
    type_well("forward sample=0");
    if (strstr(text_get(&screen), "it got worse") == NULL)
        fail_msg("%s", text_get(&screen));
    assert_false(lesson_step_done(r.lesson, r.lesson->step));
    type_well("task again; forward sample=0; backward; update");
    assert_false(lesson_step_done(r.lesson, r.lesson->step));
    type_well("forward sample=0");
    assert_true(lesson_step_done(r.lesson, r.lesson->step));
}

/* Only what a person waits for beside an open window is slowed, and never beyond four seconds. */
static void test_pace(void **state)
{
    const struct origin typed = {.interactive = true}, own = {.name = "a.md", .line = 1, .lesson = true},
                        script = {.name = "a.gr", .line = 1};
    r.origin = &typed;
    r.session->speed = 25;
    assert_true(window_pace(&r, 50) == 0);
    r.origin = NULL;
    type_well("window");
    r.origin = &typed;
    assert_true(window_pace(&r, 50) == 25);
    assert_true(window_pace(&r, 400) == 100);
    r.origin = &own;
    assert_true(window_pace(&r, 50) == 25);
    r.origin = &script;
    assert_true(window_pace(&r, 50) == 0);
    r.origin = &typed;
    r.session->speed = 0;
    assert_true(window_pace(&r, 50) == 0);
    r.origin = NULL;
    viz_free(r.viz);
    r.viz = NULL;
}

/* What the lesson sets for its time does not stay. */
static void test_seed_comes_back(void **state)
{
    type_well("seed 42; speed full");
    type_well("lesson xor again");
    assert_true(r.session->seed == 1);
    assert_true(r.session->speed > 0);
    type_well("leave");
    assert_true(r.session->seed == 42);
    assert_true(r.session->speed == 0);
    assert_non_null(strstr(text_get(&screen), "the seed is 42 again"));
    assert_string_equal(r.session->journal[r.session->journal_count - 1].text, "seed 42");
    type_well("speed fast; lesson xor again; speed slow; skip");
    assert_true(r.session->speed == 2);
    assert_true(r.session->seed == 42);
}

/* --- resuming ------------------------------------------------------------------------------------------- */

/* The checkpoint of the step and what was typed after it come back, to the last bit. */
static void test_resume(void **state)
{
    type_well("lesson hidden again");
    go_to("solve");
    int step = r.lesson->step;
    type_well("replace 1 dense 5 tanh");
    type_well("fit 3");
    type_well("set b[1][0] 0.25");
    double weight = measure("w[1][0,4]"), loss = measure("val_loss");
    end_program();
    start_program();
    type_well("lesson hidden");
    assert_non_null(strstr(text_get(&screen), "Welcome back"));
    assert_int_equal(r.lesson->step, step);
    assert_true(lesson_step_done(r.lesson, 0));
    assert_true(measure("w[1][0,4]") == weight);
    assert_true(measure("val_loss") == loss);
    end_program();
    start_program();
    type_well("lesson hidden");
    assert_true(measure("w[1][0,4]") == weight);
    type_well("task again");
    assert_true(measure("layer[1].units") == 2);
    type_well("lesson hidden again");
    assert_int_equal(r.lesson->step, 0);
}

/* Progress that makes no sense is left out; the rest stays. */
static void test_damaged_progress(void **state)
{
    struct lesson_progress p;
    struct error e;
    struct text path = {0};
    const char *home = getenv("XDG_STATE_HOME");
    static const char damaged[] =
        "tour done at= done=,,a\n\xff\xfe\nxor\nhidden flying\nbackprop open at=delta "
        "answers=x:z,changes:b,:,y done=run0,run0\n";
    assert_non_null(home);
    type_well("lesson tour again"); /* makes the folder */
    text_addf(&path, "%s/gradus/lessons.progress", home);
    assert_true(file_write(text_get(&path), damaged, strlen(damaged), &e));
    text_release(&path);
    assert_true(lesson_progress_read(&p, &e));
    assert_int_equal(lesson_progress_find(&p, "tour")->state, LESSON_DONE);
    assert_null(lesson_progress_find(&p, "hidden"));
    const struct lesson_record *b = lesson_progress_find(&p, "backprop");
    assert_int_equal(b->done_count, 1);
    assert_int_equal(lesson_record_option(b, "changes"), 1);
    assert_int_equal(lesson_record_option(b, "x"), -1);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_catalog),
        TEST(test_lint),
        TEST(test_every_lesson),
        TEST(test_learner),
        TEST(test_typed_instead_of_enter),
        TEST(test_next_is_gentle),
        TEST(test_next_runs_what_is_left),
        TEST(test_passes_come_back),
        TEST(test_background),
        TEST(test_prediction),
        TEST(test_hints_after_two_failures),
        TEST(test_skip_teaches),
        TEST(test_left_out),
        TEST(test_task_again),
        TEST(test_own_sample),
        TEST(test_pace),
        TEST(test_seed_comes_back),
        TEST(test_words_without_lesson),
        TEST(test_resume),
        TEST(test_damaged_progress),
        TEST(test_script_status),
        TEST(test_bad_lessons),
        TEST(test_own_session_stays),
        TEST(test_new_lesson),
    };
    out_start(false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
