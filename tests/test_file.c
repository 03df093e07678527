/* test_file.c - whole files: limits, and that a write which fails in any way leaves the old file and nothing
 * else. */
#include "folder.h"

#include "../src/error.h"
#include "../src/io/file.h"
#include "../src/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static struct error error;

static void assert_holds(const char *path, const char *expected)
{
    char *bytes;
    size_t length;
    if (!file_read(path, 1 << 20, &bytes, &length, &error))
        fail_msg("%s", error.text);
    assert_int_equal(length, strlen(expected));
    assert_string_equal(bytes, expected);
    memory_free(bytes);
}

/* Files in the folder, temporary ones included. */
static int files_here(void)
{
    DIR *d = opendir(".");
    int count = 0;
    for (struct dirent *entry; (entry = readdir(d));)
        count += entry->d_name[0] != '.';
    closedir(d);
    return count;
}

static void assert_refused(const char *path, size_t limit, const char *sentence)
{
    char *bytes = (char *)folder;
    size_t length = 77;
    assert_false(file_read(path, limit, &bytes, &length, &error));
    assert_string_equal(error.text, sentence);
    assert_ptr_equal(bytes, folder);
    assert_int_equal(length, 77);
}

static void reads_what_was_written(void **state)
{
    assert_true(file_write("a.txt", "hello\n", 6, &error));
    assert_holds("a.txt", "hello\n");
    assert_true(file_write("a.txt", "", 0, &error));
    assert_holds("a.txt", "");
    assert_int_equal(files_here(), 1);
}

static void refuses_what_is_no_file(void **state)
{
    assert_refused("none.txt", 10, "cannot read 'none.txt': No such file or directory");
    assert_refused("/tmp", 10, "cannot read '/tmp': it is a folder");
    assert_refused("/dev/zero", 10, "cannot read '/dev/zero': it is no ordinary file");
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_refused("pipe", 10, "cannot read 'pipe': it is no ordinary file");
    unlink("pipe");
    assert_true(file_write("big", "0123456789A", 11, &error));
    assert_refused("big", 10, "cannot read 'big': it holds 11 bytes, and at most 10 bytes are read");
    unlink("big");
}

static void a_writer_shows_nothing_before_it_commits(void **state)
{
    struct file_writer w;
    assert_true(file_write("b.txt", "old", 3, &error));
    assert_true(file_begin(&w, "b.txt", &error));
    assert_true(file_append(&w, "ne", 2, &error));
    assert_holds("b.txt", "old");
    assert_true(file_append(&w, "w", 1, &error));
    assert_true(file_commit(&w, &error));
    assert_holds("b.txt", "new");
    assert_true(file_begin(&w, "b.txt", &error));
    assert_true(file_append(&w, "junk", 4, &error));
    int there = files_here();
    file_discard(&w);
    file_discard(&w);
    assert_int_equal(files_here(), there - 1);
    assert_holds("b.txt", "new");
}

static void keeps_links_and_permissions(void **state)
{
    struct stat info;
    assert_true(file_write("real.txt", "1", 1, &error));
    assert_int_equal(chmod("real.txt", 0600), 0);
    assert_int_equal(symlink("real.txt", "link.txt"), 0);
    assert_true(file_write("link.txt", "2", 1, &error));
    assert_holds("real.txt", "2");
    assert_int_equal(lstat("link.txt", &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat("real.txt", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void refuses_places_that_cannot_be_written(void **state)
{
    assert_false(file_write("", "x", 1, &error));
    assert_string_equal(error.text, "cannot write a file without a name");
    assert_false(file_write("/tmp", "x", 1, &error));
    assert_string_equal(error.text, "cannot write '/tmp': it is a folder");
    assert_false(file_write("none/x", "x", 1, &error));
    assert_string_equal(error.text, "cannot write 'none/x': No such file or directory");
    assert_false(file_write("/dev/full", "x", 1, &error));
    assert_string_equal(error.text, "cannot write '/dev/full': it is no ordinary file");
    static char longest[5000];
    memset(longest, 'x', sizeof longest - 1);
    assert_false(file_write(longest, "x", 1, &error));
    assert_non_null(strstr(error.text, "its name is too long"));
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    /* The system's own limit on file sizes stands for a disk that is full in the middle of a write. */
    struct rlimit before, small;
    char *block = calloc(1, 100000);
    assert_non_null(block);
    assert_true(file_write("c.txt", "old", 3, &error));
    int there = files_here();
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct file_writer w;
    bool begun = file_begin(&w, "c.txt", &error);
    bool appended = file_append(&w, block, 100000, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    free(block);
    assert_true(begun);
    assert_false(appended);
    assert_string_equal(strrchr(error.text, ':'), ": File too large");
    assert_int_equal(w.descriptor, -1);
    assert_int_equal(files_here(), there);
    assert_holds("c.txt", "old");
}

static void touch(const char *path)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(descriptor >= 0);
    close(descriptor);
}

/* A number that no process has: that of a child which ended and was waited for. */
static long dead_process(void)
{
    pid_t child = fork();
    if (!child)
        _exit(0);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return child;
}

static void a_write_clears_what_the_dead_left(void **state)
{
    char dead[80], living[80];
    snprintf(dead, sizeof dead, "e.txt.tmp-%ld", dead_process());
    snprintf(living, sizeof living, "e.txt.tmp-%ld", (long)getppid());
    touch(dead);
    touch(living);
    touch("e.txt.tmp-");
    touch("e.txt.tmp-7x");
    assert_true(file_write("e.txt", "new", 3, &error));
    assert_int_equal(access(dead, F_OK), -1);
    assert_int_equal(access(living, F_OK), 0);
    assert_int_equal(access("e.txt.tmp-", F_OK), 0);
    assert_int_equal(access("e.txt.tmp-7x", F_OK), 0);
    assert_holds("e.txt", "new");
}

static void a_read_only_folder_is_named(void **state)
{
    if (!geteuid()) {
        print_message("skipped: root may write into a read-only folder\n");
        skip();
    }
    assert_int_equal(mkdir("shut", 0500), 0);
    assert_false(file_write("shut/x", "x", 1, &error));
    assert_string_equal(error.text, "cannot write 'shut/x': Permission denied");
    assert_true(file_write("d.txt", "old", 3, &error));
    assert_int_equal(chmod("d.txt", 0400), 0);
    assert_false(file_write("d.txt", "new", 3, &error));
    assert_holds("d.txt", "old");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_written),
        cmocka_unit_test(refuses_what_is_no_file),
        cmocka_unit_test(a_writer_shows_nothing_before_it_commits),
        cmocka_unit_test(keeps_links_and_permissions),
        cmocka_unit_test(refuses_places_that_cannot_be_written),
        cmocka_unit_test(a_full_disk_leaves_the_old_file),
        cmocka_unit_test(a_write_clears_what_the_dead_left),
        cmocka_unit_test(a_read_only_folder_is_named),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
