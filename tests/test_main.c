/* test_main.c - the program as scripts and other programs meet it: options, pipes, exit statuses, clean
 * streams. */
#include "folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { OUTPUT = 1 << 16, ARGUMENTS = 16 };

struct result {
    int status;
    char out[OUTPUT], err[OUTPUT];
};

static void read_all(int fd, char *to)
{
    size_t n = 0;
    ssize_t got;
    lseek(fd, 0, SEEK_SET);
    while ((got = read(fd, to + n, OUTPUT - 1 - n)) > 0)
        n += (size_t)got;
    to[n] = '\0';
    close(fd);
}

static int scratch_file(const void *bytes, size_t length)
{
    char path[] = "/tmp/gradus-test-file-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, bytes, length), length);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static pid_t start(int in, int out, int err, const char *const *arguments)
{
    char *argv[ARGUMENTS + 2] = {getenv("GRADUS_PROGRAM")};
    assert_non_null(argv[0]);
    for (int i = 0; i < ARGUMENTS && arguments[i]; i++)
        argv[i + 1] = (char *)arguments[i];
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in, STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        execv(argv[0], argv);
        _exit(127);
    }
    return pid;
}

static int end(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Runs the program to its end with `length` bytes of input. */
static struct result *run_bytes(const void *input, size_t length, const char *const *arguments)
{
    static struct result r;
    int in = scratch_file(input, length), out = scratch_file("", 0), err = scratch_file("", 0);
    r.status = end(start(in, out, err, arguments));
    close(in);
    read_all(out, r.out);
    read_all(err, r.err);
    return &r;
}

#define RUN(input, ...) run_bytes(input, strlen(input), (const char *const[]){__VA_ARGS__, NULL})
#define PIPE(input)     run_bytes(input, strlen(input), (const char *const[]){NULL})

static void test_version_and_help(void **state)
{
    struct result *r = RUN("", "--version");
    assert_int_equal(r->status, 0);
    assert_memory_equal(r->out, "gradus ", 7);
    r = RUN("", "--help");
    assert_int_equal(r->status, 0);
    static const char *const options[] = {"-c", "-i", "--no-window", "--lesson", "--seed", "--resume",
        "--no-init", "--quiet", "--version", "--help"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        assert_non_null(strstr(r->out, options[i]));
}

static void test_wrong_usage(void **state)
{
    static const char *const wrong[][3] = {{"--no-such-thing"}, {"-x"}, {"--seed"}, {"--seed", "-1"},
        {"--seed", "1.5"}, {"--seed", "99999999999999999999999"}, {"-c"}, {"a.gr", "b.gr"}, {"--quiet=1"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct result *r = RUN("", wrong[i][0], wrong[i][1]);
        assert_int_equal(r->status, 2);
        assert_string_equal(r->out, "");
        assert_non_null(strstr(r->err, "gradus: "));
    }
}

static void test_no_input(void **state)
{
    struct result *r = PIPE("");
    assert_int_equal(r->status, 0);
    assert_string_equal(r->out, "");
    assert_string_equal(r->err, "");
}

static void test_commands(void **state)
{
    struct result *r = RUN("", "-c", "print 6*7", "-c", "print 1/4; print 2^0.5 # root");
    assert_int_equal(r->status, 0);
    assert_string_equal(r->out, "42\n0.25\n1.41421356\n");
    assert_string_equal(r->err, "");
}

static void test_pipe(void **state)
{
    struct result *r = PIPE("print 1\n\n# nothing\nprint max(2,\n  3)\nprint 4; print 5");
    assert_int_equal(r->status, 0);
    assert_string_equal(r->out, "1\n3\n4\n5\n");
    r = PIPE("quit\nprint 1\n");
    assert_int_equal(r->status, 0);
    assert_string_equal(r->out, "");
}

static void test_first_error_ends(void **state)
{
    struct result *r = PIPE("print 1\nprint max(1,\n2) + nonsense\nprint 3\n");
    assert_int_equal(r->status, 1);
    assert_string_equal(r->out, "1\n");
    assert_non_null(strstr(r->err, "stdin:3:"));
    r = RUN("", "-c", "print 1; nonsense; print 2", "-c", "print 3");
    assert_int_equal(r->status, 1);
    assert_string_equal(r->out, "1\n");
    assert_non_null(strstr(r->err, "-c:1:10: error: "));
    assert_non_null(strstr(r->err, "^~~~~~~~"));
}

static const char *script(const char *name, const char *text)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return path;
}

static void test_script(void **state)
{
    struct result *r = RUN("print 9\n", script("good.gr", "print 1\nprint 2\n"));
    assert_int_equal(r->status, 0);
    assert_string_equal(r->out, "1\n2\n");
    r = RUN("print 9\n", script("good.gr", "print 1\n"), "-c", "print 2", "-i");
    assert_int_equal(r->status, 0);
    assert_string_equal(r->out, "1\n2\n9\n");
    r = RUN("", script("bad.gr", "print 1\nprint 2 +\nprint 3\n"), "-c", "print 4");
    assert_int_equal(r->status, 1);
    assert_string_equal(r->out, "1\n");
    assert_non_null(strstr(r->err, "bad.gr:2:"));
    r = RUN("", "/no/such/file.gr");
    assert_int_equal(r->status, 1);
    assert_non_null(strstr(r->err, "/no/such/file.gr"));
    r = RUN("", "/");
    assert_int_equal(r->status, 1);
}

static void test_init_file(void **state)
{
    char path[200];
    snprintf(path, sizeof path, "%s/gradus", folder);
    mkdir(path, 0700);
    script("gradus/init.gr", "print 77\n");
    struct result *r = RUN("", "-c", "print 1");
    assert_string_equal(r->out, "77\n1\n");
    r = RUN("", "--no-init", "-c", "print 1");
    assert_string_equal(r->out, "1\n");
    script("gradus/init.gr", "nonsense\n");
    r = RUN("", "-c", "print 1");
    assert_int_equal(r->status, 1);
    assert_string_equal(r->out, "");
    assert_non_null(strstr(r->err, "init.gr:1:1: error"));
    unlink(script("gradus/init.gr", ""));
}

static void test_seed(void **state)
{
    const char *line = "data xor; dense 2 tanh; dense 1 tanh; fit 1; print w[1][0,0]";
    char first[OUTPUT];
    strcpy(first, RUN("", "--seed", "5", "-c", line)->out);
    assert_string_equal(RUN("", "--seed", "5", "-c", line)->out, first);
    assert_string_not_equal(RUN("", "--seed", "6", "-c", line)->out, first);
}

static void test_streams_are_clean_off_a_terminal(void **state)
{
    struct result *r =
        RUN("", "-c", "data xor; dense 2 tanh; dense 1 tanh; fit 200; help; help fit; summary; evaluate");
    assert_int_equal(r->status, 0);
    assert_true(strlen(r->out) > 500);
    assert_null(strchr(r->out, '\033'));
    assert_null(strchr(r->out, '\r'));
    assert_null(strchr(r->err, '\033'));
    assert_null(strchr(r->err, '\r'));
    int lines = 0; /* the training leaves one line, however long it runs */
    for (const char *p = r->out; (p = strstr(p, "epoch 200/200")); p++)
        lines++;
    assert_int_equal(lines, 1);
    assert_null(strstr(r->out, "epoch 199"));
    assert_null(strstr(r->out, "steps/s"));
    assert_null(strstr(r->err, "epoch"));
}

static void test_quiet(void **state)
{
    struct result *r = RUN("", "--quiet", "-c", "data xor; dense 2 tanh; dense 1 tanh; fit 2; print 1");
    assert_int_equal(r->status, 0);
    assert_string_equal(r->out, "1\n");
    assert_string_equal(r->err, "");
}

static void test_background_training_is_waited_for(void **state)
{
    struct result *r =
        RUN("", "-c", "data xor; dense 2 tanh; dense 1 tanh; speed full; fit 300 &", "-c", "print 1");
    assert_int_equal(r->status, 0);
    assert_string_equal(r->out, "1\n");
    assert_non_null(strstr(r->err, "epoch 300/300"));
}

static void test_full_disk_and_gone_reader(void **state)
{
    int in = open("/dev/null", O_RDONLY), full = open("/dev/full", O_WRONLY), ends[2];
    const char *const arguments[] = {"-c", "print 1", NULL};
    if (full >= 0)
        assert_int_equal(end(start(in, full, STDERR_FILENO, arguments)), 1);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(end(start(in, ends[1], STDERR_FILENO, arguments)), 1);
    close(ends[1]);
    close(in);
    close(full);
}

/* Ctrl-C, once the first line was printed. */
static int interrupted(const char *commands, int number)
{
    int in = open("/dev/null", O_RDONLY), err = open("/dev/null", O_WRONLY), ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = start(in, ends[1], err,
        (const char *const[]){"-c", "print 1; data xor; dense 2 tanh; dense 1 tanh", "-c", commands, NULL});
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    kill(pid, number);
    int status = end(pid);
    close(ends[0]);
    close(in);
    close(err);
    return status;
}

static void test_interrupt_ends_a_script(void **state)
{
    assert_int_equal(interrupted("fit 1000000000; print 2", SIGINT), 130);
    assert_int_equal(interrupted("fit 1000000000 &", SIGINT), 130);
    assert_int_equal(interrupted("fit 1000000000", SIGTERM), 128 + SIGTERM);
}

static void test_junk_input(void **state)
{
    static const char nul[] = "print 1\nprint \0 2\nprint 3\n";
    struct result *r = run_bytes(nul, sizeof nul - 1, (const char *const[]){NULL});
    assert_int_equal(r->status, 1);
    assert_string_equal(r->out, "1\n");
    r = PIPE("print '\xff\xfe'\n");
    assert_int_equal(r->status, 1);
    assert_null(strchr(r->err, '\xff'));
    r = PIPE("print 'open\n");
    assert_int_equal(r->status, 1);
    r = PIPE("print (1 +\n");
    assert_int_equal(r->status, 1);
    size_t length = 10000000;
    char *line = malloc(length);
    memset(line, 'x', length);
    r = run_bytes(line, length, (const char *const[]){NULL});
    assert_int_equal(r->status, 1);
    assert_true(strlen(r->err) < 1000);
    free(line);
}

/* A stream that came closed must not become one of the program's own pipes: it would wait for itself. */
static void test_closed_streams(void **state)
{
    char command[400];
    const char *program = getenv("GRADUS_PROGRAM");
    static const struct {
        const char *given, *streams;
        int status;
    } starts[] = {
        {"", "<&-", 0},
        {"-c 'print 1'", "<&- >&- 2>&-", 1},
        {"-c 'print 1'", "</dev/null >&-", 1},
        {"-c 'no such command'", "</dev/null 2>&-", 1},
    };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        snprintf(command, sizeof command, "'%s' %s %s", program, starts[i].given, starts[i].streams);
        int status = system(command);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), starts[i].status);
    }
}

static void write_journal(const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/gradus", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/gradus/session-1-1.journal", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* What can be read of a damaged journal comes back; one that cannot be read at all is put aside. */
static void test_damaged_journal(void **state)
{
    write_journal("gradus journal 1\n0 data circle\n\001\377 junk\n0 dense 4 tanh\n0 dense 1 ta");
    struct result *r = RUN("", "--resume", "-c", "print layers");
    assert_int_equal(r->status, 0);
    assert_string_equal(r->out, "1\n");
    assert_non_null(strstr(r->err, "resumed: 2 lines typed again"));
    assert_non_null(strstr(r->err, "part of the journal was damaged and left out"));
    write_journal("gradus journal 1\n0 data circle\n0 dance 4\n");
    r = RUN("", "--resume", "-c", "print 1");
    assert_int_equal(r->status, 1);
    assert_string_equal(r->out, "1\n");
    assert_non_null(strstr(r->err, "unknown command 'dance'"));
    assert_non_null(strstr(r->err, "1 line of the journal could not be run again"));
    write_journal("gradus jour");
    r = RUN("", "--resume", "-c", "print 1");
    assert_non_null(strstr(r->err, "there is nothing to resume"));
    write_journal("some other file, long enough for a header\n");
    r = RUN("", "--resume", "-c", "print 1");
    assert_int_equal(r->status, 1);
    assert_non_null(strstr(r->err, "is damaged and was put aside as .damaged"));
    r = RUN("", "--resume", "-c", "print 1");
    assert_non_null(strstr(r->err, "there is nothing to resume"));
}

/* An installed tree that was moved: lessons lie beside the program, in ../share. */
static void test_moved_program(void **state)
{
    char command[1000];
    snprintf(command, sizeof command,
        "cd %s && mkdir -p tree/bin tree/share/gradus && cp \"$GRADUS_PROGRAM\" tree/bin/gradus && "
        "ln -s \"$GRADUS_SOURCE/lessons\" tree/share/gradus/lessons && "
        "tree/bin/gradus -c lessons </dev/null | grep -q '  tour '",
        folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_and_help),
        cmocka_unit_test(test_wrong_usage),
        cmocka_unit_test(test_no_input),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_first_error_ends),
        cmocka_unit_test(test_script),
        cmocka_unit_test(test_init_file),
        cmocka_unit_test(test_seed),
        cmocka_unit_test(test_damaged_journal),
        cmocka_unit_test(test_moved_program),
        cmocka_unit_test(test_streams_are_clean_off_a_terminal),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_background_training_is_waited_for),
        cmocka_unit_test(test_full_disk_and_gone_reader),
        cmocka_unit_test(test_interrupt_ends_a_script),
        cmocka_unit_test(test_junk_input),
        cmocka_unit_test(test_closed_streams),
    };
    return cmocka_run_group_tests(tests, folder_enter_home, folder_leave);
}
