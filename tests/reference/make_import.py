#!/usr/bin/python3
"""Writes import/: weights as PyTorch and Keras lay them out, for test_import.c. Needs Debian's python3-torch.

    tests/reference/make_import.py

Each NAME.safetensors has beside it, in cases.txt, the typed lines of its model, an input and what PyTorch's
module answers. Inputs and outputs are written channels last. The files of Keras's layout hold the same kind of
networks, computed here from Keras's definitions of its layers.
"""
import json
import os
import struct

import torch
import torch.nn.functional as F
from torch import nn

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "import")
TYPES = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16",
         torch.int64: "I64"}
cases = []


def raw(t):
    t = t.detach().contiguous()
    if t.dtype == torch.bfloat16:
        t = t.view(torch.int16)
    return t.numpy().tobytes()


def write(name, tensors, by_name=False):
    """As the library of the format does it with `by_name`: by type, then by name."""
    items = list(tensors.items())
    if by_name:
        items.sort(key=lambda i: (-i[1].element_size(), i[0]))
    header, data = {}, b""
    for key, t in items:
        bytes_ = raw(t)
        header[key] = {"dtype": TYPES[t.dtype], "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(bytes_)]}
        data += bytes_
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(HERE, name + ".safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def numbers(name, t):
    values = t.detach().reshape(-1).tolist()
    return " ".join([name, str(len(values)), *(f"{v:.9g}" for v in values)])


def last(t):
    """Channels last."""
    return t.movedim(1, -1) if t.dim() > 2 else t


def case(name, origin, lines, tensors, x, y, by_name=False):
    write(name, tensors, by_name)
    cases.append(f"case {origin} {name}\nlines {lines}\n{numbers('x', x)}\n{numbers('y', y)}")


def module(name, lines, net, x, see=lambda t: t, show=lambda t: t, by_name=False):
    """A module of PyTorch; see and show turn ours into its input, and its output into ours."""
    net.eval()
    for key, t in net.named_buffers():
        if t.dtype == torch.float32:
            t.copy_(torch.rand_like(t) + 0.5)
    for t in net.parameters():
        t.data.mul_(2)
    y = net(see(x))
    case(name, "pytorch", lines, net.state_dict(), x, show(y[0] if isinstance(y, tuple) else y), by_name)


def first(x):
    return x.movedim(-1, 1)


class Named(nn.Module):
    """Modules by name, in an order that sorting spoils."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 4, 3, stride=2, groups=2)
        self.fc = nn.Linear(4 * 2 * 3, 3)
        self.bn_fc = nn.BatchNorm1d(4 * 2 * 3)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = torch.tanh(self.conv2(x)).flatten(1)
        return self.fc(self.bn_fc(x))


class Steps(nn.Module):
    """Convolutions over a sequence, added up and flattened; with attention, the channels stand last before that."""

    def __init__(self, attends):
        super().__init__()
        self.one = nn.Conv1d(2, 4, 3, padding=1)
        self.two = nn.Conv1d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm1d(4)
        if attends:
            self.attend = nn.MultiheadAttention(4, 2, batch_first=True)
        self.fc = nn.Linear(4 * 5, 3)

    def forward(self, x):
        one = F.relu(self.one(x))
        x = self.norm(one + self.two(one))
        if hasattr(self, "attend"):
            x = x.transpose(1, 2)
            x = self.attend(x, x, x, need_weights=False)[0]
        return self.fc(x.flatten(1))


class Twice(nn.Module):
    """Two maps flattened and joined."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(1, 2, 2)
        self.b = nn.Conv2d(1, 3, 2, stride=2)
        self.code = nn.Linear(2 * 3 * 3 + 3 * 2 * 2, 12)

    def forward(self, x):
        return self.code(torch.cat([self.a(x).flatten(1), self.b(x).flatten(1)], 1))


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 12)
        self.bn = nn.BatchNorm1d(12)
        self.up = nn.ConvTranspose2d(3, 2, 2, stride=2)

    def forward(self, x):
        x = F.relu(self.bn(self.fc(x))).view(-1, 3, 2, 2)
        return self.up(x)


class Block(nn.Module):
    """A transformer's block as nn.TransformerEncoderLayer names it, with places that are learnt."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(7, 6)
        self.pos = nn.Parameter(torch.randn(1, 4, 6))
        self.layer = nn.TransformerEncoderLayer(6, 2, 5, batch_first=True, dropout=0)
        self.head = nn.Linear(6, 3, bias=False)

    def forward(self, x):
        x = self.embed(x.long()) + self.pos
        a = self.layer
        s = a.norm1(x + a.self_attn(x, x, x, need_weights=False)[0])
        return self.head(a.norm2(s + a.linear2(F.relu(a.linear1(s)))))


class Cross(nn.Module):
    """Attention to another sequence, of the same width or of another (kdim, vdim)."""

    def __init__(self, width):
        super().__init__()
        self.asked = nn.Linear(6, width)
        other = {} if width == 6 else {"kdim": width, "vdim": width}
        self.attend = nn.MultiheadAttention(6, 3, batch_first=True, **other)

    def forward(self, x):
        asked = torch.tanh(self.asked(x))
        return self.attend(x, asked, asked, need_weights=False)[0]


class Vgg(nn.Module):
    """VGG16 as torchvision names it, with narrow layers and one pool less than its images need."""

    def __init__(self, widths, hidden, classes, side, channels):
        super().__init__()
        layers, c = [], channels
        for w in widths:
            if w == "M":
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(c, w, 3, padding=1), nn.ReLU()]
                c = w
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Linear(c * side * side, hidden), nn.ReLU(), nn.Dropout(),
                                        nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, classes))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def vgg_lines(shape, widths, hidden, classes):
    lines = [f"input {shape}"]
    lines += ["maxpool2d 2" if w == "M" else f"conv2d {w} 3 relu padding=same" for w in widths]
    lines += ["flatten", f"dense {hidden} relu", "dropout 0.5", f"dense {hidden} relu", "dropout 0.5", f"dense {classes}"]
    return "; ".join(lines)


def pytorch_cases():
    mlp = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4))
    x = torch.randn(2, 3)
    module("mlp", "input 3; dense 5 relu; dense 4", mlp, x)
    for kind in (torch.float64, torch.float16, torch.bfloat16):
        half = {k: v.to(kind) for k, v in mlp.state_dict().items()}
        other = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4))
        other.load_state_dict({k: v.float() for k, v in half.items()})
        case("mlp-" + TYPES[kind].lower(), "pytorch", "input 3; dense 5 relu; dense 4", half, x, other(x))
    deep = nn.Sequential(*[m for _ in range(12) for m in (nn.Linear(3, 3), nn.Tanh())])
    module("deep", "input 3" + "; dense 3 tanh" * 12, deep, x, by_name=True)
    image = torch.randn(2, 6, 7, 2)
    named = "input 6x7x2; conv2d 4 3 padding=same use_bias=no; batchnorm epsilon=1e-5; activation relu; " \
            "conv2d 4 3 tanh strides=2 groups=2; flatten; batchnorm epsilon=1e-5; dense 3"
    module("named", named, Named(), image, first, by_name=True)
    module("sequence", "input 7x2; conv1d 3 2 relu; flatten; dense 2",
           nn.Sequential(nn.Conv1d(2, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(18, 2)), torch.randn(2, 7, 2), first)
    steps = "input 5x2; conv1d 4 3 relu padding=same name=first; conv1d 4 3 padding=same; add first; batchnorm epsilon=1e-5; "
    module("steps", steps + "flatten; dense 3", Steps(False), torch.randn(2, 5, 2), first)
    module("steps-attended", steps + "attention 2; flatten; dense 3", Steps(True), torch.randn(2, 5, 2), first)
    module("twice", "input 4x4x1; conv2d 3 2 strides=2 name=b; flatten name=flat; conv2d 2 2 name=a from=0; flatten; "
                    "concat flat; dense 12", Twice(), torch.randn(2, 4, 4, 1), first)
    module("generator", "input 3; dense 12; batchnorm epsilon=1e-5; activation relu; reshape 2x2x3; conv2d_transpose 2 2 strides=2",
           Generator(), torch.randn(2, 3), show=last)
    block = "input 4; embedding 7 6; positional name=places; attention 2; add places; layernorm epsilon=1e-5 name=mid; " \
            "dense 5 relu; dense 6; add mid; layernorm epsilon=1e-5; dense 3 use_bias=no"
    module("block", block, Block(), torch.randint(0, 7, (2, 4)).float())
    for width in (6, 4):
        net = Cross(width)
        nn.init.normal_(net.attend.in_proj_bias)
        module(f"cross-{width}", f"input 3x6; dense {width} tanh name=asked; activation linear from=0; attention 3 from=asked",
               net, torch.randn(2, 3, 6), by_name=width == 4)
    steps = torch.randn(2, 4, 3)
    for kind, net in (("simple_rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)):
        module(kind, f"input 4x3; {kind} 3 return_sequences; {kind} 3 return_sequences", net(3, 3, 2, batch_first=True), steps)
        module(kind + "-both", f"input 4x3; {kind} 2 bidirectional return_sequences use_bias=no; {kind} 2 bidirectional return_sequences use_bias=no",
               net(3, 2, 2, batch_first=True, bidirectional=True, bias=False), steps)
        module(kind + "-bias", f"input 4x3; {kind} 2 bidirectional return_sequences",
               net(3, 2, batch_first=True, bidirectional=True), steps, by_name=True)
    widths = [2, 3, "M", 4, 4, "M", 5, 5, 6, "M"]
    module("vgg", vgg_lines("16x16x3", widths, 7, 4), Vgg(widths, 7, 4, 2, 3), torch.randn(1, 16, 16, 3), first, by_name=True)


# Keras's layers, from its definitions; kernels are in x out, height x width x in x out.

def keras_dense(x, kernel, bias):
    return x @ kernel + bias


def keras_conv(x, kernel, bias):
    """padding="valid"."""
    return F.conv2d(first(x), kernel.permute(3, 2, 0, 1)).permute(0, 2, 3, 1) + bias


def keras_batchnorm(x, gamma, beta, mean, variance):
    return gamma * (x - mean) / torch.sqrt(variance + 1e-3) + beta


def keras_attention(x, asked, q, qb, k, kb, v, vb, o, ob):
    """query: in x heads x width; attention_output: heads x width x out."""
    query = torch.einsum("btc,chd->bhtd", x, q) + qb[None, :, None]
    key = torch.einsum("btc,chd->bhtd", asked, k) + kb[None, :, None]
    value = torch.einsum("btc,chd->bhtd", asked, v) + vb[None, :, None]
    weights = torch.softmax(query @ key.transpose(2, 3) / q.shape[2] ** 0.5, -1)
    return torch.einsum("bhtd,hdo->bto", weights @ value, o) + ob


def keras_lstm(x, kernel, recurrent, bias):
    """Gates i f c o."""
    h = c = torch.zeros(x.shape[0], recurrent.shape[0])
    out = []
    for t in range(x.shape[1]):
        i, f, g, o = torch.chunk(x[:, t] @ kernel + h @ recurrent + bias, 4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        out.append(h)
    return torch.stack(out, 1)


def keras_gru(x, kernel, recurrent, bias):
    """Gates z r h, reset_after."""
    h = torch.zeros(x.shape[0], recurrent.shape[0])
    out = []
    for t in range(x.shape[1]):
        z, r, g = torch.chunk(x[:, t] @ kernel + bias[0], 3, 1)
        hz, hr, hg = torch.chunk(h @ recurrent + bias[1], 3, 1)
        z, r = torch.sigmoid(z + hz), torch.sigmoid(r + hr)
        h = z * h + (1 - z) * torch.tanh(g + r * hg)
        out.append(h)
    return torch.stack(out, 1)


def random(*shape):
    return torch.randn(*shape) * 0.7


def keras_image(name, names, by_name):
    """A small network of images; `names` are the paths of its three layers, and of their tensors."""
    x = torch.randn(2, 5, 4, 2)
    conv = [random(2, 3, 2, 3), random(3)]
    norm = [random(3), random(3), random(3), torch.rand(3) + 0.5]
    dense = [random(4 * 2 * 3, 4), random(4)]
    h = keras_batchnorm(F.relu(keras_conv(x, *conv)), *norm)
    y = keras_dense(h.flatten(1), *dense)
    tensors = dict(zip(names, conv + norm + dense))
    case(name, "keras", "input 5x4x2; conv2d 3 2x3 relu; batchnorm; flatten; dense 4", tensors, x, y, by_name)


def keras_cases():
    keras_image("keras-image", ["conv2d/kernel", "conv2d/bias", "batch_normalization/gamma", "batch_normalization/beta",
                                "batch_normalization/moving_mean", "batch_normalization/moving_variance",
                                "dense/kernel", "dense/bias"], True)
    keras_image("keras-counted", ["layers/conv2d/vars/0", "layers/conv2d/vars/1", *(f"layers/batch_normalization/vars/{i}" for i in range(4)),
                                  "layers/dense/vars/0", "layers/dense/vars/1"], True)
    x = torch.randn(2, 3)
    ws = [random(3, 3) for _ in range(3)]
    y = x
    for w in ws:
        y = torch.tanh(keras_dense(y, w, w[0]))
    names = ["sequential/dense", "sequential/dense_1", "sequential/dense_2"]
    tensors = {f"{n}/{k}:0": t for n, w in zip(names, ws) for k, t in (("kernel", w), ("bias", w[0].clone()))}
    case("keras-dense", "keras", "input 3" + "; dense 3 tanh" * 3, tensors, x, y)
    x, u = torch.randn(2, 4, 3), 2
    lstm, gru = [random(3, 4 * u), random(u, 4 * u), random(4 * u)], [random(u, 3 * u), random(u, 3 * u), random(2, 3 * u)]
    tensors = {**{"lstm/lstm_cell/" + k: w for k, w in zip(("kernel", "recurrent_kernel", "bias"), lstm)},
               **{f"layers/gru/cell/vars/{i}": w for i, w in enumerate(gru)}}
    case("keras-recurrent", "keras", "input 4x3; lstm 2 return_sequences; gru 2 return_sequences", tensors, x,
         keras_gru(keras_lstm(x, *lstm), *gru))
    back = [random(3, 4 * u), random(u, 4 * u), random(4 * u)]
    y = torch.cat([keras_lstm(x, *lstm), keras_lstm(x.flip(1), *back).flip(1)], 2)
    for name, paths in (("keras-both", "bidirectional/{}ward_lstm/lstm_cell/"), ("keras-both-counted", "layers/bidirectional/{}ward_layer/cell/vars/")):
        keys = range(3) if paths.endswith("vars/") else ("kernel", "recurrent_kernel", "bias")
        tensors = {paths.format(d) + str(k): w for d, ws in (("for", lstm), ("back", back)) for k, w in zip(keys, ws)}
        case(name, "keras", "input 4x3; lstm 2 bidirectional return_sequences", tensors, x, y, True)
    ids = torch.tensor([[1, 4, 0, 2]])
    table, heads = random(5, 6), 2
    ws = [random(6, heads, 3), random(heads, 3), random(6, heads, 3), random(heads, 3), random(6, heads, 3),
          random(heads, 3), random(heads, 3, 6), random(6)]
    x = table[ids]
    y = keras_attention(x, x, *ws)
    names = [f"{n}/{k}" for n in ("query", "key", "value", "attention_output") for k in ("kernel", "bias")]
    tensors = {"embedding/embeddings": table, **{"multi_head_attention/" + n: w for n, w in zip(names, ws)}}
    case("keras-attention", "keras", "input 4; embedding 5 6; attention 2", tensors, ids.float(), y)
    asked = torch.tanh(keras_dense(x, *(d := [random(6, 5), random(5)])))
    ws[2], ws[4] = random(5, heads, 3), random(5, heads, 3)
    y = keras_attention(x, asked, *ws)
    tensors = {"layers/embedding/vars/0": table, "layers/dense/vars/0": d[0], "layers/dense/vars/1": d[1],
               **{f"layers/multi_head_attention/{n}_dense/vars/{i % 2}": w
                  for i, (n, w) in enumerate(zip("query query key key value value output output".split(), ws))}}
    case("keras-cross", "keras", "input 4; embedding 5 6 name=asks; dense 5 tanh name=asked; "
         "activation linear from=asks; attention 2 from=asked", tensors, ids.float(), y)


def main():
    torch.manual_seed(1)
    os.makedirs(HERE, exist_ok=True)
    pytorch_cases()
    keras_cases()
    with open(os.path.join(HERE, "cases.txt"), "w") as f:
        print("# Made by make_import.py with PyTorch", torch.__version__, file=f)
        print("\n".join(cases), file=f)


if __name__ == "__main__":
    main()
