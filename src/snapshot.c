/* snapshot.c - two slots and an atomic mask.
 *
 * `wanted` holds the slices asked for; the trainer takes them, fills the slot that the reader does not hold,
 * and publishes its number. The reader holds one slot at a time: the trainer writes only the other, and only
 * after a request, which the reader makes only when it has let go of what it had before. */
#include "snapshot.h"
#include "memory.h"

#include <stdatomic.h>

struct snapshots {
    struct snapshot slot[2];
    atomic_uint wanted;
    atomic_int ready; /* slot that was filled and not taken yet, -1: none */
    int held;         /* the reader's slot, -1 before the first; the trainer reads it while ready is free */
    unsigned taken;   /* slices of the request being filled */
};

struct snapshots *snapshots_new(const struct state *s, size_t batch, struct error *e)
{
    struct snapshots *p = memory_take(1, sizeof *p, "the snapshots", e);
    if (!p)
        return NULL;
    atomic_init(&p->ready, -1);
    p->held = -1;
    for (int i = 0; i < 2; i++) {
        p->slot[i].state = state_new(s->model, s->moments, s->seed, e);
        p->slot[i].index = memory_take(batch, sizeof(uint32_t), "the indices of a snapshot", e);
        if (!p->slot[i].state || !p->slot[i].index) {
            snapshots_free(p);
            return NULL;
        }
    }
    return p;
}

void snapshots_free(struct snapshots *p)
{
    if (!p)
        return;
    for (int i = 0; i < 2; i++) {
        state_free(p->slot[i].state);
        memory_free(p->slot[i].index);
    }
    memory_free(p);
}

void snapshots_request(struct snapshots *p, unsigned slices)
{
    if (atomic_load_explicit(&p->ready, memory_order_acquire) < 0)
        atomic_fetch_or_explicit(&p->wanted, slices, memory_order_release);
}

const struct snapshot *snapshots_take(struct snapshots *p)
{
    int ready = atomic_load_explicit(&p->ready, memory_order_acquire);
    if (ready >= 0) {
        p->held = ready;
        atomic_store_explicit(&p->ready, -1, memory_order_release);
    }
    return p->held < 0 ? NULL : &p->slot[p->held];
}

bool snapshots_wanted(const struct snapshots *p)
{
    return atomic_load_explicit(&p->wanted, memory_order_relaxed) &&
           atomic_load_explicit(&p->ready, memory_order_acquire) < 0;
}

struct snapshot *snapshots_begin(struct snapshots *p, unsigned *slices)
{
    *slices = p->taken = atomic_exchange_explicit(&p->wanted, 0, memory_order_acquire);
    return &p->slot[p->held == 0 ? 1 : 0];
}

void snapshots_end(struct snapshots *p)
{
    int slot = p->held == 0 ? 1 : 0;
    p->slot[slot].slices = p->taken;
    atomic_store_explicit(&p->ready, slot, memory_order_release);
}
