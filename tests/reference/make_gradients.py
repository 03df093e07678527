#!/usr/bin/python3
"""Writes gradients.txt: slopes of expressions from PyTorch that test_lets.c compares with. Needs Debian's
python3-torch.

    tests/reference/make_gradients.py > tests/reference/gradients.txt

Lines: `case EXPRESSION`, then `NAME VALUE SLOPE` for each name in it and `value VALUE` for the whole. Expressions
are those of `let`; here "^" becomes "**". Everything is float64.
"""
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def together(x):
    return torch.stack([v if torch.is_tensor(v) else torch.tensor(float(v)) for v in x])


FUNCTIONS = {
    "abs": torch.abs, "exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt, "sin": torch.sin, "cos": torch.cos,
    "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu, "pow": torch.pow,
    "softplus": lambda x: F.softplus(x, threshold=1000),
    "norm": lambda *x: torch.linalg.vector_norm(together(x)),
    "sum": lambda *x: together(x).sum(),
    "mean": lambda *x: together(x).mean(),
    "min": lambda *x: together(x).min(),
    "max": lambda *x: together(x).max(),
}

# The neuron of micrograd, its example with many operations, and each function at points of all kinds.
CASES = [
    ("tanh(w*x + b)", {"w": 2, "x": -3, "b": 1}),
    ("tanh(x1*w1 + x2*w2 + b)", {"x1": 2, "x2": 0, "w1": -3, "w2": 1, "b": 6.8813735870195432}),
    ("(exp(2*n) - 1) / (exp(2*n) + 1)", {"n": 0.8814}),
    ("(a*b + b^3 + relu(b + a) + 3*(a*b) + relu(b - a))^2 / 2 + 10/(a*b + 1)", {"a": -4, "b": 2}),
    ("(sigmoid(w*x + b) - y)^2", {"w": 0.3, "x": 1.5, "b": -0.2, "y": 1}),
    ("-(y*log(sigmoid(z)) + (1 - y)*log(1 - sigmoid(z)))", {"y": 0.25, "z": -0.7}),
    ("log(exp(a) + exp(b) + exp(c))", {"a": 1, "b": 2, "c": -3}),
    ("a*a + a", {"a": 3}),
    ("a - b - a/b", {"a": 5, "b": -2}),
    ("a^b", {"a": 1.7, "b": -2.5}),
    ("a^b", {"a": 0, "b": 2}),
    ("a^3 + (-a)^2", {"a": -1.5}),
    ("a^0", {"a": 0}),
    ("pow(a, 3)*b", {"a": -2, "b": 0.5}),
    ("2^a", {"a": 3.25}),
    ("norm(a, b, c)", {"a": 3, "b": -4, "c": 12}),
    ("norm(a, b)", {"a": 0, "b": 0}),
    ("sum(a, a*b, 3) * mean(a, b, b)", {"a": 2, "b": -5}),
    ("max(a, b, c) + 2*min(a, b, c)", {"a": 2, "b": -5, "c": 1}),
    ("max(a, b)", {"a": 1, "b": 1}),
    ("max(a, 1, b, c)*3", {"a": 1, "b": 1, "c": 0}),
    ("min(a, a)", {"a": 4}),
    ("max(x, 0)", {"x": 0}),
    ("relu(x)", {"x": 0}),
    ("abs(x)", {"x": 0}),
    ("log(x)", {"x": 0}),
    ("sqrt(x)", {"x": 0}),
    ("0*sqrt(x)", {"x": 0}),
    ("log(x)", {"x": -1}),
    ("1/x", {"x": 0}),
    ("softplus(x) + sigmoid(-x)", {"x": 40}),
    ("softplus(x)*sigmoid(x)", {"x": -40}),
    ("sin(x)*cos(2*x) + abs(x)", {"x": -2.5}),
    ("sqrt(exp(x) + x^2)*tanh(x)", {"x": 0.7}),
]


def main():
    print("# made by make_gradients.py with PyTorch", torch.__version__)
    for text, values in CASES:
        leaf = {name: torch.tensor(float(v), requires_grad=True) for name, v in values.items()}
        y = eval(text.replace("^", "**"), {"__builtins__": {}}, {**FUNCTIONS, **leaf})
        y.backward()
        print("case", text)
        for name, x in leaf.items():
            slope = 0.0 if x.grad is None else x.grad.item()
            print(name, f"{x.item():.17g} {slope:.17g}")
        print("value", f"{y.item():.17g}")


main()
