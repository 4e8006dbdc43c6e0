"""Pictures for a page of HTML: the same shapes as the drawing has, in few bytes."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from weightinit_cli.plots import drawings, inline_pictures, render
from weightinit_cli.plots.engine.colors import HUES, HUES_ON_DARK
from weightinit_cli.plots.engine.drawing import (
    AMBER,
    BLUE,
    INK,
    WHITE,
    Area,
    Box,
    Cells,
    Dots,
    Drawing,
    Label,
    Line,
    rectangle,
)
from weightinit_cli.plots.engine.inline import NAMES, PARTS, color_classes, color_variables, inline
from weightinit_cli.plots.engine.layout import drawn
from weightinit_cli.plots.engine.render import UNTITLED
from weightinit_cli.results import load_result

REFERENCE = Path(__file__).parents[2] / "outputs" / "reference"
NAMES_OF_RESULTS = ("sigmoid_xavier", "pre_norm", "logistic_random", "restarts", "article/std-0")
STEP = re.compile(r"([MhvlzZ])([^MhvlzZ]*)")


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314


def picture(*items, width=100.0, height=50.0):
    return parsed(inline(Drawing(width, height, items, ()), "words"))


def points(data: str) -> list[list[tuple[float, float]]]:
    """The corners of a path in points, from the upper side down, a list for each of its lines."""
    lines: list[list[tuple[float, float]]] = []
    for command, rest in STEP.findall(data):
        numbers = list(map(int, re.findall(r"-?\d+", rest)))
        if command == "M":
            lines.append([tuple(numbers)])
        for k in range(0, len(numbers), 1 if command in "hv" else 2):
            x, y = lines[-1][-1]
            if command == "h":
                lines[-1].append((x + numbers[k], y))
            elif command == "v":
                lines[-1].append((x, y + numbers[k]))
            elif command == "l":
                lines[-1].append((x + numbers[k], y + numbers[k + 1]))
    return [[(x / PARTS, y / PARTS) for x, y in line] for line in lines]


def test_size_and_words():
    found = picture()
    assert found.attrib == {
        "viewBox": "0 0 500 250", "width": "133", "role": "img", "aria-label": "words",
    }  # fmt: skip
    assert r'aria-label="&quot;&lt;b&gt;\n\u202e"' in inline(Drawing(1, 1, (), ()), '"<b>\n\u202e')


def test_corners_are_those_of_the_drawing():
    corners = np.array([(10, 5), (20, 5), (20, 15), (30, 25), (30, 40), (12.34, 40)])
    (path,) = picture(Line(corners, BLUE, 1.5))
    (line,) = points(path.attrib["d"])
    expected = [(x, 50 - y) for x, y in corners.tolist()]
    assert np.allclose(line, expected, atol=0.5 / PARTS)
    assert path.attrib["class"] == "l sh0"
    assert path.attrib["stroke-width"] == f"{1.5 * PARTS:g}"


def test_straight_lines_are_one_step_and_come_back():
    corners = np.array([(0, 0), (10, 0), (20, 0), (5, 0)])
    (path,) = picture(Line(corners, INK, 1.0))
    assert points(path.attrib["d"]) == [[(0, 50), (20, 50), (5, 50)]]


def test_gaps_part_a_line():
    corners = np.array([(0, 0), (10, 10), (np.nan, np.nan), (20, 0), (30, 0)])
    (path,) = picture(Line(corners, INK, 1.0))
    assert [len(line) for line in points(path.attrib["d"])] == [2, 2]


def test_what_is_alike_is_one_path_unless_something_is_between():
    under, over = (rectangle(Box(0, 0, 10, 10), color) for color in (BLUE, AMBER))
    again, aside = (rectangle(Box(x, 0, 10, 10), BLUE) for x in (5, 50))
    found = picture(under, over, again, aside)
    assert [each.attrib.get("class", each.attrib.get("fill")) for each in found] == [
        "h0", "#f79e1c", "h0",
    ]  # fmt: skip
    assert [len(points(each.attrib["d"])) for each in found] == [1, 1, 2]


def test_what_shines_through_is_never_joined():
    bands = [rectangle(Box(0, 0, 10, 10), BLUE, 0.5) for _ in range(2)]
    assert [each.attrib["opacity"] for each in picture(*bands)] == ["0.5", "0.5"]


def test_dots_are_discs_or_outlines():
    places = np.array([(10, 10), (20, 20)])
    discs, crosses = picture(Dots(places, BLUE, 2.0), Dots(places, INK, 2.0, "cross"))
    assert discs.attrib["class"] == "dot l sh0"
    assert discs.attrib["stroke-width"] == f"{4 * PARTS}"
    assert points(discs.attrib["d"]) == [[(10, 40), (10, 40)], [(20, 30), (20, 30)]]
    assert len(points(crosses.attrib["d"])) == 2
    assert crosses.attrib["class"] == "ink"


def test_text_is_text():
    labels = [
        Label(10, 10, "<a> & שלום", 8.5, INK, "center"),
        Label(10, 20, "up", 8.5, INK, upright=True),
        Label(10, 30, "white", 7.5, WHITE),
    ]
    centred, white = picture(*labels)
    assert [each.text for each in centred] == ["<a> & שלום", "up"]
    assert centred.attrib == {"class": "ink m", "font-size": f"{8.5 * PARTS:g}"}
    assert (centred[0].attrib["x"], centred[0].attrib["y"]) == ("50", "200")
    assert centred[1].attrib["transform"] == "translate(50 150)rotate(-90)"
    assert white.attrib["fill"] == "#fff"  # also on a dark page: it stands on dark cells


def test_cells_are_an_image_that_is_not_smoothed():
    rgb = np.array([[(255, 0, 0), (0, 255, 0)]], dtype=np.uint8)
    (image,) = picture(Cells(Box(10, 10, 20, 5), rgb))
    assert image.attrib["class"] == "px"
    assert image.attrib["href"].startswith("data:image/png;base64,")
    shown = [float(image.attrib[key]) / PARTS for key in ("x", "y", "width", "height")]
    assert shown == [10, 35, 20, 5]


@pytest.mark.parametrize("name", NAMES_OF_RESULTS)
def test_whole_pictures_have_every_text_in_a_tenth_of_the_bytes(name):
    result = load_result(REFERENCE / name)
    for stem, (whole, small) in inline_pictures(result).items():
        page = drawings(result)[stem]
        texts = [each.text for each in parsed(whole).iter("text")]
        assert sorted(texts) == sorted(drawn(page, UNTITLED).texts)
        assert len(whole) < 0.13 * len(render(page, "svg", ""))
        assert len(small) < len(whole)
        assert parsed(small).attrib["role"] == "img"


def test_small_histograms_of_five_layers_take_three_kilobytes():
    found = inline_pictures(load_result(REFERENCE / "sigmoid_xavier"))
    assert all(len(small) < 3_500 for _, small in found.values())


def test_colours_are_variables_that_a_dark_page_has_too():
    light, dark = (color_variables(dark=each) for each in (False, True))
    names = set(NAMES.values())
    for variables in (light, dark):
        assert set(re.findall(r"--(\w+):#", variables)) == names
    for k, (hue, on_dark) in enumerate(zip(HUES, HUES_ON_DARK, strict=True)):
        for variables, (red, *_) in ((light, hue), (dark, on_dark)):
            (found,) = re.findall(rf"--h{k}:#(\w+);", variables)
            digits = found[:2] if len(found) == 6 else found[0] * 2
            assert int(digits, 16) == round(255 * red)
    assert set(re.findall(r"svg \.s(\w+)\{", color_classes())) == names
    assert isinstance(rectangle(Box(0, 0, 1, 1), INK), Area)
