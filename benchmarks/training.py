"""What a step of training costs beside the textbook's numpy and torch: `training.py [ROUNDS]`.

784-100-100-100-100-10, ReLU, mini-batches of 128, plain gradient descent, zero biases, on random
pixels. The sides take turns, each in a process of its own; printed as JSON are each one's
microseconds per step, its median, and winit's time over each other's as the median of the rounds'
ratios. Without torch, its place says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib.util import find_spec
from itertools import pairwise
from math import sqrt
from statistics import median

import numpy as np

WIDTHS = (784, 100, 100, 100, 100, 10)
EXAMPLES, BATCH, RATE = 8000, 128, 0.01
WARM, STEPS = 50, 500


def pixels(dtype="float32"):
    generator = np.random.default_rng(0)
    images = generator.random((EXAMPLES, WIDTHS[0])) * (generator.random(WIDTHS[0]) < 0.2)
    return images.astype(dtype), generator.integers(0, WIDTHS[-1], EXAMPLES)


def winit():
    from weightinit_cli.activations import ACTIVATIONS
    from weightinit_cli.initializers import INITIALIZERS, Fans
    from weightinit_cli.network import Dense, Elementwise, Network, Stage
    from weightinit_cli.network.learning import batches, start
    from weightinit_cli.streams import Role, stream

    build = INITIALIZERS["kaiming_normal"].build
    layers = tuple(
        Dense(*fans, build(Fans(*fans), mode="fan_in", negative_slope=0.0), None)
        for fans in pairwise(WIDTHS)
    )
    relu = ACTIVATIONS["relu"].build()
    hidden = (Stage(layer, Elementwise(relu, layer.units)) for layer in layers[:-1])
    network = Network((*hidden, Stage(layers[-1])), BATCH, np.dtype("float32"), seed=0)
    inputs, labels = pixels()
    learner, _ = start(network, rate=RATE)
    chosen = batches(stream(0, Role.BATCH), EXAMPLES, BATCH)

    def step():
        rows = next(chosen)
        return learner.step(inputs[rows], labels[rows])

    return step


class Affine:
    def __init__(self, weights, bias):
        self.weights, self.bias = weights, bias

    def forward(self, x):
        self.x = x
        return np.dot(x, self.weights) + self.bias

    def backward(self, dout):
        self.d_weights = np.dot(self.x.T, dout)
        self.d_bias = np.sum(dout, axis=0)
        return np.dot(dout, self.weights.T)


class Relu:
    def forward(self, x):
        self.off = x <= 0
        out = x.copy()
        out[self.off] = 0
        return out

    def backward(self, dout):
        dout[self.off] = 0
        return dout


class SoftmaxWithLoss:
    def forward(self, x, labels):
        x = x - np.max(x, axis=1, keepdims=True)
        self.p = np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)
        self.labels = labels
        return -np.mean(np.log(self.p[np.arange(len(labels)), labels] + 1e-7))

    def backward(self):
        dx = self.p.copy()
        dx[np.arange(len(self.labels)), self.labels] -= 1
        return dx / len(self.labels)


def textbook():
    """As a reader of the textbook writes it: float64, a class per layer, a dict of parameters."""
    params, layers = {}, {}
    for i, (n_in, n_out) in enumerate(pairwise(WIDTHS), 1):
        params[f"W{i}"] = sqrt(2 / n_in) * np.random.randn(n_in, n_out)
        params[f"b{i}"] = np.zeros(n_out)
        layers[f"affine{i}"] = Affine(params[f"W{i}"], params[f"b{i}"])
        layers[f"relu{i}"] = Relu()
    layers.popitem()
    last = SoftmaxWithLoss()
    inputs, labels = pixels()

    def step():
        mask = np.random.choice(EXAMPLES, BATCH)
        x = inputs[mask]
        for layer in layers.values():
            x = layer.forward(x)
        loss = last.forward(x, labels[mask])
        dout = last.backward()
        for layer in reversed(layers.values()):
            dout = layer.backward(dout)
        for i in range(1, len(WIDTHS)):
            params[f"W{i}"] -= RATE * layers[f"affine{i}"].d_weights
            params[f"b{i}"] -= RATE * layers[f"affine{i}"].d_bias
        return loss

    return step


def torch(threads=None):
    import torch
    from torch import nn

    if threads:
        torch.set_num_threads(threads)
    layers = [part for fans in pairwise(WIDTHS) for part in (nn.Linear(*fans), nn.ReLU())][:-1]
    for layer in layers[::2]:
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    network = nn.Sequential(*layers)
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    cross_entropy = nn.CrossEntropyLoss()
    inputs, labels = map(torch.from_numpy, pixels())

    def step():
        rows = torch.randint(EXAMPLES, (BATCH,))
        optimizer.zero_grad()
        loss = cross_entropy(network(inputs[rows]), labels[rows])
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


WAYS = {
    "winit": winit,
    "textbook": textbook,
    "torch": torch,
    "torch, one thread": lambda: torch(1),
}


def microseconds(way):
    step = WAYS[way]()
    for _ in range(WARM):
        step()
    started = time.perf_counter()
    for _ in range(STEPS):
        step()
    return (time.perf_counter() - started) / STEPS * 1e6


def alone(way):
    command = [sys.executable, __file__, "--way", way]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> None:
    if sys.argv[1:2] == ["--way"]:
        print(microseconds(sys.argv[2]))
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    ways = [way for way in WAYS if find_spec("torch") or not way.startswith("torch")]
    found: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            found[way].append(alone(way))
    report: dict[str, object] = {way: round(median(times)) for way, times in found.items()}
    report["winit over"] = {
        way: round(median(a / b for a, b in zip(found["winit"], found[way], strict=True)), 3)
        for way in ways[1:]
    }
    if "torch" not in ways:
        report["torch"] = "not installed"
    print(json.dumps(report))


if __name__ == "__main__":
    main()
