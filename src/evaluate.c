/* evaluate.c - scores of a state on rows of the data: forward passes without training, batch by batch. */
#include "activation.h"
#include "error.h"
#include "memory.h"
#include "trainer.h"

#include <string.h>

enum { EVALUATE_BATCH = 256 };

enum encoding head_encoding(const struct model *m)
{
    const struct activation *a = model_head(m)->activation;
    return a ? a->encoding : ENCODE_SIGN;
}

void evaluate_batches(struct workspace *ws, const struct loss *loss, const struct data *d, size_t first,
    size_t count, const float *targets, struct tally *out, const atomic_bool *cancel)
{
    size_t inputs = shape_size(&d->shape), K = shape_size(&model_head(ws->model)->out);
    for (size_t at = 0; at < count; at += ws->batch) {
        if (cancel && atomic_load_explicit(cancel, memory_order_relaxed))
            return;
        size_t N = count - at < ws->batch ? count - at : ws->batch;
        memcpy(workspace_input(ws), d->x + (first + at) * inputs, N * inputs * sizeof(float));
        workspace_forward(ws, N, false, 0);
        const float *t = targets + at * K;
        tally_add(out, workspace_output(ws), t, N, K, workspace_loss(ws, loss, t, false));
    }
}

bool evaluate_rows(const struct state *s, const struct loss *loss, const struct data *d, size_t first,
    size_t count, struct tally *out, uint64_t *confusion, const atomic_bool *cancel, struct error *e)
{
    size_t K = shape_size(&model_head(s->model)->out);
    enum encoding encoding = head_encoding(s->model);
    struct workspace *ws = workspace_new(s->model, count < EVALUATE_BATCH ? count : EVALUATE_BATCH, false, e);
    float *targets = ws ? memory_take(count * K, sizeof *targets, "the targets", e) : NULL;
    if (targets) {
        workspace_bind(ws, s);
        data_encode(d, encoding, K, first, count, targets);
        tally_start(out, d->classes, encoding, confusion);
        evaluate_batches(ws, loss, d, first, count, targets, out, cancel);
    }
    workspace_free(ws);
    memory_free(targets);
    if (targets && cancel && atomic_load(cancel))
        return error_set(e, "cancelled");
    return targets;
}
