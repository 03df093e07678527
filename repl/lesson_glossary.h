/* lesson_glossary.h - what the words mean: the table behind `what TERM`. */
#ifndef GRADUS_REPL_LESSON_GLOSSARY_H
#define GRADUS_REPL_LESSON_GLOSSARY_H

#include <stdbool.h>
#include <stddef.h>

struct term {
    const char *name, *also; /* also: other spellings, separated by ", "; NULL for none */
    const char *meaning;     /* one or two plain sentences, in Markdown */
    const char *lesson;      /* where it is learnt, NULL for nowhere yet */
};

/* The i-th term in alphabetical order, NULL past the end. */
const struct term *term_at(size_t i);
const char *term_name(size_t i);

/* By name or other spelling, whatever the case; NULL when there is none. */
const struct term *term_find(const char *name);

#endif
