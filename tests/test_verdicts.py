"""What is said of a network, from figures made by hand."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from math import isfinite, log, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weightinit_cli.parameters import Thresholds
from weightinit_cli.results import (
    Gradient,
    HistogramCounts,
    LayerStatistics,
    Saturation,
    Verdict,
    WeightStatistics,
)
from weightinit_cli.results.model import HEALTHY
from weightinit_cli.verdicts import ALL_IS_WELL, DEFINITIONS, Layer, Seen, draw_verdict
from weightinit_cli.verdicts.chance import chance_of_dead, correlation_of, relu_correlation

UNITS, SAMPLES = 10, 100
DEFAULT = Thresholds()


def counts(values: int) -> HistogramCounts:
    return HistogramCounts((0.0, 1.0), (values,), 0, 0)


def gradient(ratio: float | None = 1.0, signal_rms: float | None = 1.0, **more: Any) -> Gradient:
    figures = {"nonfinite": 0, "histogram": counts(UNITS * SAMPLES), **more}
    return Gradient(signal_rms, 0.1, ratio, ratio, **figures)


def layer(units: int = UNITS, samples: int = SAMPLES, **figures: Any) -> LayerStatistics:
    """A layer of which nothing is wrong, but for the figures that are given."""
    well: dict[str, Any] = {
        "mean": 0.0,
        "std": 1.0,
        "min": -3.0,
        "max": 3.0,
        "quantiles": {},
        "preactivation_std": 1.0,
        "saturation": Saturation(0.01, 0.01),
        "zero_fraction": 0.0,
        "dead_units": 0,
        "distinct_units": units,
        "std_across_inputs": 0.9,
        "std_across_units": 0.4,
        "weights": weights(),
        "nonfinite": 0,
        "histogram": counts(units * samples),
        "gradient": gradient(),
    }
    return LayerStatistics(**{**well, **figures})


def seen(*layers: LayerStatistics, units: int = UNITS, samples: int = SAMPLES, **more: Any) -> Seen:
    """A network of ReLU's shape, behind inputs of which nothing is wrong."""
    shape = {"positions": 1, "fan_in": units, "bias_std": 0.0, "low": 0.0, "high": None}
    size = {"units": units, "samples": samples, "slope_at_zero": 0.0}
    numbered = enumerate(layers, 1)
    return Seen(
        layer(units, samples, std_across_inputs=1.0),
        tuple(Layer(number=n, figures=each, **{**shape, **size, **more}) for n, each in numbered),
    )


def drawn(
    *layers: LayerStatistics, shape: dict[str, Any] | None = None, **thresholds: float
) -> list[Verdict]:
    return list(draw_verdict(seen(*layers, **(shape or {})), DEFAULT._replace(**thresholds)))


def names(*layers: LayerStatistics, **more: Any) -> list[str]:
    return [verdict.name for verdict in drawn(*layers, **more)]


def signals(*sizes: float) -> list[LayerStatistics]:
    """Layers of these root mean squares."""
    return [layer(std=size, std_across_inputs=0.9 * size) for size in sizes]


def returning(*ratios: float | None) -> list[LayerStatistics]:
    """Layers of these ratios of the gradient's power, and a last one."""
    return [layer(gradient=gradient(ratio)) for ratio in (*ratios, None)]


def weights(low: float = -0.5, high: float = 0.5) -> WeightStatistics:
    return WeightStatistics(0.0, 0.1, low, high, None, 3.0, 0.0, 0, None)


# each definition, below, at and above its threshold


def test_healthy():
    (verdict,) = drawn(layer(), layer(), layer())
    assert verdict == Verdict("healthy", None, advice=ALL_IS_WELL)
    assert not verdict.warns


ONE_LAYER = {
    "collapsed": ("<", lambda at: layer(mean=sqrt(1 - at**2), std=at, std_across_inputs=at)),
    "saturated": (">", lambda at: layer(saturation=Saturation(at / 4, at * 3 / 4))),
    "inputs_indistinguishable": ("<", lambda at: layer(std_across_inputs=at)),
    "signal_drowned": ("<", lambda at: layer(std=100.0, std_across_inputs=100 * at)),
    "dying": (">", lambda at: layer(units=1000, dead_units=round(1000 * at))),
}


@pytest.mark.parametrize("name", ONE_LAYER)
def test_definition_of_one_layer(name: str):
    sign, build = ONE_LAYER[name]
    at = getattr(DEFAULT, name)
    off = {"exploding_signal": 1e9, "vanishing_signal": 0.0}
    shape = {"units": 1000} if name == "dying" else {}
    fine = layer(units=1000 if shape else UNITS)
    # `collapsed` comes out of a square root, so exactly its threshold is not met
    for share in (at * 0.98, at * 1.02, *([at] if name != "collapsed" else [])):
        found = drawn(fine, fine, build(share), build(share), shape=shape, **off)
        beyond = share < at if sign == "<" else share > at
        assert (name in [each.name for each in found]) == beyond, share
        for verdict in found:
            if verdict.name == name:
                assert (verdict.layer, verdict.over) == (3, None)
                assert verdict.value == pytest.approx(share)
                assert verdict.figure == DEFINITIONS[name].figure


@pytest.mark.parametrize("depth", [2, 3, 7, 50])
@pytest.mark.parametrize("name", [name for name in DEFAULT._fields if "gradient" in name])
def test_gradients_are_judged_by_their_factor_over_all_layers(name: str, depth: int):
    at = getattr(DEFAULT, name)
    step = at ** (1 / depth)
    for move, beyond in ((1.01, at > 1), (1 / 1.01, at < 1)):
        found = drawn(*returning(*[(step * move) ** 2] * depth))
        assert (name in [each.name for each in found if each.warns]) == beyond
        if beyond:
            (verdict,) = found
            assert verdict.warns
            assert (verdict.over, verdict.layer) == ((depth + 1, 1), depth)
            assert verdict.value == pytest.approx(at * move**depth)
            assert verdict.rate == pytest.approx(step * move)


@pytest.mark.parametrize("name", [name for name in DEFAULT._fields if name.endswith("ing_signal")])
def test_signals_are_judged_from_the_input_on(name: str):
    at = getattr(DEFAULT, name)
    for move, beyond in ((1.01, at > 1), (1 / 1.01, at < 1)):
        found = drawn(*signals(at * move, at * move))
        severity = "warning" if at > 1 else "note"
        assert (severity in [each.severity for each in found]) == beyond
        if beyond:
            *healthy, verdict = found
            assert [each.name for each in healthy] == ["healthy"] * (at < 1)
            assert verdict.name == name
            assert (verdict.over, verdict.layer) == ((0, 1), 1)
            assert verdict.value == pytest.approx(at * move)


# where it is


def test_the_worst_span_counts():
    (verdict,) = drawn(*returning(1.0, 1e-3, 1e-3, 1e-3, 1e-3, 1.0))
    assert (verdict.name, verdict.over, verdict.layer) == ("vanishing_gradient", (6, 2), 5)
    assert verdict.value == pytest.approx(1e-6)
    up, down = drawn(*returning(1e-8, 1e-8, 1e3, 1e3, 1e3))
    assert (up.name, up.over, up.value) == ("vanishing_gradient", (3, 1), pytest.approx(1e-8))
    assert (down.name, down.over) == ("exploding_gradient", (6, 3))
    (verdict,) = drawn(*signals(1.0, 2.0, 0.5, 300.0, 30.0))
    assert (verdict.name, verdict.over) == ("exploding_signal", (3, 4))


def test_a_few_odd_ratios_are_chance():
    assert names(*returning(0.47)) == ["healthy"]
    assert names(*returning(1.0, 1.0, 0.1, 1.0, 4.0)) == ["healthy"]


def test_widths_do_not_count():
    """The total power is kept, while that of a unit changes 64-fold."""
    kept = [
        layer(gradient=replace(gradient(4.0), total_ratio=1.0)),
        layer(gradient=replace(gradient(16.0), total_ratio=1.0)),
        layer(),
    ]
    assert names(*kept) == ["healthy"]


def test_the_strongest_word():
    severe = {name: each for name, each in DEFINITIONS.items() if each.severe is not None}
    assert "vanishing_gradient" in severe
    for name, definition in severe.items():
        at, far = getattr(DEFAULT, name), definition.severe
        for value in (sqrt(at * far), far * far / sqrt(at * far)):
            (verdict,) = drawn(*returning(value**2))
            beyond = abs(log(value)) > abs(log(far))
            assert (verdict.name, verdict.severity) == (name, "severe" if beyond else "warning")


def test_a_gradient_that_grows_by_less_is_noted():
    name = "exploding_gradient"
    at, noted = getattr(DEFAULT, name), DEFINITIONS[name].noted

    def of(factor: float, **thresholds: float) -> list[tuple[str, str | None]]:
        found = drawn(*returning(factor**2), **thresholds)
        return [(each.name, each.severity) for each in found]

    assert of(0.99 * noted) == [("healthy", None)]
    assert of(1.01 * noted) == of(0.99 * at) == [("healthy", None), (name, "note")]
    assert of(1.01 * at) == [(name, "warning")]
    assert of(1.01 * at, **{name: 2 * at}) == [("healthy", None), (name, "note")]
    assert of(0.5 * noted, **{name: 0.4 * noted}) == [(name, "warning")]


# what hangs together

SAME = {"mean": 1.0, "std": 0.0, "distinct_units": 1, "std_across_inputs": 0.0}


def test_weights_that_are_all_one_number_are_the_root():
    same = layer(**SAME, weights=weights(0.1, 0.1), gradient=gradient(0.0, 0.0))
    root, *rest = drawn(same, same, same)
    assert (root.name, root.layer, root.because) == ("units_identical", 1, None)
    assert root.advice == DEFINITIONS["units_identical"].advice
    assert {each.name for each in rest} == {"collapsed", "vanishing_gradient"}
    assert {each.because for each in rest} == {"units_identical"}


@pytest.mark.parametrize("shape", [{"samples": 1}, {"units": 2}, {"slope_at_zero": 0.5}])
def test_a_layer_without_any_gradient_is_dead_whatever_chance_says(shape: dict):
    size = {"units": shape.get("units", UNITS), "samples": shape.get("samples", SAMPLES)}
    dead = layer(
        **size, mean=0.0, std=0.0, std_across_inputs=0.0, distinct_units=1,
        dead_units=size["units"], gradient=gradient(None, 0.0),
    )  # fmt: skip
    root, *rest = drawn(dead, dead, dead, shape=shape)
    assert root.name == "dying"
    assert {each.because for each in rest} == {"dying"}


def test_behind_few_inputs_any_share_of_dead_units_may_be_chance():
    half = layer(dead_units=5)
    assert "dying" in names(half)
    assert names(half, half, shape={"fan_in": 2}) == ["healthy"]


def test_what_dies_in_time_explains_a_signal_that_ends():
    dead = layer(std=0.0, std_across_inputs=0.0, dead_units=UNITS, gradient=gradient(None, 0.0))
    found = drawn(layer(), layer(dead_units=4), dead, dead)
    assert {each.name: each.because for each in found} == {
        "dying": None,
        "vanishing_signal": "dying",
        "vanishing_gradient": "dying",
    }


@pytest.mark.parametrize(
    ("share", "root"), [(0.4, "inputs_indistinguishable"), (0.99, "saturated")]
)
def test_a_layer_explains_what_follows_where_nearly_all_of_it_is_flat(share: float, root: str):
    shape = {"low": -1.0, "high": 1.0}
    flat = layer(
        saturation=Saturation(share / 2, share / 2), std_across_inputs=1e-4,
        gradient=gradient(1e-4),
    )  # fmt: skip
    found = drawn(*[flat] * 4, shape=shape)
    assert (found[0].name, found[0].because) == (root, None)
    assert next(each for each in found if each.name == "vanishing_gradient").because == root


def test_a_collapse_alone_is_a_note():
    one = layer(mean=1.0, std=1e-5, std_across_inputs=1e-5)
    assert names(one) == ["healthy", "collapsed"]


def test_units_that_are_all_dead_are_no_fault_of_the_draw():
    dead = layer(**SAME | {"mean": 0.0}, dead_units=UNITS, gradient=gradient(None, 0.0))
    root, *rest = drawn(dead, dead, dead)
    assert (root.name, root.advice, root.because) == ("dying", None, None)
    same = next(each for each in rest if each.name == "units_identical")
    assert (same.because, same.advice) == ("dying", None)
    assert root.warns  # since what follows from it does


def test_a_root_cause_is_as_bad_as_what_follows_from_it():
    shrinking = [
        replace(each, gradient=gradient(1e-4)) for each in signals(1e-2, 1e-4, 1e-6, 1e-8, 1e-10)
    ]
    root, effect = drawn(*shrinking)
    assert (root.name, root.over) == ("vanishing_signal", (0, 5))
    assert (effect.name, effect.because) == ("vanishing_gradient", "vanishing_signal")
    assert root.severity == effect.severity
    assert root.warns


def test_underflow_follows_from_what_vanished():
    lost = layer(std=0.0, unresolved={"mean": 1e-38, "std": 1e-38})
    root, effect = drawn(*signals(1e-15, 1e-30), lost)
    assert (root.name, effect.name, effect.layer) == ("vanishing_signal", "underflow", 3)
    assert effect.because == root.name
    (alone,) = drawn(lost)
    assert (alone.name, alone.because) == ("underflow", None)


def test_what_warns_comes_first():
    ill = layer(saturation=Saturation(0.5, 0.5))
    exploding = [replace(each, saturation=ill.saturation) for each in returning(1e6, 1e6)]
    assert names(*exploding) == ["exploding_gradient", "saturated"]


def test_what_rounding_took_is_not_drowned():
    lost = layer(std=1e5, std_across_inputs=50.0, unresolved={"std_across_inputs": 100.0})
    verdict = drawn(lost, exploding_signal=1e9)[0]
    assert (verdict.name, verdict.value) == ("inputs_indistinguishable", None)


def test_a_signal_that_is_drowned_first_and_then_lost_is_told_once():
    drowned = layer(std=99.0)
    root, effect = drawn(drowned, layer(std=99.0, std_across_inputs=1e-3))
    assert (root.name, effect.name) == ("signal_drowned", "inputs_indistinguishable")
    assert effect.because == root.name


def test_large_biases_drown_the_signal_and_lose_nothing():
    assert names(layer(std=99.0)) == ["signal_drowned"]
    assert names(layer(), layer(std_across_inputs=0.001)) == ["inputs_indistinguishable"]


def test_overflow_of_activations_names_the_first_layer():
    (verdict,) = drawn(layer(), layer(nonfinite=7), layer(nonfinite=9, gradient=None))
    assert (verdict.name, verdict.layer, verdict.severity) == ("overflow", 2, "severe")
    assert (verdict.figure, verdict.value) == ("nonfinite", 7)


def test_after_an_overflow_nothing_else_is_said_of_the_signal():
    rest = layer(
        nonfinite=1, mean=0.0, std=0.0, distinct_units=1, saturation=Saturation(0.5, 0.5),
        std_across_inputs=0.0, dead_units=UNITS, gradient=gradient(0.01, nonfinite=1),
    )  # fmt: skip
    assert names(layer(), rest, replace(rest, nonfinite=0)) == ["overflow"]
    root, effect = drawn(*signals(1.0, 10.0, 1000.0), rest)
    assert (root.name, effect.name, effect.because) == ("exploding_signal", "overflow", root.name)


def test_gradient_that_an_overflow_cut_off():
    """ReLU's derivative at nan is zero: that is no vanishing gradient."""
    cut = layer(nonfinite=1, gradient=gradient(None, 0.0))
    zero = layer(gradient=gradient(0.0, 0.0))
    assert names(layer(gradient=gradient(1.0)), zero, cut, cut) == ["overflow"]
    steep = layer(gradient=gradient(1e5))
    root, effect = drawn(steep, steep, zero, cut)
    assert (root.name, effect.name) == ("exploding_gradient", "overflow")


def test_overflow_of_gradients_names_the_last_layer():
    lost = gradient(None, None, nonfinite=5)
    (verdict,) = drawn(layer(gradient=lost), layer(gradient=lost), layer())
    assert (verdict.name, verdict.layer) == ("overflow", 2)
    assert (verdict.figure, verdict.value) == ("gradient.nonfinite", 5)


def test_no_gradient_at_the_last_layer():
    """A step: its derivative is zero, and every ratio 0/0."""
    nothing = layer(saturation=Saturation(0.5, 0.5), gradient=gradient(None, 0.0))
    root, effect = drawn(nothing, nothing, nothing, shape={"low": 0.0, "high": 5e-324})
    assert (root.name, root.layer, root.value) == ("saturated", 1, 1.0)
    assert (effect.name, effect.because) == ("vanishing_gradient", "saturated")
    assert (effect.layer, effect.figure, effect.value) == (3, "gradient.signal_rms", 0.0)


def test_gradient_that_ends_below_the_last_layer():
    """Weights of standard deviation 0: nothing comes back to any layer but the last."""
    none, zero, one = gradient(None, 0.0), gradient(0.0, 0.0), gradient(None)
    (verdict,) = drawn(layer(gradient=none), layer(gradient=zero), layer(gradient=one))
    assert (verdict.name, verdict.layer, verdict.value) == ("vanishing_gradient", 2, 0.0)
    assert verdict.over == (3, 2)


def test_signal_that_ends():
    found = drawn(*signals(1.0, 1.0, 0.0, 0.0))
    assert [(v.name, v.layer, v.value) for v in found[1:]] == [("vanishing_signal", 3, 0.0)]


def test_never_warned_of_saturation_alone():
    full = Saturation(0.5, 0.5)
    shape = {"low": -1.0, "high": 1.0}
    assert names(*[layer(saturation=full)] * 5, shape=shape) == ["healthy", "saturated"]


@pytest.mark.parametrize("saturation", [(None, 1.0), (1.0, None), (None, None)])
def test_saturated_needs_two_flat_ends(saturation: tuple):
    assert names(layer(saturation=Saturation(*saturation))) == ["healthy"]


@pytest.mark.parametrize(
    ("ends", "saturation", "expected"),
    [
        ((0.0, 6.0), Saturation(0.5, 0.0), False),  # relu6, as it should be
        ((0.0, 6.0), Saturation(0.5, 0.4), True),
        ((0.0, 5e-324), Saturation(0.5, 0.5), True),  # step
        ((-3.0, 3.0), Saturation(0.5, 0.0), True),
        ((0.0, None), Saturation(0.5, None), False),  # relu
    ],
)
def test_end_that_begins_at_zero(ends: tuple, saturation: Saturation, expected: bool):
    shape = dict(zip(("low", "high"), ends, strict=True))
    layers = [layer(saturation=saturation)] * 2
    assert ("saturated" in names(*layers, shape=shape)) == expected


def test_one_input_says_nothing_of_inputs():
    alone = layer(samples=1, std_across_inputs=0.0, dead_units=5)
    (verdict,) = drawn(alone, alone, shape={"samples": 1})
    assert verdict.name == "healthy"
    assert "inputs" in verdict.advice
    one_value = layer(units=1, samples=1, mean=0.5, std=0.0, std_across_inputs=0.0)
    assert names(one_value, shape={"units": 1, "samples": 1}) == ["healthy"]


def test_healthy_says_what_is_not_known():
    (verdict,) = drawn(layer(gradient=None))
    assert verdict.name == "healthy"
    assert "gradient is not known" in verdict.advice
    assert "gradient" not in ALL_IS_WELL


def test_without_a_gradient_a_signal_over_several_layers_stands_for_it():
    forward = [replace(each, gradient=None) for each in signals(1.0, 0.1, 0.001)]
    (verdict,) = drawn(*forward)
    assert (verdict.name, verdict.over, verdict.severity) == ("vanishing_signal", (1, 3), "warning")
    first = [replace(each, gradient=None) for each in signals(0.001, 0.001)]
    assert names(*first) == ["healthy", "vanishing_signal"]


FIGURES = ("mean", "std", "distinct_units", "std_across_inputs", "preactivation_std")


def test_figures_that_do_not_exist_say_nothing():
    nothing = layer(
        **dict.fromkeys(FIGURES), saturation=Saturation(None, None), gradient=gradient(None, None)
    )
    assert names(nothing, nothing) == ["healthy"]
    assert names(layer(), nothing, *signals(0.1, 0.001)) == ["healthy", "vanishing_signal"]


# dead units by chance


@pytest.mark.parametrize("samples", [1, 2, 3, 10, 1000])
def test_dead_by_chance_in_closed_form(samples: int):
    """Independent inputs: 2^-N; equal ones: 1/2; correlated by 1/2: 1 / (N + 1)."""
    assert chance_of_dead(0.0, samples) == pytest.approx(0.5**samples, rel=1e-6)
    assert chance_of_dead(1.0, samples) == pytest.approx(0.5, abs=0.01)
    assert chance_of_dead(0.5, samples) == pytest.approx(1 / (samples + 1), rel=1e-6)


@pytest.mark.parametrize(("layer_number", "share"), [(5, 0.015), (10, 0.093), (20, 0.217)])
def test_dead_by_chance_of_a_relu_network(layer_number: int, share: float):
    found = chance_of_dead(relu_correlation(layer_number), 1000)
    assert found == pytest.approx(share, abs=0.002)


def test_correlation_of_what_a_layer_is_given():
    rng = np.random.Generator(np.random.PCG64(1))
    given = rng.standard_normal((5, 50)) + rng.standard_normal(50)
    z = given @ rng.standard_normal((50, 200_000)) * 0.3 + 2 * rng.standard_normal(200_000)
    covariance = z @ z.T / 200_000
    measured = (covariance.sum() - np.trace(covariance)) / 20 / (np.trace(covariance) / 5)
    figures = layer(
        mean=given.mean(),
        std=given.std(),
        std_across_inputs=sqrt(given.var(axis=0).mean()),
    )
    assert correlation_of(figures, 0.3, 2.0, 50, 5) == pytest.approx(measured, abs=0.01)


@pytest.mark.parametrize("samples", [2, 3, 10, 20])
def test_few_inputs_leave_units_dead(samples: int):
    dead = round(1000 * 0.5**samples)
    few = layer(units=1000, samples=samples, dead_units=dead)
    assert names(few, shape={"units": 1000, "samples": samples}, dying=0.0) == ["healthy"]
    more = replace(few, dead_units=dead + 250)
    assert "dying" in names(more, shape={"units": 1000, "samples": samples})


def test_a_unit_that_is_zero_is_alive_where_the_activation_has_a_slope():
    zero = layer(dead_units=8)
    assert "dying" in names(zero)
    assert names(zero, shape={"slope_at_zero": 1.0}) == ["healthy"]


# thresholds


BY_THRESHOLD = {
    "dying": layer(dead_units=1),
    "saturated": layer(),
    "vanishing_signal": layer(mean=0.0, std=0.5),
    "exploding_signal": layer(std=2.0),
    "collapsed": layer(mean=0.2),
    "inputs_indistinguishable": layer(),
    "signal_drowned": layer(std=2.0, std_across_inputs=1.0),
    "vanishing_gradient": layer(gradient=gradient(0.5)),
    "exploding_gradient": layer(gradient=gradient(2.0)),
}


@pytest.mark.parametrize("name", DEFAULT._fields)
def test_thresholds_are_those_of_the_spec(name: str):
    below = DEFINITIONS[name].formula.count("<") and name != "exploding_signal"
    at = {"signal_drowned": 0.8}.get(name, 0.99 if below else 0.01)
    at = 1.1 if name.startswith("exploding") else at
    layers = BY_THRESHOLD[name], layer()
    assert name not in names(*layers)
    found = names(*layers, shape={"samples": 100}, **{name: at})
    assert name in found


@pytest.mark.parametrize("name", [name for name in DEFAULT._fields if "vanishing" in name])
def test_a_threshold_of_zero_switches_off(name: str):
    nothing = [replace(each, gradient=gradient(0.0, 0.0)) for each in signals(1.0, 0.0, 0.0)]
    assert name in names(*nothing)
    assert name not in names(*nothing, **{name: 0.0})


def test_every_threshold_is_a_verdict_with_its_words():
    assert set(DEFAULT._fields) <= set(DEFINITIONS)
    assert HEALTHY not in DEFINITIONS
    for name, definition in DEFINITIONS.items():
        assert definition.meaning
        assert definition.formula
        assert set(definition.follows_from) <= set(DEFINITIONS)
        assert ("threshold" in definition.formula) == (name in DEFAULT._fields)
        texts = (definition.figure, definition.meaning, definition.advice or "")
        assert all(text == " ".join(text.split()) and not text.endswith(".") for text in texts)


# anything


NUMBER = st.none() | st.floats(allow_nan=False, allow_infinity=False)
SIZE = st.none() | st.floats(0, allow_infinity=False) | st.just(0.0)
SHARE = st.none() | st.floats(0, 1)


@st.composite
def odd_layers(draw: st.DrawFn) -> LayerStatistics:
    back = None
    if draw(st.booleans()):
        back = gradient(draw(SIZE), draw(SIZE), nonfinite=draw(st.integers(0, 3)))
    return layer(
        mean=draw(NUMBER),
        std=draw(SIZE),
        saturation=Saturation(draw(SHARE), draw(SHARE)),
        dead_units=draw(st.integers(0, UNITS)),
        distinct_units=draw(st.none() | st.integers(1, UNITS)),
        std_across_inputs=draw(SIZE),
        nonfinite=draw(st.integers(0, 3)),
        gradient=back,
        histogram=counts(draw(st.integers(0, 2**62))),
    )


@settings(max_examples=300, deadline=None)
@given(
    st.lists(odd_layers(), min_size=1, max_size=6),
    st.lists(st.floats(0, allow_infinity=False), min_size=len(DEFAULT), max_size=len(DEFAULT)).map(
        Thresholds._make
    ),
    st.tuples(NUMBER, NUMBER),
)
def test_odd_figures(layers: list[LayerStatistics], thresholds: Thresholds, ends: tuple):
    shape = dict(zip(("low", "high"), ends, strict=True))
    found = draw_verdict(seen(*layers, **shape), thresholds)
    listed = [verdict.name for verdict in found]
    assert len(listed) == len(set(listed))
    assert (listed[0] == HEALTHY) == (not any(verdict.warns for verdict in found))
    assert HEALTHY not in listed[1:]
    root = None
    for verdict in found:
        assert (verdict.severity is None) == (verdict.name == HEALTHY)
        assert verdict.because in (None, root)
        root = verdict.name if verdict.because is None else root
        assert verdict.layer is None or 1 <= verdict.layer <= len(layers)
        assert verdict.value is None or (type(verdict.value) is float and isfinite(verdict.value))
        json.dumps(asdict(verdict), allow_nan=False)
