"""The phase diagram: colours, regions in words, the critical line, labels that never collide."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.plots.drawn import compose_phase
from support.plots.extents import collisions
from support.plots.svg import texts_of
from weightinit_cli.plots import render
from weightinit_cli.plots.engine.colors import palette
from weightinit_cli.plots.engine.drawing import WHITE, Box, Cells, Dots, Label, Line
from weightinit_cli.plots.phase import UNBOUNDED
from weightinit_cli.plots.tags import Named, overlap, tags
from weightinit_cli.results.forecast import PhaseDiagram, PhasePoint, PlacedRun

MARKS = (
    PhasePoint("xavier, lecun, orthogonal", 1.0, 0.0),
    PhasePoint("he, kaiming", 2**0.5, 0.0),
    PhasePoint("torch_linear", 3**-0.5, 0.058),
    PhasePoint("normal std 0.01", 0.1, 0.0),
)


def diagram(kind="line", marks=MARKS, columns=48, rows=32, end=3.0, note=""):
    """As tanh's where there is a line, as relu's where there is a point."""
    w = (np.arange(columns) + 0.5) * end / columns
    b = (np.arange(rows) + 0.5) / rows
    start = 1.0 if kind == "line" else 2**0.5
    edge = [start + 0.8 * x for x in b] if kind == "line" else [start] * rows
    scale, phase = [], []
    for row in edge:
        chi = [abs(math.log((x / row) ** 2)) for x in w]
        ordered = [x <= row for x in w]
        beyond = "chaotic" if kind == "line" else "unbounded"
        phase.append(tuple("ordered" if low else beyond for low in ordered))
        scale.append(
            tuple(
                None if each == 0 or (not low and kind != "line") else 1 / each
                for each, low in zip(chi, ordered, strict=True)
            )
        )
    line = tuple((start + 0.8 * x, float(x)) for x in np.linspace(0, 1, 20))
    critical = {"line": line, "line above": line[8:], "point": line[:1], "none": ()}[kind]
    return PhaseDiagram(
        "tanh", 100, tuple(w), tuple(b), tuple(scale), tuple(phase), kind, critical, marks, note
    )


@pytest.mark.parametrize("kind", ["line", "line above", "point", "none"])
def test_no_text_overlaps_or_leaves_the_picture(kind):
    drawing = compose_phase(diagram(kind, note="a note about it " * 12))
    assert collisions(drawing) == []
    assert len(render(drawing, "png", "")) < 120_000


def test_title_axes_and_colours_are_named():
    drawing = compose_phase(diagram())
    texts = drawing.texts
    assert texts[0] == "tanh: order-to-chaos phase diagram"
    assert texts[1] == "initializers at width 100 · critical line χ₁ = 1"
    assert {"≤ 1", "10", "100", "≥ 1000"} <= set(texts)
    assert any(text.startswith("σ_w") for text in texts)
    assert any(text.startswith("σ_b") for text in texts)
    (panel,) = drawing.panels
    assert panel.xlim == pytest.approx((0.0, 3.0))
    assert panel.ylim == pytest.approx((0.0, 1.0))


def test_cells_are_colours_of_the_depth_with_the_lowest_row_below():
    shown = diagram()
    map_ = next(i for i in compose_phase(shown).items if isinstance(i, Cells))
    assert map_.rgb.shape == (32, 48, 3)
    for row, column in ((0, 3), (5, 20), (31, 47)):
        level = np.clip(np.log10(shown.depth_scale[row][column]) / 3, 0, 1)
        assert (map_.rgb[31 - row, column] == palette(np.array([level]))[0]).all()


def test_unbounded_is_grey_and_named():
    shown = diagram("point")
    drawing = compose_phase(shown)
    map_ = next(i for i in drawing.items if isinstance(i, Cells))
    assert (map_.rgb[0, -1] == round(255 * UNBOUNDED[0])).all()
    assert "q grows without bound" in drawing.texts
    assert any("at one point only: σ_w = 1.414, σ_b = 0" in text for text in drawing.texts)


def test_no_gradient_is_white_and_exactly_critical_is_darkest():
    shown = diagram()
    rows = [list(row) for row in shown.depth_scale]
    rows[0][40] = None  # among values of about 1
    rows[0][16], rows[0][15], rows[0][17] = None, 40.0, 40.0
    cells = PhaseDiagram(
        **{
            **{name: getattr(shown, name) for name in PhaseDiagram.__slots__},
            "depth_scale": tuple(map(tuple, rows)),
        }
    )
    map_ = next(i for i in compose_phase(cells).items if isinstance(i, Cells))
    assert (map_.rgb[-1, 40] == 255).all()
    assert (map_.rgb[-1, 16] == palette(np.array([1.0]))[0]).all()


def test_regions_are_named_inside_themselves():
    shown = diagram()
    drawing = compose_phase(shown)
    box = drawing.panels[0].box
    for words, phase in (("ordered: gradients vanish", "ordered"), ("chaotic: ", "chaotic")):
        label = next(each for each in texts_of(drawing) if words in each.text)
        column = int((label.x - box.x) / box.width * 48)
        row = int((label.y - box.y) / box.height * 32)
        assert shown.phase[row][column] == phase


def test_the_critical_line_goes_through_its_points():
    shown = diagram()
    drawing = compose_phase(shown)
    box = drawing.panels[0].box
    line = next(i for i in drawing.items if isinstance(i, Line) and i.color == WHITE)
    w, b = shown.critical[7]
    x, y = box.x + w / 3 * box.width, box.y + b * box.height
    assert np.abs(line.vertices - (x, y)).sum(axis=1).min() == pytest.approx(0, abs=1e-6)
    assert "χ₁ = 1" in drawing.texts


def test_a_point_is_marked_where_it_is():
    drawing = compose_phase(diagram("point", marks=()))
    assert "critical point" in drawing.texts
    box = drawing.panels[0].box
    (x, y), *_ = next(i for i in drawing.items if isinstance(i, Dots)).vertices
    assert (x, y) == pytest.approx((box.x + 2**0.5 / 3 * box.width, box.y))


def test_no_line_no_marks():
    drawing = compose_phase(diagram("none", marks=(), note="has no critical sigma_w: why"))
    assert "tanh has no critical sigma_w: why" in drawing.texts
    assert not any(isinstance(i, Dots) for i in drawing.items)


def test_every_initializer_is_named():
    drawing = compose_phase(diagram(end=15.0, marks=(*MARKS, PhasePoint("normal std 1", 10, 0))))
    said = " ".join(drawing.texts)
    for name in ("xavier", "he, kaiming", "torch_linear", "normal std 0.01", "normal std 1"):
        assert name in said
    assert collisions(drawing) == []


def test_initializers_at_one_place_share_a_tag():
    marks = (PhasePoint("he", 1.0, 0.0), PhasePoint("she", 1.0, 0.0))
    drawing = compose_phase(diagram(marks=marks))
    assert "he, she" in drawing.texts


def test_what_lies_beyond_is_said():
    drawing = compose_phase(diagram(marks=(PhasePoint("far", 9.0, 0.0),)))
    assert "beyond the picture: far (σ_w 9.0, σ_b 0)" in drawing.texts


# own runs


def runs(number, sigma_b=0.3):
    """So many runs along sigma_w."""
    places = (0.3 + 2.4 * k / number for k in range(number))
    return tuple(PlacedRun(f"std={w:.3g}", w, sigma_b, "ordered", 1.0) for w in places)


def inverted(drawing):
    """The texts in white on dark tags."""
    return {i.text for i in drawing.items if isinstance(i, Label) and i.color == WHITE}


def test_own_runs_stand_out():
    shown = replace(diagram(), own=(PlacedRun("mine", 2.0, 0.5, "chaotic", 1.0),), own_name="mine")
    drawing = compose_phase(shown)
    assert drawing.texts[1] == "mine ● · initializers at width 100 ○ · critical line χ₁ = 1"
    assert "mine" in inverted(drawing)
    assert "torch_linear" not in inverted(drawing)
    box = drawing.panels[0].box
    own = next(i for i in drawing.items if isinstance(i, Dots) and i.radius > 4)
    place = (box.x + 2 / 3 * box.width, box.y + 0.5 * box.height)
    assert own.vertices == pytest.approx(np.array([place]))
    assert collisions(drawing) == []


@pytest.mark.parametrize("number", [1, 3, 12, 13, 40])
@pytest.mark.parametrize("along", ["", "initializer.std"])
def test_of_own_runs_up_to_a_dozen_are_named(number, along):
    named = runs(number)
    drawing = compose_phase(replace(diagram(), own=named, own_name="mine", along=along))
    assert collisions(drawing) == []
    words = " ".join(inverted(drawing))
    told = {run.name for run in named if run.name in words}
    ends = {named[0].name, named[-1].name} if along else set()
    assert told == ({run.name for run in named} if number <= 12 else ends)
    assert (f"({number} runs" in drawing.texts[1]) == (number > 12)


def test_an_own_run_at_a_standard_initializer_shares_its_tag():
    own = (PlacedRun("mine", 2**0.5, 0.0, "critical", None),)
    assert "mine, he, kaiming" in inverted(compose_phase(replace(diagram(), own=own)))


def test_own_runs_beyond_the_picture_are_said():
    own = runs(30, sigma_b=4.0)
    texts = " ".join(compose_phase(replace(diagram(), own=own, own_name="mine")).texts)
    assert "beyond the picture: std=0.3 (σ_w 0.30, σ_b 4.0), " in texts
    assert ", 26 more" in texts


def test_a_critical_line_that_leaves_the_picture_ends_at_its_side():
    shown = diagram()
    few = replace(shown, critical=(shown.critical[0], (9.0, 0.5)))
    drawing = compose_phase(few)
    line = next(i for i in drawing.items if isinstance(i, Line) and i.color == WHITE)
    box = drawing.panels[0].box
    assert box.right - 40 < line.vertices[:, 0].max() <= box.right
    gone = compose_phase(replace(shown, critical=((9.0, 0.0), (9.0, 0.5))))
    assert "initializers at width 100 · critical line χ₁ = 1, beyond the picture" in gone.texts


def test_a_single_cell_is_drawn():
    one = PhaseDiagram("x", 1, (1.0,), (0.5,), ((None,),), (("unbounded",),), "none", (), (), "")
    render(compose_phase(one), "png", "")


INSIDE = Box(0.0, 0.0, 400.0, 300.0)
places = st.tuples(st.floats(0, 400), st.floats(0, 300))


@settings(max_examples=20, deadline=None)
@given(points=st.lists(places, max_size=6))
def test_tags_stay_inside_and_apart_and_off_the_points(points):
    placed = tags([Named(point, f"name {k}") for k, point in enumerate(points)], INSIDE)
    for tag in placed:
        assert tag.box.x >= 0
        assert tag.box.y >= 0
        assert tag.box.right <= 400
        assert tag.box.top <= 300
        for x, y in points:
            assert not overlap(tag.box, Box(x - 1, y - 1, 2, 2))
    assert not any(overlap(a.box, b.box) for a, b in combinations(placed, 2))
