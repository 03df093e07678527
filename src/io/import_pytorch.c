/* import_pytorch.c - state dicts of torch.nn.
 *
 * Theirs to ours: Linear out x in; convolutions out x in x height x width (transposed ones in x out x …);
 * recurrent kernels gates·units x in, with gates i f g o of an LSTM (ours i f c o) and r z n of a GRU (ours
 * z r h); attention's three projections below each other, q k v. A new layer type adds its row here. */
#include "import_parts.h"

#include <string.h>

static const int first_of_three[] = {0, -1, -1}, last_of_three[] = {-1, 0, 1};

static size_t dim(const struct param *p, int i)
{
    return (size_t)p->shape.dim[i];
}

/* A value for each channel. */
static void view_row(const struct layer *l, int index, const struct param *p, struct import_view *v)
{
    v->rank = 1;
    v->axis[0] = (struct import_axis){.size = dim(p, 0), .stride = 1, .row = index};
}

/* in x out, turned. */
static void view_linear(const struct layer *l, int index, const struct param *p, struct import_view *v)
{
    v->rank = 2;
    v->axis[0] = (struct import_axis){.size = dim(p, 1), .stride = 1, .row = index};
    v->axis[1] = (struct import_axis){.size = dim(p, 0), .stride = dim(p, 1)};
    if (l->in.rank == 1)
        v->axis[1].row = l->input[0];
}

/* Positions x a x b to b x a x positions. */
static void view_kernel(const struct layer *l, int index, const struct param *p, struct import_view *v)
{
    int rank = p->shape.rank;
    size_t stride = 1;
    v->rank = rank;
    for (int i = rank; i-- > 0; stride *= dim(p, i))
        v->axis[i >= rank - 2 ? rank - 1 - i : i + 2] =
            (struct import_axis){.size = dim(p, i), .stride = stride};
}

/* The queries' third of q, k and v, and the rest. */
static void view_query(const struct layer *l, int index, const struct param *p, struct import_view *v)
{
    int last = p->shape.rank - 1;
    v->rank = p->shape.rank;
    v->axis[0] =
        (struct import_axis){.size = dim(p, last), .stride = 1, .blocks = 3, .block = first_of_three};
    if (last)
        v->axis[1] = (struct import_axis){.size = dim(p, 0), .stride = dim(p, last)};
}

static void view_key_value(const struct layer *l, int index, const struct param *p, struct import_view *v)
{
    view_query(l, index, p, v);
    v->axis[0].size /= 2;
    v->axis[0].block = last_of_three;
}

/* One of keys and values, which lie side by side in ours. */
static void view_key(const struct layer *l, int index, const struct param *p, struct import_view *v)
{
    v->rank = 2;
    v->axis[0] = (struct import_axis){.size = dim(p, 1) / 2, .stride = 1};
    v->axis[1] = (struct import_axis){.size = dim(p, 0), .stride = dim(p, 1)};
}

static void view_value(const struct layer *l, int index, const struct param *p, struct import_view *v)
{
    view_key(l, index, p, v);
    v->first = dim(p, 1) / 2;
}

/* Gates one below the other, turned. */
static void view_gates(const struct layer *l, int index, const struct param *p, struct import_view *v)
{
    int last = p->shape.rank - 1;
    v->rank = p->shape.rank;
    v->axis[0] = (struct import_axis){.size = dim(p, last), .stride = 1};
    if (last)
        v->axis[1] = (struct import_axis){.size = dim(p, 0), .stride = dim(p, last)};
}

/* r z n of a GRU; ours has z r h. */
static void view_gru(const struct layer *l, int index, const struct param *p, struct import_view *v)
{
    static const int places[] = {1, 0, 2};
    view_gates(l, index, p, v);
    v->axis[0].size /= 3;
    v->axis[0].blocks = 3;
    v->axis[0].block = places;
}

/* One of two biases, which are rows of ours. */
static void view_gru_input_bias(
    const struct layer *l, int index, const struct param *p, struct import_view *v)
{
    view_gru(l, index, p, v);
    v->rank = 1;
}

static void view_gru_state_bias(
    const struct layer *l, int index, const struct param *p, struct import_view *v)
{
    view_gru_input_bias(l, index, p, v);
    v->first = dim(p, p->shape.rank - 1);
}

static const char *gru_objection(const struct layer *l)
{
    int at = args_find(l->type->args, "reset_after");
    return at < 0 || l->arg[at].number != 0 ? NULL
                                            : "PyTorch's GRU resets after the product (reset_after=yes)";
}

#define RECURRENCE(before, ours, view)                                                              \
    {before "weight_ih", ours "kernel", view}, {before "weight_hh", ours "recurrent_kernel", view}, \
        {before "bias_ih", ours "bias", view},                                                      \
    {                                                                                               \
        before "bias_hh", ours "bias", view, .adds = true                                           \
    }
#define GRU(before, ours)                                                                                   \
    {before "weight_ih", ours "kernel", view_gru}, {before "weight_hh", ours "recurrent_kernel", view_gru}, \
        {before "bias_ih", ours "bias", view_gru_input_bias},                                               \
    {                                                                                                       \
        before "bias_hh", ours "bias", view_gru_state_bias                                                  \
    }
#define LINEAR                                                         \
    {                                                                  \
        {"weight", "kernel", view_linear}, {"bias", "bias", view_row}, \
    }
#define CONVOLUTION                                                    \
    {                                                                  \
        {"weight", "kernel", view_kernel}, {"bias", "bias", view_row}, \
    }

static const struct import_row rows[] = {
    {"dense", .piece = LINEAR},
    {"conv1d", .piece = CONVOLUTION},
    {"conv2d", .piece = CONVOLUTION},
    {"conv2d_transpose", .piece = CONVOLUTION},
    {"embedding", .piece = {{"weight", "embeddings", import_view_same}}},
    {"positional", .piece = {{"weight", "embeddings", import_view_same}}},
    {"positional", .piece = {{"", "embeddings", import_view_same}}},
    {"batchnorm", .piece =
                      {
                          {"weight", "gamma", view_row},
                          {"bias", "beta", view_row},
                          {"running_mean", "moving_mean", view_row},
                          {"running_var", "moving_variance", view_row},
                      }},
    {"layernorm", .piece = {{"weight", "gamma", view_row}, {"bias", "beta", view_row}}},
    {"attention", .piece =
                      {
                          {"in_proj_weight", "qkv_kernel", view_linear},
                          {"in_proj_bias", "qkv_bias", view_row},
                          {"in_proj_weight", "query_kernel", view_query},
                          {"in_proj_bias", "query_bias", view_query},
                          {"in_proj_weight", "key_value_kernel", view_key_value},
                          {"in_proj_bias", "key_value_bias", view_key_value},
                          {"out_proj.weight", "output_kernel", view_linear},
                          {"out_proj.bias", "output_bias", view_row},
                      }},
    {"attention", .piece =
                      {
                          {"q_proj_weight", "query_kernel", view_linear},
                          {"k_proj_weight", "key_value_kernel", view_key},
                          {"v_proj_weight", "key_value_kernel", view_value},
                          {"in_proj_bias", "query_bias", view_query},
                          {"in_proj_bias", "key_value_bias", view_key_value},
                          {"out_proj.weight", "output_kernel", view_linear},
                          {"out_proj.bias", "output_bias", view_row},
                      }},
    {"simple_rnn",
        .piece = {RECURRENCE("", "", view_gates), RECURRENCE("reverse/", "backward_", view_gates)}},
    {"lstm", .piece = {RECURRENCE("", "", view_gates), RECURRENCE("reverse/", "backward_", view_gates)}},
    {"gru", gru_objection, {GRU("", ""), GRU("reverse/", "backward_")}},
    {0},
};

/* "weight_ih_l0_reverse": the tensor, the layer within the module, the direction. */
static void cut_recurrent(struct import_part *p, const char *leaf)
{
    static const char *const names[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i]), digits;
        if (strncmp(leaf, names[i], n) || strncmp(leaf + n, "_l", 2))
            continue;
        digits = strspn(leaf + n + 2, "0123456789");
        const char *rest = leaf + n + 2 + digits;
        if (!digits || digits > 3 || (*rest && strcmp(rest, "_reverse")))
            continue;
        for (size_t k = 0; k < digits; k++)
            p->level = 10 * p->level + (leaf[n + 2 + k] - '0');
        strcpy(p->leaf, *rest ? "reverse/" : "");
        strcat(p->leaf, names[i]);
        return;
    }
    if (strlen(leaf) < IMPORT_LEAF)
        strcpy(p->leaf, leaf);
}

/* An attention's out_proj is a module of its own in name only. */
static bool is_of_attention(const struct tensor_file *f, const char *name, size_t prefix)
{
    static const char *const signs[] = {"in_proj_weight", "q_proj_weight"};
    char sibling[256];
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (prefix + 1 + strlen(signs[i]) >= sizeof sibling)
            return false;
        memcpy(sibling, name, prefix);
        strcpy(sibling + prefix, prefix ? "." : "");
        strcat(sibling, signs[i]);
        if (safetensors_find(f, sibling))
            return true;
    }
    return false;
}

static bool cut(const struct tensor_file *f, struct import_part *p)
{
    static const char out[] = "out_proj";
    const char *name = p->tensor->name, *dot = strrchr(name, '.');
    const char *leaf = dot ? dot + 1 : name;
    size_t prefix = dot ? (size_t)(dot - name) : 0, n = sizeof out - 1;
    if (!strcmp(leaf, "num_batches_tracked"))
        return false;
    if (prefix >= n && !memcmp(name + prefix - n, out, n) && (prefix == n || name[prefix - n - 1] == '.')) {
        size_t outer = prefix == n ? 0 : prefix - n - 1;
        if (is_of_attention(f, name, outer)) {
            leaf = name + prefix - n;
            prefix = outer;
        }
    }
    p->prefix = prefix;
    cut_recurrent(p, leaf);
    if (*p->leaf && import_leaf_known(&import_pytorch, p->leaf))
        return true;
    p->prefix = strlen(name); /* a parameter of a module of the user's own */
    p->level = 0;
    *p->leaf = '\0';
    return true;
}

const struct import_origin import_pytorch = {
    .name = "pytorch",
    .title = "PyTorch",
    .row = rows,
    .cut = cut,
    .channels_first = true,
    .epsilon = 1e-5,
};
