/* lesson_catalog.h - the lessons that there are: the files NN-name.md of one folder.
 *
 * $GRADUS_LESSONS names it; else a program that runs from its build folder takes the tree's, an installed one
 * the installed. Read once. Main only. */
#ifndef GRADUS_REPL_LESSON_CATALOG_H
#define GRADUS_REPL_LESSON_CATALOG_H

#include "lesson_file.h"

struct lesson_entry {
    int number; /* the NN of its file */
    char id[LESSON_NAME], needs[LESSON_NAME], title[128];
    int minutes;
    char path[4096];
};

/* The i-th lesson in the order of the numbers, NULL past the end. A file that is no lesson is left out and
 * warned of once. */
const struct lesson_entry *lesson_entry_at(size_t i);

/* By id, unique prefix of one, or number. NULL and an error with the closest id. */
const struct lesson_entry *lesson_entry_find(const char *name, struct error *e);

/* The folder's path. */
const char *lesson_folder(void);

#endif
