"""Theory against simulation: means over networks, a selection of benchmarks/theory_grid.py.

The seeds are fixed, so that a test passes always or never.
"""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest
from scipy.stats import t as student

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.experiments import run
from weightinit_cli.initializers import INITIALIZERS
from weightinit_cli.spec import parse_spec

pytestmark = pytest.mark.slow

REPEATS, SAMPLES = 20, 100
RISK = 1e-3
PATHS = ("std", "gradient.ratio", "saturation.low", "saturation.high")
# Not independent, or all the same: their pre-activations are no Gaussians of the predicted q.
NOT_INDEPENDENT = {
    *("zeros", "ones", "constant", "identity", "sparse", "siren", "nguyen_widrow"),
    *("dirac", "delta_orthogonal", "lsuv"),
}

NORMAL = "{name: normal, std: %g}"
WIDE = 5 * (250,)
UNEQUAL = (300, 600, 200, 500)
# Activation, initializer, bias, widths: every activation and every initializer at least once.
CELLS = [
    ("linear", "lecun_normal", "zeros", WIDE),
    ("sigmoid", "xavier_normal", "zeros", WIDE),
    ("sigmoid", NORMAL % 1, "zeros", WIDE),
    ("tanh", "critical", NORMAL % 0.3, WIDE),
    ("relu", "kaiming_normal", "zeros", WIDE),
    ("{name: leaky_relu, negative_slope: 0.1}", "he_uniform", NORMAL % 0.2, WIDE),
    ("{name: prelu, negative_slope: 0.25}", "kaiming_uniform", "zeros", WIDE),
    ("relu6", "he_normal", NORMAL % 1, WIDE),
    ("elu", "orthogonal", "zeros", WIDE),
    ("{name: celu, alpha: 0.5}", "{name: uniform, low: -0.1, high: 0.1}", "zeros", WIDE),
    ("selu", "lecun_uniform", "zeros", WIDE),
    ("{name: gelu, approximate: none}", "critical", NORMAL % 0.5, WIDE),
    ("{name: gelu, approximate: tanh}", "torch_linear", "torch_linear", WIDE),
    ("silu", "glorot_normal", NORMAL % 0.5, WIDE),
    ("mish", "xavier_uniform", "zeros", WIDE),
    ("hard_silu", "{name: truncated_normal, std: 0.05}", NORMAL % 0.5, WIDE),
    ("softplus", "glorot_normal", NORMAL % 0.2, WIDE),
    ("{name: squareplus, b: 4}", "lecun_normal", "zeros", WIDE),
    ("softsign", "{name: normal, std: 0.1}", "zeros", WIDE),
    (
        "hard_tanh",
        "{name: variance_scaling, scale: 1.5, mode: fan_out, distribution: uniform}",
        "{name: truncated_normal, std: 0.2}",
        WIDE,
    ),
    ("{name: hard_sigmoid, form: torch}", NORMAL % 0.5, "zeros", WIDE),
    ("{name: hard_sigmoid, form: keras2}", "he_normal", "{name: uniform, low: -1, high: 1}", WIDE),
    ("log_sigmoid", "xavier_normal", "zeros", WIDE),
    # exp(exp(z)) has tails that no sample shows unless z hardly varies.
    ("exponential", "{name: normal, std: 0.01}", "zeros", WIDE),
    ("erf", "lecun_uniform", NORMAL % 0.5, WIDE),
    ("{name: sin, omega: 3}", "torch_linear", "torch_linear", WIDE),
    ("step", "xavier_normal", "zeros", WIDE),
    ("{name: threshold, threshold: -1, value: 0}", "he_normal", NORMAL % 0.5, WIDE),
    ("tanh_shrink", NORMAL % 0.3, "zeros", WIDE),
    ("{name: soft_shrink, threshold: 0.1}", NORMAL % 0.06, "zeros", WIDE),
    ("{name: hard_shrink, threshold: 0.1}", "kaiming_normal", "zeros", WIDE),
    ("tanh", "xavier_normal", "zeros", UNEQUAL),
    ("relu", "kaiming_normal", "zeros", UNEQUAL),
    ("relu", "{name: kaiming_normal, mode: fan_out}", NORMAL % 0.5, UNEQUAL),
    ("sigmoid", NORMAL % 0.3, NORMAL % 1, UNEQUAL),
    ("tanh", "orthogonal", "zeros", UNEQUAL),
    ("selu", "orthogonal", NORMAL % 0.3, UNEQUAL),
]


def spec_of(activation, initializer, bias, widths, repeats=REPEATS):
    text = (
        f"activation: {activation}\ninitializer: {initializer}\nbias: {bias}\n"
        f"width: {list(widths)}\nsamples: {SAMPLES}\nrepeats: {repeats}\n"
    )
    return parse_spec(text, source="x.yaml", stem="x")


def compared(result):
    """(layer, path, prediction, spread over the networks) of all that is held against theory."""
    return [
        (number, path, layer.theory.figures[path].value, layer.repeats[path])
        for number, layer in enumerate(result.layers, 1)
        for path in PATHS
        if path in layer.theory.figures
    ]


def test_every_activation_and_every_initializer_is_among_them():
    specs = [spec_of(*cell) for cell in CELLS]
    assert {spec.activation.name for spec in specs} == set(ACTIVATIONS)
    assert {spec.initializer.name for spec in specs} == set(INITIALIZERS) - NOT_INDEPENDENT


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell[0]}-{cell[1]}-{len(cell[3])}")
def test_the_mean_over_networks_is_as_predicted(cell):
    """Within t SE + 2 (L / n) |prediction|, of saturations t SE + 0.001.

    SE is at least the binomial one; t is Student's quantile at 1e-3 over the number of figures.
    """
    result = run(spec_of(*cell))
    figures = compared(result)
    assert len(figures) >= 2 * len(cell[3]) - 1 or cell[0] == "step"
    t = student.isf(RISK / len(figures) / 2, REPEATS - 1)
    widths = cell[3]
    for number, path, value, spread in figures:
        error, room = spread.std / sqrt(REPEATS), 2 * len(widths) / min(widths) * abs(value)
        if path.startswith("saturation"):
            values = REPEATS * SAMPLES * widths[number - 1]
            error, room = max(error, sqrt(value * (1 - value) / values)), 0.001
        assert abs(spread.mean - value) <= t * error + room, (number, path, value, spread)


def test_step_sends_nothing_back():
    result = run(spec_of("step", "xavier_normal", "zeros", (50, 50), repeats=2))
    for layer in result.layers:
        assert layer.repeats["gradient.signal_rms"].mean == 0
        assert layer.theory.figures["gradient.signal_rms"].value == 0
        assert "gradient.ratio" not in layer.repeats


def test_the_excess_falls_as_one_over_the_width():
    """The first gradient ratio of hard_silu, over by about 11 / n: see `Expansion` in the grid.

    Its logarithm falls by the logarithm of the width; second order adds 10 % at width 125.
    """
    rows = []
    for width, repeats in ((125, 60), (250, 50), (500, 40), (1000, 30)):
        cell = ("hard_silu", "kaiming_normal", "zeros", 5 * (width,))
        layer = run(spec_of(*cell, repeats=repeats)).layers[0]
        value, spread = (
            layer.theory.figures["gradient.ratio"].value,
            layer.repeats["gradient.ratio"],
        )
        excess, error = spread.mean / value - 1, spread.std / sqrt(repeats) / value
        assert excess > 4.5 * error, (width, excess, error)
        rows.append((log(width), log(excess), excess / error))
    x, y, weights = np.array(rows).T
    (slope, _), covariance = np.polyfit(x, y, 1, w=weights, cov="unscaled")
    error = sqrt(covariance[0, 0])
    assert error < 0.1
    assert abs(slope + 1) <= 3 * error + 0.1, (slope, error)
