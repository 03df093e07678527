"""attention: itself and another sequence, causal, masked, with heads of any width; against
torch.nn.functional.multi_head_attention_forward where that can do the same, else from the formula."""
import torch
import torch.nn.functional as F

from .common import case, random


def heads_of(x, heads):
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def attend(q, k, v, heads, causal, mask):
    q, k, v = (heads_of(t, heads) for t in (q, k, v))
    z = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    left_out = torch.ones(z.shape[-2:]).triu(1).bool() if causal else torch.zeros(z.shape[-2:]).bool()
    if mask is not None:
        left_out = left_out | (mask[:, None, None, :] == 0)
    a = z.masked_fill(left_out, -1e30).softmax(-1).masked_fill(left_out, 0)
    return (a @ v).transpose(1, 2).flatten(2)


def itself(heads, causal=False, mask=None):
    def f(x, wqkv, *rest):
        bqkv, wo, bo = rest if len(rest) == 3 else (0, rest[0], 0)
        q, k, v = (x @ wqkv + bqkv).chunk(3, -1)
        return attend(q, k, v, heads, causal, mask) @ wo + bo

    return f


def other(heads, causal=False, mask=None):
    def f(x, asked, wq, bq, wkv, bkv, wo, bo):
        k, v = (asked @ wkv + bkv).chunk(2, -1)
        return attend(x @ wq + bq, k, v, heads, causal, mask) @ wo + bo

    return f


def torchs(heads, causal):
    """PyTorch's own: its weights are outputs x inputs."""
    def f(x, wqkv, bqkv, wo, bo):
        T, x = x.shape[1], x.transpose(0, 1)
        mask = torch.ones(T, T).triu(1).bool() if causal else None
        y, _ = F.multi_head_attention_forward(x, x, x, x.shape[-1], heads, wqkv.T, bqkv, None, None, False, 0.0,
                                              wo.T, bo, attn_mask=mask)
        return y.transpose(0, 1)

    return f


def parameters(C, I, bias=True):
    if not bias:
        return [random(C, 3 * I, scale=0.7), random(I, C)]
    return [random(C, 3 * I, scale=0.7), random(3 * I), random(I, C), random(C)]


def cases():
    for N, T, C, heads in [(2, 5, 6, 2), (1, 3, 4, 4), (3, 1, 2, 1), (1, 19, 4, 2)]:
        for causal in (False, True):
            line = f"attention {heads}" + " causal" * causal
            yield case(line, torchs(heads, causal), [random(N, T, C)], parameters(C, C))
            yield case(line + " use_bias=no", itself(heads, causal), [random(N, T, C)], parameters(C, C, False))
    yield case("attention 3 key_dim=2 causal", itself(3, True), [random(2, 4, 5)], parameters(5, 6))
    yield case("attention 1 causal", itself(1, True), [random(1, 35, 2)], parameters(2, 2))
    yield case("attention 1", itself(1), [random(1, 70, 2)], parameters(2, 2))
    mask = torch.tensor([[1.0, 1, 1, 0, 0], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0]])
    for causal in (False, True):
        yield case("attention 2" + " causal" * causal, itself(2, causal, mask), [random(3, 5, 4)], parameters(4, 4),
                   mask0=mask)
    for T, S, M in [(3, 5, 4), (5, 3, 7), (1, 20, 4)]:
        for causal in (False, True):
            w = [random(6, 4), random(4), random(M, 8), random(8), random(4, 6), random(6)]
            yield case("attention 2 key_dim=2" + " causal" * causal, other(2, causal),
                       [random(2, T, 6), random(2, S, M)], w)
    w = [random(4, 4), random(4), random(3, 8), random(8), random(4, 4), random(4)]
    yield case("attention 2", other(2, False, mask), [random(3, 2, 4), random(3, 5, 3)], w, mask1=mask)
