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


def losses():
    y, t = random(6, 3).requires_grad_(), random(6, 3)
    value = F.mse_loss(y, t)
    case("loss", "mse", y=y, t=t, value=value, dy=gradient(value, torch.tensor(1.0), y)[0])

    z, t = random(6, 1, scale=8).requires_grad_(), exact(torch.randint(0, 2, (6, 1)).double())
    value = F.binary_cross_entropy_with_logits(z, t)
    case("fused", "binary_crossentropy", z=z, t=t, value=value, dz=gradient(value, torch.tensor(1.0), z)[0])
    y = exact(torch.rand(6, 1) * 0.9 + 0.05).requires_grad_()
    value = F.binary_cross_entropy(y, t)
    case("loss", "binary_crossentropy", y=y, t=t, value=value, dy=gradient(value, torch.tensor(1.0), y)[0])

    z, label = random(6, 4, scale=8).requires_grad_(), torch.randint(0, 4, (6,))
    t = F.one_hot(label, 4).double()
    value = F.cross_entropy(z, label)
    case("fused", "categorical_crossentropy", z=z, t=t, value=value, dz=gradient(value, torch.tensor(1.0), z)[0])
    y = exact(torch.rand(6, 4) * 0.9 + 0.05).requires_grad_()
    value = F.nll_loss(torch.log(y), label)
    case("loss", "categorical_crossentropy", y=y, t=t, value=value, dy=gradient(value, torch.tensor(1.0), y)[0])

    y, t = random(8, 1).requires_grad_(), torch.sign(random(8, 1))
    value = F.margin_ranking_loss(y, torch.zeros_like(y), t, margin=0.0)
    case("loss", "perceptron", y=y, t=t, value=value, dy=gradient(value, torch.tensor(1.0), y)[0])


# hyper is in the order of the rows of optimizer.c.
OPTIMIZERS = [
    ("sgd", [0, 0], lambda p: torch.optim.SGD(p, 0.1)),
    ("sgd", [0.9, 0], lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)),
    ("sgd", [0.9, 1], lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True)),
    ("rmsprop", [0.9, 1e-7, 0], lambda p: torch.optim.RMSprop(p, 0.1, alpha=0.9, eps=1e-7)),
    ("rmsprop", [0.8, 1e-7, 0.5], lambda p: torch.optim.RMSprop(p, 0.1, alpha=0.8, eps=1e-7, momentum=0.5)),
    ("adam", [0.9, 0.999, 1e-7], lambda p: torch.optim.Adam(p, 0.1, betas=(0.9, 0.999), eps=1e-7)),
    ("adam", [0.8, 0.9, 1e-3], lambda p: torch.optim.Adam(p, 0.1, betas=(0.8, 0.9), eps=1e-3)),
]


def optimizers():
    n, steps = 19, 20
    for name, hyper, make in OPTIMIZERS:
        w = random(n).requires_grad_()
        start, g, path = w.detach().clone(), random(steps, n), []
        step = make([w])
        for i in range(steps):
            w.grad = g[i].clone()
            step.step()
            path.append(w.detach().clone())
        case("optimizer", name, hyper=torch.tensor(hyper), lr=torch.tensor([0.1]), w=start, g=g, path=torch.stack(path))


if __name__ == "__main__":
    print("# Made by make_reference.py with PyTorch", torch.__version__)
    for part in (activations, dense, flatten, dropout, losses, optimizers):
        part()
