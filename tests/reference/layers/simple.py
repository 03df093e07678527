"""dense on sequences and images, activation, flatten, dropout outside training."""
import torch
import torch.nn.functional as F

from .common import case, random


def cases():
    for shape in [(3, 4), (2, 5, 4), (1, 3, 2, 4)]:
        yield case("dense 5 tanh", lambda x, w, b: torch.tanh(x @ w + b), [random(*shape)], [random(4, 5), random(5)])
        yield case("dense 5 use_bias=no", lambda x, w: x @ w, [random(*shape)], [random(4, 5)])
    for shape in [(1, 3), (2, 4, 3)]:
        yield case("activation softmax", lambda x: F.softmax(x, -1), [random(*shape, scale=3)])
        yield case("activation relu", F.relu, [random(*shape)])
    yield case("flatten", lambda x: x.flatten(1), [random(2, 3, 4, 2)])
    yield case("dropout 0.5", lambda x: x, [random(2, 7)], training=False)
