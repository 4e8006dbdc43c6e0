"""The predictions against closed forms, against the maps, and where they end."""

from __future__ import annotations

from itertools import pairwise
from math import acos, asin, erfc, exp, inf, isfinite, pi, sqrt

import numpy as np
import pytest

from support.theory import NO_ENDS, predict_alike
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.theory import LayerScale, expectations_of
from weightinit_cli.theory.maps import chi_1, next_d, next_q

SAMPLES = 400
EXACT = 1e-12
# The expectations hold 1e-10 (tests/theory/test_expectations_reference.py), a few layers add up.
CLOSE = 1e-9
WIDTHS = (300, 600, 200, 500)
ARGUMENTS = {
    "leaky_relu": {"negative_slope": 0.1},
    "prelu": {"negative_slope": 0.25},
    "gelu": {"approximate": "none"},
    "hard_sigmoid": {"form": "torch"},
    "sin": {"omega": 2.0},
    "threshold": {"threshold": 0.5, "value": 0.1},
}


def of(name):
    defaults = {p.name: p.default for p in ACTIVATIONS[name].parameters}
    return expectations_of(name, **(defaults | ARGUMENTS.get(name, {})))


def scales(widths, sigma_w2, sigma_b2=0.0):
    """Layers of the same sigma_w² and sigma_b², whatever their widths; the first is the inputs'."""
    return [LayerScale(m, n, sigma_w2 / m, sigma_b2) for m, n in pairwise(widths)]


def equal(layers, sigma_w2, sigma_b2=0.0, width=100):
    return scales([width] * (layers + 1), sigma_w2, sigma_b2)


def finite_sample(variance, shared, units):
    """The variances within and between of so many units, of which `shared` is the units' own."""
    within = (variance - shared) * (1 - 1 / SAMPLES)
    return within, (shared + (variance - shared) / SAMPLES) * (1 - 1 / units)


# -- closed forms -------------------------------------------------------------------------------


def test_linear_has_everything_in_closed_form():
    """q_l = 0.9^l + 0.2 (1 + 0.9 + ...), of which all that came from the inputs differs."""
    layers = scales((40, *WIDTHS), 0.9, 0.2)
    found = predict_alike(of("linear"), layers, SAMPLES, NO_ENDS)
    q = 1.0
    for number, (layer, p) in enumerate(zip(layers, found, strict=True), 1):
        before, q = q, 0.9 * q + 0.2
        assert p.q == pytest.approx(q, rel=EXACT)
        assert p.q * p.d == pytest.approx(0.9**number, rel=CLOSE)
        within, between = finite_sample(q, q - 0.9**number, layer.fan_out)
        later = layers[number:]
        signal = 1.0
        for above in later:
            signal *= above.fan_out * above.weight_variance
        expected = {
            "mean": 0.0,
            "std": sqrt(within + between),
            "preactivation_std": sqrt(within + between),
            "std_across_inputs": sqrt(within),
            "std_across_units": sqrt(between),
            "gradient.signal_rms": sqrt(signal),
            "gradient.weight_rms": sqrt(before * signal / SAMPLES),
        }
        if later:
            expected["gradient.ratio"] = later[0].fan_out * later[0].weight_variance
            share = layer.fan_out / later[0].fan_out
            expected["gradient.total_ratio"] = expected["gradient.ratio"] * share
        assert p.figures == pytest.approx(expected, rel=CLOSE)


def test_relu_he_keeps_a_variance_of_2_and_the_gradient():
    """He et al. 2015: q = 2, E[φ²] = 1, E[φ'²] = 1/2; correlations rise by Cho & Saul's J_1."""
    found = predict_alike(of("relu"), equal(30, 2.0), SAMPLES, (0.0, None))
    c = 0.0
    for p in found:
        assert (p.q, p.moments.square, p.moments.slope_square) == pytest.approx((2, 1, 0.5))
        assert 1 - p.d == pytest.approx(c, abs=1e-9)
        c = (sqrt(1 - c * c) + c * (pi - acos(c))) / pi
        assert p.figures["mean"] == pytest.approx(1 / sqrt(pi))
        assert p.spread == pytest.approx(1 - c, rel=1e-9)
        assert p.variance == pytest.approx(1 - 1 / pi)
        assert p.figures["zero_fraction"] == p.figures["saturation.low"] == pytest.approx(0.5)
        assert "saturation.high" not in p.figures
        assert p.figures["gradient.signal_rms"] == pytest.approx(sqrt(0.5))
        assert p.figures["gradient.weight_rms"] == pytest.approx(sqrt(0.5 / SAMPLES))
    assert [p.figures["gradient.ratio"] for p in found[:-1]] == pytest.approx([1.0] * 29)


def test_erf_by_the_arcsine():
    """E[erf²] = (2/π) asin(2q / (1 + 2q)), E[erf'²] = (4/π) / sqrt(1 + 4q) (Williams 1998)."""
    q = 1.0
    for p in predict_alike(of("erf"), equal(5, 1.7, 0.3), SAMPLES, NO_ENDS):
        q = 1.7 * (q if p.q == 2.0 else 2 / pi * asin(2 * q / (1 + 2 * q))) + 0.3
        assert p.q == pytest.approx(q, rel=CLOSE)
        assert p.moments.slope_square == pytest.approx(4 / pi / sqrt(1 + 4 * q), rel=CLOSE)


def test_saturation_is_a_gaussian_tail():
    found = predict_alike(of("tanh"), equal(3, 4.0, 0.5), SAMPLES, (-2.0, 2.5))
    for p in found:
        assert p.figures["saturation.low"] == pytest.approx(erfc(2 / sqrt(2 * p.q)) / 2)
        assert p.figures["saturation.high"] == pytest.approx(erfc(2.5 / sqrt(2 * p.q)) / 2)


@pytest.mark.parametrize("name", ["relu", "sigmoid", "selu", "tanh"])
def test_unequal_widths(name):
    """R_l = fan_out_{l+1} Var(W_{l+1}) E[φ'²]_l; the way forward does not see the widths."""
    variance = 0.004
    layers = [LayerScale(m, n, variance, 0.1) for m, n in pairwise((250, *WIDTHS))]
    found = predict_alike(of(name), layers, SAMPLES, NO_ENDS)
    for p, above, after in zip(found, layers[1:], found[1:], strict=False):
        assert after.q == pytest.approx(above.fan_in * variance * p.moments.square + 0.1)
        expected = above.fan_out * variance * p.moments.slope_square
        ratio = p.figures["gradient.ratio"]
        assert ratio == pytest.approx(expected, rel=EXACT)
        signals = p.figures["gradient.signal_rms"] / after.figures["gradient.signal_rms"]
        assert ratio == pytest.approx(signals**2, rel=EXACT)
    assert "gradient.ratio" not in found[-1].figures
    squares = [1.0, *(p.moments.square for p in found)]
    for p, below in zip(found, squares, strict=False):
        weights = sqrt(below / SAMPLES) * p.figures["gradient.signal_rms"]
        assert p.figures["gradient.weight_rms"] == pytest.approx(weights, rel=EXACT)


def test_only_the_ratio_of_equal_widths_is_chi_1():
    e = of("tanh")
    for p in predict_alike(e, equal(6, 1.5, 0.1), SAMPLES, NO_ENDS)[:-1]:
        assert p.figures["gradient.ratio"] == pytest.approx(chi_1(e, 1.5, p.q), rel=EXACT)
    first, *_ = predict_alike(e, scales((100, 100, 300), 1.5), SAMPLES, NO_ENDS)
    assert first.figures["gradient.ratio"] == pytest.approx(3 * chi_1(e, 1.5, first.q), rel=EXACT)


# -- the maps -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_maps_are_the_same(name):
    e = of(name)
    sigma_w2, sigma_b2 = 0.8, 0.3
    found = predict_alike(e, equal(6, sigma_w2, sigma_b2), SAMPLES, NO_ENDS)
    assert found[0].q == pytest.approx(sigma_w2 + sigma_b2)
    assert found[0].d == pytest.approx(sigma_w2 / (sigma_w2 + sigma_b2))
    for p, after in pairwise(found):
        assert after.q == pytest.approx(next_q(e, sigma_w2, sigma_b2, p.q), rel=EXACT)
        assert after.d == pytest.approx(next_d(e, sigma_w2, sigma_b2, p.q, p.d), rel=EXACT)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_what_is_between_and_within_is_all(name):
    for p in predict_alike(of(name), equal(4, 0.8, 0.3), SAMPLES, NO_ENDS):
        parts = p.figures["std_across_inputs"], p.figures["std_across_units"]
        assert p.figures["std"] == pytest.approx(sqrt(parts[0] ** 2 + parts[1] ** 2), rel=EXACT)
        assert p.variance == pytest.approx(p.moments.square - p.moments.mean**2, rel=1e-8)


# -- the ends -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_without_weights_every_unit_is_the_activation_at_zero(name):
    """All of it as torch would have it, at a kink too; the cotangent alone comes back."""
    e = of(name)
    found = predict_alike(e, equal(4, 0.0), SAMPLES, NO_ENDS)
    x, slope = e.activation.value(np.zeros(1)), e.activation.derivative(np.zeros(1))
    for p in found:
        assert (p.q, p.d, p.figures["mean"]) == (0, 0, x[0])
        assert not any(p.figures[path] for path in ("std", "std_across_units", "preactivation_std"))
    last = found.pop()
    assert last.figures["gradient.signal_rms"] == pytest.approx(abs(slope[0]), rel=EXACT)
    assert [p.figures["gradient.signal_rms"] for p in found] == [0, 0, 0]
    assert [p.figures.get("gradient.ratio") for p in found] == [None, None, 0 if slope[0] else None]


def test_biases_alone_tell_units_apart_and_no_inputs():
    for p in predict_alike(of("tanh"), equal(3, 0.0, 0.7), SAMPLES, NO_ENDS):
        assert (p.q, p.d, p.figures["std_across_inputs"]) == (0.7, 0, 0)
        between = p.moments.square * (1 - 1 / 100)
        assert p.figures["std_across_units"] == pytest.approx(sqrt(between), rel=CLOSE)
        assert p.figures["preactivation_std"] == pytest.approx(sqrt(0.7 * (1 - 1 / 100)))


def test_an_end_by_divergence():
    """q = 1, e², e^(2 e²), ...: the third is the last that a float holds; no gradient is known."""
    found = predict_alike(of("exponential"), equal(6, 1.0), SAMPLES, NO_ENDS)
    assert [p.q for p in found] == pytest.approx([1.0, exp(2), exp(2 * exp(2))][: len(found)])
    assert len(found) == 2
    assert not any(path.startswith("gradient.") for p in found for path in p.figures)


def test_step_sends_nothing_back():
    for p in predict_alike(of("step"), equal(4, 1.0), SAMPLES, (0.0, 0.0)):
        assert p.figures["gradient.signal_rms"] == p.figures["gradient.weight_rms"] == 0
        assert "gradient.ratio" not in p.figures
        assert p.figures["saturation.low"] == p.figures["saturation.high"] == pytest.approx(0.5)


def test_a_layer_without_weights_ends_the_gradient():
    layers = equal(5, 1.0, 0.1)
    layers[2] = layers[2]._replace(weight_variance=0.0)
    found = predict_alike(of("tanh"), layers, SAMPLES, NO_ENDS)
    ratios = [p.figures.get("gradient.ratio") for p in found]
    assert ratios[:2] == [None, 0]
    assert ratios[2] > 0 < ratios[3]
    assert [p.figures["gradient.signal_rms"] > 0 for p in found] == [False, False, True, True, True]


@pytest.mark.parametrize(
    ("name", "sigma_w2", "sigma_b2"),
    [
        ("tanh", 1.0, 0.0),
        ("tanh", 1e4, 1.0),
        ("relu", 2.0, 0.0),
        ("relu", 0.1, 0.0),  # q underflows
        ("sigmoid", 0.5, 0.0),
        ("linear", 1.0, 0.0),
        ("selu", 1.0, 0.01),
        ("step", 1.0, 0.0),
    ],
)
def test_a_thousand_layers(name, sigma_w2, sigma_b2):
    """Every figure is finite; a ratio stands however far the signal has grown or shrunk."""
    found = predict_alike(of(name), equal(1000, sigma_w2, sigma_b2), SAMPLES, NO_ENDS)
    assert len(found) == 1000
    assert all(isfinite(value) and value >= 0 for p in found for value in p.figures.values())
    assert all(0 <= p.d <= 1 for p in found)
    if found[-1].q and name != "step":
        assert all(p.figures["gradient.ratio"] > 0 for p in found[:-1])
    below = [p for p in found if "gradient.signal_rms" not in p.figures]
    assert found[: len(below)] == below


def test_what_overflows_on_the_way_back_is_left_out():
    found = predict_alike(of("tanh"), equal(1000, 1e6), SAMPLES, NO_ENDS)
    assert "gradient.signal_rms" not in found[0].figures
    assert found[0].figures["gradient.ratio"] == pytest.approx(
        chi_1(of("tanh"), 1e6, found[0].q), rel=EXACT
    )
    assert found[-1].figures["gradient.signal_rms"] < inf


@pytest.mark.parametrize("sigma_w2", [1e70, inf])
def test_a_q_that_is_too_large_ends_the_predictions(sigma_w2):
    assert predict_alike(of("sigmoid"), equal(3, sigma_w2), SAMPLES, NO_ENDS) == []
