/* command.c - one table of all commands, and the way from a cut command to its row's function.
 *
 * The table is put together once, group by group, from the arrays that commands.h names; the layer types are
 * a group of their own. Nothing here knows a single command. */
#include "command.h"

#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMANDS = 256 };

static const struct command *const *const groups[GROUPS] = {
    [GROUP_BUILD] = commands_build,
    [GROUP_DATA] = commands_data,
    [GROUP_TRAIN] = commands_train,
    [GROUP_LOOK] = commands_look,
    [GROUP_WINDOW] = commands_window,
    [GROUP_LESSONS] = commands_lessons,
    [GROUP_SESSION] = commands_session,
};

static const char *const group_names[GROUPS] = {
    [GROUP_BUILD] = "build",
    [GROUP_LAYERS] = "layers",
    [GROUP_DATA] = "data",
    [GROUP_TRAIN] = "train",
    [GROUP_LOOK] = "look",
    [GROUP_WINDOW] = "window",
    [GROUP_LESSONS] = "lessons",
    [GROUP_SESSION] = "session",
};

static const struct command *group_row(int g, size_t i)
{
    return g == GROUP_LAYERS ? layer_command_at(i) : groups[g][i];
}

static size_t fill_table(const struct command **table)
{
    size_t n = 0;
    compile_tables();
    for (int g = 0; g < GROUPS; g++) {
        const struct command *row;
        for (size_t i = 0; n < COMMANDS && (row = group_row(g, i)); i++)
            table[n++] = row;
    }
    return n;
}

const struct command *command_at(size_t i)
{
    static const struct command *table[COMMANDS];
    static size_t count;
    if (!count)
        count = fill_table(table);
    return i < count ? table[i] : NULL;
}

const char *command_name(size_t i)
{
    const struct command *c = command_at(i);
    return c ? c->name : NULL;
}

const char *group_name(enum command_group g)
{
    return g < GROUPS ? group_names[g] : NULL;
}

/* --- finding ------------------------------------------------------------------------------------------- */

static const struct command *find_exact(const char *name)
{
    for (size_t i = 0; command_at(i); i++)
        if (!strcmp(command_at(i)->name, name))
            return command_at(i);
    return NULL;
}

/* The only command that begins so; when there are several, their names go to `names` and NULL comes back. */
static const struct command *find_prefix(const char *name, struct text *names)
{
    const struct command *found = NULL;
    int hits = 0;
    for (size_t i = 0; command_at(i); i++)
        if (!strncmp(command_at(i)->name, name, strlen(name))) {
            found = command_at(i);
            text_addf(names, "%s%s", hits++ ? ", " : "", found->name);
        }
    return hits == 1 ? found : NULL;
}

static bool unknown(const char *name, struct error *e)
{
    char brief[WORD_BRIEF];
    const char *closest = args_closest(name, command_name);
    word_brief(name, brief);
    if (closest)
        return error_set(e, "unknown command '%s': did you mean '%s'?", brief, closest);
    return error_set(e, "unknown command '%s': `help` lists them all", brief);
}

const struct command *command_find(const char *name, bool prefix, struct error *e)
{
    const struct command *found = find_exact(name);
    if (found || !prefix || !*name) {
        if (!found)
            unknown(name, e);
        return found;
    }
    struct text names = {0};
    found = find_prefix(name, &names);
    if (!found && names.length)
        error_set(e, "'%s' may mean %s: type more of it", name, text_get(&names));
    else if (!found)
        unknown(name, e);
    text_release(&names);
    return found;
}

/* --- running ------------------------------------------------------------------------------------------- */

/* A line that is no command, but would be one with another word in front: says which. */
static bool explain_unknown(struct repl *r, const struct command_line *line, struct error *e)
{
    const struct word *w = &line->name;
    char brief[WORD_BRIEF];
    if (w->key)
        return error_set(e,
            "'%s=' is no command: `set %s VALUE` changes a setting, `let %s = EXPR` names a number",
            word_brief(w->key, brief), brief, brief);
    if (line->count && !line->word[0].quoted && !strcmp(line->word[0].text, "="))
        return error_set(
            e, "'%s' is no command: `let %s = EXPR` names a number", word_brief(w->text, brief), brief);
    for (size_t i = 0; expr_word(r, i); i++)
        if (!strcmp(expr_word(r, i), w->text))
            return error_set(e, "'%s' is a quantity, not a command: `print %s` shows it", w->text, w->text);
    if (w->text[0] && strchr("0123456789(-.", w->text[0]))
        return error_set(
            e, "'%s' is no command: `print EXPR` works an expression out", word_brief(w->text, brief));
    return true;
}

static const struct command *find_row(struct repl *r, const struct command_line *line, struct error *e)
{
    const struct command *c =
        line->name.key ? NULL : command_find(line->name.text, r->origin->interactive, e);
    if (!c) {
        explain_unknown(r, line, e);
        e->offset = line->name.offset;
        e->length = line->name.length;
    }
    return c;
}

/* What a row does not allow: "&" where nothing waits, writing files from a lesson's own block. */
static bool check_effect(
    struct repl *r, const struct command *c, const struct command_line *line, struct error *e)
{
    if (line->background && !(c->effect & EFFECT_BACKGROUND))
        return error_set(e, "'%s' is done at once: leave out the '&'", c->name);
    if (r->origin->lesson && (c->effect & EFFECT_WRITES))
        return error_set(e, "'%s' writes a file, and a lesson's own blocks write nothing", c->name);
    return true;
}

/* An error without a place blames the whole command. */
static void place_error(const struct command_line *line, struct error *e)
{
    if (e->offset >= 0)
        return;
    e->offset = line->name.offset;
    e->length = *line->raw ? line->raw_offset + (int)strlen(line->raw) - e->offset : line->name.length;
}

bool command_run(struct repl *r, const struct command_line *line, struct error *e)
{
    const struct command *c = find_row(r, line, e);
    if (!c)
        return false;
    const struct command_line *outer = r->command;
    bool outer_background = r->background;
    struct args args;
    *e = (struct error){.offset = -1};
    bool ok =
        check_effect(r, c, line, e) &&
        (args_bind(c->name, c->args, line->word, line->count, &args, e) || (c->refuse && c->refuse(line, e)));
    if (ok) {
        args.rest = args.rest_offset >= 0 ? line->raw + (args.rest_offset - line->raw_offset) : "";
        r->command = line;
        r->background = line->background;
        ok = c->run(r, c, &args, e);
        r->command = outer;
        r->background = outer_background;
    }
    if (!ok && e->text[0])
        place_error(line, e);
    return ok;
}
