/* test_transcripts.c - typed lines with what they print: tests/transcripts, one file a session.
 *
 *     # a comment
 *     > print 1 + 2          a typed line, as at a prompt; "| …" below it continues it
 *     3                      what it prints, results and diagnostics together
 *
 * In an expected line "…" stands for any text, and a line of "…" alone for any number of lines. Blank lines
 * between blocks do not count. Each file is one session, in a folder of its own. */
#include "typing.h"

#include "../src/io/file.h"
#include "../src/memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static const char gap[] = "…";

/* True when the whole text fits the pattern; a gap in it fits any bytes. */
static bool fits(const char *pattern, size_t p, const char *text, size_t t)
{
    size_t g = sizeof gap - 1;
    if (p >= g && !memcmp(pattern, gap, g)) {
        for (size_t skip = 0; skip <= t; skip++)
            if (fits(pattern + g, p - g, text + skip, t - skip))
                return true;
        return false;
    }
    if (!p || !t)
        return !p && !t;
    return *pattern == *text && fits(pattern + 1, p - 1, text + 1, t - 1);
}

static size_t trimmed(const char *text, size_t length)
{
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\n'))
        length--;
    return length;
}

struct block {
    int line;
    struct text typed, expected;
};

static void run_block(const char *path, struct block *b)
{
    if (!b->typed.length)
        return;
    type_bytes(b->typed.data, b->typed.length);
    const char *got = text_get(&printed), *expected = text_get(&b->expected);
    if (!fits(expected, trimmed(expected, b->expected.length), got, trimmed(got, printed.length)))
        fail_msg("%s:%d: > %s\nexpected:\n%s\ngot:\n%s", path, b->line, text_get(&b->typed), expected, got);
    text_clear(&b->typed);
    text_clear(&b->expected);
}

static void read_line(const char *path, struct block *b, const char *line, size_t length, int number)
{
    if (length && line[0] == '#')
        return;
    if (length >= 2 && !memcmp(line, "> ", 2)) {
        run_block(path, b);
        b->line = number;
        text_add_bytes(&b->typed, line + 2, length - 2);
    } else if (length >= 2 && !memcmp(line, "| ", 2) && !b->expected.length) {
        text_add(&b->typed, "\n");
        text_add_bytes(&b->typed, line + 2, length - 2);
    } else {
        text_add_bytes(&b->expected, line, length);
        text_add(&b->expected, "\n");
    }
}

static void run_file(const char *path)
{
    struct error e;
    struct block b = {0};
    char *bytes;
    size_t length;
    int number = 1;
    if (!file_read(path, 1 << 20, &bytes, &length, &e))
        fail_msg("%s", e.text);
    assert_int_equal(folder_enter(NULL), 0);
    prompt_open();
    for (const char *line = bytes; line < bytes + length; number++) {
        size_t n = strcspn(line, "\n");
        read_line(path, &b, line, n, number);
        line += n + 1;
    }
    run_block(path, &b);
    prompt_close();
    text_release(&b.typed);
    text_release(&b.expected);
    memory_free(bytes);
}

static int is_transcript(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && !strcmp(dot, ".gr-transcript");
}

static void test_transcripts(void **state)
{
    const char *source = getenv("GRADUS_SOURCE");
    char from[3000], path[3300];
    struct dirent **list;
    snprintf(from, sizeof from, "%s/tests/transcripts", source ? source : ".");
    int count = scandir(from, &list, is_transcript, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", from, list[i]->d_name);
        run_file(path);
        assert_int_equal(folder_leave(NULL), 0);
        free(list[i]);
    }
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_transcripts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
