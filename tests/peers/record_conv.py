"""Records torch's 2-D convolutions and their gradients into `conv.json` beside this file.

Made with torch 2.13.0 (CPU), numpy 2.4.6, Python 3.11, in a virtual environment of its own:

    python -m pip install "torch==2.13.0" numpy
    PYTHONPATH=tests python tests/peers/record_conv.py

Takes a few seconds. Nothing is random, and nothing is rounded: all numbers are sums of few products
of multiples of 1/64, which float32 holds whole. The file holds them as integers.
"""

from __future__ import annotations

import warnings
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from support.peers import tables

COMMAND = "PYTHONPATH=tests python tests/peers/record_conv.py"

NOTES = (
    "inputs, kernels and cotangent are in units of 1/64, all else in units of 1/4096",
    "in the order of ours: images (input, row, column, channel), kernels (row, column, in, out)",
    "stride 1: torch.nn.Conv2d(padding='same', padding_mode='zeros' or 'circular')",
    "circular at a larger stride: every so many rows and columns of what stride 1 gives, from the "
    "first on",
    "same at a larger stride, of which torch has none: functional.pad with max(0, (ceil(size / "
    "stride) - 1) stride + kernel - size) zeros, half of them, rounded down, before; TensorFlow's "
    "(tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2)",
    "input and weights are the gradients of sum(cotangent * z)",
)

INPUTS = 2
PADDINGS = ("circular", "same", "valid")
STRIDES = (1, 2, 3)
# (height, width, in), out, kernel: one and more channels, odd, even and unequal kernels
SHAPES = (
    ((5, 6, 2), 3, (3, 3)),
    ((7, 4, 1), 2, (2, 4)),
    ((4, 8, 3), 1, (1, 5)),
    ((5, 3, 2), 2, (4, 2)),
)


def convolve(x: torch.Tensor, w: torch.Tensor, padding: str, stride: int) -> torch.Tensor:
    """z of images (n, in, height, width) and kernels (out, in, kh, kw)."""
    if padding == "valid":
        return functional.conv2d(x, w, stride=stride)
    if padding == "same" and stride > 1:
        return functional.conv2d(functional.pad(x, zeros_around(x, w, stride)), w, stride=stride)
    mode = "circular" if padding == "circular" else "zeros"
    of = nn.Conv2d(w.shape[1], w.shape[0], tuple(w.shape[2:]), padding="same", padding_mode=mode)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a copy that even kernels may need
        z = torch.func.functional_call(of, {"weight": w, "bias": w.new_zeros(len(w))}, x)
    return z[:, :, ::stride, ::stride]


def zeros_around(x: torch.Tensor, w: torch.Tensor, stride: int) -> list[int]:
    """TensorFlow's SAME, in the order of functional.pad: left, right, top, bottom."""
    around = []
    for size, kernel in zip(reversed(x.shape[2:]), reversed(w.shape[2:]), strict=True):
        zeros = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        around += [zeros // 2, zeros - zeros // 2]
    return around


def as_torch(numbers: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    """A leaf that torch differentiates by; its kernels must be contiguous."""
    return torch.tensor(np.ascontiguousarray(numbers), dtype=dtype).requires_grad_()


def whole(numbers: torch.Tensor, scale: int) -> list[int]:
    """The numbers, flat, in units of 1 / scale: all of them integers."""
    scaled = (numbers.detach().double() * scale).numpy().ravel()
    if not np.array_equal(scaled, np.rint(scaled)):
        raise ValueError("not a multiple")
    return [int(number) for number in scaled]


def record(
    shape: tuple[tuple[int, int, int], int, tuple[int, int]],
    padding: str,
    stride: int,
    dtype: torch.dtype,
) -> dict[str, Any]:
    """One convolution, by autograd."""
    image, channels, kernel = shape
    x = as_torch(tables.fixed(60, INPUTS, *image).transpose(0, 3, 1, 2), dtype)
    w = as_torch(tables.fixed(61, *kernel, image[-1], channels).transpose(3, 2, 0, 1), dtype)
    z = convolve(x, w, padding, stride)
    n, out, height, width = z.shape
    delta = as_torch(tables.fixed(62, n, height, width, out).transpose(0, 3, 1, 2), dtype)
    by_x, by_w = torch.autograd.grad(z, (x, w), delta)
    return {
        "image": list(image),
        "channels": channels,
        "kernel": list(kernel),
        "padding": padding,
        "stride": stride,
        "output": [height, width, out],
        "inputs": whole(x.permute(0, 2, 3, 1), 64),
        "kernels": whole(w.permute(2, 3, 1, 0), 64),
        "cotangent": whole(delta.permute(0, 2, 3, 1), 64),
        "z": whole(z.permute(0, 2, 3, 1), 4096),
        "input": whole(by_x.permute(0, 2, 3, 1), 4096),
        "weights": whole(by_w.permute(2, 3, 1, 0), 4096),
    }


def main() -> None:
    """Rewrite conv.json."""
    entries = []
    for case in product(SHAPES, PADDINGS, STRIDES):
        entries.append(record(*case, torch.float64))
        if record(*case, torch.float32) != entries[-1]:
            raise ValueError(f"{case}: rounded in float32")
    head = tables.document({"torch": torch.__version__}, COMMAND, NOTES)
    tables.write("conv", {**head, "convolutions": entries})


if __name__ == "__main__":
    main()
