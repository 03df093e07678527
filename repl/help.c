/* help.c - help, ? and apropos: everything they print comes from the rows.
 *
 * `help` lists the commands by group; `help NAME` explains whatever has that name, in all tables; `apropos
 * WORD` looks through names and summaries. */
#include "cmd.h"
#include "topics.h"

#include <math.h>
#include <string.h>
#include <strings.h>

static const char *const group_titles[GROUPS] = {
    [GROUP_BUILD] = "build the network",
    [GROUP_LAYERS] = "its layers",
    [GROUP_DATA] = "data",
    [GROUP_TRAIN] = "train",
    [GROUP_LOOK] = "look inside",
    [GROUP_WINDOW] = "the window",
    [GROUP_LESSONS] = "lessons",
    [GROUP_SESSION] = "the session",
};

static void title(const char *text)
{
    out("%s%s%s\n", out_style(STYLE_TITLE), text, out_end());
}

/* --- help ---------------------------------------------------------------------------------------------- */

/* Words behind a margin, wrapped; a bracket's words stay together. */
static void print_wrapped(const char *text, int first, int margin)
{
    int column = first;
    out("%*s", first, "");
    for (bool begin = true; *text; begin = false) {
        int length = 0;
        for (int depth = 0; text[length] && (depth || text[length] != ' '); length++)
            depth += text[length] == '[' ? 1 : text[length] == ']' ? -1 : 0;
        bool wrap = !begin && column + 1 + length > out_width();
        if (wrap)
            out("\n%*s", margin, "");
        column = (wrap ? margin : column + !begin) + length;
        out("%s%.*s", begin || wrap ? "" : " ", length, text);
        text += length + (text[length] == ' ');
    }
    out("\n");
}

static void list_names(enum command_group g)
{
    struct text names = {0};
    for (size_t i = 0; command_at(i); i++)
        if (command_at(i)->group == g)
            text_addf(&names, "%s%s", names.length ? " " : "", command_at(i)->name);
    out("%s", out_style(STYLE_COMMAND));
    print_wrapped(text_get(&names), 2, 2);
    out("%s", out_end());
    text_release(&names);
}

static void help_overview(void)
{
    for (int g = 0; g < GROUPS; g++) {
        title(group_titles[g]);
        list_names((enum command_group)g);
    }
    out("\n`help NAME` explains a command or any other word (`help dense`, `help adam`, `help spiral`),\n"
        "`help build` lists a group, `apropos WORD` searches, Tab completes. A first network:\n"
        "  %sdata circle; dense 4 tanh; dense 1 tanh; fit 100%s\n",
        out_style(STYLE_COMMAND), out_end());
}

static bool help_group(const char *name)
{
    struct table t = {.align = "ll", .indent = 2};
    for (int g = 0; g < GROUPS; g++)
        for (size_t i = 0; !strcmp(name, group_name((enum command_group)g)) && command_at(i); i++)
            if (command_at(i)->group == (enum command_group)g) {
                table_add(&t, "%s", command_at(i)->name);
                table_add(&t, "%s", command_at(i)->summary);
            }
    bool found = t.count;
    if (found)
        title("commands of this group");
    table_print(&t);
    return found;
}

static void add_bounds(const struct arg_row *row, struct text *out)
{
    bool number = row->kind == ARG_INT || row->kind == ARG_REAL;
    if (!number || (!row->min && !row->max))
        return;
    text_add(out, ", from ");
    if (isfinite(row->min))
        number_write(row->min, out);
    if (isfinite(row->max)) {
        text_add(out, " to ");
        number_write(row->max, out);
    }
}

static void add_fallback(const struct arg_row *row, struct text *out)
{
    if (row->flags & ARG_REQUIRED)
        return;
    if (row->initial) {
        text_addf(out, "; default %s", row->initial);
    } else if ((row->kind == ARG_INT || row->kind == ARG_REAL) && row->fallback) {
        text_add(out, "; default ");
        number_write(row->fallback, out);
    } else if (row->kind == ARG_FLAG && row->fallback) {
        text_add(out, "; default yes");
    }
}

static void add_choices(const struct arg_row *row, struct text *out)
{
    for (size_t i = 0; row->kind == ARG_CHOICE && row->choice(i); i++)
        text_addf(out, "%s%s", i ? " " : "", row->choice(i));
}

static void help_arguments(const struct arg_row *args)
{
    int width = 0;
    for (const struct arg_row *row = args; row && row->name; row++)
        width = (int)strlen(row->name) > width ? (int)strlen(row->name) : width;
    for (const struct arg_row *row = args; row && row->name; row++) {
        struct text line = {0}, choices = {0};
        text_add(&line, row->help ? row->help : "");
        add_bounds(row, &line);
        add_fallback(row, &line);
        out("  %s%-*s%s  %s\n", out_style(STYLE_BOLD), width, row->name, out_end(), text_get(&line));
        add_choices(row, &choices);
        if (choices.length)
            print_wrapped(text_get(&choices), width + 4, width + 4);
        text_release(&line);
        text_release(&choices);
    }
}

static void help_usage(const struct topic *t)
{
    struct text usage = {0};
    if (t->usage) {
        text_add(&usage, t->usage);
    } else if (t->command || t->under) {
        text_addf(&usage, "%s%s%s ", t->under ? t->under : "", t->under ? " " : "", t->name);
        if (t->args)
            args_usage(t->args, &usage);
        else if (t->under)
            text_add(&usage, "VALUE");
        if (t->command && t->command->effect & EFFECT_BACKGROUND)
            text_add(&usage, " [&]");
    }
    if (usage.length) {
        out("%s", out_style(STYLE_COMMAND));
        print_wrapped(text_get(&usage), 2, 6);
        out("%s", out_end());
    }
    text_release(&usage);
}

static void help_details(const char *details)
{
    for (const char *line = details; line && *line;) {
        int length = (int)strcspn(line, "\n");
        out("  %.*s\n", length, line);
        line += length + (line[length] == '\n');
    }
}

static void help_topic(const struct topic *t)
{
    out("%s%s%s  %s%s%s  %s\n", out_style(STYLE_TITLE), t->name, out_end(), out_style(STYLE_DIM),
        t->command ? group_name(t->command->group) : t->kind, out_end(), t->summary);
    help_usage(t);
    if (t->formula)
        out("  %s\n", t->formula);
    help_arguments(t->args);
    if (t->command)
        help_details(t->command->details);
    if (t->example)
        out("  example: %s%s%s\n", out_style(STYLE_COMMAND), t->example, out_end());
}

/* All that has this name; with `under` only what is typed behind that command. */
static int help_exact(const char *name, const char *under)
{
    struct topic t;
    int found = 0;
    for (size_t i = 0; topic_at(i, &t); i++)
        if (!strcmp(t.name, name) && (!under || (t.under && !strcmp(t.under, under)))) {
            if (found++)
                out("\n");
            help_topic(&t);
        }
    return found;
}

static bool help_name(struct repl *r, const char *name, struct error *e)
{
    char brief[WORD_BRIEF];
    int found = help_exact(name, NULL);
    if (help_group(name) || found) /* `data` and `lessons` are both */
        return true;
    const struct command *c = command_find(name, true, e);
    if (c && !strncmp(c->name, name, strlen(name)))
        return help_exact(c->name, NULL) > 0;
    const char *closest = args_closest(name, topic_name);
    word_brief(name, brief);
    if (closest)
        error_set(e, "no help for '%s'; did you mean '%s'?", brief, closest);
    else
        error_set(e, "no help for '%s': `help` lists the commands, `apropos %s` searches", brief, brief);
    return blame_key(r, name, e);
}

static const struct arg_row help_args[] = {
    {.name = "name",
        .kind = ARG_TEXT,
        .help = "a command, a group, a data set, an activation, … any word of the language; of several words "
                "the last is explained, as in `help data mnist`",
        .flags = ARG_MANY},
    {0},
};

static bool run_help(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (!a->many_count) {
        help_overview();
        return true;
    }
    const char *name = a->many[a->many_count - 1].text;
    const char *under = a->many_count > 1 ? a->many[a->many_count - 2].text : NULL;
    return (under && help_exact(name, under)) || help_name(r, name, e);
}

static const char *complete_topic(struct repl *r, size_t i)
{
    return topic_name(i);
}

const struct command help_command = {
    .name = "help",
    .summary = "explains a word, or lists all commands",
    .example = "help dense",
    .group = GROUP_SESSION,
    .args = help_args,
    .run = run_help,
    .complete = complete_topic,
};

const struct command question_command = {
    .name = "?",
    .summary = "the same as help, in one key: ?dense",
    .example = "?dense",
    .group = GROUP_SESSION,
    .args = help_args,
    .run = run_help,
    .complete = complete_topic,
};

/* --- apropos ------------------------------------------------------------------------------------------- */

static const struct arg_row apropos_args[] = {
    {.name = "word",
        .kind = ARG_TEXT,
        .help = "what to look for in names and summaries",
        .flags = ARG_REQUIRED},
    {0},
};

static bool mentions(const struct topic *t, const char *word)
{
    return strcasestr(t->name, word) || strcasestr(t->summary, word) || strcasestr(t->kind, word) ||
           (t->command && t->command->details && strcasestr(t->command->details, word));
}

static bool run_apropos(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct table t = {.align = "lll"};
    struct topic topic;
    char brief[WORD_BRIEF];
    for (size_t i = 0; topic_at(i, &topic); i++)
        if (mentions(&topic, a->value[0].text)) {
            table_add(&t, "%s", topic.name);
            table_add(&t, "%s", topic.command ? group_name(topic.command->group) : topic.kind);
            table_add(&t, "%s", topic.summary);
        }
    if (!t.count)
        out("nothing mentions '%s'\n", word_brief(a->value[0].text, brief));
    table_print(&t);
    return true;
}

const struct command apropos_command = {
    .name = "apropos",
    .summary = "searches names and summaries for a word",
    .example = "apropos gradient",
    .group = GROUP_SESSION,
    .args = apropos_args,
    .run = run_apropos,
};
