/* recipe.c - see recipe.h. */
#include "recipe.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

struct recipe recipe_of(const struct optimizer *optimizer)
{
    struct recipe r = {.optimizer = optimizer, .lr = optimizer->lr, .weight_decay = optimizer->weight_decay};
    for (int i = 0; i < args_count(optimizer->args); i++)
        r.hyper[i] = optimizer->args[i].fallback;
    return r;
}

void recipe_set_loss(struct recipe *r, const struct loss *loss)
{
    r->loss = loss;
    for (int i = 0; loss && loss->args && i < args_count(loss->args); i++)
        r->loss_hyper[i] = loss->args[i].fallback;
}

void recipe_set_schedule(struct recipe *r, const struct schedule *schedule)
{
    r->schedule = schedule;
    for (int i = 0; schedule && i < args_count(schedule->args); i++)
        r->schedule_hyper[i] = schedule->args[i].fallback;
}

double recipe_smaller_lr(const struct recipe *r)
{
    return r->lr > 10 * r->optimizer->lr ? r->optimizer->lr : r->lr / 10;
}

const struct recipe_output *recipe_output_find(const struct recipe *r, const char *layer)
{
    for (int i = 0; i < r->outputs; i++)
        if (!strcmp(r->output[i].layer, layer))
            return &r->output[i];
    return NULL;
}

void recipe_rename_output(struct recipe *r, const char *from, const char *to)
{
    for (int i = 0; i < r->outputs; i++)
        if (!strcmp(r->output[i].layer, from))
            snprintf(r->output[i].layer, sizeof r->output[i].layer, "%s", to);
}

static void write_number(const char *name, double value, struct text *out)
{
    text_addf(out, " %s=", name);
    number_write(value, out);
}

static void write_hyper(const struct arg_row *row, double value, struct text *out)
{
    if (value == row->fallback)
        return;
    if (row->kind == ARG_FLAG)
        text_addf(out, " %s=%s", row->name, value ? "yes" : "no");
    else
        write_number(row->name, value, out);
}

static void write_rows(const struct arg_row *rows, const double *value, struct text *out)
{
    for (int i = 0; rows && i < args_count(rows); i++)
        write_hyper(&rows[i], value[i], out);
}

static void write_class_weights(const struct recipe *r, struct text *out)
{
    if (r->class_weights < 0)
        text_add(out, " class_weight=balanced");
    for (int i = 0; i < r->class_weights; i++) {
        text_add(out, i ? " " : " class_weight=[");
        number_write(r->class_weight[i], out);
    }
    if (r->class_weights > 0)
        text_add(out, "]");
}

static void write_schedule(const struct recipe *r, struct text *out)
{
    if (r->schedule) {
        text_addf(out, " schedule=%s", r->schedule->name);
        write_rows(r->schedule->args, r->schedule_hyper, out);
    }
    if (r->warmup > 0)
        write_number("warmup", r->warmup, out);
}

static void write_limits(const struct recipe *r, struct text *out)
{
    if (r->clip > 0)
        write_number("clip", r->clip, out);
    if (r->clip_value > 0)
        write_number("clip_value", r->clip_value, out);
    if (r->accumulate > 1)
        write_number("accumulate", r->accumulate, out);
}

static void write_output(const struct recipe_output *o, struct text *out)
{
    text_addf(out, "output %s", o->layer);
    if (o->loss) {
        text_addf(out, " loss=%s", o->loss->name);
        write_rows(o->loss->args, o->hyper, out);
    }
    write_number("weight", o->weight, out);
    text_add(out, o->reconstruct ? " target=input\n" : "\n");
}

static void write_compile(const struct recipe *r, struct text *out)
{
    text_addf(out, "compile %s", r->optimizer->name);
    if (r->loss)
        text_addf(out, " loss=%s", r->loss->name);
    write_number("lr", r->lr, out);
    write_rows(r->optimizer->args, r->hyper, out);
    if (r->loss)
        write_rows(r->loss->args, r->loss_hyper, out);
    if (r->weight_decay != r->optimizer->weight_decay)
        write_number("weight_decay", r->weight_decay, out);
    if (r->l1 > 0)
        write_number("l1", r->l1, out);
    if (r->l2 > 0)
        write_number("l2", r->l2, out);
    write_schedule(r, out);
    write_limits(r, out);
    write_class_weights(r, out);
    text_add(out, "\n");
}

void recipe_write(const struct recipe *r, struct text *out)
{
    if (r->optimizer)
        write_compile(r, out);
    for (int i = 0; i < r->outputs; i++)
        write_output(&r->output[i], out);
}
