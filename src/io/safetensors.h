/* safetensors.h - weights as a .safetensors file: an 8-byte length, a JSON header, the tensors' bytes.
 *
 * Names are `layer/tensor` in Keras's layout (dense1/kernel: inputs x units). __metadata__ holds "format":
 * "gradus", "commands": the lines that rebuild model and data, "place": step, epoch, batch and t,
 * "course": what the schedule of the rate knows, "seed", and "inputs": how a sample is read. Moments are
 * saved too, as "moment0/dense1/kernel", so that training goes on as it would have. Nothing read is trusted:
 * header length, offsets, overlaps, types, shapes and sizes are checked before memory is taken. Source of the
 * format: the safetensors README of Hugging Face. Any thread.
 */
#ifndef GRADUS_IO_SAFETENSORS_H
#define GRADUS_IO_SAFETENSORS_H

#include "../state.h"
#include "tensor_type.h"

/* Writes the state, the commands and how samples are read (data_schema_write(); "": not told) to `path`,
 * atomically. */
bool safetensors_save(
    const char *path, const struct state *s, const char *commands, const char *schema, struct error *e);

struct tensor_file;

/* A tensor of a file. */
struct tensor {
    const char *name;
    const struct tensor_type *type;
    struct shape shape; /* rank 0: one value */
    size_t count;       /* values */
    size_t begin, end;  /* its bytes' place behind the header */
    const char *bytes;  /* at any address */
};

/* Opens and checks a file. The caller closes it. */
struct tensor_file *safetensors_open(const char *path, struct error *e);
struct tensor_file *safetensors_parse(
    char *bytes, size_t length, const char *name, struct error *e); /* takes bytes */
void safetensors_close(struct tensor_file *f);

/* A value of __metadata__, or NULL. */
const char *safetensors_metadata(const struct tensor_file *f, const char *key);

/* Its tensors, sorted by name; NULL when none is called so. They live as long as the file. */
size_t safetensors_count(const struct tensor_file *f);
const struct tensor *safetensors_tensor(const struct tensor_file *f, size_t i);
const struct tensor *safetensors_find(const struct tensor_file *f, const char *name);

/* The file's name, short, for messages. */
const char *safetensors_name(const struct tensor_file *f);

/* Fills the state: every tensor of its model must be there with its shape; each one missing, unknown or of
 * another shape is named. Moments, place and seed where the file has them. The state is untouched on failure.
 */
bool safetensors_fill(const struct tensor_file *f, struct state *s, struct error *e);

#endif
