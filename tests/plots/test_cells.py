"""Maps: cells that are not equally wide, words in them, and an axis of steps from 0 on."""

from __future__ import annotations

import numpy as np
import pytest

from weightinit_cli.plots.engine.axes import figure
from weightinit_cli.plots.engine.drawing import WHITE, Area, Cells, Label
from weightinit_cli.plots.engine.layout import drawn
from weightinit_cli.plots.engine.marks import BLACK
from weightinit_cli.plots.engine.page import Axis, Heading, Page, Panel, Row
from weightinit_cli.plots.engine.page import Cells as Map

STEPS = Axis(-0.75, 2.0, log=True, zero=True)
EDGES = np.array([-0.5, 0.5, 1.5, 40.0, 41.0, 100.0])


def page(rgb, words=(), x=STEPS, edges=EDGES):
    rows = len(rgb)
    y = Axis(0.5, rows + 0.5)
    cells = Map(edges, np.array([0.5, rows + 0.5]), np.asarray(rgb, np.uint8), words=words)
    return Page(Heading("map"), (Row((Panel(x, y, (cells,)),), 20.0 * rows),), 400.0)


def test_steps_from_0_on_have_a_place_on_a_log_axis():
    parts = STEPS.parts([-0.5, 0.0, 1.0, 10.0, 100.0])
    assert parts * 2.75 - 0.75 == pytest.approx([-0.75, -0.5, 0.0, 1.0, 2.0])
    assert [STEPS.value(at) for at in (-0.75, -0.5, 0.0, 2.0)] == [-0.5, 0.0, 1.0, 100.0]
    axes = figure(page([[[0] * 3] * 5])).axes[0]
    assert axes.get_xscale() == "symlog"
    assert axes.get_xlim() == (-0.5, 100.0)
    inches = axes.transData.transform([(each, 1) for each in (-0.5, 0, 1, 10, 100)])[:, 0]
    assert (inches - inches[0]) / np.ptp(inches) == pytest.approx(parts)


def test_words_stand_where_they_have_room_and_are_read_on_dark_and_light():
    row = ("1", "22", "3", "44", "555555")
    rgb = [[[255] * 3, [0] * 3, [0] * 3, [0] * 3, [250] * 3]]
    drawing = drawn(page(rgb, (row,)))
    colors = {item.text: item.color for item in drawing.items if isinstance(item, Label)}
    assert "44" not in colors
    assert {text: colors[text] for text in row if text != "44"} == {
        "1": BLACK, "22": WHITE, "3": WHITE, "555555": BLACK
    }  # fmt: skip
    alone = page(rgb, (("", "", "", "44", ""),))
    assert "44" in drawn(alone).texts
    assert [text.get_text() for text in figure(alone).axes[0].texts] == ["44"]


def test_very_many_cells_are_an_image():
    chance = np.random.Generator(np.random.PCG64(0))
    rgb = chance.integers(0, 255, (100, 60, 3))
    edges = np.geomspace(1.0, 1e3, 61)
    drawing = drawn(page(rgb, x=Axis(0.0, 3.0, log=True), edges=edges))
    (image,) = (item for item in drawing.items if isinstance(item, Cells))
    assert image.rgb.shape[0] == 100
    assert not any(isinstance(item, Area) for item in drawing.items)
    first, last = image.rgb[::-1][:, [0, -1]].swapaxes(0, 1).tolist()
    assert (first, last) == (rgb[:, 0].tolist(), rgb[:, -1].tolist())
