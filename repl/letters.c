/* letters.c - see letters.h. Line ends are shown as ↵ where a text must stay on its line. */
#include "letters.h"
#include "loop.h"
#include "output.h"
#include "table.h"

#include "../src/generate.h"
#include "../src/memory.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN = 12, WIDTH = 72 };

static const char *visible(const char *letter)
{
    return !strcmp(letter, "\n") ? "↵" : !strcmp(letter, "\t") ? "⇥" : !strcmp(letter, " ") ? "␣" : letter;
}

/* --- describe ------------------------------------------------------------------------------------------- */

struct count {
    int letter;
    size_t train, held;
};

static int by_count(const void *a, const void *b)
{
    const struct count *x = a, *y = b;
    return x->train != y->train ? (x->train < y->train ? 1 : -1) : x->letter - y->letter;
}

static void count_letters(const struct data *d, struct count *count)
{
    for (int k = 0; k < d->classes; k++)
        count[k].letter = k;
    for (size_t i = 0; i < d->n * d->targets; i++) {
        struct count *c = &count[(size_t)d->t[i]];
        *(i < d->train * d->targets ? &c->train : &c->held) += 1;
    }
}

void letters_describe(const struct data *d)
{
    struct count *count = memory_take((size_t)d->classes, sizeof *count, "the counts", NULL);
    struct table t = {.align = "lrr", .head = true};
    if (!count)
        return;
    count_letters(d, count);
    qsort(count, (size_t)d->classes, sizeof *count, by_count);
    table_add(&t, "character");
    table_add(&t, "training");
    table_add(&t, "held out");
    for (int k = 0; k < d->classes && k < SHOWN; k++) {
        table_add(&t, "%s", visible(d->class_name[count[k].letter]));
        table_add(&t, "%zu", count[k].train);
        table_add(&t, "%zu", count[k].held);
    }
    table_print(&t);
    if (d->classes > SHOWN)
        out("and %d rarer ones\n", d->classes - SHOWN);
    memory_free(count);
}

/* --- head ----------------------------------------------------------------------------------------------- */

void letters_head(const struct data *d, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        struct text line = {0};
        const float *x = d->x + i * d->targets;
        size_t k = 0;
        for (; k < d->targets && k < WIDTH; k++)
            text_add(&line, visible(d->class_name[(size_t)x[k]]));
        text_add(&line, k < d->targets ? " …" : "");
        out("%3zu  %s\n", i, text_get(&line));
        text_release(&line);
    }
    out("The network learns to name, at each character, the one behind it.\n");
}

/* --- writing -------------------------------------------------------------------------------------------- */

struct writing {
    struct state *state;
    const struct data *data;
    struct generate how;
    struct text text;
};

static bool write_letters(void *arg, const void *cancel, struct error *e)
{
    struct writing *w = arg;
    return generate_text(w->state, w->data, &w->how, &w->text, cancel, e);
}

bool letters_write(struct repl *r, const char *prompt, size_t count, double temperature, struct error *e)
{
    struct writing w = {.data = session_reading(r->session),
        .how = {.prompt = prompt, .count = count, .temperature = temperature, .seed = r->session->seed}};
    w.state = session_copy_state(r->session, e);
    bool ok = w.state && loop_job(r, write_letters, &w, e);
    if (ok) {
        out_text(text_get(&w.text));
        out("\n");
    }
    text_release(&w.text);
    state_free(w.state);
    return ok;
}
