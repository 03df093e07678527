/* replica_stages.c - the work of a round, one stage after the other.
 *
 *     step     gather the batch, forward, loss, backward, penalties, update: as the trainer will
 *     layers   statistics of every layer, from its activations on training rows and from the step; these
 *              rows are predicted by that, and may be the maps' samples
 *     links    the strongest weights of every kernel
 *     maps     every unit over the plane (or the line, or the samples), a chunk of cells a call
 *     rows     what the network says for rows of both parts, a chunk a call
 *     sample   every unit's output for one row, and the tiles of layers with a place, a layer a call
 *
 * Whatever is written goes to the picture in the making. */
#include "replica_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float *row_of(const struct data *d, uint32_t row)
{
    return d->x + (size_t)row * shape_size(&d->shape);
}

static void gather_rows(struct replica *r, const struct picture *p, const uint32_t *row, size_t N)
{
    size_t width = shape_size(&p->data->shape);
    float *x = workspace_input(r->probe);
    for (size_t i = 0; i < N; i++)
        memcpy(x + i * width, row_of(p->data, row[i]), width * sizeof *x);
}

/* Forward of what was gathered through the probing workspace. */
static void probe_forward(struct replica *r, const struct picture *p, size_t N)
{
    workspace_bind(r->probe, p->state);
    workspace_forward(r->probe, N, false, 0);
}

static void probe_rows(struct replica *r, const struct picture *p, const uint32_t *row, size_t N)
{
    gather_rows(r, p, row, N);
    probe_forward(r, p, N);
}

/* What the network says of rows first … first+N-1 of those to predict. */
static void predict_rows(struct replica *r, struct picture *p, size_t first, size_t N)
{
    probe_rows(r, p, p->row + first, N);
    memcpy(p->predicted + first * p->K, workspace_output(r->probe), N * p->K * sizeof *p->predicted);
}

/* Writes the outputs of the first units of every layer for cells first … first+N-1 into their maps. */
static void keep_maps(struct replica *r, struct picture *p, size_t first, size_t N)
{
    size_t cells = (size_t)p->columns * (size_t)p->rows;
    for (int i = 0; i < p->model->layers; i++) {
        struct layer_picture *l = &p->layer[i];
        l->extent = first ? l->extent : 0;
        const float *y = workspace_activation(r->probe, i);
        size_t units = shape_size(&p->model->layer[i].out);
        for (int u = 0; u < l->maps; u++)
            for (size_t c = 0; c < N; c++) {
                float value = y[c * units + (size_t)u];
                l->map[(size_t)u * cells + first + c] = value;
                if (isfinite(value) && fabsf(value) > l->extent)
                    l->extent = fabsf(value);
            }
    }
}

/* Rows that the layers are judged by: training rows, as many as one pass holds. */
static size_t judged_rows(const struct replica *r, const struct picture *p)
{
    size_t trained = p->predictions - p->held_out;
    return trained < r->probe->batch ? trained : r->probe->batch;
}

/* --- step ----------------------------------------------------------------------------------------------- */

static void update(struct replica *r, struct picture *p)
{
    state_assign(r->after, p->state);
    workspace_update(r->step, r->after, &r->recipe);
    r->updated = true;
}

static bool stage_step(struct replica *r, struct picture *p)
{
    p->N = 0;
    p->loss = NAN;
    r->updated = false;
    if (!(r->slices & SLICE_BATCH) || !r->steps || !r->N || !replica_step_room(r, p) ||
        !workspace_aim(r->step, &r->goals, NULL))
        return true;
    size_t shift = data_shift(p->data, p->state->seed, p->state->place.epoch);
    data_batch(p->data, r->index, r->N, shift, workspace_input(r->step));
    goals_of_rows(&r->goals, p->data, r->index, r->N, shift, workspace_targets(r->step));
    workspace_bind(r->step, p->state);
    workspace_forward(r->step, r->N, true, r->key);
    p->loss = workspace_loss(r->step, true);
    workspace_backward(r->step);
    p->loss += workspace_penalty(r->step, &r->recipe, true);
    p->N = r->N;
    bool moments = (r->slices & SLICE_MOMENTS) && r->recipe.optimizer;
    if (moments && r->recipe.optimizer->moments <= p->state->moments)
        update(r, p);
    return true;
}

/* --- layers --------------------------------------------------------------------------------------------- */

static void layer_params(struct replica *r, const struct picture *p, int i, struct statistics *s)
{
    const struct layer *l = &p->model->layer[i];
    size_t first = 0, count = layer_param_count(l);
    for (int j = 0; j < l->params; j++)
        if (!l->param[j].statistic) {
            first = l->param[j].offset;
            break;
        }
    if (!count)
        return;
    /* A layer's trained tensors lie end to end (model.c). */
    statistics_params(s, p->state->param + first, p->N ? r->step->grad + first : NULL,
        r->updated ? r->after->param + first : NULL, count);
}

/* A call a layer; of an image each channel counts as one unit at many places. */
static bool stage_layers(struct replica *r, struct picture *p)
{
    size_t N = judged_rows(r, p);
    int i = (int)r->progress++;
    if (N && i == 0)
        predict_rows(r, p, 0, N);
    if (N && i == 0 && r->joined)
        keep_maps(r, p, 0, N);
    const struct layer *l = &p->model->layer[i];
    struct statistics *s = &p->layer[i].statistics;
    size_t units = l->out.rank ? (size_t)l->out.dim[l->out.rank - 1] : 0;
    statistics_clear(s);
    if (N && units)
        statistics_activations(
            s, workspace_activation(r->probe, i), N * (shape_size(&l->out) / units), units, l->activation);
    if (i == p->model->layers - 1)
        s->saturated = NAN; /* a head at its ends is sure of itself */
    layer_params(r, p, i, s);
    return r->progress >= (size_t)p->model->layers;
}

/* --- links ---------------------------------------------------------------------------------------------- */

static int compare_links(const void *a, const void *b)
{
    const struct link *x = a, *y = b;
    float u = fabsf(x->w), v = fabsf(y->w);
    return u != v ? (u > v) - (u < v) : x->from != y->from ? x->from - y->from : x->to - y->to;
}

/* heap[0] is the weakest of the strongest; a new one takes its place and sinks. */
static void sink(struct link *heap, int n, struct link new)
{
    int at = 0;
    for (int child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && fabsf(heap[child + 1].w) < fabsf(heap[child].w))
            child++;
        if (fabsf(new.w) <= fabsf(heap[child].w))
            break;
        heap[at] = heap[child];
    }
    heap[at] = new;
}

/* The strongest weights of a kernel (in x out) into link[], weakest first. NaN counts as the strongest: it
 * must be seen. */
static void strongest(const float *w, int in, int out, struct link *link, int links)
{
    for (int i = 0; i < links; i++)
        link[i] = (struct link){-1, -1, 0};
    if (links == in * out) {
        for (int i = 0; i < links; i++)
            link[i] = (struct link){i / out, i % out, w[i]};
    } else {
        for (int from = 0; from < in; from++)
            for (int to = 0; to < out; to++) {
                float value = w[(size_t)from * (size_t)out + (size_t)to];
                if (!(fabsf(value) <= fabsf(link[0].w)))
                    sink(link, links, (struct link){from, to, value});
            }
    }
    qsort(link, (size_t)links, sizeof *link, compare_links);
}

static bool stage_links(struct replica *r, struct picture *p)
{
    int i = (int)r->progress++;
    struct layer_picture *l = &p->layer[i];
    if (l->links) {
        const struct shape *shape = &p->model->layer[i].param[0].shape;
        strongest(state_param(p->state, i, 0, NULL), shape->dim[0], shape->dim[1], l->link, l->links);
    }
    return r->progress >= (size_t)p->model->layers;
}

/* --- maps ----------------------------------------------------------------------------------------------- */

static void plane_inputs(const struct picture *p, size_t first, size_t N, float *x)
{
    float point[2 * REPLICA_SIDE];
    const struct data *d = p->data;
    size_t width = shape_size(&d->shape);
    for (size_t i = 0; i < N;) {
        size_t n = 0;
        for (; n < REPLICA_SIDE && i + n < N; n++) {
            size_t column = (first + i + n) % REPLICA_SIDE, row = (first + i + n) / REPLICA_SIDE;
            float u = ((float)column + 0.5f) / REPLICA_SIDE, v = ((float)row + 0.5f) / REPLICA_SIDE;
            point[2 * n] = d->low[0] + u * (d->high[0] - d->low[0]);
            point[2 * n + 1] = d->high[1] - v * (d->high[1] - d->low[1]);
        }
        data_inputs_at(d, point, n, x + i * width);
        i += n;
    }
}

static void line_inputs(const struct picture *p, size_t first, size_t N, float *x)
{
    const struct data *d = p->data;
    float mean = d->mean ? d->mean[0] : 0, deviation = d->deviation ? d->deviation[0] : 1;
    for (size_t i = 0; i < N; i++) {
        float u = (float)(first + i) / (REPLICA_LINE - 1);
        x[i] = (p->low + u * (p->high - p->low) - mean) / deviation;
    }
}

/* The range of the line: the data's, with a margin. */
static void line_range(struct picture *p)
{
    const struct data *d = p->data;
    float low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < d->n; i++) {
        low = fminf(low, d->raw_x[i]);
        high = fmaxf(high, d->raw_x[i]);
    }
    float margin = high > low ? 0.08f * (high - low) : 1;
    p->low = low - margin;
    p->high = high + margin;
}

/* Where no layer but the input has maps, as in networks of images and of texts, what was gathered is them. */
static bool input_has_all_maps(const struct replica *r, const struct picture *p)
{
    for (int i = 1; i < p->model->layers; i++)
        if (p->layer[i].maps)
            return false;
    return workspace_input(r->probe) == workspace_activation(r->probe, 0);
}

static bool stage_maps(struct replica *r, struct picture *p)
{
    size_t cells = (size_t)p->columns * (size_t)p->rows, first = r->progress;
    if (!cells || r->joined)
        return true;
    if (!first && p->kind == MAP_LINE)
        line_range(p);
    size_t N = cells - first < r->probe->batch ? cells - first : r->probe->batch;
    if (p->kind == MAP_SAMPLES)
        gather_rows(r, p, p->cell + first, N);
    else
        (p->kind == MAP_PLANE ? plane_inputs : line_inputs)(p, first, N, workspace_input(r->probe));
    if (!input_has_all_maps(r, p))
        probe_forward(r, p, N);
    keep_maps(r, p, first, N);
    r->progress = first + N;
    return r->progress >= cells;
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static bool stage_rows(struct replica *r, struct picture *p)
{
    size_t first = r->progress ? r->progress : judged_rows(r, p), left = p->predictions - first;
    if (!left)
        return true;
    size_t N = left < r->probe->batch ? left : r->probe->batch;
    predict_rows(r, p, first, N);
    r->progress = first + N;
    return r->progress >= p->predictions;
}

/* --- sample --------------------------------------------------------------------------------------------- */

/* Runs a layer of attention once more and returns its cache. */
static const float *attention_cache(struct replica *r, int i)
{
    const struct layer *l = &r->model->layer[i];
    struct pass pass = r->probe->pass[i];
    pass.mask[0] = pass.mask[1] = NULL; /* theirs are overwritten too */
    pass.cache = r->heads;
    pass.batch_cache = pass.cache + l->cache;
    pass.y = pass.batch_cache + l->batch_cache;
    l->type->forward(l, &pass);
    return pass.cache;
}

static bool stage_sample(struct replica *r, struct picture *p)
{
    if (!p->data || !p->data->n)
        return true;
    int i = (int)r->progress++;
    struct layer_picture *l = &p->layer[i];
    if (i == 0) {
        p->sample = r->row >= 0 && (size_t)r->row < p->data->n ? (uint32_t)r->row : 0;
        probe_rows(r, p, &p->sample, 1);
        if (p->said)
            memcpy(p->said, workspace_output(r->probe), p->K * sizeof *p->said);
    }
    const float *y = workspace_activation(r->probe, i);
    memcpy(l->value, y, (size_t)l->values * sizeof(float));
    if (l->tiling.kind != TILES_NONE)
        l->tile_most =
            tiling_fill(&l->tiling, l->tiling.kind == TILES_HEADS ? attention_cache(r, i) : y, l->tile);
    return r->progress >= (size_t)p->model->layers;
}

static replica_stage *const stages[] = {
    stage_step, stage_layers, stage_links, stage_maps, stage_rows, stage_sample};

replica_stage *replica_stage_at(int i)
{
    return i >= 0 && i < (int)(sizeof stages / sizeof *stages) ? stages[i] : NULL;
}
