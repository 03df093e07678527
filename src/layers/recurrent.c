/* recurrent.c - see recurrent.h.
 *
 * A bidirectional layer is two recurrences over the same input, with parameters, cache and half of each
 * output of their own; outputs of the half that reads backwards stand at the positions that they belong to.
 * A layer that goes backwards puts its outputs out in the order of its steps, as Keras does, and turns the
 * mask round with them. */
#include "recurrent.h"
#include "../activation.h"
#include "../error.h"

#include <stdio.h>

enum { OF_INPUT, OF_STATE, OF_BIAS };

static bool flag(const struct layer *l, int row)
{
    return l->arg[row].number != 0;
}

static size_t units(const struct layer *l)
{
    return (size_t)l->arg[RECURRENT_UNITS].number;
}

static int directions(const struct layer *l)
{
    return flag(l, RECURRENT_BOTH) ? 2 : 1;
}

/* --- building --- */

static bool fits(const struct layer *l, struct error *e)
{
    if (l->in.rank != 2)
        return error_set(
            e, l->in.rank == 1
                   ? "it reads sequences, steps x values: give the input two dimensions, such as `input "
                     "10x3`, or insert `embedding` or `reshape` before it"
                   : "it reads sequences, steps x values: insert `reshape` before it");
    if (flag(l, RECURRENT_BOTH) && flag(l, RECURRENT_BACKWARDS))
        return error_set(e, "bidirectional reads both ways already: leave out go_backwards");
    if (flag(l, RECURRENT_BOTH) && flag(l, RECURRENT_STATEFUL))
        return error_set(e, "the half that reads backwards starts at the end of a batch, so that its state "
                            "cannot go on to the next: leave out stateful or bidirectional");
    return true;
}

static void add_direction(
    struct layer *l, const char *const name[3], int gates, struct shape bias, const char *bias_initializer)
{
    int in = l->in.dim[1], u = (int)units(l), columns = gates * u;
    struct param *kernel = layer_add_param(l, name[OF_INPUT], shape_of(2, in, columns));
    struct param *recurrent = layer_add_param(l, name[OF_STATE], shape_of(2, u, columns));
    kernel->fan_in = in;
    recurrent->fan_in = u;
    kernel->fan_out = recurrent->fan_out = columns;
    kernel->decays = recurrent->decays = true;
    kernel->initializer = l->arg[RECURRENT_INIT].text;
    recurrent->initializer = l->arg[RECURRENT_STATE_INIT].text;
    if (!flag(l, RECURRENT_BIAS))
        return;
    struct param *b = layer_add_param(l, name[OF_BIAS], bias);
    b->fan_in = in;
    b->fan_out = columns;
    b->initializer = bias_initializer;
}

bool recurrent_build(struct layer *l, struct shape bias, const char *bias_initializer, struct error *e)
{
    static const char *const name[2][3] = {{"kernel", "recurrent_kernel", "bias"},
        {"backward_kernel", "backward_recurrent_kernel", "backward_bias"}};
    int both = directions(l), u = (int)units(l), T;
    if (!fits(l, e))
        return false;
    T = l->in.dim[0];
    l->out = flag(l, RECURRENT_SEQUENCES) ? shape_of(2, T, both * u) : shape_of(1, both * u);
    for (int d = 0; d < both; d++)
        add_direction(l, name[d], recurrent_gates(l->cell), bias, bias_initializer);
    l->makes_mask = flag(l, RECURRENT_BACKWARDS) && flag(l, RECURRENT_SEQUENCES);
    l->cache =
        (size_t)both * recurrent_cache(l->cell, (size_t)T, (size_t)u) + (l->makes_mask ? (size_t)T : 0);
    l->stateful = flag(l, RECURRENT_STATEFUL);
    l->reads_ahead = both == 2 || flag(l, RECURRENT_BACKWARDS);
    l->carry = both == 1 ? (size_t)(recurrent_states(l->cell) * u) : 0;
    return true;
}

/* --- passes --- */

/* The recurrence of direction d. */
static struct recurrent recurrence(const struct layer *l, const struct pass *p, int d)
{
    bool sequences = flag(l, RECURRENT_SEQUENCES), both = directions(l) == 2;
    size_t T = (size_t)l->in.dim[0], u = units(l), width = u * (size_t)directions(l);
    int first = d * l->params / directions(l);
    struct recurrent r = {
        .cell = l->cell,
        .N = p->N,
        .T = T,
        .in = (size_t)l->in.dim[1],
        .units = u,
        .truncate = (size_t)l->arg[RECURRENT_TRUNCATE].number,
        .reversed = d == 1 || flag(l, RECURRENT_BACKWARDS),
        .last = !sequences,
        .x = p->x[0],
        .mask = p->mask[0],
        .kernel = p->w[first + OF_INPUT],
        .recurrent = p->w[first + OF_STATE],
        .bias = flag(l, RECURRENT_BIAS) ? p->w[first + OF_BIAS] : NULL,
        .y_sample = (sequences ? T : 1) * width,
        .y_step = sequences ? (ptrdiff_t)width : 0,
        .carry_sample = l->carry,
        .cache =
            p->cache + (l->makes_mask ? p->N * T : 0) + (size_t)d * p->N * recurrent_cache(l->cell, T, u),
        .scratch = p->scratch,
    };
    size_t at = (size_t)d * u;
    if (both && d == 1 && sequences) { /* step s stands at position T-1-s */
        at += (T - 1) * width;
        r.y_step = -r.y_step;
    }
    r.y = p->y + at;
    r.dy = p->dy ? p->dy + at : NULL;
    r.carry = p->training && !flag(l, RECURRENT_STATEFUL) ? NULL : p->carry;
    if (l->activation) {
        r.activate = l->activation->forward;
        r.slope = l->activation->backward;
    }
    return r;
}

static void turn_mask(const struct layer *l, struct pass *p)
{
    size_t T = (size_t)l->in.dim[0];
    for (size_t n = 0; n < p->N; n++)
        for (size_t t = 0; t < T; t++)
            p->cache[n * T + t] = p->mask[0] ? p->mask[0][n * T + T - 1 - t] : 1;
}

void recurrent_layer_forward(const struct layer *l, struct pass *p)
{
    if (l->makes_mask)
        turn_mask(l, p);
    for (int d = 0; d < directions(l); d++) {
        struct recurrent r = recurrence(l, p, d);
        recurrent_forward(&r);
    }
}

void recurrent_layer_backward(const struct layer *l, struct pass *p)
{
    for (int d = 0; d < directions(l); d++) {
        struct recurrent r = recurrence(l, p, d);
        int first = d * l->params / directions(l);
        r.dx = p->dx[0];
        r.add = p->add[0] || d > 0;
        r.dkernel = p->dw[first + OF_INPUT];
        r.drecurrent = p->dw[first + OF_STATE];
        r.dbias = r.bias ? p->dw[first + OF_BIAS] : NULL;
        recurrent_backward(&r);
    }
}

size_t recurrent_layer_scratch(const struct layer *l, size_t N, bool gradients)
{
    return recurrent_scratch(l->cell, N, (size_t)l->in.dim[0], units(l), gradients);
}

double recurrent_layer_macs(const struct layer *l)
{
    double u = (double)units(l);
    return (double)l->in.dim[0] * directions(l) * recurrent_gates(l->cell) * u * (l->in.dim[1] + u);
}
