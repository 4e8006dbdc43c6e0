"""What is written beside a bar that is cut: in its panel, and off the bar."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weightinit_cli.plots.engine.drawing import BLUE, Box, Label
from weightinit_cli.plots.engine.fonts import width_of
from weightinit_cli.plots.engine.marks import shapes_of
from weightinit_cli.plots.engine.page import Axis, Bars, Break, Panel
from weightinit_cli.plots.panels import NARROW, WIDE

BINS = 30
FORMS = ("↑ 50 % (>99.9 %)", "↑ 50 %", "50 %")


def label_beside(width, at, forms):
    sides = np.linspace(0.0, 1.0, BINS + 1)
    mark = Break(sides[at], sides[at + 1], BLUE, forms)
    panel = Panel(Axis(0.0, 1.0), Axis(0.0, 0.1), (mark,))
    box = Box(20.0, 0.0, width, 100.0)
    (label,) = (item for item in shapes_of(mark, panel, box) if isinstance(item, Label))
    left = label.x - (width_of(label.text, label.size) if label.align == "right" else 0.0)
    return label.text, left, left + width_of(label.text, label.size), box


@settings(deadline=None)
@given(
    width=st.sampled_from([NARROW, WIDE]),
    at=st.integers(0, BINS - 1),
    forms=st.sampled_from([FORMS, FORMS[1:], ("↑ 100 % (13 %)", "↑ 100 %", "100 %")]),
)
def test_the_height_stands_in_the_panel_and_off_the_bar(width, at, forms):
    _, left, right, box = label_beside(width, at, forms)
    bar = box.x + at * box.width / BINS
    assert box.x <= left
    assert right <= box.right
    assert right < bar or bar + box.width / BINS < left


@pytest.mark.parametrize(("at", "text"), [(0, FORMS[0]), (6, FORMS[1]), (14, FORMS[1])])
def test_as_much_is_written_as_there_is_room_for(at, text):
    assert label_beside(NARROW, at, FORMS)[0] == text


def test_bars_of_data_are_as_high_as_the_axis_says():
    bars = Bars(np.array([0.0, 0.5, 1.0]), np.array([0.05, 0.5]), BLUE)
    panel = Panel(Axis(0.0, 1.0), Axis(0.0, 0.1), (bars,))
    (area,) = shapes_of(bars, panel, Box(20.0, 0.0, 80.0, 100.0))
    assert set(area.vertices[:, 1].tolist()) == {0.0, 50.0, 100.0}
