#!/usr/bin/python3
"""Writes layers.txt: what PyTorch says of every layer type, for test_parity.c. Needs Debian's python3-torch.

    tests/reference/make_layers.py > tests/reference/layers.txt

Each family of layers has a file in layers/ with a function `cases()` that yields cases made by case() below.
Everything is computed in float64 from inputs that are exact float32, so that the numbers are right to the last
printed digit.
"""
import importlib
import os
import sys

import torch

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
torch.set_default_dtype(torch.float64)
FAMILIES = ["simple", "merge", "normalization", "embedding", "attention", "conv", "pool", "recurrent"]


def main():
    print("# Made by make_layers.py with PyTorch", torch.__version__)
    for family in FAMILIES:
        torch.manual_seed(1)
        for text in importlib.import_module("layers." + family).cases():
            print(text)


if __name__ == "__main__":
    main()
