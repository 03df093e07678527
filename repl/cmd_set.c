/* cmd_set.c - set: settings of the session, and single weights.
 *
 * A setting is a row with a reader and a writer. A name with a bracket is a place in the network: its value
 * is a number (an expression) for all its elements, or a nested list with one number for each. */
#include "cmd.h"
#include "settings.h"
#include "window.h"

#include "../src/memory.h"

#include "../viz/viz.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- settings ------------------------------------------------------------------------------------------ */

static bool set_lr(struct repl *r, const struct arg_value *v, struct error *e)
{
    return session_set_lr(r->session, v->number, e);
}

static void get_lr(struct repl *r, struct text *out)
{
    const struct recipe *recipe = &session_network(r->session)->recipe;
    if (recipe->optimizer)
        number_write(recipe->lr, out);
    else
        text_add(out, "the optimiser's own");
}

static bool set_speed(struct repl *r, const struct arg_value *v, struct error *e)
{
    r->session->speed = v->number;
    if (session_running(r->session))
        trainer_set_speed(session_network(r->session)->trainer, v->number);
    return true;
}

static void get_speed(struct repl *r, struct text *out)
{
    number_write(r->session->speed, out);
}

static bool set_memory(struct repl *r, const struct arg_value *v, struct error *e)
{
    r->session->memory = v->number * 1e6;
    return true;
}

static void get_memory(struct repl *r, struct text *out)
{
    if (r->session->memory > 0)
        number_write(r->session->memory / 1e6, out);
    else
        text_add(out, "16, or eight states of up to 64");
}

static bool set_threads(struct repl *r, const struct arg_value *v, struct error *e)
{
    session_set_threads(r->session, (int)v->number);
    return true;
}

static void get_threads(struct repl *r, struct text *out)
{
    if (r->session->threads)
        text_addf(out, "%d", r->session->threads);
    else
        text_add(out, "0 (automatic)");
}

static bool set_theme(struct repl *r, const struct arg_value *v, struct error *e)
{
    return window_prepare(r, e) && viz_set_theme(r->viz, v->text, e);
}

static bool set_text_size(struct repl *r, const struct arg_value *v, struct error *e)
{
    if (!window_prepare(r, e))
        return false;
    viz_set_scale(r->viz, v->number);
    return true;
}

static const struct setting settings[] = {
    {{.name = "lr",
         .kind = ARG_REAL,
         .help = "the learning rate, also while training",
         .min = 1e-12,
         .max = 1e6},
        "set lr 0.001", set_lr, get_lr},
    {{.name = "speed",
         .kind = ARG_REAL,
         .help = "at most so many epochs a second; 0: as fast as it goes",
         .min = 0,
         .max = 1e9},
        "set speed 20", set_speed, get_speed},
    {{.name = "memory",
         .kind = ARG_REAL,
         .help = "megabytes for undo and for rewinding",
         .min = 1,
         .max = 1e6},
        "set memory 64", set_memory, get_memory},
    {{.name = "threads",
         .kind = ARG_INT,
         .help = "for training, from the next fit on; 0: automatic",
         .min = 0,
         .max = 256},
        "set threads 2", set_threads, get_threads},
    {{.name = "theme", .kind = ARG_CHOICE, .help = "colours of the window", .choice = viz_theme_name},
        "set theme dark", set_theme, NULL},
    {{.name = "text_size",
         .kind = ARG_REAL,
         .help = "how large the window's text is: 1 is normal, 1.5 larger",
         .min = 0.5,
         .max = 3},
        "set text_size 1.5", set_text_size, NULL},
};

const struct setting *setting_at(size_t i)
{
    return i < sizeof settings / sizeof settings[0] ? &settings[i] : NULL;
}

const char *setting_name(size_t i)
{
    const struct setting *s = setting_at(i);
    return s ? s->row.name : NULL;
}

static bool set_setting(struct repl *r, const struct setting *s, const struct args *a, struct error *e)
{
    struct arg_value v;
    if (a->many_count != 1)
        return error_set(e, "set %s takes one value: `%s`", s->row.name, s->example);
    return arg_read("set", &s->row, &a->many[0], &v, e) && s->set(r, &v, e);
}

/* --- places -------------------------------------------------------------------------------------------- */

struct list {
    const char *at;
    float *value;
    size_t count, room;
    struct shape shape; /* as the brackets say it; rank grows on the way down */
};

static const char blanks[] = " \t\n\r,";

static bool read_element(struct list *l, struct error *e)
{
    char digits[64], brief[WORD_BRIEF];
    double number;
    size_t n = strcspn(l->at, " \t\n\r,[]");
    snprintf(digits, sizeof digits, "%.*s", (int)(n < sizeof digits ? n : 0), l->at);
    if (!n || !number_parse(digits, &number) || fabs(number) > 3e38)
        return error_set(e, "a list holds numbers only, not '%s'", word_brief(l->at, brief));
    if (l->count < l->room)
        l->value[l->count] = (float)number;
    l->count++;
    l->at += n;
    return true;
}

/* Reads "[ … ]" of one axis: numbers on the last one, lists on the others, each as long as its neighbours. */
static bool read_list(struct list *l, int axis, struct error *e)
{
    int length = 0;
    bool known = axis < l->shape.rank;
    if (axis >= SHAPE_RANK)
        return error_set(e, "a list nests %d deep at most", (int)SHAPE_RANK);
    if (!known)
        l->shape.rank = axis + 1;
    for (l->at++; l->at += strspn(l->at, blanks), *l->at && *l->at != ']'; length++) {
        bool inner = *l->at == '[', wanted = axis + 1 < l->shape.rank || (!known && !length);
        if (inner != (axis + 1 < l->shape.rank) && !(inner && wanted))
            return error_set(e, "a list holds either numbers or lists, not both");
        if (!(inner ? read_list(l, axis + 1, e) : read_element(l, e)))
            return false;
    }
    l->at += *l->at == ']';
    if (known && l->shape.dim[axis] != length)
        return error_set(
            e, "the lists in a list must be equally long: %d and %d", l->shape.dim[axis], length);
    l->shape.dim[axis] = length;
    return true;
}

/* A plain row fits any place of as many values; nested lists must have the place's shape. */
static bool read_nested(const char *text, const struct place_ref *p, float *value, struct error *e)
{
    char wanted[SHAPE_TEXT], has[SHAPE_TEXT], brief[WORD_BRIEF];
    struct list l = {.at = text, .value = value, .room = p->count};
    if (!read_list(&l, 0, e))
        return false;
    if (*l.at)
        return error_set(e, "one list is enough: '%s' is left over", word_brief(l.at, brief));
    if (l.count == p->count && (l.shape.rank == 1 || shape_equal(&l.shape, &p->shape)))
        return true;
    struct shape one = shape_of(1, 1);
    return error_set(e, "this place holds %zu values (%s), and the list has %zu (%s)", p->count,
        shape_text(p->shape.rank ? &p->shape : &one, wanted), l.count, shape_text(&l.shape, has));
}

static bool read_values(
    struct repl *r, const struct args *a, const struct place_ref *p, float *value, struct error *e)
{
    if (a->rest[0] == '[')
        return read_nested(a->rest, p, value, e);
    double number;
    if (!expr_number(r, a->rest, &number, e))
        return blame_rest(a, e);
    if (!(fabs(number) <= 3e38))
        return error_set(e, "a weight must be a finite number");
    for (size_t i = 0; i < p->count; i++)
        value[i] = (float)number;
    return true;
}

static bool set_place(struct repl *r, const struct args *a, struct error *e)
{
    struct place_ref p;
    if (!expr_place(r, a->value[0].text, &p, e)) {
        if (e->offset >= 0 && r->command->count)
            e->offset += r->command->word[0].offset;
        return false;
    }
    float *value = memory_take(p.count, sizeof *value, "the values to set", e);
    bool ok = value && read_values(r, a, &p, value, e) &&
              session_set_params(r->session, p.layer, p.param, p.element, value, p.count, e);
    memory_free(p.element);
    memory_free(value);
    return ok;
}

/* --- the command --------------------------------------------------------------------------------------- */

static const struct arg_row set_args[] = {
    {.name = "name",
        .kind = ARG_TEXT,
        .help = "a setting, a place such as w[1][0,2] or b[h1][3], or a name of `let`"},
    {.name = "value",
        .kind = ARG_REST,
        .help = "what the setting takes; for a place a number or a list [[1 2] [3 4]]"},
    {0},
};

static void list_settings(struct repl *r)
{
    struct table t = {.align = "lll"};
    for (size_t i = 0; setting_at(i); i++) {
        struct text now = {0};
        if (setting_at(i)->get)
            setting_at(i)->get(r, &now);
        table_add(&t, "%s", setting_name(i));
        table_add(&t, "%s", now.length ? text_get(&now) : "-");
        table_add(&t, "%s", setting_at(i)->row.help);
        text_release(&now);
    }
    table_print(&t);
}

static bool run_set(struct repl *r, const struct command *c, const struct args *a, struct error *e)
{
    const char *name = a->value[0].text;
    char brief[WORD_BRIEF];
    if (!a->value[0].given && *a->rest)
        return error_set(e, "`set` takes a name and a value, with a blank between them: `set lr 0.01`");
    if (!a->value[0].given) {
        list_settings(r);
        return true;
    }
    if (!*a->rest)
        return error_set(e, "a value is missing: `set %s VALUE`", word_brief(name, brief));
    if (strchr(name, '['))
        return set_place(r, a, e);
    for (size_t i = 0; setting_at(i); i++)
        if (!strcmp(setting_name(i), name))
            return set_setting(r, setting_at(i), a, e);
    if (lets_has(r, name))
        return lets_assign(r, name, a->rest, e) || blame_rest(a, e);
    const char *closest = args_closest(name, setting_name);
    word_brief(name, brief);
    error_set(e,
        closest ? "unknown setting '%s'; did you mean '%s'?" : "unknown setting '%s'; `set` lists them",
        brief, closest);
    return blame_key(r, name, e);
}

static const char *complete_setting(struct repl *r, size_t i)
{
    size_t count = 0;
    while (setting_name(count))
        count++;
    return i < count ? setting_name(i) : lets_name(r, i - count);
}

/* The one row of a setting as a table: for completion and hints. */
static const struct arg_row *setting_rows(const char *first)
{
    static struct arg_row rows[sizeof settings / sizeof settings[0]][2];
    for (size_t i = 0; setting_at(i); i++)
        if (!strcmp(setting_name(i), first)) {
            rows[i][0] = setting_at(i)->row;
            rows[i][0].flags |= ARG_REQUIRED;
            return rows[i];
        }
    return NULL;
}

const struct command set_command = {
    .name = "set",
    .summary = "changes a setting, or single weights",
    .details = "Without a name it lists the settings. `set w[1][0,2] 2` sets the weight from input 0 to unit "
               "2 of layer 1,\n"
               "`set w[1][:,0] [1 -1]` a whole column, `set b[1] 0` all biases of layer 1.\n"
               "`set NAME EXPR` gives a name of `let` a number: all that is made of it follows.",
    .example = "set w[1][0,0] 2",
    .before = "data circle; dense 4 tanh; dense 1 tanh",
    .group = GROUP_SESSION,
    .effect = EFFECT_REPLAYED,
    .args = set_args,
    .run = run_set,
    .rest = setting_rows,
    .complete = complete_setting,
};
