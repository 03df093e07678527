/* cmd_file.c - save and load.
 *
 * A file holds the weights and, as text, the commands that rebuild the model. Loading trusts neither: the
 * commands run as rebuild.h says. Only when all of it fits together, down to the last tensor, does the
 * session take it. */
#include "cmd.h"
#include "loop.h"
#include "rebuild.h"

#include "../src/data.h"
#include "../src/io/import.h"
#include "../src/memory.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- save ---------------------------------------------------------------------------------------------- */

static const char suffix[] = ".safetensors";

static const struct arg_row save_args[] = {
    {.name = "file", .kind = ARG_FILE, .help = "NAME.safetensors", .flags = ARG_REQUIRED},
    {0},
};

struct saving {
    char path[4096];
    struct state *state;
    struct text commands, schema;
};

static bool write_file(void *arg, const void *cancel, struct error *e)
{
    struct saving *s = arg;
    return safetensors_save(s->path, s->state, text_get(&s->commands), text_get(&s->schema), e);
}

static bool full_path(const char *name, char *out, size_t size, struct error *e)
{
    size_t n = strlen(name), tail = sizeof suffix - 1;
    bool has = n >= tail && !strcmp(name + n - tail, suffix);
    const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
    if (!last[strspn(last, ".")] || !strcmp(last, suffix))
        return error_set(e, "'%.60s' names no file: `save model` writes model%s", name, suffix);
    if (snprintf(out, size, "%s%s", name, has ? "" : suffix) < (int)size)
        return true;
    return error_set(e, "this file name is too long");
}

static bool run_save(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct saving s = {0};
    if (!full_path(a->value[0].text, s.path, sizeof s.path, e))
        return false;
    s.state = session_copy_state(r->session, e);
    if (!s.state)
        return false;
    session_write(r->session, &s.commands);
    if (session_reading(r->session))
        data_schema_write(session_reading(r->session), &s.schema);
    bool ok = loop_job(r, write_file, &s, e);
    text_release(&s.commands);
    text_release(&s.schema);
    state_free(s.state);
    if (ok)
        out_note("saved to %s", s.path);
    return ok;
}

const struct command save_command = {
    .name = "save",
    .summary = "saves weights, optimiser and the commands that rebuild the model",
    .details =
        "As safetensors, with Keras's layout and names. The old file stays until the new one is whole.",
    .example = "save model",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_SESSION,
    .effect = EFFECT_WRITES,
    .args = save_args,
    .run = run_save,
};

/* --- how samples are read --------------------------------------------------------------------------------
 */

/* How samples are read, when the file tells it and generated data do not: it must fit the model. */
static bool rebuild_reading(struct rebuild *b, const struct tensor_file *f, struct error *e)
{
    const char *schema = safetensors_metadata(f, "inputs");
    const struct layer *head = model_head(b->model);
    if (!schema || b->data)
        return true;
    b->reading = data_schema_read(schema, e);
    if (!b->reading)
        return false;
    if (shape_size(&b->reading->shape) != model_input_size(b->model))
        return error_set(e, "its model does not fit its description of the inputs");
    return b->model->outputs > 1 ||
           data_head_fits(b->reading, head_encoding(b->model), shape_size(&head->out), e);
}

/* --- load ---------------------------------------------------------------------------------------------- */

enum { LOAD_FILE, LOAD_FROM, LOAD_PARTIAL };

static const struct arg_row load_args[] = {
    [LOAD_FILE] = {.name = "file", .kind = ARG_FILE, .help = "NAME.safetensors", .flags = ARG_REQUIRED},
    [LOAD_FROM] = {.name = "from",
        .kind = ARG_CHOICE,
        .help = "who wrote it; without it, `save`",
        .choice = import_origin,
        .flags = ARG_KEY_ONLY},
    [LOAD_PARTIAL] = {.name = "partial",
        .kind = ARG_FLAG,
        .help = "with from=: load what matches, and say what does not",
        .flags = ARG_KEY_ONLY},
    {0},
};

struct opening {
    const char *path;
    struct tensor_file *file;
};

static bool open_file(void *arg, const void *cancel, struct error *e)
{
    struct opening *o = arg;
    o->file = safetensors_open(o->path, e);
    return o->file;
}

static bool take_over(struct repl *r, const struct tensor_file *f, struct rebuild *b, struct error *e)
{
    int moments = b->recipe.optimizer ? b->recipe.optimizer->moments : 0;
    struct state *s = state_new(b->model, moments, b->seed, e);
    if (!s || !safetensors_fill(f, s, e)) {
        state_free(s);
        return false;
    }
    session_load(r->session, b->model, &b->recipe, b->data, b->reading, s);
    if (b->has_seed)
        r->session->seed = b->seed;
    return true;
}

/* Lines that stay unrun because a file may come from anybody: those that read files above all. */
static void note_shown(struct repl *r, const struct rebuild *b)
{
    const char *lines = text_get(&b->shown);
    const struct data *d = r->session->data;
    size_t n = strcspn(lines, "\n");
    if (d && d->command && !lines[n + !!lines[n]] && strlen(d->command) == n &&
        !strncmp(lines, d->command, n))
        return;
    out_note("a loaded file reads no other files; to train on, type:");
    note_lines(lines);
}

static bool load_file(struct repl *r, const char *path, const struct tensor_file *f, struct error *e)
{
    const char *commands = safetensors_metadata(f, "commands");
    struct rebuild b = {.seed = r->session->seed};
    if (!commands)
        return error_set(e,
            "'%s' holds tensors, but no commands that rebuild their model: type its input and layers, then "
            "`load FILE from=pytorch` or from=keras",
            path);
    bool ok = rebuild_lines(&b, commands, e) &&
              (b.model->built || error_set(e, "its commands make no model")) && rebuild_reading(&b, f, e) &&
              take_over(r, f, &b, e);
    if (!ok) {
        e->offset = -1; /* its place is in the file, not in the typed line */
        error_prefix(e, "'%s' is not loaded", path);
    } else if (b.shown.length) {
        note_shown(r, &b);
    }
    rebuild_release(&b);
    return ok;
}

/* Weights of another program, into a copy of the present state. */
struct import {
    const struct tensor_file *file;
    const char *origin;
    bool partial;
    struct state *state;
    struct text told;
};

static bool import_file(void *arg, const void *cancel, struct error *e)
{
    struct import *i = arg;
    struct state *s = i->state;
    if (!import_weights(i->file, i->origin, i->partial, s, &i->told, e))
        return false;
    for (int k = 0; k < s->moments; k++)
        memset(s->moment[k], 0, s->model->params * sizeof(float));
    s->place = (struct place){0};
    return true;
}

static bool load_weights(struct repl *r, const struct tensor_file *f, const struct args *a, struct error *e)
{
    struct network *n = session_network(r->session);
    struct import i = {
        .file = f, .origin = a->value[LOAD_FROM].text, .partial = a->value[LOAD_PARTIAL].number != 0};
    if (!n->state)
        return error_set(e,
            "a file of weights alone fills a model that is there: type its input and layers first, then "
            "`load`");
    i.state = session_copy_state(r->session, e);
    bool ok = i.state && loop_job(r, import_file, &i, e);
    if (ok) {
        session_load(r->session, i.state->model, &n->recipe, NULL, n->reading, i.state);
        note_lines(text_get(&i.told));
    } else {
        state_free(i.state);
    }
    text_release(&i.told);
    return ok;
}

static bool run_load(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct opening o = {.path = a->value[LOAD_FILE].text};
    char full[4096];
    if (a->value[LOAD_PARTIAL].number != 0 && !a->value[LOAD_FROM].given)
        return error_set(e, "`partial` goes with from=pytorch or from=keras");
    /* `load model` reads what `save model` wrote. */
    if (access(o.path, F_OK) && full_path(o.path, full, sizeof full, NULL) && !access(full, F_OK))
        o.path = full;
    if (!loop_job(r, open_file, &o, e))
        return false;
    bool ok = a->value[LOAD_FROM].given ? load_weights(r, o.file, a, e) : load_file(r, o.path, o.file, e);
    safetensors_close(o.file);
    return ok;
}

const struct command load_command = {
    .name = "load",
    .summary = "loads what `save` wrote, or weights of PyTorch or Keras",
    .details =
        "Layers, compile and generated data come back with the weights, and how `predict` reads a "
        "sample. Other lines\n"
        "of the file, such as those that read files, are shown and not run. A damaged file changes "
        "nothing. `undo`\nbrings the old model back.\n"
        "With from=pytorch or from=keras the file has weights alone, and the model is there already: "
        "typed layer by\nlayer, without a word of the file. Modules (features.0, conv1) go to the layer "
        "of the same name, else in order to\nthe first layer whose shapes fit; layouts are converted. "
        "What does not match is named, and nothing is loaded\nunless `partial` is given. Activations, "
        "strides and epsilon are not in such files.",
    .example = "load model.safetensors",
    .before = "data circle; dense 4 tanh; dense 1 tanh; save model",
    .group = GROUP_SESSION,
    .effect = EFFECT_CHANGES,
    .args = load_args,
    .run = run_load,
};
