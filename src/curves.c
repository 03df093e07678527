/* curves.c - see curves.h. */
#include "curves.h"

#include <string.h>

void curves_init(struct curves *c)
{
    memset(c, 0, sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    c->stride = 1;
}

void curves_release(struct curves *c)
{
    pthread_mutex_destroy(&c->lock);
}

void curves_clear(struct curves *c)
{
    pthread_mutex_lock(&c->lock);
    c->count = c->seen = 0;
    c->stride = 1;
    c->last = (struct curve_point){0};
    c->version++;
    pthread_mutex_unlock(&c->lock);
}

/* Keeps rows 0, 2, 4 … and doubles the stride. */
static void thin(struct curves *c)
{
    for (size_t i = 1; 2 * i < c->count; i++)
        c->point[i] = c->point[2 * i];
    c->count = (c->count + 1) / 2;
    c->stride *= 2;
}

static void cut(struct curves *c, uint64_t step)
{
    while (c->count && c->point[c->count - 1].step > step)
        c->count--;
    c->seen = c->count * c->stride;
    c->last_kept = true;
    c->last = c->count ? c->point[c->count - 1] : (struct curve_point){0};
}

void curves_add(struct curves *c, const struct curve_point *p)
{
    pthread_mutex_lock(&c->lock);
    if (c->count && p->step < c->last.step)
        cut(c, p->step);
    c->last_kept = c->seen++ % c->stride == 0;
    if (c->last_kept) {
        if (c->count == CURVE_POINTS)
            thin(c);
        c->point[c->count++] = *p;
    }
    c->last = *p;
    c->version++;
    pthread_mutex_unlock(&c->lock);
}

void curves_cut(struct curves *c, uint64_t step)
{
    pthread_mutex_lock(&c->lock);
    cut(c, step);
    c->version++;
    pthread_mutex_unlock(&c->lock);
}

size_t curves_copy(struct curves *c, struct curve_point *out)
{
    pthread_mutex_lock(&c->lock);
    size_t n = c->count;
    memcpy(out, c->point, n * sizeof *out);
    if (n && !c->last_kept)
        out[n++] = c->last;
    pthread_mutex_unlock(&c->lock);
    return n;
}
