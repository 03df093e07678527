/* sweep.c - see sweep.h. */
#include "sweep.h"
#include "error.h"
#include "experiment.h"
#include "memory.h"

#include <math.h>

/* Beyond this share of the steps on each side a loss counts no more for the mean. */
static const double smooth_share = 1.0 / 16;

static bool sweep_take(struct sweep *s, size_t steps, struct error *e)
{
    *s = (struct sweep){.lr = memory_take(3 * steps, sizeof *s->lr, "the sweep", e)};
    s->loss = s->lr + steps;
    s->mean = s->loss + steps;
    return s->lr;
}

void sweep_release(struct sweep *s)
{
    model_unref(s->model);
    data_unref(s->data);
    memory_free(s->lr);
    *s = (struct sweep){0};
}

/* The mean of the neighbours, weighted less the farther they are. */
static double local_mean(const double *y, size_t n, size_t i, size_t reach)
{
    double sum = 0, weight = 0;
    for (size_t k = i > reach ? i - reach : 0; k < n && k <= i + reach; k++) {
        double w = (double)(reach + 1 - (k > i ? k - i : i - k));
        sum += w * y[k];
        weight += w;
    }
    return sum / weight;
}

/* Where the mean falls most, over a stretch as wide as it is smooth: batches differ. */
static size_t steepest(const struct sweep *s, size_t reach)
{
    size_t best = 0;
    double most = 0;
    for (size_t i = 0; i <= s->lowest; i++) {
        size_t from = i > reach ? i - reach : 0, to = i + reach < s->lowest ? i + reach : s->lowest;
        if (s->mean[from] - s->mean[to] > most) {
            most = s->mean[from] - s->mean[to];
            best = i;
        }
    }
    return best;
}

/* True when the mean falls by a twentieth, and by three times what batches that differ would make of it: a
 * network that is trained already has no rate that stands out. A mean is over about 1.5 reach batches. */
static bool falls_clearly(const struct sweep *s, size_t reach)
{
    double fall = s->mean[0] - s->mean[s->lowest], squares = 0;
    for (size_t i = 0; i <= s->lowest; i++)
        squares += (s->loss[i] - s->mean[i]) * (s->loss[i] - s->mean[i]);
    double noise = sqrt(squares / (double)(s->lowest + 1) * 2 / (1.5 * (double)reach));
    return fall > 0.05 * fabs(s->mean[0]) && fall > 3 * noise;
}

static void judge(struct sweep *s, size_t wanted)
{
    size_t finite = s->steps - s->broke, reach = (size_t)((double)wanted * smooth_share);
    reach = reach < 2 ? 2 : reach;
    for (size_t i = 0; i < finite; i++)
        s->mean[i] = local_mean(s->loss, finite, i, reach);
    if (s->broke)
        s->mean[finite] = s->loss[finite];
    for (size_t i = 1; i < finite; i++)
        if (s->mean[i] < s->mean[s->lowest])
            s->lowest = i;
    s->steepest = steepest(s, reach);
    s->fell = finite && falls_clearly(s, reach);
    for (s->worse = s->lowest + 1; s->worse < s->steps; s->worse++)
        if (!(s->mean[s->worse] <= s->mean[0]))
            break;
    s->worse = s->worse < s->steps ? s->worse : s->steps;
}

/* Goes on until the loss is no number, or stays far above where it began. */
static bool blown_up(const struct sweep *s, double *trend)
{
    static const double memory = 0.8, far = 8;
    double loss = s->loss[s->steps - 1];
    *trend = s->steps == 1 ? loss : memory * *trend + (1 - memory) * loss;
    return *trend > far * s->loss[0] && loss > far * s->loss[0];
}

bool sweep_run(struct session *x, double low, double high, size_t steps, size_t batch_size,
    const atomic_bool *cancel, atomic_size_t *done, struct sweep *out, struct error *e)
{
    struct fit fit = {.steps = 1, .batch_size = batch_size};
    struct recipe *recipe = &session_network(x)->recipe;
    struct sweep s;
    double trend = 0;
    bool ok = sweep_take(&s, steps, e);
    recipe->schedule = NULL; /* the sweep is the schedule */
    recipe->warmup = 0;
    for (size_t i = 0; ok && i < steps; i++) {
        struct status status;
        double lr = low * pow(high / low, steps > 1 ? (double)i / (double)(steps - 1) : 0);
        struct trainer *t = session_network(x)->trainer;
        if (t) /* the memory of the first step serves all */
            trainer_set_lr(t, lr);
        ok = (t || session_set_lr(x, lr, e)) && (t ? trainer_start(t, &fit, e) : session_fit(x, &fit, e)) &&
             experiment_run(x, cancel, e);
        if (!ok)
            break;
        session_status(x, &status);
        s.lr[i] = lr;
        s.loss[i] = status.loss;
        s.broke = status.phase == PHASE_DIVERGED || !isfinite(status.loss);
        s.steps++;
        atomic_fetch_add(done, 1);
        if (s.broke || blown_up(&s, &trend))
            break;
    }
    if (!ok) {
        sweep_release(&s);
        return false;
    }
    judge(&s, steps);
    s.model = model_ref(session_network(x)->model);
    s.data = data_ref(x->data);
    s.optimizer = recipe->optimizer;
    *out = s;
    return true;
}
