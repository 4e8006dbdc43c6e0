"""Verdicts of whole networks: what people who know the field found wrong once, and its kind."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from weightinit_cli import run
from weightinit_cli.spec import parse_spec
from weightinit_cli.verdicts import DEFINITIONS

SPELLED = (
    "linear", "sigmoid", "tanh", "relu", "{name: leaky_relu, negative_slope: 0.1}", "relu6", "elu",
    "celu", "selu", "{name: gelu, approximate: none}", "silu", "mish", "hard_silu", "softplus",
    "squareplus", "softsign", "hard_tanh", "{name: hard_sigmoid, form: torch}", "log_sigmoid",
    "erf", "{name: sin, omega: 1}", "tanh_shrink", "soft_shrink", "hard_shrink",
)  # fmt: skip


@cache
def result(activation: str, initializer: str, *lines: str):
    text = "\n".join([f"activation: {activation}", f"initializer: {initializer}", *lines])
    return run(parse_spec(text, source="test", stem="test"), threads=1)


def found(activation: str, initializer: str, *lines: str):
    return result(activation, initializer, *lines).verdict


def names(*spec: str) -> list[str]:
    return [each.name for each in found(*spec)]


def warned(*spec: str) -> list[str]:
    return [each.name for each in found(*spec) if each.warns]


def normal(std: float) -> str:
    return f"{{name: normal, std: {std!r}}}"


DEEP = [
    ("tanh", 0.078, 100, "vanishing", 1.5e-11),
    ("linear", 0.0774597, 100, "vanishing", 1.5e-11),
    ("linear", (1.7 / 100) ** 0.5, 100, "exploding", 6e11),
    ("relu", 0.18, 100, "exploding", 4.6e9),
    ("relu", 0.11, 100, "vanishing", 1.9e-12),
]


@pytest.mark.parametrize(("activation", "std", "layers", "way", "factor"), DEEP)
def test_what_a_layer_hides_a_hundred_show(activation, std, layers, way, factor):
    spec = activation, normal(std), f"layers: {layers}", "samples: 100"
    signal, gradient, *_ = found(*spec)
    assert (signal.name, signal.over) == (f"{way}_signal", (0, 100))
    assert (gradient.name, gradient.over) == (f"{way}_gradient", (100, 1))
    assert gradient.because == signal.name
    assert signal.warns
    assert gradient.warns
    # networks of width 100 differ from seed to seed by some factors over 100 layers
    assert factor / 100 < signal.value < 100 * factor
    assert signal.rate == pytest.approx(signal.value ** (1 / 100))


@pytest.mark.slow
def test_a_thousand_layers():
    spec = "relu", normal(0.1326), "layers: 1000", "width: 100", "samples: 10"
    assert {"vanishing_signal", "vanishing_gradient"} <= set(warned(*spec))


def test_the_step_from_the_input_counts():
    """A single hidden layer learns for all that: its own step makes it large."""
    healthy, note = found("tanh", normal(1e-10), "layers: 1")
    assert (healthy.name, note.name, note.severity) == ("healthy", "vanishing_signal", "note")
    assert note.over == (0, 1)
    assert note.value == pytest.approx(1e-9, rel=0.05)


def test_the_middle_of_a_network_counts():
    widths = "width: [1000, 1000, 1000, 1000, 10, 10, 10, 10, 10]"
    said = found("linear", normal(0.1), widths, "samples: 100")[0]
    assert said.name == "exploding_signal"
    assert said.warns
    assert said.value == pytest.approx(313, rel=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_one_ratio_is_no_trend(seed):
    assert names("tanh", "xavier_normal", "layers: 2", f"seed: {seed}") == ["healthy"]


def test_one_input_in_one_layer():
    (healthy,) = found("tanh", "xavier_normal", "layers: 1", "samples: 1")
    assert "inputs differ" not in healthy.advice
    assert "not known" in healthy.advice


@pytest.mark.parametrize("layers", [10, 20, 50])
@pytest.mark.parametrize("seed", range(3))
def test_he_with_relu_is_sound_at_any_depth(layers, seed):
    spec = "relu", "he_normal", f"layers: {layers}", f"seed: {seed}", "samples: 500"
    assert names(*spec) == ["healthy"]


@pytest.mark.parametrize("samples", [2, 3, 5, 10, 20, 50])
def test_dead_units_of_few_inputs_are_chance(samples):
    assert names("relu", "he_normal", f"samples: {samples}") == ["healthy"]


@pytest.mark.parametrize("samples", [1, 2, 1000])
@pytest.mark.parametrize("bias", [-1, -5])
def test_dead_units_of_a_negative_bias_are_none(bias, samples):
    more = f"bias: {{name: constant, value: {bias}}}", f"samples: {samples}"
    if bias == -5 or samples == 1000:
        assert "dying" in names("relu", "he_normal", *more)


@pytest.mark.parametrize("features", [1, 2])
def test_dead_units_behind_few_features_are_chance(features):
    spec = "relu", "he_normal", f"features: {features}", "layers: 3", "samples: 200"
    assert names(*spec) == ["healthy"]


CAUSES = [
    ("hard_silu", "he_normal", "bias: {name: constant, value: -8}", "dying"),
    ("relu", "{name: uniform, low: -0.1, high: 0}", "layers: 5", "dying"),
    ("sigmoid", "xavier_normal", "bias: {name: constant, value: -30}", "saturated"),
    ("sigmoid", "{name: normal, std: 0.4}", "bias: {name: normal, std: 3}\nlayers: 20",
     "inputs_indistinguishable"),
    ("relu6", "he_normal", "bias: {name: normal, std: 30}", "signal_drowned"),
]  # fmt: skip


@pytest.mark.parametrize(("activation", "initializer", "more", "root"), CAUSES)
def test_one_root_cause(activation, initializer, more, root):
    said = found(activation, initializer, *more.split("\n"), "samples: 200")
    warning = [each for each in said if each.warns and each.because is None]
    assert [each.name for each in warning] == [root]


def test_what_is_lost_in_rounding_is_not_called_whole():
    listed = names("linear", "he_normal", "bias: {name: constant, value: 1e9}", "samples: 200")
    assert "inputs_indistinguishable" in listed
    assert "signal_drowned" not in listed


def test_a_signal_stands_for_the_gradient_that_was_not_measured():
    spec = "tanh", normal(0.05), "layers: 50", "backward: false", "samples: 50"
    assert warned(*spec) == ["vanishing_signal"]


@pytest.mark.parametrize("widths", ["[512, 256, 128, 64, 32]", "[32, 64, 128, 256, 512]"])
def test_pyramids_keep_their_total_power(widths):
    """That of a unit changes 16-fold (He et al. 2015, section 2.2)."""
    spec = "relu", "he_normal", f"width: {widths}", "samples: 200"
    assert names(*spec) == ["healthy"]
    ratios = [each.gradient.total_ratio for each in result(*spec).layers[:-1]]
    assert all(0.6 < ratio < 1.6 for ratio in ratios)


def test_units_that_underflowed_are_not_identical():
    root, effect = found("relu", normal(0.01), "layers: 60", "samples: 100")
    assert (root.name, effect.name) == ("vanishing_signal", "underflow")
    assert effect.because == root.name


def test_a_negative_bias_is_no_fault_of_the_draw():
    root, *rest = found("relu", "he_normal", "bias: {name: constant, value: -5}")
    assert root.name == "dying"
    assert {each.because for each in rest} == {"dying"}
    assert not any("random" in (each.advice or "") for each in (root, *rest))


def test_large_biases_lose_nothing_of_the_signal():
    listed = names("linear", "xavier_normal", "bias: {name: normal, std: 100}")
    assert "signal_drowned" in listed
    assert "inputs_indistinguishable" not in listed


def test_units_without_inputs_are_not_dead():
    """tanh has a slope at zero: units that no input reaches yet do learn."""
    assert names("tanh", "identity", "features: 2", "width: 100") == ["healthy"]
    assert "dying" in names("relu", "identity", "features: 8", "width: 100")


def test_float64_that_overflows_is_not_told_to_use_float64():
    said = found("exponential", "he_normal", "layers: 6", "dtype: float64")
    assert "overflow" in [each.name for each in said]
    assert not any("float64" in (each.advice or "") for each in said)


def test_saturation_alone_is_a_note():
    healthy, note = found("tanh", normal(0.5), "layers: 3")
    assert (healthy.name, note.name, note.severity) == ("healthy", "saturated", "note")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("std", [1e-12, 1e-30, 1e-44])
def test_no_verdict_has_a_value_that_the_dtype_cannot_tell(dtype, std):
    said = found("tanh", normal(std), "layers: 4", f"dtype: {dtype}", "samples: 50")
    assert said[0].warns
    for each in said:
        if each.name == "vanishing_signal":
            assert each.value > np.finfo(dtype).smallest_normal
        elif each.name == "underflow":
            assert each.value is None


def test_advice_that_is_printed_removes_its_verdict():
    """Followed over a grid of networks, in nine of ten cases; a new advice belongs here, too."""
    assert [name for name, each in DEFINITIONS.items() if each.advice] == ["units_identical"]
    outcomes = []
    for activation in SPELLED:
        for constant in ("zeros", "{name: constant, value: 0.1}"):
            small = "layers: 3", "width: 20", "samples: 50"
            ill = found(activation, constant, *small)
            if any(each.advice and each.name == "units_identical" for each in ill):
                drawn = found(activation, "xavier_normal", *small)
                outcomes.append("units_identical" not in [each.name for each in drawn])
    assert len(outcomes) >= 40
    assert sum(outcomes) >= 0.9 * len(outcomes)
