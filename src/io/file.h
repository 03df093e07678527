/* file.h - whole files: read with a limit, write atomically.
 *
 * Errors name the file and the system's reason. Any thread. */
#ifndef GRADUS_IO_FILE_H
#define GRADUS_IO_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* Reads a regular file of at most `limit` bytes into a new block with a NUL behind it (memory_free). A
 * folder, a device or a larger file is an error. */
bool file_read(const char *path, size_t limit, char **bytes, size_t *length, struct error *e);

/* A file being written beside its place: `path.tmp-PID`. Either commit renames it over path after fsync, or
 * discard removes it; a crash at any moment leaves the old file or the new one. Beginning removes what
 * writers of the same file left that live no more. */
struct file_writer {
    int descriptor; /* -1: none */
    char path[4096], temporary[4096 + 32];
};
bool file_begin(struct file_writer *w, const char *path, struct error *e);
bool file_append(
    struct file_writer *w, const void *bytes, size_t length, struct error *e); /* discards on error */
bool file_commit(struct file_writer *w, struct error *e);                      /* discards on error */
void file_discard(struct file_writer *w);

/* All of it in one call. */
bool file_write(const char *path, const void *bytes, size_t length, struct error *e);

#endif
