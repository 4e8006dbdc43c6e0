"""The row of back-propagated signals: ten decades, the marks, what is beyond the axis."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plots import networks
from support.plots.drawn import compose
from weightinit_cli.numerals import two_digits
from weightinit_cli.plots.engine.drawing import AMBER, INK, Area, Label, Line
from weightinit_cli.plots.signal import DECADES, USUAL, first_decade, over_decades
from weightinit_cli.results.model import Gradient, HistogramCounts


def with_gradients(result, gradients):
    layers = [
        replace(layer, gradient=each) for layer, each in zip(result.layers, gradients, strict=True)
    ]
    return replace(result, layers=tuple(layers))


def spike(power, *, zeros=0, nonfinite=0):
    """All |δ| between two powers of two, beside zeros."""
    held = HistogramCounts((2.0**power, 2.0 ** (power + 1)), (100,), zeros, 0)
    return Gradient(1.5 * 2.0**power, 1.0, 0.5, 0.5, nonfinite, held)


def wedges(drawing):
    """Where the measured root mean squares stand."""
    found = [i for i in drawing.items if isinstance(i, Area) and i.color == INK]
    return [float(item.vertices[0, 0]) for item in found]


def marks(drawing):
    """Where the predicted ones stand."""
    lines = [i for i in drawing.items if isinstance(i, Line) and i.color == AMBER]
    upright = [i.vertices for i in lines if len(i.vertices) == 2]
    return [float(v[0, 0]) for v in upright if v[0, 0] == v[1, 0]]


def test_the_usual_axis_is_the_same_in_all_pictures(shape):
    for name in ("net_sigmoid", "net_relu", "net_tanh_3"):
        texts = compose(shape(name)).texts
        assert {"1e-8", "1e-3", "1e2"} <= set(texts)


def test_a_vanishing_signal_wanders_left_and_an_exploding_one_right(shape):
    for name, sign in (("net_sigmoid", -1), ("net_std10", 1)):
        drawing = compose(shape(name))
        boxes = [panel.box for panel in drawing.panels[-5:]]
        parts = [(x - box.x) / box.width for x, box in zip(wedges(drawing), boxes, strict=True)]
        assert all(0 <= part <= 1 for part in parts)
        steps = [b - a for a, b in zip(parts[1:], parts, strict=False)]
        assert all(sign * step > 0 for step in steps)


def test_marks_are_where_the_axis_says(shape):
    result = shape("net_sigmoid")
    drawing = compose(result)
    for layer, panel, x, expected in zip(
        result.layers, drawing.panels[-5:], wedges(drawing), marks(drawing), strict=True
    ):
        for value, place in (
            (layer.gradient.signal_rms, x),
            (layer.theory.figures["gradient.signal_rms"].value, expected),
        ):
            part = (math.log10(value) - USUAL) / DECADES
            assert place == pytest.approx(panel.box.x + part * panel.box.width)


def test_ratios_stand_above_all_layers_but_the_last_with_predictions(shape):
    texts = [
        text for text in compose(shape("net_sigmoid")).texts if text.startswith("total power ×")
    ]
    assert len(texts) == 4
    assert all(text.endswith(")") for text in texts)


def test_without_theory_nothing_stands_in_parentheses(shape):
    drawing = compose(shape("net_no_theory"))
    said = [t for t in drawing.texts if t.startswith(("std", "▼ rms", "total power", "sat"))]
    assert said
    assert not any("(" in text for text in said)
    assert not marks(drawing)
    assert not any("mean-field" in text for text in drawing.texts)


def test_layers_more_than_ten_decades_apart_are_said(shape):
    vanishing = compose(shape("net_vanishing_10")).texts
    assert sum(text.startswith("below: rms") for text in vanishing) >= 4
    exploding = compose(shape("net_exploding_10")).texts
    assert sum(text.startswith("above: rms") for text in exploding) >= 4


@pytest.mark.parametrize(("name", "panels"), [("net_step", 5), ("net_zero", 4)])
def test_no_gradient_is_said_in_the_panel(name, panels, shape):
    assert compose(shape(name)).texts.count("no gradient") == panels


def test_zeros_and_what_is_below_the_axis_are_shares_of_all(shape):
    result = with_gradients(shape("net_tanh_1"), [spike(-3, zeros=100)])
    assert "50 % below 1e-8" in compose(result).texts


def test_not_finite_gradients_are_said(shape):
    assert (
        "33 % inf or nan"
        in compose(with_gradients(shape("net_tanh_1"), [spike(-3, nonfinite=50)])).texts
    )
    lost = replace(spike(-3), signal_rms=None, histogram=HistogramCounts((1.0, 2.0), (0,), 0, 0))
    texts = compose(with_gradients(shape("net_tanh_1"), [replace(lost, nonfinite=9)])).texts
    assert "inf or nan" in texts


def test_without_gradients_there_is_no_row(shape):
    result = shape("net_tanh_3")
    drawing = compose(with_gradients(result, [None] * 3))
    assert not any("δ" in text for text in drawing.texts)
    assert drawing.height < compose(result).height


def test_the_axis_says_which_way_the_signal_goes(shape):
    assert any(
        text.startswith("←") and text.endswith("from layer 5 back to layer 1")
        for text in compose(shape("net_sigmoid")).texts
    )


def test_the_wedge_is_named_with_its_value(shape):
    result = shape("net_sigmoid")
    texts = compose(result).texts
    for layer in result.layers:
        expected = layer.theory.figures["gradient.signal_rms"].value
        sizes = two_digits(layer.gradient.signal_rms), two_digits(expected)
        assert "▼ rms {} ({})".format(*sizes) in texts


def test_maps_hold_all_of_the_signal(shape):
    for name in ("net_sigmoid_12", "net_relu_300", "net_overflow_12", "net_underflow_12"):
        layers = shape(name).layers
        sizes = [layer.gradient.signal_rms for layer in layers]
        found = over_decades(layers, sizes)
        total = found.cells.sum(axis=0) + found.below + found.above + found.nonfinite
        known = ["gradient.signal_rms" not in layer.unresolved for layer in layers]
        assert total[known] == pytest.approx(1.0)
        assert found.axis.high - found.axis.low >= DECADES


def test_a_map_of_signals_has_them_where_they_are():
    base = networks.NETWORKS["net_tanh_1"]().layers[0]
    layers = tuple(replace(base, gradient=spike(power)) for power in (-20, -10, 1))
    found = over_decades(layers, [layer.gradient.signal_rms for layer in layers])
    sides = np.linspace(found.axis.low, found.axis.high, len(found.cells) + 1)
    for layer, column in zip(layers, found.cells.T, strict=True):
        low, high = sides[np.flatnonzero(column)[[0, -1]] + [0, 1]]
        assert low <= math.log10(layer.gradient.signal_rms) <= high
        assert high - low < 1


@pytest.mark.parametrize("layers", [11, 40])
def test_without_a_gradient_it_is_said_below_the_map(layers):
    step = networks.network("step", 1.0, layers, (0.0, 1.0))
    texts = compose(step).texts
    assert "no gradient in all layers" in texts


positive = st.floats(min_value=1e-300, max_value=1e300)


@given(sizes=st.lists(st.none() | st.just(0.0) | positive, max_size=10))
def test_ten_decades_hold_the_last_signal_and_all_where_that_is_possible(sizes):
    first = first_decade(sizes)
    logs = [math.log10(size) for size in sizes if size]
    if not logs:
        assert first == USUAL
        return
    assert first <= logs[-1] <= first + DECADES
    if math.ceil(max(logs)) - math.floor(min(logs)) <= DECADES:
        assert all(first <= log <= first + DECADES for log in logs)


def test_row_is_as_wide_as_the_panels_above(shape):
    drawing = compose(shape("net_tanh_10"))
    labels = [item for item in drawing.items if isinstance(item, Label)]
    assert max(label.x for label in labels) <= drawing.width
    assert len(wedges(drawing)) == len(networks.NETWORKS["net_tanh_10"]().layers)
