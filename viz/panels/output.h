/* output.h - the output panel from the inside: pictures of what the network says, one for each kind of data.
 * Nobody else includes it. Main only. */
#ifndef GRADUS_VIZ_OUTPUT_H
#define GRADUS_VIZ_OUTPUT_H

#include "../panel.h"
#include "../plot.h"
#include "network.h"

/* What the panel shows: a unit of a layer, or the whole head when layer is -1. */
struct output {
    const struct view *v;
    const struct picture *picture; /* NULL: data without a network that fits */
    const struct data *data;
    int layer, unit;
    struct draw *d;
};

void output_plane(const struct output *o, struct rect r);     /* two inputs: a map with the samples on it */
void output_line(const struct output *o, struct rect r);      /* one input: a curve through the samples */
void output_scatter(const struct output *o, struct rect r);   /* numbers: predicted against true */
void output_confusion(const struct output *o, struct rect r); /* classes: what was taken for what */
void output_samples(const struct output *o, struct rect r);   /* a unit over samples */
void output_wall(const struct output *o, struct rect r);      /* images of classes, the wrong answers first */
void output_pairs(const struct output *o, struct rect r);     /* an autoencoder: inputs and what came back */
void output_labels(const struct output *o, struct rect r);    /* a class for each place of an image */
void output_text(const struct output *o, struct rect r);      /* characters, and what was expected */
void output_tile(const struct output *o, struct rect r);      /* a tile of the network, large: o->unit */

bool output_has_tile(const struct picture *p, int layer, int tile);

/* The likeliest classes as bars, the true one in its own colour. */
void output_bars(const struct output *o, struct rect r, const float *p, int classes, int truth);

/* The colour of a row's target: its class, or its number on the diverging scale. */
struct colour output_target_colour(const struct output *o, size_t row);

/* A sample as a mark: filled for training, a ring for held out. */
void output_mark(const struct output *o, struct point at, size_t row, struct colour c);

/* One line in r: what the marks and colours mean. It starts at x, or further left where it needs the room. */
void output_legend(const struct output *o, struct rect r, float x);

#endif
