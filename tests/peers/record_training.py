"""Records twenty steps of torch's training into `training.json` beside this file.

Made with torch 2.13.0 (CPU), numpy 2.4.6, Python 3.11, in a virtual environment of its own:

    python -m pip install "torch==2.13.0" numpy
    PYTHONPATH=tests python tests/peers/record_training.py

Takes a few seconds. Nothing is random; the last digits are those of the processor's vector
instructions. The file holds where the training starts, so that nothing but the file is needed.
"""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from support.peers import tables

COMMAND = "PYTHONPATH=tests python tests/peers/record_training.py"

NOTES = (
    "torch.optim.SGD(lr=rate, momentum=momentum), neither dampening nor nesterov, and "
    "functional.cross_entropy, the mean over the mini-batch",
    "losses are those of each mini-batch before its step; weights and biases those after the last",
    "weights have shape (in, out), the first of `start` belonging to layer 1; the last layer is "
    "linear, its outputs the logits",
    "step s sees the `batch` rows from s * batch on, counted around the inputs",
    "float32 starts from the same numbers: multiples of 1/64",
)

WIDTHS = (6, 5, 4, 3)
EXAMPLES, BATCH, STEPS, RATE = 20, 8, 20, 0.25

FUNCTIONS = {
    "relu": functional.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "silu": functional.silu,
}
MOMENTA = (0.0, 0.9)
DTYPES = {"float64": torch.float64, "float32": torch.float32}

INPUTS = tables.fixed(30, EXAMPLES, WIDTHS[0])
LABELS = np.arange(EXAMPLES) * 5 % 7 % WIDTHS[-1]
WEIGHTS = [tables.fixed(40 + layer, *shape) for layer, shape in enumerate(pairwise(WIDTHS))]
BIASES = [tables.fixed(50 + layer, width) for layer, width in enumerate(WIDTHS[1:])]


def start() -> dict[str, Any]:
    """What every training has in common."""
    return {
        "rate": RATE,
        "batch": BATCH,
        "inputs": INPUTS.tolist(),
        "labels": LABELS.tolist(),
        "weights": [w.tolist() for w in WEIGHTS],
        "biases": [b.tolist() for b in BIASES],
    }


def train(name: str, momentum: float, dtype: str) -> dict[str, Any]:
    """One training, by autograd and torch's optimizer."""
    kind = DTYPES[dtype]
    weights = [torch.tensor(w, dtype=kind, requires_grad=True) for w in WEIGHTS]
    biases = [torch.tensor(b, dtype=kind, requires_grad=True) for b in BIASES]
    inputs, labels = torch.tensor(INPUTS, dtype=kind), torch.tensor(LABELS)
    optimizer = torch.optim.SGD([*weights, *biases], lr=RATE, momentum=momentum)
    losses = []
    for step in range(STEPS):
        rows = [(step * BATCH + row) % EXAMPLES for row in range(BATCH)]
        x = inputs[rows]
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            x = FUNCTIONS[name](x @ w + b)
        loss = functional.cross_entropy(x @ weights[-1] + biases[-1], labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    # Seventeen digits give a float64 back as it was, nine a float32.
    digits = 17 if dtype == "float64" else 9
    return {
        "activation": name,
        "momentum": momentum,
        "dtype": dtype,
        "losses": _rounded(losses, digits),
        "weights": [_rounded(w.tolist(), digits) for w in weights],
        "biases": [_rounded(b.tolist(), digits) for b in biases],
    }


def _rounded(numbers: Any, digits: int) -> Any:
    if isinstance(numbers, list):
        return [_rounded(number, digits) for number in numbers]
    return float(f"{numbers:.{digits}g}")


def main() -> None:
    """Rewrite training.json."""
    tables.write(
        "training",
        {
            **tables.document({"torch": torch.__version__}, COMMAND, NOTES),
            "start": start(),
            "trainings": [train(*case) for case in product(FUNCTIONS, MOMENTA, DTYPES)],
        },
    )


if __name__ == "__main__":
    main()
