/* test_window.c - a real window on a display of its own: Xvfb shows it, xdotool presses keys and moves the
 * mouse, and the pixels are read back from the display. Where one of the two is missing the test says so and
 * skips. */
#include "making.h"

#include "../viz/viz.h"
#include "../viz/viz_parts.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { LIMIT = 60 }; /* seconds until something expected counts as missing */

struct screen {
    pid_t server;
    char folder[40], frame[80]; /* the frame buffer, as a file */
    struct session *session;
    struct viz *viz;
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool have(const char *tool)
{
    char path[300], folders[4000];
    snprintf(folders, sizeof folders, "%s", getenv("PATH") ? getenv("PATH") : "");
    for (char *f = strtok(folders, ":"); f; f = strtok(NULL, ":")) {
        snprintf(path, sizeof path, "%s/%s", f, tool);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

/* Starts a display and gives its number; the server writes it when it is ready. */
static int start_server(struct screen *sc)
{
    int ends[2];
    char number[16] = "", fd[16];
    assert_int_equal(pipe(ends), 0);
    snprintf(fd, sizeof fd, "%d", ends[1]);
    const char *argv[] = {"Xvfb", "-displayfd", fd, "-screen", "0", "1400x900x24", "-fbdir", sc->folder,
        "-nolisten", "tcp", NULL};
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", 1, 0);
    assert_int_equal(posix_spawnp(&sc->server, "Xvfb", &quiet, NULL, (char *const *)argv, environ), 0);
    posix_spawn_file_actions_destroy(&quiet);
    close(ends[1]);
    struct pollfd p = {.fd = ends[0], .events = POLLIN};
    size_t used = 0;
    while (!strchr(number, '\n') && poll(&p, 1, LIMIT * 1000) > 0) {
        ssize_t n = read(ends[0], number + used, sizeof number - 1 - used);
        if (n <= 0)
            break;
        used += (size_t)n;
    }
    close(ends[0]);
    return *number ? atoi(number) : -1;
}

/* Runs a tool to its end while the window goes on. */
static void tool(struct screen *sc, const char *const *words)
{
    pid_t pid;
    assert_int_equal(posix_spawnp(&pid, words[0], NULL, NULL, (char *const *)words, environ), 0);
    int status = 0;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        viz_tick(sc->viz);
        poll(NULL, 0, 1);
    }
    assert_int_equal(status, 0);
}

static void press(struct screen *sc, const char *key)
{
    tool(sc, (const char *[]){"xdotool", "key", key, NULL});
}

static void move(struct screen *sc, int x, int y)
{
    char sx[12], sy[12];
    snprintf(sx, sizeof sx, "%d", x);
    snprintf(sy, sizeof sy, "%d", y);
    tool(sc, (const char *[]){"xdotool", "mousemove", sx, sy, NULL});
}

/* A number that changes when any pixel of the display does: an XWD file, whose header is read off. */
static uint64_t look(const struct screen *sc, int *colours)
{
    FILE *f = fopen(sc->frame, "rb");
    assert_non_null(f);
    static uint8_t bytes[8 << 20], seen[1 << 18];
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    size_t head = 4096;
    assert_true(n > head);
    uint64_t hash = 1469598103934665603u;
    memset(seen, 0, sizeof seen);
    *colours = 0;
    for (size_t i = head; i + 4 <= n; i += 4) {
        int at = bytes[i] >> 2 | bytes[i + 1] >> 2 << 6 | bytes[i + 2] >> 2 << 12;
        *colours += !seen[at];
        seen[at] = 1;
        hash = (hash ^ (uint64_t)at) * 1099511628211u;
    }
    return hash;
}

static uint64_t pixels(const struct screen *sc)
{
    int colours;
    return look(sc, &colours);
}

/* Ticks until the pixels differ from `before`; false after the limit. */
static bool changes(struct screen *sc, uint64_t before)
{
    for (double end = seconds() + LIMIT; seconds() < end; poll(NULL, 0, 5)) {
        viz_tick(sc->viz);
        if (pixels(sc) != before)
            return true;
    }
    return false;
}

/* Ticks until the pixels have stood still for a while; returns them. */
static uint64_t settle(struct screen *sc)
{
    uint64_t last = pixels(sc);
    int same = 0;
    for (double end = seconds() + LIMIT; seconds() < end && same < 30; poll(NULL, 0, 10)) {
        viz_tick(sc->viz);
        uint64_t now = pixels(sc);
        same = now == last ? same + 1 : 0;
        last = now;
    }
    assert_int_equal(same, 30);
    return last;
}

/* Ticks until the window types this line. */
static bool types(struct screen *sc, const char *line)
{
    char out[VIZ_COMMAND];
    for (double end = seconds() + LIMIT; seconds() < end; poll(NULL, 0, 5)) {
        viz_tick(sc->viz);
        if (viz_command(sc->viz, out, sizeof out))
            return strcmp(out, line) == 0;
    }
    return false;
}

/* --- tests -------------------------------------------------------------------------------------------------
 */

static void the_picture_has_many_colours(void **state)
{
    struct screen *sc = *state;
    int colours = 0;
    for (double end = seconds() + LIMIT; seconds() < end && colours < 100; poll(NULL, 0, 10)) {
        viz_tick(sc->viz);
        look(sc, &colours);
    }
    assert_true(colours >= 100);
}

static void keys_reach_the_prompt(void **state)
{
    struct screen *sc = *state;
    press(sc, "space");
    assert_true(types(sc, "fit 10000 &"));
    press(sc, "s");
    assert_true(types(sc, "step"));
    press(sc, "t");
    assert_true(types(sc, "theme light"));
}

static void the_key_list_comes_and_goes(void **state)
{
    struct screen *sc = *state;
    uint64_t plain = settle(sc);
    press(sc, "h");
    assert_true(changes(sc, plain));
    uint64_t list = settle(sc);
    assert_true(list != plain);
    press(sc, "h");
    assert_true(changes(sc, list));
    assert_true(settle(sc) == plain);
}

static void themes_change_the_pixels(void **state)
{
    struct screen *sc = *state;
    struct error e;
    uint64_t dark = settle(sc);
    assert_true(viz_set_theme(sc->viz, "light", &e));
    assert_true(changes(sc, dark));
    settle(sc);
    assert_true(viz_set_theme(sc->viz, "dark", &e));
    for (double end = seconds() + LIMIT; seconds() < end && pixels(sc) != dark;)
        viz_tick(sc->viz);
    assert_true(pixels(sc) == dark);
}

static void the_mouse_shows_a_tip(void **state)
{
    struct screen *sc = *state;
    int left = (1400 - 1260) / 2, top = (900 - 800) / 2;
    uint64_t plain = settle(sc);
    move(sc, left + 40, top + 40);
    assert_true(changes(sc, plain));
    settle(sc);
    move(sc, 2, 2);
    for (double end = seconds() + LIMIT; seconds() < end && pixels(sc) != plain;)
        viz_tick(sc->viz);
    assert_true(pixels(sc) == plain);
}

static void training_moves_the_picture(void **state)
{
    struct screen *sc = *state;
    struct error e;
    struct fit fit = {.epochs = 1000000000, .batch_size = 10};
    uint64_t before = settle(sc);
    assert_true(session_fit(sc->session, &fit, &e));
    for (int i = 0; i < 5; i++) {
        assert_true(changes(sc, before));
        before = pixels(sc);
    }
    press(sc, "space");
    assert_true(types(sc, "pause"));
    session_stop(sc->session);
    settle(sc);
}

static void a_closed_window_opens_again(void **state)
{
    struct screen *sc = *state;
    struct error e;
    press(sc, "q");
    for (double end = seconds() + LIMIT; seconds() < end && viz_is_open(sc->viz); poll(NULL, 0, 5))
        viz_tick(sc->viz);
    assert_false(viz_is_open(sc->viz));
    uint64_t empty = pixels(sc);
    if (!viz_open(sc->viz, &e))
        fail_msg("%s", e.text);
    assert_true(changes(sc, empty));
}

/* --- the display -------------------------------------------------------------------------------------------
 */

static int start(void **state)
{
    struct error e;
    struct screen *sc = calloc(1, sizeof *sc);
    *state = sc;
    snprintf(sc->folder, sizeof sc->folder, "/tmp/gradus-screen-XXXXXX");
    if (!mkdtemp(sc->folder))
        return -1;
    snprintf(sc->frame, sizeof sc->frame, "%s/Xvfb_screen0", sc->folder);
    int number = start_server(sc);
    if (number < 0)
        return -1;
    char display[20];
    snprintf(display, sizeof display, ":%d", number);
    setenv("DISPLAY", display, 1);
    setenv("SDL_VIDEODRIVER", "x11", 1);
    sc->session = make_session(WORKER_THREAD, make_data(200, 150, 1), "dense 6 tanh;dense 1 tanh");
    sc->viz = viz_new(sc->session, &e);
    if (!sc->viz || !viz_open(sc->viz, &e)) {
        fprintf(stderr, "%s\n", e.text);
        return -1;
    }
    viz_tick(sc->viz);
    tool(sc, (const char *[]){"xdotool", "search", "--sync", "--onlyvisible", "--name", "Gradus",
                 "windowfocus", "--sync", NULL});
    return 0;
}

static int end(void **state)
{
    struct screen *sc = *state;
    viz_free(sc->viz);
    session_free(sc->session);
    if (sc->server > 0) {
        kill(sc->server, SIGTERM);
        waitpid(sc->server, NULL, 0);
    }
    unlink(sc->frame);
    rmdir(sc->folder);
    free(sc);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_picture_has_many_colours),
        cmocka_unit_test(keys_reach_the_prompt),
        cmocka_unit_test(the_key_list_comes_and_goes),
        cmocka_unit_test(themes_change_the_pixels),
        cmocka_unit_test(the_mouse_shows_a_tip),
        cmocka_unit_test(training_moves_the_picture),
        cmocka_unit_test(a_closed_window_opens_again),
    };
    if (!have("Xvfb") || !have("xdotool")) {
        fprintf(stderr, "skipped: this test needs Xvfb and xdotool\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, start, end);
}
