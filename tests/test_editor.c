/* test_editor.c - the prompt on a pseudo-terminal, as a person uses it: typing, completion, hints, history,
 * paste, Ctrl-C, output from the background, and coming back after a kill. */
#include "folder.h"
#include "screen.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <cmocka.h>

/* Every test has its own folder for history and journals. */
static int fresh_folder(void **state)
{
    setenv("NO_COLOR", "1", 1);
    return folder_enter_home(state);
}

static struct screen *start(const char *option, const char *commands)
{
    const char *const argv[] = {getenv("GRADUS_PROGRAM"), "-i", "--no-window", "-c", commands, option, NULL};
    assert_non_null(argv[0]);
    struct screen *s = screen_start(24, 100, argv);
    assert_true(screen_shows(s, "gradus>"));
    return s;
}

/* Types a line and waits until a text stands there and the next prompt below it. */
static void type(struct screen *s, const char *line, const char *shown)
{
    screen_send(s, line);
    screen_send(s, "\r");
    assert_true(screen_shows(s, shown));
    char below[200];
    snprintf(below, sizeof below, "%s\ngradus>", shown);
    assert_true(screen_shows(s, below));
}

/* Leaves by Ctrl-D. */
static void leave(struct screen *s)
{
    screen_send(s, "\004");
    assert_int_equal(screen_end(s), 0);
}

/* What the row of the cursor reads, once it does. */
static void assert_line(struct screen *s, const char *expected)
{
    for (int waited = 0; waited < DEADLINE && strcmp(screen_row(s, 0), expected); waited += 100)
        if (!screen_read(s, 100))
            break;
    assert_string_equal(screen_row(s, 0), expected);
}

static void test_typing(void **state)
{
    struct screen *s = start(NULL, "print 1");
    type(s, "print 6*7", "\n42");
    type(s, "print 1 + 1 # \xc3\xa4\xe2\x82\xac", "\n2");
    screen_send(s, "print 8\xc3\xa4\xe2\x82\xac\177\1779");
    assert_line(s, "gradus> print 89");
    screen_send(s, "\001\033[C\033[C\033[3~\033[3~\033[3~\005\177");
    assert_line(s, "gradus> pr 8");
    screen_send(s, "\025");
    assert_line(s, "gradus>");
    leave(s);
}

static void test_interrupt_clears_the_line(void **state)
{
    struct screen *s = start(NULL, "print 1");
    screen_send(s, "print 12345");
    assert_line(s, "gradus> print 12345");
    screen_send(s, "\003");
    assert_true(screen_shows(s, "gradus> print 12345^C\ngradus>"));
    screen_send(s, "\003");
    assert_true(screen_shows(s, "Ctrl-D"));
    type(s, "print 3*3", "\n9");
    leave(s);
}

static void test_errors_keep_the_prompt(void **state)
{
    struct screen *s = start(NULL, "print 1");
    type(s, "prnt 1", "did you mean 'print'?");
    assert_true(screen_shows(s, "error: unknown command 'prnt'"));
    leave(s);
}

static void test_completion(void **state)
{
    struct screen *s = start(NULL, "print 1");
    screen_send(s, "screens\t");
    assert_line(s, "gradus> screenshot FILE [SIZE]");
    screen_send(s, "\025s\t");
    assert_true(screen_shows(s, "screenshot"));
    assert_line(s, "gradus> s");
    screen_send(s, "\025xyzzy\t");
    assert_line(s, "gradus> xyzzy");
    screen_send(s, "\025");
    leave(s);
}

static void test_hints_leave_no_trace(void **state)
{
    struct screen *s = start(NULL, "print 1");
    screen_send(s, "demo");
    assert_line(s, "gradus> demo [NAME]");
    screen_send(s, " ");
    screen_send(s, "\177\177\177");
    assert_line(s, "gradus> de");
    screen_send(s, "\025");
    type(s, "print 5", "gradus> print 5\n5");
    leave(s);
}

static void test_history(void **state)
{
    struct screen *s = start(NULL, "print 1");
    type(s, "print 11", "\n11");
    type(s, "seed 4", "seed 4");
    type(s, "print 22", "\n22");
    type(s, "print 11", "gradus> print 11\n11");
    leave(s);
    s = start(NULL, "print 1");
    screen_send(s, "\033[A");
    assert_line(s, "gradus> print 11");
    screen_send(s, "\033[A");
    assert_line(s, "gradus> print 22");
    screen_send(s, "\033[A");
    assert_line(s, "gradus> seed 4");
    screen_send(s, "\033[A");
    assert_line(s, "gradus> seed 4");
    screen_send(s, "\033[B\033[B\033[B");
    assert_line(s, "gradus>");
    screen_send(s, "se\033[A");
    assert_line(s, "gradus> seed 4");
    screen_send(s, "\025\02222");
    assert_true(screen_shows(s, "print 22"));
    screen_send(s, "\r");
    assert_true(screen_shows(s, "\n22\n"));
    leave(s);
}

static void test_paste(void **state)
{
    struct screen *s = start(NULL, "print 1");
    screen_send(s, "\033[200~print 3+4\nprint 5+6\n\033[201~");
    assert_true(screen_shows(s, "gradus> print 3+4\nprint 5+6"));
    assert_null(strstr(screen_text(s), "\n7\n"));
    type(s, "", "\n7\n11");
    screen_send(s, "\033[200~1\t2\033[201~");
    assert_line(s, "gradus> 1 2");
    screen_send(s, "\025");
    leave(s);
}

static void test_open_bracket_continues(void **state)
{
    struct screen *s = start(NULL, "print 1");
    screen_send(s, "print max(1,\r");
    assert_true(screen_shows(s, "\xc2\xb7"));
    screen_send(s, "2)\r");
    assert_true(screen_shows(s, "\n2\n"));
    screen_send(s, "print (1\r");
    screen_send(s, "\003");
    type(s, "print 7", "\n7");
    leave(s);
}

static const char training[] = "seed 1; data xor; dense 4 tanh; dense 1 tanh; compile sgd lr=0.01 loss=mse";

static void test_background_output_above_the_line(void **state)
{
    struct screen *s = start(NULL, training);
    type(s, "speed 5", "speed 5");
    screen_send(s, "fit 5 &\r");
    screen_send(s, "print 1 + 1 + 1");
    assert_true(screen_shows(s, "training ended: epoch 5/5 loss"));
    assert_line(s, "gradus> print 1 + 1 + 1");
    assert_memory_equal(screen_row(s, 1), "training ended: epoch 5/5", 25);
    screen_send(s, "\r");
    assert_true(screen_shows(s, "\n3\n"));
    leave(s);
}

static void test_background_output_above_a_wrapped_line(void **state)
{
    struct screen *s = start(NULL, training);
    char line[151] = "print 1";
    for (size_t i = strlen(line); i < 149; i += 2)
        memcpy(line + i, "+1", 3);
    type(s, "speed 5", "speed 5");
    screen_send(s, "fit 5 &\r");
    screen_send(s, line);
    assert_true(screen_shows(s, "training ended: epoch 5/5 loss"));
    assert_line(s, line + 92);
    assert_memory_equal(screen_row(s, 1), "gradus> print 1+1+1", 19);
    assert_memory_equal(screen_row(s, 2), "training ended: epoch 5/5", 25);
    screen_send(s, "\r");
    assert_true(screen_shows(s, "\n72\n"));
    leave(s);
}

static void test_interrupt_pauses_training(void **state)
{
    struct screen *s = start(NULL, training);
    screen_send(s, "fit 1000000000\r");
    assert_true(screen_shows(s, "/1000000000 ["));
    screen_send(s, "\003");
    assert_true(screen_shows(s, "`resume` goes on, `stop` ends it\ngradus>"));
    screen_send(s, "resume &\r");
    type(s, "print 4+4", "\n8");
    screen_send(s, "\003");
    assert_true(screen_shows(s, "gradus> ^C\npaused at epoch"));
    type(s, "stop", "the weights stay");
    type(s, "print epoch > 0", "\n1");
    leave(s);
}

static void test_resize_keeps_the_line(void **state)
{
    struct screen *s = start(NULL, "print 1");
    screen_send(s, "print 12345");
    assert_line(s, "gradus> print 12345");
    struct winsize size = {.ws_row = 24, .ws_col = 60};
    s->columns = 60;
    ioctl(s->fd, TIOCSWINSZ, &size);
    screen_send(s, "6");
    assert_line(s, "gradus> print 123456");
    screen_send(s, "\r");
    assert_true(screen_shows(s, "\n123456\n"));
    leave(s);
}

static void test_terminal_is_given_back(void **state)
{
    struct screen *s = start(NULL, "print 1");
    struct termios during, after;
    int slave = open(ptsname(s->fd), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    assert_int_equal(tcgetattr(slave, &during), 0);
    assert_false(during.c_lflag & ECHO);
    screen_send(s, "quit\r");
    while (screen_read(s, 100) && waitpid(s->pid, NULL, WNOHANG) == 0)
        ;
    assert_int_equal(tcgetattr(slave, &after), 0);
    assert_true(after.c_lflag & ECHO);
    assert_true(after.c_lflag & ICANON);
    close(slave);
    close(s->fd);
    free(s);
}

static void test_resume_after_kill(void **state)
{
    struct screen *s = start(NULL, training);
    type(s, "fit 20", " steps/s");
    screen_send(s, "set w[1][0,0] 0.625\r");
    type(s, "print 0 + 0", "\n0");
    screen_send(s, "print b[2][0]\r");
    type(s, "print 100 + 1", "\n101");
    char bias[40];
    const char *shown = strstr(screen_text(s), "print b[2][0]\n");
    assert_non_null(shown);
    snprintf(bias, sizeof bias, "\n%.*s", (int)strcspn(shown + 14, "\n"), shown + 14);
    kill(s->pid, SIGKILL);
    assert_int_equal(screen_end(s), 128 + SIGKILL);

    s = start(NULL, "print 1");
    assert_true(screen_shows(s, "`gradus --resume` brings it back"));
    leave(s);
    s = start("--resume", "print 1");
    assert_true(screen_shows(s, "resumed: "));
    type(s, "print w[1][0,0]", "\n0.625");
    type(s, "print b[2][0]", bias);
    type(s, "print epoch", "\n20");
    leave(s);

    s = start("--resume", "print 1");
    assert_true(screen_shows(s, "nothing to resume"));
    leave(s);
}

static void write_journal(const char *lines)
{
    mkdir("gradus", 0700);
    FILE *f = fopen("gradus/session-1-1.journal", "w");
    assert_non_null(f);
    fputs(lines, f);
    fclose(f);
}

/* Training is not repeated; what undid it, and what it compiled by itself, takes back nothing else. */
static void test_resume_after_undone_training(void **state)
{
    write_journal("gradus journal 1\n0 dense 4 tanh; dense 1 tanh; data circle; fit 2\n0 undo; undo\n0 step; "
                  "undo\n0 undo\n0 branch twig; fit 2; undo; undo; undo\n0 fit 3\n");
    struct screen *s = start("--resume", "print 1");
    assert_true(screen_shows(s, "resumed: "));
    type(s, "print layers", "\n2");
    type(s, "undo; undo; undo", "undone: data");
    leave(s);
}

static void test_damaged_journal(void **state)
{
    static const char *const damage[] = {
        "gradus journal 1\nseed without a number\n0 seed 7\n0 data sp", "\x01\x02junk junk junk junk junk"};
    for (int i = 0; i < 2; i++) {
        write_journal(damage[i]);
        struct screen *s = start("--resume", "print 1");
        assert_true(screen_shows(s, "damaged"));
        type(s, "print 2+2", "\n4");
        leave(s);
    }
}

static void test_clean_end_leaves_only_the_history(void **state)
{
    char command[300];
    struct screen *s = start(NULL, training);
    type(s, "fit 3", " steps/s");
    leave(s);
    snprintf(command, sizeof command, "test \"$(ls -A %s/gradus)\" = history", folder);
    assert_int_equal(system(command), 0);
}

static void test_hangup_keeps_the_session(void **state)
{
    struct screen *s = start(NULL, training);
    type(s, "fit 3", " steps/s");
    kill(s->pid, SIGHUP);
    assert_int_equal(screen_end(s), 128 + SIGHUP);
    s = start("--resume", "print 1");
    type(s, "print epoch", "\n3");
    leave(s);
}

#define PROMPT_TEST(name) cmocka_unit_test_setup_teardown(name, fresh_folder, folder_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMPT_TEST(test_typing),
        PROMPT_TEST(test_interrupt_clears_the_line),
        PROMPT_TEST(test_errors_keep_the_prompt),
        PROMPT_TEST(test_completion),
        PROMPT_TEST(test_hints_leave_no_trace),
        PROMPT_TEST(test_history),
        PROMPT_TEST(test_paste),
        PROMPT_TEST(test_open_bracket_continues),
        PROMPT_TEST(test_background_output_above_the_line),
        PROMPT_TEST(test_background_output_above_a_wrapped_line),
        PROMPT_TEST(test_interrupt_pauses_training),
        PROMPT_TEST(test_resize_keeps_the_line),
        PROMPT_TEST(test_terminal_is_given_back),
        PROMPT_TEST(test_resume_after_kill),
        PROMPT_TEST(test_resume_after_undone_training),
        PROMPT_TEST(test_damaged_journal),
        PROMPT_TEST(test_clean_end_leaves_only_the_history),
        PROMPT_TEST(test_hangup_keeps_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
