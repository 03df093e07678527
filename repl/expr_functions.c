/* expr_functions.c - the functions of expressions, each beside its derivative.
 *
 * One kind works value by value: y = f(x), slope f'(x). The other reduces all values of its arguments to one:
 * y = f(x0, x1 …), slopes ∂y/∂xi. Where a derivative does not exist the slope is PyTorch's: abs, relu and
 * norm have 0 at 0, equal values share the slope of min and max, log and sqrt have an infinite one at 0.
 * sparsity counts, so it is flat wherever it has a slope at all, and passes none on. */
#include "expr_tree.h"

#include <math.h>

/* --- value by value ------------------------------------------------------------------------------------ */

static double abs_slope(double x, double y)
{
    return x > 0 ? 1 : x < 0 ? -1 : x;
}

static double exp_slope(double x, double y)
{
    return y;
}

static double log_slope(double x, double y)
{
    return 1 / x;
}

static double sqrt_slope(double x, double y)
{
    return 0.5 / y;
}

static double tanh_slope(double x, double y)
{
    return 1 - y * y;
}

/* Either way exp() gets no positive number, and cannot overflow. */
static double sigmoid(double x)
{
    double tail = exp(-fabs(x));
    return (x < 0 ? tail : 1) / (1 + tail);
}

static double sigmoid_slope(double x, double y)
{
    return y * (1 - y);
}

static double relu(double x)
{
    return x < 0 ? 0 : x;
}

static double relu_slope(double x, double y)
{
    return x > 0;
}

static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double softplus_slope(double x, double y)
{
    return sigmoid(x);
}

static double sin_slope(double x, double y)
{
    return cos(x);
}

static double cos_slope(double x, double y)
{
    return -sin(x);
}

/* --- over all values ----------------------------------------------------------------------------------- */

static double norm_of(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

static void norm_slopes(const double *x, size_t n, double y, double *slope)
{
    for (size_t i = 0; i < n; i++)
        slope[i] = y == 0 ? 0 : x[i] / y;
}

static double sum_of(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

static void sum_slopes(const double *x, size_t n, double y, double *slope)
{
    for (size_t i = 0; i < n; i++)
        slope[i] = 1;
}

static double mean_of(const double *x, size_t n)
{
    return sum_of(x, n) / (double)n;
}

static void mean_slopes(const double *x, size_t n, double y, double *slope)
{
    for (size_t i = 0; i < n; i++)
        slope[i] = 1 / (double)n;
}

static double min_of(const double *x, size_t n)
{
    double best = x[0];
    for (size_t i = 1; i < n; i++)
        best = x[i] < best || isnan(x[i]) ? x[i] : best;
    return best;
}

static double max_of(const double *x, size_t n)
{
    double best = x[0];
    for (size_t i = 1; i < n; i++)
        best = x[i] > best || isnan(x[i]) ? x[i] : best;
    return best;
}

/* The values that are the smallest, or the largest, share the slope. */
static void chosen_slopes(const double *x, size_t n, double y, double *slope)
{
    size_t equal = 0;
    for (size_t i = 0; i < n; i++)
        equal += slope[i] = x[i] == y || (isnan(x[i]) && isnan(y));
    for (size_t i = 0; i < n; i++)
        slope[i] /= (double)equal;
}

/* The share of values that hardly count: below 1e-3. */
static double sparsity_of(const double *x, size_t n)
{
    size_t small = 0;
    for (size_t i = 0; i < n; i++)
        small += fabs(x[i]) < 1e-3;
    return (double)small / (double)n;
}

/* --- the table ----------------------------------------------------------------------------------------- */

static const struct expr_word functions[] = {
    {"norm", "norm(w[1])", "root of the sum of squares; slope x/norm, 0 at 0", WORD_FUNCTION, .all = norm_of,
        .all_slopes = norm_slopes},
    {"sum", "sum(w[1])", "sum of all values", WORD_FUNCTION, .all = sum_of, .all_slopes = sum_slopes},
    {"mean", "mean(a[1])", "mean of all values", WORD_FUNCTION, .all = mean_of, .all_slopes = mean_slopes},
    {"min", "min(w[1])", "smallest of all values; equal ones share its slope", WORD_FUNCTION, .all = min_of,
        .all_slopes = chosen_slopes},
    {"max", "max(w[1], 0)", "largest of all values; equal ones share its slope", WORD_FUNCTION, .all = max_of,
        .all_slopes = chosen_slopes},
    {"sparsity", "sparsity(w[1])", "share of values below 0.001; a count, so its slope is 0", WORD_FUNCTION,
        .all = sparsity_of},
    {"abs", "abs(x)", "without its sign, value by value; slope 1 or -1, 0 at 0", WORD_FUNCTION, .each = fabs,
        .each_slope = abs_slope},
    {"exp", "exp(x)", "e to the power of x, value by value; slope exp(x)", WORD_FUNCTION, .each = exp,
        .each_slope = exp_slope},
    {"log", "log(x)", "natural logarithm, value by value; slope 1/x", WORD_FUNCTION, .each = log,
        .each_slope = log_slope},
    {"sqrt", "sqrt(x)", "square root, value by value; slope 1/(2*sqrt(x))", WORD_FUNCTION, .each = sqrt,
        .each_slope = sqrt_slope},
    {"pow", "pow(x, 3)", "x to the power of 3, as x^3; slope 3*x^2", WORD_FUNCTION, .stands_for = OP_POWER},
    {"sin", "sin(x)", "sine, value by value; slope cos(x)", WORD_FUNCTION, .each = sin,
        .each_slope = sin_slope},
    {"cos", "cos(x)", "cosine, value by value; slope -sin(x)", WORD_FUNCTION, .each = cos,
        .each_slope = cos_slope},
    {"tanh", "tanh(x)", "hyperbolic tangent, value by value; slope 1 - tanh(x)^2", WORD_FUNCTION,
        .each = tanh, .each_slope = tanh_slope},
    {"sigmoid", "sigmoid(x)", "1/(1 + exp(-x)), value by value; slope y*(1 - y)", WORD_FUNCTION,
        .each = sigmoid, .each_slope = sigmoid_slope},
    {"relu", "relu(x)", "x, and 0 below 0, value by value; slope 1 or 0, 0 at 0", WORD_FUNCTION, .each = relu,
        .each_slope = relu_slope},
    {"softplus", "softplus(x)", "log(1 + exp(x)), value by value; slope sigmoid(x)", WORD_FUNCTION,
        .each = softplus, .each_slope = softplus_slope},
    {"grad", "grad(w)",
        "the slope that the last `backward NAME` found by w, or by a weight: grad(w[1][0,2]); 0 where NAME "
        "does not depend on it",
        WORD_FUNCTION, .unevaluated = lets_gradient},
};

const struct expr_word *expr_function_at(size_t i)
{
    return i < sizeof functions / sizeof functions[0] ? &functions[i] : NULL;
}
