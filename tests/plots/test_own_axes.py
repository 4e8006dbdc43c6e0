"""Layers of very different ranges: each on its own axis, and the picture says so."""

from __future__ import annotations

import numpy as np
import pytest

from support.plots import builders
from support.plots.drawn import compose
from weightinit_cli.plots.bins import SQUEEZED, binned
from weightinit_cli.plots.engine.drawing import BLUE, Cells, Line

OWN = "each layer on its own axis"
REGROUPED = "each layer's own bins regrouped into common ones"


def said(drawing, words):
    return any(words in text for text in drawing.texts)


@pytest.mark.parametrize(
    "name", ["relu_own_3", "relu_own_10", "relu_vanishing_10", "linear_own_10", "dead_layers_5"]
)
def test_panels_have_their_own_limits_one_y_axis_and_a_shape(name, shape):
    result = shape(name)
    drawing = compose(result)
    assert said(drawing, OWN)
    assert len({panel.xlim for panel in drawing.panels}) >= len(result.layers) - 1
    assert len({panel.ylim for panel in drawing.panels}) == 1
    for layer, shares in zip(result.layers, binned(result.layers).layers, strict=True):
        assert layer.std == 0 or np.count_nonzero(shares.bins) > 10


def test_powers_of_ten_stand_beneath_the_panels_that_need_one(shape):
    texts = compose(shape("relu_vanishing_10")).texts
    assert sum(text.startswith("× 1e-") for text in texts) >= 6


@pytest.mark.parametrize("layers", [11, 30, 100])
def test_a_map_shows_each_layer_whole_with_a_strip_of_stds(layers, shape):
    result = shape(f"relu_own_{layers}")
    drawing = compose(result)
    assert said(drawing, OWN)
    assert {"lowest", "highest", "std (log)"} <= set(drawing.texts)
    map_ = next(item for item in drawing.items if isinstance(item, Cells))
    colored = (map_.rgb != 255).any(axis=2).sum(axis=0)
    assert colored.min() > 10
    _, strip = drawing.panels
    (line,) = (i for i in drawing.items if isinstance(i, Line) and i.color == BLUE)
    assert strip.box.x < line.vertices[0, 0] < line.vertices[-1, 0] < strip.box.right
    heights = (line.vertices[:, 1] - strip.box.y) / strip.box.height
    low, high = strip.ylim
    expected = [(np.log10(layer.std) - low) / (high - low) for layer in result.layers]
    assert heights == pytest.approx(expected)


def test_layers_of_one_value_are_said_and_leave_the_strip_empty(shape):
    drawing = compose(shape("dead_layers_12"))
    assert said(drawing, "all finite values are equal (drawn in the middle): in layers 11 to 12")
    assert said(drawing, "std: exactly zero in layers 11 to 12")
    assert any(isinstance(i, Line) and len(i.vertices) == 10 for i in drawing.items)


def test_what_is_said_of_one_layer_is_not_said_of_the_layers_after_it():
    arrays = [np.linspace(0, 10.0**k, 90) for k in range(12)]
    arrays[8] = np.where(np.arange(90) < 3, 0.0, np.inf)
    arrays[9:] = [np.full(90, np.inf)] * 3
    drawing = compose(builders.result_of(arrays, None))
    assert "all finite values are equal (drawn in the middle): in layer 9" in drawing.texts


def test_panels_with_nothing_finite_have_no_values_on_their_axis(shape):
    drawing = compose(shape("relu_to_inf_10"))
    finite = 10 - drawing.texts.count("inf or nan")
    assert finite == 4
    assert sum(text == "0" for text in drawing.texts) == finite + 1


@pytest.mark.parametrize("name", ["relu_he_per_layer", "relu_he_11"])
def test_ranges_that_differ_a_little_share_one_axis(name, shape):
    drawing = compose(shape(name))
    assert said(drawing, REGROUPED)
    assert not said(drawing, OWN)
    assert len({panel.xlim for panel in drawing.panels}) == 1


@pytest.mark.parametrize(("part", "words"), [(0.99, OWN), (1.01, REGROUPED)])
def test_the_narrowest_layer_decides(part, words):
    widths = (1.0, part * SQUEEZED, 0.5)
    drawing = compose(builders.result_of([np.linspace(0, w, 500) for w in widths], None))
    assert said(drawing, words)


def test_a_layer_of_equal_values_needs_no_axis_of_its_own(shape):
    assert said(compose(shape("zero_width_mixed")), REGROUPED)
