"""What a person asks of a picture's appearance: width, letters, colours, dots per inch."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from support.plots.extents import collisions
from weightinit_cli.plots import Look, compose_depth, render
from weightinit_cli.plots.engine.colors import HUES
from weightinit_cli.plots.engine.drawing import INK, Box, Dots, Drawing, Label
from weightinit_cli.plots.engine.fonts import letters
from weightinit_cli.plots.engine.layout import drawn
from weightinit_cli.plots.engine.look import painted, read_style
from weightinit_cli.plots.engine.page import Axis
from weightinit_cli.plots.engine.ticks import level_places

COLUMN = 237.6


def labels(drawing):
    return [item for item in drawing.items if isinstance(item, Label)]


def test_a_picture_is_as_wide_as_asked_and_legible(shape):
    for scale in (1.0, 7 / 8.5):
        drawing = drawn(compose_depth(shape("net_sigmoid")), Look(width=COLUMN, scale=scale))
        assert drawing.width == pytest.approx(COLUMN)
        assert min(label.size for label in labels(drawing)) >= 7 * scale
        assert not collisions(drawing)


def test_the_size_of_letters_sizes_all(shape):
    page = compose_depth(shape("net_sigmoid"))
    plain, large = drawn(page), drawn(page, Look(scale=2.0))
    assert (large.width, large.height) == pytest.approx((2 * plain.width, 2 * plain.height))
    pairs = zip(labels(plain), labels(large), strict=True)
    assert all(b.size == pytest.approx(2 * a.size) for a, b in pairs)


def test_marks_keep_their_shapes_at_any_size():
    dots = Dots(np.array([[1.0, 2.0]]), INK, 1.5, "square")
    (large,) = painted(Drawing(9.0, 9.0, (dots,), ()), Look(scale=2.0)).items
    assert (large.shape, large.radius, large.vertices.tolist()) == ("square", 3.0, [[2.0, 4.0]])


def test_words_beside_an_axis_are_measured_in_the_font_that_writes_them():
    axis = Axis(0.0, 1.0, ticks=((0.5, "M" * 30),))
    shown = {}
    for name in ("DejaVuSans.ttf", "DejaVuSansMono.ttf"):
        with letters(str(Path(mpl.get_data_path(), "fonts", "ttf", name))):
            shown[name] = [words for _, words in level_places(axis, Box(0.0, 0.0, 9.0, 50.0))]
    assert shown["DejaVuSans.ttf"] != shown["DejaVuSansMono.ttf"]


def test_dots_per_inch_and_no_title(shape):
    page = compose_depth(shape("net_sigmoid"))
    sizes = {}
    for dpi in (72, 144):
        with Image.open(BytesIO(render(page, "png", "", Look(dpi=dpi)))) as image:
            sizes[dpi] = image.size
            assert image.info["dpi"] == pytest.approx((dpi, dpi), rel=0.01)
    assert sizes[144][0] == 2 * sizes[72][0]
    untitled = drawn(page, Look(title=False)).texts
    assert "sigmoid_1" in drawn(page).texts
    assert "sigmoid_1" not in untitled
    assert "mean-field theory" in untitled


def test_text_in_svg_is_text_on_request(shape):
    page = compose_depth(shape("net_sigmoid"))
    assert b"<text" not in render(page, "svg", "")
    assert b">across inputs</text>" in render(page, "svg", "", Look(svg_text=True))


def test_a_style_sheet_gives_colours_letters_and_size(tmp_path, shape):
    path = tmp_path / "mine.mplstyle"
    path.write_text(
        "axes.facecolor: 000000\ntext.color: ffffff\nfont.family: monospace\nfont.size: 17\n"
        "axes.prop_cycle: cycler(color=['ff0000', '00ff00'])\n"
    )
    look = read_style(str(path))
    assert look.paper == (0, 0, 0)
    assert look.color(INK) == (1, 1, 1)
    assert "Mono" in look.font
    assert look.scale == 2
    drawing = drawn(compose_depth(shape("net_sigmoid")), look)
    assert {label.color for label in labels(drawing)} >= {(1, 1, 1), (1, 0, 0)}
    plain = render(compose_depth(shape("net_sigmoid")), "png", "")
    assert render(compose_depth(shape("net_sigmoid")), "png", "", look) != plain
    assert read_style("dark_background").paper == (0, 0, 0)


def test_letters_are_seen_on_any_paper(tmp_path):
    path = tmp_path / "mine.mplstyle"
    path.write_text("axes.facecolor: 112233\n")
    look = read_style(str(path))
    assert min(look.color(INK)) > 0.8
    lines = [look.color(hue) for hue in HUES]
    assert len(set(lines)) == len(HUES)
    assert min(max(line) for line in lines) > 0.5
    path.write_text("axes.facecolor: none\n")
    look = read_style(str(path))
    assert (look.paper, look.color(INK)) == ((1, 1, 1), INK)
