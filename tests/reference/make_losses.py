#!/usr/bin/python3
"""Writes losses.txt: losses and their gradients from PyTorch, that test_loss.c compares with. Needs Debian's
python3-torch.

    tests/reference/make_losses.py > tests/reference/losses.txt

A case is `case KIND NAME`, KIND fused (the gradient is by z) or loss (by y), then `ARRAY COUNT values…`: shape is
N P K W, head 0 for a sign, 1 for bits, 2 for one hot, hyper the loss's arguments in order. Everything is computed
in float64 from inputs that are exact float32.
"""
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)

HEADS = {"linear": 0, "tanh": 0, "sigmoid": 1, "softmax": 2}
ACTIVATIONS = {
    "linear": lambda z: z,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softmax": lambda z: F.softmax(z, -1),
}


def exact(t):
    return t.detach().float().double()


def random(*shape, scale=1.0):
    return exact(torch.randn(*shape) * scale)


def write(kind, name, **arrays):
    print(f"case {kind} {name}")
    for key, value in arrays.items():
        values = torch.as_tensor(value).detach().reshape(-1).tolist()
        print(key, len(values), *(f"{v:.9g}" for v in values))


def mean(rows, weight):
    """Of a loss for each row, N x P, by their weights."""
    return rows.mean() if weight is None else (rows * weight).sum() / weight.sum()


def case(name, f, z, t, head="linear", hyper=(), weight=None, fused=True, W=None, f_z=None):
    """f(y, t, weight) is the loss as a scalar, f_z the same by z; z is N x P x K."""
    N, P, K = z.shape
    common = dict(shape=[N, P, K, W or t.shape[-1]], head=[HEADS[head]], hyper=list(hyper), t=t)
    if weight is not None:
        common["weight"] = weight
    y = exact(ACTIVATIONS[head](z)).requires_grad_()
    value = f(y, t, weight)
    write("loss", name, **common, y=y, value=value, gradient=torch.autograd.grad(value, y)[0])
    if fused and head in ("sigmoid", "softmax"):
        z = z.clone().requires_grad_()
        value = f_z(z, t, weight) if f_z else f(ACTIVATIONS[head](z), t, weight)
        write("fused", name, **common, z=z, value=value, gradient=torch.autograd.grad(value, z)[0])


def one_hot(N, P, K):
    return F.one_hot(torch.randint(0, K, (N, P)), K).double()


def bits(*shape):
    return torch.randint(0, 2, shape).double()


def weights(N, P):
    w = exact(torch.rand(N, P) + 0.1)
    w[:, -1] = 0
    return w


SHAPES = [(6, 1, 3), (1, 1, 1), (2, 4, 17), (3, 5, 2)]


def numbers():
    table = {
        "mse": [((), lambda y, t: F.mse_loss(y, t, reduction="none").mean(-1))],
        "mae": [((), lambda y, t: F.l1_loss(y, t, reduction="none").mean(-1))],
        "huber": [((d,), lambda y, t, d=d: F.huber_loss(y, t, reduction="none", delta=d).mean(-1)) for d in (1, 0.3)],
        "cosine": [((), lambda y, t: 1 - F.cosine_similarity(y, t, dim=-1))],
    }
    for name, variants in table.items():
        for hyper, rows in variants:
            for N, P, K in SHAPES:
                if name == "cosine" and K == 1:
                    continue
                for weight in (None, weights(N, P)) if P > 1 else (None,):
                    case(name, lambda y, t, w: mean(rows(y, t), w), random(N, P, K), random(N, P, K), hyper=hyper,
                         weight=weight)


def margins():
    for name, margin in (("perceptron", 0), ("hinge", 1)):
        for N, P, K in SHAPES:
            t = 2 * bits(N, P, K) - 1
            rows = lambda y, t: F.margin_ranking_loss(y, torch.zeros_like(y), t, margin=margin, reduction="none").mean(-1)
            for weight in (None, weights(N, P)) if P > 1 else (None,):
                case(name, lambda y, t, w: mean(rows(y, t), w), random(N, P, K), t, head="tanh", weight=weight)


def surprise(y, t, smooth):
    return -((t * (1 - smooth) + smooth / y.shape[-1] * t.sum(-1, keepdim=True)) * y.log()).sum(-1)


def crossentropy():
    for smooth in (0, 0.1):
        for N, P, K in SHAPES:
            for weight in (None, weights(N, P)) if P > 1 else (None,):
                mix = lambda t: t * (1 - smooth) + smooth / 2
                rows = lambda y, t: F.binary_cross_entropy(y, mix(t), reduction="none").mean(-1)
                rows_z = lambda z, t: F.binary_cross_entropy_with_logits(z, mix(t), reduction="none").mean(-1)
                case("binary_crossentropy", lambda y, t, w: mean(rows(y, t), w), random(N, P, K, scale=3), bits(N, P, K),
                     head="sigmoid", hyper=[smooth], weight=weight, f_z=lambda z, t, w: mean(rows_z(z, t), w))
                if K == 1:
                    continue
                hot, label = one_hot(N, P, K), torch.randint(0, K, (N, P))
                rows_z = lambda z, t: F.cross_entropy(z.movedim(-1, 1), t, label_smoothing=smooth, reduction="none")
                case("categorical_crossentropy", lambda y, t, w: mean(surprise(y, t, smooth), w),
                     random(N, P, K, scale=2), hot, head="softmax", hyper=[smooth], weight=weight,
                     f_z=lambda z, t, w: mean(rows_z(z, t.movedim(-1, 1)), w))
                case("sparse_categorical_crossentropy",
                     lambda y, t, w: mean(surprise(y, F.one_hot(label, K), smooth), w), random(N, P, K, scale=2),
                     label.double(), head="softmax", hyper=[smooth], weight=weight, W=1,
                     f_z=lambda z, t, w: mean(rows_z(z, label), w))
        label = torch.randint(0, 5, (4, 6))
        label[:, 4:] = -1
        label[1] = -1
        there = (label >= 0).double()
        case("sparse_categorical_crossentropy",
             lambda y, t, w: mean(surprise(y, F.one_hot(label.clamp(min=0), 5), smooth), there),
             random(4, 6, 5, scale=3), label.double(), head="softmax", hyper=[smooth], W=1,
             f_z=lambda z, t, w: F.cross_entropy(z.movedim(-1, 1), label, ignore_index=-1, label_smoothing=smooth))
    for N, P, K in ((6, 1, 3), (2, 4, 17)):
        t = exact(F.softmax(random(N, P, K), -1))
        t[0, 0] = one_hot(1, 1, K)[0, 0]
        for weight in (None, weights(N, P)) if P > 1 else (None,):
            rows = lambda y, t: F.kl_div(y.log(), t, reduction="none").sum(-1)
            case("kl_divergence", lambda y, t, w: mean(rows(y, t), w), random(N, P, K), t, head="softmax", weight=weight)


def focal_bits(y, t, gamma, alpha):
    """keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True); alpha 0: without balancing."""
    p = t * y + (1 - t) * (1 - y)
    balance = t * alpha + (1 - t) * (1 - alpha) if alpha else 1
    return (balance * (1 - p) ** gamma * F.binary_cross_entropy(y, t, reduction="none")).mean(-1)


def focal_shares(y, t, gamma, alpha):
    """keras.losses.CategoricalFocalCrossentropy"""
    return (t * (alpha or 1) * (1 - y) ** gamma * -y.log()).sum(-1)


def focal():
    for hyper in ((2, 0.25), (0.5, 0), (0, 0.6)):
        for N, P, K in SHAPES:
            for weight in (None, weights(N, P)) if P > 1 else (None,):
                case("focal", lambda y, t, w: mean(focal_bits(y, t, *hyper), w), random(N, P, K, scale=3), bits(N, P, K),
                     head="sigmoid", hyper=hyper, weight=weight)
                if K > 1:
                    case("focal", lambda y, t, w: mean(focal_shares(y, t, *hyper), w), random(N, P, K, scale=3),
                         one_hot(N, P, K), head="softmax", hyper=hyper, weight=weight)


def dice_of(y, t, weight, smooth):
    w = torch.ones_like(y[..., :1]) if weight is None else weight[..., None]
    both, answer, truth = (w * y * t).sum(1), (w * y).sum(1), (w * t).sum(1)
    return (1 - (2 * both + smooth) / (answer + truth + smooth)).mean()


def regions():
    for N, P, K in ((2, 9, 1), (3, 7, 4), (1, 64, 2)):
        for smooth in (1, 0):
            for weight in (None, weights(N, P)):
                head, t = ("sigmoid", bits(N, P, 1)) if K == 1 else ("softmax", one_hot(N, P, K))
                case("dice", lambda y, t, w: dice_of(y, t, w, smooth), random(N, P, K), t, head=head, hyper=[smooth],
                     weight=weight, fused=False)
    for N, P in ((9, 1), (2, 5), (1, 1)):
        for weight in (None, weights(N, P)) if P > 1 else (None,):
            case("iou", lambda y, t, w: mean(1 - giou(y, t), w), random(N, P, 4), random(N, P, 4), weight=weight)


def giou(y, t, eps=1e-7):
    """torchvision.ops.generalized_box_iou_loss, of boxes whose corners come in any order."""
    low, high = torch.minimum(y[..., :2], y[..., 2:]), torch.maximum(y[..., :2], y[..., 2:])
    t_low, t_high = torch.minimum(t[..., :2], t[..., 2:]), torch.maximum(t[..., :2], t[..., 2:])
    both = (torch.minimum(high, t_high) - torch.maximum(low, t_low)).clamp(min=0).prod(-1)
    union = (high - low).prod(-1) + (t_high - t_low).prod(-1) - both
    around = (torch.maximum(high, t_high) - torch.minimum(low, t_low)).prod(-1)
    return both / (union + eps) - (around - union) / (around + eps)


def ctc_by_hand(y, label, inputs, length):
    """F.ctc_loss without its slope: that takes for granted that log y comes from a softmax."""
    losses = []
    for n in range(len(label)):
        states = [y.shape[-1] - 1]
        for l in label[n, :length[n]].tolist():
            states += [l, y.shape[-1] - 1]
        never = torch.tensor(-1e9)
        alpha = [y[n, 0, k].log() if s < 2 else never for s, k in enumerate(states)]
        for t in range(1, inputs[n]):
            skips = [s > 1 and s % 2 and k != states[s - 2] for s, k in enumerate(states)]
            ways = [alpha[s - 2 if skip else max(s - 1, 0):s + 1] for s, skip in enumerate(skips)]
            alpha = [torch.logsumexp(torch.stack(w), 0) + y[n, t, k].log() for w, k in zip(ways, states)]
        losses.append(-torch.logsumexp(torch.stack(alpha[-2:]), 0))
    return torch.stack(losses).mean()


def ctc():
    for N, P, K, W, scale in ((1, 1, 2, 1, 1), (1, 3, 4, 3, 1), (3, 7, 5, 3, 2), (2, 12, 3, 5, 1), (2, 40, 6, 12, 2)):
        length = torch.randint(0 if N > 1 else W, W + 1, (N,))
        label = torch.randint(0, K - 1, (N, W))
        label[0, 1::2] = label[0, 0:W - W % 2:2]
        if 2 * W > P:
            label = torch.arange(W).expand(N, W) % (K - 1)
        t = torch.where(torch.arange(W) < length[:, None], label, -1).double()
        for masked in (False, True) if P > 20 else (False,):
            inputs = torch.full((N,), P) - (torch.arange(N) * 5 if masked else 0)
            weight = (torch.arange(P) < inputs[:, None]).double() if masked else None
            f_z = lambda z, t, w: F.ctc_loss(F.log_softmax(z, -1).transpose(0, 1), label, inputs, length, blank=K - 1,
                                             reduction="none").mean()
            case("ctc", lambda y, t, w: ctc_by_hand(y, label, inputs, length), random(N, P, K, scale=scale), t,
                 head="softmax", weight=weight, W=W, f_z=f_z)


if __name__ == "__main__":
    print("# Made by make_losses.py with PyTorch", torch.__version__)
    for part in (numbers, margins, crossentropy, focal, regions, ctc):
        part()
