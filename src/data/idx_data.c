/* idx_data.c - images and labels to a data set.
 *
 * Everything happens to a list of places first: it is shuffled, cut to n, and parted into what trains and
 * what is held out. The images are then copied once, straight to their rows. A place below the count of the
 * first pair is one of its images; those behind belong to the second. */
#include "../error.h"
#include "../memory.h"
#include "idx.h"
#include "source.h"

#include <math.h>
#include <string.h>

enum { WHITE = 255, LABELS = 256, EACH = 1024 };

struct pool {
    const struct idx_pair *pair[2];
    size_t first, all; /* images of the first pair, and of both */
    struct shape shape;
    int classes;
    uint32_t *order; /* [all] places */
    size_t n, train; /* how many of them are used, and how many of these train */
};

/* --- what there is --- */

static bool check_pair(const struct idx_pair *p, struct error *e)
{
    return p->image.dim[0] == p->label.dim[0] ||
           error_set(e, "%s holds %u images, but %s holds %u labels: do they belong together?", p->image.name,
               p->image.dim[0], p->label.name, p->label.dim[0]);
}

static bool check_shapes(const struct idx *a, const struct idx *b, struct error *e)
{
    return !a->rank || !b->rank || (a->dim[1] == b->dim[1] && a->dim[2] == b->dim[2]) ||
           error_set(e, "%s holds images of %ux%u, but %s of %ux%u: do they belong together?", a->name,
               a->dim[1], a->dim[2], b->name, b->dim[1], b->dim[2]);
}

static int largest_label(const struct idx *f)
{
    int largest = 0;
    for (size_t i = 0; i < f->size; i++)
        largest = f->value[i] > largest ? f->value[i] : largest;
    return largest;
}

static bool pool_pairs(struct pool *p, struct error *e)
{
    const struct idx *a = &p->pair[0]->image, *b = &p->pair[1]->image, *one = a->rank ? a : b;
    if (!check_pair(p->pair[0], e) || !check_pair(p->pair[1], e) || !check_shapes(a, b, e))
        return false;
    p->first = a->dim[0];
    p->all = p->first + b->dim[0];
    p->shape = shape_of(3, (int)one->dim[1], (int)one->dim[2], 1);
    for (int k = 0; k < 2; k++) {
        int classes = 1 + largest_label(&p->pair[k]->label);
        p->classes = classes > p->classes ? classes : p->classes;
    }
    return p->all || error_set(e, "there are no images");
}

static int label_at(const struct pool *p, uint32_t place)
{
    return place < p->first ? p->pair[0]->label.value[place] : p->pair[1]->label.value[place - p->first];
}

/* --- which train --- */

/* The name of the folder plays no part: the same images come in the same order from everywhere. */
static bool shuffle(struct pool *p, uint64_t seed, struct error *e)
{
    struct rng r = rng_from(rng_key(seed, "split", "images", 0));
    p->order = memory_take(p->all, sizeof *p->order, "the order of the images", e);
    if (!p->order)
        return false;
    for (size_t i = 0; i < p->all; i++)
        p->order[i] = (uint32_t)i;
    rng_shuffle(&r, p->order, p->all);
    return true;
}

/* The first pair's places to the front, otherwise in the order that they have, and of each pair its share of
 * the n. */
static bool part_by_pair(struct pool *p, struct error *e)
{
    uint32_t *order = memory_take(p->all, sizeof *order, "the order of the images", e);
    if (!order)
        return false;
    p->train = data_train_count(p->n, (double)(p->all - p->first) / (double)p->all);
    size_t front = 0, back = p->train;
    for (size_t i = 0; i < p->all; i++) {
        uint32_t place = p->order[i];
        if (place < p->first && front < p->train)
            order[front++] = place;
        else if (place >= p->first && back < p->n)
            order[back++] = place;
    }
    memory_free(p->order);
    p->order = order;
    return true;
}

/* Of each class the last ones are held out, in its share. */
static void part_by_class(struct pool *p, double split)
{
    size_t count[LABELS] = {0}, quota[LABELS] = {0};
    p->train = data_train_count(p->n, split);
    for (size_t i = 0; i < p->n; i++)
        count[label_at(p, p->order[i])]++;
    data_share_out(count, quota, LABELS, p->n, p->n - p->train);
    for (size_t i = p->n, end = p->n; i-- > 0;) {
        uint32_t place = p->order[i];
        if (!quota[label_at(p, place)])
            continue;
        quota[label_at(p, place)]--;
        p->order[i] = p->order[--end];
        p->order[end] = place;
    }
}

static bool part(struct pool *p, const struct idx_options *options, uint64_t seed, struct error *e)
{
    bool given = p->first && p->first < p->all;
    p->n = options->n ? options->n : p->all;
    if (p->n > p->all)
        return error_set(e, "n=%zu asks for more images than the %zu that there are", p->n, p->all);
    if (!shuffle(p, seed, e))
        return false;
    if (given && !options->pooled)
        return part_by_pair(p, e);
    part_by_class(p, options->split);
    return true;
}

/* --- all of it --- */

static bool copy_images(const struct pool *p, struct data *d, const atomic_bool *cancel, struct error *e)
{
    size_t size = shape_size(&p->shape);
    d->x = memory_take(d->n * size, sizeof(float), "the images", e);
    for (size_t i = 0; d->x && i < d->n; i++) {
        uint32_t place = p->order[i];
        const uint8_t *from = place < p->first ? p->pair[0]->image.value + place * size
                                               : p->pair[1]->image.value + (place - p->first) * size;
        if (i % EACH == 0 && data_cancelled(cancel, e))
            return false;
        for (size_t k = 0; k < size; k++)
            d->x[i * size + k] = (float)from[k] / WHITE;
        d->t[i] = (float)label_at(p, place);
    }
    return d->x;
}

static struct data *build(
    const struct pool *p, const char *name, uint64_t seed, const atomic_bool *cancel, struct error *e)
{
    struct data *d = data_begin(name, p->n, 0, p->classes, 1, e);
    if (!d)
        return NULL;
    d->shape = p->shape;
    d->train = p->train;
    d->seed = seed;
    if (copy_images(p, d, cancel, e) && data_name(&d->target_name[0], "class", e) && data_default_names(d, e))
        return d;
    data_unref(d);
    return NULL;
}

struct data *data_from_idx(const struct idx_pair *train, const struct idx_pair *test,
    const struct idx_options *options, uint64_t seed, const atomic_bool *cancel, struct error *e)
{
    struct pool p = {.pair = {train, test}};
    struct data *d = NULL;
    if (pool_pairs(&p, e) && part(&p, options, seed, e))
        d = build(&p, options->name, seed, cancel, e);
    memory_free(p.order);
    return d;
}
