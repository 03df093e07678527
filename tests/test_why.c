/* test_why.c - the doctor finds what was made wrong on purpose, and is content when nothing is. */
#include "typing.h"

static const struct {
    const char *line, *says, *remedy;
} cases[] = {
    {"data circle; dense 4 tanh; dense 1 tanh", "nothing was trained yet", "fit 100"},
    {"seed 1; data circle; dense 8 tanh; dense 1 tanh; compile adam lr=0.03; fit 60", "Nothing is wrong",
        "plot loss"},
    {"data circle; dense 8 relu; dense 1 tanh; set b[1] -100; fit 5", "100 % of the units of dense1 are dead",
        "init he_normal layer=dense1"},
    {"data circle; dense 8 tanh; dense 1 tanh; set b[1] 50; fit 5", "saturated",
        "init glorot_uniform layer=dense1"},
    {"data circle; dense 4 tanh; dense 1 tanh; init zeros", "all weights of dense1 are 0", "try: init"},
    {"seed 1; data xor; dense 1 tanh; compile adam lr=0.05; fit 60", "one straight line",
        "insert 1 dense 4 tanh"},
    {"seed 1; data circle; dense 4 tanh; dense 1 tanh; compile sgd lr=1e-9 loss=mse; fit 10", "hardly moves",
        "set lr 1e-08"},
    {"seed 1; data blobs n=30; dense 64 sigmoid; dense 8 sigmoid; dense 8 sigmoid; dense 8 sigmoid; dense 8 "
     "sigmoid; "
     "dense 8 sigmoid; dense 3 softmax; set w[2] 0.001; set w[3] 0.001; fit 1",
        "the gradient shrinks on its way back", "replace dense1 dense 64 relu"},
};

static void test_cases(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prompt_open();
        type_well(cases[i].line);
        type_well("why");
        if (!strstr(text_get(&printed), cases[i].says) || !strstr(text_get(&printed), cases[i].remedy))
            fail_msg("'%s':\n%s", cases[i].line, text_get(&printed));
        prompt_close();
    }
}

/* A divergence stops the fit with an error; then the doctor names the rate, and its remedy works. */
static void test_diverged(void **state)
{
    prompt_open();
    assert_false(type("seed 1; data plane; dense 4 relu; dense 1 linear; compile sgd lr=1e6; fit 50"));
    type_well("why");
    assert_non_null(strstr(text_get(&printed), "learning rate"));
    assert_non_null(strstr(text_get(&printed), "set lr 1e+05"));
    type_well("init; set lr 0.01; fit 20");
    prompt_close();
}

/* Nothing to look at: an error says what is missing. */
static void test_nothing(void **state)
{
    prompt_open();
    assert_false(type("why"));
    assert_non_null(strstr(text_get(&printed), "data"));
    prompt_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_diverged),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
