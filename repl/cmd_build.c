/* cmd_build.c - commands that build the model: model, input, insert, replace, remove, rename, summary, undo,
 * redo, new.
 *
 * The layers themselves are in cmd_layers.c, how they are trained in cmd_compile.c. */
#include "cmd.h"

#include "../src/activation.h"
#include "../src/memory.h"
#include "../src/shape.h"

#include <string.h>

/* --- model --------------------------------------------------------------------------------------------- */

static const struct arg_row model_args[] = {
    {.name = "name", .kind = ARG_NAME, .help = "the model to go to; made when there is none of that name"},
    {0},
};

static void list_models(const struct session *s)
{
    struct table t = {.align = "llr", .head = true};
    char params[40];
    table_add(&t, "%s", "");
    table_add(&t, "model");
    table_add(&t, "parameters");
    for (int i = 0; i < s->networks; i++) {
        const struct model *m = s->network[i]->model;
        table_add(&t, "%s", i == s->current ? "*" : "");
        table_add(&t, "%s", s->network[i]->name);
        table_add(&t, "%s", m->built ? table_count((double)m->params, params) : "?");
    }
    table_print(&t);
}

static bool run_model(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (a->value[0].given)
        return session_select(r->session, a->value[0].text, e);
    list_models(r->session);
    return true;
}

static const char *complete_model(struct repl *r, size_t i)
{
    return i < (size_t)r->session->networks ? r->session->network[i]->name : NULL;
}

static const struct command model_command = {
    .name = "model",
    .summary = "goes to another model, or lists them",
    .details =
        "A session holds several models over the same data, each with its own layers, weights and curves.\n"
        "The first is called `main`.",
    .example = "model wide",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .args = model_args,
    .run = run_model,
    .complete = complete_model,
};

/* --- input --------------------------------------------------------------------------------------------- */

static const struct arg_row input_args[] = {
    {.name = "shape",
        .kind = ARG_SHAPE,
        .help = "of one sample: 2, or 28x28x1 (height x width x channels)",
        .flags = ARG_REQUIRED},
    {.name = "name",
        .kind = ARG_NAME,
        .help = "its name; a second name makes a second input",
        .flags = ARG_KEY_ONLY},
    {0},
};

static bool run_input(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    return session_input(r->session, a->value[0].shape, a->value[1].given ? a->value[1].text : NULL, e);
}

static const struct command input_command = {
    .name = "input",
    .summary = "says what shape the input has, when no data say it",
    .details =
        "With data this is not needed: `data spiral` has inputs of shape 2.\n"
        "A model may have several inputs, each with a name; a sample's values are dealt out to them in\n"
        "order. `from=NAME` lets a layer read one.",
    .example = "input 28x28x1",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .args = input_args,
    .run = run_input,
};

/* --- insert, replace ----------------------------------------------------------------------------------- */

static const struct arg_row place_args[] = {
    {.name = "at",
        .kind = ARG_LAYER,
        .help = "number or name of the layer, as `summary` prints it",
        .flags = ARG_REQUIRED},
    {.name = "layer",
        .kind = ARG_COMMAND,
        .help = "a layer, as if typed alone: dense 4 tanh",
        .flags = ARG_REQUIRED},
    {0},
};

/* Number of the layer that the first word means; `last` more than the newest is allowed where one is added.
 */
static bool find_place(struct repl *r, const struct args *a, bool end, int *at, struct error *e)
{
    const struct model *m = session_network(r->session)->model;
    double number;
    int found = end && number_parse(a->value[0].text, &number) && number == m->layers
                    ? m->layers
                    : model_find(m, a->value[0].text, e);
    if (found < 0)
        return blame_key(r, a->value[0].text, e);
    if (found == 0) {
        error_set(e, "layer 0 is the input, and stays in front: layers count from 1");
        return blame_key(r, a->value[0].text, e);
    }
    *at = found;
    return true;
}

/* Binds the inner command, which must be a layer. */
static bool read_layer(
    struct repl *r, const struct args *a, struct args *inner, struct layer_spec *spec, struct error *e)
{
    if (!a->many_count)
        return error_set(e, "a layer is missing: `%s`", "insert 1 dense 4 tanh");
    const struct word *name = &a->many[0];
    const struct command *c = command_find(name->text, r->origin->interactive, e);
    if (c && !is_layer_command(c)) {
        error_set(e, "'%s' is no layer: `help layers` lists them", c->name);
        c = NULL;
    }
    if (!c) {
        e->offset = name->offset;
        e->length = name->length;
        return false;
    }
    if (!args_bind(c->name, c->args, a->many + 1, a->many_count - 1, inner, e))
        return false;
    layer_spec_of(c, inner, spec);
    return true;
}

static bool change_at(struct repl *r, const struct args *a, bool insert, struct error *e)
{
    struct args inner;
    struct layer_spec spec;
    int at = 0;
    if (!find_place(r, a, insert, &at, e) || !read_layer(r, a, &inner, &spec, e))
        return false;
    bool ok = insert ? session_add(r->session, at, &spec, e) : session_replace(r->session, at, &spec, e);
    if (ok)
        layer_note(r, at);
    return ok;
}

static bool run_insert(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    return change_at(r, a, true, e);
}

static bool run_replace(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    return change_at(r, a, false, e);
}

static const struct command insert_command = {
    .name = "insert",
    .summary = "puts a layer in front of another one",
    .details = "The others keep their names and, where their shapes stay, what they have learnt.",
    .example = "insert 1 dense 4 tanh",
    .before = "data circle; dense 1 tanh",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .args = place_args,
    .run = run_insert,
    .complete = complete_layer,
};

static const struct command replace_command = {
    .name = "replace",
    .summary = "puts a layer in the place of another one",
    .example = "replace 1 dense 8 relu",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .args = place_args,
    .run = run_replace,
    .complete = complete_layer,
};

/* --- remove, rename ------------------------------------------------------------------------------------ */

static const struct arg_row remove_args[] = {
    {.name = "layer", .kind = ARG_LAYER, .help = "its number or name", .flags = ARG_REQUIRED},
    {0},
};

static bool run_remove(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    int at = 0;
    return find_place(r, a, false, &at, e) && session_remove(r->session, at, e);
}

static const struct command remove_command = {
    .name = "remove",
    .summary = "takes a layer out",
    .example = "remove 2",
    .before = "data circle; dense 4 tanh; dense 4 tanh; dense 1 tanh",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .args = remove_args,
    .run = run_remove,
    .complete = complete_layer,
};

static const struct arg_row rename_args[] = {
    {.name = "layer", .kind = ARG_LAYER, .help = "its number or name", .flags = ARG_REQUIRED},
    {.name = "name", .kind = ARG_NAME, .help = "the new name", .flags = ARG_REQUIRED},
    {0},
};

static bool run_rename(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    int at = 0;
    return find_place(r, a, false, &at, e) && session_rename(r->session, at, a->value[1].text, e);
}

static const struct command rename_command = {
    .name = "rename",
    .summary = "gives a layer another name",
    .example = "rename 1 hidden",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .args = rename_args,
    .run = run_rename,
    .complete = complete_layer,
};

/* --- freeze, unfreeze ----------------------------------------------------------------------------------- */

static const struct arg_row freeze_args[] = {
    {.name = "layers",
        .kind = ARG_TEXT,
        .help = "a layer by name or number, or a range of them: 1..5",
        .flags = ARG_REQUIRED},
    {0},
};

bool frozen_layers(const struct model *m, const char *which, int *first, int *last, struct error *e)
{
    char low[LAYER_NAME] = "";
    const char *dots = strstr(which, "..");
    if (dots && dots - which < LAYER_NAME)
        memcpy(low, which, (size_t)(dots - which));
    *first = model_find(m, dots ? low : which, e);
    *last = *first < 0 ? -1 : dots ? model_find(m, dots + 2, e) : *first;
    if (*first < 0 || *last < 0)
        return false;
    return *first <= *last ||
           error_set(e, "the range '%s' runs backwards: write the lower layer first", which);
}

static bool change_frozen(struct repl *r, const struct args *a, bool frozen, struct error *e)
{
    const char *which = a->value[0].text;
    int first, last;
    if (!frozen_layers(session_network(r->session)->model, which, &first, &last, e))
        return blame_key(r, which, e);
    if (!session_freeze(r->session, first, last, frozen, e))
        return false;
    const struct model *m = session_network(r->session)->model;
    size_t params = 0;
    char count[40];
    for (int i = first; i <= last; i++)
        params += layer_param_count(&m->layer[i]);
    if (m->built)
        out_note("%s parameters %s", table_count((double)params, count),
            frozen ? "are frozen: `unfreeze` lets them learn" : "learn");
    return true;
}

static bool run_freeze(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    return change_frozen(r, a, true, e);
}

static bool run_unfreeze(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    return change_frozen(r, a, false, e);
}

static const struct command freeze_command = {
    .name = "freeze",
    .summary = "keeps the parameters of layers as they are",
    .details =
        "Frozen layers cost no work for gradients, and batch normalisation among them runs as it would\n"
        "outside training.",
    .example = "freeze 1",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .args = freeze_args,
    .run = run_freeze,
    .complete = complete_layer,
};

static const struct command unfreeze_command = {
    .name = "unfreeze",
    .summary = "lets frozen layers learn again",
    .example = "unfreeze 1",
    .before = "data circle; dense 4 tanh; dense 1 tanh; freeze 1",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .args = freeze_args,
    .run = run_unfreeze,
    .complete = complete_layer,
};

/* --- summary ------------------------------------------------------------------------------------------- */

/* True when some layer reads another one than that before it, or shares, or is frozen. */
static bool has_links(const struct model *m)
{
    for (int i = 1; i < m->layers; i++) {
        const struct layer *l = &m->layer[i];
        if (l->from_given || l->inputs != 1 || l->like || l->frozen)
            return true;
    }
    return false;
}

static void summary_heading(struct table *t, bool links)
{
    static const char *const heads[] = {
        "", "layer", "type", "activation", "output", "parameters", "multiply-adds"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        table_add(t, "%s", heads[i]);
    if (links)
        table_add(t, "reads");
}

/* What it reads where that is not the layer before it, whose parameters it shares, whether it is frozen. */
static void summary_links(struct table *t, const struct model *m, int i)
{
    const struct layer *l = &m->layer[i];
    struct text links = {0};
    for (int j = 0; j < l->inputs && (l->from_given || l->inputs > 1); j++)
        text_addf(&links, "%s%s", j ? ", " : "", m->layer[l->input[j]].name);
    if (l->like)
        text_addf(&links, "%slike %s", links.length ? "; " : "", m->layer[l->like].name);
    if (l->frozen)
        text_addf(&links, "%sfrozen", links.length ? "; " : "");
    table_add(t, "%s", text_get(&links));
    text_release(&links);
}

static void summary_layer(struct table *t, const struct model *m, int i, bool links)
{
    const struct layer *l = &m->layer[i];
    char shape[SHAPE_TEXT], params[40], macs[40];
    double multiply_adds = m->built && l->type && l->type->macs ? l->type->macs(l) : 0;
    table_add(t, "%d", i);
    table_add(t, "%s", l->name);
    table_add(t, "%s", i ? l->type->name : "input");
    table_add(t, "%s", m->built && l->activation ? l->activation->name : "");
    table_add(t, "%s", shape_text(&l->out, shape));
    table_add(t, "%s", m->built ? table_count((double)layer_param_count(l), params) : "?");
    table_add(t, "%s", m->built ? table_count(multiply_adds, macs) : "?");
    if (links)
        summary_links(t, m, i);
}

static void summary_total(struct table *t, const struct model *m, bool links)
{
    char params[40], macs[40];
    table_add(t, "%s", "");
    table_add(t, "total");
    for (int i = 0; i < 3; i++)
        table_add(t, "%s", "");
    table_add(t, "%s", table_count((double)m->params, params));
    table_add(t, "%s", table_count(model_macs(m), macs));
    if (links)
        table_add(t, "%s", "");
}

/* What training will take, before it is tried. */
static void summary_memory(struct repl *r)
{
    const struct network *n = session_network(r->session);
    char params[MEMORY_TEXT], fit[MEMORY_TEXT], copies[MEMORY_TEXT];
    size_t batch_size;
    double wanted, bytes = session_fit_bytes(r->session, &batch_size);
    double kept = session_copies_bytes(r->session, &wanted);
    out("%s of parameters; %s to train in batches of %zu",
        memory_text((double)n->model->params * sizeof(float), params), memory_text(bytes, fit), batch_size);
    if (kept > 0)
        out(", and up to %s to undo and rewind\n", memory_text(kept, copies));
    else
        out("; too large to be kept for undo and rewinding (`set memory %.0f` keeps it)\n", wanted);
}

static bool run_summary(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const struct network *n = session_network(r->session);
    bool links = has_links(n->model);
    struct table t = {.align = links ? "rlllrrrl" : "rlllrrr", .head = true};
    summary_heading(&t, links);
    for (int i = 0; i < n->model->layers; i++)
        summary_layer(&t, n->model, i, links);
    if (n->model->built)
        summary_total(&t, n->model, links);
    table_print(&t);
    if (!n->model->built)
        out("Shapes come with the data (`data NAME`) or with `input SHAPE`.\n");
    else
        summary_memory(r);
    if (n->recipe.optimizer) {
        struct text recipe = {0};
        recipe_write(&n->recipe, &recipe);
        out_text(text_get(&recipe));
        text_release(&recipe);
    }
    return true;
}

static const struct command summary_command = {
    .name = "summary",
    .summary = "lists the layers with shapes, parameters and multiply-adds",
    .details = "Layer 0 is the input. Multiply-adds are those of a forward pass of one sample. `reads` "
               "stands there\n"
               "when a layer reads another one than that before it, shares parameters, or is frozen.",
    .example = "summary",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_BUILD,
    .run = run_summary,
};

/* --- undo, redo, new ----------------------------------------------------------------------------------- */

static bool run_undo(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    return session_undo(r->session, e);
}

static bool run_redo(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    return session_redo(r->session, e);
}

static bool run_new(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    if (!session_new_scene(r->session, e))
        return false;
    watch_forget(r);
    return true;
}

static const struct command undo_command = {
    .name = "undo",
    .summary = "takes back the last change of model, data or weights",
    .example = "undo",
    .before = "dense 4 tanh",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .run = run_undo,
};

static const struct command redo_command = {
    .name = "redo",
    .summary = "does again what was undone",
    .example = "redo",
    .before = "dense 4 tanh; undo",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .run = run_redo,
};

static const struct command new_command = {
    .name = "new",
    .summary = "starts afresh: no layers, no data",
    .details = "`undo` brings the old scene back. What was watched is forgotten.",
    .example = "new",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .run = run_new,
};

const struct command *const commands_build[] = {
    &model_command,
    &branch_command,
    &input_command,
    &insert_command,
    &replace_command,
    &remove_command,
    &rename_command,
    &freeze_command,
    &unfreeze_command,
    &preset_command,
    &init_command,
    &summary_command,
    &compile_command,
    &output_command,
    &undo_command,
    &redo_command,
    &new_command,
    NULL,
};
