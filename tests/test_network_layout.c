/* test_network_layout.c - nothing overlaps, all stands inside, and what does not fit is told. */
#include "viewing.h"

#include "../viz/panels/network.h"

static const struct rect sizes[] = {
    {13, 7, 838, 480}, {0, 0, 1300, 800}, {5, 90, 560, 290}, {10, 10, 300, 200}, {0, 0, 2600, 1500}};

static const char image_lines[] =
    "conv2d 6 5x5 relu padding=same;maxpool2d 2;conv2d 16 5x5 relu;maxpool2d 2;flatten;dense 120 relu;"
    "dense 10 softmax";
static const char text_lines[] =
    "embedding 30 16;positional name=p;layernorm;attention 4 causal;add p name=q;layernorm;dense 64;dense 16;"
    "add q name=r;layernorm;attention 2;add r;dense 30 softmax";
static const char branch_lines[] =
    "dense 8 relu name=a;dense 8 relu name=b;dense 6 relu from=a name=c;dense 6 relu from=b name=d;"
    "concat c;dense 3 name=out1;dense 2 from=d name=out2";

/* Layers of `count` times the same line. */
static const struct model *repeated(struct shape input, const char *line, int count)
{
    char lines[8000] = "";
    for (int i = 0; i < count; i++)
        snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s%s", i ? ";" : "", line);
    return make_model(input, lines);
}

static bool overlap(struct rect a, struct rect b)
{
    struct rect both = rect_intersect(a, b);
    return both.w > 0.01f && both.h > 0.01f;
}

static void check_block(const struct block *b, const struct network_layout *l, struct rect whole)
{
    assert_true(rect_inside(b->box, whole, 0.5f));
    assert_true(rect_inside(b->head, whole, 0.5f));
    assert_false(overlap(b->box, b->head));
    assert_false(overlap(b->box, l->foot));
    assert_false(overlap(b->box, l->loss));
    assert_in_range(b->shown, 1, b->units);
    assert_in_range(b->shown, 1, REPLICA_CELLS);
    assert_true((b->shown < b->units) == (b->more.h > 0));
    if (b->more.h > 0)
        assert_true(rect_inside((struct rect){b->box.x, b->more.y, b->box.w, b->more.h}, whole, 0.5f));
    assert_true(b->size >= (b->kind == BLOCK_UNITS ? 17 : 1) && b->tall >= 1);
    int step = b->shown > 64 ? 13 : 1;
    for (int u = 0; u < b->shown; u += step) {
        assert_true(rect_inside(block_unit(b, u), b->box, 0.5f));
        for (int v = 0; v < u; v += step)
            assert_false(overlap(block_unit(b, u), block_unit(b, v)));
    }
}

static void check(const struct view *v, const struct model *m)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct network_layout l;
        network_place(&l, v, m, sizes[i], true);
        assert_in_range(l.blocks, 1, NETWORK_BLOCKS);
        assert_true(rect_inside(l.loss, sizes[i], 0.5f));
        for (int b = 0; b < l.blocks; b++) {
            check_block(&l.block[b], &l, sizes[i]);
            for (int c = 0; c < b; c++)
                assert_false(overlap(l.block[b].box, l.block[c].box));
            for (int c = 0; c < b; c++)
                assert_false(overlap(l.block[b].head, l.block[c].head));
        }
    }
}

struct scene_view {
    struct view v;
    struct theme t;
    struct session *s;
    struct replica *r;
};

static void begin(struct scene_view *x, struct data *d)
{
    x->s = make_session(WORKER_SLICED, d, "");
    x->r = replica_new(NULL);
    make_view(&x->v, x->s, x->r, &x->t, "dark");
}

static void end(struct scene_view *x)
{
    replica_free(x->r);
    session_free(x->s);
}

static void nothing_overlaps(void **state)
{
    struct scene_view x;
    begin(&x, make_source("spiral"));
    const struct model *model[] = {
        make_model(shape_of(1, 2), "dense 4 tanh;dense 1 tanh"),
        make_model(shape_of(1, 2), "dense 16 tanh;dense 16 tanh;dense 1 tanh"),
        make_model(shape_of(1, 4), "dense 16 relu;dense 3 softmax"),
        make_model(shape_of(3, 28, 28, 1), "flatten;dense 128 relu;dense 10 softmax"),
        make_model(shape_of(1, 784), "dense 128 relu;dropout 0.5;dense 10 softmax"),
        make_model(shape_of(1, 2), "dense 300 relu;dense 64 relu;dense 1 sigmoid"),
        make_model(shape_of(1, 10000), "dense 5000 relu;dense 1000 softmax"),
        make_model(shape_of(1, 1), "dense 1"),
        make_model(shape_of(3, 28, 28, 1), image_lines),
        make_model(shape_of(3, 64, 48, 3), "conv2d 200 3x3;conv2d 3 3x3;flatten;dense 4"),
        make_model(shape_of(1, 64), text_lines),
        make_model(shape_of(1, 4), branch_lines),
        repeated(shape_of(1, 2), "dense 8 tanh", 6),
        repeated(shape_of(1, 2), "dense 4 tanh", 40),
        repeated(shape_of(1, 2), "dense 40 relu", 200),
    };
    for (size_t i = 0; i < sizeof model / sizeof *model; i++) {
        check(&x.v, model[i]);
        model_unref(model[i]);
    }
    end(&x);
}

static void few_units_have_maps_and_many_have_cells(void **state)
{
    struct scene_view x;
    begin(&x, make_source("spiral"));
    struct network_layout l;
    const struct model *m = make_model(shape_of(3, 28, 28, 1), "flatten;dense 128 relu;dense 10 softmax");
    network_place(&l, &x.v, m, sizes[0], true);
    assert_int_equal(l.blocks, 3); /* flatten has no column */
    assert_int_equal(l.block[0].kind, BLOCK_TILES);
    assert_int_equal(l.block[0].shown, 1);
    assert_true(fabsf(l.block[0].size - l.block[0].tall) < 1);
    assert_int_equal(block_tile(&l.block[0], 300), 0);
    assert_int_equal(l.block[1].kind, BLOCK_CELLS);
    assert_int_equal(l.block[1].shown, 128);
    assert_int_equal(l.block[2].kind, BLOCK_UNITS);
    assert_int_equal(l.block[2].columns, 1);
    assert_ptr_equal(network_block(&l, m, 1), &l.block[0]);
    model_unref(m);
    m = make_model(shape_of(1, 2), "dense 4000 relu;dense 1");
    network_place(&l, &x.v, m, sizes[0], true);
    assert_true(l.block[1].shown < 4000 && l.block[1].more.h > 0);
    struct point hidden = block_out(&l.block[1], 3999);
    assert_true(rect_holds(l.block[1].more, hidden));
    model_unref(m);
    end(&x);
}

static void layers_beyond_the_width_are_counted(void **state)
{
    struct scene_view x;
    begin(&x, make_source("spiral"));
    struct network_layout l;
    const struct model *m = repeated(shape_of(1, 2), "dense 4 tanh", 100);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        network_place(&l, &x.v, m, sizes[i], true);
        assert_int_equal(l.blocks + l.skipped, 101);
        assert_int_equal(l.block[0].layer, 0);
        assert_int_equal(l.block[l.blocks - 1].layer, 100);
        assert_int_equal(l.block[l.skipped_after + 1].layer - l.block[l.skipped_after].layer, l.skipped + 1);
        assert_null(network_block(&l, m, l.block[l.skipped_after].layer + 1));
    }
    model_unref(m);
    end(&x);
}

/* Branches lie above each other, what passes columns by goes round them. */
static void branches_have_lanes_and_shortcuts_go_round(void **state)
{
    struct scene_view x;
    begin(&x, make_source("spiral"));
    struct network_layout l;
    const struct model *m = make_model(shape_of(1, 4), branch_lines);
    network_place(&l, &x.v, m, sizes[0], true);
    assert_int_equal(l.blocks, 8);
    const struct block *b = network_block(&l, m, 2), *c = network_block(&l, m, 3);
    assert_int_equal(b->column, c->column);
    assert_int_equal(b->lanes, 2);
    assert_true(b->box.y + b->box.h < c->box.y);
    const struct block *concat = network_block(&l, m, 5);
    assert_int_equal(concat->column, 4);
    assert_int_equal(l.arcs, 1); /* c, two columns before concat */
    assert_ptr_equal(&l.block[l.arc[0].from], c);
    assert_ptr_equal(&l.block[l.arc[0].to], concat);
    assert_true(l.arc[0].below && l.arc[0].y > c->box.y + c->box.h);
    model_unref(m);
    m = make_model(shape_of(1, 64), text_lines);
    network_place(&l, &x.v, m, sizes[0], true);
    assert_int_equal(l.arcs, 3);
    for (int i = 0; i < l.arcs; i++)
        for (int k = 0; k < l.blocks; k++)
            assert_false(l.arc[i].y > l.block[k].box.y && l.arc[i].y < l.block[k].box.y + l.block[k].box.h);
    const struct block *attention = network_block(&l, m, 4);
    assert_int_equal(attention->kind, BLOCK_TILES);
    assert_int_equal(attention->units, 4); /* heads */
    model_unref(m);
    end(&x);
}

static void a_model_without_shapes_has_a_box_a_layer(void **state)
{
    struct scene_view x;
    begin(&x, NULL);
    struct network_layout l;
    const struct model *m = make_model((struct shape){0}, "dense 8 relu;dense 2 softmax");
    network_place(&l, &x.v, m, sizes[0], false);
    assert_int_equal(l.blocks, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(l.block[i].shown, 0);
        assert_true(l.block[i].box.w > 0 && rect_inside(l.block[i].box, sizes[0], 0.5f));
    }
    model_unref(m);
    end(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_overlaps),
        cmocka_unit_test(few_units_have_maps_and_many_have_cells),
        cmocka_unit_test(layers_beyond_the_width_are_counted),
        cmocka_unit_test(branches_have_lanes_and_shortcuts_go_round),
        cmocka_unit_test(a_model_without_shapes_has_a_box_a_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
