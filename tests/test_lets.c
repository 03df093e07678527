/* test_lets.c - names that follow each other, and slopes through them: every function and operator against a
 * central difference, against numbers from PyTorch (reference/make_gradients.py), and over tensors. */
#include "typing.h"

#include "../repl/expr_tree.h"

#include <math.h>
#include <stdio.h>

static int set_up(void **state)
{
    prompt_open();
    type_well("seed 1; data circle; dense 3 tanh name=h1; dense 1 tanh; compile sgd lr=0.03");
    type_well("set w[h1] [[1 2 3] [4 5 6]]");
    return 0;
}

static int tear_down(void **state)
{
    prompt_close();
    return 0;
}

static double value_of_text(const char *text)
{
    struct error e;
    double value = 0;
    if (!expr_number(&prompt, text, &value, &e))
        fail_msg("%s: %s", text, e.text);
    return value;
}

static void typef(const char *format, ...)
{
    char line[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    type_well(line);
}

static void assert_prints(const char *line, const char *expected)
{
    type_well(line);
    assert_string_equal(text_get(&printed), expected);
}

static void assert_refused(const char *line, const char *part)
{
    if (type(line))
        fail_msg("'%s' is not refused", line);
    if (!strstr(text_get(&printed), part))
        fail_msg("'%s': %s", line, text_get(&printed));
}

/* --- slopes against differences ------------------------------------------------------------------------- */

/* The error of a central difference is h² times the third derivative, and rounding over h: near 1e-9 here. */
static void check_slope(const char *text, const char *name)
{
    const double h = 1e-5;
    char grad[64];
    typef("let whole = %s; backward whole", text);
    snprintf(grad, sizeof grad, "grad(%s)", name);
    double slope = value_of_text(grad), at = value_of_text(name);
    typef("set %s %.17g", name, at + h);
    double above = value_of_text("whole");
    typef("set %s %.17g", name, at - h);
    double difference = (above - value_of_text("whole")) / (2 * h);
    typef("set %s %.17g", name, at);
    if (!(fabs(slope - difference) <= 1e-8 * (1 + fabs(slope))))
        fail_msg("%s by %s at %g: slope %.12g, difference %.12g", text, name, at, slope, difference);
}

static void test_each_function(void **state)
{
    char text[64];
    int functions = 0;
    for (size_t i = 0; expr_function_at(i); i++) {
        const struct expr_word *f = expr_function_at(i);
        if (!f->each)
            continue;
        functions++;
        assert_non_null(f->each_slope);
        for (double x = -2.25; x < 3; x += 0.5) {
            if (isnan(f->each(x)))
                continue;
            typef("let x = %g", x);
            snprintf(text, sizeof text, "%s(x)", f->name);
            check_slope(text, "x");
        }
    }
    assert_true(functions >= 10);
}

static void test_all_function(void **state)
{
    char text[64];
    type_well("let p = -0.5; let q = 2.25; let s = 1.5");
    for (size_t i = 0; expr_function_at(i); i++) {
        const struct expr_word *f = expr_function_at(i);
        if (!f->all)
            continue;
        assert_true(f->all_slopes || !strcmp(f->name, "sparsity"));
        snprintf(text, sizeof text, "%s(p, q, s, q)", f->name);
        check_slope(text, "p");
        check_slope(text, "q");
        check_slope(text, "s");
    }
}

static void test_operators(void **state)
{
    static const char *const text[] = {"p + q", "p - q", "p * q", "p / q", "q ^ p", "q ^ 3 - p ^ 2", "q % p",
        "-p * -q", "pow(q, p)", "p < q", "p == q", "p and q", "not p", "(p > 0) * p + q", "(p < 0) * p + q",
        "tanh(p * q + p) / exp(q ^ 2 - p)"};
    type_well("let p = -0.75; let q = 1.75");
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        check_slope(text[i], "p");
        check_slope(text[i], "q");
    }
}

/* Over a tensor each slope is that of the same function of numbers; tensors are float32. */
static void test_tensors(void **state)
{
    for (size_t i = 0; expr_function_at(i); i++) {
        const struct expr_word *f = expr_function_at(i);
        if (!f->each && !f->all)
            continue;
        if (f->each)
            typef("let x = 3; let one = 2 * %s(x); let whole = sum(2 * %s(w[1]))", f->name, f->name);
        else
            typef(
                "let x = 3; let one = 2 * %s(1, 2, x, 4, 5, 6); let whole = 2 * %s(w[1])", f->name, f->name);
        type_well("backward one");
        double slope = value_of_text("grad(x)");
        type_well("backward whole");
        double found = value_of_text("grad(w[h1][0,2])");
        if (fabs(found - slope) > 1e-6 * fabs(slope))
            fail_msg("%s: %.9g over a tensor, %.9g alone", f->name, found, slope);
    }
    type_well("let k = 2; let t = w[1]; let s = sum((k * t[:,1]) ^ 2) + t[0,1] / k; backward s");
    assert_prints("print grad(t), grad(t[0,1]), grad(k)", "[[0 16.5 0] [0 40 0]] 16.5 115.5\n");
}

/* --- PyTorch -------------------------------------------------------------------------------------------- */

static void compare(const char *text, const char *what, double found, double wanted)
{
    bool same = isfinite(wanted) ? fabs(found - wanted) <= 1e-12 * (1 + fabs(wanted))
                : isnan(wanted)  ? isnan(found)
                                 : found == wanted;
    if (!same)
        fail_msg("%s: %s is %.17g, PyTorch says %.17g", text, what, found, wanted);
}

/* One case: a text, its names with value and slope, and the value of the whole. */
static int read_case(FILE *f, char *text)
{
    char name[8][32], grad[64];
    double value[8], slope[8];
    int names = 0;
    if (fscanf(f, " case %999[^\n]", text) != 1)
        return 0;
    for (;; names++) {
        assert_int_equal(fscanf(f, "%31s %lf", name[names], &value[names]), 2);
        if (!strcmp(name[names], "value"))
            break;
        assert_int_equal(fscanf(f, "%lf", &slope[names]), 1);
        typef("let %s = %.17g", name[names], value[names]);
    }
    typef("let whole = %s; backward whole", text);
    compare(text, "the value", value_of_text("whole"), value[names]);
    for (int i = 0; i < names; i++) {
        snprintf(grad, sizeof grad, "grad(%s)", name[i]);
        compare(text, grad, value_of_text(grad), slope[i]);
    }
    return 1;
}

static void test_reference(void **state)
{
    char path[4096], text[1000];
    const char *root = getenv("GRADUS_SOURCE");
    int cases = 0;
    snprintf(path, sizeof path, "%s/tests/reference/gradients.txt", root ? root : ".");
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "#%*[^\n]"), 0);
    while (read_case(f, text))
        cases++;
    assert_true(feof(f));
    assert_true(cases > 30);
    fclose(f);
}

/* The same slopes as the network's own backward pass: they differ by the loss's slope alone. */
static void test_network(void **state)
{
    type_well("new; seed 1; data circle; dense 1 tanh; forward sample=3; backward");
    type_well("let p = tanh(a[0][0] * w[1][0,0] + a[0][1] * w[1][1,0] + b[1][0]); backward p");
    double wanted = value_of_text("grad.w[1][0,0] / grad.b[1][0]");
    double found = value_of_text("grad(w[1][0,0]) / grad(b[1][0])");
    assert_true(fabs(found - wanted) < 1e-5 * fabs(wanted));
    wanted = value_of_text("delta[1][0] / grad.w[1][1,0]");
    found = value_of_text("grad(b[1][0]) / grad(w[1][1,0])");
    assert_true(fabs(found - wanted) < 1e-5 * fabs(wanted));
    type_well("undo");
}

/* --- the graph ------------------------------------------------------------------------------------------ */

static void test_follows(void **state)
{
    type_well("let w = 2; let x = -3; let b = 1; let z = w*x + b; let y = z^2; let copy = y");
    assert_prints("print z, y, copy", "-5 25 25\n");
    type_well("set w 3");
    assert_prints("print z, y, copy", "-8 64 64\n");
    type_well("let x = 1");
    assert_prints("print z, y, copy", "4 16 16\n");
    type_well("let z = w - 1; set b 100");
    assert_prints("print y", "4\n");
    type_well("let w = x + 1"); /* x was made before, z follows w, x does not */
    assert_prints("print y", "1\n");
    type_well("set y y + 4; set w 9");
    assert_prints("print y, copy", "5 5\n"); /* a leaf now */
    type_well("let once = lr; set lr 0.5");
    assert_prints("print once", "0.03\n");
    type_well("set lr 0.03");
}

static void test_circles(void **state)
{
    type_well("let u = 2; let v = u * 3; let t2 = v + 1");
    assert_refused("let u = t2", "'t2' is made of 'u' already");
    assert_refused("let u = u + 1", "`set u u + 1`");
    assert_refused("let unheard = unheard + 1", "no value yet");
    assert_refused("print unheard", "unknown name");
    type_well("let lazy = 0 and later");
    assert_refused("let later = lazy", "cannot be made of itself");
    type_well("set u u + 1");
    assert_prints("print u, v, t2", "3 9 10\n");
}

static void test_failed_change(void **state)
{
    type_well("let m = 1; let n = 2 * m; let o = n * w[1] + w[1]");
    assert_refused("let m = w[2]", "o = n * w[1] + w[1] would have no value");
    assert_refused("set m w[2]", "would have no value");
    assert_refused("let m = 1 +", "too early");
    assert_refused("set m nonsense", "unknown name");
    assert_refused("set nonsense 1", "unknown setting");
    assert_prints("print m, n, o[0,0]", "1 2 3\n");
}

static void test_gradients_stay(void **state)
{
    type_well("let w = 2; let x = -3; let y = w*x; let other = 7; backward y");
    assert_prints(
        "print grad(w), grad(x), grad(y), grad(other), grad(lr), grad(w[1][0,0])", "-3 2 1 0 0 0\n");
    type_well("set w 5"); /* slopes are those of the pass until the next one */
    assert_prints("print grad(x), y", "2 -15\n");
    type_well("backward y; backward y");
    assert_prints("print grad(x), grad(w)", "5 -3\n");
    type_well("set w w - 0.1 * grad(w); set x x - 0.1 * grad(x)");
    assert_prints("print w, x", "5.3 -3.5\n");
    type_well("let kept = grad(x); backward kept");
    assert_prints("print kept, grad(x), grad(kept)", "5 0 1\n");
    assert_refused("backward w[1]", "no name of `let`");
    assert_refused("backward loss", "no name of `let`");
    type_well("let tensor = w[1]; let word = layer[1].type");
    assert_refused("backward tensor", "sum(tensor)");
    assert_refused("backward word", "text");
    assert_refused("print grad(word)", "text");
    assert_refused("print grad(w + 1)", "a name of `let`");
    assert_refused("print grad(w, x)", "a name of `let`");
    assert_refused("print grad(unheard)", "unknown name");
    assert_refused("print grad(w[1][7,0])", "0 to 1");
    assert_prints("print kept", "5\n");
}

static void test_before_backward(void **state)
{
    struct lets *filled = prompt.lets;
    prompt.lets = lets_new();
    type_well("let w = 1; let y = 2*w");
    assert_refused("print grad(w)", "`backward y`");
    lets_free(prompt.lets);
    prompt.lets = filled;
}

/* Each name is worked out once, however many ways lead to it; and there are no more than 256. */
static void test_many(void **state)
{
    struct lets *filled = prompt.lets;
    char expected[64];
    prompt.lets = lets_new();
    type_well("let n0 = 1");
    for (int i = 1; i < 256; i++)
        typef("let n%d = n%d + n%d", i, i - 1, i - 1);
    assert_refused("let n256 = 1", "256 names");
    type_well("set n0 3; backward n200");
    snprintf(expected, sizeof expected, "%.9g %.9g 0\n", 3 * ldexp(1, 200), ldexp(1, 200));
    assert_prints("print n200, grad(n0), grad(n201)", expected);
    lets_free(prompt.lets);
    prompt.lets = filled;
}

static void test_watch(void **state)
{
    type_well("let w = 2; let y = w^2; backward y; watch grad(w)");
    assert_non_null(strstr(text_get(&printed), "grad(w)  4"));
    type_well("set w 3; backward y; watch");
    assert_non_null(strstr(text_get(&printed), "grad(w)  6"));
    type_well("watch off");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_function),
        cmocka_unit_test(test_all_function),
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_tensors),
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_follows),
        cmocka_unit_test(test_circles),
        cmocka_unit_test(test_failed_change),
        cmocka_unit_test(test_gradients_stay),
        cmocka_unit_test(test_before_backward),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_network),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
