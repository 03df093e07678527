/* snapshot.c - two slots and an atomic mask.
 *
 * `wanted` holds the slices asked for; the trainer takes them, fills the slot that the reader does not hold,
 * and publishes its number. The reader holds one slot at a time: the trainer writes only the other, and only
 * after a request, which the reader makes only when it has let go of what it had before. So while no request
 * is out the other slot is the reader's, who makes it, or makes it anew with room for moments. */
#include "snapshot.h"
#include "memory.h"

#include <stdatomic.h>

struct snapshots {
    struct snapshot slot[2];   /* state NULL until it is needed */
    const struct model *model; /* a reference */
    int moments;
    uint64_t seed;
    bool out; /* the reader's: a request is on its way */
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
    p->model = model_ref(s->model);
    p->moments = s->moments;
    p->seed = s->seed;
    for (int i = 0; i < 2; i++) {
        p->slot[i].index = memory_take(batch, sizeof(uint32_t), "the indices of a snapshot", e);
        if (!p->slot[i].index) {
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
    model_unref(p->model);
    memory_free(p);
}

static int other_slot(const struct snapshots *p)
{
    return p->held == 0 ? 1 : 0;
}

/* The slot to be filled next has room for these slices. */
static bool make_room(struct snapshots *p, unsigned slices)
{
    struct snapshot *shot = &p->slot[other_slot(p)];
    int moments = slices & SLICE_MOMENTS ? p->moments : 0;
    if (shot->state && shot->state->moments >= moments)
        return true;
    state_free(shot->state);
    shot->state = state_new(p->model, moments, p->seed, NULL);
    return shot->state;
}

void snapshots_request(struct snapshots *p, unsigned slices)
{
    if (!slices || p->out || !make_room(p, slices))
        return;
    p->out = true;
    atomic_store_explicit(&p->wanted, slices, memory_order_release);
}

const struct snapshot *snapshots_take(struct snapshots *p)
{
    int ready = atomic_load_explicit(&p->ready, memory_order_acquire);
    if (ready >= 0) {
        p->held = ready;
        p->out = false;
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
    return &p->slot[other_slot(p)];
}

void snapshots_end(struct snapshots *p)
{
    int slot = other_slot(p);
    p->slot[slot].slices = p->taken;
    atomic_store_explicit(&p->ready, slot, memory_order_release);
}
