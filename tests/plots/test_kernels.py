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
from support.plots.extents import collisions
from support.plots.kernels import WEIGHTS, built, convolution, dirac, normal
from weightinit_cli.plots import FORMATS, render
from weightinit_cli.plots.engine.drawing import MUTED, ORANGE, WHITE, Area, Cells, Dots, Label, Line
from weightinit_cli.plots.kernelkey import BAR, reach_of, shades
from weightinit_cli.plots.kernelpage import PIXEL
from weightinit_cli.plots.kernels import kernels_picture
from weightinit_cli.plots.kernelwords import first_of

ANY = sorted(WEIGHTS)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def drawn(weights, **others):
    result = convolution(np.asarray(weights), **others)
    return kernels_picture(result, result.kernels)


@cache
def picture(name):
    result = built(name)
    return kernels_picture(result, result.kernels)


def said(drawing, words):
    return any(words in text for text in drawing.texts)


def inside(box, vertices):
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    near = 1e-6
    return (
        box.x - near <= low[0]
        and high[0] <= box.right + near
        and box.y - near <= low[1]
        and high[1] <= box.top + near
    )


def colors_of(drawing, panel):
    """The colours of a kernel's elements as painted, shape (height, width, 3)."""
    box = panel.box
    wide, high = int(panel.xlim[1]), int(panel.ylim[1])
    element = box.width / wide
    found = np.full((high, wide, 3), np.nan)
    for item in drawing.items:
        if isinstance(item, Area) and inside(box, item.vertices):
            left, low = item.vertices.min(axis=0)
            right, _ = item.vertices.max(axis=0)
            row = high - 1 - round((low - box.y) / element)
            found[row, round((left - box.x) / element) : round((right - box.x) / element)] = (
                item.color
            )
    return found


def white_dots(drawing):
    """Where the kernels have dots."""
    dots = [item.vertices for item in drawing.items if isinstance(item, Dots)]
    places = np.concatenate(dots) if dots else np.empty((0, 2))
    return places[places[:, 1] > BAR.top + 10]


@pytest.mark.parametrize("name", ANY)
def test_no_text_overlaps_or_leaves_the_picture(name):
    assert collisions(picture(name)) == []


@pytest.mark.parametrize("name", ANY)
def test_every_picture_is_a_small_png_with_its_digest(name):
    data = render(picture(name), "png", DIGEST)
    with Image.open(BytesIO(data)) as image:
        assert image.info["winit digest"] == DIGEST
    assert len(data) < 100_000


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("name", ["dirac", "2x600"])
def test_bytes_are_the_same_each_time(name, format_):
    result = built(name)
    first = render(kernels_picture(result, result.kernels), format_, DIGEST)
    assert render(kernels_picture(result, result.kernels), format_, DIGEST) == first


@pytest.mark.parametrize("name", ANY)
def test_elements_are_square_and_kernels_do_not_touch(name):
    drawing = picture(name)
    for panel in drawing.panels:
        assert panel.box.width / panel.xlim[1] == pytest.approx(panel.box.height / panel.ylim[1])
        assert panel.box.right <= drawing.width - 9
    places = {(round(panel.box.x, 3), round(panel.box.y, 3)) for panel in drawing.panels}
    assert len(places) == len(drawing.panels)
    for a, b in zip(drawing.panels, drawing.panels[1:], strict=False):
        apart = max(abs(a.box.x - b.box.x) - a.box.width, abs(a.box.y - b.box.y) - a.box.height)
        assert apart >= 3


@pytest.mark.parametrize("name", ["he", "alexnet", "1x1", "1x7", "grey_5x5", "four_filters"])
def test_elements_are_whole_pixels(name):
    panel = picture(name).panels[0]
    sides = np.array([panel.box.x, panel.box.y, panel.box.width / panel.xlim[1]]) / PIXEL
    assert sides == pytest.approx(np.rint(sides))


SHOWN = {
    "he": (32, 3, "filters 1 to 32 of 64"),
    "grey_5x5": (16, 1, "filters 1 to 16"),
    "grey_512": (64, 1, "filters 1 to 64 of 512"),
    "dirac_whole": (16, 6, "filters 1 to 16 · channels 1 to 6 of 16"),
    "dirac_of_many": (16, 6, "filters 1 to 16 of 512 · channels 1 to 6 of 512"),
    "alexnet": (24, 3, "filters 1 to 24 of 96"),
    "1x1": (64, 3, "filters 1 to 64"),
    "1x7": (32, 3, "filters 1 to 32"),
    "64x64": (2, 1, "filters 1 to 2 of 4 · channel 1 of 3"),
    "one_filter": (1, 1, "filter 1"),
    "one_of_512_channels": (1, 6, "filter 1 · channels 1 to 6 of 512"),
    "four_filters": (4, 4, "filters 1 to 4"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_which_filters_and_channels_are_shown_is_said(name):
    filters, channels, words = SHOWN[name]
    drawing = picture(name)
    titles = [f"filter {n + 1}, channel {c + 1}" for n in range(filters) for c in range(channels)]
    assert [panel.title for panel in drawing.panels] == titles
    assert words in drawing.texts
    assert ("channel" in drawing.texts) == (WEIGHTS[name]().shape[2] > 1)


@pytest.mark.parametrize("stored", [1, 5, 16])
def test_no_more_filters_are_shown_than_there_are(stored):
    drawing = drawn(normal(3, 3, 3, 64), stored=stored)
    assert len(drawing.panels) == 3 * stored
    assert first_of("filter", stored, 64) in drawing.texts


def test_filters_stand_side_by_side_and_channels_below_each_other():
    panels = {panel.title: panel.box for panel in picture("he").panels}
    first, beside = panels["filter 1, channel 1"], panels["filter 2, channel 1"]
    below, band = panels["filter 1, channel 2"], panels["filter 17, channel 1"]
    assert (first.y, first.x) == (beside.y, below.x)
    assert beside.x > first.right
    assert below.top < first.y
    assert band.x == first.x
    assert band.top < panels["filter 1, channel 3"].y


@given(
    values=arrays(np.float64, 20, elements=FINITE),
    reach=st.floats(min_value=5e-324, allow_nan=False, allow_infinity=False),
)
def test_colours_tell_sign_and_size(values, reach):
    values = np.sort(values)
    red, green, blue = shades(values, reach).astype(int).T
    with np.errstate(over="ignore"):
        clear = np.abs(values / reach) > 0.05
    assert (blue > red)[clear & (values < 0)].all()
    assert (red > blue)[clear & (values > 0)].all()
    assert (np.stack([red, green, blue])[:, values == 0] == 255).all()
    bright = red + 2 * green + blue
    assert (np.diff(bright[values < 0]) >= 0).all()
    assert (np.diff(bright[values > 0]) <= 0).all()


def test_opposite_values_are_as_dark():
    values = np.linspace(0.1, 1.0, 10)
    grey = np.array([0.299, 0.587, 0.114])
    below, above = (shades(sign * values, 1.0) @ grey for sign in (-1, 1))
    assert below == pytest.approx(above, abs=17)


@given(arrays(np.float64, st.integers(1, 300), elements=FINITE))
def test_few_elements_are_beyond_the_colours(values):
    reach = reach_of(values)
    sizes = np.abs(values[values != 0])
    assert (reach > 0) == bool(sizes.size)
    assert np.count_nonzero(sizes > reach) <= 0.01 * sizes.size
    assert reach <= sizes.max(initial=0.0)


@pytest.mark.parametrize("name", ["he", "alexnet", "1x7", "dirac", "constant", "zeros", "1x1"])
def test_each_element_stands_in_its_place_in_its_colour(name):
    drawing = picture(name)
    filters = np.moveaxis(WEIGHTS[name](), -1, 0)
    channels = int(drawing.panels[-1].title.split()[-1])
    shown = filters[: len(drawing.panels) // channels, :, :, :channels].astype(np.float64)
    reach = reach_of(shown)
    for panel in drawing.panels[:7]:
        n, c = (int(word) - 1 for word in panel.title.replace(",", "").split()[1::2])
        expected = shades(shown[n, :, :, c], reach) / 255
        assert colors_of(drawing, panel) == pytest.approx(expected, abs=0.03)


def test_elements_too_small_for_areas_are_an_image():
    drawing = picture("2x600")
    image = next(item for item in drawing.items if isinstance(item, Cells))
    values = np.moveaxis(WEIGHTS["2x600"](), -1, 0).astype(np.float64)
    assert image.box == drawing.panels[0].box
    assert image.rgb.tolist() == shades(values[0, :, :, 0], reach_of(values)).tolist()


def test_elements_below_zero_have_a_dot():
    weights = np.zeros((3, 3, 1, 2))
    weights[0, 2, 0, 0], weights[2, 1, 0, 1], weights[1, 1, 0, 1] = -1, -0.5, 0.5
    drawing = drawn(weights)
    first, second = (panel.box for panel in drawing.panels)
    expected = [
        (first.x + 5 / 6 * first.width, first.y + 5 / 6 * first.height),
        (second.x + 0.5 * second.width, second.y + 1 / 6 * second.height),
    ]
    assert white_dots(drawing).tolist() == [pytest.approx(place) for place in expected]
    assert said(drawing, "white dot: below 0")


@pytest.mark.parametrize("name", ["alexnet", "dirac", "constant", "shifted"])
def test_without_room_or_negative_elements_there_are_no_dots(name):
    drawing = picture(name)
    assert white_dots(drawing).size == 0
    assert not any(isinstance(item, Dots) and item.color == WHITE for item in drawing.items)
    assert not said(drawing, "dot")


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
    assert said(picture(name), SAID[name])


def test_identical_filters_are_said_as_what_is_wrong():
    colors = {}
    for name in ("zeros", "constant", "he", "dirac", "one_element"):
        lines = [item for item in picture(name).items if isinstance(item, Label)]
        colors[name] = next(line.color for line in lines if line.text.startswith("layer 1"))
    assert colors.pop("zeros") == colors.pop("constant") == ORANGE
    assert set(colors.values()) == {MUTED}


def test_single_elements_are_told_from_each_other():
    weights = dirac(3, 3, 3, 3)
    weights[1, 1] *= [1, 2, 3]
    assert said(drawn(weights), "each filter has a single element that is not 0, in the kernel's")
    weights = np.zeros((3, 3, 1, 4))
    weights[0, 1, 0, :1] = 0.5
    assert said(drawn(weights), "1 of the 4 filters has a single 0.5, all else is 0")
    weights[0, :2, 0, 1:3] = 0.5
    assert said(drawn(weights), "86 % of the elements are 0 · 1 of the 4 filters is 0")


def test_figures_are_the_whole_layers():
    weights = np.zeros((3, 3, 1, 128))
    weights[..., 100] = 2.0
    drawing = drawn(weights)
    assert said(drawing, "from 0 to 2.0, mean 0.016, std 0.18 (by formula 0.47)")
    assert said(drawing, "99.2 % of the elements are 0")
    assert said(drawing, "each filter shown is 0")
    assert "value of an element" not in drawing.texts


def test_where_all_is_zero_there_is_nothing_to_decode():
    drawing = picture("zeros")
    assert not said(drawing, "value")
    assert (colors_of(drawing, drawing.panels[0]) == 1).all()


def test_the_key_is_in_weight_units():
    drawing = drawn(dirac(3, 3, 3, 3))
    ticks = [i for i in drawing.items if isinstance(i, Label) and i.text in {"1.0", "0.5", "0"}]
    middles = {tick.text: tick.x for tick in ticks}
    assert middles["0"] < middles["0.5"] < middles["1.0"]
    assert "value of an element" in drawing.texts
    assert "value of an element (× 1e-31)" in picture("tiny").texts
    assert "value of an element (× 1e308)" in picture("largest").texts


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1.0] * 199 + [9.0], "0.5 % beyond the pointed end"),
        ([1.0] * 198 + [9.0, -9.0], "1 % beyond the pointed ends"),
        ([1.0] * 199 + [1.1], None),
        ([1.0] * 9 + [9.0], None),
    ],
)
def test_what_is_beyond_the_colours_is_said(values, words):
    drawing = drawn(np.array(values).reshape(1, 10, 1, -1))
    assert said(drawing, "beyond") == (words is not None)
    if words:
        (note,) = (text for text in drawing.texts if "beyond" in text)
        assert note.endswith(words)
    left = min(
        item.vertices[:, 0].min()
        for item in drawing.items
        if isinstance(item, Line) and item.vertices[:, 1].max() <= BAR.top
    )
    assert (left < BAR.x) == (words is not None and min(values) < 0)


def test_above_the_key_stands_where_the_layers_elements_lie():
    weights = normal(3, 3, 3, 16).astype(np.float64)
    drawing = drawn(weights)
    reach = reach_of(weights)
    scale = BAR.width / 2 / reach
    expected = [(weights.mean() + k * weights.std()) * scale for k in (-1, 1)]
    (label,) = (i for i in drawing.items if isinstance(i, Label) and i.text == "mean ± std")
    lines = [i.vertices for i in drawing.items if isinstance(i, Line)]
    (line,) = (
        v for v in lines if len(v) == 2 and BAR.top < v[0, 1] == v[1, 1] < label.y and np.ptp(v)
    )
    middle = BAR.x + BAR.width / 2
    assert line[:, 0] - middle == pytest.approx(expected)
    assert label.x == pytest.approx(middle + weights.mean() * scale)
    assert "all" in picture("constant").texts
    assert "mean ± std" not in picture("constant").texts


def test_a_layer_without_figures_is_drawn():
    result = built("he")
    bare = replace(result, layers=(replace(result.layers[0], weights=None),))
    drawing = kernels_picture(bare, result.kernels)
    assert collisions(drawing) == []
    assert len(drawing.panels) == 96
    assert "layer 1: 64 filters of 3 × 3 × 3 elements" in drawing.texts


@settings(max_examples=25, deadline=None)
@given(
    arrays(
        np.float64,
        st.tuples(*(st.integers(1, most) for most in (9, 9, 7, 20))),
        elements=st.one_of(FINITE, st.sampled_from([0.0, 1.0])),
    )
)
def test_any_kernels_are_drawn(weights):
    drawing = drawn(weights)
    assert collisions(drawing) == []
    assert drawing.width <= 661
    render(drawing, "png", DIGEST)
