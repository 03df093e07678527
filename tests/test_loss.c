/* test_loss.c - for every row: values and gradients are PyTorch's, gradients are those of the values, fused
 * and unfused agree, extremes stay finite, NaN stays visible, padding does not count. */
#include "../src/activation.h"
#include "../src/loss.h"
#include "../src/rng.h"
#include "reference.h"

enum { MOST = 2048, SCRATCH = 1 << 16 };

static double scratch[SCRATCH / 2];

/* A batch with targets that suit a loss, from a head that does. */
struct sample {
    struct loss_batch b;
    const struct activation *head;
    float z[MOST], y[MOST], t[MOST], weight[MOST];
    double hyper[LOSS_ARGS];
};

static void set_hyper(struct sample *s, const struct loss *l)
{
    for (int i = 0; i < args_count(l->args); i++)
        s->hyper[i] = l->args[i].fallback;
}

static size_t targets_of(const struct loss *l, size_t K)
{
    return l->targets == LOSS_INDEX ? 1 : l->targets == LOSS_SEQUENCE ? 2 : K;
}

static void fill_targets(struct sample *s, const struct loss *l, struct rng *r)
{
    const struct loss_batch *b = &s->b;
    size_t rows = l->targets == LOSS_SEQUENCE ? b->N : loss_rows(b);
    for (size_t i = 0; i < rows * b->W; i++) {
        if (l->targets == LOSS_NUMBERS)
            s->t[i] = (float)rng_between(r, -1, 1);
        else if (l->targets == LOSS_INDEX || l->targets == LOSS_SEQUENCE)
            s->t[i] = (float)rng_below(r, (uint32_t)b->K - 1);
        else
            s->t[i] = b->encoding == ENCODE_ONE_HOT ? 0 : (float)rng_below(r, 2);
        if (l->targets == LOSS_CLASSES && b->encoding == ENCODE_SIGN)
            s->t[i] = 2 * s->t[i] - 1;
    }
    for (size_t i = 0; l->targets == LOSS_CLASSES && b->encoding == ENCODE_ONE_HOT && i < rows; i++)
        s->t[i * b->K + rng_below(r, (uint32_t)b->K)] = 1;
}

static void forward(struct sample *s)
{
    s->head->forward(s->z, s->y, loss_rows(&s->b), s->b.K);
}

static void make(struct sample *s, const struct loss *l, const char *head, size_t N, size_t P, size_t K)
{
    struct rng r = rng_from(5);
    *s = (struct sample){.head = activation_find(head)};
    s->b = (struct loss_batch){.N = N,
        .P = P,
        .K = l->outputs ? l->outputs : K,
        .encoding = s->head->encoding,
        .y = s->y,
        .t = s->t,
        .hyper = s->hyper,
        .scratch = (float *)scratch};
    s->b.W = targets_of(l, s->b.K);
    set_hyper(s, l);
    assert_true(!l->scratch || l->scratch(N, P, s->b.K, s->b.W) <= SCRATCH);
    for (size_t i = 0; i < loss_rows(&s->b) * s->b.K; i++)
        s->z[i] = (float)rng_between(&r, -1, 1);
    fill_targets(s, l, &r);
    forward(s);
}

static double value_of(const struct loss *l, struct sample *s, float *dy)
{
    s->b.z = NULL;
    s->b.dy = dy;
    return l->value(&s->b);
}

static double fused_of(const struct loss *l, struct sample *s, float *dz)
{
    s->b.z = s->z;
    s->b.dy = dz;
    return l->fused(&s->b);
}

/* Every head that a loss reads, in turn. */
static const char *head_at(const struct loss *l, int i)
{
    static const char *const heads[] = {"linear", "sigmoid", "softmax"};
    static const unsigned bits[] = {HEAD_SIGN, HEAD_BIT, HEAD_ONE_HOT};
    for (int k = 0; k < 3; k++)
        if ((l->heads ? l->heads & bits[k] : bits[k] == HEAD_SIGN) && !i--)
            return heads[k];
    return NULL;
}

/* --- PyTorch --- */

static bool seen[64];

static void check_reference(const struct reference *r)
{
    static float y[MOST], gradient[MOST];
    static const char *const heads[] = {"linear", "sigmoid", "softmax"};
    const struct loss *l = loss_find(r->name);
    double hyper[LOSS_ARGS] = {0};
    size_t n;
    bool fused = !strcmp(r->kind, "fused");
    assert_non_null(l);
    const float *shape = reference_array(r, "shape", &n), *given = reference_array(r, "hyper", &n);
    assert_int_equal(n, args_count(l->args));
    for (size_t i = 0; i < n; i++)
        hyper[i] = (double)given[i];
    struct loss_batch b = {.N = (size_t)shape[0],
        .P = (size_t)shape[1],
        .K = (size_t)shape[2],
        .W = (size_t)shape[3],
        .encoding = (enum encoding)reference_array(r, "head", &n)[0],
        .y = reference_array(r, "y", &n),
        .z = reference_array(r, "z", &n),
        .t = reference_array(r, "t", &n),
        .weight = reference_array(r, "weight", &n),
        .dy = gradient,
        .hyper = hyper,
        .scratch = (float *)scratch};
    assert_true(loss_rows(&b) * b.K <= MOST);
    assert_true(!l->scratch || l->scratch(b.N, b.P, b.K, b.W) <= SCRATCH);
    if (fused) {
        activation_find(heads[b.encoding])->forward(b.z, y, loss_rows(&b), b.K);
        b.y = y;
    }
    float value = (float)(fused ? l->fused : l->value)(&b);
    reference_same(r, "value", &value, 1e-5);
    reference_same(r, "gradient", gradient, 1e-5);
    b.dy = NULL;
    assert_true((float)(fused ? l->fused : l->value)(&b) == value);
    for (size_t i = 0; loss_at(i); i++)
        seen[2 * i + fused] |= loss_at(i) == l;
}

static void values_and_gradients_are_those_of_pytorch(void **state)
{
    assert_true(reference_each("losses.txt", check_reference) > 200);
    for (size_t i = 0; loss_at(i); i++)
        if (!seen[2 * i] || (loss_at(i)->fused && !seen[2 * i + 1]))
            fail_msg("%s has no case", loss_name(i));
}

/* --- over the whole table --- */

static void gradients_are_those_of_the_values(void **state)
{
    static struct sample s;
    static float dy[MOST];
    for (size_t j = 0; loss_at(j); j++)
        for (int h = 0; head_at(loss_at(j), h); h++) {
            const struct loss *l = loss_at(j);
            make(&s, l, head_at(l, h), 3, 4, 3);
            double value = value_of(l, &s, dy);
            assert_true(value == value_of(l, &s, NULL));
            for (size_t i = 0; i < loss_rows(&s.b) * s.b.K; i++) {
                float at = s.y[i];
                s.y[i] = at + 1e-3f;
                double up = value_of(l, &s, NULL), high = (double)s.y[i];
                s.y[i] = at - 1e-3f;
                double slope = (up - value_of(l, &s, NULL)) / (high - (double)s.y[i]);
                s.y[i] = at;
                if (!(fabs(slope - (double)dy[i]) < 1e-3 * (1 + fabs(slope))))
                    fail_msg("%s: slope %zu is %g, not %g", l->name, i, slope, (double)dy[i]);
            }
        }
}

/* From z the same value as from y, and by the chain rule the same gradient. */
static void fused_and_unfused_agree(void **state)
{
    static struct sample s;
    static float dy[MOST], dz[MOST], direct[MOST];
    for (size_t j = 0; loss_at(j); j++)
        for (int h = 0; loss_at(j)->fused && head_at(loss_at(j), h); h++) {
            const struct loss *l = loss_at(j);
            assert_true(loss_fuses(l, head_at(l, h)));
            make(&s, l, head_at(l, h), 3, 5, 6);
            double value = value_of(l, &s, dy);
            assert_true(fabs(fused_of(l, &s, direct) / value - 1) < 1e-6);
            assert_true(fabs(fused_of(l, &s, NULL) / value - 1) < 1e-6);
            s.head->backward(s.z, s.y, dy, dz, loss_rows(&s.b), s.b.K);
            for (size_t i = 0; i < loss_rows(&s.b) * s.b.K; i++)
                assert_true(fabsf(direct[i] - dz[i]) < 1e-6f);
        }
}

/* Sure of everything but the truth. */
static void set_wrong(struct sample *s, const struct loss *l)
{
    const struct loss_batch *b = &s->b;
    for (size_t i = 0; i < loss_rows(b); i++)
        for (size_t k = 0; k < b->K; k++) {
            bool truth = l->targets == LOSS_INDEX      ? (size_t)s->t[i] == k
                         : l->targets == LOSS_SEQUENCE ? (size_t)s->t[i / b->P * b->W] == k
                                                       : s->t[i * b->K + k] > 0.5f;
            s->z[i * b->K + k] = truth ? -200 : 200;
        }
    forward(s);
}

static void a_sure_and_wrong_answer_costs_much_but_not_infinity(void **state)
{
    static struct sample s;
    static float dz[MOST];
    for (size_t j = 0; loss_at(j); j++)
        for (int h = 0; loss_at(j)->fused && head_at(loss_at(j), h); h++) {
            const struct loss *l = loss_at(j);
            make(&s, l, head_at(l, h), 2, 5, 3);
            set_wrong(&s, l);
            double value = fused_of(l, &s, dz), most = 0;
            if (!(value > 40 && isfinite(value)))
                fail_msg("%s from z: %g", l->name, value);
            for (size_t i = 0; i < loss_rows(&s.b) * s.b.K; i++)
                most = fmax(most, isfinite(dz[i]) ? fabs((double)dz[i]) : INFINITY);
            assert_true(most > 1e-3 && most < 10);
            value = value_of(l, &s, dz);
            assert_true(value > 3 && isfinite(value));
            for (size_t i = 0; i < loss_rows(&s.b) * s.b.K; i++)
                assert_true(isfinite(dz[i]));
        }
}

static void nan_stays_visible(void **state)
{
    static struct sample s;
    static float dy[MOST];
    for (size_t j = 0; loss_at(j); j++)
        for (int h = 0; head_at(loss_at(j), h); h++) {
            const struct loss *l = loss_at(j);
            make(&s, l, head_at(l, h), 3, 4, 3);
            for (size_t i = s.b.K; i < 2 * s.b.K; i++)
                s.y[i] = s.z[i] = NAN;
            if (!isnan(value_of(l, &s, dy)) || !isnan(value_of(l, &s, NULL)))
                fail_msg("%s hides NaN", l->name);
            if (l->fused && (!isnan(fused_of(l, &s, dy)) || !isnan(fused_of(l, &s, NULL))))
                fail_msg("%s from z hides NaN", l->name);
        }
}

/* Rows of weight 0 change nothing, whatever stands there, and have no slope. */
static void padding_does_not_count(void **state)
{
    static struct sample s;
    static float dy[MOST], again[MOST];
    for (size_t j = 0; loss_at(j); j++) {
        const struct loss *l = loss_at(j);
        make(&s, l, loss_head(l), 3, 6, 4);
        size_t K = s.b.K, rows = loss_rows(&s.b);
        for (size_t i = 0; i < rows; i++)
            s.weight[i] = i % 6 < 4;
        s.b.weight = s.weight;
        double value = value_of(l, &s, dy);
        for (size_t i = 0; i < rows * K; i++)
            s.y[i] = s.weight[i / K] > 0 ? s.y[i] : 0.9f - s.y[i];
        assert_true(value == value_of(l, &s, again));
        for (size_t i = 0; i < rows * K; i++)
            assert_true(s.weight[i / K] > 0 ? dy[i] == again[i] : again[i] == 0);
        memset(s.weight, 0, sizeof s.weight);
        value = value_of(l, &s, dy);
        assert_true(value == 0 || l->targets == LOSS_SEQUENCE);
        for (size_t i = 0; i < rows * K; i++)
            assert_true(dy[i] == 0);
    }
}

/* --- single ones --- */

static void zero_weights_are_a_mistake_to_the_perceptron(void **state)
{
    float y[3] = {0, 2, -2}, t[3] = {1, 1, 1}, dy[3];
    struct loss_batch b = {.N = 3, .P = 1, .K = 1, .W = 1, .y = y, .t = t, .dy = dy};
    double value = loss_find("perceptron")->value(&b);
    assert_true(fabs(value - 2.0 / 3) < 1e-7);
    assert_true(dy[0] < 0 && dy[1] == 0 && dy[2] < 0);
}

static void a_vector_of_length_zero_has_no_direction(void **state)
{
    float y[2] = {0, 0}, t[2] = {1, 0}, dy[2];
    struct loss_batch b = {.N = 1, .P = 1, .K = 2, .W = 2, .y = y, .t = t, .dy = dy};
    assert_true(loss_find("cosine")->value(&b) == 1);
    assert_true(dy[0] == 0 && dy[1] == 0);
}

/* Corners in any order are the same box; boxes apart still pull at each other. */
static void boxes_overlap_or_pull(void **state)
{
    float y[4] = {0, 0, 2, 2}, turned[4] = {2, 2, 0, 0}, t[4] = {1, 1, 3, 3}, far[4] = {5, 5, 6, 6}, dy[4];
    struct loss_batch b = {.N = 1, .P = 1, .K = 4, .W = 4, .y = y, .t = t, .dy = dy};
    const struct loss *l = loss_find("iou");
    assert_true(fabsf(box_iou(y, t) - 1.0f / 7) < 1e-6f && box_iou(y, far) == 0);
    double value = l->value(&b);
    assert_true(fabs(value - (1 - 1.0 / 7 + 2.0 / 9)) < 1e-6);
    b.y = turned;
    assert_true(l->value(&b) == value);
    b.y = far;
    assert_true(l->value(&b) > 1 && dy[0] > 0 && dy[1] > 0);
}

/* The same labels at other places, and the chance of one that cannot be said in so few positions. */
static void labels_longer_than_the_input_cannot_be_said(void **state)
{
    static struct sample s;
    const struct loss *l = loss_find("ctc");
    make(&s, l, "softmax", 1, 2, 3);
    s.t[0] = 0;
    s.t[1] = 1;
    double said = value_of(l, &s, NULL), by_hand = -log((double)s.y[0]) - log((double)s.y[4]);
    assert_true(fabs(said - by_hand) < 1e-6);
    s.t[1] = 0;
    assert_true(isinf(value_of(l, &s, NULL)));
}

/* A network that is sure of the blank: the chance of 20 labels is e^-1000, far below what a float or a double
 * can be. Each label is said at one position alone, as more would cost as much again: C(100, 20) ways. */
static void labels_of_next_to_no_chance_keep_their_digits(void **state)
{
    enum { SURE = 50, T = 100, LABELS = 20, CLASSES = 5, BLANK = CLASSES - 1 };
    const struct loss *l = loss_find("ctc");
    float z[T * CLASSES] = {0}, y[T * CLASSES], t[LABELS], dz[T * CLASSES];
    double ways = lgamma(T + 1) - lgamma(LABELS + 1) - lgamma(T - LABELS + 1), said[CLASSES] = {0};
    for (int i = 0; i < T * CLASSES; i++) {
        z[i] = i % CLASSES == BLANK ? SURE : 0;
        y[i] = expf(z[i] - SURE);
    }
    for (int i = 0; i < LABELS; i++)
        t[i] = (float)(i % BLANK);
    struct loss_batch b = {.N = 1, .P = T, .K = CLASSES, .W = LABELS, .y = y, .z = z, .t = t, .dy = dz};
    b.scratch = calloc(l->scratch(1, T, CLASSES, LABELS), sizeof *b.scratch);
    assert_true(fabs(l->fused(&b) / (SURE * LABELS - ways) - 1) < 1e-6);
    for (int i = 0; i < T * CLASSES; i++)
        said[i % CLASSES] -= (double)dz[i];
    for (int k = 0; k < CLASSES; k++)
        assert_true(fabs(said[k] - (k == BLANK ? -LABELS : LABELS / BLANK)) < 1e-4);
    free(b.scratch);
}

/* Each thread has room of its own: one sample more or less changes no other. */
static void samples_of_a_sequence_do_not_meet(void **state)
{
    static struct sample s;
    static float all[MOST], one[MOST];
    const struct loss *l = loss_find("ctc");
    make(&s, l, "softmax", 40, 10, 5);
    double whole = fused_of(l, &s, all), sum = 0;
    s.b.N = 1;
    for (size_t i = 0; i < 40; i++) {
        struct loss_batch b = s.b;
        b.y += i * 50;
        b.z += i * 50;
        b.t += i * 2;
        b.dy = one;
        sum += l->fused(&b) / 40;
        for (size_t k = 0; k < 50; k++)
            assert_true(fabsf(one[k] / 40 - all[i * 50 + k]) < 1e-8f);
    }
    assert_true(fabs(sum / whole - 1) < 1e-12);
}

static void every_row_is_found_by_its_name(void **state)
{
    size_t n = 0;
    for (; loss_at(n); n++) {
        const struct loss *l = loss_at(n);
        assert_ptr_equal(loss_find(loss_name(n)), l);
        assert_true(!l->fused == !l->fused_with[0]);
        assert_true(args_count(l->args) <= LOSS_ARGS);
        for (int i = 0; i < args_count(l->args); i++)
            assert_true(l->args[i].flags & ARG_KEY_ONLY);
        assert_non_null(activation_find(loss_head(l)));
    }
    assert_null(loss_name(n));
    assert_null(loss_find("crossentropy"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_gradients_are_those_of_pytorch),
        cmocka_unit_test(gradients_are_those_of_the_values),
        cmocka_unit_test(fused_and_unfused_agree),
        cmocka_unit_test(a_sure_and_wrong_answer_costs_much_but_not_infinity),
        cmocka_unit_test(nan_stays_visible),
        cmocka_unit_test(padding_does_not_count),
        cmocka_unit_test(zero_weights_are_a_mistake_to_the_perceptron),
        cmocka_unit_test(a_vector_of_length_zero_has_no_direction),
        cmocka_unit_test(boxes_overlap_or_pull),
        cmocka_unit_test(labels_longer_than_the_input_cannot_be_said),
        cmocka_unit_test(labels_of_next_to_no_chance_keep_their_digits),
        cmocka_unit_test(samples_of_a_sequence_do_not_meet),
        cmocka_unit_test(every_row_is_found_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
