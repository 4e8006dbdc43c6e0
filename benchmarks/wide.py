"""One large forward pass, four ways: `python benchmarks/wide.py {winit,limit,numpy,torch} LAYERS`.

LAYERS x 4,096 units x 1,000 inputs, float32, ReLU with He. `winit`, `numpy` and `torch` give the
same figures per layer: moments pooled and per unit, exact quantiles and counts of 30 bins, both
flat ends, zeros, dead and distinct units, and the weights' moments. `limit` draws the weights and
multiplies, nothing else. Prints the seconds of the pass (without imports) and the process's peak
memory in bytes, as JSON. All use the cores that the process may use.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

UNITS, INPUTS, BINS = 4096, 1000, 30
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
STD = (2 / UNITS) ** 0.5
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def with_winit(layers: int):
    from weightinit_cli.experiments import run
    from weightinit_cli.spec import parse_spec

    text = f"activation: relu\ninitializer: kaiming_normal\nlayers: {layers}\nwidth: {UNITS}\n"
    text += "backward: false\n"
    spec = parse_spec(text, source="wide", stem="wide")
    run(parse_spec(text, source="warm", stem="warm", overrides=["width=64", "layers=2"]))
    return lambda: run(spec)


def with_limit(layers: int):
    import numpy as np
    from numpy.random import SFC64, Generator, SeedSequence
    from threadpoolctl import threadpool_limits

    weights = np.empty((UNITS, UNITS), np.float32)
    x, y = (np.zeros((INPUTS, UNITS), np.float32) for _ in range(2))
    streams = [Generator(SFC64(seed)) for seed in SeedSequence(0).spawn(CORES)]
    shares = [(k / CORES, (k + 1) / CORES) for k in range(CORES)]

    def draw(part):
        k, (low, high) = part
        rows = weights[int(low * UNITS) : int(high * UNITS)]
        streams[k].standard_normal(out=rows, dtype=np.float32)

    def multiply(share):
        rows = slice(int(share[0] * INPUTS), int(share[1] * INPUTS))
        np.matmul(x[rows], weights, out=y[rows])

    def forward():
        with threadpool_limits(1), ThreadPoolExecutor(CORES) as pool:
            for _ in range(layers):
                list(pool.map(draw, enumerate(shares)))
                list(pool.map(multiply, shares))

    return forward


def with_numpy(layers: int):
    import numpy as np

    generator = np.random.default_rng(0)

    def figures(w, z, a):
        ordered = np.sort(a, axis=None)
        ranks = [max(int(np.ceil(q * a.size)), 1) - 1 for q in QUANTILES]
        counts, _ = np.histogram(ordered, BINS, range=(ordered[0], ordered[-1]))
        means = a.mean(axis=0, dtype=np.float64)
        variances = a.var(axis=0, dtype=np.float64)
        projected = np.sort(generator.standard_normal(INPUTS) @ a)
        return (
            ordered[ranks],
            counts,
            means.mean(),
            np.sqrt(variances.mean()),
            means.std(),
            z.std(dtype=np.float64),
            np.mean(z <= 0),
            np.mean(a == 0),
            np.sum(~a.any(axis=0)),
            1 + np.sum(np.diff(projected) > 1e-6),
            weight_figures(w),
        )

    def weight_figures(w):
        mean, std = w.mean(dtype=np.float64), w.std(dtype=np.float64)
        kurtosis = np.mean(((w - mean) / std) ** 4)
        return mean, std, w.min(), w.max(), kurtosis, np.mean(w == 0)

    def forward():
        x = generator.standard_normal((INPUTS, UNITS), dtype=np.float32)
        for _ in range(layers):
            w = generator.standard_normal((UNITS, UNITS), dtype=np.float32) * np.float32(STD)
            z = x @ w
            x = np.maximum(z, 0)
            figures(w, z, x)

    return forward


def with_torch(layers: int):
    import torch

    torch.manual_seed(0)

    def figures(w, z, a):
        ordered = torch.sort(a.flatten()).values
        ranks = [max(-int(-q * a.numel() // 1), 1) - 1 for q in QUANTILES]
        low, high = float(ordered[0]), float(ordered[-1])
        counts = torch.histc(a, BINS, min=low, max=high)
        variances, means = torch.var_mean(a.double(), dim=0, correction=0)
        projected = torch.sort(torch.randn(INPUTS) @ a).values
        return (
            ordered[ranks],
            counts,
            means.mean(),
            variances.mean().sqrt(),
            means.std(correction=0),
            z.double().std(correction=0),
            (z <= 0).float().mean(),
            (a == 0).float().mean(),
            (~a.any(dim=0)).sum(),
            1 + (projected.diff() > 1e-6).sum(),
            weight_figures(w),
        )

    def weight_figures(w):
        variance, mean = torch.var_mean(w.double(), correction=0)
        kurtosis = (((w - mean.float()) / variance.sqrt().float()) ** 4).double().mean()
        return mean, variance.sqrt(), w.min(), w.max(), kurtosis, (w == 0).float().mean()

    def forward():
        with torch.no_grad():
            x = torch.randn(INPUTS, UNITS)
            for _ in range(layers):
                w = torch.empty(UNITS, UNITS)
                torch.nn.init.kaiming_normal_(w, nonlinearity="relu")
                z = x @ w
                x = torch.relu(z)
                figures(w, z, x)

    return forward


def main() -> None:
    way, layers = sys.argv[1], int(sys.argv[2])
    forward = {"winit": with_winit, "limit": with_limit, "numpy": with_numpy, "torch": with_torch}[
        way
    ](layers)
    started = time.perf_counter()
    forward()
    seconds = time.perf_counter() - started
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(json.dumps({"seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    main()
