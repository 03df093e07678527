/* fuzz_import.c - bytes to a tensor file, and from it, as PyTorch's and as Keras's, into the state of a small
 * model. */
#include "../../src/error.h"
#include "../../src/io/import.h"
#include "../../src/memory.h"
#include "../../src/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct model *with(struct model *m, const char *type, const char *first, const char *second)
{
    struct error e;
    struct args args;
    const struct word words[] = {{.text = first}, {.text = second}};
    struct layer_spec spec = {.type = layer_type_find(type)};
    if (!m || !args_bind(type, spec.type->args, words, !!first + !!second, &args, &e))
        abort();
    memcpy(spec.arg, args.value, sizeof spec.arg);
    struct model *next = model_with_layer(m, m->layers, &spec, &e);
    model_unref(m);
    return next;
}

/* input 4, embedding 3 2, attention 1, flatten, batchnorm, dense 2. */
static struct state *make_state(void)
{
    struct error e;
    struct model *empty = model_new(&e),
                 *m = empty ? model_with_input(empty, shape_of(1, 4), true, &e) : NULL;
    m = with(m, "embedding", "3", "2");
    m = with(m, "attention", "1", NULL);
    m = with(m, "flatten", NULL, NULL);
    m = with(m, "batchnorm", NULL, NULL);
    m = with(m, "dense", "2", NULL);
    struct state *s = m ? state_new(m, 0, 1, &e) : NULL;
    if (!s)
        abort();
    model_unref(empty);
    model_unref(m);
    return s;
}

static void try_import(const struct tensor_file *f, const char *origin, bool partial)
{
    struct error e = {{0}, 0, 0};
    struct text told = {0};
    struct state *s = make_state(), *before = state_copy(s, &e);
    bool filled = import_weights(f, origin, partial, s, &told, &e);
    if (!filled && !*e.text)
        abort();
    if (before && !filled && memcmp(s->param, before->param, s->floats * sizeof(float)))
        abort();
    if (filled && (!state_finite(s) || !told.length))
        abort();
    text_release(&told);
    state_free(before);
    state_free(s);
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
    if (!f)
        return 0;
    for (int partial = 0; partial < 2; partial++)
        for (size_t i = 0; import_origin(i); i++)
            try_import(f, import_origin(i), partial);
    safetensors_close(f);
    return 0;
}
