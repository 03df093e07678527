/* test_why.c - the doctor finds what was made wrong on purpose, and is content when nothing is. */
#include "typing.h"

#include "../src/io/file.h"

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
    {"seed 1; data circle; dense 8 tanh; dense 1 tanh; compile adam lr=100; fit 30",
        "a learning rate of 100 drove them there", "undo; set lr 0.001"},
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
    assert_non_null(strstr(text_get(&printed), "try: undo; set lr 0.01"));
    assert_null(strstr(text_get(&printed), "ask `why`"));
    assert_null(strstr(text_get(&printed), "nan"));
    type_well("undo; set lr 0.01; why");
    assert_non_null(strstr(text_get(&printed), "nothing was trained yet"));
    type_well("fit 100; why");
    assert_non_null(strstr(text_get(&printed), "Nothing is wrong"));
    prompt_close();
}

static bool says(const char *part)
{
    return strstr(text_get(&printed), part);
}

/* What harms most comes first, and nothing is said that would not help. */
static void test_order(void **state)
{
    prompt_open();
    type_well("seed 1; data moons n=30 noise=30 split=0.5; dense 64 relu; dense 32 relu; dense 1 tanh");
    type_well("compile adam lr=0.01; fit 400; why");
    assert_true(says("it overfits"));
    assert_false(says("are dead"));
    prompt_close();
    prompt_open();
    type_well("seed 1; data circle; dense 6 sigmoid; dense 6 sigmoid; dense 6 sigmoid; dense 6 sigmoid");
    type_well("dense 6 sigmoid; dense 6 sigmoid; dense 1 tanh; compile sgd lr=0.1 loss=mse; fit 60; why");
    assert_true(says("the gradient shrinks"));
    assert_false(says("set lr"));
    assert_false(says("insert"));
    prompt_close();
}

/* Targets of hundreds: the doctor compares with the mean, says what is far, and its command works. */
static void test_far_targets(void **state)
{
    static const char *const activations[] = {"tanh", "relu"};
    for (int i = 0; i < 4; i++) {
        struct error e;
        struct text table = {0};
        char line[400], remedy[300];
        text_add(&table, "a,b,y\n");
        for (int row = 0; row < 150; row++)
            text_addf(&table, "%d,%d,%d\n", row, row * row % 17, (200 + 2 * row) * (i / 2 ? 1000 : 1));
        assert_true(file_write("far.csv", table.data, table.length, &e));
        text_release(&table);
        prompt_open();
        snprintf(line, sizeof line, "seed 1; data csv far.csv target=y; dense 16 %s; dense 1; fit 50; why",
            activations[i % 2]);
        type_well(line);
        assert_true(says("the targets (y) are far from 1"));
        assert_true(says("always naming the mean"));
        const char *try = strstr(text_get(&printed), "try: ") + 5;
        snprintf(remedy, sizeof remedy, "%.*s", (int)strcspn(try, "\n"), try);
        type_well(remedy);
        type_well("print val_r2 > 0.7");
        if (strcmp(text_get(&printed), "1\n"))
            fail_msg("'%s' does not help", remedy);
        type_well("why");
        assert_false(says("are far from 1"));
        prompt_close();
    }
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
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_far_targets),
        cmocka_unit_test(test_nothing),
    };
    assert_int_equal(folder_enter(NULL), 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    assert_int_equal(folder_leave(NULL), 0);
    return failed;
}
