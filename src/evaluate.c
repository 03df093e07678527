/* evaluate.c - scores of a state on rows of the data: forward passes without training, batch by batch. */
#include "activation.h"
#include "error.h"
#include "trainer.h"

#include <string.h>

enum { EVALUATE_BATCH = 256 };
static const double EVALUATE_BYTES = 256e6; /* beyond it a smaller batch is as fast */

void evaluate_batches(struct workspace *ws, const struct data *d, size_t first, size_t count,
    struct tally *out, const atomic_bool *cancel)
{
    size_t inputs = shape_size(&d->shape);
    for (size_t at = 0; at < count; at += ws->batch) {
        if (cancel && atomic_load_explicit(cancel, memory_order_relaxed))
            return;
        size_t N = count - at < ws->batch ? count - at : ws->batch;
        memcpy(workspace_input(ws), d->x + (first + at) * inputs, N * inputs * sizeof(float));
        goals_encode(ws->goals, d, first + at, N, workspace_targets(ws));
        workspace_forward(ws, N, false, 0);
        double loss = workspace_loss(ws, false);
        tally_add(out, ws->goal_batch, ws->goal_loss, loss);
    }
}

size_t evaluate_batch(const struct model *m, size_t count)
{
    size_t batch = count < EVALUATE_BATCH ? count : EVALUATE_BATCH;
    while (batch > 1 && workspace_bytes(m, batch, USE_OUTPUT) > EVALUATE_BYTES)
        batch /= 2;
    return batch ? batch : 1;
}

bool evaluate_rows(const struct state *s, const struct recipe *r, const struct data *d, size_t first,
    size_t count, struct tally *out, struct tally_memory *memory, const atomic_bool *cancel, struct error *e)
{
    struct goals goals;
    if (!goals_make(&goals, s->model, r, d, e))
        return false;
    struct workspace *ws = workspace_new(s->model, evaluate_batch(s->model, count), USE_OUTPUT, e);
    bool ok = ws && workspace_aim(ws, &goals, e) && (!memory || tally_memory_take(memory, &goals, count, e));
    if (ok) {
        workspace_bind(ws, s);
        tally_start(out, &goals, memory);
        evaluate_batches(ws, d, first, count, out, cancel);
    }
    workspace_free(ws);
    goals_release(&goals);
    if (ok && cancel && atomic_load(cancel))
        return error_set(e, "cancelled");
    return ok;
}
