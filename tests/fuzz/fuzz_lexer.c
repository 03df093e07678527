/* fuzz_lexer.c - any bytes as a typed line: cut, then its words held against the rows of the command they
 * name, its rest read as an expression, and completed at its end. Nothing runs. */
#include "../../repl/command.h"
#include "../../repl/complete.h"
#include "../../repl/expr.h"
#include "../../repl/repl.h"
#include "../../src/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* What every word promises: it lies in the line, and behind the one before it. */
static void check(const struct line *l, size_t length)
{
    int end = 0;
    for (int i = 0; i < l->count; i++)
        for (int k = 0; k < l->command[i].count; k++) {
            const struct word *w = &l->command[i].word[k];
            if (w->offset < end || w->length <= 0 || (size_t)w->offset + (size_t)w->length > length ||
                !w->text)
                abort();
            end = w->offset + w->length;
        }
}

static void bind(const struct command_line *c)
{
    struct error e;
    struct args a;
    const struct command *row = command_find(c->name.text, true, &e);
    struct expr *x = expr_parse(c->raw, &e);
    expr_free(x);
    if (row)
        args_bind(row->name, row->args, c->word, c->count, &a, &e);
}

static void complete_text(struct repl *r, const char *text, size_t length)
{
    struct completion c;
    struct text hint = {0};
    complete(r, text, length, &c);
    if (c.start > length)
        abort();
    completion_release(&c);
    complete_hint(text, &hint);
    text_release(&hint);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct repl r;
    struct error e;
    struct line line;
    if (!r.session && !(r.session = session_new(WORKER_SLICED, &e)))
        abort();
    if (lex_line((const char *)bytes, length, &line, &e) == LEX_OK) {
        check(&line, length);
        for (int i = 0; i < line.count; i++)
            bind(&line.command[i]);
        line_release(&line);
    }
    char *text = malloc(length + 1);
    if (!text)
        return 0;
    if (length)
        memcpy(text, bytes, length);
    text[length] = '\0';
    complete_text(&r, text, strlen(text));
    free(text);
    return 0;
}
