"""embedding and positional."""
import torch

from .common import case, random


def sinusoid(T, C):
    j = torch.arange(C)
    angle = torch.arange(T).unsqueeze(1) / 10000 ** ((j - j % 2) / C)
    return torch.where(j % 2 == 0, angle.sin(), angle.cos())


def cases():
    for N, T, vocabulary, width in [(2, 5, 8, 3), (1, 7, 4, 17), (3, 1, 2, 1)]:
        x = torch.randint(0, vocabulary, (N, T)).double()
        for line in ("", " mask_zero"):
            yield case(f"embedding {vocabulary} {width}{line}", lambda x, w: w[x.long()], [x],
                       [random(vocabulary, width)])
    for N, T, C in [(2, 4, 3), (1, 9, 8), (3, 1, 2)]:
        yield case("positional", lambda x, w: x + w, [random(N, T, C)], [random(T, C)])
        yield case("positional sinusoidal", lambda x: x + sinusoid(T, C), [random(N, T, C)])
