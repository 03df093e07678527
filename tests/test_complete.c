/* test_complete.c - what Tab offers and what the dim hint says, for lines that are still being typed. */
#include "typing.h"

#include "../repl/complete.h"

static int set_up(void **state)
{
    prompt_open();
    type_well("data circle; dense 4 tanh name=hidden; dense 1 tanh; let mine = 3");
    return 0;
}

static int tear_down(void **state)
{
    prompt_close();
    return 0;
}

/* All candidates, with blanks between them. */
static void assert_offers(const char *line, const char *expected)
{
    struct completion c;
    struct text words = {0};
    complete(&prompt, line, strlen(line), &c);
    for (size_t i = 0; i < c.count; i++)
        text_addf(&words, "%s%s", i ? " " : "", c.word[i]);
    if (strcmp(text_get(&words), expected))
        fail_msg("'%s' offers '%s', not '%s'", line, text_get(&words), expected);
    completion_release(&c);
    text_release(&words);
}

static void test_offers(void **state)
{
    assert_offers("den", "dense");
    assert_offers("data circle; den", "dense");
    assert_offers("dense 4 tan", "tanh");
    assert_offers("dense 4 use", "use_bias=");
    assert_offers("dense 4 use_bias=", "no yes");
    assert_offers("dense 4 use_bias=y", "yes");
    assert_offers("data spi", "spiral");
    assert_offers("data spiral noi", "noise=");
    assert_offers("compile ada", "adadelta adagrad adam adamw");
    assert_offers("compile loss=m", "mae mse");
    assert_offers("compile adam mom", "momentum= momentum_decay=");
    assert_offers("insert 1 den", "dense");
    assert_offers("insert 1 dense 4 sigm", "sigmoid");
    assert_offers("time fi", "fit");
    assert_offers("time fit 10 pat", "patience=");
    assert_offers("remove ", "dense1 hidden");
    assert_offers("remove hi", "hidden");
    assert_offers("print val_acc", "val_accuracy");
    assert_offers("print 1 + norm(spars", "sparsity");
    assert_offers("print mi", "min mine");
    assert_offers("backward ", "mine");
    assert_offers("set min", "mine");
    assert_offers("set the", "theme");
    assert_offers("set theme da", "dark");
    assert_offers("?summ", "summary");
    assert_offers("help summ", "summary");
    assert_offers("nonsense a", "");
}

static void test_nothing_typed(void **state)
{
    struct completion c;
    size_t commands = 0;
    while (command_at(commands))
        commands++;
    complete(&prompt, "", 0, &c);
    assert_int_equal(c.count, commands);
    completion_release(&c);
}

static void test_start(void **state)
{
    struct completion c;
    complete(&prompt, "compile loss=m", 14, &c);
    assert_int_equal(c.start, 13);
    completion_release(&c);
    complete(&prompt, "print 1+val_l", 13, &c);
    assert_int_equal(c.start, 8);
    completion_release(&c);
}

static void test_cursor_inside(void **state)
{
    struct completion c;
    complete(&prompt, "den 4; summary", 3, &c);
    assert_int_equal(c.count, 1);
    assert_string_equal(c.word[0], "dense");
    completion_release(&c);
}

static void assert_hint(const char *line, const char *expected)
{
    struct text t = {0};
    complete_hint(line, &t);
    if (strcmp(text_get(&t), expected))
        fail_msg("'%s' hints '%s', not '%s'", line, text_get(&t), expected);
    text_release(&t);
}

static void test_hints(void **state)
{
    assert_hint("rename", " LAYER NAME");
    assert_hint("rename ", "LAYER NAME");
    assert_hint("rename 1", " NAME");
    assert_hint("rename 1 ", "NAME");
    assert_hint("rename 1 a", "");
    assert_hint("remove 1; rename ", "LAYER NAME");
    assert_hint("nonsense", "");
    assert_hint("", "");
    assert_hint("fit 10 batch_size=5 ", "[patience=NUMBER] [restore_best=no]");
    assert_hint("set lr ", "LR");
}

/* Half-typed lines of every kind: neither crash nor complaint. */
static void test_half_typed(void **state)
{
    static const char line[] =
        "insert 1 dense \"a b\\\" [1 (2; print w[h1][0,\xc3\xa4 ?help 'x set w[1 = & # data csv ";
    for (size_t n = 0; n < sizeof line; n++) {
        char part[sizeof line];
        struct completion c;
        struct text t = {0};
        memcpy(part, line, n);
        part[n] = '\0';
        complete(&prompt, part, n, &c);
        assert_true(c.start <= n);
        completion_release(&c);
        complete_hint(part, &t);
        text_release(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offers),
        cmocka_unit_test(test_nothing_typed),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_cursor_inside),
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_half_typed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
