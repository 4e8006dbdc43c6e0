"""Maps of two swept paths: what their colours mean, in a column, and as real Axes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from support.plots.extents import collisions
from weightinit_cli.plots import compose_comparison
from weightinit_cli.plots.engine.axes import figure
from weightinit_cli.plots.engine.layout import drawn
from weightinit_cli.plots.engine.look import Look
from weightinit_cli.plots.engine.page import Cells, Page
from weightinit_cli.results.comparison import Comparison, compared

COLUMN = Look(width=237.6)
NAMES = ("net_sigmoid", "net_std10", "net_relu", "net_tanh_3")


@pytest.fixture
def page(shape):
    """The page of some runs, each of one of a few results, at all combinations of values."""

    def build(names=NAMES, **axes) -> Page:
        runs = tuple(
            compared(shape(names[k % len(names)]), str(k), zip(axes, values, strict=True), False)
            for k, values in enumerate(product(*axes.values()))
        )
        return compose_comparison(Comparison("many", shape("net_relu").spec, runs))

    return build


def cells(panel) -> Cells:
    return next(mark for mark in panel.marks if isinstance(mark, Cells))


def brightness(rgb):
    return rgb @ np.array([0.299, 0.587, 0.114])


def test_light_is_as_it_should_be_in_every_map(page):
    signal, saturated, gradient = page(a=[1, 2], b=[1, 2]).rows[0].panels
    for panel, well in ((signal, [1.0]), (saturated, [0.0]), (gradient, [1.0])):
        bar = panel.bar
        assert bar.meaning.startswith("light: ")
        levels = bar.axis.parts(well)
        best = np.rint(levels * (len(bar.rgb) - 1)).astype(int)
        shades = brightness(bar.rgb)
        assert shades[best] >= shades.max() - 1
        away = np.abs(np.arange(len(shades)) - best)
        assert (np.diff(shades[np.argsort(away, kind="stable")][::8]) <= 2).all()
        values, rgb = cells(panel).values, cells(panel).rgb
        known = ~np.isnan(values)
        places = np.rint(np.clip(bar.axis.parts(values), 0, 1)[known] * 255).astype(int)
        assert (rgb[known] == bar.rgb[places]).all()


def test_equal_bars_stand_once_where_maps_are_below_each_other(page):
    facets = page(a=[1, 2, 3], b=[1, 2], c=["x", "y"])
    name = "std across inputs / std, last layer"
    assert sum(name in text for text in drawn(facets).texts) == 1
    assert sum(text.startswith("std across inputs") for text in drawn(facets, COLUMN).texts) == 2


@pytest.mark.parametrize(
    "axes",
    [
        {"a": ["a name of some length", "重み初期化"], "b": ["c", "d", "e"]},
        {"a": [*range(40)], "b": [*range(1000, 1009)]},
        {"a": [1], "b": [*range(6)]},
        {"a": [1, 2, 3], "b": [1e-9, 2], "c": ["x" * 99, "y"]},
    ],
)
def test_in_a_column_the_maps_stand_below_each_other(axes, page):
    drawing = drawn(page(**axes), COLUMN)
    assert drawing.width == COLUMN.width
    assert len({panel.box.x for panel in drawing.panels}) == 1
    assert collisions(drawing) == []


def test_maps_are_axes_with_their_values_and_colour_bars(page):
    made = figure(page(NAMES[:3], width=[10, 20, 40], seed=[1, 2]))
    made.canvas.draw()
    maps, bars = made.axes[:3], made.axes[3:]
    assert [axes.get_label() for axes in maps] == [
        "std across inputs / std, last layer", "saturated, last layer",
        "gradient's total power, × a layer",
    ]  # fmt: skip
    assert {axes.get_xlabel() for axes in maps} == {"width"}
    assert [text.get_text() for text in maps[0].get_xticklabels()] == ["10", "20", "40"]
    assert [text.get_text() for text in maps[0].get_yticklabels()] == ["1", "2"]
    assert bars[0].get_xlabel().startswith("std across inputs / std, last layer")
    assert bars[1].get_xlim() == (0, 1)
    mesh = maps[1].collections[0]
    assert mesh.get_array().shape == (2, 3)
    assert mesh.get_array().mask.sum() == 2  # relu is flat on one side only
    assert "E" in {text.get_text() for text in maps[0].texts}


def test_a_row_of_maps_has_its_facet_s_name_on_the_figure(page):
    made = figure(page(a=[1, 2, 3], b=[1, 2], c=["x", "y"]))
    heads = [axes.texts[-1] for axes in made.axes[:6:3]]
    assert [text.get_text() for text in heads] == ["c: x", "c: y"]
    made.canvas.draw()
    first = made.axes[0]
    assert heads[0].get_window_extent().y0 >= first.get_window_extent().y1
    assert len(made.axes) == 6 + 3
