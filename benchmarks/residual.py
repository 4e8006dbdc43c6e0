"""Residual and normalized networks against plain ones of the same products: both passes.

    python benchmarks/residual.py

Times are of one thread, interleaved; a ratio is one of medians. A branch of two matrices is
compared with a plain network of twice as many layers.
"""

from __future__ import annotations

import time
from statistics import median

import weightinit_cli as winit
from weightinit_cli.experiments.build import build_network, build_request
from weightinit_cli.network import backward, forward

GOAL = 1.15
BLOCKS, SAMPLES = 10, 1000
KINDS = {
    "branch 1": ({"residual": {"branch": 1, "scale": 0.3}}, 1),
    "branch 2": ({"residual": {"branch": 2, "scale": 0.3}}, 2),
    "branch 2, pre layer_norm": (
        {
            "residual": {"branch": 2, "scale": 0.3, "placement": "pre"},
            "normalization": "layer_norm",
        },
        2,
    ),
    "branch 2, post layer_norm": (
        {
            "residual": {"branch": 2, "scale": 0.3, "placement": "post"},
            "normalization": "layer_norm",
        },
        2,
    ),
    "branch 1, pre layer_norm": (
        {
            "residual": {"branch": 1, "scale": 0.3, "placement": "pre"},
            "normalization": "layer_norm",
        },
        1,
    ),
    "layer_norm alone": ({"normalization": "layer_norm"}, 1),
    "batch_norm alone": ({"normalization": "batch_norm"}, 1),
}


def passes(keys):
    """A function that runs both passes, and returns the seconds of each."""
    spec = winit.spec_of({"activation": "relu", "initializer": "he_normal", **keys})
    network, request = build_network(spec), build_request(spec)

    def run():
        trace = []
        start = time.perf_counter()
        for _ in forward(network, request, 1, trace=trace):
            pass
        middle = time.perf_counter()
        for _ in backward(network, trace, 1):
            pass
        return middle - start, time.perf_counter() - start

    return run


def main():
    print(f"{BLOCKS} blocks, {SAMPLES} inputs; forward / both, over plain layers; goal {GOAL}")
    for width, times in ((100, 11), (500, 5)):
        size = {"width": width, "samples": SAMPLES}
        for name, (keys, products) in KINDS.items():
            here = passes({"layers": BLOCKS, **size, **keys})
            plain = passes({"layers": BLOCKS * products, **size})
            here()
            pairs = [(here(), plain()) for _ in range(times)]
            one, both = (
                median(a[k] for a, _ in pairs) / median(b[k] for _, b in pairs) for k in (0, 1)
            )
            print(f"width {width:3}  {name:28} {one:5.2f} / {both:5.2f}")


if __name__ == "__main__":
    main()
