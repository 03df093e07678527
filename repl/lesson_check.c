/* lesson_check.c - predicates and live fields.
 *
 * A predicate is an expression over the session; it holds when its value is finite and not zero. A predicate
 * that cannot be computed (no network yet, no data) does not hold: the learner has not got there. Text is
 * never compared, so whatever way the learner took, only the state that came out counts. */
#include "lesson_check.h"

#include "expr.h"
#include "repl.h"

#include "../src/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FIELD = 200 };

static bool predicate_holds(struct repl *r, const struct lesson_item *item)
{
    double value;
    struct error e;
    return expr_number(r, item->head, &value, &e) && isfinite(value) && value != 0;
}

bool lesson_holds(struct repl *r, const struct lesson_file *f, int step, const struct lesson_item **failed,
    struct text *why)
{
    const struct lesson_block *b;
    for (int n = 0; (b = lesson_step_block(f, step, BLOCK_CHECK, n)) != NULL; n++)
        for (int i = b->item; i < b->item + b->items; i++)
            if (!predicate_holds(r, &f->item[i])) {
                *failed = &f->item[i];
                lesson_fields(r, f->item[i].tail, why);
                return false;
            }
    return true;
}

void lesson_number(double value, struct text *out)
{
    if (!isfinite(value))
        text_add(out, isnan(value) ? "not a number" : value > 0 ? "infinity" : "-infinity");
    else if (value == floor(value) && fabs(value) < 1e9)
        text_addf(out, "%.0f", value);
    else
        text_addf(out, "%.3g", value);
}

/* Length of the expression behind "{" up to its "}", or 0 when the brace stands for itself. */
static size_t field_length(const char *text)
{
    size_t n = strcspn(text, "}{\n");
    return text[n] == '}' && n < FIELD ? n : 0;
}

void lesson_fields(struct repl *r, const char *text, struct text *out)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        text_add_bytes(out, text, plain);
        text += plain;
        if (*text == '\0')
            return;
        char field[FIELD];
        size_t n = field_length(text + 1);
        double value;
        if (n == 0) {
            text_add(out, "{");
            text++;
            continue;
        }
        snprintf(field, sizeof field, "%.*s", (int)n, text + 1);
        if (expr_number(r, field, &value, NULL))
            lesson_number(value, out);
        else
            text_add(out, "?");
        text += n + 2;
    }
}

bool lesson_fields_lint(const char *text, struct error *e)
{
    for (const char *at = strchr(text, '{'); at != NULL; at = strchr(at + 1, '{')) {
        char field[FIELD];
        size_t n = field_length(at + 1);
        if (n == 0)
            return error_set(e, "'{' without '}': a live field is written {val_accuracy}");
        snprintf(field, sizeof field, "%.*s", (int)n, at + 1);
        struct expr *x = expr_parse(field, e);
        if (x == NULL)
            return error_prefix(e, "field {%s}", field);
        expr_free(x);
    }
    return true;
}
