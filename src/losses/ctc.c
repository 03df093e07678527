/* ctc.c - connectionist temporal classification (Graves and others 2006): labels in order, without telling at
 * which position each is said.
 *
 * The last class K-1 is the blank. A target l of L labels becomes blank l0 blank l1 … blank: L + 1 blanks and
 * L labels are the states. alpha is the chance to be in a state after position t by any way, beta the chance
 * to come from there to the end. From a state one goes on to itself, to the next, and over a blank between
 * two labels that differ:
 *
 *     blank'[j] = y(blank)·(blank[j] + label[j-1])
 *     label'[j] = y(l[j])·(label[j] + blank[j] + label[j-1] where l[j] is not l[j-1])
 *
 * The loss of a sample is -log of the chance of its labels; its slope by z is y minus the chance, given the
 * labels, that a state of that class is passed at that position.
 *
 * Chances become far smaller than a float can be, side by side with large ones. So each is m·2^e, with a
 * float m from 1 to 2 and an int e of its own: a step is sums and products, no logarithm. Each row is shifted
 * so that its largest e is 0, and the shifts are added up. Samples are dealt out to threads. */
#include "../kernels/threads.h"
#include "rows.h"

#include <stdint.h>
#include <string.h>

enum { PARTS = 8 };
enum { NEVER = -(1 << 28) }; /* the e of no chance; its m is 0 */

/* Chances m·2^e side by side. */
struct chances {
    float *m;
    int *e;
};

/* One position: blank[0 … L] and label[-1 … L], whose ends are never. */
struct states {
    struct chances blank, label;
};

enum { ROWS = 4 }; /* of memory in one position's states */

/* What one thread needs. */
struct room {
    float *alpha;      /* [P] states */
    float *said;       /* [P] chances: y of each label, and behind them y of the blank */
    float *beta, *now; /* states */
    float *passed;     /* [2·row]: how often each blank and label is passed, in shares */
    int *over;         /* [row]: 0 where label j may be reached from label j - 1, else NEVER */
    int *class;        /* [row]: of label j, and behind them the blank's */
    int *at;           /* [P]: the positions that count */
    size_t row;
};

static size_t row_length(size_t W)
{
    return W + 2;
}

static size_t room_size(size_t P, size_t W)
{
    return ((ROWS + 2) * P + 2 * ROWS + 4) * row_length(W) + P;
}

static size_t ctc_scratch(size_t N, size_t P, size_t K, size_t W)
{
    return 2 * N + (N < PARTS ? N : PARTS) * room_size(P, W);
}

static struct room room_at(float *memory, size_t P, size_t W)
{
    size_t row = row_length(W);
    struct room r = {.row = row, .alpha = memory, .said = memory + ROWS * P * row};
    r.beta = r.said + 2 * P * row;
    r.now = r.beta + ROWS * row;
    r.passed = r.now + ROWS * row;
    r.over = (int *)(void *)(r.passed + 2 * row);
    r.class = r.over + row;
    r.at = r.class + row;
    return r;
}

static struct chances chances_at(float *memory, size_t row)
{
    return (struct chances){memory, (int *)(void *)(memory + row)};
}

static struct states states_at(float *memory, size_t row)
{
    struct states s = {chances_at(memory, row), chances_at(memory + 2 * row, row)};
    s.label.m++;
    s.label.e++;
    return s;
}

static void clear(float *memory, size_t row)
{
    for (size_t i = 0; i < ROWS * row; i++)
        memory[i] = 0;
    struct states s = states_at(memory, row);
    for (size_t i = 0; i < row; i++)
        s.blank.e[i] = (s.label.e - 1)[i] = NEVER;
}

/* --- numbers --- */

/* 2^e for e up to 0; 0 below what a float can be. */
INLINE float power(int e)
{
    uint32_t bits = (uint32_t)(e < -126 ? 0 : e + 127) << 23;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* x·2^e with its m from 1 to 2. 0 and NaN stay what they are. */
INLINE void put(struct chances to, size_t i, float x, int e)
{
    uint32_t bits, one;
    float m;
    memcpy(&bits, &x, sizeof bits);
    one = (bits & 0x7fffff) | 0x3f800000;
    memcpy(&m, &one, sizeof m);
    e += (int)(bits >> 23) - 127;
    to.m[i] = x > 0 ? m : x;
    to.e[i] = x > 0 && e > NEVER ? e : NEVER;
}

INLINE int larger(int a, int b)
{
    return a > b ? a : b;
}

/* m·2^e = exp x, for x up to 0. */
INLINE void put_exp(struct chances to, size_t i, float x)
{
    static const float per_two = 1.44269504f, two_high = 0.693145752f, two_low = 1.42860677e-6f,
                       least = -1e6f;
    float far = x < least ? least : x, e = floorf(far * per_two);
    e = e == e ? e : 0;
    to.m[i] = expf((far - e * two_high) - e * two_low);
    to.e[i] = (int)e;
}

/* Makes the largest e of the row 0 and returns what it was. */
INLINE int level(struct states s, size_t L)
{
    int most = s.blank.e[L];
#pragma omp simd reduction(max : most)
    for (size_t j = 0; j < L; j++)
        most = larger(most, larger(s.blank.e[j], s.label.e[j]));
#pragma omp simd
    for (size_t j = 0; j <= L; j++) {
        s.blank.e[j] = s.blank.e[j] > NEVER ? larger(s.blank.e[j] - most, NEVER) : NEVER;
        s.label.e[j] = s.label.e[j] > NEVER ? larger(s.label.e[j] - most, NEVER) : NEVER;
    }
    return most;
}

/* --- one sample --- */

struct sample {
    const float *y, *z;
    size_t K, L, T; /* T: positions that count */
    struct room room;
};

static void set_labels(struct sample *s, const float *label)
{
    struct room *r = &s->room;
    for (size_t j = 0; j < s->L; j++) {
        r->class[j] = (int)label[j];
        r->over[j] = j && label[j] != label[j - 1] ? 0 : NEVER;
    }
    r->over[s->L] = NEVER;
    r->class[s->L] = (int)s->K - 1;
}

/* One position's chances from z, log Σ exp(z) being `top`; z NULL: from y. */
KERNEL
static void say(const float *y, const float *z, float top, const int *class, struct chances said, size_t n)
{
    if (z) {
#pragma omp simd
        for (size_t j = 0; j < n; j++)
            put_exp(said, j, z[class[j]] - top);
    } else {
#pragma omp simd
        for (size_t j = 0; j < n; j++)
            put(said, j, clipped(y[class[j]]), 0);
    }
}

/* From a position to the next; returns the shift. */
KERNEL
static int step_on(struct states from, struct states to, struct chances said, const int *over, size_t L)
{
    struct chances blank = from.blank, label = from.label;
    float blank_m = said.m[L];
    int blank_e = said.e[L];
#pragma omp simd
    for (size_t j = 0; j <= L; j++) {
        int e = larger(blank.e[j], (label.e - 1)[j]);
        float sum = blank.m[j] * power(blank.e[j] - e) + (label.m - 1)[j] * power((label.e - 1)[j] - e);
        put(to.blank, j, sum * blank_m, e + blank_e);
    }
#pragma omp simd
    for (size_t j = 0; j < L; j++) {
        int skip = (label.e - 1)[j] + over[j], e = larger(larger(label.e[j], blank.e[j]), skip);
        float sum = label.m[j] * power(label.e[j] - e) + blank.m[j] * power(blank.e[j] - e) +
                    (label.m - 1)[j] * power(skip - e);
        put(to.label, j, sum * said.m[j], e + said.e[j]);
    }
    return level(to, L);
}

/* From beta to the beta of the position before, over `now`: what was said there counts before it is joined.
 */
KERNEL
static void step_back(struct states beta, struct states now, struct chances said, const int *over, size_t L)
{
    struct chances blank = now.blank, label = now.label;
    float blank_m = said.m[L];
    int blank_e = said.e[L];
#pragma omp simd
    for (size_t j = 0; j <= L; j++)
        put(blank, j, beta.blank.m[j] * blank_m, beta.blank.e[j] + blank_e);
#pragma omp simd
    for (size_t j = 0; j < L; j++)
        put(label, j, beta.label.m[j] * said.m[j], beta.label.e[j] + said.e[j]);
#pragma omp simd
    for (size_t j = 0; j <= L; j++) {
        int e = larger(blank.e[j], label.e[j]);
        put(beta.blank, j, blank.m[j] * power(blank.e[j] - e) + label.m[j] * power(label.e[j] - e), e);
    }
#pragma omp simd
    for (size_t j = 0; j < L; j++) {
        int skip = (label.e + 1)[j] + (over + 1)[j], e = larger(larger(label.e[j], (blank.e + 1)[j]), skip);
        put(beta.label, j,
            label.m[j] * power(label.e[j] - e) + (blank.m + 1)[j] * power((blank.e + 1)[j] - e) +
                (label.m + 1)[j] * power(skip - e),
            e);
    }
    level(beta, L);
}

/* Fills alpha; returns the loss of the sample. */
static double walk_on(struct sample *s)
{
    const struct room *r = &s->room;
    size_t row = r->row, L = s->L;
    double shift = 0;
    for (size_t t = 0; t < s->T; t++) {
        const float *z = s->z ? s->z + (size_t)r->at[t] * s->K : NULL, *y = s->y + (size_t)r->at[t] * s->K;
        struct chances said = chances_at(r->said + 2 * t * row, row);
        struct states alpha = states_at(r->alpha + ROWS * t * row, row);
        say(y, z, z ? (float)log_sum(z, y, s->K) : 0, r->class, said, L + 1);
        clear(r->alpha + ROWS * t * row, row);
        if (t) {
            struct states before = states_at(r->alpha + ROWS * (t - 1) * row, row);
            shift += step_on(before, alpha, said, r->over, L);
            continue;
        }
        put(alpha.blank, 0, said.m[L], said.e[L]);
        if (L)
            put(alpha.label, 0, said.m[0], said.e[0]);
    }
    struct states end = states_at(r->alpha + ROWS * (s->T - 1) * row, row);
    int e = larger(end.blank.e[L], (end.label.e - 1)[L]);
    double reached = (double)end.blank.m[L] * power(end.blank.e[L] - e) +
                     (double)(end.label.m - 1)[L] * power((end.label.e - 1)[L] - e);
    return e > NEVER || isnan(reached) ? -(log(reached) + (shift + e) * M_LN2) : (double)INFINITY;
}

/* passed[] becomes the share of each blank, and row behind it of each label, in the ways to say the labels;
 * returns the sum of the shares. */
KERNEL
static float share_out(struct states a, struct states b, float *passed, size_t row, size_t L)
{
    int most = a.blank.e[L] + b.blank.e[L];
    float sum = 0;
#pragma omp simd reduction(max : most)
    for (size_t j = 0; j < L; j++)
        most = larger(most, larger(a.blank.e[j] + b.blank.e[j], a.label.e[j] + b.label.e[j]));
#pragma omp simd reduction(+ : sum)
    for (size_t j = 0; j <= L; j++) {
        float blank = a.blank.m[j] * b.blank.m[j] * power(a.blank.e[j] + b.blank.e[j] - most);
        float label = a.label.m[j] * b.label.m[j] * power(a.label.e[j] + b.label.e[j] - most);
        passed[j] = blank;
        passed[row + j] = label;
        sum += blank + label;
    }
    return sum;
}

/* The slopes of a position, by z, or by y: y less each class's chance, `each` of its share. */
static void slope(const struct sample *s, size_t at, float scale, float each, float *dy)
{
    const struct room *r = &s->room;
    const float *y = s->y + at;
    float blank = r->passed[s->L];
    for (size_t k = 0; k < s->K; k++)
        dy[at + k] = s->z ? scale * y[k] : 0;
    for (size_t j = 0; j < s->L; j++) {
        size_t k = (size_t)r->class[j];
        blank += r->passed[j];
        dy[at + k] -= each * r->passed[r->row + j] / (s->z ? 1 : clipped(y[k]));
    }
    dy[at + s->K - 1] -= each * blank / (s->z ? 1 : clipped(y[s->K - 1]));
}

/* Walks back with beta. */
static void walk_back(struct sample *s, float scale, float *dy)
{
    const struct room *r = &s->room;
    size_t row = r->row, L = s->L;
    struct states beta = states_at(r->beta, row), now = states_at(r->now, row);
    clear(r->beta, row);
    clear(r->now, row);
    put(beta.blank, L, 1, 0);
    if (L)
        put(beta.label, L - 1, 1, 0);
    for (size_t t = s->T; t-- > 0;) {
        float ways = share_out(states_at(r->alpha + ROWS * t * row, row), beta, r->passed, row, L);
        slope(s, (size_t)r->at[t] * s->K, scale, scale / ways, dy);
        step_back(beta, now, chances_at(r->said + 2 * t * row, row), r->over, L);
    }
}

static double sample_loss(const struct loss_batch *b, size_t i, struct room room)
{
    size_t P = b->P, K = b->K;
    struct sample s = {.K = K, .y = b->y + i * P * K, .z = b->z ? b->z + i * P * K : NULL, .room = room};
    const float *label = b->t + i * b->W;
    float *dy = b->dy ? b->dy + i * P * K : NULL;
    while (s.L < b->W && label[s.L] >= 0)
        s.L++;
    for (size_t p = 0; p < P; p++)
        if (!b->weight || b->weight[i * P + p] > 0)
            room.at[s.T++] = (int)p;
    if (dy)
        memset(dy, 0, P * K * sizeof *dy);
    if (!s.T)
        return s.L ? (double)INFINITY : 0;
    set_labels(&s, label);
    double loss = walk_on(&s);
    if (dy && loss < (double)INFINITY)
        walk_back(&s, 1 / (float)b->N, dy);
    return loss;
}

/* --- the batch --- */

static void share_samples(const void *arg, int part, int parts)
{
    const struct loss_batch *b = arg;
    double *loss = (double *)(void *)b->scratch;
    struct room room = room_at(b->scratch + 2 * b->N + (size_t)part * room_size(b->P, b->W), b->P, b->W);
    size_t first, count = kernels_range(b->N, 1, part, parts, &first);
    for (size_t i = first; i < first + count; i++)
        loss[i] = sample_loss(b, i, room);
}

static double ctc(const struct loss_batch *b)
{
    int most = b->N < PARTS ? (int)b->N : PARTS;
    int parts = kernels_threads((double)(b->N * b->P * row_length(b->W)), 16000);
    const double *loss = (const double *)(const void *)b->scratch;
    double sum = 0;
    kernels_share(parts < most ? parts : most, share_samples, b);
    for (size_t i = 0; i < b->N; i++)
        sum += loss[i];
    return sum / (double)b->N;
}

static double ctc_unfused(const struct loss_batch *b)
{
    struct loss_batch from_y = *b;
    from_y.z = NULL;
    return ctc(&from_y);
}

const struct loss ctc_loss = {
    .name = "ctc",
    .by_sample = true,
    .summary =
        "labels in order, wherever they are said: for speech and handwriting; the last class is the blank",
    .formula = "mean over samples of -log(chance of the labels, over all ways to place them)",
    .targets = LOSS_SEQUENCE,
    .heads = HEAD_ONE_HOT,
    .value = ctc_unfused,
    .fused_with = {"softmax"},
    .fused = ctc,
    .scratch = ctc_scratch,
};
