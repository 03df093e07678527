/* fuzz_safetensors.c - bytes to a tensor file, and from it into the state of a small model. */
#include "../../src/data.h"
#include "../../src/error.h"
#include "../../src/io/safetensors.h"
#include "../../src/memory.h"
#include "../../src/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* input 2, dense 1: a kernel of 2x1, a bias of 1, two moments. */
static struct state *make_state(void)
{
    struct error e;
    const struct word units = {.text = "1"};
    struct args args;
    struct layer_spec spec = {.type = layer_type_find("dense")};
    struct model *empty = model_new(&e),
                 *input = empty ? model_with_input(empty, shape_of(1, 2), true, &e) : NULL;
    if (!input || !args_bind("dense", spec.type->args, &units, 1, &args, &e))
        abort();
    memcpy(spec.arg, args.value, sizeof spec.arg);
    struct model *m = model_with_layer(input, 1, &spec, &e);
    struct state *s = m ? state_new(m, 2, 1, &e) : NULL;
    if (!s)
        abort();
    model_unref(empty);
    model_unref(input);
    model_unref(m);
    return s;
}

/* What was accepted can be written and read again. */
static void read_schema(const char *json)
{
    struct error e = {{0}, 0, 0};
    struct text again = {0};
    struct data *d = data_schema_read(json, &e);
    if (!d && !*e.text)
        abort();
    if (d)
        data_schema_write(d, &again);
    struct data *second = again.length ? data_schema_read(text_get(&again), &e) : NULL;
    if (again.length && !second)
        abort();
    data_unref(second);
    data_unref(d);
    text_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct error e = {{0}, 0, 0};
    char *copy = memory_take(length, 1, "the input", &e);
    if (!copy)
        return 0;
    if (length)
        memcpy(copy, bytes, length);
    struct tensor_file *f = safetensors_parse(copy, length, "fuzz.safetensors", &e);
    if (!f) {
        if (!*e.text)
            abort();
        return 0;
    }
    struct state *s = make_state(), *before = state_copy(s, &e);
    safetensors_metadata(f, "commands");
    const char *inputs = safetensors_metadata(f, "inputs");
    if (inputs)
        read_schema(inputs);
    bool filled = safetensors_fill(f, s, &e);
    if (before && !filled && (memcmp(s->param, before->param, s->floats * sizeof(float)) || s->place.step))
        abort();
    if (filled && !state_finite(s))
        abort();
    state_free(before);
    state_free(s);
    safetensors_close(f);
    return 0;
}
