"""add, multiply, average, concat and dot, the layers that mask, and those that are random only while training."""
import torch

from .common import case, random


def same(x):
    return x


def sampling(x):
    return x.chunk(2, -1)[0]


def divergence(beta):
    def value(x):
        mean, log_var = x.chunk(2, -1)
        return beta * (mean**2 + log_var.exp() - 1 - log_var).sum() / 2 / x.shape[0]

    return value


def masking(x, value):
    counts = (x != value).flatten(2).any(-1).double()
    return x * counts.reshape(*counts.shape, *[1] * (x.dim() - 2))


def cases():
    for shape in [(3, 4), (2, 5, 3), (1, 3, 2, 2)]:
        two, three = ([random(*shape) for _ in range(n)] for n in (2, 3))
        yield case("add a", lambda a, b: a + b, two)
        yield case("add a b", lambda a, b, c: a + b + c, three)
        yield case("multiply a", lambda a, b: a * b, two)
        yield case("multiply a b", lambda a, b, c: a * b * c, three)
        yield case("average a b", lambda a, b, c: (a + b + c) / 3, three)
        wide = random(*shape[:-1], 5)
        yield case("concat a b", lambda *x: torch.cat(x, -1), [two[0], wide, two[1]])
    yield case("dot a", lambda a, b: (a * b).sum(-1, keepdim=True), [random(3, 5), random(3, 5)])
    for N, rows, columns, width in [(2, 3, 4, 5), (1, 7, 2, 17)]:
        yield case("dot a", lambda a, b: a @ b.transpose(1, 2), [random(N, rows, width), random(N, columns, width)])
    for shape, value in [((3, 4, 2), 0), ((2, 5, 3), -1.5), ((2, 3, 2, 2), 7)]:
        x = random(*shape).detach()
        x[0, 1] = x[1, 2] = x[1, 0, 0] = value
        yield case(f"masking {value}", lambda x: masking(x, value), [x.requires_grad_()])
    for shape in [(2, 6), (3, 2, 4)]:
        yield case("sampling", sampling, [random(*shape)], training=False, extra=divergence(1))
        yield case("sampling 0.25", sampling, [random(*shape)], training=False, extra=divergence(0.25))
        yield case("gaussian_noise 0.5", same, [random(*shape)], training=False)
    yield case("spatial_dropout 0.5", same, [random(2, 4, 3)], training=False)
