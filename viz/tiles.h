/* tiles.h - the values of a layer as small pictures.
 *
 * A layer whose output has a place and channels shows a tile a channel (feature maps); one of positions x
 * channels a single tile, time from left to right, channels downwards; attention a tile a head: who asks
 * downwards, who is asked from left to right. Only the first tiles are kept, at most TILE_SIDE pixels wide
 * and high, each pixel the mean of the values that fall on it. Pure functions of arrays. Any thread. */
#ifndef GRADUS_VIZ_TILES_H
#define GRADUS_VIZ_TILES_H

#include "../src/layer.h"

enum { TILES_MOST = 24, TILE_SIDE = 64 };

enum tile_kind {
    TILES_NONE,     /* units without a place, or no shape yet */
    TILES_CHANNELS, /* an image: a tile a channel */
    TILES_COLOURS,  /* an input of three channels: one tile in its own colours, kept as three planes */
    TILES_SEQUENCE, /* positions x channels */
    TILES_HEADS,    /* attention: the weights of each head, of the layer's cache */
};

struct tiling {
    enum tile_kind kind;
    int all, shown;            /* tiles there are, and those that are kept */
    int from_w, from_h;        /* values in a tile */
    int w, h;                  /* pixels that are kept of them */
    int planes;                /* of a tile: 3 for colours */
    size_t across, down, next; /* from a value to the one right of it, below it, in the next tile */
};

struct tiling tiling_of(const struct layer *l);

/* The tiling of a sample of such a shape; `colours`: three channels are colours. */
struct tiling tiling_of_shape(const struct shape *s, bool colours);

/* Floats that tiling_fill() writes: shown x planes x h x w. */
size_t tiling_floats(const struct tiling *t);

/* From the layer's output y of one sample; of attention from its cache. Returns the largest |value|. */
float tiling_fill(const struct tiling *t, const float *y, float *out);

/* The tile that the i-th unit of the layer lies in. */
int tiling_tile(const struct tiling *t, int unit);

#endif
