/* viewing.h - a view of a session made by hand, for tests that draw panels without a window. */
#ifndef GRADUS_TESTS_VIEWING_H
#define GRADUS_TESTS_VIEWING_H

#include "../viz/panel.h"
#include "../viz/replica.h"
#include "making.h"

/* A generated data set by name, with its defaults. */
static inline struct data *make_source(const char *name)
{
    struct error e;
    struct args args;
    const struct data_source *source = data_source_find(name);
    assert_non_null(source);
    if (!args_bind(name, source->args, NULL, 0, &args, &e))
        fail_msg("%s", e.text);
    struct data *d = source->make(&args, 1, NULL, &e);
    if (!d)
        fail_msg("%s", e.text);
    return d;
}

/* A view of the whole session at rest; the theme and the replica are the caller's. */
static inline void make_view(
    struct view *v, struct session *s, struct replica *r, struct theme *t, const char *theme)
{
    theme_make(theme_find(theme), 1, t);
    replica_settle(r, s, -1);
    *v = (struct view){.session = s,
        .replica = r,
        .theme = t,
        .show_held_out = true,
        .probe_since = -1,
        .probe_serial = s->probe.serial,
        .probe_before = s->probe.serial};
    session_status(s, &v->status);
    v->curves = curves_copy(&session_network(s)->curves, v->curve);
}

/* Trains for so many epochs, in this thread. */
static inline void make_fit(struct session *s, const char *optimizer, double lr, uint64_t epochs)
{
    struct error e;
    struct recipe recipe = make_recipe(optimizer, NULL, lr);
    struct fit fit = {.epochs = epochs, .batch_size = 10};
    if (!session_compile(s, &recipe, &e) || !session_fit(s, &fit, &e))
        fail_msg("%s", e.text);
    finish(s);
}

#endif
