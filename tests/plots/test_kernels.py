"""The kernels' picture: what is seen follows from the values."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from support.plots.builders import DIGEST
from support.plots.drawn import shapes
from support.plots.extents import collisions
from support.plots.kernels import WEIGHTS, built, convolution, dirac, normal
from weightinit_cli.plots import render
from weightinit_cli.plots.engine.axes import figure
from weightinit_cli.plots.engine.drawing import GREY, MUTED, ORANGE, Area, Label
from weightinit_cli.plots.engine.layout import drawn
from weightinit_cli.plots.engine.look import Look
from weightinit_cli.plots.engine.page import Cells, Line
from weightinit_cli.plots.kernels import kernels_page, reach_of, shades

FINITE = st.floats(allow_nan=False, allow_infinity=False)
COLUMN = Look(width=237.6)


def page_of(weights, **others):
    result = convolution(np.asarray(weights), **others)
    return kernels_page(result, result.kernels)


@cache
def page(name):
    result = built(name)
    return kernels_page(result, result.kernels)


def panels(page):
    return [panel for row in page.rows for panel in row.panels]


def kernels(page):
    """Each kernel as drawn by its filter and channel, counted from 0; both axes are in elements."""
    found = {}
    for panel in panels(page):
        cells = [mark for mark in panel.marks if isinstance(mark, Cells)]
        first = int(panel.x.ticks[0][1]) - 1
        channels = len(cells) // len(panel.x.ticks)
        for k, mark in enumerate(cells):
            found[first + k // channels, k % channels] = mark
    return found


def texts(page):
    return shapes(page).texts


def said(page, words):
    return any(words in text for text in texts(page))


@pytest.mark.parametrize(
    "name",
    ["he", "dirac_of_many", "1x15", "15x1", "2x600", "1x1", "one_element", "tiny", "overflowing"],
)
def test_no_text_overlaps_or_leaves_the_picture(name):
    for look in (Look(), COLUMN):
        assert collisions(drawn(page(name), look)) == []


@pytest.mark.parametrize("name", ["he", "alexnet"])
def test_a_picture_is_a_small_png_with_its_digest(name):
    data = render(page(name), "png", DIGEST)
    with Image.open(BytesIO(data)) as image:
        assert image.info["winit digest"] == DIGEST
    assert len(data) < 100_000


@pytest.mark.parametrize("look", [Look(), COLUMN, Look(dpi=300), Look(scale=1.3)])
@pytest.mark.parametrize("name", ["he", "alexnet", "1x7", "four_filters"])
def test_elements_are_squares_of_whole_pixels(name, look):
    sides = set()
    for panel in drawn(page(name), look).panels:
        (left, right), (low, high) = panel.xlim, panel.ylim
        sides |= {panel.box.width / (right - left), panel.box.height / (high - low)}
    pixels = np.array(sorted(sides)) * look.dpi / 72
    assert pixels == pytest.approx(np.rint(pixels[0]))


def test_a_column_has_fewer_filters_beside_each_other():
    wide, narrow = (drawn(page("he"), look) for look in (Look(), COLUMN))
    assert len({panel.box.y for panel in wide.panels}) == 2
    assert len({panel.box.y for panel in narrow.panels}) == 4


SHOWN = {
    "he": (32, 3, "drawn: filters 1 to 32 of 64"),
    "grey_5x5": (16, 1, None),
    "grey_512": (64, 1, "drawn: filters 1 to 64 of 512"),
    "dirac_whole": (16, 6, "drawn: channels 1 to 6 of 16"),
    "dirac_of_many": (16, 6, "drawn: filters 1 to 16 of 512, channels 1 to 6 of 512"),
    "alexnet": (24, 3, "drawn: filters 1 to 24 of 96"),
    "1x1": (64, 3, None),
    "1x7": (32, 3, None),
    "64x64": (2, 1, "drawn: filters 1 to 2 of 4, channel 1 of 3"),
    "one_filter": (1, 1, None),
    "one_of_512_channels": (1, 6, "drawn: channels 1 to 6 of 512"),
    "four_filters": (4, 4, None),
}


@pytest.mark.parametrize("name", SHOWN)
def test_which_filters_and_channels_are_shown_is_said(name):
    filters, channels, words = SHOWN[name]
    assert set(kernels(page(name))) == {(n, c) for n in range(filters) for c in range(channels)}
    assert said(page(name), words or "drawn: ") == (words is not None)
    numbers = [words for panel in panels(page(name)) for _, words in panel.x.ticks]
    assert numbers == [str(n + 1) for n in range(filters)]
    assert said(page(name), "channel ") or "channel" in texts(page(name)) or channels == 1


@pytest.mark.parametrize("stored", [1, 5, 16])
def test_no_more_filters_are_shown_than_there_are(stored):
    shown = page_of(normal(3, 3, 3, 64), stored=stored)
    assert len(kernels(shown)) == 3 * stored
    assert said(shown, f"drawn: filter{'s 1 to ' if stored > 1 else ' '}{stored} of 64")


def test_filters_stand_side_by_side_and_channels_below_each_other():
    shown = kernels(page("he"))
    first, beside, below = shown[0, 0], shown[1, 0], shown[0, 1]
    assert first.y.tolist() == beside.y.tolist()
    assert first.x.tolist() == below.x.tolist() == [0, 3]
    assert beside.x[0] > 3
    assert below.y[1] < first.y[0]


@given(
    values=arrays(np.float64, 8, elements=FINITE),
    reach=st.floats(min_value=5e-324, allow_nan=False, allow_infinity=False),
)
def test_colours_tell_sign_and_size(values, reach):
    values = np.sort(values)
    red, green, blue = shades(values, reach).astype(int).T
    with np.errstate(over="ignore"):
        clear = np.abs(values / reach) > 0.05
    assert (blue > red)[clear & (values < 0)].all()
    assert (red > blue)[clear & (values > 0)].all()
    assert (np.stack([red, green, blue])[:, values == 0] == 254).all()
    bright = red + 2 * green + blue
    assert (np.diff(bright[values < 0]) >= 0).all()
    assert (np.diff(bright[values > 0]) <= 0).all()


def test_opposite_values_are_as_dark():
    values = np.linspace(0.1, 1.0, 10)
    grey = np.array([0.299, 0.587, 0.114])
    below, above = (shades(sign * values, 1.0) @ grey for sign in (-1, 1))
    assert below == pytest.approx(above, abs=17)


@given(arrays(np.float64, st.integers(1, 120), elements=FINITE))
def test_few_elements_are_beyond_the_colours(values):
    reach = reach_of(values)
    sizes = np.abs(values[values != 0])
    assert (reach > 0) == bool(sizes.size)
    assert np.count_nonzero(sizes > reach) <= 0.01 * sizes.size
    assert reach <= sizes.max(initial=0.0)


@pytest.mark.parametrize("name", ["he", "alexnet", "1x7", "dirac", "zeros", "2x600"])
def test_each_element_stands_in_its_place_in_its_colour(name):
    shown = kernels(page(name))
    filters, channels = (max(places) + 1 for places in zip(*shown, strict=True))
    weights = WEIGHTS[name]()[:, :, :channels, :filters].astype(np.float64)
    reach = reach_of(weights)
    for (n, c), mark in shown.items():
        values = weights[::-1, :, c, n]  # the first row is the highest
        assert mark.values == pytest.approx(values, rel=1e-5)
        assert (mark.rgb == shades(mark.values, reach)).all()


def test_the_colours_are_painted():
    shown = page_of(np.array([[1.0, -1.0], [0.0, 0.5]])[:, :, None, None])
    drawing = shapes(shown)
    box = drawing.panels[0].box
    x, y = box.x + box.width / 4, box.y + box.height * 3 / 4
    areas = [item for item in drawing.items if isinstance(item, Area)]
    here = [a for a in areas if (a.vertices.min(axis=0) < (x, y)).all()]
    (area,) = [a for a in here if (a.vertices.max(axis=0) > (x, y)).all()]
    assert area.color == pytest.approx(shades(np.array([1.0]), 1.0)[0] / 255)


def signs(page):
    """The middles of the signs, in elements, and their colours."""
    return [
        ((x[0] + x[1]) / 2, y[0], mark.color)
        for panel in panels(page)
        for mark in panel.marks
        if isinstance(mark, Line) and np.isnan(mark.x[2::3]).all()
        for x, y in zip(mark.x.reshape(-1, 3), mark.y.reshape(-1, 3), strict=True)
        if y[0] == y[1] and x[1] - x[0] < 1
    ]


def test_elements_below_zero_have_a_sign():
    weights = np.zeros((3, 3, 1, 2))
    weights[0, 2, 0, 0], weights[2, 1, 0, 1], weights[1, 1, 0, 1] = -1, -0.5, 0.5
    shown = page_of(weights)
    second = kernels(shown)[1, 0].x[0]
    places = sorted((x, y) for x, y, _ in signs(shown))
    assert places == [pytest.approx((2.5, 2.5)), pytest.approx((second + 1.5, 0.5))]
    assert said(shown, "minus: below 0")


def test_signs_are_seen_on_light_and_on_dark_elements():
    shown = page_of(-np.geomspace(1e-3, 1, 16).reshape(4, 4, 1, 1))
    (cells,) = kernels(shown).values()
    found = signs(shown)
    assert len(found) == 16
    for x, y, color in found:
        assert abs(np.dot(GREY, color) - cells.rgb[int(y), int(x)] @ GREY / 255) > 0.3


@pytest.mark.parametrize("name", ["alexnet", "dirac", "constant", "shifted"])
def test_without_room_or_negative_elements_there_are_no_signs(name):
    assert signs(page(name)) == []
    assert not said(page(name), "minus")


SAID = {
    "dirac": "3 of the 16 filters have a single 1, in the kernel's middle, all else is 0",
    "dirac_whole": "each filter has a single 1, in the kernel's middle, all else is 0",
    "dirac_of_many": "each filter shown has a single 1, in the kernel's middle, all else is 0",
    "delta_orthogonal": "89 % of the elements are 0: all but the kernels' middle",
    "zeros": "layer 1: 16 filters of 3 × 3 × 3 elements · every element is 0: "
    "all filters are identical",
    "constant": "layer 1: 16 filters of 3 × 3 × 3 elements · every element is 0.1: "
    "all filters are identical",
    "negative": "every element is \N{MINUS SIGN}1: all filters are identical",
    "one_element": "layer 1: 1 filter of 1 × 1 × 1 elements · every element is 0.3",
    "overflowing": "no element is finite: colours show signs alone",
    "alexnet": "layer 1: 96 filters of 11 × 11 × 3 elements",
    "tiny": "std 2.7e-31 (by formula 0.27)",
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_seen_is_said(name):
    assert said(page(name), SAID[name])


def test_identical_filters_are_said_as_what_is_wrong():
    colors = {}
    for name in ("zeros", "constant", "he", "dirac", "one_element"):
        lines = [item for item in shapes(page(name)).items if isinstance(item, Label)]
        colors[name] = next(line.color for line in lines if line.text.startswith("layer 1"))
    assert colors.pop("zeros") == colors.pop("constant") == ORANGE
    assert set(colors.values()) == {MUTED}


def test_single_elements_are_told_from_each_other():
    weights = dirac(3, 3, 3, 3)
    weights[1, 1] *= [1, 2, 3]
    words = "each filter has a single element that is not 0, in the kernel's"
    assert said(page_of(weights), words)
    weights = np.zeros((3, 3, 1, 4))
    weights[0, 1, 0, :1] = 0.5
    assert said(page_of(weights), "1 of the 4 filters has a single 0.5, all else is 0")
    weights[0, :2, 0, 1:3] = 0.5
    assert said(page_of(weights), "86 % of the elements are 0 · 1 of the 4 filters is 0")


def test_figures_are_the_whole_layers():
    weights = np.zeros((3, 3, 1, 128))
    weights[..., 100] = 2.0
    shown = page_of(weights)
    assert said(shown, "from 0 to 2.0, mean 0.016, std 0.18 (by formula 0.47)")
    assert said(shown, "99.2 % of the elements are 0")
    assert said(shown, "each filter shown is 0")
    assert "value of an element" not in texts(shown)


def test_where_all_is_zero_there_is_nothing_to_decode():
    assert not said(page("zeros"), "value")
    assert all((mark.rgb == 254).all() for mark in kernels(page("zeros")).values())


def test_the_key_is_in_weight_units():
    bar = page_of(dirac(3, 3, 3, 3)).legend.bar
    assert (bar.axis.low, bar.axis.high) == (-1, 1)
    assert (bar.rgb[[0, 50, 100]] == shades(np.array([-1.0, 0.0, 1.0]), 1.0)).all()
    assert {"1", "0.5", "0"} <= set(texts(page_of(dirac(3, 3, 3, 3))))
    assert "value of an element (× 1e-31)" in texts(page("tiny"))
    assert "value of an element (× 1e308)" in texts(page("largest"))


@pytest.mark.parametrize(
    ("values", "words", "ends"),
    [
        ([1.0] * 199 + [9.0], "0.5 % of these", ["\N{MINUS SIGN}1", "≥ 1"]),
        ([1.0] * 198 + [9.0, -9.0], "1 % of these", ["≤ \N{MINUS SIGN}1", "≥ 1"]),
        ([1.0] * 199 + [1.1], None, ["\N{MINUS SIGN}1.1", "1.1"]),
        ([1.0] * 9 + [9.0], None, ["\N{MINUS SIGN}9", "9"]),
    ],
)
def test_what_is_beyond_the_colours_is_said(values, words, ends):
    shown = page_of(np.array(values).reshape(1, 10, 1, -1))
    assert said(shown, words or "beyond") == (words is not None)
    ticks = [words for _, words in shown.legend.bar.axis.ticks]
    assert [ticks[0], ticks[-1]] == ends


def test_a_layer_without_figures_is_drawn():
    result = built("he")
    bare = replace(result, layers=(replace(result.layers[0], weights=None),))
    shown = kernels_page(bare, result.kernels)
    assert collisions(shapes(shown)) == []
    assert len(kernels(shown)) == 96
    assert said(shown, "layer 1: 64 filters of 3 × 3 × 3 elements")


def test_a_figure_has_the_elements_on_its_axes():
    made = figure(page("1x7"))
    weights = WEIGHTS["1x7"]()
    axes = made.axes[0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "2", "3", "4"]
    assert axes.get_aspect() == 1
    mesh = axes.collections[0]
    assert np.asarray(mesh.get_array())[0] == pytest.approx(weights[0, :, 0, 0], rel=1e-5)
    assert mesh.get_clim() == pytest.approx((-0.77, 0.77), abs=0.01)
    assert made.axes[-1].get_ylabel() == "value of an element"


@settings(max_examples=10, deadline=None)
@given(
    weights=arrays(
        np.float64,
        st.tuples(*(st.integers(1, most) for most in (9, 9, 7, 20))),
        elements=st.one_of(FINITE, st.sampled_from([0.0, 1.0])),
    ),
    look=st.sampled_from([Look(), COLUMN]),
)
def test_any_kernels_are_drawn(weights, look):
    drawing = drawn(page_of(weights), look)
    assert collisions(drawing) == []
    assert drawing.width <= 660
