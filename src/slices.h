/* slices.h - a training batch in slices that fit a core's cache.
 *
 * Layer by layer, a batch of a deep model comes from main memory again and again, and threads wait for each
 * other after every layer. Here a slice of some samples runs through all layers, forward and back, before the
 * next one does, and each thread has slices of its own. Gradients are summed slice by slice within groups,
 * and the groups in order: the numbers depend on the batch and the model, not on the threads.
 *
 * It serves models in which samples do not meet: one output, no batch statistics, no randomness, nothing
 * carried from batch to batch. */
#ifndef GRADUS_SLICES_H
#define GRADUS_SLICES_H

#include "metric.h"
#include "workspace.h"

struct slices;

/* Samples of a slice of this model's batches; 0 where they are better left whole. */
size_t slices_size(const struct model *m, size_t batch);

/* Bytes that these take beside the first workspace, on all threads of the machine. */
double slices_bytes(const struct model *m, size_t batch);

/* `first` has room for slices_size() samples, is aimed and bound, and outlives this. It serves one thread. */
struct slices *slices_new(struct workspace *first, size_t batch, struct error *e);

/* Makes the workspaces for so many threads (0: as many as the machine has), where there are fewer. Not while
 * they run. */
bool slices_serve(struct slices *s, int threads, struct error *e);
void slices_free(struct slices *s);

/* What a step asks for: `count` samples from number `first` of the batch on, inputs and targets. Any thread.
 */
struct slices_source {
    void (*gather)(const void *arg, size_t first, size_t count, struct workspace *ws);
    const void *arg;
};

/* Loss and gradients of a batch of N: fills the first workspace's grad and a tally that was just started, and
 * returns the mean loss. When that is not finite the tally is left alone. */
double slices_run(struct slices *s, const struct slices_source *source, size_t N, struct tally *tally);

#endif
