/* layer.c - see layer.h. Each type is a row in its own file under layers/; this list is where it is
 * registered. */
#include "layer.h"
#include "table.h"

#define LAYER_TYPES(each)                                                                                    \
    each(input) each(dense) each(activation) each(flatten) each(reshape) each(permute) each(conv1d)          \
        each(conv2d) each(conv2d_transpose) each(maxpool1d) each(maxpool2d) each(avgpool2d)                  \
            each(globalavgpool) each(globalmaxpool) each(upsample2d) each(zeropad2d) each(simple_rnn)        \
                each(lstm) each(gru) each(embedding) each(positional) each(attention) each(masking)          \
                    each(layernorm) each(batchnorm) each(dropout) each(spatial_dropout) each(gaussian_noise) \
                        each(sampling) each(add) each(concat) each(multiply) each(average) each(dot)

#define DECLARE(type) extern const struct layer_type type##_layer;
LAYER_TYPES(DECLARE)

#define LIST(type) &type##_layer,
static const struct layer_type *const types[] = {LAYER_TYPES(LIST)};

TABLE(layer_type, types, types[i])

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
        if (!l->param[i].statistic && !l->param[i].shared)
            count += l->param[i].count;
    return count;
}

bool layer_learns(const struct layer *l)
{
    for (int i = 0; i < l->params && !l->frozen; i++)
        if (!l->param[i].statistic)
            return true;
    return false;
}
