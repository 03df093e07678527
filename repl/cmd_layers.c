/* cmd_layers.c - layer types as commands: `dense` is one because dense.c has a row.
 *
 * Each row of the layer table becomes a command whose arguments are the row's, and what every layer has:
 * `name=`, `from=` and `like=`. */
#include "cmd.h"

#include "../src/layer.h"
#include "../src/model.h"

#include <stdio.h>
#include <string.h>

enum { LAYER_COMMANDS = 64 };

enum { NAME, FROM, LIKE, COMMON };

static const struct arg_row common_rows[COMMON] = {
    [NAME] = {.name = "name",
        .kind = ARG_NAME,
        .help = "a name of its own, instead of its type and number",
        .flags = ARG_KEY_ONLY},
    [FROM] = {.name = "from",
        .kind = ARG_LAYER,
        .help = "the earlier layer that it reads, instead of the one before it",
        .flags = ARG_KEY_ONLY},
    [LIKE] = {.name = "like",
        .kind = ARG_LAYER,
        .help = "an earlier layer of the same type whose parameters it shares",
        .flags = ARG_KEY_ONLY},
};

void layer_spec_of(const struct command *c, const struct args *a, struct layer_spec *out)
{
    *out = (struct layer_spec){.type = layer_type_find(c->name)};
    int n = args_count(out->type->args);
    memcpy(out->arg, a->value, (size_t)n * sizeof out->arg[0]);
    out->name = a->value[n + NAME].given ? a->value[n + NAME].text : NULL;
    out->from = a->value[n + FROM].given ? a->value[n + FROM].text : NULL;
    out->like = a->value[n + LIKE].given ? a->value[n + LIKE].text : NULL;
}

/* What a new layer became, for a person. */
void layer_note(struct repl *r, int at)
{
    const struct model *m = session_network(r->session)->model;
    const struct layer *l = &m->layer[at];
    char in[SHAPE_TEXT], shape[SHAPE_TEXT], count[40];
    if (!r->origin->interactive)
        return;
    if (!m->built)
        out_note("layer %d: %s; its shape comes with the data", at, l->name);
    else
        out_note("layer %d: %s, %s → %s, %s parameters", at, l->name, shape_text(&l->in, in),
            shape_text(&l->out, shape), table_count((double)layer_param_count(l), count));
}

static bool run_layer(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct layer_spec spec;
    layer_spec_of(c, a, &spec);
    if (!session_add(r->session, -1, &spec, e))
        return false;
    layer_note(r, session_network(r->session)->model->layers - 1);
    return true;
}

bool is_layer_command(const struct command *c)
{
    return c->run == run_layer;
}

/* The i-th layer type that can be typed: the input has a command of its own. */
static const struct layer_type *typed_layer(size_t i)
{
    for (size_t k = 0; layer_type_at(k); k++)
        if (strcmp(layer_type_at(k)->name, "input") && !i--)
            return layer_type_at(k);
    return NULL;
}

const struct command *layer_command_at(size_t i)
{
    static struct command rows[LAYER_COMMANDS];
    static struct arg_row args[LAYER_COMMANDS][LAYER_ARGS + COMMON + 1];
    const struct layer_type *type = typed_layer(i);
    if (!type || i >= LAYER_COMMANDS)
        return NULL;
    if (!rows[i].name) {
        int n = args_count(type->args);
        memcpy(args[i], type->args, (size_t)n * sizeof args[i][0]);
        memcpy(args[i] + n, common_rows, sizeof common_rows);
        if (type->reads_beside)
            args[i][n + FROM].help = "the earlier layer that it reads beside the one before it";
        rows[i] = (struct command){.name = type->name,
            .summary = type->summary,
            .example = type->example,
            .before = type->before,
            .group = GROUP_LAYERS,
            .effect = EFFECT_CHANGES,
            .args = args[i],
            .run = run_layer,
            .complete = complete_layer};
    }
    return &rows[i];
}
