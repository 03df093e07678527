/* network_columns.c - which layers stand side by side.
 *
 * The column of a layer is one behind the last of those that it reads: a chain is a row, branches that part
 * and meet again lie above each other, several inputs share the first column. When there are too many
 * columns, those in the middle are left out. Pure arithmetic. */
#include "network.h"

#include <string.h>

enum { CROWDED = 10 };

static const float narrow = 0.62f;

bool network_passes_on(const struct layer *l)
{
    return !strcmp(l->type->name, "flatten");
}

/* The depth of every layer; returns the largest + 1. While nothing is built it is the place in the list. */
static int depths(const struct model *m, int depth[MODEL_LAYERS])
{
    int most = 0;
    for (int i = 0; i < m->layers; i++) {
        const struct layer *l = &m->layer[i];
        depth[i] = 0;
        for (int j = 0; m->built && j < l->inputs; j++) {
            int behind = depth[l->input[j]] + !network_passes_on(l);
            depth[i] = depth[i] > behind ? depth[i] : behind;
        }
        if (!m->built)
            depth[i] = i ? depth[i - 1] + !network_passes_on(l) : 0;
        most = depth[i] > most ? depth[i] : most;
    }
    return most + 1;
}

static bool is_narrow(const struct model *m, int i)
{
    const struct layer *l = &m->layer[i];
    return i > 0 && !model_is_output(m, i) && l->inputs > 0 && (!l->params || strstr(l->type->name, "norm"));
}

static float weight_of(const struct model *m, const int *depth, int column)
{
    for (int i = 0; i < m->layers; i++)
        if (depth[i] == column && !network_passes_on(&m->layer[i]) && !is_narrow(m, i))
            return 1;
    return narrow;
}

float network_column_weight(const struct network_layout *l, const struct model *m, int column)
{
    if (!l->crowded)
        return 1;
    for (int i = 0; i < l->blocks; i++)
        if (l->block[i].column == column && !is_narrow(m, l->block[i].layer))
            return 1;
    return narrow;
}

/* Columns that fit: the first half and the last half of them are kept, the gap between counts as one. */
static void choose(const struct model *m, const int *depth, int all, float most, int *first, int *last)
{
    float sum = 0;
    for (int c = 0; c < all; c++)
        sum += all > CROWDED ? weight_of(m, depth, c) : 1;
    int fit = all;
    if (sum > most)
        fit = (int)(most * (float)all / sum) - 1;
    fit = fit < 3 ? 3 : fit;
    *first = all > fit ? fit / 2 : all;
    *last = all > fit ? all - (fit - fit / 2) : all;
}

void network_columns(struct network_layout *l, const struct model *m, float most, int lanes)
{
    int depth[MODEL_LAYERS], all = depths(m, depth), first, last;
    lanes = lanes < 1 ? 1 : lanes > NETWORK_LANES ? NETWORK_LANES : lanes;
    if (most > NETWORK_BLOCKS)
        most = NETWORK_BLOCKS;
    choose(m, depth, all, most, &first, &last);
    l->skipped_after = -1;
    for (int c = 0; c < all; c++) {
        int lane = 0;
        for (int i = 0; i < m->layers; i++) {
            if (depth[i] != c || network_passes_on(&m->layer[i]))
                continue;
            if (c >= first && c < last) {
                l->skipped++;
                continue;
            }
            if (lane == lanes || l->blocks == NETWORK_BLOCKS) {
                l->unseen++;
                continue;
            }
            l->block[l->blocks++] = (struct block){.layer = i, .column = l->columns, .lane = lane++};
        }
        if (lane == 0)
            continue;
        for (int k = l->blocks - lane; k < l->blocks; k++)
            l->block[k].lanes = lane;
        l->columns++;
        if (c == first - 1 && first < last)
            l->skipped_after = l->blocks - 1;
    }
    l->crowded = l->columns > CROWDED;
}

/* --- what goes round --------------------------------------------------------------------------------------
 */

static bool overlaps(const struct network_layout *l, const struct arc *a, const struct arc *b)
{
    int a0 = l->block[a->from].column, a1 = l->block[a->to].column;
    int b0 = l->block[b->from].column, b1 = l->block[b->to].column;
    return a->below == b->below && a0 < b1 && b0 < a1;
}

static void add_arc(struct network_layout *l, int from, int to)
{
    const struct block *a = &l->block[from], *b = &l->block[to];
    if (l->arcs == NETWORK_ARCS)
        return;
    struct arc arc = {.from = from, .to = to};
    arc.below = (a->lanes > 1 && a->lane == a->lanes - 1) || (b->lanes > 1 && b->lane == b->lanes - 1);
    for (bool again = true; again;) {
        again = false;
        for (int i = 0; i < l->arcs; i++)
            if (overlaps(l, &arc, &l->arc[i]) && l->arc[i].level == arc.level) {
                arc.level++;
                again = true;
            }
    }
    l->arc[l->arcs++] = arc;
}

void network_arcs(struct network_layout *l, const struct model *m, int *above, int *below)
{
    *above = *below = l->arcs = 0;
    for (int i = 0; m->built && i < l->blocks; i++) {
        const struct layer *layer = &m->layer[l->block[i].layer];
        for (int j = 0; j < layer->inputs; j++) {
            const struct block *from = network_block(l, m, layer->input[j]);
            bool gap = from && l->skipped && from - l->block <= l->skipped_after && i > l->skipped_after;
            if (from && (l->block[i].column - from->column > 1 || gap))
                add_arc(l, (int)(from - l->block), i);
        }
    }
    for (int i = 0; i < l->arcs; i++) {
        int *levels = l->arc[i].below ? below : above;
        *levels = l->arc[i].level + 1 > *levels ? l->arc[i].level + 1 : *levels;
    }
}
