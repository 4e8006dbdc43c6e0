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
from weightinit_cli.plots.engine.axes import figure
from weightinit_cli.plots.engine.colors import palette
from weightinit_cli.plots.engine.drawing import PALE, Label
from weightinit_cli.plots.engine.layout import drawn
from weightinit_cli.plots.engine.look import Look
from weightinit_cli.plots.engine.marks import tag_size
from weightinit_cli.plots.engine.names import settled
from weightinit_cli.plots.engine.page import (
    SMALL,
    Axis,
    Cells,
    Dots,
    Line,
    Named,
    Names,
    Panel,
    Row,
    Tag,
)
from weightinit_cli.plots.phase import UNBOUNDED, phase_page
from weightinit_cli.results.forecast import PhaseDiagram, PhasePoint, PlacedRun

COLUMN = Look(width=237.6)
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


def marks(page, kind):
    """The marks of one kind on the map, in data units."""
    return [mark for mark in page.rows[0].panels[0].marks if isinstance(mark, kind)]


def cells(shown):
    (found,) = marks(phase_page(shown), Cells)
    return found


@pytest.mark.parametrize("look", [Look(), COLUMN])
@pytest.mark.parametrize("kind", ["line", "line above", "point", "none"])
def test_no_text_overlaps_or_leaves_the_picture(kind, look):
    page = phase_page(diagram(kind, note="a note about it " * 12))
    assert collisions(drawn(page, look)) == []


def test_a_picture_is_small():
    assert len(render(phase_page(diagram()), "png", "")) < 120_000


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


def test_cells_are_colours_of_the_depth():
    shown = diagram()
    map_ = cells(shown)
    assert map_.values == pytest.approx(np.array(shown.depth_scale))
    level = np.clip(np.log10(map_.values) / 3, 0, 1)
    assert (map_.rgb == palette(level)).all()


def test_deeper_is_darker():
    bar = phase_page(diagram()).rows[0].panels[0].bar
    assert (np.diff(bar.rgb.sum(axis=1, dtype=int)) <= 0).all()


def test_unbounded_is_grey_and_named():
    shown = diagram("point")
    assert (cells(shown).rgb[0, -1] == round(255 * UNBOUNDED[0])).all()
    texts = compose_phase(shown).texts
    assert "q grows without bound" in texts
    assert any("at one point only: σ_w = 1.414, σ_b = 0" in text for text in texts)


def test_no_gradient_is_white_and_exactly_critical_is_darkest():
    shown = diagram()
    rows = [list(row) for row in shown.depth_scale]
    rows[0][40] = None  # among values of about 1
    rows[0][16], rows[0][15], rows[0][17] = None, 40.0, 40.0
    with_gaps = replace(shown, depth_scale=tuple(map(tuple, rows)))
    map_ = cells(with_gaps)
    assert (map_.rgb[0, 40] == 255).all()
    assert (map_.rgb[0, 16] == palette(np.array([1.0]))[0]).all()
    white = "white: no gradient"
    assert (white in compose_phase(with_gaps).texts, white in compose_phase(shown).texts) == (
        True,
        False,
    )


def test_regions_are_named_inside_themselves():
    shown = diagram()
    drawing = compose_phase(shown)
    box = drawing.panels[0].box
    for words, phase in (("ordered: gradients vanish", "ordered"), ("chaotic: ", "chaotic")):
        label = next(each for each in texts_of(drawing) if words in each.text)
        column = int((label.x - box.x) / box.width * 48)
        row = int((label.y - box.y) / box.height * 32)
        assert shown.phase[row][column] == phase


def critical(shown):
    return next(line for line in marks(phase_page(shown), Line) if line.words)


def test_the_critical_line_goes_through_its_points():
    shown = diagram()
    line = critical(shown)
    assert list(zip(line.x, line.y, strict=True)) == list(shown.critical)
    assert line.words == "critical line χ₁ = 1"
    assert "χ₁ = 1" in compose_phase(shown).texts


def test_a_critical_line_that_leaves_the_picture_ends_at_its_side():
    shown = diagram()
    line = critical(replace(shown, critical=(shown.critical[0], (9.0, 0.5))))
    assert 2.5 < line.x.max() <= 3
    gone = compose_phase(replace(shown, critical=((9.0, 0.0), (9.0, 0.5))))
    assert "initializers at width 100 · critical line χ₁ = 1, beyond the picture" in gone.texts


def test_a_point_is_marked_where_it_is():
    shown = diagram("point", marks=())
    assert "critical point" in compose_phase(shown).texts
    dots = marks(phase_page(shown), Dots)
    assert {(*dot.x, *dot.y) for dot in dots} == {(2**0.5, 0.0)}


def test_no_line_no_marks():
    shown = diagram("none", marks=(), note="has no critical sigma_w: why")
    assert "tanh has no critical sigma_w: why" in compose_phase(shown).texts
    assert marks(phase_page(shown), Dots) == []


def test_every_initializer_is_named():
    drawing = compose_phase(diagram(end=15.0, marks=(*MARKS, PhasePoint("normal std 1", 10, 0))))
    said = " ".join(drawing.texts)
    for name in ("xavier", "he, kaiming", "torch_linear", "normal std 0.01", "normal std 1"):
        assert name in said
    assert collisions(drawing) == []


def test_in_a_column_tags_are_numbers_and_the_names_stand_below():
    drawing = drawn(phase_page(diagram()), COLUMN)
    said = " ".join(drawing.texts)
    for number, mark in enumerate(MARKS, 1):
        assert f"{number} {mark.name}" in said
        assert str(number) in drawing.texts
    assert "χ₁ = 1" in drawing.texts
    box = drawing.panels[0].box
    assert box.width > 0.7 * drawing.width


def test_initializers_at_one_place_share_a_tag():
    together = (PhasePoint("he", 1.0, 0.0), PhasePoint("she", 1.0, 0.0))
    assert "he, she" in compose_phase(diagram(marks=together)).texts


def test_what_lies_beyond_is_said():
    drawing = compose_phase(diagram(marks=(PhasePoint("far", 9.0, 0.0),)))
    assert "beyond the picture: far (σ_w 9.0, σ_b 0)" in drawing.texts


def test_a_figure_has_the_map_the_line_and_the_points_on_its_axes():
    shown = diagram()
    made = figure(phase_page(shown))
    axes = made.axes[0]
    assert axes.get_xlabel().startswith("σ_w")
    assert axes.get_ylabel().startswith("σ_b")
    assert axes.get_xlim() == pytest.approx((0, 3))
    (line,) = (each for each in axes.lines if each.get_label() == "critical line χ₁ = 1")
    assert line.get_xydata().tolist() == [list(point) for point in shown.critical]
    mesh = axes.collections[0]
    assert np.asarray(mesh.get_array()) == pytest.approx(np.array(shown.depth_scale))
    assert mesh.get_clim() == pytest.approx((1, 1000))
    assert any(text.get_text() == "he, kaiming" for text in axes.texts)


# own runs


def runs(number, sigma_b=0.3):
    """So many runs along sigma_w."""
    places = (0.3 + 2.4 * k / number for k in range(number))
    return tuple(PlacedRun(f"std={w:.3g}", w, sigma_b, "ordered", 1.0) for w in places)


def inverted(drawing):
    """The texts in white on dark tags."""
    labels = (item for item in drawing.items if isinstance(item, Label))
    return {label.text for label in labels if (label.color, label.size) == (PALE, SMALL)}


def test_own_runs_stand_out():
    shown = replace(diagram(), own=(PlacedRun("mine", 2.0, 0.5, "chaotic", 1.0),), own_name="mine")
    drawing = compose_phase(shown)
    assert drawing.texts[1] == "mine ● · initializers at width 100 ○ · critical line χ₁ = 1"
    assert "mine" in inverted(drawing)
    assert "torch_linear" not in inverted(drawing)
    dots = marks(phase_page(shown), Dots)
    largest = max(dots, key=lambda dot: dot.radius)
    assert (*largest.x, *largest.y) == (2.0, 0.5)
    assert collisions(drawing) == []


@pytest.mark.parametrize("look", [Look(), COLUMN])
@pytest.mark.parametrize("number", [1, 12, 13, 40])
@pytest.mark.parametrize("along", ["", "initializer.std"])
def test_of_own_runs_up_to_a_dozen_are_named(number, along, look):
    named = runs(number)
    shown = replace(diagram(), own=named, own_name="mine", along=along)
    drawing = drawn(phase_page(shown), look)
    assert collisions(drawing) == []
    words = " ".join(drawing.texts)
    told = {run.name for run in named if f"{run.name} " in f"{words} ".replace(",", " ")}
    ends = {named[0].name, named[-1].name} if along else set()
    assert told == ({run.name for run in named} if number <= 12 else ends)
    assert (f"({number} runs" in words) == (number > 12)


def test_names_without_room_are_told_below_and_their_tags_are_numbers():
    crowd = tuple(
        PlacedRun(f"a name that is not short, the {k}.", 1 + k / 100, 0.0, "ordered", 1.0)
        for k in range(0, 36, 3)
    )
    drawing = compose_phase(replace(diagram(), own=crowd, own_name="mine"))
    assert collisions(drawing) == []
    words = " ".join(drawing.texts)
    assert all(f"{k} {run.name}" in words for k, run in enumerate(crowd, 1))
    assert {"1", "12"} <= {number for text in inverted(drawing) for number in text.split(", ")}


def test_an_own_run_at_a_standard_initializer_shares_its_tag():
    own = (PlacedRun("mine", 2**0.5, 0.0, "critical", None),)
    assert "mine, he, kaiming" in inverted(compose_phase(replace(diagram(), own=own)))


def test_own_runs_beyond_the_picture_are_said():
    own = runs(30, sigma_b=4.0)
    texts = " ".join(compose_phase(replace(diagram(), own=own, own_name="mine")).texts)
    assert "beyond the picture: std=0.3 (σ_w 0.30, σ_b 4.0), " in texts
    assert ", 26 more" in texts


def test_a_single_cell_is_drawn():
    one = PhaseDiagram("x", 1, (1.0,), (0.5,), ((None,),), (("unbounded",),), "none", (), (), "")
    render(compose_phase(one), "png", "")


places = st.tuples(st.floats(0, 400), st.floats(0, 300))


@settings(max_examples=20, deadline=None)
@given(points=st.lists(places, max_size=6))
def test_tags_stay_inside_and_apart_and_off_the_points(points):
    names = Names(tuple(Named(x, y, f"name {k}") for k, (x, y) in enumerate(points)))
    panel = Panel(Axis(0.0, 400.0), Axis(0.0, 300.0), (names,))
    (row,), _ = settled([Row((panel,), 300.0, 400.0)])
    boxes = []
    for tag in row.panels[0].marks:
        assert isinstance(tag, Tag)
        wide, high = tag_size(tag.lines)
        x, y = tag.x + tag.dx, tag.y + tag.dy
        boxes.append((x - wide / 2, y - high / 2, x + wide / 2, y + high / 2))
    for left, low, right, high in boxes:
        assert left >= 0
        assert low >= 0
        assert right <= 400
        assert high <= 300
        assert not any(left < x < right and low < y < high for x, y in points)
    for a, b in combinations(boxes, 2):
        apart = max(b[0] - a[2], a[0] - b[2], b[1] - a[3], a[1] - b[3])
        assert apart >= 0
