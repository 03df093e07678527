/* runs.c - see runs.h. */
#include "runs.h"
#include "error.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void runs_clear(struct runs *r)
{
    for (int i = 0; i < r->count; i++)
        memory_free(r->run[i].point);
    data_unref(r->data);
    memset(r, 0, sizeof *r);
}

struct run *runs_add(struct runs *r, const char *name, const struct data *d, struct error *e)
{
    if (r->count == RUNS_MOST) {
        error_set(e, "%d runs are the most that are compared at a time", (int)RUNS_MOST);
        return NULL;
    }
    struct run run = {.point = memory_take(CURVE_POINTS + 1, sizeof *run.point, "a run's curve", e)};
    if (!run.point)
        return NULL;
    snprintf(run.name, sizeof run.name, "%s", name);
    if (!r->data)
        r->data = data_ref(d);
    r->run[r->count] = run;
    return &r->run[r->count++];
}

bool run_copy(struct run *r, struct curves *from)
{
    pthread_mutex_lock(&from->lock);
    uint64_t version = from->version;
    pthread_mutex_unlock(&from->lock);
    if (version == r->copied)
        return false;
    r->points = curves_copy(from, r->point);
    r->copied = version;
    return true;
}

/* What a run is judged by. */
static double final_loss(const struct run *r)
{
    if (!r->points)
        return INFINITY;
    const struct curve_point *p = &r->point[r->points - 1];
    double loss = (double)(isnan(p->val_loss) && isfinite(p->loss) ? p->loss : p->val_loss);
    return isfinite(loss) ? loss : INFINITY;
}

int runs_winner(const struct runs *r)
{
    int best = -1;
    for (int i = 0; i < r->count; i++)
        if (isfinite(final_loss(&r->run[i])) &&
            (best < 0 || final_loss(&r->run[i]) < final_loss(&r->run[best])))
            best = i;
    return best;
}

double run_reached(const struct run *r, double loss)
{
    for (size_t i = 0; i < r->points; i++)
        if ((double)r->point[i].loss <= loss)
            return (double)r->point[i].step;
    return -1;
}

double run_lowest(const struct run *r)
{
    double lowest = INFINITY;
    for (size_t i = 0; i < r->points; i++)
        if ((double)r->point[i].loss < lowest)
            lowest = (double)r->point[i].loss;
    return lowest;
}
