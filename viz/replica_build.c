/* replica_build.c - what a replica needs for one model on one data set, taken at once.
 *
 * Two pictures of the same layout share one block of floats: maps, values and predictions. The probing
 * workspace is as large as a frame can afford; the step's workspace comes with the first batch, when its
 * size is known. A model for which this would be too much leaves the replica empty. */
#include "replica_parts.h"
#include "../src/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAPS_IN_ALL = 512,
    MAPS_LEAST = 8,
    COLUMNS_LEAST = 4,
    PROBE_BATCH = 256,
    LINKS_LEAST = 16,
    PREDICTED = 1 << 19, /* floats of predictions */
    TILED = 1 << 22,     /* and of tiles */
};

static const double probe_macs = 3e7, step_macs = 6e7; /* multiply-adds that one call may take */
static const double map_macs = 1.6e7; /* and all the samples of a map, unless each class would have too few */
static const double most_macs = 2e9;  /* what a sample may cost at most: a frame cannot be cut within it */
static const double probe_bytes = 32e6, most_bytes = 512e6;

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

bool replica_fits(const struct replica *r, const struct session *s)
{
    const struct network *n = session_network(s);
    return r->model && r->model == n->model && r->data == s->data && n->state &&
           n->state->moments == r->moments;
}

static void release_picture(struct picture *p)
{
    model_unref(p->model);
    data_unref(p->data);
    state_free(p->state);
    memory_free(p->layer);
    *p = (struct picture){0};
}

void replica_clear(struct replica *r)
{
    release_picture(&r->picture[0]);
    release_picture(&r->picture[1]);
    data_unref(r->data);
    memory_free(r->arena);
    memory_free(r->links);
    memory_free(r->rows);
    memory_free(r->heads);
    goals_release(&r->goals);
    memory_free(r->index);
    state_free(r->after);
    workspace_free(r->probe);
    workspace_free(r->step);
    *r = (struct replica){.stage = -1, .wanted = r->wanted, .serial = r->serial};
}

/* --- sizes ---------------------------------------------------------------------------------------------- */

static void choose_map(struct picture *p, double macs)
{
    const struct data *d = p->data;
    size_t side = d && d->classes > 8 ? 10 : 8;
    p->kind = MAP_NONE;
    p->columns = p->rows = 0;
    if (!d)
        return;
    if (d->plane) {
        p->kind = MAP_PLANE;
        p->columns = p->rows = REPLICA_SIDE;
    } else if (d->raw == 1 && d->raw_x && shape_size(&d->shape) == 1) {
        p->kind = MAP_LINE;
        p->columns = REPLICA_LINE;
        p->rows = 1;
    } else if (d->train) {
        while (side * side > d->train)
            side--;
        size_t columns = (size_t)(map_macs / (macs * (double)side + 1));
        p->kind = MAP_SAMPLES;
        p->rows = (int)side;
        p->columns = (int)smaller(side, columns < COLUMNS_LEAST ? COLUMNS_LEAST : columns);
    }
}

static int maps_of(const struct model *m, int i)
{
    if (m->layer[i].out.rank > 1)
        return 0;
    size_t share = MAPS_IN_ALL / (size_t)m->layers;
    share = share < MAPS_LEAST ? MAPS_LEAST : smaller(share, REPLICA_MAPS);
    return (int)smaller(shape_size(&m->layer[i].out), i == m->layers - 1 ? REPLICA_MAPS : share);
}

bool layer_links(const struct layer *l)
{
    const struct shape *kernel = &l->param[0].shape;
    return l->params && l->inputs == 1 && l->param[0].decays && kernel->rank == 2 && l->in.rank == 1 &&
           l->out.rank == 1 && kernel->dim[0] == l->in.dim[0] && kernel->dim[1] == l->out.dim[0] &&
           !l->type->whole_inputs;
}

/* Shares REPLICA_LINKS out among the kernels: small ones are drawn whole, the rest is divided. */
static void share_links(struct picture *p)
{
    const struct model *m = p->model;
    int left = REPLICA_LINKS, waiting = 0;
    for (int i = 1; i < m->layers; i++)
        waiting += layer_links(&m->layer[i]);
    for (bool again = true; again && waiting;) {
        int share = left / waiting > LINKS_LEAST ? left / waiting : LINKS_LEAST;
        again = false;
        for (int i = 1; i < m->layers; i++) {
            struct layer_picture *l = &p->layer[i];
            if (!layer_links(&m->layer[i]) || l->links || m->layer[i].param[0].count > (size_t)share)
                continue;
            l->links = (int)m->layer[i].param[0].count;
            left -= l->links;
            waiting--;
            again = true;
        }
    }
    for (int i = 1; i < m->layers; i++)
        if (layer_links(&m->layer[i]) && !p->layer[i].links)
            p->layer[i].links = left / waiting > LINKS_LEAST ? left / waiting : LINKS_LEAST;
}

/* Lays a picture's floats, links and rows out; with NULL bases it only counts. */
struct room {
    float *floats;
    struct link *links;
    uint32_t *rows;
    size_t float_count, link_count, row_count;
};

static void lay_out(struct picture *p, struct room *room)
{
    size_t cells = (size_t)p->columns * (size_t)p->rows;
    for (int i = 0; i < p->model->layers; i++) {
        struct layer_picture *l = &p->layer[i];
        l->map = room->floats ? room->floats + room->float_count : NULL;
        room->float_count += (size_t)l->maps * cells;
        l->value = room->floats ? room->floats + room->float_count : NULL;
        room->float_count += (size_t)l->values;
        l->tile = room->floats ? room->floats + room->float_count : NULL;
        room->float_count += tiling_floats(&l->tiling);
        l->link = room->links ? room->links + room->link_count : NULL;
        room->link_count += (size_t)l->links;
    }
    p->predicted = room->floats ? room->floats + room->float_count : NULL;
    room->float_count += p->predictions * p->K;
    p->said = room->floats && p->K <= REPLICA_SAID ? room->floats + room->float_count : NULL;
    room->float_count += p->K <= REPLICA_SAID ? p->K : 0;
    p->row = room->rows ? room->rows + room->row_count : NULL;
    room->row_count += p->predictions;
    p->cell = room->rows ? room->rows + room->row_count : NULL;
    room->row_count += p->kind == MAP_SAMPLES ? cells : 0;
}

/* --- rows ----------------------------------------------------------------------------------------------- */

/* Rows that a round can afford, of a part with room for so many. */
static size_t rows_afforded(const struct replica *r, const struct picture *p, size_t room)
{
    size_t least = p->data->targets > 1 ? REPLICA_PLACES : REPLICA_LEAST;
    double n = r->afford / 4 / (r->macs + 1);
    return n >= (double)room ? room : smaller(room, n > (double)least ? (size_t)n : least);
}

void replica_choose_rows(struct replica *r, struct picture *p)
{
    const struct data *d = p->data;
    if (!d)
        return;
    size_t first = rows_afforded(r, p, r->trained), cells = (size_t)p->columns * (size_t)p->rows;
    r->joined = p->kind == MAP_SAMPLES && first <= cells && cells <= r->trained && cells <= r->probe->batch;
    first = r->joined ? cells : first;
    p->held_out = rows_afforded(r, p, r->held_out);
    p->predictions = first + p->held_out;
    if (r->joined)
        memcpy(p->row, p->cell, cells * sizeof *p->row);
    for (size_t i = 0; i < first && !r->joined; i++)
        p->row[i] = (uint32_t)(i * d->train / first);
    for (size_t i = 0; i < p->held_out; i++)
        p->row[first + i] = (uint32_t)(d->train + i * (d->n - d->train) / p->held_out);
}

struct row_rank {
    float target;
    uint32_t row;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct row_rank *x = a, *y = b;
    return x->target != y->target ? (x->target > y->target) - (x->target < y->target)
                                  : (x->row > y->row) - (x->row < y->row);
}

/* Spreads the cells evenly over the training rows in the order of their targets; with classes each class gets
 * the same number of cells. */
static bool choose_cells(struct picture *p)
{
    const struct data *d = p->data;
    size_t cells = (size_t)p->columns * (size_t)p->rows, n = d->train;
    struct row_rank *ranked = memory_take(n, sizeof *ranked, "the order of samples", NULL);
    if (!ranked)
        return false;
    for (size_t i = 0; i < n; i++)
        ranked[i] = (struct row_rank){d->t[i * d->targets], (uint32_t)i};
    qsort(ranked, n, sizeof *ranked, compare_ranked);
    for (size_t c = 0; c < cells; c++) {
        size_t first = 0, last = n;
        size_t block = d->classes ? c * (size_t)d->classes / cells : 0,
               blocks = d->classes ? (size_t)d->classes : 1;
        if (d->classes) {
            while (first < n && ranked[first].target < (float)block)
                first++;
            last = first;
            while (last < n && ranked[last].target == (float)block)
                last++;
        }
        if (first == last) /* a class without a training sample */
            first = 0, last = n;
        size_t begin = (block * cells + blocks - 1) / blocks,
               end = ((block + 1) * cells + blocks - 1) / blocks;
        p->cell[c] = ranked[first + (c - begin) * (last - first) / (end - begin)].row;
    }
    memory_free(ranked);
    return true;
}

/* --- building ------------------------------------------------------------------------------------------- */

/* Tiles while there is room for them: very deep models have none in their later layers. */
static void choose_tiles(struct picture *p)
{
    size_t floats = 0;
    for (int i = 0; p->data && i < p->model->layers; i++) {
        struct tiling t = tiling_of(&p->model->layer[i]);
        if (floats + tiling_floats(&t) <= TILED)
            p->layer[i].tiling = t;
        floats += tiling_floats(&p->layer[i].tiling);
    }
}

/* Rows that are predicted of a part of the data with so many. */
static size_t rows_of(const struct picture *p, size_t n)
{
    size_t most = PREDICTED / 2 / p->K;
    return smaller(smaller(n, REPLICA_ROWS), most ? most : 1);
}

static bool start_picture(struct picture *p, const struct network *n, const struct data *d)
{
    const struct model *m = n->model;
    const struct activation *head = model_head(m)->activation;
    *p = (struct picture){.model = model_ref(m), .data = d ? data_ref(d) : NULL, .loss = NAN, .lr = NAN};
    p->head = head ? head : activation_find("linear");
    p->K = shape_size(&model_head(m)->out);
    p->state = state_new(m, n->state->moments, n->state->seed, NULL);
    p->layer = memory_take((size_t)m->layers, sizeof *p->layer, "a picture", NULL);
    if (!p->state || !p->layer)
        return false;
    choose_map(p, model_macs(m));
    for (int i = 0; i < m->layers; i++) {
        p->layer[i].maps = p->kind == MAP_NONE ? 0 : maps_of(m, i);
        bool tiled = m->layer[i].out.rank > 1;
        p->layer[i].values = d && !tiled ? (int)smaller(shape_size(&m->layer[i].out), REPLICA_CELLS) : 0;
        statistics_clear(&p->layer[i].statistics);
    }
    choose_tiles(p);
    share_links(p);
    p->held_out = d ? rows_of(p, d->n - d->train) : 0;
    p->predictions = d ? rows_of(p, d->train) + p->held_out : 0;
    return true;
}

static bool take_rooms(struct replica *r)
{
    struct room room = {0};
    lay_out(&r->picture[0], &room);
    lay_out(&r->picture[1], &room);
    room.floats = r->arena = memory_take(room.float_count, sizeof(float), "the window's maps", NULL);
    room.links = r->links = memory_take(room.link_count, sizeof(struct link), "the window's links", NULL);
    room.rows = r->rows = memory_take(room.row_count, sizeof(uint32_t), "the window's rows", NULL);
    if (!r->arena || !r->links || !r->rows)
        return false;
    room.float_count = room.link_count = room.row_count = 0;
    for (int i = 0; i < 2; i++) {
        struct picture *p = &r->picture[i];
        lay_out(p, &room);
        if (p->kind == MAP_SAMPLES && !choose_cells(p))
            return false;
    }
    return true;
}

static struct workspace *take_probe(const struct model *m, double macs)
{
    size_t batch = macs * PROBE_BATCH > probe_macs ? (size_t)(probe_macs / macs) : PROBE_BATCH;
    while (batch > 1 && workspace_bytes(m, batch, false) > probe_bytes)
        batch /= 2;
    return workspace_new(m, batch ? batch : 1, USE_FORWARD, NULL);
}

/* Attention's weights lie in its cache, which others overwrite: it runs once more into memory of its own. */
static bool take_heads(struct replica *r)
{
    size_t most = 1;
    for (int i = 0; i < r->model->layers; i++) {
        const struct layer *l = &r->model->layer[i];
        size_t floats = l->cache + l->batch_cache + shape_size(&l->out);
        if (r->picture[0].layer[i].tiling.kind == TILES_HEADS && floats > most)
            most = floats;
    }
    r->heads = memory_take(most, sizeof(float), "the weights of attention", NULL);
    return r->heads;
}

static bool build(struct replica *r, const struct network *n, const struct data *d)
{
    const struct model *m = n->model;
    r->model = m;
    r->moments = n->state->moments;
    r->macs = model_macs(m);
    if (4 * state_bytes(m, r->moments) > most_bytes || r->macs > most_macs)
        return false;
    if (!start_picture(&r->picture[0], n, d) || !start_picture(&r->picture[1], n, d) || !take_rooms(r) ||
        !take_heads(r))
        return false;
    r->held_out = r->picture[0].held_out;
    r->trained = r->picture[0].predictions - r->held_out;
    r->probe = take_probe(m, r->macs);
    r->after = state_new(m, r->moments, n->state->seed, NULL);
    r->index = memory_take(d ? d->train : 0, sizeof *r->index, "the indices of a batch", NULL);
    return r->probe && r->after && r->index;
}

bool replica_build(struct replica *r, const struct session *s)
{
    const struct network *n = session_network(s);
    const struct data *d = s->data;
    replica_clear(r);
    if (!n->model->built || n->model->layers < 2 || !n->state || n->state->model != n->model)
        return false;
    if (d && shape_size(&d->shape) != model_input_size(n->model))
        d = NULL;
    if (!build(r, n, d)) {
        replica_clear(r);
        return false;
    }
    r->data = s->data ? data_ref(s->data) : NULL;
    return true;
}

bool replica_step_room(struct replica *r, struct picture *p)
{
    double afford = fmin(step_macs, r->afford / 4) / (3 * r->macs + 1);
    p->batch = r->N;
    if ((double)r->N > afford && r->N > 1)
        r->N = afford < 1 ? 1 : (size_t)afford;
    if (r->step && r->step->batch >= r->N)
        return true;
    workspace_free(r->step);
    r->step = workspace_new(r->model, r->N, USE_BACKWARD, NULL);
    return r->step;
}
