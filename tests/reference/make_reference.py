#!/usr/bin/python3
"""Writes reference.txt: numbers from PyTorch that test_reference.c compares with. Needs Debian's python3-torch.

    tests/reference/make_reference.py > tests/reference/reference.txt

Lines: `case KIND NAME`, then `ARRAY COUNT values…` until the next case. Everything is computed in float64 from
inputs that are exact float32, so that the numbers are right to the last printed digit.
"""
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)


def exact(t):
    return t.float().double()


def random(*shape, scale=1.0):
    return exact(torch.randn(*shape) * scale)


def case(kind, name, **arrays):
    print(f"case {kind} {name}")
    for key, value in arrays.items():
        values = torch.as_tensor(value).detach().reshape(-1).tolist()
        print(key, len(values), *(f"{v:.9g}" for v in values))


def gradient(y, dy, *by):
    return torch.autograd.grad((y * dy).sum(), by)


ACTIVATIONS = {
    "linear": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": lambda z: F.leaky_relu(z, 0.2),
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": F.softplus,
    "softmax": lambda z: F.softmax(z, -1),
}


def activations():
    for name, f in ACTIVATIONS.items():
        z = random(7, 5, scale=3)
        z[0] = exact(torch.tensor([-30.0, -1e-3, 0.5, 1e-3, 25.0]))
        z.requires_grad_()
        dy, y = random(7, 5), f(z)
        case("activation", name, z=z, y=y, dy=dy, dz=gradient(y, dy, z)[0])


def dense():
    for name in ACTIVATIONS:
        x, w, b = (random(6, 4).requires_grad_(), random(4, 5).requires_grad_(), random(5).requires_grad_())
        y = ACTIVATIONS[name](x @ w + b)
        dy = random(6, 5)
        dx, dw, db = gradient(y, dy, x, w, b)
        case("dense", name, x=x, w=w, b=b, y=y, dy=dy, dx=dx, dw=dw, db=db)


def flatten():
    x, dy = random(2, 3, 2, 2).requires_grad_(), random(2, 12)
    y = torch.flatten(x, 1)
    case("flatten", "flatten", x=x, y=y, dy=dy, dx=gradient(y, dy, x)[0])


def dropout():
    x, dy = random(4, 6).requires_grad_(), random(4, 6)
    y = F.dropout(x, 0.5, training=False)
    case("dropout", "evaluation", x=x, y=y, dy=dy, dx=gradient(y, dy, x)[0])
    x = random(4, 6).abs().add(1).requires_grad_()
    y = F.dropout(x, 0.25, training=True)
    case("dropout", "training", x=x, keep=(y != 0).double(), y=y, dy=dy, dx=gradient(y, dy, x)[0])


class Lion:
    """Chen and others 2023, algorithm 2."""

    def __init__(self, params, lr, betas, weight_decay=0.0):
        self.params, self.lr, self.betas, self.weight_decay = params, lr, betas, weight_decay
        self.m = [torch.zeros_like(p) for p in params]

    @torch.no_grad()
    def step(self):
        b1, b2 = self.betas
        for p, m in zip(self.params, self.m):
            c = b1 * m + (1 - b1) * p.grad
            p -= self.lr * (torch.sign(c) + self.weight_decay * p)
            m.copy_(b2 * m + (1 - b2) * p.grad)


class NAdam:
    """Dozat 2016 as PyTorch 2 and Keras have it; PyTorch 1.13 multiplies u_t into the product of u_(t+1) twice."""

    def __init__(self, params, lr, betas, eps, momentum_decay):
        self.params, self.lr, self.betas, self.eps, self.decay = params, lr, betas, eps, momentum_decay
        self.m, self.v = [torch.zeros_like(p) for p in params], [torch.zeros_like(p) for p in params]
        self.t, self.product = 0, 1.0

    @torch.no_grad()
    def step(self):
        (b1, b2), self.t = self.betas, self.t + 1
        mu = b1 * (1 - 0.5 * 0.96 ** (self.t * self.decay))
        mu_next = b1 * (1 - 0.5 * 0.96 ** ((self.t + 1) * self.decay))
        self.product *= mu
        for p, m, v in zip(self.params, self.m, self.v):
            m.copy_(b1 * m + (1 - b1) * p.grad)
            v.copy_(b2 * v + (1 - b2) * p.grad**2)
            denom = (v / (1 - b2**self.t)).sqrt() + self.eps
            p -= self.lr * (1 - mu) / (1 - self.product) * p.grad / denom
            p -= self.lr * mu_next / (1 - self.product * mu_next) * m / denom


class Decayed:
    """Decoupled weight decay before the steps of another optimiser, as Keras adds it to each of them."""

    def __init__(self, params, weight_decay, make):
        self.params, self.weight_decay, self.inner = params, weight_decay, make(params)

    @torch.no_grad()
    def step(self):
        for p in self.params:
            p *= 1 - 0.1 * self.weight_decay
        self.inner.step()


O = torch.optim

# hyper is in the order of the rows of optimizer.c; then the weight decay.
OPTIMIZERS = [
    ("sgd", [0, 0], 0, lambda p: O.SGD(p, 0.1)),
    ("sgd", [0.9, 0], 0, lambda p: O.SGD(p, 0.1, momentum=0.9)),
    ("sgd", [0.9, 1], 0, lambda p: O.SGD(p, 0.1, momentum=0.9, nesterov=True)),
    ("sgd", [0, 0], 0.3, lambda p: Decayed(p, 0.3, lambda q: O.SGD(q, 0.1))),
    ("sgd", [0.9, 0], 0.3, lambda p: Decayed(p, 0.3, lambda q: O.SGD(q, 0.1, momentum=0.9))),
    ("rmsprop", [0.9, 1e-7, 0], 0, lambda p: O.RMSprop(p, 0.1, alpha=0.9, eps=1e-7)),
    ("rmsprop", [0.8, 1e-7, 0.5], 0, lambda p: O.RMSprop(p, 0.1, alpha=0.8, eps=1e-7, momentum=0.5)),
    ("rmsprop", [0.9, 1e-7, 0], 0.3, lambda p: Decayed(p, 0.3, lambda q: O.RMSprop(q, 0.1, alpha=0.9, eps=1e-7))),
    ("adagrad", [0, 1e-7], 0, lambda p: O.Adagrad(p, 0.1, eps=1e-7)),
    ("adagrad", [0.1, 1e-3], 0.3, lambda p: Decayed(p, 0.3, lambda q: O.Adagrad(q, 0.1, initial_accumulator_value=0.1, eps=1e-3))),
    ("adadelta", [0.95, 1e-7], 0, lambda p: O.Adadelta(p, 0.1, rho=0.95, eps=1e-7)),
    ("adadelta", [0.8, 1e-3], 0.3, lambda p: Decayed(p, 0.3, lambda q: O.Adadelta(q, 0.1, rho=0.8, eps=1e-3))),
    ("adam", [0.9, 0.999, 1e-7], 0, lambda p: O.Adam(p, 0.1, betas=(0.9, 0.999), eps=1e-7)),
    ("adam", [0.8, 0.9, 1e-3], 0, lambda p: O.Adam(p, 0.1, betas=(0.8, 0.9), eps=1e-3)),
    ("adamw", [0.9, 0.999, 1e-7], 0.004, lambda p: O.AdamW(p, 0.1, betas=(0.9, 0.999), eps=1e-7, weight_decay=0.004)),
    ("adamw", [0.8, 0.9, 1e-3], 0.3, lambda p: O.AdamW(p, 0.1, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.3)),
    ("nadam", [0.9, 0.999, 1e-7, 0.004], 0, lambda p: NAdam(p, 0.1, (0.9, 0.999), 1e-7, 0.004)),
    ("nadam", [0.8, 0.9, 1e-3, 1], 0.3, lambda p: Decayed(p, 0.3, lambda q: NAdam(q, 0.1, (0.8, 0.9), 1e-3, 1))),
    ("lion", [0.9, 0.99], 0, lambda p: Lion(p, 0.1, (0.9, 0.99))),
    ("lion", [0.5, 0.8], 0.3, lambda p: Lion(p, 0.1, (0.5, 0.8), 0.3)),
]


def optimizers():
    n, steps = 19, 20
    for name, hyper, decay, make in OPTIMIZERS:
        w = random(n).requires_grad_()
        start, g, path = w.detach().clone(), random(steps, n), []
        step = make([w])
        for i in range(steps):
            w.grad = g[i].clone()
            step.step()
            path.append(w.detach().clone())
        case("optimizer", name, hyper=torch.tensor(hyper), weight_decay=torch.tensor([float(decay)]),
             lr=torch.tensor([0.1]), w=start, g=g, path=torch.stack(path))


S = torch.optim.lr_scheduler

# hyper is in the order of the rows of schedule.c; then batches an epoch, epochs, and how PyTorch says it, with
# True where it steps after every batch, False after every epoch. Keras drops one epoch earlier on a plateau.
SCHEDULES = [
    ("constant", [], 3, 2, lambda o: S.ConstantLR(o, factor=1), True),
    ("step", [2, 0.5], 3, 7, lambda o: S.StepLR(o, 2, 0.5), False),
    ("exponential", [0.8], 1, 9, lambda o: S.ExponentialLR(o, 0.8), False),
    ("cosine", [0, 0, 0], 10, 3, lambda o: S.CosineAnnealingLR(o, 30), True),
    ("cosine", [20, 0, 0.1], 5, 4, lambda o: S.CosineAnnealingLR(o, 20, eta_min=0.005), True),
    ("cosine", [0, 3, 0.1], 7, 3, lambda o: S.CosineAnnealingLR(o, 21, eta_min=0.005), True),
    ("one_cycle", [0, 0, 0.3, 25, 1e4], 10, 4, lambda o: S.OneCycleLR(o, 0.05, 40, cycle_momentum=False), True),
    ("one_cycle", [30, 0, 0.5, 10, 100], 5, 6,
     lambda o: S.OneCycleLR(o, 0.05, 30, pct_start=0.5, div_factor=10, final_div_factor=100, cycle_momentum=False), True),
    ("plateau", [0.5, 2, 0.01, 0.002], 2, 24,
     lambda o: S.ReduceLROnPlateau(o, factor=0.5, patience=1, threshold=0.01, threshold_mode="abs", min_lr=0.002), False),
]


def schedules():
    for name, hyper, batches, epochs, make, by_batch in SCHEDULES:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.05)
        schedule, rates = make(optimizer), []
        scores = exact(torch.rand(epochs).sort(descending=True).values.clamp(min=0.3))
        for epoch in range(epochs):
            for batch in range(batches):
                rates.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                if by_batch and epoch * batches + batch + 1 < batches * epochs:
                    schedule.step()
            if not by_batch:
                schedule.step(*([scores[epoch].item()] if name == "plateau" else []))
        case("schedule", name, hyper=torch.tensor(hyper), size=torch.tensor([batches, epochs]),
             score=scores, rate=torch.tensor(rates))


if __name__ == "__main__":
    print("# Made by make_reference.py with PyTorch", torch.__version__)
    for part in (activations, dense, flatten, dropout, optimizers, schedules):
        part()
