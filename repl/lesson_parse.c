/* lesson_parse.c - a lesson's file to blocks.
 *
 * The file is copied once and cut into lines in place. A small scanner walks over them: front matter between
 * two lines of "---", then prose, and fences of backticks or tildes. A fence whose first word is "gradus" is
 * ours and becomes a block; any other fence stays part of the prose, so that an example inside it is never
 * taken for a block. md4c, which renders the prose, knows no line numbers; that is why we scan for ourselves.
 */
#include "lesson_file.h"
#include "lesson_parse_internal.h"

#include "../src/args.h"
#include "../src/io/file.h"
#include "../src/memory.h"
#include "../src/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool lesson_fail(const struct lesson_file *f, int line, int column, struct error *e, const char *format, ...)
{
    char sentence[500];
    va_list list;
    va_start(list, format);
    vsnprintf(sentence, sizeof sentence, format, list);
    va_end(list);
    return error_set(e, "%.80s:%d:%d: %s", f->name, line, column, sentence);
}

void *lesson_grow(void *array, int count, size_t size, struct error *e)
{
    if (count % 64 != 0)
        return array;
    void *bigger = memory_take((size_t)count + 64, size, "a lesson", e);
    if (bigger != NULL && array != NULL)
        memcpy(bigger, array, (size_t)count * size);
    if (bigger != NULL)
        memory_free(array);
    return bigger;
}

/* --- bytes to lines ------------------------------------------------------------------------------------- */

/* Length of the UTF-8 sequence at s, 0 when it is none. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xf0 && s[0] < 0xf8 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 0;
    if (n == 0 || s[0] >= 0xf8 || n > left)
        return 0;
    uint32_t code = s[0] & (0xff >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3f);
    }
    return code < smallest[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : n;
}

static bool check_bytes(const struct lesson_file *f, const char *bytes, size_t length, struct error *e)
{
    int line = 1;
    size_t start = 0;
    for (size_t i = 0; i < length;) {
        if (bytes[i] == '\0')
            return lesson_fail(f, line, (int)(i - start) + 1, e, "a NUL byte: a lesson is plain text");
        size_t n = utf8_length((const unsigned char *)bytes + i, length - i);
        if (n == 0)
            return lesson_fail(f, line, (int)(i - start) + 1, e, "not UTF-8: save the lesson as UTF-8");
        if (bytes[i] == '\n') {
            line++;
            start = i + 1;
        }
        i += n;
    }
    return true;
}

static bool cut_lines(struct lesson_file *f, struct error *e)
{
    int number = 1;
    for (char *at = f->source; *at != '\0'; number++) {
        struct lesson_line *bigger = lesson_grow(f->line, f->lines, sizeof *f->line, e);
        if (bigger == NULL)
            return false;
        f->line = bigger;
        f->line[f->lines++] = (struct lesson_line){at, number};
        size_t n = strcspn(at, "\n");
        char *next = at[n] == '\n' ? at + n + 1 : at + n;
        if (n > 0 && at[n - 1] == '\r')
            at[n - 1] = '\0';
        at[n] = '\0';
        at = next;
    }
    return true;
}

/* --- front matter --------------------------------------------------------------------------------------- */

static bool copy_value(
    const struct lesson_file *f, int line, const char *value, char *out, size_t size, struct error *e)
{
    if (strlen(value) >= size)
        return lesson_fail(f, line, 1, e, "the value is longer than %d bytes", (int)size - 1);
    strcpy(out, value);
    return true;
}

static bool is_name(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");
    return n > 0 && text[n] == '\0' && text[0] >= 'a' && text[0] <= 'z' && n < LESSON_NAME;
}

static bool read_minutes(struct lesson_file *f, int line, const char *value, struct error *e)
{
    double minutes;
    if (!number_parse(value, &minutes) || minutes < 1 || minutes > 60 || minutes != (int)minutes)
        return lesson_fail(f, line, 1, e, "minutes is a whole number from 1 to 60, not '%s'", value);
    f->minutes = (int)minutes;
    return true;
}

static bool read_key(struct lesson_file *f, int line, const char *key, const char *value, struct error *e)
{
    const struct {
        const char *key;
        char *to;
        size_t size;
    } row[] = {
        {"id", f->id, sizeof f->id},
        {"title", f->title, sizeof f->title},
        {"needs", f->needs, sizeof f->needs},
        {"taught", f->taught, sizeof f->taught},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (strcmp(key, row[i].key) == 0)
            return copy_value(f, line, value, row[i].to, row[i].size, e);
    if (strcmp(key, "minutes") == 0)
        return read_minutes(f, line, value, e);
    return lesson_fail(
        f, line, 1, e, "unknown key '%.40s': front matter has id, title, needs, minutes, taught", key);
}

/* Reads the lines between "---" and "---"; *at becomes the first line behind them. */
static bool read_front(struct lesson_file *f, int *at, struct error *e)
{
    if (f->lines == 0 || strcmp(f->line[0].text, "---") != 0)
        return lesson_fail(f, 1, 1, e, "a lesson starts with front matter: a line of three dashes");
    int i = 1;
    for (; i < f->lines && strcmp(f->line[i].text, "---") != 0; i++) {
        char key[24] = "", *text = f->line[i].text;
        size_t n = strcspn(text, ":");
        if (text[n] != ':' || n == 0 || n >= sizeof key)
            return lesson_fail(f, i + 1, 1, e, "front matter is made of lines 'key: value'");
        memcpy(key, text, n);
        const char *value = text + n + 1;
        value += strspn(value, " \t");
        if (!read_key(f, i + 1, key, value, e))
            return false;
    }
    if (i == f->lines)
        return lesson_fail(
            f, 1, 1, e, "the front matter is not closed: a second line of three dashes is missing");
    if (!is_name(f->id))
        return lesson_fail(f, 1, 1, e, "the lesson needs an id of small letters, digits and dashes");
    if (f->title[0] == '\0' || f->minutes == 0 || f->taught[0] == '\0')
        return lesson_fail(f, 1, 1, e, "the front matter needs title, minutes and taught");
    if (f->needs[0] != '\0' && !is_name(f->needs))
        return lesson_fail(f, 1, 1, e, "needs is the id of one lesson, or nothing");
    *at = i + 1;
    return true;
}

/* --- fences --------------------------------------------------------------------------------------------- */

enum attribute {
    ATTRIBUTE_ID = 1,
    ATTRIBUTE_TASK = 2,
    ATTRIBUTE_TOLERANCE = 4,
    ATTRIBUTE_BUDGET = 8,
    ATTRIBUTE_FAILS = 16
};

static const char *const attribute_name[] = {"id", "task", "tolerance", "budget", "fails"};

static const struct {
    const char *name;
    unsigned allowed, needed;
} kinds[BLOCK_KINDS] = {
    [BLOCK_PROSE] = {"prose", 0, 0},
    [BLOCK_RUN] = {"run", ATTRIBUTE_ID | ATTRIBUTE_BUDGET, 0},
    [BLOCK_PREDICT] = {"predict", ATTRIBUTE_ID, ATTRIBUTE_ID},
    [BLOCK_ASK] = {"ask", ATTRIBUTE_ID | ATTRIBUTE_TOLERANCE, ATTRIBUTE_ID | ATTRIBUTE_TOLERANCE},
    [BLOCK_TASK] = {"task", ATTRIBUTE_ID | ATTRIBUTE_BUDGET, ATTRIBUTE_ID},
    [BLOCK_CHECK] = {"check", ATTRIBUTE_TASK, ATTRIBUTE_TASK},
    [BLOCK_HINT] = {"hint", ATTRIBUTE_TASK, ATTRIBUTE_TASK},
    [BLOCK_SOLUTION] = {"solution", ATTRIBUTE_TASK, ATTRIBUTE_TASK},
    [BLOCK_WRONG] = {"wrong", ATTRIBUTE_TASK | ATTRIBUTE_FAILS, ATTRIBUTE_TASK},
    [BLOCK_NOTE] = {"note", 0, 0},
};

const char *block_name(enum block_kind kind)
{
    return kinds[kind].name;
}

/* The run of fence characters that opens the line, 0 when there is none. */
static int fence_width(const char *text, char *mark)
{
    size_t indent = strspn(text, " ");
    char c = text[indent];
    if (indent > 3 || (c != '`' && c != '~'))
        return 0;
    int n = 0;
    while (text[indent + (size_t)n] == c)
        n++;
    *mark = c;
    if (c == '`' && strchr(text + indent + n, '`') != NULL)
        return 0;
    return n >= 3 ? n : 0;
}

static bool fence_closes(const char *text, char mark, int width)
{
    char c = 0;
    int n = fence_width(text, &c);
    if (n < width || c != mark)
        return false;
    const char *rest = text + strspn(text, " ") + n;
    return rest[strspn(rest, " \t")] == '\0';
}

/* The line behind the fence that opens on line `at`, or an error when it never closes. */
static int fence_end(const struct lesson_file *f, int at, struct error *e)
{
    char mark = 0;
    int width = fence_width(f->line[at].text, &mark);
    for (int i = at + 1; i < f->lines; i++)
        if (fence_closes(f->line[i].text, mark, width))
            return i + 1;
    lesson_fail(f, at + 1, 1, e, "this fence is not closed");
    return -1;
}

static bool set_number(const struct lesson_file *f, int line, int column, const char *key, const char *value,
    double *out, struct error *e)
{
    double number;
    if (!number_parse(value, &number) || number < 0)
        return lesson_fail(f, line, column, e, "%s= needs a number from 0 up, not '%.40s'", key, value);
    *out = number;
    return true;
}

static bool set_attribute(struct lesson_file *f, struct lesson_block *b, int column, enum attribute which,
    const char *key, const char *value, struct error *e)
{
    if (which == ATTRIBUTE_TOLERANCE || which == ATTRIBUTE_BUDGET)
        return set_number(
            f, b->line, column, key, value, which == ATTRIBUTE_TOLERANCE ? &b->tolerance : &b->budget, e);
    if (which != ATTRIBUTE_FAILS && !is_name(value))
        return lesson_fail(
            f, b->line, column, e, "%s= needs a name of small letters, digits and dashes", key);
    if (value[0] == '\0' || strlen(value) >= LESSON_NAME)
        return lesson_fail(
            f, b->line, column, e, "%s= needs a word of at most %d letters", key, LESSON_NAME - 1);
    strcpy(which == ATTRIBUTE_ID ? b->id : which == ATTRIBUTE_TASK ? b->task : b->fails, value);
    return true;
}

static bool read_attribute(
    struct lesson_file *f, struct lesson_block *b, char *word, int column, unsigned *seen, struct error *e)
{
    char *equals = strchr(word, '=');
    if (equals == NULL)
        return lesson_fail(f, b->line, column, e, "'%.40s' is no attribute: write key=value", word);
    *equals = '\0';
    for (size_t i = 0; i < sizeof attribute_name / sizeof *attribute_name; i++) {
        unsigned bit = 1u << i;
        if (strcmp(word, attribute_name[i]) != 0 || !(kinds[b->kind].allowed & bit))
            continue;
        if (*seen & bit)
            return lesson_fail(f, b->line, column, e, "%s= stands here twice", word);
        *seen |= bit;
        return set_attribute(f, b, column, (enum attribute)bit, word, equals + 1, e);
    }
    return lesson_fail(f, b->line, column, e, "a %s block has no '%.40s='", kinds[b->kind].name, word);
}

static bool find_kind(
    const struct lesson_file *f, struct lesson_block *b, const char *word, int column, struct error *e)
{
    for (int k = BLOCK_RUN; k < BLOCK_KINDS; k++)
        if (strcmp(word, kinds[k].name) == 0) {
            b->kind = (enum block_kind)k;
            return true;
        }
    return lesson_fail(f, b->line, column, e,
        "unknown block '%.40s': there are run, predict, ask, task, check, hint, solution, wrong and note",
        word);
}

/* Reads "gradus KIND key=value …", which stands at `info` in a copy of the fence's line. */
static bool read_info(struct lesson_file *f, struct lesson_block *b, char *line, char *info, struct error *e)
{
    unsigned seen = 0;
    int words = 0;
    char *save = NULL;
    for (char *w = strtok_r(info, " \t", &save); w != NULL; w = strtok_r(NULL, " \t", &save), words++) {
        int column = (int)(w - line) + 1;
        if (words == 1 && !find_kind(f, b, w, column, e))
            return false;
        if (words > 1 && !read_attribute(f, b, w, column, &seen, e))
            return false;
    }
    if (words < 2)
        return lesson_fail(
            f, b->line, (int)(info - line) + 1, e, "say which block it is: gradus run, gradus task …");
    unsigned missing = kinds[b->kind].needed & ~seen;
    for (size_t i = 0; i < sizeof attribute_name / sizeof *attribute_name; i++)
        if (missing & 1u << i)
            return lesson_fail(
                f, b->line, 1, e, "a %s block needs %s=", kinds[b->kind].name, attribute_name[i]);
    return true;
}

static struct lesson_block *add_block(struct lesson_file *f, enum block_kind kind, int first, struct error *e)
{
    struct lesson_block *bigger = lesson_grow(f->block, f->blocks, sizeof *f->block, e);
    if (bigger == NULL)
        return NULL;
    f->block = bigger;
    struct lesson_block *b = &f->block[f->blocks++];
    *b = (struct lesson_block){.kind = kind, .line = first + 1, .first = first, .budget = 20000};
    return b;
}

/* Where "gradus" stands in the info string of a fence, NULL when the fence is not ours. */
static char *own_fence(char *text)
{
    char mark;
    int width = fence_width(text, &mark);
    if (width == 0)
        return NULL;
    char *info = text + strspn(text, " ") + width;
    info += strspn(info, " \t");
    return strncmp(info, "gradus", 6) == 0 && strchr(" \t", info[6]) != NULL ? info : NULL;
}

static bool read_fence(struct lesson_file *f, int at, int end, struct error *e)
{
    struct lesson_block *b = add_block(f, BLOCK_NOTE, at, e);
    char *line = b == NULL ? NULL : memory_copy_text(f->line[at].text, e);
    if (line == NULL)
        return false;
    b->first = at + 1;
    b->count = end - at - 2;
    bool ok = read_info(f, b, line, own_fence(line), e);
    memory_free(line);
    return ok;
}

/* Prose from line `at` up to `end`; blank lines alone make no block. */
static bool add_prose(struct lesson_file *f, int at, int end, struct error *e)
{
    while (at < end && f->line[at].text[strspn(f->line[at].text, " \t")] == '\0')
        at++;
    while (at < end && f->line[end - 1].text[strspn(f->line[end - 1].text, " \t")] == '\0')
        end--;
    if (at == end)
        return true;
    struct lesson_block *b = add_block(f, BLOCK_PROSE, at, e);
    if (b != NULL)
        b->count = end - at;
    return b != NULL;
}

static bool cut_blocks(struct lesson_file *f, int at, struct error *e)
{
    int prose = at;
    while (at < f->lines) {
        char mark;
        if (fence_width(f->line[at].text, &mark) == 0) {
            at++;
            continue;
        }
        int end = fence_end(f, at, e);
        if (end < 0)
            return false;
        if (own_fence(f->line[at].text) != NULL) {
            if (!add_prose(f, prose, at, e) || !read_fence(f, at, end, e))
                return false;
            prose = end;
        }
        at = end;
    }
    return add_prose(f, prose, f->lines, e);
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static bool parse(struct lesson_file *f, const char *bytes, size_t length, struct error *e)
{
    if (length > LESSON_LIMIT)
        return lesson_fail(f, 1, 1, e, "a lesson has at most %d bytes", LESSON_LIMIT);
    f->source = memory_take(length + 1, 1, "a lesson", e);
    if (f->source == NULL || !check_bytes(f, bytes, length, e))
        return false;
    memcpy(f->source, bytes, length);
    int at = 0;
    return cut_lines(f, e) && read_front(f, &at, e) && cut_blocks(f, at, e) && lesson_cut_items(f, e) &&
           lesson_cut_steps(f, e);
}

struct lesson_file *lesson_file_parse(const char *path, const char *bytes, size_t length, struct error *e)
{
    struct lesson_file *f = memory_take(1, sizeof *f, "a lesson", e);
    if (f == NULL)
        return NULL;
    snprintf(f->path, sizeof f->path, "%s", path);
    const char *slash = strrchr(f->path, '/');
    f->name = slash != NULL ? slash + 1 : f->path;
    if (parse(f, bytes, length, e))
        return f;
    lesson_file_free(f);
    return NULL;
}

struct lesson_file *lesson_file_read(const char *path, struct error *e)
{
    char *bytes;
    size_t length;
    if (!file_read(path, LESSON_LIMIT, &bytes, &length, e))
        return NULL;
    struct lesson_file *f = lesson_file_parse(path, bytes, length, e);
    memory_free(bytes);
    return f;
}

void lesson_file_free(struct lesson_file *f)
{
    if (f == NULL)
        return;
    for (int i = 0; i < f->items; i++) {
        memory_free(f->item[i].head);
        memory_free(f->item[i].tail);
    }
    memory_free(f->source);
    memory_free(f->line);
    memory_free(f->block);
    memory_free(f->item);
    memory_free(f->step);
    memory_free(f);
}

const char *lesson_command(const char *line, bool *hidden)
{
    line += strspn(line, " \t");
    *hidden = line[0] == '%';
    if (*hidden)
        line += 1 + strspn(line + 1, " \t");
    return line;
}

void lesson_block_text(const struct lesson_file *f, const struct lesson_block *b, struct text *out)
{
    for (int i = 0; i < b->count; i++) {
        text_add(out, f->line[b->first + i].text);
        text_add(out, "\n");
    }
}
