"""How far finite width moves the figures, against many small networks that are simulated here."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from math import expm1, sqrt

import numpy as np
import pytest

from support.theory import errors_alike, predict_alike, shifts_alike
from weightinit_cli.theory import LayerScale, expectations_of
from weightinit_cli.theory.finite_width import KernelDeviation, Pair
from weightinit_cli.theory.predictions import LOGARITHMIC

NETWORKS, INPUTS, WIDTH, LAYERS = 1500, 12, 48, 4
ENDS = (-2.0, 2.0)
GELU = {"approximate": "none"}
# The activation, sigma_w² and sigma_b², and figures that are seen to move: each in some case.
CASES = [
    ("gelu", GELU, 2.0, 0.0, {"mean", "gradient.signal_rms", "gradient.ratio"}),
    ("tanh", {}, 2.0, 0.0, {"std", "preactivation_std"}),
    ("relu", {}, 2.0, 0.1, {"saturation.low", "saturation.high"}),
    ("sigmoid", {}, 6.0, 0.2, {"std_across_inputs", "gradient.weight_rms"}),
    ("selu", {}, 1.0, 0.0, {"std_across_units"}),
]
SEEN_TO_MOVE = set().union(*(figures for *_, figures in CASES))


def simulated(activation, sigma_w2, sigma_b2):
    """Each layer's figures, of shape (networks,), by their paths."""
    generator = np.random.Generator(np.random.PCG64(7))
    normal = partial(generator.standard_normal, dtype=np.float32)
    x = normal((NETWORKS, INPUTS, WIDTH))
    found, weights, pre, below = [], [], [], []
    for _ in range(LAYERS):
        w = normal((NETWORKS, WIDTH, WIDTH)) * sqrt(sigma_w2 / WIDTH)
        z = x @ w + normal((NETWORKS, 1, WIDTH)) * sqrt(sigma_b2)
        below.append(x)
        x = activation.value(z)
        weights.append(w)
        pre.append(z)
        found.append(
            {
                "mean": x.mean(axis=(1, 2)),
                "std": x.std(axis=(1, 2)),
                "saturation.low": (z <= ENDS[0]).mean(axis=(1, 2)),
                "saturation.high": (z >= ENDS[1]).mean(axis=(1, 2)),
                "preactivation_std": z.std(axis=(1, 2)),
                "std_across_inputs": np.sqrt(x.var(axis=1).mean(axis=1)),
                "std_across_units": x.mean(axis=1).std(axis=1),
            }
        )
    delta = normal(x.shape) * activation.derivative(pre[-1])
    above = None
    for number in range(LAYERS - 1, -1, -1):
        if above is not None:
            delta = delta @ above.transpose(0, 2, 1) * activation.derivative(pre[number])
        power = (delta**2).mean(axis=(1, 2))
        found[number]["gradient.signal_rms"] = np.sqrt(power)
        of_weights = below[number].transpose(0, 2, 1) @ delta / INPUTS
        found[number]["gradient.weight_rms"] = np.sqrt((of_weights**2).mean(axis=(1, 2)))
        if above is not None:
            found[number]["gradient.ratio"] = power / found[number + 1]["power"]
        found[number]["power"] = power
        above = weights[number]
    return found


def shifted(name, scales, samples, *, errors=None, ends=ENDS, **arguments):
    """The predictions, the standard errors and the shifts; without errors as if there were none."""
    e = expectations_of(name, **arguments)
    predictions = predict_alike(e, scales, samples, ends)
    if errors is None:
        errors = [dict.fromkeys(p.figures, 0.0) for p in predictions]
    else:
        errors = errors(e, scales, predictions, samples, ends)
    return predictions, errors, shifts_alike(e, scales, predictions, errors, samples, ends)


@pytest.mark.parametrize(("name", "arguments", "sigma_w2", "sigma_b2", "figures"), CASES)
def test_figures_are_moved_as_derived(name, arguments, sigma_w2, sigma_b2, figures):
    """To first order: the next one is an eighth of what moves the figure."""
    scales = [LayerScale(WIDTH, WIDTH, sigma_w2 / WIDTH, sigma_b2)] * LAYERS
    found = shifted(name, scales, INPUTS, errors=errors_alike, **arguments)
    seen = set()
    activation = expectations_of(name, **arguments).activation
    each = simulated(activation, sigma_w2, sigma_b2)
    for number, (p, errors, moved, measured) in enumerate(zip(*found, each, strict=True), 1):
        for path in measured.keys() & moved.keys():
            value, shift, values = p.figures[path], moved[path], measured[path].astype(float)
            off = np.log(values / value) if path in LOGARITHMIC else values - value
            relative = errors[path] / value if path in LOGARITHMIC else 0.0
            error = off.std() / sqrt(NETWORKS)
            tolerance = 4 * error + (abs(shift) + relative**2) / 8
            assert off.mean() == pytest.approx(shift, abs=tolerance), (number, path)
            assert path in SEEN_TO_MOVE
            if abs(shift) > tolerance:
                seen.add(path)
    assert seen >= figures


@pytest.mark.parametrize("name", ["linear", "relu"])
def test_the_gradient_of_homogeneous_activations_is_not_moved(name):
    """E[δ_l²] / E[δ_{l+1}²] is exact for ReLU (Hanin & Nica 2020, arXiv:1812.05994)."""
    scales = [LayerScale(100, 100, (1 if name == "linear" else 2) / 100, 0.0)] * 6
    _, _, found = shifted(name, scales, 10**9)
    for moved in found:
        assert moved.get("gradient.ratio", 0.0) == pytest.approx(0, abs=1e-3)
        assert moved["gradient.signal_rms"] == pytest.approx(0, abs=1e-3)
        assert moved["gradient.weight_rms"] == pytest.approx(0, abs=1e-3)


def test_shifts_fall_with_the_width():
    """As 1 / width, but for what a standard error adds."""
    (_, _, narrow), (_, _, wide) = (
        shifted("tanh", [LayerScale(n, n, 2 / n, 0.1)] * 4, 100) for n in (1000, 10_000)
    )
    for few, many in zip(narrow, wide, strict=True):
        for path in ("std", "std_across_inputs", "gradient.signal_rms"):
            assert few[path] / many[path] == pytest.approx(10, rel=0.05), path


def test_a_linear_network_with_one_input():
    """Every norm is a product of χ²_n / n: one of the input and one of each layer it passes.

    E[ln sqrt(χ²_n / n)] = -1 / 2n to first order.
    """
    units, layers = 400, 5
    scales = [LayerScale(units, units, 1 / units, 0.0)] * layers
    _, _, found = shifted("linear", scales, 1, errors=errors_alike)
    for number, moved in enumerate(found, 1):
        above = layers - number + 1
        norms = {
            "preactivation_std": number + 1,
            "std": number + 1,
            "gradient.signal_rms": above,
            "gradient.weight_rms": number + above,
        }
        for path, count in norms.items():
            assert moved[path] == pytest.approx(-count / (2 * units), rel=0.02), path
        if number < layers:
            assert moved["gradient.ratio"] == pytest.approx(-1 / units, rel=0.02)


def test_the_standard_deviation_of_one_input_follows_that_of_its_preactivations():
    """For ReLU the two are proportional in every network."""
    scales = [LayerScale(50, 50, 2 / 50, 0.0)] * 3 + [LayerScale(50, 10**6, 2 / 50, 0.0)]
    _, _, found = shifted("relu", scales, 1)
    assert found[-1]["preactivation_std"] == pytest.approx(0, abs=1e-5)
    assert found[-1]["std"] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(("weight_excess", "bias_excess"), [(0, 0), (-1.2, 0), (0, -1.2), (3, 2)])
def test_a_mean_is_moved_by_the_norms_of_inputs_and_by_tails(weight_excess, bias_excess):
    """E[exp z] is exp(κ₂ / 2 + κ₄ / 24) of z's cumulants, where κ₂ varies by 2 sigma_w⁴ / n."""
    n, sigma_w2, sigma_b2 = 500, 0.8, 0.1
    scale = LayerScale(n, n, sigma_w2 / n, sigma_b2, None, 1, 1, weight_excess, bias_excess)
    (p,), _, (moved,) = shifted("exponential", [scale], 10)
    expected = sigma_w2**2 / n * (1 / 4 + 3 * weight_excess / 24) + bias_excess * sigma_b2**2 / 24
    assert moved["mean"] / p.figures["mean"] == pytest.approx(expected, rel=0.01)
    # E[φ'²] = E[exp 2z], whose κ₂² and κ₄ are 2⁴ times those; a root's logarithm moves half as far.
    assert moved["gradient.signal_rms"] == pytest.approx(16 * expected / 2, rel=0.02)


def test_what_is_not_zero_lies_beyond_one_of_the_ends():
    scale = LayerScale(30, 30, 2 / 30, 0.1, weight_excess=-1.2)
    _, _, found = shifted("soft_shrink", [scale] * 3, 20, ends=(-0.5, 0.5), threshold=0.5)
    for moved in found:
        beyond = moved["saturation.low"] + moved["saturation.high"]
        assert abs(beyond) > 1e-4
        assert moved["zero_fraction"] == pytest.approx(-beyond, rel=1e-5)


@pytest.mark.parametrize("bias", [0.0, 0.5])
def test_the_gradient_of_the_first_weights_grows_with_the_input(bias):
    """E[r f(r)] of f = E[φ'²] at q = sigma_w² r + sigma_b², r = |x|² / n, where Var(r) = 2 / n."""
    units, step = 500, 0.02
    _, _, (moved,) = shifted("tanh", [LayerScale(units, units, 1.5 / units, bias)], 10**9)
    e = expectations_of("tanh")
    down, at, up = (r * e.moments(1.5 * r + bias).slope_square for r in (1 - step, 1, 1 + step))
    curvature = (up - 2 * at + down) / step**2
    assert moved["gradient.weight_rms"] == pytest.approx(curvature / at / units / 2, rel=0.01)


@pytest.mark.parametrize("excess", [0.0, -1.2])
@pytest.mark.parametrize("name", ["tanh", "erf", "softsign"])
def test_what_leaves_a_layer_is_what_enters_the_next(name, excess):
    """Means are 0 for an odd φ without biases, and q is sigma_w² std²."""
    scale = LayerScale(30, 30, 2 / 30, 0.0, weight_excess=excess)
    _, _, found = shifted(name, [scale] * 4, 50)
    for below, above in pairwise(found):
        assert below["std"] < -1e-4
        assert above["preactivation_std"] == pytest.approx(below["std"], rel=1e-6)


@pytest.mark.parametrize("name", ["tanh", "relu", "sigmoid", "softplus"])
def test_one_unit_has_no_spread_across_units(name):
    """So its values, over many inputs, spread as they do across inputs alone."""
    scales = [LayerScale(30, 30, 2 / 30, 0.2, weight_excess=-1.2, bias_excess=-1.2)] * 3
    _, _, found = shifted(name, [*scales, scales[-1]._replace(fan_out=1)], 10**9)
    one, below = found[-1], found[-2]
    assert abs(one["std"]) > 1e-4
    assert one["std"] == pytest.approx(one["std_across_inputs"], rel=1e-6)
    assert one["preactivation_std"] == pytest.approx(below["std_across_inputs"], rel=1e-6)


@pytest.mark.parametrize("name", ["tanh", "relu", "sigmoid", "softplus"])
def test_variances_across_inputs_and_across_units_add_up(name):
    """Their logarithms are shifted by half the relative shift of a variance."""
    scale = LayerScale(30, 40, 2 / 30, 0.2, bias_excess=-1.2)
    predictions, _, found = shifted(name, [scale], 20)
    for p, moved in zip(predictions, found, strict=True):
        total, within, between = (
            p.figures[path] ** 2 * expm1(2 * moved[path])
            for path in ("std", "std_across_inputs", "std_across_units")
        )
        assert min(abs(within), abs(between)) > 1e-7
        assert total == pytest.approx(within + between, rel=1e-9)


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_few_inputs_have_a_smaller_variance_that_moves_as_far(name):
    scales = [LayerScale(30, 30, 2 / 30, 0.2)] * 3
    (_, _, few), (_, _, many) = (shifted(name, scales, samples) for samples in (2, 10**9))
    for moved, expected in zip(few, many, strict=True):
        assert abs(expected["std_across_inputs"]) > 1e-4
        assert moved["std_across_inputs"] == pytest.approx(expected["std_across_inputs"], rel=1e-6)


@pytest.mark.parametrize("name", ["tanh", "relu", "sigmoid"])
def test_q_moves_with_the_units_of_the_layer_below(name):
    """E[q] = sigma_w² E[φ²] + sigma_b², where tails of the weights move E[φ²] as well."""
    scale = LayerScale(30, 30, 2 / 30, 0.1, weight_excess=-1.2)
    e = expectations_of(name)
    below, kernel, tailed = Pair(None, 1.0, 1.0), KernelDeviation(), KernelDeviation()
    for p in predict_alike(e, [scale] * 3, 100, ENDS):
        pair = Pair(e.activation, p.q, p.d)
        of_units = scale.sigma_w2 * below.square.shift(tailed) / pair.q
        kernel = below.handed_on(kernel, tailed, 30, scale, pair)
        assert pair.of_one(kernel)[0] == pytest.approx(of_units, rel=1e-9, abs=1e-15)
        tailed = below.with_tails(kernel, 30, scale, pair)
        below = pair
