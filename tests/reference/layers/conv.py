"""Convolutions: Gradus's channels-last layouts and Keras's padding, PyTorch's numbers."""
import torch.nn.functional as F

from .common import case, random


def same(size, taps, stride, dilation):
    """Keras's zeros before and behind an axis."""
    outs = -(-size // stride)
    zeros = max((outs - 1) * stride + (taps - 1) * dilation + 1 - size, 0)
    return zeros // 2, zeros - zeros // 2


def conv2d(x, w, b, padding, strides, dilation, groups, f):
    x, k = x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1)
    if padding == "same":
        (t, u), (l, r) = (same(x.shape[2 + i], k.shape[2 + i], strides[i], dilation[i]) for i in (0, 1))
        x = F.pad(x, (l, r, t, u))
    return f(F.conv2d(x, k, b, strides, 0, dilation, groups).permute(0, 2, 3, 1))


def case2d(line, x, kernel, filters, padding="valid", strides=(1, 1), dilation=(1, 1), groups=1, bias=True, f=lambda z: z):
    w = random(*kernel, x[-1] // groups, filters, scale=0.5)
    ws = [w, random(filters)] if bias else [w]
    return case(f"conv2d {filters} {line}", lambda x, w, b=None: conv2d(x, w, b, padding, strides, dilation, groups, f),
                [random(*x)], ws)


def cases2d():
    yield case2d("3x3", (2, 5, 4, 2), (3, 3), 3)
    yield case2d("3 relu", (1, 6, 7, 1), (3, 3), 5, f=F.relu)
    yield case2d("3x3 tanh padding=same", (2, 4, 5, 3), (3, 3), 2, "same", f=lambda z: z.tanh())
    yield case2d("2x3 padding=same strides=2", (2, 5, 6, 2), (2, 3), 3, "same", (2, 2))
    yield case2d("3x3 padding=same strides=2", (1, 6, 6, 2), (3, 3), 3, "same", (2, 2))
    yield case2d("3x3 strides=3x2", (1, 8, 7, 2), (3, 3), 2, strides=(3, 2))
    yield case2d("2x2 strides=3", (2, 7, 8, 2), (2, 2), 2, strides=(3, 3))
    yield case2d("3x2 dilation=2", (1, 7, 6, 2), (3, 2), 3, dilation=(2, 2))
    yield case2d("3x3 dilation=2x3 padding=same", (1, 6, 5, 2), (3, 3), 2, "same", dilation=(2, 3))
    yield case2d("3x3 strides=2 dilation=3", (1, 11, 10, 1), (3, 3), 2, strides=(2, 2), dilation=(3, 3))
    yield case2d("3x3 strides=4 dilation=2", (1, 11, 10, 1), (3, 3), 2, strides=(4, 4), dilation=(2, 2))
    yield case2d("3x3 groups=2", (2, 5, 4, 4), (3, 3), 6, groups=2)
    yield case2d("2x2 groups=2 strides=2 padding=same", (1, 5, 5, 4), (2, 2), 2, "same", (2, 2), groups=2)
    yield case2d("3x3 groups=3 relu padding=same", (2, 4, 5, 3), (3, 3), 3, "same", groups=3, f=F.relu)
    yield case2d("3x3 groups=3 strides=2 padding=same use_bias=no", (1, 6, 5, 3), (3, 3), 3, "same", (2, 2), groups=3,
                 bias=False)
    yield case2d("2x3 groups=18", (1, 4, 5, 18), (2, 3), 18, groups=18)
    yield case2d("3x3 groups=2", (1, 4, 4, 2), (3, 3), 4, groups=2)
    yield case2d("1x1 use_bias=no", (2, 3, 4, 3), (1, 1), 5, bias=False)
    yield case2d("1x1 strides=2", (1, 4, 5, 3), (1, 1), 2, strides=(2, 2))
    yield case2d("5x5 padding=same", (1, 3, 2, 1), (5, 5), 2, "same")
    yield case2d("2x2 gelu", (1, 3, 3, 2), (2, 2), 3, f=F.gelu)
    yield case2d("3x3 softmax", (1, 4, 4, 2), (3, 3), 3, f=lambda z: z.softmax(-1))
    yield case2d("3x3 sigmoid padding=same", (3, 2, 2, 1), (3, 3), 1, "same", f=lambda z: z.sigmoid())
    yield case2d("2x2", (1, 4, 9, 1), (2, 2), 37)
    yield case2d("2x2", (1, 4, 3, 19), (2, 2), 18)
    yield case2d("3x3 padding=same", (1, 17, 3, 2), (3, 3), 2, "same")


def conv1d(x, w, b, padding, stride, dilation, groups, f):
    x, k = x.permute(0, 2, 1), w.permute(2, 1, 0)
    if padding != "valid":
        reach = (k.shape[2] - 1) * dilation
        x = F.pad(x, (reach, 0) if padding == "causal" else same(x.shape[2], k.shape[2], stride, dilation))
    return f(F.conv1d(x, k, b, stride, 0, dilation, groups).permute(0, 2, 1))


def case1d(line, x, kernel, filters, padding="valid", stride=1, dilation=1, groups=1, bias=True, f=lambda z: z):
    w = random(kernel, x[-1] // groups, filters, scale=0.5)
    ws = [w, random(filters)] if bias else [w]
    return case(f"conv1d {filters} {line}", lambda x, w, b=None: conv1d(x, w, b, padding, stride, dilation, groups, f),
                [random(*x)], ws)


def cases1d():
    yield case1d("3", (2, 7, 2), 3, 3)
    yield case1d("4 relu padding=same", (2, 9, 1), 4, 3, "same", f=F.relu)
    yield case1d("3 strides=2 padding=same", (1, 8, 2), 3, 2, "same", 2)
    yield case1d("2 tanh padding=causal dilation=4", (2, 9, 3), 2, 3, "causal", dilation=4, f=lambda z: z.tanh())
    yield case1d("3 padding=causal strides=2", (1, 9, 2), 3, 3, "causal", 2)
    yield case1d("3 groups=4 use_bias=no", (1, 6, 4), 3, 4, groups=4, bias=False)
    yield case1d("1", (3, 5, 2), 1, 4)
    yield case1d("5 strides=3", (1, 20, 1), 5, 17, stride=3)


def transpose(x, w, b, padding, strides, dilation, f):
    """Painted whole, then cut to Keras's size, or filled up to it."""
    taps = [(w.shape[i] - 1) * dilation[i] + 1 for i in (0, 1)]
    y = F.conv_transpose2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1), None, strides, dilation=dilation)
    for i in (0, 1):
        size = x.shape[1 + i] * strides[i] + (max(taps[i] - strides[i], 0) if padding == "valid" else 0)
        start = max(taps[i] - strides[i], 0) // 2 if padding == "same" else 0
        y = y.narrow(2 + i, start, min(size, y.shape[2 + i] - start))
        lack = size - y.shape[2 + i]
        y = F.pad(y, (0, 0, 0, lack) if i == 0 else (0, lack))
    y = y.permute(0, 2, 3, 1)
    return f(y if b is None else y + b)


def case_transpose(line, x, kernel, filters, padding="valid", strides=(1, 1), dilation=(1, 1), bias=True, f=lambda z: z):
    w = random(*kernel, filters, x[-1], scale=0.5)
    ws = [w, random(filters)] if bias else [w]
    return case(f"conv2d_transpose {filters} {line}",
                lambda x, w, b=None: transpose(x, w, b, padding, strides, dilation, f), [random(*x)], ws)


def cases_transpose():
    yield case_transpose("3x3", (2, 3, 4, 2), (3, 3), 3)
    yield case_transpose("3x3 relu strides=2 padding=same", (2, 3, 4, 2), (3, 3), 3, "same", (2, 2), f=F.relu)
    yield case_transpose("4x4 tanh strides=2 padding=same", (1, 3, 3, 3), (4, 4), 2, "same", (2, 2), f=lambda z: z.tanh())
    yield case_transpose("2x3 strides=3x1", (1, 3, 4, 2), (2, 3), 2, strides=(3, 1))
    yield case_transpose("1x1 strides=2 padding=same", (1, 2, 3, 2), (1, 1), 2, "same", (2, 2))
    yield case_transpose("3x3 dilation=2 use_bias=no", (1, 3, 3, 2), (3, 3), 2, dilation=(2, 2), bias=False)
    yield case_transpose("5x5 sigmoid strides=2", (1, 3, 2, 2), (5, 5), 1, strides=(2, 2), f=lambda z: z.sigmoid())
    yield case_transpose("2x2 strides=2", (1, 3, 3, 17), (2, 2), 18, strides=(2, 2))


def cases():
    yield from cases2d()
    yield from cases1d()
    yield from cases_transpose()
