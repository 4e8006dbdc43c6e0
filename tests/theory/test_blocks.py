"""Normalizations and residual branches: closed forms, neural-tangents' kernels, simulation."""

from __future__ import annotations

import json
from itertools import pairwise, product
from math import asin, inf, isfinite, pi, sqrt
from pathlib import Path

import numpy as np
import pytest

from tests.support.blocks import Simulation
from tests.support.theory import predict_alike
from weightinit_cli.theory import LayerScale, expectations_of, predict
from weightinit_cli.theory.blocks import EPS, STANDARD, Stream
from weightinit_cli.theory.fixed_points import normalized_limits, normalized_variance
from weightinit_cli.theory.predictions import Branch

WIDTH, SAMPLES = 100, 1000
KINDS = ("layer_norm", "rms_norm", "batch_norm")
ARGUMENTS = {"gelu": {"approximate": "none"}}
NO_BIASES = (2.0, 0.0, 1.0, 0.0)  # He's W, LeCun's V


def of(name):
    return expectations_of(name, **ARGUMENTS.get(name, {}))


def scale_of(variances, kind=None, placement="none", branch=2, s=1.0, width=WIDTH):
    """A layer of these sigma_w², sigma_b², sigma_v², sigma_a²; "plain" has no branch."""
    w, b, v, a = variances
    layer = LayerScale(width, width, w / width, b)
    if placement == "plain":
        return layer._replace(normalization=kind)
    second = LayerScale(width, width, v / width, a) if branch == 2 else None
    norms = (kind if placement == "pre" else None, kind if placement == "post" else None)
    return layer._replace(branch=Branch(s, second, *norms))


def blocks(name, variances, *args, layers=6, samples=SAMPLES, **kinds):
    scale = scale_of(variances, *args, **kinds)
    return predict_alike(of(name), [scale] * layers, samples)


def figures(found, path):
    return [p.figures[path] for p in found if path in p.figures]


# -- closed forms -------------------------------------------------------------------------------


def test_relu_straight_onto_the_stream_grows_by_its_mean_too():
    """m' = m + √(q/2π), p' = p + 2 m √(q/2π) + q/2 with q = 2p; the gradient doubles a block."""
    found = blocks("relu", NO_BIASES, branch=1)
    p, m = 1.0, 0.0
    for layer in found:
        of_phi = sqrt(2 * p / (2 * pi))
        p, m = p + 2 * m * of_phi + p, m + of_phi
        assert layer.left.stream.square == pytest.approx(p, rel=1e-12)
        assert layer.figures["mean"] == pytest.approx(m, rel=1e-12)
    squares = [1.0, *(layer.left.stream.square for layer in found)]
    factors = [after / before for before, after in pairwise(squares)]
    assert factors[:4] == pytest.approx([2.00, 2.45, 2.69, 2.81], abs=0.005)
    assert figures(found, "gradient.ratio") == pytest.approx([2.0] * 5)


@pytest.mark.parametrize("s", [1.0, 0.3, 1 / sqrt(6), 0.0])
def test_relu_behind_a_second_matrix_grows_by_s_squared(s):
    """He's W keeps the power, LeCun's V too: p' = (1 + s²) p, and so the gradient's."""
    found = blocks("relu", NO_BIASES, s=s)
    for number, layer in enumerate(found, 1):
        power = (1 + s * s) ** number
        assert layer.left.stream.square == pytest.approx(power, rel=1e-12)
        assert layer.figures["gradient.stream_rms"] == pytest.approx(
            sqrt((1 + s * s) ** (6 - number))
        )
        assert layer.figures["branch.rms"] == pytest.approx(abs(s) * sqrt(power / (1 + s * s)))
        assert layer.figures["mean"] == 0
    assert figures(found, "gradient.ratio") == pytest.approx([1 + s * s] * 5)


def test_a_branch_of_scale_0_leaves_the_stream_and_has_no_gradient():
    for placement, kind in [("none", None), ("pre", "layer_norm")]:
        for layer in blocks("gelu", (1.5, 0.2, 1.0, 0.3), kind, placement, s=0.0):
            assert layer.left.stream == STANDARD
            assert layer.figures["gradient.stream_rms"] == 1
            assert layer.figures["gradient.signal_rms"] == layer.figures["branch.rms"] == 0
            # V is given φ and no gradient, either.
            assert layer.figures["branch.weight_rms"] == layer.figures["gradient.weight_rms"] == 0


def test_before_the_branch_a_normalization_makes_growth_linear():
    """W sees 1 / (1 + eps) whatever the stream: p grows by σ_v² E[φ²](σ_w²) a block."""
    found = blocks("linear", (1.7, 0.0, 0.8, 0.1), "rms_norm", "pre")
    squares = [1.0, *(layer.left.stream.square for layer in found)]
    for layer, below, above in zip(found, squares, squares[1:], strict=False):
        seen = below / (below + EPS)
        assert layer.q == pytest.approx(1.7 * seen, rel=1e-12)
        assert above - below == pytest.approx(0.8 * 1.7 * seen + 0.1, rel=1e-12)
    ratios = [1 + 1.7 * 0.8 / (square + EPS) for square in squares[1:-1]]
    assert figures(found, "gradient.ratio") == pytest.approx(ratios, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_behind_the_sum_a_normalization_makes_every_block_alike(kind):
    """p = 1; the gradient is divided by the sum's variance, which the branch has raised."""
    found = blocks("linear", (1.7, 0.0, 0.8, 0.0), kind, "post", samples=10**9)
    assert figures(found, "std") == pytest.approx([1.0] * 6, rel=0.01)
    assert figures(found, "prenorm_std") == pytest.approx([sqrt(1 + 1.7 * 0.8)] * 6, rel=0.01)
    assert figures(found, "gradient.ratio") == pytest.approx([1.0] * 5, rel=1e-4)


def test_batch_normalized_relu_explodes():
    """By π / (π - 1) a layer, whatever the scales (Yang et al. 2019, arXiv:1902.08129)."""
    for w, b in [(2.0, 0.0), (0.5, 0.3)]:
        found = blocks("relu", (w, b, 0, 0), "batch_norm", "plain", samples=10**6)
        assert figures(found, "gradient.ratio") == pytest.approx([pi / (pi - 1)] * 5, rel=1e-4)
        assert figures(found, "preactivation_std") == pytest.approx([1.0] * 6, rel=1e-4)


def test_batch_normalization_of_two_inputs_makes_them_opposite():
    for layer in blocks("tanh", (1.5, 0.4, 0, 0), "batch_norm", "plain", samples=2):
        assert layer.q == pytest.approx(1, rel=1e-4)
        assert layer.d == pytest.approx(2, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_scale_of_the_weights_drops_out_of_a_normalized_layer(kind):
    """Of the signal and of δ; the weights' gradient is smaller by as much as they are larger."""
    one, ten = (blocks("gelu", (w, 0.0, 0, 0), kind, "plain", layers=4) for w in (1e4, 1e6))
    for small, large in zip(one, ten, strict=True):
        expected = dict(small.figures)
        expected["prenorm_std"] *= 10
        expected["gradient.weight_rms"] /= 10
        assert large.figures == pytest.approx(expected, rel=1e-6)


def test_layer_normalization_before_erf_by_the_arcsine():
    """q = 1 / (1 + eps'), E[erf²] = (2/π) asin(2q / (1 + 2q)) (Williams 1998)."""
    square = 1.0
    for layer in blocks("erf", (1.3, 0.2, 0, 0), "layer_norm", "plain"):
        before = 1.3 * square + 0.2
        q = before / (before + EPS)
        square = 2 / pi * asin(2 * q / (1 + 2 * q))
        assert layer.q == pytest.approx(q, rel=1e-12)
        assert layer.left.stream.square == pytest.approx(square, rel=1e-9)
        assert layer.figures["preactivation_std"] == pytest.approx(sqrt(q), rel=1e-12)


def test_layer_normalization_takes_the_mean_of_a_stream_away():
    x = Stream(5.0, 1.0, 0.6, 2.0)
    y, by = x.normalized("layer_norm", 10)
    assert by == 1 + EPS
    assert y == pytest.approx(Stream(1 / by, 1 / by, 0.6 / by, 0.0))
    y, by = x.normalized("rms_norm", 10)
    assert by == 5 + EPS
    assert y == pytest.approx(Stream(5 / by, 1 / by, 0.6 / by, 2 / sqrt(by)))


@pytest.mark.parametrize("name", ["relu", "gelu", "tanh", "sigmoid", "linear"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_limits_of_normalized_layers_are_where_deep_ones_come(name, kind):
    w, b = 3.0, 0.5
    *_, before, last = blocks(name, (w, b, 0, 0), kind, "plain", layers=300, samples=10**7)
    variance = normalized_variance(of(name), w, b, kind)
    tend = normalized_limits(of(name), w / variance, kind)
    assert last.q == pytest.approx(tend.q, rel=1e-3)
    assert last.entered.by == pytest.approx(variance, rel=1e-3)
    if tend.d is not None:
        assert last.d == pytest.approx(tend.d, abs=1e-3)
    assert before.figures["gradient.ratio"] == pytest.approx(tend.chi_1, rel=1e-3)


def test_no_variance_is_told_where_what_is_added_to_it_counts():
    assert normalized_variance(of("tanh"), 1e-4, 0.0, "layer_norm") is None
    assert normalized_variance(of("linear"), 1e-4, 1.0, "batch_norm") is None


def test_no_gradient_is_told_where_batch_normalization_divides_units_by_what_differs():
    told = {
        (placement, branch, b): "gradient.ratio"
        in blocks("relu", (2, b, 1, b), "batch_norm", placement, branch=branch)[0].figures
        for placement, branch, b in product(("pre", "post"), (1, 2), (0.0, 0.5))
    }
    assert {case for case, is_told in told.items() if not is_told} == {
        ("pre", 1, 0.5),
        ("post", 1, 0.5),
    }


@pytest.mark.parametrize("s", [1e30, 1e200])
def test_a_stream_that_is_too_large_ends_the_predictions(s):
    found = blocks("relu", NO_BIASES, s=s)
    assert len(found) < 3
    assert all(isfinite(value) for p in found for value in p.figures.values())


def test_a_gradient_that_is_too_large_is_left_out():
    found = blocks("tanh", (1e60, 0.0, 1.0, 0.0), layers=14)
    assert len(found) == 14
    assert "gradient.stream_rms" not in found[0].figures
    values = [value for p in found for value in p.figures.values()]
    assert all(0 <= value < inf for value in values)


# -- neural-tangents ----------------------------------------------------------------------------

KERNELS = json.loads(Path(__file__).with_name("kernels.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", KERNELS, ids=lambda case: "-".join(map(str, case.values()))[:15])
def test_the_kernels_are_those_of_neural_tangents(case):
    """See record_kernels.py, of which these are the scales.

    The NTK of an input is a sum over matrices, each of the power that comes back to its outputs
    times what it and its biases have made of its inputs.
    """
    w, b, v, a = 1.3**2, 0.4**2, 0.8**2, 0.2**2
    placement, s = case["placement"], case["scale"]
    kind = None if placement == "none" else "layer_norm"
    layer = scale_of((w, b, v, a), kind, placement, s=s)
    e, inputs = of(case["activation"]), Stream(1.0, 1.0, 0.7)
    found = predict([e] * 4, [layer] * 4, SAMPLES, [(None, None)] * 4, inputs)
    last = found[-1].left.stream
    assert last.square == pytest.approx(case["nngp"], rel=1e-11)
    assert last.square - last.spread == pytest.approx(case["pair"], rel=1e-11)
    ntk = 0.0
    for p in found:
        delta = p.figures["gradient.signal_rms"] ** 2
        by_weights = delta / p.entered.by if placement == "plain" else delta
        on_stream = p.figures.get("gradient.stream_rms", 0.0) ** 2 / p.left.by
        ntk += by_weights * (w * p.entered.given.square + b)
        ntk += on_stream * p.figures.get("branch.rms", 0.0) ** 2
    first = found[0]
    below = w * first.figures["gradient.signal_rms"] ** 2 / first.entered.by
    ntk += below + first.figures.get("gradient.stream_rms", 0.0) ** 2 / first.left.by
    assert ntk == pytest.approx(case["ntk"], rel=1e-11)


# -- simulation ---------------------------------------------------------------------------------

LAYERS, UNITS, INPUTS, NETWORKS = 4, 200, 40, 12
VARIANCES = {"relu": 2.0, "gelu": 1.5, "sigmoid": 1.5, "tanh": 1.5}
CELLS = [
    *((kind, "plain", None, None) for kind in (None, *KINDS)),
    *((None, "none", branch, s) for branch in (1, 2) for s in (1.0, 0.3)),
    *(
        (kind, placement, branch, s)
        for kind, placement, branch in product(KINDS, ("pre", "post"), (1, 2))
        for s in (1.0,)
    ),
]


@pytest.mark.parametrize("bias", [0.0, 0.25])
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "-".join(map(str, cell)))
def test_means_over_networks_are_as_predicted(cell, bias):
    """Within 4 standard errors and what finite width, and so few inputs, move a figure by.

    In the limit of many inputs batch normalization takes nothing from a gradient but its size;
    of 40 it takes up to two fortieths of its power, a layer. The means of units that differ by few
    inputs alone feel every correlation that the network has by its finite width.
    """
    kind, placement, branch, s = cell
    names = list(VARIANCES)
    name = names[CELLS.index(cell) % len(names)]
    variances = (VARIANCES[name], bias, 1.2, bias)
    rng = np.random.default_rng(CELLS.index(cell))
    layer = scale_of(variances, kind, placement, branch, s, UNITS)
    found = predict_alike(of(name), [layer] * LAYERS, INPUTS)
    runs = [
        Simulation(
            *(of(name).activation, LAYERS, UNITS, INPUTS, rng, variances, kind, placement),
            *(() if branch is None else (branch, s)),
        ).figures
        for _ in range(NETWORKS)
    ]
    few = 3 / INPUTS if kind == "batch_norm" else 0.0
    for number, p in enumerate(found):
        for path in runs[0][number]:
            if path not in p.figures:
                assert "std_across_units" in path or bias != 0, path
                continue
            values = np.array([run[number][path] for run in runs])
            size = p.figures["std"] if path == "mean" else p.figures[path]
            room = 2 * LAYERS / UNITS + few
            if path == "std_across_units":
                room += INPUTS / UNITS / 2
            error = values.std(ddof=1) / sqrt(NETWORKS)
            off = abs(values.mean() - p.figures[path])
            assert off <= 4 * error + room * size + 1e-15, (
                number,
                path,
                values.mean(),
                p.figures[path],
            )
