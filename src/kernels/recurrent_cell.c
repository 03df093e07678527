/* recurrent_cell.c - the arithmetic of the cells, one row of u units at a time: see recurrent.h for the
 * formulas.
 *
 * Slopes come from the values: σ' = σ(1 - σ), tanh' = 1 - tanh². The LSTM's c' is computed again on the way
 * back, which costs less than to keep it. */
#include "recurrent_cell.h"
#include "simd.h"

INLINE float sigmoid(float z)
{
    return 1 / (1 + expf(-z));
}

/* --- simple: slot 0 keeps h', and slot 1 z where the slope needs it --- */

KERNEL
static void row_sum(float *z, const float *bias, size_t u)
{
#pragma omp simd
    for (size_t j = 0; j < u; j++)
        z[j] += bias[j];
}

KERNEL
static void row_copy(const float *from, float *to, size_t u)
{
#pragma omp simd
    for (size_t j = 0; j < u; j++)
        to[j] = from[j];
}

static float *sums(const struct recurrent *r, const float *z)
{
    return (float *)z + (size_t)r->cell->input[0].slot * r->units;
}

static void simple_forward(const struct recurrent *r, const float *bias, float *z, float *state)
{
    float *sum = sums(r, z);
    row_sum(sum, bias, r->units);
    r->activate(sum, z, 1, r->units);
    row_copy(z, state, r->units);
}

static void simple_backward(
    const struct recurrent *r, const float *z, const float *before, float *dz, float *dstate)
{
    r->slope(sums(r, z), z, dstate, sums(r, dz), 1, r->units);
    for (size_t j = 0; j < r->units; j++)
        dstate[j] = 0;
}

/* --- lstm: slots i f c o --- */

KERNEL
static void lstm_forward(const struct recurrent *r, const float *bias, float *z, float *state)
{
    size_t u = r->units;
    float *h = state, *c = state + u;
#pragma omp simd
    for (size_t j = 0; j < u; j++) {
        float i = sigmoid(z[j] + bias[j]), f = sigmoid(z[u + j] + bias[u + j]);
        float g = tanhf(z[2 * u + j] + bias[2 * u + j]), o = sigmoid(z[3 * u + j] + bias[3 * u + j]);
        z[j] = i;
        z[u + j] = f;
        z[2 * u + j] = g;
        z[3 * u + j] = o;
        c[j] = f * c[j] + i * g;
        h[j] = o * tanhf(c[j]);
    }
}

KERNEL
static void lstm_backward(
    const struct recurrent *r, const float *z, const float *before, float *dz, float *dstate)
{
    size_t u = r->units;
    const float *c = before + u;
    float *dh = dstate, *dc = dstate + u;
#pragma omp simd
    for (size_t j = 0; j < u; j++) {
        float i = z[j], f = z[u + j], g = z[2 * u + j], o = z[3 * u + j];
        float squeezed = tanhf(f * c[j] + i * g);
        float d = dc[j] + dh[j] * o * (1 - squeezed * squeezed);
        dz[j] = d * g * i * (1 - i);
        dz[u + j] = d * c[j] * f * (1 - f);
        dz[2 * u + j] = d * i * (1 - g * g);
        dz[3 * u + j] = dh[j] * squeezed * o * (1 - o);
        dc[j] = d * f;
        dh[j] = 0;
    }
}

/* --- gru: slots z r q h, where q = h·U + rb is what r acts on --- */

KERNEL
static void gru_forward(const struct recurrent *r, const float *bias, float *z, float *state)
{
    size_t u = r->units;
    const float *again = bias + 3 * u;
#pragma omp simd
    for (size_t j = 0; j < u; j++) {
        float keep = sigmoid(z[j] + bias[j] + again[j]);
        float reset = sigmoid(z[u + j] + bias[u + j] + again[u + j]);
        float q = z[2 * u + j] + again[2 * u + j];
        float fresh = tanhf(z[3 * u + j] + bias[2 * u + j] + reset * q);
        z[j] = keep;
        z[u + j] = reset;
        z[2 * u + j] = q;
        z[3 * u + j] = fresh;
        state[j] = fresh + keep * (state[j] - fresh);
    }
}

KERNEL
static void gru_backward(
    const struct recurrent *r, const float *z, const float *before, float *dz, float *dstate)
{
    size_t u = r->units;
#pragma omp simd
    for (size_t j = 0; j < u; j++) {
        float keep = z[j], reset = z[u + j], q = z[2 * u + j], fresh = z[3 * u + j], d = dstate[j];
        float dfresh = d * (1 - keep) * (1 - fresh * fresh);
        dz[j] = d * (before[j] - fresh) * keep * (1 - keep);
        dz[u + j] = dfresh * q * reset * (1 - reset);
        dz[2 * u + j] = dfresh * reset;
        dz[3 * u + j] = dfresh;
        dstate[j] = d * keep;
    }
}

/* --- gru_before: slots z r p h, where p = r·h is what U is multiplied by --- */

KERNEL
static void before_between(const struct recurrent *r, const float *bias, float *z, const float *state)
{
    size_t u = r->units;
#pragma omp simd
    for (size_t j = 0; j < u; j++) {
        z[j] = sigmoid(z[j] + bias[j]);
        z[u + j] = sigmoid(z[u + j] + bias[u + j]);
        z[2 * u + j] = z[u + j] * state[j];
    }
}

KERNEL
static void before_forward(const struct recurrent *r, const float *bias, float *z, float *state)
{
    size_t u = r->units;
#pragma omp simd
    for (size_t j = 0; j < u; j++) {
        float fresh = tanhf(z[3 * u + j] + bias[2 * u + j]);
        z[3 * u + j] = fresh;
        state[j] = fresh + z[j] * (state[j] - fresh);
    }
}

KERNEL
static void before_backward(
    const struct recurrent *r, const float *z, const float *before, float *dz, float *dstate)
{
    size_t u = r->units;
#pragma omp simd
    for (size_t j = 0; j < u; j++) {
        float keep = z[j], fresh = z[3 * u + j], d = dstate[j];
        dz[j] = d * (before[j] - fresh) * keep * (1 - keep);
        dz[3 * u + j] = d * (1 - keep) * (1 - fresh * fresh);
        dstate[j] = d * keep;
    }
}

KERNEL
static void before_between_back(
    const struct recurrent *r, const float *z, const float *before, float *dz, float *dstate)
{
    size_t u = r->units;
#pragma omp simd
    for (size_t j = 0; j < u; j++) {
        float reset = z[u + j], dp = dz[2 * u + j];
        dz[u + j] = dp * before[j] * reset * (1 - reset);
        dstate[j] += dp * reset;
    }
}

const struct recurrent_cell recurrent_simple = {
    .gates = 1,
    .slots = 1,
    .states = 1,
    .biases = 1,
    .input = {{.count = 1}},
    .state = {{.count = 1}},
    .bias = {{.count = 1}},
    .forward = simple_forward,
    .backward = simple_backward,
};

const struct recurrent_cell recurrent_simple_z = {
    .gates = 1,
    .slots = 2,
    .states = 1,
    .biases = 1,
    .input = {{.slot = 1, .count = 1}},
    .state = {{.slot = 1, .count = 1}},
    .bias = {{.slot = 1, .count = 1}},
    .forward = simple_forward,
    .backward = simple_backward,
};

const struct recurrent_cell recurrent_lstm = {
    .gates = 4,
    .slots = 4,
    .states = 2,
    .biases = 4,
    .input = {{.count = 4}},
    .state = {{.count = 4}},
    .bias = {{.count = 4}},
    .forward = lstm_forward,
    .backward = lstm_backward,
};

const struct recurrent_cell recurrent_gru = {
    .gates = 3,
    .slots = 4,
    .states = 1,
    .biases = 6,
    .input = {{.count = 2}, {.column = 2, .slot = 3, .count = 1}},
    .state = {{.count = 3}},
    .bias = {{.count = 2}, {.column = 2, .slot = 3, .count = 1}, {.column = 3, .count = 3}},
    .apart = 2,
    .forward = gru_forward,
    .backward = gru_backward,
};

const struct recurrent_cell recurrent_gru_before = {
    .gates = 3,
    .slots = 4,
    .states = 1,
    .biases = 3,
    .input = {{.count = 2}, {.column = 2, .slot = 3, .count = 1}},
    .state = {{.count = 2}, {.column = 2, .slot = 3, .count = 1, .from = 2}},
    .bias = {{.count = 2}, {.column = 2, .slot = 3, .count = 1}},
    .forward = before_forward,
    .backward = before_backward,
    .between = before_between,
    .between_back = before_between_back,
};
