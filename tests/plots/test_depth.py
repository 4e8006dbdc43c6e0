"""Figures against depth: lines, bands, gaps, the axes that suit them."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.plots import builders, networks
from support.plots.drawn import compose_depth
from weightinit_cli.plots import render
from weightinit_cli.plots.depth import depth_page
from weightinit_cli.plots.engine.axes import figure
from weightinit_cli.plots.engine.drawing import AMBER, BLUE, GREEN, Area, Dots, Line
from weightinit_cli.plots.engine.heading import NOTE_LINE
from weightinit_cli.plots.engine.layout import drawn, spaced
from weightinit_cli.plots.engine.scales import decades, from_zero, log_suits
from weightinit_cli.plots.engine.ticks import ticks_of
from weightinit_cli.results.model import Spread
from weightinit_cli.results.words import layer_words


def lines(drawing, color):
    return [i for i in drawing.items if isinstance(i, Line) and i.color == color]


def dots(drawing, color):
    found = [i.vertices for i in drawing.items if isinstance(i, Dots) and i.color == color]
    return np.concatenate(found) if found else np.empty((0, 2))


def _inside(item, box):
    return isinstance(item, Line | Dots) and bool(
        np.all((item.vertices[:, 1] >= box.y) & (item.vertices[:, 1] <= box.top))
    )


def test_a_panel_for_each_kind_of_figure_sharing_the_layers(shape):
    panels = compose_depth(shape("net_sigmoid")).panels
    assert [panel.title for panel in panels] == ["std (log)", "saturated", "gradient, rms (log)"]
    assert {panel.xlim for panel in panels} == {(0.5, 5.5)}
    assert len({(panel.box.x, panel.box.width) for panel in panels}) == 1


def test_measured_values_stand_where_the_axis_says(shape):
    result = shape("net_sigmoid")
    drawing = compose_depth(result)
    panel = drawing.panels[0]
    low, high = panel.ylim
    expected = [
        panel.box.y + (math.log10(layer.std_across_inputs) - low) / (high - low) * panel.box.height
        for layer in result.layers
    ]
    found = [y for x, y in dots(drawing, GREEN) if panel.box.y <= y <= panel.box.top]
    assert found == pytest.approx(expected)


def test_of_curves_in_one_place_each_is_seen(shape):
    result = shape("net_sigmoid")
    alike = tuple(replace(layer, std_across_inputs=layer.std) for layer in result.layers)
    drawing = compose_depth(replace(result, layers=alike))
    std = drawing.panels[0].box
    below, above = (
        [i for i in drawing.items if getattr(i, "color", None) == color and _inside(i, std)]
        for color in (GREEN, BLUE)
    )
    assert [line.dash == () for line, _ in (below, above)] == [True, False]
    assert below[1].radius > above[1].radius


def test_a_curve_that_ends_at_zero_has_its_name_on_a_log_axis(shape):
    result = shape("net_sigmoid")
    last = replace(result.layers[-1], std=0.0)
    drawing = compose_depth(replace(result, layers=(*result.layers[:-1], last)))
    assert "all values" in drawing.texts


@pytest.mark.parametrize("name", ["net_sigmoid", "net_tanh_50", "net_overflow", "net_step"])
def test_the_gradient_s_axis_holds_ten_decades(name, shape):
    panels = {panel.title: panel for panel in compose_depth(shape(name)).panels}
    if "gradient, rms (log)" in panels:
        low, high = panels["gradient, rms (log)"].ylim
        assert high - low >= 10


def test_predictions_are_lines_with_a_key(shape):
    drawing = compose_depth(shape("net_sigmoid"))
    assert len(lines(drawing, AMBER)) == 1 + 4  # the key; std, both ends, signal
    assert "mean-field theory" in drawing.texts
    without = compose_depth(shape("net_no_theory"))
    assert not lines(without, AMBER)
    assert "mean-field theory" not in without.texts


def over_seeds(result, number, over):
    layers = tuple(replace(layer, repeats={"std": over}, theory=None) for layer in result.layers)
    return replace(result, layers=layers, spec={**result.spec, "repeats": number})


def test_each_of_a_few_seeds_is_a_line(shape):
    values = (0.2, 0.5, 0.4)
    over = Spread(0.3667, 0.15, {"0.05": 0.2, "0.5": 0.4, "0.95": 0.5}, values)
    drawing = compose_depth(over_seeds(shape("net_tanh_3"), 3, over))
    assert "median over 3 seeds, thin: each seed" in drawing.texts
    panel = drawing.panels[0]
    thin = [i for i in lines(drawing, BLUE) if i.width < 1]
    high = panel.ylim[1]
    heights = [(i.vertices[0, 1] - panel.box.y) / panel.box.height * high for i in thin]
    assert heights == pytest.approx(values)
    assert not any(isinstance(i, Area) for i in drawing.items)


def test_the_quantiles_of_many_seeds_are_a_band_within_the_axis(shape):
    """A mean less one standard deviation would be below zero here, which no log axis has."""
    quantiles = {"0.05": 1e-3, "0.5": 1e-2, "0.95": 20.0}
    over = Spread(mean=1.0, std=5.0, quantiles=quantiles)
    drawing = compose_depth(over_seeds(shape("net_tanh_3"), 20, over))
    assert "median over 20 seeds, quantiles 0.05 to 0.95" in drawing.texts
    panel = drawing.panels[0]
    assert panel.ylim == (-3.0, 2.0)
    areas = [i for i in drawing.items if isinstance(i, Area) and i.opacity < 1]
    (band,) = (i for i in areas if len(i.vertices) > 4)
    heights = {round((y - panel.box.y) / panel.box.height, 6) for y in band.vertices[:, 1].tolist()}
    assert heights == {0.0, round((math.log10(20) + 3) / 5, 6)}


def test_zeros_on_a_log_axis_are_gaps_and_said(shape):
    drawing = compose_depth(shape("net_zero"))
    assert "signal δ, weights: exactly zero in layers 1 to 4" in drawing.texts
    panel = drawing.panels[-1]
    points = {x for x, y in dots(drawing, BLUE) if panel.box.y <= y <= panel.box.top}
    assert len(points) == 1


def test_missing_values_are_gaps_and_said(shape):
    result = shape("net_sigmoid")
    layers = list(result.layers)
    layers[2] = replace(layers[2], std=None)
    drawing = compose_depth(replace(result, layers=tuple(layers)))
    assert "all values: no finite value in layer 3" in drawing.texts
    box = drawing.panels[0].box
    runs = [line for line in lines(drawing, BLUE) if line.vertices[0, 1] > box.y]
    assert [len(line.vertices) for line in runs] == [2, 2]


@pytest.mark.parametrize("name", [*networks.NETWORKS, "nonfinite", "all_nan_12", "largest"])
def test_everything_stays_inside_its_panel(name, shape):
    drawing = compose_depth(shape(name))
    sides = [(p.box.x, p.box.right, p.box.y, p.box.top) for p in drawing.panels]
    for item in drawing.items:
        if isinstance(item, Dots):
            for x, y in item.vertices:
                assert any(a <= x <= b and c - 0.01 <= y <= d + 0.01 for a, b, c, d in sides)


@pytest.mark.parametrize("layers", [1, 1000])
def test_any_depth_is_drawn(layers, shape):
    result = shape("net_tanh_1")
    deep = replace(result, layers=result.layers * layers)
    data = render(compose_depth(deep), "png", builders.DIGEST)
    assert len(data) < 60_000


def test_nothing_at_all_is_said(shape):
    page = depth_page(shape("all_nan"))
    assert "no layer has a finite value" in drawn(page).texts
    assert figure(page).axes == []


@pytest.mark.parametrize(
    ("values", "log"),
    [
        ([0.1, 1.9], False),
        ([0.1, 2.1], True),
        ([1e-4, 2e-4], True),
        ([0.0, 0.5], False),
        ([0.0], False),
        ([], False),
        ([2e4, 3e4], True),
    ],
)
def test_a_log_axis_where_a_linear_one_would_hide(values, log):
    assert log_suits(values) == log


sizes = st.lists(st.floats(min_value=0, max_value=1.7e308), max_size=8)


@settings(deadline=None)
@given(values=sizes)
def test_axes_hold_all_values_and_some_ticks(values):
    for axis in (decades("", values, 10), from_zero("", values)):
        assert axis.low < axis.high
        ticks = ticks_of(axis, 5)
        assert ticks
        for at, _ in ticks:
            assert -1e-9 <= axis.part(at) <= 1 + 1e-9
        for value in values:
            if value > 0 or not axis.log:
                assert -1e-9 <= axis.parts(value) <= 1 + 1e-9


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.none() | st.floats(min_value=0, max_value=1e300), min_size=1, max_size=9))
def test_any_values_are_drawn(values):
    plain = builders.result_of([np.full(9, 0.5)])
    layers = tuple(
        replace(plain.layers[0], std=value, std_across_inputs=other)
        for value, other in zip(values, reversed(values), strict=True)
    )
    render(compose_depth(replace(plain, layers=layers)), "png", builders.DIGEST)


@given(heights=st.lists(st.floats(min_value=0, max_value=100), max_size=4))
def test_direct_labels_keep_a_line_apart(heights):
    placed = spaced(sorted(heights, reverse=True), 0.0, 100.0)
    assert all(-1e-9 <= y <= 100 + 1e-9 for y in placed)
    pairs = pairwise(placed)
    assert all(a - b >= NOTE_LINE - 1e-9 for a, b in pairs)


@pytest.mark.parametrize(
    ("layers", "words"),
    [([3], "layer 3"), ([1, 2, 3], "layers 1 to 3"), ([2, 4, 5], "3 layers, the first 2")],
)
def test_layers_in_words(layers, words):
    assert layer_words(layers) == words
