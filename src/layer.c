/* layer.c - see layer.h. Each type is a row in its own file under layers/; this list is where it is
 * registered. */
#include "layer.h"

#include <string.h>

#define LAYER_TYPES(each) each(input) each(dense) each(activation) each(flatten) each(dropout)

#define DECLARE(type) extern const struct layer_type type##_layer;
LAYER_TYPES(DECLARE)

#define LIST(type) &type##_layer,
static const struct layer_type *const types[] = {LAYER_TYPES(LIST)};

const struct layer_type *layer_type_at(size_t i)
{
    return i < sizeof types / sizeof *types ? types[i] : NULL;
}

const char *layer_type_name(size_t i)
{
    const struct layer_type *type = layer_type_at(i);
    return type ? type->name : NULL;
}

const struct layer_type *layer_type_find(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i]->name, name))
            return types[i];
    return NULL;
}

struct param *layer_add_param(struct layer *l, const char *name, struct shape shape)
{
    struct param *p = &l->param[l->params++];
    *p = (struct param){.name = name, .shape = shape, .count = shape_size(&shape), .initializer = "zeros"};
    return p;
}

size_t layer_param_count(const struct layer *l)
{
    size_t count = 0;
    for (int i = 0; i < l->params; i++)
        if (!l->param[i].statistic)
            count += l->param[i].count;
    return count;
}
