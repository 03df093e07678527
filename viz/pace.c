/* pace.c - the window's share of the time: large beside a free core, small where all are at work. */
#include "pace.h"

#include <math.h>
#include <unistd.h>

static const double memory_seconds = 0.3; /* a scoring between small steps may be shared, once in a while */

void pace_update(struct pace *p, int threads, double passed)
{
    double all = threads >= sysconf(_SC_NPROCESSORS_ONLN) ? 1 : 0;
    p->crowd = all + (p->crowd - all) * exp(-passed / memory_seconds);
}

bool pace_crowded(const struct pace *p)
{
    return p->crowd > 0.5;
}

static double choose(const struct pace *p, double alone, double crowded)
{
    return pace_crowded(p) ? crowded : alone;
}

double pace_drift(const struct pace *p)
{
    return choose(p, 0, 0.25);
}

double pace_draw_share(const struct pace *p)
{
    return choose(p, 0.7, 0.04);
}

double pace_replica_share(const struct pace *p)
{
    return choose(p, 0.25, 0.035);
}

double pace_replica_turn(const struct pace *p)
{
    return choose(p, 0.004, 0.006);
}
