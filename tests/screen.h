/* screen.h - the program on a pseudo-terminal, and what a person would see there.
 *
 * A small emulator of the escapes that line editors use keeps a grid of characters. Tests send keys and wait
 * for a text to appear; only a program that hangs runs into the deadline. */
#ifndef GRADUS_TESTS_SCREEN_H
#define GRADUS_TESTS_SCREEN_H

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SCREEN_ROWS = 40, SCREEN_COLUMNS = 200, CELL = 8, DEADLINE = 60000 };

struct screen {
    int fd;
    pid_t pid;
    int rows, columns, row, column;
    char cell[SCREEN_ROWS][SCREEN_COLUMNS][CELL]; /* a UTF-8 character each, "" for a blank */
    char escape[64];
    int escaped; /* bytes of an escape read so far */
    bool insert, wrap_next;
    bool colour; /* an SGR escape was seen */
    char text[SCREEN_ROWS * (SCREEN_COLUMNS * 4 + 1) + 1];
};

static void screen_scroll(struct screen *s)
{
    memmove(s->cell[0], s->cell[1], sizeof s->cell[0] * (size_t)(s->rows - 1));
    memset(s->cell[s->rows - 1], 0, sizeof s->cell[0]);
}

static void screen_newline(struct screen *s)
{
    s->wrap_next = false;
    if (s->row == s->rows - 1)
        screen_scroll(s);
    else
        s->row++;
}

static void screen_put(struct screen *s, const char *bytes, int length)
{
    if (s->wrap_next) {
        s->column = 0;
        screen_newline(s);
    }
    char(*line)[CELL] = s->cell[s->row];
    if (s->insert)
        memmove(line[s->column + 1], line[s->column], (size_t)(s->columns - s->column - 1) * CELL);
    memcpy(line[s->column], bytes, (size_t)length);
    line[s->column][length] = '\0';
    if (s->column == s->columns - 1)
        s->wrap_next = true;
    else
        s->column++;
}

static void screen_erase(struct screen *s, int row, int from, int to)
{
    for (int i = from; i < to; i++)
        s->cell[row][i][0] = '\0';
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static void screen_shift(struct screen *s, int by)
{
    char(*line)[CELL] = s->cell[s->row];
    int rest = s->columns - s->column, n = clamp(abs(by), 0, rest);
    if (by > 0)
        memmove(line[s->column + n], line[s->column], (size_t)(rest - n) * CELL);
    else
        memmove(line[s->column], line[s->column + n], (size_t)(rest - n) * CELL);
    screen_erase(s, s->row, by > 0 ? s->column : s->columns - n, by > 0 ? s->column + n : s->columns);
}

/* A whole CSI sequence: ESC [ parameters final. */
static void screen_csi(struct screen *s, char final)
{
    const char *parameter = s->escape + 2;
    int n = atoi(parameter), by = n ? n : 1;
    s->wrap_next = s->wrap_next && final == 'm';
    switch (final) {
    case 'A':
        s->row = clamp(s->row - by, 0, s->rows - 1);
        break;
    case 'B':
        s->row = clamp(s->row + by, 0, s->rows - 1);
        break;
    case 'C':
        s->column = clamp(s->column + by, 0, s->columns - 1);
        break;
    case 'D':
        s->column = clamp(s->column - by, 0, s->columns - 1);
        break;
    case 'G':
        s->column = clamp(by - 1, 0, s->columns - 1);
        break;
    case 'H':
        s->row = s->column = 0;
        break;
    case '@':
        screen_shift(s, by);
        break;
    case 'P':
        screen_shift(s, -by);
        break;
    case 'h':
        s->insert |= n == 4;
        break;
    case 'l':
        s->insert &= n != 4;
        break;
    case 'm':
        s->colour = true;
        break;
    case 'K':
        screen_erase(s, s->row, n ? 0 : s->column, s->columns);
        break;
    case 'J':
        screen_erase(s, s->row, n ? 0 : s->column, s->columns);
        for (int i = n ? 0 : s->row + 1; i < s->rows; i++)
            screen_erase(s, i, 0, s->columns);
        break;
    }
}

static void screen_byte(struct screen *s, char c)
{
    if (s->escaped) {
        if (s->escaped < (int)sizeof s->escape - 1)
            s->escape[s->escaped++] = c;
        s->escape[s->escaped] = '\0';
        bool utf8 = (unsigned char)s->escape[0] >= 0xc0;
        unsigned char first = (unsigned char)s->escape[0];
        if (utf8 && s->escaped == (first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4)) {
            screen_put(s, s->escape, s->escaped);
            s->escaped = 0;
        } else if (!utf8 && (s->escape[1] != '[' || (s->escaped > 2 && c >= '@'))) {
            if (s->escape[1] == '[')
                screen_csi(s, c);
            s->escaped = 0;
        }
    } else if (c == '\033' || (unsigned char)c >= 0xc0) {
        s->escape[0] = c;
        s->escaped = 1;
    } else if (c == '\n') {
        screen_newline(s);
    } else if (c == '\r') {
        s->column = 0;
        s->wrap_next = false;
    } else if (c == '\b') {
        s->column -= s->column > 0;
        s->wrap_next = false;
    } else if (c == '\t') {
        s->column = clamp((s->column / 8 + 1) * 8, 0, s->columns - 1);
    } else if (c >= ' ') {
        screen_put(s, &c, 1);
    }
}

/* The grid as text: rows without their trailing blanks. */
static const char *screen_text(struct screen *s)
{
    char *to = s->text;
    for (int row = 0; row < s->rows; row++) {
        char *end = to;
        for (int i = 0; i < s->columns; i++) {
            const char *c = s->cell[row][i];
            to = stpcpy(to, *c ? c : " ");
            end = *c && *c != ' ' ? to : end;
        }
        to = end;
        *to++ = '\n';
    }
    *to = '\0';
    return s->text;
}

/* Reads what the program has written; false when it has ended. Waits for something at most so long. */
static bool screen_read(struct screen *s, int milliseconds)
{
    char bytes[4096];
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    if (poll(&p, 1, milliseconds) <= 0)
        return true;
    ssize_t n = read(s->fd, bytes, sizeof bytes);
    for (ssize_t i = 0; i < n; i++)
        screen_byte(s, bytes[i]);
    return n > 0;
}

/* Starts the program with arguments on a screen of its own. */
static struct screen *screen_start(int rows, int columns, const char *const *argv)
{
    struct screen *s = calloc(1, sizeof *s);
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    s->rows = rows;
    s->columns = columns;
    s->pid = forkpty(&s->fd, NULL, NULL, &size);
    if (s->pid == 0) {
        /* As in a terminal, also where the tests run under nohup or in a shell's background. */
        signal(SIGHUP, SIG_DFL);
        signal(SIGINT, SIG_DFL);
        signal(SIGQUIT, SIG_DFL);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    return s;
}

static void screen_send(struct screen *s, const char *keys)
{
    size_t length = strlen(keys), done = 0;
    while (done < length) {
        ssize_t n = write(s->fd, keys + done, length - done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
}

/* True when the text stands on the screen, at the latest after the deadline. */
static bool screen_shows(struct screen *s, const char *text)
{
    for (int waited = 0; waited < DEADLINE && !strstr(screen_text(s), text); waited += 100)
        if (!screen_read(s, 100))
            break;
    if (strstr(screen_text(s), text))
        return true;
    fprintf(stderr, "the screen never showed \"%s\":\n%s\n", text, screen_text(s));
    return false;
}

/* The row of the cursor, and the one above it (1), … */
static const char *screen_row(struct screen *s, int above)
{
    static char line[SCREEN_COLUMNS * 4 + 1];
    const char *text = screen_text(s);
    for (int i = 0; i < s->row - above; i++)
        text = strchr(text, '\n') + 1;
    size_t length = strcspn(text, "\n");
    memcpy(line, text, length);
    line[length] = '\0';
    return line;
}

/* Waits for the program's end and gives its exit status; 128 + the signal that killed it. */
static int screen_end(struct screen *s)
{
    int status = 0;
    int waited = 0;
    while (waited < DEADLINE && screen_read(s, 100))
        waited += 100;
    if (waited >= DEADLINE)
        kill(s->pid, SIGKILL);
    close(s->fd);
    if (waitpid(s->pid, &status, 0) != s->pid)
        status = -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1) /* a sanitizer's report */
        fprintf(stderr, "the program ended with 1:\n%s\n", screen_text(s));
    free(s);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
