/* import_keras.c - weights by Keras's names, in Keras's layouts, which are ours but for attention.
 *
 * Names are variables' paths (`dense_1/kernel`, `lstm/lstm_cell/bias`, with `:0` behind them in older ones)
 * or the places within a .weights.h5 file (`layers/dense_1/vars/0`), where variables are counted. Attention
 * keeps its heads as an axis: in x heads x width. A new layer type adds its row here. */
#include "import_parts.h"

#include <stdio.h>
#include <string.h>

enum { HEADS_ARG, PARTS = 12 };

/* One of `parts` kernels that lie side by side in ours: in x heads x width, or heads x width for a bias. */
static void view_heads(
    const struct layer *l, const struct param *p, size_t parts, size_t which, struct import_view *v)
{
    int last = p->shape.rank - 1;
    size_t all = (size_t)p->shape.dim[last], heads = (size_t)l->arg[HEADS_ARG].number;
    size_t width = all / parts / heads;
    v->rank = last + 2;
    v->first = which * (all / parts);
    if (last)
        v->axis[0] = (struct import_axis){.size = (size_t)p->shape.dim[0], .stride = all};
    v->axis[last] = (struct import_axis){.size = heads, .stride = width};
    v->axis[last + 1] = (struct import_axis){.size = width, .stride = 1};
}

#define HEADS_VIEW(name, parts, which)                                                               \
    static void name(const struct layer *l, int index, const struct param *p, struct import_view *v) \
    {                                                                                                \
        view_heads(l, p, parts, which, v);                                                           \
    }
HEADS_VIEW(view_only, 1, 0)
HEADS_VIEW(view_first_half, 2, 0)
HEADS_VIEW(view_second_half, 2, 1)
HEADS_VIEW(view_first_third, 3, 0)
HEADS_VIEW(view_second_third, 3, 1)
HEADS_VIEW(view_last_third, 3, 2)

/* heads x width x out. */
static void view_output(const struct layer *l, int index, const struct param *p, struct import_view *v)
{
    size_t heads = (size_t)l->arg[HEADS_ARG].number, out = (size_t)p->shape.dim[1];
    size_t width = (size_t)p->shape.dim[0] / heads;
    v->rank = 3;
    v->axis[0] = (struct import_axis){.size = heads, .stride = width * out};
    v->axis[1] = (struct import_axis){.size = width, .stride = out};
    v->axis[2] = (struct import_axis){.size = out, .stride = 1};
}

#define SAME(name)                   \
    {                                \
        name, name, import_view_same \
    }
#define KERNEL_BIAS                  \
    {                                \
        SAME("kernel"), SAME("bias") \
    }

#define RECURRENT                                              \
    {                                                          \
        SAME("kernel"), SAME("recurrent_kernel"), SAME("bias") \
    }
#define DIRECTION(folder, before)                                                 \
    {folder "kernel", before "kernel", import_view_same},                         \
        {folder "recurrent_kernel", before "recurrent_kernel", import_view_same}, \
    {                                                                             \
        folder "bias", before "bias", import_view_same                            \
    }
#define BIDIRECTIONAL                                                  \
    {                                                                  \
        DIRECTION("forward/", ""), DIRECTION("backward/", "backward_") \
    }

static const struct import_row rows[] = {
    {"dense", .piece = KERNEL_BIAS},
    {"conv1d", .piece = KERNEL_BIAS},
    {"conv2d", .piece = KERNEL_BIAS},
    {"conv2d_transpose", .piece = KERNEL_BIAS},
    {"embedding", .piece = {SAME("embeddings")}},
    {"positional", .piece = {SAME("embeddings")}},
    {"batchnorm", .piece = {SAME("gamma"), SAME("beta"), SAME("moving_mean"), SAME("moving_variance")}},
    {"layernorm", .piece = {SAME("gamma"), SAME("beta")}},
    {"attention", .piece =
                      {
                          {"query/kernel", "qkv_kernel", view_first_third},
                          {"query/bias", "qkv_bias", view_first_third},
                          {"key/kernel", "qkv_kernel", view_second_third},
                          {"key/bias", "qkv_bias", view_second_third},
                          {"value/kernel", "qkv_kernel", view_last_third},
                          {"value/bias", "qkv_bias", view_last_third},
                          {"attention_output/kernel", "output_kernel", view_output},
                          {"attention_output/bias", "output_bias", import_view_same},
                      }},
    {"attention", .piece =
                      {
                          {"query/kernel", "query_kernel", view_only},
                          {"query/bias", "query_bias", view_only},
                          {"key/kernel", "key_value_kernel", view_first_half},
                          {"key/bias", "key_value_bias", view_first_half},
                          {"value/kernel", "key_value_kernel", view_second_half},
                          {"value/bias", "key_value_bias", view_second_half},
                          {"attention_output/kernel", "output_kernel", view_output},
                          {"attention_output/bias", "output_bias", import_view_same},
                      }},
    {"simple_rnn", .piece = RECURRENT},
    {"simple_rnn", .piece = BIDIRECTIONAL},
    {"lstm", .piece = RECURRENT},
    {"lstm", .piece = BIDIRECTIONAL},
    {"gru", .piece = RECURRENT},
    {"gru", .piece = BIDIRECTIONAL},
    {0},
};

/* A piece of a name between two strokes. */
struct piece {
    const char *at;
    size_t length;
};

static bool is(const struct piece *p, const char *word)
{
    return strlen(word) == p->length && !memcmp(p->at, word, p->length);
}

static bool begins(const struct piece *p, const char *word)
{
    return strlen(word) <= p->length && !memcmp(p->at, word, strlen(word));
}

static bool holds(const struct piece *p, const char *word)
{
    return memmem(p->at, p->length, word, strlen(word)) != NULL;
}

/* Takes the last piece off *length bytes of a name. */
static struct piece take_piece(const char *name, size_t *length)
{
    size_t end = *length, at = end;
    while (at && name[at - 1] != '/')
        at--;
    *length = at ? at - 1 : 0;
    return (struct piece){name + at, end - at};
}

/* What a layer has several of, by its folder; NULL for a layer's own name. An attention's kernels have three
 * axes and its biases two, so that a dense layer called `query` is none. */
static const char *folder_of(const struct piece *p, const struct piece *leaf, const struct tensor *t)
{
    static const char *const folders[][4] = {
        {"query/", "query", "query_dense", "_query_dense"},
        {"key/", "key", "key_dense", "_key_dense"},
        {"value/", "value", "value_dense", "_value_dense"},
        {"attention_output/", "attention_output", "output_dense", "_output_dense"},
    };
    if (begins(p, "forward_"))
        return "forward/";
    if (begins(p, "backward_"))
        return "backward/";
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        for (int k = 1; k < 4; k++)
            if (is(p, folders[i][k]) && (i == 3 || t->shape.rank == 3 || t->shape.rank == 2) &&
                !(is(leaf, "kernel") && t->shape.rank == 2))
                return folders[i][0];
    return NULL;
}

static bool cut(const struct tensor_file *f, struct import_part *out)
{
    const char *name = out->tensor->name, *colon = strrchr(name, ':');
    size_t rest = colon ? (size_t)(colon - name) : strlen(name), before;
    const struct piece all = {name, rest};
    if (begins(&all, "optimizer/") || begins(&all, "metrics/") || holds(&all, "seed_generator"))
        return false;
    struct piece leaf = take_piece(name, &rest), p;
    before = rest;
    p = take_piece(name, &before);
    if (is(&p, "vars"))
        rest = before;
    before = rest;
    p = take_piece(name, &before);
    if (is(&p, "cell") || holds(&p, "_cell"))
        rest = before;
    before = rest;
    p = take_piece(name, &before);
    const char *folder = folder_of(&p, &leaf, out->tensor);
    out->prefix = folder ? before : rest;
    if (leaf.length + 20 < IMPORT_LEAF)
        snprintf(out->leaf, IMPORT_LEAF, "%s%.*s", folder ? folder : "", (int)leaf.length, leaf.at);
    return true;
}

const struct import_origin import_keras = {
    .name = "keras",
    .title = "Keras",
    .row = rows,
    .cut = cut,
    .epsilon = 1e-3,
};
