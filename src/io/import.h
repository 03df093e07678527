/* import.h - weights that PyTorch or Keras saved, into a model that is there already.
 *
 * A file of theirs has tensors and no commands, so the model is typed first. Tensors belong to modules by
 * their names (`features.0.weight`, `conv1/kernel`); a module goes to the layer of the same name where it
 * fits that one, else to the first free layer, in order, whose tensors it fits. Modules are taken in the
 * file's order, or, where the file is sorted by name, by their names with numbers as numbers. Layouts are
 * turned into ours: kernels, gates, and the rows of dense layers behind a flatten, for PyTorch flattens
 * channels first. What the file does not tell (activations, strides, epsilon) is the typed model's. Any
 * thread. */
#ifndef GRADUS_IO_IMPORT_H
#define GRADUS_IO_IMPORT_H

#include "safetensors.h"

struct text;

/* The i-th place where weights come from: "pytorch", "keras"; NULL past the end. */
const char *import_origin(size_t i);

/* Fills parameters and running statistics; moments and place are left. Every tensor of the file must find its
 * layer and every layer its tensors: what does not match is named. With `partial` it is told in `told`
 * instead, but something must match. `told` gets lines for the user: what went where. On failure the state is
 * untouched. */
bool import_weights(const struct tensor_file *f, const char *origin, bool partial, struct state *s,
    struct text *told, struct error *e);

#endif
