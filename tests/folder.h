/* folder.h - a folder of a test's own, to work in. One per test program. */
#ifndef GRADUS_TESTS_FOLDER_H
#define GRADUS_TESTS_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

/* A new folder, and into it; for cmocka's set-up too. */
static inline int folder_enter(void **state)
{
    strcpy(folder, "/tmp/gradus-test-XXXXXX");
    return mkdtemp(folder) && !chdir(folder) ? 0 : -1;
}

/* The same as home of a program that will be started, for what it keeps and reads. */
static inline int folder_enter_home(void **state)
{
    return folder_enter(state) || setenv("XDG_STATE_HOME", folder, 1) ||
           setenv("XDG_CONFIG_HOME", folder, 1) || setenv("HOME", folder, 1);
}

static inline int folder_drop(const char *path, const struct stat *about, int type, struct FTW *place)
{
    return remove(path);
}

/* Out of it, with all that was written there. */
static inline int folder_leave(void **state)
{
    return chdir("/") || nftw(folder, folder_drop, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
