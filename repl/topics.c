/* topics.c - one list of topics out of many tables: each table has a function that makes a topic of its i-th
 * row. */
#include "topics.h"

#include "command.h"
#include "expr.h"
#include "settings.h"

#include "../src/activation.h"
#include "../src/data.h"
#include "../src/initializer.h"
#include "../src/loss.h"
#include "../src/metric.h"
#include "../src/optimizer.h"
#include "../src/schedule.h"

static bool from_command(size_t i, struct topic *out)
{
    const struct command *c = command_at(i);
    if (c)
        *out = (struct topic){.kind = "command",
            .name = c->name,
            .summary = c->summary,
            .args = c->args,
            .example = c->example,
            .command = c};
    return c;
}

static bool from_data(size_t i, struct topic *out)
{
    const struct data_source *d = data_source_at(i);
    if (d)
        *out = (struct topic){.kind = "data set",
            .under = "data",
            .name = d->name,
            .summary = d->summary,
            .args = d->args,
            .example = d->example};
    return d;
}

static bool from_activation(size_t i, struct topic *out)
{
    const struct activation *a = activation_at(i);
    if (a)
        *out = (struct topic){
            .kind = "activation", .name = a->name, .summary = a->summary, .formula = a->formula};
    return a;
}

static bool from_loss(size_t i, struct topic *out)
{
    const struct loss *l = loss_at(i);
    if (l)
        *out = (struct topic){
            .kind = "loss", .name = l->name, .summary = l->summary, .formula = l->formula, .args = l->args};
    return l;
}

static bool from_optimizer(size_t i, struct topic *out)
{
    const struct optimizer *o = optimizer_at(i);
    if (o)
        *out = (struct topic){.kind = "optimiser",
            .name = o->name,
            .summary = o->summary,
            .formula = o->formula,
            .args = o->args};
    return o;
}

static bool from_schedule(size_t i, struct topic *out)
{
    const struct schedule *s = schedule_at(i);
    if (s)
        *out = (struct topic){.kind = "schedule",
            .name = s->name,
            .summary = s->summary,
            .formula = s->formula,
            .args = s->args};
    return s;
}

static bool from_initializer(size_t i, struct topic *out)
{
    const struct initializer *w = initializer_at(i);
    if (w)
        *out = (struct topic){.kind = "initialiser", .name = w->name, .summary = w->summary, .args = w->args};
    return w;
}

static bool from_metric(size_t i, struct topic *out)
{
    const struct metric *m = metric_at(i);
    if (m)
        *out = (struct topic){.kind = "metric", .name = m->name, .summary = m->summary};
    return m;
}

static bool from_feature(size_t i, struct topic *out)
{
    const struct feature *f = feature_at(i);
    if (f)
        *out = (struct topic){.kind = "feature", .name = f->name, .summary = f->summary};
    return f;
}

static bool from_setting(size_t i, struct topic *out)
{
    const struct setting *s = setting_at(i);
    if (s)
        *out = (struct topic){.kind = "setting",
            .under = "set",
            .name = s->row.name,
            .summary = s->row.help,
            .example = s->example};
    return s;
}

static bool from_expression(size_t i, struct topic *out)
{
    struct expr_help h;
    if (!expr_help_at(i, &h))
        return false;
    *out = (struct topic){.kind = "in expressions", .name = h.name, .summary = h.summary, .usage = h.usage};
    return true;
}

static bool (*const tables[])(size_t, struct topic *) = {
    from_command,
    from_data,
    from_activation,
    from_loss,
    from_optimizer,
    from_schedule,
    from_initializer,
    from_metric,
    from_feature,
    from_setting,
    from_expression,
};

bool topic_at(size_t i, struct topic *out)
{
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        size_t n = 0;
        for (; tables[t](n, out); n++)
            if (n == i)
                return true;
        i -= n;
    }
    return false;
}

const char *topic_name(size_t i)
{
    struct topic t;
    return topic_at(i, &t) ? t.name : NULL;
}
