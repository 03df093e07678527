/* gate.c - logic gates: the four rows of a truth table.
 *
 * All four train and none is held out, for a gate with three of its rows is another gate. The rows keep the
 * order of the table: 00, 01, 10, 11. */
#include "source.h"

static const struct {
    const char *name;
    float truth[4];
} gates[] = {
    {"and", {0, 0, 0, 1}},
    {"or", {0, 1, 1, 1}},
    {"xor", {0, 1, 1, 0}},
    {"nand", {1, 1, 1, 0}},
};

static const char *gate_choice(size_t i)
{
    return i < sizeof gates / sizeof *gates ? gates[i].name : NULL;
}

static const struct arg_row gate_rows[] = {
    {"op", ARG_CHOICE, "which gate", .choice = gate_choice, .initial = "and"},
    {0},
};

static struct data *make_gate(
    const struct args *args, uint64_t seed, const atomic_bool *cancel, struct error *e)
{
    struct data *d = data_begin("gate", 4, 2, 2, 1, e);
    if (!d)
        return NULL;
    for (int i = 0; i < 4; i++) {
        d->raw_x[2 * i] = (float)(i / 2);
        d->raw_x[2 * i + 1] = (float)(i % 2);
        d->t[i] = gates[(int)args->value[0].number].truth[i];
    }
    for (int c = 0; c < 2; c++) {
        d->low[c] = -0.5f;
        d->high[c] = 1.5f;
    }
    if (!data_name(&d->note,
            "a gate has nothing to hold out: all 4 samples train, and val_ metrics have no value", e)) {
        data_unref(d);
        return NULL;
    }
    return data_finish(d, &(struct data_finish){.generated = true, .seed = seed}, e);
}

const struct data_source data_gate = {
    .name = "gate",
    .summary = "a logic gate: two inputs of 0 or 1, and 0 or 1 out",
    .example = "data gate op=xor",
    .args = gate_rows,
    .generated = true,
    .make = make_gate,
};
