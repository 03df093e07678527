/* test_lesson_run.c - what a learner may do in a lesson beside what the screen says; and coming back to it.
 */
#include "learner.h"

#include "../repl/window.h"
#include "../src/io/file.h"
#include "../viz/viz.h"

#include <unistd.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    out_start(false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
