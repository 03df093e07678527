/* typed.c - an array of lines, and a file that only grows while the program runs.
 *
 * Several programs may append to the file at once: each line is one write. Repetitions go when the file is
 * read; when it holds many more lines than are kept it is written anew, beside itself, and renamed. */
#include "typed.h"

#include "../src/error.h"
#include "../src/io/file.h"
#include "../src/memory.h"
#include "../src/text.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TYPED_MAX = 2000, TYPED_LINE = 1 << 16 };

struct typed {
    char **line; /* [count], oldest first, each once */
    size_t count, capacity;
    History *libedit;
    struct text path;
    bool failed;       /* said already that the file cannot be written */
    size_t at;         /* of the walk; count: on the line being typed */
    struct text draft; /* the line being typed when the walk began */
    size_t prefix;     /* bytes of it that a line must start with */
    struct text given; /* the line that the walk gave last */
};

bool state_folder(struct text *out, struct error *e)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    size_t start = out->length;
    if (state && *state == '/')
        text_addf(out, "%s/gradus/", state);
    else if (home && *home)
        text_addf(out, "%s/.local/state/gradus/", home);
    else
        return error_set(e, "neither HOME nor XDG_STATE_HOME says where to keep files");
    if (out->failed)
        return error_set(e, "no memory for a path");
    char *path = out->data + start;
    for (char *p = path + 1; *p; p++)
        if (*p == '/') {
            *p = '\0';
            int reason = mkdir(path, 0700) == 0 ? 0 : errno;
            bool ok = !reason || reason == EEXIST || access(path, X_OK) == 0;
            if (!ok)
                error_set(e, "cannot make the folder %s: %s", path, strerror(reason));
            *p = '/';
            if (!ok)
                return false;
        }
    return true;
}

/* --- lines -------------------------------------------------------------------------------------------- */

static void remove_line(struct typed *t, size_t i)
{
    free(t->line[i]);
    memmove(t->line + i, t->line + i + 1, (t->count - i - 1) * sizeof *t->line);
    t->count--;
}

/* Puts a line at the end, once. */
static bool keep(struct typed *t, const char *line, bool may_repeat)
{
    for (size_t i = t->count; may_repeat && i-- > 0;)
        if (strcmp(t->line[i], line) == 0) {
            remove_line(t, i);
            break;
        }
    if (t->count == TYPED_MAX)
        remove_line(t, 0);
    if (t->count == t->capacity) {
        size_t capacity = t->capacity ? 2 * t->capacity : 256;
        char **more = realloc(t->line, capacity * sizeof *more);
        if (!more)
            return false;
        t->line = more;
        t->capacity = capacity;
    }
    char *copy = strdup(line);
    if (copy)
        t->line[t->count++] = copy;
    return copy != NULL;
}

static bool is_kept(const char *line)
{
    size_t length = strlen(line);
    return length && length < TYPED_LINE && *line != ' ' && !strchr(line, '\n');
}

/* --- the file ----------------------------------------------------------------------------------------- */

/* A set of hashes, so that reading thousands of lines stays linear. */
struct seen {
    char *line[4 * TYPED_MAX];
};

static bool seen_before(struct seen *s, char *line)
{
    size_t room = sizeof s->line / sizeof *s->line, h = 5381;
    for (const char *p = line; *p; p++)
        h = h * 33 + (unsigned char)*p;
    for (h %= room; s->line[h]; h = (h + 1) % room)
        if (strcmp(s->line[h], line) == 0)
            return true;
    s->line[h] = line;
    return false;
}

/* Reads the last lines of the file, each once and in order: from the end, where the newest are. */
static size_t read_lines(struct typed *t, char *text, size_t length)
{
    struct seen *seen = calloc(1, sizeof *seen);
    char **newest = calloc(TYPED_MAX, sizeof *newest);
    size_t count = 0, all = 0;
    while (seen && newest && length > 0) {
        text[--length] = '\0'; /* the newline that ends the line */
        char *start = memrchr(text, '\n', length);
        start = start ? start + 1 : text;
        all++;
        if (count < TYPED_MAX && is_kept(start) && !seen_before(seen, start))
            newest[count++] = start;
        length = (size_t)(start - text);
    }
    while (count > 0)
        keep(t, newest[--count], false);
    free(newest);
    free(seen);
    return all;
}

static void write_all(const struct typed *t)
{
    struct text all = {0};
    for (size_t i = 0; i < t->count; i++)
        text_addf(&all, "%s\n", t->line[i]);
    if (!all.failed)
        file_write(text_get(&t->path), text_get(&all), all.length, NULL);
    text_release(&all);
}

static void load(struct typed *t)
{
    enum { FILE_MAX = 16 << 20 };
    char *text;
    size_t length;
    if (!file_read(text_get(&t->path), FILE_MAX, &text, &length, NULL))
        return;
    if (length && text[length - 1] != '\n')
        text[length++] = '\n';
    if (read_lines(t, text, length) > 2 * TYPED_MAX)
        write_all(t);
    memory_free(text);
}

static bool append(struct typed *t, const char *line, struct error *e)
{
    struct text whole = {0};
    struct error why;
    if (!t->path.length && (!state_folder(&t->path, &why))) {
        text_clear(&t->path);
        return error_set(e, "the history is not kept: %s", why.text);
    }
    text_addf(&whole, "%s\n", line);
    int fd = open(text_get(&t->path), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, whole.data, whole.length) == (ssize_t)whole.length;
    int problem = errno;
    if (fd >= 0)
        close(fd);
    text_release(&whole);
    return ok || error_set(e, "the history is not kept: %s: %s", text_get(&t->path), strerror(problem));
}

/* --- the contract ------------------------------------------------------------------------------------- */

struct typed *typed_open(void)
{
    struct typed *t = calloc(1, sizeof *t);
    struct error e;
    HistEvent event;
    if (!t)
        return NULL;
    t->libedit = history_init();
    if (!t->libedit) {
        free(t);
        return NULL;
    }
    history(t->libedit, &event, H_SETSIZE, TYPED_MAX);
    history(t->libedit, &event, H_SETUNIQUE, 1);
    if (state_folder(&t->path, &e)) {
        text_add(&t->path, "history");
        load(t);
    } else {
        text_clear(&t->path);
    }
    for (size_t i = 0; i < t->count; i++)
        history(t->libedit, &event, H_ENTER, t->line[i]);
    t->at = t->count;
    return t;
}

void typed_close(struct typed *t)
{
    if (!t)
        return;
    history_end(t->libedit);
    for (size_t i = 0; i < t->count; i++)
        free(t->line[i]);
    free(t->line);
    text_release(&t->path);
    text_release(&t->draft);
    text_release(&t->given);
    free(t);
}

static bool add_one(struct typed *t, const char *line, struct error *e)
{
    HistEvent event;
    if (!is_kept(line))
        return true;
    bool again = t->count && strcmp(t->line[t->count - 1], line) == 0;
    keep(t, line, true);
    t->at = t->count;
    if (again)
        return true;
    history(t->libedit, &event, H_ENTER, line);
    if (t->failed || append(t, line, e))
        return true;
    t->failed = true;
    return false;
}

bool typed_add(struct typed *t, const char *lines, struct error *e)
{
    bool ok = true;
    char *copy = strdup(lines);
    for (char *rest = copy, *line; rest && (line = strsep(&rest, "\n"));)
        ok &= add_one(t, line, ok ? e : NULL);
    free(copy);
    return ok;
}

void typed_rest(struct typed *t)
{
    t->at = t->count;
    text_clear(&t->draft);
    text_clear(&t->given);
    t->prefix = 0;
}

const char *typed_walk(struct typed *t, const char *line, size_t cursor, int direction)
{
    if (t->at == t->count || strcmp(line, text_get(&t->given)) != 0) {
        typed_rest(t);
        text_add(&t->draft, line);
        t->prefix = cursor;
    }
    const char *prefix = text_get(&t->draft);
    size_t i = t->at;
    while (direction < 0 ? i > 0 : i < t->count) {
        i += direction < 0 ? (size_t)-1 : 1;
        const char *found = i == t->count ? prefix : t->line[i];
        if (i < t->count && (strncmp(found, prefix, t->prefix) != 0 || strcmp(found, line) == 0))
            continue;
        t->at = i;
        text_clear(&t->given);
        text_add(&t->given, found);
        return text_get(&t->given);
    }
    return NULL;
}

void *typed_libedit(struct typed *t)
{
    return t->libedit;
}
