/* rebuild.c - see rebuild.h. */
#include "rebuild.h"
#include "cmd.h"
#include "lexer.h"

#include <string.h>

void rebuild_release(struct rebuild *b)
{
    model_unref(b->model);
    data_unref(b->data);
    data_unref(b->reading);
    text_release(&b->shown);
}

static bool put_model(struct rebuild *b, struct model *m)
{
    if (!m)
        return false;
    model_unref(b->model);
    b->model = m;
    return true;
}

static bool put_data(struct rebuild *b, struct data *d)
{
    if (!d)
        return false;
    data_unref(b->data);
    b->data = d;
    return true;
}

static bool rebuild_layer(struct rebuild *b, const struct command *c, const struct args *a, struct error *e)
{
    struct layer_spec spec;
    layer_spec_of(c, a, &spec);
    return put_model(b, model_with_layer(b->model, b->model->layers, &spec, e));
}

static bool is_generated(const struct command_line *line)
{
    const struct data_source *d = line->count ? data_source_find(line->word[0].text) : NULL;
    return d && d->generated;
}

static bool rebuild_input(struct rebuild *b, const struct args *a, struct error *e)
{
    struct shape shape = a->value[0].shape;
    bool given = !b->data, named = a->value[1].given;
    return put_model(b, named ? model_with_named_input(b->model, shape, given, a->value[1].text, e)
                              : model_with_input(b->model, shape, given, e));
}

static bool rebuild_compile(struct rebuild *b, const struct args *a, struct error *e)
{
    return compile_recipe(a, &b->recipe, &b->recipe, e);
}

static bool rebuild_freeze(struct rebuild *b, const struct args *a, struct error *e)
{
    int first, last;
    return frozen_layers(b->model, a->value[0].text, &first, &last, e) &&
           put_model(b, model_with_frozen(b->model, first, last, true, e));
}

static bool rebuild_output(struct rebuild *b, const struct args *a, struct error *e)
{
    return output_recipe(a, b->model, &b->recipe, &b->recipe, e);
}

static bool rebuild_data(struct rebuild *b, const struct args *a, struct error *e)
{
    return put_data(b, data_generate(a, b->seed, e));
}

static bool rebuild_features(struct rebuild *b, const struct args *a, struct error *e)
{
    return !b->data || put_data(b, data_choose_features(b->data, a, e));
}

static bool rebuild_seed(struct rebuild *b, const struct args *a, struct error *e)
{
    b->seed = (uint64_t)a->value[0].number;
    b->has_seed = true;
    return true;
}

/* What a file may run, beside the layers: on scratch objects, which nobody else sees. */
static const struct rebuilder {
    const char *command;
    bool (*run)(struct rebuild *b, const struct args *a, struct error *e);
} rebuilders[] = {
    {"input", rebuild_input},
    {"freeze", rebuild_freeze},
    {"compile", rebuild_compile},
    {"output", rebuild_output},
    {"data", rebuild_data},
    {"features", rebuild_features},
    {"seed", rebuild_seed},
};

static const struct rebuilder *rebuilder_of(const struct command_line *line)
{
    for (size_t i = 0; i < sizeof rebuilders / sizeof *rebuilders; i++)
        if (!strcmp(rebuilders[i].command, line->name.text))
            return rebuilders[i].run != rebuild_data || is_generated(line) ? &rebuilders[i] : NULL;
    return NULL;
}

/* Runs one command on the scratch objects, or keeps its text to be shown. */
static bool rebuild_command(struct rebuild *b, const struct command_line *line, struct error *e)
{
    const struct command *c = line->name.key ? NULL : command_find(line->name.text, false, NULL);
    const struct rebuilder *how = c ? rebuilder_of(line) : NULL;
    struct args a;
    if (!c || !(how || is_layer_command(c))) {
        text_addf(&b->shown, "%s%s%s\n", line->name.text, *line->raw ? " " : "", line->raw);
        return true;
    }
    if (!args_bind(c->name, c->args, line->word, line->count, &a, e))
        return false;
    a.rest = a.rest_offset >= 0 ? line->raw + (a.rest_offset - line->raw_offset) : "";
    return how ? how->run(b, &a, e) : rebuild_layer(b, c, &a, e);
}

bool rebuild_lines(struct rebuild *b, const char *lines, struct error *e)
{
    struct line line;
    if (!b->model && !(b->model = model_new(e)))
        return false;
    if (lex_line(lines, strlen(lines), &line, e) != LEX_OK)
        return false;
    bool ok = true;
    for (int i = 0; i < line.count && ok; i++)
        ok = rebuild_command(b, &line.command[i], e);
    line_release(&line);
    return ok;
}
