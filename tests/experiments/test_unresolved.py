"""Which figures a run says that its dtype cannot tell, and that nothing is concluded from them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from weightinit_cli.experiments import run
from weightinit_cli.results import FIGURES, certain, figure, floor, resolved
from weightinit_cli.spec import parse_spec

SMALLEST = float(np.finfo(np.float32).smallest_normal)


@cache
def result(text):
    return run(parse_spec(text.encode(), source="a.yaml", stem="a"))


def spec(activation="sigmoid", initializer="xavier_normal", **more):
    keys = {"activation": activation, "initializer": initializer, "samples": 200, **more}
    return "".join(f"{key}: {value}\n" for key, value in keys.items())


DEEP = spec(layers=20, width=60)
UNDERFLOW = spec("relu", "{name: normal, std: 0.01}", layers=60)


def verdicts(text):
    return [each.name for each in result(text).verdict]


def test_a_deep_sigmoid_says_from_where_on_its_signal_is_unknown():
    layers = result(DEEP).layers
    unknown = ["std_across_inputs" in layer.unresolved for layer in layers]
    assert unknown == sorted(unknown)
    assert 8 < unknown.index(True) < 15
    for layer in layers:
        assert layer.unresolved.keys() <= {"std_across_inputs"}
        least = layer.resolution.activations
        assert figure(layer, "std_across_inputs") == pytest.approx(layer.std_across_inputs)
        assert ("std_across_inputs" in layer.unresolved) == (layer.std_across_inputs < least)


def test_floats_of_twice_the_size_know_it():
    layers = result(DEEP + "dtype: float64\n").layers
    assert not any(layer.unresolved for layer in layers)
    assert layers[-1].std_across_inputs < 1e-11


@pytest.mark.parametrize("std", ["3e-8", "1e-9"])
@pytest.mark.parametrize("activation", ["sigmoid", "softplus", "exponential"])
def test_no_z_of_what_is_rounding(activation, std):
    text = spec(activation, f"{{name: normal, std: {std}}}")
    for layer in result(text).layers:
        for path, said in layer.theory.figures.items():
            assert said.z is None or certain(layer, path) is not None
            assert said.z is None or abs(said.z) < 6, path
            assert (said.no_z is None) == (said.z is not None)


def test_a_deep_sigmoid_has_no_z_of_its_rounding():
    for layer in result(spec(layers=20)).layers:
        said = layer.theory.figures["std_across_inputs"]
        assert said.z is None or abs(said.z) < 6
        if layer.std_across_inputs < 8 * layer.resolution.activations:
            assert said.z is None
            assert said.no_z == "it is smaller than 8 times what the run's dtype can tell"


def test_underflow_is_no_zero():
    layers = result(UNDERFLOW).layers
    assert 0 < layers[33].std < SMALLEST
    assert layers[40].std == 0
    for layer in (*layers[33:38], *layers[40:]):
        assert layer.unresolved["std"] == pytest.approx(SMALLEST, rel=0.3)
        for path in ("mean", "std_across_inputs", "preactivation_std", "zero_fraction"):
            assert path in layer.unresolved
            assert resolved(layer, path) is None
        assert {"dead_units", "distinct_units", "saturation.low"} <= layer.unresolved.keys()


def test_what_comes_back_through_underflowed_units_is_unknown():
    """Which units are active there nobody knows, so that a gradient of zero is none."""
    for layer in result(UNDERFLOW).layers[:35]:
        assert layer.gradient.signal_rms == 0
        assert layer.unresolved["gradient.signal_rms"] is None
        assert resolved(layer, "gradient.weight_rms") is None


def test_no_verdict_is_drawn_from_underflow():
    root, effect = result(UNDERFLOW).verdict
    assert (root.name, root.over) == ("vanishing_signal", (0, 31))
    assert (effect.name, effect.layer, effect.because) == ("underflow", 33, root.name)


def test_a_collapse_below_the_floor_is_told_without_a_value():
    said = result(spec("sigmoid", "{name: normal, std: 1e-9}", layers=3)).verdict
    assert (said[0].name, said[0].layer, said[0].value) == ("collapsed", 1, None)


def test_std_zero_is_known():
    """The textbook's picture: everything is exact, so nothing is below a floor."""
    found = result(spec("sigmoid", "{name: normal, std: 0}"))
    assert not any(layer.unresolved for layer in found.layers)
    assert found.layers[1].distinct_units == 1
    assert found.verdict[0].name == "units_identical"


def test_weights_that_rounding_has_made():
    """In float32 a normal of mean 1 and standard deviation 1e-8 is ones, and a few others."""
    layers = result(spec("tanh", "{name: normal, mean: 1, std: 1e-8}", layers=2)).layers
    for layer in layers:
        assert layer.unresolved["weights.std"] == pytest.approx(2.0**-23, rel=1e-3)
        assert layer.unresolved["weights.kurtosis"] is None
    wide = result(spec("tanh", "{name: normal, mean: 1, std: 1e-8}", layers=2, dtype="float64"))
    assert not any(path.startswith("weights") for each in wide.layers for path in each.unresolved)
    assert wide.layers[0].weights.std == pytest.approx(1e-8, rel=0.03)


@pytest.mark.parametrize(
    ("text", "distinct"),
    [
        (spec("sigmoid", "{name: normal, std: 3e-7}", layers=1), [100]),
        (spec("exponential", "{name: normal, std: 1e-6}", layers=1), [100]),
        (spec("exponential", layers=3, width="[50, 30, 70]"), [50, 30]),
        (spec("relu", "{name: constant, value: 0.1}", layers=2), [1, 1]),
    ],
)
def test_units_that_differ_are_not_merged(text, distinct):
    found = [layer.distinct_units for layer in result(text).layers]
    assert found[: len(distinct)] == distinct


def test_a_figure_below_its_floor_has_no_spread_over_the_seeds():
    layers = result(DEEP + "repeats: 3\n").layers
    for layer in layers:
        spread = layer.repeats.get("std_across_inputs")
        if layer.std_across_inputs < 0.5 * layer.resolution.activations:
            assert spread is None
        elif certain(layer, "std_across_inputs") is not None:
            assert spread.std < spread.mean


def test_figures_near_a_floor_are_told_and_not_concluded_from():
    layers = result(DEEP).layers
    near = [each for each in layers if 1 < each.std_across_inputs / floor(each, "std") < 8]
    assert near
    for layer in near:
        assert resolved(layer, "std_across_inputs") == layer.std_across_inputs
        assert certain(layer, "std_across_inputs") is None


def test_what_an_activation_flushes_to_zero_is_no_zero():
    """sigmoid(-200) is 1e-87: zero in float32 alone, where nothing may be concluded from it."""
    found = result(spec(bias="{name: constant, value: -200}", layers=2))
    for layer in found.layers:
        assert layer.std == 0
        for path in ("std", "dead_units", "distinct_units", "zero_fraction"):
            assert path in layer.unresolved
        assert layer.unresolved["gradient.signal_rms"] is None
    assert not {"units_identical", "dying", "vanishing_gradient"} & {
        each.name for each in found.verdict
    }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_sigmoid_is_never_zero(dtype):
    """Not even where float64 has no smaller number."""
    text = spec(initializer="{name: normal, std: 1e6}", layers=8, dtype=dtype)
    for layer in result(text).layers:
        assert {"zero_fraction", "dead_units"} <= layer.unresolved.keys()
    assert not {"dying", "vanishing_gradient"} & set(verdicts(text))


def test_a_power_that_float64_does_not_hold_is_unknown():
    """The gradient's ratios are kept by exponents, and are known."""
    first = result(spec(initializer="{name: normal, std: 1e-30}", layers=12)).layers[0]
    assert first.unresolved["gradient.signal_rms"] == pytest.approx(2.2e-308, rel=0.02)
    assert 0 < first.gradient.ratio < 1e-57


def test_nothing_warns_where_exponentials_overflow():
    """Warnings are errors here. Beyond the largest float nothing is known but that."""
    text = spec("exponential", layers=4, width=40, samples=1000, dtype="float64")
    layers = result(text).layers
    assert [layer.nonfinite > 0 for layer in layers] == [False, False, True, True]
    assert all(layer.gradient.nonfinite for layer in layers)
    for layer in layers[2:]:
        assert not any(said.z for said in layer.theory.figures.values()) if layer.theory else True


@pytest.mark.parametrize("std", ["1e-20", "1e-30", "1e-39"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "selu", "linear"])
def test_what_has_underflowed_is_not_healthy(activation, std):
    found = verdicts(spec(activation, f"{{name: normal, std: {std}}}", layers=4, width=30))
    assert "underflow" in found
    assert "healthy" not in found
    assert "units_identical" not in found


def test_zeros_of_a_saturated_sigmoid_are_not_counted():
    text = spec(initializer="{name: normal, std: 12}", layers=3, samples=20)
    narrow, wide = (result(text + each).layers for each in ("", "dtype: float64\n"))
    for layer, true in zip(narrow, wide, strict=True):
        assert layer.zero_fraction > 0.05 > true.zero_fraction
        assert {"zero_fraction", "dead_units"} <= layer.unresolved.keys()
        assert "zero_fraction" not in true.unresolved


@pytest.mark.parametrize(
    ("activation", "are_known"), [("sigmoid", False), ("hard_tanh", True), ("relu6", True)]
)
def test_units_that_are_flat_are_equal_and_units_that_round_are_not(activation, are_known):
    """At 1 a sigmoid only rounds; hard_tanh is 1 there."""
    text = spec(activation, "{name: normal, std: 100}", layers=1, samples=4)
    (layer,) = result(text).layers
    assert layer.distinct_units < 100
    assert ("distinct_units" not in layer.unresolved) == are_known


@pytest.mark.parametrize("activation", ["selu", "{name: leaky_relu, negative_slope: 0.5}"])
def test_slopes_on_either_side_of_a_kink_are_unknown_below_the_floor(activation):
    layers = result(spec(activation, "{name: normal, std: 0.001}", layers=30, width=50)).layers
    unknown = ["gradient.signal_rms" in layer.unresolved for layer in layers]
    assert unknown[0]
    assert not layers[0].unresolved.keys() & {"std", "mean"}


def floats_agree(path, narrow, wide):
    value, true = figure(narrow, path), figure(wide, path)
    if value is None or true is None or path in narrow.unresolved:
        return True
    least = floor(narrow, path)
    if path in ("mean", "min", "max"):
        return abs(value - true) <= max(2 * least, 0.01 * abs(true))
    if "saturation" in path or path == "zero_fraction":
        return abs(value - true) < 0.003
    if path == "gradient.float16_flushed":  # some of what it would flush float32 has flushed
        return value < true + 0.003
    return abs(value - true) <= (0.01 if abs(value) >= 8 * least else 0.6) * abs(value)


@pytest.mark.parametrize("scale", [1e-3, 0.05, 0.14, 1.0])
@pytest.mark.parametrize(
    "activation",
    ["sigmoid", "tanh", "relu", "softplus", "softsign", "tanh_shrink", "hard_silu", "erf", "selu"],
)
def test_every_figure_is_that_of_float64_or_said_to_be_unknown(activation, scale):
    """The same network in both; tanh shrinks, others collapse, underflow, saturate."""
    if activation in ("softplus", "selu") and scale == 1:
        pytest.skip("a chaotic network: rounding makes another one of it")
    text = spec(activation, f"{{name: normal, std: {scale}}}", layers=12, width=50, samples=100)
    narrow, wide = (result(text + each).layers for each in ("", "dtype: float64\n"))
    for one, other in zip(narrow[:4] if scale == 1 else narrow, wide, strict=False):
        assert [path for path in FIGURES if not floats_agree(path, one, other)] == []


def test_weights_beyond_the_dtype_are_counted():
    layer = result(spec("tanh", "{name: normal, std: 2e38}", layers=1)).layers[0]
    assert 0 < layer.weights.nonfinite < 10_000
    assert layer.weights.max < 3.5e38
