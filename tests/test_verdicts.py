"""What is said of a network, from figures made by hand."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from math import isfinite, nextafter, sqrt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weightinit_cli.parameters import Thresholds
from weightinit_cli.results import Gradient, HistogramCounts, LayerStatistics, Saturation, Verdict
from weightinit_cli.results.model import HEALTHY
from weightinit_cli.verdicts import (
    ALL_IS_WELL,
    DEFINITIONS,
    SIGNAL_IS_WELL,
    draw_verdict,
)

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
        "weights": None,
        "nonfinite": 0,
        "histogram": counts(units * samples),
        "gradient": gradient(),
    }
    return LayerStatistics(**{**well, **figures})


def drawn(*layers: LayerStatistics, units: int = UNITS, **thresholds: float) -> list[Verdict]:
    return list(draw_verdict(layers, [units] * len(layers), DEFAULT._replace(**thresholds)))


def names(*layers: LayerStatistics, units: int = UNITS, **thresholds: float) -> list[str]:
    return [verdict.name for verdict in drawn(*layers, units=units, **thresholds)]


def signals(*sizes: float) -> list[LayerStatistics]:
    """Layers of these root mean squares."""
    return [layer(std=size, std_across_inputs=0.9 * size) for size in sizes]


def returning(*ratios: float | None) -> list[LayerStatistics]:
    """Layers of these gradient ratios, and a last one."""
    return [layer(gradient=gradient(ratio)) for ratio in (*ratios, None)]


# each definition, below, at and above its threshold


def test_healthy():
    (verdict,) = drawn(layer(), layer(), layer())
    assert verdict == Verdict("healthy", None, advice=ALL_IS_WELL)


ONE_LAYER = {
    "collapsed": ("<", lambda share: layer(mean=sqrt(1 - share**2), std=share)),
    "saturated": (">", lambda share: layer(saturation=Saturation(share / 4, share * 3 / 4))),
    "inputs_indistinguishable": ("<", lambda share: layer(std_across_inputs=share)),
    "dying": (">", lambda share: layer(units=1000, dead_units=round(1000 * share))),
}


@pytest.mark.parametrize("name", ONE_LAYER)
def test_definition_of_one_layer(name: str):
    sign, build = ONE_LAYER[name]
    at = getattr(DEFAULT, name)
    units = 1000 if name == "dying" else UNITS
    # `collapsed` comes out of a square root, so exactly its threshold is not met
    cases = {at * 0.98: sign == "<", at * 1.02: sign == ">"}
    if name != "collapsed":
        cases[at] = False
    for share, expected in cases.items():
        fine = layer(units=units)
        found = drawn(fine, fine, build(share), build(share), units=units)
        if not expected:
            assert [verdict.name for verdict in found] == ["healthy"], share
            continue
        (verdict,) = found
        assert (verdict.name, verdict.layer) == (name, 3)
        assert verdict.value == pytest.approx(share)
        assert (verdict.figure, verdict.advice) == (
            DEFINITIONS[name].figure,
            DEFINITIONS[name].advice,
        )


@pytest.mark.parametrize("name", ["vanishing_signal", "vanishing_gradient"])
def test_vanishing(name: str):
    at = getattr(DEFAULT, name)
    build = returning if name == "vanishing_gradient" else in_signal
    assert names(*build(nextafter(at, 1), at, at)) == ["healthy"]
    assert names(*build(at * 1.01, at * 1.01, at * 1.01)) == ["healthy"]
    (verdict,) = drawn(*build(at * 0.98, at * 0.98, at * 0.98))
    assert (verdict.name, verdict.value) == (name, pytest.approx(at * 0.98))


@pytest.mark.parametrize("name", ["exploding_signal", "exploding_gradient"])
def test_exploding(name: str):
    at = getattr(DEFAULT, name)
    build = returning if name == "exploding_gradient" else in_signal
    assert names(*build(nextafter(at, 1), at, at)) == ["healthy"]
    assert names(*build(at * 0.99, at * 0.99, at * 0.99)) == ["healthy"]
    (verdict,) = drawn(*build(at * 1.02, at * 1.02, at * 1.02))
    assert (verdict.name, verdict.value) == (name, pytest.approx(at * 1.02))


def in_signal(*ratios: float) -> list[LayerStatistics]:
    """Layers whose mean squares change by these ratios."""
    sizes = [1.0]
    for ratio in ratios:
        sizes.append(sizes[-1] * sqrt(ratio))
    return signals(*sizes)


@pytest.mark.parametrize("at", [0.1, 0.3, 0.57, 1.75, 1 / 3])
@pytest.mark.parametrize("depth", [2, 3, 7, 50])
def test_mean_of_equal_ratios_at_the_threshold(at: float, depth: int):
    """However the mean is rounded, there is a layer to name."""
    for verdict in drawn(*returning(*[at] * depth), vanishing_gradient=at, exploding_gradient=at):
        assert verdict.layer in (None, depth)


# where it starts


def test_signal_starts_from_the_front():
    (verdict,) = drawn(*signals(1.0, 1.0, 1.0, 0.1, 0.01, 0.001))
    assert (verdict.name, verdict.layer) == ("vanishing_signal", 4)
    (verdict,) = drawn(*signals(1.0, 1.0, 10.0, 100.0))
    assert (verdict.name, verdict.layer) == ("exploding_signal", 3)


def test_gradient_starts_from_the_back():
    (verdict,) = drawn(*returning(0.1, 0.1, 0.1, 1.0, 1.0))
    assert (verdict.name, verdict.layer) == ("vanishing_gradient", 3)
    (verdict,) = drawn(*returning(10.0, 10.0, 10.0, 1.0))
    assert (verdict.name, verdict.layer) == ("exploding_gradient", 3)


def test_one_odd_layer_is_no_trend():
    assert names(*returning(1.0, 1.0, 0.3, 1.0, 1.0)) == ["healthy"]


def test_worst_first():
    wrong = layer(
        distinct_units=1,
        saturation=Saturation(0.5, 0.5),
        std_across_inputs=0.0,
        dead_units=UNITS,
        gradient=gradient(0.0, nonfinite=1),
    )
    found = names(*[wrong] * 3, replace(wrong, gradient=gradient(0.0)))
    assert found == [name for name in DEFINITIONS if name in found]
    assert found[:2] == ["overflow", "units_identical"]
    assert len(found) == 6


# what hangs together


def test_identical_units_are_not_collapsed_too():
    same = layer(mean=1.0, std=0.0, distinct_units=1, std_across_inputs=0.0)
    assert names(same, same) == ["units_identical"]
    assert names(replace(same, distinct_units=UNITS)) == ["collapsed"]
    assert names(layer(), replace(same, distinct_units=UNITS), same) == ["units_identical"]


def test_a_single_unit_is_no_copy_of_another():
    assert names(layer(units=1, distinct_units=1), units=1) == ["healthy"]


def test_overflow_of_activations_names_the_first_layer():
    (verdict,) = drawn(layer(), layer(nonfinite=7), layer(nonfinite=9, gradient=None))
    assert (verdict.name, verdict.layer) == ("overflow", 2)
    assert (verdict.figure, verdict.value) == ("nonfinite", 7)


def test_after_an_overflow_nothing_else_is_said_of_the_signal():
    rest = layer(
        nonfinite=1, mean=0.0, std=0.0, distinct_units=1, saturation=Saturation(0.5, 0.5),
        std_across_inputs=0.0, dead_units=UNITS, gradient=gradient(0.01, nonfinite=1),
    )  # fmt: skip
    assert names(layer(), rest, replace(rest, nonfinite=0)) == ["overflow"]
    assert names(*signals(1.0, 10.0, 100.0), rest) == ["overflow", "exploding_signal"]


def test_gradient_that_an_overflow_cut_off():
    """ReLU's derivative at nan is zero: that is no vanishing gradient."""
    cut = layer(nonfinite=1, gradient=gradient(None, 0.0))
    zero = layer(gradient=gradient(0.0, 0.0))
    assert names(layer(gradient=gradient(1.0)), zero, cut, cut) == ["overflow"]
    steep = layer(gradient=gradient(10.0))
    assert names(steep, steep, zero, cut) == ["overflow", "exploding_gradient"]


def test_overflow_of_gradients_names_the_last_layer():
    lost = gradient(None, None, nonfinite=5)
    (verdict,) = drawn(layer(gradient=lost), layer(gradient=lost), layer())
    assert (verdict.name, verdict.layer) == ("overflow", 2)
    assert (verdict.figure, verdict.value) == ("gradient.nonfinite", 5)


def test_no_gradient_at_the_last_layer():
    """A step: its derivative is zero, and every ratio 0/0."""
    nothing = layer(saturation=Saturation(0.5, 0.5), gradient=gradient(None, 0.0))
    saturated, vanishing = drawn(nothing, nothing, nothing)
    assert (saturated.name, saturated.layer, saturated.value) == ("saturated", 1, 1.0)
    assert (vanishing.name, vanishing.layer) == ("vanishing_gradient", 3)
    assert (vanishing.figure, vanishing.value) == ("gradient.signal_rms", 0.0)
    assert "vanishing_gradient" in names(nothing)


def test_gradient_that_ends_below_the_last_layer():
    """Weights of standard deviation 0: nothing comes back to any layer but the last."""
    none, zero, one = gradient(None, 0.0), gradient(0.0, 0.0), gradient(None)
    (verdict,) = drawn(layer(gradient=none), layer(gradient=zero), layer(gradient=one))
    assert (verdict.name, verdict.layer, verdict.value) == ("vanishing_gradient", 2, 0.0)


def test_signal_that_ends():
    found = drawn(*signals(1.0, 1.0, 0.0, 0.0))
    assert [(v.name, v.layer, v.value) for v in found] == [("vanishing_signal", 3, 0.0)]


def test_never_vanishing_from_saturation_alone():
    full = Saturation(0.5, 0.5)
    assert names(*[layer(saturation=full)] * 5) == ["saturated"]
    assert names(*[layer(saturation=full, gradient=None)] * 5) == ["saturated"]
    growing = [replace(each, saturation=full) for each in returning(9.4, 9.4, 9.4, 9.4)]
    assert names(*growing) == ["saturated", "exploding_gradient"]


@pytest.mark.parametrize("saturation", [(None, 1.0), (1.0, None), (None, None)])
def test_saturated_needs_two_flat_ends(saturation: tuple):
    assert names(layer(saturation=Saturation(*saturation))) == ["healthy"]


@pytest.mark.parametrize(
    ("ends", "saturation", "expected"),
    [
        ((0.0, 6.0), Saturation(0.5, 0.0), "healthy"),  # relu6, as it should be
        ((0.0, 6.0), Saturation(0.5, 0.4), "saturated"),
        ((0.0, 5e-324), Saturation(0.5, 0.5), "saturated"),  # step
        ((-3.0, 3.0), Saturation(0.5, 0.0), "saturated"),
        ((0.0, None), Saturation(0.5, None), "healthy"),  # relu
    ],
)
def test_end_that_begins_at_zero(ends: tuple, saturation: Saturation, expected: str):
    layers = [layer(saturation=saturation)] * 2
    (verdict,) = draw_verdict(layers, [UNITS] * 2, DEFAULT, ends)
    assert verdict.name == expected


def test_one_input_says_nothing_of_inputs():
    alone = layer(samples=1, std_across_inputs=0.0, dead_units=5)
    assert names(alone, alone) == ["healthy"]
    one_value = layer(units=1, samples=1, mean=0.5, std=0.0, std_across_inputs=0.0)
    assert names(one_value, units=1) == ["healthy"]


def test_one_layer_has_no_trend():
    assert names(*returning()) == ["healthy"]
    (verdict,) = drawn(layer(gradient=None))
    assert (verdict.name, verdict.advice) == ("healthy", SIGNAL_IS_WELL)


def test_without_a_gradient_the_rest_is_still_said():
    forward = [replace(each, gradient=None) for each in signals(1.0, 0.1, 0.01)]
    assert names(*forward) == ["vanishing_signal"]


FIGURES = ("mean", "std", "distinct_units", "std_across_inputs", "preactivation_std")


def test_figures_that_do_not_exist_say_nothing():
    nothing = layer(
        **dict.fromkeys(FIGURES), saturation=Saturation(None, None), gradient=gradient(None, None)
    )
    assert names(nothing, nothing) == ["healthy"]
    assert names(layer(), nothing, *signals(0.1, 0.01)) == ["vanishing_signal"]


# thresholds


@pytest.mark.parametrize("name", DEFAULT._fields)
def test_thresholds_are_those_of_the_spec(name: str):
    below = name in ("collapsed", "inputs_indistinguishable") or name.startswith("vanishing")
    layers = [*signals(1.0, 1.0)]
    layers[0] = replace(layers[0], mean=0.1, dead_units=1)
    assert names(*layers) == ["healthy"]
    assert names(*layers, **{name: 1e9 if below else 0.0}) == [name]


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
        assert definition.advice
        assert definition.formula
        assert ("threshold" in definition.formula) == (name in DEFAULT._fields)
        texts = (definition.figure, definition.meaning, definition.advice)
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
    found = draw_verdict(layers, [UNITS] * len(layers), thresholds, ends)
    order = [*DEFINITIONS, HEALTHY]
    ranks = [order.index(verdict.name) for verdict in found]
    assert ranks
    assert ranks == sorted(set(ranks))
    assert (order[ranks[0]] == HEALTHY) == (found[0].layer is None)
    for verdict in found:
        assert verdict.layer is None or 1 <= verdict.layer <= len(layers)
        assert verdict.value is None or (type(verdict.value) is float and isfinite(verdict.value))
        json.dumps(asdict(verdict), allow_nan=False)
