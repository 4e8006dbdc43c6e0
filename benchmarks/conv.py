"""What convolutions cost beside torch: `conv.py [ROUNDS]`, with a Python that has both.

Inputs and layers as CASES have them, float32, ReLU with He, on the processor. `products` are those
of one layer: the convolution, what comes back to its input, and the gradient of its kernels.
`run` is both passes with their figures: winit has all of a histogram's; torch has what one writes
by hand, every layer's mean, standard deviation and histogram of 30 bins, and the root mean squares
of what autograd brings back from a random cotangent. The sides take turns, each in a process of
its own, with its own number of threads and with one; printed as JSON are the medians in
milliseconds, and winit's time over torch's as the median of the rounds' ratios. Threads that wait
for each other, as torch's do, lose most where others use the machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from itertools import product
from math import sqrt
from statistics import median
from typing import NamedTuple

import numpy as np

BINS = 30
SECONDS = 1.0


class Case(NamedTuple):
    """`layers` from `channels` to as many, on square images of this size; kernels are 3 x 3."""

    padding: str
    inputs: int
    size: int
    channels: int
    layers: int = 5
    stride: int = 1


CASES = {
    "circular": Case("circular", 100, 16, 64),
    "same": Case("same", 100, 16, 64),
    "narrow": Case("circular", 100, 32, 16),
    "wide": Case("same", 100, 8, 256),
    "stride 2": Case("same", 100, 16, 64, layers=3, stride=2),
}


def network(case):
    from weightinit_cli.activations import ACTIVATIONS
    from weightinit_cli.convolution import Convolution, Shape
    from weightinit_cli.initializers.samplers import independent
    from weightinit_cli.network import Conv, Elementwise, Network, Stage

    stack = Convolution(
        Shape(case.size, case.size, case.channels),
        (case.channels,) * case.layers,
        (3, 3),
        case.padding,
        (case.stride,) * case.layers,
    )
    he = independent("normal", sqrt(2 / (9 * case.channels)))
    layers = (
        Conv(image, case.channels, stack.kernel, case.padding, case.stride, he, None)
        for image in stack.shapes[:-1]
    )
    relu = ACTIVATIONS["relu"].build()
    stages = tuple(Stage(layer, Elementwise(relu, layer.units)) for layer in layers)
    return Network(stages, case.inputs, np.dtype("float32"), seed=0)


def winit_run(case, threads):
    from weightinit_cli.experiments.histogram import measure
    from weightinit_cli.machine import available_cores
    from weightinit_cli.network import Request
    from weightinit_cli.network.workers import ignore_work

    of = network(case)
    request = Request(BINS, None, 0.05)
    return lambda: measure(
        of, request, threads or available_cores(), ignore_work, with_gradient=True
    )


def winit_products(case, threads):
    from weightinit_cli.machine import available_cores
    from weightinit_cli.network.workers import ignore_work, workers

    of = network(case)
    layer = of.stages[0].weighted
    generator = np.random.default_rng(0)
    x, delta = (
        generator.standard_normal((case.inputs, values), np.float32)
        for values in (layer.inputs, layer.units)
    )
    weights = generator.standard_normal((layer.fan_in, layer.columns), np.float32)
    z, back = np.empty_like(delta), np.empty_like(x)

    opened = ExitStack()  # once for all, as torch opens its threads once
    apply = opened.enter_context(workers(threads or available_cores(), ignore_work))

    def products():
        apply(lambda block: layer.forward(x[block], weights, z[block]), of.blocks)
        apply(lambda block: layer.backward(delta[block], weights, back[block]), of.blocks)
        layer.gradient_squares(x, delta, apply)
        return opened

    return products


def torch_convolution(case):
    from torch.nn import functional

    def pad(x):
        if case.padding == "circular":
            return functional.pad(x, (1, 1, 1, 1), mode="circular")
        # TensorFlow's and JAX's: an even image at stride 2 has its one zero at the end.
        return functional.pad(x, (2 - case.stride, 1, 2 - case.stride, 1))

    if case.padding == "same" and case.stride == 1:
        return partial(functional.conv2d, padding=1)
    return lambda x, w: functional.conv2d(pad(x), w, stride=case.stride)


def torch_products(case, threads):
    import torch

    torch.set_num_threads(threads or torch.get_num_threads())
    convolve = torch_convolution(case)
    x = torch.randn(case.inputs, case.channels, case.size, case.size, requires_grad=True)
    w = torch.randn(case.channels, case.channels, 3, 3, requires_grad=True)
    delta = torch.randn_like(convolve(x, w))
    return lambda: torch.autograd.grad(convolve(x, w), (x, w), delta)


def torch_run(case, threads):
    import torch

    torch.set_num_threads(threads or torch.get_num_threads())
    convolve = torch_convolution(case)

    def figures(a):
        return a.mean(), a.std(correction=0), torch.histc(a, BINS)

    def rms(values):
        return values.square().mean().sqrt()

    def run():
        x = torch.randn(case.inputs, case.channels, case.size, case.size)
        kernels, signals, found = [], [], [figures(x)]
        for _ in range(case.layers):
            w = torch.empty(case.channels, case.channels, 3, 3)
            torch.nn.init.kaiming_normal_(w, nonlinearity="relu")
            kernels.append(w.requires_grad_())
            signals.append(convolve(x, w))
            x = torch.relu(signals[-1])
            with torch.no_grad():
                found.append(figures(x))
        back = torch.autograd.grad(x, [*signals, *kernels], torch.randn_like(x))
        return found, [rms(signal) for signal in back]

    return run


WAYS = {
    "winit": {"products": winit_products, "run": winit_run},
    "torch": {"products": torch_products, "run": torch_run},
}
THREADS = {"own threads": None, "one thread": 1}


def milliseconds(function):
    function()
    times = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times) < 3:
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return median(times) * 1e3


def alone(*what):
    command = [sys.executable, __file__, "--alone", *what]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def compare(what, case, threads, rounds):
    found = [[alone(side, what, case, threads) for side in WAYS] for _ in range(rounds)]
    ours, theirs = (round(median(times), 1) for times in zip(*found, strict=True))
    ratio = round(median(our / their for our, their in found), 3)
    return {"winit": ours, "torch": theirs, "winit over torch": ratio}


def main() -> None:
    if sys.argv[1:2] == ["--alone"]:
        side, what, case, threads = sys.argv[2:]
        print(milliseconds(WAYS[side][what](CASES[case], THREADS[threads])))
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    report = {
        case: {
            f"{what}, {threads}": compare(what, case, threads, rounds)
            for what, threads in product(("products", "run"), THREADS)
        }
        for case in CASES
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
