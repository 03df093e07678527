/* args_text.c - argument rows as text: usage, values written back as words, and the closest word of a list.
 *
 * The distance is Damerau and Levenshtein's in its restricted form (optimal string alignment): the fewest
 * insertions, deletions, replacements and swaps of neighbours. Three rows of the usual table are enough. */
#include "args.h"
#include "text.h"

#include <ctype.h>
#include <string.h>

enum { WORD_MAX = 64 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

int args_distance(const char *a, const char *b)
{
    int n = (int)strnlen(a, WORD_MAX + 1), m = (int)strnlen(b, WORD_MAX + 1);
    if (n > WORD_MAX || m > WORD_MAX)
        return WORD_MAX;
    int table[3][WORD_MAX + 1];
    for (int j = 0; j <= m; j++)
        table[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *row = table[i % 3], *above = table[(i + 2) % 3], *before = table[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            row[j] = least(above[j], row[j - 1]) + 1;
            row[j] = least(row[j], above[j - 1] + !same_letter(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return table[n % 3][m];
}

const char *args_closest(const char *word, const char *(*choice)(size_t i))
{
    size_t length = strlen(word);
    if (!length || length > WORD_MAX)
        return NULL;
    const char *best = NULL, *prefix = NULL, *candidate;
    int distance = (int)length / 3 + 1, prefixes = 0;
    for (size_t i = 0; (candidate = choice(i)); i++) {
        int d = args_distance(word, candidate);
        if (d < distance) {
            distance = d;
            best = candidate;
        }
        if (!strncasecmp(word, candidate, length)) {
            prefix = candidate;
            prefixes++;
        }
    }
    return best ? best : prefixes == 1 ? prefix : NULL;
}

static void add_upper(struct text *out, const char *name)
{
    for (; *name; name++)
        text_add_bytes(out, &(char){(char)toupper((unsigned char)*name)}, 1);
}

/* The choices joined by |, when they are few enough to be read at a glance. */
static bool add_few_choices(const struct arg_row *row, struct text *out)
{
    enum { FEW = 5 };
    size_t count = 0;
    while (count <= FEW && row->choice(count))
        count++;
    if (count > FEW)
        return false;
    for (size_t i = 0; i < count; i++)
        text_addf(out, "%s%s", i ? "|" : "", row->choice(i));
    return true;
}

static void add_value_usage(const struct arg_row *row, struct text *out)
{
    static const char *const shown[] = {
        [ARG_INT] = "NUMBER",
        [ARG_REAL] = "NUMBER",
        [ARG_CHOICE] = "WORD",
        [ARG_NAME] = "NAME",
        [ARG_TEXT] = "TEXT",
        [ARG_FILE] = "FILE",
        [ARG_SHAPE] = "SHAPE",
        [ARG_RANGE] = "LOW..HIGH",
        [ARG_LAYER] = "LAYER",
        [ARG_REST] = "EXPRESSION",
        [ARG_COMMAND] = "COMMAND",
    };
    if (row->kind == ARG_FLAG)
        text_add(out, row->fallback ? "no" : "yes");
    else if (row->kind != ARG_CHOICE || !add_few_choices(row, out))
        text_add(out, shown[row->kind]);
}

static void add_row_usage(const struct arg_row *row, struct text *out)
{
    bool flag = row->kind == ARG_FLAG;
    if (flag && !row->fallback) {
        text_add(out, row->name);
    } else if (flag || row->flags & ARG_KEY_ONLY) {
        text_addf(out, "%s=", row->name);
        add_value_usage(row, out);
    } else {
        add_upper(out, row->name);
        if (row->flags & ARG_MANY)
            text_add(out, "…");
    }
}

void args_usage(const struct arg_row *rows, struct text *out)
{
    for (const struct arg_row *row = rows; row->name; row++) {
        bool required = row->flags & ARG_REQUIRED;
        text_add(out, row > rows ? " " : "");
        text_add(out, required ? "" : "[");
        add_row_usage(row, out);
        text_add(out, required ? "" : "]");
    }
}

static bool plain_word(const char *text)
{
    return *text && !text[strcspn(text, " \t\r\n\v\f;&#\"'=[]()\\?,")];
}

static void write_text(const char *text, struct text *out)
{
    if (plain_word(text)) {
        text_add(out, text);
        return;
    }
    text_add(out, "\"");
    for (; *text; text++) {
        const char *special = strchr("\n\t\\\"", *text);
        if (special)
            text_addf(out, "\\%c", "nt\\\""[special - "\n\t\\\""]);
        else
            text_add_bytes(out, text, 1);
    }
    text_add(out, "\"");
}

static void write_value(const struct arg_row *row, const struct arg_value *value, struct text *out)
{
    char shape[SHAPE_TEXT];
    switch (row->kind) {
    case ARG_INT:
    case ARG_REAL:
        number_write(value->number, out);
        break;
    case ARG_RANGE:
        number_write(value->number, out);
        text_add(out, "..");
        number_write(value->high, out);
        break;
    case ARG_SHAPE:
        text_add(out, shape_text(&value->shape, shape));
        break;
    case ARG_FLAG:
        text_add(out, value->number ? "yes" : "no");
        break;
    case ARG_CHOICE:
        text_add(out, value->text ? value->text : "");
        break;
    default:
        write_text(value->text ? value->text : "", out);
    }
}

void args_write(const struct arg_row *rows, const struct arg_value *values, struct text *out)
{
    /* A value may stand by its place as long as no row before it was left out. */
    bool by_place = true;
    for (int i = 0; rows[i].name; i++) {
        const struct arg_row *row = &rows[i];
        bool flag = row->kind == ARG_FLAG, keyed = row->flags & ARG_KEY_ONLY;
        if (!values[i].given) {
            by_place = by_place && (flag || keyed);
        } else if (flag && values[i].number) {
            text_addf(out, " %s", row->name);
        } else {
            text_add(out, " ");
            if (flag || keyed || !by_place)
                text_addf(out, "%s=", row->name);
            write_value(row, &values[i], out);
        }
    }
}
