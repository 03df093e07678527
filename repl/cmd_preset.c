/* cmd_preset.c - preset: a well-known network in one line, built from the commands that it prints. */
#include "cmd.h"
#include "presets.h"
#include "rebuild.h"

#include <string.h>

enum { NAME, TOP, LATENT, CLASSES };

static const struct arg_row preset_args[] = {
    [NAME] = {.name = "name",
        .kind = ARG_CHOICE,
        .help = "which network; without one they are listed",
        .choice = preset_name},
    [TOP] = {.name = "top",
        .kind = ARG_FLAG,
        .help = "vgg16: with its dense layers, as Keras's include_top",
        .fallback = 1,
        .flags = ARG_KEY_ONLY},
    [LATENT] = {.name = "latent",
        .kind = ARG_INT,
        .help = "autoencoder and vae: how many numbers it is squeezed into",
        .min = 1,
        .max = 4096,
        .fallback = 2,
        .flags = ARG_KEY_ONLY},
    [CLASSES] = {.name = "classes",
        .kind = ARG_INT,
        .help = "how many, where no data say it: 10, or 1000 for vgg16",
        .min = 2,
        .max = 100000,
        .flags = ARG_KEY_ONLY},
    {0},
};

static void list_presets(void)
{
    struct table t = {.align = "ll"};
    for (size_t i = 0; preset_at(i); i++) {
        table_add(&t, "%s", preset_at(i)->name);
        table_add(&t, "%s", preset_at(i)->summary);
    }
    table_print(&t);
}

/* The input: what the data say, else what was typed, else what the preset was made for. */
static struct model *begin(const struct session *s, const struct preset *p, struct error *e)
{
    const struct model *m = session_network(s)->model;
    struct model *empty = model_new(e), *with = NULL;
    bool given = !s->data && m->input_given;
    struct shape shape = s->data ? s->data->shape : given ? m->layer[0].out : (struct shape){0};
    if (!shape.rank && p->input)
        shape_parse(p->input, &shape);
    if (empty)
        with = model_with_input(empty, shape, given, e);
    model_unref(empty);
    return with;
}

static void choose(
    const struct args *a, const struct preset *p, const struct data *d, struct preset_choice *out)
{
    int usual = !d && !strcmp(p->name, "vgg16") ? 1000 : 0;
    *out = (struct preset_choice){.top = a->value[TOP].number != 0,
        .latent = (int)a->value[LATENT].number,
        .classes = a->value[CLASSES].given ? (int)a->value[CLASSES].number : usual};
}

static bool run_preset(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    struct session *s = r->session;
    struct rebuild b = {.seed = s->seed};
    bool compiled = session_network(s)->recipe.optimizer;
    struct preset_choice choice;
    struct text lines = {0};
    if (!a->value[NAME].given) {
        list_presets();
        return true;
    }
    const struct preset *p = preset_at((size_t)a->value[NAME].number);
    choose(a, p, s->data, &choice);
    b.model = begin(s, p, e);
    bool ok = b.model && preset_write(p, &choice, &b.model->layer[0].out, s->data, &lines, e) &&
              rebuild_lines(&b, text_get(&lines), e) && session_put(s, "preset", b.model, &b.recipe, e);
    if (!ok)
        e->offset = -1; /* its place is in the preset's lines, not in the typed one */
    else
        note_lines(text_get(&lines));
    if (ok && compiled)
        out_note("the old network's `compile` went with it");
    rebuild_release(&b);
    text_release(&lines);
    return ok;
}

const struct command preset_command = {
    .name = "preset",
    .summary = "builds a well-known network in place of the present one",
    .details =
        "It prints the commands that it runs: the same network can be typed, and changed, line by line.\n"
        "Heads and sizes follow the data, and so do optimizer and loss: a `compile` from before is left\n"
        "behind. `undo` brings the old network back.",
    .example = "preset mlp",
    .before = "data circle",
    .group = GROUP_BUILD,
    .effect = EFFECT_CHANGES,
    .args = preset_args,
    .run = run_preset,
};
