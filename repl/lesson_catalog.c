/* lesson_catalog.c - finds the lessons' folder and lists it.
 *
 * The list is read when it is first asked for: a start without lessons reads no file. */
#include "lesson_catalog.h"
#include "lesson.h"
#include "output.h"

#include "../src/args.h"
#include "../src/memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LESSON_BESIDE "../share/gradus/lessons"

enum { LESSONS = 128 };

static struct {
    bool read;
    struct lesson_entry *entry;
    size_t count;
} catalog;

/* The program's own folder; one without a name where that is not known. */
static void own_folder(char *path, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", path, size - 1);
    path[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        *slash = '\0';
}

/* A program in a build folder has build.ninja beside it, or one or two folders above (tests). */
static bool runs_from_build(void)
{
    char path[4096], probe[4200];
    own_folder(path, sizeof path);
    for (int up = 0; up < 3; up++) {
        snprintf(probe, sizeof probe, "%s/build.ninja", path);
        if (access(probe, F_OK) == 0)
            return true;
        char *slash = strrchr(path, '/');
        if (slash == NULL)
            return false;
        *slash = '\0';
    }
    return false;
}

/* Beside an installed program, wherever it was moved to: ../share from bin. */
static const char *moved_folder(void)
{
    static char path[4200];
    char own[4096];
    own_folder(own, sizeof own);
    snprintf(path, sizeof path, "%s/%s", own, LESSON_BESIDE);
    return own[0] != '\0' && access(path, R_OK) == 0 ? path : NULL;
}

const char *lesson_folder(void)
{
    const char *given = getenv("GRADUS_LESSONS");
    if (given != NULL && given[0] != '\0')
        return given;
    if (runs_from_build() && access(LESSON_SOURCE, R_OK) == 0)
        return LESSON_SOURCE;
    const char *moved = moved_folder();
    return moved != NULL ? moved : LESSON_DIR;
}

static void add_file(const char *folder, const char *name)
{
    char path[4096];
    struct error e;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return;
    struct lesson_file *f = lesson_file_read(path, &e);
    if (f == NULL) {
        out_warning("this lesson cannot be read: %s", e.text);
        return;
    }
    struct lesson_entry *entry = &catalog.entry[catalog.count++];
    *entry = (struct lesson_entry){.number = atoi(name), .minutes = f->minutes};
    snprintf(entry->id, sizeof entry->id, "%s", f->id);
    snprintf(entry->needs, sizeof entry->needs, "%s", f->needs);
    snprintf(entry->title, sizeof entry->title, "%s", f->title);
    snprintf(entry->path, sizeof entry->path, "%s", path);
    lesson_file_free(f);
}

static bool is_lesson_name(const char *name)
{
    size_t digits = strspn(name, "0123456789"), n = strlen(name);
    return digits > 0 && digits < 5 && name[digits] == '-' && n > digits + 4 &&
           strcmp(name + n - 3, ".md") == 0;
}

static int by_number(const void *a, const void *b)
{
    const struct lesson_entry *x = a, *y = b;
    return x->number != y->number ? (x->number > y->number) - (x->number < y->number) : strcmp(x->id, y->id);
}

static void read_catalog(void)
{
    catalog.read = true;
    DIR *folder = opendir(lesson_folder());
    catalog.entry = folder == NULL ? NULL : calloc(LESSONS, sizeof *catalog.entry);
    for (struct dirent *d; catalog.entry != NULL && (d = readdir(folder)) != NULL && catalog.count < LESSONS;)
        if (is_lesson_name(d->d_name))
            add_file(lesson_folder(), d->d_name);
    if (folder != NULL)
        closedir(folder);
    if (catalog.count > 0)
        qsort(catalog.entry, catalog.count, sizeof *catalog.entry, by_number);
}

const struct lesson_entry *lesson_entry_at(size_t i)
{
    if (!catalog.read)
        read_catalog();
    return i < catalog.count ? &catalog.entry[i] : NULL;
}

const char *lesson_id(size_t i)
{
    const struct lesson_entry *entry = lesson_entry_at(i);
    return entry != NULL ? entry->id : NULL;
}

const struct lesson_entry *lesson_entry_find(const char *name, struct error *e)
{
    const struct lesson_entry *found = NULL;
    double number;
    int hits = 0;
    bool by_value = number_parse(name, &number);
    for (size_t i = 0; lesson_entry_at(i) != NULL; i++) {
        const struct lesson_entry *entry = lesson_entry_at(i);
        if (strcmp(entry->id, name) == 0 || (by_value && entry->number == number))
            return entry;
        if (name[0] != '\0' && strncmp(entry->id, name, strlen(name)) == 0) {
            found = entry;
            hits++;
        }
    }
    if (hits == 1)
        return found;
    if (catalog.count == 0)
        error_set(e, "there are no lessons in %s: GRADUS_LESSONS may name another folder", lesson_folder());
    else if (args_closest(name, lesson_id) != NULL)
        error_set(e, "unknown lesson '%.60s': did you mean '%s'?", name, args_closest(name, lesson_id));
    else
        error_set(e, "unknown lesson '%.60s': `lessons` lists them", name);
    return NULL;
}
