"""The map and the curves of a symmetric start: steps on a true axis, what is said, what differs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.plots.descents import DESCENTS, DIGEST, one_layer, recorded, staircase
from support.plots.extents import collisions
from weightinit_cli.plots import render
from weightinit_cli.plots.descents import lines_of
from weightinit_cli.plots.engine.axes import figure
from weightinit_cli.plots.engine.colors import HUES
from weightinit_cli.plots.engine.drawing import MUTED, ORANGE
from weightinit_cli.plots.engine.layout import drawn
from weightinit_cli.plots.engine.look import Look
from weightinit_cli.plots.engine.page import Area, Axis, Cells, Level, Line
from weightinit_cli.plots.symmetry import comparison, left_out, seen, symmetry_page
from weightinit_cli.results.comparison import VARIANT, DescentRun
from weightinit_cli.results.together import compare

COLUMN = Look(width=237.6)
GREY = (112, 112, 112)


def marks(panel, kind):
    return [mark for mark in panel.marks if isinstance(mark, kind)]


def panels(page):
    return [panel for row in page.rows for panel in row.panels]


def cells_of(result):
    (cells,) = marks(panels(symmetry_page(result))[0], Cells)
    return cells


def together(results):
    runs = [DescentRun(result, ((VARIANT, name),)) for name, result in results.items()]
    return comparison("many", runs[0].result.spec, iter(runs), len(runs))


@pytest.mark.parametrize("name", sorted(DESCENTS))
def test_nothing_overlaps_or_leaves_the_picture(name):
    page = symmetry_page(DESCENTS[name]())
    assert collisions(drawn(page)) == []
    assert collisions(drawn(page, COLUMN)) == []


def test_bytes_are_few_and_the_same_each_time():
    data, again = (render(symmetry_page(staircase()), "png", DIGEST) for _ in range(2))
    assert data == again
    assert len(data) < 60_000


@pytest.mark.parametrize("last", [1, 20, 21, 1000, 10_000_000])
def test_steps_stand_where_they_are_and_cells_reach_halfway_to_the_next(last):
    result = staircase(2, last)
    page = symmetry_page(result)
    steps = [0, *result.steps]
    edges = cells_of(result).x
    assert all(a < step < b for a, step, b in zip(edges[:-1], steps, edges[1:], strict=True))
    for panel in panels(page)[1:]:
        assert panel.x == panels(page)[0].x
        for line in marks(panel, Line):
            assert line.x.tolist() == steps
    parts = page.rows[0].panels[0].x.parts(steps)
    assert parts[0] > 0
    assert (np.diff(parts) > 0).all()
    assert parts[-1] < 1
    if last == 1000:
        ticks = {words: at for at, words in page.rows[0].panels[0].x.ticks}
        assert ticks == {"0": -0.5, "1": 0, "10": 1, "100": 2, "1,000": 3}


def test_layers_are_grey_until_they_move_and_darker_where_the_gradient_is_larger():
    result = staircase()
    cells = cells_of(result)
    grey = (cells.rgb == GREY).all(axis=2)
    assert grey.sum(axis=1).tolist() == [3, 2, 1, 1]
    assert not grey[:, 0].any()
    assert (cells.rgb[:, 0] > 240).all()
    light = cells.rgb[~np.isnan(cells.values)].sum(axis=1)
    sizes = cells.values[~np.isnan(cells.values)]
    assert light[sizes.argmax()] < light[sizes.argmin()]
    (strip,) = marks(panels(symmetry_page(result))[0], Area)
    assert (strip.x.min(), strip.x.max(), strip.y.min()) == (0.5, 1.5, 3.5)


def test_numbers_stand_where_they_change_and_not_in_a_row_of_a_single_unit():
    result = DESCENTS["diverging"]()
    words = cells_of(replace(result, layers=(result.layers[0], one_layer(result.steps, 1, 1))))
    assert [text for text in words.words[0] if text] == ["1", "3", "5", "7", "9", "10"]
    assert words.words[0][0] == "1"
    assert not any(words.words[1])


SAID = {
    "staircase": "layer 3 first moves in step 2 · layer 2 in step 3 · layer 1 in step 4 · "
    "units of layers 1 to 3 stay identical",
    "parting": "units of layers 1 and 3 start identical and part",
    "all_zero": "nothing moves · units of layers 1 to 8 stay identical",
    "diverging": "diverged at step 12 · units of layers 1 and 2 start identical and part",
    "no_hidden": "every layer moves from step 1 on",
    "random_start": "every layer moves from step 1 on, no units stay identical",
    "forty_layers": "layer 40 first moves in step 2, …, layer 1 in step 41 · "
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
    drawing = drawn(symmetry_page(staircase()))
    assert drawing.texts[0] == "staircase"
    run = "tanh · constant (value 0) · width 10 · blobs of 100 points · learning rate 0.1"
    assert drawing.texts[1] == f"{run} · 1,000 steps · seed 0"
    named = {"output", "layer 1", "does not move", "its bias alone moves", "layers 1 to 3", "1,000"}
    named |= {"labels' entropy: the best loss of a constant output", "participation ratio"}
    assert named | {"number: how many of 10 units differ from here on"} <= set(drawing.texts)
    assert [panel.title for panel in drawing.panels] == ["layers", "loss", "participation ratio"]
    texts = drawn(symmetry_page(DESCENTS["diverging"]())).texts
    assert "gradient not finite" in texts
    assert "does not move" not in texts


def test_without_weights_there_is_nothing_of_their_directions():
    page = symmetry_page(DESCENTS["no_hidden"]())
    assert [panel.words for panel in panels(page)] == ["layers", "loss"]
    assert "all hidden weights are zero" in drawn(symmetry_page(DESCENTS["all_zero"]())).texts
    gone = replace(DESCENTS["all_zero"](), diverged=3)
    assert "all hidden weights are zero or not finite" in drawn(symmetry_page(gone)).texts


def test_gradients_below_the_palest_colour_are_said():
    assert "≤ 1e-12" in drawn(symmetry_page(staircase(40))).texts
    assert "≤ 1e-4" not in drawn(symmetry_page(staircase())).texts


def test_many_layers_are_drawn():
    page = symmetry_page(staircase(120))
    assert collisions(drawn(page)) == []
    assert len(render(page, "png", DIGEST)) < 200_000


def test_lines_that_would_hide_others_are_dashed():
    steps = recorded(90)
    layers = [
        one_layer(steps, 1, participation=(*[1.0 + k] * 3, *[2.0] * (len(steps) - 3)))
        for k in range(3)
    ]
    alike = symmetry_page(replace(staircase(2, 90), layers=(*layers, one_layer(steps, 1, 1))))
    dashes = [line.dash for line in marks(panels(alike)[2], Line)]
    assert dashes[0] == ()
    assert len(set(dashes)) == 3
    apart = symmetry_page(DESCENTS["random_start"]())
    assert {line.dash for line in marks(panels(apart)[2], Line)} == {()}


# several runs


def test_several_runs_show_their_losses_units_and_first_moves():
    results = {
        "all zero": staircase(3),
        "random": DESCENTS["random_start"](),
        "logistic": DESCENTS["no_hidden"](),
    }
    losses, units, moves = panels(together(results))
    assert [line.words for line in marks(losses, Line) if line.words] == list(results)
    assert [level.value for level in marks(losses, Level)] == [staircase().base_entropy]
    (differ,), (first,) = marks(units, Cells), marks(moves, Cells)
    assert differ.words[::-1] == (("1", "1", "1"), ("10", "10", "10"), ("", "", ""))
    assert first.words[::-1] == (("4", "3", "2", "1"), ("1",) * 4, ("", "", "", "1"))
    assert [words for _, words in units.y.ticks] == list(results)
    dark, light = (differ.rgb[k, 0].sum() for k in (1, 2))
    assert dark < light
    assert (drawn(together({"still": DESCENTS["all_zero"]()})).texts).count("1") > 8
    never = marks(panels(together({"still": DESCENTS["all_zero"]()}))[2], Cells)
    assert (never[0].rgb == GREY).all()


@pytest.mark.parametrize("number", [1, 3, 12, 40])
def test_of_many_runs_some_are_drawn_and_it_is_said(number):
    made = [*DESCENTS.values()] * 3
    results = {f"対称性 {k} with a very long name": made[k]() for k in range(number)}
    page = together(results)
    for look in (Look(), COLUMN):
        assert collisions(drawn(page, look)) == []
    said = left_out([("variant", range(number))])
    assert said == (["12 of 40 runs, evenly spread"] if number > 12 else [])
    assert any("drawn: 12 of 40 runs" in text for text in drawn(page).texts) == (number > 12)


def test_curves_of_other_steps_coincide_too():
    results = {"long": staircase(2, 3000), "short": staircase(2, 700)}
    results = {k: replace(each, loss=(0.5,) * len(each.loss)) for k, each in results.items()}
    first, second, *alone = marks(panels(together(results))[0], Line)
    assert (first.dash, bool(second.dash), alone) == ((), True, [])


def test_stripes_begin_where_all_curves_have_begun():
    steps, y = np.arange(9.0), Axis(0.0, 2.0)
    curves = [(steps, np.where(steps < first, np.nan, 1.0)) for first in (4, 3, 2)]
    striped = [line for line in lines_of(curves, ["a", "b", "c"], HUES, y) if line.dash]
    assert [int(np.isfinite(line.y).argmax()) for line in striped] == [4, 4]


def test_a_run_that_explodes_does_not_squeeze_the_others():
    results = {"too fast": DESCENTS["diverging"](), "fine": staircase()}
    losses = panels(together(results))[0]
    assert losses.y.value(losses.y.high) < 1000
    texts = drawn(together(results)).texts
    assert {"losses up to 1e30 are cut at the upper side", "diverged at step 12"} <= set(texts)


def test_on_real_axes_steps_and_losses_are_data():
    made = compare([staircase(), DESCENTS["random_start"]()], ["zero", "random"]).figure()
    loss, units, _ = made.axes
    assert loss.get_xscale() == "symlog"
    named = {line.get_label(): line for line in loss.lines}
    assert named["zero"].get_xdata().tolist() == [0, *staircase().steps]
    assert named["random"].get_ydata().tolist()[1:] == list(DESCENTS["random_start"]().loss)
    assert [label.get_text() for label in units.get_yticklabels()] == ["zero", "random"]
    one = figure(symmetry_page(staircase()))
    mesh = one.axes[0].collections[0]
    assert mesh.get_array().max() == np.nanmax(cells_of(staircase()).values)
    one.axes[1].set_xscale("linear")
    one.canvas.draw()
