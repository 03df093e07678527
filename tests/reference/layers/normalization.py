"""layernorm and batchnorm: in training with what the running statistics become, and outside."""
import torch
import torch.nn.functional as F

from .common import case, exact, random


def channels_second(x):
    return x.movedim(-1, 1)


def batchnorm(training, epsilon, mean, variance):
    def f(x, *w):
        y = F.batch_norm(channels_second(x), mean.clone(), variance.clone(), *w, training=training, eps=epsilon)
        return y.movedim(1, -1)

    return f


def moved(x, mean, variance, momentum):
    """Keras's: the variance of the batch is divided by the count."""
    rows = x.detach().reshape(-1, x.shape[-1])
    new = rows.mean(0), rows.var(0, unbiased=False)
    return [momentum * a + (1 - momentum) * b for a, b in zip((mean, variance), new)]


def masked(x, gamma, beta, mask):
    """Statistics of the rows that count, for all rows."""
    counts = mask.unsqueeze(-1)
    mean = (x * counts).sum((0, 1)) / counts.sum()
    variance = ((x - mean) ** 2 * counts).sum((0, 1)) / counts.sum()
    return (x - mean) / (variance + 1e-3) ** 0.5 * gamma + beta


def cases():
    for shape in [(3, 5), (2, 4, 7), (1, 3, 2, 4), (5, 17, 16)]:
        C = shape[-1]
        ln = lambda epsilon: lambda x, g=None, b=None: F.layer_norm(x, (C,), g, b, epsilon)
        yield case("layernorm", ln(1e-3), [random(*shape)], [random(C), random(C)])
        yield case("layernorm epsilon=1e-5", ln(1e-5), [random(*shape)], [random(C), random(C)])
        yield case("layernorm scale=no center=no", ln(1e-3), [random(*shape)])
    yield case("layernorm center=no", lambda x, g: F.layer_norm(x, (6,), g, None, 1e-3), [random(80, 6)], [random(6)])
    for shape in [(6, 5), (2, 4, 3), (3, 3, 2, 4), (2, 2, 3, 2, 3), (90, 2)]:
        C = shape[-1]
        mean, variance = exact(torch.randn(C)), exact(torch.rand(C) + 0.5)
        for line, epsilon, momentum in [("batchnorm", 1e-3, 0.99), ("batchnorm 0.6 epsilon=0.01", 0.01, 0.6)]:
            x = random(*shape)
            after = dict(zip(("after0", "after1"), moved(x, mean, variance, momentum)))
            yield case(line, batchnorm(True, epsilon, mean, variance), [x], [random(C), random(C)],
                       (mean, variance), **after)
            yield case(line, batchnorm(False, epsilon, mean, variance), [random(*shape)], [random(C), random(C)],
                       (mean, variance), training=False)
        yield case("batchnorm scale=no center=no", batchnorm(True, 1e-3, mean, variance), [random(*shape)], (),
                   (mean, variance))
    mask = torch.tensor([[1.0, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]])
    ones = torch.zeros(3), torch.ones(3)
    yield case("batchnorm", lambda x, g, b: masked(x, g, b, mask), [random(3, 4, 3)], [random(3), random(3)], ones,
               mask0=mask)
