/* lexer.h - characters to words: the grammar of the command language.
 *
 *     line    := [ command { ";" command } ] [ "#" … ]       a trailing "\" or an open bracket continues
 *     command := ( NAME | "?" ) { KEY "=" atom | atom } [ "&" ]
 *     atom    := quoted | list | word
 *
 * The lexer knows nothing of commands. It never fails on valid UTF-8 without open quotes; NUL bytes, bad
 * UTF-8, an open quote and a stray bracket are errors with their place. */
#ifndef GRADUS_REPL_LEXER_H
#define GRADUS_REPL_LEXER_H

#include "../src/args.h"
#include "../src/error.h"

/* One command of a line. */
struct command_line {
    struct word name;  /* its first word */
    struct word *word; /* [count] the others */
    int count;
    const char *raw; /* the text behind the name up to ";", "&" at its end or "#", trimmed */
    int raw_offset;
    bool background; /* ended with & */
};

struct line {
    struct command_line *command; /* [count] */
    int count;
    char *storage; /* unquoted copies that the words point into */
    struct word *words;
};

enum lex_result { LEX_OK, LEX_ERROR, LEX_MORE /* an open bracket, or a trailing \ */ };

/* Cuts `length` bytes. The caller releases the line after LEX_OK. */
enum lex_result lex_line(const char *text, size_t length, struct line *out, struct error *e);
void line_release(struct line *l);

#endif
