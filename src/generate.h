/* generate.h - text from a network that says at each position what comes next.
 *
 * The network reads the last characters, as many as it has positions, and its output behind the newest one is
 * a distribution, from which the next is drawn. What a position says must not depend on later ones: recurrent
 * and causal networks. Any thread. */
#ifndef GRADUS_GENERATE_H
#define GRADUS_GENERATE_H

#include "data.h"
#include "state.h"
#include "text.h"

struct generate {
    const char *prompt;
    size_t count;       /* characters to add */
    double temperature; /* 0: always the likeliest; 1: as the network says; more: bolder */
    uint64_t seed;
};

/* Appends prompt and continuation to `out`. `d` has the characters. An error when the network does not give
 * a softmax over them at each position, when the prompt is empty or has a character that it never saw, or
 * when cancelled. */
bool generate_text(const struct state *s, const struct data *d, const struct generate *g, struct text *out,
    const atomic_bool *cancel, struct error *e);

#endif
