"""Pooling, upsampling, zero padding, reshape, permute: channels last, Keras's padding, PyTorch's numbers."""
import torch
import torch.nn.functional as F

from .common import case, exact, random
from .conv import same


def pooled(x, size, strides, padding, how):
    """Windows over the edge count what lies within: -inf never wins, and ones are averaged along."""
    x = x.permute(0, 3, 1, 2)
    ones = torch.ones_like(x)
    if padding == "same":
        (t, u), (l, r) = (same(x.shape[2 + i], size[i], strides[i], 1) for i in (0, 1))
        x = F.pad(x, (l, r, t, u), value=float("-inf") if how == "max" else 0)
        ones = F.pad(ones, (l, r, t, u))
    if how == "max":
        y = F.max_pool2d(x, size, strides)
    else:
        y = F.avg_pool2d(x, size, strides) / F.avg_pool2d(ones, size, strides)
    return y.permute(0, 2, 3, 1)


def case2d(line, x, size, strides=None, padding="valid"):
    how = "max" if line.startswith("max") else "avg"
    return case(line, lambda x: pooled(x, size, strides or size, padding, how), [random(*x)])


def case1d(line, x, size, stride=None, padding="valid"):
    return case(line, lambda x: pooled(x.unsqueeze(1), (1, size), (1, stride or size), padding, "max").squeeze(1),
                [random(*x)])


def masked_mean(mask):
    def f(x):
        m = mask.reshape(*mask.shape, *[1] * (x.dim() - 2))
        count = m.expand(x.shape).flatten(1, -2).sum(1)
        return (x * m).flatten(1, -2).sum(1) / count
    return f


def cases():
    for kind in ("max", "avg"):
        name = kind + "pool2d"
        yield case2d(name, (2, 4, 6, 3), (2, 2))
        yield case2d(name + " 2", (1, 5, 5, 18), (2, 2))
        yield case2d(name + " 3x2", (2, 7, 5, 2), (3, 2))
        yield case2d(name + " 3 strides=2", (1, 7, 8, 17), (3, 3), (2, 2))
        yield case2d(name + " 3 strides=1 padding=same", (2, 4, 5, 2), (3, 3), (1, 1), "same")
        yield case2d(name + " 2 strides=3x1 padding=same", (1, 7, 5, 3), (2, 2), (3, 1), "same")
        yield case2d(name + " 2 padding=same", (2, 5, 3, 2), (2, 2), None, "same")
        yield case2d(name + " 4 padding=same", (1, 2, 3, 2), (4, 4), None, "same")
    yield case1d("maxpool1d", (2, 7, 3), 2)
    yield case1d("maxpool1d 3 strides=1", (1, 8, 17), 3, 1)
    yield case1d("maxpool1d 3 strides=2 padding=same", (2, 6, 2), 3, 2, "same")
    for shape in [(2, 5, 3), (1, 3, 4, 17)]:
        yield case("globalavgpool", lambda x: x.flatten(1, -2).mean(1), [random(*shape)])
        yield case("globalmaxpool", lambda x: x.flatten(1, -2).max(1)[0], [random(*shape)])
    mask = exact(torch.tensor([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1]]))
    for shape in [(3, 4, 2), (3, 4, 2, 3)]:
        yield case("globalavgpool", masked_mean(mask), [random(*shape)], mask0=mask)
    for line, size in [("upsample2d", (2, 2)), ("upsample2d 3", (3, 3)), ("upsample2d 1x2", (1, 2))]:
        yield case(line, lambda x: x.repeat_interleave(size[0], 1).repeat_interleave(size[1], 2), [random(2, 3, 2, 3)])
    yield case("zeropad2d", lambda x: F.pad(x, (0, 0, 1, 1, 1, 1)), [random(2, 3, 2, 2)])
    yield case("zeropad2d 2 top=0 right=1", lambda x: F.pad(x, (0, 0, 2, 1, 0, 2)), [random(1, 2, 3, 2)])
    yield case("reshape 3x4x2", lambda x: x.reshape(-1, 3, 4, 2), [random(2, 24)])
    yield case("reshape 12", lambda x: x.reshape(-1, 12), [random(2, 3, 4)])
    yield case("permute 2x1", lambda x: x.permute(0, 2, 1), [random(2, 3, 4)])
    yield case("permute 3x1x2", lambda x: x.permute(0, 3, 1, 2), [random(2, 3, 4, 2)])
    yield case("permute 2x4x3x1", lambda x: x.permute(0, 2, 4, 3, 1), [random(2, 2, 3, 4, 2)])
