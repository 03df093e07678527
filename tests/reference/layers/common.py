"""What the families share: random numbers, and a case as text."""
import torch


def exact(t):
    return t.detach().float().double()


def random(*shape, scale=1.0):
    return exact(torch.randn(*shape) * scale).requires_grad_()


def numbers(name, value):
    values = torch.as_tensor(value).detach().reshape(-1).tolist()
    return " ".join([name, str(len(values)), *(f"{v:.9g}" for v in values)])


def case(line, f, xs, ws=(), stats=(), training=True, to_gradus=None, extra=None, **arrays):
    """A typed line and its numbers.

    f(*xs, *ws) is PyTorch's output in Gradus's layout (channels last); xs and ws are tensors in Gradus's layouts,
    leaves that need gradients where PyTorch can give them. stats: running statistics before. arrays: more of
    them, `mask0=…`, `after0=…`, `tolerance=…`. The loss is the sum of y times a fixed random dy; `extra` is a
    loss of the layer's own, added to it.
    """
    y = f(*xs, *ws)
    dy = exact(torch.randn_like(y.detach()))
    total = (y * dy).sum()
    if extra is not None:
        value = extra(*xs, *ws)
        total = total + value
        arrays["loss"] = value
    leaves = [t for t in (*xs, *ws) if t.requires_grad]
    grads = dict(zip(map(id, leaves), torch.autograd.grad(total, leaves, allow_unused=True))) if leaves else {}
    lines = [f"case {line}", numbers("training", 1.0 if training else 0.0)]
    for i, x in enumerate(xs):
        lines += [numbers(f"in{i}", torch.tensor(x.shape[1:])), numbers(f"x{i}", x)]
        if id(x) in grads:
            g = grads[id(x)]
            lines.append(numbers(f"dx{i}", torch.zeros_like(x) if g is None else g))
    for i, w in enumerate(ws):
        lines.append(numbers(f"w{i}", w))
        if id(w) in grads:
            lines.append(numbers(f"dw{i}", grads[id(w)]))
    for i, s in enumerate(stats):
        lines.append(numbers(f"s{i}", s))
    lines += [numbers("y", y), numbers("dy", dy)]
    lines += [numbers(k, v) for k, v in arrays.items()]
    return "\n".join(lines)
