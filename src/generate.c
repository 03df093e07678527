/* generate.c - see generate.h.
 *
 * A network whose layers act position by position, and carry what they remember, reads one character at a
 * time, and so remembers the whole text: it is built again for sequences of one, over the same parameters.
 * Any other reads a window: known characters stand at its front, and behind them lies padding, which what is
 * causal never looks at. When the window is full it slides. */
#include "generate.h"
#include "error.h"
#include "goal.h"
#include "memory.h"
#include "rng.h"
#include "workspace.h"

#include <math.h>
#include <string.h>

struct generator {
    const struct data *d;
    struct model *model; /* the network's, or the same for sequences of one */
    struct workspace *ws;
    size_t T, K;
    uint32_t *context; /* [T] numbers of the newest characters */
    size_t known;
    bool carries;   /* T is 1, and the workspace remembers what was before */
    double *chance; /* [K] */
    struct rng random;
};

static bool check_network(const struct state *s, const struct data *d, struct error *e)
{
    const struct layer *head = model_head(s->model);
    size_t positions = d->targets, K = (size_t)d->classes;
    if (!d->letters)
        return error_set(e, "'%s' is no text: only a network that reads characters writes some", d->name);
    if (shape_size(&s->model->layer[0].out) != positions || shape_size(&head->out) != positions * K ||
        head_encoding(s->model) != ENCODE_ONE_HOT)
        return error_set(e,
            "the network must give a softmax over the %zu characters at each of the %zu positions: let it "
            "keep the positions and end with `dense %zu softmax`",
            K, positions, K);
    for (int i = 1; i < s->model->layers; i++) {
        const struct layer *l = &s->model->layer[i];
        if (l->type->whole_inputs && l->arg[0].number < (double)K)
            return error_set(e,
                "'%s' reads whole numbers from 0 to %.0f, but '%s' has %zu characters: `replace %s %s %zu …` "
                "gives it a larger table",
                l->name, l->arg[0].number - 1, d->name, K, l->name, l->type->name, K);
    }
    return true;
}

static void forward(struct generator *g)
{
    float *x = workspace_input(g->ws);
    for (size_t i = 0; i < g->T; i++)
        x[i] = i < g->known ? (float)g->context[i] : 0;
    workspace_forward(g->ws, 1, false, 0);
}

/* What is carried must have seen every character, so each goes through at once. */
static void push(struct generator *g, uint32_t letter)
{
    if (g->known == g->T)
        memmove(g->context, g->context + 1, (--g->known) * sizeof *g->context);
    g->context[g->known++] = letter;
    if (g->carries)
        forward(g);
}

static int find_letter(const struct data *d, const char *letter)
{
    for (int k = 0; k < d->classes; k++)
        if (!strcmp(d->class_name[k], letter))
            return k;
    return -1;
}

static bool read_prompt(struct generator *g, const char *prompt, struct error *e)
{
    size_t length = strlen(prompt);
    char letter[5];
    if (!length)
        return error_set(e, "give it a beginning: `predict 'Once' n=80`");
    for (size_t i = 0; i < length;) {
        utf8_write(utf8_next(prompt, length, &i), letter);
        int k = find_letter(g->d, letter);
        if (k < 0)
            return error_set(e, "the text has no '%s': begin with characters that it has", letter);
        push(g, (uint32_t)k);
    }
    return true;
}

/* Chances p^(1/temperature), normalised, from a cumulative draw. */
static uint32_t draw(struct generator *g, const float *y, double temperature)
{
    size_t best = 0;
    double sum = 0;
    for (size_t k = 1; k < g->K; k++)
        best = y[k] > y[best] ? k : best;
    if (temperature <= 0)
        return (uint32_t)best;
    for (size_t k = 0; k < g->K; k++) {
        g->chance[k] = pow((double)y[k] / (double)y[best], 1 / temperature);
        sum += g->chance[k];
    }
    double left = rng_uniform(&g->random) * sum;
    for (size_t k = 0; k < g->K; k++)
        if ((left -= g->chance[k]) < 0)
            return (uint32_t)k;
    return (uint32_t)best;
}

static uint32_t next_letter(struct generator *g, double temperature)
{
    if (!g->carries)
        forward(g);
    return draw(g, workspace_output(g->ws) + (g->known - 1) * g->K, temperature);
}

static bool write_text(struct generator *g, const struct generate *how, struct text *out,
    const atomic_bool *cancel, struct error *e)
{
    if (!read_prompt(g, how->prompt, e))
        return false;
    text_add(out, how->prompt);
    for (size_t i = 0; i < how->count; i++) {
        if (cancel && atomic_load_explicit(cancel, memory_order_relaxed))
            return error_set(e, "cancelled");
        uint32_t letter = next_letter(g, how->temperature);
        text_add(out, g->d->class_name[letter]);
        push(g, letter);
    }
    return !out->failed || error_set(e, "there is no memory for the text");
}

/* True when the network can read one character at a time. */
static bool reads_singly(const struct model *m)
{
    size_t carried = 0;
    for (int i = 1; i < m->layers; i++) {
        if (!m->layer[i].type->by_position || m->layer[i].reads_ahead)
            return false;
        carried += m->layer[i].carry;
    }
    return carried > 0;
}

static bool choose_model(struct generator *g, const struct model *m, struct error *e)
{
    g->T = g->d->targets;
    g->model = model_ref(m);
    if (!reads_singly(m))
        return true;
    struct model *single = model_with_input(m, shape_of(1, 1), true, e);
    if (!single)
        return false;
    model_unref(g->model);
    g->model = single;
    g->carries = true;
    g->T = 1;
    return true;
}

static bool prepare(struct generator *g, const struct state *s, struct error *e)
{
    if (!choose_model(g, s->model, e))
        return false;
    g->context = memory_take(g->T, sizeof *g->context, "the context of a text", e);
    g->chance = g->context ? memory_take(g->K, sizeof *g->chance, "the chances of the characters", e) : NULL;
    g->ws = g->chance ? workspace_new(g->model, 1, USE_OUTPUT, e) : NULL;
    if (!g->ws)
        return false;
    workspace_bind(g->ws, s);
    return !g->carries || workspace_carry(g->ws, true, e);
}

bool generate_text(const struct state *s, const struct data *d, const struct generate *how, struct text *out,
    const atomic_bool *cancel, struct error *e)
{
    if (!check_network(s, d, e))
        return false;
    struct generator g = {.d = d,
        .K = (size_t)d->classes,
        .random = rng_from(rng_key(how->seed, "generate", how->prompt, s->place.step))};
    bool ok = prepare(&g, s, e) && write_text(&g, how, out, cancel, e);
    workspace_free(g.ws);
    model_unref(g.model);
    memory_free(g.chance);
    memory_free(g.context);
    return ok;
}
