"""The map of a symmetric start: which steps and colours, what is said, nothing that collides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.plots.descents import DESCENTS, DIGEST, one_layer, recorded, staircase
from support.plots.extents import collisions
from weightinit_cli.plots import FORMATS, render
from weightinit_cli.plots.engine.drawing import MUTED, ORANGE, Area, Label
from weightinit_cli.plots.stepmap import MOST_COLUMNS, STILL, step_map
from weightinit_cli.plots.symmetry import symmetry_picture
from weightinit_cli.plots.symmetrywords import seen


@pytest.mark.parametrize("name", sorted(DESCENTS))
def test_nothing_overlaps_or_leaves_the_picture(name):
    drawing = symmetry_picture(DESCENTS[name]())
    assert collisions(drawing) == []
    for item in drawing.items:
        if not isinstance(item, Label) and hasattr(item, "vertices"):
            assert np.isfinite(item.vertices).all()
            assert item.vertices.min() >= 0
            assert (item.vertices <= (drawing.width, drawing.height)).all()
    assert len(render(drawing, "png", DIGEST)) < 100_000


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("name", ["staircase", "japanese", "all_zero"])
def test_bytes_are_the_same_each_time(format_, name):
    data = render(symmetry_picture(DESCENTS[name]()), format_, DIGEST)
    assert render(symmetry_picture(DESCENTS[name]()), format_, DIGEST) == data


@pytest.mark.parametrize("last", [1, 23, 24, 25, 40, 1000, 30_000, 10_000_000])
def test_the_steps_shown_are_few_and_hold_the_first_the_last_and_the_waking_ones(last):
    result = staircase(3, last)
    late = one_layer(list(result.steps), result.steps[len(result.steps) // 2])
    result = replace(result, layers=(late, *result.layers[1:]))
    steps = step_map(result).steps
    assert len(steps) <= MOST_COLUMNS + 1
    assert steps == sorted(set(steps))
    assert steps[:2] == [0, 1]
    assert steps[-1] == result.steps[-1]
    assert late.first_moved in steps


def test_layers_are_grey_until_they_wake():
    drawing = symmetry_picture(staircase())
    box = drawing.panels[0].box
    wide, high = box.width / 25, box.height / 4
    grey = [
        item.vertices
        for item in drawing.items
        if isinstance(item, Area) and item.color == pytest.approx(STILL, abs=0.01)
    ]
    cells = [v for v in grey if box.y - 1e-6 <= v[:, 1].min() and v[:, 1].max() <= box.top + 1e-6]
    spans = sorted((round((box.top - v[:, 1].max()) / high), np.ptp(v[:, 0]) / wide) for v in cells)
    assert [row for row, _ in spans] == [0, 1, 2, 3]
    assert [width for _, width in spans] == pytest.approx([1, 1, 2, 3])


SAID = {
    "staircase": "layer 3 wakes in step 2 · layer 2 wakes in step 3 · layer 1 wakes in step 4 · "
    "units of layers 1 to 3 stay identical",
    "parting": "units of layers 1 and 3 start identical and part",
    "all_zero": "nothing moves · units of layers 1 to 8 stay identical",
    "diverging": "diverged at step 12 · units of layers 1 and 2 start identical and part",
    "no_hidden": "every layer moves from step 1 on",
    "random_start": "every layer moves from step 1 on, no units stay identical",
    "forty_layers": "layer 40 wakes in step 2, …, layer 1 in step 41 · "
    "units of layers 1 to 40 stay identical",
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_seen_is_said(name):
    said, color = seen(DESCENTS[name]())
    assert " · ".join(said) == SAID[name]
    assert color == (MUTED if "every layer" in SAID[name] else ORANGE)


def test_a_layer_that_never_moves_is_said():
    steps = recorded(9)
    result = replace(staircase(2, 9), layers=(one_layer(steps, None), *staircase(2, 9).layers[1:]))
    assert "layer 1 never moves" in seen(result)[0]


def test_what_was_run_and_the_parts_are_named():
    drawing = symmetry_picture(staircase())
    run = "tanh · constant (value 0) · 3 layers × 10 · blobs of 100 points · learning rate 0.1"
    assert drawing.texts[0] == "staircase"
    assert drawing.texts[1] == f"{run} · 1,000 steps · seed 0"
    named = {"output", "layer 1", "does not move", "the bias alone moves", "layers 1 to 3", "1,000"}
    assert named | {"entropy of", "the labels", "participation ratio"} <= set(drawing.texts)
    assert [panel.title for panel in drawing.panels] == ["layers", "loss", "participation ratio"]


def test_without_hidden_layers_there_is_no_participation():
    drawing = symmetry_picture(DESCENTS["no_hidden"]())
    assert [panel.title for panel in drawing.panels] == ["layers", "loss"]
    assert "no hidden layer" in drawing.texts[1]


def test_without_a_weight_the_empty_panel_says_so():
    assert "all hidden weights are zero" in symmetry_picture(DESCENTS["all_zero"]()).texts
    gone = replace(DESCENTS["all_zero"](), diverged=3)
    assert "all hidden weights are zero or not finite" in symmetry_picture(gone).texts
    assert not any("are zero" in text for text in symmetry_picture(staircase()).texts)


def test_numbers_stand_where_they_change_if_cells_are_narrow():
    texts = symmetry_picture(DESCENTS["thousand_units"]()).texts
    assert texts.count("3") == 3  # beneath the map, beneath the charts, and in one cell


def test_many_layers_are_drawn():
    assert len(render(symmetry_picture(staircase(120)), "png", DIGEST)) < 200_000


def test_gradients_below_the_palest_colour_are_said():
    assert "≤ 1e-12" in symmetry_picture(staircase(40)).texts
    assert "≤ 1e-4" not in symmetry_picture(staircase()).texts
