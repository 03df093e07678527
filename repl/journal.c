/* journal.c - one line a change, and which autosave it came after.
 *
 *     gradus journal 1
 *     0 data spiral
 *     0 dense 8 tanh; dense 1 tanh
 *     0 fit 100000 &
 *     1742742000123456789 set w[1][0,0] 2
 *
 * The number is the time of the autosave file when the line was typed (0: there was none). So a resumed
 * session knows where the weights belong: lines with another number than the last file's came before it was
 * saved. They are typed again, then the file is loaded, then the rest is typed. Training is not repeated: its
 * outcome is in the file. A line that was cut by the crash has no newline, and is left out. */
#include "journal.h"

#include "output.h"
#include "repl.h"
#include "typed.h"

#include "../src/io/file.h"
#include "../src/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char header[] = "gradus journal 1\n";
static const char journal_end_of_name[] = ".journal", weights_end_of_name[] = ".safetensors";
enum { JOURNAL_BYTES = 64 << 20, KEPT_DAYS = 30 };

static struct {
    int fd; /* open and locked, -1 without a journal */
    struct text path, weights;
    size_t written; /* lines of the session's journal that are in the file */
    bool failed;    /* said already that it cannot be written */
} journal = {.fd = -1};

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n > m && strcmp(s + n - m, end) == 0;
}

/* "x.journal" to "x.safetensors". */
static void weights_path(const char *path, struct text *out)
{
    text_clear(out);
    text_add_bytes(out, path, strlen(path) - strlen(journal_end_of_name));
    text_add(out, weights_end_of_name);
}

/* The autosave's time in nanoseconds, 0 when there is none. */
static uint64_t saved_at(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return 0;
    return (uint64_t)info.st_mtim.tv_sec * 1000000000u + (uint64_t)info.st_mtim.tv_nsec;
}

/* --- writing ------------------------------------------------------------------------------------------ */

static bool open_own(struct error *e)
{
    text_clear(&journal.path);
    if (!state_folder(&journal.path, e))
        return false;
    text_addf(
        &journal.path, "session-%lld-%ld%s", (long long)time(NULL), (long)getpid(), journal_end_of_name);
    weights_path(text_get(&journal.path), &journal.weights);
    journal.fd = open(text_get(&journal.path), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (journal.fd < 0)
        return error_set(e, "%s: %s", text_get(&journal.path), strerror(errno));
    flock(journal.fd, LOCK_EX | LOCK_NB);
    if (write(journal.fd, header, sizeof header - 1) != sizeof header - 1)
        return error_set(e, "%s: %s", text_get(&journal.path), strerror(errno));
    return true;
}

bool journal_start(struct repl *r, struct error *e)
{
    if (journal.fd < 0 && !open_own(e)) {
        journal_end(r, true);
        return error_prefix(e, "a crash will lose this session");
    }
    r->session->autosave = text_get(&journal.weights);
    return true;
}

/* A newline within a line (an open bracket continued it) is written as \n. */
static void add_line(struct text *out, const char *line)
{
    for (; *line; line++)
        if (*line == '\n' || *line == '\\')
            text_add(out, *line == '\n' ? "\\n" : "\\\\");
        else
            text_add_bytes(out, line, 1);
    text_add(out, "\n");
}

void journal_sync(struct repl *r)
{
    const struct session *s = r->session;
    struct text lines = {0};
    if (journal.fd < 0 || journal.written >= s->journal_count)
        return;
    uint64_t saved = saved_at(text_get(&journal.weights));
    for (; journal.written < s->journal_count; journal.written++) {
        text_addf(&lines, "%" PRIu64 " ", saved);
        add_line(&lines, s->journal[journal.written].text);
    }
    if (write(journal.fd, text_get(&lines), lines.length) != (ssize_t)lines.length && !journal.failed) {
        out_warning("a crash will lose this session: %s: %s", text_get(&journal.path), strerror(errno));
        journal.failed = true;
    }
    text_release(&lines);
}

void journal_end(struct repl *r, bool clean)
{
    if (journal.fd >= 0) {
        if (clean) {
            unlink(text_get(&journal.path));
            unlink(text_get(&journal.weights));
        }
        close(journal.fd);
    }
    journal.fd = -1;
    if (r->session)
        r->session->autosave = NULL;
    text_release(&journal.path);
    text_release(&journal.weights);
    journal.written = 0;
    journal.failed = false;
}

/* --- what dead sessions left -------------------------------------------------------------------------- */

/* Opens a journal that no living program holds; -1 when one does. */
static int open_dead(const char *path, struct stat *info)
{
    int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
    if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, info) != 0 || !S_ISREG(info->st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void remove_files(const char *path)
{
    struct text weights = {0};
    weights_path(path, &weights);
    unlink(path);
    unlink(text_get(&weights));
    text_release(&weights);
}

/* Finds the newest left journal, locked and open, and its path; -1 when there is none. Empty ones, and those
 * that nobody came back to for long, are removed on the way. */
static int find_left(struct text *path, struct stat *info)
{
    struct text folder = {0}, one = {0};
    struct stat found;
    int best = -1;
    DIR *d = state_folder(&folder, NULL) ? opendir(text_get(&folder)) : NULL;
    for (struct dirent *entry; d && (entry = readdir(d));) {
        if (strncmp(entry->d_name, "session-", 8) != 0 || !ends_with(entry->d_name, journal_end_of_name))
            continue;
        text_clear(&one);
        text_addf(&one, "%s%s", text_get(&folder), entry->d_name);
        int fd = open_dead(text_get(&one), &found);
        if (fd < 0)
            continue;
        bool stale = time(NULL) - found.st_mtime > KEPT_DAYS * 86400L || found.st_size < (off_t)sizeof header;
        if (stale) {
            remove_files(text_get(&one));
            close(fd);
        } else if (best < 0 || found.st_mtime > info->st_mtime) {
            if (best >= 0)
                close(best);
            best = fd;
            *info = found;
            text_clear(path);
            text_add(path, text_get(&one));
        } else {
            close(fd);
        }
    }
    if (d)
        closedir(d);
    text_release(&folder);
    text_release(&one);
    return best;
}

bool journal_left(char *when, size_t size)
{
    struct text path = {0};
    struct stat info;
    struct tm local;
    int fd = find_left(&path, &info);
    text_release(&path);
    if (fd < 0)
        return false;
    close(fd);
    localtime_r(&info.st_mtime, &local);
    strftime(when, size, "%-d %B %H:%M", &local);
    return true;
}

/* --- resuming ----------------------------------------------------------------------------------------- */

struct replay {
    size_t lines, failed;
    bool trained; /* a line that trains was left out */
    bool weights, damaged;
    uint64_t saved;
};

static bool run_again(struct repl *r, struct text *commands)
{
    const struct origin origin = {.name = "journal", .line = 1};
    bool ok = !commands->length || repl_line(r, text_get(commands), commands->length, &origin);
    text_clear(commands);
    return ok;
}

/* Types one line again, command by command, without those that train. */
static bool retype(struct repl *r, const char *text, struct replay *p)
{
    struct line line;
    struct text commands = {0};
    bool ok = true;
    if (lex_line(text, strlen(text), &line, NULL) != LEX_OK)
        return false;
    for (int i = 0; i < line.count; i++) {
        const struct command_line *c = &line.command[i];
        const struct command *row = command_find(c->name.text, true, NULL);
        if (!row || row->group != GROUP_TRAIN) { /* an unknown one goes along, so that its error is told */
            text_addf(
                &commands, "%s%s %s", commands.length ? "; " : "", row ? row->name : c->name.text, c->raw);
            continue;
        }
        p->trained = true;
        ok = run_again(r, &commands) && ok; /* what it would have trained must be there */
        if (row->effect & EFFECT_CHANGES)
            session_leave_out(r->session, row->name);
    }
    ok = run_again(r, &commands) && ok;
    line_release(&line);
    text_release(&commands);
    return ok;
}

static bool restore_weights(struct repl *r, const char *path)
{
    const struct origin origin = {.name = "journal", .line = 1};
    struct text command = {0};
    text_add(&command, "load \"");
    for (const char *p = path; *p; p++)
        text_addf(&command, "%s%c", *p == '"' || *p == '\\' ? "\\" : "", *p);
    text_add(&command, "\"");
    bool ok = repl_line(r, text_get(&command), command.length, &origin);
    text_release(&command);
    return ok;
}

static void unescape(char *s)
{
    char *to = s;
    for (; *s; s++) {
        bool escaped = *s == '\\' && s[1];
        if (escaped)
            s++;
        *to++ = escaped && *s == 'n' ? '\n' : *s;
    }
    *to = '\0';
}

/* Types the lines of the text, which ends with a newline. */
static void replay(struct repl *r, char *text, const char *weights, struct replay *out)
{
    for (char *next; (next = strchr(text, '\n')); text = next + 1) {
        char *line;
        *next = '\0';
        errno = 0;
        uint64_t saved = strtoull(text, &line, 10);
        if (line == text || *line != ' ' || errno) {
            out->damaged = true;
            continue;
        }
        unescape(++line);
        if (out->saved && saved == out->saved && !out->weights)
            out->weights = restore_weights(r, weights);
        out->lines++;
        out->failed += !retype(r, line, out);
    }
    if (out->saved && !out->weights)
        out->weights = restore_weights(r, weights);
}

static void report(const struct replay *p)
{
    out_note("resumed: %zu line%s typed again%s", p->lines - p->failed, p->lines - p->failed == 1 ? "" : "s",
        p->weights                ? ", weights of the last autosave; `fit` goes on from there"
        : p->saved || !p->trained ? ""
                                  : "; no weights were saved yet, so training starts afresh");
    if (p->failed)
        out_warning("%zu line%s of the journal could not be run again", p->failed, p->failed == 1 ? "" : "s");
    if (p->damaged)
        out_warning("part of the journal was damaged and left out");
}

/* Reads a journal; NULL and an error when it is none. */
static char *read_journal(const char *path, size_t *length, struct error *e)
{
    char *text;
    if (!file_read(path, JOURNAL_BYTES, &text, length, e))
        return NULL;
    if (*length >= sizeof header - 1 && memcmp(text, header, sizeof header - 1) == 0 &&
        strlen(text) == *length)
        return text;
    memory_free(text);
    error_set(e, "the journal %s is damaged and was put aside as .damaged", path);
    return NULL;
}

static void put_aside(const char *path)
{
    struct text aside = {0};
    text_addf(&aside, "%s.damaged", path);
    rename(path, text_get(&aside));
    text_release(&aside);
}

bool journal_resume(struct repl *r, bool keep, struct error *e)
{
    struct text path = {0}, weights = {0}, said = {0};
    struct stat info;
    size_t length;
    int fd = find_left(&path, &info);
    if (fd < 0) {
        text_release(&path);
        return error_set(e, "there is nothing to resume: the last session ended by itself");
    }
    weights_path(text_get(&path), &weights);
    char *text = read_journal(text_get(&path), &length, e);
    if (text) {
        struct replay p = {.saved = saved_at(text_get(&weights)), .damaged = text[length - 1] != '\n'};
        struct text *old = out_capture(&said);
        replay(r, text + sizeof header - 1, text_get(&weights), &p);
        out_capture(old);
        if (p.failed || (p.saved && !p.weights))
            out_diagnostic(text_get(&said));
        text_clear(&r->session->notice);
        report(&p);
    } else {
        put_aside(text_get(&path));
    }
    bool ok = text != NULL;
    memory_free(text);
    if (ok && keep) {
        journal.fd = fd;
        journal.path = path;
        journal.weights = weights;
        journal.written = r->session->journal_count;
    } else {
        close(fd);
        text_release(&path);
        text_release(&weights);
    }
    text_release(&said);
    return ok;
}
