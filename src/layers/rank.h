/* rank.h - what a layer says when its input has the wrong rank: which shape it reads, and the `reshape` that
 * gives it. Both return false. */
#ifndef GRADUS_LAYERS_RANK_H
#define GRADUS_LAYERS_RANK_H

#include <stdbool.h>

struct error;
struct shape;

bool wants_image(const struct shape *in, struct error *e);
bool wants_sequence(const struct shape *in, struct error *e);

#endif
