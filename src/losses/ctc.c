/* ctc.c - connectionist temporal classification (Graves and others 2006): labels in order, without telling at
 * which position each is said.
 *
 * The last class K-1 is the blank. A target l of L labels becomes blank l1 blank l2 … blank, S = 2L + 1
 * states; alpha[t][s] is the log of the chance to be in state s after position t by any way, beta the same
 * from behind. From a state one goes on to itself, to the next, and over a blank between two labels that
 * differ. The loss of a sample is -log of the chance of its labels; its slope by z is y minus the chance,
 * given the labels, that a state of that class is passed at that position.
 *
 * Each row of alpha and beta is shifted so that its largest is 0, and the shifts are added up in float64: so
 * float32 keeps its digits however long the input is. Samples are dealt out to threads. */
#include "../kernels/threads.h"
#include "rows.h"

#include <string.h>

#define NEVER -1e30f /* the log of no chance: no NaN comes of it, as it would of -INFINITY */

enum { PARTS = 8, PAD = 2 };

/* What one thread needs. States begin behind PAD entries of NEVER, and end before as many. */
struct room {
    float *alpha;      /* [P][row] */
    float *emit;       /* [P][row]: log y of each state */
    float *beta, *now; /* [row] */
    float *skip;       /* [row]: 0 where a state may be reached over the blank before it, else NEVER */
    int *class;        /* [row] */
    int *at;           /* [P]: the positions that count */
    size_t row;
};

static size_t row_length(size_t W)
{
    return 2 * W + 1 + 2 * PAD;
}

static size_t room_size(size_t P, size_t W)
{
    return (2 * P + 4) * row_length(W) + P;
}

static size_t ctc_scratch(size_t N, size_t P, size_t K, size_t W)
{
    return 2 * N + (N < PARTS ? N : PARTS) * room_size(P, W);
}

static struct room room_at(float *memory, size_t P, size_t W)
{
    size_t row = row_length(W);
    struct room r = {.row = row, .alpha = memory, .emit = memory + P * row};
    r.beta = r.emit + P * row;
    r.now = r.beta + row;
    r.skip = r.now + row;
    r.class = (int *)(void *)(r.skip + row);
    r.at = r.class + row;
    return r;
}

/* --- one sample --- */

struct sample {
    const float *y, *z;
    size_t K, states, T; /* T: positions that count */
    struct room room;
};

static void set_states(struct sample *s, const float *label, size_t labels)
{
    struct room *r = &s->room;
    s->states = 2 * labels + 1;
    for (size_t i = 0; i < r->row; i++)
        r->skip[i] = NEVER;
    for (size_t i = 0; i < s->states; i++) {
        r->class[i] = i % 2 ? (int)label[i / 2] : (int)s->K - 1;
        if (i % 2 && i > 1 && label[i / 2] != label[i / 2 - 1])
            r->skip[PAD + i] = 0;
    }
}

/* log y of every state at every position. */
static void set_emissions(struct sample *s)
{
    for (size_t t = 0; t < s->T; t++) {
        size_t at = (size_t)s->room.at[t] * s->K;
        float *emit = s->room.emit + t * s->room.row + PAD;
        double top = s->z ? log_sum(s->z + at, s->y + at, s->K) : 0;
        for (size_t i = 0; i < s->states; i++) {
            size_t class = (size_t)s->room.class[i];
            emit[i] = s->z ? (float)((double)s->z[at + class] - top) : logf(clipped(s->y[at + class]));
        }
    }
}

/* exp x for x up to 0, at least 1e-35: smaller ones change no sum, and vector math slows down for them. */
INLINE float exp_of(float x)
{
    return expf(x < -80 ? -80 : x);
}

/* log(exp a + exp b + exp c) */
INLINE float join(float a, float b, float c)
{
    float most = a > b ? a : b;
    most = most > c ? most : c;
    return most + logf(exp_of(a - most) + exp_of(b - most) + exp_of(c - most));
}

/* to[i] = from i, from i - 1 and over a blank from i - 2, then emitted. */
KERNEL
static void step_on(const float *from, const float *skip, const float *emit, float *to, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        to[i] = join(from[i], (from - 1)[i], (from - 2)[i] + skip[i]) + emit[i];
}

/* The same backwards: what is emitted there counts before it is joined. */
KERNEL
static void step_back(const float *from, const float *skip, float *to, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        to[i] = join(from[i], from[i + 1], from[i + 2] + skip[i + 2]);
}

/* Shifts the largest to 0 and returns it. NaN stays where it is. */
KERNEL
static double level(float *x, size_t n)
{
    float most = x[0];
#pragma omp simd reduction(max : most)
    for (size_t i = 0; i < n; i++)
        most = x[i] > most ? x[i] : most;
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] > NEVER / 2 || x[i] != x[i] ? x[i] - most : NEVER;
    return (double)most;
}

static void clear(float *row, size_t length)
{
    for (size_t i = 0; i < length; i++)
        row[i] = NEVER;
}

/* Fills alpha; returns the loss of the sample. */
static double walk_on(struct sample *s)
{
    const struct room *r = &s->room;
    size_t last = PAD + s->states - 1;
    double shift = 0;
    for (size_t t = 0; t < s->T; t++) {
        float *alpha = r->alpha + t * r->row, *emit = r->emit + t * r->row + PAD;
        clear(alpha, r->row);
        if (t) {
            step_on(alpha - r->row + PAD, r->skip + PAD, emit, alpha + PAD, s->states);
        } else {
            alpha[PAD] = emit[0];
            if (s->states > 1)
                alpha[PAD + 1] = emit[1];
        }
        shift += level(alpha + PAD, s->states);
    }
    const float *end = r->alpha + (s->T - 1) * r->row;
    float reached = join(end[last], s->states > 1 ? end[last - 1] : NEVER, NEVER);
    return reached < NEVER / 2 ? (double)INFINITY : -(shift + (double)reached);
}

/* The chance of each state at a position, given the labels: now[] becomes it. */
KERNEL
static void state_chances(const float *alpha, const float *beta, float *now, size_t n)
{
    float most = NEVER, sum = 0;
#pragma omp simd reduction(max : most)
    for (size_t i = 0; i < n; i++) {
        now[i] = alpha[i] + beta[i];
        most = now[i] > most ? now[i] : most;
    }
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) {
        now[i] = exp_of(now[i] - most);
        sum += now[i];
    }
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        now[i] /= sum;
}

/* Walks back with beta, and takes each position's chances off the slopes: by z, or by y. */
static void walk_back(struct sample *s, float scale, float *dy)
{
    const struct room *r = &s->room;
    size_t n = s->states, K = s->K;
    clear(r->beta, r->row);
    clear(r->now, r->row);
    r->beta[PAD + n - 1] = 0;
    if (n > 1)
        r->beta[PAD + n - 2] = 0;
    for (size_t t = s->T; t-- > 0;) {
        size_t at = (size_t)r->at[t] * K;
        const float *emit = r->emit + t * r->row + PAD;
        state_chances(r->alpha + t * r->row + PAD, r->beta + PAD, r->now + PAD, n);
        for (size_t k = 0; k < K; k++)
            dy[at + k] = s->z ? scale * s->y[at + k] : 0;
        for (size_t i = 0; i < n; i++) {
            size_t k = at + (size_t)r->class[i];
            dy[k] -= scale * r->now[PAD + i] / (s->z ? 1 : clipped(s->y[k]));
        }
        for (size_t i = 0; i < n; i++)
            r->now[PAD + i] = r->beta[PAD + i] + emit[i];
        step_back(r->now + PAD, r->skip + PAD, r->beta + PAD, n);
        level(r->beta + PAD, n);
    }
}

static double sample_loss(const struct loss_batch *b, size_t i, struct room room)
{
    size_t P = b->P, K = b->K, labels = 0;
    struct sample s = {.K = K, .y = b->y + i * P * K, .z = b->z ? b->z + i * P * K : NULL, .room = room};
    const float *label = b->t + i * b->W;
    float *dy = b->dy ? b->dy + i * P * K : NULL;
    while (labels < b->W && label[labels] >= 0)
        labels++;
    for (size_t p = 0; p < P; p++)
        if (!b->weight || b->weight[i * P + p] > 0)
            room.at[s.T++] = (int)p;
    if (dy)
        memset(dy, 0, P * K * sizeof *dy);
    if (!s.T)
        return labels ? (double)INFINITY : 0;
    set_states(&s, label, labels);
    set_emissions(&s);
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
    int parts = kernels_threads((double)(b->N * b->P * row_length(b->W)), 4000);
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
