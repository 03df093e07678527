/* workspace_plan.h - where the values of a workspace lie. Inside the workspace only. */
#ifndef GRADUS_WORKSPACE_PLAN_H
#define GRADUS_WORKSPACE_PLAN_H

#include "workspace.h"

/* Takes the arena and sets grad, inputs, and of each pass y, dy, dw, cache, batch_cache and scratch. Needs
 * model, batch, use, gradients, pass and learns. */
bool workspace_lay_out(struct workspace *ws, struct error *e);

#endif
