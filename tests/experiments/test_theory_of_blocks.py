"""What theory says of normalized layers and residual blocks, against means over many seeds.

Theory is that of wide layers: a mean m(n) over networks of width n is off by about c / n, and so
2 m(2n) - m(n) by what falls as 1 / n² alone. (Batch normalization's is that of many inputs, too.)
`benchmarks/theory_blocks.py` has the whole grid.
"""

from __future__ import annotations

from math import hypot, sqrt

import pytest

import weightinit_cli as winit

LAYERS, WIDTH, SEEDS = 4, 64, 40
GELU = {"name": "gelu", "approximate": "none"}
BIASED = {"name": "normal", "std": 0.4}

CELLS = {
    "relu, plain layer_norm": {"normalization": "layer_norm", "bias": BIASED},
    "gelu, plain rms_norm": {"activation": GELU, "normalization": "rms_norm"},
    "relu, plain batch_norm": {"normalization": "batch_norm", "samples": 400},
    "relu, branch 1": {"residual": {"branch": 1, "scale": 0.5}},
    "tanh, branch 2": {"activation": "tanh", "residual": {"branch": 2}, "bias": BIASED},
    "sigmoid, pre rms_norm": {
        "activation": "sigmoid",
        "normalization": "rms_norm",
        "residual": {"branch": 1, "placement": "pre", "scale": 0.7},
    },
    "gelu, pre layer_norm": {
        "activation": GELU,
        "normalization": "layer_norm",
        "residual": {"branch": 2, "placement": "pre", "scale": "1/sqrt(branches)"},
        "inputs": {"name": "normal", "correlation": 0.5},
    },
    "mixed, post layer_norm": {
        "activation": ["tanh", "relu", "sigmoid", GELU],
        "normalization": "layer_norm",
        "residual": {"branch": 1, "placement": "post"},
        "bias": BIASED,
    },
    "relu, post rms_norm": {
        "normalization": "rms_norm",
        "residual": {"branch": 2, "placement": "post", "initializer": "xavier_uniform"},
    },
}
PATHS = {
    "mean",
    "std",
    "std_across_inputs",
    "std_across_units",
    "preactivation_std",
    "prenorm_std",
    "branch.rms",
    "gradient.signal_rms",
    "gradient.stream_rms",
    "gradient.ratio",
}
OF_STD = {"mean", "std_across_units"}


def layers_of(keys, width, seed):
    spec = {
        "activation": "relu",
        "initializer": "he_normal",
        "layers": LAYERS,
        "width": width,
        "samples": 60,
        "histogram": {"bins": 1},
        "repeats": SEEDS,
        "seed": seed,
        **keys,
    }
    return winit.run(spec, threads=1).layers


@pytest.mark.parametrize("name", CELLS)
def test_means_over_seeds_tend_to_what_theory_says(name):
    """Within 4 standard errors, and (layers / width)² of what is left."""
    small, large = (layers_of(CELLS[name], width, width) for width in (WIDTH, 2 * WIDTH))
    for number, (one, two) in enumerate(zip(small, large, strict=True), 1):
        expected = {path: each.value for path, each in two.theory.figures.items()}
        for path in sorted(PATHS & expected.keys()):
            if path not in two.repeats:
                assert expected[path] == 0, path
                continue
            size = expected["std" if path in OF_STD else path]
            limit = 2 * two.repeats[path].mean - one.repeats[path].mean
            error = hypot(one.repeats[path].std, 2 * two.repeats[path].std) / sqrt(SEEDS)
            room = 4 * error + (LAYERS / WIDTH) ** 2 * size
            assert abs(limit - expected[path]) <= room, (number, path, limit, expected[path])
