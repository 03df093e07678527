/* lesson_render.c - Markdown to styled, wrapped lines.
 *
 * md4c reads the Markdown and calls us block by block and span by span. A paragraph's spans gather in one
 * string with escapes in it; when the paragraph ends it is broken into lines, counting columns, not bytes. A
 * blank inside code is kept as NO_BREAK until then, so that `fit 100` is never torn apart. */
#include "lesson_render.h"
#include "output.h"

#include "../src/text.h"

#include <md4c.h>
#include <string.h>

enum { NO_BREAK = '\001', LIST_DEPTH = 8 };

struct renderer {
    struct text *out;
    struct text inline_text; /* of the block being read */
    struct text indent;      /* before each of its lines */
    int width, taken;        /* columns; those of the first line that a label before it takes */
    bool code_block, in_link;
    bool started;                  /* something was printed: a blank line goes before the next block */
    bool tight;                    /* inside a list whose items follow without blank lines */
    int depth, number[LIST_DEPTH]; /* lists around us; 0: bullets, else the next number */
    const char *marker;            /* of the item, before its first line; NULL once printed */
    char marker_text[16];
};

/* --- lines ---------------------------------------------------------------------------------------------- */

/* A word without its NO_BREAKs; returns its columns. */
static int read_word(const char *word, size_t n, struct text *out)
{
    text_clear(out);
    for (size_t i = 0; i < n; i++)
        text_add_bytes(out, word[i] == NO_BREAK ? " " : word + i, 1);
    return out_columns(text_get(out));
}

/* Starts a line: the indent, and the item's marker or as many blanks. Returns its columns. */
static int start_line(struct renderer *r)
{
    int column = out_columns(text_get(&r->indent));
    text_add(r->out, text_get(&r->indent));
    if (r->depth > 0 || r->marker != NULL) {
        int blanks = 2 * (r->depth > 0 ? r->depth - 1 : 0);
        text_addf(r->out, "%*s%s", blanks, "", r->marker != NULL ? r->marker : "   ");
        column += blanks + out_columns(r->marker != NULL ? r->marker : "   ");
        r->marker = NULL;
    }
    return column;
}

static void blank_line(struct renderer *r)
{
    if (r->started && !r->tight)
        text_add(r->out, "\n");
    r->started = true;
}

/* Breaks what gathered into lines. */
static void flush_paragraph(struct renderer *r, bool space_before)
{
    const char *at = text_get(&r->inline_text);
    at += strspn(at, " \n");
    if (*at == '\0')
        return;
    if (space_before)
        blank_line(r);
    struct text word = {0};
    int start = start_line(r) + r->taken, column = start;
    r->taken = 0;
    while (*at != '\0') {
        size_t n = strcspn(at, " \n");
        int columns = read_word(at, n, &word);
        if (column > start && column + 1 + columns > r->width) {
            text_add(r->out, "\n");
            column = start = start_line(r);
        } else if (column > start) {
            text_add(r->out, " ");
            column++;
        }
        text_add(r->out, text_get(&word));
        column += columns;
        at += n;
        bool hard = *at == '\n' && at[1] == '\n';
        at += strspn(at, " \n");
        if (hard && *at != '\0') {
            text_add(r->out, "\n");
            column = start = start_line(r);
        }
    }
    text_add(r->out, "\n");
    text_clear(&r->inline_text);
    text_release(&word);
}

/* A code block: as it stands, indented. */
static void flush_code(struct renderer *r)
{
    blank_line(r);
    for (const char *at = text_get(&r->inline_text); *at != '\0';) {
        size_t n = strcspn(at, "\n");
        text_addf(r->out, "%s    %s%.*s%s\n", text_get(&r->indent), out_style(STYLE_COMMAND), (int)n, at,
            out_end());
        at += n + (at[n] == '\n');
    }
    text_clear(&r->inline_text);
}

/* --- what md4c calls ------------------------------------------------------------------------------------ */

static void enter_item(struct renderer *r)
{
    int level = r->depth > 0 && r->depth <= LIST_DEPTH ? r->depth - 1 : 0;
    struct text t = {0};
    if (r->number[level] > 0)
        text_addf(&t, "%d. ", r->number[level]++ % 1000);
    else
        text_add(&t, " • ");
    strncpy(r->marker_text, text_get(&t), sizeof r->marker_text - 1);
    r->marker = r->marker_text;
    text_release(&t);
}

static void enter_list(struct renderer *r, int first)
{
    flush_paragraph(r, r->depth == 0);
    if (r->depth == 0 && !r->tight)
        blank_line(r);
    if (r->depth < LIST_DEPTH)
        r->number[r->depth] = first;
    r->depth++;
    r->tight = true;
}

static void leave_list(struct renderer *r)
{
    r->depth--;
    r->tight = r->depth > 0;
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
    struct renderer *r = arg;
    if (type == MD_BLOCK_UL)
        enter_list(r, 0);
    else if (type == MD_BLOCK_OL)
        enter_list(r, (int)(((MD_BLOCK_OL_DETAIL *)detail)->start % 1000));
    else if (type == MD_BLOCK_LI)
        enter_item(r);
    else if (type == MD_BLOCK_QUOTE)
        text_add(&r->indent, "│ ");
    else if (type == MD_BLOCK_H)
        text_add(&r->inline_text, out_style(STYLE_TITLE));
    r->code_block = type == MD_BLOCK_CODE;
    return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
    struct renderer *r = arg;
    if (type == MD_BLOCK_CODE) {
        flush_code(r);
        r->code_block = false;
    } else if (type == MD_BLOCK_H) {
        text_add(&r->inline_text, out_end());
        flush_paragraph(r, true);
    } else if (type == MD_BLOCK_P || type == MD_BLOCK_LI) {
        flush_paragraph(r, true);
    } else if (type == MD_BLOCK_UL || type == MD_BLOCK_OL) {
        leave_list(r);
    } else if (type == MD_BLOCK_QUOTE) {
        size_t bar = strlen("│ ");
        r->indent.length -= r->indent.length >= bar ? bar : 0;
        if (r->indent.data != NULL)
            r->indent.data[r->indent.length] = '\0';
    }
    return 0;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *arg)
{
    struct renderer *r = arg;
    if (type == MD_SPAN_STRONG)
        text_add(&r->inline_text, out_style(STYLE_BOLD));
    else if (type == MD_SPAN_EM)
        text_add(&r->inline_text, out_style(STYLE_BOLD));
    else if (type == MD_SPAN_CODE)
        text_add(&r->inline_text, out_has_colour() ? out_style(STYLE_COMMAND) : "`");
    else if (type == MD_SPAN_IMG)
        text_add(&r->inline_text, "(picture: ");
    return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *arg)
{
    struct renderer *r = arg;
    if (type == MD_SPAN_STRONG)
        text_add(&r->inline_text, out_end());
    else if (type == MD_SPAN_EM)
        text_add(&r->inline_text, out_end());
    else if (type == MD_SPAN_CODE)
        text_add(&r->inline_text, out_has_colour() ? out_end() : "`");
    else if (type == MD_SPAN_IMG)
        text_add(&r->inline_text, ")");
    return 0;
}

static const char *entity(const char *text, size_t n)
{
    static const char *const known[][2] = {
        {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&nbsp;", "\001"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i][0]) == n && memcmp(known[i][0], text, n) == 0)
            return known[i][1];
    return NULL;
}

/* Adds text that may not hold control bytes; in code, blanks do not break. */
static void add_clean(struct renderer *r, const char *text, size_t n, bool code)
{
    size_t from = r->inline_text.length;
    out_clean(&r->inline_text, text, n);
    for (size_t i = from; code && i < r->inline_text.length; i++)
        if (r->inline_text.data[i] == ' ')
            r->inline_text.data[i] = NO_BREAK;
}

/* Code blocks come in lines: each newline a text of its own. */
static int text_found(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE n, void *arg)
{
    struct renderer *r = arg;
    const char *known = type == MD_TEXT_ENTITY ? entity(text, n) : NULL;
    if (known != NULL)
        text_add(&r->inline_text, known);
    else if (r->code_block && n == 1 && text[0] == '\n')
        text_add(&r->inline_text, "\n");
    else if (type == MD_TEXT_BR)
        text_add(&r->inline_text, "\n\n");
    else if (type == MD_TEXT_SOFTBR)
        text_add(&r->inline_text, " ");
    else if (type == MD_TEXT_NULLCHAR)
        text_add(&r->inline_text, "?");
    else
        add_clean(r, text, n, type == MD_TEXT_CODE && !r->code_block);
    return 0;
}

void lesson_render(const char *markdown, int width, struct text *out)
{
    lesson_render_behind(markdown, width, 0, out);
}

void lesson_render_behind(const char *markdown, int width, int taken, struct text *out)
{
    struct renderer r = {.out = out, .width = width < 20 ? 20 : width, .taken = taken};
    MD_PARSER parser = {.flags = MD_FLAG_NOHTML,
        .enter_block = enter_block,
        .leave_block = leave_block,
        .enter_span = enter_span,
        .leave_span = leave_span,
        .text = text_found};
    md_parse(markdown, (MD_SIZE)strlen(markdown), &parser, &r);
    text_release(&r.inline_text);
    text_release(&r.indent);
}
