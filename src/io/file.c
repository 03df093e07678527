/* file.c - see file.h.
 *
 * Writing goes to a file beside the place, so that the rename stays on one file system: contents, fsync,
 * rename, then fsync of the folder, for the new name is data too. */
#include "file.h"
#include "../error.h"
#include "../memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BRIEF = 200 };

/* "cannot read 'PATH': reason", with the end of a long path, which tells more than its start. */
static bool refuse(struct error *e, const char *verb, const char *path, const char *reason)
{
    size_t length = strlen(path), cut = length > BRIEF ? length - BRIEF : 0;
    while (cut && ((unsigned char)path[cut] & 0xc0) == 0x80)
        cut++;
    return error_set(e, "cannot %s '%s%s': %s", verb, cut ? "…" : "", path + cut, reason);
}

static bool refuse_system(struct error *e, const char *verb, const char *path, int number)
{
    char reason[128];
    return refuse(e, verb, path, strerror_r(number, reason, sizeof reason));
}

/* --- reading --- */

static bool check_size(int descriptor, const char *path, size_t limit, size_t *size, struct error *e)
{
    struct stat info;
    if (fstat(descriptor, &info))
        return refuse_system(e, "read", path, errno);
    if (S_ISDIR(info.st_mode))
        return refuse(e, "read", path, "it is a folder");
    if (!S_ISREG(info.st_mode))
        return refuse(e, "read", path, "it is no ordinary file");
    if (info.st_size < 0 || (uintmax_t)info.st_size > limit) {
        char reason[120], have[MEMORY_TEXT], may[MEMORY_TEXT];
        snprintf(reason, sizeof reason, "it holds %s, and at most %s are read",
            memory_text((double)info.st_size, have), memory_text((double)limit, may));
        return refuse(e, "read", path, reason);
    }
    *size = (size_t)info.st_size;
    return true;
}

/* Reads up to `size` bytes; a file that shrank meanwhile gives fewer. */
static bool read_all(
    int descriptor, const char *path, char *out, size_t size, size_t *length, struct error *e)
{
    size_t have = 0;
    while (have < size) {
        ssize_t got = read(descriptor, out + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return refuse_system(e, "read", path, errno);
        if (!got)
            break;
        have += (size_t)got;
    }
    *length = have;
    return true;
}

bool file_read(const char *path, size_t limit, char **bytes, size_t *length, struct error *e)
{
    /* O_NONBLOCK: opening a pipe that nobody writes to must not wait. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return refuse_system(e, "read", path, errno);
    size_t size = 0, have = 0;
    char *block = NULL;
    bool ok = check_size(descriptor, path, limit, &size, e) &&
              (block = memory_take(size + 1, 1, "a file", e)) &&
              read_all(descriptor, path, block, size, &have, e);
    close(descriptor);
    if (!ok) {
        memory_free(block);
        return false;
    }
    block[have] = '\0';
    *bytes = block;
    *length = have;
    return true;
}

/* --- writing --- */

/* A link is followed, so that the file it points to is replaced and not the link. */
static bool resolve(const char *path, char *out, size_t size, struct error *e)
{
    char target[PATH_MAX];
    struct stat info;
    const char *real = path;
    if (!lstat(path, &info) && S_ISLNK(info.st_mode) && realpath(path, target))
        real = target;
    if (strlen(real) >= size)
        return refuse(e, "write", path, "its name is too long");
    strcpy(out, real);
    return true;
}

static bool is_stale(const char *name, const char *base, size_t length)
{
    static const char mark[] = ".tmp-";
    if (strncmp(name, base, length) || strncmp(name + length, mark, sizeof mark - 1))
        return false;
    const char *digits = name + length + sizeof mark - 1;
    char *end;
    errno = 0;
    long owner = *digits >= '1' && *digits <= '9' ? strtol(digits, &end, 10) : 0;
    return owner > 0 && owner <= INT_MAX && !errno && !*end && kill((pid_t)owner, 0) && errno == ESRCH;
}

/* Removes what writers of this file left that were killed. Best effort. */
static void remove_stale(const char *path)
{
    char copy[sizeof((struct file_writer *)0)->path];
    snprintf(copy, sizeof copy, "%s", path);
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    DIR *folder = opendir(dirname(copy));
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (is_stale(entry->d_name, base, strlen(base)))
            unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
}

bool file_begin(struct file_writer *w, const char *path, struct error *e)
{
    w->descriptor = -1;
    if (!*path)
        return error_set(e, "cannot write a file without a name");
    if (!resolve(path, w->path, sizeof w->path, e))
        return false;
    struct stat info;
    mode_t mode = 0666;
    if (!stat(w->path, &info)) {
        if (S_ISDIR(info.st_mode))
            return refuse(e, "write", path, "it is a folder");
        if (!S_ISREG(info.st_mode))
            return refuse(e, "write", path, "it is no ordinary file");
        if (access(w->path, W_OK)) /* the rename would succeed in spite of it */
            return refuse_system(e, "write", path, errno);
        mode = info.st_mode & 0777;
    }
    snprintf(w->temporary, sizeof w->temporary, "%s.tmp-%ld", w->path, (long)getpid());
    unlink(w->temporary); /* left by a process of the same number that was killed */
    remove_stale(w->path);
    w->descriptor = open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (w->descriptor < 0)
        return refuse_system(e, "write", path, errno);
    return true;
}

bool file_append(struct file_writer *w, const void *bytes, size_t length, struct error *e)
{
    const char *from = bytes;
    while (length) {
        ssize_t put = write(w->descriptor, from, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            int reason = errno;
            file_discard(w);
            return refuse_system(e, "write", w->path, reason);
        }
        from += put;
        length -= (size_t)put;
    }
    return true;
}

/* Best effort: a folder that cannot be opened for reading can still hold the file. */
static void sync_folder(const char *path)
{
    char copy[sizeof((struct file_writer *)0)->path];
    snprintf(copy, sizeof copy, "%s", path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return;
    fsync(folder);
    close(folder);
}

bool file_commit(struct file_writer *w, struct error *e)
{
    bool synced = !fsync(w->descriptor);
    int reason = synced ? 0 : errno;
    bool closed = !close(w->descriptor);
    reason = synced && !closed ? errno : reason;
    w->descriptor = -1;
    if (!synced || !closed || rename(w->temporary, w->path)) {
        reason = reason ? reason : errno;
        unlink(w->temporary);
        return refuse_system(e, "write", w->path, reason);
    }
    sync_folder(w->path);
    return true;
}

void file_discard(struct file_writer *w)
{
    if (w->descriptor < 0)
        return;
    close(w->descriptor);
    w->descriptor = -1;
    unlink(w->temporary);
}

bool file_write(const char *path, const void *bytes, size_t length, struct error *e)
{
    struct file_writer w;
    return file_begin(&w, path, e) && file_append(&w, bytes, length, e) && file_commit(&w, e);
}
