/* activation.c - see activation.h.
 *
 * A value function is written once as a scalar formula; the macros make the loop over a block of it, which
 * the compiler turns into vector code. Formulas have no branch around a math function, because a vector has
 * one path for all its values, and compare so that NaN falls through: `z < 0 ? 0 : z`, not `z > 0 ? z : 0`.
 *
 * Slopes come from y where they can, so that z need not be kept: tanh' = 1 - y², sigmoid' = y(1 - y). */
#include "activation.h"
#include "kernels/simd.h"
#include "kernels/threads.h"
#include "table.h"

#include <string.h>

enum { LANES = 16 };
static const double THREAD = 1 << 15; /* values that are worth a thread */

/* y[i] = value of z[i]. What does not fill a vector is padded to one: a scalar tanh costs as much as sixteen.
 */
#define FORWARD(name, formula)                                                               \
    INLINE float name##_value(float z)                                                       \
    {                                                                                        \
        return formula;                                                                      \
    }                                                                                        \
    KERNEL                                                                                   \
    static void name##_forward(const float *z, float *y, size_t rows, size_t width)          \
    {                                                                                        \
        size_t n = rows * width, whole = n / LANES * LANES;                                  \
        _Pragma("omp simd") for (size_t i = 0; i < whole; i++) y[i] = name##_value(z[i]);    \
        if (whole == n)                                                                      \
            return;                                                                          \
        float rest[LANES] = {0};                                                             \
        memcpy(rest, z + whole, (n - whole) * sizeof *rest);                                 \
        _Pragma("omp simd") for (int i = 0; i < LANES; i++) rest[i] = name##_value(rest[i]); \
        memcpy(y + whole, rest, (n - whole) * sizeof *rest);                                 \
    }

/* dz[i] = dy[i] · slope, a formula of v: y[i] or z[i], as `of` says. */
#define BACKWARD(name, of, formula)                                                             \
    INLINE float name##_slope(float v)                                                          \
    {                                                                                           \
        return formula;                                                                         \
    }                                                                                           \
    KERNEL                                                                                      \
    static void name##_backward(                                                                \
        const float *z, const float *y, const float *dy, float *dz, size_t rows, size_t width)  \
    {                                                                                           \
        size_t n = rows * width;                                                                \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) dz[i] = dy[i] * name##_slope(of[i]); \
    }

#define SELU_SCALE   1.05070098735548049342f
#define SELU_ALPHA   1.67326324235437728482f
#define LEAK         0.2f
#define INV_SQRT_2PI 0.39894228040143267794f

INLINE float positive(float z)
{
    return z > 0 ? z : 0;
}

INLINE float negative(float z)
{
    return z > 0 ? 0 : z;
}

INLINE float logistic(float z)
{
    return 1 / (1 + expf(-z));
}

/* exp(-z²/2) times a polynomial in t = 1 / (1 + 0.3 |z|), fitted to a relative error of 1.3e-7: the share of
 * a normal distribution beyond |z|. */
INLINE float normal_tail(float z, float bell)
{
    float t = 1 / (1 + 0.3f * fabsf(z));
    float p = 0.035939529f;
    p = p * t - 0.158308628f;
    p = p * t + 0.208263138f;
    p = p * t - 0.055446225f;
    p = p * t + 0.129497132f;
    p = p * t + 0.099628947f;
    p = p * t + 0.120799744f;
    p = p * t + 0.119626298f;
    return bell * p * t;
}

INLINE float bell_of(float z)
{
    return expf(-0.5f * z * z);
}

/* The share of a normal distribution below z; `bell` is bell_of(z), which its slope needs too. */
INLINE float normal_share(float z, float bell)
{
    float tail = normal_tail(z, bell);
    return z < 0 ? tail : 1 - tail;
}

INLINE float gelu_of(float z)
{
    return z * normal_share(z, bell_of(z));
}

INLINE float gelu_slope_of(float z)
{
    float bell = bell_of(z);
    return normal_share(z, bell) + z * INV_SQRT_2PI * bell;
}

FORWARD(sigmoid, logistic(z))
BACKWARD(sigmoid, y, v *(1 - v))

FORWARD(tanh, tanhf(z))
BACKWARD(tanh, y, 1 - v * v)

FORWARD(relu, z < 0 ? 0 : z)
BACKWARD(relu, y, v <= 0 ? 0.f : 1.f)

FORWARD(leaky_relu, z < 0 ? LEAK * z : z)
BACKWARD(leaky_relu, y, v <= 0 ? LEAK : 1.f)

FORWARD(elu, positive(z) + expm1f(negative(z)))
BACKWARD(elu, y, 1 + negative(v))

FORWARD(selu, SELU_SCALE *(positive(z) + SELU_ALPHA * expm1f(negative(z))))
BACKWARD(selu, y, v > 0 ? SELU_SCALE : v + SELU_SCALE * SELU_ALPHA)

FORWARD(gelu, gelu_of(z))
BACKWARD(gelu, z, gelu_slope_of(v))

FORWARD(silu, z *logistic(z))
BACKWARD(silu, z, logistic(v) * (1 + v * (1 - logistic(v))))

FORWARD(softplus, positive(z) + log1pf(expf(-fabsf(z))))
BACKWARD(softplus, y, -expm1f(-v))

static void linear_forward(const float *z, float *y, size_t rows, size_t width)
{
    if (y != z)
        memcpy(y, z, rows * width * sizeof *y);
}

static void linear_backward(
    const float *z, const float *y, const float *dy, float *dz, size_t rows, size_t width)
{
    if (dz != dy)
        memcpy(dz, dy, rows * width * sizeof *dz);
}

/* y = exp(z), over all rows at once: rows are often shorter than a vector. */
FORWARD(exp, expf(z))

/* Shifted by the row's largest value, so that no exponential overflows. */
KERNEL
static void softmax_shift(const float *z, float *y, size_t rows, size_t width)
{
    for (size_t i = 0; i < rows; i++, z += width, y += width) {
        float most = z[0];
        for (size_t j = 1; j < width; j++)
            most = z[j] > most ? z[j] : most;
#pragma omp simd
        for (size_t j = 0; j < width; j++)
            y[j] = z[j] - most;
    }
}

KERNEL
static void softmax_scale(float *y, size_t rows, size_t width)
{
    for (size_t i = 0; i < rows; i++, y += width) {
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t j = 0; j < width; j++)
            sum += y[j];
        float scale = 1 / sum;
#pragma omp simd
        for (size_t j = 0; j < width; j++)
            y[j] *= scale;
    }
}

static void softmax_forward(const float *z, float *y, size_t rows, size_t width)
{
    softmax_shift(z, y, rows, width);
    exp_forward(y, y, rows, width);
    softmax_scale(y, rows, width);
}

/* dz_j = y_j (dy_j - Σ_k y_k dy_k) */
KERNEL
static void softmax_backward(
    const float *z, const float *y, const float *dy, float *dz, size_t rows, size_t width)
{
    for (size_t i = 0; i < rows; i++, y += width, dy += width, dz += width) {
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t j = 0; j < width; j++)
            sum += y[j] * dy[j];
#pragma omp simd
        for (size_t j = 0; j < width; j++)
            dz[j] = y[j] * (dy[j] - sum);
    }
}

struct activating {
    const struct activation *a;
    const float *z, *y, *dy;
    float *to;
    size_t width;
};

static void forward_rows(const void *arg, size_t first, size_t count)
{
    const struct activating *s = arg;
    size_t at = first * s->width;
    s->a->forward(s->z + at, s->to + at, count, s->width);
}

static void backward_rows(const void *arg, size_t first, size_t count)
{
    const struct activating *s = arg;
    size_t at = first * s->width;
    s->a->backward(s->z ? s->z + at : NULL, s->y + at, s->dy + at, s->to + at, count, s->width);
}

void activation_forward(const struct activation *a, const float *z, float *y, size_t rows, size_t width)
{
    kernels_ranges(rows, kernels_grain(width), kernels_threads((double)rows * (double)width, THREAD),
        forward_rows, &(struct activating){.a = a, .z = z, .to = y, .width = width});
}

void activation_backward(const struct activation *a, const float *z, const float *y, const float *dy,
    float *dz, size_t rows, size_t width)
{
    kernels_ranges(rows, kernels_grain(width), kernels_threads((double)rows * (double)width, THREAD),
        backward_rows, &(struct activating){.a = a, .z = z, .y = y, .dy = dy, .to = dz, .width = width});
}

static const struct activation activations[] = {
    {
        .name = "linear",
        .summary = "passes the sum on as it is: for regression",
        .formula = "z",
        .forward = linear_forward,
        .backward = linear_backward,
        .low = -INFINITY,
        .high = INFINITY,
        .encoding = ENCODE_SIGN,
    },
    {
        .name = "sigmoid",
        .summary = "squeezes into 0 … 1: the chance of a yes",
        .formula = "1 / (1 + exp(-z))",
        .forward = sigmoid_forward,
        .backward = sigmoid_backward,
        .low = 0,
        .high = 1,
        .encoding = ENCODE_BIT,
    },
    {
        .name = "tanh",
        .summary = "squeezes into -1 … 1, centred on 0",
        .formula = "tanh(z)",
        .forward = tanh_forward,
        .backward = tanh_backward,
        .low = -1,
        .high = 1,
        .encoding = ENCODE_SIGN,
    },
    {
        .name = "relu",
        .summary = "cuts off below 0: cheap, and its slope does not fade",
        .formula = "max(0, z)",
        .forward = relu_forward,
        .backward = relu_backward,
        .rectifier = true,
        .low = 0,
        .high = INFINITY,
        .encoding = ENCODE_SIGN,
    },
    {
        .name = "leaky_relu",
        .summary = "relu that leaks a fifth below 0, so that no unit dies",
        .formula = "z where z > 0, else 0.2 z",
        .forward = leaky_relu_forward,
        .backward = leaky_relu_backward,
        .rectifier = true,
        .low = -INFINITY,
        .high = INFINITY,
        .encoding = ENCODE_SIGN,
    },
    {
        .name = "elu",
        .summary = "relu with a smooth bend down to -1",
        .formula = "z where z > 0, else exp(z) - 1",
        .forward = elu_forward,
        .backward = elu_backward,
        .rectifier = true,
        .low = -1,
        .high = INFINITY,
        .encoding = ENCODE_SIGN,
    },
    {
        .name = "selu",
        .summary = "elu scaled so that deep stacks keep mean 0 and variance 1",
        .formula = "1.0507 (z where z > 0, else 1.6733 (exp(z) - 1))",
        .forward = selu_forward,
        .backward = selu_backward,
        .rectifier = true,
        .low = -SELU_SCALE * SELU_ALPHA,
        .high = INFINITY,
        .encoding = ENCODE_SIGN,
    },
    {
        .name = "gelu",
        .summary = "z times the share of a normal distribution below it",
        .formula = "z (1 + erf(z / sqrt(2))) / 2",
        .forward = gelu_forward,
        .backward = gelu_backward,
        .needs_z = true,
        .rectifier = true,
        .low = -0.17f,
        .high = INFINITY,
        .encoding = ENCODE_SIGN,
    },
    {
        .name = "silu",
        .summary = "z times its sigmoid, also called swish",
        .formula = "z / (1 + exp(-z))",
        .forward = silu_forward,
        .backward = silu_backward,
        .needs_z = true,
        .rectifier = true,
        .low = -0.2785f,
        .high = INFINITY,
        .encoding = ENCODE_SIGN,
    },
    {
        .name = "softplus",
        .summary = "relu with a rounded corner",
        .formula = "log(1 + exp(z))",
        .forward = softplus_forward,
        .backward = softplus_backward,
        .rectifier = true,
        .low = 0,
        .high = INFINITY,
        .encoding = ENCODE_SIGN,
    },
    {
        .name = "softmax",
        .summary = "turns a row of sums into chances that add up to 1",
        .formula = "exp(z_k) / sum of exp(z)",
        .forward = softmax_forward,
        .backward = softmax_backward,
        .low = 0,
        .high = 1,
        .encoding = ENCODE_ONE_HOT,
    },
};

TABLE(activation, activations, &activations[i])
