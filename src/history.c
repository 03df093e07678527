/* history.c - checkpoints in a bounded number of slots, kept in order of their step.
 *
 * When all slots are taken, the one is dropped whose loss is felt least: the gap that dropping it would
 * leave, measured against its age. That keeps gaps proportional to age: the last steps densely, the early
 * ones thinly, which is what exponential thinning means. The first is never dropped. */
#include "history.h"
#include "error.h"
#include "memory.h"

#include <string.h>

enum { HISTORY_LEAST = 2, HISTORY_MOST = 512 };

struct history {
    struct state **slot; /* [count] in order of step, then free ones, then those that were not needed yet */
    size_t count, made, room;
};

struct history *history_new(const struct state *s, double budget, struct error *e)
{
    double bytes = (double)s->floats * sizeof(float) + sizeof *s;
    double fit = budget / bytes;
    struct history *h = memory_take(1, sizeof *h, "the history", e);
    if (!h)
        return NULL;
    h->room = fit < HISTORY_LEAST ? 0 : fit > HISTORY_MOST ? HISTORY_MOST : (size_t)fit;
    h->slot = memory_take(h->room, sizeof *h->slot, "the history", e);
    if (h->slot)
        return h;
    history_free(h);
    return NULL;
}

void history_free(struct history *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->made; i++)
        state_free(h->slot[i]);
    memory_free(h->slot);
    memory_free(h);
}

/* Moves slot i behind the used ones. */
static void drop(struct history *h, size_t i)
{
    struct state *s = h->slot[i];
    memmove(h->slot + i, h->slot + i + 1, (h->count - i - 1) * sizeof *h->slot);
    h->slot[--h->count] = s;
}

static void drop_least(struct history *h, uint64_t now)
{
    size_t least = 1;
    if (h->count < 2)
        return;
    double smallest = 1e300;
    for (size_t i = 1; i < h->count; i++) {
        uint64_t before = h->slot[i - 1]->place.step;
        uint64_t after = i + 1 < h->count ? h->slot[i + 1]->place.step : now;
        double felt = (double)(after - before) / (double)(now - before);
        if (felt < smallest) {
            smallest = felt;
            least = i;
        }
    }
    drop(h, least);
}

void history_add(struct history *h, const struct state *s)
{
    history_cut(h, s->place.step);
    if (h->count && h->slot[h->count - 1]->place.step == s->place.step)
        h->count--;
    if (h->count == h->made && h->made < h->room) {
        h->slot[h->made] = state_new(s->model, s->moments, s->seed, NULL);
        if (h->slot[h->made])
            h->made++;
        else
            h->room = h->made;
    }
    if (h->count == h->made)
        drop_least(h, s->place.step);
    if (h->count == h->made)
        return; /* one or none at all: the first stays */
    state_assign(h->slot[h->count++], s);
}

const struct state *history_at(const struct history *h, uint64_t step)
{
    for (size_t i = h->count; i-- > 0;)
        if (h->slot[i]->place.step <= step)
            return h->slot[i];
    return NULL;
}

const struct state *history_finite(const struct history *h)
{
    for (size_t i = h->count; i-- > 0;)
        if (state_finite(h->slot[i]))
            return h->slot[i];
    return NULL;
}

void history_cut(struct history *h, uint64_t step)
{
    while (h->count && h->slot[h->count - 1]->place.step > step)
        h->count--;
}

size_t history_count(const struct history *h)
{
    return h->count;
}

struct place history_place(const struct history *h, size_t i)
{
    return h->slot[i]->place;
}
