/* test_convolution.c - convolutions and poolings: the same bits for any number of threads, and what they say
 * about inputs that do not fit. */
#include "rig.h"

#include "../src/kernels/gemm.h"

static float *values_of(const char *line, struct shape in, int threads, size_t *count)
{
    struct rig rig;
    struct rng r = rng_from(5);
    kernels_set_threads(threads);
    rig_make(&rig, line, &in, 1, 9);
    rig_fill(&r, rig.x[0], rig.values[0], -1, 1);
    size_t params = 0, at = 0;
    for (int i = 0; i < rig.layer.params; i++) {
        rig_fill(&r, rig.w[i], rig.layer.param[i].count, -1, 1);
        params += rig.layer.param[i].count;
    }
    float *dy = rig_floats(rig.outputs);
    rig_fill(&r, dy, rig.outputs, -1, 1);
    rig_backward(&rig, dy);
    *count = rig.outputs + rig.values[0] + params;
    float *all = rig_floats(*count);
    memcpy(all, rig.pass.y, rig.outputs * sizeof *all);
    memcpy(all + rig.outputs, rig.pass.dx[0], rig.values[0] * sizeof *all);
    at = rig.outputs + rig.values[0];
    for (int i = 0; i < rig.layer.params; at += rig.layer.param[i++].count)
        memcpy(all + at, rig.pass.dw[i], rig.layer.param[i].count * sizeof *all);
    memory_free(dy);
    rig_free(&rig);
    return all;
}

static void the_bits_do_not_depend_on_the_threads(void **state)
{
    static const char *const lines[] = {
        "conv2d 40 3x3 relu padding=same",
        "conv2d 24 3x3 gelu strides=2",
        "conv2d 12 5x5 padding=same groups=12",
        "conv2d 600 1x1",
        "conv2d_transpose 20 4x4 tanh strides=2 padding=same",
        "maxpool2d 3 strides=2",
        "maxpool2d 2",
        "avgpool2d 3 padding=same",
    };
    kernels_flush_denormals(); /* as all who train do: helpers round like their caller */
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        size_t count;
        float *one = values_of(lines[i], shape_of(3, 20, 19, 12), 1, &count);
        for (int threads = 2; threads <= 5; threads += 3) {
            float *more = values_of(lines[i], shape_of(3, 20, 19, 12), threads, &count);
            if (memcmp(one, more, count * sizeof *one) != 0)
                fail_msg("%s: %d threads give other bits than one", lines[i], threads);
            memory_free(more);
        }
        memory_free(one);
    }
    kernels_leave();
    kernels_set_threads(0);
}

static void assert_refused(const char *line, struct shape in, const char *part)
{
    struct layer l;
    struct error e = {0};
    if (rig_type(&l, line, &in, 1, &e))
        fail_msg("%s took its input", line);
    if (!strstr(e.text, part))
        fail_msg("%s: '%s' does not say '%s'", line, e.text, part);
}

static void what_does_not_fit_is_told_with_its_fix(void **state)
{
    assert_refused("conv2d 4 3x3", shape_of(1, 784), "784 values: put `reshape 28x28x1` before it");
    assert_refused("conv2d 4 3x3", shape_of(1, 3072), "`reshape 32x32x3`");
    assert_refused("conv2d 4 3x3", shape_of(1, 7), "put a `reshape` before it");
    assert_refused("maxpool2d", shape_of(2, 28, 28), "`reshape 28x28x1`");
    assert_refused("conv1d 4 3", shape_of(1, 50), "`reshape 50x1`");
    assert_refused("conv1d 4 3", shape_of(3, 5, 4, 3), "`reshape 5x12`");
    assert_refused("conv2d 4 5x5", shape_of(3, 4, 9, 1), "padding=same");
    assert_refused("conv2d 4 3x3 dilation=4", shape_of(3, 8, 8, 1), "reaches over 9");
    assert_refused("conv2d 4 3x3 groups=3", shape_of(3, 8, 8, 4), "the 4 channels");
    assert_refused("conv2d 4 3x3 groups=2", shape_of(3, 8, 8, 3), "the 3 channels");
    assert_refused("conv2d 4 3x3x3", shape_of(3, 8, 8, 3), "height x width");
    assert_refused("conv2d 4 3x3 strides=0", shape_of(3, 8, 8, 3), "strides");
    assert_refused("conv2d 4 3x3 strides=99999", shape_of(3, 8, 8, 3), "up to 4096");
    assert_refused("conv1d 4 3 strides=0", shape_of(2, 8, 3), "strides");
    assert_refused("maxpool2d 5", shape_of(3, 4, 9, 1), "pool_size smaller");
    assert_refused("maxpool2d 300 padding=same", shape_of(3, 4, 9, 1), "65535");
    assert_refused("globalavgpool", shape_of(1, 9), "9 values");
    assert_refused("reshape 7x7x64", shape_of(1, 784), "3136 values, but the input 784 has 784");
    assert_refused("permute 1x1", shape_of(2, 3, 4), "once");
    assert_refused("permute 2x1", shape_of(3, 3, 4, 5), "from 1 to 3");
    assert_refused("upsample2d 2x2x2", shape_of(3, 3, 4, 5), "size");
}

static void assert_shape(const char *line, struct shape in, const char *wanted, size_t params, double macs)
{
    struct layer l;
    struct error e = {0};
    char text[SHAPE_TEXT];
    if (!rig_type(&l, line, &in, 1, &e))
        fail_msg("%s: %s", line, e.text);
    assert_string_equal(shape_text(&l.out, text), wanted);
    assert_int_equal(layer_param_count(&l), params);
    if (l.type->macs)
        assert_true(l.type->macs(&l) == macs);
}

static void shapes_and_counts_follow_keras(void **state)
{
    assert_shape("conv2d 32 3x3", shape_of(3, 28, 28, 1), "26x26x32", 320, 26. * 26 * 32 * 9);
    assert_shape(
        "conv2d 64 3 padding=same strides=2", shape_of(3, 27, 28, 3), "14x14x64", 1792, 14. * 14 * 64 * 27);
    assert_shape("conv2d 8 3x3 groups=8 use_bias=no", shape_of(3, 9, 9, 8), "7x7x8", 72, 7. * 7 * 8 * 9);
    assert_shape("conv1d 5 4 strides=3", shape_of(2, 20, 2), "6x5", 45, 6. * 5 * 8);
    assert_shape("conv2d_transpose 2 3x3 strides=2 padding=same", shape_of(3, 7, 7, 4), "14x14x2", 74,
        7. * 7 * 2 * 36);
    assert_shape("conv2d_transpose 2 3x3 strides=2", shape_of(3, 7, 7, 4), "15x15x2", 74, 7. * 7 * 2 * 36);
    assert_shape("maxpool2d", shape_of(3, 7, 7, 4), "3x3x4", 0, 0);
    assert_shape("maxpool2d 2 padding=same", shape_of(3, 7, 7, 4), "4x4x4", 0, 0);
    assert_shape("maxpool1d 3", shape_of(2, 7, 4), "2x4", 0, 0);
    assert_shape("upsample2d 2", shape_of(3, 7, 6, 4), "14x12x4", 0, 0);
    assert_shape("zeropad2d", shape_of(3, 7, 6, 4), "9x8x4", 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bits_do_not_depend_on_the_threads),
        cmocka_unit_test(what_does_not_fit_is_told_with_its_fix),
        cmocka_unit_test(shapes_and_counts_follow_keras),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
