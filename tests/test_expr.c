/* test_expr.c - expressions: arithmetic, the session's quantities, places, names, and what is refused. */
#include "typing.h"

#include "../src/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int set_up(void **state)
{
    prompt_open();
    type_well("seed 1; data circle; dense 3 tanh name=h1; dropout 0.5; dense 1 tanh; compile sgd lr=0.03");
    type_well("set w[h1] [[1 2 3] [4 5 6]]; set b[1] [7 8 9]");
    return 0;
}

static int tear_down(void **state)
{
    prompt_close();
    return 0;
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        double value;
    } row[] = {{"1 + 2 * 3", 7}, {"(1 + 2) * 3", 9}, {"2 ^ 3 ^ 2", 512}, {"-2 ^ 2", -4}, {"2 ^ -1", 0.5},
        {"7 % 4", 3}, {"10 / 4", 2.5}, {"1 < 2", 1}, {"1 >= 2", 0}, {"1 == 1 and not 2 == 3", 1},
        {"0 or 0", 0}, {"not 1 or 1", 1}, {"1e3 + .5", 1000.5}, {"abs(-3)", 3}, {"sqrt(16)", 4},
        {"exp(0)", 1}, {"log(1)", 0}, {"tanh(0)", 0}, {"max(1, 5, 3)", 5}, {"min(2, -1)", -1},
        {"mean(1, 2)", 1.5}, {"sum(1, 2, 3)", 6}, {"norm(3, 4)", 5}, {"pow(2, 3)", 8}, {"relu(-2)", 0},
        {"relu(2)", 2}, {"sigmoid(0)", 0.5}, {"softplus(-800)", 0}, {"softplus(800)", 800},
        {"sigmoid(-800)", 0}, {"sin(0)", 0}, {"cos(0)", 1}, {"-(1 + 2) * 2", -6}, {"lr", 0.03}, {"layers", 3},
        {"params", 13}, {"epoch", 0}, {"step", 0}, {"seed", 1}, {"layer[1].units", 3},
        {"layer[h1].params", 9}, {"layer[0].units", 2}, {"layer[2].rate", 0.5}, {"layer[1].type == dense", 1},
        {"layer[1].activation != relu", 1}, {"layer[1].name == \"h1\"", 1}, {"w[1][0,2]", 3},
        {"w[h1][1,-1]", 6}, {"b[1][3 - 1]", 9}, {"sum(w[1])", 21}, {"sum(w[1][:,0])", 5}, {"sum(w[1][0])", 6},
        {"max(w[1][0,0:2])", 2}, {"norm(w[1] - w[1])", 0}, {"sum(w[1] * 2 > 6)", 3},
        {"norm(grad) == norm(grad.w[1], grad.b[1], grad.w[3], grad.b[3])", 1}, {"sum(grad == grad)", 13},
        {"sum(grad != 0) > 0", 1}, {"sparsity(w[1] * 0)", 1}, {"sparsity(w[1])", 0}, {"0 and nonsense", 0},
        {"1 or nonsense", 1}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct error e;
        double value;
        if (!expr_number(&prompt, row[i].text, &value, &e))
            fail_msg("%s: %s", row[i].text, e.text);
        if (fabs(value - row[i].value) > 1e-9 * fabs(row[i].value))
            fail_msg("%s is %.17g", row[i].text, value);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *text;
        int offset;
        const char *part;
    } row[] = {{"", 0, "too early"}, {"1 +", 3, "too early"}, {"1 + * 2", 4, "value must stand"},
        {"(1 + 2", 6, "')'"}, {"1)", 1, "closes nothing"}, {"1 = 2", 2, "=="}, {"1 < 2 < 3", 6, "and"},
        {"val_los", 0, "did you mean 'val_loss'"}, {"1 2", 2, "operator"}, {"foo(1)", 0, "unknown function"},
        {"norm", 0, "function"}, {"w", 0, "needs a layer"}, {"w[9]", 0, "layer"}, {"w[1][2,0]", 5, "0 to 1"},
        {"w[1][0,0,0]", 0, "too many"}, {"w[2]", 0, "no weights"}, {"w[1][0.5,0]", 5, "whole"},
        {"layer[1].colour", 0, "no field"}, {"1e999", 0, "number"}, {"0x10", 0, "number"},
        {"w[1] + b[1]", 0, "do not go together"}, {"layer[1].type + 1", 0, "text"}, {"w[1] and 1", 0, "join"},
        {"abs(1, 2)", 0, "one value"}, {"1 + pow(2)", 4, "two values"}, {"grad(1 + 1)", 0, "a name of `let`"},
        {"2 * (w[1] + b[1])", 4, "do not go together"}, {"and", 0, "missing"}, {"3[0]", 1, "operator"},
        {"\"abc", 0, "never closed"}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct error e;
        double value;
        if (expr_number(&prompt, row[i].text, &value, &e))
            fail_msg("'%s' is not refused", row[i].text);
        if (!strstr(e.text, row[i].part) || e.offset != row[i].offset)
            fail_msg("'%s': %s at %d", row[i].text, e.text, e.offset);
    }
}

/* However deep or long: an error, no crash. */
static void test_deep(void **state)
{
    enum { LONG = 1 << 20 };
    static const char *const piece[] = {
        "(", "-", "not ", "2^", "1+", "abs(", "w[", "1,", "1 and ", "!", "w[1]["};
    char *text = malloc(LONG + 1);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof piece / sizeof *piece; i++) {
        size_t n = strlen(piece[i]), at = 0;
        struct error e;
        for (; at + n < LONG; at += n)
            memcpy(text + at, piece[i], n);
        text[at] = '\0';
        assert_null(expr_parse(text, &e));
        assert_true(e.text[0]);
    }
    free(text);
}

static void assert_prints(const char *line, const char *expected)
{
    type_well(line);
    assert_string_equal(text_get(&printed), expected);
}

static void test_print(void **state)
{
    assert_prints("print 1/3, 2, 1e20", "0.333333333 2 1e+20\n");
    assert_prints("print 0/0, 1/0, -1/0, -0", "nan inf -inf 0\n");
    assert_prints("print w[1]", "[[1 2 3] [4 5 6]]\n");
    assert_prints("print w[1][:,1], b[1][0:2]", "[2 5] [7 8]\n");
    assert_prints("print layer[1].type, layer[2].type", "dense dropout\n");
}

static void test_let(void **state)
{
    type_well("let x = 2");
    type_well("let w = 0.5; let b=1; let y = tanh(w * x - b) + w[1][0,0]; let x = 9");
    assert_prints("print y - (tanh(3.5) + 1), w, x", "0 0.5 9\n"); /* y follows x … */
    type_well("set w[1][0,0] 5");
    assert_prints("print y - (tanh(3.5) + 1)", "0\n"); /* … and has read the session when it was named */
    type_well("set w[1][0,0] 1");
    type_well("let before = w[1]; set w[1] 0");
    assert_prints("print norm(before) > 0, before[0,2], norm(w[1])", "1 3 0\n");
    type_well("set w[h1] [[1 2 3] [4 5 6]]");
    assert_false(type("let loss = 3"));
    assert_non_null(strstr(text_get(&printed), "quantity"));
    assert_false(type("let val_accuracy = 3"));
    assert_false(type("let norm = 3"));
    assert_false(type("let and = 3"));
    assert_false(type("let 3x = 3"));
    assert_false(type("let z"));
    assert_false(type("let z = 1 +"));
    assert_false(type("print z"));
}

static void test_probe(void **state)
{
    struct error e;
    double a, z, delta, bias, gradient, output;
    type_well("remove 2; forward sample=3; backward");
    assert_true(expr_number(&prompt, "a[1][2]", &a, &e));
    assert_true(expr_number(&prompt, "tanh(a[0][0] * w[1][0,2] + a[0][1] * w[1][1,2] + b[1][2])", &z, &e));
    assert_true(fabs(a - z) < 1e-6);
    assert_true(expr_number(&prompt, "delta[2][0]", &delta, &e));
    assert_true(expr_number(&prompt, "grad.b[2][0]", &bias, &e));
    assert_true(delta == bias); /* one sample: the bias's slope is delta */
    assert_true(expr_number(&prompt, "grad.w[2][2,0]", &gradient, &e));
    assert_true(fabs(gradient - delta * a) <= 1e-6 * fabs(gradient));
    type_well("forward n=4");
    assert_true(expr_number(&prompt, "sum(a[2][:,0])", &output, &e));
    type_well("undo"); /* the removed dropout */
}

static void test_place(void **state)
{
    struct error e;
    struct place_ref p;
    assert_true(expr_place(&prompt, "w[h1][:,1]", &p, &e));
    assert_int_equal(p.layer, 1);
    assert_int_equal(p.count, 2);
    assert_int_equal(p.element[0], 1);
    assert_int_equal(p.element[1], 4);
    memory_free(p.element);
    assert_false(expr_place(&prompt, "a[1][0]", &p, &e));
    assert_false(expr_place(&prompt, "w[1][0,5]", &p, &e));
    assert_false(expr_place(&prompt, "loss", &p, &e));
    type_well("set w[1][:,1] [20 50]");
    assert_prints("print w[1]", "[[1 20 3] [4 50 6]]\n");
    type_well("set w[1][0,0] w[1][0,1] / 2");
    assert_prints("print w[1][0,0]", "10\n");
    assert_false(type("set w[1][:,1] [1 2 3]"));
    assert_non_null(strstr(text_get(&printed), "2 values"));
    assert_false(type("set w[1][0,0] 1/0"));
    assert_false(type("set w[1][0,0] nonsense"));
    static const char *const refused[] = {"[[1 2] [3 4] [5 6]]", "[[1 2 3] [4 5]]", "[[1 2 3] 4 5 6]",
        "[1 2 3 [4 5 6]]", "[]", "[[]]", "[[1 2 3] [4 5 x]]", "[[[1 2 3] [4 5 6]]]", "[1 2 3 4 5 6] 7",
        "[1 2 3 4 5 1e39]", "[[[[[[[1]]]]]]]"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char line[128];
        snprintf(line, sizeof line, "set w[h1] %s", refused[i]);
        if (type(line))
            fail_msg("'%s' is not refused", line);
    }
    assert_prints("print w[1]", "[[10 20 3] [4 50 6]]\n");
    type_well("set w[h1] [6 5 4 3 2 1]; set w[h1] [[1, 2, 3], [4, 5, 6]]");
    assert_prints("print w[1]", "[[1 2 3] [4 5 6]]\n");
}

static void test_watch(void **state)
{
    type_well("watch w[1][0,2]");
    type_well("watch 1 + 1");
    type_well("step");
    assert_non_null(strstr(text_get(&printed), "w[1][0,2]"));
    assert_non_null(strstr(text_get(&printed), "1 + 1      2"));
    assert_false(type("watch 1 +"));
    assert_false(type("watch 1, 2"));
    type_well("watch off");
    assert_string_equal(text_get(&printed), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_let),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_watch),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
