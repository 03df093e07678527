/* panel.c - the list of panels. A panel's row stands at the foot of its own file in panels/ as panel_NAME;
 * the order here is the order of `view` and of Tab. */
#include "panel.h"

#include <string.h>

#define PANELS(X) \
    X(toolbar)    \
    X(network)    \
    X(output)     \
    X(curves)     \
    X(sweep)      \
    X(landscape)  \
    X(health)

#define DECLARE(name) extern const struct panel panel_##name;
#define ENTER(name)   &panel_##name,

PANELS(DECLARE)

static const struct panel *const panels[] = {PANELS(ENTER)};

const struct panel *panel_at(size_t i)
{
    return i < sizeof panels / sizeof *panels ? panels[i] : NULL;
}

const struct panel *panel_find(const char *name)
{
    const struct panel *p = NULL;
    for (size_t i = 0; (p = panel_at(i)); i++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}
