"""simple_rnn, lstm, gru: against PyTorch's own layers, and against a loop by hand where PyTorch has no such thing.

Gradus's layouts are Keras's. Gates stand i f c o (PyTorch: i f g o) and z r h (PyTorch: r z n), and kernels are
the transposes of PyTorch's.
"""
import torch
import torch.nn.functional as F

from .common import case, random

GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3}
ORDER = {"simple_rnn": [0], "lstm": [0, 1, 2, 3], "gru": [1, 0, 2]}
FUNCTION = {"simple_rnn": torch.rnn_tanh, "lstm": torch.lstm, "gru": torch.gru}


def weights(kind, inputs, units, directions=1, bias=True, after=True):
    columns = GATES[kind] * units
    ws = []
    for _ in range(directions):
        ws += [random(inputs, columns, scale=0.7), random(units, columns, scale=0.5)]
        if bias:
            ws.append(random(2, columns) if kind == "gru" and after else random(columns))
    return ws


def reorder(kind, w):
    parts = w.chunk(GATES[kind], -1)
    return torch.cat([parts[i] for i in ORDER[kind]], -1)


def pytorch(kind, units, x, ws, bias, directions):
    """What torch.nn's layer gives for every step."""
    flat, each = [], 2 + bias
    for d in range(directions):
        w = ws[d * each:(d + 1) * each]
        flat += [reorder(kind, w[0]).T, reorder(kind, w[1]).T]
        if bias:
            b = w[2] if kind == "gru" else torch.stack([w[2], torch.zeros_like(w[2])])
            flat += [reorder(kind, b[0]), reorder(kind, b[1])]
    h = torch.zeros(directions, x.shape[0], units)
    return FUNCTION[kind](x, (h, h) if kind == "lstm" else h, flat, bias, 1, 0.0, False, directions == 2, True)[0]


def step(kind, x, h, c, ws, f=torch.tanh, after=True):
    k, u = ws[0], ws[1]
    b = ws[2] if len(ws) > 2 else torch.zeros(k.shape[1])
    n = h.shape[1]
    if kind == "simple_rnn":
        return f(x @ k + h @ u + b), c
    if kind == "lstm":
        i, g, m, o = (x @ k + h @ u + b).chunk(4, -1)
        c = torch.sigmoid(g) * c + torch.sigmoid(i) * torch.tanh(m)
        return torch.sigmoid(o) * torch.tanh(c), c
    b = b if after and b.dim() == 2 else torch.stack([b, torch.zeros_like(b)])
    xs, hs = x @ k + b[0], h @ u + b[1]
    z, r = torch.sigmoid(xs[:, :2 * n] + hs[:, :2 * n]).chunk(2, -1)
    inner = r * hs[:, 2 * n:] if after else (r * h) @ u[:, 2 * n:]
    return z * h + (1 - z) * torch.tanh(xs[:, 2 * n:] + inner), c


def loop(kind, units, x, ws, mask=None, truncate=0, reverse=False, **how):
    """The recurrence by hand; the outputs in the order of the steps."""
    N, T = x.shape[:2]
    h, c, ys = torch.zeros(N, units), torch.zeros(N, units), []
    for s in range(T):
        t = T - 1 - s if reverse else s
        if truncate and s % truncate == 0:
            h, c = h.detach(), c.detach()
        new_h, new_c = step(kind, x[:, t], h, c, ws, **how)
        if mask is not None:
            keep = mask[:, t:t + 1] > 0
            new_h, new_c = torch.where(keep, new_h, h), torch.where(keep, new_c, c)
        h, c = new_h, new_c
        ys.append(h)
    return torch.stack(ys, 1)


def both_ways(kind, units, x, ws, **how):
    half = len(ws) // 2
    back = loop(kind, units, x, ws[half:], reverse=True, **how).flip(1)
    return torch.cat([loop(kind, units, x, ws[:half], **how), back], -1)


def last(kind, units, y, directions):
    return y[:, -1] if directions == 1 else torch.cat([y[:, -1, :units], y[:, 0, units:]], -1)


def random_mask(N, T):
    mask = (torch.rand(N, T) > 0.4).double()
    mask[0] = 1
    mask[-1, :2] = 0
    return mask


def cases_of_pytorch(kind):
    yield case(f"{kind} 18 return_sequences", lambda x, *ws: pytorch(kind, 18, x, ws, True, 1), [random(5, 2, 1)],
               weights(kind, 1, 18))
    for N, T, inputs, units in [(1, 1, 3, 2), (3, 4, 2, 5), (2, 7, 3, 3)]:
        for directions in (1, 2):
            ways = " bidirectional" * (directions - 1)
            yield case(
                f"{kind} {units} return_sequences{ways}",
                lambda x, *ws, u=units, d=directions: pytorch(kind, u, x, ws, True, d),
                [random(N, T, inputs)], weights(kind, inputs, units, directions))
            yield case(
                f"{kind} {units} use_bias=no{ways}",
                lambda x, *ws, u=units, d=directions: last(kind, u, pytorch(kind, u, x, ws, False, d), d),
                [random(N, T, inputs)], weights(kind, inputs, units, directions, bias=False))


def cases_by_hand(kind):
    N, T, inputs, units = 3, 6, 2, 3
    for option, how in [("go_backwards", {"reverse": True}), ("truncate=1", {"truncate": 1}),
                        ("truncate=2", {"truncate": 2}), ("truncate=4", {"truncate": 4}),
                        ("truncate=4 go_backwards", {"truncate": 4, "reverse": True})]:
        for sequences in (True, False):
            def f(x, *ws, how=how, sequences=sequences):
                y = loop(kind, units, x, ws, **how)
                return y if sequences else y[:, -1]
            yield case(f"{kind} {units} {option}" + " return_sequences" * sequences, f, [random(N, T, inputs)],
                       weights(kind, inputs, units))
    for option, reverse in [("", False), (" go_backwards", True)]:
        for sequences in (True, False):
            mask = random_mask(N, T)
            def f(x, *ws, mask=mask, reverse=reverse, sequences=sequences):
                y = loop(kind, units, x, ws, mask=mask, reverse=reverse)
                return y if sequences else y[:, -1]
            yield case(f"{kind} {units}{option}" + " return_sequences" * sequences, f, [random(N, T, inputs)],
                       weights(kind, inputs, units), mask0=mask)
    for sequences in (True, False):
        mask = random_mask(N, T)
        def f(x, *ws, mask=mask, sequences=sequences):
            y = both_ways(kind, units, x, ws, mask=mask, truncate=2)
            return y if sequences else last(kind, units, y, 2)
        yield case(f"{kind} {units} bidirectional truncate=2" + " return_sequences" * sequences, f,
                   [random(N, T, inputs)], weights(kind, inputs, units, 2), mask0=mask)


def cases():
    for kind in GATES:
        yield from cases_of_pytorch(kind)
        yield from cases_by_hand(kind)
    for name, f in [("relu", F.relu), ("sigmoid", torch.sigmoid), ("linear", lambda z: z), ("gelu", F.gelu),
                    ("silu", F.silu), ("softmax", lambda z: F.softmax(z, -1))]:
        yield case(f"simple_rnn 4 {name} return_sequences", lambda x, *ws, f=f: loop("simple_rnn", 4, x, ws, f=f),
                   [random(2, 3, 2)], weights("simple_rnn", 2, 4))
    for N, T, inputs, units in [(1, 1, 2, 3), (3, 4, 2, 4), (2, 2, 1, 17)]:
        for bias in (True, False):
            yield case(f"gru {units} reset_after=no return_sequences" + " use_bias=no" * (not bias),
                       lambda x, *ws, u=units: loop("gru", u, x, ws, after=False), [random(N, T, inputs)],
                       weights("gru", inputs, units, bias=bias, after=False))
    mask = random_mask(3, 6)
    yield case("gru 4 reset_after=no truncate=4 go_backwards",
               lambda x, *ws: loop("gru", 4, x, ws, mask=mask, truncate=4, reverse=True, after=False)[:, -1],
               [random(3, 6, 2)], weights("gru", 2, 4, after=False), mask0=mask)
