/* network.h - the network panel from the inside: its layout and the parts that draw it.
 *
 * network_columns.c says which layers stand side by side, network_layout.c places them; network_links.c draws
 * weights, network_arcs.c what goes round, network_units.c units, network_tiles.c images and sequences,
 * network_wave.c step mode; network_inspect.c tells in words what is looked at; network.c puts them together.
 * Nobody else includes it. Main only. */
#ifndef GRADUS_VIZ_NETWORK_H
#define GRADUS_VIZ_NETWORK_H

#include "../panel.h"
#include "../plot.h"
#include "../replica.h"

enum { NETWORK_BLOCKS = 48, NETWORK_ARCS = 64, NETWORK_LANES = 5, NETWORK_TEXT = 240 };

/* --- layout --------------------------------------------------------------------------------------------- */

enum block_kind {
    BLOCK_UNITS, /* a square a unit, large enough for a map: down the columns */
    BLOCK_CELLS, /* a cell a unit, along the rows: wide layers */
    BLOCK_TILES, /* a picture a channel, a sequence, or a head of attention: its "units" are tiles */
};

/* The units of one layer. */
struct block {
    int layer;
    int column; /* from the left; layers of one column stand above each other, in lanes */
    int lane, lanes;
    enum block_kind kind;
    struct tiling tiling;
    struct rect box;   /* of all squares */
    struct rect head;  /* name and size, above */
    struct rect more;  /* "… 250 more", below; h 0: all are drawn */
    float size, tall;  /* width and height of a square */
    float gap;         /* between two */
    int columns, rows; /* of squares */
    int units, shown;  /* in all, and drawn: the first */
};

/* A link that goes round the columns between its ends: above them, or below. */
struct arc {
    int from, to; /* blocks */
    int level;    /* the first is the nearest to the blocks */
    bool below;
    float y;
};

struct network_layout {
    struct block block[NETWORK_BLOCKS]; /* column by column */
    int blocks, columns;
    struct arc arc[NETWORK_ARCS];
    int arcs;
    bool letters;                    /* inputs are characters */
    bool crowded;                    /* many columns: names take turns in height, links are few */
    int skipped_after, skipped;      /* so many layers are left out behind this block; skipped 0: none */
    struct rect gap;                 /* where they would stand */
    int unseen;                      /* layers without room in their column */
    struct rect body, foot;          /* the picture, and the line of words below */
    struct rect loss;                /* w 0: none */
    float labels_left, labels_right; /* room for the names of inputs and outputs */
};

/* Places every layer of the model in r. `loss`: there is one to draw. */
void network_place(
    struct network_layout *l, const struct view *v, const struct model *m, struct rect r, bool loss);

/* Which layers get a block, and where: a layer stands behind all that it reads, so that branches lie side by
 * side. Fills layer, column, lane and lanes of the blocks, columns, skipped and unseen. At most `most`
 * columns of the weight 1, and `lanes` layers in one. */
void network_columns(struct network_layout *l, const struct model *m, float most, int lanes);

/* The weight of a column: those that only pass values on are narrow where many stand. */
float network_column_weight(const struct network_layout *l, const struct model *m, int column);

/* Links that cannot go straight; then how many levels lie above and below. */
void network_arcs(struct network_layout *l, const struct model *m, int *above, int *below);

/* True for a layer without a block of its own: it changes no value. */
bool network_passes_on(const struct layer *l);

/* The block that shows a layer, or that of the layer whose values it passes on (flatten); NULL: left out. */
const struct block *network_block(const struct network_layout *l, const struct model *m, int layer);
int block_tile(const struct block *b, int unit);         /* the square of a unit of the layer */
struct rect block_unit(const struct block *b, int unit); /* unit: a square; < shown */
struct point block_out(const struct block *b, int unit); /* where links leave; a unit not shown: at "more" */
struct point block_in(const struct block *b, int unit);

/* --- what the parts share ---------------------------------------------------------------------------------
 */

/* A pass of step mode and how far it is; light of a place in it. */
enum wave_kind { WAVE_NONE, WAVE_FORWARD, WAVE_LOSS, WAVE_BACKWARD, WAVE_UPDATE };

struct wave {
    enum wave_kind kind;
    bool moving; /* still on its way; else its end is shown */
    float at;    /* forward, backward: the column where it is, with fraction; update: 0 … 1 */
    const struct probe *probe;
    bool gradients; /* the backward pass has begun or is over */
};

/* Everything that the parts need. */
struct scene {
    const struct view *v;
    const struct model *model;
    const struct picture *picture; /* of this model, or NULL */
    struct draw *d;
    struct network_layout layout;
    struct wave wave;
    struct subject look; /* hovered or pinned: unit, weight or bias; else NONE */
};

/* Step mode now; WAVE_NONE when it is over or the weights have moved on. */
struct wave network_wave(const struct view *v, int columns);
long network_wave_sample(const struct view *v); /* the row of the data whose numbers it shows, -1 for none */
bool network_wave_moving(const struct view *v);

/* 0.4 … 1: how bright a block, or the links that lead to it, are in step mode. */
float wave_light(const struct scene *n, int block, bool links);

/* The number that a unit shows in step mode: its output, or the gradient by its sum. False: none yet. */
bool wave_unit(const struct scene *n, const struct block *b, int unit, char out[24]);

void network_draw_links(struct scene *n);
void network_draw_arcs(struct scene *n);
void network_draw_units(struct scene *n);
void network_draw_tiles(struct scene *n, int block);
void network_draw_pulses(struct scene *n);  /* what runs along the links in step mode */
void network_draw_numbers(struct scene *n); /* what it says on them, when they are few */
void network_draw_foot(struct scene *n);
void network_draw_loss(struct scene *n);

/* Names for people: "dense1[3]"; "x1" or "petal_length" for inputs, the class or target for outputs. */
void network_unit_name(const struct scene *n, int layer, int unit, char *out, size_t size);
const char *network_input_name(const struct scene *n, int unit); /* NULL: none */
const char *network_output_name(const struct scene *n, int unit);

/* A value of a weight or a bias of the shown state; NaN when there is none. from -1: the bias. */
float network_weight(const struct scene *n, int layer, int from, int to);

/* The value of a map or a unit on the diverging scale, in [-1, 1]. */
float network_level(const struct scene *n, int layer, float value);

/* One tile of a layer's picture into r; `most` is what shows as the end of the scale. */
void draw_tile(struct draw *d, const struct view *v, const struct layer_picture *l, int tile, struct rect r,
    float radius);

/* A sample of such a shape, in greys or its own colours: an image. */
void draw_sample_image(
    struct draw *d, const struct view *v, const struct shape *s, const float *x, struct rect r, float radius);

/* True where values are an image to look at: of one channel or of three colours. */
bool shape_is_image(const struct shape *s);

/* The character of a class of a text: a mark for blanks and line ends. */
const char *letter_sign(const struct data *d, int k);

/* The colours of a unit's map into r: its plane, its curve or its samples. False: there is none. Shared with
 * the output panel. */
bool draw_unit_map(struct draw *d, const struct view *v, const struct picture *p, int layer, int unit,
    struct rect r, float radius, bool small);

#endif
