"""What DejaVu Sans lacks is drawn in a font of the system; where none has it, that is known."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from support.plots import builders
from support.plots.drawn import compose
from support.plots.extents import collisions
from support.plots.fonts import EMPTY, only_fonts, tiny_font
from weightinit_cli.plots import FORMATS, render
from weightinit_cli.plots.engine import fonts
from weightinit_cli.plots.engine.drawing import INK, Drawing, Label
from weightinit_cli.plots.engine.fonts import (
    REPLACEMENT,
    drawable,
    elide,
    families,
    font_file,
    helpers,
    lacking,
    width_of,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME = "Tiny Sans"


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    folder = tmp_path_factory.mktemp("fonts")

    def font(characters: str, name: str = NAME, weight: int = 400) -> str:
        return tiny_font(folder / f"{name}-{weight}.ttf", characters, name, weight)

    return font


@pytest.fixture
def tiny(make: Callable[..., str]) -> Iterator[str]:
    file = make("初値")
    with only_fonts(file):
        yield file


@pytest.fixture
def bare() -> Iterator[None]:
    with only_fonts():
        yield


def gray(drawing: Drawing) -> np.ndarray:
    with Image.open(BytesIO(render(drawing, "png", ""))) as image:
        return np.asarray(image.convert("L"))


def test_a_font_of_the_system_shows_what_ours_lacks(tiny):
    assert drawable("He 初値 重") == f"He 初値 {REPLACEMENT}"
    assert lacking(["He 初値 重", "み重"]) == "重み"
    assert [face.file for face in helpers("He 初")] == [tiny]


def test_without_one_characters_are_replaced_and_known(bare):
    assert drawable("He 初値") == "He " + 2 * REPLACEMENT
    assert lacking(["He 初値", "値"]) == "初値"
    assert helpers("初値") == ()


def test_the_width_is_that_of_the_font_that_draws(tiny):
    assert width_of("初値", 10) == pytest.approx(24)
    assert width_of("He 初", 10) == pytest.approx(width_of("He ", 10) + 12, abs=0.01)
    text = elide("初値初値", 10, 30)
    assert text.startswith("初")
    assert width_of(text, 10) <= 30


@pytest.mark.parametrize("upright", [False, True])
def test_a_picture_shows_the_glyphs(tiny, upright):
    """Boxes from 0.1 to 1.1 em, 0.7 em high, beside each other."""
    label = Label(40.0, 60.0, "初値", 20.0, INK, upright=upright)
    dark = gray(Drawing(120.0, 120.0, (label,), ())) < 128
    if upright:
        dark = np.rot90(dark, -1)  # the line's beginning at the left
    scale = 150 / 72
    across, down = np.flatnonzero(dark.any(axis=0)), np.flatnonzero(dark.any(axis=1))
    begin = 60 - 24 if upright else 40
    baseline = 40 if upright else 120 - 60
    assert across[0] == pytest.approx((begin + 2) * scale, abs=1.5)
    assert across[-1] == pytest.approx((begin + 46) * scale - 1, abs=1.5)
    assert down[-1] == pytest.approx(baseline * scale - 1, abs=1.5)
    assert len(down) == pytest.approx(14 * scale, abs=1.5)


@pytest.mark.parametrize("upright", [False, True])
def test_svg_and_pdf_have_outlines_of_the_glyphs(tiny, upright):
    label = Label(40.0, 60.0, "初", 20.0, INK, upright=upright)
    drawing = Drawing(120.0, 120.0, (label,), ())
    svg = render(drawing, "svg", "").decode()
    path = re.findall(r'd="(M [^"]*z)', svg, re.DOTALL)[-1]
    numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", path)]
    xs, ys = np.array(numbers[0::2]), np.array(numbers[1::2])
    left, top, right, bottom = (26, 50, 40, 70) if upright else (42, 46, 62, 60)
    assert (xs.min(), ys.min(), xs.max(), ys.max()) == pytest.approx(
        (left, top, right, bottom), abs=0.01
    )
    assert b"/FontFile" not in render(drawing, "pdf", "")


@pytest.mark.parametrize("format_", FORMATS)
def test_such_pictures_are_the_same_each_time(tiny, format_):
    result = builders.sigmoid_result(1.0, name="値 初 He")
    first = render(compose(result), format_, "")
    assert render(compose(result), format_, "") == first
    assert collisions(compose(result)) == []


def test_others_ask_no_font_of_the_system(monkeypatch):
    def refuse(characters):
        raise AssertionError(characters)

    monkeypatch.setattr(fonts, "showing", refuse)
    for text in ("std = 1", "σ_w × ₁ … |δ|", "вес é"):
        assert drawable(text) == text
        assert lacking([text]) == ""
        assert width_of(text, 8) > 0
        assert written(text, 8, 150)[0].any()


def test_the_font_that_shows_most_is_taken_first(make):
    few, most = make("初", "A Sans"), make("初値重", "B Sans")
    serif, bold = make("初値重", "A Serif"), make("初値重", "A Sans", 700)
    other = make("み", "C Sans")
    with only_fonts(few, other, bold, serif, most):
        assert [face.file for face in helpers("初値 み")] == [most, other]
        assert families(["初値", "み", "He"]) == ["DejaVu Sans", "B Sans", "C Sans"]
    with only_fonts(bold, serif):
        assert [face.file for face in helpers("初値")] == [serif]
    noto = make("初値", "Noto Sans CJK XX")
    with only_fonts(few, most, noto):
        assert [face.file for face in helpers("初値")] == [noto]


def test_fonts_that_cannot_be_used_are_passed_over(make, tmp_path):
    gone = tiny_font(tmp_path / "gone.ttf", "初値", "A Sans")
    blank = make(EMPTY, "B Sans")
    last_resort = make("初値", "Last Resort")
    with only_fonts(gone, blank, last_resort):
        (tmp_path / "gone.ttf").unlink()
        assert drawable(f"初値{EMPTY}") == 3 * REPLACEMENT


def test_wide_spaces_are_spaces(bare):
    assert drawable("a\u3000b\xa0c") == "a b c"
    assert lacking(["a\u3000b"]) == ""


def test_fonts_that_are_on_no_list_are_found(make, tmp_path):
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    file = make("値")
    with only_fonts(unlisted=(str(broken), file)):
        assert [face.file for face in helpers("値")] == [file]
        assert drawable("値初") == f"値{REPLACEMENT}"
        assert families(["値"]) == ["DejaVu Sans", NAME]  # which is then on the list
        with mpl.rc_context({"font.family": families(["値"])}):
            figure = Figure()
            figure.text(0.5, 0.5, "He 値")
            figure.savefig(BytesIO())


def test_a_font_added_later_is_found(make, bare):
    from matplotlib.font_manager import fontManager

    assert drawable("値") == REPLACEMENT
    fontManager.addfont(make("値"))
    assert drawable("値") == "値"


@pytest.mark.parametrize("text", ["عربي وصف", "עברית abc", "é e\u0301", "مرحبا std = 12"])
def test_letters_that_join_are_measured_as_a_line(text):
    """Within a pixel or two at the sides of what is drawn, whatever this matplotlib shapes."""
    image, left, _ = written(text, 20, 150)
    assert left + image.shape[1] == pytest.approx(width_of(text, 20) * 150 / 72, abs=8)
    assert [font_file()] == list(fonts.files_of(text))


def shown_in_a_figure():
    """What its texts say; a character that its fonts lack would be a warning."""
    figure = builders.sigmoid_result(1.0, name="値 He").figure()
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(Text)]


def test_a_figure_shows_them_too(tiny):
    assert "値 He" in shown_in_a_figure()


def test_a_figure_replaces_what_no_font_has(bare):
    assert f"{REPLACEMENT} He" in shown_in_a_figure()
